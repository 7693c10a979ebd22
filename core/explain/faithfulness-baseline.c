/* faithfulness-baseline.c: maps that know nothing of what the network computes */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/faithfulness.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/rng.h"

/** esp_baseline_id: Returns: its name in tables. Thread: any. */
const char *
esp_baseline_id (EspBaseline baseline)
{
  static const char *const ids[ESP_N_BASELINES] = { "random-order", "box-prior", "centred-gaussian", "edge-map" };

  return ids[baseline];
}

/** esp_baseline_title: Returns: its name for people, to be translated. Thread: any. */
const char *
esp_baseline_title (EspBaseline baseline)
{
  static const char *const titles[ESP_N_BASELINES]
      = { N_ ("Random order"), N_ ("Filled box"), N_ ("Gaussian about the box"), N_ ("Edges") };

  return titles[baseline];
}

static void
fill_random (EspHeatmap *map, guint64 seed)
{
  g_autoptr (GRand) rng = esp_rng_new (seed, 0x0bde5, 0);

  for (gsize i = 0; i < (gsize) map->width * (gsize) map->height; i++)
    map->values[i] = (float) g_rand_double (rng);
}

/* Middles of pixels from the middle of the box, in half widths and heights of it: inside it both are at most 1. */
static void
fill_about_box (EspHeatmap *map, EspBox box, gboolean gaussian)
{
  const EspPlacement p = map->placement;

  for (int y = 0; y < map->height; y++)
    for (int x = 0; x < map->width; x++)
      {
        const double u = (((x + .5) / map->width - p.left) / p.width - (double) box.x) / MAX ((double) box.w / 2, 1e-9);
        const double v = (((y + .5) / map->height - p.top) / p.height - (double) box.y) / MAX ((double) box.h / 2, 1e-9);
        float *value = &map->values[(gsize) y * (gsize) map->width + (gsize) x];

        if (gaussian)
          *value = (float) exp (-2 * (u * u + v * v));
        else
          *value = fabs (u) <= 1 && fabs (v) <= 1 ? 1 : 0;
      }
}

static float
mean_at (const float *input, EspShape shape, int x, int y)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  const gsize at = (gsize) CLAMP (y, 0, shape.h - 1) * (gsize) shape.w + (gsize) CLAMP (x, 0, shape.w - 1);
  float sum = 0;

  for (int c = 0; c < shape.c; c++)
    sum += input[(gsize) c * plane + at];
  return sum / (float) shape.c;
}

static void
fill_edges (EspHeatmap *map, const float *input, EspShape shape)
{
  static const float weights[3] = { 1, 2, 1 };

  for (int y = 0; y < map->height; y++)
    for (int x = 0; x < map->width; x++)
      {
        float across = 0, down = 0;

        for (int i = -1; i <= 1; i++)
          {
            across += weights[i + 1] * (mean_at (input, shape, x + 1, y + i) - mean_at (input, shape, x - 1, y + i));
            down += weights[i + 1] * (mean_at (input, shape, x + i, y + 1) - mean_at (input, shape, x + i, y - 1));
          }
        map->values[(gsize) y * (gsize) map->width + (gsize) x] = hypotf (across, down);
      }
}

/**
 * esp_baseline_map:
 * @baseline: which
 * @input: c * h * w numbers 0..1, as the network takes them
 * @shape: of the input
 * @placement: where the image lies on it
 * @box: the box that is explained, fractions of the image
 * @seed: of the random one
 *
 * What any explanation has to beat: a random order of the pixels, the box itself, a Gaussian about its middle (sigma a quarter of its width
 * across and of its height down, so that the box ends at two sigma), and the edges of the picture (Sobel).
 * Returns: (transfer full): a map at the pixels of the input. Thread: any.
 */
EspHeatmap *
esp_baseline_map (EspBaseline baseline, const float *input, EspShape shape, EspPlacement placement, EspBox box, guint64 seed)
{
  EspHeatmap *map = esp_heatmap_new (shape.w, shape.h);

  map->placement = placement;
  map->method = g_strdup (esp_baseline_id (baseline));
  switch (baseline)
    {
    case ESP_BASELINE_BOX:
    case ESP_BASELINE_GAUSSIAN:
      fill_about_box (map, box, baseline == ESP_BASELINE_GAUSSIAN);
      break;
    case ESP_BASELINE_EDGES:
      fill_edges (map, input, shape);
      break;
    case ESP_BASELINE_RANDOM:
    case ESP_N_BASELINES:
    default:
      fill_random (map, seed);
      break;
    }
  return map;
}
