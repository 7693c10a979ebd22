/* test-json.c: JSON from files that nobody vouches for: what is no JSON by the letter is refused, with the byte, before a parser sees it */
#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/json.h"

static char *path;

static JsonNode *
load (const char *text, gsize n, GError **error)
{
  g_assert_true (g_file_set_contents (path, text, (gssize) n, NULL));
  return esp_json_load (path, 4096, error);
}

static void
test_taken (void)
{
  const char *const texts[] = {
    "{}",
    " \t\r\n{ \"a\" : [ 1 , -0 , 0.5 , -1.25e+3 , 1E9 , true , false , null , [ ] , { } ] }\n",
    "{\"\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00 ä\"}",
    "{\"a\": 9223372036854775807, \"b\": 1e-400}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) root = load (texts[i], strlen (texts[i]), &error);

      g_assert_no_error (error);
      g_assert_true (JSON_NODE_HOLDS_OBJECT (root));
    }
}

/* Strings that come out are those that went in, and valid UTF-8. */
static void
test_strings (void)
{
  const char *text = "{\"a\": \"\\ud83d\\ude00\\u00e4\\n\"}";
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = load (text, strlen (text), &error);
  const char *value = NULL;

  g_assert_no_error (error);
  g_assert_true (esp_json_read_string (json_node_get_object (root), "here", "a", &value, &error));
  g_assert_cmpstr (value, ==, "😀ä\n");
}

typedef struct
{
  const char *text, *message;
} Refused;

static const Refused refused[] = {
  { "{}{}", "byte 2: found '{'" },
  { "{} x", "nothing after" },
  { "\"a\"[]", "byte 3" },
  { "[]", "expected a JSON object" },
  { "7", "expected a JSON object" },
  { "var a = {}", "byte 0: found 'v'" },
  { "/* a */{}", "which is not JSON" },
  { "{\"a\": 1,}", "byte 8: found '}'" },
  { "{\"a\": [1,]}", "expected a value" },
  { "{\"a\" 1}", "expected ':'" },
  { "{\"a\": 1 \"b\": 2}", "expected ',' or '}'" },
  { "{\"a\": [1}", "expected ',' or ']'" },
  { "{a: 1}", "expected a string" },
  { "{'a': 1}", "expected a string" },
  { "{\"a\": 0x1f}", "byte 7: found 'x'" },
  { "{\"a\": 012}", "byte 7: found '1'" },
  { "{\"a\": +1}", "expected a value" },
  { "{\"a\": .5}", "expected a value" },
  { "{\"a\": 1.}", "expected a digit" },
  { "{\"a\": 1e}", "expected a digit" },
  { "{\"a\": -}", "expected a digit" },
  { "{\"a\": NaN}", "expected a value" },
  { "{\"a\": tru}", "expected a value" },
  { "{\"a\": \"\\x\"}", "expected one of" },
  { "{\"a\": \"\\u12g4\"}", "hexadecimal" },
  { "{\"a\": \"\\ud83d\"}", "second half of a pair" },
  { "{\"a\": \"\\ud83d\\u0041\"}", "byte 15" },
  { "{\"a\": \"\\ude00\"}", "code of a character" },
  { "{\"a\": \"\\u0000\"}", "code of a character" },
  { "{\"a\": \"x\ny\"}", "found 0x0a" },
  { "{\"a\": \"\xe4\"}", "text in UTF-8" },
  { "{\"a\": 1", "found the end" },
  { "{\"a\": \"b", "found the end" },
  { "{\"a\": \"\\", "found the end" },
  { "{\"a\": 1, \"a\": 2}", "is there twice" },
  { "", "empty" },
  { " ", "found the end" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) root = load (refused[i].text, strlen (refused[i].text), &error);

      g_assert_null (root);
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
      g_test_message ("%s", error->message);
      if (strstr (error->message, refused[i].message) == NULL)
        g_error ("“%s” lacks “%s”", error->message, refused[i].message);
    }
}

static void
test_zero_byte (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = load ("{}\0{}", 5, &error);

  g_assert_null (root);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
}

/* 64 deep is read, 65 is not; and no depth of a hostile file is read by recursion. */
static void
test_depth (void)
{
  for (guint n = 64; n <= 2000; n += n == 64 ? 1 : 500)
    {
      g_autoptr (GString) text = g_string_new ("{\"a\":");
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) root = NULL;

      for (guint i = 1; i < n; i++)
        g_string_append_c (text, '[');
      for (guint i = 1; i < n; i++)
        g_string_append_c (text, ']');
      g_string_append_c (text, '}');
      root = load (text->str, text->len, &error);
      g_assert_true ((root != NULL) == (n == 64));
      if (n > 64)
        g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("esp-json-XXXXXX", NULL);
  int status;

  g_test_init (&argc, &argv, NULL);
  path = g_build_filename (folder, "a.json", NULL);
  g_test_add_func ("/json/taken", test_taken);
  g_test_add_func ("/json/strings", test_strings);
  g_test_add_func ("/json/refused", test_refused);
  g_test_add_func ("/json/zero-byte", test_zero_byte);
  g_test_add_func ("/json/depth", test_depth);
  status = g_test_run ();
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  return status;
}
