/* orchard-noise.c: numbers that hang on a place and a seed alone */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

/** esp_orchard_hash: Returns: 0 to 1, even, of the cell (@x, @y). Thread: any. */
float
esp_orchard_hash (gint32 x, gint32 y, guint32 seed)
{
  guint32 h = (guint32) x * 0x9e3779b1u ^ (guint32) y * 0x85ebca77u ^ seed * 0xc2b2ae3du;

  h = (h ^ h >> 15) * 0x2c1b3c6du;
  h = (h ^ h >> 12) * 0x297a2d39u;
  return (float) ((h ^ h >> 15) >> 8) / (float) (1 << 24);
}

/** esp_orchard_noise: Returns: -1 to 1, a smooth surface over a lattice of side 1 (value noise). Thread: any. */
float
esp_orchard_noise (float x, float y, guint32 seed)
{
  const gint32 i = (gint32) (x + 4096) - 4096, j = (gint32) (y + 4096) - 4096; /* floor of what is above -4096 */
  const float u = x - (float) i, v = y - (float) j;
  const float su = u * u * (3 - 2 * u), sv = v * v * (3 - 2 * v);
  const float a = esp_orchard_hash (i, j, seed), b = esp_orchard_hash (i + 1, j, seed);
  const float c = esp_orchard_hash (i, j + 1, seed), d = esp_orchard_hash (i + 1, j + 1, seed);
  const float above = a + su * (b - a), below = c + su * (d - c);

  return 2 * (above + sv * (below - above)) - 1;
}
