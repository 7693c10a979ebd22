/* ranking-balance.c: ranges that must keep as many channels as each other are made even
 *
 * What rank and hand leave of the ranges is shared out: each keeps the mean, rounded up, so that no more goes than was asked for, and of
 * each the lowest scores go. What is protected raises that count, what was cut by hand lowers it; protection wins. Where that leaves other
 * ranges uneven (a unit may be part of several), channels only come back, until all are even. Within a range the order is that of the
 * ranking, so that a larger ratio still cuts a superset. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/ranking-private.h"

/* One balance while it is levelled. */
typedef struct
{
  EspRankerState *state;
  const EspBalance *balance;
  const EspBalanceUnits *contents;
  const EspRangeUnit *units; /* sorted within each range */
} Level;

static int
compare_by_score (gconstpointer a, gconstpointer b, gpointer data)
{
  const EspRangeUnit *x = a, *y = b;
  const double *score = data;

  if (score[x->unit] != score[y->unit])
    return score[x->unit] < score[y->unit] ? -1 : 1;
  return (x->unit > y->unit) - (x->unit < y->unit);
}

void
esp_ranker_sort_balances (EspRanker *ranker)
{
  guint n = 0;
  const EspBalance *balances = esp_coupling_get_balances (ranker->coupling, &n);

  ranker->balances = g_ptr_array_new_with_free_func (g_free);
  for (guint b = 0; b < n; b++)
    {
      const EspBalanceUnits *contents = esp_coupling_get_contents (ranker->coupling, b);
      EspRangeUnit *units = g_memdup2 (contents->units, contents->starts[balances[b].n_ranges] * sizeof *units);

      for (guint r = 0; r < balances[b].n_ranges; r++)
        g_qsort_with_data (units + contents->starts[r], (int) (contents->starts[r + 1] - contents->starts[r]), sizeof *units,
                           compare_by_score, ranker->vote != NULL ? ranker->vote : ranker->unit_score);
      g_ptr_array_add (ranker->balances, units);
    }
}

static guint
count_kept (const Level *level, guint range)
{
  guint n = level->contents->held[range];

  for (guint i = level->contents->starts[range]; i < level->contents->starts[range + 1]; i++)
    if (level->state->gone[level->units[i].unit] == 0)
      n += level->units[i].channels;
  return n;
}

/* Channels of a range that stay whatever the rank says, and (@most) those that no hand has cut. */
static guint
count_bound (const Level *level, guint range, gboolean most)
{
  guint n = level->contents->held[range];

  for (guint i = level->contents->starts[range]; i < level->contents->starts[range + 1]; i++)
    {
      const guint8 rule = level->state->rules[level->units[i].unit];

      if (rule == ESP_CHANNEL_PROTECTED || (most && rule != ESP_CHANNEL_CUT))
        n += level->units[i].channels;
    }
  return n;
}

static guint
greatest_divisor (guint x, guint y)
{
  while (y != 0)
    {
      const guint rest = x % y;

      x = y;
      y = rest;
    }
  return x;
}

static guint
round_up (guint n, guint multiple)
{
  return (n + multiple - 1) / multiple * multiple;
}

/* The floor of a layer and the multiple that it is rounded to, for one of the ranges that make it up;
 * both 1 where they are no whole layer's. */
static void
find_floor (const Level *level, guint *least, guint *multiple)
{
  const EspBalance *balance = level->balance;
  const EspLayer *layer = esp_network_get_layer (level->state->ranker->network, balance->ranges[0].layer);
  const guint n = balance->n_ranges, step = level->state->round / greatest_divisor (level->state->round, n);

  *least = *multiple = 1;
  if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
    return;
  *least = (MIN (level->state->floors[layer->index], (guint) layer->out.c) + n - 1) / n;
  *multiple = step;
}

/* How many each range is to keep. */
static guint
find_target (const Level *level)
{
  const guint n = level->balance->n_ranges, count = level->balance->ranges[0].count;
  guint total = 0, low = 0, high = count, least, step, target;

  for (guint r = 0; r < n; r++)
    {
      total += count_kept (level, r);
      low = MAX (low, count_bound (level, r, FALSE));
      high = MIN (high, count_bound (level, r, TRUE));
    }
  find_floor (level, &least, &step);
  target = MAX ((total + n - 1) / n, total < n * count ? least : 0);
  target = MIN (round_up (target, step * level->balance->multiple), count);
  return MIN (MAX (MAX (MIN (target, high), low), total > 0), count);
}

static guint
find_most (const Level *level)
{
  guint most = 0;

  for (guint r = 0; r < level->balance->n_ranges; r++)
    most = MAX (most, count_kept (level, r));
  return MIN (round_up (most, level->balance->multiple), level->balance->ranges[0].count);
}

/* Lets the lowest of a range go until it keeps @target; what is protected stays. */
static void
lower (const Level *level, guint range, guint target)
{
  EspRankerState *state = level->state;
  guint kept = count_kept (level, range);

  for (guint i = level->contents->starts[range]; i < level->contents->starts[range + 1] && kept > target; i++)
    {
      const EspRangeUnit *one = &level->units[i];

      if (state->gone[one->unit] != 0 || state->rules[one->unit] == ESP_CHANNEL_PROTECTED || kept < target + one->channels)
        continue;
      state->gone[one->unit] = 1;
      esp_ranker_shift (state, one->unit, -1);
      kept -= one->channels;
    }
}

/* Brings the highest of a range back until it keeps @target: first those that rank let go (@how 1), then those cut by hand (2). */
static void
bring_back (const Level *level, guint range, guint target, guint8 how)
{
  EspRankerState *state = level->state;
  guint kept = count_kept (level, range);

  for (guint i = level->contents->starts[range + 1]; i-- > level->contents->starts[range] && kept < target;)
    {
      const EspRangeUnit *one = &level->units[i];

      if (state->gone[one->unit] != how)
        continue;
      state->gone[one->unit] = 0;
      esp_ranker_shift (state, one->unit, 1);
      kept += one->channels;
    }
}

static Level
level_of (EspRankerState *state, guint balance)
{
  guint n = 0;

  return (Level){ state, &esp_coupling_get_balances (state->ranker->coupling, &n)[balance],
                  esp_coupling_get_contents (state->ranker->coupling, balance), g_ptr_array_index (state->ranker->balances, balance) };
}

static void
share_out (const Level *level)
{
  const guint target = find_target (level);

  for (guint r = 0; r < level->balance->n_ranges; r++)
    {
      bring_back (level, r, target, 1);
      bring_back (level, r, target, 2);
      lower (level, r, target);
    }
}

/* Brings channels back until the ranges are even; whether any had to. */
static gboolean
fill_up (const Level *level)
{
  const guint most = find_most (level);
  gboolean changed = FALSE;

  for (guint r = 0; r < level->balance->n_ranges; r++)
    {
      if (count_kept (level, r) == most)
        continue;
      bring_back (level, r, most, 1);
      bring_back (level, r, most, 2);
      changed = TRUE;
    }
  return changed;
}

/* Each round of filling up that changes anything brings a channel back, so that it ends with even ranges at the latest where all are. */
void
esp_ranker_balance (EspRankerState *state)
{
  const guint n = state->ranker->balances->len;
  gboolean changed = n > 0;

  for (guint b = 0; b < n; b++)
    {
      const Level level = level_of (state, b);

      share_out (&level);
    }
  while (changed)
    {
      changed = FALSE;
      for (guint b = 0; b < n; b++)
        {
          const Level level = level_of (state, b);

          changed |= fill_up (&level);
        }
    }
}
