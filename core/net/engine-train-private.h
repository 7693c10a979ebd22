/* engine-train-private.h: the state of a training engine
 *
 * A training step is a fixed list of acts: first those of the forward, then those of the backward, among them, where memory is short, some
 * of the forward's again. Every value that an act writes lives from its first act to its last, and lies where the plan of the arena
 * says. */
#pragma once

#include "net/engine-private.h"
#include "net/parameter-vector.h"

G_BEGIN_DECLS

#define ESP_NONE (-1) /* no such value */

typedef enum
{
  ESP_HELD_VALUES,    /* the image and what layers make of it */
  ESP_HELD_NOTES,     /* what kernels keep of a forward: places of maxima, means and variances */
  ESP_HELD_GRADIENTS, /* of values */
  ESP_HELD_SCRATCH,
  ESP_N_HELD,
} EspHeld;

typedef struct
{
  EspPlace place; /* from and to: acts */
  EspHeld  held;
} EspTrainValue;

typedef enum
{
  ESP_TRAIN_RUN,    /* a layer up to its activation where that is an operation of its own, else all of it */
  ESP_TRAIN_FINISH, /* batch normalisation and activation, or the activation */
  ESP_TRAIN_SEEDS,  /* where the forward ends: outputs are read and seeds set */
  ESP_TRAIN_BACK,   /* from the gradient of a layer's output to those of its parameters and inputs */
} EspTrainActKind;

typedef struct
{
  EspTrainActKind kind;
  guint      layer;
  guint      n;         /* inputs of the layer */
  gboolean   again;     /* run, finish: in backward */
  int       *in;        /* outputs of the inputs, ESP_NONE where they are not read */
  int        mid;       /* the value before finish, ESP_NONE where there is none or it is not read */
  int        out;
  int        notes, moments;
  int        grad;      /* back: of the output */
  int       *to;        /* back: of the inputs, ESP_NONE where none goes there; may be grad itself, which is passed on then */
  gboolean  *add;       /* back, one an input: something is there already */
  EspCall   *run;       /* run, finish */
  EspCall   *bend;      /* back: through the activation or the batch normalisation, in place */
  EspCall   *learn, *sums; /* back: gradients of weights, and of biases without batch normalisation */
  EspCall  **back;      /* back, one an input, NULL where none goes there or it is passed on */
} EspTrainAct;

/* One layer, compiled. */
typedef struct
{
  gboolean   runs;      /* neither an alias nor a head whose input is read raw */
  gboolean   has_parameters;
  gboolean   needs;     /* it or a layer before it has parameters */
  gboolean   back;      /* a gradient reaches it, and it needs one */
  gboolean   open;      /* its output is readable and may be seeded */
  gboolean   normalizes;
  gboolean   has_mid;
  gboolean   drops_out, drops_mid; /* computed again in backward */
  EspKernel *kernel;    /* NULL: dropout */
  EspKernel *bend;      /* (nullable): normalisation or activation, where forward finishes with it or backward needs it */
  EspKernel *learn, *sums; /* (nullable) */
  gsize      weights, scales, biases, statistics; /* where they begin in the vector */
  guint8    *keep;      /* (nullable): what the channel mask leaves of the output */
  int        grad;      /* while the acts are listed: the gradient of its output, or ESP_NONE */
  int        out, mid;  /* while the acts are listed: where they are at the moment */
  int        notes, moments;
  int        shown;     /* of an open layer: the output that is read after forward */
  int        grad_shown; /* likewise: the gradient that seeds are set in; ESP_NONE where nothing before it learns */
  gboolean   seeded;
} EspTrainLayer;

struct _EspTrain
{
  EspParameterVector *vector;
  EspMask            *channels;   /* (nullable): of the vector, as last seen */
  double             *parameters; /* (nullable): of a set of doubles: a copy of the vector's */
  double             *gradients;  /* likewise: of one backward */
  guint8             *watched;    /* per layer */
  EspTrainLayer      *layers;     /* n + 1: the image, then the layers */
  GPtrArray          *acts;       /* EspTrainAct */
  GPtrArray          *values;     /* EspTrainValue */
  guint               seeds;      /* the act where forward ends */
  int                 scratch;    /* value */
  gsize               needed[ESP_N_HELD]; /* most bytes of a kind that live at one time */
  guint64             seed, step;
  gboolean            is_fresh;   /* a forward ran, and no backward since */
};

#define esp_train_layer(train, layer)      (&(train)->layers[(int) (layer) + 1])
#define esp_train_is_frozen(engine, layer) ((int) (layer) < (int) (engine)->options.freeze) /* the image, -1, is only there to be read */

/* engine-train-compile.c */
EspTrain *esp_train_new          (EspEngine    *engine,
                                  GError      **error);
void      esp_train_free         (EspTrain     *train);
guint     esp_train_root         (EspEngine    *engine, /* of input number @input of @layer: a layer + 1, 0 the image */
                                  guint         layer,
                                  guint         input);
/* engine-train-schedule.c */
void      esp_train_list_acts    (EspEngine    *engine);
void      esp_train_act_free           (gpointer      act);
/* engine-train-plan.c */
gboolean  esp_train_plan         (EspEngine    *engine,
                                  GError      **error);
/* engine-train-bind.c */
gboolean  esp_train_bind         (EspEngine    *engine,
                                  GError      **error);
gpointer  esp_train_number       (EspEngine    *engine,   /* where the kernels read parameter number @at */
                                  gsize         at);
gpointer  esp_train_gradient     (EspEngine    *engine,   /* where they leave its gradient */
                                  gsize         at);
/* engine-train.c */
gboolean  esp_train_forward      (EspEngine    *engine,
                                  const float  *input,
                                  EspJob       *job,
                                  GError      **error);
gboolean  esp_train_backward     (EspEngine    *engine,
                                  guint         stop,
                                  EspJob       *job,
                                  GError      **error);
gboolean  esp_train_set_seed     (EspEngine    *engine,
                                  guint         layer,
                                  const float  *seed,
                                  GError      **error);
/* engine-dropout.c */
void      esp_dropout_run        (const EspLayout *layout,
                                  double           probability,
                                  guint64          key,
                                  const void      *in,
                                  void            *out,     /* may be in */
                                  gboolean         add);
guint64   esp_dropout_key        (guint64          seed,
                                  guint64          step,
                                  guint            layer);

static inline char *
esp_train_data (const EspTrain *train, int value)
{
  return value == ESP_NONE ? NULL : ((const EspTrainValue *) train->values->pdata[value])->place.data;
}

G_END_DECLS
