/* group-list.c: the groups of a plan, one slider each
 *
 * Tens of rows, none recycled: a row must not change under the hand that drags it. A plain box rather than GtkListBox, whose Tab leaves the
 * list after one row and whose arrows fight with the slider's. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "group-list.h"

#include <glib/gi18n.h>

#include "group-editor.h"
#include "row-label.h"

#define EDGE_OPEN_MS  250
#define EDGE_CLOSE_MS 200

struct _EspGroupList
{
  GtkBox parent_instance;

  GtkBox *rows; /* of EspGroupEditor, in the model's order */
  GListModel *model;
  EspRankingFunc func;
  gpointer data;
  GDestroyNotify destroy;

  EspEdgePopover *edge;    /* its own child */
  EspGroupEditor *watched; /* (nullable): whose line it is of */
  guint edge_source;       /* opens or closes it */
};

G_DEFINE_FINAL_TYPE (EspGroupList, esp_group_list, GTK_TYPE_BOX)

enum
{
  ACT_BEGIN,
  ACT_END,
  EDGE_WANTED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
on_act_begin (EspGroupEditor *editor, EspGroupList *self)
{
  g_signal_emit (self, signals[ACT_BEGIN], 0, esp_group_editor_get_index (editor));
}

static void
on_act_end (EspGroupEditor *editor, EspGroupList *self)
{
  g_signal_emit (self, signals[ACT_END], 0, esp_group_editor_get_index (editor));
}

static void
on_ranking_needed (EspGroupEditor *editor, EspGroupList *self)
{
  g_autoptr (GPtrArray) rankings = self->func != NULL ? self->func (esp_group_editor_get_index (editor), self->data) : NULL;

  esp_group_editor_set_ranking (editor, rankings);
}

static gboolean
on_edge_close (gpointer data)
{
  EspGroupList *self = data;

  self->edge_source = 0;
  gtk_popover_popdown (GTK_POPOVER (self->edge));
  if (self->watched != NULL)
    esp_group_editor_set_edge (self->watched, NULL);
  self->watched = NULL;
  g_signal_emit (self, signals[EDGE_WANTED], 0, -1);
  return G_SOURCE_REMOVE;
}

static gboolean
on_edge_open (gpointer data)
{
  EspGroupList *self = data;
  GdkRectangle line;

  self->edge_source = 0;
  if (self->watched == NULL || !esp_group_editor_get_line (self->watched, GTK_WIDGET (self), &line))
    return G_SOURCE_REMOVE;
  g_signal_emit (self, signals[EDGE_WANTED], 0, (int) esp_group_editor_get_index (self->watched));
  gtk_popover_set_pointing_to (GTK_POPOVER (self->edge), &line);
  gtk_popover_popup (GTK_POPOVER (self->edge));
  return G_SOURCE_REMOVE;
}

static void
on_edge_changed (EspEdgePopover *edge, EspGroupList *self)
{
  g_autofree char *words = esp_edge_popover_dup_words (edge);

  if (self->watched != NULL)
    esp_group_editor_set_edge (self->watched, words);
}

/* A pointer that only passes opens nothing, and one that goes from the histogram to its slider closes nothing. */
static void
on_watched (EspGroupEditor *editor, gboolean watched, EspGroupList *self)
{
  const gboolean at_once = esp_group_editor_is_dragged (editor) || gtk_widget_get_visible (GTK_WIDGET (self->edge));

  if (!watched && editor != self->watched)
    return;
  g_clear_handle_id (&self->edge_source, g_source_remove);
  if (!watched)
    {
      self->edge_source = g_timeout_add (EDGE_CLOSE_MS, on_edge_close, self);
      return;
    }
  if (self->watched != NULL && self->watched != editor)
    esp_group_editor_set_edge (self->watched, NULL);
  self->watched = editor;
  self->edge_source = g_timeout_add (at_once ? 0 : EDGE_OPEN_MS, on_edge_open, self);
}

static void
forget_watched (EspGroupList *self, GtkWidget *row)
{
  if ((GtkWidget *) self->watched != row)
    return;
  g_clear_handle_id (&self->edge_source, g_source_remove);
  on_edge_close (self);
}

static GtkWidget *
nth_row (EspGroupList *self, guint n)
{
  GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->rows));

  while (row != NULL && n-- > 0)
    row = gtk_widget_get_next_sibling (row);
  return row;
}

static void
insert_row (EspGroupList *self, guint position)
{
  g_autoptr (GObject) row = g_list_model_get_item (self->model, position);
  GtkWidget *editor = esp_group_editor_new (row);

  g_signal_connect_object (editor, "act-begin", G_CALLBACK (on_act_begin), self, 0);
  g_signal_connect_object (editor, "act-end", G_CALLBACK (on_act_end), self, 0);
  g_signal_connect_object (editor, "watched", G_CALLBACK (on_watched), self, 0);
  g_signal_connect_object (editor, "ranking-needed", G_CALLBACK (on_ranking_needed), self, 0);
  gtk_box_insert_child_after (self->rows, editor, position > 0 ? nth_row (self, position - 1) : NULL);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, EspGroupList *self)
{
  g_autofree char *total = NULL;
  guint n = model != NULL ? g_list_model_get_n_items (model) : 0;

  for (guint i = 0; i < removed; i++)
    {
      GtkWidget *row = nth_row (self, position);

      esp_group_editor_end_act (ESP_GROUP_EDITOR (row));
      forget_watched (self, row);
      gtk_box_remove (self->rows, row);
    }
  for (guint i = 0; i < added; i++)
    insert_row (self, position + i);
  total = g_strdup_printf (ngettext ("%u group", "%u groups", n), n);
  esp_accessible_describe (self->rows, total);
}

static void
drop_model (EspGroupList *self)
{
  if (self->model == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->model, self);
  if (self->rows != NULL)
    on_items_changed (NULL, 0, g_list_model_get_n_items (self->model), 0, self);
  g_clear_object (&self->model);
}

static void
drop_func (EspGroupList *self)
{
  if (self->destroy != NULL)
    self->destroy (self->data);
  self->func = NULL;
  self->data = NULL;
  self->destroy = NULL;
}

static void
esp_group_list_dispose (GObject *object)
{
  EspGroupList *self = ESP_GROUP_LIST (object);

  drop_model (self);
  drop_func (self);
  g_clear_handle_id (&self->edge_source, g_source_remove);
  g_clear_pointer ((GtkWidget **) &self->edge, gtk_widget_unparent);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_GROUP_LIST);
  G_OBJECT_CLASS (esp_group_list_parent_class)->dispose (object);
}

static void
esp_group_list_class_init (EspGroupListClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_group_list_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/group-list.ui");
  gtk_widget_class_bind_template_child (widget, EspGroupList, rows);
  gtk_widget_class_set_css_name (widget, "grouplist");
  signals[ACT_BEGIN] = g_signal_new ("act-begin", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[EDGE_WANTED] = g_signal_new ("edge-wanted", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[ACT_END] = g_signal_new ("act-end", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
esp_group_list_init (EspGroupList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->edge = ESP_EDGE_POPOVER (esp_edge_popover_new ());
  gtk_popover_set_position (GTK_POPOVER (self->edge), GTK_POS_LEFT);
  gtk_widget_set_parent (GTK_WIDGET (self->edge), GTK_WIDGET (self));
  g_signal_connect_object (self->edge, "changed", G_CALLBACK (on_edge_changed), self, 0);
}

/** esp_group_list_new: Returns: (transfer floating): an empty list. Thread: main. */
GtkWidget *
esp_group_list_new (void)
{
  return g_object_new (ESP_TYPE_GROUP_LIST, NULL);
}

/**
 * esp_group_list_set_model:
 * @list: a list
 * @model: (nullable) (transfer none): of objects with EspGroupRow's properties
 *
 * Thread: main.
 */
void
esp_group_list_set_model (EspGroupList *self, GListModel *model)
{
  g_return_if_fail (ESP_IS_GROUP_LIST (self));
  if (self->model == model)
    return;
  drop_model (self);
  if (model == NULL)
    return;
  self->model = g_object_ref (model);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  on_items_changed (model, 0, 0, g_list_model_get_n_items (model), self);
}

/** esp_group_list_get_model: Returns: (transfer none) (nullable): its model. Thread: main. */
GListModel *
esp_group_list_get_model (EspGroupList *self)
{
  g_return_val_if_fail (ESP_IS_GROUP_LIST (self), NULL);
  return self->model;
}

/**
 * esp_group_list_set_ranking_func:
 * @list: a list
 * @func: (nullable): gives a group's sorted scores; called when idle, after a row's "ratio" or "revision" changed
 * @data: for @func
 * @destroy: (nullable): frees @data
 *
 * Thread: main.
 */
void
esp_group_list_set_ranking_func (EspGroupList *self, EspRankingFunc func, gpointer data, GDestroyNotify destroy)
{
  g_return_if_fail (ESP_IS_GROUP_LIST (self));
  drop_func (self);
  self->func = func;
  self->data = data;
  self->destroy = destroy;
  for (GtkWidget *row = nth_row (self, 0); row != NULL; row = gtk_widget_get_next_sibling (row))
    on_ranking_needed (ESP_GROUP_EDITOR (row), self);
}

/** esp_group_list_get_edge: Returns: (transfer none): what shows the channels at the line that is watched. Thread: main. */
EspEdgePopover *
esp_group_list_get_edge (EspGroupList *self)
{
  g_return_val_if_fail (ESP_IS_GROUP_LIST (self), NULL);
  return self->edge;
}

/**
 * esp_group_list_set_lit:
 * @list: a list
 * @groups: (nullable): of guint: their "index"
 *
 * These stand out, and no others: they hold what goes with a channel that is pointed at. Thread: main.
 */
void
esp_group_list_set_lit (EspGroupList *self, GArray *groups)
{
  g_return_if_fail (ESP_IS_GROUP_LIST (self));
  for (GtkWidget *row = nth_row (self, 0); row != NULL; row = gtk_widget_get_next_sibling (row))
    {
      const guint index = esp_group_editor_get_index (ESP_GROUP_EDITOR (row));
      gboolean lit = FALSE;

      for (guint i = 0; groups != NULL && i < groups->len; i++)
        lit = lit || g_array_index (groups, guint, i) == index;
      esp_group_editor_set_lit (ESP_GROUP_EDITOR (row), lit);
    }
}
