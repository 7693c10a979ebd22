/* shuffle.c: the order of images, each once an epoch */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/shuffle.h"

#include "base/rng.h"

#define PURPOSE G_GUINT64_CONSTANT (0x73687566666c65) /* "shuffle" */
#define KEPT    2                                     /* epochs: a batch can lie in two */

struct _EspShuffle
{
  guint n;
  guint64 seed;
  guint64 epoch[KEPT]; /* + 1; 0: none yet */
  guint *order[KEPT];
};

/**
 * esp_shuffle_new:
 * @n: images, at least 1
 * @seed: of all epochs
 *
 * Returns: (transfer full): orders of 0 to @n - 1, drawn evenly for each epoch by (@seed, epoch) alone. Thread: any.
 */
EspShuffle *
esp_shuffle_new (guint n, guint64 seed)
{
  EspShuffle *shuffle = NULL;

  g_return_val_if_fail (n > 0, NULL);
  shuffle = g_new0 (EspShuffle, 1);
  shuffle->n = n;
  shuffle->seed = seed;
  return shuffle;
}

/** esp_shuffle_free: frees @shuffle. Thread: any. */
void
esp_shuffle_free (EspShuffle *shuffle)
{
  if (shuffle == NULL)
    return;
  for (guint i = 0; i < KEPT; i++)
    g_free (shuffle->order[i]);
  g_free (shuffle);
}

static const guint *
order_of (EspShuffle *shuffle, guint64 epoch)
{
  const guint slot = epoch % KEPT;
  g_autoptr (GRand) rng = NULL;

  if (shuffle->epoch[slot] == epoch + 1)
    return shuffle->order[slot];
  if (shuffle->order[slot] == NULL)
    shuffle->order[slot] = g_new (guint, shuffle->n);
  for (guint i = 0; i < shuffle->n; i++)
    shuffle->order[slot][i] = i;
  rng = esp_rng_new (shuffle->seed ^ PURPOSE, epoch, shuffle->n);
  esp_rng_shuffle (rng, shuffle->order[slot], shuffle->n);
  shuffle->epoch[slot] = epoch + 1;
  return shuffle->order[slot];
}

/**
 * esp_shuffle_at:
 * @place: images before it since the beginning of all
 * @epoch: (out): the one that it lies in
 *
 * Returns: which image. Cost: a draw of the epoch's order where it is not among the two met last. Thread: one at a time.
 */
guint
esp_shuffle_at (EspShuffle *shuffle, guint64 place, guint64 *epoch)
{
  *epoch = place / shuffle->n;
  return order_of (shuffle, *epoch)[place % shuffle->n];
}
