/* edge-popover.c: the channels just below and just above a group's line, beside it while a hand is there
 *
 * As in the histogram, what goes is left of the line and what stays right of it, nearest to it in the middle. Room for all of them is
 * always there, so that it keeps its size while the line moves. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "edge-popover.h"

#include <glib/gi18n.h>
#include <math.h>

#include "channel-cell.h"
#include "heat-texture.h"
#include "row-label.h"

#define EACH_SIDE 4

struct _EspEdgePopover
{
  GtkPopover parent_instance;

  GListModel *models[2]; /* below, above */
  EspChannelCell *cells[2][EACH_SIDE];
  GtkLabel *empty[2];
};

G_DEFINE_FINAL_TYPE (EspEdgePopover, esp_edge_popover, GTK_TYPE_POPOVER)

enum
{
  MAP_NEEDED,
  CHANGED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
need_map (EspEdgePopover *self, EspChannelCell *cell)
{
  gpointer row = esp_channel_cell_get_row (cell);

  g_signal_emit (self, signals[MAP_NEEDED], 0, (guint) esp_row_get_int (row, "layer"), esp_channel_cell_get_channel (cell));
}

static void
on_cell_changed (EspChannelCell *cell, EspEdgePopover *self)
{
  if (esp_channel_cell_get_row (cell) != NULL)
    need_map (self, cell);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, EspEdgePopover *self)
{
  const int side = model == self->models[1];

  for (guint i = 0; i < EACH_SIDE; i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (model, i);

      if (row == esp_channel_cell_get_row (self->cells[side][i]))
        continue;
      esp_channel_cell_bind (self->cells[side][i], row);
      gtk_widget_queue_draw (GTK_WIDGET (self->cells[side][i]));
      if (row != NULL)
        need_map (self, self->cells[side][i]);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->empty[side]), g_list_model_get_n_items (model) == 0);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* The nearest to the line is the last of those below it, and the first of those above. */
static GtkWidget *
make_side (EspEdgePopover *self, int side, const char *title, const char *none)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 4);
  GtkWidget *overlay = gtk_overlay_new (), *heading = gtk_label_new (title);

  gtk_widget_add_css_class (heading, "caption-heading");
  gtk_label_set_xalign (GTK_LABEL (heading), side == 0 ? 1 : 0);
  gtk_box_append (GTK_BOX (box), heading);
  for (guint i = 0; i < EACH_SIDE; i++)
    {
      GtkWidget *cell = esp_channel_cell_new ();

      self->cells[side][i] = ESP_CHANNEL_CELL (cell);
      esp_channel_cell_show_layer (ESP_CHANNEL_CELL (cell));
      g_signal_connect_object (cell, "changed::revision", G_CALLBACK (on_cell_changed), self, 0);
      if (side == 0)
        gtk_box_prepend (GTK_BOX (row), cell);
      else
        gtk_box_append (GTK_BOX (row), cell);
    }
  self->empty[side] = GTK_LABEL (gtk_label_new (none));
  gtk_widget_add_css_class (GTK_WIDGET (self->empty[side]), "dim-label");
  gtk_overlay_set_child (GTK_OVERLAY (overlay), row);
  gtk_overlay_add_overlay (GTK_OVERLAY (overlay), GTK_WIDGET (self->empty[side]));
  gtk_box_append (GTK_BOX (box), overlay);
  return box;
}

static void
drop_models (EspEdgePopover *self)
{
  for (int side = 0; side < 2; side++)
    {
      if (self->models[side] != NULL)
        g_signal_handlers_disconnect_by_data (self->models[side], self);
      g_clear_object (&self->models[side]);
    }
}

static void
esp_edge_popover_dispose (GObject *object)
{
  drop_models (ESP_EDGE_POPOVER (object));
  G_OBJECT_CLASS (esp_edge_popover_parent_class)->dispose (object);
}

static void
esp_edge_popover_class_init (EspEdgePopoverClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_edge_popover_dispose;
  signals[MAP_NEEDED] = g_signal_new ("map-needed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_edge_popover_init (EspEdgePopover *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8), *line = gtk_separator_new (GTK_ORIENTATION_VERTICAL);
  GtkWidget *all = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *legend = gtk_label_new (
      _ ("The histogram has the scores in order, lowest left; height is the square root of the score. Left of the line goes."));

  gtk_popover_set_autohide (GTK_POPOVER (self), FALSE);
  gtk_widget_set_can_focus (GTK_WIDGET (self), FALSE);
  gtk_widget_add_css_class (line, "edge-line");
  gtk_widget_add_css_class (GTK_WIDGET (self), "edge");
  gtk_box_append (GTK_BOX (box), make_side (self, 0, _ ("Last to go"), _ ("Nothing goes")));
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), make_side (self, 1, _ ("Next to go"), _ ("Nothing is left")));
  gtk_label_set_wrap (GTK_LABEL (legend), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (legend), 40);
  gtk_label_set_xalign (GTK_LABEL (legend), 0);
  gtk_widget_add_css_class (legend, "caption");
  gtk_widget_add_css_class (legend, "dim-label");
  gtk_box_append (GTK_BOX (all), box);
  gtk_box_append (GTK_BOX (all), legend);
  gtk_popover_set_child (GTK_POPOVER (self), all);
  esp_accessible_name (self, _ ("Channels at the line"));
}

/** esp_edge_popover_new: Returns: (transfer floating): an empty one. Thread: main. */
GtkWidget *
esp_edge_popover_new (void)
{
  return g_object_new (ESP_TYPE_EDGE_POPOVER, NULL);
}

/**
 * esp_edge_popover_set_models:
 * @popover: the popover
 * @below: (nullable) (transfer none): of EspChannelRow, nearest to the line first: what goes
 * @above: (nullable) (transfer none): likewise: what stays
 *
 * Thread: main.
 */
void
esp_edge_popover_set_models (EspEdgePopover *self, GListModel *below, GListModel *above)
{
  GListModel *models[2] = { below, above };

  g_return_if_fail (ESP_IS_EDGE_POPOVER (self));
  drop_models (self);
  for (int side = 0; side < 2 && below != NULL && above != NULL; side++)
    {
      self->models[side] = g_object_ref (models[side]);
      g_signal_connect (models[side], "items-changed", G_CALLBACK (on_items_changed), self);
    }
  for (int side = 0; side < 2 && self->models[side] != NULL; side++)
    on_items_changed (models[side], 0, 0, g_list_model_get_n_items (models[side]), self);
}

/** esp_edge_popover_set_map: @map: (nullable): of a channel that is shown; each spans its own range. Thread: main. */
void
esp_edge_popover_set_map (EspEdgePopover *self, guint layer, guint channel, EspHeatmap *map)
{
  g_autoptr (GdkTexture) texture = NULL;
  float low, high;

  g_return_if_fail (ESP_IS_EDGE_POPOVER (self));
  if (map != NULL)
    texture = esp_heat_texture (map, NAN, NAN, &low, &high);
  for (int side = 0; side < 2; side++)
    for (guint i = 0; i < EACH_SIDE; i++)
      {
        gpointer row = esp_channel_cell_get_row (self->cells[side][i]);

        if (row != NULL && esp_channel_cell_get_channel (self->cells[side][i]) == channel
            && (guint) esp_row_get_int (row, "layer") == layer)
          esp_channel_cell_set_map (self->cells[side][i], texture);
      }
}

/* "layer 57 channel 12, layer 60 channel 3" */
static char *
list_channels (GListModel *model)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; model != NULL && i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (model, i);

      g_string_append_printf (text, _ ("%slayer %d channel %d"), text->len > 0 ? ", " : "", esp_row_get_int (row, "layer"),
                              esp_row_get_int (row, "channel"));
    }
  return g_string_free (text, FALSE);
}

/** esp_edge_popover_dup_words: Returns: (transfer full): what it shows, in words; "" where it shows nothing. Thread: main. */
char *
esp_edge_popover_dup_words (EspEdgePopover *self)
{
  g_autofree char *below = list_channels (self->models[0]), *above = list_channels (self->models[1]);

  g_return_val_if_fail (ESP_IS_EDGE_POPOVER (self), NULL);
  if (*below != '\0' && *above != '\0')
    return g_strdup_printf (_ ("next to go: %s; last to go: %s"), above, below);
  if (*above != '\0')
    return g_strdup_printf (_ ("next to go: %s"), above);
  return *below != '\0' ? g_strdup_printf (_ ("last to go: %s"), below) : g_strdup ("");
}
