/* drift-work.h: how far the plan in hand moves what boxes are explained by, and what it loses: found out beside the window */
#pragma once

#include "study/drift.h"
#include "study/work.h"

G_BEGIN_DECLS

#define ESP_TYPE_DRIFT_WORK (esp_drift_work_get_type ())
G_DECLARE_FINAL_TYPE (EspDriftWork, esp_drift_work, ESP, DRIFT_WORK, EspWork)

typedef enum
{
  ESP_DRIFT_IDLE,
  ESP_DRIFT_COMPARING,
  ESP_DRIFT_ENDING, /* asked to stop, not there yet */
} EspDriftState;

/* Thread: main, all of it. */
EspDriftWork         *esp_drift_work_new          (EspStudy      *study);
/* All images of the study, by the plan, method and layer in view: espalier-cli's numbers. What was found before goes.
 * ESP_ERROR_UNSUPPORTED: the obstacle. */
gboolean              esp_drift_work_start        (EspDriftWork  *work,
                                                   GError       **error);
const char           *esp_drift_work_get_obstacle (EspDriftWork  *work);  /* (nullable): why nothing can be compared now, a sentence */
void                  esp_drift_work_forget       (EspDriftWork  *work);  /* what was found */
EspDriftState         esp_drift_work_get_state    (EspDriftWork  *work);
const EspDriftReport *esp_drift_work_get_report   (EspDriftWork  *work);  /* (nullable): nothing is found out yet */
gboolean              esp_drift_work_is_of_plan   (EspDriftWork  *work);  /* the report is of the plan in hand, not of an earlier one */
GListModel           *esp_drift_work_get_boxes    (EspDriftWork  *work);  /* of EspDriftRow: the report's, in its order */
GListModel           *esp_drift_work_get_lost     (EspDriftWork  *work);  /* of EspLostRow: likewise */
const EspAttribution *esp_drift_work_get_method   (EspDriftWork  *work);  /* (nullable): of the report, as the next two */
int                   esp_drift_work_get_layer    (EspDriftWork  *work);  /* -1: of each box the one that says most */
guint                 esp_drift_work_get_n_images (EspDriftWork  *work);
gboolean              esp_drift_work_is_labelled  (EspDriftWork  *work);  /* else nobody knows what is lost */

G_END_DECLS
