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

static void
take_column (const EspFaithRow *rows, guint n, EspFaith measure, double *values)
{
  for (guint i = 0; i < n; i++)
    values[i] = rows[i].values[measure];
}

/* Holm over all methods and baselines of one measure. */
static void
correct (EspFaithVerdict *verdicts, guint n_methods, EspFaith measure)
{
  g_autofree double *p = g_new (double, MAX (n_methods * ESP_N_BASELINES, 1)),
                    *adjusted = g_new (double, MAX (n_methods * ESP_N_BASELINES, 1));

  for (guint i = 0; i < n_methods * ESP_N_BASELINES; i++)
    p[i] = verdicts[i / ESP_N_BASELINES].against[measure][i % ESP_N_BASELINES].p;
  esp_holm (p, n_methods * ESP_N_BASELINES, adjusted);
  for (guint i = 0; i < n_methods; i++)
    {
      guint beaten = 0;

      for (guint b = 0; b < ESP_N_BASELINES; b++)
        {
          verdicts[i].holm[measure][b] = adjusted[i * ESP_N_BASELINES + b];
          beaten += verdicts[i].holm[measure][b] < .05 && verdicts[i].against[measure][b].interval.value * measures[measure].sense > 0;
        }
      verdicts[i].beats[measure] = beaten == ESP_N_BASELINES;
    }
}

/**
 * esp_faith_judge:
 * @methods: @n_methods pointers to @n rows
 * @n_methods: how many
 * @baselines: the four, likewise
 * @n: boxes, the same for all
 * @replicates: of the bootstrap; with many methods the least p, 2 / (replicates + 1), must stay small beside .05 over their number times four
 * @seed: of the bootstrap
 * @verdicts: (out caller-allocates): @n_methods
 *
 * Means and paired differences over the boxes by the Bayesian bootstrap, p corrected by Holm over all methods and baselines of a measure.
 * Thread: any.
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
          verdicts[i].mean[measure] = esp_paired_difference (a, NULL, n, replicates, seed).interval;
          for (guint k = 0; k < ESP_N_BASELINES; k++)
            {
              take_column (baselines[k], n, measure, b);
              verdicts[i].against[measure][k] = esp_paired_difference (a, b, n, replicates, seed);
            }
        }
      correct (verdicts, n_methods, measure);
    }
}

/** esp_faith_is_proved: Returns: whether a method beats all four baselines at deletion and at insertion. Thread: any. */
gboolean
esp_faith_is_proved (const EspFaithVerdict *verdict)
{
  return verdict->beats[ESP_FAITH_DELETION] && verdict->beats[ESP_FAITH_INSERTION];
}
