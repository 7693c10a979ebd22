/* widgets.c: brings the widgets' types, templates and style into a program */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "widgets.h"

#include "channel-strip.h"
#include "compat.h"
#include "detection-list.h"
#include "esp-widgets-resources.h"
#include "group-list.h"
#include "image-list.h"
#include "image-view.h"
#include "metric-tile.h"
#include "recipe-page.h"
#include "train-page.h"
#include "trial-list.h"

/**
 * esp_widgets_init:
 *
 * Registers the templates and makes the types known, so that a window's template may name them. After GTK's own start. Thread: main.
 */
void
esp_widgets_init (void)
{
  g_resources_register (esp_widgets_get_resource ());
  g_type_ensure (ESP_TYPE_CHANNEL_STRIP);
  g_type_ensure (ESP_TYPE_DETECTION_LIST);
  g_type_ensure (ESP_TYPE_GROUP_LIST);
  g_type_ensure (ESP_TYPE_IMAGE_LIST);
  g_type_ensure (ESP_TYPE_IMAGE_VIEW);
  g_type_ensure (ESP_TYPE_METRIC_TILE);
  g_type_ensure (ESP_TYPE_RECIPE_PAGE);
  g_type_ensure (ESP_TYPE_TRAIN_PAGE);
  g_type_ensure (ESP_TYPE_TRIAL_LIST);
}

/**
 * esp_widgets_load_style:
 * @display: the display to dress
 *
 * For programs without AdwApplication, which finds style.css at its resource base path by itself. Thread: main.
 */
void
esp_widgets_load_style (GdkDisplay *display)
{
  esp_compat_load_css (display, "/io/github/espalier/Espalier/style.css", GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}
