/* seeds.c: gradients that several terms of a loss ask for at the same layers, added up before one backward */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/seeds.h"

#include <string.h>

typedef struct
{
  float *values;
  gsize n, room;
  gboolean used;
} Seed;

struct _EspSeeds
{
  guint n_layers;
  Seed *seeds; /* n_layers */
};

/** esp_seeds_new: Returns: (transfer full): nothing asked for at any of @n_layers layers. Thread: lane. */
EspSeeds *
esp_seeds_new (guint n_layers)
{
  EspSeeds *seeds = g_new0 (EspSeeds, 1);

  seeds->n_layers = n_layers;
  seeds->seeds = g_new0 (Seed, n_layers);
  return seeds;
}

/** esp_seeds_free: frees @seeds (nullable). Thread: lane. */
void
esp_seeds_free (EspSeeds *seeds)
{
  if (seeds == NULL)
    return;
  for (guint i = 0; i < seeds->n_layers; i++)
    g_free (seeds->seeds[i].values);
  g_free (seeds->seeds);
  g_free (seeds);
}

/** esp_seeds_clear: nothing is asked for any more; the room is kept. Thread: lane. */
void
esp_seeds_clear (EspSeeds *seeds)
{
  for (guint i = 0; i < seeds->n_layers; i++)
    seeds->seeds[i].used = FALSE;
}

/**
 * esp_seeds_get:
 * @layer: whose output
 * @n: its numbers: those of one engine, the same for all who ask since the last clear
 *
 * Returns: (transfer none): @n numbers that the caller adds its gradient to. Thread: lane.
 */
float *
esp_seeds_get (EspSeeds *seeds, guint layer, gsize n)
{
  Seed *seed;

  g_return_val_if_fail (layer < seeds->n_layers, NULL);
  seed = &seeds->seeds[layer];
  g_return_val_if_fail (!seed->used || seed->n == n, NULL);
  if (seed->room < n)
    {
      g_free (seed->values);
      seed->values = g_new (float, n);
      seed->room = n;
    }
  if (!seed->used)
    memset (seed->values, 0, n * sizeof (float));
  seed->n = n;
  seed->used = TRUE;
  return seed->values;
}

/** esp_seeds_set: Errors: those of esp_engine_set_seed(). Thread: lane. */
gboolean
esp_seeds_set (EspSeeds *seeds, EspEngine *engine, GError **error)
{
  esp_engine_clear_seeds (engine);
  for (guint i = 0; i < seeds->n_layers; i++)
    if (seeds->seeds[i].used && !esp_engine_set_seed (engine, i, seeds->seeds[i].values, error))
      return FALSE;
  return TRUE;
}
