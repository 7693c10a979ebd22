/* recipe.c: reads a recipe: its head, its variables, and its steps, each checked against its row */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/recipe.h"

#include <string.h>

#include "base/file.h"
#include "recipe/recipe-private.h"
#include "recipe/step-private.h"

#define SET          "set"
#define SUFFIX       ".recipe"
#define LARGEST_FILE (1 << 20)
#define MOST_BASES   4

struct _EspRecipe
{
  char *id, *title;
  const char *tier;
  gboolean open;
  GPtrArray *steps; /* of EspStep */
  EspVariables *variables;
};

static void
recipe_free (gpointer data)
{
  EspRecipe *recipe = data;

  g_free (recipe->id);
  g_free (recipe->title);
  g_clear_pointer (&recipe->steps, g_ptr_array_unref);
  g_clear_pointer (&recipe->variables, esp_variables_free);
}

/** esp_recipe_ref: Returns: (transfer full): @recipe, once more. Thread: any. */
EspRecipe *
esp_recipe_ref (EspRecipe *recipe)
{
  return g_atomic_rc_box_acquire (recipe);
}

/** esp_recipe_unref: gives one reference back; the last frees it. Thread: any. */
void
esp_recipe_unref (EspRecipe *recipe)
{
  g_atomic_rc_box_release_full (recipe, recipe_free);
}

static const char *
find_entry (const EspSection *section, const char *key)
{
  for (guint i = 0; i < section->entries->len; i++)
    {
      const EspEntry *entry = g_ptr_array_index (section->entries, i);

      if (strcmp (entry->key, key) == 0)
        return entry->value;
    }
  return NULL;
}

static gboolean
check_head (const EspSection *head, const char *name, GError **error)
{
  for (guint i = 0; i < head->entries->len; i++)
    {
      const EspEntry *entry = g_ptr_array_index (head->entries, i);

      if (strcmp (entry->key, "title") == 0 || strcmp (entry->key, "base") == 0)
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: found “%s”, expected title, base or the name of a step in brackets", name,
                   entry->line, entry->key);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_step (EspRecipe *recipe, const EspSection *section, const char *name, GError **error)
{
  const EspStepKind *kind = esp_step_kind_find (section->kind);
  g_autoptr (EspStep) step = NULL;

  if (kind == NULL)
    {
      g_autoptr (GString) known = g_string_new (SET);

      for (guint i = 0; esp_step_kind_get (i) != NULL; i++)
        g_string_append_printf (known, ", %s", esp_step_kind_get (i)->id);
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: [%.80s] is no step: expected one of %s", name, section->line, section->kind,
                   known->str);
      return FALSE;
    }
  step = esp_step_new (kind, name, section->line);
  for (guint i = 0; i < section->entries->len; i++)
    {
      const EspEntry *entry = g_ptr_array_index (section->entries, i);
      g_autofree char *value = esp_variables_put_in (recipe->variables, entry->value, name, entry->line, error);

      if (value == NULL || (!(recipe->open && strcmp (value, "?") == 0) && !esp_step_set (step, entry->key, value, entry->line, error)))
        return FALSE;
    }
  if (!esp_step_finish (step, recipe->open, error))
    return FALSE;
  g_ptr_array_add (recipe->steps, g_steal_pointer (&step));
  return TRUE;
}

/* Variables first, wherever they stand: a step may use any. */
static gboolean
read_sets (EspRecipe *recipe, GPtrArray *sections, const char *name, gboolean over, GError **error)
{
  for (guint i = 1; i < sections->len; i++)
    {
      const EspSection *section = g_ptr_array_index (sections, i);

      if (strcmp (section->kind, SET) == 0 && !esp_variables_add (recipe->variables, section, name, over, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_steps (EspRecipe *recipe, GPtrArray *sections, const char *name, GError **error)
{
  for (guint i = 1; i < sections->len; i++)
    {
      const EspSection *section = g_ptr_array_index (sections, i);

      if (strcmp (section->kind, SET) != 0 && !read_step (recipe, section, name, error))
        return FALSE;
    }
  if (recipe->steps->len > 0)
    return esp_steps_check_order (recipe->steps, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: there is no step in it", name);
  return FALSE;
}

static gboolean
check_no_steps (GPtrArray *sections, const char *name, GError **error)
{
  for (guint i = 1; i < sections->len; i++)
    {
      const EspSection *section = g_ptr_array_index (sections, i);

      if (strcmp (section->kind, SET) == 0)
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: found [%.80s], expected [set] alone: the steps are those of the base", name,
                   section->line, section->kind);
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  GPtrArray *files; /* of GPtrArray of EspSection, the outermost first */
  GPtrArray *names; /* their paths */
} Chain;

static gboolean read_file (Chain *chain, const char *path, GError **error);

static gboolean
read_text (Chain *chain, const char *text, gsize n, const char *name, GError **error)
{
  GPtrArray *sections = esp_recipe_lines (text, n, name, error);
  const char *base;
  g_autofree char *folder = NULL, *path = NULL;

  if (sections == NULL)
    return FALSE;
  g_ptr_array_add (chain->files, sections);
  g_ptr_array_add (chain->names, g_strdup (name));
  if (!check_head (g_ptr_array_index (sections, 0), name, error))
    return FALSE;
  base = find_entry (g_ptr_array_index (sections, 0), "base");
  if (base == NULL)
    return TRUE;
  if (!check_no_steps (sections, name, error))
    return FALSE;
  folder = g_path_get_dirname (name);
  path = g_path_is_absolute (base) ? g_strdup (base) : g_build_filename (folder, base, NULL);
  return read_file (chain, path, error);
}

static gboolean
read_file (Chain *chain, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gsize n = 0;
  const char *text;

  if (chain->files->len > MOST_BASES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: expected at most %d recipes one upon the other", path, MOST_BASES);
      return FALSE;
    }
  bytes = esp_file_read (path, LARGEST_FILE, error);
  if (bytes == NULL)
    return FALSE;
  text = g_bytes_get_data (bytes, &n);
  return read_text (chain, n > 0 ? text : "", n, path, error);
}

/* The innermost base has the steps; the files over it set its variables. */
static gboolean
put_together (EspRecipe *recipe, const Chain *chain, GError **error)
{
  const guint last = chain->files->len - 1;
  const char *outer = g_ptr_array_index (chain->names, 0);

  for (guint i = 0; i <= last; i++)
    {
      GPtrArray *sections = g_ptr_array_index (chain->files, i);
      const char *title = find_entry (g_ptr_array_index (sections, 0), "title");

      if (!read_sets (recipe, sections, g_ptr_array_index (chain->names, i), i < last, error))
        return FALSE;
      if (recipe->title == NULL)
        recipe->title = g_strdup (title);
    }
  if (recipe->title == NULL)
    recipe->title = g_strdup (recipe->id);
  return esp_variables_finish (recipe->variables, outer, recipe->open, error)
         && read_steps (recipe, g_ptr_array_index (chain->files, last), g_ptr_array_index (chain->names, last), error);
}

static char *
id_of (const char *name)
{
  char *id = g_path_get_basename (name);

  if (g_str_has_suffix (id, SUFFIX) && strlen (id) > strlen (SUFFIX))
    id[strlen (id) - strlen (SUFFIX)] = '\0';
  return id;
}

static EspRecipe *
new_recipe (const Chain *chain, const EspRecipeOptions *options, GError **error)
{
  const char *tier = options != NULL && options->tier != NULL ? options->tier : ESP_TIER_QUICK;
  g_autoptr (EspRecipe) recipe = NULL;

  if (strcmp (tier, ESP_TIER_QUICK) != 0 && strcmp (tier, ESP_TIER_FULL) != 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "--tier %s: expected quick or full", tier);
      return NULL;
    }
  recipe = g_atomic_rc_box_new0 (EspRecipe);
  recipe->id = id_of (g_ptr_array_index (chain->names, 0));
  recipe->tier = strcmp (tier, ESP_TIER_FULL) == 0 ? ESP_TIER_FULL : ESP_TIER_QUICK;
  recipe->open = options != NULL && options->open;
  recipe->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_step_free);
  recipe->variables = esp_variables_new (recipe->tier, options != NULL ? options->sets : NULL);
  return put_together (recipe, chain, error) ? g_steal_pointer (&recipe) : NULL;
}

static EspRecipe *
read_recipe (const char *path, const char *text, gsize n, const EspRecipeOptions *options, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  Chain chain = { files, names };

  if (!(text != NULL ? read_text (&chain, text, n, path, error) : read_file (&chain, path, error)))
    return NULL;
  return new_recipe (&chain, options, error);
}

/**
 * esp_recipe_load:
 * @path: a recipe
 * @options: (nullable): tier and variables from outside
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT, ESP_ERROR_FORMAT with file and line
 *
 * A recipe with “base = FILE” has the steps of that one, and only sets its variables. Every value is checked against the step's row; no
 * file that it names is looked at yet. Returns: (transfer full). Thread: any.
 */
EspRecipe *
esp_recipe_load (const char *path, const EspRecipeOptions *options, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);
  return read_recipe (path, NULL, 0, options, error);
}

/** esp_recipe_parse: as esp_recipe_load(), of @n bytes at @text. Returns: (transfer full). Thread: any. */
EspRecipe *
esp_recipe_parse (const char *text, gsize n, const char *name, const EspRecipeOptions *options, GError **error)
{
  g_return_val_if_fail (text != NULL && name != NULL, NULL);
  return read_recipe (name, text, n, options, error);
}

/** esp_recipe_get_id: Returns: (transfer none): the file's name without .recipe. Thread: any. */
const char *
esp_recipe_get_id (const EspRecipe *recipe)
{
  return recipe->id;
}

/** esp_recipe_get_title: Returns: (transfer none): the first title from the outermost file inwards, else the id. Thread: any. */
const char *
esp_recipe_get_title (const EspRecipe *recipe)
{
  return recipe->title;
}

/** esp_recipe_get_tier: Returns: (transfer none): quick or full. Thread: any. */
const char *
esp_recipe_get_tier (const EspRecipe *recipe)
{
  return recipe->tier;
}

/** esp_recipe_get_n_steps: Returns: how many steps, at least one. Thread: any. */
guint
esp_recipe_get_n_steps (const EspRecipe *recipe)
{
  return recipe->steps->len;
}

/** esp_recipe_get_step: Returns: (transfer none): step @step, from 0. Thread: any. */
const EspStep *
esp_recipe_get_step (const EspRecipe *recipe, guint step)
{
  g_return_val_if_fail (step < recipe->steps->len, NULL);
  return g_ptr_array_index (recipe->steps, step);
}

/** esp_recipe_get_n_variables: Returns: how many variables [set] has. Thread: any. */
guint
esp_recipe_get_n_variables (const EspRecipe *recipe)
{
  return esp_variables_get_n (recipe->variables);
}

/** esp_recipe_get_variable: Returns: variable @variable in the order of the file, its words lent by @recipe. Thread: any. */
EspVariable
esp_recipe_get_variable (const EspRecipe *recipe, guint variable)
{
  return esp_variables_get (recipe->variables, variable);
}
