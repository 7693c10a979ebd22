/* loss.h: what a head is trained on: how wrong its raw numbers are, and the gradient of that */
#pragma once

#include "net/network.h"
#include "train/batch.h"

G_BEGIN_DECLS

/* How iou_loss=iou, giou, diou and ciou pull the box of a head; see esp_loss_new(). */
typedef enum
{
  ESP_BOX_GRADIENT_DARKNET, /* AlexeyAB's step, which iou_normalizer=0.07 of his cfgs is tuned to */
  ESP_BOX_GRADIENT_EXACT,   /* the gradient of the loss that is stated */
  ESP_N_BOX_GRADIENTS,
} EspBoxGradient;

typedef struct
{
  EspBoxGradient box_gradient;
  double         box_gain;    /* times what the cfg weighs boxes with; 0 is 1 */
  gboolean       to_anchors;  /* [region]: boxes without a truth are pulled to their anchors, as darknet does with the first 12800 images */
} EspLossOptions;

/* Sums over images. */
typedef struct
{
  double total;       /* box + objectness + classes; not finite where a raw number is not */
  double box, objectness, classes;
  guint  n_truths;    /* that count; each head counts them */
  guint  n_skipped;   /* labels that cannot count: of no class of the head, without area, centre outside the input */
  guint  n_positives; /* truth and anchor pairs of this head; of a classifier, images */
  guint  n_right;     /* positives whose IoU is above .5; of a classifier, images whose class has the highest score */
  double overlap;     /* sum of IoU of positives */
} EspLossParts;

typedef struct _EspLoss EspLoss;

EspLoss    *esp_loss_new             (EspNetwork           *network,  /* of a [yolo], [region], [softmax] or [cost] layer */
                                      guint                 layer,
                                      const EspLossOptions *options,  /* (nullable): defaults, all zero */
                                      GError              **error);
GPtrArray  *esp_losses_new           (EspNetwork           *network,  /* (transfer full): of EspLoss, of all heads or a classifier's end */
                                      const EspLossOptions *options,
                                      GError              **error);
void        esp_loss_free            (EspLoss              *loss);
guint       esp_loss_get_layer       (const EspLoss        *loss);
guint       esp_loss_get_source      (const EspLoss        *loss);    /* the layer whose output it reads and seeds */
int         esp_loss_get_classes     (const EspLoss        *loss);
EspShape    esp_loss_get_shape       (const EspLoss        *loss);    /* of the source's output, n = 1 */
void        esp_loss_run             (const EspLoss        *loss,
                                      EspShape              shape,    /* of raw: n images of the source's output */
                                      const float          *raw,
                                      const EspLabels      *images,   /* n */
                                      float                *gradient, /* written whole: of the sum over images */
                                      EspLossParts         *parts);   /* (out) */
void        esp_loss_run_double      (const EspLoss        *loss,
                                      EspShape              shape,
                                      const double         *raw,
                                      const EspLabels      *images,
                                      double               *gradient,
                                      EspLossParts         *parts);
void        esp_loss_parts_add       (EspLossParts         *sum,
                                      const EspLossParts   *parts);

const char *esp_box_gradient_name    (EspBoxGradient        gradient); /* "darknet", "exact" */
gboolean    esp_box_gradient_parse   (const char           *name,
                                      EspBoxGradient       *gradient);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLoss, esp_loss_free)

G_END_DECLS
