/* spec-reader.h: a JSON object read strictly: known keys, right types, ranges, paths relative to the file */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *path;   /* for messages; borrowed */
  char       *folder; /* of the file */
  const char *inside; /* (nullable): the member that this object is */
  JsonNode   *root;   /* NULL in a nested reader, which borrows all */
  JsonObject *object;
} EspSpecReader;

gboolean esp_spec_reader_open  (EspSpecReader        *reader,
                                const char           *path,
                                gsize                 most,    /* bytes */
                                GError              **error);
void     esp_spec_reader_clear (EspSpecReader        *reader);
gboolean esp_spec_reader_check (const EspSpecReader  *reader,
                                const char *const    *keys,    /* refuses any other */
                                GError              **error);
gboolean esp_spec_refuse       (const EspSpecReader  *reader,  /* FALSE always */
                                const char           *key,     /* (nullable) */
                                const char           *message,
                                GError              **error);

gboolean esp_spec_holds_word   (const EspSpecReader  *reader,  /* whether there is such a member, and it is a string */
                                const char           *key);
/* An absent or null member leaves the value as it was. */
gboolean esp_spec_read_word    (const EspSpecReader  *reader,
                                const char           *key,
                                char                **value,
                                GError              **error);
gboolean esp_spec_read_path    (const EspSpecReader  *reader,
                                const char           *key,
                                gboolean              needed,
                                char                **value,
                                GError              **error);
gboolean esp_spec_read_number  (const EspSpecReader  *reader,
                                const char           *key,
                                double                lowest,
                                double                highest,
                                gboolean              whole,
                                double               *value,
                                GError              **error);
gboolean esp_spec_read_boolean (const EspSpecReader  *reader,
                                const char           *key,
                                gboolean             *value,
                                GError              **error);
gboolean esp_spec_read_pair    (const EspSpecReader  *reader,
                                const char           *key,
                                float                 values[2],
                                gboolean             *present,
                                GError              **error);
gboolean esp_spec_read_object  (const EspSpecReader  *reader,
                                const char           *key,
                                const char *const    *keys,
                                EspSpecReader        *member,  /* (out): borrows from @reader; not to be cleared */
                                gboolean             *present,
                                GError              **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspSpecReader, esp_spec_reader_clear)

G_END_DECLS
