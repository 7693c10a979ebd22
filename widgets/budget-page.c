/* budget-page.c: what a plan may cost or must keep, the plans tried for it, and what was found */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "budget-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "chart-view.h"
#include "row-label.h"

#define MOST_UNITS 8
#define PROPOSED   0.5  /* of what the whole network costs */
#define SLACK      0.05 /* mAP that is proposed to be given up, of what it finds */

struct _EspBudgetPage
{
  GtkBox parent_instance;

  GtkWidget *settings;
  GtkCheckButton *most_check, *least_check;
  GtkSpinButton *most_spin, *least_spin, *images_spin, *tries_spin;
  GtkDropDown *unit_drop;
  GtkLabel *whole_label, *map_label;
  GtkWidget *search_button, *stop_button, *apply_button;
  GtkProgressBar *progress;
  GtkLabel *status;
  EspChartView *chart;
  GtkListBox *results;
  EspBudgetPageState state;
  GStrv units;
  double whole[MOST_UNITS]; /* NAN: not known */
  double map;
  gboolean filling; /* by the program: nobody's choice */
  gboolean chosen, map_chosen;
};

G_DEFINE_FINAL_TYPE (EspBudgetPage, esp_budget_page, GTK_TYPE_BOX)

enum
{
  SEARCH,
  STOP,
  APPLY,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
update (EspBudgetPage *self)
{
  const gboolean idle = self->state == ESP_BUDGET_PAGE_IDLE;
  const gboolean most = gtk_check_button_get_active (self->most_check), least = gtk_check_button_get_active (self->least_check);

  gtk_widget_set_sensitive (self->settings, idle);
  gtk_widget_set_sensitive (GTK_WIDGET (self->most_spin), most);
  gtk_widget_set_sensitive (GTK_WIDGET (self->least_spin), least);
  gtk_widget_set_visible (self->search_button, idle);
  gtk_widget_set_visible (self->stop_button, !idle);
  gtk_widget_set_sensitive (self->search_button, most || least);
  gtk_widget_set_sensitive (self->stop_button, self->state == ESP_BUDGET_PAGE_RUNNING);
}

static void
on_search (GtkButton *button, EspBudgetPage *self)
{
  g_signal_emit (self, signals[SEARCH], 0);
}

static void
on_stop (GtkButton *button, EspBudgetPage *self)
{
  g_signal_emit (self, signals[STOP], 0);
}

static void
on_apply (GtkButton *button, EspBudgetPage *self)
{
  g_signal_emit (self, signals[APPLY], 0);
}

/* What the whole network costs in the unit chosen, and half of it as long as nobody said another number. */
static void
show_whole (EspBudgetPage *self)
{
  const guint unit = gtk_drop_down_get_selected (self->unit_drop);
  const double whole = unit < MOST_UNITS ? self->whole[unit] : (double) NAN;
  g_autofree char *text = NULL;

  if (isnan (whole))
    text = g_strdup (_ ("what the whole network takes is not measured yet"));
  else
    text = g_strdup_printf (_ ("of %.3g %s, what the whole network takes"), whole, self->units[unit]);
  gtk_label_set_label (self->whole_label, text);
  if (self->chosen || isnan (whole))
    return;
  self->filling = TRUE;
  gtk_spin_button_set_value (self->most_spin, PROPOSED * whole);
  self->filling = FALSE;
}

static void
show_map (EspBudgetPage *self)
{
  g_autofree char *text = NULL;

  if (!isnan (self->map))
    text = g_strdup_printf (_ ("of %.1f %%, on all images"), 100 * self->map);
  gtk_label_set_label (self->map_label, text != NULL ? text : "");
  if (self->map_chosen || isnan (self->map))
    return;
  self->filling = TRUE;
  gtk_spin_button_set_value (self->least_spin, 100 * (1 - SLACK) * self->map);
  self->filling = FALSE;
}

static void
unit_changed (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  EspBudgetPage *self = data;

  if (self->filling)
    return;
  self->chosen = FALSE; /* a number in another unit is nobody's wish */
  show_whole (self);
}

static void
most_changed (GtkSpinButton *spin, gpointer data)
{
  EspBudgetPage *self = data;

  self->chosen |= !self->filling;
}

static void
least_changed (GtkSpinButton *spin, gpointer data)
{
  EspBudgetPage *self = data;

  self->map_chosen |= !self->filling;
}

static void
esp_budget_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_BUDGET_PAGE);
  g_clear_pointer (&ESP_BUDGET_PAGE (object)->units, g_strfreev);
  G_OBJECT_CLASS (esp_budget_page_parent_class)->dispose (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget, EspBudgetPage, name)

static void
bind_children (GtkWidgetClass *widget)
{
  BIND (settings);
  BIND (most_check);
  BIND (least_check);
  BIND (most_spin);
  BIND (least_spin);
  BIND (images_spin);
  BIND (tries_spin);
  BIND (unit_drop);
  BIND (whole_label);
  BIND (map_label);
  BIND (search_button);
  BIND (stop_button);
  BIND (apply_button);
  BIND (progress);
  BIND (status);
  BIND (chart);
  BIND (results);
  gtk_widget_class_bind_template_callback (widget, on_search);
  gtk_widget_class_bind_template_callback (widget, on_stop);
  gtk_widget_class_bind_template_callback (widget, on_apply);
}

static void
esp_budget_page_class_init (EspBudgetPageClass *klass)
{
  const char *const names[N_SIGNALS] = { "search", "stop", "apply" };
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_budget_page_dispose;
  g_type_ensure (ESP_TYPE_CHART_VIEW);
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/budget-page.ui");
  bind_children (widget);
  gtk_widget_class_set_css_name (widget, "budgetpage");
  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_budget_page_init (EspBudgetPage *self)
{
  GtkSpinButton **spins[] = { &self->most_spin, &self->least_spin, &self->images_spin, &self->tries_spin };

  gtk_widget_init_template (GTK_WIDGET (self));
  self->map = NAN;
  for (guint i = 0; i < MOST_UNITS; i++)
    self->whole[i] = NAN;
  for (guint i = 0; i < G_N_ELEMENTS (spins); i++)
    esp_widget_ignore_wheel (GTK_WIDGET (*spins[i]));
  esp_drop_down_name (self->unit_drop, _ ("Unit of the cost"));
  g_signal_connect_swapped (self->most_check, "toggled", G_CALLBACK (update), self);
  g_signal_connect_swapped (self->least_check, "toggled", G_CALLBACK (update), self);
  g_signal_connect (self->unit_drop, "notify::selected", G_CALLBACK (unit_changed), self);
  g_signal_connect (self->most_spin, "value-changed", G_CALLBACK (most_changed), self);
  g_signal_connect (self->least_spin, "value-changed", G_CALLBACK (least_changed), self);
  esp_budget_page_set_tried (self, "", NULL, 0, NULL, 0, NAN, NULL);
  update (self);
}

/** esp_budget_page_new: Returns: (transfer floating): a page on which nothing runs. Thread: main. */
GtkWidget *
esp_budget_page_new (void)
{
  return g_object_new (ESP_TYPE_BUDGET_PAGE, NULL);
}

/** esp_budget_page_set_units: @page: what a cost is in; @names: NULL-terminated. Thread: main. */
void
esp_budget_page_set_units (EspBudgetPage *self, const char *const *names)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (names);

  g_return_if_fail (ESP_IS_BUDGET_PAGE (self) && g_strv_length ((GStrv) names) <= MOST_UNITS);
  g_clear_pointer (&self->units, g_strfreev);
  self->units = g_strdupv ((GStrv) names);
  self->filling = TRUE;
  gtk_drop_down_set_model (self->unit_drop, G_LIST_MODEL (list));
  self->filling = FALSE;
  show_whole (self);
}

/** esp_budget_page_set_whole: @page: the whole network takes @cost in @unit; NAN: not known yet. Thread: main. */
void
esp_budget_page_set_whole (EspBudgetPage *self, guint unit, double cost)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self) && unit < MOST_UNITS);
  if (self->whole[unit] == cost || (isnan (self->whole[unit]) && isnan (cost)))
    return;
  self->whole[unit] = cost;
  if (unit == gtk_drop_down_get_selected (self->unit_drop))
    show_whole (self);
}

/** esp_budget_page_set_map: @page: the whole network finds @map, 0..1; NAN: not known yet. Thread: main. */
void
esp_budget_page_set_map (EspBudgetPage *self, double map)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  if (self->map == map || (isnan (self->map) && isnan (map)))
    return;
  self->map = map;
  show_map (self);
}

/** esp_budget_page_set_images: @page: there are @n; all are taken unless a person takes fewer. Thread: main. */
void
esp_budget_page_set_images (EspBudgetPage *self, guint n)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  gtk_spin_button_set_range (self->images_spin, 2, MAX (n, 2));
}

/** esp_budget_page_set_effort: @page: how many images and plans. Thread: main. */
void
esp_budget_page_set_effort (EspBudgetPage *self, guint images, guint tries)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  gtk_spin_button_set_value (self->images_spin, images);
  gtk_spin_button_set_value (self->tries_spin, tries);
}

/** esp_budget_page_get_settings: @page: what is asked for; @settings: (out). Thread: main. */
void
esp_budget_page_get_settings (EspBudgetPage *self, EspBudgetSettings *settings)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  *settings = (EspBudgetSettings){ .has_most = gtk_check_button_get_active (self->most_check),
                                   .has_least = gtk_check_button_get_active (self->least_check),
                                   .most = gtk_spin_button_get_value (self->most_spin),
                                   .unit = gtk_drop_down_get_selected (self->unit_drop),
                                   .least_map = gtk_spin_button_get_value (self->least_spin) / 100,
                                   .images = (guint) gtk_spin_button_get_value_as_int (self->images_spin),
                                   .tries = (guint) gtk_spin_button_get_value_as_int (self->tries_spin) };
}

/** esp_budget_page_set_state: @page: shows what can be done in @state. Thread: main. */
void
esp_budget_page_set_state (EspBudgetPage *self, EspBudgetPageState state)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  self->state = state;
  update (self);
}

/** esp_budget_page_set_progress: @page: how far it is, @fraction of 1, and in @words; NAN: no bar. Thread: main. */
void
esp_budget_page_set_progress (EspBudgetPage *self, double fraction, const char *words)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  gtk_widget_set_visible (GTK_WIDGET (self->progress), !isnan (fraction));
  if (!isnan (fraction))
    gtk_progress_bar_set_fraction (self->progress, CLAMP (fraction, 0, 1));
  gtk_label_set_label (self->status, words);
}

/* A line from the lowest to the highest number at @most. */
static void
set_limit (EspBudgetPage *self, const EspChartPoint *tried, guint n, double most)
{
  double low = INFINITY, high = -INFINITY;
  EspChartPoint ends[2] = { { most, 0, NAN, NAN }, { most, 0, NAN, NAN } };

  for (guint i = 0; i < n; i++)
    {
      low = MIN (low, tried[i].y);
      high = MAX (high, tried[i].y);
    }
  ends[0].y = low;
  ends[1].y = high;
  esp_chart_view_set_line (self->chart, 2, isfinite (most) && n > 0 ? _ ("limit") : NULL, ends, isfinite (most) && n > 0 ? 2 : 0);
}

/**
 * esp_budget_page_set_tried:
 * @page: the page
 * @unit: of the costs, for their axis
 * @tried: (nullable): every plan: its cost and mAP
 * @n_tried: how many
 * @frontier: (nullable): those that no other beats in both, by cost ascending
 * @n_frontier: how many
 * @most: the limit; NAN or infinite: none
 * @found: (nullable): the one that is proposed
 *
 * Thread: main.
 */
void
esp_budget_page_set_tried (EspBudgetPage *self,
                           const char *unit,
                           const EspChartPoint *tried,
                           guint n_tried,
                           const EspChartPoint *frontier,
                           guint n_frontier,
                           double most,
                           const EspChartPoint *found)
{
  const EspChartAxis x = { unit, NAN, NAN, FALSE, FALSE }, y = { _ ("mAP % of the half that chooses"), NAN, NAN, TRUE, FALSE };
  g_autofree char *words = NULL;

  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  esp_chart_view_set_axes (self->chart, &x, &y);
  esp_chart_view_set_line (self->chart, 0, n_tried > 0 ? _ ("tried") : NULL, tried, n_tried);
  esp_chart_view_set_look (self->chart, 0, &(EspChartLook){ .scattered = TRUE });
  esp_chart_view_set_line (self->chart, 1, n_frontier > 0 ? _ ("frontier") : NULL, frontier, n_frontier);
  set_limit (self, tried, n_tried, most);
  esp_chart_view_set_line (self->chart, 3, found != NULL ? _ ("found") : NULL, found, found != NULL ? 1 : 0);
  if (n_frontier > 0)
    words = g_strdup_printf (g_dngettext (NULL, "%u plan tried; of those that no other beats the cheapest has %.1f %% at %.3g %s",
                                          "%u plans tried; of those that no other beats the cheapest has %.1f %% at %.3g %s", n_tried),
                             n_tried, 100 * frontier[0].y, frontier[0].x, unit);
  esp_chart_view_set_words (self->chart, words);
}

/** esp_budget_page_set_result: @page: what was found, in @n lines; @can_apply: whether it may be made the plan. Thread: main. */
void
esp_budget_page_set_result (EspBudgetPage *self, const EspLine *lines, guint n, gboolean can_apply)
{
  g_return_if_fail (ESP_IS_BUDGET_PAGE (self));
  gtk_widget_set_visible (GTK_WIDGET (self->results), n > 0);
  esp_line_list_fill (self->results, lines, n);
  gtk_widget_set_visible (self->apply_button, n > 0);
  gtk_widget_set_sensitive (self->apply_button, can_apply);
}
