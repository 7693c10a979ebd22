/* meter.h: what masks cost in mAP, each measured once */
#pragma once

#include "base/row-file.h"
#include "measure/interval.h"
#include "score/coupling.h"
#include "score/cut-pass.h"

G_BEGIN_DECLS

/* Of one mask; that of the cut network in the options' precision, as evaluate --plan gives it. */
typedef struct
{
  double      map, precision, recall, f1; /* the last three at a score above .25 */
  EspInterval difference;                 /* from the whole network on the same images; NAN where it was not asked for */
  double      share;                      /* of the channels that can be cut, those that are */
  guint64     params;
  double      bflops;
  guint       thinnest, kept;             /* the layer of the fewest kept channels, of those that lost some, and how many; 0 kept: none lost
                                           * any */
  gboolean    recalled;                   /* measured by an earlier run */
} EspMetered;

typedef struct
{
  EspCutPassInput    pass;
  const EspCoupling *coupling;   /* says what can be cut */
  const EspProtocol *protocol;
  guint              n_classes;  /* of the network */
  guint              replicates; /* of intervals: 2000 */
  guint64            seed;       /* likewise */
  EspRowFile        *rows;       /* (nullable): where results are kept; its @about says everything else here */
} EspMeterInput;

/* Thread: lane, all functions. */
typedef struct _EspMeter EspMeter;

EspMeter      *esp_meter_new        (const EspMeterInput *input); /* copied; what it points to outlives the meter */
void           esp_meter_free       (EspMeter            *meter);
/* (transfer full): "128 images 1a2b3c": their names, truths and classes in short; pictures are known by their names alone. */
char          *esp_images_describe  (const EspDataset    *dataset,
                                     const EspClassMap   *map,      /* (nullable) */
                                     const guint         *indices,  /* (nullable): all */
                                     guint                n);
/* (transfer full): what esp_row_file_open() is told: network, weights, images with their truth, and all that a number depends on. */
char          *esp_meter_describe   (const EspMeterInput *input);
gboolean       esp_meter_measure    (EspMeter            *meter,
                                     EspMask             *mask,     /* (nullable): the whole network */
                                     gboolean             interval,
                                     EspMetered          *metered,  /* (out) */
                                     EspJob              *job,      /* (nullable): cancel; its progress is left alone */
                                     GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspMeter, esp_meter_free)

G_END_DECLS
