/* train-data.h: what the verb train opens: the data, the network for it, the weights it begins with */
#pragma once

#include "data-options.h"
#include "network-options.h"
#include "train/start.h"
#include "train/trainer.h"

G_BEGIN_DECLS

/* As given, NULL or 0 where not; static storage in the verb. */
typedef struct
{
  char          *weights, *weights_cfg;
  int            upto;
  gboolean       draw_heads, classes_from_data, no_val;
  double         prior;
  char          *split, *val, *val_split, *names, *images, *dialect;
  EspDrawOptions draw;
} EspTrainDataOptions;

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspDataset *train, *val; /* val NULL where there is none */
  GStrv       names;       /* (nullable) */
  char       *start;       /* for people: where its numbers come from */
} EspTrainData;

gboolean esp_train_data_open  (EspTrainData              *data,   /* (out) */
                               const char                *cfg,
                               const char                *path,
                               const EspTrainDataOptions *options,
                               guint64                    seed,
                               GError                   **error);
void     esp_train_data_clear (EspTrainData              *data);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspTrainData, esp_train_data_clear)

G_END_DECLS
