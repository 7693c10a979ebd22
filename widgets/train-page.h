/* train-page.h: how to train, the hand on it, and its curves */
#pragma once

#include <gtk/gtk.h>

#include "draw/chart.h"

G_BEGIN_DECLS

#define ESP_TYPE_TRAIN_PAGE (esp_train_page_get_type ())
G_DECLARE_FINAL_TYPE (EspTrainPage, esp_train_page, ESP, TRAIN_PAGE, GtkBox)

typedef enum
{
  ESP_TRAIN_IDLE,    /* nothing under way */
  ESP_TRAIN_RUNNING,
  ESP_TRAIN_PAUSED,
  ESP_TRAIN_ENDING,  /* asked to stop, or the last number is on its way */
} EspTrainState;

typedef struct
{
  guint    epochs;
  double   rate;    /* of learning, at its highest */
  guint    policy;  /* position in the titles of set_policies */
  gboolean scratch; /* from random weights, not from those that are open */
  gboolean cut;     /* the network that the plan leaves, not the whole one */
  gboolean average; /* keep a running average of the weights too */
} EspTrainSettings;

/* Signals: "start", "pause", "resume", "stop", "choose-data", "continue-run" (a run that was begun earlier). */
GtkWidget *esp_train_page_new          (void);
void       esp_train_page_set_policies (EspTrainPage           *page,
                                        const char *const      *titles);
void       esp_train_page_set_settings (EspTrainPage           *page,
                                        const EspTrainSettings *settings);
void       esp_train_page_get_settings (EspTrainPage           *page,
                                        EspTrainSettings       *settings);
void       esp_train_page_set_data     (EspTrainPage           *page,
                                        const char             *title); /* (nullable): nothing to train on yet */
void       esp_train_page_set_can_cut  (EspTrainPage           *page,
                                        gboolean                can_cut);
void       esp_train_page_set_state    (EspTrainPage           *page,
                                        EspTrainState           state);
void       esp_train_page_set_progress (EspTrainPage           *page,
                                        double                  fraction, /* 0..1 */
                                        const char             *text);
void       esp_train_page_set_curves   (EspTrainPage           *page,
                                        const EspChartPoint    *loss,
                                        guint                   n_loss,
                                        const EspChartPoint    *map,
                                        guint                   n_map,
                                        const char             *map_title);

G_END_DECLS
