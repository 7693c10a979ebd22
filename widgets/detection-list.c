/* detection-list.c: the boxes of the image in words: the keyboard's and the screen reader's twin of the picture */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "detection-list.h"

#include <glib/gi18n.h>

#include "row-label.h"
#include "row-list.h"
#include "tab-out.h"

struct _EspDetectionList
{
  GtkBox parent_instance;

  GtkListBox *list;
  GtkLabel *nothing;
  gboolean selecting; /* by the program: no signal */
};

G_DEFINE_FINAL_TYPE (EspDetectionList, esp_detection_list, GTK_TYPE_BOX)

enum
{
  ACTIVATED,
  SELECTED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

/* A word and a sign beside the colour: found, false, or nothing where there are no labels. */
static const char *
verdict_icon (int correct)
{
  return correct == 1 ? "emblem-ok-symbolic" : "window-close-symbolic";
}

static GtkWidget *
make_row (gpointer item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *name = gtk_label_new (NULL), *score = gtk_label_new (NULL);
  g_autofree char *class_name = esp_row_dup_string (item, "class-name");
  g_autofree char *percent = NULL;
  double value = 0;
  int correct = esp_row_get_int (item, "correct");

  g_object_get (item, "score", &value, NULL);
  percent = g_strdup_printf (_ ("%.0f %%"), 100 * value);
  gtk_label_set_label (GTK_LABEL (name), class_name);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_label_set_label (GTK_LABEL (score), percent);
  gtk_widget_add_css_class (score, "numeric");
  gtk_widget_add_css_class (score, "dim-label");
  gtk_box_append (GTK_BOX (box), name);
  if (correct >= 0)
    {
      GtkWidget *icon = gtk_image_new_from_icon_name (verdict_icon (correct));

      gtk_widget_set_tooltip_text (icon, correct == 1 ? _ ("Agrees with a label") : _ ("Agrees with no label"));
      esp_accessible_name (icon, correct == 1 ? _ ("Agrees with a label") : _ ("Agrees with no label"));
      gtk_box_append (GTK_BOX (box), icon);
    }
  gtk_box_append (GTK_BOX (box), score);
  return box;
}

static void
describe (guint n, gpointer list)
{
  g_autofree char *total = g_strdup_printf (ngettext ("%u detection", "%u detections", n), n);

  esp_accessible_describe (list, total);
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, EspDetectionList *self)
{
  g_signal_emit (self, signals[ACTIVATED], 0, esp_row_get_int (esp_row_list_get_item (row), "index"));
}

static void
on_row_selected (GtkListBox *list, GtkListBoxRow *row, EspDetectionList *self)
{
  if (!self->selecting)
    g_signal_emit (self, signals[SELECTED], 0, row != NULL ? esp_row_get_int (esp_row_list_get_item (row), "index") : -1);
}

static void
esp_detection_list_dispose (GObject *object)
{
  EspDetectionList *self = ESP_DETECTION_LIST (object);

  self->selecting = TRUE;
  if (self->list != NULL)
    esp_row_list_set_model (self->list, NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_DETECTION_LIST);
  G_OBJECT_CLASS (esp_detection_list_parent_class)->dispose (object);
}

static void
esp_detection_list_class_init (EspDetectionListClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_detection_list_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/detection-list.ui");
  gtk_widget_class_bind_template_child (widget, EspDetectionList, list);
  gtk_widget_class_bind_template_child (widget, EspDetectionList, nothing);
  gtk_widget_class_bind_template_callback (widget, on_row_activated);
  gtk_widget_class_bind_template_callback (widget, on_row_selected);
  gtk_widget_class_set_css_name (widget, "detectionlist");
  signals[ACTIVATED] = g_signal_new ("detection-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[SELECTED] = g_signal_new ("detection-selected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
esp_detection_list_init (EspDetectionList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_tab_out (GTK_WIDGET (self->list));
}

/** esp_detection_list_new: Returns: (transfer floating): an empty list. Thread: main. */
GtkWidget *
esp_detection_list_new (void)
{
  return g_object_new (ESP_TYPE_DETECTION_LIST, NULL);
}

/** esp_detection_list_set_model: @list: shows @model, (nullable) (transfer none): of EspDetectionRow. Thread: main. */
void
esp_detection_list_set_model (EspDetectionList *self, GListModel *model)
{
  g_return_if_fail (ESP_IS_DETECTION_LIST (self));
  esp_row_list_set_model (self->list, model, make_row, describe);
}

/** esp_detection_list_select: @list: marks the row whose "index" is @index, -1 none; emits nothing. Thread: main. */
void
esp_detection_list_select (EspDetectionList *self, int index)
{
  g_return_if_fail (ESP_IS_DETECTION_LIST (self));
  self->selecting = TRUE;
  gtk_list_box_select_row (self->list, esp_row_list_find (self->list, "index", index));
  self->selecting = FALSE;
}

/** esp_detection_list_get_selected: Returns: the "index" of the marked row, -1 none. Thread: main. */
int
esp_detection_list_get_selected (EspDetectionList *self)
{
  GtkListBoxRow *row;

  g_return_val_if_fail (ESP_IS_DETECTION_LIST (self), -1);
  row = gtk_list_box_get_selected_row (self->list);
  return row != NULL ? esp_row_get_int (esp_row_list_get_item (row), "index") : -1;
}

/** esp_detection_list_set_unread: @unread: the picture cannot be read, so that nothing is known of what is in it. Thread: main. */
void
esp_detection_list_set_unread (EspDetectionList *self, gboolean unread)
{
  g_return_if_fail (ESP_IS_DETECTION_LIST (self));
  gtk_label_set_label (self->nothing, unread ? _ ("This picture cannot be read") : _ ("Nothing found in this image"));
}
