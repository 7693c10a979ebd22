/* sample.c: the sample that ships, written into a folder */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/sample.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "draw/sample-network.h"
#include "draw/sample-scenes.h"
#include "prune/plan.h"

#define PLAN_RATIO   .5 /* of every group: what is idle goes */
#define PLAN_TAU     .02f
#define TRAIN_SCENES 32      /* that score the plan */
#define TRAIN_SEED   1000003 /* added to the seed: scenes that are not measured on */

static gboolean
write_text (const char *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return esp_file_write (path, text, strlen (text), error);
}

static cairo_status_t
append_png (void *closure, const unsigned char *data, unsigned int n)
{
  g_byte_array_append (closure, data, n);
  return CAIRO_STATUS_SUCCESS;
}

static gboolean
write_picture (const char *path, cairo_surface_t *surface, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const cairo_status_t status = cairo_surface_write_to_png_stream (surface, append_png, bytes);

  if (status == CAIRO_STATUS_SUCCESS)
    return esp_file_write (path, bytes->data, bytes->len, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, cairo_status_to_string (status));
  return FALSE;
}

static char *
label_text (const EspSceneTruth *truths, guint n)
{
  GString *text = g_string_new (NULL);
  char number[4][G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < n; i++)
    {
      const float values[4] = { truths[i].box.x, truths[i].box.y, truths[i].box.w, truths[i].box.h };

      for (guint k = 0; k < 4; k++)
        g_ascii_formatd (number[k], sizeof number[k], "%.6f", (double) values[k]);
      g_string_append_printf (text, "%d %s %s %s %s\n", truths[i].class_index, number[0], number[1], number[2], number[3]);
    }
  return g_string_free (text, FALSE);
}

/* Scene @index of the seed, as picture and label; its line goes into @list. */
static gboolean
write_scene (const char *folder, const char *stem, guint64 seed, guint index, GString *list, GError **error)
{
  EspSceneTruth truths[ESP_SCENE_MOST];
  guint n = 0;
  cairo_surface_t *surface = esp_scene_draw (seed, index, truths, &n);
  g_autofree char *picture = g_strdup_printf ("images/%s-%05u.png", stem, index);
  g_autofree char *label = g_strdup_printf ("labels/%s-%05u.txt", stem, index);
  g_autofree char *path = g_build_filename (folder, picture, NULL);
  g_autofree char *text = label_text (truths, n);
  const gboolean written = write_picture (path, surface, error) && write_text (folder, label, text, error);

  cairo_surface_destroy (surface);
  g_string_append_printf (list, "%s\n", picture);
  return written;
}

/* Both splits are one stretch of work. */
typedef struct
{
  EspJob *job; /* (nullable) */
  guint done, total;
} Drawing;

static gboolean
write_scenes (const char *folder, const char *stem, const char *listing, guint64 seed, guint n, Drawing *drawing, GError **error)
{
  g_autofree char *images = g_build_filename (folder, "images", NULL);
  g_autofree char *labels = g_build_filename (folder, "labels", NULL);
  g_autoptr (GString) list = g_string_new (NULL);

  if (!esp_folder_make (images, error) || !esp_folder_make (labels, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      if (!esp_job_check (drawing->job, error) || !write_scene (folder, stem, seed, i, list, error))
        return FALSE;
      esp_job_set_progress (drawing->job, ++drawing->done, drawing->total);
    }
  return write_text (folder, listing, list->str, error);
}

static gboolean
write_names (const char *folder, GError **error)
{
  g_autofree char *lines = g_strjoinv ("\n", (char **) esp_scene_names);
  g_autofree char *names = g_strconcat (lines, "\n", NULL);

  return write_text (folder, "sample.names", names, error)
         && write_text (folder, "sample.data", "classes = 3\ntrain = train.txt\nvalid = val.txt\nnames = sample.names\n", error);
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
  guint first[TRAIN_SCENES];

  if (whole == NULL)
    return;
  for (guint i = 0; i < TRAIN_SCENES; i++)
    first[i] = i;
  dataset = esp_dataset_subset (whole, first, MIN (TRAIN_SCENES, esp_dataset_get_n (whole)));
  cache = esp_image_cache_new (dataset, esp_network_get_input (scoring->network), ESP_FIT_STRETCH, ESP_ORIENTATION_AUTO, 0);
  const EspCriterionInput input = { .network = scoring->network,
                                    .weights = scoring->weights,
                                    .dataset = dataset,
                                    .cache = cache,
                                    .tau = PLAN_TAU,
                                    .seed = 1,
                                    .lane = scoring->lane };

  scoring->scores = esp_criterion_find ("attribution")->score (&input, scoring->job, &scoring->error);
}

/* A plan that cuts half of every group by what the training scenes say, so that there is something to look at first. */
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

/* Discs of three colours, for the detector written by hand. */
static gboolean
write_discs (const char *folder, const EspOrchardSet *set, EspJob *job, GError **error)
{
  const guint n = set->n_scenes[ESP_ORCHARD_TEST];
  Drawing drawing = { job, 0, TRAIN_SCENES + n };

  return write_names (folder, error) && write_scenes (folder, "train", "train.txt", set->seed + TRAIN_SEED, TRAIN_SCENES, &drawing, error)
         && write_scenes (folder, "scene", "val.txt", set->seed, n, &drawing, error);
}

/* The orchard, with enough scenes to score the plan on. */
static gboolean
write_orchard (const char *folder, const EspOrchardSet *set, EspOrchardCounts *counts, EspJob *job, GError **error)
{
  EspOrchardSet enough = *set;

  enough.n_scenes[ESP_ORCHARD_TRAIN] = MAX (set->n_scenes[ESP_ORCHARD_TRAIN], TRAIN_SCENES);
  return esp_orchard_write (folder, &enough, counts, job, error);
}

/**
 * esp_sample_write:
 * @folder: made if absent
 * @options: which scenes, and the lane for the scores
 * @counts: (out) (nullable): what there is in the scenes; all 0 where they are not of the orchard
 * @job: (nullable): checked between scenes; its progress is scenes drawn, then scenes scored
 * @error: ESP_ERROR_IO, or cancelled
 *
 * Writes sample.cfg, sample.weights, sample.names, sample.data, the scenes with their labels and, last, plan.json: where that is there, the
 * sample is whole. The scenes that score the plan are others than those it is measured on. The same options give the same bytes.
 * Thread: any but the lane.
 */
gboolean
esp_sample_write (const char *folder, const EspSampleOptions *options, EspOrchardCounts *counts, EspJob *job, GError **error)
{
  g_autofree char *weights_path = g_build_filename (folder, "sample.weights", NULL);
  g_autoptr (EspSampleNetwork) sample = NULL;
  gboolean drawn;

  if (counts != NULL)
    *counts = (EspOrchardCounts){ 0 };
  if (!esp_folder_make (folder, error))
    return FALSE;
  sample = esp_sample_network_new (error);
  if (sample == NULL)
    return FALSE;
  if (!write_text (folder, "sample.cfg", sample->cfg, error) || !esp_weights_save (sample->network, sample->weights, weights_path, error))
    return FALSE;
  drawn = esp_sample_is_trained () ? write_orchard (folder, &options->set, counts, job, error)
                                   : write_discs (folder, &options->set, job, error);
  return drawn && write_plan (folder, options, sample->network, sample->weights, job, error);
}
