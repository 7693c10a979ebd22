/* json.h: reading JSON from files that nobody vouches for */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The root of a file whose root is an object: bounded in bytes and depth, no member twice. */
JsonNode *esp_json_load        (const char   *path,
                                gsize         most,   /* bytes */
                                GError      **error);
JsonNode *esp_json_load_array  (const char   *path,   /* the same, of a root that is an array */
                                gsize         most,
                                GError      **error);
JsonNode *esp_json_parse       (const char   *where,  /* of a text whose root is an object; @where leads the message */
                                const char   *text,
                                gsize         n,      /* bytes */
                                GError      **error);
/* A member of @object; @where leads the message: "plan.json: groups[2]". Missing ones and wrong types are refused. */
gboolean  esp_json_read_object (JsonObject   *object,
                                const char   *where,
                                const char   *name,
                                JsonObject  **value,  /* (out) (transfer none) */
                                GError      **error);
gboolean  esp_json_read_array  (JsonObject   *object,
                                const char   *where,
                                const char   *name,
                                JsonArray   **value,  /* (out) (transfer none) */
                                GError      **error);
gboolean  esp_json_read_string (JsonObject   *object,
                                const char   *where,
                                const char   *name,
                                const char  **value,  /* (out) (transfer none) */
                                GError      **error);
gboolean  esp_json_read_number (JsonObject   *object, /* finite, lowest..highest */
                                const char   *where,
                                const char   *name,
                                double        lowest,
                                double        highest,
                                double       *value,
                                GError      **error);
gboolean  esp_json_read_count  (JsonObject   *object, /* a whole number, lowest..highest */
                                const char   *where,
                                const char   *name,
                                guint         lowest,
                                guint         highest,
                                guint        *value,
                                GError      **error);
/* An element of @array, likewise; @where names the array. */
gboolean  esp_json_item_object (JsonArray    *array,
                                const char   *where,
                                guint         index,
                                JsonObject  **value,  /* (out) (transfer none) */
                                GError      **error);
gboolean  esp_json_item_number (JsonArray    *array,
                                const char   *where,
                                guint         index,
                                double       *value,
                                GError      **error);
gboolean  esp_json_item_count  (JsonArray    *array,
                                const char   *where,
                                guint         index,
                                guint         lowest,
                                guint         highest,
                                guint        *value,
                                GError      **error);
/* Appends @text as a JSON string, quoted; NULL as null. */
void      esp_json_append_string (GString    *to,
                                  const char *text);
/* Appends @value so that reading gives the same bits, in the C locale; @value is finite. */
void      esp_json_append_number (GString    *to,
                                  double      value);

G_END_DECLS
