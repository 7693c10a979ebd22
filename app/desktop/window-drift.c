/* window-drift.c: before and after, in a window beside the study: what the plan moves and what it loses; a row shows its image */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-work-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "study/drift-work.h"
#include "widgets/drift-page.h"

#define SAME .9f /* IoU of a row's box and the one in view, which are of the same network */

/* A box to be chosen once it is in view. */
struct _EspWindowSought
{
  int image; /* -1: none */
  EspDetection box;
};

/* Chooses it where it is shown; one below the threshold of what is shown is not. */
static void
seek (EspWindow *window)
{
  EspWindowSought *sought = window->sought;
  guint n = 0;
  const EspDetection *boxes = esp_study_get_boxes (window->study, &n);
  float best = SAME;
  int found = -1, image;

  g_object_get (window->study, "image", &image, NULL);
  if (image != sought->image)
    sought->image = -1;
  if (sought->image < 0 || boxes == NULL)
    return;
  sought->image = -1; /* choosing tells of another view */
  for (guint i = 0; i < n; i++)
    {
      const float overlap = boxes[i].class_index == sought->box.class_index ? esp_box_iou (boxes[i].box, sought->box.box) : 0;

      if (!(overlap > best))
        continue;
      best = overlap;
      found = (int) i;
    }
  esp_study_select_detection (window->study, found);
}

static void
view_changed (EspStudy *study, gpointer data)
{
  seek (data);
}

static void
look_for (EspWindowWork *self, guint image, const EspDetection *box)
{
  esp_window_close_lens (self->window);
  g_object_set (self->window->image_view, "compare", TRUE, NULL); /* original beside pruned is what it is chosen for */
  esp_study_select_image (self->window->study, (int) image);
  self->window->sought->image = (int) image;
  self->window->sought->box = *box;
  seek (self->window);
}

static void
box_chosen (EspDriftPage *page, guint row, gpointer data)
{
  EspWindowWork *self = data;
  const EspDriftReport *report = esp_drift_work_get_report (self->work);
  const EspDrift *drift = report != NULL && row < report->drifts->len ? &g_array_index (report->drifts, EspDrift, row) : NULL;

  if (drift != NULL)
    look_for (self, drift->image, &drift->before);
}

static void
lost_chosen (EspDriftPage *page, guint row, gpointer data)
{
  EspWindowWork *self = data;
  const EspDriftReport *report = esp_drift_work_get_report (self->work);
  const EspLostBox *lost = report != NULL && row < report->lost->len ? &g_array_index (report->lost, EspLostBox, row) : NULL;

  if (lost != NULL)
    look_for (self, lost->image, &lost->before);
}

/* (transfer full): "By Gradient × activation at layer 17, on 128 images." */
static char *
how_words (EspWindowWork *self)
{
  const EspAttribution *method = esp_drift_work_get_method (self->work);
  const int layer = esp_drift_work_get_layer (self->work);
  const guint n = esp_drift_work_get_n_images (self->work);
  g_autofree char *on = g_strdup_printf (g_dngettext (NULL, "%u image", "%u images", n), n);

  if (layer < 0)
    return g_strdup_printf (_ ("By %s at each box's own layer, on %s."), _ (method->title), on);
  return g_strdup_printf (_ ("By %s at layer %d, on %s."), _ (method->title), layer, on);
}

/* (transfer full) */
static char *
found_words (EspWindowWork *self, const EspDriftReport *report)
{
  const guint n = report->drifts->len;
  const double mean = esp_drift_report_mean (report, ESP_DRIFT_SPEARMAN);
  g_autofree char *how = how_words (self), *boxes = NULL, *objects = NULL;

  boxes = isnan (mean) ? g_strdup_printf (g_dngettext (NULL, "%u box.", "%u boxes.", n), n)
                       : g_strdup_printf (g_dngettext (NULL, "%u box, its drift %.3f.", "%u boxes, drift %.3f on average.", n), n, mean);
  if (!esp_drift_work_is_labelled (self->work))
    return g_strjoin (" ", boxes, how, NULL);
  objects = g_strdup_printf (_ ("Of %u objects found %u are lost, %u gained."), report->n_found, report->lost->len, report->n_gained);
  return g_strjoin (" ", boxes, objects, how, NULL);
}

/* (transfer full) */
static char *
state_words (EspWindowWork *self, const char *obstacle)
{
  const EspDriftReport *report = esp_drift_work_get_report (self->work);

  switch (esp_drift_work_get_state (self->work))
    {
    case ESP_DRIFT_COMPARING:
      return g_strdup (_ ("Both networks look at every image, then every box is explained in both"));
    case ESP_DRIFT_ENDING:
      return g_strdup (_ ("Stopping"));
    case ESP_DRIFT_IDLE:
    default:
      if (report != NULL)
        return found_words (self, report);
      return g_strdup (obstacle != NULL ? obstacle
                                        : _ ("What every box of the original network is explained by, there and in the network as planned, "
                                             "and which objects the plan loses"));
    }
}

static void
show_all (EspWindowWork *self)
{
  const EspDriftState state = esp_drift_work_get_state (self->work);
  const gboolean found = esp_drift_work_get_report (self->work) != NULL;
  const char *obstacle = esp_drift_work_get_obstacle (self->work);
  g_autofree char *words = state_words (self, obstacle);

  esp_drift_page_set_state (self->page,
                            state == ESP_DRIFT_IDLE     ? ESP_DRIFT_PAGE_IDLE
                            : state == ESP_DRIFT_ENDING ? ESP_DRIFT_PAGE_ENDING
                                                        : ESP_DRIFT_PAGE_RUNNING,
                            obstacle == NULL);
  esp_drift_page_set_progress (self->page, self->share, words);
  esp_drift_page_set_found (self->page, found);
  esp_drift_page_set_no_lost (self->page, esp_drift_work_is_labelled (self->work) ? _ ("The plan loses no object")
                                                                                  : _ ("Without labels nobody knows what was to be found"));
  esp_drift_page_set_earlier (self->page,
                              found && !esp_drift_work_is_of_plan (self->work) ? _ ("These are of an earlier plan: compare again") : NULL);
}

static void
compare_clicked (EspDriftPage *page, gpointer data)
{
  EspWindowWork *self = data;
  g_autoptr (GError) error = NULL;

  if (!esp_drift_work_start (self->work, &error))
    esp_window_show_error (self->window, _ ("Nothing Can Be Compared"), error);
}

static void
ended_unseen (EspWindowWork *self)
{
  AdwToast *toast;

  if (esp_drift_work_get_report (self->work) == NULL)
    return;
  toast = adw_toast_new (_ ("Before and after are compared"));
  adw_toast_set_button_label (toast, _ ("Show"));
  adw_toast_set_action_name (toast, "win.drift");
  adw_toast_overlay_add_toast (self->window->toasts, toast);
}

static GtkWidget *
make_page (EspWindowWork *self)
{
  EspDriftPage *page = ESP_DRIFT_PAGE (esp_drift_page_new ());

  if (!esp_work_is_current (self->work))
    esp_drift_work_forget (self->work); /* of a network that was open before */
  esp_drift_page_set_models (page, esp_drift_work_get_boxes (self->work), esp_drift_work_get_lost (self->work));
  g_signal_connect (page, "compare", G_CALLBACK (compare_clicked), self);
  g_signal_connect (page, "box-chosen", G_CALLBACK (box_chosen), self);
  g_signal_connect (page, "lost-chosen", G_CALLBACK (lost_chosen), self);
  return GTK_WIDGET (page);
}

/** esp_window_bind_drift: comparing beside the study, with nothing begun. Thread: main. */
void
esp_window_bind_drift (EspWindow *window)
{
  static const EspWindowWorkKind kind = { .title = N_ ("Before and After"),
                                          .width = 520,
                                          .height = 640,
                                          .make_page = make_page,
                                          .show = show_all,
                                          .failed = N_ ("The Comparison Ended"),
                                          .ended_unseen = ended_unseen };

  window->drift = esp_window_work_new (window, esp_drift_work_new (window->study), &kind);
  window->sought = g_new0 (EspWindowSought, 1);
  window->sought->image = -1;
  g_signal_connect_object (window->study, "view-changed", G_CALLBACK (view_changed), window, 0);
}

/** esp_window_end_drift: nothing is compared or sought any more. Thread: main. */
void
esp_window_end_drift (EspWindow *window)
{
  if (window->sought == NULL)
    return;
  g_signal_handlers_disconnect_by_func (window->study, view_changed, window);
  esp_window_end_work (&window->drift);
  g_clear_pointer (&window->sought, g_free);
}
