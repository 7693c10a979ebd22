/* loss.c: the registry of losses, and one run over a batch */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss.h"

#include <string.h>

#include "base/error.h"
#include "train/loss-private.h"

static const EspLossRow *const rows[] = { &esp_loss_yolo, &esp_loss_region, &esp_loss_softmax, &esp_loss_cost };
static const char *const gradients[ESP_N_BOX_GRADIENTS] = { "darknet", "exact" };
/* Of [net]: AlexeyAB's ways to bend what a loss says. */
static const char *const bent[]
    = { "adversarial_lr", "badlabels_rejection_percentage", "num_sigmas_reject_badlabels", "equidistant_point", "contrastive", NULL };

/** esp_box_gradient_name: Returns: "darknet" or "exact". Thread: any. */
const char *
esp_box_gradient_name (EspBoxGradient gradient)
{
  g_return_val_if_fail (gradient < ESP_N_BOX_GRADIENTS, NULL);
  return gradients[gradient];
}

/** esp_box_gradient_parse: sets @gradient to the one of that name. Returns: FALSE where there is none. Thread: any. */
gboolean
esp_box_gradient_parse (const char *name, EspBoxGradient *gradient)
{
  for (guint i = 0; i < ESP_N_BOX_GRADIENTS; i++)
    if (strcmp (name, gradients[i]) == 0)
      {
        *gradient = (EspBoxGradient) i;
        return TRUE;
      }
  return FALSE;
}

static const EspLossRow *
row_of (EspLayerKind kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i]->kind == kind)
      return rows[i];
  return NULL;
}

static gboolean
read_source (EspLoss *loss, GError **error)
{
  const EspLayer *layer = esp_network_get_layer (loss->network, loss->layer);

  if (layer->inputs[0] < 0)
    return esp_cfg_refuse (esp_network_get_cfg (loss->network), layer->section, NULL, ESP_ERROR_SHAPE, error,
                           "it reads the image: there is nothing to train");
  loss->source = (guint) layer->inputs[0];
  loss->shape = layer->in;
  return TRUE;
}

/**
 * esp_loss_new:
 * @network: the network, a reference is taken
 * @layer: a [yolo], [region] or [softmax] layer, or a [cost] layer behind a [softmax]
 * @options: (nullable): how boxes are pulled; NULL for the defaults
 * @error: ESP_ERROR_UNSUPPORTED, ESP_ERROR_FORMAT, ESP_ERROR_LIMIT or ESP_ERROR_SHAPE, with file, line and key: what changes the
 *   loss and is not run is refused, nothing is passed over
 *
 * The loss is a sum over images of box + objectness + classes. What it holds constant: which truth is whose, the IoU that a target may be,
 * and CIoU's alpha. Its gradient by the raw numbers (the output of the layer that @layer reads) is exact but for ESP_BOX_GRADIENT_DARKNET
 * and max_delta, which clips what an overlap says of x, y, w and h. Cross-entropies with a target between 0 and 1 count from their least
 * value.
 *
 * [yolo], as AlexeyAB's darknet reads its section. A truth is given to the cell of its centre and the anchor, of all heads, whose size is
 * most like it (IoU), and with iou_thresh below 1 to all others of the head above that (iou_thresh_kind); one spot can have several truths,
 * then several classes are true, and with iou_thresh below 1 its boxes count by 1 / (number of these classes). Objectness is cross-entropy
 * by obj_normalizer, 1 at truths, 0 elsewhere, not asked where the box lies on a truth by more than ignore_thresh and some class has more
 * than 1/4; above truth_thresh it is a truth's. With objectness_smooth it is that IoU instead, and 0 where the box of a truth's spot lies
 * badly. Classes are cross-entropy by cls_normalizer (his darknet has it only together with counters_per_class), with label_smooth_eps; or,
 * with focal_loss, (1 - p)² (-log p) / 2 of each. counters_per_class weighs a truth's box, objectness and class. delta_normalizer is times
 * all.
 *
 * Boxes with iou_loss=mse: iou_normalizer (2 - w h) times cross-entropy of x and y in the cell and half of the squared difference of
 * log (w / anchor) and log (h / anchor). Else iou_normalizer (2 - w h) (1 - overlap). With new_coords raw numbers are activated already,
 * and every cross-entropy is half of a squared difference.
 *
 * Which gradient. 1 - overlap is pulled in the exact way, or as AlexeyAB's darknet does: by centre and size of the box in fractions of the
 * input, times 1, 1, 2 e^w, 2 e^h, without 2 - w h, the slope of the logistic function, and the size of cell and anchor. That is the exact
 * gradient, each number times a positive one: for x and y of a map of k cells a side 2 k to 4 k and more (26 to 52 at k = 13), for w and h
 * the input over the anchor to twice that (anchors of 12 to 260 pixels of 320: 27 to 1.2). With CIoU its alpha is times w² + h².
 * iou_normalizer=0.07, which every such cfg has, is chosen for it. Take a box a tenth of the input wide: the slope of IoU by x is from 2 /
 * width = 20 near its place to 9 half off it, darknet's gradient 1.4 to .6, beside at most 1 for objectness and for each class, and about
 * .75 · 2 · .2 = .3 with mse. The exact one is .07 · 2 · 20 / 13 / 4 = .05 to .02: boxes would hardly be trained beside objectness.
 * (PyTorch's trainers take the exact one with a mean over truths beside a mean over all spots: in sums, as here, a factor near 10, not
 * .07.) Measured with the weights of yolo-fastest-1.1-xl on 96 images of COCO, mean |gradient| at the spot of a truth: x .32, y .19, w
 * .39, h .28 as darknet has it, .008, .005, .05, .05 exact, beside .52 for objectness, .55 for all classes, and .61 for the objectness of
 * all spots without one. So darknet's is the default, and with the exact one box_gain = 20 is of the same size. max_delta bounds what
 * small boxes ask for. Differences to AlexeyAB's: the part of DIoU's diagonal has the sign of the derivative, and boxes that share nothing
 * have no slope of IoU.
 *
 * pjreddie's dialect: iou_normalizer is 1, a prediction is spared whatever its classes, the last truth of a spot alone counts for its box.
 *
 * [region], as pjreddie's darknet of 2018: see loss-region.c. [softmax]: cross-entropy of its output; [cost] can add scale=.
 *
 * Thread: any; the loss is immutable. Source: Redmon and Farhadi 2018, arXiv:1804.02767; Bochkovskiy et al. 2020, arXiv:2004.10934; the
 * behaviour of AlexeyAB's and pjreddie's darknet.
 * Returns: (transfer full): the loss, or NULL
 */
EspLoss *
esp_loss_new (EspNetwork *network, guint layer, const EspLossOptions *options, GError **error)
{
  g_autoptr (EspLoss) loss = g_new0 (EspLoss, 1);
  const EspLayer *l = esp_network_get_layer (network, layer);

  g_return_val_if_fail (l != NULL, NULL);
  g_return_val_if_fail (options == NULL || (options->box_gradient < ESP_N_BOX_GRADIENTS && options->box_gain >= 0), NULL);
  loss->network = esp_network_ref (network);
  loss->layer = layer;
  loss->row = row_of (l->kind);
  if (loss->row == NULL)
    {
      esp_cfg_refuse (esp_network_get_cfg (network), l->section, NULL, ESP_ERROR_UNSUPPORTED, error,
                      "a loss needs a [yolo], [region] or [softmax] layer");
      return NULL;
    }
  if (!read_source (loss, error) || !esp_loss_refuse_keys (loss, 0, bent, error) || !loss->row->read (loss, options, error))
    return NULL;
  return g_steal_pointer (&loss);
}

static gboolean
append_loss (GPtrArray *losses, EspNetwork *network, guint layer, const EspLossOptions *options, GError **error)
{
  EspLoss *loss = esp_loss_new (network, layer, options, error);

  if (loss != NULL)
    g_ptr_array_add (losses, loss);
  return loss != NULL;
}

/**
 * esp_losses_new:
 * @network: the network
 * @options: (nullable): of all of them
 * @error: as of esp_loss_new(), and ESP_ERROR_UNSUPPORTED where the network ends in nothing that can be trained
 *
 * Returns: (transfer full): of EspLoss, one a head in order of layers; of a classifier its last layer's alone; or NULL. Thread: any.
 */
GPtrArray *
esp_losses_new (EspNetwork *network, const EspLossOptions *options, GError **error)
{
  g_autoptr (GPtrArray) losses = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_loss_free);
  guint n = 0;
  const guint *heads = esp_network_get_heads (network, &n);

  for (guint i = 0; i < n; i++)
    if (!append_loss (losses, network, heads[i], options, error))
      return NULL;
  if (n == 0 && !append_loss (losses, network, esp_network_get_n_layers (network) - 1, options, error))
    return NULL;
  return g_steal_pointer (&losses);
}

/** esp_loss_free: frees @loss (nullable). Thread: any. */
void
esp_loss_free (EspLoss *loss)
{
  if (loss == NULL)
    return;
  if (loss->row != NULL && loss->row->clear != NULL)
    loss->row->clear (loss);
  g_clear_pointer (&loss->network, esp_network_unref);
  g_free (loss);
}

/** esp_loss_get_layer: Returns: the layer that it was made of. Thread: any. */
guint
esp_loss_get_layer (const EspLoss *loss)
{
  return loss->layer;
}

/** esp_loss_get_source: Returns: the layer whose output it reads, and at which its gradient is seeded. Thread: any. */
guint
esp_loss_get_source (const EspLoss *loss)
{
  return loss->source;
}

/** esp_loss_get_classes: Returns: how many classes a label may name, from 0. Thread: any. */
int
esp_loss_get_classes (const EspLoss *loss)
{
  return loss->classes;
}

/** esp_loss_get_shape: Returns: of what it reads of one image. Thread: any. */
EspShape
esp_loss_get_shape (const EspLoss *loss)
{
  return loss->shape;
}

/** esp_loss_parts_add: adds @parts to @sum. Thread: any. */
void
esp_loss_parts_add (EspLossParts *sum, const EspLossParts *parts)
{
  sum->total += parts->total;
  sum->box += parts->box;
  sum->objectness += parts->objectness;
  sum->classes += parts->classes;
  sum->n_truths += parts->n_truths;
  sum->n_skipped += parts->n_skipped;
  sum->n_positives += parts->n_positives;
  sum->n_right += parts->n_right;
  sum->overlap += parts->overlap;
}

/* A number that is not finite may be where the loss does not look: it shows all the same. */
static void
run_image (const EspLoss *loss, const double *raw, const EspLabels *labels, double *gradient, EspLossParts *parts)
{
  const gsize n = esp_shape_count (loss->shape);
  gboolean is_finite = TRUE;

  memset (gradient, 0, n * sizeof (double));
  memset (parts, 0, sizeof *parts);
  for (gsize i = 0; i < n; i++)
    is_finite &= isfinite (raw[i]) != 0;
  loss->row->run (loss, raw, labels, gradient, parts);
  parts->total = is_finite ? parts->box + parts->objectness + parts->classes : (double) NAN;
}

/* exact: room for two images. */
static void
run_single (const EspLoss *loss, const float *raw, const EspLabels *labels, double *exact, float *gradient, EspLossParts *parts)
{
  const gsize n = esp_shape_count (loss->shape);

  for (gsize i = 0; i < n; i++)
    exact[i] = raw[i];
  run_image (loss, exact, labels, exact + n, parts);
  for (gsize i = 0; i < n; i++)
    gradient[i] = (float) exact[n + i];
}

static gboolean
is_batch_of (EspShape shape, EspShape one)
{
  return shape.n >= 0 && shape.c == one.c && shape.h == one.h && shape.w == one.w;
}

/**
 * esp_loss_run:
 * @loss: the loss
 * @shape: n images of the output of esp_loss_get_source(), of the network that the loss was made of
 * @raw: n c h w
 * @images: n
 * @gradient: (out): n c h w, written whole: of the sum over images
 * @parts: (out): sums over images; total is not finite where a number of @raw is not, and @gradient is then of no use
 *
 * Computed in double. A label that cannot count (a class the head has not, no area, a centre outside the input) is skipped and counted;
 * whoever reads data refuses it before. Both heads of yolo-fastest-1.1-xl with 80 classes take 0.6 ms an image, too little for a second
 * thread to pay. Thread: any.
 */
void
esp_loss_run (const EspLoss *loss, EspShape shape, const float *raw, const EspLabels *images, float *gradient, EspLossParts *parts)
{
  const gsize n = esp_shape_count (loss->shape);
  g_autofree double *exact = g_new (double, 2 * n);

  g_return_if_fail (is_batch_of (shape, loss->shape));
  memset (parts, 0, sizeof *parts);
  for (int i = 0; i < shape.n; i++)
    {
      EspLossParts one;

      run_single (loss, raw + (gsize) i * n, &images[i], exact, gradient + (gsize) i * n, &one);
      esp_loss_parts_add (parts, &one);
    }
}

/** esp_loss_run_double: esp_loss_run() with numbers in double. Thread: any. */
void
esp_loss_run_double (const EspLoss *loss, EspShape shape, const double *raw, const EspLabels *images, double *gradient, EspLossParts *parts)
{
  const gsize n = esp_shape_count (loss->shape);

  g_return_if_fail (is_batch_of (shape, loss->shape));
  memset (parts, 0, sizeof *parts);
  for (int i = 0; i < shape.n; i++)
    {
      EspLossParts one;

      run_image (loss, raw + (gsize) i * n, &images[i], gradient + (gsize) i * n, &one);
      esp_loss_parts_add (parts, &one);
    }
}
