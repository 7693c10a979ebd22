/* optimiser-private.h: what the optimiser's files share: its state, and the loops over numbers */
#pragma once

#include "train/optimiser.h"

G_BEGIN_DECLS

typedef struct
{
  gsize at, n;
  guint layer;
  gboolean decays; /* weights */
  gboolean norms;  /* gamma or beta */
} EspOptimiserPiece; /* numbers of one layer and kind, which go together */

struct _EspOptimiser
{
  EspParameterVector *vector;
  EspOptimiserOptions options; /* its rules are our own copy */
  gsize n, n_statistics;
  guint64 n_steps;
  guint64 n_averaged; /* updates since the average began, and the beginning itself; 0: not yet */
  double norm;        /* of the last gradient's mean, before it was clipped */
  GArray *pieces;     /* of EspOptimiserPiece */
  double *sums;       /* one a piece */
  float *first;       /* n: momentum, or Adam's first moment */
  float *second;      /* n: Adam's second moment, else NULL */
  float *average;     /* n, then n_statistics; NULL without */
};

/* What one update does with each number. */
typedef struct
{
  float scale; /* of the summed gradient */
  float limit; /* of the scaled one, may be infinite */
  float decay;
  float rate;
  float momentum, ahead, now; /* SGD: a step along now * gradient + ahead * momentum */
  float b1, b2, epsilon, whole; /* Adam; whole: what the second moment is multiplied by */
} EspOptimiserMove;

void   esp_optimiser_move_piece    (const EspOptimiserMove *move,
                                    gsize                   n,
                                    const guint8           *keep,     /* (nullable) */
                                    const float            *gradient,
                                    float                  *first,
                                    float                  *second,   /* (nullable): SGD */
                                    float                  *value);
void   esp_optimiser_average_piece (float                   share,
                                    gsize                   n,
                                    const guint8           *keep,     /* (nullable) */
                                    const float            *value,
                                    float                  *average);
double esp_optimiser_sum_squares   (gsize                   n,
                                    const guint8           *keep,     /* (nullable) */
                                    const float            *gradient);

G_END_DECLS
