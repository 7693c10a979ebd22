/* target-paint.c: the M of every form of target on one head */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-private.h"

#include "base/error.h"
#include "detect/decode.h"

/* A block of the head's input: some channels at some cells. */
typedef struct
{
  int first, n;    /* channels */
  int top, bottom; /* rows, the second one not included */
  int left, right; /* columns, likewise */
} Block;

/* The place in the arrays of channel @k of @anchor at a cell. */
static gsize
index_of (const EspTargetHead *head, int anchor, int k, int row, int column)
{
  int channel = anchor * (5 + head->layer->head.classes) + k;

  return ((gsize) channel * (gsize) head->shape.h + (gsize) row) * (gsize) head->shape.w + (gsize) column;
}

static void
paint_block (const EspTargetHead *head, Block block, float factor)
{
  for (int k = 0; k < block.n; k++)
    for (int row = block.top; row < block.bottom; row++)
      for (int column = block.left; column < block.right; column++)
        head->weights[index_of (head, 0, block.first + k, row, column)] += factor;
}

/* Adds to @sum the scores of the target's classes there. Of classes in a tree a score is the product down to the class. */
static float
score_of (const EspTargetHead *head, gsize at, int class_index)
{
  gsize plane = (gsize) head->shape.h * (gsize) head->shape.w;
  const EspTree *tree = head->layer->head.tree;
  const float *active = head->active + at;

  return active[4 * plane]
         * (tree != NULL ? esp_tree_chance (tree, active + 5 * plane, plane, class_index) : active[(5 + (gsize) class_index) * plane]);
}

/* One cell and anchor of method 1's M. */
static void
paint_classes_at (const EspTarget *target, const EspTargetHead *head, int anchor, int row, int column, float factor)
{
  gsize plane = (gsize) head->shape.h * (gsize) head->shape.w, at = index_of (head, anchor, 0, row, column);
  int entries = 5 + head->layer->head.classes;
  float objectness = head->active[at + 4 * plane], sum = 0;
  EspBox box;

  for (guint i = 0; i < target->n; i++)
    {
      float score = score_of (head, at, target->items[i]);

      sum += score;
      if (target->use == ESP_MASKS_BOTH && score >= target->tau)
        head->weights[at + (5 + (gsize) target->items[i]) * plane] += factor;
    }
  if (!(sum > target->tau))
    return;
  if (target->use == ESP_MASKS_SPATIAL_ONLY)
    {
      paint_block (head, (Block){ anchor * entries, entries, row, row + 1, column, column + 1 }, factor);
      return;
    }
  box = esp_decode_box (head->layer, head->active + at, head->input, anchor, row, column);
  for (gsize k = 0; k < 5; k++)
    if ((const float[]){ box.x, box.y, box.w, box.h, objectness }[k] >= target->tau)
      head->weights[at + k * plane] += factor;
}

/* Channel mask alone: box, objectness and the target's classes of every anchor, everywhere. */
static void
paint_class_channels (const EspTarget *target, const EspTargetHead *head, float factor)
{
  int entries = 5 + head->layer->head.classes;

  for (int anchor = 0; anchor < head->layer->head.n_anchors; anchor++)
    {
      paint_block (head, (Block){ anchor * entries, 5, 0, head->shape.h, 0, head->shape.w }, factor);
      for (guint i = 0; i < target->n; i++)
        paint_block (head, (Block){ anchor * entries + 5 + target->items[i], 1, 0, head->shape.h, 0, head->shape.w }, factor);
    }
}

static gboolean
paint_classes (const EspTarget *target, const EspTargetHead *head, float factor, GError **error)
{
  int last = target->items[target->n - 1], classes = head->layer->head.classes;

  if (target->items[0] < 0 || last >= classes)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "class %d: the network's head at layer %u has classes 0 to %d",
                   last >= classes ? last : target->items[0], head->layer->index, classes - 1);
      return FALSE;
    }
  if (target->use == ESP_MASKS_CHANNEL_ONLY)
    {
      paint_class_channels (target, head, factor);
      return TRUE;
    }
  for (int anchor = 0; anchor < head->layer->head.n_anchors; anchor++)
    for (int row = 0; row < head->shape.h; row++)
      for (int column = 0; column < head->shape.w; column++)
        paint_classes_at (target, head, anchor, row, column, factor);
  return TRUE;
}

static gboolean
check_spot (const EspDetection *d, const EspTargetHead *head, GError **error)
{
  const EspHead *of = &head->layer->head;

  if (d->anchor >= 0 && d->anchor < of->n_anchors && d->class_index >= 0 && d->class_index < of->classes && d->row >= 0
      && d->row < head->shape.h && d->column >= 0 && d->column < head->shape.w)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
               "the box is of class %d, anchor %d, row %d, column %d: the head at layer %u has %d classes, %d anchors, %d × %d cells",
               d->class_index, d->anchor, d->row, d->column, head->layer->index, of->classes, of->n_anchors, head->shape.h, head->shape.w);
  return FALSE;
}

/* A box, or one number of it, at its cell and anchor. */
static gboolean
paint_box (const EspTarget *target, const EspTargetHead *head, float factor, GError **error)
{
  const EspDetection *d = &target->detection;
  int entries = 5 + head->layer->head.classes, first = d->anchor * entries, part = (int) target->part;
  Block block = { first, entries, d->row, d->row + 1, d->column, d->column + 1 };

  if (d->head != head->layer->index)
    return TRUE;
  if (!check_spot (d, head, error))
    return FALSE;
  if (target->use == ESP_MASKS_SPATIAL_ONLY)
    {
      paint_block (head, block, factor);
      return TRUE;
    }
  if (target->use == ESP_MASKS_CHANNEL_ONLY)
    block = (Block){ first, entries, 0, head->shape.h, 0, head->shape.w };
  block.n = 1;
  block.first = first + (target->kind != ESP_TARGET_PART ? ESP_PART_OBJECTNESS : part < ESP_PART_CLASS ? part : 5 + d->class_index);
  paint_block (head, block, factor);
  block.first = first + 5 + d->class_index;
  if (target->kind != ESP_TARGET_PART)
    paint_block (head, block, factor);
  return TRUE;
}

/* Names what was asked for, and of that only what is not there. */
static void
refuse_cells (const EspTarget *target, const EspTargetHead *head, GError **error)
{
  const int channel = target->items[target->n - 1];
  const guint layer = head->layer->index;

  if (channel >= head->shape.c)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "channel %d: the head at layer %u reads channels 0 to %d", channel, layer,
                 head->shape.c - 1);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "row %d, column %d: the head at layer %u has rows 0 to %d, columns 0 to %d",
                 target->row, target->column, layer, head->shape.h - 1, head->shape.w - 1);
}

static gboolean
paint_cells (const EspTarget *target, const EspTargetHead *head, float factor, GError **error)
{
  const gboolean all = target->use == ESP_MASKS_CHANNEL_ONLY;
  const int row = all ? -1 : target->row, column = all ? -1 : target->column;
  Block block
      = { 0, head->shape.c, MAX (row, 0), row < 0 ? head->shape.h : row + 1, MAX (column, 0), column < 0 ? head->shape.w : column + 1 };

  if (target->head != head->layer->index)
    return TRUE;
  if (target->items[target->n - 1] >= head->shape.c || target->row >= head->shape.h || target->column >= head->shape.w)
    {
      refuse_cells (target, head, error);
      return FALSE;
    }
  if (target->use == ESP_MASKS_SPATIAL_ONLY)
    paint_block (head, block, factor);
  block.n = 1;
  for (guint i = 0; target->use != ESP_MASKS_SPATIAL_ONLY && i < target->n; i++)
    {
      block.first = target->items[i];
      paint_block (head, block, factor);
    }
  return TRUE;
}

static gboolean
paint_sum (const EspTarget *target, const EspTargetHead *head, float factor, GError **error)
{
  for (guint i = 0; i < target->n_terms; i++)
    if (!esp_target_paint (target->terms[i], head, factor * (float) target->weights[i], error))
      return FALSE;
  return TRUE;
}

/**
 * esp_target_paint:
 * @target: what is explained
 * @head: one head of one image; its map is there if esp_target_needs_map() says so
 * @factor: of this target within a sum
 * @error: ESP_ERROR_SHAPE where the head has no such class, anchor, cell or channel
 *
 * Returns: whether @factor * M has been added to the head's weights. Thread: any.
 */
gboolean
esp_target_paint (const EspTarget *target, const EspTargetHead *head, float factor, GError **error)
{
  switch (target->kind)
    {
    case ESP_TARGET_CLASSES:
      return paint_classes (target, head, factor, error);
    case ESP_TARGET_CELLS:
      return paint_cells (target, head, factor, error);
    case ESP_TARGET_SUM:
      return paint_sum (target, head, factor, error);
    case ESP_TARGET_DETECTION:
    case ESP_TARGET_PART:
    case ESP_TARGET_MISSED:
    default:
      return paint_box (target, head, factor, error);
    }
}

/** esp_target_needs_map: Returns: whether M depends on what the network says, and not on places alone. Thread: any. */
gboolean
esp_target_needs_map (const EspTarget *target)
{
  for (guint i = 0; i < target->n_terms; i++)
    if (esp_target_needs_map (target->terms[i]))
      return TRUE;
  return target->kind == ESP_TARGET_CLASSES && target->use != ESP_MASKS_CHANNEL_ONLY;
}

/**
 * esp_target_check:
 * @target: what is explained
 * @heads: layers of the network's heads
 * @n: how many
 * @error: ESP_ERROR_UNSUPPORTED without heads, ESP_ERROR_SHAPE where the target names a layer that is none
 *
 * Returns: whether every head that it names is there. Thread: any.
 */
gboolean
esp_target_check (const EspTarget *target, const guint *heads, guint n, GError **error)
{
  guint wanted = target->kind == ESP_TARGET_CELLS ? target->head : target->detection.head;
  g_autoptr (GString) list = g_string_new (NULL);

  if (n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so there is nothing to explain");
      return FALSE;
    }
  for (guint i = 0; i < target->n_terms; i++)
    if (!esp_target_check (target->terms[i], heads, n, error))
      return FALSE;
  if (target->kind == ESP_TARGET_CLASSES || target->kind == ESP_TARGET_SUM)
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (heads[i] == wanted)
      return TRUE;
  for (guint i = 0; i < n; i++)
    g_string_append_printf (list, i > 0 ? ", %u" : "%u", heads[i]);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u is no head: a head is named by its layer, and this network's are at %s", wanted,
               list->str);
  return FALSE;
}
