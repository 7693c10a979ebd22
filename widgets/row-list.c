/* row-list.c: a GtkListBox over row objects, each line named by its row */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "row-list.h"

#include "row-label.h"

#define ITEM  "esp-row-item"
#define OWNED "esp-row-model"

/* What a list box follows. */
typedef struct
{
  GtkListBox *list;
  GListModel *model;
  EspRowMake make;
  EspRowDescribe describe;
} Follow;

static GtkWidget *
make_line (Follow *follow, gpointer item)
{
  GtkWidget *line = gtk_list_box_row_new ();

  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (line), follow->make (item));
  g_object_set_data_full (G_OBJECT (line), ITEM, g_object_ref (item), g_object_unref);
  esp_row_label_bind (GTK_ACCESSIBLE (line), item);
  return line;
}

/* A row whose figures changed is drawn anew in place, so that focus and selection stay. */
static void
on_item_notify (gpointer item, GParamSpec *pspec, GtkListBoxRow *line)
{
  Follow *follow = g_object_get_data (G_OBJECT (gtk_widget_get_parent (GTK_WIDGET (line))), OWNED);

  if (follow != NULL && !g_str_equal (pspec->name, "label"))
    gtk_list_box_row_set_child (line, follow->make (item));
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, Follow *follow)
{
  for (guint i = 0; i < removed; i++)
    gtk_list_box_remove (follow->list, GTK_WIDGET (gtk_list_box_get_row_at_index (follow->list, (int) position)));
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, position + i);
      GtkWidget *line = make_line (follow, item);

      gtk_list_box_insert (follow->list, line, (int) (position + i));
      g_signal_connect_object (item, "notify", G_CALLBACK (on_item_notify), line, 0);
    }
  if (follow->describe != NULL)
    follow->describe (g_list_model_get_n_items (model), follow->list);
}

static void
follow_free (gpointer data)
{
  Follow *follow = data;

  g_signal_handlers_disconnect_by_data (follow->model, follow);
  g_object_unref (follow->model);
  g_free (follow);
}

/**
 * esp_row_list_set_model:
 * @list: an empty list box, or one filled by this function
 * @model: (nullable) (transfer none): of row objects with "label"
 * @make: what a line shows of its row; called again when a property changes
 * @describe: (nullable): told the total whenever it changes
 *
 * Thread: main.
 */
void
esp_row_list_set_model (GtkListBox *list, GListModel *model, EspRowMake make, EspRowDescribe describe)
{
  Follow *follow;

  g_object_set_data (G_OBJECT (list), OWNED, NULL);
  for (GtkListBoxRow *line; (line = gtk_list_box_get_row_at_index (list, 0)) != NULL;)
    gtk_list_box_remove (list, GTK_WIDGET (line));
  if (model == NULL)
    return;
  follow = g_new0 (Follow, 1);
  *follow = (Follow){ list, g_object_ref (model), make, describe };
  g_object_set_data_full (G_OBJECT (list), OWNED, follow, follow_free);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), follow);
  on_items_changed (model, 0, 0, g_list_model_get_n_items (model), follow);
}

/** esp_row_list_get_item: Returns: (transfer none): the row object of a line. Thread: main. */
gpointer
esp_row_list_get_item (GtkListBoxRow *line)
{
  return g_object_get_data (G_OBJECT (line), ITEM);
}

/** esp_row_list_find: Returns: (transfer none) (nullable): the first line whose row's @property is @value. Thread: main. */
GtkListBoxRow *
esp_row_list_find (GtkListBox *list, const char *property, int value)
{
  GtkListBoxRow *line;

  for (int i = 0; (line = gtk_list_box_get_row_at_index (list, i)) != NULL; i++)
    if (esp_row_get_int (esp_row_list_get_item (line), property) == value)
      return line;
  return NULL;
}
