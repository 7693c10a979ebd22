/* augment-private.h: one image of training: what it is made of, and how its labels follow */
#pragma once

#include "tensor/shape.h"
#include "train/augment.h"
#include "train/batch.h"
#include "train/decoded.h"

G_BEGIN_DECLS

/* A rectangle of the input that one picture fills. Units are pixels of the input; its columns are from 0 to its width. */
typedef struct
{
  int      left, top, right, bottom; /* the rectangle */
  double   x, y, w, h;               /* where the whole upright picture lies, shown or not; w and h above 0 */
  gboolean flip;                     /* left for right within x .. x + w */
} EspTile;

/* What all images of a feeder share. Immutable, but for the store, which locks. */
typedef struct
{
  EspAugment       augment;
  EspDataset      *dataset;
  EspDecodedStore *store;
  const int       *to_network; /* a data set class to the network's, -1 left out */
  const guint     *images;     /* those of the data set that are shown */
  guint            n_images;
  gboolean         classifier, difficult;
  guint64          seed;
} EspRender;

/* Which image, drawn when. */
typedef struct
{
  guint   index; /* of the data set */
  guint64 epoch;
} EspTurn;

/* labels.c */
void     esp_labels_add   (GArray           *labels, /* of EspLabel */
                           const EspRender  *render,
                           const EspSample  *sample,
                           const EspTile    *tile,
                           EspShape          shape);
int      esp_labels_class (const EspRender  *render, /* of a classifier's image, -1 none */
                           const EspSample  *sample);
void     esp_labels_limit (GArray           *labels,
                           guint             most,
                           GRand            *rng);

/* render.c */
gboolean esp_render_image (const EspRender  *render,
                           EspTurn           turn,
                           EspShape          shape,  /* of one image */
                           float            *input,  /* (out caller-allocates): c h w, 0..1 */
                           EspLabels        *labels, /* (out) */
                           GError          **error);

G_END_DECLS
