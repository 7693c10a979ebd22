/* sensitivity-page.c: what each layer or group bears alone: a list of them, the curve of the one chosen, and its points as choices */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "sensitivity-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "chart-view.h"
#include "row-label.h"

/* The chart's lines. */
enum
{
  CURVE,
  CHANCE_BAND,
  PLANNED,
  WHOLE,
};

struct _EspSensitivityPage
{
  GtkBox parent_instance;

  GtkWidget *settings, *measure_button, *stop_button, *chance_button;
  GtkDropDown *of_drop;
  GtkSpinButton *images_spin;
  GtkProgressBar *progress;
  GtkLabel *status, *sentence;
  GtkListBox *places, *points;
  GtkWidget *findings;
  EspChartView *chart;
  EspSensitivityPageState state;
  gboolean can_chance;
};

G_DEFINE_FINAL_TYPE (EspSensitivityPage, esp_sensitivity_page, GTK_TYPE_BOX)

enum
{
  MEASURE,
  STOP,
  CHANCE,
  PLACE_CHOSEN,
  POINT_CHOSEN,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
update (EspSensitivityPage *self)
{
  const gboolean idle = self->state == ESP_SENSITIVITY_PAGE_IDLE;

  gtk_widget_set_sensitive (self->settings, idle);
  gtk_widget_set_visible (self->measure_button, idle);
  gtk_widget_set_visible (self->stop_button, !idle);
  gtk_widget_set_sensitive (self->stop_button, self->state == ESP_SENSITIVITY_PAGE_RUNNING);
  gtk_widget_set_sensitive (self->chance_button, idle && self->can_chance);
}

static void
on_measure (GtkButton *button, EspSensitivityPage *self)
{
  g_signal_emit (self, signals[MEASURE], 0);
}

static void
on_stop (GtkButton *button, EspSensitivityPage *self)
{
  g_signal_emit (self, signals[STOP], 0);
}

static void
on_chance (GtkButton *button, EspSensitivityPage *self)
{
  g_signal_emit (self, signals[CHANCE], 0);
}

static void
on_place (GtkListBox *list, GtkListBoxRow *row, EspSensitivityPage *self)
{
  g_signal_emit (self, signals[PLACE_CHOSEN], 0, row != NULL ? gtk_list_box_row_get_index (row) : -1);
}

static void
on_point (GtkListBox *list, GtkListBoxRow *row, EspSensitivityPage *self)
{
  g_signal_emit (self, signals[POINT_CHOSEN], 0, (guint) gtk_list_box_row_get_index (row));
}

static void
chart_clicked (EspChartView *chart, guint line, guint point, gpointer data)
{
  if (line == CURVE)
    g_signal_emit (data, signals[POINT_CHOSEN], 0, point);
}

static void
esp_sensitivity_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_SENSITIVITY_PAGE);
  G_OBJECT_CLASS (esp_sensitivity_page_parent_class)->dispose (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget, EspSensitivityPage, name)

static void
bind_children (GtkWidgetClass *widget)
{
  BIND (settings);
  BIND (measure_button);
  BIND (stop_button);
  BIND (chance_button);
  BIND (of_drop);
  BIND (images_spin);
  BIND (progress);
  BIND (status);
  BIND (sentence);
  BIND (places);
  BIND (points);
  BIND (findings);
  BIND (chart);
  gtk_widget_class_bind_template_callback (widget, on_measure);
  gtk_widget_class_bind_template_callback (widget, on_stop);
  gtk_widget_class_bind_template_callback (widget, on_chance);
  gtk_widget_class_bind_template_callback (widget, on_place);
  gtk_widget_class_bind_template_callback (widget, on_point);
}

static void
esp_sensitivity_page_class_init (EspSensitivityPageClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  const GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_sensitivity_page_dispose;
  g_type_ensure (ESP_TYPE_CHART_VIEW);
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/sensitivity-page.ui");
  bind_children (widget);
  gtk_widget_class_set_css_name (widget, "sensitivitypage");
  signals[MEASURE] = g_signal_new ("measure", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[STOP] = g_signal_new ("stop", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[CHANCE] = g_signal_new ("chance", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[PLACE_CHOSEN] = g_signal_new ("place-chosen", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[POINT_CHOSEN] = g_signal_new ("point-chosen", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
esp_sensitivity_page_init (EspSensitivityPage *self)
{
  const char *const of[] = { _ ("Each group alone"), _ ("Each layer alone"), NULL };
  g_autoptr (GtkStringList) titles = gtk_string_list_new (of);
  const EspChartAxis x = { _ ("share cut"), 0, 1, TRUE, FALSE }, y = { _ ("mAP %"), 0, NAN, TRUE, FALSE };

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drop_down_set_model (self->of_drop, G_LIST_MODEL (titles));
  esp_drop_down_name (self->of_drop, _ ("What is cut"));
  esp_widget_ignore_wheel (GTK_WIDGET (self->images_spin));
  esp_chart_view_set_axes (self->chart, &x, &y);
  g_signal_connect (self->chart, "point-clicked", G_CALLBACK (chart_clicked), self);
  esp_sensitivity_page_set_curve (self, NULL, NULL, FALSE);
}

/** esp_sensitivity_page_new: Returns: (transfer floating): a page on which nothing is measured. Thread: main. */
GtkWidget *
esp_sensitivity_page_new (void)
{
  return g_object_new (ESP_TYPE_SENSITIVITY_PAGE, NULL);
}

/** esp_sensitivity_page_set_images: @page: there are @n images, and @proposed of them are taken unless a person says another number.
 * Thread: main. */
void
esp_sensitivity_page_set_images (EspSensitivityPage *self, guint n, guint proposed)
{
  g_return_if_fail (ESP_IS_SENSITIVITY_PAGE (self));
  gtk_spin_button_set_range (self->images_spin, 1, MAX (n, 1));
  gtk_spin_button_set_value (self->images_spin, proposed);
}

/** esp_sensitivity_page_get_images: Returns: on how many images to measure. Thread: main. */
guint
esp_sensitivity_page_get_images (EspSensitivityPage *self)
{
  return (guint) gtk_spin_button_get_value_as_int (self->images_spin);
}

/** esp_sensitivity_page_get_by_group: Returns: whether groups are cut, not layers. Thread: main. */
gboolean
esp_sensitivity_page_get_by_group (EspSensitivityPage *self)
{
  return gtk_drop_down_get_selected (self->of_drop) == 0;
}

/** esp_sensitivity_page_set_state: @page: shows what can be done in @state. Thread: main. */
void
esp_sensitivity_page_set_state (EspSensitivityPage *self, EspSensitivityPageState state)
{
  g_return_if_fail (ESP_IS_SENSITIVITY_PAGE (self));
  self->state = state;
  update (self);
}

/** esp_sensitivity_page_set_progress: @page: how far it is, @fraction of 1, and in @words; NAN: no bar. Thread: main. */
void
esp_sensitivity_page_set_progress (EspSensitivityPage *self, double fraction, const char *words)
{
  g_return_if_fail (ESP_IS_SENSITIVITY_PAGE (self));
  gtk_widget_set_visible (GTK_WIDGET (self->progress), !isnan (fraction));
  if (!isnan (fraction))
    gtk_progress_bar_set_fraction (self->progress, CLAMP (fraction, 0, 1));
  gtk_label_set_label (self->status, words);
}

/** esp_sensitivity_page_set_places: @page: what was measured, @n @lines; the first is chosen where none is. Thread: main. */
void
esp_sensitivity_page_set_places (EspSensitivityPage *self, const EspLine *lines, guint n)
{
  g_return_if_fail (ESP_IS_SENSITIVITY_PAGE (self));
  esp_line_list_fill (self->places, lines, n);
  if (n > 0 && gtk_list_box_get_selected_row (self->places) == NULL)
    gtk_list_box_select_row (self->places, gtk_list_box_get_row_at_index (self->places, 0));
}

/** esp_sensitivity_page_get_place: Returns: which place is chosen, -1 none. Thread: main. */
int
esp_sensitivity_page_get_place (EspSensitivityPage *self)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->places);

  return row != NULL ? gtk_list_box_row_get_index (row) : -1;
}

static void
set_level (EspSensitivityPage *self, double whole)
{
  const EspChartPoint ends[] = { { 0, whole, NAN, NAN }, { 1, whole, NAN, NAN } };

  esp_chart_view_set_line (self->chart, WHOLE, isnan (whole) ? NULL : _ ("whole network"), ends, isnan (whole) ? 0 : 2);
  esp_chart_view_set_look (self->chart, WHOLE, &(EspChartLook){ .thin = TRUE });
}

static void
set_planned (EspSensitivityPage *self, const EspSensitivityCurve *curve)
{
  const gboolean any = curve != NULL && !isnan (curve->planned) && !isnan (curve->whole);
  const EspChartPoint ends[]
      = { { any ? curve->planned : 0, 0, NAN, NAN }, { any ? curve->planned : 0, any ? curve->whole : 0, NAN, NAN } };

  esp_chart_view_set_line (self->chart, PLANNED, any ? _ ("the plan") : NULL, ends, any ? 2 : 0);
}

/**
 * esp_sensitivity_page_set_curve:
 * @page: the page
 * @curve: (nullable): of the place that is chosen
 * @lines: (nullable): its points in words, as many
 * @can_chance: whether where chance lies may be measured
 *
 * The cliff is where the curve is drawn heavier. Thread: main.
 */
void
esp_sensitivity_page_set_curve (EspSensitivityPage *self, const EspSensitivityCurve *curve, const EspLine *lines, gboolean can_chance)
{
  const guint n = curve != NULL ? curve->n : 0;
  const gboolean cliff = curve != NULL && !isnan (curve->cliff_from), chance = curve != NULL && curve->chance != NULL;

  g_return_if_fail (ESP_IS_SENSITIVITY_PAGE (self));
  esp_chart_view_set_line (self->chart, CURVE, n > 0 ? _ ("lowest scores first") : NULL, n > 0 ? curve->points : NULL, n);
  esp_chart_view_set_look (self->chart, CURVE,
                           &(EspChartLook){ .heavy_from = cliff ? curve->cliff_from : 0, .heavy_to = cliff ? curve->cliff_to : 0 });
  esp_chart_view_set_line (self->chart, CHANCE_BAND, chance ? _ ("by lot") : NULL, chance ? curve->chance : NULL, chance ? n : 0);
  set_planned (self, curve);
  set_level (self, curve != NULL ? curve->whole : (double) NAN);
  esp_chart_view_set_words (self->chart, curve != NULL ? curve->sentence : NULL);
  gtk_label_set_label (self->sentence, curve != NULL ? curve->sentence : "");
  esp_line_list_fill (self->points, lines, n);
  gtk_widget_set_visible (self->findings, curve != NULL);
  self->can_chance = can_chance;
  update (self);
}
