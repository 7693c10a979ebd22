/* ratio-figure.c: ratio–mAP curves with the band of chance and their cliffs, on a page */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/ratio-figure.h"

#include <math.h>

#include "draw/chart.h"
#include "draw/figure-private.h"
#include "draw/page.h"

#define WIDTH   520.0 /* points */
#define HEIGHT  330.0
#define MARGIN  14.0
#define CAPTION 44.0 /* room below the chart */
#define BAND    7    /* colour of chance */

/* Points of one line, which begins with the whole network. */
static EspChartPoint *
make_points (const EspRatioFigure *figure, const double *maps, const double *low, const double *high)
{
  EspChartPoint *points = g_new (EspChartPoint, figure->n_ratios + 1);

  points[0] = (EspChartPoint){ 0, figure->whole, low != NULL ? figure->whole : NAN, high != NULL ? figure->whole : NAN };
  for (guint i = 0; i < figure->n_ratios; i++)
    points[i + 1] = (EspChartPoint){ figure->ratios[i], maps[i], low != NULL ? low[i] : NAN, high != NULL ? high[i] : NAN };
  return points;
}

static void
draw_words (const EspRatioFigure *figure, cairo_t *cr, PangoContext *context)
{
  const char *const texts[] = { figure->caption, figure->provenance };
  double y = HEIGHT - MARGIN - CAPTION + 6;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PangoLayout) layout = NULL;
      double width, height;

      if (texts[i] == NULL)
        continue;
      layout = esp_figure_text (context, texts[i], i == 0 ? ESP_FIGURE_CAPTION : ESP_FIGURE_SMALL, FALSE);
      pango_layout_set_width (layout, (int) ((WIDTH - 2 * MARGIN) * PANGO_SCALE));
      pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
      esp_figure_text_size (layout, &width, &height);
      cairo_set_source_rgb (cr, i == 0 ? 0.1 : 0.4, i == 0 ? 0.1 : 0.4, i == 0 ? 0.1 : 0.4);
      cairo_move_to (cr, MARGIN, y);
      pango_cairo_show_layout (cr, layout);
      y += height + 2;
    }
}

static void
draw (gconstpointer data, cairo_t *cr, double width, G_GNUC_UNUSED double height)
{
  const EspRatioFigure *figure = data;
  PangoContext *context;
  g_autofree EspChartLine *lines = g_new0 (EspChartLine, figure->n_lines + 1);
  EspChart chart = { .x = { "ratio cut of each group, %", 0, NAN, TRUE, FALSE },
                     .y = { "mAP, %", 0, NAN, TRUE, FALSE },
                     .lines = lines,
                     .n = figure->n_lines + 1,
                     .ink = { 0.1, 0.1, 0.1 } };

  cairo_scale (cr, width / WIDTH, width / WIDTH);
  context = pango_cairo_create_context (cr);
  lines[0] = (EspChartLine){ .title = figure->band,
                             .points = make_points (figure, figure->median, figure->low, figure->high),
                             .n = figure->n_ratios + 1,
                             .colour = BAND,
                             .thin = TRUE };
  for (guint i = 0; i < figure->n_lines; i++)
    {
      const EspRatioLine *line = &figure->lines[i];
      const gboolean cliff = !isnan (line->from);

      lines[i + 1] = (EspChartLine){ .title = line->title,
                                     .points = make_points (figure, line->maps, NULL, NULL),
                                     .n = figure->n_ratios + 1,
                                     .colour = line->colour < BAND ? line->colour : line->colour + 1,
                                     .thin = line->thin,
                                     .heavy_from = cliff ? line->from : 0,
                                     .heavy_to = cliff ? line->to : 0 };
    }
  cairo_save (cr);
  cairo_translate (cr, MARGIN, MARGIN);
  esp_chart_draw (&chart, cr, context, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN - CAPTION);
  cairo_restore (cr);
  draw_words (figure, cr, context);
  g_object_unref (context);
  for (guint i = 0; i < chart.n; i++)
    g_free ((gpointer) lines[i].points);
}

/**
 * esp_ratio_figure_save:
 * @figure: the curves
 * @path: as esp_page_save() has it
 * @error: likewise
 *
 * Chance is a band with its median, controls are thin, and a cliff is the heavy stretch of its line. Thread: any one.
 */
gboolean
esp_ratio_figure_save (const EspRatioFigure *figure, const char *path, GError **error)
{
  const EspPage page = { figure->caption, figure->provenance, WIDTH, HEIGHT, draw, figure };

  return esp_page_save (&page, path, error);
}
