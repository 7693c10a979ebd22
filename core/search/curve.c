/* curve.c: mAP over the ratio that is cut, by the order of one criterion */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/curve.h"

#include <math.h>

#include "base/error.h"
#include "prune/plan.h"

/** esp_ratios_check: Returns: whether @n ratios are above 0, at most 1 and ascending; else ESP_ERROR_FORMAT. Thread: any. */
gboolean
esp_ratios_check (const double *ratios, guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!(ratios[i] > 0 && ratios[i] <= 1) || (i > 0 && ratios[i] <= ratios[i - 1]))
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                     "ratio %u is %g: expected numbers above 0 and at most 1, each above the one before", i + 1, ratios[i]);
        return FALSE;
      }
  if (n == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "no ratios: expected at least one, above 0 and at most 1");
  return n > 0;
}

/** esp_curve_mask: Returns: (transfer full): what is kept where every group loses @ratio by @scores, as a plan resolves it.
 * Thread: any one. */
EspMask *
esp_curve_mask (const EspCurveInput *input, EspScores *scores, double ratio)
{
  g_autoptr (EspPlan) plan = esp_plan_new (input->network, input->coupling, scores);

  esp_plan_set_floor (plan, input->floor);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, ratio);
  return esp_plan_get_mask (plan);
}

/**
 * esp_curve_measure:
 * @input: what all lines share
 * @scores: one number a channel
 * @points: (out caller-allocates): one a ratio
 * @job: (nullable): progress in ratios, and cancel
 * @error: as esp_meter_measure() has them
 *
 * Thread: lane.
 */
gboolean
esp_curve_measure (const EspCurveInput *input, EspScores *scores, EspMetered *points, EspJob *job, GError **error)
{
  for (guint i = 0; i < input->n_ratios; i++)
    {
      g_autoptr (EspMask) mask = esp_curve_mask (input, scores, input->ratios[i]);

      esp_job_set_progress (job, i, input->n_ratios);
      if (!esp_job_check (job, error) || !esp_meter_measure (input->meter, mask, TRUE, &points[i], job, error))
        return FALSE;
    }
  esp_job_set_progress (job, input->n_ratios, input->n_ratios);
  return TRUE;
}
