/* json-private.h: what json.c asks of a text before json-glib sees it */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean esp_json_check (const char  *path, /* for messages */
                         const char  *text,
                         gsize        n,
                         GError     **error);

G_END_DECLS
