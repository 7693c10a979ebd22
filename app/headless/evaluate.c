/* evaluate.c: espalier-cli evaluate: the mAP of a network, or of it under a plan, on a labelled data set */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <stdlib.h>

#include "base/error.h"
#include "data-options.h"
#include "detections-file.h"
#include "measure/summary.h"
#include "net/cut.h"
#include "network-options.h"
#include "progress.h"
#include "prune/plan.h"
#include "verbs.h"

#define REPLICATES   2000
#define CACHE_BUDGET ((gsize) 512 << 20)

static EspNetworkOptions network_options;
static EspDrawOptions draw_options;
static char *protocol_id, *plan_path, *detections_path, *split, *names_path, *images_path;
static char **class_pairs;
static int limit;

static const GOptionEntry options[] = {
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_id, "darknet (area), darknet-11 or darknet-101 (default darknet)", "P" },
  { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "Cut the network by this plan first, and tell the difference", "FILE" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "Only N images, drawn by the seed", "N" },
  { "detections", 0, 0, G_OPTION_ARG_FILENAME, &detections_path, "Write all detections as COCO results json", "FILE" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, val or test where the data set has them", "NAME" },
  ESP_DRAW_OPTIONS (draw_options),
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names of the network, one a line", "FILE" },
  { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &class_pairs, "Take class A of the data set for class B of the network; may be repeated",
    "A=B" },
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &images_path, "Folder of the images where the labels lie elsewhere", "DIR" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* What is evaluated on what. */
typedef struct
{
  EspLoaded loaded;
  EspDataset *dataset;
  GStrv names; /* (nullable): the network's */
  EspClassMap *map;
  EspImageCache *cache;
  guint *indices; /* ascending */
  guint n;
  const EspProtocol *protocol;
} Task;

static void
task_clear (Task *task)
{
  esp_loaded_clear (&task->loaded);
  g_clear_pointer (&task->cache, esp_image_cache_unref);
  g_clear_pointer (&task->map, esp_class_map_free);
  g_clear_pointer (&task->dataset, esp_dataset_unref);
  g_clear_pointer (&task->names, g_strfreev);
  g_clear_pointer (&task->indices, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

/* One network over the images, in the lane. */
typedef struct
{
  const Task *task;
  EspMask *mask; /* NULL: whole */
  EspOutcome **outcomes;
  double seconds;
  EspJob *job;
  GError *error;
} Pass;

static EspEngine *
make_engine (const Pass *pass, GError **error)
{
  const EspEvaluateOptions *run = &pass->task->loaded.run;
  const EspEngineOptions engine_options = { .mode = ESP_MODE_INFER, .backend = run->backend, .bn = run->bn, .batch = run->batch };
  g_autoptr (EspCut) cut = NULL;

  if (pass->mask == NULL)
    return esp_engine_new (pass->task->loaded.network, pass->task->loaded.weights, &engine_options, NULL, error);
  cut = esp_cut_new (pass->task->loaded.network, pass->task->loaded.weights, pass->mask, NULL, error);
  return cut != NULL ? esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &engine_options, NULL, error) : NULL;
}

static void
pass_run (gpointer data)
{
  Pass *pass = data;
  const Task *task = pass->task;
  g_autoptr (EspEngine) engine = make_engine (pass, &pass->error);
  g_autoptr (EspPass) over = NULL;
  gint64 begun;

  if (engine == NULL)
    return;
  over = esp_pass_new (engine, task->dataset, task->map, task->cache, &task->loaded.run);
  begun = g_get_monotonic_time ();
  esp_pass_run (over, task->indices, task->n, pass->outcomes, pass->job, &pass->error);
  pass->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
}

/* Returns: (transfer full): the outcomes, or NULL. */
static EspOutcome **
evaluate (const Task *task, EspMask *mask, EspCommon *common, double *seconds, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new (mask != NULL ? "Evaluating the plan" : "Evaluating");
  Pass pass = { task, mask, g_new0 (EspOutcome *, task->n), 0, job, NULL };

  esp_common_run (common, job, pass_run, &pass);
  *seconds = pass.seconds;
  if (pass.error == NULL)
    return pass.outcomes;
  g_propagate_error (error, pass.error);
  g_free (pass.outcomes);
  return NULL;
}

static void
free_outcomes (EspOutcome **outcomes, guint n)
{
  for (guint i = 0; outcomes != NULL && i < n; i++)
    esp_outcome_free (outcomes[i]);
  g_free (outcomes);
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

/* All images, or the first of the seed's order; in either case in the data set's own order, which decides ties of score. */
static void
choose_images (Task *task, guint64 seed)
{
  task->n = esp_dataset_get_n (task->dataset);
  task->indices = esp_dataset_order (task->dataset, seed);
  if (limit > 0)
    task->n = MIN (task->n, (guint) limit);
  qsort (task->indices, task->n, sizeof (guint), ascending);
}

static gboolean
check_labels (const Task *task, const char *path, GError **error)
{
  if (esp_network_get_classes (task->loaded.network) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no [yolo] layer, so there are no boxes to evaluate",
                 esp_cfg_get_name (esp_network_get_cfg (task->loaded.network)));
  else if (esp_dataset_get_n (task->dataset) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s holds no images", path);
  else if (!esp_dataset_is_labelled (task->dataset))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "%s has no labels, and mAP needs them; without labels “detect” and “attribute” are possible", path);
  else if (esp_dataset_get_task (task->dataset) != ESP_DATASET_DETECTION)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has the classes of whole images and no boxes, and mAP needs them", path);
  else
    return TRUE;
  return FALSE;
}

static gboolean
open_data (Task *task, const char *path, guint64 seed, GError **error)
{
  const int n_classes = esp_network_get_classes (task->loaded.network);
  const EspDatasetOptions data_options = { .split = split, .names = names_path, .images = images_path, .n_classes = n_classes };

  if (names_path != NULL && (task->names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  task->dataset = esp_data_open ("evaluate", path, data_options, &draw_options, NULL, error);
  if (task->dataset == NULL || !check_labels (task, path, error))
    return FALSE;
  task->map
      = esp_class_map_new (task->dataset, (const char *const *) task->names, (guint) n_classes, (const char *const *) class_pairs, error);
  if (task->map == NULL)
    return FALSE;
  if (task->map->warning != NULL)
    g_printerr ("espalier-cli evaluate: %s\n", task->map->warning);
  choose_images (task, seed);
  task->cache = esp_image_cache_new (task->dataset, esp_network_get_input (task->loaded.network), task->loaded.run.fit,
                                     task->loaded.run.orientation, plan_path != NULL ? CACHE_BUDGET : 0);
  return TRUE;
}

static gboolean
check_options (Task *task, GError **error)
{
  task->protocol = esp_protocol_find (protocol_id != NULL ? protocol_id : "darknet");
  if (task->protocol == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--protocol %s: expected darknet, darknet-11 or darknet-101",
                 protocol_id);
  else if (limit < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--limit %d: expected a number of images", limit);
  else
    return TRUE;
  return FALSE;
}

/* A class by name: the network's, else the data set's where it has as many as the network; NULL where nobody knows. */
static const char *
name_of (const Task *task, guint class_index)
{
  const char *const *names = (const char *const *) task->names;

  if (names == NULL && esp_dataset_get_n_classes (task->dataset) == (guint) esp_network_get_classes (task->loaded.network))
    names = esp_dataset_get_names (task->dataset);
  return names != NULL && class_index < g_strv_length ((char **) names) ? names[class_index] : NULL;
}

static void
add_pair (JsonBuilder *json, const char *name, double low, double high)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  json_builder_add_double_value (json, low);
  json_builder_add_double_value (json, high);
  json_builder_end_array (json);
}

static void
add_classes (JsonBuilder *json, const Task *task, const EspSummary *summary)
{
  json_builder_set_member_name (json, "per_class");
  json_builder_begin_array (json);
  for (guint k = 0; k < summary->n_classes; k++)
    {
      const EspClassResult *result = &summary->per_class[k];

      json_builder_begin_object (json);
      esp_json_int (json, "class", result->class_index);
      esp_json_string (json, "name", name_of (task, k));
      esp_json_double (json, "ap", result->ap);
      esp_json_int (json, "objects", result->objects);
      json_builder_set_member_name (json, "few_objects");
      json_builder_add_boolean_value (json, result->few);
      if (result->few)
        add_pair (json, "recall_interval", result->recall_low, result->recall_high);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static void
add_json (JsonBuilder *json, const Task *task, const EspSummary *summary, EspInterval interval, double seconds)
{
  esp_json_string (json, "protocol", task->protocol->id);
  esp_json_double (json, "map", summary->map);
  add_pair (json, "interval", interval.low, interval.high);
  esp_json_int (json, "replicates", interval.replicates);
  esp_json_int (json, "seed", (gint64) interval.seed);
  add_classes (json, task, summary);
  esp_json_double (json, "precision", summary->precision);
  esp_json_double (json, "recall", summary->recall);
  esp_json_double (json, "f1", summary->f1);
  esp_json_double (json, "mean_iou", summary->mean_iou);
  esp_json_int (json, "tp", summary->tp);
  esp_json_int (json, "fp", summary->fp);
  esp_json_int (json, "fn", summary->fn);
  esp_json_int (json, "images", summary->n_images);
  esp_json_double (json, "images_per_second", seconds > 0 ? summary->n_images / seconds : 0);
  esp_json_string (json, "warning", task->map->warning);
}

static void
print (const Task *task, const EspSummary *summary, EspInterval interval, double seconds)
{
  for (guint k = 0; k < summary->n_classes; k++)
    {
      const EspClassResult *result = &summary->per_class[k];
      g_autofree char *index = g_strdup_printf ("class %u", k);
      const char *name = name_of (task, k);

      if (result->objects == 0)
        continue;
      g_print ("%-20s AP %5.1f %%  %5u objects", name != NULL ? name : index, result->ap * 100, result->objects);
      if (result->few)
        g_print ("  few objects: recall 95 %% %.0f to %.0f %%", result->recall_low * 100, result->recall_high * 100);
      g_print ("\n");
    }
  g_print ("%s, mean over %u classes, IoU above 0.5, %u images, %u objects\n", task->protocol->title, summary->n_classes, summary->n_images,
           summary->n_objects);
  g_print ("mAP %.2f %%, 95 %% %.2f to %.2f (Bayesian bootstrap of images, %u replicates, seed %" G_GUINT64_FORMAT ")\n",
           summary->map * 100, interval.low * 100, interval.high * 100, interval.replicates, interval.seed);
  g_print ("above 0.25: precision %.3f, recall %.3f, F1 %.3f, TP %u, FP %u, FN %u, mean IoU %.3f\n", summary->precision, summary->recall,
           summary->f1, summary->tp, summary->fp, summary->fn, summary->mean_iou);
  g_print ("%.1f images a second, decoding included\n", seconds > 0 ? summary->n_images / seconds : 0);
}

static void
tell_difference (const Task *task, EspOutcome **unpruned, EspOutcome **pruned, const EspCommon *common, JsonBuilder *json)
{
  const guint n_classes = (guint) esp_network_get_classes (task->loaded.network);
  const EspInterval difference
      = esp_interval_of_difference (unpruned, pruned, task->n, n_classes, task->protocol, REPLICATES, (guint64) common->seed);
  g_autoptr (EspSummary) before = esp_summary_new (unpruned, task->n, n_classes, task->protocol);
  guint lost, gained;
  const double p = esp_mcnemar (unpruned, pruned, task->n, -1, &lost, &gained);

  esp_json_double (json, "unpruned_map", before->map);
  esp_json_double (json, "difference", difference.value);
  add_pair (json, "difference_interval", difference.low, difference.high);
  esp_json_int (json, "objects_lost", lost);
  esp_json_int (json, "objects_gained", gained);
  esp_json_double (json, "mcnemar_p", p);
  if (!common->json)
    g_print ("unpruned mAP %.2f %%, difference %+.2f, 95 %% %+.2f to %+.2f; %u objects lost, %u gained, McNemar p %.3g\n",
             before->map * 100, difference.value * 100, difference.low * 100, difference.high * 100, lost, gained, p);
}

static gboolean
tell (const Task *task,
      EspOutcome **unpruned,
      EspOutcome **outcomes,
      double seconds,
      const EspCommon *common,
      JsonBuilder *json,
      GError **error)
{
  const guint n_classes = (guint) esp_network_get_classes (task->loaded.network);
  g_autoptr (EspSummary) summary = esp_summary_new (outcomes, task->n, n_classes, task->protocol);
  const EspInterval interval = esp_interval_of_map (outcomes, task->n, n_classes, task->protocol, REPLICATES, (guint64) common->seed);

  if (detections_path != NULL
      && !esp_detections_write (detections_path, task->dataset, task->cache, task->indices, outcomes, task->n, error))
    return FALSE;
  add_json (json, task, summary, interval, seconds);
  if (!common->json)
    print (task, summary, interval, seconds);
  if (unpruned != NULL)
    tell_difference (task, unpruned, outcomes, common, json);
  return TRUE;
}

/* The kept channels of the plan, which must be of this network and these weights. */
static EspMask *
read_plan (const Task *task, const char *cfg, const char *weights, GError **error)
{
  g_autofree char *cfg_hash = esp_hash_file (cfg, error);
  g_autofree char *weights_hash = cfg_hash != NULL ? esp_hash_file (weights, error) : NULL;

  return weights_hash != NULL ? esp_plan_read_mask (task->loaded.network, plan_path, cfg_hash, weights_hash, error) : NULL;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .n = 0 };
  g_autoptr (EspMask) mask = NULL;
  EspOutcome **outcomes = NULL, **unpruned = NULL;
  double seconds = 0;
  gboolean done = FALSE;

  if (!check_options (&task, error) || !esp_loaded_open (&task.loaded, argv[0], argv[1], &network_options, error))
    return FALSE;
  if (plan_path != NULL && (mask = read_plan (&task, argv[0], argv[1], error)) == NULL)
    return FALSE;
  if (!open_data (&task, argv[2], (guint64) common->seed, error))
    return FALSE;
  if (mask == NULL || (unpruned = evaluate (&task, NULL, common, &seconds, error)) != NULL)
    outcomes = evaluate (&task, mask, common, &seconds, error);
  if (outcomes != NULL)
    done = tell (&task, unpruned, outcomes, seconds, common, json, error);
  free_outcomes (unpruned, task.n);
  free_outcomes (outcomes, task.n);
  return done;
}

const EspVerb esp_verb_evaluate = {
  .name = "evaluate",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Measure mAP, precision and recall on labelled images",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
