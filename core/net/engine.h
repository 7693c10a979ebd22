/* engine.h: a network compiled for one batch size, thread count, precision and mode */
#pragma once

#include "base/job.h"
#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

typedef struct _EspEngine EspEngine;

typedef struct _EspParameterVector EspParameterVector; /* parameter-vector.h */

typedef enum { ESP_MODE_INFER, ESP_MODE_EXPLAIN, ESP_MODE_TRAIN } EspMode;

typedef enum
{
  ESP_BACKEND_ONEDNN,           /* float32, blocked layouts */
  ESP_BACKEND_REFERENCE,        /* plain C, float32 */
  ESP_BACKEND_REFERENCE_DOUBLE, /* the same source, float64 */
  ESP_BACKEND_BFLOAT16,         /* oneDNN with convolutions in bfloat16: approximate (bits may depend on the batch), inference only */
} EspBackendKind;

gboolean     esp_backend_is_available (EspBackendKind backend); /* on this processor */

typedef enum { ESP_BN_ALEXEY, ESP_BN_DARKNET, ESP_BN_OPENCV } EspBnForm; /* sqrt(v + 1e-5); sqrt(v) + 1e-6; sqrt(v + 1e-6) */
double esp_bn_sigma (float variance, EspBnForm form); /* the divisor of one channel */

typedef enum
{
  ESP_AT_CONV, /* convolution before batch normalisation and bias */
  ESP_AT_PRE,  /* before the activation */
  ESP_AT_OUT,  /* the layer's output; of a head the activated map */
} EspAt;

typedef struct
{
  EspMode        mode;
  EspBackendKind backend;
  EspBnForm      bn;
  guint          batch;      /* at least 1 */
  const EspMask *mask;       /* (nullable): masked execution, outputs multiplied by 0 after the activation: the reference for cuts. In
                              * inference convolutions sum in the order of the cut network */
  gboolean       keep_all;   /* every layer's output stays readable after forward (explain engines keep all anyway) */
  gboolean       pixels;     /* explain: backward reaches the image too */
  gboolean       parameters; /* explain: backward reaches weights, biases and scales too */
  gboolean       guided;     /* explain: a rectifier passes back only what is positive, and only where it was itself */
  gboolean       lean;       /* explain: gradients stay of layers in @watch and of the image alone: less memory and time; see
                              * engine-watch.h */
  EspParameterVector *vector; /* train: what is trained; several engines may share one. A reference is taken */
  gsize          memory;     /* train: most bytes of esp_engine_get_bytes(): what does not fit is computed again in backward; 0: no limit */
  const guint   *watch;      /* train: layers whose outputs stay readable and may be seeded, besides what heads read; explain and lean:
                              * whose gradients stay; copied */
  guint          n_watch;
  guint          freeze;     /* train: layers below normalise as in inference, by running statistics that stay as they are; 0 none */
} EspEngineOptions;

/* Thread: lane (the thread that makes an engine runs it), unless the backend is a reference.
 * @reuse: (nullable): an engine of the same options whose compiled kernels and packed weights are shared where the
 * layer's shape and EspParams pointer agree. */
EspEngine   *esp_engine_new          (EspNetwork              *network,
                                      EspWeights              *weights,
                                      const EspEngineOptions  *options,
                                      EspEngine               *reuse,
                                      GError                 **error);
EspEngine   *esp_engine_ref          (EspEngine               *engine);
void         esp_engine_unref        (EspEngine               *engine);
EspNetwork  *esp_engine_get_network  (EspEngine               *engine);  /* (transfer none) */
guint        esp_engine_get_batch    (EspEngine               *engine);
gsize        esp_engine_get_bytes    (EspEngine               *engine);  /* arena and packed weights */
gsize        esp_engine_get_arena    (EspEngine               *engine);  /* bytes of the arena: what no other engine shares */

char        *esp_engine_describe_memory (EspEngine            *engine);  /* (transfer full): what is planned, by kind, in MB; a line each */

/* @input: batch * c * h * w numbers, n c h w order, 0..1. Cancelled between two layers. No allocation. */
gboolean     esp_engine_forward      (EspEngine               *engine,
                                      const float             *input,
                                      EspJob                  *job,
                                      GError                 **error);
/* The layers from @first up to but without @end. */
gboolean     esp_engine_forward_part (EspEngine               *engine,
                                      const float             *input,   /* (nullable): where @first is not 0 */
                                      guint                    first,
                                      guint                    end,
                                      EspJob                  *job,
                                      GError                 **error);
/* Continues a forward from @layer, the outputs of earlier layers being what they were or were set to. */
gboolean     esp_engine_forward_from (EspEngine               *engine,
                                      guint                    layer,
                                      EspJob                  *job,
                                      GError                 **error);
/* What layers from @layer on still read of earlier ones (the prefix cache): native layout, equal for engines whose masks agree up to
 * there. */
gsize        esp_engine_get_live_bytes (EspEngine             *engine,
                                        guint                  layer);
void         esp_engine_save_live    (EspEngine               *engine,
                                      guint                    layer,
                                      gpointer                 buffer);
void         esp_engine_load_live    (EspEngine               *engine,
                                      guint                    layer,
                                      gconstpointer            buffer);
EspShape     esp_engine_get_shape    (EspEngine               *engine,   /* n = batch */
                                      int                      layer);
/* Readable: heads and what feeds them, all layers with keep_all or explain; ESP_AT_CONV and ESP_AT_PRE in explain engines.
 * @values: batch * c * h * w numbers, plain order. */
gboolean     esp_engine_read         (EspEngine               *engine,
                                      guint                    layer,
                                      EspAt                    at,
                                      float                   *values,
                                      GError                 **error);
gboolean     esp_engine_read_double  (EspEngine               *engine,
                                      guint                    layer,
                                      EspAt                    at,
                                      double                  *values,
                                      GError                 **error);
/* The same of one image of the batch: c * h * w numbers; ESP_AT_OUT or ESP_AT_PRE. */
gboolean     esp_engine_read_item    (EspEngine               *engine,
                                      guint                    layer,
                                      EspAt                    at,
                                      guint                    item,
                                      float                   *values,
                                      GError                 **error);
/* Sets a layer's output, for the tests and for a forward_from. */
gboolean     esp_engine_write        (EspEngine               *engine,
                                      guint                    layer,
                                      const float             *values,
                                      GError                 **error);

/* Backward, explain engines only: set seeds at layers' outputs (others are 0), then run. Seeds at a head are gradients of its activated
 * map, at its input convolution of its raw logits. Computes down to @stop (0 for all; pixels if so opened). */
void         esp_engine_clear_seeds  (EspEngine               *engine);
gboolean     esp_engine_set_seed     (EspEngine               *engine,
                                      guint                    layer,
                                      const float             *seed,     /* batch * c * h * w, plain order */
                                      GError                 **error);
gboolean     esp_engine_set_seed_before (EspEngine            *engine,   /* of the value before the layer's activation */
                                         guint                 layer,
                                         const float          *seed,
                                         GError              **error);
gboolean     esp_engine_set_seed_item (EspEngine              *engine,   /* of one image; those of the others stay as they are */
                                      guint                    layer,
                                      EspAt                    at,       /* ESP_AT_OUT, or ESP_AT_PRE: before the activation */
                                      guint                    item,
                                      const float             *seed,     /* c * h * w, plain order */
                                      GError                 **error);
gboolean     esp_engine_backward     (EspEngine               *engine,
                                      guint                    stop,
                                      EspJob                  *job,
                                      GError                 **error);
/* Train engines: keys the next forward's dropout; one step for every batch that is to be dropped from differently. */
void         esp_engine_set_step     (EspEngine               *engine,
                                      guint64                  seed,
                                      guint64                  step);
/* @layer -1: the image. */
gboolean     esp_engine_read_gradient        (EspEngine *engine,
                                              int        layer,
                                              EspAt      at,
                                              float     *values,
                                              GError   **error);
gboolean     esp_engine_read_gradient_double (EspEngine *engine,
                                              int        layer,
                                              EspAt      at,
                                              double    *values,
                                              GError   **error);

typedef enum
{
  ESP_PARAMETER_WEIGHTS,
  ESP_PARAMETER_BIASES, /* beta of the batch normalisation where there is one */
  ESP_PARAMETER_SCALES, /* gamma */
} EspParameter;

/* Engines with parameters, after a backward; @values: as many as the layer has of them (see EspParams). */
gboolean     esp_engine_read_parameter_gradient (EspEngine     *engine,
                                                 guint          layer,
                                                 EspParameter   parameter,
                                                 double        *values,
                                                 GError       **error);

typedef enum
{
  ESP_REDUCE_MAX,      /* signed maximum over h, w */
  ESP_REDUCE_SUM,      /* signed sum */
  ESP_REDUCE_ABS_SUM,
  ESP_REDUCE_MEAN,     /* signed sum / (h * w) */
  ESP_REDUCE_ABS_MEAN,
  ESP_N_REDUCES,
} EspReduce;

/* activation × gradient reduced over h, w in the blocked layout, one number per image and channel: @scores is batch * c numbers. */
gboolean     esp_engine_reduce_product (EspEngine  *engine,
                                        guint       layer,
                                        EspAt       at,
                                        EspReduce   reduce,
                                        float      *scores,
                                        GError    **error);
/* The same summed over channels (@channel -1), or of one, of image @item: @map is h * w numbers. */
gboolean     esp_engine_map_product    (EspEngine  *engine,
                                        guint       layer,
                                        EspAt       at,
                                        guint       item,
                                        int         channel,
                                        float      *map,
                                        GError    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspEngine, esp_engine_unref)

G_END_DECLS
