/* spend.c: how much of each of several sets of channels goes, so that what is left costs no more than it may
 *
 * The cost of a convolution is a product of what is kept before and behind it, so that costs of sets do not add up and no list of them can
 * be solved for: every step here asks the cost of all ratios together, which is closed-form and exact. The losses do add up only nearly,
 * too; what comes out are candidates, to be measured. */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/spend.h"

#include <math.h>
#include <string.h>

#define HALVINGS 40
#define GRID     20   /* steps from 0 to 1 that the sum is searched on */
#define PRICES   20   /* halvings of the price of a unit of cost */
#define SWEEPS   6    /* over the sets for one price, at most */
#define SLACK    1e-9 /* less of a loss is none */
#define FARTHEST 1e6  /* how far the price goes from the mean one, either way */

/**
 * esp_loss_at:
 * @curves: the losses
 * @set: of which set
 * @ratio: 0..1
 *
 * Returns: the loss, straight between levels, from 0 at 0; beyond the last level as the stretch before it goes. Thread: any.
 */
double
esp_loss_at (const EspLossCurves *curves, guint set, double ratio)
{
  const double *losses = curves->losses + (gsize) set * curves->n_levels;
  double level = 0, loss = 0;

  for (guint k = 0; k < curves->n_levels; k++)
    {
      const double step = curves->levels[k] - level, slope = (losses[k] - loss) / step;

      if (ratio <= curves->levels[k] || k + 1 == curves->n_levels)
        return loss + slope * (ratio - level);
      level = curves->levels[k];
      loss = losses[k];
    }
  return 0;
}

/* The largest ratio of a set that loses at most @loss. */
static double
ratio_at (const EspLossCurves *curves, guint set, double loss)
{
  double low = 0, high = 1;

  if (esp_loss_at (curves, set, 1) <= loss)
    return 1;
  for (guint i = 0; i < HALVINGS; i++)
    {
      const double middle = (low + high) / 2;

      if (esp_loss_at (curves, set, middle) <= loss)
        low = middle;
      else
        high = middle;
    }
  return low;
}

static double
cost_of (const EspSpend *spend, const double *ratios)
{
  return spend->cost (ratios, spend->data);
}

/* Ratios along one number: larger numbers, larger ratios. */
typedef struct
{
  const EspSpend *spend;
  const EspLossCurves *curves; /* bound's */
  const double *from;          /* around's */
  guint fixed;
} Road;

typedef void (*Place) (const Road *road, double x, double *ratios);

/* The smallest x of @low to @high whose cost fits; FALSE where none does. */
static gboolean
walk (const Road *road, Place place, double low, double high, double most, double *ratios)
{
  place (road, high, ratios);
  if (cost_of (road->spend, ratios) > most)
    return FALSE;
  place (road, low, ratios);
  if (cost_of (road->spend, ratios) <= most)
    return TRUE;
  for (guint i = 0; i < HALVINGS; i++)
    {
      const double middle = (low + high) / 2;

      place (road, middle, ratios);
      if (cost_of (road->spend, ratios) <= most)
        high = middle;
      else
        low = middle;
    }
  place (road, high, ratios);
  return TRUE;
}

static void
place_uniform (const Road *road, double x, double *ratios)
{
  for (guint s = 0; s < road->spend->n; s++)
    ratios[s] = x;
}

/**
 * esp_spend_uniform:
 * @spend: what it costs
 * @most: what it may
 * @ratios: (out caller-allocates): n equal numbers
 *
 * Returns: whether it fits at all. Cost: 42 asked. Thread: any.
 */
gboolean
esp_spend_uniform (const EspSpend *spend, double most, double *ratios)
{
  return walk (&(Road){ .spend = spend }, place_uniform, 0, 1, most, ratios);
}

static void
place_bound (const Road *road, double x, double *ratios)
{
  for (guint s = 0; s < road->spend->n; s++)
    ratios[s] = ratio_at (road->curves, s, x);
}

/**
 * esp_spend_bound:
 * @curves: what cutting a set alone loses
 *
 * As esp_spend_uniform(), but one loss is allowed to all sets instead of one ratio. Source: the sensitivity search of Li et al. 2017,
 * arXiv:1608.08710, with one bound. Thread: any.
 */
gboolean
esp_spend_bound (const EspSpend *spend, const EspLossCurves *curves, double most, double *ratios)
{
  double largest = 0;

  for (guint s = 0; s < spend->n; s++)
    largest = MAX (largest, esp_loss_at (curves, s, 1));
  return walk (&(Road){ .spend = spend, .curves = curves }, place_bound, 0, largest, most, ratios);
}

/* The ratio of one set, all others as they are, for which loss + price · cost is least. */
static gboolean
move_set (const EspSpend *spend, const EspLossCurves *curves, guint set, double price, double *ratios)
{
  const double before = ratios[set];
  double best = before, least = INFINITY;

  for (guint i = 0; i <= GRID; i++)
    {
      double value;

      ratios[set] = (double) i / GRID;
      value = esp_loss_at (curves, set, ratios[set]) + price * cost_of (spend, ratios);
      if (value < least)
        {
          least = value;
          best = ratios[set];
        }
    }
  ratios[set] = best;
  return best != before;
}

/* Set by set until none moves: the cost is asked of all ratios together each time. */
static void
buy (const EspSpend *spend, const EspLossCurves *curves, double price, double *ratios)
{
  gboolean moved = TRUE;

  for (guint sweep = 0; sweep < SWEEPS && moved; sweep++)
    {
      moved = FALSE;
      for (guint s = 0; s < spend->n; s++)
        moved = move_set (spend, curves, s, price, ratios) || moved;
    }
}

static void
place_scaled (const Road *road, double x, double *ratios)
{
  for (guint s = 0; s < road->spend->n; s++)
    ratios[s] = x * road->from[s];
}

/* What of the budget is left over, given back to all sets alike. */
static void
give_back (const EspSpend *spend, double most, double *ratios)
{
  g_autofree double *from = g_memdup2 (ratios, spend->n * sizeof (double));

  walk (&(Road){ .spend = spend, .from = from }, place_scaled, 0, 1, most, ratios);
}

/* From all others kept at 0, over where they are at 1, to all of them gone at 2. */
static void
place_around (const Road *road, double x, double *ratios)
{
  for (guint s = 0; s < road->spend->n; s++)
    if (s != road->fixed)
      ratios[s] = x <= 1 ? x * road->from[s] : road->from[s] + (x - 1) * (1 - road->from[s]);
}

/**
 * esp_spend_around:
 * @fixed: the set whose ratio stays
 * @ratios: (inout): the others' move together towards 0 or 1
 *
 * Returns: whether it fits with @fixed as it is. Thread: any.
 */
gboolean
esp_spend_around (const EspSpend *spend, guint fixed, double most, double *ratios)
{
  g_autofree double *from = g_memdup2 (ratios, spend->n * sizeof (double));

  return walk (&(Road){ .spend = spend, .from = from, .fixed = fixed }, place_around, 0, 2, most, ratios);
}

static double
sum_losses (const EspSpend *spend, const EspLossCurves *curves, const double *ratios)
{
  double sum = 0;

  for (guint s = 0; s < spend->n; s++)
    sum += esp_loss_at (curves, s, ratios[s]);
  return sum;
}

/* One set by @by, the others together by what that frees or takes; kept where the sum is less. */
static gboolean
nudge (const EspSpend *spend, const EspLossCurves *curves, guint set, double by, double most, double *ratios)
{
  g_autofree double *moved = g_memdup2 (ratios, spend->n * sizeof (double));

  moved[set] = CLAMP (moved[set] + by, 0, 1);
  if (moved[set] == ratios[set] || !esp_spend_around (spend, set, most, moved)
      || !(sum_losses (spend, curves, moved) < sum_losses (spend, curves, ratios) - SLACK))
    return FALSE;
  memcpy (ratios, moved, spend->n * sizeof (double));
  return TRUE;
}

/* What a price finds is a minimum set by set; this is one for exchanges, too. */
static void
polish (const EspSpend *spend, const EspLossCurves *curves, double most, double *ratios)
{
  for (double step = .2; step > .01; step /= 2)
    for (guint sweep = 0, moved = 1; sweep < SWEEPS && moved > 0; sweep++)
      {
        moved = 0;
        for (guint s = 0; s < spend->n; s++)
          moved += nudge (spend, curves, s, step, most, ratios) || nudge (spend, curves, s, -step, most, ratios);
      }
}

/**
 * esp_spend_sum:
 *
 * As esp_spend_bound(), for the least sum of losses: each set takes the ratio at which its loss plus a price for the cost of the whole is
 * least, and the price is the lowest whose ratios fit (Everett 1963, generalized Lagrange multipliers; by coordinates, since costs do not
 * add up), then one set's ratio is moved and the others' together against it, while that helps. Cost: at most (20 · 6 · 21 + 5 · 6 · 84) ·
 * sets asked. Thread: any.
 */
gboolean
esp_spend_sum (const EspSpend *spend, const EspLossCurves *curves, double most, double *ratios)
{
  g_autofree double *best = g_new (double, MAX (spend->n, 1)), *zero = g_new0 (double, MAX (spend->n, 1));
  const double whole = cost_of (spend, zero);
  double mean = 0, low, high;

  if (!esp_spend_bound (spend, curves, most, best))
    return FALSE;
  for (guint s = 0; s < spend->n; s++)
    mean += esp_loss_at (curves, s, 1) / (whole > 0 ? whole : 1);
  low = mean / FARTHEST;
  high = mean * FARTHEST;
  memcpy (ratios, best, spend->n * sizeof (double));
  for (guint i = 0; i < PRICES && mean > 0; i++)
    {
      const double price = sqrt (low * high);

      buy (spend, curves, price, ratios);
      if (cost_of (spend, ratios) > most)
        {
          low = price;
          continue;
        }
      high = price;
      memcpy (best, ratios, spend->n * sizeof (double));
    }
  memcpy (ratios, best, spend->n * sizeof (double));
  give_back (spend, most, ratios);
  polish (spend, curves, most, ratios);
  return TRUE;
}
