/* training-result.c: what a run left, measured on the study's images, as a trial */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <math.h>

#include "net/cost.h"
#include "study/live-private.h"
#include "study/training-private.h"

typedef struct
{
  GWeakRef study;
  EspMaterial *material;
  EspLive *live;         /* keeps the outcomes of the network that is open */
  EspOutcome **baseline; /* (nullable): of every image, lent by live */
  EspStudyFiles files;   /* of the network that was trained */
  char *title;
  EspCost cost;
  double map;
  EspInterval interval; /* of the difference, else of the value */
} Result;

static void
result_free (gpointer data)
{
  Result *result = data;

  g_weak_ref_clear (&result->study);
  g_clear_pointer (&result->material, esp_material_unref);
  g_clear_pointer (&result->live, live_unref);
  g_free (result->baseline);
  esp_study_files_clear (&result->files);
  g_free (result->title);
  g_free (result);
}

static EspPass *
make_pass (const Result *result, EspNetwork *network, EspWeights *weights, GError **error)
{
  const EspMaterial *m = result->material;
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = m->options.backend, .bn = m->options.bn, .batch = 1 };
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, error);

  return engine != NULL ? esp_pass_new (engine, m->dataset, m->map, m->cache, &m->options) : NULL;
}

static void
summarize (Result *result, EspOutcome **outcomes)
{
  const EspMaterial *m = result->material;
  g_autoptr (EspSummary) summary = esp_summary_new (outcomes, m->n_images, m->n_classes, m->protocol);

  result->map = summary->map;
  if (result->baseline != NULL)
    result->interval = esp_interval_of_difference (result->baseline, outcomes, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES,
                                                   ESP_STUDY_SEED);
  else
    result->interval = esp_interval_of_map (outcomes, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES, ESP_STUDY_SEED);
}

/* The same pass as every number of the study, image by image so that others come between. Thread: lane. */
static gboolean
measure (Result *result, EspLane *lane, GError **error)
{
  const guint n = result->material->n_images;
  g_autoptr (EspNetwork) network = esp_network_load (result->files.cfg, error);
  g_autoptr (EspWeights) weights = network != NULL ? esp_weights_load (network, result->files.weights, error) : NULL;
  g_autoptr (EspPass) pass = weights != NULL ? make_pass (result, network, weights, error) : NULL;
  g_autofree EspOutcome **outcomes = g_new0 (EspOutcome *, n);
  gboolean done = pass != NULL;

  for (guint i = 0; i < n && done; i++)
    {
      esp_lane_yield (lane);
      done = esp_pass_run (pass, &i, 1, &outcomes[i], NULL, error);
    }
  if (done)
    {
      result->cost = esp_cost_of (network, NULL);
      summarize (result, outcomes);
    }
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&outcomes[i], esp_outcome_free);
  return done;
}

static void
result_run (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (measure (data, g_object_get_data (G_OBJECT (task), "lane"), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
result_done (GObject *source, GAsyncResult *answer, gpointer data)
{
  Result *result = g_task_get_task_data (G_TASK (answer));
  g_autoptr (EspStudy) study = g_weak_ref_get (&result->study);
  g_autoptr (GError) error = NULL;
  const gboolean done = g_task_propagate_boolean (G_TASK (answer), &error);

  if (study == NULL || study->material != result->material)
    return;
  if (!done)
    study_fail (study, error);
  else
    study_trial_trained (study, result->title, &result->files, result->map,
                         result->baseline != NULL ? result->interval.value : (double) NAN, &result->interval, &result->cost);
}

/* All outcomes of the network that is open, or NULL while some are not known. */
static EspOutcome **
find_baseline (EspStudy *study)
{
  const guint n = study->material->n_images;
  g_autofree EspOutcome **outcomes = g_new (EspOutcome *, n);

  for (guint i = 0; i < n; i++)
    if ((outcomes[i] = (EspOutcome *) esp_live_get_baseline (study->live, i)) == NULL)
      return NULL;
  return g_steal_pointer (&outcomes);
}

/* The best weights where there were images to choose them by, else the last. */
static char *
find_weights (const char *folder)
{
  g_autofree char *best = g_build_filename (folder, "best.weights", NULL);

  return g_file_test (best, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&best) : g_build_filename (folder, "last.weights", NULL);
}

/**
 * training_find_files:
 * @material: that the run was begun beside
 * @trainer: a run that stopped after an epoch or more
 * @files: (out): its network with the material's data; to be cleared
 *
 * Thread: any.
 */
void
training_find_files (const EspMaterial *material, EspTrainer *trainer, EspStudyFiles *files)
{
  const char *folder = esp_trainer_get_folder (trainer);

  esp_study_files_copy (files, &material->files);
  g_free (files->cfg);
  g_free (files->weights);
  g_clear_pointer (&files->plan, g_free);
  files->cfg = g_build_filename (folder, "net.cfg", NULL);
  files->weights = find_weights (folder);
}

/**
 * training_result:
 * @study: with the material that the run was begun beside; without a class map nothing happens
 * @trainer: a run that stopped after an epoch or more
 * @title: of the trial
 *
 * In the lane, below everything: the mAP of what was learnt over all images of the study, its interval, paired with the network that is
 * open where that is known; then the trial. Returns: whether there will be one. Thread: main.
 */
gboolean
training_result (EspStudy *study, EspTrainer *trainer, const char *title)
{
  Result *result;
  g_autoptr (GTask) task = NULL;

  if (study->material == NULL || study->material->map == NULL)
    return FALSE;
  result = g_new0 (Result, 1);
  g_weak_ref_init (&result->study, study);
  result->material = esp_material_ref (study->material);
  result->live = live_ref (study->live);
  result->baseline = find_baseline (study);
  result->title = g_strdup (title);
  training_find_files (study->material, trainer, &result->files);
  task = g_task_new (NULL, NULL, result_done, NULL);
  g_task_set_task_data (task, result, result_free);
  g_object_set_data (G_OBJECT (task), "lane", study->lane);
  esp_lane_run_async (study->lane, ESP_LANE_BACKGROUND, task, result_run);
  return TRUE;
}
