/* channel-strip.c: the channels of a layer, each by its own map over this image
 *
 * A recycled grid: maps are asked for as cells come into view and kept as small textures, so that a thousand channels scroll smoothly. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "channel-strip.h"

#include <glib/gi18n.h>
#include <math.h>

#include "channel-strip-private.h"
#include "heat-texture.h"
#include "row-label.h"
#include "tab-out.h"

#define CELL_WIDTH      68  /* a cell with its margins */
#define RESORT_PAUSE_MS 500 /* the order follows the values, but not under a moving hand */

typedef enum
{
  SORT_SCORE,
  SORT_INDEX,
  SORT_KEPT,
} Sort;

G_DEFINE_FINAL_TYPE (EspChannelStrip, esp_channel_strip, GTK_TYPE_BOX)

enum
{
  MAP_NEEDED,
  RULE_REQUESTED,
  CHANNEL_ACTIVATED,
  HOVERED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static int
compare_scores (gconstpointer a, gconstpointer b)
{
  double x = 0, y = 0;

  g_object_get ((gpointer) a, "score", &x, NULL);
  g_object_get ((gpointer) b, "score", &y, NULL);
  return x > y ? -1 : x < y ? 1 : 0;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  EspChannelStrip *self = data;
  Sort sort = self->sort != NULL ? (Sort) gtk_drop_down_get_selected (self->sort) : SORT_INDEX;
  int order = 0;

  if (sort == SORT_KEPT)
    order = esp_row_get_int ((gpointer) b, "kept") - esp_row_get_int ((gpointer) a, "kept");
  if (order == 0 && sort != SORT_INDEX)
    order = compare_scores (a, b);
  if (order == 0)
    order = esp_row_get_int ((gpointer) a, "channel") - esp_row_get_int ((gpointer) b, "channel");
  return order;
}

static gboolean
on_rewind (gpointer data)
{
  EspChannelStrip *self = data;

  self->rewind = 0;
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
  return G_SOURCE_REMOVE;
}

/* The grid follows the cell it stood at, wherever a new order puts it: unless a hand is in it, the first is wanted. */
static void
queue_rewind (EspChannelStrip *self)
{
  if (self->rewind == 0 && gtk_widget_get_focus_child (GTK_WIDGET (self->grid)) == NULL)
    self->rewind = g_timeout_add (50, on_rewind, self);
}

static void
on_sort_changed (EspChannelStrip *self)
{
  if (self->sorter == NULL)
    return;
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  queue_rewind (self);
}

static gboolean
on_resort (gpointer data)
{
  EspChannelStrip *self = data;

  self->resort = 0;
  on_sort_changed (self);
  return G_SOURCE_REMOVE;
}

static void
queue_resort (EspChannelStrip *self)
{
  g_clear_handle_id (&self->resort, g_source_remove);
  self->resort = g_timeout_add (RESORT_PAUSE_MS, on_resort, self);
}

static void
need_map (EspChannelStrip *self, EspChannelCell *cell)
{
  guint channel = esp_channel_cell_get_channel (cell);
  GdkTexture *map = g_hash_table_lookup (self->maps, GUINT_TO_POINTER (channel));

  if (map != NULL)
    esp_channel_cell_set_map (cell, map);
  else
    g_signal_emit (self, signals[MAP_NEEDED], 0, channel);
}

/* The old map stays in view until the new one is there: nothing flickers. */
static void
on_revision (EspChannelCell *cell, EspChannelStrip *self)
{
  g_hash_table_remove (self->maps, GUINT_TO_POINTER (esp_channel_cell_get_channel (cell)));
  need_map (self, cell);
}

static void
on_kept (EspChannelCell *cell, EspChannelStrip *self)
{
  if (gtk_drop_down_get_selected (self->sort) == SORT_KEPT)
    queue_resort (self);
}

static void
on_score (EspChannelCell *cell, EspChannelStrip *self)
{
  if (gtk_drop_down_get_selected (self->sort) != SORT_INDEX)
    queue_resort (self);
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *line, EspChannelStrip *self)
{
  GtkWidget *cell = esp_channel_cell_new ();

  g_signal_connect_object (cell, "changed::revision", G_CALLBACK (on_revision), self, 0);
  g_signal_connect_object (cell, "changed::kept", G_CALLBACK (on_kept), self, 0);
  g_signal_connect_object (cell, "changed::score", G_CALLBACK (on_score), self, 0);
  esp_channel_strip_watch (self, ESP_CHANNEL_CELL (cell));
  gtk_list_item_set_child (line, cell);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *line, EspChannelStrip *self)
{
  EspChannelCell *cell = ESP_CHANNEL_CELL (gtk_list_item_get_child (line));

  esp_channel_cell_bind (cell, gtk_list_item_get_item (line));
  g_hash_table_insert (self->cells, GUINT_TO_POINTER (esp_channel_cell_get_channel (cell)), cell);
  esp_row_label_bind (GTK_ACCESSIBLE (gtk_widget_get_parent (GTK_WIDGET (cell))), gtk_list_item_get_item (line));
  esp_channel_strip_watch_item (self, cell);
  esp_channel_strip_light (self, cell);
  need_map (self, cell);
}

static void
on_unbind (GtkSignalListItemFactory *factory, GtkListItem *line, EspChannelStrip *self)
{
  EspChannelCell *cell = ESP_CHANNEL_CELL (gtk_list_item_get_child (line));
  gpointer channel = GUINT_TO_POINTER (esp_channel_cell_get_channel (cell));

  if (g_hash_table_lookup (self->cells, channel) == cell)
    g_hash_table_remove (self->cells, channel);
  esp_channel_strip_forget_cell (self, cell);
  esp_channel_cell_bind (cell, NULL);
  if (gtk_widget_get_parent (GTK_WIDGET (cell)) != NULL)
    esp_row_label_unbind (GTK_ACCESSIBLE (gtk_widget_get_parent (GTK_WIDGET (cell))));
}

static void
on_activate (GtkGridView *grid, guint position, EspChannelStrip *self)
{
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (self->selection), position);

  if (row != NULL)
    esp_channel_strip_look_at (self, (guint) esp_row_get_int (row, "channel"));
}

static GArray *
channels_of (GPtrArray *rows)
{
  GArray *channels = g_array_sized_new (FALSE, FALSE, sizeof (guint), rows->len);

  for (guint i = 0; i < rows->len; i++)
    {
      guint channel = (guint) esp_row_get_int (g_ptr_array_index (rows, i), "channel");

      g_array_append_val (channels, channel);
    }
  return channels;
}

/* A hand wants @rule of @rows, as one act. */
void
esp_channel_strip_request (EspChannelStrip *self, GPtrArray *rows, int rule)
{
  g_autoptr (GArray) channels = channels_of (rows);

  g_signal_emit (self, signals[RULE_REQUESTED], 0, channels, rule);
}

/* Enter, a double click, or the menu. */
void
esp_channel_strip_look_at (EspChannelStrip *self, guint channel)
{
  g_signal_emit (self, signals[CHANNEL_ACTIVATED], 0, channel);
}

/* What goes with it, in words; "" where no channel is pointed at. */
static char *
reason_words (EspChannelStrip *self)
{
  g_autoptr (GObject) row = self->told >= 0 && self->model != NULL ? g_list_model_get_item (self->model, (guint) self->told) : NULL;
  g_autofree char *reason = row != NULL ? esp_row_dup_string (row, "reason") : NULL;

  if (row == NULL)
    return g_strdup ("");
  if (reason == NULL || *reason == '\0')
    return g_strdup_printf (_ ("Channel %d can go alone"), self->told);
  return g_strdup_printf (_ ("Channel %d: %s"), self->told, reason);
}

/* Another channel is pointed at, or none: says so, in words and to whoever listens. */
void
esp_channel_strip_tell_hovered (EspChannelStrip *self)
{
  g_autofree char *words = reason_words (self);

  gtk_label_set_label (self->reason, words);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->reason), words);
  g_signal_emit (self, signals[HOVERED], 0, self->told);
}

/* As many columns as fit: the grid keeps thirty rows of them alive, so that more than fit would be built for nothing. Never a least number:
 * the strip would then hold the window's middle as wide as it once was, and its neighbours as narrow. */
static gboolean
on_recolumn (gpointer data)
{
  EspChannelStrip *self = data;

  self->recolumn = 0;
  gtk_grid_view_set_max_columns (self->grid, (guint) self->columns);
  queue_rewind (self);
  return G_SOURCE_REMOVE;
}

static void
on_width (GtkAdjustment *adjustment, GParamSpec *pspec, EspChannelStrip *self)
{
  int width = (int) gtk_adjustment_get_page_size (gtk_scrolled_window_get_hadjustment (self->scroller));
  int columns = CLAMP (width / CELL_WIDTH, 1, 64);

  if (columns == self->columns)
    return;
  self->columns = columns;
  if (self->recolumn == 0)
    self->recolumn = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_recolumn, self, NULL);
}

static void
on_items_changed (EspChannelStrip *self)
{
  guint n = self->model != NULL ? g_list_model_get_n_items (self->model) : 0;
  g_autofree char *total = g_strdup_printf (ngettext ("%u channel", "%u channels", n), n);

  esp_accessible_describe (self->grid, total);
  self->pointed = self->focused = self->handed = -1;
  if (self->told >= 0)
    {
      self->told = -1;
      esp_channel_strip_tell_hovered (self);
    }
  queue_rewind (self);
}

static void
drop_model (EspChannelStrip *self)
{
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
}

static void
esp_channel_strip_dispose (GObject *object)
{
  EspChannelStrip *self = ESP_CHANNEL_STRIP (object);

  g_clear_handle_id (&self->resort, g_source_remove);
  g_clear_handle_id (&self->rewind, g_source_remove);
  g_clear_handle_id (&self->recolumn, g_source_remove);
  esp_channel_strip_drop_hands (self);
  if (self->grid != NULL)
    gtk_grid_view_set_model (self->grid, NULL);
  drop_model (self);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_CHANNEL_STRIP);
  g_clear_object (&self->selection);
  g_clear_object (&self->sorted);
  g_clear_object (&self->sorter);
  G_OBJECT_CLASS (esp_channel_strip_parent_class)->dispose (object);
}

static void
esp_channel_strip_finalize (GObject *object)
{
  EspChannelStrip *self = ESP_CHANNEL_STRIP (object);

  g_hash_table_unref (self->maps);
  g_hash_table_unref (self->cells);
  G_OBJECT_CLASS (esp_channel_strip_parent_class)->finalize (object);
}

/* The grid keeps its place at the item that was its first, wherever a new order has put it since: nobody looks there. */
static gboolean
esp_channel_strip_focus (GtkWidget *widget, GtkDirectionType direction)
{
  EspChannelStrip *self = ESP_CHANNEL_STRIP (widget);
  const gboolean inside = gtk_widget_get_focus_child (GTK_WIDGET (self->grid)) != NULL;
  const int handed = self->handed;

  if (!GTK_WIDGET_CLASS (esp_channel_strip_parent_class)->focus (widget, direction))
    return FALSE;
  if (!inside && gtk_widget_get_focus_child (GTK_WIDGET (self->grid)) != NULL)
    {
      self->handed = handed;
      esp_channel_strip_enter (self);
    }
  return TRUE;
}

static void
add_signals (GType type)
{
  signals[MAP_NEEDED] = g_signal_new ("map-needed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[RULE_REQUESTED]
      = g_signal_new ("rule-requested", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_ARRAY, G_TYPE_INT);
  signals[CHANNEL_ACTIVATED]
      = g_signal_new ("channel-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[HOVERED] = g_signal_new ("hovered", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
esp_channel_strip_class_init (EspChannelStripClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_channel_strip_dispose;
  G_OBJECT_CLASS (klass)->finalize = esp_channel_strip_finalize;
  widget->focus = esp_channel_strip_focus;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/channel-strip.ui");
  gtk_widget_class_bind_template_child (widget, EspChannelStrip, title);
  gtk_widget_class_bind_template_child (widget, EspChannelStrip, reason);
  gtk_widget_class_bind_template_child (widget, EspChannelStrip, sort);
  gtk_widget_class_bind_template_child (widget, EspChannelStrip, grid);
  gtk_widget_class_bind_template_child (widget, EspChannelStrip, scroller);
  gtk_widget_class_bind_template_child (widget, EspChannelStrip, cell_menu);
  gtk_widget_class_bind_template_callback (widget, on_setup);
  gtk_widget_class_bind_template_callback (widget, on_bind);
  gtk_widget_class_bind_template_callback (widget, on_unbind);
  gtk_widget_class_bind_template_callback (widget, on_activate);
  gtk_widget_class_bind_template_callback (widget, on_sort_changed);
  gtk_widget_class_set_css_name (widget, "channelstrip");
  add_signals (G_TYPE_FROM_CLASS (klass));
}

static void
esp_channel_strip_init (EspChannelStrip *self)
{
  self->maps = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->cells = g_hash_table_new (NULL, NULL);
  self->pointed = self->focused = self->told = self->handed = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_drop_down_name (self->sort, _ ("Sort channels by"));
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare, self, NULL));
  self->sorted = gtk_sort_list_model_new (NULL, g_object_ref (self->sorter));
  self->selection = gtk_multi_selection_new (G_LIST_MODEL (g_object_ref (self->sorted)));
  gtk_grid_view_set_model (self->grid, GTK_SELECTION_MODEL (self->selection));
  esp_channel_strip_add_hands (self);
  esp_tab_out (GTK_WIDGET (self->grid));
  g_signal_connect_object (gtk_scrolled_window_get_hadjustment (self->scroller), "notify::page-size", G_CALLBACK (on_width), self, 0);
}

/** esp_channel_strip_new: Returns: (transfer floating): an empty strip. Thread: main. */
GtkWidget *
esp_channel_strip_new (void)
{
  return g_object_new (ESP_TYPE_CHANNEL_STRIP, NULL);
}

/** esp_channel_strip_set_model: @strip: shows @model, (nullable) (transfer none): of EspChannelRow; maps are asked for anew. Thread:
 * main. */
void
esp_channel_strip_set_model (EspChannelStrip *self, GListModel *model)
{
  g_return_if_fail (ESP_IS_CHANNEL_STRIP (self));
  drop_model (self);
  g_hash_table_remove_all (self->maps);
  if (model != NULL)
    {
      self->model = g_object_ref (model);
      g_signal_connect_swapped (model, "items-changed", G_CALLBACK (on_items_changed), self);
    }
  gtk_sort_list_model_set_model (self->sorted, model);
  on_items_changed (self);
}

/** esp_channel_strip_set_title: @strip: is headed by @title, (nullable). Thread: main. */
void
esp_channel_strip_set_title (EspChannelStrip *self, const char *title)
{
  g_return_if_fail (ESP_IS_CHANNEL_STRIP (self));
  gtk_label_set_label (self->title, title != NULL ? title : "");
}

/**
 * esp_channel_strip_set_map:
 * @strip: a strip
 * @channel: of the layer shown
 * @map: (nullable) (transfer none): the channel's map over this image; its colours are made here and kept
 *
 * Each map spans its own range. Thread: main.
 */
void
esp_channel_strip_set_map (EspChannelStrip *self, guint channel, EspHeatmap *map)
{
  EspChannelCell *cell;
  GdkTexture *texture = NULL;
  float low, high;

  g_return_if_fail (ESP_IS_CHANNEL_STRIP (self));
  if (map != NULL)
    {
      texture = esp_heat_texture (map, NAN, NAN, &low, &high);
      g_hash_table_insert (self->maps, GUINT_TO_POINTER (channel), texture);
    }
  cell = g_hash_table_lookup (self->cells, GUINT_TO_POINTER (channel));
  if (cell != NULL)
    esp_channel_cell_set_map (cell, texture);
}

/** esp_channel_strip_clear_maps: @strip: forgets its maps, for another image or layer, and asks again for those in view. Thread: main. */
void
esp_channel_strip_clear_maps (EspChannelStrip *self)
{
  g_autoptr (GList) cells = NULL;

  g_return_if_fail (ESP_IS_CHANNEL_STRIP (self));
  g_hash_table_remove_all (self->maps);
  cells = g_hash_table_get_values (self->cells);
  for (GList *link = cells; link != NULL; link = link->next)
    {
      esp_channel_cell_set_map (link->data, NULL);
      need_map (self, link->data);
    }
}

/** esp_channel_strip_get_selected: Returns: (transfer full): of guint: the selected channels. Thread: main. */
GArray *
esp_channel_strip_get_selected (EspChannelStrip *self)
{
  g_autoptr (GPtrArray) rows = NULL;

  g_return_val_if_fail (ESP_IS_CHANNEL_STRIP (self), NULL);
  rows = esp_channel_strip_chosen (self);
  return channels_of (rows);
}

/** esp_channel_strip_take_focus: the keyboard is on the channel that had it last. Thread: main. */
void
esp_channel_strip_take_focus (EspChannelStrip *self)
{
  g_return_if_fail (ESP_IS_CHANNEL_STRIP (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->grid));
}
