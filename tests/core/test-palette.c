/* test-palette.c: order of lightness, zero, dichromats, class colours, premultiplied pixels */
#include "config.h"

#include "draw/oklch.h"
#include "draw/palette.h"

#include <math.h>
#include <string.h>

static double
linear (guint8 byte)
{
  double value = byte / 255.0;

  return value <= 0.04045 ? value / 12.92 : pow ((value + 0.055) / 1.055, 2.4);
}

/* CIE L*, 0..100. */
static double
lightness (const guint8 rgb[3])
{
  double y = 0.2126 * linear (rgb[0]) + 0.7152 * linear (rgb[1]) + 0.0722 * linear (rgb[2]);

  return y > 216.0 / 24389 ? 116 * cbrt (y) - 16 : y * 24389 / 27;
}

static double
distance (const guint8 a[3], const guint8 b[3])
{
  double x[3], y[3];

  esp_rgb_to_oklab (a, x);
  esp_rgb_to_oklab (b, y);
  return sqrt ((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) + (x[2] - y[2]) * (x[2] - y[2]));
}

static double
lightness_at (const EspPalette *palette, double position)
{
  guint8 rgb[3];

  esp_palette_colour (palette, position, rgb);
  return lightness (rgb);
}

/* Every step of 1/64 is visibly lighter (or, right of a diverging map's zero, darker); both ends of a diverging map weigh the same. */
static void
test_monotone (void)
{
  guint n;
  const EspPalette *palettes = esp_palettes (&n);

  g_assert_cmpuint (n, >=, 3);
  for (guint p = 0; p < n; p++)
    {
      const EspPalette *palette = &palettes[p];

      g_assert_true (esp_palette_find (palette->id) == palette);
      for (int i = 0; i < 64; i++)
        {
          double step = lightness_at (palette, (i + 1) / 64.0) - lightness_at (palette, i / 64.0);

          g_assert_cmpfloat (palette->diverging && i >= 32 ? -step : step, >, 0.2);
        }
      if (palette->diverging)
        g_assert_cmpfloat (fabs (lightness_at (palette, 0) - lightness_at (palette, 1)), <, 4);
    }
  g_assert_null (esp_palette_find ("jet"));
  g_assert_true (esp_palette_default (TRUE)->diverging);
  g_assert_false (esp_palette_default (FALSE)->diverging);
}

/* Published colours of the two maps at their ends and middle. */
static void
test_published (void)
{
  static const struct
  {
    const char *id;
    double position;
    guint8 rgb[3];
  } known[] = {
    { "viridis", 0, { 68, 1, 84 } }, { "viridis", 128 / 255.0, { 33, 145, 140 } }, { "viridis", 1, { 253, 231, 37 } },
    { "cividis", 0, { 0, 34, 78 } }, { "cividis", 1, { 254, 232, 56 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      guint8 rgb[3];

      esp_palette_colour (esp_palette_find (known[i].id), known[i].position, rgb);
      for (int c = 0; c < 3; c++)
        g_assert_cmpint (ABS (rgb[c] - known[i].rgb[c]), <=, 1);
    }
}

/* What a deuteranope or protanope sees of @rgb: G. Machado et al. 2009, severity 1. */
static void
dichromat (const guint8 rgb[3], const double matrix[9], guint8 seen[3])
{
  for (int i = 0; i < 3; i++)
    {
      double sum = 0;

      for (int k = 0; k < 3; k++)
        sum += matrix[3 * i + k] * linear (rgb[k]);
      sum = CLAMP (sum, 0, 1);
      seen[i] = (guint8) lrint (255 * (sum <= 0.0031308 ? 12.92 * sum : 1.055 * pow (sum, 1 / 2.4) - 0.055));
    }
}

static void
test_colour_blind (void)
{
  static const double eyes[2][9] = {
    { 0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881 },
    { 0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998 },
  };
  const EspPalette *palette = esp_palette_default (TRUE);

  for (int eye = 0; eye < 2; eye++)
    for (double size = 0.5; size <= 1; size += 0.125)
      {
        guint8 negative[3], positive[3], a[3], b[3];

        esp_palette_colour (palette, 0.5 - size / 2, negative);
        esp_palette_colour (palette, 0.5 + size / 2, positive);
        dichromat (negative, eyes[eye], a);
        dichromat (positive, eyes[eye], b);
        g_assert_cmpfloat (distance (a, b), >, 0.1);
      }
}

static void
test_classes (void)
{
  guint8 colours[80][3], again[3];

  for (int i = 0; i < 80; i++)
    {
      esp_palette_class (i, colours[i]);
      g_assert_cmpfloat (lightness (colours[i]), >, 45);
      for (int k = 0; k < i; k++)
        g_assert_cmpfloat (distance (colours[i], colours[k]), >, i < 8 ? 0.08 : 0.01);
    }
  esp_palette_class (7, again);
  g_assert_cmpmem (again, 3, colours[7], 3);
  esp_palette_class (-1, again);
  g_assert_cmpmem (again, 3, colours[0], 3);
}

static void
test_paint (void)
{
  const EspPalette *palette = esp_palette_default (TRUE);
  const float values[] = { -2, 0, 1, NAN, 9, 0.2f };
  guint8 opaque[24], over[24], rgb[3];

  esp_palette_paint (palette, values, 6, -2, 1, opaque);
  esp_palette_paint_over (palette, values, 6, -2, 1, over);
  esp_palette_colour (palette, 0, rgb);
  g_assert_true (opaque[0] == rgb[2] && opaque[1] == rgb[1] && opaque[2] == rgb[0] && opaque[3] == 255);
  g_assert_cmpmem (opaque, 4, over, 4);
  esp_palette_colour (palette, 0.75, rgb);
  g_assert_true (opaque[8] == rgb[2] && opaque[10] == rgb[0]);
  g_assert_cmpint (opaque[12] | opaque[13] | opaque[14] | opaque[15], ==, 0);
  esp_palette_colour (palette, 1, rgb);
  g_assert_cmpint (opaque[18], ==, rgb[0]);
  g_assert_cmpint (over[7], ==, 0);
  g_assert_cmpint (over[23], ==, lrint (255 * 0.2 * 0.2 * (3 - 2 * 0.2)));
  for (int i = 0; i < 24; i++)
    g_assert_cmpint (over[i], <=, over[i / 4 * 4 + 3]);
}

/* A map of one value only has no scale to speak of. */
static void
test_paint_empty_scale (void)
{
  const float values[] = { 0, 0 };
  guint8 signs[8], magnitudes[8], rgb[3];

  esp_palette_paint (esp_palette_default (TRUE), values, 2, 0, 0, signs);
  esp_palette_colour (esp_palette_default (TRUE), 0.5, rgb);
  g_assert_cmpint (signs[0], ==, rgb[2]);
  esp_palette_paint (esp_palette_default (FALSE), values, 2, 0, 0, magnitudes);
  esp_palette_colour (esp_palette_default (FALSE), 0, rgb);
  g_assert_cmpint (magnitudes[0], ==, rgb[2]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/palette/monotone", test_monotone);
  g_test_add_func ("/palette/published", test_published);
  g_test_add_func ("/palette/colour-blind", test_colour_blind);
  g_test_add_func ("/palette/classes", test_classes);
  g_test_add_func ("/palette/paint", test_paint);
  g_test_add_func ("/palette/paint-empty-scale", test_paint_empty_scale);
  return g_test_run ();
}
