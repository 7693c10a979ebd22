/* curve.h: mAP over the ratio that is cut: of one criterion, and of chance */
#pragma once

#include "search/cliff.h"
#include "score/coupling.h"
#include "score/criterion.h"
#include "search/meter.h"

G_BEGIN_DECLS

/* What all lines of one picture share. */
typedef struct
{
  EspMeter     *meter;
  EspNetwork   *network;
  EspCoupling  *coupling;
  const double *ratios;   /* as esp_ratios_check() has them */
  guint         n_ratios;
  guint         floor;    /* channels that every layer keeps at least: 8 */
} EspCurveInput;

/* Where chance lies at one ratio: quantiles of the mAP over seeds. */
typedef struct
{
  double low, median, high; /* 5, 50 and 95 % */
  double share, bflops;     /* of the first seed */
} EspBandPoint;

gboolean esp_ratios_check     (const double         *ratios,
                               guint                 n,
                               GError              **error);  /* above 0, at most 1, ascending */
/* Every group at one ratio, as prune --ratio cuts. (transfer full) */
EspMask *esp_curve_mask       (const EspCurveInput  *input,
                               EspScores            *scores,
                               double                ratio);
/* Each ratio with the paired interval of its difference from the whole network. */
gboolean esp_curve_measure    (const EspCurveInput  *input,
                               EspScores            *scores,
                               EspMetered           *points,  /* (out caller-allocates): n_ratios */
                               EspJob               *job,
                               GError              **error);
/* The criterion “random” with seeds @seed, @seed + 1 … */
gboolean esp_random_band_measure (const EspCurveInput *input,
                               guint                 n_seeds, /* 20 */
                               guint64               seed,
                               EspBandPoint         *band,    /* (out caller-allocates): n_ratios */
                               double               *maps,    /* (out caller-allocates) (nullable): n_seeds * n_ratios, a seed after the
                                                               * other */
                               EspJob               *job,
                               GError              **error);
/* The same of masks made otherwise than esp_curve_mask() makes them. */
typedef EspMask *(*EspBandMaskFunc) (EspScores *scores, /* (transfer full): what is kept by these */
                                     double     ratio,
                                     gpointer   data);
gboolean esp_random_band_measure_of (const EspCurveInput *input,
                               EspBandMaskFunc       mask,
                               gpointer              mask_data,
                               guint                 n_seeds,
                               guint64               seed,
                               EspBandPoint         *band,
                               double               *maps,
                               EspJob               *job,
                               GError              **error);

G_END_DECLS
