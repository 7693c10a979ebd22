/* window-explain.c: images, detections, target, method and layer; the picture in view */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "widgets/method-drop.h"

#define STALE_AFTER 250 /* ms without a new heatmap before the old one is dimmed */
#define POLL        100 /* ms, of its progress */

/* As the drop-down lists them: the class, the box, its parts, what was missed. */
static const int parts_listed[] = { ESP_PART_OBJECTNESS, ESP_PART_CLASS, ESP_PART_X, ESP_PART_Y, ESP_PART_W, ESP_PART_H };

enum
{
  TARGET_CLASS,
  TARGET_BOX,
  TARGET_PARTS,
  TARGET_MISSED = TARGET_PARTS + G_N_ELEMENTS (parts_listed)
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

/* The box chosen last, or the first; FALSE where there is none. */
static gboolean
choose_box (EspWindow *self)
{
  int current;

  g_object_get (self->study, "detection", &current, NULL);
  if (current < 0 && g_list_model_get_n_items (esp_study_get_detections (self->study)) > 0)
    esp_study_select_detection (self->study, MAX (0, esp_detection_list_get_selected (self->detection_list)));
  g_object_get (self->study, "detection", &current, NULL);
  return current >= 0;
}

static void
show_target (EspWindow *self)
{
  int detection, part;
  guint target = TARGET_CLASS;

  g_object_get (self->study, "detection", &detection, "part", &part, NULL);
  if (esp_study_get_missed (self->study) != NULL)
    target = TARGET_MISSED;
  else if (detection >= 0)
    target = TARGET_BOX;
  for (guint i = 0; target == TARGET_BOX && part >= 0 && i < G_N_ELEMENTS (parts_listed); i++)
    if (parts_listed[i] == part)
      target = TARGET_PARTS + i;
  self->filling = TRUE;
  gtk_drop_down_set_selected (self->target_drop, target);
  self->filling = FALSE;
}

/* The target named in the bar. What was missed has to be drawn first. */
static void
target_picked (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  const guint picked = gtk_drop_down_get_selected (drop);

  if (self->filling)
    return;
  if (picked == TARGET_CLASS)
    esp_study_select_detection (self->study, -1);
  else if (picked == TARGET_MISSED)
    g_object_set (self->image_view, "marking", TRUE, NULL);
  else if (choose_box (self))
    esp_study_select_part (self->study, picked == TARGET_BOX ? -1 : parts_listed[picked - TARGET_PARTS]);
  show_target (self);
}

static void
method_picked (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  const EspAttribution *method = esp_method_drop_get (drop);

  if (!self->filling && method != NULL)
    g_object_set (self->study, "method", method->id, NULL);
}

/* The row before those of the layers stands for none. */
static void
layer_picked (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  GObject *row = gtk_drop_down_get_selected_item (drop);
  guint layer = 0;
  int current;

  if (self->filling || row == NULL)
    return;
  g_object_get (row, "layer", &layer, NULL);
  g_object_get (self->study, "layer", &current, NULL);
  if (layer == G_MAXUINT)
    {
      if (g_list_model_get_n_items (gtk_drop_down_get_model (drop)) > 1) /* else the layers are just being filled in */
        g_object_set (self->study, "at-pixels", TRUE, NULL);
    }
  else if ((int) layer != current)
    esp_study_select_layer (self->study, (int) layer);
  else
    g_object_set (self->study, "at-pixels", FALSE, NULL);
}

static void
show_layer (EspWindow *self)
{
  GListModel *rows = gtk_drop_down_get_model (self->layer_drop);
  int layer;
  gboolean at_pixels;

  g_object_get (self->study, "layer", &layer, "at-pixels", &at_pixels, NULL);
  self->filling = TRUE;
  for (guint i = 0; i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (rows, i);
      guint of_row;

      g_object_get (row, "layer", &of_row, NULL);
      if (at_pixels ? of_row == G_MAXUINT : (int) of_row == layer)
        gtk_drop_down_set_selected (self->layer_drop, i);
    }
  self->filling = FALSE;
}

static void
layer_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  show_layer (data);
}

/* (transfer full): what stands before the layers. */
static GListModel *
pixels_row (void)
{
  GListStore *store = g_list_store_new (ESP_TYPE_LAYER_ROW);
  g_autoptr (GObject) row = g_object_new (ESP_TYPE_LAYER_ROW, "layer", G_MAXUINT, "title", _ ("Pixels"), "group", "", NULL);

  g_list_store_append (store, row);
  return G_LIST_MODEL (store);
}

/* Only what the method gives can be chosen. */
static void
fill_layers (EspWindow *self, const EspAttribution *method)
{
  g_autoptr (GListModel) pixels = pixels_row ();
  gpointer models[2];
  guint n = 0;

  if ((method->gives & ESP_GIVES_PIXELS) != 0)
    models[n++] = pixels;
  if ((method->gives & ESP_GIVES_LAYERS) != 0)
    models[n++] = esp_study_get_layers (self->study);
  self->filling = TRUE;
  g_list_store_splice (self->layer_models, 0, g_list_model_get_n_items (G_LIST_MODEL (self->layer_models)), models, n);
  self->filling = FALSE;
  show_layer (self);
}

static void
method_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *id = NULL;
  const EspAttribution *method;

  g_object_get (study, "method", &id, NULL);
  method = esp_attribution_find (id);
  if (method == NULL)
    return;
  self->filling = TRUE;
  esp_method_drop_select (self->method_drop, method);
  self->filling = FALSE;
  fill_layers (self, method);
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
  show_target (self);
  esp_window_show_card (self);
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

/* The old heatmap is not taken for what was asked for; what takes long shows how far it is, and can be cancelled. */
static gboolean
poll_explanation (gpointer data)
{
  EspWindow *self = data;
  g_autoptr (EspJob) job = esp_study_dup_look_job (self->study);
  guint64 done = 0, total = 0;

  if (job != NULL)
    esp_job_get_progress (job, &done, &total, NULL);
  esp_image_view_set_stale (self->image_view, TRUE);
  esp_image_view_show_progress (self->image_view, total > 0 ? (double) done / (double) total : 0);
  g_clear_handle_id (&self->stale_source, g_source_remove);
  self->stale_source = g_timeout_add (POLL, poll_explanation, self);
  return G_SOURCE_REMOVE;
}

static void
explaining_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  gboolean explaining;

  g_object_get (study, "explaining", &explaining, NULL);
  g_clear_handle_id (&self->stale_source, g_source_remove);
  if (explaining)
    {
      self->stale_source = g_timeout_add (STALE_AFTER, poll_explanation, self);
      return;
    }
  esp_image_view_set_stale (self->image_view, FALSE);
  esp_image_view_show_progress (self->image_view, -1);
}

static void
explanation_cancelled (EspImageView *view, gpointer data)
{
  g_autoptr (EspJob) job = esp_study_dup_look_job (ESP_WINDOW (data)->study);

  esp_job_cancel (job);
}

static void
show_badge (EspWindow *self)
{
  EspStudyBadge badge;
  const EspAttribution *method = esp_method_drop_get (self->method_drop);
  g_autofree char *text = NULL;
  g_autofree char *proof = NULL;
  g_autofree char *meaning = NULL;

  if (!esp_study_get_badge (self->study, &badge))
    {
      esp_image_view_set_badge (self->image_view, NULL, NULL);
      return;
    }
  proof = method != NULL ? esp_method_tell_proof (method) : g_strdup ("");
  text = g_strdup_printf (_ ("deletion %.2f (random %.2f)"), badge.deletion, badge.random_deletion);
  meaning = g_strdup_printf (
      _ ("How faithful this heatmap is, in %u steps. Deletion: the score of the box while the hottest pixels are taken away first, on "
         "average %.2f, in random order %.2f; less is better. Insertion: while they are put back first, %.2f, in random order %.2f; "
         "more is better.\n\n%s"),
      badge.steps, badge.deletion, badge.random_deletion, badge.insertion, badge.random_insertion, proof);
  esp_image_view_set_badge (self->image_view, text, meaning);
}

static void
show_unread (EspWindow *self)
{
  g_autoptr (GObject) row = NULL;
  g_autofree char *failure = NULL;
  int image;

  g_object_get (self->study, "image", &image, NULL);
  if (image >= 0)
    row = g_list_model_get_item (esp_study_get_images (self->study), (guint) image);
  if (row != NULL)
    g_object_get (row, "failure", &failure, NULL);
  esp_detection_list_set_unread (self->detection_list, failure != NULL);
  if (failure == NULL)
    image = -1;
  if (image >= 0 && image != self->unread_image) /* no others come in their place */
    {
      self->unread_image = image;
      esp_channel_strip_clear_maps (self->channel_strip);
    }
  self->unread_image = image;
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
  show_badge (self);
  show_unread (self);
  esp_window_update_actions (self);
}

static void
fill_drops (EspWindow *self)
{
  g_autoptr (GtkStringList) targets
      = gtk_string_list_new ((const char *const[]){ _ ("This class"), _ ("This box"), _ ("Its objectness"), _ ("Its class"), _ ("Its x"),
                                                    _ ("Its y"), _ ("Its width"), _ ("Its height"), _ ("What was missed"), NULL });
  g_autoptr (GtkFlattenListModel) layers = NULL;
  g_autoptr (GtkExpression) title = gtk_property_expression_new (ESP_TYPE_LAYER_ROW, NULL, "title");

  esp_method_drop_fill (self->method_drop, NULL, 0);
  gtk_drop_down_set_model (self->target_drop, G_LIST_MODEL (targets));
  gtk_drop_down_set_expression (self->layer_drop, title);
  self->layer_models = g_list_store_new (G_TYPE_LIST_MODEL); /* kept by the drop-down's model */
  layers = gtk_flatten_list_model_new (G_LIST_MODEL (self->layer_models));
  gtk_drop_down_set_model (self->layer_drop, G_LIST_MODEL (layers));
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
  method_changed (study, NULL, window);
  esp_window_bind_card (window);
  esp_image_list_set_model (window->image_list, esp_study_get_images (study));
  esp_detection_list_set_model (window->detection_list, esp_study_get_detections (study));
  g_signal_connect (window->image_list, "image-selected", G_CALLBACK (image_selected), window);
  g_signal_connect (window->detection_list, "detection-activated", G_CALLBACK (detection_activated), window);
  g_signal_connect (window->image_view, "box-activated", G_CALLBACK (detection_activated), window);
  g_signal_connect (window->image_view, "background-activated", G_CALLBACK (background_activated), window);
  g_signal_connect (window->image_view, "notify::fixed-scale", G_CALLBACK (scale_switched), window);
  g_signal_connect (window->target_drop, "notify::selected", G_CALLBACK (target_picked), window);
  g_signal_connect (window->method_drop, "notify::selected", G_CALLBACK (method_picked), window);
  g_signal_connect (window->image_view, "progress-cancelled", G_CALLBACK (explanation_cancelled), window);
  g_signal_connect (window->layer_drop, "notify::selected", G_CALLBACK (layer_picked), window);
  g_signal_connect_object (study, "view-changed", G_CALLBACK (view_changed), window, 0);
  g_signal_connect_object (study, "notify::image", G_CALLBACK (selection_changed), window, 0);
  g_signal_connect_object (study, "notify::detection", G_CALLBACK (selection_changed), window, 0);
  g_signal_connect_object (study, "notify::part", G_CALLBACK (selection_changed), window, 0);
  g_signal_connect_object (study, "notify::method", G_CALLBACK (method_changed), window, 0);
  g_signal_connect_object (study, "notify::at-pixels", G_CALLBACK (layer_changed), window, 0);
  g_signal_connect_object (study, "notify::explaining", G_CALLBACK (explaining_changed), window, 0);
  g_signal_connect_object (study, "notify::layer", G_CALLBACK (layer_changed), window, 0);
  g_signal_connect_object (study, "notify::sentence", G_CALLBACK (sentence_changed), window, 0);
  g_signal_connect_object (study, "notify::busy", G_CALLBACK (busy_changed), window, 0);
}
