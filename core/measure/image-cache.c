/* image-cache.c: the images of a data set fitted to one network input, within a budget */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/image-cache.h"

#include <string.h>

typedef struct
{
  float *input; /* NULL: not kept */
  EspPlacement placement;
  int width, height; /* 0: not yet met */
} Entry;

struct _EspImageCache
{
  EspDataset *dataset;
  EspShape input;
  EspFit fit;
  EspOrientation orientation;
  gsize budget, used;
  guint n;
  Entry *entries;
};

/**
 * esp_image_cache_new:
 * @dataset: the images
 * @input: the network's input shape; n is not asked
 * @fit: how an image is laid on it
 * @orientation: which way up
 * @budget: bytes that may be kept
 *
 * Returns: (transfer full): nothing decoded yet. Thread: any.
 */
EspImageCache *
esp_image_cache_new (EspDataset *dataset, EspShape input, EspFit fit, EspOrientation orientation, gsize budget)
{
  EspImageCache *cache = g_atomic_rc_box_new0 (EspImageCache);

  cache->dataset = esp_dataset_ref (dataset);
  cache->input = input;
  cache->input.n = 1;
  cache->fit = fit;
  cache->orientation = orientation;
  cache->budget = budget;
  cache->n = esp_dataset_get_n (dataset);
  cache->entries = g_new0 (Entry, cache->n);
  return cache;
}

/** esp_image_cache_ref: Returns: (transfer full): the same cache. Thread: any. */
EspImageCache *
esp_image_cache_ref (EspImageCache *cache)
{
  return g_atomic_rc_box_acquire (cache);
}

static void
cache_clear (gpointer data)
{
  EspImageCache *cache = data;

  for (guint i = 0; i < cache->n; i++)
    g_free (cache->entries[i].input);
  g_free (cache->entries);
  esp_dataset_unref (cache->dataset);
}

/** esp_image_cache_unref: gives one reference back. Thread: any. */
void
esp_image_cache_unref (EspImageCache *cache)
{
  g_atomic_rc_box_release_full (cache, cache_clear);
}

/**
 * esp_image_cache_get:
 * @cache: the cache
 * @index: of the data set
 * @input: (out caller-allocates): c · h · w numbers, 0..1
 * @placement: (out): where the image lies on the input
 *
 * Cost: a copy where the image is kept, else a decode. Errors: those of esp_image_load(). Thread: lane.
 */
gboolean
esp_image_cache_get (EspImageCache *cache, guint index, float *input, EspPlacement *placement, GError **error)
{
  const gsize bytes = esp_shape_count (cache->input) * sizeof (float);
  const EspSample *sample;
  g_autoptr (EspImage) image = NULL;
  Entry *entry;

  g_return_val_if_fail (index < cache->n, FALSE);
  entry = &cache->entries[index];
  if (entry->input == NULL)
    {
      sample = esp_dataset_get (cache->dataset, index);
      image = esp_image_load (sample->path, cache->orientation, sample->width, sample->height, error);
      if (image == NULL)
        return FALSE;
      entry->width = esp_image_get_width (image);
      entry->height = esp_image_get_height (image);
      entry->placement = esp_fit_image (cache->fit, image, cache->input.c, cache->input.h, cache->input.w, input);
      if (bytes <= cache->budget - cache->used)
        {
          entry->input = g_memdup2 (input, bytes);
          cache->used += bytes;
        }
    }
  else
    memcpy (input, entry->input, bytes);
  *placement = entry->placement;
  return TRUE;
}

/** esp_image_cache_get_placement: Returns: FALSE where the image was not got yet; else where it lies on the input. Thread: lane. */
gboolean
esp_image_cache_get_placement (EspImageCache *cache, guint index, EspPlacement *placement)
{
  g_return_val_if_fail (index < cache->n, FALSE);
  *placement = cache->entries[index].placement;
  return cache->entries[index].width > 0;
}

/** esp_image_cache_get_size: Returns: FALSE where the image was not got yet; else its upright size in pixels. Thread: lane. */
gboolean
esp_image_cache_get_size (EspImageCache *cache, guint index, int *width, int *height)
{
  g_return_val_if_fail (index < cache->n, FALSE);
  *width = cache->entries[index].width;
  *height = cache->entries[index].height;
  return *width > 0;
}
