/* faithfulness.c: espalier-cli faithfulness: which methods show what the network uses, beside maps that know nothing of it */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "data-options.h"
#include "faithfulness-table.h"
#include "network-options.h"
#include "progress.h"
#include "recipe/commit.h"
#include "verbs.h"

#include <math.h>
#include <string.h>

#define CACHE_BUDGET ((gsize) 256 << 20)
#define REPLICATES   20000
#define SAVED_EVERY  (5 * G_USEC_PER_SEC)

static EspNetworkOptions network_options;
static EspDrawOptions draw_options;
static char *methods_text, *split, *names_path, *images_path, *output, *work_path, *deletion_text, *insertion_text;
static int n_boxes = 100, steps = 20, layer = -1, n_stable = 20, n_random = 10, batch = 8;
static double least = .3, span = 1;

static const GOptionEntry options[] = {
  { "methods", 0, 0, G_OPTION_ARG_STRING, &methods_text, "Methods of attribute --method, with commas between, or all (the default)",
    "A,B" },
  { "boxes", 0, 0, G_OPTION_ARG_INT, &n_boxes, "Boxes, one an image, drawn by the seed (default 100)", "N" },
  { "score", 0, 0, G_OPTION_ARG_DOUBLE, &least, "Boxes have scores of T or more (default 0.3)", "T" },
  { "steps", 0, 0, G_OPTION_ARG_INT, &steps, "Steps of deletion and insertion (default 20)", "N" },
  { "deletion", 0, 0, G_OPTION_ARG_STRING, &deletion_text, "What takes the place of pixels: random, blur or grey (default random)",
    "FILL" },
  { "insertion", 0, 0, G_OPTION_ARG_STRING, &insertion_text, "What stands in their place: random, blur or grey (default blur)", "FILL" },
  { "span", 0, 0, G_OPTION_ARG_DOUBLE, &span, "Pixels replaced in all, in areas of the box (default 1); 0: the whole image", "X" },
  { "layer", 0, 0, G_OPTION_ARG_INT, &layer, "Heatmaps of layer N where a method gives them (default: the pixels, else where it says most)",
    "N" },
  { "stable", 0, 0, G_OPTION_ARG_INT, &n_stable,
    "Stability of the first N boxes, 10 perturbations each (default 20); not of those known to --work", "N" },
  { "randomise", 0, 0, G_OPTION_ARG_INT, &n_random, "Randomisation of the first N boxes, in 4 stages (default 10); likewise", "N" },
  { "batch", 0, 0, G_OPTION_ARG_INT, &batch, "Images a forward; no number depends on it (default 8)", "N" },
  { "work", 0, 0, G_OPTION_ARG_FILENAME, &work_path, "Keep what is known in FILE, and go on from it", "FILE" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the table: FILE.md or FILE.tsv", "FILE" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, val or test where the data set has them", "NAME" },
  ESP_DRAW_OPTIONS (draw_options),
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names of the data set, one a line", "FILE" },
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &images_path, "Folder of the images where the labels lie elsewhere", "DIR" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspLoaded loaded;
  EspDataset *dataset;
  EspImageCache *cache;
  EspClassMap *map;
  EspFaithPlan plan;
  GPtrArray *methods; /* of const EspAttribution */
  GArray *cases;      /* of EspFaithCase */
  EspFaithTable table;
  EspFaithEntry *entry; /* the one under way */
  gint64 saved;         /* when the work file was last written */
  EspJob *job;
  GError *error, *save_error;
} Task;

static void
task_clear (Task *task)
{
  esp_loaded_clear (&task->loaded);
  esp_faith_table_clear (&task->table);
  g_clear_pointer (&task->cache, esp_image_cache_unref);
  g_clear_pointer (&task->map, esp_class_map_free);
  g_clear_pointer (&task->dataset, esp_dataset_unref);
  g_clear_pointer (&task->methods, g_ptr_array_unref);
  g_clear_pointer (&task->cases, g_array_unref);
  g_clear_error (&task->save_error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

static gboolean
takes_all (void)
{
  return methods_text == NULL || g_str_equal (methods_text, "all");
}

static gboolean
choose_methods (Task *task, GError **error)
{
  g_auto (GStrv) ids = takes_all () ? NULL : g_strsplit (methods_text, ",", -1);

  task->methods = g_ptr_array_new ();
  for (guint i = 0; takes_all () && esp_attribution_get (i) != NULL; i++)
    g_ptr_array_add (task->methods, (gpointer) esp_attribution_get (i));
  for (guint i = 0; ids != NULL && ids[i] != NULL; i++)
    {
      const EspAttribution *method = esp_attribution_find (ids[i]);

      if (method == NULL || g_ptr_array_find (task->methods, method, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--methods %s: %s", ids[i],
                       method == NULL ? "there is no such method; attribute --help lists them" : "named twice");
          return FALSE;
        }
      g_ptr_array_add (task->methods, (gpointer) method);
    }
  return TRUE;
}

static gboolean
check_options (const EspNetwork *network, GError **error)
{
  const int n = (int) esp_network_get_n_layers (network);

  if (n_boxes < 1 || steps < 2 || steps > 1000 || n_stable < 0 || n_random < 0 || batch < 1 || batch > 256)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "expected --boxes of 1 or more, --steps of 2 to 1000, --batch of 1 to 256, --stable and --randomise not below 0");
  else if (!(least > 0 && least < 1))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--score %g: expected a number between 0 and 1", least);
  else if (!(span >= 0 && span <= 1000))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--span %g: expected a number from 0 to 1000", span);
  else if (layer < -1 || layer >= n)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layer %d: the network has layers 0 to %d", layer, n - 1);
  else if (esp_network_get_classes (network) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so there is no box to explain");
  else if (output != NULL && !g_str_has_suffix (output, ".md") && !g_str_has_suffix (output, ".tsv"))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--output %s: expected a name that ends in .md or .tsv", output);
  else
    return TRUE;
  return FALSE;
}

static gboolean
read_fill (const char *text, const char *option, EspStandIn *fill, GError **error)
{
  static const char *const words[] = { [ESP_STAND_IN_RANDOM] = "random", [ESP_STAND_IN_BLUR] = "blur", [ESP_STAND_IN_GREY] = "grey" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (text == NULL || g_str_equal (text, words[i]))
      {
        *fill = text != NULL ? (EspStandIn) i : *fill;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s %s: expected random, blur or grey", option, text);
  return FALSE;
}

/* Objects that boxes may match: their classes by name where --names has those of the network, else by index. */
static gboolean
map_classes (Task *task, GError **error)
{
  const guint n_classes = (guint) esp_network_get_classes (task->loaded.network);
  g_auto (GStrv) names = NULL;

  if (names_path != NULL && (names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  task->map = esp_class_map_new (task->dataset, (const char *const *) names, n_classes, NULL, error);
  if (task->map != NULL && task->map->warning != NULL)
    g_printerr ("espalier-cli faithfulness: %s\n", task->map->warning);
  return task->map != NULL;
}

static gboolean
open_task (Task *task, char **argv, guint64 seed, GError **error)
{
  EspDatasetOptions data_options = { .split = split, .names = names_path, .images = images_path };

  if (!esp_loaded_open (&task->loaded, argv[0], argv[1], &network_options, error) || !check_options (task->loaded.network, error)
      || !choose_methods (task, error))
    return FALSE;
  data_options.n_classes = esp_network_get_classes (task->loaded.network);
  task->dataset = esp_data_open ("faithfulness", argv[2], data_options, &draw_options, NULL, error);
  if (task->dataset == NULL || !map_classes (task, error))
    return FALSE;
  task->cache = esp_image_cache_new (task->dataset, esp_network_get_input (task->loaded.network), task->loaded.run.fit,
                                     task->loaded.run.orientation, CACHE_BUDGET);
  esp_faith_plan_init (&task->plan, task->loaded.network, task->loaded.weights, seed);
  task->plan.dataset = task->dataset;
  task->plan.cache = task->cache;
  task->plan.map = task->map;
  task->plan.run.backend = task->loaded.run.backend;
  task->plan.run.bn = task->loaded.run.bn;
  task->plan.run.batch = (guint) batch;
  task->plan.curves.steps = (guint) steps;
  task->plan.curves.span = span;
  task->plan.layer = layer;
  task->plan.n_boxes = (guint) n_boxes;
  task->plan.least = (float) least;
  task->plan.n_stable = (guint) n_stable;
  task->plan.n_random = (guint) n_random;
  return read_fill (deletion_text, "--deletion", &task->plan.curves.deletion, error)
         && read_fill (insertion_text, "--insertion", &task->plan.curves.insertion, error);
}

static void
choose_run (gpointer data)
{
  Task *task = data;

  task->cases = esp_faith_choose (&task->plan, task->job, &task->error);
}

/* Everything that a row depends on, but for which boxes have stability and randomisation: rows that are known stay as they are. */
static gboolean
make_key (Task *task, char **argv, GError **error)
{
  g_autofree char *cfg = esp_hash_file (argv[0], error), *weights = cfg != NULL ? esp_hash_file (argv[1], error) : NULL, *text = NULL;
  EspHash hash;

  if (weights == NULL)
    return FALSE;
  text = g_strdup_printf ("%s %s %s %d %d %d %d %d %d %d %d %d %d", cfg, weights, esp_dataset_get_title (task->dataset), n_boxes, steps,
                          layer, task->loaded.run.backend, task->loaded.run.bn, task->loaded.run.fit, (int) (1e6 * least),
                          (int) task->plan.curves.deletion, (int) task->plan.curves.insertion, (int) (1e6 * span));
  hash = esp_hash_combine (esp_hash_bytes (text, strlen (text)), esp_hash_bytes (&task->plan.seed, sizeof task->plan.seed));
  for (guint i = 0; i < task->cases->len; i++)
    {
      const EspFaithCase *of = &g_array_index (task->cases, EspFaithCase, i);

      hash = esp_hash_combine (hash, esp_hash_bytes (&of->image, sizeof of->image));
      hash = esp_hash_combine (hash, esp_hash_bytes (&of->detection.box, sizeof of->detection.box));
      if (of->has_truth)
        hash = esp_hash_combine (hash, esp_hash_bytes (&of->truth, sizeof of->truth));
    }
  task->table.key = esp_hash_to_string (hash);
  task->table.path = g_strdup (work_path);
  return TRUE;
}

/* A case is done; now and then that is kept. */
static void
told (guint done, gpointer data)
{
  Task *task = data;

  task->entry->n_done = done;
  if (g_get_monotonic_time () - task->saved < SAVED_EVERY)
    return;
  task->saved = g_get_monotonic_time ();
  if (!esp_faith_table_save (&task->table, task->save_error == NULL ? &task->save_error : NULL))
    esp_job_cancel (task->job);
}

static void
entry_run (gpointer data)
{
  Task *task = data;
  EspFaithEntry *entry = task->entry;
  const gint64 begun = g_get_monotonic_time ();

  esp_faith_run (&task->plan, task->cases, entry->method, entry->baseline, entry->n_done, entry->rows, told, task, task->job, &task->error);
  entry->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
}

/* A method that cannot explain this network is left out where all were asked for. */
static gboolean
run_entry (Task *task, EspCommon *common, GError **error)
{
  g_autofree char *title = g_strdup_printf ("%s, boxes", esp_faith_entry_id (task->entry));
  g_autoptr (EspJob) job = esp_job_new (title);
  g_autoptr (GError) save_error = NULL;

  task->job = job;
  esp_common_run (common, job, entry_run, task);
  if (!esp_faith_table_save (&task->table, &save_error) && task->save_error == NULL)
    task->save_error = g_steal_pointer (&save_error);
  if (task->save_error != NULL)
    {
      g_clear_error (&task->error);
      g_propagate_error (error, g_steal_pointer (&task->save_error));
      return FALSE;
    }
  if (task->error == NULL)
    return TRUE;
  if (takes_all () && g_error_matches (task->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED))
    {
      g_printerr ("espalier-cli faithfulness: %s is left out: %s\n", esp_faith_entry_id (task->entry), task->error->message);
      g_clear_error (&task->error);
      return task->entry->refused = TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&task->error));
  return FALSE;
}

static gboolean
run_all (Task *task, EspCommon *common, GError **error)
{
  for (guint i = 0; i < task->table.n_entries; i++)
    {
      task->entry = &task->table.entries[i];
      if (task->entry->n_done < task->table.n && !run_entry (task, common, error))
        return FALSE;
    }
  return TRUE;
}

/* One verdict a method; those left out have rows of no numbers. */
static EspFaithVerdict *
judge (const Task *task)
{
  const guint n = task->methods->len;
  g_autofree const EspFaithRow **rows = g_new (const EspFaithRow *, task->table.n_entries);
  EspFaithVerdict *verdicts = g_new0 (EspFaithVerdict, MAX (n, 1));

  for (guint i = 0; i < task->table.n_entries; i++)
    {
      EspFaithEntry *entry = &task->table.entries[i];

      for (guint k = 0; entry->refused && k < task->table.n; k++)
        for (guint m = 0; m < ESP_N_FAITH; m++)
          entry->rows[k].values[m] = NAN;
      rows[i] = entry->rows;
    }
  esp_faith_judge (rows + ESP_N_BASELINES, n, rows, task->table.n, REPLICATES, task->plan.seed, verdicts);
  return verdicts;
}

/* Of the image, what lies beyond its edge left out. */
static double
share_of_image (EspBox box)
{
  const double width = MIN (1, box.x + box.w / 2) - MAX (0, box.x - box.w / 2);
  const double height = MIN (1, box.y + box.h / 2) - MAX (0, box.y - box.h / 2);

  return MAX (width, 0) * MAX (height, 0);
}

/* A table of some methods says so. */
static void
append_missing (const Task *task, GString *text)
{
  const char *before = "Partial: of the registry not measured here are ";

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    if (!g_ptr_array_find (task->methods, esp_attribution_get (i), NULL))
      {
        g_string_append_printf (text, "%s%s", before, esp_attribution_get (i)->id);
        before = ", ";
      }
  if (g_str_equal (before, ", "))
    g_string_append (text, ".\n");
}

static guint
count_matched (const Task *task)
{
  guint n = 0;

  for (guint i = 0; i < task->cases->len; i++)
    n += g_array_index (task->cases, EspFaithCase, i).has_truth;
  return n;
}

/* The protocol, for who has the table alone. */
static char *
make_preface (const Task *task, char **argv)
{
  static const char *const words[]
      = { [ESP_STAND_IN_RANDOM] = "random colours", [ESP_STAND_IN_BLUR] = "the blurred image", [ESP_STAND_IN_GREY] = "grey" };
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d"), *name = g_path_get_basename (argv[0]);
  GString *text = g_string_new ("# Faithfulness\n\n");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, "%s, %s of %s. Espalier %s%s%s.\n", date, name, esp_dataset_get_title (task->dataset), ESP_VERSION,
                          *ESP_COMMIT != '\0' ? ", commit " : "", ESP_COMMIT);
  g_string_append_printf (text, "%u boxes, one an image, seed %" G_GUINT64_FORMAT ", ", task->cases->len, task->plan.seed);
  g_string_append_printf (text, "scores of %s or more.\n", g_ascii_formatd (number, sizeof number, "%g", least));
  g_string_append_printf (text, "Deletion to %s, insertion into %s, %d steps, ", words[task->plan.curves.deletion],
                          words[task->plan.curves.insertion], steps);
  if (span > 0)
    g_string_append_printf (text, "%s times the box's area of pixels in all.\n", g_ascii_formatd (number, sizeof number, "%g", span));
  else
    g_string_append (text, "all pixels of the image.\n");
  g_string_append_printf (text,
                          "Pointing, energy and their chance: of the object that the box matches, %u times; else of the box itself.\n",
                          count_matched (task));
  append_missing (task, text);
  g_string_append (text, "Proved: beats all four baselines there (Holm < .05), and random order does not beat it at the other.\n"
                         "Of deletion, stability and randomisation less is better, of the others more; sparseness is neither.\n\n");
  return g_string_free (text, FALSE);
}

static void
add_cases (const Task *task, JsonBuilder *json)
{
  json_builder_set_member_name (json, "boxes");
  json_builder_begin_array (json);
  for (guint i = 0; i < task->cases->len; i++)
    {
      const EspFaithCase *of = &g_array_index (task->cases, EspFaithCase, i);

      json_builder_begin_object (json);
      esp_json_string (json, "image", esp_dataset_get (task->dataset, of->image)->name);
      esp_json_int (json, "class", of->detection.class_index);
      esp_json_double (json, "score", (double) of->detection.score);
      json_builder_set_member_name (json, "matched");
      json_builder_add_boolean_value (json, of->has_truth);
      esp_json_double (json, "chance", share_of_image (esp_faith_case_box (of)));
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static gboolean
tell (const Task *task, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autofree EspFaithVerdict *verdicts = judge (task);
  g_autofree char *markdown = esp_faith_table_to_markdown (&task->table, verdicts);
  g_autofree char *tsv = esp_faith_table_to_tsv (&task->table, verdicts);
  const char *text = output != NULL && g_str_has_suffix (output, ".tsv") ? tsv : markdown;

  if (output != NULL && !esp_file_write (output, text, strlen (text), error))
    return FALSE;
  if (common->json)
    {
      esp_json_int (json, "steps", steps);
      esp_json_int (json, "seed", common->seed);
      esp_json_int (json, "replicates", REPLICATES);
      add_cases (task, json);
      esp_faith_table_to_json (&task->table, verdicts, json);
      return TRUE;
    }
  g_print ("%s\n", markdown);
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .saved = g_get_monotonic_time () };
  g_autoptr (EspJob) job = esp_job_new ("Choosing boxes");

  if (!open_task (&task, argv, (guint64) common->seed, error))
    return FALSE;
  task.job = job;
  esp_common_run (common, job, choose_run, &task);
  if (task.cases == NULL)
    {
      g_propagate_error (error, task.error);
      return FALSE;
    }
  esp_faith_table_init (&task.table, (const EspAttribution *const *) task.methods->pdata, task.methods->len, task.cases->len);
  for (guint i = 0; i < task.cases->len; i++)
    task.table.chance += share_of_image (esp_faith_case_box (&g_array_index (task.cases, EspFaithCase, i))) / task.cases->len;
  task.table.preface = make_preface (&task, argv);
  return make_key (&task, argv, error) && esp_faith_table_load (&task.table, error) && run_all (&task, common, error)
         && tell (&task, common, json, error);
}

const EspVerb esp_verb_faithfulness = {
  .name = "faithfulness",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Measure which methods of attribution show what the network uses",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
