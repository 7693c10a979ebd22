/* channel-cell.c: one channel of the strip: its map, its number, its fate
 *
 * Drawn by hand in one widget, because some hundred of them live at once. Nothing is said by colour alone: what is cut is dimmed and
 * hatched, what a hand decided carries a mark. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "channel-cell.h"

#include <glib/gi18n.h>

#include "compat.h"
#include "prune/plan.h"
#include "row-label.h"

#define SIDE  56 /* of the map */
#define FOOT  16 /* the number's line */
#define HATCH 7  /* between two strokes */
#define MARK  14

struct _EspChannelCell
{
  GtkWidget parent_instance;

  GObject *row;
  GdkTexture *map;
  PangoLayout *number;
  guint channel;
  gboolean kept;
  int rule;
  gboolean with_layer;
  gboolean lit; /* goes with the one under the pointer */
};

G_DEFINE_FINAL_TYPE (EspChannelCell, esp_channel_cell, GTK_TYPE_WIDGET)

enum
{
  CHANGED,
  HOVERED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
draw_hatch (EspChannelCell *self, GtkSnapshot *snapshot, const graphene_rect_t *area, const GdkRGBA *colour)
{
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, area);
  double x = (double) area->origin.x, y = (double) area->origin.y, side = (double) area->size.width;

  cairo_rectangle (cr, x, y, side, side);
  cairo_clip (cr);
  gdk_cairo_set_source_rgba (cr, colour);
  cairo_set_line_width (cr, 1.4);
  for (double d = -side; d < side; d += HATCH)
    {
      cairo_move_to (cr, x + d, y + side);
      cairo_line_to (cr, x + d + side, y);
    }
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
draw_mark (EspChannelCell *self, GtkSnapshot *snapshot, const graphene_rect_t *area)
{
  const char *name = self->rule == ESP_CHANNEL_PROTECTED ? "changes-prevent-symbolic" : "edit-cut-symbolic";
  GtkIconTheme *theme = gtk_icon_theme_get_for_display (gtk_widget_get_display (GTK_WIDGET (self)));
  g_autoptr (GtkIconPaintable) icon = gtk_icon_theme_lookup_icon (theme, name, NULL, MARK, gtk_widget_get_scale_factor (GTK_WIDGET (self)),
                                                                  gtk_widget_get_direction (GTK_WIDGET (self)), 0);
  const GdkRGBA white = { 1, 1, 1, 1 };
  float x = area->origin.x + area->size.width - MARK - 4, y = area->origin.y + 2;
  GskRoundedRect round;

  gsk_rounded_rect_init_from_rect (&round, &GRAPHENE_RECT_INIT (x - 2, y, MARK + 4, MARK + 4), 4);
  gtk_snapshot_push_rounded_clip (snapshot, &round);
  gtk_snapshot_append_color (snapshot, &(GdkRGBA){ 0, 0, 0, 0.7F }, &round.bounds);
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y + 2));
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (icon), snapshot, MARK, MARK, &white, 1);
  gtk_snapshot_restore (snapshot);
}

static void
draw_map (EspChannelCell *self, GtkSnapshot *snapshot, const graphene_rect_t *area, const GdkRGBA *colour)
{
  GdkRGBA empty = *colour, faint = *colour;

  faint.alpha *= 0.4F;
  empty.alpha = 0.08F;
  gtk_snapshot_append_color (snapshot, &empty, area);
  if (self->map != NULL)
    {
      gtk_snapshot_push_opacity (snapshot, self->kept ? 1 : self->with_layer ? 0.8 : 0.3); /* what went last is there to be looked at */
      gtk_snapshot_append_texture (snapshot, self->map, area);
      gtk_snapshot_pop (snapshot);
    }
  if (!self->kept)
    draw_hatch (self, snapshot, area, self->with_layer ? &faint : colour);
  if (self->rule != ESP_CHANNEL_BY_RANK)
    draw_mark (self, snapshot, area);
}

static void
draw_number (EspChannelCell *self, GtkSnapshot *snapshot, const graphene_rect_t *area, const GdkRGBA *colour)
{
  GdkRGBA ink = *colour;
  int width, height;

  if (self->number == NULL)
    {
      g_autofree char *text = self->with_layer ? g_strdup_printf ("%d · %u", esp_row_get_int (self->row, "layer"), self->channel)
                                               : g_strdup_printf ("%u", self->channel);
      g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

      self->number = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
      pango_attr_list_insert (attributes, pango_attr_scale_new (0.82));
      pango_layout_set_attributes (self->number, attributes);
    }
  ink.alpha *= self->kept ? 1 : 0.65F;
  pango_layout_get_pixel_size (self->number, &width, &height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (area->origin.x + (area->size.width - (float) width) / 2,
                                                          area->origin.y + area->size.height + (FOOT - (float) height) / 2));
  gtk_snapshot_append_layout (snapshot, self->number, &ink);
  gtk_snapshot_restore (snapshot);
}

static void
draw_light (EspChannelCell *self, GtkSnapshot *snapshot, graphene_rect_t area)
{
  const float widths[4] = { 3, 3, 3, 3 };
  GdkRGBA accent;
  GskRoundedRect outline;

  esp_compat_get_accent (GTK_WIDGET (self), &accent);
  graphene_rect_inset (&area, -2, -2);
  gsk_rounded_rect_init_from_rect (&outline, &area, 3);
  gtk_snapshot_append_border (snapshot, &outline, widths, (GdkRGBA[4]){ accent, accent, accent, accent });
}

static void
esp_channel_cell_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspChannelCell *self = ESP_CHANNEL_CELL (widget);
  float side = (float) MIN (gtk_widget_get_width (widget), gtk_widget_get_height (widget) - FOOT);
  graphene_rect_t area = GRAPHENE_RECT_INIT (((float) gtk_widget_get_width (widget) - side) / 2, 0, side, side);
  GdkRGBA colour;

  if (self->row == NULL || side <= 0)
    return;
  esp_compat_get_colour (widget, &colour);
  draw_map (self, snapshot, &area, &colour);
  draw_number (self, snapshot, &area, &colour);
  if (self->lit)
    draw_light (self, snapshot, area);
}

static void
esp_channel_cell_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_base, int *nat_base)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? SIDE : SIDE + FOOT;
}

static void
esp_channel_cell_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (esp_channel_cell_parent_class)->css_changed (widget, change);
  g_clear_object (&ESP_CHANNEL_CELL (widget)->number);
}

static gboolean
esp_channel_cell_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  EspChannelCell *self = ESP_CHANNEL_CELL (widget);
  g_autofree char *label = NULL;
  g_autofree char *reason = NULL;
  g_autofree char *layer = NULL;
  g_autofree char *both = NULL;

  if (self->row == NULL)
    return FALSE;
  label = esp_row_dup_string (self->row, "label");
  reason = esp_row_dup_string (self->row, "reason");
  layer = self->with_layer ? g_strdup_printf (_ ("Layer %d"), esp_row_get_int (self->row, "layer")) : NULL;
  if (layer != NULL)
    both = g_strjoin ("\n", layer, label, reason != NULL && *reason != '\0' ? reason : NULL, NULL);
  else
    both = g_strjoin ("\n", label, reason != NULL && *reason != '\0' ? reason : NULL, NULL);
  gtk_tooltip_set_text (tooltip, both);
  return TRUE;
}

static void
read_row (EspChannelCell *self)
{
  self->kept = esp_row_get_int (self->row, "kept") != 0;
  self->rule = esp_row_get_int (self->row, "rule");
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_row_notify (GObject *row, GParamSpec *pspec, EspChannelCell *self)
{
  read_row (self);
  if (g_str_equal (pspec->name, "revision") || g_str_equal (pspec->name, "kept") || g_str_equal (pspec->name, "score"))
    g_signal_emit (self, signals[CHANGED], g_quark_from_string (pspec->name));
}

static void
on_enter (GtkEventControllerMotion *motion, double x, double y, EspChannelCell *self)
{
  g_signal_emit (self, signals[HOVERED], 0, TRUE);
}

static void
on_leave (GtkEventControllerMotion *motion, EspChannelCell *self)
{
  g_signal_emit (self, signals[HOVERED], 0, FALSE);
}

static void
esp_channel_cell_dispose (GObject *object)
{
  esp_channel_cell_bind (ESP_CHANNEL_CELL (object), NULL);
  G_OBJECT_CLASS (esp_channel_cell_parent_class)->dispose (object);
}

static void
esp_channel_cell_class_init (EspChannelCellClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_channel_cell_dispose;
  widget->snapshot = esp_channel_cell_snapshot;
  widget->measure = esp_channel_cell_measure;
  widget->css_changed = esp_channel_cell_css_changed;
  widget->query_tooltip = esp_channel_cell_query_tooltip;
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_PRESENTATION);
  gtk_widget_class_set_css_name (widget, "channelcell");
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[HOVERED] = g_signal_new ("hovered", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
}

static void
esp_channel_cell_init (EspChannelCell *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();

  g_signal_connect (motion, "enter", G_CALLBACK (on_enter), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  self->kept = TRUE;
}

/** esp_channel_cell_new: Returns: (transfer floating): one without a channel. Thread: main. */
GtkWidget *
esp_channel_cell_new (void)
{
  return g_object_new (ESP_TYPE_CHANNEL_CELL, NULL);
}

/** esp_channel_cell_bind: @cell: shows @row, (nullable) (transfer none), with EspChannelRow's properties, and no map yet. Thread: main. */
void
esp_channel_cell_bind (EspChannelCell *self, gpointer row)
{
  g_return_if_fail (ESP_IS_CHANNEL_CELL (self));
  if (self->row != NULL)
    g_signal_handlers_disconnect_by_data (self->row, self);
  g_clear_object (&self->row);
  g_clear_object (&self->map);
  g_clear_object (&self->number);
  self->lit = FALSE;
  if (row == NULL)
    return;
  self->row = g_object_ref (row);
  self->channel = (guint) esp_row_get_int (row, "channel");
  g_signal_connect (row, "notify", G_CALLBACK (on_row_notify), self);
  read_row (self);
}

/** esp_channel_cell_get_row: Returns: (transfer none) (nullable): what it is bound to. Thread: main. */
gpointer
esp_channel_cell_get_row (EspChannelCell *self)
{
  g_return_val_if_fail (ESP_IS_CHANNEL_CELL (self), NULL);
  return self->row;
}

/** esp_channel_cell_get_channel: Returns: the row's "channel". Thread: main. */
guint
esp_channel_cell_get_channel (EspChannelCell *self)
{
  g_return_val_if_fail (ESP_IS_CHANNEL_CELL (self), 0);
  return self->channel;
}

/** esp_channel_cell_show_layer: @cell: stands among those of other layers: its number and its tooltip say which it is of. Thread: main. */
void
esp_channel_cell_show_layer (EspChannelCell *self)
{
  g_return_if_fail (ESP_IS_CHANNEL_CELL (self));
  self->with_layer = TRUE;
  g_clear_object (&self->number);
}

/** esp_channel_cell_set_map: @cell: shows @map, (nullable) (transfer none). Thread: main. */
void
esp_channel_cell_set_map (EspChannelCell *self, GdkTexture *map)
{
  g_return_if_fail (ESP_IS_CHANNEL_CELL (self));
  if (g_set_object (&self->map, map))
    gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_channel_cell_set_lit: @cell: stands out, as one that must go with another. Thread: main. */
void
esp_channel_cell_set_lit (EspChannelCell *self, gboolean lit)
{
  g_return_if_fail (ESP_IS_CHANNEL_CELL (self));
  if (self->lit == lit)
    return;
  self->lit = lit;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
