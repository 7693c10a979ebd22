/* lrp-private.h: the pass of layer-wise relevance propagation over the layers of an explain engine */
#pragma once

#include "explain/explainer-private.h"
#include "explain/lrp.h"
#include "kernels/relevance.h"
#include "net/engine-look.h"

G_BEGIN_DECLS

/* How a layer hands its relevance on. */
typedef enum
{
  ESP_LRP_COPY,    /* all of it to one input, as it is: what passes on its input, products (to what is gated), softmax */
  ESP_LRP_MOVE,    /* where the numbers came from: pools of the largest, concatenations, permutations, upsampling */
  ESP_LRP_EPSILON, /* among all that was added up */
  ESP_LRP_SIGNS,   /* among what was added up, told by sign */
} EspLrpWay;

/* What the knobs of a row say, for one layer. */
typedef struct
{
  gboolean  signs;   /* else by epsilon */
  EspDivide divide;
  double    alpha, epsilon;
  gboolean  without; /* biases take no share */
  EspSplit  split;   /* of what a convolution reads */
} EspLrpRule;

/* The rule of each layer. @behind: how many convolutions lie behind it on the shortest way to a head. */
typedef void (*EspLrpChoose) (const double *knobs, const EspLayer *layer, guint behind, EspLrpRule *rule);

/* The four products of two signs, each way. */
typedef enum { ESP_LRP_PLUS_PLUS, ESP_LRP_MINUS_MINUS, ESP_LRP_PLUS_MINUS, ESP_LRP_MINUS_PLUS, ESP_LRP_N_PRODUCTS } EspLrpProduct;

typedef struct
{
  const EspLayer *layer;
  EspLrpWay       way;
  EspLrpRule      rule;
  guint           copied;    /* COPY: to which input */
  EspKernel      *whole;     /* MOVE, EPSILON */
  EspKernel      *raise;     /* SIGNS: weights above 0, no bias */
  EspKernel      *lower;     /* (nullable): weights below 0 */
  EspCall       **back;      /* MOVE: into each input's relevance; EPSILON: into parcel */
  EspCall        *run[ESP_LRP_N_PRODUCTS];    /* SIGNS: sums of (part of the input, part of the weights); NULL: none */
  EspCall       **share[ESP_LRP_N_PRODUCTS];  /* SIGNS: into parcel, of each input, from to_raising or to_lowering */
  void           *relevance; /* of the output, in its layout */
  gboolean        arrived;   /* something is in relevance */
} EspLrpStep;

typedef struct
{
  EspEngine   *engine;       /* (transfer none) */
  EspWeights  *weights;      /* (transfer none) */
  guint        n;            /* layers */
  EspLrpStep  *steps;        /* n + 1: the image, then the layers */
  char        *arena;
  char        *plus, *minus; /* the inputs of one layer, split, one behind the other */
  char        *sums[ESP_LRP_N_PRODUCTS];
  char        *to_raising, *to_lowering, *parcel, *scratch;
  EspLrpShares shares;
  gboolean     ran;
} EspLrp;

#define esp_lrp_step(lrp, layer) (&(lrp)->steps[(int) (layer) + 1])

/* lrp-compile.c */
EspLrp  *esp_lrp_new  (EspExplainer     *explainer,
                       EspLrpChoose      choose,
                       GError          **error);
void     esp_lrp_free (gpointer          lrp);
gsize    esp_lrp_input_at (const EspLrp *lrp, /* where the split input @k of a layer begins in plus and minus, bytes */
                           const EspLayer *layer,
                           guint         k);
/* lrp-pass.c */
gboolean esp_lrp_pass (EspLrp           *lrp,
                       EspJob           *job,
                       GError          **error);

G_END_DECLS
