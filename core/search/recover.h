/* recover.h: what a cut gets back without training: constants folded, means and variances found anew, each with its effect on the mAP */
#pragma once

#include "measure/evaluate.h"
#include "search/bn-estimate.h"
#include "search/compensate.h"

G_BEGIN_DECLS

typedef struct
{
  EspNetwork               *network;
  EspWeights               *weights;
  EspMask                  *mask;
  gboolean                  compensate;
  const EspBnImages        *mean;     /* (nullable): by means on these images instead of act (beta) */
  const EspBnImages        *bn;       /* (nullable): not found anew */
  /* What the effect is measured on. */
  EspDataset               *dataset;  /* (nullable): it is not measured */
  const EspClassMap        *map;
  EspImageCache            *cache;
  const EspEvaluateOptions *options;
  const EspProtocol        *protocol;
  guint                     replicates;
  guint64                   seed;
} EspRecoverInput;

typedef enum
{
  ESP_RECOVER_WHOLE,
  ESP_RECOVER_CUT,
  ESP_RECOVER_COMPENSATED,
  ESP_RECOVER_ESTIMATED,
  ESP_RECOVER_N_STAGES,
} EspRecoverStage;

typedef struct
{
  gboolean    done;       /* this stage was asked for */
  double      map;        /* NaN where it was not measured */
  EspInterval difference; /* from the stage before, paired; of the whole network nothing */
} EspRecoverEffect;

typedef struct
{
  EspRecoverEffect stages[ESP_RECOVER_N_STAGES];
  gboolean         by_means;
  EspCompensation  compensation;
  EspBnEstimated   estimated;
  guint            n_images; /* that the effect was measured on */
} EspRecovered;

const char *esp_recover_stage_name (EspRecoverStage        stage);
/* (transfer full): weights of the whole network; cut by the mask they are those of the recovered cut. Thread: lane. */
EspWeights *esp_recover            (const EspRecoverInput *input,
                                    EspRecovered          *told,  /* (out) */
                                    EspJob                *job,
                                    GError               **error);

G_END_DECLS
