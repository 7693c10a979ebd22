/* ablation-compare.c: how scores of channels order the units against what masking them costs */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <math.h>

#include "base/rng.h"
#include "measure/rank-correlation.h"
#include "score/ablation-private.h"
#include "score/unit-score.h"

#define FEWEST_UNITS 4 /* of a layer that has an order worth the name */

/* Room for one order of all units. */
typedef struct
{
  const EspAblation *ablation;
  EspAblationSum sum;
  double *losses; /* per unit, under the weights of the images */
  guint *chosen;  /* units, drawn again within each layer */
  guint *ends;    /* per layer: where its units end in @chosen */
  double *picked; /* values in the order of @chosen */
  EspRanked *sorted;
  double *x, *y; /* ranks */
} Order;

static void
order_clear (Order *order)
{
  g_free (order->losses);
  g_free (order->chosen);
  g_free (order->ends);
  g_free (order->picked);
  g_free (order->sorted);
  g_free (order->x);
  g_free (order->y);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Order, order_clear)

static gboolean
rank (Order *order, const double *values, const guint *chosen, guint n, double *ranks)
{
  for (guint i = 0; i < n; i++)
    order->picked[i] = values[chosen[i]];
  return esp_rank (order->picked, n, order->sorted, ranks);
}

/* Spearman's rho with ties. NaN where nothing was lost, or the same by every unit: no score could be right there;
 * 0 where the scores are all alike. */
static double
spearman (Order *order, const double *scores, const guint *chosen, guint n)
{
  if (n < FEWEST_UNITS || !rank (order, order->losses, chosen, n, order->y))
    return NAN;
  if (!rank (order, scores, chosen, n, order->x))
    return 0;
  return esp_correlate_ranks (order->x, order->y, n);
}

/* Of all units, or the mean over layers, or of the one layer @place. */
static double
correlate (Order *order, const double *scores, int place)
{
  const GArray *layers = order->ablation->layers;
  double sum = 0;
  guint n = 0;

  if (place == ESP_ABLATION_POOLED)
    return spearman (order, scores, order->chosen, order->ablation->units->len);
  for (guint l = 0; l < layers->len; l++)
    {
      const guint first = l > 0 ? order->ends[l - 1] : 0;
      double rho;

      if (place >= 0 && g_array_index (layers, guint, l) != (guint) place)
        continue;
      rho = spearman (order, scores, order->chosen + first, order->ends[l] - first);
      if (isnan (rho))
        continue;
      sum += rho;
      n++;
    }
  return n > 0 ? sum / n : NAN;
}

static void
order_init (Order *order, const EspAblation *ablation, EspAblationSum sum)
{
  const guint n = ablation->units->len;
  guint at = 0;

  *order = (Order){ ablation,
                    sum,
                    g_new (double, n + 1),
                    g_new (guint, n + 1),
                    g_new (guint, ablation->layers->len + 1),
                    g_new (double, n + 1),
                    g_new (EspRanked, n + 1),
                    g_new (double, n + 1),
                    g_new (double, n + 1) };
  for (guint l = 0; l < ablation->layers->len; l++)
    {
      while (at < n && g_array_index (ablation->units, EspAblated, at).layer == g_array_index (ablation->layers, guint, l))
        at++;
      order->ends[l] = at;
    }
  for (guint i = 0; i < n; i++)
    {
      order->chosen[i] = i;
      order->losses[i] = g_array_index (ablation->units, EspAblated, i).loss[sum];
    }
}

/* Image weights ~ Exp(1), whose scale no rank sees; units drawn again with replacement within their layer. Losses of other layers than
 * @place, where it is one, are left as they are: nobody asks. */
static void
draw (Order *order, double *weights, int place, GRand *rng)
{
  const EspAblation *ablation = order->ablation;

  for (guint i = 0; i < ablation->n_images; i++)
    weights[i] = esp_rng_exponential (rng);
  for (guint u = 0; u < ablation->units->len; u++)
    {
      const EspAblated *unit = &g_array_index (ablation->units, EspAblated, u);
      const double *losses = unit->losses[order->sum];

      if (place >= 0 && unit->layer != (guint) place)
        continue;
      order->losses[u] = 0;
      for (guint i = 0; i < ablation->n_images; i++)
        order->losses[u] += weights[i] * losses[i];
    }
  for (guint l = 0; l < ablation->layers->len; l++)
    {
      const guint first = l > 0 ? order->ends[l - 1] : 0;

      for (guint i = first; i < order->ends[l]; i++)
        order->chosen[i] = (guint) g_rand_int_range (rng, (gint32) first, (gint32) order->ends[l]);
    }
}

/**
 * esp_ablation_reduce:
 * @ablation: the units
 * @scores: of the same network
 * @reduce: how a unit's members make one number, as esp_unit_score() has it
 *
 * Returns: (transfer full): one number a masked unit. Thread: any.
 */
double *
esp_ablation_reduce (const EspAblation *ablation, const EspScores *scores, const char *reduce)
{
  double *of = g_new (double, ablation->units->len + 1);

  for (guint u = 0; u < ablation->units->len; u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (ablation->coupling, g_array_index (ablation->units, EspAblated, u).unit, &n);

      of[u] = esp_unit_score (scores, members, n, reduce);
    }
  return of;
}

/**
 * esp_ablation_correlate:
 * @ablation: what masking costs
 * @sum: which T
 * @scores: one number a masked unit
 * @minus: (nullable): other scores, whose correlation is taken away: the same replicates serve both
 * @place: a layer, ESP_ABLATION_POOLED: all units in one order, or ESP_ABLATION_MEAN: the mean over layers
 * @replicates: of the bootstrap
 * @seed: of the bootstrap
 *
 * Spearman's rank correlation, ties sharing their mean rank; a layer of fewer than 4 units, or in which no unit costs anything, has none,
 * and a score that is the same for all units of a layer has 0 there. The interval is over images (Rubin 1981) and over units, drawn again
 * with replacement within their layers. Its n is the number of units. Thread: any.
 *
 * Returns: the value with its 95 % interval; NaN where there is none.
 */
EspInterval
esp_ablation_correlate (
    const EspAblation *ablation, EspAblationSum sum, const double *scores, const double *minus, int place, guint replicates, guint64 seed)
{
  g_auto (Order) order = { NULL };
  EspInterval interval = { NAN, NAN, NAN, 0, seed, 0 };
  g_autofree double *draws = g_new (double, replicates + 1), *weights = g_new (double, ablation->n_images + 1);
  guint n = 0;

  order_init (&order, ablation, sum);
  for (guint u = 0; u < ablation->units->len; u++)
    interval.n += place < 0 || g_array_index (ablation->units, EspAblated, u).layer == (guint) place;
  interval.value = correlate (&order, scores, place) - (minus != NULL ? correlate (&order, minus, place) : 0);
  for (guint r = 0; r < replicates && !isnan (interval.value); r++)
    {
      g_autoptr (GRand) rng = esp_rng_new (seed, 's', r);
      double value;

      draw (&order, weights, place, rng);
      value = correlate (&order, scores, place) - (minus != NULL ? correlate (&order, minus, place) : 0);
      if (!isnan (value))
        draws[n++] = value;
    }
  interval.replicates = n;
  if (n == 0)
    return interval;
  esp_draws_get_interval (draws, n, &interval.low, &interval.high);
  return interval;
}
