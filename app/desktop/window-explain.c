/* window-explain.c: images, detections, target, method and layer; the picture in view */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>

enum
{
  TARGET_CLASS,
  TARGET_BOX
};

static void
image_selected (EspImageList *list, int index, gpointer data)
{
  esp_study_select_image (ESP_WINDOW (data)->study, index);
}

static void
detection_activated (GtkWidget *origin, int index, gpointer data)
{
  esp_study_select_detection (ESP_WINDOW (data)->study, index);
}

static void
background_activated (EspImageView *view, gpointer data)
{
  esp_study_select_detection (ESP_WINDOW (data)->study, -1);
}

/* The target named in the bar: the whole class, or the box chosen last. */
static void
target_picked (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  const guint picked = gtk_drop_down_get_selected (drop);
  int current;

  g_object_get (self->study, "detection", &current, NULL);
  if (picked == TARGET_CLASS && current >= 0)
    esp_study_select_detection (self->study, -1);
  else if (picked == TARGET_BOX && current < 0 && g_list_model_get_n_items (esp_study_get_detections (self->study)) > 0)
    esp_study_select_detection (self->study, MAX (0, esp_detection_list_get_selected (self->detection_list)));
}

static void
layer_picked (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  g_autoptr (GObject) row = gtk_drop_down_get_selected_item (drop);
  guint layer = 0;
  int current;

  row = row != NULL ? g_object_ref (row) : NULL;
  if (row == NULL)
    return;
  g_object_get (row, "layer", &layer, NULL);
  g_object_get (ESP_WINDOW (data)->study, "layer", &current, NULL);
  if ((int) layer != current)
    esp_study_select_layer (ESP_WINDOW (data)->study, (int) layer);
}

static void
layer_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  GListModel *layers = esp_study_get_layers (study);
  int layer;

  g_object_get (study, "layer", &layer, NULL);
  for (guint i = 0; i < g_list_model_get_n_items (layers); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (layers, i);
      guint of_row;

      g_object_get (row, "layer", &of_row, NULL);
      if ((int) of_row == layer)
        gtk_drop_down_set_selected (self->layer_drop, i);
    }
}

static void
selection_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  int image, detection;

  g_object_get (study, "image", &image, "detection", &detection, NULL);
  esp_image_list_select (self->image_list, image);
  esp_detection_list_select (self->detection_list, detection);
  esp_image_view_set_selected (self->image_view, detection);
  gtk_drop_down_set_selected (self->target_drop, detection < 0 ? TARGET_CLASS : TARGET_BOX);
}

static void
sentence_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *sentence = NULL;

  g_object_get (study, "sentence", &sentence, NULL);
  esp_image_view_set_sentence (self->image_view, sentence);
}

static void
busy_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  gboolean busy;

  g_object_get (study, "busy", &busy, NULL);
  gtk_spinner_set_spinning (ESP_WINDOW (data)->busy_spinner, busy);
  if (!busy) /* now it is known of every image what was missed */
    esp_image_list_refresh (ESP_WINDOW (data)->image_list);
}

static void
view_changed (EspStudy *study, gpointer data)
{
  EspWindow *self = data;
  const char *const *names = esp_study_get_names (study);
  guint n = 0, n_pruned = 0, n_truths = 0;
  const EspDetection *boxes = esp_study_get_boxes (study, &n);
  const EspDetection *pruned = esp_study_get_pruned_boxes (study, &n_pruned);
  g_autofree EspTruth *truths = esp_study_dup_truths (study, &n_truths);
  float low = NAN, high = NAN;

  esp_image_view_set_image (self->image_view, esp_study_get_image (study));
  esp_image_view_set_names (self->image_view, names);
  esp_image_view_set_boxes (self->image_view, ESP_PANE_ORIGINAL, boxes, n);
  esp_image_view_set_boxes (self->image_view, ESP_PANE_PRUNED, pruned, n_pruned);
  esp_image_view_set_truths (self->image_view, truths, n_truths);
  esp_study_get_heat_range (study, &low, &high);
  esp_image_view_set_heatmap (self->image_view, esp_study_get_heatmap (study), low, high);
  esp_window_update_actions (self);
}

static GListModel *
method_titles (void)
{
  GtkStringList *titles = gtk_string_list_new (NULL);

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    gtk_string_list_append (titles, _ (esp_attribution_get (i)->title));
  return G_LIST_MODEL (titles);
}

static void
fill_drops (EspWindow *self)
{
  g_autoptr (GListModel) methods = method_titles ();
  g_autoptr (GtkStringList) targets = gtk_string_list_new ((const char *const[]){ _ ("This class"), _ ("This box"), NULL });
  g_autoptr (GtkExpression) title = gtk_property_expression_new (ESP_TYPE_LAYER_ROW, NULL, "title");

  gtk_drop_down_set_model (self->method_drop, methods);
  gtk_drop_down_set_model (self->target_drop, G_LIST_MODEL (targets));
  gtk_drop_down_set_expression (self->layer_drop, title);
  gtk_drop_down_set_model (self->layer_drop, esp_study_get_layers (self->study));
}

/* The legend's switch: the study then answers with another range and another view. */
static void
scale_switched (EspImageView *view, GParamSpec *pspec, gpointer data)
{
  gboolean fixed;

  g_object_get (view, "fixed-scale", &fixed, NULL);
  g_object_set (ESP_WINDOW (data)->study, "heat-scale", fixed ? "set" : "image", NULL);
}

/** esp_window_bind_explain: ties lists, bar and picture to the study. Thread: main. */
void
esp_window_bind_explain (EspWindow *window)
{
  EspStudy *study = window->study;

  fill_drops (window);
  esp_image_list_set_model (window->image_list, esp_study_get_images (study));
  esp_detection_list_set_model (window->detection_list, esp_study_get_detections (study));
  g_signal_connect (window->image_list, "image-selected", G_CALLBACK (image_selected), window);
  g_signal_connect (window->detection_list, "detection-activated", G_CALLBACK (detection_activated), window);
  g_signal_connect (window->image_view, "box-activated", G_CALLBACK (detection_activated), window);
  g_signal_connect (window->image_view, "background-activated", G_CALLBACK (background_activated), window);
  g_signal_connect (window->image_view, "notify::fixed-scale", G_CALLBACK (scale_switched), window);
  g_signal_connect (window->target_drop, "notify::selected", G_CALLBACK (target_picked), window);
  g_signal_connect (window->layer_drop, "notify::selected", G_CALLBACK (layer_picked), window);
  g_signal_connect_object (study, "view-changed", G_CALLBACK (view_changed), window, 0);
  g_signal_connect_object (study, "notify::image", G_CALLBACK (selection_changed), window, 0);
  g_signal_connect_object (study, "notify::detection", G_CALLBACK (selection_changed), window, 0);
  g_signal_connect_object (study, "notify::layer", G_CALLBACK (layer_changed), window, 0);
  g_signal_connect_object (study, "notify::sentence", G_CALLBACK (sentence_changed), window, 0);
  g_signal_connect_object (study, "notify::busy", G_CALLBACK (busy_changed), window, 0);
}
