/* loss-yolo.c: what the truths of an image ask of a [yolo] head */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

#include <string.h>

/* A prediction that names no class above this probability is not spared. */
#define NAMED 0.25

/* One truth given to one spot. */
typedef struct
{
  const EspYoloKeys *yolo;
  EspTargets *targets;
  const double *raw;
} Assignment;

/* Whether each spot's prediction names a class. */
static guint8 *
find_named (const EspYoloKeys *yolo, const double *raw)
{
  const EspHeadForm *form = &yolo->form;
  const gsize plane = esp_spot_plane (form), entries = 5 + (gsize) form->classes;
  const double above = form->activated ? NAMED : log (NAMED / (1 - NAMED));
  guint8 *named = g_new0 (guint8, (gsize) form->n_anchors * plane);

  if (yolo->is_stock)
    memset (named, TRUE, (gsize) form->n_anchors * plane);
  for (gsize i = 0; i < (gsize) form->n_anchors; i++)
    for (gsize k = 5; k < entries; k++)
      for (gsize cell = 0; cell < plane; cell++)
        named[i * plane + cell] |= raw[(i * entries + k) * plane + cell] > above;
  return named;
}

/* A truth is what this spot's class and box should be; @value, mostly 1, is the class's target. */
static void
give (const Assignment *to, gsize spot, const EspLabel *label, double value)
{
  const EspYoloKeys *yolo = to->yolo;
  const guint classes = (guint) yolo->form.classes, class_index = (guint) label->class_index;
  const double multiplier = yolo->multipliers != NULL ? yolo->multipliers[class_index] : 1;
  const double low = yolo->label_smooth_eps / 2;
  const guint row = esp_targets_class_row (to->targets, spot, low, yolo->cls_normalizer), at = row * classes + class_index;
  const EspExactBox truth = esp_exact_box (label->box);
  EspBoxTarget target = {
    .spot = spot, .truth = truth, .weight = yolo->iou_normalizer * multiplier, .size_weight = fmax (2 - truth.w * truth.h, 1), .share = 1
  };

  if (g_array_index (to->targets->class_targets, double, at) <= low)
    g_array_index (to->targets->class_counts, guint, row)++;
  g_array_index (to->targets->class_targets, double, at) = value * (1 - yolo->label_smooth_eps) + low;
  g_array_index (to->targets->class_weights, double, at) = yolo->cls_normalizer * multiplier;
  if (yolo->form.overlap == ESP_OVERLAP_CIOU)
    target.alpha = esp_overlap_of (ESP_OVERLAP_CIOU, esp_head_box (&yolo->form, to->raw, spot), truth, ESP_ALPHA_OF_BOXES).alpha;
  esp_targets_add_box (to->targets, &target, yolo->is_stock);
  if (!yolo->smooth)
    {
      to->targets->objectness[spot] = 1;
      to->targets->objectness_weight[spot] = yolo->obj_normalizer * multiplier;
    }
}

/* A spot is asked for no object, unless what it says lies well on one. */
static void
ask_spot (const Assignment *to, gsize spot, gboolean is_named, const GArray *labels)
{
  const EspYoloKeys *yolo = to->yolo;
  const gboolean can_be_truth = yolo->truth_thresh < 1;
  double best = 0;
  guint which = 0;

  to->targets->objectness_weight[spot] = yolo->obj_normalizer;
  if (labels->len == 0 || (!is_named && !can_be_truth))
    return;
  const EspExactBox box = esp_head_box (&yolo->form, to->raw, spot);

  for (guint i = 0; i < labels->len; i++)
    {
      const EspExactBox truth = esp_exact_box (g_array_index (labels, EspLabel, i).box);
      const double iou = esp_overlap_iou (box, truth);

      if (iou > best)
        best = iou, which = i;
    }
  if (is_named && best > yolo->ignore_thresh && yolo->smooth)
    to->targets->objectness[spot] = best;
  else if (is_named && best > yolo->ignore_thresh)
    to->targets->objectness_weight[spot] = 0;
  if (best <= yolo->truth_thresh)
    return;
  give (to, spot, &g_array_index (labels, EspLabel, which), yolo->smooth ? best * best : 1);
  to->targets->objectness[spot] = yolo->smooth ? best * best : 1;
  to->targets->objectness_weight[spot] = yolo->obj_normalizer;
}

/* The anchor of all heads that is most like the truth, and the others of this head that are enough so. */
static void
ask_truth (const Assignment *to, const EspLabel *label)
{
  const EspYoloKeys *yolo = to->yolo;
  const EspExactBox truth = esp_exact_box (label->box);
  const gsize plane = esp_spot_plane (&yolo->form);
  const gsize cell
      = (gsize) esp_cell_of (label->box.y, yolo->form.h) * (gsize) yolo->form.w + (gsize) esp_cell_of (label->box.x, yolo->form.w);
  double best = 0;
  guint which = 0;

  for (guint i = 0; i < yolo->n_all; i++)
    {
      const double iou = esp_overlap_sizes (ESP_OVERLAP_IOU, yolo->all[2 * i], yolo->all[2 * i + 1], truth);

      if (iou > best)
        best = iou, which = i;
    }
  if (yolo->here[which] >= 0)
    give (to, (gsize) yolo->here[which] * plane + cell, label, 1);
  for (guint i = 0; i < yolo->n_all && yolo->iou_thresh < 1; i++)
    if (i != which && yolo->here[i] >= 0
        && esp_overlap_sizes (yolo->iou_thresh_kind, yolo->all[2 * i], yolo->all[2 * i + 1], truth) > yolo->iou_thresh)
      give (to, (gsize) yolo->here[i] * plane + cell, label, 1);
}

EspTargets *
esp_yolo_assign (const EspLoss *loss, const double *raw, const EspLabels *labels, EspLossParts *parts)
{
  const EspYoloKeys *yolo = &loss->yolo;
  const Assignment to = { yolo, esp_targets_new (&yolo->form), raw };
  g_autoptr (GArray) usable = esp_labels_usable (labels, loss->classes, parts);
  g_autofree guint8 *named = find_named (yolo, raw);

  for (gsize i = 0; i < to.targets->n_spots; i++)
    ask_spot (&to, i, named[i], usable);
  for (guint i = 0; i < usable->len; i++)
    ask_truth (&to, &g_array_index (usable, EspLabel, i));
  if (yolo->iou_thresh < 1)
    esp_targets_share (to.targets);
  return to.targets;
}

static void
run (const EspLoss *loss, const double *raw, const EspLabels *labels, double *gradient, EspLossParts *parts)
{
  EspTargets *targets = esp_yolo_assign (loss, raw, labels, parts);

  esp_head_run (targets, raw, gradient, parts);
  esp_targets_free (targets);
}

const EspLossRow esp_loss_yolo = { .kind = ESP_LAYER_YOLO, .read = esp_loss_yolo_read, .clear = esp_loss_yolo_clear, .run = run };
