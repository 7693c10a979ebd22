/* augment.h: what is drawn by lot for every image of training, so that none is seen twice alike */
#pragma once

#include "image/fit.h"
#include "net/network.h"

G_BEGIN_DECLS

/* What shows where an image does not reach. */
typedef enum
{
  ESP_FILL_GREY, /* 0.5, as letterbox has it */
  ESP_FILL_MEAN, /* the image's own colour on average, as AlexeyAB has it */
  ESP_FILL_BLACK,
  ESP_N_FILLS,
} EspFill;

/* Zero, or 1 of a factor, leaves as it is. Spans are drawn evenly. */
typedef struct
{
  EspFit  fit;
  EspFill fill;
  double  flip;          /* probability of left for right */
  double  hue;           /* up to so many turns of the colour circle, either way */
  double  saturation;    /* times or divided by up to this; 1 not */
  double  exposure;      /* the same */
  /* detectors */
  double  jitter;        /* each edge moves by up to this fraction of the image's side, either way */
  double  resize;        /* the image is shown larger or smaller by up to this factor; 1 not; below 1 only smaller */
  double  scale_low;     /* the image is shown times so much, and placed by lot; both 1 not */
  double  scale_high;
  double  mosaic;        /* probability of four images about a corner that all share */
  double  mixup;         /* probability of two images over each other, half and half */
  double  random;        /* the input's size is times or divided by up to this; 1 not */
  int     step;          /* sizes drawn are multiples of this many pixels */
  double  least_visible; /* an object of which a smaller fraction shows is no truth */
  double  least_pixels;  /* nor is one narrower or lower than this in the input */
  guint   most;          /* truths an image at most, drawn by lot; 0: all */
  /* classifiers */
  double  angle;         /* degrees, either way */
  double  aspect;        /* stretched by up to this factor; 1 not */
  int     crop_low;      /* the shorter side becomes so many pixels, and a window of the input's size is cut out by lot */
  int     crop_high;
  int     pad;           /* pixels of fill around, which the window may show */
} EspAugment;

void     esp_augment_init (EspAugment        *augment, /* nothing drawn: the images as a pass of measure sees them */
                           const EspNetwork  *network);
EspShape esp_augment_size (const EspAugment  *augment, /* of the input in a row of batches, where random draws it */
                           EspShape           input,
                           guint64            seed,
                           guint64            row);
gboolean esp_augment_read (EspAugment        *augment, /* (out): what the cfg says */
                           const EspNetwork  *network,
                           GError           **error);
gboolean esp_augment_set  (EspAugment        *augment,
                           const char        *pair,    /* "jitter=.3" */
                           GError           **error);
gboolean esp_augment_check (const EspAugment *augment, const EspNetwork *network, GError **error); /* whether all of it is drawn there */
char    *esp_augment_describe (const EspAugment *augment); /* (transfer full): "jitter=0.3, flip=0.5" */

G_END_DECLS
