/* file.h: bounded reading and whole-or-nothing writing */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GBytes   *esp_file_read  (const char    *path,
                          gsize          most, /* ESP_ERROR_LIMIT beyond this many bytes */
                          GError       **error);
gboolean  esp_file_write (const char    *path, /* written beside, synced, renamed */
                          gconstpointer  data,
                          gsize          n,
                          GError       **error);
gboolean  esp_folder_make (const char   *path, /* with parents */
                           GError      **error);

G_END_DECLS
