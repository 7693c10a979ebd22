/* palette.c: colour maps and class colours, safe for colour-blind eyes */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/palette.h"

#include "draw/oklch.h"

#include <math.h>
#include <string.h>

#define STEPS 256

typedef struct
{
  guint8 index; /* of 0..255 */
  guint32 rgb;
} Stop;

typedef guint8 Table[STEPS][3];

/* Every sixteenth colour of matplotlib's 256 (viridis: S. van der Walt and N. Smith, CC0). */
static const Stop viridis_stops[] = {
  { 0, 0x440154 },   { 16, 0x48186a },  { 32, 0x472d7b },  { 48, 0x424086 },  { 64, 0x3b528b },  { 80, 0x33638d },
  { 96, 0x2c728e },  { 112, 0x26828e }, { 128, 0x21918c }, { 144, 0x1fa088 }, { 160, 0x28ae80 }, { 176, 0x3fbc73 },
  { 192, 0x5ec962 }, { 208, 0x84d44b }, { 224, 0xaddc30 }, { 240, 0xd8e219 }, { 255, 0xfde725 },
};

/* cividis: J. Nuñez, C. Anderton and R. Renslow 2018, doi:10.1371/journal.pone.0199239; closer where its blue bends. */
static const Stop cividis_stops[] = {
  { 0, 0x00224e },   { 8, 0x00285b },   { 16, 0x002e6a },  { 24, 0x053371 },  { 32, 0x1a386f },  { 48, 0x32436d },  { 64, 0x434e6c },
  { 80, 0x535a6d },  { 96, 0x61656f },  { 112, 0x6f7073 }, { 128, 0x7d7c78 }, { 144, 0x8c8878 }, { 160, 0x9b9476 }, { 176, 0xaba072 },
  { 192, 0xbcae6c }, { 208, 0xcdbb64 }, { 224, 0xdec958 }, { 240, 0xf0d846 }, { 255, 0xfee838 },
};

static const EspPalette palettes[] = {
  { "viridis", "Viridis", FALSE },
  { "cividis", "Cividis", FALSE },
  { "blue-orange", "Blue to orange", TRUE },
};

static Table tables[G_N_ELEMENTS (palettes)];

static void
fill_from_stops (Table table, const Stop *stops)
{
  for (int i = 0, k = 0; i < STEPS; i++)
    {
      double share;

      if (i > stops[k + 1].index)
        k++;
      share = (double) (i - stops[k].index) / (stops[k + 1].index - stops[k].index);
      for (int c = 0; c < 3; c++)
        {
          int shift = 16 - 8 * c;
          double low = (stops[k].rgb >> shift) & 0xff, high = (stops[k + 1].rgb >> shift) & 0xff;

          table[i][c] = (guint8) lrint (low + share * (high - low));
        }
    }
}

/* Blue to near white to orange: lightness falls evenly from the middle to both ends, hues that dichromats tell apart. */
static void
fill_diverging (Table table)
{
  for (int i = 0; i < STEPS; i++)
    {
      double position = (2.0 * i - (STEPS - 1)) / (STEPS - 1), size = fabs (position);

      esp_oklch_to_rgb (0.97 - 0.43 * size, 0.17 * sqrt (size), position < 0 ? 256 : 52, table[i]);
    }
}

static void
fill_tables (void)
{
  static gsize done;

  if (!g_once_init_enter (&done))
    return;
  fill_from_stops (tables[0], viridis_stops);
  fill_from_stops (tables[1], cividis_stops);
  fill_diverging (tables[2]);
  g_once_init_leave (&done, 1);
}

/**
 * esp_palettes:
 * @n: (out): how many
 *
 * Returns: (transfer none): all colour maps. Thread: any.
 */
const EspPalette *
esp_palettes (guint *n)
{
  *n = G_N_ELEMENTS (palettes);
  return palettes;
}

/** esp_palette_find: Returns: (nullable): the map of this id. Thread: any. */
const EspPalette *
esp_palette_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (palettes); i++)
    if (g_strcmp0 (palettes[i].id, id) == 0)
      return &palettes[i];
  return NULL;
}

/** esp_palette_default: Returns: the map for magnitudes, or for numbers of both signs. Thread: any. */
const EspPalette *
esp_palette_default (gboolean is_signed)
{
  return &palettes[is_signed ? 2 : 0];
}

static const guint8 *
look_up (const EspPalette *palette, double position)
{
  return tables[palette - palettes][(int) lrint (CLAMP (position, 0, 1) * (STEPS - 1))];
}

/**
 * esp_palette_colour:
 * @palette: a row of esp_palettes()
 * @position: 0..1, clamped; a diverging map has zero at 0.5
 * @rgb: (out): sRGB bytes
 *
 * Thread: any.
 */
void
esp_palette_colour (const EspPalette *palette, double position, guint8 rgb[3])
{
  g_return_if_fail (palette >= palettes && palette < palettes + G_N_ELEMENTS (palettes));

  fill_tables ();
  memcpy (rgb, look_up (palette, position), 3);
}

/**
 * esp_palette_class:
 * @class_index: from 0
 * @rgb: (out): sRGB bytes
 *
 * A stable colour per class: hues a golden angle apart, four levels of lightness in turn, bright enough for a photograph and never
 * the only carrier of meaning (boxes have labels). Thread: any.
 */
void
esp_palette_class (int class_index, guint8 rgb[3])
{
  static const double lightness[] = { 0.76, 0.64, 0.87, 0.70 };
  guint index = class_index < 0 ? 0 : (guint) class_index;

  esp_oklch_to_rgb (lightness[index % G_N_ELEMENTS (lightness)], 0.19, fmod (52 + 137.50776405003785 * index, 360), rgb);
}

/* The place of @value in the map; @strength: how far from nothing it is, 0..1. */
static double
place (const EspPalette *palette, double value, double lowest, double highest, double *strength)
{
  double position;

  if (palette->diverging)
    {
      double most = MAX (fabs (lowest), fabs (highest));

      position = most > 0 ? CLAMP (0.5 + 0.5 * value / most, 0, 1) : 0.5;
      *strength = fabs (2 * position - 1);
    }
  else
    {
      position = highest > lowest ? CLAMP ((value - lowest) / (highest - lowest), 0, 1) : 0;
      *strength = position;
    }
  return position;
}

/* Smooth at both ends, so that no ring shows where the fading stops. */
static double
fade (double strength)
{
  double share = MIN (1, strength / ESP_PALETTE_FADE);

  return share * share * (3 - 2 * share);
}

static void
paint (const EspPalette *palette, const float *values, gsize n, float lowest, float highest, gboolean over, guint8 *bgra)
{
  fill_tables ();
  for (gsize i = 0; i < n; i++, bgra += 4)
    {
      double strength, position;
      const guint8 *rgb;
      guint alpha;

      if (isnan (values[i]))
        {
          memset (bgra, 0, 4);
          continue;
        }
      position = place (palette, values[i], lowest, highest, &strength);
      rgb = look_up (palette, position);
      alpha = over ? (guint) lrint (255 * fade (strength)) : 255;
      for (int c = 0; c < 3; c++)
        bgra[c] = (guint8) ((rgb[2 - c] * alpha + 127) / 255);
      bgra[3] = (guint8) alpha;
    }
}

/**
 * esp_palette_paint:
 * @palette: a row of esp_palettes()
 * @values: @n numbers; NaN is left transparent
 * @n: how many
 * @lowest: @highest: the scale: sequential maps go from one to the other, diverging ones from -m to m, m the larger magnitude
 * @bgra: (out): 4 * @n bytes, premultiplied, as CAIRO_FORMAT_ARGB32 and GDK_MEMORY_B8G8R8A8_PREMULTIPLIED want them
 *
 * Opaque colours: for maps that stand alone, as in a strip of channels. An empty scale paints the map's zero. Thread: any.
 */
void
esp_palette_paint (const EspPalette *palette, const float *values, gsize n, float lowest, float highest, guint8 *bgra)
{
  g_return_if_fail (palette >= palettes && palette < palettes + G_N_ELEMENTS (palettes));

  paint (palette, values, n, lowest, highest, FALSE, bgra);
}

/**
 * esp_palette_paint_over:
 *
 * As esp_palette_paint(), but fading to nothing within %ESP_PALETTE_FADE of the scale about its zero (its low end where sequential), so
 * that a photograph below shows where there is nothing to say. Thread: any.
 */
void
esp_palette_paint_over (const EspPalette *palette, const float *values, gsize n, float lowest, float highest, guint8 *bgra)
{
  g_return_if_fail (palette >= palettes && palette < palettes + G_N_ELEMENTS (palettes));

  paint (palette, values, n, lowest, highest, TRUE, bgra);
}
