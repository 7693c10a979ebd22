/* image-view.c: the picture with its legend, its sentence, its probe and its switches */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "image-view.h"

#include <glib/gi18n.h>
#include <math.h>

#include "metric-text.h"
#include "palette-bar.h"
#include "row-label.h"

#define ZOOM_STEP 1.2
#define CARD_GAP  6

struct _EspImageView
{
  GtkBox parent_instance;

  EspImageCanvas *canvas;
  GtkWidget *overlay;
  EspBoxCard *card;
  GtkWidget *progress;
  GtkProgressBar *progress_bar;
  EspBox beside; /* where the card stands */
  EspPaletteBar *bar;
  GtkWidget *legend;
  GtkLabel *low;
  GtkLabel *high;
  GtkLabel *unit;
  GtkLabel *probe;
  GtkLabel *badge;
  GtkLabel *sentence;
  GtkRange *opacity;
  GtkWidget *truth;
  GtkToggleButton *scale;

  gboolean has_heat;
};

G_DEFINE_FINAL_TYPE (EspImageView, esp_image_view, GTK_TYPE_BOX)

/* Each is the canvas's property of the same name. */
static const char *const forwarded[] = { NULL, "heat-opacity", "show-boxes", "show-truth", "show-heat", "compare", "marking", "zoom" };
#define PROP_FIXED_SCALE G_N_ELEMENTS (forwarded)

enum
{
  BOX_ACTIVATED,
  BACKGROUND_ACTIVATED,
  BOX_DRAWN,
  PROGRESS_CANCELLED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
show_legend (EspImageView *self)
{
  gboolean shown = FALSE;

  g_object_get (self->canvas, "show-heat", &shown, NULL);
  gtk_widget_set_opacity (self->legend, shown && self->has_heat ? 1 : 0);
  gtk_widget_set_sensitive (self->legend, shown && self->has_heat);
}

static void
on_canvas_notify (EspImageCanvas *canvas, GParamSpec *pspec, EspImageView *self)
{
  for (guint i = 1; i < G_N_ELEMENTS (forwarded); i++)
    if (g_str_equal (pspec->name, forwarded[i]))
      g_object_notify (G_OBJECT (self), forwarded[i]);
  if (g_str_equal (pspec->name, "show-heat"))
    show_legend (self);
  if (g_str_equal (pspec->name, "zoom") && self->overlay != NULL) /* the card follows its box */
    gtk_widget_queue_allocate (self->overlay);
}

static void
on_box_activated (EspImageCanvas *canvas, int index, EspImageView *self)
{
  g_signal_emit (self, signals[BOX_ACTIVATED], 0, index);
}

static void
on_background_activated (GtkWidget *origin, EspImageView *self)
{
  if (origin == GTK_WIDGET (self->card))
    gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
  g_signal_emit (self, signals[BACKGROUND_ACTIVATED], 0);
}

static void
on_box_drawn (EspImageCanvas *canvas, const EspBox *box, EspImageView *self)
{
  g_signal_emit (self, signals[BOX_DRAWN], 0, box);
}

static void
on_progress_cancelled (GtkButton *button, EspImageView *self)
{
  g_signal_emit (self, signals[PROGRESS_CANCELLED], 0);
}

/* Right of the box where there is room, else left of it, else in the corner that hides least of it. */
static gboolean
on_card_position (GtkOverlay *overlay, GtkWidget *card, GdkRectangle *place, EspImageView *self)
{
  const int width = gtk_widget_get_width (GTK_WIDGET (overlay)), height = gtk_widget_get_height (GTK_WIDGET (overlay));
  GtkRequisition size;
  GdkRectangle box;
  int x;

  if (card != GTK_WIDGET (self->card) || !esp_image_canvas_locate (self->canvas, self->beside, &box))
    return FALSE;
  gtk_widget_get_preferred_size (card, NULL, &size);
  x = box.x + box.width + CARD_GAP;
  if (x + size.width + CARD_GAP > width)
    x = box.x - size.width - CARD_GAP;
  if (x < CARD_GAP)
    x = box.x + box.width / 2 > width / 2 ? CARD_GAP : width - size.width - CARD_GAP;
  *place = (GdkRectangle){ MAX (x, 0), CLAMP (box.y, 0, MAX (height - size.height - CARD_GAP, 0)), size.width, MIN (size.height, height) };
  return TRUE;
}

static void
on_probe_changed (EspImageCanvas *canvas, const char *text, EspImageView *self)
{
  gtk_label_set_label (self->probe, text);
}

static void
on_scale_toggled (GtkToggleButton *scale, EspImageView *self)
{
  gtk_button_set_label (GTK_BUTTON (scale), gtk_toggle_button_get_active (scale) ? _ ("all images seen") : _ ("this image"));
  g_object_notify (G_OBJECT (self), "fixed-scale");
}

static void
esp_image_view_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FIXED_SCALE)
    g_value_set_boolean (value, gtk_toggle_button_get_active (ESP_IMAGE_VIEW (object)->scale));
  else
    g_object_get_property (G_OBJECT (ESP_IMAGE_VIEW (object)->canvas), forwarded[id], value);
}

static void
esp_image_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_FIXED_SCALE)
    gtk_toggle_button_set_active (ESP_IMAGE_VIEW (object)->scale, g_value_get_boolean (value));
  else
    g_object_set_property (G_OBJECT (ESP_IMAGE_VIEW (object)->canvas), forwarded[id], value);
}

static void
esp_image_view_dispose (GObject *object)
{
  EspImageView *self = ESP_IMAGE_VIEW (object);

  if (self->canvas != NULL)
    g_signal_handlers_disconnect_by_data (self->canvas, self);
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_IMAGE_VIEW);
  G_OBJECT_CLASS (esp_image_view_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget)
{
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/image-view.ui");
  gtk_widget_class_bind_template_child (widget, EspImageView, canvas);
  gtk_widget_class_bind_template_child (widget, EspImageView, overlay);
  gtk_widget_class_bind_template_child (widget, EspImageView, card);
  gtk_widget_class_bind_template_child (widget, EspImageView, progress);
  gtk_widget_class_bind_template_child (widget, EspImageView, progress_bar);
  gtk_widget_class_bind_template_child (widget, EspImageView, bar);
  gtk_widget_class_bind_template_child (widget, EspImageView, legend);
  gtk_widget_class_bind_template_child (widget, EspImageView, low);
  gtk_widget_class_bind_template_child (widget, EspImageView, high);
  gtk_widget_class_bind_template_child (widget, EspImageView, unit);
  gtk_widget_class_bind_template_child (widget, EspImageView, probe);
  gtk_widget_class_bind_template_child (widget, EspImageView, badge);
  gtk_widget_class_bind_template_child (widget, EspImageView, sentence);
  gtk_widget_class_bind_template_child (widget, EspImageView, opacity);
  gtk_widget_class_bind_template_child (widget, EspImageView, truth);
  gtk_widget_class_bind_template_child (widget, EspImageView, scale);
  gtk_widget_class_bind_template_callback (widget, on_scale_toggled);
  gtk_widget_class_bind_template_callback (widget, esp_image_view_zoom_in);
  gtk_widget_class_bind_template_callback (widget, esp_image_view_zoom_out);
  gtk_widget_class_bind_template_callback (widget, esp_image_view_fit);
  gtk_widget_class_bind_template_callback (widget, esp_image_view_actual_size);
  gtk_widget_class_bind_template_callback (widget, on_canvas_notify);
  gtk_widget_class_bind_template_callback (widget, on_box_activated);
  gtk_widget_class_bind_template_callback (widget, on_background_activated);
  gtk_widget_class_bind_template_callback (widget, on_box_drawn);
  gtk_widget_class_bind_template_callback (widget, on_card_position);
  gtk_widget_class_bind_template_callback (widget, on_progress_cancelled);
  gtk_widget_class_bind_template_callback (widget, esp_image_view_hide_card);
  gtk_widget_class_bind_template_callback (widget, on_probe_changed);
}

static void
esp_image_view_class_init (EspImageViewClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);
  GObjectClass *canvas = g_type_class_ref (ESP_TYPE_IMAGE_CANVAS);

  object->dispose = esp_image_view_dispose;
  object->get_property = esp_image_view_get_property;
  object->set_property = esp_image_view_set_property;
  bind_template (GTK_WIDGET_CLASS (klass));
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "imageview");
  for (guint i = 1; i < G_N_ELEMENTS (forwarded); i++)
    {
      GParamSpec *pspec = g_object_class_find_property (canvas, forwarded[i]);
      const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

      if (G_IS_PARAM_SPEC_BOOLEAN (pspec))
        g_object_class_install_property (object, i, g_param_spec_boolean (forwarded[i], NULL, NULL, FALSE, flags));
      else
        g_object_class_install_property (object, i, g_param_spec_double (forwarded[i], NULL, NULL, 0, G_MAXDOUBLE, 1, flags));
    }
  g_object_class_install_property (
      object, PROP_FIXED_SCALE,
      g_param_spec_boolean ("fixed-scale", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS));
  g_type_class_unref (canvas);
  signals[BOX_ACTIVATED] = g_signal_new ("box-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[BACKGROUND_ACTIVATED] = g_signal_new ("background-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[BOX_DRAWN] = g_signal_new ("box-drawn", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[PROGRESS_CANCELLED] = g_signal_new ("progress-cancelled", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_image_view_init (EspImageView *self)
{
  g_type_ensure (ESP_TYPE_IMAGE_CANVAS);
  g_type_ensure (ESP_TYPE_BOX_CARD);
  g_type_ensure (ESP_TYPE_PALETTE_BAR);
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_widget_ignore_wheel (GTK_WIDGET (self->opacity));
  show_legend (self);
}

/** esp_image_view_new: Returns: (transfer floating): an empty view. Thread: main. */
GtkWidget *
esp_image_view_new (void)
{
  return g_object_new (ESP_TYPE_IMAGE_VIEW, NULL);
}

/** esp_image_view_get_canvas: Returns: (transfer none): the picture itself. Thread: main. */
EspImageCanvas *
esp_image_view_get_canvas (EspImageView *self)
{
  g_return_val_if_fail (ESP_IS_IMAGE_VIEW (self), NULL);
  return self->canvas;
}

/** esp_image_view_set_image: @view: shows @image, (nullable) (transfer none); boxes, truths and heat of another go. Thread: main. */
void
esp_image_view_set_image (EspImageView *self, EspImage *image)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_image (self->canvas, image);
  self->has_heat = FALSE;
  show_legend (self);
  gtk_label_set_label (self->probe, "");
}

/** esp_image_view_set_names: @view: writes these class names; @names: (nullable): copied. Thread: main. */
void
esp_image_view_set_names (EspImageView *self, const char *const *names)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_names (self->canvas, names);
}

/** esp_image_view_set_boxes: @view: draws these in @pane; @boxes: n, fractions of the picture, copied. Thread: main. */
void
esp_image_view_set_boxes (EspImageView *self, EspPane pane, const EspDetection *boxes, guint n)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_boxes (self->canvas, pane, boxes, n);
}

/** esp_image_view_set_truths: @view: can show these dashed; @truths: n, copied; with none the switch is off. Thread: main. */
void
esp_image_view_set_truths (EspImageView *self, const EspTruth *truths, guint n)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_truths (self->canvas, truths, n);
  gtk_widget_set_sensitive (self->truth, n > 0);
}

/** esp_image_view_get_card: Returns: (transfer none): the card, to be filled before it is shown. Thread: main. */
EspBoxCard *
esp_image_view_get_card (EspImageView *self)
{
  g_return_val_if_fail (ESP_IS_IMAGE_VIEW (self), NULL);
  return self->card;
}

/** esp_image_view_show_card: @view: shows the card beside @box, fractions of the picture; it follows zoom and size. Thread: main. */
void
esp_image_view_show_card (EspImageView *self, EspBox box)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  self->beside = box;
  gtk_widget_set_visible (GTK_WIDGET (self->card), TRUE);
  gtk_widget_queue_allocate (self->overlay);
}

/** esp_image_view_hide_card: @view: without the card; the keyboard goes back to the picture where it was on it. Thread: main. */
void
esp_image_view_hide_card (EspImageView *self)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  if (gtk_widget_get_focus_child (GTK_WIDGET (self->card)) != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->canvas));
  gtk_widget_set_visible (GTK_WIDGET (self->card), FALSE);
}

/** esp_image_view_set_missed: @view: stresses where something was missed; @box: (nullable): fractions of the picture. Thread: main. */
void
esp_image_view_set_missed (EspImageView *self, const EspBox *box, int class_index)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_missed (self->canvas, box, class_index);
}

/** esp_image_view_show_progress: @view: how far an explanation is, with a way to cancel it; @share: 0..1; < 0: none is under way.
 * Thread: main. */
void
esp_image_view_show_progress (EspImageView *self, double share)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  gtk_widget_set_visible (self->progress, share >= 0);
  if (share > 0)
    gtk_progress_bar_set_fraction (self->progress_bar, MIN (share, 1));
  else if (share == 0)
    gtk_progress_bar_pulse (self->progress_bar);
}

/** esp_image_view_set_badge: @view: says @badge (nullable) beside the legend; @meaning: what its numbers are, for tooltip and screen
 * reader. Thread: main. */
void
esp_image_view_set_badge (EspImageView *self, const char *badge, const char *meaning)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  gtk_label_set_label (self->badge, badge != NULL ? badge : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->badge), meaning);
  esp_accessible_describe (self->badge, meaning);
  gtk_widget_set_visible (GTK_WIDGET (self->badge), badge != NULL);
}

/** esp_image_view_set_stale: @view: dims heat and sentence while another explanation is made. Thread: main. */
void
esp_image_view_set_stale (EspImageView *self, gboolean stale)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  g_object_set (self->canvas, "stale", stale, NULL);
  gtk_widget_set_opacity (GTK_WIDGET (self->sentence), stale ? 0.55 : 1);
}

/** esp_image_view_set_selected: @view: stresses one of the original's boxes, -1 none. Thread: main. */
void
esp_image_view_set_selected (EspImageView *self, int index)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_selected (self->canvas, index);
}

/**
 * esp_image_view_set_heatmap:
 * @view: a view
 * @heatmap: (nullable) (transfer none): laid over the original
 * @low: where the colours begin, NaN: the map's own range
 * @high: where they end
 *
 * The legend says the numbers, the unit and, by its switch, whether the scale is this image's own. Thread: main.
 */
void
esp_image_view_set_heatmap (EspImageView *self, EspHeatmap *heatmap, float low, float high)
{
  float used_low = 0, used_high = 0;

  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_set_heatmap (self->canvas, heatmap, low, high);
  if (heatmap != NULL)
    esp_image_canvas_get_scale (self->canvas, &used_low, &used_high);
  self->has_heat = used_high > used_low; /* a map of zeros has no colours to explain */
  if (heatmap != NULL)
    {
      g_autofree char *first = NULL;
      g_autofree char *last = NULL;

      first = esp_metric_number (used_low);
      last = esp_metric_number (used_high);
      gtk_label_set_label (self->low, first);
      gtk_label_set_label (self->high, last);
      gtk_label_set_label (self->unit, heatmap->unit != NULL ? heatmap->unit : "");
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->unit), heatmap->unit);
      esp_palette_bar_set_signed (self->bar, heatmap->is_signed);
    }
  show_legend (self);
}

/** esp_image_view_get_scale: @view: a view with a map; @low: (out): where its colours begin; @high: (out): where they end. Thread: main. */
void
esp_image_view_get_scale (EspImageView *self, float *low, float *high)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_get_scale (self->canvas, low, high);
}

/** esp_image_view_set_sentence: @view: says this under the picture and to a screen reader; @sentence: (nullable). Thread: main. */
void
esp_image_view_set_sentence (EspImageView *self, const char *sentence)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  gtk_label_set_label (self->sentence, sentence != NULL ? sentence : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->sentence), sentence);
  esp_accessible_describe (self->canvas, sentence);
}

/** esp_image_view_zoom_in: @view: a step nearer. Thread: main. */
void
esp_image_view_zoom_in (EspImageView *self)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_zoom_by (self->canvas, ZOOM_STEP);
}

/** esp_image_view_zoom_out: @view: a step back. Thread: main. */
void
esp_image_view_zoom_out (EspImageView *self)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_zoom_by (self->canvas, 1 / ZOOM_STEP);
}

/** esp_image_view_fit: @view: the whole picture. Thread: main. */
void
esp_image_view_fit (EspImageView *self)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_fit (self->canvas);
}

/** esp_image_view_actual_size: @view: one screen pixel a picture's pixel. Thread: main. */
void
esp_image_view_actual_size (EspImageView *self)
{
  g_return_if_fail (ESP_IS_IMAGE_VIEW (self));
  esp_image_canvas_zoom_to (self->canvas, 1);
}
