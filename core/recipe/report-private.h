/* report-private.h: what the files of the report share */
#pragma once

#include "recipe/bench-private.h"

G_BEGIN_DECLS

/* A difference of mAP with its 95 % interval, from paired draws over the same images. */
typedef struct
{
  char  *name, *title;
  double value, low, high; /* NaN where not known */
} EspDifference;

/* The last word on a row: after recovery, else before. NULL where nothing was measured. */
const EspMeasured *esp_row_result        (const EspRow   *row);
/* Against the dense network trained on as long; FALSE where there is none, or for that row itself. */
gboolean           esp_row_difference    (EspBench       *bench,
                                          const EspRow   *row,
                                          EspDifference  *difference); /* (out): name and title NULL */
/* (transfer full): of EspDifference: architecture, inherited weights, criterion, recovery, as far as their rows are there. */
GPtrArray         *esp_report_decompose  (EspBench       *bench);
/* (transfer full): of char*: what the method beat and what it did not, a sentence each. */
GPtrArray         *esp_report_judge      (EspBench       *bench,
                                          gboolean        last);      /* only what is said of the rows as they ended */
char              *esp_report_date       (void); /* (transfer full): ISO 8601, UTC; SOURCE_DATE_EPOCH where it is set */

char              *esp_report_to_text    (EspBench       *bench); /* (transfer full): Markdown */
gboolean           esp_results_write     (EspBench       *bench,
                                          GError        **error);

G_END_DECLS
