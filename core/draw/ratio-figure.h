/* ratio-figure.h: ratio–mAP curves with the band of chance and their cliffs, on a page */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char   *title;    /* (nullable): not in the legend */
  const double *maps;     /* one a ratio */
  guint         colour;   /* which of the colours of classes */
  gboolean      thin;     /* a control */
  double        from, to; /* its cliff; NAN: none */
} EspRatioLine;

/* Pointers borrowed. */
typedef struct
{
  const double       *ratios;    /* ascending, above 0: each line begins at 0 with @whole */
  guint               n_ratios;
  double              whole;
  const double       *low, *median, *high; /* of chance, one a ratio */
  const char         *band;      /* its title */
  const EspRatioLine *lines;
  guint               n_lines;
  const char         *caption, *provenance;
} EspRatioFigure;

gboolean esp_ratio_figure_save (const EspRatioFigure *figure,
                                const char           *path,  /* .png, .pdf or .svg */
                                GError              **error);

G_END_DECLS
