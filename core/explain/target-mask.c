/* target-mask.c: M of one image, frozen: which raw head outputs are summed, with what weights */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-mask.h"

#include <float.h>
#include <math.h>

#include "base/error.h"
#include "explain/target-private.h"

/* M over one head. */
typedef struct
{
  guint head, before; /* layers: of the head, and of what it reads */
  EspAt at;           /* where the logits are in that layer: where it activates them, before it does */
  EspShape shape;     /* n = 1 */
  float *weights;
  guint n_ones;
} HeadMask;

struct _EspTargetMask
{
  guint n;
  HeadMask *heads;
  guint n_ones;
};

/* A head with new_coords reads what a convolution has activated. */
static EspAt
logits_at (const EspNetwork *network, const EspLayer *head)
{
  const EspLayer *before = head->inputs[0] >= 0 ? esp_network_get_layer (network, (guint) head->inputs[0]) : NULL;

  return head->head.activated && before != NULL && before->activation == ESP_ACTIVATION_LOGISTIC ? ESP_AT_PRE : ESP_AT_OUT;
}

static gboolean
resolve_head (const EspTarget *target, EspEngine *engine, guint item, guint layer, HeadMask *mask, GError **error)
{
  EspNetwork *network = esp_engine_get_network (engine);
  const EspLayer *of = esp_network_get_layer (network, layer);
  EspTargetHead head = { of, esp_engine_get_shape (engine, (int) layer), esp_network_get_input (network), NULL, NULL };
  g_autofree float *active = NULL;
  gsize n;

  head.shape.n = 1;
  n = esp_shape_count (head.shape);
  *mask = (HeadMask){ layer, (guint) of->inputs[0], logits_at (network, of), head.shape, g_new0 (float, n), 0 };
  head.weights = mask->weights;
  if (esp_target_needs_map (target))
    {
      head.active = active = g_new (float, n);
      if (!esp_engine_read_item (engine, layer, ESP_AT_OUT, item, active, error))
        return FALSE;
    }
  if (!esp_target_paint (target, &head, 1, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    mask->n_ones += mask->weights[i] != 0;
  return TRUE;
}

/**
 * esp_target_resolve:
 * @target: what is explained
 * @engine: after a forward, of any mode
 * @item: image of the batch
 * @error: ESP_ERROR_SHAPE where the target is not of this network, ESP_ERROR_UNSUPPORTED without heads
 *
 * M as it is for that image, from here on constant: the same sum of logits may then be asked of other images, as a path from a baseline or
 * an occlusion wants it. Thread: lane.
 * Returns: (transfer full): the mask, of zeros where nothing passes.
 */
EspTargetMask *
esp_target_resolve (const EspTarget *target, EspEngine *engine, guint item, GError **error)
{
  g_autoptr (EspTargetMask) mask = NULL;
  guint n;
  const guint *heads = esp_network_get_heads (esp_engine_get_network (engine), &n);

  g_return_val_if_fail (item < esp_engine_get_batch (engine), NULL);

  if (!esp_target_check (target, heads, n, error))
    return NULL;
  mask = g_atomic_rc_box_new0 (EspTargetMask);
  mask->heads = g_new0 (HeadMask, n);
  for (guint i = 0; i < n; i++)
    {
      mask->n++;
      if (!resolve_head (target, engine, item, heads[i], &mask->heads[i], error))
        return NULL;
      mask->n_ones += mask->heads[i].n_ones;
    }
  return g_steal_pointer (&mask);
}

/** esp_target_mask_ref: Returns: (transfer full): @mask. Thread: any. */
EspTargetMask *
esp_target_mask_ref (EspTargetMask *mask)
{
  return g_atomic_rc_box_acquire (mask);
}

static void
mask_clear (gpointer data)
{
  EspTargetMask *mask = data;

  for (guint i = 0; i < mask->n; i++)
    g_free (mask->heads[i].weights);
  g_free (mask->heads);
}

/** esp_target_mask_unref: drops one reference. Thread: any. */
void
esp_target_mask_unref (EspTargetMask *mask)
{
  g_atomic_rc_box_release_full (mask, mask_clear);
}

/* (transfer full): of a head's cells, row by row, whether any number counts. */
static guint8 *
find_cells (const HeadMask *head)
{
  const gsize area = (gsize) head->shape.h * (gsize) head->shape.w;
  guint8 *seen = g_new0 (guint8, area);

  for (gsize i = 0; i < (gsize) head->shape.c * area; i++)
    if (head->weights[i] != 0)
      seen[i % area] = 1;
  return seen;
}

/**
 * esp_target_mask_get_cells:
 * @mask: M
 * @placement: where the image lies on the network's input
 *
 * Returns: (transfer full): of EspBox, fractions of the image: cells of any head where any number counts, head by head. Thread: any.
 */
GArray *
esp_target_mask_get_cells (const EspTargetMask *mask, EspPlacement placement)
{
  GArray *cells = g_array_new (FALSE, FALSE, sizeof (EspBox));

  for (guint i = 0; i < mask->n; i++)
    {
      const EspShape shape = mask->heads[i].shape;
      g_autofree guint8 *seen = find_cells (&mask->heads[i]);

      for (int k = 0; k < shape.h * shape.w; k++)
        {
          const EspBox cell = { ((float) (k % shape.w) + .5f) / (float) shape.w, ((float) (k / shape.w) + .5f) / (float) shape.h,
                                1 / (float) shape.w, 1 / (float) shape.h };
          const EspBox box = esp_fit_box_to_image (placement, cell);

          if (seen[k])
            g_array_append_val (cells, box);
        }
    }
  return cells;
}

/**
 * esp_target_mask_extent:
 * @mask: M
 * @cells: (out): cells of any head where any number counts
 * @channels: (out): channels of any head's input of which a cell counts
 *
 * Thread: any.
 */
void
esp_target_mask_extent (const EspTargetMask *mask, guint *cells, guint *channels)
{
  *cells = *channels = 0;
  for (guint i = 0; i < mask->n; i++)
    {
      const HeadMask *head = &mask->heads[i];
      const gsize area = (gsize) head->shape.h * (gsize) head->shape.w;
      g_autofree guint8 *seen = find_cells (head);

      for (gsize c = 0; c < (gsize) head->shape.c; c++)
        {
          gboolean any = FALSE;

          for (gsize k = 0; k < area; k++)
            any |= head->weights[c * area + k] != 0;
          *channels += any ? 1 : 0;
        }
      for (gsize k = 0; k < area; k++)
        *cells += seen[k];
    }
}

/** esp_target_mask_get_n_ones: Returns: how many raw head outputs have a weight; 0: there is nothing to explain. Thread: any. */
guint
esp_target_mask_get_n_ones (const EspTargetMask *mask)
{
  return mask->n_ones;
}

/**
 * esp_target_mask_get:
 * @mask: the mask
 * @head: the layer of a head
 * @n: (out) (optional): how many weights
 *
 * Returns: (transfer none) (nullable): the weights of what the head reads, c h w; NULL where the layer is no head. Thread: any.
 */
const float *
esp_target_mask_get (const EspTargetMask *mask, guint head, gsize *n)
{
  for (guint i = 0; i < mask->n; i++)
    if (mask->heads[i].head == head)
      {
        if (n != NULL)
          *n = esp_shape_count (mask->heads[i].shape);
        return mask->heads[i].weights;
      }
  return NULL;
}

/* The logits of what has been activated by the logistic function, as far as a float lets them be known. */
static void
unsquash (float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      double p = CLAMP ((double) values[i], (double) FLT_MIN, 1 - (double) FLT_EPSILON / 2);

      values[i] = (float) (log (p) - log1p (-p));
    }
}

/* An engine that keeps nothing from before an activation has its result still. */
static gboolean
read_raw (EspEngine *engine, const HeadMask *head, guint item, float *raw, GError **error)
{
  if (head->at == ESP_AT_PRE && esp_engine_read_item (engine, head->before, ESP_AT_PRE, item, raw, NULL))
    return TRUE;
  if (!esp_engine_read_item (engine, head->before, ESP_AT_OUT, item, raw, error))
    return FALSE;
  if (head->at == ESP_AT_PRE)
    unsquash (raw, esp_shape_count (head->shape));
  return TRUE;
}

/* A mask made with one engine may be used with another of the same heads. */
static gboolean
check_engine (const EspTargetMask *mask, EspEngine *engine, GError **error)
{
  guint n;
  const guint *heads = esp_network_get_heads (esp_engine_get_network (engine), &n);
  gboolean fits = n == mask->n;

  for (guint i = 0; fits && i < n; i++)
    {
      EspShape shape = esp_engine_get_shape (engine, (int) heads[i]);

      shape.n = 1;
      fits = heads[i] == mask->heads[i].head && esp_shape_equal (shape, mask->heads[i].shape);
    }
  if (!fits)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "the target was resolved on a network with other heads");
  return fits;
}

/**
 * esp_target_mask_value:
 * @mask: M
 * @engine: after a forward, of any mode and of a network with the same heads
 * @item: image of the batch
 * @value: (out): T = sum of M * Y, in logits
 * @error: ESP_ERROR_SHAPE where the heads are not those of the mask
 *
 * Where a head reads activated numbers (new_coords) and the engine does not keep what was before, the logits are recovered from them: what
 * the logistic function has rounded to 0 or 1 counts as the nearest number that it has not. Thread: the engine's. Returns: whether there is
 * a value.
 */
gboolean
esp_target_mask_value (const EspTargetMask *mask, EspEngine *engine, guint item, double *value, GError **error)
{
  double sum = 0;

  g_return_val_if_fail (item < esp_engine_get_batch (engine), FALSE);

  if (!check_engine (mask, engine, error))
    return FALSE;
  for (guint i = 0; i < mask->n; i++)
    {
      const HeadMask *head = &mask->heads[i];
      const gsize n = esp_shape_count (head->shape);
      g_autofree float *raw = NULL;

      if (head->n_ones == 0)
        continue;
      raw = g_new (float, n);
      if (!read_raw (engine, head, item, raw, error))
        return FALSE;
      for (gsize k = 0; k < n; k++)
        if (head->weights[k] != 0)
          sum += (double) head->weights[k] * (double) raw[k];
    }
  *value = sum;
  return TRUE;
}

/* Heads that read one layer share its seed: their weights add up. */
static gboolean
seed_head (const EspTargetMask *mask, guint which, EspEngine *engine, guint item, GError **error)
{
  const HeadMask *head = &mask->heads[which];
  const gsize n = esp_shape_count (head->shape);
  g_autofree float *sum = g_memdup2 (head->weights, n * sizeof *sum);

  for (guint i = 0; i < mask->n; i++)
    if (i != which && mask->heads[i].before == head->before && mask->heads[i].at == head->at)
      for (gsize k = 0; k < n; k++)
        sum[k] += mask->heads[i].weights[k];
  return esp_engine_set_seed_item (engine, head->before, head->at, item, sum, error);
}

/**
 * esp_target_mask_apply:
 * @mask: M
 * @engine: an explain engine whose forward is done, of a network with the same heads
 * @item: image of the batch
 * @value: (out) (nullable): T of that image
 * @error: ESP_ERROR_SHAPE where the heads are not those of the mask, or the engine is for inference
 *
 * Seeds the layer that feeds each head with M, before its activation where that is the logistic one in the place of the head's own
 * (new_coords): a backward then gives the gradients of T by the raw logits. What this item had as seeds there is replaced, the other items
 * keep theirs; esp_engine_clear_seeds() forgets those. Thread: lane. Returns: whether the seeds are set.
 */
gboolean
esp_target_mask_apply (const EspTargetMask *mask, EspEngine *engine, guint item, double *value, GError **error)
{
  double unused;

  if (!esp_target_mask_value (mask, engine, item, value != NULL ? value : &unused, error))
    return FALSE;
  for (guint i = 0; i < mask->n; i++)
    if (!seed_head (mask, i, engine, item, error))
      return FALSE;
  return TRUE;
}

/**
 * esp_target_apply:
 * @target: what is explained
 * @engine: an explain engine whose forward is done
 * @n_ones: (out caller-allocates): per batch item, how many raw head outputs are summed; 0 says that nothing is there to be explained
 * @value: (out caller-allocates) (nullable): per batch item, T = sum of M * Y, in logits
 * @error: as esp_target_resolve() and esp_target_mask_apply()
 *
 * Clears the engine's seeds, then resolves and seeds every item. Thread: lane. Returns: whether the seeds are set.
 */
gboolean
esp_target_apply (const EspTarget *target, EspEngine *engine, guint *n_ones, double *value, GError **error)
{
  g_return_val_if_fail (n_ones != NULL, FALSE);

  esp_engine_clear_seeds (engine);
  for (guint item = 0; item < esp_engine_get_batch (engine); item++)
    {
      g_autoptr (EspTargetMask) mask = esp_target_resolve (target, engine, item, error);

      if (mask == NULL || !esp_target_mask_apply (mask, engine, item, value != NULL ? &value[item] : NULL, error))
        return FALSE;
      n_ones[item] = mask->n_ones;
    }
  return TRUE;
}
