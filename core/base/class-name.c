/* class-name.c: a class by the word that a person or a file gives for it */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/class-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * esp_class_name_fold:
 * @name: of a class
 *
 * Returns: (transfer full): @name as it is compared: case, and underscores for spaces, make no other class. Thread: any.
 */
char *
esp_class_name_fold (const char *name)
{
  g_autofree char *folded = g_utf8_casefold (name, -1);

  return g_strdelimit (g_strstrip (g_steal_pointer (&folded)), "_", ' ');
}

/**
 * esp_class_name_match:
 * @word: a name
 * @names: (nullable): NULL-terminated; those from the @n-th on are not looked at
 * @n: classes there are
 *
 * Returns: the first class that is exactly @word, or else the first that is so but for case and underscores; -1 where none is. Thread: any.
 */
int
esp_class_name_match (const char *word, const char *const *names, guint n)
{
  g_autofree char *wanted = NULL;

  for (guint i = 0; names != NULL && names[i] != NULL && i < n; i++)
    if (strcmp (names[i], word) == 0)
      return (int) i;
  wanted = esp_class_name_fold (word);
  for (guint i = 0; names != NULL && names[i] != NULL && i < n; i++)
    {
      g_autofree char *folded = esp_class_name_fold (names[i]);

      if (strcmp (folded, wanted) == 0)
        return (int) i;
    }
  return -1;
}

/**
 * esp_class_name_find:
 * @word: a name, or a 0-based index
 * @names: (nullable): as esp_class_name_match() has them; a name counts before a number
 * @n: classes there are
 *
 * Returns: the class; -1 where there is none. Thread: any.
 */
int
esp_class_name_find (const char *word, const char *const *names, guint n)
{
  const int named = esp_class_name_match (word, names, n);
  guint64 index = 0;

  if (named >= 0)
    return named;
  return n > 0 && g_ascii_string_to_unsigned (word, 10, 0, n - 1, &index, NULL) ? (int) index : -1;
}

/**
 * esp_class_name_text:
 * @names: (nullable): NULL-terminated
 * @index: of a class
 *
 * Returns: (transfer full): its name, or what stands for it where there is none: "class 3". Thread: any.
 */
char *
esp_class_name_text (const char *const *names, int index)
{
  const guint n = names != NULL ? g_strv_length ((char **) names) : 0;

  return index >= 0 && (guint) index < n ? g_strdup (names[index]) : g_strdup_printf (_ ("class %d"), index);
}
