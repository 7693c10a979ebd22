/* range-test.h: which learning rate: one short run with a rate that rises, and where its loss fell fastest */
#pragma once

#include "base/job.h"

G_BEGIN_DECLS

typedef struct
{
  double lowest, highest; /* rates of the first and the last update, rising by a constant factor */
  guint  n;               /* updates, at least 10 */
  double smoothing;       /* what is kept of the running mean of losses, 0 to below 1 */
  double stop_factor;     /* it ends where the smooth loss is above so many times the lowest so far; 0: never */
} EspRangeOptions;

typedef struct
{
  double rate, loss, smooth;
} EspRangePoint;

typedef struct
{
  GArray  *points;     /* EspRangePoint, one an update; of one that was no number nothing is kept */
  gboolean diverged;   /* ended before the last rate */
  double   steepest;   /* the rate at which the smooth loss fell fastest over the logarithm of rates; NaN where it never fell */
  double   at_lowest;  /* the rate of the lowest smooth loss */
  double   suggestion; /* the lower of the steepest and a tenth of the lowest; NaN where the loss never fell */
} EspRangeResult;

/* One update at @rate: its mean loss an image into *@loss. FALSE ends the test with its error. */
typedef gboolean (*EspRangeStep) (double rate, double *loss, gpointer data, GError **error);

void            esp_range_options_init (EspRangeOptions        *options);
EspRangeResult *esp_range_test_run     (const EspRangeOptions  *options,
                                        EspRangeStep            step,
                                        gpointer                data,
                                        EspJob                 *job,     /* (nullable): progress in updates, cancelled between them */
                                        GError                **error);
void            esp_range_result_free  (EspRangeResult         *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRangeResult, esp_range_result_free)

G_END_DECLS
