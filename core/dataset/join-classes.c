/* join-classes.c: the classes of joined data sets, and the objects that are left of each image */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/join-private.h"

#include <string.h>

#include "base/class-name.h"
#include "base/error.h"

typedef struct
{
  GPtrArray *names;    /* of char *, as first met */
  GHashTable *by_fold; /* to index + 1 */
  GHashTable *maps;    /* folded A to B */
  GHashTable *met;     /* set of folded names that some data set has */
} Classes;

static void
classes_clear (Classes *classes)
{
  g_clear_pointer (&classes->names, g_ptr_array_unref);
  g_clear_pointer (&classes->by_fold, g_hash_table_unref);
  g_clear_pointer (&classes->maps, g_hash_table_unref);
  g_clear_pointer (&classes->met, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Classes, classes_clear)

/* Its index + 1; 0 where it is not there and not @add. */
static guint
find_class (Classes *classes, const char *name, gboolean add)
{
  g_autofree char *fold = esp_class_name_fold (name);
  const guint found = GPOINTER_TO_UINT (g_hash_table_lookup (classes->by_fold, fold));

  if (found != 0 || !add)
    return found;
  g_ptr_array_add (classes->names, g_strdup (name));
  g_hash_table_insert (classes->by_fold, g_steal_pointer (&fold), GUINT_TO_POINTER (classes->names->len));
  return classes->names->len;
}

static gboolean
read_maps (Classes *classes, const char *const *maps, GError **error)
{
  for (guint i = 0; maps != NULL && maps[i] != NULL; i++)
    {
      const char *equals = strchr (maps[i], '=');
      g_autofree char *from = equals != NULL ? g_strstrip (g_strndup (maps[i], (gsize) (equals - maps[i]))) : NULL;
      g_autofree char *to = equals != NULL ? g_strstrip (g_strdup (equals + 1)) : NULL;

      if (from == NULL || *from == '\0' || *to == '\0')
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "map %s: expected A=B: a class and what it is to be called", maps[i]);
          return FALSE;
        }
      g_hash_table_insert (classes->maps, esp_class_name_fold (from), g_steal_pointer (&to));
    }
  return TRUE;
}

/* Each class of each set to its name in the joined one. */
static GHashTable *
rename_all (const EspJoin *join, Classes *classes)
{
  GHashTable *renamed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint s = 0; s < join->sets->len; s++)
    {
      const char *const *names = esp_dataset_get_names (g_ptr_array_index (join->sets, s));

      for (guint c = 0; names[c] != NULL; c++)
        {
          g_autofree char *fold = esp_class_name_fold (names[c]);
          const char *to = g_hash_table_lookup (classes->maps, fold);

          g_hash_table_insert (renamed, g_strdup (names[c]), g_strdup (to != NULL ? to : names[c]));
          if (join->options->classes == NULL)
            find_class (classes, to != NULL ? to : names[c], TRUE);
          g_hash_table_add (classes->met, g_steal_pointer (&fold));
          g_hash_table_add (classes->met, esp_class_name_fold (to != NULL ? to : names[c]));
        }
    }
  return renamed;
}

/* Every class asked for, and every one to be renamed, must be there. */
static gboolean
check_met (const EspJoin *join, Classes *classes, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, classes->maps);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_hash_table_contains (classes->met, name))
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "map %s=…: no data set has a class “%s”", (char *) name, (char *) name);
        return FALSE;
      }
  for (guint i = 0; join->options->classes != NULL && join->options->classes[i] != NULL; i++)
    {
      g_autofree char *fold = esp_class_name_fold (join->options->classes[i]);

      if (!g_hash_table_contains (classes->met, fold))
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "classes: no data set has a class “%s”", join->options->classes[i]);
          return FALSE;
        }
      find_class (classes, join->options->classes[i], TRUE);
    }
  return TRUE;
}

static void
take_truths (EspJoin *join, EspJoinImage *image, Classes *classes, GHashTable *renamed)
{
  const char *const *names = esp_dataset_get_names (g_ptr_array_index (join->sets, image->set));

  image->truths = g_array_new (FALSE, FALSE, sizeof (EspTruth));
  for (guint k = 0; k < image->sample->n_truths; k++)
    {
      EspTruth truth = image->sample->truths[k];
      const guint found = find_class (classes, g_hash_table_lookup (renamed, names[truth.class_index]), FALSE);

      if (found == 0)
        join->report->n_other++;
      else if (truth.difficult && (!join->options->difficult || truth.crowd))
        join->report->n_difficult++;
      else
        {
          truth.class_index = (int) found - 1;
          g_array_append_val (image->truths, truth);
        }
    }
}

/* Images without objects go, where that is asked for. */
static gboolean
drop_empty (EspJoin *join, GError **error)
{
  for (guint i = join->images->len; join->options->drop_empty && i-- > 0;)
    if (g_array_index (join->images, EspJoinImage, i).truths->len == 0)
      {
        g_array_remove_index (join->images, i);
        join->report->n_empty++;
      }
  if (join->images->len > 0)
    return TRUE;
  g_set_error_literal (error, ESP_ERROR, ESP_ERROR_SHAPE, "no image is left: expected one with an object of the classes that are kept");
  return FALSE;
}

/** esp_join_classes: names the classes of @join and gives each image what is left of its objects. Errors: ESP_ERROR_FORMAT,
 * ESP_ERROR_SHAPE. */
gboolean
esp_join_classes (EspJoin *join, GError **error)
{
  g_auto (Classes) classes = {
    .names = g_ptr_array_new_with_free_func (g_free),
    .by_fold = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .maps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .met = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  g_autoptr (GHashTable) renamed = NULL;

  if (!read_maps (&classes, join->options->maps, error))
    return FALSE;
  renamed = rename_all (join, &classes);
  if (!check_met (join, &classes, error))
    return FALSE;
  for (guint i = 0; i < join->images->len; i++)
    take_truths (join, &g_array_index (join->images, EspJoinImage, i), &classes, renamed);
  g_ptr_array_add (classes.names, NULL);
  join->report->names = (char **) g_ptr_array_steal (classes.names, NULL);
  return drop_empty (join, error);
}
