/* loss-head.c: the loss of a detection head whose targets are known, and its exact gradient */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

/* Of focal_loss=1, darknet's. */
#define FOCAL_ALPHA 0.5

/* One number with what of it a loss needs. */
typedef struct
{
  double loss, slope;
} Term;

/* Of a target that is neither 0 nor 1 the least cross-entropy is not 0; without it a perfect answer costs nothing. */
static double
least_entropy (double target)
{
  return target > 0 && target < 1 ? -target * log (target) - (1 - target) * log1p (-target) : 0;
}

static Term
cross_entropy (double z, double target)
{
  return (Term){ esp_softplus (z) - z * target - least_entropy (target), esp_logistic (z) - target };
}

static Term
half_square (double value, double target)
{
  return (Term){ (value - target) * (value - target) / 2, value - target };
}

/* alpha (1 - p)² (-log p) with p the probability of what is true, gamma = 2. */
static Term
focal (double z, double target)
{
  const double towards = target > 0.5 ? z : -z, p = esp_logistic (towards), miss = esp_logistic (-towards);
  const double minus_log = esp_softplus (-towards), slope = FOCAL_ALPHA * miss * miss * (-2 * p * minus_log - miss);

  return (Term){ FOCAL_ALPHA * miss * miss * minus_log, target > 0.5 ? slope : -slope };
}

/* Objectness or one class. */
static Term
score_term (const EspHeadForm *form, gboolean is_focal, double raw, double target)
{
  if (form->activated)
    return half_square (raw, target);
  return is_focal ? focal (raw, target) : cross_entropy (raw, target);
}

/* An entry that is neither x, y, w nor h, activated. */
double
esp_head_value (const EspHeadForm *form, double raw)
{
  return form->activated ? raw : esp_logistic (raw);
}

static double
place_in_cell (const EspHeadForm *form, double raw)
{
  return form->scale * esp_head_value (form, raw) - (form->scale - 1) / 2;
}

static double
side_of (const EspHeadForm *form, double raw, double anchor)
{
  return form->activated ? 4 * raw * raw * anchor : exp (raw) * anchor;
}

/* As esp_decode_box() has it, in double and from raw numbers. */
EspExactBox
esp_head_box (const EspHeadForm *form, const double *raw, gsize spot)
{
  const gsize plane = esp_spot_plane (form), cell = spot % plane, anchor = spot / plane, width = (gsize) form->w;
  const double *numbers = raw + esp_spot_at (form, spot);

  return (EspExactBox){
    .x = ((double) (cell % width) + place_in_cell (form, numbers[0])) / form->w,
    .y = ((double) (cell / width) + place_in_cell (form, numbers[plane])) / form->h,
    .w = side_of (form, numbers[2 * plane], form->anchors[2 * anchor]),
    .h = side_of (form, numbers[3 * plane], form->anchors[2 * anchor + 1]),
  };
}

/* Of x or y: cross-entropy with where the logistic function must be, times the scale, so that the slope is what darknet steps by. */
static Term
place_term (const EspHeadForm *form, double raw, double target)
{
  const double within = (target + (form->scale - 1) / 2) / form->scale;
  Term term = form->activated ? half_square (place_in_cell (form, raw), target) : cross_entropy (raw, within);

  if (!form->activated)
    term.loss *= form->scale;
  term.slope *= form->scale;
  return term;
}

static Term
side_term (const EspHeadForm *form, double raw, double side, double anchor)
{
  return half_square (raw, form->activated ? sqrt (side / (4 * anchor)) : log (side / anchor));
}

static double
squares (const EspHeadForm *form, const EspBoxTarget *target, const double *numbers, double slopes[4])
{
  const gsize plane = esp_spot_plane (form), cell = target->spot % plane, anchor = target->spot / plane, width = (gsize) form->w;
  const Term terms[4] = {
    place_term (form, numbers[0], target->truth.x * form->w - (double) (cell % width)),
    place_term (form, numbers[plane], target->truth.y * form->h - (double) (cell / width)),
    side_term (form, numbers[2 * plane], target->truth.w, form->anchors[2 * anchor]),
    side_term (form, numbers[3 * plane], target->truth.h, form->anchors[2 * anchor + 1]),
  };
  double loss = 0;

  for (guint i = 0; i < 4; i++)
    {
      slopes[i] = target->weight * target->size_weight * terms[i].slope;
      loss += target->weight * target->size_weight * terms[i].loss;
    }
  return loss;
}

/* Of the box by the raw numbers. */
static void
box_slopes (const EspHeadForm *form, const double *numbers, gsize anchor, EspExactBox box, double by[4])
{
  const gsize plane = esp_spot_plane (form);
  const double *sides = form->anchors + 2 * anchor;

  for (guint i = 0; i < 2; i++)
    {
      const double value = esp_head_value (form, numbers[i * plane]), cells = i == 0 ? form->w : form->h;

      by[i] = form->scale / cells * (form->activated ? 1 : value * (1 - value));
    }
  by[2] = form->activated ? 8 * numbers[2 * plane] * sides[0] : box.w;
  by[3] = form->activated ? 8 * numbers[3 * plane] * sides[1] : box.h;
}

/* What AlexeyAB's darknet has in their place, without the weight of small boxes. */
static void
darknet_slopes (const EspHeadForm *form, const double *numbers, double size_weight, double by[4])
{
  const gsize plane = esp_spot_plane (form);

  by[0] = by[1] = 1 / size_weight;
  for (guint i = 2; i < 4; i++)
    by[i] = 2 / size_weight * (form->activated ? 1 : exp (numbers[i * plane]));
}

/* CIoU's alpha over w² + h²: AlexeyAB's darknet leaves that division out of the shape's slope, as the paper advises. */
static EspOverlap
overlap_for_step (const EspHeadForm *form, const EspBoxTarget *target, EspExactBox box)
{
  const double square = box.w * box.w + box.h * box.h;

  if (form->box_gradient == ESP_BOX_GRADIENT_EXACT || form->overlap != ESP_OVERLAP_CIOU)
    return esp_overlap_of (form->overlap, box, target->truth, target->alpha);
  return esp_overlap_of (form->overlap, box, target->truth, target->alpha * square);
}

static double
overlap_loss (const EspHeadForm *form, const EspBoxTarget *target, const double *numbers, EspExactBox box, double slopes[4])
{
  const EspOverlap overlap = esp_overlap_of (form->overlap, box, target->truth, target->alpha);
  const EspOverlap step = overlap_for_step (form, target, box);
  const double by_box[4] = { step.dx, step.dy, step.dw, step.dh };
  double by[4];

  if (form->box_gradient == ESP_BOX_GRADIENT_EXACT)
    box_slopes (form, numbers, target->spot / esp_spot_plane (form), box, by);
  else
    darknet_slopes (form, numbers, target->size_weight, by);
  for (guint i = 0; i < 4; i++)
    {
      slopes[i] = -target->weight * target->size_weight * by_box[i] * by[i];
      slopes[i] = CLAMP (slopes[i], -form->max_delta, form->max_delta);
    }
  return target->weight * target->size_weight * (1 - overlap.value);
}

static void
run_box (const EspHeadForm *form, const EspBoxTarget *target, const double *raw, double *gradient, EspLossParts *parts)
{
  const gsize at = esp_spot_at (form, target->spot), plane = esp_spot_plane (form);
  const EspExactBox box = esp_head_box (form, raw, target->spot);
  const double iou = esp_overlap_iou (box, target->truth);
  double slopes[4];

  parts->box += target->share
                * (form->box_loss == ESP_BOX_LOSS_SQUARES ? squares (form, target, raw + at, slopes)
                                                          : overlap_loss (form, target, raw + at, box, slopes));
  for (guint i = 0; i < 4; i++)
    gradient[at + i * plane] += target->share * slopes[i];
  if (target->is_prior)
    return;
  parts->n_positives++;
  parts->overlap += iou;
  parts->n_right += iou > .5;
}

static void
run_objectness (const EspTargets *targets, const double *raw, double *gradient, EspLossParts *parts)
{
  const gsize plane = esp_spot_plane (targets->form);

  for (gsize i = 0; i < targets->n_spots; i++)
    {
      const gsize at = esp_spot_at (targets->form, i) + 4 * plane;
      const double weight = targets->objectness_weight[i];

      if (weight != 0)
        {
          const Term term = score_term (targets->form, FALSE, raw[at], targets->objectness[i]);

          parts->objectness += weight * term.loss;
          gradient[at] = weight * term.slope;
        }
    }
}

/* Every class for itself. */
static void
run_classes (const EspTargets *targets,
             gsize at,
             const double *wanted,
             const double *weights,
             const double *raw,
             double *gradient,
             EspLossParts *parts)
{
  const EspHeadForm *form = targets->form;
  const gsize plane = esp_spot_plane (form);

  for (gsize i = 0; i < (gsize) form->classes; i++)
    {
      const Term term = score_term (form, form->class_loss == ESP_CLASS_LOSS_FOCAL, raw[at + i * plane], wanted[i]);

      parts->classes += weights[i] * term.loss;
      gradient[at + i * plane] = weights[i] * term.slope;
    }
}

/* Cross-entropy of the softmax over all; all weights are one. */
static void
run_softmax (const EspTargets *targets,
             gsize at,
             const double *wanted,
             const double *weights,
             const double *raw,
             double *gradient,
             EspLossParts *parts)
{
  const gsize plane = esp_spot_plane (targets->form), n = (gsize) targets->form->classes;
  double most = raw[at], sum = 0;

  for (gsize i = 1; i < n; i++)
    most = MAX (most, raw[at + i * plane]);
  for (gsize i = 0; i < n; i++)
    sum += exp (raw[at + i * plane] - most);
  for (gsize i = 0; i < n; i++)
    {
      const double shift = raw[at + i * plane] - most;

      parts->classes += weights[i] * wanted[i] * (log (sum) - shift);
      gradient[at + i * plane] = weights[i] * (exp (shift) / sum - wanted[i]);
    }
}

static void
run_all_classes (const EspTargets *targets, const double *raw, double *gradient, EspLossParts *parts)
{
  const gsize n = (gsize) targets->form->classes, plane = esp_spot_plane (targets->form);

  for (gsize i = 0; i < targets->n_spots; i++)
    if (targets->slots[i] >= 0)
      {
        const gsize at = esp_spot_at (targets->form, i) + 5 * plane, row = (gsize) targets->slots[i] * n;
        const double *wanted = &g_array_index (targets->class_targets, double, row);
        const double *weights = &g_array_index (targets->class_weights, double, row);

        if (targets->form->class_loss == ESP_CLASS_LOSS_SOFTMAX)
          run_softmax (targets, at, wanted, weights, raw, gradient, parts);
        else
          run_classes (targets, at, wanted, weights, raw, gradient, parts);
      }
}

/* Adds to @parts; all that @targets holds is constant. */
void
esp_head_run (const EspTargets *targets, const double *raw, double *gradient, EspLossParts *parts)
{
  const EspHeadForm *form = targets->form;
  const gsize n = targets->n_spots * (5 + (gsize) form->classes);

  for (guint i = 0; i < targets->boxes->len; i++)
    run_box (form, &g_array_index (targets->boxes, EspBoxTarget, i), raw, gradient, parts);
  run_objectness (targets, raw, gradient, parts);
  run_all_classes (targets, raw, gradient, parts);
  if (form->factor == 1)
    return;
  for (gsize i = 0; i < n; i++)
    gradient[i] *= form->factor;
  parts->box *= form->factor;
  parts->objectness *= form->factor;
  parts->classes *= form->factor;
}
