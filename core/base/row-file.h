/* row-file.h: results by key in a file that only grows, so that what was measured once is not measured again */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _EspRowFile EspRowFile;

/* Thread: its owner, all functions. @about: what all rows are of: a file that is about something else is refused. */
EspRowFile *esp_row_file_open (const char   *path,
                               const char   *about,
                               GError      **error);
void        esp_row_file_free (EspRowFile   *file);
guint       esp_row_file_get_n (EspRowFile  *file);
JsonObject *esp_row_file_get  (EspRowFile   *file,
                               const char   *key);   /* (transfer none) (nullable): NULL: no such row */
gboolean    esp_row_file_put  (EspRowFile   *file,
                               const char   *key,
                               JsonObject   *values, /* (transfer full) */
                               GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRowFile, esp_row_file_free)

G_END_DECLS
