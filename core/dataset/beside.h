/* beside.h: the file that goes with a picture, by a pattern of its path */
#pragma once

#include "dataset/dataset.h"

G_BEGIN_DECLS

/* (transfer full): @pattern with the picture's name, without its ending, in place of its one *. Thread: any. */
char *esp_path_beside (const char  *pattern,
                       const char  *picture,
                       GError     **error);

/* (transfer full): "24 pictures 1a2b…": a hash of the files beside the first @n pictures, whose bytes are read. Thread: any. */
char *esp_beside_describe (const char        *pattern,
                           const EspDataset  *dataset,
                           guint              n,
                           GError           **error);

G_END_DECLS
