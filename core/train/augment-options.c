/* augment-options.c: settings of augmentation by name */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment.h"

#include <math.h>

#include "base/error.h"

#define MOST_FACTOR 100.
#define MOST_PIXELS 16384.

/* What has a number for itself; @nothing is the one that draws nothing. */
static const struct
{
  const char *key;
  gsize at;
  gboolean whole; /* an int, else a double */
  double low, high, nothing;
} settings[] = {
  { "flip", G_STRUCT_OFFSET (EspAugment, flip), FALSE, 0, 1, 0 },
  { "hue", G_STRUCT_OFFSET (EspAugment, hue), FALSE, 0, .5, 0 },
  { "saturation", G_STRUCT_OFFSET (EspAugment, saturation), FALSE, 1, MOST_FACTOR, 1 },
  { "exposure", G_STRUCT_OFFSET (EspAugment, exposure), FALSE, 1, MOST_FACTOR, 1 },
  { "jitter", G_STRUCT_OFFSET (EspAugment, jitter), FALSE, 0, .49, 0 },
  { "resize", G_STRUCT_OFFSET (EspAugment, resize), FALSE, 1 / MOST_FACTOR, MOST_FACTOR, 1 },
  { "scale_low", G_STRUCT_OFFSET (EspAugment, scale_low), FALSE, 1 / MOST_FACTOR, MOST_FACTOR, 1 },
  { "scale_high", G_STRUCT_OFFSET (EspAugment, scale_high), FALSE, 1 / MOST_FACTOR, MOST_FACTOR, 1 },
  { "mosaic", G_STRUCT_OFFSET (EspAugment, mosaic), FALSE, 0, 1, 0 },
  { "mixup", G_STRUCT_OFFSET (EspAugment, mixup), FALSE, 0, 1, 0 },
  { "random", G_STRUCT_OFFSET (EspAugment, random), FALSE, 1, MOST_FACTOR, 1 },
  { "step", G_STRUCT_OFFSET (EspAugment, step), TRUE, 1, 1024, 32 },
  { "least_visible", G_STRUCT_OFFSET (EspAugment, least_visible), FALSE, 0, 1, 0 },
  { "least_pixels", G_STRUCT_OFFSET (EspAugment, least_pixels), FALSE, 0, MOST_PIXELS, 1 },
  { "angle", G_STRUCT_OFFSET (EspAugment, angle), FALSE, 0, 180, 0 },
  { "aspect", G_STRUCT_OFFSET (EspAugment, aspect), FALSE, 1, MOST_FACTOR, 1 },
  { "crop_low", G_STRUCT_OFFSET (EspAugment, crop_low), TRUE, 0, MOST_PIXELS, 0 },
  { "crop_high", G_STRUCT_OFFSET (EspAugment, crop_high), TRUE, 0, MOST_PIXELS, 0 },
  { "pad", G_STRUCT_OFFSET (EspAugment, pad), TRUE, 0, MOST_PIXELS, 0 },
};

static double
get (const EspAugment *augment, guint i)
{
  const guint8 *at = (const guint8 *) augment + settings[i].at;

  return settings[i].whole ? *(const int *) (gconstpointer) at : *(const double *) (gconstpointer) at;
}

static gboolean
set (EspAugment *augment, guint i, const char *text, GError **error)
{
  guint8 *at = (guint8 *) augment + settings[i].at;
  char *end = NULL;
  const double value = g_ascii_strtod (text, &end);

  if (end == text || *end != '\0' || !(value >= settings[i].low && value <= settings[i].high)
      || (settings[i].whole && value != rint (value)))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s=%s: expected a %snumber from %g to %g", settings[i].key, text,
                   settings[i].whole ? "whole " : "", settings[i].low, settings[i].high);
      esp_error_make_utf8 (error);
      return FALSE;
    }
  if (settings[i].whole)
    *(int *) (gpointer) at = (int) value;
  else
    *(double *) (gpointer) at = value;
  return TRUE;
}

/**
 * esp_augment_set:
 * @augment: changed
 * @pair: "KEY=NUMBER", KEY a field of EspAugment: "jitter=.3"
 * @error: ESP_ERROR_FORMAT for another key, or a number out of bounds
 *
 * Thread: any.
 */
gboolean
esp_augment_set (EspAugment *augment, const char *pair, GError **error)
{
  g_auto (GStrv) sides = g_strsplit (pair, "=", 2);
  g_autoptr (GString) keys = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (settings) && g_strv_length (sides) == 2; i++)
    if (g_str_equal (g_strstrip (sides[0]), settings[i].key))
      return set (augment, i, g_strstrip (sides[1]), error);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    g_string_append_printf (keys, "%s%s", i > 0 ? ", " : "", settings[i].key);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected KEY=NUMBER, KEY one of %s", pair, keys->str);
  esp_error_make_utf8 (error);
  return FALSE;
}

/**
 * esp_augment_describe:
 * @augment: the settings
 *
 * Returns: (transfer full): "flip=0.5, hue=0.1", all that is drawn, as esp_augment_set() reads each; "nothing". Numbers in the C locale.
 * Thread: any.
 */
char *
esp_augment_describe (const EspAugment *augment)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      char number[G_ASCII_DTOSTR_BUF_SIZE];

      if (get (augment, i) != settings[i].nothing)
        g_string_append_printf (text, "%s%s=%s", text->len > 0 ? ", " : "", settings[i].key,
                                g_ascii_formatd (number, sizeof number, "%.6g", get (augment, i)));
    }
  if (text->len == 0)
    g_string_append (text, "nothing");
  return g_string_free (text, FALSE);
}
