/* compare-window.c: two branches of the plan side by side: what each costs, what only one cuts, and what each finds
 *
 * It stays beside the window while the plan is worked on: costs follow at once, what was found is of a plan that is no more and goes. */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "compare-window.h"

#include <glib/gi18n.h>

#include "prune/plan-branch.h"
#include "study/branches.h"
#include "widgets/metric-text.h"
#include "widgets/row-label.h"
#include "widgets/tab-out.h"

#define REFRESH_MS 150 /* a drag tells the plan many times a frame */

typedef enum
{
  ROW_MAP,
  ROW_SIZE,
  ROW_PARAMS,
  ROW_BFLOPS,
  ROW_CUT,
  ROW_ONLY,
  N_ROWS,
} Row;

static const char *const titles[N_ROWS] = {
  [ROW_MAP] = N_ ("mAP"),       [ROW_SIZE] = N_ ("Size"),        [ROW_PARAMS] = N_ ("Parameters"),
  [ROW_BFLOPS] = N_ ("BFLOPs"), [ROW_CUT] = N_ ("Channels cut"), [ROW_ONLY] = N_ ("Cut by this one alone"),
};

struct _EspCompareWindow
{
  AdwWindow parent_instance;

  GtkGrid *grid;
  GtkDropDown *drop_a, *drop_b;
  GtkLabel *verdict;
  GtkSpinner *spinner;
  GtkButton *measure;
  GtkLabel *layers_title;
  GtkListBox *layers;
  GtkLabel *values[N_ROWS][2];

  EspWindow *window; /* not held: it is the parent, and goes last */
  EspPlan *plan;
  gboolean filling;
  guint refresh;
  guint serial;       /* of the newest difference asked for */
  EspJob *job;        /* (nullable): both are run */
  GtkWidget *job_row; /* of it, in the window's popover */
};

G_DEFINE_FINAL_TYPE (EspCompareWindow, esp_compare_window, ADW_TYPE_WINDOW)

/* What a callback needs to know whether it is still wanted. */
typedef struct
{
  EspCompareWindow *self;
  guint serial;
} Asked;

static Asked *
asked_new (EspCompareWindow *self)
{
  Asked *asked = g_new (Asked, 1);

  *asked = (Asked){ g_object_ref (self), self->serial };
  return asked;
}

static void
asked_free (Asked *asked)
{
  g_object_unref (asked->self);
  g_free (asked);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asked, asked_free)

static EspStudy *
study_of (EspCompareWindow *self)
{
  return self->window->study;
}

static guint
branch_of (EspCompareWindow *self, int side)
{
  const guint n = esp_plan_get_n_branches (self->plan);

  return MIN (gtk_drop_down_get_selected (side == 0 ? self->drop_a : self->drop_b), n - 1);
}

static const char *
name_of (EspCompareWindow *self, int side)
{
  return esp_plan_get_branch_name (self->plan, branch_of (self, side));
}

/* @text: (transfer full): ASCII. What a screen reader hears of the number says whose it is. */
static void
show_value (EspCompareWindow *self, Row row, int side, char *text)
{
  g_autofree char *shown = esp_metric_pretty (text);
  g_autofree char *whose = g_strdup_printf (_ ("%s of “%s”"), _ (titles[row]), name_of (self, side));

  gtk_label_set_label (self->values[row][side], shown);
  esp_accessible_describe (self->values[row][side], whose);
  g_free (text);
}

static void
show_cost (EspCompareWindow *self, int side, const EspCost *cost, const EspCost *whole, guint cut, guint only)
{
  show_value (self, ROW_SIZE, side, g_strdup_printf (_ ("%.2f MB"), (double) cost->file_bytes / 1e6));
  show_value (self, ROW_PARAMS, side, g_strdup_printf (_ ("%.3f million"), (double) cost->params / 1e6));
  show_value (self, ROW_BFLOPS, side,
              cut > 0 ? g_strdup_printf (_ ("%.3f (%+.1f %%)"), cost->bflops, 100 * (cost->bflops / whole->bflops - 1))
                      : g_strdup_printf (_ ("%.3f"), cost->bflops));
  show_value (self, ROW_CUT, side, g_strdup_printf ("%u", cut));
  show_value (self, ROW_ONLY, side, g_strdup_printf ("%u", only));
}

static void
show_layers (EspCompareWindow *self, const EspPlanDifference *difference)
{
  g_autofree char *title = NULL;

  for (GtkListBoxRow *row; (row = gtk_list_box_get_row_at_index (self->layers, 0)) != NULL;)
    gtk_list_box_remove (self->layers, GTK_WIDGET (row));
  for (guint i = 0; i < difference->layers->len; i++)
    {
      const EspLayerDifference *layer = g_ptr_array_index (difference->layers, i);
      g_autofree char *text = g_strdup_printf (_ ("Layer %u: %u and %u of %u kept; %u cut by the first alone, %u by the second"),
                                               layer->layer, layer->kept_a, layer->kept_b, layer->n, layer->n_only_a, layer->n_only_b);
      GtkWidget *label = gtk_label_new (text), *row;

      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_widget_add_css_class (label, "numeric");
      gtk_widget_set_margin_start (label, 12);
      gtk_widget_set_margin_end (label, 12);
      gtk_widget_set_margin_top (label, 8);
      gtk_widget_set_margin_bottom (label, 8);
      gtk_list_box_append (self->layers, label);
      row = GTK_WIDGET (gtk_list_box_get_row_at_index (self->layers, (int) i));
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
      esp_accessible_name (row, text);
    }
  title = g_strdup_printf (ngettext ("%u layer differs", "%u layers differ", difference->layers->len), difference->layers->len);
  gtk_label_set_label (self->layers_title, difference->layers->len > 0 ? title : _ ("Both keep the same channels"));
  gtk_widget_set_visible (GTK_WIDGET (self->layers), difference->layers->len > 0);
}

static void
difference_found (GObject *study, GAsyncResult *result, gpointer data)
{
  g_autoptr (Asked) asked = data;
  EspCompareWindow *self = asked->self;
  g_autoptr (EspPlanDifference) difference = esp_study_difference_finish (result, NULL);

  if (difference == NULL || self->plan == NULL || asked->serial != self->serial)
    return;
  show_cost (self, 0, &difference->cost_a, &difference->whole, difference->cut_a, difference->only_a);
  show_cost (self, 1, &difference->cost_b, &difference->whole, difference->cut_b, difference->only_b);
  show_layers (self, difference);
}

static void
show_busy (EspCompareWindow *self)
{
  gtk_spinner_set_spinning (self->spinner, self->job != NULL);
  gtk_button_set_label (self->measure, self->job != NULL ? _ ("Cancel") : _ ("Measure mAP"));
  gtk_widget_set_visible (GTK_WIDGET (self->measure), esp_study_can_compare (study_of (self)));
}

/* Of plans that are no more. */
static void
forget_found (EspCompareWindow *self)
{
  const guint n = esp_study_get_dataset (study_of (self)) != NULL ? esp_dataset_get_n (esp_study_get_dataset (study_of (self))) : 0;
  g_autofree char *words
      = g_strdup_printf (ngettext ("Not measured yet: both on %u image", "Not measured yet: both on all %u images", n), n);

  esp_job_cancel (self->job);
  for (int side = 0; side < 2; side++)
    show_value (self, ROW_MAP, side, g_strdup ("–"));
  gtk_label_set_label (self->verdict, esp_study_can_compare (study_of (self))
                                          ? words
                                          : _ ("Without labelled photographs only what the two cut and cost can be compared"));
}

static gboolean
on_refresh (gpointer data)
{
  EspCompareWindow *self = data;

  self->refresh = 0;
  self->serial++;
  forget_found (self);
  esp_study_difference_async (study_of (self), branch_of (self, 0), branch_of (self, 1), difference_found, asked_new (self));
  return G_SOURCE_REMOVE;
}

static void
queue_refresh (EspCompareWindow *self)
{
  if (self->plan != NULL && self->refresh == 0)
    self->refresh = g_timeout_add (REFRESH_MS, on_refresh, self);
}

static void
on_chosen (EspCompareWindow *self)
{
  if (!self->filling)
    queue_refresh (self);
}

static void
end_job (EspCompareWindow *self)
{
  if (self->job_row != NULL)
    esp_window_hide_job (self->window, self->job_row);
  self->job_row = NULL;
  g_clear_pointer (&self->job, esp_job_unref);
}

static void
show_found (EspCompareWindow *self, const EspComparison *found)
{
  const EspInterval *const of[2] = { &found->a, &found->b };
  g_autofree char *words = g_strdup_printf (_ ("Second minus first: mAP %+.2f points, 95 %% %+.2f … %+.2f. %u objects are found by the "
                                               "first alone, %u by the second (McNemar p %.2g)."),
                                            100 * found->difference.value, 100 * found->difference.low, 100 * found->difference.high,
                                            found->lost, found->gained, found->p);
  g_autofree char *shown = esp_metric_pretty (words);

  for (int side = 0; side < 2; side++)
    show_value (self, ROW_MAP, side,
                g_strdup_printf (_ ("%.2f %% (95 %% %.2f … %.2f)"), 100 * of[side]->value, 100 * of[side]->low, 100 * of[side]->high));
  gtk_label_set_label (self->verdict, shown);
}

static void
compared (GObject *study, GAsyncResult *result, gpointer data)
{
  g_autoptr (Asked) asked = data;
  EspCompareWindow *self = asked->self;
  g_autoptr (GError) error = NULL;
  EspComparison found;
  const gboolean good = esp_study_compare_finish (result, &found, &error);

  if (self->plan == NULL) /* closed */
    return;
  end_job (self);
  show_busy (self);
  if (good && asked->serial == self->serial)
    show_found (self, &found);
  else if (!good && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    esp_window_show_error (self->window, _ ("The Branches Could Not Be Compared"), error);
}

static void
on_measure (EspCompareWindow *self)
{
  g_autofree char *title = NULL;

  if (self->job != NULL)
    {
      esp_job_cancel (self->job);
      return;
    }
  title = g_strdup_printf (_ ("Comparing “%s” and “%s”"), name_of (self, 0), name_of (self, 1));
  self->job = esp_job_new (title);
  self->job_row = esp_window_show_job (self->window, self->job);
  show_busy (self);
  esp_study_compare_async (study_of (self), branch_of (self, 0), branch_of (self, 1), self->job, compared, asked_new (self));
}

/* Both keep their choice by name where there is one of that name still. */
static void
fill_branches (EspCompareWindow *self)
{
  GtkDropDown *const drops[2] = { self->drop_a, self->drop_b };
  const guint n = esp_plan_get_n_branches (self->plan), in_hand = esp_plan_get_branch (self->plan);
  const guint presets[2] = { in_hand, in_hand > 0 ? 0 : MIN (1, n - 1) };

  self->filling = TRUE;
  for (int side = 0; side < 2; side++)
    {
      GtkStringObject *chosen = gtk_drop_down_get_selected_item (drops[side]);
      g_autofree char *name = chosen != NULL ? g_strdup (gtk_string_object_get_string (chosen)) : NULL;
      const int found = name != NULL ? esp_plan_find_branch (self->plan, name) : -1;
      g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

      for (guint b = 0; b < n; b++)
        gtk_string_list_append (names, esp_plan_get_branch_name (self->plan, b));
      gtk_drop_down_set_model (drops[side], G_LIST_MODEL (names));
      gtk_drop_down_set_selected (drops[side], found >= 0 ? (guint) found : presets[side]);
    }
  self->filling = FALSE;
  queue_refresh (self);
}

static void
on_plan_gone (EspCompareWindow *self)
{
  if (esp_study_get_plan (study_of (self)) != self->plan)
    gtk_window_close (GTK_WINDOW (self));
}

static void
esp_compare_window_dispose (GObject *object)
{
  EspCompareWindow *self = ESP_COMPARE_WINDOW (object);

  g_clear_handle_id (&self->refresh, g_source_remove);
  esp_job_cancel (self->job); /* its row goes with the window where that goes first */
  g_clear_pointer (&self->job, esp_job_unref);
  g_clear_object (&self->plan);
  G_OBJECT_CLASS (esp_compare_window_parent_class)->dispose (object);
}

static gboolean
esp_compare_window_close_request (GtkWindow *window)
{
  EspCompareWindow *self = ESP_COMPARE_WINDOW (window);

  esp_job_cancel (self->job);
  end_job (self);
  return GTK_WINDOW_CLASS (esp_compare_window_parent_class)->close_request (window);
}

static void
esp_compare_window_class_init (EspCompareWindowClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_compare_window_dispose;
  GTK_WINDOW_CLASS (klass)->close_request = esp_compare_window_close_request;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/compare-window.ui");
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, grid);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, drop_a);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, drop_b);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, verdict);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, spinner);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, measure);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, layers_title);
  gtk_widget_class_bind_template_child (widget, EspCompareWindow, layers);
  gtk_widget_class_bind_template_callback (widget, on_chosen);
  gtk_widget_class_bind_template_callback (widget, on_measure);
  gtk_widget_class_add_binding_action (widget, GDK_KEY_Escape, 0, "window.close", NULL);
}

static GtkLabel *
add_label (EspCompareWindow *self, const char *text, int column, int row)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, column == 0 ? "dim-label" : "numeric");
  gtk_grid_attach (self->grid, label, column, row, 1, 1);
  return GTK_LABEL (label);
}

static void
esp_compare_window_init (EspCompareWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (int row = 0; row < N_ROWS; row++)
    {
      add_label (self, _ (titles[row]), 0, row + 1);
      for (int side = 0; side < 2; side++)
        self->values[row][side] = add_label (self, "", side + 1, row + 1);
    }
  esp_drop_down_name (self->drop_a, _ ("First branch"));
  esp_drop_down_name (self->drop_b, _ ("Second branch"));
  esp_tab_out (GTK_WIDGET (self->layers));
}

/** esp_compare_window_new: Returns: (transfer none): beside @window, of its plan's branches: the one in hand and another. Thread: main. */
EspCompareWindow *
esp_compare_window_new (EspWindow *window)
{
  EspCompareWindow *self = g_object_new (ESP_TYPE_COMPARE_WINDOW, "transient-for", window, "destroy-with-parent", TRUE, NULL);

  self->window = window;
  self->plan = g_object_ref (esp_study_get_plan (window->study));
  g_signal_connect_object (self->plan, "branches-changed", G_CALLBACK (fill_branches), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->plan, "changed", G_CALLBACK (queue_refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (window->study, "notify::plan", G_CALLBACK (on_plan_gone), self, G_CONNECT_SWAPPED);
  fill_branches (self);
  show_busy (self);
  return self;
}
