/* class-find.c: a class by the word that a person gave for it */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-spec.h"

#include <string.h>

#include "base/class-name.h"
#include "base/error.h"

#define MOST_LETTERS 64
#define MOST_NEAR    3

/* Letters to change, add or leave out (Levenshtein), of the first so many bytes. */
static guint
distance (const char *a, const char *b)
{
  guint row[MOST_LETTERS + 1];
  const guint n = MIN ((guint) strlen (a), MOST_LETTERS), m = MIN ((guint) strlen (b), MOST_LETTERS);

  for (guint k = 0; k <= m; k++)
    row[k] = k;
  for (guint i = 1; i <= n; i++)
    {
      guint corner = row[0];

      row[0] = i;
      for (guint k = 1; k <= m; k++)
        {
          const guint above = row[k];

          row[k] = MIN (MIN (above, row[k - 1]) + 1, corner + (a[i - 1] != b[k - 1]));
          corner = above;
        }
    }
  return row[m];
}

static gboolean
is_near (const char *word, const char *name)
{
  g_autofree char *a = esp_class_name_fold (word);
  g_autofree char *b = esp_class_name_fold (name);

  return distance (a, b) <= 1 + strlen (a) / 4 || (strlen (a) >= 3 && strstr (b, a) != NULL) || (strlen (b) >= 3 && strstr (a, b) != NULL);
}

static void
refuse (const char *word, const char *const *names, int n, GError **error)
{
  g_autoptr (GString) near = g_string_new (NULL);
  guint count = 0;

  for (int i = 0; names != NULL && names[i] != NULL && i < n && count < MOST_NEAR; i++)
    if (is_near (word, names[i]))
      g_string_append_printf (near, "%s%s", count++ > 0 ? ", " : "", names[i]);
  if (count > 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "class %s: the network knows no such class; near it: %s", word, near->str);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "class %s: expected %s or a number from 0 to %d", word,
                 names != NULL ? "one of the class names" : "a file of class names (--names)", n - 1);
}

/**
 * esp_class_find:
 * @word: a name, or an index
 * @names: (nullable): class names of the network, NULL-terminated
 * @n: classes of the network
 * @index: (out): the class
 * @error: ESP_ERROR_FORMAT; names up to three classes spelt like @word
 *
 * A name counts before a number; letter case and "_" for a space are passed over where no name is exactly the word. Thread: any.
 * Returns: whether there is one.
 */
gboolean
esp_class_find (const char *word, const char *const *names, int n, int *index, GError **error)
{
  *index = esp_class_name_find (word, names, (guint) MAX (n, 0));
  if (*index >= 0)
    return TRUE;
  refuse (word, names, n, error);
  return FALSE;
}
