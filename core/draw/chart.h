/* chart.h: lines over two axes: the curves of a training, a ratio against mAP */
#pragma once

#include <pango/pangocairo.h>

G_BEGIN_DECLS

typedef struct
{
  double x, y;
  double low, high; /* of an interval drawn as a band; NAN: none */
} EspChartPoint;

typedef struct
{
  const char          *title;  /* (nullable): in the legend */
  const EspChartPoint *points; /* by x, ascending; a point whose y is NAN breaks the line */
  guint                n;
  guint                colour; /* which of the colours of classes */
  gboolean             thin;   /* what another line is the mean of */
  double               heavy_from, heavy_to; /* in between the line is drawn heavier; equal: nowhere */
  gboolean             scattered; /* dots alone, in any order */
} EspChartLine;

typedef struct
{
  const char *title;
  double      low, high; /* NAN: as the points have it */
  gboolean    percent;   /* fractions, written as percents */
  gboolean    whole;     /* no step below 1 */
} EspChartAxis;

/* Everything borrowed. */
typedef struct
{
  EspChartAxis                x, y;
  const EspChartLine         *lines;
  guint                       n;
  const PangoFontDescription *font; /* (nullable): DejaVu Sans of 7 units */
  double                      ink[3]; /* of axes and words, 0..1 */
} EspChart;

void esp_chart_draw (const EspChart *chart,
                     cairo_t        *cr,
                     PangoContext   *context,
                     double          width,
                     double          height);
/* What lies nearest to a place of that drawing, within @reach. FALSE: no point does. */
gboolean esp_chart_find (const EspChart *chart,
                         PangoContext   *context,
                         double          width,
                         double          height,
                         double          x,
                         double          y,
                         double          reach,
                         guint          *line,   /* (out) */
                         guint          *point); /* (out) */

G_END_DECLS
