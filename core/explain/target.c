/* target.c: a channel mask × a spatial mask over the head outputs: what is being explained */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target.h"

#include "base/error.h"
#include "detect/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum
{
  TARGET_CLASSES,
  TARGET_DETECTION,
  TARGET_CELLS,
} TargetKind;

struct _EspTarget
{
  TargetKind kind;
  float tau;
  EspDetection detection;
  guint head;      /* of cells */
  int row, column; /* likewise; -1: all */
  guint n;
  int *items; /* @n classes, or channels of the head's input; ascending, once each */
};

/* One head of the engine, all batch items, plain order. */
typedef struct
{
  const EspLayer *layer;
  EspAt at;       /* where its logits are in the layer before: where that activates them, before it does */
  EspShape shape; /* n = batch */
  EspShape input; /* of the network */
  float *raw;     /* logits, from the layer before */
  float *active;  /* the head's map; NULL where not needed */
  float *mask;    /* M, 0 or 1 */
} Head;

static int
compare_ints (gconstpointer a, gconstpointer b)
{
  int x = *(const int *) a, y = *(const int *) b;

  return (x > y) - (x < y);
}

static EspTarget *
target_new (TargetKind kind, const int *items, guint n)
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

  target = target_new (TARGET_CLASSES, classes, n);
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

  target = target_new (TARGET_DETECTION, NULL, 0);
  target->detection = *detection;
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
 * M is one at these channels and cells: one coordinate of a box, one class everywhere, a place where something was missed.
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
  target = target_new (TARGET_CELLS, items, n_channels);
  target->head = head;
  target->row = row;
  target->column = column;
  return target;
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
  g_free (((EspTarget *) data)->items);
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
 * Returns: (transfer none) (nullable): the box that is explained, where it is one. Thread: any.
 */
const EspDetection *
esp_target_get_detection (const EspTarget *target)
{
  return target->kind == TARGET_DETECTION ? &target->detection : NULL;
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
  switch (target->kind)
    {
    case TARGET_DETECTION:
      return (int) target->detection.head;
    case TARGET_CELLS:
      return (int) target->head;
    case TARGET_CLASSES:
    default:
      return -1;
    }
}

static void
append_class (GString *text, int index, const char *const *names)
{
  guint n = names != NULL ? g_strv_length ((char **) names) : 0;

  if (index >= 0 && (guint) index < n)
    g_string_append (text, names[index]);
  else
    g_string_append_printf (text, "class %d", index);
}

static void
describe_cells (const EspTarget *target, GString *text)
{
  g_string_append_printf (text, target->n == 1 ? "head %u, channel" : "head %u, channels", target->head);
  for (guint i = 0; i < target->n; i++)
    g_string_append_printf (text, i == 0 ? " %d" : ", %d", target->items[i]);
  if (target->row < 0 && target->column < 0)
    g_string_append (text, ", everywhere");
  if (target->row >= 0)
    g_string_append_printf (text, ", row %d", target->row);
  if (target->column >= 0)
    g_string_append_printf (text, ", column %d", target->column);
}

/**
 * esp_target_describe:
 * @target: the target
 * @names: (nullable): NULL-terminated class names; without, classes are told by number
 *
 * Returns: (transfer full): in words: "dog 94 %"; "class dog, everywhere"; "head 121, channel 4, row 3, column 5". Thread: any.
 */
char *
esp_target_describe (const EspTarget *target, const char *const *names)
{
  g_autoptr (GString) text = g_string_new (NULL);

  switch (target->kind)
    {
    case TARGET_DETECTION:
      append_class (text, target->detection.class_index, names);
      g_string_append_printf (text, " %d %%", (int) lrint (100 * (double) target->detection.score));
      break;
    case TARGET_CELLS:
      describe_cells (target, text);
      break;
    case TARGET_CLASSES:
    default:
      g_string_append (text, target->n == 1 ? (names != NULL ? "class " : "") : "classes ");
      for (guint i = 0; i < target->n; i++)
        {
          if (i == 4 && target->n > 5)
            {
              g_string_append_printf (text, " and %u more", target->n - i);
              break;
            }
          if (i > 0)
            g_string_append (text, ", ");
          append_class (text, target->items[i], names);
        }
      g_string_append (text, ", everywhere");
      break;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
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
  const int numbers[] = { (int) target->kind, d->class_index,     (int) d->head, d->anchor,     d->row,
                          d->column,          (int) target->head, target->row,   target->column };
  EspHash hash = esp_hash_bytes (numbers, sizeof numbers);

  hash = esp_hash_combine (hash, esp_hash_bytes (&target->tau, sizeof target->tau));
  return esp_hash_combine (hash, esp_hash_bytes (target->items, target->n * sizeof *target->items));
}

static void
head_clear (Head *head)
{
  g_free (head->raw);
  g_free (head->active);
  g_free (head->mask);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Head, head_clear)

/* A head with new_coords reads what a convolution has activated. */
static EspAt
logits_at (const EspNetwork *network, const EspLayer *head)
{
  const EspLayer *before = head->inputs[0] >= 0 ? esp_network_get_layer (network, (guint) head->inputs[0]) : NULL;

  return head->head.activated && before != NULL && before->activation == ESP_ACTIVATION_LOGISTIC ? ESP_AT_PRE : ESP_AT_OUT;
}

static gboolean
head_read (EspEngine *engine, guint layer, gboolean active, Head *head, GError **error)
{
  EspNetwork *network = esp_engine_get_network (engine);
  gsize n;

  head->layer = esp_network_get_layer (network, layer);
  head->at = logits_at (network, head->layer);
  head->shape = esp_engine_get_shape (engine, (int) layer);
  head->input = esp_network_get_input (network);
  n = esp_shape_count (head->shape);
  head->raw = g_new (float, n);
  head->mask = g_new0 (float, n);
  if (active)
    head->active = g_new (float, n);
  return esp_engine_read (engine, (guint) head->layer->inputs[0], head->at, head->raw, error)
         && (!active || esp_engine_read (engine, layer, ESP_AT_OUT, head->active, error));
}

/* The place in the arrays of channel @k of @anchor at a cell. */
static gsize
head_index (const Head *head, int item, int anchor, int k, int row, int column)
{
  int channel = anchor * (5 + head->layer->head.classes) + k;

  return (((gsize) item * (gsize) head->shape.c + (gsize) channel) * (gsize) head->shape.h + (gsize) row) * (gsize) head->shape.w
         + (gsize) column;
}

/* One cell and anchor of method 1's M. */
static void
mask_classes_at (const EspTarget *target, Head *head, int item, int anchor, int row, int column)
{
  const float *active = head->active;
  gsize plane = (gsize) head->shape.h * (gsize) head->shape.w, at = head_index (head, item, anchor, 0, row, column);
  float objectness = active[at + 4 * plane], sum = 0;
  const EspTree *tree = head->layer->head.tree;
  EspBox box;

  for (guint i = 0; i < target->n; i++)
    {
      gsize place = at + (5 + (gsize) target->items[i]) * plane;
      float score = objectness * (tree != NULL ? esp_tree_chance (tree, active + at + 5 * plane, plane, target->items[i]) : active[place]);

      sum += score;
      head->mask[place] = score >= target->tau;
    }
  if (!(sum > target->tau))
    return;
  box = esp_decode_box (head->layer, active + at, head->input, anchor, row, column);
  for (gsize k = 0; k < 5; k++)
    head->mask[at + k * plane] = (const float[]){ box.x, box.y, box.w, box.h, objectness }[k] >= target->tau;
}

static gboolean
mask_classes (const EspTarget *target, Head *head, GError **error)
{
  int last = target->items[target->n - 1], classes = head->layer->head.classes;

  if (target->items[0] < 0 || last >= classes)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "class %d: the network's head at layer %u has classes 0 to %d",
                   last >= classes ? last : target->items[0], head->layer->index, classes - 1);
      return FALSE;
    }
  for (int item = 0; item < head->shape.n; item++)
    for (int anchor = 0; anchor < head->layer->head.n_anchors; anchor++)
      for (int row = 0; row < head->shape.h; row++)
        for (int column = 0; column < head->shape.w; column++)
          mask_classes_at (target, head, item, anchor, row, column);
  return TRUE;
}

static gboolean
mask_detection (const EspTarget *target, Head *head, GError **error)
{
  const EspDetection *d = &target->detection;

  if (d->head != head->layer->index)
    return TRUE;
  if (d->anchor < 0 || d->anchor >= head->layer->head.n_anchors || d->class_index < 0 || d->class_index >= head->layer->head.classes
      || d->row < 0 || d->row >= head->shape.h || d->column < 0 || d->column >= head->shape.w)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                   "the box is of class %d, anchor %d, row %d, column %d: the head at layer %u has %d classes, %d anchors, %d × %d cells",
                   d->class_index, d->anchor, d->row, d->column, head->layer->index, head->layer->head.classes, head->layer->head.n_anchors,
                   head->shape.h, head->shape.w);
      return FALSE;
    }
  for (int item = 0; item < head->shape.n; item++)
    {
      head->mask[head_index (head, item, d->anchor, 4, d->row, d->column)] = 1;
      head->mask[head_index (head, item, d->anchor, 5 + d->class_index, d->row, d->column)] = 1;
    }
  return TRUE;
}

static gboolean
mask_cells (const EspTarget *target, Head *head, GError **error)
{
  int top = MAX (target->row, 0), bottom = target->row < 0 ? head->shape.h : target->row + 1;
  int left = MAX (target->column, 0), right = target->column < 0 ? head->shape.w : target->column + 1;

  if (target->head != head->layer->index)
    return TRUE;
  if (target->items[target->n - 1] >= head->shape.c || bottom > head->shape.h || right > head->shape.w)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                   "channel %d, row %d, column %d: the head at layer %u reads %d channels of %d × %d cells", target->items[target->n - 1],
                   target->row, target->column, head->layer->index, head->shape.c, head->shape.h, head->shape.w);
      return FALSE;
    }
  for (int item = 0; item < head->shape.n; item++)
    for (guint i = 0; i < target->n; i++)
      for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++)
          head->mask[head_index (head, item, 0, target->items[i], row, column)] = 1;
  return TRUE;
}

/* Adds this head's share of the count and of T. */
static void
head_sum (const Head *head, guint *n_ones, double *value)
{
  gsize n = esp_shape_count (head->shape) / (gsize) head->shape.n;

  for (int item = 0; item < head->shape.n; item++)
    for (gsize i = 0; i < n; i++)
      if (head->mask[(gsize) item * n + i] != 0)
        {
          n_ones[item]++;
          if (value != NULL)
            value[item] += (double) head->raw[(gsize) item * n + i];
        }
}

static gboolean
apply_head (const EspTarget *target, EspEngine *engine, guint layer, guint *n_ones, double *value, GError **error)
{
  g_auto (Head) head = { 0 };
  gboolean masked;
  guint before;

  if (!head_read (engine, layer, target->kind == TARGET_CLASSES, &head, error))
    return FALSE;
  if (target->kind == TARGET_CLASSES)
    masked = mask_classes (target, &head, error);
  else if (target->kind == TARGET_DETECTION)
    masked = mask_detection (target, &head, error);
  else
    masked = mask_cells (target, &head, error);
  if (!masked)
    return FALSE;
  head_sum (&head, n_ones, value);
  before = (guint) head.layer->inputs[0];
  return head.at == ESP_AT_PRE ? esp_engine_set_seed_before (engine, before, head.mask, error)
                               : esp_engine_set_seed (engine, before, head.mask, error);
}

/* Whether the one head that a target names is one of @heads. */
static gboolean
check_head (const EspTarget *target, const guint *heads, guint n, GError **error)
{
  guint wanted = target->kind == TARGET_DETECTION ? target->detection.head : target->head;

  if (n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so there is nothing to explain");
      return FALSE;
    }
  if (target->kind == TARGET_CLASSES)
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (heads[i] == wanted)
      return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u is not a head of the network", wanted);
  return FALSE;
}

/**
 * esp_target_apply:
 * @target: what is explained
 * @engine: an explain engine whose forward is done
 * @n_ones: (out caller-allocates): per batch item, how many raw head outputs are summed; 0 says that nothing is there to be explained
 * @value: (out caller-allocates) (nullable): per batch item, T = sum of M * Y, in logits
 * @error: ESP_ERROR_SHAPE where the target is not of this network, ESP_ERROR_UNSUPPORTED without heads
 *
 * Clears the engine's seeds and sets M (zeros and ones, as constants) at the layer that feeds each head, before its activation where that
 * is the logistic one in the place of the head's own (new_coords): the gradients of T by the raw logits. Two heads that read one layer cannot be told apart by a seed, so their masks must come from one of them. Thread: lane.
 * Returns: whether the seeds are set.
 */
gboolean
esp_target_apply (const EspTarget *target, EspEngine *engine, guint *n_ones, double *value, GError **error)
{
  guint n, batch = esp_engine_get_batch (engine);
  const guint *heads = esp_network_get_heads (esp_engine_get_network (engine), &n);

  g_return_val_if_fail (n_ones != NULL, FALSE);

  if (!check_head (target, heads, n, error))
    return FALSE;
  memset (n_ones, 0, batch * sizeof *n_ones);
  for (guint i = 0; value != NULL && i < batch; i++)
    value[i] = 0;
  esp_engine_clear_seeds (engine);
  for (guint i = 0; i < n; i++)
    if (!apply_head (target, engine, heads[i], n_ones, value, error))
      return FALSE;
  return TRUE;
}
