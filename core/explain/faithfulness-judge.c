/* faithfulness-judge.c: which methods beat the maps that know nothing of the network */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/faithfulness-run.h"

#include <math.h>
#include <string.h>

static const struct
{
  const char *key;
  int sense;
} measures[ESP_N_FAITH] = {
  [ESP_FAITH_DELETION] = { "deletion", -1 },
  [ESP_FAITH_INSERTION] = { "insertion", 1 },
  [ESP_FAITH_POINTING] = { "pointing", 1 },
  [ESP_FAITH_ENERGY] = { "energy", 1 },
  [ESP_FAITH_SPARSENESS] = { "sparseness", 0 },
  [ESP_FAITH_STABILITY] = { "stability", -1 },
  [ESP_FAITH_RANDOMISATION] = { "randomisation", -1 },
};

/** esp_faith_key: Returns: the measure's name in tables. Thread: any. */
const char *
esp_faith_key (EspFaith measure)
{
  return measures[measure].key;
}

/** esp_faith_sense: Returns: 1 where more is better, -1 where less is, 0 where neither is. Thread: any. */
int
esp_faith_sense (EspFaith measure)
{
  return measures[measure].sense;
}

/* One box has no spread, and a few have too little of it: an interval of them would be proof of nothing. */
static EspPaired
difference (const double *a, const double *b, guint n, guint replicates, guint64 seed)
{
  EspPaired paired = esp_paired_difference (a, b, n, replicates, seed);

  if (paired.interval.n < ESP_FAITH_FEWEST)
    paired.interval.low = paired.interval.high = paired.p = NAN;
  return paired;
}

static void
take_column (const EspFaithRow *rows, guint n, EspFaith measure, double *values)
{
  for (guint i = 0; i < n; i++)
    values[i] = rows[i].values[measure];
}

/* Holm over all methods and baselines of some measures, which lie side by side. */
static void
correct (EspFaithVerdict *verdicts, guint n_methods, EspFaith first, guint n_measures)
{
  const guint n = n_methods * n_measures * ESP_N_BASELINES;
  g_autofree double *p = g_new (double, MAX (n, 1)), *adjusted = g_new (double, MAX (n, 1));
  guint k = 0;

  for (guint i = 0; i < n_methods; i++)
    for (guint m = first; m < first + n_measures; m++)
      for (guint b = 0; b < ESP_N_BASELINES; b++)
        p[k++] = verdicts[i].against[m][b].p;
  esp_holm (p, n, adjusted);
  k = 0;
  for (guint i = 0; i < n_methods; i++)
    for (guint m = first; m < first + n_measures; m++)
      for (guint b = 0; b < ESP_N_BASELINES; b++)
        verdicts[i].holm[m][b] = adjusted[k++];
}

/* 1 where the method beats the baseline, -1 where the baseline beats the method, 0 where they are not told apart. */
static int
compare (const EspFaithVerdict *verdict, EspFaith measure, EspBaseline baseline)
{
  const double gain = verdict->against[measure][baseline].interval.value * measures[measure].sense;

  return verdict->holm[measure][baseline] < .05 ? (gain > 0) - (gain < 0) : 0;
}

static void
decide (EspFaithVerdict *verdict)
{
  for (EspFaith measure = 0; measure < ESP_N_FAITH; measure++)
    {
      guint beaten = 0;

      for (EspBaseline baseline = 0; baseline < ESP_N_BASELINES; baseline++)
        beaten += compare (verdict, measure, baseline) > 0;
      verdict->beats[measure] = beaten == ESP_N_BASELINES;
    }
  if (verdict->beats[ESP_FAITH_DELETION] && compare (verdict, ESP_FAITH_INSERTION, ESP_BASELINE_RANDOM) >= 0)
    verdict->proved |= ESP_PROVED_DELETION;
  if (verdict->beats[ESP_FAITH_INSERTION] && compare (verdict, ESP_FAITH_DELETION, ESP_BASELINE_RANDOM) >= 0)
    verdict->proved |= ESP_PROVED_INSERTION;
}

/**
 * esp_faith_judge:
 * @methods: @n_methods pointers to @n rows
 * @n_methods: how many
 * @baselines: the four, likewise
 * @n: boxes, the same for all
 * @replicates: of the bootstrap; with many methods the least p, 2 / (replicates + 1), must stay small beside .05 over their number times
 *   four
 * @seed: of the bootstrap
 * @verdicts: (out caller-allocates): @n_methods
 *
 * Means and paired differences over the boxes by the Bayesian bootstrap. A method is proved where it beats all four baselines at deletion
 * or at insertion, p corrected by Holm over all methods and baselines of these two, unless random order beats it at the other. The p of
 * every other measure are corrected among themselves and decide nothing. What fewer than ESP_FAITH_FEWEST boxes have a number of has no
 * interval and no p (NaN), and proves nothing. Thread: any.
 */
void
esp_faith_judge (const EspFaithRow *const *methods,
                 guint n_methods,
                 const EspFaithRow *const *baselines,
                 guint n,
                 guint replicates,
                 guint64 seed,
                 EspFaithVerdict *verdicts)
{
  g_autofree double *a = g_new (double, MAX (n, 1)), *b = g_new (double, MAX (n, 1));

  memset (verdicts, 0, n_methods * sizeof *verdicts);
  for (EspFaith measure = 0; measure < ESP_N_FAITH; measure++)
    {
      for (guint i = 0; i < n_methods; i++)
        {
          take_column (methods[i], n, measure, a);
          verdicts[i].mean[measure] = difference (a, NULL, n, replicates, seed).interval;
          for (guint k = 0; k < ESP_N_BASELINES; k++)
            {
              take_column (baselines[k], n, measure, b);
              verdicts[i].against[measure][k] = difference (a, b, n, replicates, seed);
            }
        }
    }
  correct (verdicts, n_methods, ESP_FAITH_DELETION, 2);
  for (EspFaith measure = ESP_FAITH_POINTING; measure < ESP_N_FAITH; measure++)
    correct (verdicts, n_methods, measure, 1);
  for (guint i = 0; i < n_methods; i++)
    decide (&verdicts[i]);
}
