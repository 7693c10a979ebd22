/* histogram.c: a group's sorted scores with the threshold as a line; presentational
 *
 * Rank runs along x as a share of the run, so that the line stands above the slider's knob whatever the layers' sizes; height is the square
 * root of the score, because scores have long tails. The slider below is the accessible control. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "histogram.h"

#include <math.h>

#include "compat.h"

#define BINS 96
#define GRIP 10 /* half the knob of the slider below: both lines begin where it can */

/* One ranking, reduced to what a small picture can show. */
typedef struct
{
  float height[BINS]; /* 0..1 of the run's greatest */
  double cut;         /* share of the run that goes */
} Run;

struct _EspHistogram
{
  GtkWidget parent_instance;

  GArray *runs; /* of Run */
  double ratio;
  GtkGesture *drag;
  GskRenderNode *bars; /* kept until the values, the size or the style change */
};

G_DEFINE_FINAL_TYPE (EspHistogram, esp_histogram, GTK_TYPE_WIDGET)

enum
{
  DRAG_BEGIN,
  DRAGGED,
  DRAG_END,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
forget_bars (EspHistogram *self)
{
  g_clear_pointer (&self->bars, gsk_render_node_unref);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static double
span (EspHistogram *self)
{
  return MAX (1, gtk_widget_get_width (GTK_WIDGET (self)) - 2 * GRIP);
}

/* Two colours say it, and the height of the hatch says it again to eyes that see no colour: cut is drawn as lines, kept as an area. */
static void
draw_run (EspHistogram *self, cairo_t *cr, const Run *run, const GdkRGBA *colour, double alpha)
{
  double height = gtk_widget_get_height (GTK_WIDGET (self));
  double step = span (self) / BINS;

  for (int i = 0; i < BINS; i++)
    {
      gboolean cut = (i + 0.5) / BINS < run->cut;
      double h = MAX (1, run->height[i] * (height - 2));

      if (cut && i % 2 == 1)
        continue;
      cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, cut ? alpha * 0.55 : alpha);
      cairo_rectangle (cr, GRIP + i * step, height - h, cut ? step * 0.8 : step + 0.3, h);
      cairo_fill (cr);
    }
}

/* Several layers share the picture: their mean stands dark before the highest of them. */
static void
sum_up (EspHistogram *self, Run *mean, Run *most)
{
  const guint n = self->runs->len;

  *mean = *most = (Run){ .cut = 0 };
  for (guint k = 0; k < n; k++)
    {
      const Run *run = &g_array_index (self->runs, Run, k);

      mean->cut += run->cut / n;
      for (int i = 0; i < BINS; i++)
        {
          mean->height[i] += run->height[i] / (float) n;
          most->height[i] = MAX (most->height[i], run->height[i]);
        }
    }
  most->cut = mean->cut;
}

static GskRenderNode *
make_bars (EspHistogram *self)
{
  Run mean, most;
  graphene_rect_t bounds;
  GskRenderNode *node;
  cairo_t *cr;
  GdkRGBA colour;

  graphene_rect_init (&bounds, 0, 0, (float) gtk_widget_get_width (GTK_WIDGET (self)), (float) gtk_widget_get_height (GTK_WIDGET (self)));
  node = gsk_cairo_node_new (&bounds);
  cr = gsk_cairo_node_get_draw_context (node);
  esp_compat_get_colour (GTK_WIDGET (self), &colour);
  if (self->runs->len > 0)
    {
      sum_up (self, &mean, &most);
      if (self->runs->len > 1)
        draw_run (self, cr, &most, &colour, 0.22);
      draw_run (self, cr, &mean, &colour, 0.5);
    }
  cairo_destroy (cr);
  return node;
}

static void
esp_histogram_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspHistogram *self = ESP_HISTOGRAM (widget);
  float x = (float) (GRIP + self->ratio * span (self));
  float height = (float) gtk_widget_get_height (widget);
  GdkRGBA accent;

  if (self->bars == NULL)
    self->bars = make_bars (self);
  gtk_snapshot_append_node (snapshot, self->bars);
  esp_compat_get_accent (widget, &accent);
  gtk_snapshot_append_color (snapshot, &accent, &GRAPHENE_RECT_INIT (x - 1, 0, 2, height));
}

static void
esp_histogram_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_base, int *nat_base)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 80 : 36;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : 36;
}

static void
esp_histogram_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  g_clear_pointer (&ESP_HISTOGRAM (widget)->bars, gsk_render_node_unref);
}

static void
esp_histogram_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (esp_histogram_parent_class)->css_changed (widget, change);
  forget_bars (ESP_HISTOGRAM (widget));
}

static void
emit_dragged (EspHistogram *self, double x)
{
  g_signal_emit (self, signals[DRAGGED], 0, CLAMP ((x - GRIP) / span (self), 0, 1));
}

static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, EspHistogram *self)
{
  gtk_gesture_set_state (GTK_GESTURE (drag), GTK_EVENT_SEQUENCE_CLAIMED);
  g_signal_emit (self, signals[DRAG_BEGIN], 0);
  emit_dragged (self, x);
}

static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, EspHistogram *self)
{
  double x = 0, y = 0;

  if (gtk_gesture_drag_get_start_point (drag, &x, &y))
    emit_dragged (self, x + dx);
}

static void
on_drag_end (GtkGestureDrag *drag, double dx, double dy, EspHistogram *self)
{
  g_signal_emit (self, signals[DRAG_END], 0);
}

static void
esp_histogram_finalize (GObject *object)
{
  EspHistogram *self = ESP_HISTOGRAM (object);

  g_array_unref (self->runs);
  g_clear_pointer (&self->bars, gsk_render_node_unref);
  G_OBJECT_CLASS (esp_histogram_parent_class)->finalize (object);
}

static void
esp_histogram_class_init (EspHistogramClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_histogram_finalize;
  widget->snapshot = esp_histogram_snapshot;
  widget->measure = esp_histogram_measure;
  widget->size_allocate = esp_histogram_size_allocate;
  widget->css_changed = esp_histogram_css_changed;
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_PRESENTATION);
  gtk_widget_class_set_css_name (widget, "histogram");
  signals[DRAG_BEGIN] = g_signal_new ("drag-begin", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[DRAGGED] = g_signal_new ("dragged", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DOUBLE);
  signals[DRAG_END] = g_signal_new ("drag-end", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_histogram_init (EspHistogram *self)
{
  self->runs = g_array_new (FALSE, FALSE, sizeof (Run));
  self->drag = gtk_gesture_drag_new ();
  g_signal_connect (self->drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (self->drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (self->drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (self->drag));
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "col-resize");
}

/** esp_histogram_new: Returns: (transfer floating): an empty one. Thread: main. */
GtkWidget *
esp_histogram_new (void)
{
  return g_object_new (ESP_TYPE_HISTOGRAM, NULL);
}

/** esp_histogram_clear: @histogram: shows no run any more. Thread: main. */
void
esp_histogram_clear (EspHistogram *self)
{
  g_return_if_fail (ESP_IS_HISTOGRAM (self));
  g_array_set_size (self->runs, 0);
  forget_bars (self);
}

/**
 * esp_histogram_add_run:
 * @histogram: a histogram
 * @values: n scores, ascending, any unit
 * @n: how many
 * @n_cut: how many of the lowest go
 *
 * Adds one ranking (a layer's, or the pooled one); nothing of @values is kept. Thread: main.
 */
void
esp_histogram_add_run (EspHistogram *self, const double *values, guint n, guint n_cut)
{
  Run run = { .cut = n > 0 ? (double) n_cut / n : 0 };
  double base, reach;

  g_return_if_fail (ESP_IS_HISTOGRAM (self));
  if (n == 0)
    return;
  base = MIN (0, values[0]);
  reach = values[n - 1] - base;
  for (int i = 0; i < BINS; i++)
    {
      double value = values[MIN (n - 1, (guint) ((i + 0.5) / BINS * n))];

      run.height[i] = reach > 0 ? (float) sqrt (MAX (0, (value - base) / reach)) : 0;
    }
  g_array_append_val (self->runs, run);
  forget_bars (self);
}

/** esp_histogram_set_ratio: @histogram: its line goes to @ratio, 0..1. Thread: main. */
void
esp_histogram_set_ratio (EspHistogram *self, double ratio)
{
  g_return_if_fail (ESP_IS_HISTOGRAM (self));
  self->ratio = CLAMP (ratio, 0, 1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_histogram_get_ratio: Returns: where the line stands, 0..1. Thread: main. */
double
esp_histogram_get_ratio (EspHistogram *self)
{
  g_return_val_if_fail (ESP_IS_HISTOGRAM (self), 0);
  return self->ratio;
}
