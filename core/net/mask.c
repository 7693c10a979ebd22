/* mask.c: the immutable keep-bits of all layers, the key of every cache */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/mask.h"

#include <string.h>

struct _EspMask
{
  guint n_layers;
  gsize *starts; /* n_layers + 1: where a layer's bits begin in bits; equal to the next where it owns none */
  guint8 *bits;  /* one byte a channel, 0 or 1, of all convolutions in order */
  guint *kept;   /* per layer */
  EspHash hash;
};

static guint
count_own (const EspNetwork *network, guint layer)
{
  const EspLayer *l = esp_network_get_layer (network, layer);

  return l->kind == ESP_LAYER_CONVOLUTIONAL ? (guint) l->out.c : 0;
}

static void
fill (EspMask *mask, guint layer, const guint8 *keep)
{
  guint8 *bits = mask->bits + mask->starts[layer];
  const gsize n = mask->starts[layer + 1] - mask->starts[layer];

  for (gsize i = 0; i < n; i++)
    {
      bits[i] = keep == NULL || keep[i] != 0;
      mask->kept[layer] += bits[i];
    }
}

/**
 * esp_mask_new:
 * @network: whose
 * @keep: (nullable) (array): for each layer NULL (all are kept) or one byte for each filter, 0 where it is cut; copied. Those of layers
 *   that are no convolutions are not looked at
 *
 * Copies and checks nothing: whether couplings hold is the cut's to say.
 * Returns: (transfer full): the mask. Thread: any.
 */
EspMask *
esp_mask_new (const EspNetwork *network, guint8 *const *keep)
{
  EspMask *mask = g_atomic_rc_box_new0 (EspMask);

  mask->n_layers = esp_network_get_n_layers (network);
  mask->starts = g_new0 (gsize, mask->n_layers + 1);
  for (guint i = 0; i < mask->n_layers; i++)
    mask->starts[i + 1] = mask->starts[i] + count_own (network, i);
  mask->bits = g_malloc (MAX (mask->starts[mask->n_layers], 1));
  mask->kept = g_new0 (guint, mask->n_layers);
  for (guint i = 0; i < mask->n_layers; i++)
    fill (mask, i, keep != NULL ? keep[i] : NULL);
  mask->hash = esp_hash_bytes (mask->bits, mask->starts[mask->n_layers]);
  return mask;
}

/** esp_mask_new_full: Returns: (transfer full): a mask that keeps every channel of @network. Thread: any. */
EspMask *
esp_mask_new_full (const EspNetwork *network)
{
  return esp_mask_new (network, NULL);
}

/** esp_mask_fits: Returns: whether @mask has as many bits for each layer as @network has filters there. Thread: any. */
gboolean
esp_mask_fits (const EspMask *mask, const EspNetwork *network)
{
  if (mask->n_layers != esp_network_get_n_layers (network))
    return FALSE;
  for (guint i = 0; i < mask->n_layers; i++)
    if (mask->starts[i + 1] - mask->starts[i] != count_own (network, i))
      return FALSE;
  return TRUE;
}

/** esp_mask_ref: Returns: (transfer full): the same mask. Thread: any. */
EspMask *
esp_mask_ref (EspMask *mask)
{
  return g_atomic_rc_box_acquire (mask);
}

static void
mask_clear (gpointer data)
{
  EspMask *mask = data;

  g_free (mask->starts);
  g_free (mask->bits);
  g_free (mask->kept);
}

/** esp_mask_unref: gives one reference back. Thread: any. */
void
esp_mask_unref (EspMask *mask)
{
  g_atomic_rc_box_release_full (mask, mask_clear);
}

/**
 * esp_mask_get_bits:
 * @layer: a layer
 * @n: (out) (optional): its filters, 0 where it owns no bits
 *
 * Returns: (transfer none) (nullable) (array length=n): one byte a filter, 1 where it is kept; NULL for layers that own none. Thread: any.
 */
const guint8 *
esp_mask_get_bits (const EspMask *mask, guint layer, guint *n)
{
  gsize length;

  g_return_val_if_fail (layer < mask->n_layers, NULL);
  length = mask->starts[layer + 1] - mask->starts[layer];
  if (n != NULL)
    *n = (guint) length;
  return length > 0 ? mask->bits + mask->starts[layer] : NULL;
}

/** esp_mask_keeps: Returns: whether @channel of convolution @layer is kept; TRUE for layers that own no bits. Thread: any. */
gboolean
esp_mask_keeps (const EspMask *mask, guint layer, guint channel)
{
  guint n;
  const guint8 *bits = esp_mask_get_bits (mask, layer, &n);

  g_return_val_if_fail (bits == NULL || channel < n, TRUE);
  return bits == NULL || bits[channel] != 0;
}

/** esp_mask_count_kept: Returns: how many filters of convolution @layer are kept; 0 for layers that own no bits. Thread: any. */
guint
esp_mask_count_kept (const EspMask *mask, guint layer)
{
  g_return_val_if_fail (layer < mask->n_layers, 0);
  return mask->kept[layer];
}

/** esp_mask_is_full: Returns: whether every channel is kept. Thread: any. */
gboolean
esp_mask_is_full (const EspMask *mask)
{
  return memchr (mask->bits, 0, mask->starts[mask->n_layers]) == NULL;
}

/** esp_mask_get_hash: Returns: the hash of all bits: equal for equal masks of one network. Thread: any. */
EspHash
esp_mask_get_hash (const EspMask *mask)
{
  return mask->hash;
}

/**
 * esp_mask_hash_up_to:
 * @layer: the last layer that counts
 *
 * Returns: the hash of the bits of layers 0 to @layer, all that the outputs of these layers depend on. Thread: any.
 */
EspHash
esp_mask_hash_up_to (const EspMask *mask, guint layer)
{
  g_return_val_if_fail (layer < mask->n_layers, mask->hash);
  return esp_hash_bytes (mask->bits, mask->starts[layer + 1]);
}
