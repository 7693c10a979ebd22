/* loss-targets.c: what one image asks of a detection head */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

/* Nothing is asked: no objectness, no box, no class. */
EspTargets *
esp_targets_new (const EspHeadForm *form)
{
  EspTargets *targets = g_new0 (EspTargets, 1);

  targets->form = form;
  targets->n_spots = (gsize) form->n_anchors * esp_spot_plane (form);
  targets->objectness = g_new0 (double, targets->n_spots);
  targets->objectness_weight = g_new0 (double, targets->n_spots);
  targets->slots = g_new (int, targets->n_spots);
  for (gsize i = 0; i < targets->n_spots; i++)
    targets->slots[i] = -1;
  targets->boxes = g_array_new (FALSE, FALSE, sizeof (EspBoxTarget));
  targets->class_targets = g_array_new (FALSE, FALSE, sizeof (double));
  targets->class_weights = g_array_new (FALSE, FALSE, sizeof (double));
  targets->class_counts = g_array_new (FALSE, FALSE, sizeof (guint));
  return targets;
}

void
esp_targets_free (EspTargets *targets)
{
  g_free (targets->objectness);
  g_free (targets->objectness_weight);
  g_free (targets->slots);
  g_array_unref (targets->boxes);
  g_array_unref (targets->class_targets);
  g_array_unref (targets->class_weights);
  g_array_unref (targets->class_counts);
  g_free (targets);
}

void
esp_targets_add_box (EspTargets *targets, const EspBoxTarget *target, gboolean alone)
{
  for (guint i = targets->boxes->len; alone && i > 0; i--)
    if (g_array_index (targets->boxes, EspBoxTarget, i - 1).spot == target->spot)
      {
        g_array_index (targets->boxes, EspBoxTarget, i - 1) = *target;
        return;
      }
  g_array_append_val (targets->boxes, *target);
}

guint
esp_targets_class_row (EspTargets *targets, gsize spot, double target, double weight)
{
  const guint classes = (guint) targets->form->classes, none = 0;

  if (targets->slots[spot] < 0)
    {
      targets->slots[spot] = (int) targets->class_counts->len;
      g_array_append_val (targets->class_counts, none);
      for (guint i = 0; i < classes; i++)
        {
          g_array_append_val (targets->class_targets, target);
          g_array_append_val (targets->class_weights, weight);
        }
    }
  return (guint) targets->slots[spot];
}

void
esp_targets_share (EspTargets *targets)
{
  for (guint i = 0; i < targets->boxes->len; i++)
    {
      EspBoxTarget *target = &g_array_index (targets->boxes, EspBoxTarget, i);
      const int slot = targets->slots[target->spot];

      if (slot >= 0)
        target->share = 1.0 / MAX (1, g_array_index (targets->class_counts, guint, (guint) slot));
    }
}

gboolean
esp_label_is_usable (const EspLabel *label, int classes)
{
  const EspBox *box = &label->box;

  return label->class_index >= 0 && label->class_index < classes && box->x >= 0 && box->x <= 1 && box->y >= 0 && box->y <= 1 && box->w > 0
         && box->h > 0 && isfinite (box->w) && isfinite (box->h);
}

GArray *
esp_labels_usable (const EspLabels *labels, int classes, EspLossParts *parts)
{
  GArray *usable = g_array_new (FALSE, FALSE, sizeof (EspLabel));

  for (guint i = 0; i < labels->n; i++)
    if (esp_label_is_usable (&labels->labels[i], classes))
      g_array_append_val (usable, labels->labels[i]);
  parts->n_truths = usable->len;
  parts->n_skipped = labels->n - usable->len;
  return usable;
}

int
esp_cell_of (float at, int cells)
{
  return CLAMP ((int) (at * (float) cells), 0, cells - 1);
}
