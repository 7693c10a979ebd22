/* beside.h: the file that goes with a picture, by a pattern of its path */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full): @pattern with the picture's name, without its ending, in place of its one *. Thread: any. */
char *esp_path_beside (const char  *pattern,
                       const char  *picture,
                       GError     **error);

G_END_DECLS
