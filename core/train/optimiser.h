/* optimiser.h: from the sum of gradients to the next parameters */
#pragma once

#include "base/error.h"
#include "net/parameter-vector.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_OPTIMISER_SGD, /* with momentum */
  ESP_OPTIMISER_ADAM,
} EspOptimiserKind;

/* What is special about training one layer. */
typedef struct
{
  double   rate;       /* factor on the learning rate; 0: frozen */
  guint64  from;       /* the first update that changes it, counted from 1; 0 or 1: every one */
  gboolean only_norms; /* its gammas and betas alone, where it has a batch normalisation */
} EspLayerRule;

typedef struct
{
  EspOptimiserKind    kind;
  double              momentum;     /* SGD, 0 to below 1 */
  gboolean            nesterov;     /* SGD; darknet has none */
  double              b1, b2;       /* Adam */
  double              epsilon;      /* Adam, beside the root of sums over a batch, as in darknet */
  double              decay;        /* of weights; not of biases, gammas and betas */
  double              clip_norm;    /* the gradient's mean over images is scaled down to this norm; 0: never */
  double              clip_value;   /* then each number is kept within plus and minus this; 0: never */
  double              average;      /* EMA: what is kept of the average at each update, 0: no average */
  guint64             average_from; /* the average begins as what this update, counted from 1, left; 0: as the parameters are now */
  gboolean            average_warm; /* keeps at most (1 + t) / (10 + t) at the average's t-th update, so that it forgets the beginning */
  guint               first_layer;  /* those below are frozen */
  const EspLayerRule *rules;        /* (nullable): one a layer, copied */
  guint               n_rules;      /* layers behind them have none */
} EspOptimiserOptions;

typedef struct _EspOptimiser EspOptimiser;

/* Thread: one at a time. */
EspOptimiser *esp_optimiser_new         (EspParameterVector        *vector,
                                         const EspOptimiserOptions *options);
void          esp_optimiser_free        (EspOptimiser              *optimiser);
gboolean      esp_optimiser_step        (EspOptimiser              *optimiser, /* FALSE, with nothing changed, where a gradient is not
                                                                                * finite */
                                         double                     rate,
                                         double                     scale);    /* 1 / images */
double        esp_optimiser_get_norm    (const EspOptimiser        *optimiser);
guint64       esp_optimiser_get_n_steps (const EspOptimiser        *optimiser);
EspWeights   *esp_optimiser_average     (EspOptimiser              *optimiser);

/* The state, for checkpoints: bit for bit. */
gsize         esp_optimiser_state_bytes (const EspOptimiser        *optimiser);
void          esp_optimiser_save        (const EspOptimiser        *optimiser,
                                         guint8                    *bytes);
gboolean      esp_optimiser_load        (EspOptimiser              *optimiser,
                                         const guint8              *bytes,
                                         gsize                      n,
                                         const char                *name,      /* for messages */
                                         GError                   **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOptimiser, esp_optimiser_free)

G_END_DECLS
