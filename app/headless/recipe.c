/* recipe.c: espalier-cli recipe: runs a recipe, looks at one, or lists those that are there */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "progress.h"
#include "recipe/runner.h"
#include "verbs.h"

#define SUFFIX ".recipe"

static char **sets;
static char *tier, *output, *results;

static const GOptionEntry options[] = {
  { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &sets, "Set a variable of the recipe; may be repeated", "KEY=VALUE" },
  { "tier", 0, 0, G_OPTION_ARG_STRING, &tier, "quick or full (default quick)", "TIER" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
    "run: folder for the report and all that it is made of; the same command goes on there", "DIR" },
  { "results", 0, 0, G_OPTION_ARG_FILENAME, &results, "run: table of rows to add to (default: results.tsv in the folder)", "FILE" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspCommon *common;
  EspRunOptions options;
  EspJob *job;
  JsonNode *report;
  GError *error;
} Run;

static void
tell (gpointer data, const char *line)
{
  const Run *run = data;

  if (!run->common->quiet)
    g_printerr ("%s%s\n", isatty (STDERR_FILENO) ? "\r\033[K" : "", line);
}

static void
run_recipe (gpointer data)
{
  Run *run = data;

  run->report = esp_recipe_run (&run->options, run->job, &run->error);
}

/* Members of the report become those of the verb's object. */
static void
add_report (JsonBuilder *json, JsonNode *report)
{
  JsonObject *object = json_node_get_object (report);
  g_autoptr (GList) names = json_object_get_members (object);

  for (GList *name = names; name != NULL; name = name->next)
    {
      json_builder_set_member_name (json, name->data);
      json_builder_add_value (json, json_node_copy (json_object_get_member (object, name->data)));
    }
}

static gboolean
print_report (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "report.md", NULL), *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  g_print ("%s", text);
  return TRUE;
}

static EspRecipe *
load (const char *word, gboolean open, GError **error)
{
  const EspRecipeOptions recipe_options = { tier, (const char *const *) sets, open };
  g_autofree char *path = esp_recipe_find (word);

  return esp_recipe_load (path, &recipe_options, error);
}

static gboolean
act_run (const char *word, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspRecipe) recipe = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Running the recipe");
  Run run = { .common = common, .job = job };

  if (output == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected --output DIR");
      return FALSE;
    }
  recipe = load (word, FALSE, error);
  if (recipe == NULL)
    return FALSE;
  run.options = (EspRunOptions){
    .recipe = recipe,
    .folder = output,
    .results = results,
    .lane = esp_common_lane (common),
    .seed = (guint64) common->seed,
    .tell = tell,
    .data = &run,
  };
  esp_common_run_beside (common, job, run_recipe, &run);
  if (run.error != NULL)
    {
      g_propagate_error (error, run.error);
      return FALSE;
    }
  add_report (json, run.report);
  json_node_unref (run.report);
  return common->json || print_report (output, error);
}

static void
add_variables (const EspRecipe *recipe, EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "variables");
  json_builder_begin_array (json);
  for (guint i = 0; i < esp_recipe_get_n_variables (recipe); i++)
    {
      const EspVariable variable = esp_recipe_get_variable (recipe, i);

      json_builder_begin_object (json);
      esp_json_string (json, "name", variable.name);
      esp_json_string (json, "value", variable.value);
      esp_json_string (json, "about", variable.about);
      json_builder_end_object (json);
      if (!common->json)
        g_print ("  --set %s=%s%s%s\n", variable.name, variable.value != NULL ? variable.value : "… (must be given)",
                 variable.about != NULL ? "  " : "", variable.about != NULL ? variable.about : "");
    }
  json_builder_end_array (json);
}

static void
add_steps (const EspRecipe *recipe, EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "steps");
  json_builder_begin_array (json);
  for (guint i = 0; i < esp_recipe_get_n_steps (recipe); i++)
    {
      const EspStep *step = esp_recipe_get_step (recipe, i);

      json_builder_add_string_value (json, esp_step_get_kind (step)->id);
      if (!common->json)
        g_print ("  %u. %s: %s%s\n", i + 1, esp_step_get_kind (step)->id, esp_step_get_kind (step)->title,
                 esp_step_waits (step) ? "; stops for the hand" : "");
    }
  json_builder_end_array (json);
}

/* What it does and what it can be told, without looking at any of the files that it names. */
static gboolean
act_check (const char *word, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspRecipe) recipe = load (word, TRUE, error);

  if (recipe == NULL)
    return FALSE;
  esp_json_string (json, "recipe", esp_recipe_get_id (recipe));
  esp_json_string (json, "title", esp_recipe_get_title (recipe));
  esp_json_string (json, "tier", esp_recipe_get_tier (recipe));
  if (!common->json)
    g_print ("%s (%s)\n", esp_recipe_get_title (recipe), esp_recipe_get_tier (recipe));
  add_steps (recipe, common, json);
  add_variables (recipe, common, json);
  return TRUE;
}

static void
list_one (const char *folder, const char *name, EspCommon *common, JsonBuilder *json)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = load (path, TRUE, &error);

  json_builder_begin_object (json);
  esp_json_string (json, "path", path);
  esp_json_string (json, "title", recipe != NULL ? esp_recipe_get_title (recipe) : NULL);
  esp_json_string (json, "error", error != NULL ? error->message : NULL);
  json_builder_end_object (json);
  if (!common->json)
    g_print ("%s: %s\n", path, recipe != NULL ? esp_recipe_get_title (recipe) : error->message);
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The recipes of a folder: the one given, or the program's own. */
static gboolean
act_list (const char *word, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autofree char *folder = word != NULL ? g_strdup (word) : esp_recipe_find_folder ();
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, SUFFIX))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, by_name);
  json_builder_set_member_name (json, "recipes");
  json_builder_begin_array (json);
  for (guint i = 0; i < names->len; i++)
    list_one (folder, g_ptr_array_index (names, i), common, json);
  json_builder_end_array (json);
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  const char *act = argv[0], *word = argc > 1 ? argv[1] : NULL;

  if (strcmp (act, "list") == 0)
    return act_list (word, common, json, error);
  if (strcmp (act, "run") != 0 && strcmp (act, "check") != 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "recipe %s: expected run, check or list", act);
  else if (word == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "recipe %s: expected a FILE%s", act, SUFFIX);
  else
    return (strcmp (act, "run") == 0 ? act_run : act_check) (word, common, json, error);
  return FALSE;
}

const EspVerb esp_verb_recipe = {
  .name = "recipe",
  .arguments = "run FILE | check FILE | list [DIR]",
  .summary = "Run a recipe: steps from a network to a table of what pruning it gave, beside what it has to beat",
  .options = options,
  .least = 1,
  .most = 2,
  .run = run,
};
