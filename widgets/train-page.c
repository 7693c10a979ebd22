/* train-page.c: how to train, the hand on it, and its curves */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "train-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "chart-view.h"
#include "row-label.h"

struct _EspTrainPage
{
  GtkBox parent_instance;

  GtkWidget *settings;
  GtkButton *data_button;
  GtkSpinButton *epochs_spin;
  GtkSpinButton *rate_spin;
  GtkDropDown *policy_drop;
  GtkCheckButton *scratch_check;
  GtkCheckButton *cut_check;
  GtkCheckButton *average_check;
  GtkWidget *start_button;
  GtkWidget *continue_button;
  GtkButton *pause_button;
  GtkWidget *stop_button;
  GtkProgressBar *progress;
  GtkLabel *status;
  EspChartView *loss_chart;
  EspChartView *map_chart;
  GtkWidget *map_note;
  EspTrainState state;
  gboolean has_data;
  gboolean can_cut;
};

G_DEFINE_FINAL_TYPE (EspTrainPage, esp_train_page, GTK_TYPE_BOX)

enum
{
  START,
  PAUSE,
  RESUME,
  STOP,
  CHOOSE_DATA,
  CONTINUE_RUN,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
update (EspTrainPage *self)
{
  const gboolean idle = self->state == ESP_TRAIN_IDLE, ending = self->state == ESP_TRAIN_ENDING;

  gtk_widget_set_sensitive (self->settings, idle);
  gtk_widget_set_visible (self->start_button, idle);
  gtk_widget_set_visible (self->continue_button, idle);
  gtk_widget_set_visible (GTK_WIDGET (self->pause_button), !idle);
  gtk_widget_set_visible (self->stop_button, !idle);
  gtk_widget_set_sensitive (self->start_button, self->has_data);
  gtk_widget_set_sensitive (GTK_WIDGET (self->pause_button), !ending);
  gtk_widget_set_sensitive (self->stop_button, !ending);
  gtk_button_set_label (self->pause_button, self->state == ESP_TRAIN_PAUSED ? _ ("Resume") : _ ("Pause"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->cut_check), self->can_cut);
}

static void
on_start (GtkButton *button, EspTrainPage *self)
{
  g_signal_emit (self, signals[START], 0);
}

static void
on_pause (GtkButton *button, EspTrainPage *self)
{
  g_signal_emit (self, signals[self->state == ESP_TRAIN_PAUSED ? RESUME : PAUSE], 0);
}

static void
on_stop (GtkButton *button, EspTrainPage *self)
{
  g_signal_emit (self, signals[STOP], 0);
}

static void
on_choose_data (GtkButton *button, EspTrainPage *self)
{
  g_signal_emit (self, signals[CHOOSE_DATA], 0);
}

static void
on_continue (GtkButton *button, EspTrainPage *self)
{
  g_signal_emit (self, signals[CONTINUE_RUN], 0);
}

static void
esp_train_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_TRAIN_PAGE);
  G_OBJECT_CLASS (esp_train_page_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget)
{
  gtk_widget_class_bind_template_child (widget, EspTrainPage, settings);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, data_button);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, epochs_spin);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, rate_spin);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, policy_drop);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, scratch_check);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, cut_check);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, average_check);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, start_button);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, continue_button);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, pause_button);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, stop_button);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, progress);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, status);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, loss_chart);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, map_chart);
  gtk_widget_class_bind_template_child (widget, EspTrainPage, map_note);
  gtk_widget_class_bind_template_callback (widget, on_start);
  gtk_widget_class_bind_template_callback (widget, on_pause);
  gtk_widget_class_bind_template_callback (widget, on_stop);
  gtk_widget_class_bind_template_callback (widget, on_choose_data);
  gtk_widget_class_bind_template_callback (widget, on_continue);
}

static void
esp_train_page_class_init (EspTrainPageClass *klass)
{
  const char *const names[N_SIGNALS] = { "start", "pause", "resume", "stop", "choose-data", "continue-run" };
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_train_page_dispose;
  g_type_ensure (ESP_TYPE_CHART_VIEW);
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/train-page.ui");
  bind_children (widget);
  gtk_widget_class_set_css_name (widget, "trainpage");
  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
set_axes (EspTrainPage *self, const char *map_title)
{
  const EspChartAxis epochs = { _ ("epoch"), NAN, NAN, FALSE, TRUE };
  const EspChartAxis loss = { _ ("Loss"), NAN, NAN, FALSE, FALSE };
  const EspChartAxis map = { map_title, 0, NAN, TRUE, FALSE };

  esp_chart_view_set_axes (self->loss_chart, &epochs, &loss);
  esp_chart_view_set_axes (self->map_chart, &epochs, &map);
}

static void
esp_train_page_init (EspTrainPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_widget_ignore_wheel (GTK_WIDGET (self->epochs_spin));
  esp_widget_ignore_wheel (GTK_WIDGET (self->rate_spin));
  esp_drop_down_name (self->policy_drop, _ ("Course of the rate"));
  set_axes (self, _ ("mAP %"));
  update (self);
}

/** esp_train_page_new: Returns: (transfer floating): a page on which nothing runs. Thread: main. */
GtkWidget *
esp_train_page_new (void)
{
  return g_object_new (ESP_TYPE_TRAIN_PAGE, NULL);
}

/** esp_train_page_set_policies: @page: the courses that a rate can take; @titles: NULL-terminated, translated. Thread: main. */
void
esp_train_page_set_policies (EspTrainPage *self, const char *const *titles)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (titles);

  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  gtk_drop_down_set_model (self->policy_drop, G_LIST_MODEL (list));
}

/** esp_train_page_set_settings: @page: shows @settings. Thread: main. */
void
esp_train_page_set_settings (EspTrainPage *self, const EspTrainSettings *settings)
{
  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  gtk_spin_button_set_value (self->epochs_spin, settings->epochs);
  gtk_spin_button_set_value (self->rate_spin, settings->rate);
  gtk_drop_down_set_selected (self->policy_drop, settings->policy);
  gtk_check_button_set_active (self->scratch_check, settings->scratch);
  gtk_check_button_set_active (self->cut_check, settings->cut);
  gtk_check_button_set_active (self->average_check, settings->average);
}

/** esp_train_page_get_settings: @settings: (out): what is shown; cut is FALSE where there is nothing to cut. Thread: main. */
void
esp_train_page_get_settings (EspTrainPage *self, EspTrainSettings *settings)
{
  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  gtk_spin_button_update (self->epochs_spin);
  gtk_spin_button_update (self->rate_spin);
  *settings = (EspTrainSettings){
    .epochs = (guint) gtk_spin_button_get_value_as_int (self->epochs_spin),
    .rate = gtk_spin_button_get_value (self->rate_spin),
    .policy = gtk_drop_down_get_selected (self->policy_drop),
    .scratch = gtk_check_button_get_active (self->scratch_check),
    .cut = self->can_cut && gtk_check_button_get_active (self->cut_check),
    .average = gtk_check_button_get_active (self->average_check),
  };
}

/** esp_train_page_set_data: @page: trains on what is called @title; (nullable): nothing yet, and it cannot start. Thread: main. */
void
esp_train_page_set_data (EspTrainPage *self, const char *title)
{
  g_autofree char *name = title != NULL ? g_strdup_printf (_ ("Training data: %s"), title) : NULL;

  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  self->has_data = title != NULL;
  gtk_button_set_label (self->data_button, title != NULL ? title : _ ("Choose…"));
  gtk_label_set_ellipsize (GTK_LABEL (gtk_button_get_child (self->data_button)), PANGO_ELLIPSIZE_MIDDLE);
  esp_accessible_name (self->data_button, name != NULL ? name : _ ("Choose training data"));
  update (self);
}

/** esp_train_page_set_can_cut: @page: whether there is a plan that cuts something. Thread: main. */
void
esp_train_page_set_can_cut (EspTrainPage *self, gboolean can_cut)
{
  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  self->can_cut = can_cut;
  update (self);
}

/** esp_train_page_set_state: @page: offers what can be done in @state. Thread: main. */
void
esp_train_page_set_state (EspTrainPage *self, EspTrainState state)
{
  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  self->state = state;
  update (self);
}

/** esp_train_page_set_progress: @page: @fraction of the run is done; @text says where it is. Thread: main. */
void
esp_train_page_set_progress (EspTrainPage *self, double fraction, const char *text)
{
  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  gtk_progress_bar_set_fraction (self->progress, CLAMP (fraction, 0, 1));
  gtk_label_set_label (self->status, text);
}

/**
 * esp_train_page_set_curves:
 * @page: the page
 * @loss: by epoch, fractions of one included
 * @n_loss: how many
 * @map: by epoch, 0..1
 * @n_map: how many
 * @map_title: what it is: "mAP %", "Top-1 %"
 *
 * Thread: main.
 */
void
esp_train_page_set_curves (
    EspTrainPage *self, const EspChartPoint *loss, guint n_loss, const EspChartPoint *map, guint n_map, const char *map_title)
{
  g_return_if_fail (ESP_IS_TRAIN_PAGE (self));
  set_axes (self, map_title);
  esp_chart_view_set_line (self->loss_chart, 0, NULL, loss, n_loss);
  esp_chart_view_set_line (self->map_chart, 0, NULL, map, n_map);
  gtk_widget_set_visible (self->map_note, n_map > 0);
}
