/* engine-private.h: the state of an engine, for engine.c and its engine-*.c siblings */
#pragma once

#include "kernels/kernel.h"
#include "net/engine.h"
#include "net/flow.h"

G_BEGIN_DECLS

#define ESP_NOWHERE G_MAXSIZE

/* A stretch of the arena. */
typedef struct
{
  gsize bytes; /* 0: not wanted */
  gsize at;    /* offset once planned */
  char *data;  /* address once allocated; NULL where not wanted */
  int   from, to; /* times at which it must hold its numbers, both included: of forward the step, of backward 2 n - 1 - step */
} EspPlace;

/* One layer, or the image (the first step, layer NULL). */
typedef struct
{
  const EspLayer  *layer;
  const EspParams *params; /* (owned) convolutions only */
  EspLayout        layout;
  int              root;   /* the layer whose place holds this output: itself, except of dropout and of a route of one layer */
  int              reads;  /* the last step that reads the output; n layers where it stays readable after forward */
  EspPlace         out, pre, kept, grad, pre_grad; /* pre and pre_grad only where they differ from out and grad */
  int              grad_root; /* the layer whose place holds this gradient */
  EspPlace         learned; /* gradients of the folded weights, plain, then of the folded bias */
  EspKernel       *kernel; /* NULL where root is another layer */
  EspKernel       *learn;  /* (nullable): gives learned */
  EspKernel       *bend;   /* the activation, where it is not part of kernel or where backward needs it */
  EspKernel       *through; /* (nullable): of a max-pool: backward goes through its input's activation in one pass */
  EspCall         *run, *run_bend, *back_bend, *run_learn, *back_through;
  EspCall        **back;   /* one an input, NULL where no gradient goes there */
  double          *gain;   /* of the folded batch normalisation, one a filter; NULL: 1 */
  double          *shift;  /* the folded bias */
  guint8          *keep;   /* (nullable): the mask's bits */
  guint           *order;  /* (nullable): the channels of the input as a masked convolution takes them */
  EspPlace         taken;  /* the input in that order */
  void            *seed;   /* (owned) in layout, made when first set */
  void            *seed_before; /* likewise: of the value before the activation */
  gboolean         joins;  /* a convolution whose kernel writes what the max-pool behind it makes of its output, not the output */
  gboolean         joined; /* such a max-pool: it runs by itself only where a forward begins with it */
  gboolean         holds;  /* its gradients stay after backward */
  gboolean         lends;  /* the place of its gradient goes on as that of one of its inputs */
  gboolean         seeded, seeded_before;
  gboolean         planted; /* in this backward: the seed is in grad */
  gboolean         handed; /* in this backward: the place came with a gradient in it */
  float           *product; /* (nullable): what esp_engine_watch_products() asks for */
  gboolean         has_product; /* of this backward */
  gboolean         arrived; /* grad holds something in this backward */
  gboolean         skipped; /* back_through of the only reader wrote pre_grad; grad follows if it is asked for */
} EspStep;

typedef struct _EspTrain EspTrain; /* engine-train-private.h */

struct _EspEngine
{
  EspNetwork         *network;
  EspWeights         *weights;
  EspEngineOptions    options; /* mask is not kept */
  const EspKernelSet *set;
  guint               n;       /* layers */
  EspStep            *steps;   /* n + 1: the image, then the layers */
  char               *arena;
  gsize               arena_bytes, packed_bytes;
  EspPlace            scratch;
  int                 stop;    /* of the last backward; n before any */
  gboolean            watched; /* products are reduced on the way back, at this place and in this way: */
  EspAt               watch_at;
  EspReduce           watch_reduce;
  EspTrain           *train;   /* (nullable) */
  double             *clock;   /* (nullable) (borrowed): where the milliseconds of each layer go */
  gint64              ticked;  /* when the last layer was done, in nanoseconds */
};

#define esp_engine_step(engine, layer) (&(engine)->steps[(int) (layer) + 1])

/* engine-fold.c */
void     esp_step_fold      (EspStep          *step,
                             EspBnForm         form);
/* engine-order.c */
void     esp_step_order     (EspStep          *step,
                             const EspSpec    *spec,
                             const EspFlow    *flow);
float   *esp_step_order_weights (const EspStep *step,
                             const EspSpec    *spec);
void     esp_engine_take_input  (EspEngine    *engine,
                             const EspStep    *step);
/* engine-compile.c */
gboolean esp_engine_compile (EspEngine        *engine,
                             const EspMask    *mask,
                             EspEngine        *reuse,
                             GError          **error);
EspKernel *esp_engine_kernel (EspEngine       *engine, /* (transfer full): that of @old where it fits, else a new one */
                              const EspSpec   *spec,
                              EspKernel       *old,
                              GError         **error);
void     esp_engine_lay_out (EspEngine        *engine);
gboolean esp_engine_refuse  (const EspEngine  *engine,
                             const EspLayer   *layer,
                             const char       *why,
                             GError          **error);
const guint8 *esp_layer_cleared (const EspLayer *layer, /* (nullable): what a mask clears of its output */
                                 const EspMask  *mask,
                                 const EspFlow  *flow,
                                 guint          *n);
/* engine-product.c: where somebody watches the products of this convolution: reduces them */
void     esp_step_watch     (EspEngine        *engine,
                             EspStep          *step);
gboolean esp_step_bend_watched (EspEngine     *engine, /* the same along with the way back through its activation; FALSE: not done */
                             EspStep          *step);
gboolean esp_step_bends_along  (EspEngine     *engine, /* both can wait for what follows */
                             EspStep          *step);
gboolean esp_step_bends_behind (EspEngine     *engine, /* both can be done for an input as it gets its gradient */
                             const EspStep    *step,
                             const EspStep    *input);
gboolean esp_step_hand_on_bent (EspEngine     *engine,
                             EspStep          *step,
                             EspStep          *input,
                             gboolean          along,
                             gboolean          behind);
/* engine-clock.c: notes how long @layer took, where somebody watches; -1: the first one begins */
void     esp_engine_tick    (EspEngine        *engine,
                             int               layer);
/* engine-places.c */
void     esp_place_want     (EspPlace         *place,
                             gsize             bytes,
                             int               from,
                             int               to);
gsize    esp_places_plan    (GPtrArray        *places);
gboolean esp_engine_allocate (EspEngine       *engine,
                              GPtrArray       *places,
                              gsize            bytes,
                              GError         **error);
/* engine-gradients.c */
void     esp_engine_want_gradients  (EspEngine *engine);
void     esp_engine_share_gradients (EspEngine *engine);
/* engine-plan.c */
int      esp_engine_end     (const EspEngine  *engine);
gboolean esp_engine_plan    (EspEngine        *engine,
                             GError          **error);
/* engine-values.c: TRUE if the numbers at @at are held after a forward, else an error that says why not */
gboolean esp_engine_can_read (EspEngine       *engine,
                              guint            layer,
                              EspAt            at,
                              GError         **error);
/* engine-backward.c: the same of gradients, and where they lie */
gboolean esp_engine_can_read_gradient (EspEngine     *engine,
                                       int            layer,
                                       EspAt          at,
                                       GError       **error);
const char *esp_step_gradient (const EspStep *step,
                               EspAt          at);
gboolean esp_engine_failed   (EspEngine       *engine, /* FALSE, with the error of a kernel that failed */
                              guint            layer,
                              GError         **error);

G_END_DECLS
