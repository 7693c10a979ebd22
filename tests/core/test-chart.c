/* test-chart.c: round numbers, and lines that stand where their points are */
#include "config.h"

#include <math.h>

#include "draw/chart.h"
#include "draw/ticks.h"

#define WIDTH  300
#define HEIGHT 150

static void
test_ticks (void)
{
  EspTicks ticks = esp_ticks_new (0, 10, 5);

  g_assert_cmpfloat (ticks.step, ==, 2);
  g_assert_cmpint (ticks.digits, ==, 0);
  g_assert_cmpfloat (esp_ticks_next (&ticks, 0.1), ==, 2);
  ticks = esp_ticks_new (0.31, 0.39, 4);
  g_assert_cmpfloat_with_epsilon (ticks.step, 0.02, 1e-12);
  g_assert_cmpint (ticks.digits, ==, 2);
  g_assert_cmpfloat_with_epsilon (esp_ticks_next (&ticks, ticks.low), 0.32, 1e-12);
  g_assert_cmpfloat (esp_ticks_new (3, 3, 4).step, ==, 0);
}

static void
test_text (void)
{
  g_autofree char *minus = esp_ticks_text (-0.25, 2), *zero = esp_ticks_text (-1e-17, 1);

  g_assert_cmpstr (minus, ==, "−0.25");
  g_assert_cmpstr (zero, ==, "0.0");
}

static cairo_surface_t *
draw (const EspChart *chart)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
  cairo_t *cr = cairo_create (surface);
  PangoContext *context = pango_cairo_create_context (cr);

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  esp_chart_draw (chart, cr, context, WIDTH, HEIGHT);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  g_object_unref (context);
  cairo_surface_flush (surface);
  return surface;
}

/* The row of the strongest colour in a column, -1 where all is grey. */
static int
coloured_row (cairo_surface_t *surface, int x)
{
  const guint8 *data = cairo_image_surface_get_data (surface);
  int best = 20, row = -1;

  for (int y = 0; y < HEIGHT; y++)
    {
      const guint8 *p = data + y * cairo_image_surface_get_stride (surface) + 4 * x;
      int chroma = MAX (p[0], MAX (p[1], p[2])) - MIN (p[0], MIN (p[1], p[2]));

      if (chroma > best)
        {
          best = chroma;
          row = y;
        }
    }
  return row;
}

static int
coloured_columns (cairo_surface_t *surface)
{
  int n = 0;

  for (int x = 0; x < WIDTH; x++)
    n += coloured_row (surface, x) >= 0;
  return n;
}

/* A line that rises as its numbers do, over the whole width; a gap where a number is missing. */
static void
test_line (void)
{
  EspChartPoint points[] = { { 0, 1, NAN, NAN }, { 1, 2, NAN, NAN }, { 2, 3, NAN, NAN }, { 3, 4, NAN, NAN } };
  const EspChartLine line = { .points = points, .n = 4, .thin = TRUE };
  const EspChart chart = { .x = { .low = NAN, .high = NAN }, .y = { .low = 0, .high = 4 }, .lines = &line, .n = 1 };
  cairo_surface_t *whole = draw (&chart), *broken;
  int left = 0, right = WIDTH - 1;

  while (left < WIDTH && coloured_row (whole, left) < 0)
    left++;
  while (right > left && coloured_row (whole, right) < 0)
    right--;
  g_assert_cmpint (right - left, >, WIDTH / 2);
  g_assert_cmpint (coloured_row (whole, left + 2), >, coloured_row (whole, (left + right) / 2));
  g_assert_cmpint (coloured_row (whole, (left + right) / 2), >, coloured_row (whole, right - 2));
  points[1].y = NAN;
  broken = draw (&chart);
  g_assert_cmpint (coloured_columns (broken), <, coloured_columns (whole) / 2);
  cairo_surface_destroy (whole);
  cairo_surface_destroy (broken);
}

static void
test_nothing (void)
{
  const EspChartPoint same[] = { { 0, 0.5, 0.4, 0.6 } };
  const EspChartLine lines[] = { { .points = NULL, .n = 0 }, { .points = same, .n = 1 } };
  EspChart chart = { .x = { "epoch", NAN, NAN, FALSE, TRUE }, .y = { "mAP", NAN, NAN, TRUE, FALSE } };

  cairo_surface_destroy (draw (&chart));
  chart.lines = lines;
  for (chart.n = 1; chart.n <= 2; chart.n++)
    cairo_surface_destroy (draw (&chart));
}

/* Numbers that differ in their last bit alone: a step between them would be lost in them. */
static void
test_close (void)
{
  const EspChartPoint points[] = { { 0, 3.5, NAN, NAN }, { 1, nextafter (3.5, 4), NAN, NAN } };
  const EspChartLine line = { .points = points, .n = 2 };
  const EspChart chart = { .x = { .low = NAN, .high = NAN }, .y = { .low = NAN, .high = NAN }, .lines = &line, .n = 1 };

  cairo_surface_destroy (draw (&chart));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chart/ticks", test_ticks);
  g_test_add_func ("/chart/text", test_text);
  g_test_add_func ("/chart/line", test_line);
  g_test_add_func ("/chart/nothing", test_nothing);
  g_test_add_func ("/chart/close", test_close);
  return g_test_run ();
}
