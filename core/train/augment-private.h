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
  double   turn;                     /* clockwise about the picture's middle, radians; of a classifier's only */
} EspTile;

/* All that is drawn for one picture. */
typedef struct
{
  double   edge[4]; /* -1..1: left, right, top, bottom */
  double   size[2]; /* 0..1: of left and top, of right and bottom */
  double   scale;   /* 0..1 */
  double   at[2];   /* 0..1 */
  gboolean flip;
  double   hue, saturation, exposure; /* turns, factor, factor */
  double   turn;    /* -1..1 */
  double   aspect;  /* factor */
  double   crop;    /* 0..1 */
} EspDraw;

/* Four pictures about a corner. */
typedef struct
{
  int left, top; /* where the corner is */
} EspCorner;

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

/* draw.c */
void     esp_draw_init    (EspDraw          *draw,   /* (out): as many numbers of the stream whatever the settings */
                           const EspAugment *augment,
                           GRand            *rng);
double   esp_draw_factor  (GRand            *rng,    /* 1 / most .. most */
                           double            most);

/* place.c */
gboolean esp_place_still  (const EspAugment *augment, /* pictures lie as they do in a pass of measure, but for a flip */
                           gboolean          classifier);
EspTile  esp_place_fit    (EspFit            fit,
                           EspShape          shape,
                           int               width,  /* of the picture */
                           int               height);
EspTile  esp_place_draw   (const EspAugment *augment,
                           const EspDraw    *draw,
                           gboolean          classifier,
                           EspShape          shape,
                           int               width,
                           int               height);
EspTile  esp_place_shown  (EspTile           tile);   /* the rectangle without margins */
EspTile  esp_place_quarter (EspTile          whole,  /* as the picture alone would lie */
                            guint            quarter, /* 0 .. 3: top left, top right, bottom left, bottom right */
                            EspCorner        corner,
                            EspShape         shape);

/* paint.c */
void     esp_paint_tile   (const EspTile    *tile,
                           EspDecoded       *decoded,
                           const float       fill[3],
                           EspShape          shape,
                           float            *input);
void     esp_paint_flip   (EspShape          shape,  /* the whole input, left for right */
                           float            *input);

/* colour.c */
void     esp_colour_tile  (const EspTile    *tile,
                           const EspDraw    *draw,
                           EspShape          shape,
                           float            *input);

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
