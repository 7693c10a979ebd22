/* evaluate-classes.c: how often a classifier is right, as JSON and for people */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "evaluate-classes.h"

#include <math.h>

#include "measure/guess.h"
#include "progress.h"

#define REPLICATES 2000
#define BATCH      16 /* no number depends on it */

typedef struct
{
  const EspLoaded *loaded;
  EspDataset *dataset;
  const EspClassMap *map;
  EspImageCache *cache;
  const guint *indices;
  guint n;
  EspGuess *guesses;
  double seconds;
  EspJob *job;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;
  const EspEvaluateOptions *run = &work->loaded->run;
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = run->backend, .bn = run->bn, .batch = MIN (BATCH, work->n) };
  g_autoptr (EspEngine) engine = esp_engine_new (work->loaded->network, work->loaded->weights, &options, NULL, &work->error);
  const gint64 begun = g_get_monotonic_time ();

  if (engine != NULL)
    esp_guess_run (engine, work->dataset, work->map, work->cache, work->indices, work->n, work->guesses, work->job, &work->error);
  work->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
}

/* NULL where there are no names, or fewer than classes: a file of names is whatever it is. */
static const char *
name_of (const char *const *names, guint class_index)
{
  return names != NULL && class_index < g_strv_length ((char **) names) ? names[class_index] : NULL;
}

static void
add_json (JsonBuilder *json, const EspAccuracy *accuracy, guint n_classes, const char *const *names, double speed)
{
  esp_json_double (json, "top1", accuracy->top1.value);
  json_builder_set_member_name (json, "interval");
  json_builder_begin_array (json);
  json_builder_add_double_value (json, accuracy->top1.low);
  json_builder_add_double_value (json, accuracy->top1.high);
  json_builder_end_array (json);
  esp_json_double (json, "top5", accuracy->top5);
  esp_json_double (json, "loss", accuracy->loss);
  json_builder_set_member_name (json, "per_class");
  json_builder_begin_array (json);
  for (guint c = 0; c < n_classes; c++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "class", c);
      esp_json_string (json, "name", name_of (names, c));
      esp_json_int (json, "right", accuracy->right[c]);
      esp_json_int (json, "objects", accuracy->objects[c]);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  esp_json_int (json, "images", accuracy->n);
  esp_json_double (json, "images_per_second", speed);
}

static void
print (const EspAccuracy *accuracy, guint n_classes, const char *const *names, double speed)
{
  for (guint c = 0; c < n_classes; c++)
    if (accuracy->objects[c] > 0)
      g_print ("%-20s %6.2f %%  %u of %u\n", name_of (names, c) != NULL ? name_of (names, c) : "",
               100.0 * accuracy->right[c] / accuracy->objects[c], accuracy->right[c], accuracy->objects[c]);
  g_print ("first guess right %.2f %%, 95 %% %.2f to %.2f (Bayesian bootstrap of images, %u replicates, seed %" G_GUINT64_FORMAT ")\n",
           100 * accuracy->top1.value, 100 * accuracy->top1.low, 100 * accuracy->top1.high, accuracy->top1.replicates, accuracy->top1.seed);
  if (isfinite (accuracy->loss))
    g_print ("cross-entropy %.4f, ", accuracy->loss);
  g_print ("among the best five %.2f %%, %u images, %.1f a second, decoding included\n", 100 * accuracy->top5, accuracy->n, speed);
}

/**
 * esp_evaluate_classes:
 *
 * Runs the images in the lane. Errors: those of esp_guess_run(); ESP_ERROR_UNSUPPORTED where no image is of a class that the network has.
 */
gboolean
esp_evaluate_classes (const EspLoaded *loaded,
                      EspDataset *dataset,
                      const EspClassMap *map,
                      EspImageCache *cache,
                      const char *const *names,
                      const guint *indices,
                      guint n,
                      EspCommon *common,
                      JsonBuilder *json,
                      GError **error)
{
  const guint n_classes = (guint) esp_network_get_scores (loaded->network);
  g_autofree EspGuess *guesses = g_new0 (EspGuess, n);
  g_autoptr (EspJob) job = esp_job_new ("Evaluating");
  g_auto (EspAccuracy) accuracy = { 0 };
  Work work = { loaded, dataset, map, cache, indices, n, guesses, 0, job, NULL };

  esp_common_run (common, job, work_run, &work);
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  esp_accuracy_init (&accuracy, guesses, n, n_classes, REPLICATES, (guint64) common->seed);
  if (accuracy.n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: no image is of a class that the network has",
                   esp_dataset_get_title (dataset));
      return FALSE;
    }
  add_json (json, &accuracy, n_classes, names, n / work.seconds);
  if (!common->json)
    print (&accuracy, n_classes, names, n / work.seconds);
  return TRUE;
}
