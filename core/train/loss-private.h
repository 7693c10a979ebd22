/* loss-private.h: what the kinds of loss share */
#pragma once

#include "train/box-overlap.h"
#include "train/loss.h"

#include <math.h>

G_BEGIN_DECLS

/* What one kind of layer is trained on. */
typedef struct
{
  EspLayerKind kind;
  /* Fills keys; the loss has everything else. */
  gboolean (*read)  (EspLoss              *loss,
                     const EspLossOptions *options,
                     GError              **error);
  void     (*clear) (EspLoss              *loss); /* (nullable) */
  /* One image: gradient is zeroed, parts as well. */
  void     (*run)   (const EspLoss        *loss,
                     const double         *raw,
                     const EspLabels      *labels,
                     double               *gradient,
                     EspLossParts         *parts);
} EspLossRow;

typedef enum
{
  ESP_BOX_LOSS_SQUARES, /* cross-entropy of x, y, half squares of w, h; of activated numbers half squares of all */
  ESP_BOX_LOSS_OVERLAP,
} EspBoxLoss;

typedef enum
{
  ESP_CLASS_LOSS_LOGISTIC,
  ESP_CLASS_LOSS_FOCAL,
  ESP_CLASS_LOSS_SOFTMAX,
} EspClassLoss;

/* What [yolo] and [region] share: places of numbers, and what is done with targets. Anchors are in fractions of the network's input. */
typedef struct
{
  int            classes, n_anchors, h, w;
  const double  *anchors; /* n_anchors pairs, this head's */
  double         scale;   /* of x and y about the middle of a cell */
  gboolean       activated;
  EspBoxLoss     box_loss;
  EspOverlapKind overlap; /* of ESP_BOX_LOSS_OVERLAP */
  EspBoxGradient box_gradient;
  double         max_delta;
  EspClassLoss   class_loss;
  double         factor;  /* of everything */
} EspHeadForm;

/* One box that is pulled to a truth. The gradient is weight * share * that of size_weight * what box_loss says. */
typedef struct
{
  gsize       spot;        /* anchor * h * w + cell */
  EspExactBox truth;
  double      weight;
  double      size_weight; /* 2 - w h: small boxes count more */
  double      share;       /* of the truths that one spot has */
  double      alpha;       /* CIoU's, held */
  gboolean    is_prior;    /* not a truth: the anchor itself */
} EspBoxTarget;

/* What one image asks of a head: all that the gradient holds constant. */
typedef struct
{
  const EspHeadForm *form;
  gsize   n_spots;
  double *objectness;        /* n_spots targets */
  double *objectness_weight; /* 0: not asked */
  GArray *boxes;             /* of EspBoxTarget */
  int    *slots;             /* n_spots: which row of class_*, or -1 */
  GArray *class_targets;     /* of double, classes a row */
  GArray *class_weights;
  GArray *class_counts;      /* of guint, one a row: classes that are true there */
} EspTargets;

/* loss-targets.c */
EspTargets  *esp_targets_new      (const EspHeadForm    *form);
void         esp_targets_free     (EspTargets           *targets);
void         esp_targets_add_box  (EspTargets           *targets,
                                   const EspBoxTarget   *target,
                                   gboolean              alone);  /* instead of those that the spot has */
guint        esp_targets_class_row (EspTargets          *targets, /* of a spot, made with every target 0 if there is none */
                                   gsize                 spot,
                                   double                target,
                                   double                weight);
void         esp_targets_share    (EspTargets           *targets); /* every spot's boxes by the number of classes true there */
gboolean     esp_label_is_usable  (const EspLabel       *label,
                                   int                   classes);
GArray      *esp_labels_usable    (const EspLabels      *labels,  /* (transfer full): of EspLabel */
                                   int                   classes,
                                   EspLossParts         *parts);
int          esp_cell_of          (float                 at,      /* 0..1 */
                                   int                   cells);

/* loss-head.c: raw numbers of one image are c h w */
EspExactBox  esp_head_box         (const EspHeadForm    *form,
                                   const double         *raw,
                                   gsize                 spot);
double       esp_head_value       (const EspHeadForm    *form,    /* of an entry that is not x, y, w or h: activated */
                                   double                raw);
void         esp_head_run         (const EspTargets     *targets,
                                   const double         *raw,
                                   double               *gradient, /* zeroed */
                                   EspLossParts         *parts);

/* The numbers of a spot lie a plane apart; this is where its first one is. */
static inline gsize
esp_spot_at (const EspHeadForm *form, gsize spot)
{
  const gsize plane = (gsize) form->h * (gsize) form->w;

  return spot / plane * (5 + (gsize) form->classes) * plane + spot % plane;
}

static inline gsize
esp_spot_plane (const EspHeadForm *form)
{
  return (gsize) form->h * (gsize) form->w;
}

static inline EspExactBox
esp_exact_box (EspBox box)
{
  return (EspExactBox){ box.x, box.y, box.w, box.h };
}

static inline double
esp_logistic (double z)
{
  return 1 / (1 + exp (-z));
}

/* -log logistic (-z) */
static inline double
esp_softplus (double z)
{
  return (z > 0 ? z : 0) + log1p (exp (-fabs (z)));
}

/* Keys of [yolo]; loss-yolo-keys.c */
typedef struct
{
  EspHeadForm    form;
  guint          n_all;         /* anchors of all heads */
  double        *all;           /* n_all pairs in fractions of the network's input */
  int           *here;          /* n_all: which anchor of this head, or -1 */
  double        *own;           /* form.anchors */
  gboolean       is_stock;      /* pjreddie's darknet: a prediction is spared whatever its classes, the last truth of a spot alone counts */
  gboolean       smooth;        /* objectness_smooth */
  double         iou_normalizer, obj_normalizer, cls_normalizer;
  double         ignore_thresh, truth_thresh, iou_thresh;
  EspOverlapKind iou_thresh_kind;
  double         label_smooth_eps;
  double        *multipliers;   /* (nullable): one a class */
} EspYoloKeys;

typedef struct
{
  EspHeadForm form;
  double     *own;
  double      coord_scale, object_scale, noobject_scale, class_scale, thresh;
  gboolean    rescore, bias_match, to_anchors;
} EspRegionKeys;

typedef struct
{
  double temperature, scale;
  double smooth; /* what of a class's target goes to the others */
} EspSoftmaxKeys;

struct _EspLoss
{
  EspNetwork       *network;
  const EspLossRow *row;
  guint             layer, source;
  EspShape          shape; /* of the source's output, n = 1 */
  int               classes;
  union
  {
    EspYoloKeys    yolo;
    EspRegionKeys  region;
    EspSoftmaxKeys softmax;
  };
};

extern const EspLossRow esp_loss_yolo, esp_loss_region, esp_loss_softmax, esp_loss_cost;

gboolean     esp_loss_yolo_read   (EspLoss              *loss,
                                   const EspLossOptions *options,
                                   GError              **error);
void         esp_loss_yolo_clear  (EspLoss              *loss);
EspTargets  *esp_yolo_assign      (const EspLoss        *loss,    /* of one image */
                                   const double         *raw,
                                   const EspLabels      *labels,
                                   EspLossParts         *parts);
EspTargets  *esp_region_assign    (const EspLoss        *loss,
                                   const double         *raw,
                                   const EspLabels      *labels,
                                   EspLossParts         *parts);

/* Reading keys: the layer's section, FALSE with an error. loss-keys.c */
gboolean     esp_loss_double      (const EspLoss        *loss,
                                   const char           *key,
                                   double                fallback,
                                   double                lowest,
                                   double                highest,
                                   double               *value,
                                   GError              **error);
gboolean     esp_loss_flag        (const EspLoss        *loss,
                                   const char           *key,
                                   gboolean             *value,
                                   GError              **error);
gboolean     esp_loss_refuse_keys (const EspLoss        *loss,    /* FALSE where one of them is there and not 0 */
                                   guint                 section,
                                   const char *const    *keys,
                                   GError              **error);
guint        esp_loss_section     (const EspLoss        *loss);
double       esp_loss_gain        (const EspLossOptions *options);

G_END_DECLS
