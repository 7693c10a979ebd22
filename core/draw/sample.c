/* sample.c: the sample that ships, written into a folder */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/sample.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "draw/orchard-private.h"
#include "draw/sample-network.h"
#include "prune/plan.h"

#define PLAN_RATIO .1 /* of every group: what does least goes */

static gboolean
write_text (const char *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return esp_file_write (path, text, strlen (text), error);
}

/* Attribution over the training scenes; runs in the lane. */
typedef struct
{
  const char *folder;
  EspNetwork *network;
  EspWeights *weights;
  EspLane *lane;
  EspJob *job;
  EspScores *scores; /* out */
  GError *error;     /* out */
} Scoring;

static void
score (gpointer data)
{
  Scoring *scoring = data;
  g_autofree char *path = g_build_filename (scoring->folder, "sample.data", NULL);
  const EspDatasetOptions options = { .split = "train" };
  g_autoptr (EspDataset) whole = esp_dataset_open (path, &options, scoring->job, &scoring->error), dataset = NULL;
  g_autoptr (EspImageCache) cache = NULL;
  guint first[ESP_SAMPLE_SCORED];

  if (whole == NULL)
    return;
  for (guint i = 0; i < ESP_SAMPLE_SCORED; i++)
    first[i] = i;
  dataset = esp_dataset_subset (whole, first, MIN (ESP_SAMPLE_SCORED, esp_dataset_get_n (whole)));
  cache = esp_image_cache_new (dataset, esp_network_get_input (scoring->network), ESP_FIT_STRETCH, ESP_ORIENTATION_AUTO, 0);
  const EspCriterionInput input
      = { .network = scoring->network, .weights = scoring->weights, .dataset = dataset, .cache = cache, .seed = 1, .lane = scoring->lane };

  scoring->scores = esp_criterion_score (esp_criterion_find ("attribution"), &input, scoring->job, &scoring->error);
}

/* A plan that cuts a twentieth of every group by what the training scenes say, so that there is something to look at first. */
static gboolean
write_plan (const char *folder, const EspSampleOptions *options, EspNetwork *network, EspWeights *weights, EspJob *job, GError **error)
{
  Scoring scoring = { folder, network, weights, options->lane, job, NULL, NULL };
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspScores) scores = NULL;
  g_autoptr (EspPlan) plan = NULL;
  g_autofree char *cfg_path = g_build_filename (folder, "sample.cfg", NULL);
  g_autofree char *weights_path = g_build_filename (folder, "sample.weights", NULL);
  g_autofree char *plan_path = g_build_filename (folder, "plan.json", NULL);
  g_autofree char *cfg_hash = esp_hash_file (cfg_path, error);
  g_autofree char *weights_hash = cfg_hash != NULL ? esp_hash_file (weights_path, error) : NULL;

  if (weights_hash == NULL)
    return FALSE;
  esp_lane_call (options->lane, score, &scoring);
  scores = scoring.scores;
  if (scores == NULL)
    {
      g_propagate_error (error, scoring.error);
      return FALSE;
    }
  plan = esp_plan_new (network, coupling, scores);
  for (guint i = 0; i < esp_plan_get_n_groups (plan); i++)
    esp_plan_set_ratio (plan, i, PLAN_RATIO);
  return esp_plan_save (plan, cfg_hash, weights_hash, plan_path, error);
}

/* The orchard, with scenes to train on where none were asked for: as many as it is measured on, and enough to score the plan. */
static EspOrchardSet
with_training (const EspOrchardSet *set)
{
  EspOrchardSet enough = *set;

  if (enough.n_scenes[ESP_ORCHARD_TRAIN] == 0)
    enough.n_scenes[ESP_ORCHARD_TRAIN] = MAX (set->n_scenes[ESP_ORCHARD_TEST], ESP_SAMPLE_SCORED);
  return enough;
}

/**
 * esp_sample_write:
 * @folder: made if absent
 * @options: which scenes, and the lane for the scores
 * @counts: (out) (nullable): what there is in the scenes
 * @job: (nullable): checked between scenes; its progress is scenes drawn, then scenes scored
 * @error: ESP_ERROR_IO, also where @folder has other scenes; or cancelled
 *
 * Writes sample.cfg, sample.weights, sample.names, sample.data, the scenes with their labels and, last, plan.json: where that is there, the
 * sample is whole. The scenes that score the plan are others than those it is measured on: the first of those to train on, which are at
 * least 32 where no number of them was asked for. The same options give the same bytes.
 * Thread: any but the lane.
 */
gboolean
esp_sample_write (const char *folder, const EspSampleOptions *options, EspOrchardCounts *counts, EspJob *job, GError **error)
{
  g_autofree char *weights_path = g_build_filename (folder, "sample.weights", NULL);
  g_autoptr (EspSampleNetwork) sample = NULL;
  const EspOrchardSet set = with_training (&options->set);

  if (counts != NULL)
    *counts = (EspOrchardCounts){ 0 };
  if (!esp_orchard_claim (folder, &set, error))
    return FALSE;
  sample = esp_sample_network_new (error);
  if (sample == NULL)
    return FALSE;
  if (!write_text (folder, "sample.cfg", sample->cfg, error) || !esp_weights_save (sample->network, sample->weights, weights_path, error))
    return FALSE;
  return esp_orchard_write (folder, &set, counts, job, error) && write_plan (folder, options, sample->network, sample->weights, job, error);
}
