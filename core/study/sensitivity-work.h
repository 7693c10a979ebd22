/* sensitivity-work.h: what layers or groups bear alone, measured beside the window: each as it is known, and where chance lies for one of
 * them */
#pragma once

#include "search/sensitivity.h"
#include "study/work.h"

G_BEGIN_DECLS

#define ESP_TYPE_SENSITIVITY_WORK (esp_sensitivity_work_get_type ())
G_DECLARE_FINAL_TYPE (EspSensitivityWork, esp_sensitivity_work, ESP, SENSITIVITY_WORK, EspWork)

typedef enum
{
  ESP_SENSITIVITY_IDLE,
  ESP_SENSITIVITY_MEASURING,
  ESP_SENSITIVITY_CHANCE, /* the band of one place */
  ESP_SENSITIVITY_ENDING, /* asked to stop, not there yet */
} EspSensitivityState;

/* What was measured before a stop stays. Thread: main, all of it. */
EspSensitivityWork   *esp_sensitivity_work_new       (EspStudy           *study);
/* By the scores that the plan ranks by now, with its floor. What was measured before goes. ESP_ERROR_UNSUPPORTED: nothing labelled is
 * open. */
gboolean              esp_sensitivity_work_start     (EspSensitivityWork *work,
                                                      gboolean            by_group,
                                                      guint               n_images, /* at most; 0: all */
                                                      GError            **error);
gboolean              esp_sensitivity_work_start_chance (EspSensitivityWork *work,  /* 20 orders by lot, on the same images */
                                                      guint               row,
                                                      GError            **error);
EspSensitivityState   esp_sensitivity_work_get_state (EspSensitivityWork *work);
gboolean              esp_sensitivity_work_get_by_group (EspSensitivityWork *work); /* what is measured: groups, else layers */
guint                 esp_sensitivity_work_get_n     (EspSensitivityWork *work);  /* places measured so far */
const EspSensitivity *esp_sensitivity_work_get       (EspSensitivityWork *work,
                                                      guint               row);
const EspBandPoint   *esp_sensitivity_work_get_chance (EspSensitivityWork *work,  /* (nullable): one a ratio */
                                                      guint               row);
const double         *esp_sensitivity_work_get_ratios (EspSensitivityWork *work,
                                                      guint              *n);
double                esp_sensitivity_work_get_whole (EspSensitivityWork *work);  /* mAP of the whole network on these images; NAN: not
                                                                                   * known */
guint                 esp_sensitivity_work_get_n_images (EspSensitivityWork *work);
const char           *esp_sensitivity_work_get_criterion (EspSensitivityWork *work); /* (nullable): its title */
gboolean              esp_sensitivity_work_is_ranked_so (EspSensitivityWork *work); /* the plan in hand ranks by what was measured with */
double                esp_sensitivity_work_get_planned (EspSensitivityWork *work, /* ratio that the plan in hand asks of the place; NAN:
                                                                                   * none of its own */
                                                      guint               row);
/* The plan asks that ratio of the place, ranked as it ranks now: one act of undo. FALSE: another network is open. */
gboolean              esp_sensitivity_work_apply     (EspSensitivityWork *work,
                                                      guint               row,
                                                      guint               point);

G_END_DECLS
