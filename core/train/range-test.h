/* range-test.h: which learning rate: one short run with a rate that rises, and where its loss stops falling */
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
  double   first;      /* the mean loss of the first fifth of the updates; this and all below NaN where it ended before */
  double   noise;      /* standard deviation of the smooth loss, from differences of losses in that part and as many more */
  double   fall;       /* from the first to the lowest smooth loss */
  double   at_lowest;  /* the rate of the lowest smooth loss behind that part */
  double   suggestion; /* where the fall is over; NaN where the loss did not fall by more than its noise */
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
