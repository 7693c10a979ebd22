/* loss-region.c: what the truths of an image ask of a [region] head
 *
 * As pjreddie's darknet of 2018 has it (AlexeyAB's kept the squares that came before). A truth is given to the cell of its centre and, of
 * the anchors there (bias_match=1) or of the boxes that the head says, to the one whose size is most like it. Box: coord_scale (2 - w h)
 * times the loss that [yolo] has with mse. Objectness: cross-entropy, object_scale at truths with target 1, or with rescore=1 the IoU of
 * the box; noobject_scale elsewhere with target 0, not asked where the box lies on a truth by more than thresh. Classes: class_scale
 * times the cross-entropy of softmax=1, or of each. absolute=, log= and sqrt= change nothing in darknet either. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

#include <float.h>

#define MOST_GAIN    1e6
#define PRIOR_WEIGHT 0.01 /* darknet's */

static const char *const refused[] = { "classfix", "focal_loss", "tree", "map", NULL };

static void
read_anchors (EspLoss *loss)
{
  EspRegionKeys *region = &loss->region;
  const EspHead *head = &esp_network_get_layer (loss->network, loss->layer)->head;

  region->own = g_new (double, 2 * (guint) head->n_anchors);
  region->form.anchors = region->own;
  for (int i = 0; i < 2 * head->n_anchors; i++)
    region->own[i] = head->anchors[i] / (i % 2 == 0 ? region->form.w : region->form.h);
}

static gboolean
read_region (EspLoss *loss, const EspLossOptions *options, GError **error)
{
  EspRegionKeys *region = &loss->region;
  const EspLayer *layer = esp_network_get_layer (loss->network, loss->layer);

  loss->classes = layer->head.classes;
  region->form = (EspHeadForm){ .classes = loss->classes,
                                .n_anchors = layer->head.n_anchors,
                                .h = layer->out.h,
                                .w = layer->out.w,
                                .scale = 1,
                                .box_loss = ESP_BOX_LOSS_SQUARES,
                                .max_delta = FLT_MAX,
                                .class_loss = layer->head.softmax ? ESP_CLASS_LOSS_SOFTMAX : ESP_CLASS_LOSS_LOGISTIC,
                                .factor = 1 };
  region->to_anchors = options != NULL && options->to_anchors;
  read_anchors (loss);
  if (!esp_loss_refuse_keys (loss, layer->section, refused, error)
      || !esp_loss_double (loss, "coord_scale", 1, 0, MOST_GAIN, &region->coord_scale, error)
      || !esp_loss_double (loss, "object_scale", 1, 0, MOST_GAIN, &region->object_scale, error)
      || !esp_loss_double (loss, "noobject_scale", 1, 0, MOST_GAIN, &region->noobject_scale, error)
      || !esp_loss_double (loss, "class_scale", 1, 0, MOST_GAIN, &region->class_scale, error)
      || !esp_loss_double (loss, "thresh", .5, 0, MOST_GAIN, &region->thresh, error)
      || !esp_loss_flag (loss, "rescore", &region->rescore, error) || !esp_loss_flag (loss, "bias_match", &region->bias_match, error))
    return FALSE;
  region->coord_scale *= esp_loss_gain (options);
  return TRUE;
}

static void
clear_region (EspLoss *loss)
{
  g_free (loss->region.own);
}

/* The middle of the cell and the anchor's size. */
static EspBoxTarget
prior_of (const EspHeadForm *form, gsize spot)
{
  const gsize plane = esp_spot_plane (form), cell = spot % plane, anchor = spot / plane, width = (gsize) form->w;

  return (EspBoxTarget){ .spot = spot,
                         .truth = { ((double) (cell % width) + .5) / form->w, ((double) (cell / width) + .5) / form->h,
                                    form->anchors[2 * anchor], form->anchors[2 * anchor + 1] },
                         .weight = PRIOR_WEIGHT,
                         .size_weight = 1,
                         .share = 1,
                         .is_prior = TRUE };
}

static void
ask_spot (const EspRegionKeys *region, EspTargets *targets, const double *raw, gsize spot, const GArray *labels)
{
  const EspExactBox box = esp_head_box (&region->form, raw, spot);

  targets->objectness_weight[spot] = region->noobject_scale;
  for (guint i = 0; i < labels->len; i++)
    {
      const EspExactBox truth = esp_exact_box (g_array_index (labels, EspLabel, i).box);

      if (esp_overlap_iou (box, truth) > region->thresh)
        targets->objectness_weight[spot] = 0;
    }
  if (region->to_anchors)
    {
      const EspBoxTarget prior = prior_of (&region->form, spot);

      esp_targets_add_box (targets, &prior, FALSE);
    }
}

/* The spot in the cell of the truth's centre whose size is most like it. */
static gsize
spot_of (const EspRegionKeys *region, const double *raw, const EspLabel *label)
{
  const EspHeadForm *form = &region->form;
  const EspExactBox truth = esp_exact_box (label->box);
  const gsize plane = esp_spot_plane (form);
  const gsize cell = (gsize) esp_cell_of (label->box.y, form->h) * (gsize) form->w + (gsize) esp_cell_of (label->box.x, form->w);
  double best = 0;
  gsize spot = cell;

  for (gsize i = 0; i < (gsize) form->n_anchors; i++)
    {
      const EspExactBox box = esp_head_box (form, raw, i * plane + cell);
      const double w = region->bias_match ? form->anchors[2 * i] : box.w, h = region->bias_match ? form->anchors[2 * i + 1] : box.h;
      const double iou = esp_overlap_sizes (ESP_OVERLAP_IOU, w, h, truth);

      if (iou > best)
        best = iou, spot = i * plane + cell;
    }
  return spot;
}

/* With softmax one class alone can be true: the last. */
static void
give_class (const EspRegionKeys *region, EspTargets *targets, gsize spot, guint class_index)
{
  const guint classes = (guint) region->form.classes, row = esp_targets_class_row (targets, spot, 0, region->class_scale);

  for (guint i = 0; i < classes && region->form.class_loss == ESP_CLASS_LOSS_SOFTMAX; i++)
    g_array_index (targets->class_targets, double, row *classes + i) = 0;
  g_array_index (targets->class_targets, double, row *classes + class_index) = 1;
}

static void
ask_truth (const EspRegionKeys *region, EspTargets *targets, const double *raw, const EspLabel *label)
{
  const EspExactBox truth = esp_exact_box (label->box);
  const gsize spot = spot_of (region, raw, label);
  const EspBoxTarget target
      = { .spot = spot, .truth = truth, .weight = region->coord_scale, .size_weight = fmax (2 - truth.w * truth.h, 1), .share = 1 };
  const double iou = esp_overlap_iou (esp_head_box (&region->form, raw, spot), truth);

  esp_targets_add_box (targets, &target, TRUE);
  targets->objectness[spot] = region->rescore ? iou : 1;
  targets->objectness_weight[spot] = region->object_scale;
  give_class (region, targets, spot, (guint) label->class_index);
}

EspTargets *
esp_region_assign (const EspLoss *loss, const double *raw, const EspLabels *labels, EspLossParts *parts)
{
  const EspRegionKeys *region = &loss->region;
  EspTargets *targets = esp_targets_new (&region->form);
  g_autoptr (GArray) usable = esp_labels_usable (labels, loss->classes, parts);

  for (gsize i = 0; i < targets->n_spots; i++)
    ask_spot (region, targets, raw, i, usable);
  for (guint i = 0; i < usable->len; i++)
    ask_truth (region, targets, raw, &g_array_index (usable, EspLabel, i));
  return targets;
}

static void
run (const EspLoss *loss, const double *raw, const EspLabels *labels, double *gradient, EspLossParts *parts)
{
  EspTargets *targets = esp_region_assign (loss, raw, labels, parts);

  esp_head_run (targets, raw, gradient, parts);
  esp_targets_free (targets);
}

const EspLossRow esp_loss_region = { .kind = ESP_LAYER_REGION, .read = read_region, .clear = clear_region, .run = run };
