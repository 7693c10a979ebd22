/* random-band.c: where chance lies on a ratio–mAP curve */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include <stdlib.h>

#include "search/curve.h"

static int
ascending (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* How a seed's scores become masks. */
typedef struct
{
  const EspCurveInput *input;
  EspBandMaskFunc mask; /* (nullable): as a curve has them */
  gpointer data;
} Way;

static EspMask *
mask_by (const Way *way, EspScores *scores, double ratio)
{
  return way->mask != NULL ? way->mask (scores, ratio, way->data) : esp_curve_mask (way->input, scores, ratio);
}

static gboolean
measure_seed (const Way *way, guint64 seed, double *maps, EspMetered *last, guint64 done, guint64 all, EspJob *job, GError **error)
{
  const EspCurveInput *input = way->input;
  const EspCriterionInput what = { .network = input->network, .seed = seed };
  g_autoptr (EspScores) scores = esp_criterion_score (esp_criterion_find ("random"), &what, job, error);

  for (guint i = 0; scores != NULL && i < input->n_ratios; i++)
    {
      g_autoptr (EspMask) mask = mask_by (way, scores, input->ratios[i]);

      esp_job_set_progress (job, done + i, all);
      if (!esp_job_check (job, error) || !esp_meter_measure (input->meter, mask, FALSE, &last[i], job, error))
        return FALSE;
      maps[i] = last[i].map;
    }
  return scores != NULL;
}

static void
find_band (const double *maps, const EspMetered *first, guint n_seeds, guint n_ratios, EspBandPoint *band)
{
  g_autofree double *sorted = g_new (double, n_seeds);

  for (guint i = 0; i < n_ratios; i++)
    {
      for (guint s = 0; s < n_seeds; s++)
        sorted[s] = maps[s * n_ratios + i];
      qsort (sorted, n_seeds, sizeof (double), ascending);
      band[i] = (EspBandPoint){ esp_quantile (sorted, n_seeds, .05), esp_quantile (sorted, n_seeds, .5),
                                esp_quantile (sorted, n_seeds, .95), first[i].share, first[i].bflops };
    }
}

/**
 * esp_random_band_measure:
 * @input: what all lines share
 * @n_seeds: how many orders by lot
 * @seed: the first of them
 * @band: (out caller-allocates): one a ratio
 * @maps: (out caller-allocates) (nullable): every seed's mAP, n_ratios numbers a seed
 * @job: (nullable): progress in measurements, and cancel
 * @error: as esp_meter_measure() has them
 *
 * Quantiles are linear between order statistics (Hyndman and Fan 1996, type 7). The band is of seeds on the same images: it says where an
 * order without meaning lies on these images, not how well the images know it. Thread: lane.
 */
gboolean
esp_random_band_measure (
    const EspCurveInput *input, guint n_seeds, guint64 seed, EspBandPoint *band, double *maps, EspJob *job, GError **error)
{
  return esp_random_band_measure_of (input, NULL, NULL, n_seeds, seed, band, maps, job, error);
}

/** esp_random_band_measure_of: esp_random_band_measure() of the masks that @mask makes (nullable). Thread: lane. */
gboolean
esp_random_band_measure_of (const EspCurveInput *input,
                            EspBandMaskFunc mask,
                            gpointer mask_data,
                            guint n_seeds,
                            guint64 seed,
                            EspBandPoint *band,
                            double *maps,
                            EspJob *job,
                            GError **error)
{
  const Way way = { input, mask, mask_data };
  const gsize n = input->n_ratios;
  g_autofree double *all = g_new (double, n_seeds *n + 1);
  g_autofree EspMetered *first = g_new0 (EspMetered, n + 1), *others = g_new0 (EspMetered, n + 1);

  g_return_val_if_fail (n_seeds > 0, FALSE);
  for (guint s = 0; s < n_seeds; s++)
    if (!measure_seed (&way, seed + s, all + s * n, s == 0 ? first : others, s * n, n_seeds * n, job, error))
      return FALSE;
  esp_job_set_progress (job, n_seeds * n, n_seeds * n);
  find_band (all, first, n_seeds, input->n_ratios, band);
  for (gsize i = 0; maps != NULL && i < n_seeds * n; i++)
    maps[i] = all[i];
  return TRUE;
}
