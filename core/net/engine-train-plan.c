/* engine-train-plan.c: one arena for a training step, and what is computed again where it would be too large */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-train-private.h"

#include <string.h>

#include "base/error.h"

/* Something that can be computed again: the output of a layer, or its output and what lies before batch normalisation. */
typedef struct
{
  guint layer;
  gboolean whole;
  gsize bytes;
} Candidate;

static GPtrArray *
list_places (const EspTrain *train)
{
  GPtrArray *places = g_ptr_array_new ();

  for (guint i = 0; i < train->values->len; i++)
    {
      EspTrainValue *value = train->values->pdata[i];

      if (value->place.bytes > 0 && value->place.to >= value->place.from)
        g_ptr_array_add (places, &value->place);
    }
  return places;
}

/* Bytes of the arena with what layers drop now. */
static gsize
try_plan (EspEngine *engine)
{
  g_autoptr (GPtrArray) places = NULL;

  esp_train_list_acts (engine);
  places = list_places (engine->train);
  return esp_places_plan (places);
}

static int
cheapest_first (gconstpointer a, gconstpointer b)
{
  const Candidate *p = a, *q = b;

  if (p->whole != q->whole)
    return (p->whole > q->whole) - (p->whole < q->whole);
  if (p->bytes != q->bytes)
    return p->bytes < q->bytes ? 1 : -1;
  return p->layer < q->layer ? -1 : p->layer > q->layer;
}

/* First every output behind a batch normalisation, a pass over memory each; then layers that are run again. The largest of each come
 * first. */
static GArray *
list_candidates (EspEngine *engine)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (guint i = 0; i < engine->n; i++)
    {
      const EspTrainLayer *layer = esp_train_layer (engine->train, i);
      Candidate candidate = { i, FALSE, esp_layout_get_bytes (&esp_engine_step (engine, i)->layout) };

      if (!layer->runs)
        continue;
      if (layer->has_mid)
        g_array_append_val (candidates, candidate);
      candidate.whole = TRUE;
      g_array_append_val (candidates, candidate);
    }
  g_array_sort (candidates, cheapest_first);
  return candidates;
}

/* Drops what it can if the arena is smaller for it; returns how large it is then. */
static gsize
drop (EspEngine *engine, const Candidate *candidate, gsize bytes)
{
  EspTrainLayer *layer = esp_train_layer (engine->train, candidate->layer);
  const gboolean out = layer->drops_out, mid = layer->drops_mid;
  gsize now;

  layer->drops_out = TRUE;
  layer->drops_mid = mid || (candidate->whole && layer->has_mid);
  if (layer->drops_out == out && layer->drops_mid == mid)
    return bytes;
  now = try_plan (engine);
  if (now < bytes)
    return now;
  layer->drops_out = out;
  layer->drops_mid = mid;
  return bytes;
}

/* Drops one thing after the other until the arena fits, or nothing helps any more. */
static gsize
squeeze (EspEngine *engine, gsize bytes)
{
  g_autoptr (GArray) candidates = list_candidates (engine);
  gsize before;

  do
    {
      before = bytes;
      for (guint i = 0; i < candidates->len && bytes > engine->options.memory; i++)
        bytes = drop (engine, &g_array_index (candidates, Candidate, i), bytes);
    }
  while (bytes < before && bytes > engine->options.memory);
  return bytes;
}

/* The most bytes of each kind that live at one time. */
static void
count_needed (EspTrain *train)
{
  memset (train->needed, 0, sizeof train->needed);
  for (int at = 0; at <= (int) train->acts->len; at++)
    {
      gsize bytes[ESP_N_HELD] = { 0 };

      for (guint i = 0; i < train->values->len; i++)
        {
          const EspTrainValue *value = train->values->pdata[i];

          if (value->place.from <= at && at <= value->place.to)
            bytes[value->held] += value->place.bytes;
        }
      for (guint k = 0; k < ESP_N_HELD; k++)
        train->needed[k] = MAX (train->needed[k], bytes[k]);
    }
}

/**
 * esp_train_plan:
 * @engine: compiled for training
 * @error: ESP_ERROR_LIMIT with the least that would do
 *
 * Plans the arena over the whole step. Where it is larger than the engine's memory option, layers' outputs are given up after their last
 * use in forward and computed again in backward, each only if the arena shrinks for it (a greedy search; compare Chen et al. 2016,
 * arXiv:1604.06174). Results are the same bits. Thread: lane.
 */
gboolean
esp_train_plan (EspEngine *engine, GError **error)
{
  g_autoptr (GPtrArray) places = NULL;
  gsize bytes = try_plan (engine);

  if (engine->options.memory > 0 && bytes > engine->options.memory)
    bytes = squeeze (engine, bytes);
  if (engine->options.memory > 0 && bytes > engine->options.memory)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT,
                   "%s: training %u images at a time in %.1f MB: expected at least %.1f MB (%" G_GSIZE_FORMAT " bytes)",
                   esp_cfg_get_name (esp_network_get_cfg (engine->network)), engine->options.batch, (double) engine->options.memory / 1e6,
                   (double) bytes / 1e6, bytes);
      return FALSE;
    }
  esp_train_list_acts (engine);
  places = list_places (engine->train);
  count_needed (engine->train);
  return esp_engine_allocate (engine, places, esp_places_plan (places), error) && esp_train_bind (engine, error);
}

static guint
count_again (const EspTrain *train)
{
  guint n = 0;

  for (guint i = 0; i < train->acts->len; i++)
    n += ((const EspTrainAct *) train->acts->pdata[i])->again;
  return n;
}

/**
 * esp_engine_describe_memory:
 * @engine: any engine
 *
 * Of a training engine: parameters and gradients of the vector, then what values, their gradients, what kernels keep and their scratch need
 * at most at one time, and the arena that all of these share. MB are 1e6 bytes.
 * Returns: (transfer full): lines of text, each with a newline. Thread: any.
 */
char *
esp_engine_describe_memory (EspEngine *engine)
{
  const EspTrain *train = engine->train;
  double vector;

  if (train == NULL)
    return g_strdup_printf ("arena %.1f MB\npacked weights %.1f MB\n", (double) engine->arena_bytes / 1e6,
                            (double) engine->packed_bytes / 1e6);
  vector = (double) (esp_parameter_vector_get_n (train->vector) * sizeof (float)) / 1e6;
  return g_strdup_printf ("parameters %.1f MB\n"
                          "their gradients %.1f MB\n"
                          "values %.1f MB\n"
                          "gradients of values %.1f MB\n"
                          "kept by kernels %.1f MB\n"
                          "scratch %.1f MB\n"
                          "arena of the last four %.1f MB, %u operations run again\n",
                          vector, vector, (double) train->needed[ESP_HELD_VALUES] / 1e6, (double) train->needed[ESP_HELD_GRADIENTS] / 1e6,
                          (double) train->needed[ESP_HELD_NOTES] / 1e6, (double) train->needed[ESP_HELD_SCRATCH] / 1e6,
                          (double) engine->arena_bytes / 1e6, count_again (train));
}
