/* chart-view.c: a chart that fills its place and says in words what it shows */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "chart-view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "compat.h"
#include "row-label.h"

#define SMALL 0.83 /* of the window's type */
#define REACH 14.0 /* pixels from a point to the pointer that means it */

typedef struct
{
  char *title;
  GArray *points; /* of EspChartPoint */
  EspChartLook look;
} Line;

struct _EspChartView
{
  GtkWidget parent_instance;

  EspChartAxis x, y; /* titles owned */
  GPtrArray *lines;  /* of Line */
  char *words;       /* (nullable) */
};

G_DEFINE_FINAL_TYPE (EspChartView, esp_chart_view, GTK_TYPE_WIDGET)

static guint point_clicked;

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->title);
  g_array_unref (line->points);
  g_free (line);
}

static PangoFontDescription *
small_font (GtkWidget *widget)
{
  PangoFontDescription *font = pango_font_description_copy (pango_context_get_font_description (gtk_widget_get_pango_context (widget)));
  const int size = (int) (SMALL * pango_font_description_get_size (font));

  if (pango_font_description_get_size_is_absolute (font))
    pango_font_description_set_absolute_size (font, size);
  else
    pango_font_description_set_size (font, size);
  return font;
}

/* (transfer full): as they are drawn; what they point to is @self's. */
static EspChartLine *
list_lines (EspChartView *self)
{
  EspChartLine *lines = g_new0 (EspChartLine, self->lines->len);

  for (guint i = 0; i < self->lines->len; i++)
    {
      const Line *line = self->lines->pdata[i];

      lines[i] = (EspChartLine){ .title = line->title,
                                 .points = (const EspChartPoint *) (gpointer) line->points->data,
                                 .n = line->points->len,
                                 .colour = i,
                                 .thin = line->look.thin,
                                 .heavy_from = line->look.heavy_from,
                                 .heavy_to = line->look.heavy_to,
                                 .scattered = line->look.scattered };
    }
  return lines;
}

static void
esp_chart_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  EspChartView *self = ESP_CHART_VIEW (widget);
  const int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  PangoFontDescription *font = small_font (widget);
  g_autofree EspChartLine *lines = list_lines (self);
  EspChart chart = { .x = self->x, .y = self->y, .lines = lines, .n = self->lines->len, .font = font };
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  GdkRGBA ink;

  esp_compat_get_colour (widget, &ink);
  chart.ink[0] = (double) ink.red;
  chart.ink[1] = (double) ink.green;
  chart.ink[2] = (double) ink.blue;
  esp_chart_draw (&chart, cr, gtk_widget_get_pango_context (widget), width, height);
  cairo_destroy (cr);
  pango_font_description_free (font);
}

static void
pressed (GtkGestureClick *click, int n_press, double x, double y, gpointer data)
{
  EspChartView *self = data;
  GtkWidget *widget = data;
  PangoFontDescription *font = small_font (widget);
  g_autofree EspChartLine *lines = list_lines (self);
  const EspChart chart = { .x = self->x, .y = self->y, .lines = lines, .n = self->lines->len, .font = font };
  guint line, point;

  if (esp_chart_find (&chart, gtk_widget_get_pango_context (widget), gtk_widget_get_width (widget), gtk_widget_get_height (widget), x, y,
                      REACH, &line, &point))
    g_signal_emit (self, point_clicked, 0, line, point);
  pango_font_description_free (font);
}

static void
esp_chart_view_measure (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *min_base, int *nat_base)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : 110;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 320 : 140;
}

static void
esp_chart_view_finalize (GObject *object)
{
  EspChartView *self = ESP_CHART_VIEW (object);

  g_ptr_array_unref (self->lines);
  g_free ((char *) self->x.title);
  g_free ((char *) self->y.title);
  g_free (self->words);
  G_OBJECT_CLASS (esp_chart_view_parent_class)->finalize (object);
}

static void
esp_chart_view_class_init (EspChartViewClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = esp_chart_view_finalize;
  widget->snapshot = esp_chart_view_snapshot;
  widget->measure = esp_chart_view_measure;
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget, "chartview");
  point_clicked = g_signal_new ("point-clicked", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                G_TYPE_UINT, G_TYPE_UINT);
}

static void
esp_chart_view_init (EspChartView *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  self->lines = g_ptr_array_new_with_free_func (line_free);
  self->x = self->y = (EspChartAxis){ .low = NAN, .high = NAN };
  g_signal_connect (click, "pressed", G_CALLBACK (pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

static char *
number_words (const EspChartAxis *axis, double value)
{
  return axis->percent ? g_strdup_printf (_ ("%.1f %%"), 100 * value) : g_strdup_printf ("%.4g", value);
}

/* "mAP from 3.1 % to 38.2 %, epoch 1 to 20", of what the first line shows. */
static char *
describe (EspChartView *self)
{
  const Line *line = self->lines->len > 0 ? self->lines->pdata[0] : NULL;
  g_autofree char *first = NULL, *last = NULL;

  if (self->words != NULL)
    return g_strdup (self->words);
  if (line == NULL || line->points->len == 0)
    return g_strdup (_ ("Nothing yet"));

  const EspChartPoint *begin = &g_array_index (line->points, EspChartPoint, 0);
  const EspChartPoint *end = &g_array_index (line->points, EspChartPoint, line->points->len - 1);

  first = number_words (&self->y, begin->y);
  last = number_words (&self->y, end->y);
  /* Translators: what the curve begins and ends with; the name of the other axis; where it begins and ends */
  return g_strdup_printf (_ ("from %s to %s, %s %g to %g"), first, last, self->x.title != NULL ? self->x.title : "", begin->x, end->x);
}

static void
changed (EspChartView *self)
{
  g_autofree char *text = describe (self);

  esp_accessible_name (self, self->y.title != NULL ? self->y.title : _ ("Chart"));
  esp_accessible_describe (self, text);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_chart_view_new: Returns: (transfer floating): an empty chart. Thread: main. */
GtkWidget *
esp_chart_view_new (void)
{
  return g_object_new (ESP_TYPE_CHART_VIEW, NULL);
}

static void
set_axis (EspChartAxis *axis, const EspChartAxis *to)
{
  g_free ((char *) axis->title);
  *axis = *to;
  axis->title = g_strdup (to->title);
}

static gboolean
is_number (double a, double b)
{
  return a == b || (isnan (a) && isnan (b));
}

static gboolean
is_axis (const EspChartAxis *a, const EspChartAxis *b)
{
  return g_strcmp0 (a->title, b->title) == 0 && is_number (a->low, b->low) && is_number (a->high, b->high) && a->percent == b->percent
         && a->whole == b->whole;
}

/** esp_chart_view_set_axes: @view: its axes are @x and @y, copied; the title of @y is the accessible name. Thread: main. */
void
esp_chart_view_set_axes (EspChartView *self, const EspChartAxis *x, const EspChartAxis *y)
{
  g_return_if_fail (ESP_IS_CHART_VIEW (self));
  if (is_axis (&self->x, x) && is_axis (&self->y, y))
    return;
  set_axis (&self->x, x);
  set_axis (&self->y, y);
  changed (self);
}

static gboolean
is_line (const Line *line, const char *title, const EspChartPoint *points, guint n)
{
  return g_strcmp0 (line->title, title) == 0 && line->points->len == n
         && (n == 0 || memcmp (line->points->data, points, n * sizeof *points) == 0);
}

/**
 * esp_chart_view_set_line:
 * @view: a chart
 * @line: which of its lines, 0 the first; those up to it come into being
 * @title: (nullable): for the legend
 * @points: the line from now on; copied
 * @n: how many
 *
 * Nothing is drawn again where the line is as it was. Thread: main.
 */
void
esp_chart_view_set_line (EspChartView *self, guint line, const char *title, const EspChartPoint *points, guint n)
{
  Line *own;

  g_return_if_fail (ESP_IS_CHART_VIEW (self));
  while (self->lines->len <= line)
    {
      own = g_new0 (Line, 1);
      own->points = g_array_new (FALSE, FALSE, sizeof (EspChartPoint));
      g_ptr_array_add (self->lines, own);
    }
  own = self->lines->pdata[line];
  if (is_line (own, title, points, n))
    return;
  g_free (own->title);
  own->title = g_strdup (title);
  g_array_set_size (own->points, 0);
  if (n > 0)
    g_array_append_vals (own->points, points, n);
  changed (self);
}

/** esp_chart_view_set_look: @view: its line @line, which is there, is drawn so. Thread: main. */
void
esp_chart_view_set_look (EspChartView *self, guint line, const EspChartLook *look)
{
  Line *own;

  g_return_if_fail (ESP_IS_CHART_VIEW (self) && line < self->lines->len);
  own = self->lines->pdata[line];
  if (own->look.thin == look->thin && own->look.scattered == look->scattered && is_number (own->look.heavy_from, look->heavy_from)
      && is_number (own->look.heavy_to, look->heavy_to))
    return;
  own->look = *look;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/** esp_chart_view_set_words: @view: says @words of itself where the ends of its first line say too little; NULL: those. Thread: main. */
void
esp_chart_view_set_words (EspChartView *self, const char *words)
{
  g_return_if_fail (ESP_IS_CHART_VIEW (self));
  if (g_strcmp0 (words, self->words) == 0)
    return;
  g_free (self->words);
  self->words = g_strdup (words);
  changed (self);
}

/** esp_chart_view_clear: @view: has no line any more. Thread: main. */
void
esp_chart_view_clear (EspChartView *self)
{
  g_return_if_fail (ESP_IS_CHART_VIEW (self));
  g_ptr_array_set_size (self->lines, 0);
  changed (self);
}
