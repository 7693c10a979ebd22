/* cut-pass.h: the one road from a mask to what the cut network finds */
#pragma once

#include "measure/evaluate.h"
#include "net/mask.h"
#include "net/weights.h"

G_BEGIN_DECLS

/* Everything borrowed; outlives the pass. */
typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  EspDataset               *dataset;
  const EspClassMap        *map;      /* (nullable): unlabelled */
  EspImageCache            *cache;
  const EspEvaluateOptions *options;
  const guint              *indices;  /* of images, ascending: their order decides ties of score */
  guint                     n;
} EspCutPassInput;

/* Consecutive masks share parameters and kernels. Thread: lane. */
typedef struct _EspCutPass EspCutPass;

EspCutPass *esp_cut_pass_new  (const EspCutPassInput  *input);
void        esp_cut_pass_free (EspCutPass             *pass);
gboolean    esp_cut_pass_run  (EspCutPass             *pass,
                               EspMask                *mask,     /* (nullable): whole */
                               EspOutcome            **outcomes, /* (out caller-allocates): n, (transfer full) each; all NULL on failure */
                               EspJob                 *job,
                               GError                **error);
gboolean    esp_cut_pass_run_below (EspCutPass       *pass,     /* the same as a part of more work: @job's progress is left alone */
                               EspMask                *mask,
                               EspOutcome            **outcomes,
                               EspJob                 *job,
                               GError                **error);
double      esp_cut_pass_get_seconds (const EspCutPass *pass); /* of the last run's images, cutting and compiling apart */
void        esp_outcomes_free (EspOutcome            **outcomes, /* (nullable): the array and its @n entries */
                               guint                   n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCutPass, esp_cut_pass_free)

G_END_DECLS
