/* window-recipe-fit.c: whether a recipe's classes are those of the network that is open */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-recipes-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "base/class-name.h"
#include "base/error.h"

#define GENERAL "attribution.recipe"        /* says nothing of classes */
#define SAMPLE  "attribution-sample.recipe" /* the orchard's own */

/* (nullable): its value as the recipe now has it. */
static const char *
value_of (EspRecipe *recipe, const char *name)
{
  for (guint i = 0; i < esp_recipe_get_n_variables (recipe); i++)
    {
      const EspVariable variable = esp_recipe_get_variable (recipe, i);

      if (g_str_equal (variable.name, name))
        return variable.value;
    }
  return NULL;
}

/* (transfer full) (nullable): the first class of the target that the network lacks. */
static char *
find_missing (EspWindow *self, EspRecipe *recipe)
{
  const char *target = value_of (recipe, "target");
  EspNetwork *network = esp_study_get_network (self->study);
  const int n = network != NULL ? esp_network_get_classes (network) : 0;
  g_auto (GStrv) words = g_strsplit (target != NULL ? target : "", ",", -1);

  for (guint i = 0; words[i] != NULL && n > 0; i++)
    if (*g_strstrip (words[i]) != '\0' && esp_class_name_find (words[i], esp_study_get_names (self->study), (guint) n) < 0)
      return g_strdup (words[i]);
  return NULL;
}

/* One that names classes, all of them the network's. */
static gboolean
names_its_classes (EspWindow *self, const char *path)
{
  const EspRecipeOptions options = { .open = TRUE };
  g_autoptr (EspRecipe) recipe = esp_recipe_load (path, &options, NULL);
  const char *target = recipe != NULL ? value_of (recipe, "target") : NULL;
  g_autofree char *missing = NULL;

  if (target == NULL || *target == '\0')
    return FALSE;
  missing = find_missing (self, recipe);
  return missing == NULL;
}

static gboolean
is_called (EspWindow *self, guint i, const char *name)
{
  g_autofree char *own = g_path_get_basename (g_ptr_array_index (self->recipes->paths, i));

  return g_str_equal (own, name);
}

/** esp_window_find_recipe: Returns: the place of the recipe that suits the network that is open: the sample's for the sample, one that
 * names its classes, else the one that names none. Thread: main. */
guint
esp_window_find_recipe (EspWindow *self)
{
  const guint n = self->recipes->paths->len;
  const gboolean sample = esp_window_is_sample (self);

  for (guint i = 0; i < n && sample; i++)
    if (is_called (self, i, SAMPLE))
      return i;
  for (guint i = 0; i < n; i++)
    if (names_its_classes (self, g_ptr_array_index (self->recipes->paths, i)))
      return i;
  for (guint i = 0; i < n; i++)
    if (is_called (self, i, GENERAL))
      return i;
  return self->recipes->chosen;
}

/** esp_window_check_target: Returns: FALSE with @error set, by the field's name, where @recipe is of the network that is open, and its
 * target is no class of it: before anything runs. Thread: main. */
gboolean
esp_window_check_target (EspWindow *self, EspRecipe *recipe, GError **error)
{
  const char *const *names = esp_study_get_names (self->study);
  g_autofree char *missing = NULL, *known = NULL;

  if (g_strcmp0 (value_of (recipe, "cfg"), self->files.cfg) != 0 || (missing = find_missing (self, recipe)) == NULL)
    return TRUE;
  known = names != NULL ? g_strjoinv (", ", (char **) names) : g_strdup (_ ("classes without names"));
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
               _ ("target: the network has no class “%s”. It has %.300s; left empty, all are the target"), missing, known);
  return FALSE;
}
