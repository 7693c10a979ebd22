/* keep-classes.c: which classes of a network are kept, and what new ones are made of */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/keep-classes.h"

#include <string.h>

#include "base/class-name.h"
#include "base/error.h"

typedef struct
{
  char *name;
  GArray *sources; /* of guint */
} Kept;

struct _EspKeepClasses
{
  GPtrArray *classes; /* of Kept */
  gboolean redraw;
  guint64 seed;
};

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_free (kept->name);
  g_array_unref (kept->sources);
  g_free (kept);
}

/** esp_keep_classes_new: Returns: (transfer full): no classes yet; @redraw: numbers of new ones are drawn by seed 1. Thread: any. */
EspKeepClasses *
esp_keep_classes_new (gboolean redraw)
{
  EspKeepClasses *keep = g_atomic_rc_box_new0 (EspKeepClasses);

  keep->classes = g_ptr_array_new_with_free_func (kept_free);
  keep->redraw = redraw;
  keep->seed = 1;
  return keep;
}

/**
 * esp_keep_classes_add:
 * @keep: not shared yet
 * @name: of the class kept
 * @sources: the classes of the network whose numbers' mean it gets
 * @n_sources: at least 1; 1: it keeps them as they are
 */
void
esp_keep_classes_add (EspKeepClasses *keep, const char *name, const guint *sources, guint n_sources)
{
  Kept *kept = g_new0 (Kept, 1);

  g_return_if_fail (n_sources > 0);
  kept->name = g_strdup (name);
  kept->sources = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_vals (kept->sources, sources, n_sources);
  g_ptr_array_add (keep->classes, kept);
}

/** esp_keep_classes_redrawn: Returns: (transfer full): the same classes, numbers of those of several proxies drawn by @seed. Thread:
 * any. */
EspKeepClasses *
esp_keep_classes_redrawn (EspKeepClasses *keep, guint64 seed)
{
  EspKeepClasses *redrawn = esp_keep_classes_new (TRUE);

  redrawn->seed = seed;
  for (guint i = 0; i < keep->classes->len; i++)
    {
      const Kept *kept = g_ptr_array_index (keep->classes, i);

      esp_keep_classes_add (redrawn, kept->name, (const guint *) (gconstpointer) kept->sources->data, kept->sources->len);
    }
  return redrawn;
}

static gboolean
contains (const GArray *sources, guint class_index)
{
  for (guint i = 0; i < sources->len; i++)
    if (g_array_index (sources, guint, i) == class_index)
      return TRUE;
  return FALSE;
}

static gboolean
read_sources (const char *text, const char *const *names, guint n_classes, GArray *sources, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, "+", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      const int found = esp_class_name_find (g_strstrip (words[i]), names, n_classes);
      const guint index = (guint) found;

      if (found < 0)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "keep classes: “%s” is no class of the network: expected one of its %u%s",
                       words[i], n_classes, names != NULL ? " names or indices" : " indices (names are not known)");
          return FALSE;
        }
      if (contains (sources, index))
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "keep classes: “%s” is there twice in %s", words[i], text);
          return FALSE;
        }
      g_array_append_val (sources, index);
    }
  return TRUE;
}

static gboolean
add_item (EspKeepClasses *keep, const char *item, const char *const *names, guint n_classes, GError **error)
{
  const char *equals = strchr (item, '=');
  g_autofree char *name = g_strstrip (equals != NULL ? g_strndup (item, (gsize) (equals - item)) : g_strdup (item));
  g_autoptr (GArray) sources = g_array_new (FALSE, FALSE, sizeof (guint));

  if (!read_sources (equals != NULL ? equals + 1 : name, names, n_classes, sources, error))
    return FALSE;
  if (equals == NULL && names != NULL && g_array_index (sources, guint, 0) < g_strv_length ((char **) names))
    {
      g_free (name);
      name = g_strdup (names[g_array_index (sources, guint, 0)]);
    }
  for (guint i = 0; i < keep->classes->len; i++)
    if (strcmp (((const Kept *) g_ptr_array_index (keep->classes, i))->name, name) == 0)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "keep classes: “%s” is kept twice", name);
        return FALSE;
      }
  if (*name == '\0' || strpbrk (name, "\r\n") != NULL || (equals == NULL && sources->len != 1))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "keep classes: “%s”: expected A, or NEW=A+B", item);
      return FALSE;
    }
  esp_keep_classes_add (keep, name, (const guint *) (gconstpointer) sources->data, sources->len);
  return TRUE;
}

/**
 * esp_keep_classes_parse:
 * @text: "A,B,NEW=C+D": classes by name (case counts only where it must) or index, in the order that they are to have
 * @names: (nullable): the network's
 * @n_classes: of the network
 * @error: ESP_ERROR_FORMAT: a word that is no class, one kept twice
 *
 * Returns: (transfer full): immutable. Thread: any.
 */
EspKeepClasses *
esp_keep_classes_parse (const char *text, const char *const *names, guint n_classes, GError **error)
{
  g_autoptr (EspKeepClasses) keep = esp_keep_classes_new (FALSE);
  g_auto (GStrv) items = g_strsplit (text, ",", -1);

  if (names != NULL && g_strv_length ((char **) names) < n_classes)
    names = NULL; /* a file of names that is another network's */
  if (items[0] == NULL)
    {
      g_set_error_literal (error, ESP_ERROR, ESP_ERROR_FORMAT, "keep classes: none: expected A, or NEW=A+B, with commas between");
      return NULL;
    }
  for (guint i = 0; items[i] != NULL; i++)
    if (!add_item (keep, g_strstrip (items[i]), names, n_classes, error))
      return NULL;
  return g_steal_pointer (&keep);
}

/** esp_keep_classes_ref: Returns: (transfer full): @keep. Thread: any. */
EspKeepClasses *
esp_keep_classes_ref (EspKeepClasses *keep)
{
  return g_atomic_rc_box_acquire (keep);
}

static void
keep_clear (gpointer data)
{
  EspKeepClasses *keep = data;

  g_ptr_array_unref (keep->classes);
}

/** esp_keep_classes_unref: gives one reference back. Thread: any. */
void
esp_keep_classes_unref (EspKeepClasses *keep)
{
  g_atomic_rc_box_release_full (keep, keep_clear);
}

/** esp_keep_classes_get_n: Returns: how many classes are kept. Thread: any. */
guint
esp_keep_classes_get_n (const EspKeepClasses *keep)
{
  return keep->classes->len;
}

/** esp_keep_classes_get_name: Returns: (transfer none): what the class at @index is called. Thread: any. */
const char *
esp_keep_classes_get_name (const EspKeepClasses *keep, guint index)
{
  return ((const Kept *) g_ptr_array_index (keep->classes, index))->name;
}

/** esp_keep_classes_get_sources: Returns: (transfer none) (array length=n): the classes of the network that it is made of. Thread: any. */
const guint *
esp_keep_classes_get_sources (const EspKeepClasses *keep, guint index, guint *n)
{
  const Kept *kept = g_ptr_array_index (keep->classes, index);

  *n = kept->sources->len;
  return (const guint *) (gconstpointer) kept->sources->data;
}

/** esp_keep_classes_is_redrawn: Returns: whether numbers of classes of several proxies are drawn, by @seed. Thread: any. */
gboolean
esp_keep_classes_is_redrawn (const EspKeepClasses *keep, guint64 *seed)
{
  if (seed != NULL)
    *seed = keep->seed;
  return keep->redraw;
}
