/* target.c: a channel mask × a spatial mask over the head outputs: what is being explained */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
compare_ints (gconstpointer a, gconstpointer b)
{
  int x = *(const int *) a, y = *(const int *) b;

  return (x > y) - (x < y);
}

static EspTarget *
target_new (EspTargetKind kind, const int *items, guint n)
{
  EspTarget *target = g_atomic_rc_box_new0 (EspTarget);

  target->kind = kind;
  target->row = target->column = -1;
  target->items = g_memdup2 (items, n * sizeof *items);
  if (n > 1)
    qsort (target->items, n, sizeof *items, compare_ints);
  for (guint i = 0; i < n; i++)
    if (i == 0 || target->items[i] != target->items[target->n - 1])
      target->items[target->n++] = target->items[i];
  return target;
}

/**
 * esp_target_new_classes:
 * @classes: class indices of the network; order and repeats do not matter
 * @n: how many, at least 1
 * @tau: threshold of both masks, 0.02 in the paper's code
 *
 * M of method 1. With s_c = objectness * class probability (of classes in a tree the product down to it): a cell and anchor passes where
 * the sum of s_c over @classes is > @tau; there
 * the channels x, y, w, h (decoded, fractions of the network's input) and objectness pass where they are themselves >= @tau, and a class
 * channel passes where the class is one of @classes and s_c >= @tau.
 * Source: Shi, Li, Yamaguchi 2020, Comput. Electron. Agric. 169:105214, and their released code.
 * Returns: (transfer full): the target. Thread: any.
 */
EspTarget *
esp_target_new_classes (const int *classes, guint n, float tau)
{
  EspTarget *target;

  g_return_val_if_fail (classes != NULL && n > 0, NULL);

  target = target_new (ESP_TARGET_CLASSES, classes, n);
  target->tau = tau;
  return target;
}

/**
 * esp_target_new_detection:
 * @detection: a box that the network gave
 *
 * M is one at the objectness and the class logit of the box's own cell and anchor. Returns: (transfer full): the target. Thread: any.
 */
EspTarget *
esp_target_new_detection (const EspDetection *detection)
{
  EspTarget *target;

  g_return_val_if_fail (detection != NULL, NULL);

  target = target_new (ESP_TARGET_DETECTION, NULL, 0);
  target->detection = *detection;
  return target;
}

/**
 * esp_target_new_part:
 * @detection: a box that the network gave
 * @part: one of its numbers
 *
 * M is one at that raw number (t_x, t_y, t_w, t_h, the objectness or the class logit) of the box's own cell and anchor: what moves the box
 * down, widens it, or names it. Returns: (transfer full): the target. Thread: any.
 */
EspTarget *
esp_target_new_part (const EspDetection *detection, EspPart part)
{
  EspTarget *target;

  g_return_val_if_fail (detection != NULL && part < ESP_N_PARTS, NULL);

  target = target_new (ESP_TARGET_PART, NULL, 0);
  target->detection = *detection;
  target->part = part;
  return target;
}

/**
 * esp_target_new_cells:
 * @head: index of a head
 * @channels: channels of what the head reads, 0 .. anchors * (5 + classes) - 1
 * @n_channels: how many, at least 1
 * @row: a row of cells, or -1 for all
 * @column: a column of cells, or -1 for all
 *
 * M is one at these channels and cells: one class everywhere, any number anywhere.
 * Returns: (transfer full): the target. Thread: any.
 */
EspTarget *
esp_target_new_cells (guint head, const guint *channels, guint n_channels, int row, int column)
{
  g_autofree int *items = NULL;
  EspTarget *target;

  g_return_val_if_fail (channels != NULL && n_channels > 0, NULL);

  items = g_new (int, n_channels);
  for (guint i = 0; i < n_channels; i++)
    items[i] = (int) MIN (channels[i], (guint) G_MAXINT);
  target = target_new (ESP_TARGET_CELLS, items, n_channels);
  target->head = head;
  target->row = row;
  target->column = column;
  return target;
}

/**
 * esp_target_new_sum:
 * @targets: what is added up; references are taken
 * @weights: @n finite numbers, any sign
 * @n: how many, at least 1
 *
 * M is the weighted sum of theirs: what tells one box from another, a box apart from its background. Returns: (transfer full): the target.
 * Thread: any.
 */
EspTarget *
esp_target_new_sum (EspTarget *const *targets, const double *weights, guint n)
{
  EspTarget *target;

  g_return_val_if_fail (targets != NULL && weights != NULL && n > 0, NULL);

  target = target_new (ESP_TARGET_SUM, NULL, 0);
  target->n_terms = n;
  target->terms = g_new (EspTarget *, n);
  target->weights = g_memdup2 (weights, n * sizeof *weights);
  for (guint i = 0; i < n; i++)
    target->terms[i] = esp_target_ref (targets[i]);
  return target;
}

/**
 * esp_target_new_masks:
 * @target: any form
 * @use: which of its two masks count
 *
 * ESP_MASKS_SPATIAL_ONLY: at the cells and anchors that pass, all of their 5 + classes numbers (of cells all channels of the head).
 * ESP_MASKS_CHANNEL_ONLY: the target's own numbers at every cell: of classes x, y, w, h, objectness and these classes of every anchor; of a
 * box its numbers of its anchor. To see what each mask is worth. Of a sum it holds for every term. Returns: (transfer full): the target.
 * Thread: any.
 */
EspTarget *
esp_target_new_masks (EspTarget *target, EspMaskUse use)
{
  EspTarget *copy = target_new (target->kind, target->items, target->n);

  copy->use = use;
  copy->tau = target->tau;
  copy->detection = target->detection;
  copy->part = target->part;
  copy->head = target->head;
  copy->row = target->row;
  copy->column = target->column;
  copy->n_terms = target->n_terms;
  copy->weights = g_memdup2 (target->weights, target->n_terms * sizeof *target->weights);
  copy->terms = g_new0 (EspTarget *, target->n_terms);
  for (guint i = 0; i < target->n_terms; i++)
    copy->terms[i] = esp_target_new_masks (target->terms[i], use);
  return copy;
}

/** esp_masks_parse: Returns: whether @word is one of "both", "spatial" and "channel": which of the two masks count. Thread: any. */
gboolean
esp_masks_parse (const char *word, EspMaskUse *use)
{
  static const char *const words[] = { "both", "spatial", "channel" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      {
        *use = (EspMaskUse) i;
        return TRUE;
      }
  return FALSE;
}

/** esp_target_ref: Returns: (transfer full): @target. Thread: any. */
EspTarget *
esp_target_ref (EspTarget *target)
{
  return g_atomic_rc_box_acquire (target);
}

static void
target_clear (gpointer data)
{
  EspTarget *target = data;

  for (guint i = 0; i < target->n_terms; i++)
    esp_target_unref (target->terms[i]);
  g_free (target->terms);
  g_free (target->weights);
  g_free (target->items);
}

/** esp_target_unref: drops one reference. Thread: any. */
void
esp_target_unref (EspTarget *target)
{
  g_atomic_rc_box_release_full (target, target_clear);
}

/**
 * esp_target_get_detection:
 * @target: the target
 *
 * Returns: (transfer none) (nullable): the box that is explained, where it is one, whole. Thread: any.
 */
const EspDetection *
esp_target_get_detection (const EspTarget *target)
{
  return target->kind == ESP_TARGET_DETECTION ? &target->detection : NULL;
}

/** esp_target_get_spot: Returns: (transfer none) (nullable): where a box comes from, a part of it, or where a missed one should have.
 * Thread: any. */
const EspDetection *
esp_target_get_spot (const EspTarget *target)
{
  const gboolean of_box = target->kind == ESP_TARGET_DETECTION || target->kind == ESP_TARGET_PART || target->kind == ESP_TARGET_MISSED;

  return of_box ? &target->detection : NULL;
}

/**
 * esp_target_get_head:
 * @target: the target
 *
 * Returns: the index of the one head whose outputs it sums, or -1 where they may be any head's. Thread: any.
 */
int
esp_target_get_head (const EspTarget *target)
{
  int head;

  switch (target->kind)
    {
    case ESP_TARGET_CELLS:
      return (int) target->head;
    case ESP_TARGET_SUM:
      head = esp_target_get_head (target->terms[0]);
      for (guint i = 1; i < target->n_terms; i++)
        if (esp_target_get_head (target->terms[i]) != head)
          return -1;
      return head;
    case ESP_TARGET_CLASSES:
      return -1;
    case ESP_TARGET_DETECTION:
    case ESP_TARGET_PART:
    case ESP_TARGET_MISSED:
    default:
      return (int) target->detection.head;
    }
}

/**
 * esp_target_get_class:
 * @target: the target
 *
 * Returns: the one class that it is about, or -1 where it is about several or none. Thread: any.
 */
int
esp_target_get_class (const EspTarget *target)
{
  int class_index;

  switch (target->kind)
    {
    case ESP_TARGET_CLASSES:
      return target->n == 1 ? target->items[0] : -1;
    case ESP_TARGET_CELLS:
      return -1;
    case ESP_TARGET_SUM:
      class_index = esp_target_get_class (target->terms[0]);
      for (guint i = 1; i < target->n_terms; i++)
        if (esp_target_get_class (target->terms[i]) != class_index)
          return -1;
      return class_index;
    case ESP_TARGET_DETECTION:
    case ESP_TARGET_PART:
    case ESP_TARGET_MISSED:
    default:
      return target->detection.class_index;
    }
}

/* A sum is about a box where all its terms are about that one. */
static gboolean
get_common_box (const EspTarget *target, EspBox *box)
{
  if (!esp_target_get_box (target->terms[0], box))
    return FALSE;
  for (guint i = 1; i < target->n_terms; i++)
    {
      EspBox other;

      if (!esp_target_get_box (target->terms[i], &other) || memcmp (&other, box, sizeof other) != 0)
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_target_get_box:
 * @target: the target
 * @box: (out) (optional): the box, in fractions of the image
 *
 * Returns: TRUE of a detection, of its parts and their sums, and of a missed box. Thread: any.
 */
gboolean
esp_target_get_box (const EspTarget *target, EspBox *box)
{
  EspBox unused;

  switch (target->kind)
    {
    case ESP_TARGET_CLASSES:
    case ESP_TARGET_CELLS:
      return FALSE;
    case ESP_TARGET_SUM:
      return get_common_box (target, box != NULL ? box : &unused);
    case ESP_TARGET_DETECTION:
    case ESP_TARGET_PART:
    case ESP_TARGET_MISSED:
    default:
      if (box != NULL)
        *box = target->detection.box;
      return TRUE;
    }
}

/**
 * esp_target_get_hash:
 * @target: the target
 *
 * Returns: equal for targets that give the same M on every engine of one network. Thread: any.
 */
EspHash
esp_target_get_hash (const EspTarget *target)
{
  const EspDetection *d = &target->detection;
  const int numbers[] = { (int) target->kind, (int) target->use,  (int) target->part, d->class_index, (int) d->head, d->anchor, d->row,
                          d->column,          (int) target->head, target->row,        target->column };
  EspHash hash = esp_hash_bytes (numbers, sizeof numbers);

  hash = esp_hash_combine (hash, esp_hash_bytes (&target->tau, sizeof target->tau));
  if (target->kind == ESP_TARGET_MISSED)
    hash = esp_hash_combine (hash, esp_hash_bytes (&d->box, sizeof d->box));
  hash = esp_hash_combine (hash, esp_hash_bytes (target->items, target->n * sizeof *target->items));
  for (guint i = 0; i < target->n_terms; i++)
    {
      hash = esp_hash_combine (hash, esp_hash_bytes (&target->weights[i], sizeof target->weights[i]));
      hash = esp_hash_combine (hash, esp_target_get_hash (target->terms[i]));
    }
  return hash;
}
