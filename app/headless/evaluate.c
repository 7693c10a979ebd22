/* evaluate.c: espalier-cli evaluate: the mAP of a network, or of it under a plan, on a labelled data set */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "data-options.h"
#include "detections-file.h"
#include "evaluate-classes.h"
#include "evaluate-report.h"
#include "measure/results-file.h"
#include "network-options.h"
#include "progress.h"
#include "score/cut-pass.h"
#include "prune/plan.h"
#include "verbs.h"

#define CACHE_BUDGET ((gsize) 512 << 20)

static EspNetworkOptions network_options;
static EspDrawOptions draw_options;
static char *protocol_id, *plan_path, *detections_path, *from_path, *split, *names_path, *images_path;
static char **class_pairs;
static int limit;
static gboolean tide;

static const GOptionEntry options[] = {
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_id,
    "darknet (area), darknet-11, darknet-101, voc-2007, voc-2010 or coco (default darknet)", "P" },
  { "tide", 0, 0, G_OPTION_ARG_NONE, &tide, "Tell what each type of error costs", NULL },
  { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "Cut the network by this plan first, and tell the difference", "FILE" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "Only N images, drawn by the seed", "N" },
  { "detections", 0, 0, G_OPTION_ARG_FILENAME, &detections_path, "Write all detections as COCO results json", "FILE" },
  { "from-detections", 0, 0, G_OPTION_ARG_FILENAME, &from_path,
    "Score COCO results json made elsewhere: evaluate --from-detections FILE DATA", "FILE" },
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
  EspLoaded loaded; /* no network where detections come from a file */
  guint n_classes;
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

static void
pass_run (gpointer data)
{
  Pass *pass = data;
  const Task *task = pass->task;
  const EspCutPassInput input
      = { task->loaded.network, task->loaded.weights, task->dataset, task->map, task->cache, &task->loaded.run, task->indices, task->n };
  g_autoptr (EspCutPass) over = esp_cut_pass_new (&input);

  esp_cut_pass_run (over, pass->mask, pass->outcomes, pass->job, &pass->error);
  pass->seconds = esp_cut_pass_get_seconds (over);
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
classifies (const Task *task)
{
  return task->loaded.network != NULL && esp_network_get_scores (task->loaded.network) > 0;
}

static gboolean
check_labels (const Task *task, const char *path, GError **error)
{
  if (task->loaded.network != NULL && task->n_classes == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "%s has no head ([yolo] or [region]) and does not end in one number a class, so there is nothing to evaluate",
                 esp_cfg_get_name (esp_network_get_cfg (task->loaded.network)));
  else if (esp_dataset_get_n (task->dataset) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s holds no images", path);
  else if (!esp_dataset_is_labelled (task->dataset))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "%s has no labels, and mAP needs them; without labels “detect” and “attribute” are possible", path);
  else if (classifies (task) && esp_dataset_get_task (task->dataset) != ESP_DATASET_CLASSIFICATION)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has boxes, and a classifier needs the classes of whole images", path);
  else if (classifies (task) && (plan_path != NULL || detections_path != NULL || tide))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "--plan, --detections and --tide are for detectors: %s is a classifier",
                 esp_cfg_get_name (esp_network_get_cfg (task->loaded.network)));
  else if (!classifies (task) && esp_dataset_get_task (task->dataset) != ESP_DATASET_DETECTION)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has the classes of whole images and no boxes, and mAP needs them", path);
  else
    return TRUE;
  return FALSE;
}

static gboolean
open_dataset (Task *task, const char *path, guint64 seed, GError **error)
{
  const EspDatasetOptions data_options = { .split = split, .names = names_path, .images = images_path, .n_classes = (int) task->n_classes };

  if (names_path != NULL && (task->names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  task->dataset = esp_data_open ("evaluate", path, data_options, &draw_options, NULL, error);
  if (task->dataset == NULL || !check_labels (task, path, error))
    return FALSE;
  choose_images (task, seed);
  return TRUE;
}

static gboolean
map_classes (Task *task, const char *const *names, GError **error)
{
  task->map = esp_class_map_new (task->dataset, names, task->n_classes, (const char *const *) class_pairs, error);
  if (task->map != NULL && task->map->warning != NULL)
    g_printerr ("espalier-cli evaluate: %s\n", task->map->warning);
  return task->map != NULL;
}

static gboolean
open_data (Task *task, const char *path, guint64 seed, GError **error)
{
  task->n_classes = (guint) (classifies (task) ? esp_network_get_scores : esp_network_get_classes) (task->loaded.network);
  if (!open_dataset (task, path, seed, error) || !map_classes (task, (const char *const *) task->names, error))
    return FALSE;
  task->cache = esp_image_cache_new (task->dataset, esp_network_get_input (task->loaded.network), task->loaded.run.fit,
                                     task->loaded.run.orientation, plan_path != NULL ? CACHE_BUDGET : 0);
  return TRUE;
}

/* Class names: those given, else the data set's where it has as many; NULL where nobody knows. */
static const char *const *
class_names (const Task *task)
{
  if (task->names != NULL || esp_dataset_get_n_classes (task->dataset) != task->n_classes)
    return (const char *const *) task->names;
  return esp_dataset_get_names (task->dataset);
}

static gboolean
check_options (Task *task, int argc, GError **error)
{
  task->protocol = esp_protocol_find (protocol_id != NULL ? protocol_id : "darknet");
  if (task->protocol == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "--protocol %s: expected darknet, darknet-11, darknet-101, voc-2007, voc-2010 or coco", protocol_id);
  else if (limit < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--limit %d: expected a number of images", limit);
  else if (from_path != NULL && (plan_path != NULL || detections_path != NULL))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "--from-detections runs no network: it goes without --plan and --detections");
  else if (argc != (from_path != NULL ? 1 : 3))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected %s, found %d arguments",
                 from_path != NULL ? "DATA alone with --from-detections" : esp_verb_evaluate.arguments, argc);
  else
    return TRUE;
  return FALSE;
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
  EspReport report = {
    .protocol = task->protocol,
    .names = class_names (task),
    .n_classes = task->n_classes,
    .n = task->n,
    .unpruned = unpruned,
    .outcomes = outcomes,
    .seconds = seconds,
    .seed = (guint64) common->seed,
    .warning = task->map->warning,
    .tide = tide,
  };

  if (detections_path != NULL
      && !esp_detections_write (detections_path, task->dataset, task->map, task->n_classes, task->indices, outcomes, task->n, error))
    return FALSE;
  esp_report_tell (&report, common, json);
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

/* Classes are those of --names, else the data set's. */
static gboolean
run_file (Task *task, const char *path, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (GArray) results = NULL;
  EspOutcome **outcomes = NULL;
  EspOrientation orientation;
  guint n_unknown;
  gboolean done;

  if (!esp_options_orientation (&network_options, &orientation, error))
    return FALSE;
  if (!open_dataset (task, path, (guint64) common->seed, error) || (results = esp_results_load (from_path, task->dataset, error)) == NULL
      || !esp_results_classify (results, from_path, task->dataset, (const char *const *) task->names, &task->n_classes, &n_unknown, error)
      || !map_classes (task, class_names (task), error))
    return FALSE;
  if (n_unknown > 0)
    g_printerr ("espalier-cli evaluate: %s: %u detections of categories that %s does not have do not count\n", from_path, n_unknown,
                esp_dataset_get_title (task->dataset));
  outcomes = esp_results_to_outcomes (results, task->dataset, task->map, task->indices, task->n, orientation, error);
  done = outcomes != NULL && tell (task, NULL, outcomes, NAN, common, json, error);
  esp_outcomes_free (outcomes, task->n);
  return done;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .n = 0 };
  g_autoptr (EspMask) mask = NULL;
  EspOutcome **outcomes = NULL, **unpruned = NULL;
  double seconds = 0;
  gboolean done = FALSE;

  if (!check_options (&task, argc, error))
    return FALSE;
  if (from_path != NULL)
    return run_file (&task, argv[0], common, json, error);
  if (!esp_loaded_open (&task.loaded, argv[0], argv[1], &network_options, error))
    return FALSE;
  if (plan_path != NULL && (mask = read_plan (&task, argv[0], argv[1], error)) == NULL)
    return FALSE;
  if (!open_data (&task, argv[2], (guint64) common->seed, error))
    return FALSE;
  if (classifies (&task))
    return esp_evaluate_classes (&task.loaded, task.dataset, task.map, task.cache, class_names (&task), task.indices, task.n, common, json,
                                 error);
  if (mask == NULL || (unpruned = evaluate (&task, NULL, common, &seconds, error)) != NULL)
    outcomes = evaluate (&task, mask, common, &seconds, error);
  if (outcomes != NULL)
    done = tell (&task, unpruned, outcomes, seconds, common, json, error);
  esp_outcomes_free (unpruned, task.n);
  esp_outcomes_free (outcomes, task.n);
  return done;
}

const EspVerb esp_verb_evaluate = {
  .name = "evaluate",
  .arguments = "NET.cfg WEIGHTS DATA | --from-detections FILE DATA",
  .summary = "Measure mAP, precision and recall on labelled images; of a classifier how often it is right",
  .options = options,
  .least = 1,
  .most = 3,
  .run = run,
};
