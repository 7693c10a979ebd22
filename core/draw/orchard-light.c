/* orchard-light.c: where the light of a scene comes from, and how light becomes bytes */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define MOST_LIGHT 4 /* what the table of tones reaches to */
#define TONES      4096

static guint8 tones[TONES + 1];
static float linear[256];

static double
to_srgb (double value)
{
  return value <= .0031308 ? 12.92 * value : 1.055 * pow (value, 1 / 2.4) - .055;
}

/* Straight up to a knee, then rolled off towards white, so that highlights keep their shape. */
static double
roll_off (double value)
{
  const double knee = .62;

  return value <= knee ? value : knee + (1 - knee) * (1 - exp (-(value - knee) / (1 - knee)));
}

static gpointer
make_tables (gpointer data)
{
  for (int i = 0; i <= TONES; i++)
    tones[i] = (guint8) lrint (255 * to_srgb (roll_off ((double) i * MOST_LIGHT / TONES)));
  for (int i = 0; i < 256; i++)
    linear[i] = (float) (i / 255. <= .04045 ? i / 255. / 12.92 : pow ((i / 255. + .055) / 1.055, 2.4));
  return NULL;
}

static void
need_tables (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, make_tables, NULL);
}

/** esp_orchard_srgb: Returns: the linear light of a colour given in bytes of sRGB. Thread: any. */
EspRgb
esp_orchard_srgb (int r, int g, int b)
{
  need_tables ();
  return (EspRgb){ linear[r], linear[g], linear[b] };
}

/** esp_orchard_tone: Returns: the byte for an amount of light. Thread: any, once esp_orchard_light_lot() has been called. */
guint8
esp_orchard_tone (float value)
{
  return tones[(int) (CLAMP (value, 0, MOST_LIGHT - .001f) * (TONES / MOST_LIGHT) + .5f)];
}

/** esp_orchard_light_lot: draws the hour, the side of the sun and the sky's clearness by lot. Thread: the stream's owner. */
void
esp_orchard_light_lot (EspOrchardLight *light, GRand *rng)
{
  const gboolean late = g_rand_double (rng) < .32;
  const float side = g_rand_boolean (rng) ? 1 : -1;
  const float dusk = late ? esp_lot (rng, .55, 1) : esp_lot (rng, 0, .22);
  const float height = late ? esp_lot (rng, .15, .5) : esp_lot (rng, .6, 1.25);
  const float clear = esp_lot (rng, .55, 1);

  need_tables ();
  light->dusk = dusk;
  light->hazy = clear < .68f;
  light->exposure = esp_lot (rng, 1.02, 1.3);
  light->dir = esp_vec_unit ((EspVec){ side * esp_lot (rng, .45, 1), -height, esp_lot (rng, .55, .95) });
  light->half = esp_vec_unit ((EspVec){ light->dir.x, light->dir.y, light->dir.z + 1 });
  light->sun = esp_rgb_scale (esp_rgb_mix ((EspRgb){ 1.95f, 1.8f, 1.42f }, (EspRgb){ 2.1f, 1.15f, .52f }, dusk), clear);
  light->sky = esp_rgb_scale (esp_rgb_mix ((EspRgb){ .38f, .43f, .47f }, (EspRgb){ .30f, .27f, .38f }, dusk), 1.5f - .5f * clear);
  light->bounce = esp_rgb_mix ((EspRgb){ .18f, .20f, .10f }, (EspRgb){ .15f, .11f, .08f }, dusk);
}
