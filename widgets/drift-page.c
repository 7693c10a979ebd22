/* drift-page.c: before and after: boxes by how far a plan moves what they are explained by, and the objects that it loses */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "drift-page.h"

#include <glib/gi18n.h>
#include <math.h>

#include "row-label.h"
#include "tab-out.h"

struct _EspDriftPage
{
  GtkBox parent_instance;

  GtkWidget *compare_button, *stop_button, *findings;
  GtkProgressBar *progress;
  GtkLabel *status, *earlier, *no_boxes, *no_lost;
  GtkStack *stack;
  GtkStackPage *boxes_page, *lost_page;
  GtkListView *boxes, *lost;
  gboolean filling; /* by the program: no signal */
};

G_DEFINE_FINAL_TYPE (EspDriftPage, esp_drift_page, GTK_TYPE_BOX)

enum
{
  COMPARE,
  STOP,
  BOX_CHOSEN,
  LOST_CHOSEN,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
on_compare (GtkButton *button, EspDriftPage *self)
{
  g_signal_emit (self, signals[COMPARE], 0);
}

static void
on_stop (GtkButton *button, EspDriftPage *self)
{
  g_signal_emit (self, signals[STOP], 0);
}

static GtkWidget *
make_label (const char *style)
{
  /* The row itself is named; a word of its own here would be read twice. */
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "xalign", 0., "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_widget_add_css_class (label, "numeric");
  gtk_widget_add_css_class (label, style);
  return label;
}

/* A cell: two words on a line, and a line below. */
typedef struct
{
  GtkLabel *title, *aside, *words;
} Cell;

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *top = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);
  Cell *cell = g_new (Cell, 1);

  cell->title = GTK_LABEL (make_label ("body"));
  cell->aside = GTK_LABEL (make_label ("dim-label"));
  cell->words = GTK_LABEL (make_label ("caption"));
  gtk_widget_set_hexpand (GTK_WIDGET (cell->title), TRUE);
  gtk_label_set_ellipsize (cell->title, PANGO_ELLIPSIZE_END);
  gtk_label_set_ellipsize (cell->words, PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (GTK_WIDGET (cell->words), "dim-label");
  gtk_box_append (GTK_BOX (top), GTK_WIDGET (cell->title));
  gtk_box_append (GTK_BOX (top), GTK_WIDGET (cell->aside));
  gtk_box_append (GTK_BOX (box), top);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (cell->words));
  g_object_set_data_full (G_OBJECT (box), "esp-cell", cell, g_free);
  gtk_list_item_set_child (item, box);
}

static void
fill (GtkListItem *item, const char *title, const char *aside, const char *words)
{
  GtkWidget *box = gtk_list_item_get_child (item);
  const Cell *cell = g_object_get_data (G_OBJECT (box), "esp-cell");

  gtk_label_set_label (cell->title, title);
  gtk_label_set_label (cell->aside, aside);
  gtk_label_set_label (cell->words, words);
  gtk_widget_set_tooltip_text (box, words);
  esp_row_label_bind (GTK_ACCESSIBLE (gtk_widget_get_parent (box)), gtk_list_item_get_item (item));
}

/* "ring, 98 % to 41 %", its drift, "test-00003, heat in the box 0.81 to 0.40" */
static void
on_bind_box (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  gpointer row = gtk_list_item_get_item (item);
  g_autofree char *name = esp_row_dup_string (row, "name"), *class_name = esp_row_dup_string (row, "class-name");
  g_autofree char *title = NULL, *aside = NULL, *words = NULL;
  double before, after, distance, heat_before, heat_after;

  g_object_get (row, "before", &before, "after", &after, "distance", &distance, "heat-before", &heat_before, "heat-after", &heat_after,
                NULL);
  /* Translators: a class, and how sure of it the network was before and is after */
  title = isnan (after) ? g_strdup_printf (_ ("%s %.0f %%, not found any more"), class_name, 100 * before)
                        : g_strdup_printf (_ ("%s %.0f %% → %.0f %%"), class_name, 100 * before, 100 * after);
  aside = isnan (distance) ? g_strdup (_ ("no heat")) : g_strdup_printf ("%.3f", distance);
  words = isnan (heat_before) || isnan (heat_after)
              ? g_strdup (name)
              : g_strdup_printf (_ ("%s · heat in the box %.2f → %.2f"), name, heat_before, heat_after);
  fill (item, title, aside, words);
}

/* "ring 98 %", what became of it, "test-00003 · layer 8: 3, 17" */
static void
on_bind_lost (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  gpointer row = gtk_list_item_get_item (item);
  g_autofree char *name = esp_row_dup_string (row, "name"), *class_name = esp_row_dup_string (row, "class-name");
  g_autofree char *error = esp_row_dup_string (row, "error"), *channels = esp_row_dup_string (row, "channels");
  g_autofree char *title = NULL, *words = NULL;
  double before;

  g_object_get (row, "before", &before, NULL);
  title = g_strdup_printf (_ ("%s %.0f %%"), class_name, 100 * before);
  words = *channels != '\0' ? g_strjoin (" · ", name, channels, NULL) : g_strdup (name);
  fill (item, title, error, words);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *parent = gtk_widget_get_parent (gtk_list_item_get_child (item));

  if (parent != NULL)
    esp_row_label_unbind (GTK_ACCESSIBLE (parent));
}

static void
on_selected (GtkSingleSelection *selection, GParamSpec *pspec, EspDriftPage *self)
{
  const guint row = gtk_single_selection_get_selected (selection);
  const gboolean box = gtk_list_view_get_model (self->boxes) == GTK_SELECTION_MODEL (selection);

  if (!self->filling && row != GTK_INVALID_LIST_POSITION)
    g_signal_emit (self, signals[box ? BOX_CHOSEN : LOST_CHOSEN], 0, row);
}

static void
show_counts (GListModel *model, guint position, guint removed, guint added, EspDriftPage *self)
{
  const guint n_boxes = g_list_model_get_n_items (G_LIST_MODEL (gtk_list_view_get_model (self->boxes)));
  const guint n_lost = g_list_model_get_n_items (G_LIST_MODEL (gtk_list_view_get_model (self->lost)));
  g_autofree char *boxes = g_strdup_printf (_ ("Boxes, %u"), n_boxes), *lost = g_strdup_printf (_ ("Lost, %u"), n_lost);

  gtk_stack_page_set_title (self->boxes_page, boxes);
  gtk_stack_page_set_title (self->lost_page, lost);
  gtk_widget_set_visible (GTK_WIDGET (self->no_boxes), n_boxes == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->no_lost), n_lost == 0);
}

static void
esp_drift_page_dispose (GObject *object)
{
  EspDriftPage *self = ESP_DRIFT_PAGE (object);

  self->filling = TRUE;
  if (self->boxes != NULL)
    esp_drift_page_set_models (self, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_DRIFT_PAGE);
  G_OBJECT_CLASS (esp_drift_page_parent_class)->dispose (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget, EspDriftPage, name)

static void
bind_children (GtkWidgetClass *widget)
{
  BIND (compare_button);
  BIND (stop_button);
  BIND (findings);
  BIND (progress);
  BIND (status);
  BIND (earlier);
  BIND (no_boxes);
  BIND (no_lost);
  BIND (stack);
  BIND (boxes_page);
  BIND (lost_page);
  BIND (boxes);
  BIND (lost);
  gtk_widget_class_bind_template_callback (widget, on_compare);
  gtk_widget_class_bind_template_callback (widget, on_stop);
  gtk_widget_class_bind_template_callback (widget, on_setup);
  gtk_widget_class_bind_template_callback (widget, on_bind_box);
  gtk_widget_class_bind_template_callback (widget, on_bind_lost);
  gtk_widget_class_bind_template_callback (widget, on_unbind);
}

static void
esp_drift_page_class_init (EspDriftPageClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  const GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_drift_page_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/drift-page.ui");
  bind_children (widget);
  gtk_widget_class_set_css_name (widget, "driftpage");
  signals[COMPARE] = g_signal_new ("compare", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[STOP] = g_signal_new ("stop", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[BOX_CHOSEN] = g_signal_new ("box-chosen", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[LOST_CHOSEN] = g_signal_new ("lost-chosen", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
esp_drift_page_init (EspDriftPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_tab_out (GTK_WIDGET (self->boxes));
  esp_tab_out (GTK_WIDGET (self->lost));
  esp_drift_page_set_found (self, FALSE);
  esp_drift_page_set_earlier (self, NULL);
}

/** esp_drift_page_new: Returns: (transfer floating): a page on which nothing is compared. Thread: main. */
GtkWidget *
esp_drift_page_new (void)
{
  return g_object_new (ESP_TYPE_DRIFT_PAGE, NULL);
}

static void
set_model (EspDriftPage *self, GtkListView *view, GListModel *model)
{
  GtkSelectionModel *old = gtk_list_view_get_model (view);
  g_autoptr (GtkSingleSelection) selection = NULL;

  if (old != NULL)
    g_signal_handlers_disconnect_by_data (old, self);
  if (model != NULL)
    {
      selection = gtk_single_selection_new (NULL);
      gtk_single_selection_set_autoselect (selection, FALSE); /* nothing is shown in the study's window that nobody chose */
      gtk_single_selection_set_can_unselect (selection, TRUE);
      gtk_single_selection_set_model (selection, model);
      g_signal_connect (selection, "notify::selected", G_CALLBACK (on_selected), self);
    }
  gtk_list_view_set_model (view, GTK_SELECTION_MODEL (selection));
}

/** esp_drift_page_set_models: @page: shows @boxes, of EspDriftRow, and @lost, of EspLostRow; both (nullable) (transfer none). Thread:
 * main. */
void
esp_drift_page_set_models (EspDriftPage *self, GListModel *boxes, GListModel *lost)
{
  g_return_if_fail (ESP_IS_DRIFT_PAGE (self));
  set_model (self, self->boxes, boxes);
  set_model (self, self->lost, lost);
  if (boxes == NULL || lost == NULL)
    return;
  g_signal_connect_object (gtk_list_view_get_model (self->boxes), "items-changed", G_CALLBACK (show_counts), self, 0);
  g_signal_connect_object (gtk_list_view_get_model (self->lost), "items-changed", G_CALLBACK (show_counts), self, 0);
  show_counts (NULL, 0, 0, 0, self);
}

/** esp_drift_page_set_state: @page: shows what can be done in @state. Thread: main. */
void
esp_drift_page_set_state (EspDriftPage *self, EspDriftPageState state, gboolean can_compare)
{
  g_return_if_fail (ESP_IS_DRIFT_PAGE (self));
  gtk_widget_set_visible (self->compare_button, state == ESP_DRIFT_PAGE_IDLE);
  gtk_widget_set_sensitive (self->compare_button, can_compare);
  gtk_widget_set_visible (self->stop_button, state != ESP_DRIFT_PAGE_IDLE);
  gtk_widget_set_sensitive (self->stop_button, state == ESP_DRIFT_PAGE_RUNNING);
}

/** esp_drift_page_set_progress: @page: how far it is, @fraction of 1, and in @words; NAN: no bar. Thread: main. */
void
esp_drift_page_set_progress (EspDriftPage *self, double fraction, const char *words)
{
  g_return_if_fail (ESP_IS_DRIFT_PAGE (self));
  gtk_widget_set_visible (GTK_WIDGET (self->progress), !isnan (fraction));
  if (!isnan (fraction))
    gtk_progress_bar_set_fraction (self->progress, CLAMP (fraction, 0, 1));
  gtk_label_set_label (self->status, words);
}

/** esp_drift_page_set_found: @page: shows its lists, or keeps them back while nothing is @found. Thread: main. */
void
esp_drift_page_set_found (EspDriftPage *self, gboolean found)
{
  g_return_if_fail (ESP_IS_DRIFT_PAGE (self));
  gtk_widget_set_visible (self->findings, found);
}

/** esp_drift_page_set_earlier: @page: says in @words of what its lists are, NULL: of the plan in hand. Thread: main. */
void
esp_drift_page_set_earlier (EspDriftPage *self, const char *words)
{
  g_return_if_fail (ESP_IS_DRIFT_PAGE (self));
  gtk_widget_set_visible (GTK_WIDGET (self->earlier), words != NULL);
  gtk_label_set_label (self->earlier, words != NULL ? words : "");
}

/** esp_drift_page_set_no_lost: @page: says @words where nothing is lost. Thread: main. */
void
esp_drift_page_set_no_lost (EspDriftPage *self, const char *words)
{
  g_return_if_fail (ESP_IS_DRIFT_PAGE (self));
  gtk_label_set_label (self->no_lost, words);
}
