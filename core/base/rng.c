/* rng.c: random streams keyed by numbers, never by thread */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/rng.h"

#include <math.h>

/** esp_rng_new: Returns: (transfer full): GLib's Mersenne twister seeded by all bits of @seed, @a and @b. Thread: any. */
GRand *
esp_rng_new (guint64 seed, guint64 a, guint64 b)
{
  const guint32 key[6] = { (guint32) seed, (guint32) (seed >> 32), (guint32) a, (guint32) (a >> 32), (guint32) b, (guint32) (b >> 32) };

  return g_rand_new_with_seed_array (key, G_N_ELEMENTS (key));
}

/** esp_rng_normal: Returns: a draw of N(0, 1) (Box and Muller 1958). Thread: the stream's owner. */
double
esp_rng_normal (GRand *rng)
{
  const double radius = sqrt (2.0 * esp_rng_exponential (rng));

  return radius * cos (2.0 * G_PI * g_rand_double (rng));
}

/** esp_rng_exponential: Returns: a draw of Exp(1), finite. Thread: the stream's owner. */
double
esp_rng_exponential (GRand *rng)
{
  return -log (1.0 - g_rand_double (rng));
}

/** esp_rng_shuffle: puts @n items into an order drawn evenly (Fisher and Yates). Thread: the stream's owner. */
void
esp_rng_shuffle (GRand *rng, guint *items, guint n)
{
  for (guint i = n; i > 1; i--)
    {
      const guint j = (guint) g_rand_int_range (rng, 0, (gint32) i);
      const guint item = items[i - 1];

      items[i - 1] = items[j];
      items[j] = item;
    }
}
