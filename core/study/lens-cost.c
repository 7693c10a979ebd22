/* lens-cost.c: what cutting one channel, with all that goes with it, costs each class */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/lens.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "measure/interval.h"
#include "measure/ranks.h"

/* @mask (nullable: all kept) with the unit kept, or cut. */
static EspMask *
with_unit (const EspLensInput *input, const EspMask *mask, guint unit, guint8 keep)
{
  const guint n_layers = esp_network_get_n_layers (input->network);
  g_autofree guint8 **bits = g_new0 (guint8 *, n_layers + 1);
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (input->coupling, unit, &n);
  EspMask *made;

  for (guint l = 0; l < n_layers; l++)
    {
      const EspLayer *layer = esp_network_get_layer (input->network, l);
      guint filters = (guint) layer->out.c;

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      bits[l] = g_new (guint8, filters);
      memset (bits[l], 1, filters);
      if (mask != NULL && esp_mask_get_bits (mask, l, &filters) != NULL)
        memcpy (bits[l], esp_mask_get_bits (mask, l, &filters), filters);
    }
  for (guint i = 0; i < n; i++)
    bits[members[i].layer][members[i].channel] = keep;
  made = esp_mask_new (input->network, bits);
  for (guint l = 0; l < n_layers; l++)
    g_free (bits[l]);
  return made;
}

/* The ranks of both networks under the same weights. */
typedef struct
{
  EspRanks *with, *without;
  guint n, n_classes;
  double *weights; /* n */
  double *ap[2];   /* n_classes */
  double *draws;   /* replicates * (n_classes + 1): of each class, then the mAP */
} Pair;

static void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->with, esp_ranks_free);
  g_clear_pointer (&pair->without, esp_ranks_free);
  g_free (pair->weights);
  g_free (pair->ap[0]);
  g_free (pair->ap[1]);
  g_free (pair->draws);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Each class's difference, then the mAP's, under the weights (nullable). */
static void
differ (Pair *pair, const double *weights, double *differences)
{
  const guint divisor = esp_ranks_get_divisor (pair->with);
  double sum = esp_ranks_sum_ap (pair->without, weights, pair->ap[1]);

  sum -= esp_ranks_sum_ap (pair->with, weights, pair->ap[0]);
  for (guint k = 0; k < pair->n_classes; k++)
    differences[k] = pair->ap[1][k] - pair->ap[0][k];
  differences[pair->n_classes] = divisor > 0 ? sum / divisor : 0;
}

/* The interval of column @k of the draws. */
static EspInterval
spread (const Pair *pair, guint k, double value, guint replicates, guint64 seed)
{
  EspInterval interval = { value, value, value, replicates, seed, pair->n };
  g_autofree double *column = g_new (double, replicates + 1);

  for (guint r = 0; r < replicates; r++)
    column[r] = pair->draws[(gsize) r * (pair->n_classes + 1) + k];
  if (pair->n < ESP_LENS_FEWEST)
    interval.low = interval.high = NAN;
  if (replicates == 0 || pair->n < ESP_LENS_FEWEST)
    return interval;
  esp_draws_get_interval (column, replicates, &interval.low, &interval.high);
  return interval;
}

static gboolean
draw_all (Pair *pair, guint replicates, guint64 seed, EspJob *job, GError **error)
{
  for (guint r = 0; r < replicates; r++)
    {
      g_autoptr (GRand) rng = esp_rng_new (seed, r, 0); /* the streams of esp_bootstrap_step(): the same weights */
      double sum = 0;

      if (!esp_job_check (job, error))
        return FALSE;
      for (guint i = 0; i < pair->n; i++)
        sum += pair->weights[i] = esp_rng_exponential (rng);
      for (guint i = 0; i < pair->n; i++)
        pair->weights[i] *= pair->n / sum;
      differ (pair, pair->weights, pair->draws + (gsize) r * (pair->n_classes + 1));
    }
  return TRUE;
}

static EspLensCost *
finish (Pair *pair, guint replicates, guint64 seed)
{
  EspLensCost *cost = g_new0 (EspLensCost, 1);
  g_autofree double *values = g_new (double, pair->n_classes + 1);

  differ (pair, NULL, values);
  cost->n_classes = pair->n_classes;
  cost->per_class = g_new0 (EspInterval, pair->n_classes + 1);
  cost->before = g_new (double, pair->n_classes + 1);
  cost->objects = g_new (guint, pair->n_classes + 1);
  for (guint k = 0; k < pair->n_classes; k++)
    {
      cost->before[k] = pair->ap[0][k];
      cost->objects[k] = esp_ranks_get_objects (pair->with, k);
      if (cost->objects[k] > 0)
        cost->per_class[k] = spread (pair, k, values[k], replicates, seed);
    }
  cost->map = spread (pair, pair->n_classes, values[pair->n_classes], replicates, seed);
  return cost;
}

static EspLensCost *
compare (EspOutcome *const *with,
         EspOutcome *const *without,
         guint n,
         guint n_classes,
         const EspProtocol *protocol,
         guint replicates,
         guint64 seed,
         EspJob *job,
         GError **error)
{
  g_auto (Pair) pair = { .with = esp_ranks_new (with, NULL, n, n_classes, protocol, NULL),
                         .without = esp_ranks_new (without, NULL, n, n_classes, protocol, NULL),
                         .n = n,
                         .n_classes = n_classes,
                         .weights = g_new (double, n + 1),
                         .ap = { g_new (double, n_classes + 1), g_new (double, n_classes + 1) },
                         .draws = g_new (double, (gsize) replicates *(n_classes + 1) + 1) };

  return draw_all (&pair, replicates, seed, job, error) ? finish (&pair, replicates, seed) : NULL;
}

static gboolean
check (const EspLensInput *input, guint layer, GError **error)
{
  const char *why = esp_coupling_why_fixed (input->coupling, layer);

  if (input->map == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the data set has no labels, and what a cut costs is measured by them");
  else if (!esp_coupling_is_prunable (input->coupling, layer))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u is never cut: %s", layer, why != NULL ? why : "it is fixed");
  else
    return TRUE;
  return FALSE;
}

/**
 * esp_lens_cost_new:
 * @input: the network and the data set, labelled
 * @mask: (nullable): the plan's, that everything else is cut by
 * @layer: a convolution
 * @channel: of it
 * @protocol: of AP
 * @replicates: 2000
 * @seed: of the weights
 * @job: (nullable): cancels
 * @error: ESP_ERROR_UNSUPPORTED without labels, or where the layer is never cut; as cuts (the last channel of a layer), images and engines
 *
 * The channel with its whole unit is cut, not masked, and the data set is seen twice, with it and without. The interval is that of the
 * paired difference: image weights ~ n · Dirichlet(1), the same for both (metrics as esp_bootstrap_new_difference()); below ESP_LENS_FEWEST
 * images it has no ends. Thread: lane.
 *
 * Returns: (transfer full): without it minus with it.
 */
EspLensCost *
esp_lens_cost_new (const EspLensInput *input,
                   EspMask *mask,
                   guint layer,
                   guint channel,
                   const EspProtocol *protocol,
                   guint replicates,
                   guint64 seed,
                   EspJob *job,
                   GError **error)
{
  const guint n = esp_dataset_get_n (input->dataset), unit = esp_coupling_get_unit (input->coupling, layer, channel);
  g_autoptr (EspMask) kept = NULL, cut = NULL;
  EspOutcome **with = NULL, **without = NULL;
  EspLensCost *cost = NULL;

  if (!check (input, layer, error))
    return NULL;
  kept = with_unit (input, mask, unit, 1);
  cut = with_unit (input, mask, unit, 0);
  with = esp_lens_see (input, kept, job, error);
  without = with != NULL ? esp_lens_see (input, cut, job, error) : NULL;
  if (without != NULL)
    cost = compare (with, without, n, (guint) esp_network_get_classes (input->network), protocol, replicates, seed, job, error);
  esp_lens_forget (with, n);
  esp_lens_forget (without, n);
  return cost;
}

/** esp_lens_cost_free: frees @cost (nullable). Thread: any. */
void
esp_lens_cost_free (EspLensCost *cost)
{
  if (cost == NULL)
    return;
  g_free (cost->per_class);
  g_free (cost->before);
  g_free (cost->objects);
  g_free (cost);
}
