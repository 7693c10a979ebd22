/* trial-list.c: the acts so far and what each led to */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "trial-list.h"

#include <glib/gi18n.h>
#include <math.h>

#include "row-label.h"
#include "row-list.h"
#include "tab-out.h"

struct _EspTrialList
{
  GtkBox parent_instance;

  GtkListBox *list;
};

G_DEFINE_FINAL_TYPE (EspTrialList, esp_trial_list, GTK_TYPE_BOX)

static guint trial_activated;

static GtkWidget *
make_label (const char *text, gboolean small)
{
  /* The row itself is named; a word of its own here would be read twice. */
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (label, "numeric");
  if (small)
    {
      gtk_widget_add_css_class (label, "caption");
      gtk_widget_add_css_class (label, "dim-label");
    }
  return label;
}

/* In percent, to one decimal: what rounds to nothing has no sign. */
static double
tenths (double fraction)
{
  return round (1000 * fraction) / 10 + 0.0;
}

/* "mAP 38.1 % (−2.2, 95 % −4.0 … −0.6)"; of the unpruned network "mAP 40.3 %, 95 % 38.1 … 43.9"; nothing of what is not known. */
static char *
map_words (gpointer item)
{
  double map = NAN, difference = NAN, low = NAN, high = NAN;
  gboolean has_difference, has_interval;
  g_autofree char *ascii = NULL;
  g_autoptr (GString) text = NULL;

  g_object_get (item, "map", &map, "difference", &difference, "low", &low, "high", &high, NULL);
  has_difference = !isnan (difference);
  has_interval = !isnan (low) && !isnan (high);
  if (isnan (map))
    return g_strdup (_ ("mAP unknown"));
  if (has_difference && has_interval)
    ascii = g_strdup_printf (_ ("mAP %.1f %% (%+.1f, 95 %% %+.1f … %+.1f)"), 100 * map, tenths (difference), tenths (low), tenths (high));
  else if (has_difference)
    ascii = g_strdup_printf (_ ("mAP %.1f %% (%+.1f)"), 100 * map, tenths (difference));
  else if (has_interval)
    ascii = g_strdup_printf (_ ("mAP %.1f %%, 95 %% %.1f … %.1f"), 100 * map, tenths (low), tenths (high));
  else
    ascii = g_strdup_printf (_ ("mAP %.1f %%"), 100 * map);
  text = g_string_new (ascii);
  g_string_replace (text, "-", "−", 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
cost_words (gpointer item)
{
  guint64 bytes = 0;
  double bflops = 0;

  g_object_get (item, "bytes", &bytes, "bflops", &bflops, NULL);
  return g_strdup_printf (_ ("%.2f MB · %.3g BFLOPs"), (double) bytes / 1e6, bflops);
}

static GtkWidget *
make_row (gpointer item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  g_autofree char *title = esp_row_dup_string (item, "title");
  g_autofree char *map = map_words (item);
  g_autofree char *cost = cost_words (item);
  g_autofree char *note = esp_row_dup_string (item, "note");

  gtk_box_append (GTK_BOX (box), make_label (title, FALSE));
  gtk_box_append (GTK_BOX (box), make_label (map, TRUE));
  gtk_box_append (GTK_BOX (box), make_label (cost, TRUE));
  if (note != NULL)
    gtk_box_append (GTK_BOX (box), make_label (note, TRUE));
  /* only a network that was trained has a note */
  gtk_widget_set_tooltip_text (
      box, note != NULL ? _ ("Double-click or Enter opens this network. Its mAP is of the images by which its best epoch was "
                             "chosen, which flatters it: measure it on others before you publish it")
                        : _ ("Double-click or Enter brings this plan back; Undo takes it away again"));
  return box;
}

static void
describe (guint n, gpointer list)
{
  g_autofree char *total = g_strdup_printf (ngettext ("%u trial", "%u trials", n), n);

  esp_accessible_describe (list, total);
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, EspTrialList *self)
{
  g_signal_emit (self, trial_activated, 0, (guint) gtk_list_box_row_get_index (row));
}

static void
esp_trial_list_dispose (GObject *object)
{
  EspTrialList *self = ESP_TRIAL_LIST (object);

  if (self->list != NULL)
    esp_row_list_set_model (self->list, NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_TRIAL_LIST);
  G_OBJECT_CLASS (esp_trial_list_parent_class)->dispose (object);
}

static void
esp_trial_list_class_init (EspTrialListClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_trial_list_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/trial-list.ui");
  gtk_widget_class_bind_template_child (widget, EspTrialList, list);
  gtk_widget_class_bind_template_callback (widget, on_row_activated);
  gtk_widget_class_set_css_name (widget, "triallist");
  trial_activated
      = g_signal_new ("trial-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
esp_trial_list_init (EspTrialList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_tab_out (GTK_WIDGET (self->list));
}

/** esp_trial_list_new: Returns: (transfer floating): an empty list. Thread: main. */
GtkWidget *
esp_trial_list_new (void)
{
  return g_object_new (ESP_TYPE_TRIAL_LIST, NULL);
}

/** esp_trial_list_set_model: @list: shows @model, (nullable) (transfer none): of EspTrialRow. Thread: main. */
void
esp_trial_list_set_model (EspTrialList *self, GListModel *model)
{
  g_return_if_fail (ESP_IS_TRIAL_LIST (self));
  esp_row_list_set_model (self->list, model, make_row, describe);
}
