/* drift-page.h: before and after: boxes by how far a plan moves what they are explained by, and the objects that it loses */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define ESP_TYPE_DRIFT_PAGE (esp_drift_page_get_type ())
G_DECLARE_FINAL_TYPE (EspDriftPage, esp_drift_page, ESP, DRIFT_PAGE, GtkBox)

typedef enum
{
  ESP_DRIFT_PAGE_IDLE,
  ESP_DRIFT_PAGE_RUNNING,
  ESP_DRIFT_PAGE_ENDING,
} EspDriftPageState;

/* Signals: "compare", "stop", "box-chosen" (uint: row of the boxes), "lost-chosen" (uint: row of the lost). Thread: main, all of it. */
GtkWidget *esp_drift_page_new          (void);
void       esp_drift_page_set_models   (EspDriftPage      *page,
                                        GListModel        *boxes, /* of EspDriftRow */
                                        GListModel        *lost); /* of EspLostRow */
void       esp_drift_page_set_state    (EspDriftPage      *page,
                                        EspDriftPageState  state,
                                        gboolean           can_compare); /* once idle */
void       esp_drift_page_set_progress (EspDriftPage      *page,
                                        double             fraction, /* NAN: no bar */
                                        const char        *words);
void       esp_drift_page_set_found    (EspDriftPage      *page,
                                        gboolean           found);  /* something: the lists are shown */
void       esp_drift_page_set_earlier  (EspDriftPage      *page,
                                        const char        *words);  /* (nullable): of what the lists are, where not of the plan in hand */
void       esp_drift_page_set_no_lost  (EspDriftPage      *page,
                                        const char        *words);  /* in place of the lost, where there are none */

G_END_DECLS
