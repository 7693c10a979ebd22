/* oklch.c: lightness, chroma and hue as the eye orders them, to sRGB bytes */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/oklch.h"

#include <math.h>

static double
encode (double linear)
{
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow (linear, 1 / 2.4) - 0.055;
}

static double
decode (guint8 byte)
{
  double value = byte / 255.0;

  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

/* To linear sRGB; FALSE where a component leaves 0..1. */
static gboolean
lab_to_linear (double lightness, double a, double b, double linear[3])
{
  double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
  double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
  double s = lightness - 0.0894841775 * a - 1.2914855480 * b;
  gboolean inside = TRUE;

  l = l * l * l;
  m = m * m * m;
  s = s * s * s;
  linear[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  linear[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  linear[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
  for (int i = 0; i < 3; i++)
    inside = inside && linear[i] >= -1e-4 && linear[i] <= 1 + 1e-4;
  return inside;
}

/**
 * esp_oklch_to_rgb:
 * @lightness: 0 black to 1 white
 * @chroma: 0 grey to about 0.3
 * @hue: degrees; 30 is red, 55 orange, 145 green, 255 blue
 * @rgb: (out): sRGB bytes
 *
 * A colour outside sRGB keeps its lightness and hue and loses chroma (bisection), so an order by lightness survives.
 * Source: B. Ottosson 2020, "A perceptual color space for image processing" (Oklab). Thread: any.
 */
void
esp_oklch_to_rgb (double lightness, double chroma, double hue, guint8 rgb[3])
{
  double x = cos (hue * G_PI / 180), y = sin (hue * G_PI / 180);
  double low = 0, high = chroma, linear[3];

  if (!lab_to_linear (lightness, chroma * x, chroma * y, linear))
    {
      for (int i = 0; i < 24; i++)
        {
          double middle = (low + high) / 2;

          if (lab_to_linear (lightness, middle * x, middle * y, linear))
            low = middle;
          else
            high = middle;
        }
      lab_to_linear (lightness, low * x, low * y, linear);
    }
  for (int i = 0; i < 3; i++)
    rgb[i] = (guint8) lrint (255 * encode (CLAMP (linear[i], 0, 1)));
}

/**
 * esp_rgb_to_oklab:
 * @rgb: sRGB bytes
 * @lab: (out): lightness 0..1, then the two colour axes
 *
 * The straight distance of two such triples is near what the eye sees. Source and thread as esp_oklch_to_rgb().
 */
void
esp_rgb_to_oklab (const guint8 rgb[3], double lab[3])
{
  double r = decode (rgb[0]), g = decode (rgb[1]), b = decode (rgb[2]);
  double l = cbrt (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  double m = cbrt (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  double s = cbrt (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);

  lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
  lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
  lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}
