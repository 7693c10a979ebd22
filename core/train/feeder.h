/* feeder.h: batches for training, made by threads of its own ahead of the lane */
#pragma once

#include "dataset/class-map.h"
#include "train/augment.h"
#include "train/batch.h"

G_BEGIN_DECLS

typedef struct
{
  EspAugment     augment;
  EspShape       input;       /* of the network; n is not asked */
  int            classes;     /* of its heads, or that it tells apart */
  gboolean       classifier;
  guint          batch;       /* images, 1 */
  guint          size_every;  /* batches of one input size in a row where augment.random draws it, 10 (darknet's) */
  guint64        seed;
  guint64        first_step;  /* batches to leave out: the place to resume at */
  guint          workers;     /* threads; 0: one less than the machine has, at least 1 */
  guint          ahead;       /* batches made before they are asked for, at most, 4 */
  gsize          cache;       /* bytes of decoded pictures to keep, 512 MiB */
  gboolean       difficult;   /* difficult objects are truths too; FALSE. Crowds never are */
  EspOrientation orientation;
} EspFeederOptions;

/* Thread: any one at a time. */
typedef struct _EspFeeder EspFeeder;

void       esp_feeder_options_init    (EspFeederOptions       *options,  /* nothing drawn; see esp_augment_read() */
                                       const EspNetwork       *network);
EspFeeder *esp_feeder_new             (EspDataset             *dataset,
                                       const EspClassMap      *map,      /* (nullable): class by class; copied */
                                       const EspFeederOptions *options,
                                       GError                **error);
void       esp_feeder_free            (EspFeeder              *feeder);
EspBatch  *esp_feeder_next            (EspFeeder              *feeder,   /* (transfer full) */
                                       EspJob                 *job,      /* (nullable) */
                                       GError                **error);
guint      esp_feeder_get_n           (const EspFeeder        *feeder);  /* images of an epoch */
guint64    esp_feeder_get_epoch_end   (const EspFeeder        *feeder,   /* the first step at which @epoch + 1 whole epochs were shown */
                                       guint64                 epoch);
guint      esp_feeder_get_ready       (EspFeeder              *feeder);  /* whole batches in a row that wait to be asked for */
gsize      esp_feeder_get_cache_used  (EspFeeder              *feeder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFeeder, esp_feeder_free)

G_END_DECLS
