/* classes.c: classes that annotations bring by name, and boxes that they bring in pixels */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

#include "base/error.h"
#include "image/image.h"

static void
learn (EspDraft *draft, const char *name)
{
  char *own = g_strdup (name);

  g_ptr_array_add (draft->class_names, own);
  if (!g_hash_table_contains (draft->class_index, own))
    g_hash_table_insert (draft->class_index, own, GUINT_TO_POINTER (draft->class_names->len));
}

/* The names given come first, whether or not they are met. */
static void
begin (EspDraft *draft)
{
  draft->class_names = g_ptr_array_new_with_free_func (g_free);
  draft->class_index = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; draft->names != NULL && draft->names[i] != NULL; i++)
    learn (draft, draft->names[i]);
}

/**
 * esp_draft_class:
 * @draft: whose names, where a file gave some, are known already
 * @name: of a class, valid UTF-8
 * @where: leads the message
 * @error: ESP_ERROR_LIMIT beyond a million classes
 *
 * Returns: the class's index, until esp_draft_close_classes() gives the last one; -1 on failure.
 */
int
esp_draft_class (EspDraft *draft, const char *name, const char *where, GError **error)
{
  guint place;

  if (draft->class_names == NULL)
    begin (draft);
  place = GPOINTER_TO_UINT (g_hash_table_lookup (draft->class_index, name));
  if (place != 0)
    return (int) place - 1;
  if (draft->class_names->len >= ESP_DATASET_MOST_CLASSES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: at most a million classes are accepted", where);
      return -1;
    }
  learn (draft, name);
  return (int) draft->class_names->len - 1;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * esp_draft_close_classes:
 * @draft: all of whose truths are there
 *
 * Names given by a file keep their places, those only met follow in the order of their names; so the indices do not depend on the order of
 * files.
 */
void
esp_draft_close_classes (EspDraft *draft)
{
  const guint n_given = draft->names != NULL ? g_strv_length (draft->names) : 0;
  g_autofree char **sorted = NULL;
  g_autofree int *final = NULL;
  guint n;

  if (draft->class_names == NULL)
    begin (draft);
  n = draft->class_names->len;
  sorted = g_new (char *, n + 1);
  final = g_new (int, n + 1);
  for (guint i = 0; i < n; i++)
    sorted[i] = g_ptr_array_index (draft->class_names, i);
  qsort (sorted + n_given, n - n_given, sizeof *sorted, compare_names);
  for (guint i = n; i-- > 0;) /* downward, so that of a name given twice the first place counts */
    final[GPOINTER_TO_UINT (g_hash_table_lookup (draft->class_index, sorted[i])) - 1] = (int) i;
  for (guint i = 0; i < draft->truths->len; i++)
    {
      EspTruth *truth = &g_array_index (draft->truths, EspTruth, i);

      truth->class_index = final[truth->class_index];
    }
  g_strfreev (draft->names);
  draft->names = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    draft->names[i] = g_strdup (sorted[i]);
  draft->n_classes = n;
}

/** esp_draft_size: where a side is 0, takes the picture's own, as it is stored. Errors: those of esp_image_read_size(). */
gboolean
esp_draft_size (const char *path, int *width, int *height, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (*width > 0 && *height > 0)
    return TRUE;
  if (esp_image_read_size (path, width, height, &local))
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&local), "no annotated size, and the picture gives none: ");
  return FALSE;
}

/** esp_truth_box: Returns: @pixels of an image of @width × @height in its fractions. Thread: any. */
EspBox
esp_truth_box (EspPixels pixels, int width, int height)
{
  return (EspBox){
    .x = (float) ((pixels.left + pixels.width / 2) / width),
    .y = (float) ((pixels.top + pixels.height / 2) / height),
    .w = (float) (pixels.width / width),
    .h = (float) (pixels.height / height),
  };
}
