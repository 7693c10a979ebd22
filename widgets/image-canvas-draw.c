/* image-canvas-draw.c: photograph, heat, truths, boxes and their words, from what was made beforehand */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "image-canvas-private.h"

#include <glib/gi18n.h>

#include "draw/label-place.h"
#include "draw/palette.h"

#define LABEL_PAD   4
#define STALE_SHARE .35 /* of the opacity of heat */
#define LABEL_SHARE .2  /* of the picture in view that words may hide */

static GdkRGBA
class_colour (int class_index, float alpha)
{
  guint8 rgb[3];

  esp_palette_class (class_index, rgb);
  return (GdkRGBA){ rgb[0] / 255.0F, rgb[1] / 255.0F, rgb[2] / 255.0F, alpha };
}

/* Black or white, whichever is read better on @ground (relative luminance, Rec. 709). */
static GdkRGBA
ink_on (const GdkRGBA *ground)
{
  float luminance = 0.2126F * ground->red + 0.7152F * ground->green + 0.0722F * ground->blue;

  return luminance > 0.5F ? (GdkRGBA){ 0, 0, 0, 1 } : (GdkRGBA){ 1, 1, 1, 1 };
}

static PangoLayout *
make_layout (EspImageCanvas *self, const char *text)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_scale_new (0.85));
  pango_layout_set_attributes (layout, attributes);
  return layout;
}

static PangoLayout *
caption_layout (EspImageCanvas *self, guint pane)
{
  return make_layout (self, pane == ESP_PANE_ORIGINAL ? _ ("Original") : _ ("Pruned"));
}

static PangoLayout *
label_of (EspImageCanvas *self, EspCanvasBoxes *boxes, guint i)
{
  const EspDetection *box = &boxes->items[i];
  g_autofree char *text = NULL;

  if (boxes->labels[i] != NULL)
    return boxes->labels[i];
  if (self->names != NULL && box->class_index >= 0 && (guint) box->class_index < g_strv_length (self->names))
    text = g_strdup_printf (_ ("%s %.0f %%"), self->names[box->class_index], (double) (100 * box->score));
  else
    text = g_strdup_printf (_ ("%d %.0f %%"), box->class_index, (double) (100 * box->score));
  boxes->labels[i] = make_layout (self, text);
  return boxes->labels[i];
}

/* The words of the boxes are laid out again when the names, the boxes or the style change. */
void
esp_image_canvas_forget (EspCanvasBoxes *boxes)
{
  for (guint i = 0; boxes->labels != NULL && i < boxes->n; i++)
    g_clear_object (&boxes->labels[i]);
}

static void
draw_frame (GtkSnapshot *snapshot, graphene_rect_t place, float width, const GdkRGBA *colour)
{
  const float widths[4] = { width, width, width, width };
  const GdkRGBA colours[4] = { *colour, *colour, *colour, *colour };
  GskRoundedRect outline;

  graphene_rect_inset (&place, -width / 2, -width / 2);
  gsk_rounded_rect_init_from_rect (&outline, &place, width);
  gtk_snapshot_append_border (snapshot, &outline, widths, colours);
}

static void
draw_text (GtkSnapshot *snapshot, PangoLayout *layout, float x, float y, const GdkRGBA *ground)
{
  GdkRGBA ink = ink_on (ground);
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  gtk_snapshot_append_color (snapshot, ground, &GRAPHENE_RECT_INIT (x, y, (float) (width + 2 * LABEL_PAD), (float) height + 2));
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x + LABEL_PAD, y + 1));
  gtk_snapshot_append_layout (snapshot, layout, &ink);
  gtk_snapshot_restore (snapshot);
}

static gboolean
is_dimmed (const EspImageCanvas *self, guint pane, guint i)
{
  return pane == ESP_PANE_ORIGINAL && (self->has_missed || (self->selected >= 0 && (guint) self->selected != i));
}

static void
draw_box (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane, guint i, gboolean selected)
{
  const EspDetection *box = &self->boxes[pane].items[i];
  GdkRGBA colour = class_colour (box->class_index, is_dimmed (self, pane, i) ? 0.6F : 1);
  graphene_rect_t place = esp_image_canvas_place (self, pane, box->box);

  if (selected)
    {
      draw_frame (snapshot, place, 7, &(GdkRGBA){ 0, 0, 0, 0.65F });
      draw_frame (snapshot, place, 5, &(GdkRGBA){ 1, 1, 1, 1 });
    }
  draw_frame (snapshot, place, selected ? 3 : 2, &colour);
}

static EspRect
rect_of (graphene_rect_t rect)
{
  return (EspRect){ (double) rect.origin.x, (double) rect.origin.y, (double) rect.size.width, (double) rect.size.height };
}

/* The words of the pane in its corner: no label goes there. */
static EspRect
caption_place (EspImageCanvas *self, guint pane, PangoLayout *layout)
{
  const EspRect area = rect_of (esp_image_canvas_pane (self, pane));
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  return (EspRect){ area.x + 4, area.y + area.height - height - 6, width + 2 * LABEL_PAD, height + 2 };
}

/* What the labels of a pane may still cover. */
typedef struct
{
  GArray *taken; /* of EspRect */
  double room;   /* square pixels; the first label is there whatever it takes */
} Labels;

/* FALSE where the words would cover others, or too much of the picture: they are drawn all the same where @always. */
static gboolean
draw_label (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane, guint i, gboolean always, Labels *labels)
{
  const EspDetection *box = &self->boxes[pane].items[i];
  const GdkRGBA colour = class_colour (box->class_index, is_dimmed (self, pane, i) ? 0.85F : 1);
  const EspRect area = rect_of (esp_image_canvas_pane (self, pane));
  PangoLayout *layout = label_of (self, &self->boxes[pane], i);
  EspRect around = rect_of (esp_image_canvas_place (self, pane, box->box)), place;
  gboolean clear;
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  around = (EspRect){ around.x - 1, around.y - 1, around.width + 2, around.height + 2 }; /* the frame lies outside */
  labels->room -= (width + 2 * LABEL_PAD) * (height + 2);
  if (labels->room < 0 && i > 0 && !always)
    return FALSE;
  clear = esp_label_place (around, width + 2 * LABEL_PAD, height + 2, area, labels->taken, &place);
  if (clear || always)
    draw_text (snapshot, layout, (float) place.x, (float) place.y, &colour);
  return clear;
}

/* The best first, so that it is the doubtful ones that stay without words; the selected one's and the one's under the pointer are always
 * there. */
static void
draw_labels (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane, int selected)
{
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (EspRect));
  graphene_rect_t area = esp_image_canvas_pane (self, pane), frame = esp_image_canvas_frame (self, pane), seen;
  Labels labels = { taken, 0 };
  const int hovered = self->hovered_pane == pane ? self->hovered : -1;
  int late[2] = { -1, -1 }; /* over all others */

  if (graphene_rect_intersection (&area, &frame, &seen))
    labels.room = LABEL_SHARE * (double) graphene_rect_get_area (&seen);
  if (self->compare)
    {
      g_autoptr (PangoLayout) caption = caption_layout (self, pane);
      const EspRect place = caption_place (self, pane, caption);

      g_array_append_val (taken, place);
    }
  for (guint i = 0; i < self->boxes[pane].n; i++)
    {
      const gboolean placed = draw_label (self, snapshot, pane, i, FALSE, &labels);

      late[0] = !placed && (int) i == hovered ? (int) i : late[0];
      late[1] = !placed && (int) i == selected ? (int) i : late[1];
    }
  for (guint k = 0; k < 2; k++)
    if (late[k] >= 0)
      draw_label (self, snapshot, pane, (guint) late[k], TRUE, &labels);
}

/* The selected one last, over all others; words over all frames. */
static void
draw_boxes (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane)
{
  const int selected = pane == ESP_PANE_ORIGINAL && self->selected < (int) self->boxes[pane].n ? self->selected : -1;

  for (guint i = 0; i < self->boxes[pane].n; i++)
    if ((int) i != selected)
      draw_box (self, snapshot, pane, i, FALSE);
  if (selected >= 0)
    draw_box (self, snapshot, pane, (guint) selected, TRUE);
  draw_labels (self, snapshot, pane, selected);
}

static void
draw_truths (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane)
{
  const double dash[] = { 6, 5 };
  graphene_rect_t area = esp_image_canvas_pane (self, pane);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &area);

  for (guint i = 0; i < self->n_truths; i++)
    {
      graphene_rect_t place = esp_image_canvas_place (self, pane, self->truths[i].box);
      GdkRGBA colour = class_colour (self->truths[i].class_index, 1);

      cairo_rectangle (cr, (double) place.origin.x, (double) place.origin.y, (double) place.size.width, (double) place.size.height);
      cairo_set_dash (cr, NULL, 0, 0);
      cairo_set_source_rgba (cr, 0, 0, 0, 0.7);
      cairo_set_line_width (cr, 3.5);
      cairo_stroke_preserve (cr);
      cairo_set_dash (cr, dash, 2, 0);
      gdk_cairo_set_source_rgba (cr, &colour);
      cairo_set_line_width (cr, 2);
      cairo_stroke (cr);
    }
  cairo_destroy (cr);
}

/* What was missed, or is being drawn: white dashes on black, and over those the class's colour once it has one. */
static void
draw_missed (EspImageCanvas *self, GtkSnapshot *snapshot, EspBox box, int class_index)
{
  const double dash[] = { 8, 5 };
  graphene_rect_t area = esp_image_canvas_pane (self, ESP_PANE_ORIGINAL), place = esp_image_canvas_place (self, ESP_PANE_ORIGINAL, box);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &area);
  const GdkRGBA colour = class_index >= 0 ? class_colour (class_index, 1) : (GdkRGBA){ 1, 1, 1, 1 };

  cairo_rectangle (cr, (double) place.origin.x, (double) place.origin.y, (double) place.size.width, (double) place.size.height);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.75);
  cairo_set_line_width (cr, 7);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgba (cr, 1, 1, 1, 1);
  cairo_set_line_width (cr, 5);
  cairo_stroke_preserve (cr);
  cairo_set_dash (cr, dash, 2, 0);
  gdk_cairo_set_source_rgba (cr, class_index >= 0 ? &colour : &(GdkRGBA){ 0, 0, 0, 1 });
  cairo_set_line_width (cr, 3);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

/* The map covers the network's input, of which the picture may be a part. */
/* What a class's spatial mask lets pass: cells of the heads, thin, and as they are: heads of two sizes have cells of two sizes. */
static void
draw_cells (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane)
{
  const GArray *cells = self->heatmap->cells;

  for (guint i = 0; cells != NULL && i < cells->len; i++)
    {
      const graphene_rect_t place = esp_image_canvas_place (self, pane, g_array_index (cells, EspBox, i));

      draw_frame (snapshot, place, 2, &(GdkRGBA){ 0, 0, 0, 0.25F });
      draw_frame (snapshot, place, 1, &(GdkRGBA){ 1, 1, 1, 0.6F });
    }
}

static void
draw_heat (EspImageCanvas *self, GtkSnapshot *snapshot, graphene_rect_t frame)
{
  const EspPlacement *placement = &self->heatmap->placement;
  float width = frame.size.width / placement->width, height = frame.size.height / placement->height;

  gtk_snapshot_push_clip (snapshot, &frame);
  gtk_snapshot_push_opacity (snapshot, self->stale ? self->heat_opacity * STALE_SHARE : self->heat_opacity);
  gtk_snapshot_append_texture (
      snapshot, self->heat,
      &GRAPHENE_RECT_INIT (frame.origin.x - placement->left * width, frame.origin.y - placement->top * height, width, height));
  gtk_snapshot_pop (snapshot);
  gtk_snapshot_pop (snapshot);
}

static void
draw_caption (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane)
{
  g_autoptr (PangoLayout) layout = caption_layout (self, pane);
  const EspRect place = caption_place (self, pane, layout);

  draw_text (snapshot, layout, (float) place.x, (float) place.y, &(GdkRGBA){ 0, 0, 0, 0.7F });
}

static void
draw_pane (EspImageCanvas *self, GtkSnapshot *snapshot, guint pane)
{
  graphene_rect_t area = esp_image_canvas_pane (self, pane), frame = esp_image_canvas_frame (self, pane);

  gtk_snapshot_push_clip (snapshot, &area);
  gtk_snapshot_append_texture (snapshot, self->picture, &frame);
  if (pane == ESP_PANE_ORIGINAL && self->show_heat && self->heat != NULL)
    {
      draw_heat (self, snapshot, frame);
      draw_cells (self, snapshot, pane);
    }
  if (self->show_truth && self->n_truths > 0)
    draw_truths (self, snapshot, pane);
  if (self->show_boxes)
    draw_boxes (self, snapshot, pane);
  if (pane == ESP_PANE_ORIGINAL && self->has_missed)
    draw_missed (self, snapshot, self->missed, self->missed_class);
  if (pane == ESP_PANE_ORIGINAL && self->marking)
    draw_missed (self, snapshot, self->band, -1);
  if (self->compare)
    draw_caption (self, snapshot, pane);
  gtk_snapshot_pop (snapshot);
}

/* The widget's snapshot: sets nothing, makes nothing but words not yet laid out. */
void
esp_image_canvas_draw (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspImageCanvas *self = ESP_IMAGE_CANVAS (widget);

  for (guint pane = 0; self->picture != NULL && pane < esp_image_canvas_n_panes (self); pane++)
    draw_pane (self, snapshot, pane);
}
