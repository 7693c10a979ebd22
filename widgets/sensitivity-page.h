/* sensitivity-page.h: what each layer or group bears alone: a list of them, the curve of the one chosen, and its points as choices */
#pragma once

#include <gtk/gtk.h>

#include "draw/chart.h"
#include "line-list.h"

G_BEGIN_DECLS

#define ESP_TYPE_SENSITIVITY_PAGE (esp_sensitivity_page_get_type ())
G_DECLARE_FINAL_TYPE (EspSensitivityPage, esp_sensitivity_page, ESP, SENSITIVITY_PAGE, GtkBox)

typedef enum
{
  ESP_SENSITIVITY_PAGE_IDLE,
  ESP_SENSITIVITY_PAGE_RUNNING,
  ESP_SENSITIVITY_PAGE_ENDING,
} EspSensitivityPageState;

/* The curve of one place. */
typedef struct
{
  const EspChartPoint *points;   /* mAP by share cut, with intervals */
  guint                n;
  const EspChartPoint *chance;   /* (nullable): n of the band by lot */
  double               whole;    /* mAP of the whole network; NAN: not known */
  double               cliff_from, cliff_to; /* NAN: none */
  double               planned;  /* share that the plan asks; NAN: none */
  const char          *sentence; /* what it says */
} EspSensitivityCurve;

/* Signals: "measure", "stop", "chance" (of the place chosen), "place-chosen" (int: -1 none), "point-chosen" (uint: the plan is to ask that
 * share).
 * Thread: main, all of it. */
GtkWidget *esp_sensitivity_page_new           (void);
void       esp_sensitivity_page_set_images    (EspSensitivityPage        *page, /* how many there are, and how many are proposed */
                                               guint                      n,
                                               guint                      proposed);
guint      esp_sensitivity_page_get_images    (EspSensitivityPage        *page);
gboolean   esp_sensitivity_page_get_by_group  (EspSensitivityPage        *page);
void       esp_sensitivity_page_set_state     (EspSensitivityPage        *page,
                                               EspSensitivityPageState    state);
void       esp_sensitivity_page_set_progress  (EspSensitivityPage        *page,
                                               double                     fraction, /* NAN: no bar */
                                               const char                *words);
void       esp_sensitivity_page_set_places    (EspSensitivityPage        *page, /* the first is chosen where none is */
                                               const EspLine             *lines,
                                               guint                      n);
int        esp_sensitivity_page_get_place     (EspSensitivityPage        *page); /* -1 */
void       esp_sensitivity_page_set_curve     (EspSensitivityPage        *page,
                                               const EspSensitivityCurve *curve, /* (nullable): none is chosen */
                                               const EspLine             *lines, /* its points in words */
                                               gboolean                   can_chance);

G_END_DECLS
