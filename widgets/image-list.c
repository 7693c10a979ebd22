/* image-list.c: the images of the set, searched and filtered */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "image-list.h"

#include <glib/gi18n.h>

#include "row-label.h"
#include "tab-out.h"

typedef enum
{
  SHOW_ALL,
  SHOW_MISSES,
  SHOW_DETECTIONS,
  SHOW_NO_DETECTIONS,
  SHOW_UNLABELLED,
} Show;

struct _EspImageList
{
  GtkBox parent_instance;

  GtkSearchEntry *search;
  GtkDropDown *show;
  GtkListView *view;

  GListModel *model;
  GtkFilterListModel *filtered;
  GtkSingleSelection *selection;
  GtkFilter *filter;
  char *needle;       /* casefolded search words, "" none */
  GtkWidget *nothing; /* said where no image is shown */
  int marked;         /* "index" of the image in view, shown or not; -1 none */
  gboolean selecting;
};

G_DEFINE_FINAL_TYPE (EspImageList, esp_image_list, GTK_TYPE_BOX)

static guint image_selected;

static gboolean
shown (gpointer item, Show show)
{
  switch (show)
    {
    case SHOW_MISSES:
      return esp_row_get_int (item, "missed") > 0;
    case SHOW_DETECTIONS:
      return esp_row_get_int (item, "detections") > 0;
    case SHOW_NO_DETECTIONS:
      return esp_row_get_int (item, "detections") == 0;
    case SHOW_UNLABELLED:
      return esp_row_get_int (item, "truths") < 0;
    case SHOW_ALL:
    default:
      return TRUE;
    }
}

static gboolean
matches (gpointer item, gpointer data)
{
  EspImageList *self = data;
  g_autofree char *name = NULL;
  g_autofree char *folded = NULL;

  if (self->show == NULL || !shown (item, (Show) gtk_drop_down_get_selected (self->show)))
    return FALSE;
  if (self->needle == NULL || *self->needle == '\0')
    return TRUE;
  name = esp_row_dup_string (item, "name");
  folded = g_utf8_casefold (name != NULL ? name : "", -1);
  return strstr (folded, self->needle) != NULL;
}

static void
describe (EspImageList *self)
{
  guint n = self->model != NULL ? g_list_model_get_n_items (self->model) : 0;
  guint seen = g_list_model_get_n_items (G_LIST_MODEL (self->filtered));
  g_autofree char *total = g_strdup_printf (ngettext ("%u image", "%u images", n), n);
  g_autofree char *some = seen != n ? g_strdup_printf (_ ("%u of %s shown"), seen, total) : NULL;

  gtk_widget_set_visible (self->nothing, seen == 0 && n > 0);
  esp_accessible_describe (self->view, some != NULL ? some : total);
}

static void
on_filter_changed (EspImageList *self)
{
  g_free (self->needle);
  self->needle = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search)), -1);
  self->selecting = TRUE;
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  self->selecting = FALSE;
  describe (self);
  esp_image_list_select (self, self->marked); /* it may be shown again */
}

/* "3·1": detections · missed; nothing of what is not known. */
static void
show_counts (GObject *item, GParamSpec *pspec, GtkLabel *label)
{
  int detections = esp_row_get_int (item, "detections"), missed = esp_row_get_int (item, "missed");
  g_autofree char *text = NULL, *words = NULL, *failure = esp_row_dup_string (item, "failure");

  if (detections >= 0 && missed >= 0)
    {
      g_autofree char *found = g_strdup_printf (ngettext ("%d detection", "%d detections", (gulong) detections), detections);

      text = g_strdup_printf ("%d·%d", detections, missed);
      words = g_strdup_printf (_ ("%s, %d missed"), found, missed);
    }
  else if (detections >= 0)
    {
      text = g_strdup_printf ("%d", detections);
      words = g_strdup_printf (ngettext ("%d detection", "%d detections", (gulong) detections), detections);
    }
  if (failure != NULL)
    text = g_strdup (_ ("unreadable"));
  gtk_label_set_label (label, text != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (label), failure != NULL ? failure : words);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *line, gpointer data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *name = gtk_label_new (NULL), *counts = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (counts, "numeric");
  gtk_widget_add_css_class (counts, "dim-label");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), counts);
  gtk_list_item_set_child (line, box);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *line, gpointer data)
{
  GtkWidget *box = gtk_list_item_get_child (line);
  GtkWidget *counts = gtk_widget_get_last_child (box);
  gpointer item = gtk_list_item_get_item (line);
  g_autofree char *name = esp_row_dup_string (item, "name");
  g_autofree char *path = esp_row_dup_string (item, "path");

  gtk_label_set_label (GTK_LABEL (gtk_widget_get_first_child (box)), name);
  gtk_widget_set_tooltip_text (gtk_widget_get_first_child (box), path);
  g_signal_connect (item, "notify::detections", G_CALLBACK (show_counts), counts);
  g_signal_connect (item, "notify::missed", G_CALLBACK (show_counts), counts);
  g_signal_connect (item, "notify::failure", G_CALLBACK (show_counts), counts);
  show_counts (item, NULL, GTK_LABEL (counts));
  esp_row_label_bind (GTK_ACCESSIBLE (gtk_widget_get_parent (box)), item);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *line, gpointer data)
{
  GtkWidget *box = gtk_list_item_get_child (line);

  g_signal_handlers_disconnect_by_data (gtk_list_item_get_item (line), gtk_widget_get_last_child (box));
  if (gtk_widget_get_parent (box) != NULL)
    esp_row_label_unbind (GTK_ACCESSIBLE (gtk_widget_get_parent (box)));
}

static void
on_selected (GtkSingleSelection *selection, GParamSpec *pspec, EspImageList *self)
{
  gpointer item = gtk_single_selection_get_selected_item (selection);

  if (self->selecting || item == NULL)
    return;
  self->marked = esp_row_get_int (item, "index");
  g_signal_emit (self, image_selected, 0, self->marked);
}

static void
on_search_activate (GtkSearchEntry *entry, EspImageList *self)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->selection)) > 0)
    gtk_single_selection_set_selected (self->selection, 0);
}

/* Escape: all images again. */
static void
on_search_stopped (GtkSearchEntry *entry, EspImageList *self)
{
  gtk_editable_set_text (GTK_EDITABLE (entry), "");
}

static void
esp_image_list_dispose (GObject *object)
{
  EspImageList *self = ESP_IMAGE_LIST (object);

  self->selecting = TRUE;
  if (self->view != NULL)
    gtk_list_view_set_model (self->view, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_IMAGE_LIST);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_clear_object (&self->selection);
  g_clear_object (&self->filtered);
  g_clear_object (&self->filter);
  g_clear_object (&self->model);
  g_clear_pointer (&self->needle, g_free);
  G_OBJECT_CLASS (esp_image_list_parent_class)->dispose (object);
}

static void
esp_image_list_class_init (EspImageListClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_image_list_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/image-list.ui");
  gtk_widget_class_bind_template_child (widget, EspImageList, search);
  gtk_widget_class_bind_template_child (widget, EspImageList, show);
  gtk_widget_class_bind_template_child (widget, EspImageList, view);
  gtk_widget_class_bind_template_child (widget, EspImageList, nothing);
  gtk_widget_class_bind_template_callback (widget, on_setup);
  gtk_widget_class_bind_template_callback (widget, on_bind);
  gtk_widget_class_bind_template_callback (widget, on_unbind);
  gtk_widget_class_bind_template_callback (widget, on_filter_changed);
  gtk_widget_class_bind_template_callback (widget, on_search_activate);
  gtk_widget_class_bind_template_callback (widget, on_search_stopped);
  gtk_widget_class_set_css_name (widget, "imagelist");
  image_selected
      = g_signal_new ("image-selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
esp_image_list_init (EspImageList *self)
{
  self->marked = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_drop_down_name (self->show, _ ("Images shown"));
  self->filter = GTK_FILTER (gtk_custom_filter_new (matches, self, NULL));
  self->filtered = gtk_filter_list_model_new (NULL, g_object_ref (self->filter));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->filtered)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect (self->selection, "notify::selected-item", G_CALLBACK (on_selected), self);
  gtk_list_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  esp_tab_out (GTK_WIDGET (self->view));
  g_signal_connect_object (self->filtered, "items-changed", G_CALLBACK (describe), self, G_CONNECT_SWAPPED);
}

/** esp_image_list_new: Returns: (transfer floating): an empty list. Thread: main. */
GtkWidget *
esp_image_list_new (void)
{
  return g_object_new (ESP_TYPE_IMAGE_LIST, NULL);
}

/** esp_image_list_set_model: @list: shows @model, (nullable) (transfer none): of EspImageRow. Thread: main. */
void
esp_image_list_set_model (EspImageList *self, GListModel *model)
{
  g_return_if_fail (ESP_IS_IMAGE_LIST (self));
  self->selecting = TRUE;
  g_set_object (&self->model, model);
  gtk_filter_list_model_set_model (self->filtered, model);
  self->selecting = FALSE;
  describe (self);
}

/** esp_image_list_select: @list: marks the image of this "index" if it is shown, -1 none; emits nothing. Thread: main. */
void
esp_image_list_select (EspImageList *self, int index)
{
  guint found = GTK_INVALID_LIST_POSITION;

  g_return_if_fail (ESP_IS_IMAGE_LIST (self));
  self->marked = index;
  for (guint i = 0; index >= 0 && found == GTK_INVALID_LIST_POSITION && i < g_list_model_get_n_items (G_LIST_MODEL (self->filtered)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (self->filtered), i);

      if (esp_row_get_int (item, "index") == index)
        found = i;
    }
  self->selecting = TRUE;
  gtk_single_selection_set_selected (self->selection, found);
  self->selecting = FALSE;
  if (found != GTK_INVALID_LIST_POSITION && gtk_widget_get_mapped (GTK_WIDGET (self)))
    gtk_widget_activate_action (GTK_WIDGET (self->view), "list.scroll-to-item", "u", found);
}

/** esp_image_list_get_selected: Returns: the "index" of the marked image, -1 none. Thread: main. */
int
esp_image_list_get_selected (EspImageList *self)
{
  gpointer item;

  g_return_val_if_fail (ESP_IS_IMAGE_LIST (self), -1);
  item = gtk_single_selection_get_selected_item (self->selection);
  return item != NULL ? esp_row_get_int (item, "index") : -1;
}

/** esp_image_list_refresh: @list: filters anew, after detections or misses have become known. Thread: main. */
void
esp_image_list_refresh (EspImageList *self)
{
  g_return_if_fail (ESP_IS_IMAGE_LIST (self));
  if (gtk_drop_down_get_selected (self->show) != SHOW_ALL)
    on_filter_changed (self);
}

/** esp_image_list_focus_search: @list: the search field takes the keyboard. Thread: main. */
void
esp_image_list_focus_search (EspImageList *self)
{
  g_return_if_fail (ESP_IS_IMAGE_LIST (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->search));
}
