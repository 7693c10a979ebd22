/* batch.h: what one step of training sees: images on the network's input, and what is true of them */
#pragma once

#include "image/box.h"

G_BEGIN_DECLS

/* One object; of a classifier's image the class alone. */
typedef struct
{
  int    class_index; /* the network's */
  EspBox box;         /* centre and size in fractions of the network's input */
} EspLabel;

/* Of one image; of a classifier's exactly one. */
typedef struct
{
  guint     n;
  EspLabel *labels;
} EspLabels;

/* n images of one size. */
typedef struct
{
  guint      n;
  int        c, h, w;
  float     *input;   /* n c h w, 0..1 */
  EspLabels *labels;  /* n */
  guint     *indices; /* n: of the data set */
  guint64    epoch;   /* of its first image; the last batch of an epoch is filled up from the next one */
  guint64    step;    /* batches before it since the beginning of all */
} EspBatch;

void esp_batch_free (EspBatch *batch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspBatch, esp_batch_free)

G_END_DECLS
