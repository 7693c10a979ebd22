/* augment-options.c: settings of augmentation by name */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment.h"

#include <math.h>

#include "base/error.h"

#define MOST_FACTOR 100.
#define MOST_PIXELS 16384.

/* Whose images are drawn so. */
typedef enum
{
  OF_ALL,
  OF_DETECTORS,
  OF_CLASSIFIERS,
} Whose;

/* What has a number for itself; @nothing is the one that draws nothing. */
static const struct
{
  const char *key;
  gsize at;
  gboolean whole; /* an int, else a double */
  double low, high, nothing;
  Whose whose;
} settings[] = {
  { "flip", G_STRUCT_OFFSET (EspAugment, flip), FALSE, 0, 1, 0, OF_ALL },
  { "hue", G_STRUCT_OFFSET (EspAugment, hue), FALSE, 0, .5, 0, OF_ALL },
  { "saturation", G_STRUCT_OFFSET (EspAugment, saturation), FALSE, 1, MOST_FACTOR, 1, OF_ALL },
  { "exposure", G_STRUCT_OFFSET (EspAugment, exposure), FALSE, 1, MOST_FACTOR, 1, OF_ALL },
  { "jitter", G_STRUCT_OFFSET (EspAugment, jitter), FALSE, 0, .49, 0, OF_DETECTORS },
  { "resize", G_STRUCT_OFFSET (EspAugment, resize), FALSE, 1 / MOST_FACTOR, MOST_FACTOR, 1, OF_DETECTORS },
  { "scale_low", G_STRUCT_OFFSET (EspAugment, scale_low), FALSE, 1 / MOST_FACTOR, MOST_FACTOR, 1, OF_DETECTORS },
  { "scale_high", G_STRUCT_OFFSET (EspAugment, scale_high), FALSE, 1 / MOST_FACTOR, MOST_FACTOR, 1, OF_DETECTORS },
  { "mosaic", G_STRUCT_OFFSET (EspAugment, mosaic), FALSE, 0, 1, 0, OF_DETECTORS },
  { "mixup", G_STRUCT_OFFSET (EspAugment, mixup), FALSE, 0, 1, 0, OF_DETECTORS },
  { "random", G_STRUCT_OFFSET (EspAugment, random), FALSE, 1, MOST_FACTOR, 1, OF_ALL },
  { "step", G_STRUCT_OFFSET (EspAugment, step), TRUE, 1, 1024, 32, OF_ALL },
  { "least_visible", G_STRUCT_OFFSET (EspAugment, least_visible), FALSE, 0, 1, 0, OF_DETECTORS },
  { "least_pixels", G_STRUCT_OFFSET (EspAugment, least_pixels), FALSE, 0, MOST_PIXELS, 1, OF_ALL },
  { "angle", G_STRUCT_OFFSET (EspAugment, angle), FALSE, 0, 180, 0, OF_CLASSIFIERS },
  { "aspect", G_STRUCT_OFFSET (EspAugment, aspect), FALSE, 1, MOST_FACTOR, 1, OF_CLASSIFIERS },
  { "crop_low", G_STRUCT_OFFSET (EspAugment, crop_low), TRUE, 0, MOST_PIXELS, 0, OF_CLASSIFIERS },
  { "crop_high", G_STRUCT_OFFSET (EspAugment, crop_high), TRUE, 0, MOST_PIXELS, 0, OF_CLASSIFIERS },
  { "pad", G_STRUCT_OFFSET (EspAugment, pad), TRUE, 0, MOST_PIXELS, 0, OF_CLASSIFIERS },
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
 * esp_augment_check:
 * @augment: what was set
 * @network: whose images are drawn
 * @error: ESP_ERROR_UNSUPPORTED where they are not drawn so: those of a detector are not turned, a classifier's no mosaic
 *
 * Returns: whether all that is set has an effect. Thread: any.
 */
gboolean
esp_augment_check (const EspAugment *augment, const EspNetwork *network, GError **error)
{
  const gboolean classifier = esp_network_get_scores (network) > 0;

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (settings[i].whose == (classifier ? OF_DETECTORS : OF_CLASSIFIERS) && get (augment, i) != settings[i].nothing)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s=%g: images of a %s are not drawn so: expected %g", settings[i].key,
                     get (augment, i), classifier ? "classifier" : "detector", settings[i].nothing);
        return FALSE;
      }
  return TRUE;
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
