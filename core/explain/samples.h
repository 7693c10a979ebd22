/* samples.h: many variants of one image through one engine, the target frozen, and sums of what they leave at the layers asked for */
#pragma once

#include "explain/explainer-private.h"
#include "explain/target-mask.h"

G_BEGIN_DECLS

/* One place whose numbers are summed, c h w each. */
typedef struct
{
  int    layer; /* or ESP_PIXELS */
  gsize  n;     /* numbers of one image */
  float *sum;
  float *before[2]; /* (nullable): gradients and values of the sample before; made by who wants them */
} EspKept;

typedef struct
{
  EspEngine *engine; /* of some images at once, its backward reaching the pixels */
  guint      batch;
  int        layer;  /* as the run was told; ESP_EVERY_LAYER */
  guint      n_kept;
  EspKept   *kept;   /* the pixels first */
  float     *inputs; /* of the batch */
  float     *room[2]; /* likewise, of the largest place */
  guint      n_ones;
} EspSamples;

/* Thread: lane, all functions. */
void        esp_samples_free (gpointer           samples);
/* Makes the state of the explainer's method on the first call; the target as it is for @input is left in @mask and told to the
 * explainer. */
EspSamples *esp_samples_begin (EspExplainer      *explainer,
                               const float       *input,
                               const EspTarget   *target,
                               int                layer,
                               EspTargetMask    **mask,  /* (out) (transfer full) */
                               EspJob            *job,
                               GError           **error);
/* @make fills in one input; @take sees the engine after forward and backward of @count samples from @first on, and their targets'
 *   values. */
typedef void     (*EspSampleMake) (guint sample, float *input, gpointer data);
typedef gboolean (*EspSampleTake) (EspSamples *samples, guint first, guint count, const double *values, gpointer data, GError **error);
gboolean    esp_samples_run  (EspSamples          *samples,
                              const EspExplainer  *explainer,
                              const EspTargetMask *mask,
                              guint                n,
                              EspSampleMake        make,
                              EspSampleTake        take,
                              gpointer             data,
                              EspJob              *job,
                              GError             **error);
const EspKept *esp_samples_find (const EspSamples *samples, /* NULL with an error that says what the run was for */
                                 int               layer,
                                 GError          **error);

G_END_DECLS
