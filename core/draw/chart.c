/* chart.c: lines over two axes */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/chart.h"

#include <math.h>

#include "draw/figure-private.h"
#include "draw/ticks.h"

#define GAP       4.0
#define LINE      1.6
#define DOT       2.2
#define FEW       40   /* points of a line up to which each has its dot */
#define TICK_ROOM 34.0 /* least room between two numbers */
#define LEAST     1e-9 /* of the numbers: a smaller reach between them has no ticks of its own */

/* One drawing: where the lines lie and what the edges of that place mean. */
typedef struct
{
  const EspChart *chart;
  cairo_t *cr;
  PangoContext *context;
  EspRect area;
  EspTicks x, y;
} Canvas;

static void
ink (const Canvas *canvas, double alpha)
{
  const double *rgb = canvas->chart->ink;

  cairo_set_source_rgba (canvas->cr, rgb[0], rgb[1], rgb[2], alpha);
}

static PangoLayout *
words (const Canvas *canvas, const char *text)
{
  PangoLayout *layout = esp_figure_text (canvas->context, text, ESP_FIGURE_LABEL, FALSE);

  if (canvas->chart->font != NULL)
    pango_layout_set_font_description (layout, canvas->chart->font);
  return layout;
}

static void
extend (double value, double *low, double *high)
{
  if (!isfinite (value))
    return;
  *low = isnan (*low) ? value : MIN (*low, value);
  *high = isnan (*high) ? value : MAX (*high, value);
}

static void
find_reach (const EspChart *chart, gboolean along_x, double *low, double *high)
{
  *low = *high = NAN;
  for (guint i = 0; i < chart->n; i++)
    for (guint k = 0; k < chart->lines[i].n; k++)
      {
        const EspChartPoint *point = &chart->lines[i].points[k];

        extend (along_x ? point->x : point->y, low, high);
        if (along_x)
          continue;
        extend (point->low, low, high);
        extend (point->high, low, high);
      }
}

/* What the axis says, else what the points need; widened to whole steps where it is not said. */
static EspTicks
make_ticks (const EspChart *chart, gboolean along_x, double room)
{
  const EspChartAxis *axis = along_x ? &chart->x : &chart->y;
  const guint about = (guint) CLAMP (room / TICK_ROOM, 1, 6);
  double low, high;
  EspTicks ticks;

  find_reach (chart, along_x, &low, &high);
  low = isnan (axis->low) ? low : axis->low;
  high = isnan (axis->high) ? high : axis->high;
  if (isnan (low) || isnan (high))
    low = 0, high = 1;
  if (!(high - low > LEAST * MAX (fabs (low), fabs (high))))
    high = low + (axis->whole || low == 0 ? 1 : fabs (low) / 10);
  ticks = esp_ticks_new (low, high, about);
  if (axis->whole && ticks.step < 1)
    ticks.step = 1, ticks.digits = 0;
  if (isnan (axis->low) && !along_x)
    ticks.low = floor (low / ticks.step + 1e-6) * ticks.step;
  if (isnan (axis->high) && !along_x)
    ticks.high = ceil (high / ticks.step - 1e-6) * ticks.step;
  return ticks;
}

static char *
number (const EspChartAxis *axis, const EspTicks *ticks, double value)
{
  return axis->percent ? esp_ticks_text (100 * value, MAX (0, ticks->digits - 2)) : esp_ticks_text (value, ticks->digits);
}

static double
place_x (const Canvas *canvas, double x)
{
  return canvas->area.x + canvas->area.width * (x - canvas->x.low) / (canvas->x.high - canvas->x.low);
}

static double
place_y (const Canvas *canvas, double y)
{
  return canvas->area.y + canvas->area.height * (1 - (y - canvas->y.low) / (canvas->y.high - canvas->y.low));
}

static void
say (const Canvas *canvas, const char *text, double x, double y, double along)
{
  g_autoptr (PangoLayout) layout = words (canvas, text);
  double width, height;

  esp_figure_text_size (layout, &width, &height);
  cairo_move_to (canvas->cr, x - along * width, y);
  pango_cairo_show_layout (canvas->cr, layout);
}

static void
draw_row (const Canvas *canvas, double value)
{
  g_autofree char *text = number (&canvas->chart->y, &canvas->y, value);
  const double y = round (place_y (canvas, value)) + 0.5;
  g_autoptr (PangoLayout) layout = words (canvas, text);
  double width, height;

  ink (canvas, 0.15);
  cairo_move_to (canvas->cr, canvas->area.x, y);
  cairo_rel_line_to (canvas->cr, canvas->area.width, 0);
  cairo_stroke (canvas->cr);
  ink (canvas, 0.75);
  esp_figure_text_size (layout, &width, &height);
  cairo_move_to (canvas->cr, canvas->area.x - GAP - width, y - height / 2);
  pango_cairo_show_layout (canvas->cr, layout);
}

static void
draw_axes (const Canvas *canvas)
{
  const EspTicks *x = &canvas->x, *y = &canvas->y;

  cairo_set_line_width (canvas->cr, 1);
  for (double at = esp_ticks_next (y, y->low); at <= y->high + 1e-6 * y->step; at = esp_ticks_next (y, at + y->step))
    draw_row (canvas, at);
  for (double at = esp_ticks_next (x, x->low); at <= x->high + 1e-6 * x->step; at = esp_ticks_next (x, at + x->step))
    {
      g_autofree char *text = number (&canvas->chart->x, x, at);

      say (canvas, text, place_x (canvas, at), canvas->area.y + canvas->area.height + GAP / 2, 0.5);
    }
}

static void
draw_band (const Canvas *canvas, const EspChartLine *line)
{
  gboolean any = FALSE;

  cairo_new_path (canvas->cr);
  for (guint i = 0; i < line->n; i++)
    if (isfinite (line->points[i].low) && isfinite (line->points[i].high))
      {
        cairo_line_to (canvas->cr, place_x (canvas, line->points[i].x), place_y (canvas, line->points[i].high));
        any = TRUE;
      }
  for (guint i = line->n; any && i > 0; i--)
    if (isfinite (line->points[i - 1].low) && isfinite (line->points[i - 1].high))
      cairo_line_to (canvas->cr, place_x (canvas, line->points[i - 1].x), place_y (canvas, line->points[i - 1].low));
  cairo_fill (canvas->cr);
}

static void
draw_dots (const Canvas *canvas, const EspChartLine *line)
{
  for (guint i = 0; i < line->n; i++)
    if (isfinite (line->points[i].y))
      {
        cairo_arc (canvas->cr, place_x (canvas, line->points[i].x), place_y (canvas, line->points[i].y), DOT, 0, 2 * G_PI);
        cairo_fill (canvas->cr);
      }
}

static void
trace_line (const Canvas *canvas, const EspChartLine *line)
{
  gboolean open = FALSE;

  for (guint i = 0; i < line->n; i++)
    {
      const EspChartPoint *point = &line->points[i];

      if (isfinite (point->y))
        (open ? cairo_line_to : cairo_move_to) (canvas->cr, place_x (canvas, point->x), place_y (canvas, point->y));
      open = isfinite (point->y);
    }
  cairo_stroke (canvas->cr);
}

/* The stretch that is heavier, over the line as it is. */
static void
draw_heavy (const Canvas *canvas, const EspChartLine *line)
{
  const double from = place_x (canvas, line->heavy_from), to = place_x (canvas, line->heavy_to);

  if (!(to > from))
    return;
  cairo_save (canvas->cr);
  cairo_rectangle (canvas->cr, from, canvas->area.y, to - from, canvas->area.height);
  cairo_clip (canvas->cr);
  cairo_set_line_width (canvas->cr, 2.5 * LINE);
  trace_line (canvas, line);
  cairo_restore (canvas->cr);
}

static void
draw_line (const Canvas *canvas, const EspChartLine *line)
{
  guint8 rgb[3];

  esp_palette_class ((int) line->colour, rgb);
  esp_figure_colour (canvas->cr, rgb, 0.18);
  draw_band (canvas, line);
  esp_figure_colour (canvas->cr, rgb, line->thin ? 0.4 : 1);
  cairo_set_line_width (canvas->cr, line->thin ? LINE / 2 : LINE);
  if (!line->scattered)
    trace_line (canvas, line);
  draw_heavy (canvas, line);
  if (line->scattered || (!line->thin && line->n <= FEW))
    draw_dots (canvas, line);
}

/* What a line of the legend looks like. */
static void
draw_sign (const Canvas *canvas, const EspChartLine *line, double x, double y)
{
  if (line->scattered)
    {
      cairo_arc (canvas->cr, x + 1.5 * GAP, y, DOT, 0, 2 * G_PI);
      cairo_fill (canvas->cr);
      return;
    }
  cairo_set_line_width (canvas->cr, line->thin ? LINE / 2 : LINE);
  cairo_move_to (canvas->cr, x, y);
  cairo_rel_line_to (canvas->cr, 3 * GAP, 0);
  cairo_stroke (canvas->cr);
}

/* Above the lines: what the numbers of the y axis are, then the titles of the lines, each after a stroke of its colour. */
static void
draw_head (const Canvas *canvas)
{
  double x = canvas->area.x;

  if (canvas->chart->y.title != NULL)
    {
      g_autoptr (PangoLayout) layout = words (canvas, canvas->chart->y.title);
      double width, height;

      ink (canvas, 0.9);
      cairo_move_to (canvas->cr, 0, 0);
      pango_cairo_show_layout (canvas->cr, layout);
      esp_figure_text_size (layout, &width, &height);
      x = MAX (x, width + 4 * GAP);
    }

  for (guint i = 0; i < canvas->chart->n; i++)
    {
      const EspChartLine *line = &canvas->chart->lines[i];
      g_autoptr (PangoLayout) layout = line->title != NULL ? words (canvas, line->title) : NULL;
      double width, height;
      guint8 rgb[3];

      if (layout == NULL)
        continue;
      esp_figure_text_size (layout, &width, &height);
      esp_palette_class ((int) line->colour, rgb);
      esp_figure_colour (canvas->cr, rgb, line->thin ? 0.5 : 1);
      draw_sign (canvas, line, x, height / 2);
      ink (canvas, 0.9);
      cairo_move_to (canvas->cr, x + 4 * GAP, 0);
      pango_cairo_show_layout (canvas->cr, layout);
      x += 8 * GAP + width;
    }
}

/* The widest number of the y axis. */
static double
measure_numbers (const Canvas *canvas)
{
  const EspTicks *y = &canvas->y;
  double most = 0, width, height;

  for (double at = esp_ticks_next (y, y->low); at <= y->high + 1e-6 * y->step; at = esp_ticks_next (y, at + y->step))
    {
      g_autofree char *text = number (&canvas->chart->y, y, at);
      g_autoptr (PangoLayout) layout = words (canvas, text);

      esp_figure_text_size (layout, &width, &height);
      most = MAX (most, width);
    }
  return most;
}

/* Where everything goes on a page of this size; FALSE where there is no room for lines. */
static gboolean
lay_out (Canvas *canvas, double width, double height, double *text_height)
{
  g_autoptr (PangoLayout) sample = words (canvas, "0");
  double text_width, numbers;

  esp_figure_text_size (sample, &text_width, text_height);
  canvas->y = make_ticks (canvas->chart, FALSE, height - 3 * *text_height);
  numbers = measure_numbers (canvas);
  canvas->area = (EspRect){ numbers + 2 * GAP, 1.5 * *text_height + GAP, width - numbers - 5 * GAP, height - 3.5 * *text_height - 2 * GAP };
  canvas->x = make_ticks (canvas->chart, TRUE, canvas->area.width / 1.5);
  return canvas->area.width >= GAP && canvas->area.height >= GAP;
}

/**
 * esp_chart_find:
 * @chart: as it was drawn
 * @context: likewise
 * @width: likewise
 * @height: likewise
 * @x: from the page's left edge
 * @y: from its upper edge
 * @reach: how far off a point may lie
 * @line: (out): the line of the nearest one
 * @point: (out): which of its points
 *
 * Thin lines are none that a hand means. Returns: whether there is one. Thread: any one.
 */
gboolean
esp_chart_find (
    const EspChart *chart, PangoContext *context, double width, double height, double x, double y, double reach, guint *line, guint *point)
{
  Canvas canvas = { .chart = chart, .context = context };
  double text_height, nearest = reach;
  gboolean found = FALSE;

  if (!lay_out (&canvas, width, height, &text_height))
    return FALSE;
  for (guint i = 0; i < chart->n; i++)
    for (guint k = 0; k < chart->lines[i].n; k++)
      {
        const EspChartPoint *at = &chart->lines[i].points[k];
        const double far = hypot (place_x (&canvas, at->x) - x, place_y (&canvas, at->y) - y);

        if (chart->lines[i].thin || !(far <= nearest))
          continue;
        nearest = far;
        *line = i;
        *point = k;
        found = TRUE;
      }
  return found;
}

/**
 * esp_chart_draw:
 * @chart: what to draw; borrowed
 * @cr: where; the page's upper left corner is the origin
 * @context: for the words
 * @width: of the page, in units of @cr
 * @height: likewise
 *
 * Numbers stand at round steps; the axes' titles, with what a percent is of, stand at their ends. Without any point the axes alone are
 * drawn.
 * Thread: any one.
 */
void
esp_chart_draw (const EspChart *chart, cairo_t *cr, PangoContext *context, double width, double height)
{
  Canvas canvas = { .chart = chart, .cr = cr, .context = context };
  double text_height;

  if (!lay_out (&canvas, width, height, &text_height))
    return;
  cairo_save (cr);
  draw_axes (&canvas);
  ink (&canvas, 0.6);
  if (chart->x.title != NULL)
    say (&canvas, chart->x.title, canvas.area.x + canvas.area.width, height - text_height, 1);
  draw_head (&canvas);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  for (guint i = 0; i < chart->n; i++)
    draw_line (&canvas, &chart->lines[i]);
  cairo_restore (cr);
}
