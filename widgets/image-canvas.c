/* image-canvas.c: the picture's state and geometry; drawing and hands have files of their own */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "image-canvas.h"

#include <glib/gi18n.h>
#include <math.h>

#include "heat-texture.h"
#include "image-canvas-private.h"
#include "row-label.h"

#define GAP        8 /* between the panes */
#define ZOOM_MOST  64.0
#define ZOOM_LEAST 0.02

G_DEFINE_FINAL_TYPE (EspImageCanvas, esp_image_canvas, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_HEAT_OPACITY,
  PROP_SHOW_BOXES,
  PROP_SHOW_TRUTH,
  PROP_SHOW_HEAT,
  PROP_COMPARE,
  PROP_MARKING,
  PROP_STALE,
  PROP_ZOOM,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

enum
{
  BOX_ACTIVATED,
  BACKGROUND_ACTIVATED,
  BOX_DRAWN,
  PROBE_CHANGED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

guint
esp_image_canvas_n_panes (EspImageCanvas *self)
{
  return self->compare ? ESP_N_PANES : 1;
}

graphene_rect_t
esp_image_canvas_pane (EspImageCanvas *self, guint pane)
{
  guint n = esp_image_canvas_n_panes (self);
  float width = ((float) gtk_widget_get_width (GTK_WIDGET (self)) - (float) (n - 1) * GAP) / (float) n;

  return GRAPHENE_RECT_INIT ((float) pane * (width + GAP), 0, MAX (width, 1), (float) MAX (gtk_widget_get_height (GTK_WIDGET (self)), 1));
}

static double
fit_zoom (EspImageCanvas *self)
{
  graphene_rect_t pane = esp_image_canvas_pane (self, 0);

  if (self->image == NULL)
    return 1;
  return MIN ((double) pane.size.width / esp_image_get_width (self->image), (double) pane.size.height / esp_image_get_height (self->image));
}

/** esp_image_canvas_get_zoom: Returns: screen pixels a picture's pixel, as shown. Thread: main. */
double
esp_image_canvas_get_zoom (EspImageCanvas *self)
{
  g_return_val_if_fail (ESP_IS_IMAGE_CANVAS (self), 1);
  return self->fit ? fit_zoom (self) : self->zoom;
}

/* What is smaller than the pane stands in its middle; what is larger covers it. */
static double
hold (double centre, double length, double pane, double zoom)
{
  double half = pane / zoom / 2;

  return length <= 2 * half ? length / 2 : CLAMP (centre, half, length - half);
}

graphene_rect_t
esp_image_canvas_frame (EspImageCanvas *self, guint pane)
{
  graphene_rect_t area = esp_image_canvas_pane (self, pane);
  double zoom = esp_image_canvas_get_zoom (self);
  double width = self->image != NULL ? esp_image_get_width (self->image) : 1;
  double height = self->image != NULL ? esp_image_get_height (self->image) : 1;
  double x = hold (self->fit ? width / 2 : self->centre_x, width, area.size.width, zoom);
  double y = hold (self->fit ? height / 2 : self->centre_y, height, area.size.height, zoom);

  return GRAPHENE_RECT_INIT ((float) (area.origin.x + area.size.width / 2 - x * zoom),
                             (float) (area.origin.y + area.size.height / 2 - y * zoom), (float) (width * zoom), (float) (height * zoom));
}

graphene_rect_t
esp_image_canvas_place (EspImageCanvas *self, guint pane, EspBox box)
{
  graphene_rect_t frame = esp_image_canvas_frame (self, pane);

  return GRAPHENE_RECT_INIT (frame.origin.x + (box.x - box.w / 2) * frame.size.width,
                             frame.origin.y + (box.y - box.h / 2) * frame.size.height, box.w * frame.size.width, box.h * frame.size.height);
}

void
esp_image_canvas_set_view (EspImageCanvas *self, double zoom, double centre_x, double centre_y)
{
  graphene_rect_t area = esp_image_canvas_pane (self, 0);

  if (self->image == NULL)
    return;
  self->fit = FALSE;
  self->zoom = CLAMP (zoom, ZOOM_LEAST, ZOOM_MOST);
  self->centre_x = hold (centre_x, esp_image_get_width (self->image), area.size.width, self->zoom);
  self->centre_y = hold (centre_y, esp_image_get_height (self->image), area.size.height, self->zoom);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}

/* Which pane a point of the widget lies in. */
static guint
pane_at (EspImageCanvas *self, double x)
{
  for (guint i = esp_image_canvas_n_panes (self) - 1; i > 0; i--)
    if (x >= esp_image_canvas_pane (self, i).origin.x)
      return i;
  return 0;
}

/* The picture's point under (x, y) stays under it. */
void
esp_image_canvas_zoom_at (EspImageCanvas *self, double factor, double x, double y)
{
  guint pane = pane_at (self, x);
  graphene_rect_t area = esp_image_canvas_pane (self, pane), frame = esp_image_canvas_frame (self, pane);
  double old = esp_image_canvas_get_zoom (self), zoom = CLAMP (old * factor, ZOOM_LEAST, ZOOM_MOST);
  double image_x = (x - frame.origin.x) / old, image_y = (y - frame.origin.y) / old;

  esp_image_canvas_set_view (self, zoom, image_x - (x - area.origin.x - area.size.width / 2) / zoom,
                             image_y - (y - area.origin.y - area.size.height / 2) / zoom);
}

/**
 * esp_image_canvas_to_image:
 * @canvas: a canvas
 * @x: from its left edge, screen pixels
 * @y: from its top edge
 * @image_x: (out): in pixels of the picture
 * @image_y: (out): in pixels of the picture
 *
 * Returns: whether the point lies on the picture, in either pane. Thread: main.
 */
gboolean
esp_image_canvas_to_image (EspImageCanvas *self, double x, double y, double *image_x, double *image_y)
{
  guint pane;
  graphene_rect_t area, frame;
  graphene_point_t point = GRAPHENE_POINT_INIT ((float) x, (float) y);

  g_return_val_if_fail (ESP_IS_IMAGE_CANVAS (self), FALSE);
  pane = pane_at (self, x);
  area = esp_image_canvas_pane (self, pane);
  frame = esp_image_canvas_frame (self, pane);
  *image_x = (x - frame.origin.x) / esp_image_canvas_get_zoom (self);
  *image_y = (y - frame.origin.y) / esp_image_canvas_get_zoom (self);
  return self->image != NULL && graphene_rect_contains_point (&area, &point) && *image_x >= 0 && *image_y >= 0
         && *image_x < esp_image_get_width (self->image) && *image_y < esp_image_get_height (self->image);
}

/**
 * esp_image_canvas_box_at:
 * @canvas: a canvas
 * @x: from its left edge, screen pixels
 * @y: from its top edge
 * @pane: (out): the pane under the point
 *
 * Returns: the smallest box of that pane around the point, -1 none. Thread: main.
 */
int
esp_image_canvas_box_at (EspImageCanvas *self, double x, double y, EspPane *pane)
{
  const EspCanvasBoxes *boxes;
  graphene_point_t point = GRAPHENE_POINT_INIT ((float) x, (float) y);
  float least = G_MAXFLOAT;
  int found = -1;

  g_return_val_if_fail (ESP_IS_IMAGE_CANVAS (self), -1);
  *pane = (EspPane) pane_at (self, x);
  boxes = &self->boxes[*pane];
  for (guint i = 0; self->show_boxes && i < boxes->n; i++)
    {
      graphene_rect_t place = esp_image_canvas_place (self, *pane, boxes->items[i].box);

      graphene_rect_inset (&place, -3, -3);
      if (graphene_rect_contains_point (&place, &point) && graphene_rect_get_area (&place) < least)
        {
          least = graphene_rect_get_area (&place);
          found = (int) i;
        }
    }
  return found;
}

/* The heat's own number at a point of the picture, not the blended colour's; FALSE outside the map. */
static gboolean
heat_at (EspImageCanvas *self, double x, double y, float *value)
{
  const EspHeatmap *map = self->heatmap;
  int column, row;

  if (map == NULL || !self->show_heat)
    return FALSE;
  column = (int) floor ((map->placement.left + x / esp_image_get_width (self->image) * map->placement.width) * map->width);
  row = (int) floor ((map->placement.top + y / esp_image_get_height (self->image) * map->placement.height) * map->height);
  if (column < 0 || row < 0 || column >= map->width || row >= map->height)
    return FALSE;
  *value = map->values[row * map->width + column];
  return TRUE;
}

/**
 * esp_image_canvas_probe:
 * @canvas: a canvas
 * @x: from its left edge, screen pixels
 * @y: from its top edge
 *
 * Returns: (transfer full): the picture's pixel and the heat there in words, "" outside. Thread: main.
 */
char *
esp_image_canvas_probe (EspImageCanvas *self, double x, double y)
{
  double image_x = 0, image_y = 0;
  float heat = 0;
  const guint8 *rgb;
  g_autofree char *pixel = NULL;

  g_return_val_if_fail (ESP_IS_IMAGE_CANVAS (self), NULL);
  if (x < 0 || !esp_image_canvas_to_image (self, x, y, &image_x, &image_y))
    return g_strdup ("");
  rgb = esp_image_get_rgb (self->image) + 3 * ((gsize) image_y * (gsize) esp_image_get_width (self->image) + (gsize) image_x);
  pixel = g_strdup_printf ("%d, %d · RGB %d %d %d", (int) image_x, (int) image_y, rgb[0], rgb[1], rgb[2]);
  if (heat_at (self, image_x, image_y, &heat))
    return g_strdup_printf (_ ("%s · heat %.3g"), pixel, (double) heat);
  return g_steal_pointer (&pixel);
}

void
esp_image_canvas_emit_probe (EspImageCanvas *self)
{
  g_autofree char *text = esp_image_canvas_probe (self, self->pointer_x, self->pointer_y);

  g_signal_emit (self, signals[PROBE_CHANGED], 0, text);
}

void
esp_image_canvas_emit_drawn (EspImageCanvas *self)
{
  const EspBox drawn = self->band;

  g_signal_emit (self, signals[BOX_DRAWN], 0, &drawn);
}

void
esp_image_canvas_tell (EspImageCanvas *self, const char *text)
{
  g_signal_emit (self, signals[PROBE_CHANGED], 0, text);
}

void
esp_image_canvas_emit_box (EspImageCanvas *self, int index)
{
  if (index >= 0)
    g_signal_emit (self, signals[BOX_ACTIVATED], 0, index);
  else
    g_signal_emit (self, signals[BACKGROUND_ACTIVATED], 0);
}

static void
esp_image_canvas_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspImageCanvas *self = ESP_IMAGE_CANVAS (object);

  switch (id)
    {
    case PROP_HEAT_OPACITY:
      g_value_set_double (value, self->heat_opacity);
      break;
    case PROP_SHOW_BOXES:
      g_value_set_boolean (value, self->show_boxes);
      break;
    case PROP_SHOW_TRUTH:
      g_value_set_boolean (value, self->show_truth);
      break;
    case PROP_SHOW_HEAT:
      g_value_set_boolean (value, self->show_heat);
      break;
    case PROP_COMPARE:
      g_value_set_boolean (value, self->compare);
      break;
    case PROP_MARKING:
      g_value_set_boolean (value, self->marking);
      break;
    case PROP_STALE:
      g_value_set_boolean (value, self->stale);
      break;
    case PROP_ZOOM:
      g_value_set_double (value, esp_image_canvas_get_zoom (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_flag (EspImageCanvas *self, gboolean *flag, const GValue *value, GParamSpec *pspec)
{
  if (*flag == g_value_get_boolean (value))
    return;
  *flag = g_value_get_boolean (value);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
esp_image_canvas_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspImageCanvas *self = ESP_IMAGE_CANVAS (object);

  switch (id)
    {
    case PROP_HEAT_OPACITY:
      if (self->heat_opacity == g_value_get_double (value))
        break;
      self->heat_opacity = g_value_get_double (value);
      gtk_widget_queue_draw (GTK_WIDGET (self));
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_SHOW_BOXES:
      set_flag (self, &self->show_boxes, value, pspec);
      break;
    case PROP_SHOW_TRUTH:
      set_flag (self, &self->show_truth, value, pspec);
      break;
    case PROP_SHOW_HEAT:
      set_flag (self, &self->show_heat, value, pspec);
      break;
    case PROP_COMPARE:
      set_flag (self, &self->compare, value, pspec);
      break;
    case PROP_MARKING:
      if (self->marking == g_value_get_boolean (value))
        break;
      esp_image_canvas_mark (self, g_value_get_boolean (value));
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_STALE:
      set_flag (self, &self->stale, value, pspec);
      break;
    case PROP_ZOOM:
      esp_image_canvas_zoom_to (self, g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
esp_image_canvas_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_base, int *nat_base)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 120;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 480 : 360;
}

static void
esp_image_canvas_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  EspImageCanvas *self = ESP_IMAGE_CANVAS (widget);

  GTK_WIDGET_CLASS (esp_image_canvas_parent_class)->css_changed (widget, change);
  for (guint pane = 0; pane < ESP_N_PANES; pane++)
    esp_image_canvas_forget (&self->boxes[pane]);
}

static void
boxes_clear (EspCanvasBoxes *boxes)
{
  esp_image_canvas_forget (boxes);
  g_clear_pointer (&boxes->labels, g_free);
  g_clear_pointer (&boxes->items, g_free);
  boxes->n = 0;
}

static void
esp_image_canvas_finalize (GObject *object)
{
  EspImageCanvas *self = ESP_IMAGE_CANVAS (object);

  for (guint pane = 0; pane < ESP_N_PANES; pane++)
    boxes_clear (&self->boxes[pane]);
  g_clear_pointer (&self->image, esp_image_unref);
  g_clear_pointer (&self->heatmap, esp_heatmap_unref);
  g_clear_object (&self->picture);
  g_clear_object (&self->heat);
  g_strfreev (self->names);
  g_free (self->truths);
  G_OBJECT_CLASS (esp_image_canvas_parent_class)->finalize (object);
}

static void
install_props (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  props[PROP_HEAT_OPACITY] = g_param_spec_double ("heat-opacity", NULL, NULL, 0, 1, 0.55, flags);
  props[PROP_SHOW_BOXES] = g_param_spec_boolean ("show-boxes", NULL, NULL, TRUE, flags);
  props[PROP_SHOW_TRUTH] = g_param_spec_boolean ("show-truth", NULL, NULL, FALSE, flags);
  props[PROP_SHOW_HEAT] = g_param_spec_boolean ("show-heat", NULL, NULL, TRUE, flags);
  props[PROP_COMPARE] = g_param_spec_boolean ("compare", NULL, NULL, FALSE, flags);
  props[PROP_MARKING] = g_param_spec_boolean ("marking", NULL, NULL, FALSE, flags);
  props[PROP_STALE] = g_param_spec_boolean ("stale", NULL, NULL, FALSE, flags);
  props[PROP_ZOOM] = g_param_spec_double ("zoom", NULL, NULL, ZOOM_LEAST / 100, ZOOM_MOST, 1, flags);
  g_object_class_install_properties (klass, N_PROPS, props);
}

static void
esp_image_canvas_class_init (EspImageCanvasClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_image_canvas_finalize;
  G_OBJECT_CLASS (klass)->get_property = esp_image_canvas_get_property;
  G_OBJECT_CLASS (klass)->set_property = esp_image_canvas_set_property;
  widget->snapshot = esp_image_canvas_draw;
  widget->measure = esp_image_canvas_measure;
  widget->css_changed = esp_image_canvas_css_changed;
  install_props (G_OBJECT_CLASS (klass));
  esp_image_canvas_class_keys (widget);
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget, "imagecanvas");
  signals[BOX_ACTIVATED] = g_signal_new ("box-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[BACKGROUND_ACTIVATED] = g_signal_new ("background-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[BOX_DRAWN] = g_signal_new ("box-drawn", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[PROBE_CHANGED] = g_signal_new ("probe-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
esp_image_canvas_init (EspImageCanvas *self)
{
  self->selected = -1;
  self->heat_opacity = 0.55;
  self->show_boxes = self->show_heat = self->fit = TRUE;
  self->zoom = 1;
  self->pointer_x = -1;
  self->hovered = -1;
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  esp_accessible_name (self, _ ("Image view"));
  esp_image_canvas_add_hands (self);
}

/** esp_image_canvas_new: Returns: (transfer floating): an empty one. Thread: main. */
GtkWidget *
esp_image_canvas_new (void)
{
  return g_object_new (ESP_TYPE_IMAGE_CANVAS, NULL);
}

/* Cairo's own pixel form, so that no frame converts it again. */
static GdkTexture *
make_picture (EspImage *image)
{
  gsize n = (gsize) esp_image_get_width (image) * (gsize) esp_image_get_height (image);
  const guint8 *rgb = esp_image_get_rgb (image);
  guint8 *bgra = g_malloc (4 * n);
  g_autoptr (GBytes) bytes = g_bytes_new_take (bgra, 4 * n);

  for (gsize i = 0; i < n; i++)
    {
      bgra[4 * i] = rgb[3 * i + 2];
      bgra[4 * i + 1] = rgb[3 * i + 1];
      bgra[4 * i + 2] = rgb[3 * i];
      bgra[4 * i + 3] = 255;
    }
  return gdk_memory_texture_new (esp_image_get_width (image), esp_image_get_height (image), GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes,
                                 4 * (gsize) esp_image_get_width (image));
}

/**
 * esp_image_canvas_set_image:
 * @canvas: a canvas
 * @image: (nullable) (transfer none): shown fitted; boxes, truths and heat of another picture go
 *
 * Thread: main.
 */
void
esp_image_canvas_set_image (EspImageCanvas *self, EspImage *image)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  if (self->image == image)
    return;
  g_clear_pointer (&self->image, esp_image_unref);
  g_clear_object (&self->picture);
  for (guint pane = 0; pane < ESP_N_PANES; pane++)
    boxes_clear (&self->boxes[pane]);
  esp_image_canvas_set_truths (self, NULL, 0);
  esp_image_canvas_set_heatmap (self, NULL, NAN, NAN);
  self->selected = -1;
  self->has_missed = FALSE;
  g_object_set (self, "marking", FALSE, NULL);
  if (image != NULL)
    {
      self->image = esp_image_ref (image);
      self->picture = make_picture (image);
    }
  esp_image_canvas_fit (self);
}

/** esp_image_canvas_set_names: @canvas: writes these class names beside its boxes; @names: (nullable): copied; without one the index
 * stands. Thread: main. */
void
esp_image_canvas_set_names (EspImageCanvas *self, const char *const *names)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  g_strfreev (self->names);
  self->names = g_strdupv ((char **) names);
  for (guint pane = 0; pane < ESP_N_PANES; pane++)
    esp_image_canvas_forget (&self->boxes[pane]);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_image_canvas_set_boxes: @canvas: draws these in @pane; @boxes: n, fractions of the picture, copied. Thread: main. */
void
esp_image_canvas_set_boxes (EspImageCanvas *self, EspPane pane, const EspDetection *boxes, guint n)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self) && pane < ESP_N_PANES);
  boxes_clear (&self->boxes[pane]);
  if (n > 0)
    {
      self->boxes[pane].items = g_memdup2 (boxes, n * sizeof *boxes);
      self->boxes[pane].labels = g_new0 (PangoLayout *, n);
      self->boxes[pane].n = n;
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_image_canvas_set_truths: @canvas: can show these dashed; @truths: n, copied. Thread: main. */
void
esp_image_canvas_set_truths (EspImageCanvas *self, const EspTruth *truths, guint n)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  g_free (self->truths);
  self->truths = g_memdup2 (truths, n * sizeof *truths);
  self->n_truths = n;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_image_canvas_set_selected: @canvas: stresses one of the original's boxes, -1 none. Thread: main. */
void
esp_image_canvas_set_selected (EspImageCanvas *self, int index)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  self->selected = index;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_image_canvas_set_missed: @canvas: stresses where something was missed; @box: (nullable): fractions of the picture. Thread: main. */
void
esp_image_canvas_set_missed (EspImageCanvas *self, const EspBox *box, int class_index)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  self->has_missed = box != NULL;
  if (box != NULL)
    self->missed = *box;
  self->missed_class = class_index;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_image_canvas_locate: @canvas: where @box of the original lies in the widget; @place: (out). Returns: FALSE without a picture.
 * Thread: main. */
gboolean
esp_image_canvas_locate (EspImageCanvas *self, EspBox box, GdkRectangle *place)
{
  graphene_rect_t rect;

  g_return_val_if_fail (ESP_IS_IMAGE_CANVAS (self), FALSE);
  rect = esp_image_canvas_place (self, ESP_PANE_ORIGINAL, box);
  *place = (GdkRectangle){ (int) rect.origin.x, (int) rect.origin.y, (int) rect.size.width, (int) rect.size.height };
  return self->image != NULL;
}

/**
 * esp_image_canvas_set_heatmap:
 * @canvas: a canvas
 * @heatmap: (nullable) (transfer none): laid over the original
 * @low: what the scale begins at, NaN: the map's own range
 * @high: what it ends at; signed maps span -m..m of the greater
 *
 * The colours are made here, once. Thread: main.
 */
void
esp_image_canvas_set_heatmap (EspImageCanvas *self, EspHeatmap *heatmap, float low, float high)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  if (heatmap != NULL)
    esp_heatmap_ref (heatmap);
  g_clear_pointer (&self->heatmap, esp_heatmap_unref);
  g_clear_object (&self->heat);
  self->heatmap = heatmap;
  if (heatmap != NULL)
    self->heat = esp_heat_texture (heatmap, low, high, &self->low, &self->high);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_image_canvas_get_scale: @canvas: a canvas with a map; @low: (out): where its colours begin; @high: (out): where they end.
 * Thread: main. */
void
esp_image_canvas_get_scale (EspImageCanvas *self, float *low, float *high)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  *low = self->low;
  *high = self->high;
}

/** esp_image_canvas_zoom_by: @canvas: grows or shrinks by @factor about its middle. Thread: main. */
void
esp_image_canvas_zoom_by (EspImageCanvas *self, double factor)
{
  graphene_rect_t pane;

  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  pane = esp_image_canvas_pane (self, 0);
  esp_image_canvas_zoom_at (self, factor, pane.size.width / 2, pane.size.height / 2);
}

/** esp_image_canvas_zoom_to: @canvas: shows each picture's pixel as @zoom screen pixels. Thread: main. */
void
esp_image_canvas_zoom_to (EspImageCanvas *self, double zoom)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self) && zoom > 0);
  esp_image_canvas_zoom_by (self, zoom / esp_image_canvas_get_zoom (self));
}

/** esp_image_canvas_fit: @canvas: shows the whole picture, and goes on doing so when it is resized. Thread: main. */
void
esp_image_canvas_fit (EspImageCanvas *self)
{
  g_return_if_fail (ESP_IS_IMAGE_CANVAS (self));
  self->fit = TRUE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ZOOM]);
}
