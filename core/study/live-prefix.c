/* live-prefix.c: where a pass may begin, and what it leaves for the next: masks of one drag agree up to the layer that is dragged */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include <string.h>

#include "study/live-private.h"

#define MOST_CHANGES 64 /* layers; far more than groups */

/* The first layer whose bits differ; the number of layers where none does. */
static guint
first_difference (const EspNetwork *network, const EspMask *a, const EspMask *b)
{
  const guint n_layers = esp_network_get_n_layers (network);

  for (guint l = 0; l < n_layers; l++)
    {
      guint n = 0;
      const guint8 *x = esp_mask_get_bits (a, l, &n), *y = esp_mask_get_bits (b, l, &n);

      if (x != NULL && memcmp (x, y, n) != 0)
        return l;
    }
  return n_layers;
}

static void
remember_change (EspLive *live, guint layer)
{
  guint at = 0;

  while (at < live->changes->len && g_array_index (live->changes, guint, at) < layer)
    at++;
  if (at == live->changes->len || g_array_index (live->changes, guint, at) != layer)
    {
      if (live->changes->len >= MOST_CHANGES)
        return;
      g_array_insert_val (live->changes, at, layer);
    }
  live->newest = layer;
}

/* Where this mask differs from the one before is where the next will differ from this one, while a slider is dragged. */
static void
note_mask (EspLive *live, EspMask *mask)
{
  g_autoptr (EspMask) last = live->last != NULL ? g_steal_pointer (&live->last) : esp_mask_new_full (live->material->network);
  const guint layer = first_difference (live->material->network, last, mask);

  live->last = esp_mask_ref (mask);
  if (layer > 0 && layer < esp_network_get_n_layers (live->material->network))
    remember_change (live, layer);
  else if (layer == 0)
    live->newest = 0;
}

/** live_new_kept_pass: Returns: (transfer full): a pass of @mask's @engine that goes on from what earlier masks have in common with it.
 * Thread: lane. */
EspPass *
live_new_kept_pass (EspLive *live, EspEngine *engine, EspMask *mask)
{
  EspPass *pass = live_new_pass (live, engine);
  g_autofree EspPrefix *prefixes = NULL;
  int save = -1;

  if (live->prefixes == NULL)
    return pass;
  note_mask (live, mask);
  prefixes = g_new (EspPrefix, live->changes->len + 1);
  for (guint i = 0; i < live->changes->len; i++)
    {
      const guint layer = g_array_index (live->changes, guint, i);

      prefixes[i] = (EspPrefix){ layer, esp_mask_hash_up_to (mask, layer - 1) };
      if (layer == live->newest)
        save = (int) i;
    }
  esp_pass_set_prefixes (pass, live->prefixes, prefixes, live->changes->len, save);
  return pass;
}
