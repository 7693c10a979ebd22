/* guess.c: what a classifier says of whole images, and how often it is right */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/guess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"

/* (nullable): the softmax whose numbers are the scores. */
static const EspSoftmax *
find_softmax (const EspNetwork *network)
{
  const EspLayer *last = esp_network_get_layer (network, esp_network_get_n_layers (network) - 1);

  while (esp_layer_is_alias (last) && last->inputs[0] >= 0)
    last = esp_network_get_layer (network, (guint) last->inputs[0]);
  return last->kind == ESP_LAYER_SOFTMAX ? &last->softmax : NULL;
}

/* A number that is none counts against the image, whichever class it is of. */
static EspGuess
judge (const float *numbers, int n, int truth, gboolean shares)
{
  EspGuess guess = { .truth = truth, .loss = NAN };

  for (int i = 1; i < n; i++)
    if (numbers[i] > numbers[guess.best])
      guess.best = i;
  for (int i = 0; i < n && truth >= 0; i++)
    guess.before += i != truth && !(numbers[i] < numbers[truth]);
  if (truth >= 0 && shares)
    guess.loss = -log (MAX ((double) numbers[truth], 1e-30));
  return guess;
}

static int
truth_of (const EspSample *sample, const EspClassMap *map)
{
  return map != NULL && sample->n_truths > 0 ? map->to_network[sample->truths[0].class_index] : -1;
}

/**
 * esp_guess_run:
 * @engine: compiled for inference; its batch is used
 * @dataset: the images
 * @map: (nullable): data set classes to the network's
 * @cache: of the same data set and input
 * @indices: images of the data set
 * @n: how many
 * @guesses: (out caller-allocates): @n, in the order of @indices
 * @job: (nullable): its progress is images of @n
 * @error: return location
 *
 * Classes in a tree: only leaves are guessed, by the product down to them. No guess depends on the batch. Thread: lane. Cancel: between
 * layers. Errors: ESP_ERROR_UNSUPPORTED where the network is no classifier, those of reading an image and of the engine.
 */
gboolean
esp_guess_run (EspEngine *engine,
               EspDataset *dataset,
               const EspClassMap *map,
               EspImageCache *cache,
               const guint *indices,
               guint n,
               EspGuess *guesses,
               EspJob *job,
               GError **error)
{
  EspNetwork *network = esp_engine_get_network (engine);
  const int scores = esp_network_get_scores (network);
  const guint batch = esp_engine_get_batch (engine), last = esp_network_get_n_layers (network) - 1;
  const gsize stride = esp_shape_count (esp_network_get_input (network));
  const EspSoftmax *softmax = find_softmax (network);
  g_autofree float *input = g_new0 (float, batch *stride), *numbers = g_new (float, batch *(gsize) MAX (scores, 1));
  EspPlacement placement;

  if (scores == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s does not end in one number a class, so it is no classifier",
                   esp_cfg_get_name (esp_network_get_cfg (network)));
      return FALSE;
    }
  for (guint first = 0; first < n; first += batch)
    {
      const guint some = MIN (batch, n - first);

      for (guint i = 0; i < some; i++)
        if (!esp_job_check (job, error) || !esp_image_cache_get (cache, indices[first + i], input + i * stride, &placement, error))
          return FALSE;
      if (!esp_engine_forward (engine, input, job, error) || !esp_engine_read (engine, last, ESP_AT_OUT, numbers, error))
        return FALSE;
      for (guint i = 0; i < some; i++)
        {
          float *own = numbers + i * (gsize) scores;

          if (softmax != NULL && softmax->tree != NULL)
            esp_tree_spread (softmax->tree, own);
          guesses[first + i] = judge (own, scores, truth_of (esp_dataset_get (dataset, indices[first + i]), map), softmax != NULL);
        }
      esp_job_set_progress (job, first + some, n);
    }
  return TRUE;
}

/* Image weights ~ n · Dirichlet(1), as every other interval has them (Rubin 1981). */
static EspInterval
share (guint hits, guint n, guint replicates, guint64 seed)
{
  EspInterval interval = { .value = n > 0 ? (double) hits / n : NAN, .replicates = replicates, .seed = seed, .n = n };
  g_autofree double *draws = g_new (double, MAX (replicates, 1));

  interval.low = interval.high = interval.value;
  for (guint k = 0; k < replicates && n > 0; k++)
    {
      GRand *rng = esp_rng_new (seed, k, 0);
      double right = 0, all = 0;

      for (guint i = 0; i < n; i++)
        {
          const double weight = esp_rng_exponential (rng);

          all += weight;
          right += i < hits ? weight : 0;
        }
      draws[k] = right / all;
      g_rand_free (rng);
    }
  if (n == 0 || replicates == 0)
    return interval;
  esp_draws_get_interval (draws, replicates, &interval.low, &interval.high);
  return interval;
}

/**
 * esp_accuracy_init:
 * @accuracy: (out): to be cleared
 * @guesses: of @n images; those without a truth do not count
 * @n: how many
 * @n_classes: of the network
 * @replicates: of the interval, 0: none is drawn
 * @seed: of the interval
 *
 * A class that has as high a number as the true one counts against it. Thread: any.
 */
void
esp_accuracy_init (EspAccuracy *accuracy, const EspGuess *guesses, guint n, guint n_classes, guint replicates, guint64 seed)
{
  guint first = 0, five = 0;

  *accuracy = (EspAccuracy){ .objects = g_new0 (guint, n_classes), .right = g_new0 (guint, n_classes) };
  for (guint i = 0; i < n; i++)
    {
      const EspGuess *guess = &guesses[i];

      if (guess->truth < 0)
        continue;
      accuracy->n++;
      first += guess->before == 0;
      five += guess->before < 5;
      accuracy->loss += guess->loss;
      accuracy->objects[guess->truth]++;
      accuracy->right[guess->truth] += guess->before == 0;
    }
  accuracy->top1 = share (first, accuracy->n, replicates, seed);
  accuracy->top5 = accuracy->n > 0 ? (double) five / accuracy->n : NAN;
  accuracy->loss /= accuracy->n;
}

/** esp_accuracy_clear: frees what @accuracy holds. Thread: any. */
void
esp_accuracy_clear (EspAccuracy *accuracy)
{
  g_clear_pointer (&accuracy->objects, g_free);
  g_clear_pointer (&accuracy->right, g_free);
}
