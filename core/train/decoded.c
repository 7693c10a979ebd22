/* decoded.c: the pictures of a data set as decoded, within a budget */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/decoded.h"

#include <pthread.h>

struct _EspDecodedStore
{
  EspDataset *dataset;
  EspOrientation orientation;
  guint n;
  pthread_mutex_t lock; /* of all below */
  gsize budget, used;
  EspDecoded **kept; /* n, NULL where not */
};

/** esp_decoded_ref: Returns: (transfer full): @decoded. Thread: any. */
EspDecoded *
esp_decoded_ref (EspDecoded *decoded)
{
  return g_atomic_rc_box_acquire (decoded);
}

static void
decoded_clear (gpointer data)
{
  esp_image_unref (((EspDecoded *) data)->image);
}

/** esp_decoded_unref: drops a reference. Thread: any. */
void
esp_decoded_unref (EspDecoded *decoded)
{
  g_atomic_rc_box_release_full (decoded, decoded_clear);
}

static void
find_mean (EspDecoded *decoded)
{
  const guint8 *rgb = esp_image_get_rgb (decoded->image);
  const gsize n = (gsize) esp_image_get_width (decoded->image) * (gsize) esp_image_get_height (decoded->image);
  guint64 sum[3] = { 0 };

  for (gsize i = 0; i < n; i++)
    for (guint k = 0; k < 3; k++)
      sum[k] += rgb[3 * i + k];
  for (guint k = 0; k < 3; k++)
    decoded->mean[k] = (float) ((double) sum[k] / (255. * (double) n));
}

/* Of 16 bits both forms are held. */
static gsize
count_bytes (const EspDecoded *decoded)
{
  const gsize n = (gsize) esp_image_get_width (decoded->image) * (gsize) esp_image_get_height (decoded->image) * 3;

  return sizeof *decoded + (esp_image_get_depth (decoded->image) == 16 ? 3 * n : n);
}

/**
 * esp_decoded_store_new:
 * @dataset: the pictures
 * @orientation: which way up
 * @budget: bytes that may be kept
 *
 * Returns: (transfer full): nothing decoded yet. Thread: any.
 */
EspDecodedStore *
esp_decoded_store_new (EspDataset *dataset, EspOrientation orientation, gsize budget)
{
  EspDecodedStore *store = g_new0 (EspDecodedStore, 1);

  store->dataset = esp_dataset_ref (dataset);
  store->orientation = orientation;
  store->budget = budget;
  store->n = esp_dataset_get_n (dataset);
  store->kept = g_new0 (EspDecoded *, store->n);
  pthread_mutex_init (&store->lock, NULL);
  return store;
}

/** esp_decoded_store_free: frees @store; pictures that are in use live on. Thread: any, when no other uses it. */
void
esp_decoded_store_free (EspDecodedStore *store)
{
  if (store == NULL)
    return;
  for (guint i = 0; i < store->n; i++)
    g_clear_pointer (&store->kept[i], esp_decoded_unref);
  g_free (store->kept);
  pthread_mutex_destroy (&store->lock);
  esp_dataset_unref (store->dataset);
  g_free (store);
}

static EspDecoded *
find (EspDecodedStore *store, guint index)
{
  EspDecoded *decoded = NULL;

  pthread_mutex_lock (&store->lock);
  if (store->kept[index] != NULL)
    decoded = esp_decoded_ref (store->kept[index]);
  pthread_mutex_unlock (&store->lock);
  return decoded;
}

/* Two threads may have decoded the same picture at once: the first is kept. */
static void
keep (EspDecodedStore *store, guint index, EspDecoded *decoded)
{
  const gsize bytes = count_bytes (decoded);

  pthread_mutex_lock (&store->lock);
  if (store->kept[index] == NULL && bytes <= store->budget - store->used)
    {
      store->kept[index] = esp_decoded_ref (decoded);
      store->used += bytes;
    }
  pthread_mutex_unlock (&store->lock);
}

/**
 * esp_decoded_store_get:
 * @index: of the data set
 * @error: those of esp_image_load(), which name the file
 *
 * Returns: (transfer full): the picture. Cost: nothing where it is kept, else decoding. Thread: any.
 */
EspDecoded *
esp_decoded_store_get (EspDecodedStore *store, guint index, GError **error)
{
  const EspSample *sample = NULL;
  EspImage *image = NULL;
  EspDecoded *decoded = NULL;

  g_return_val_if_fail (index < store->n, NULL);
  decoded = find (store, index);
  if (decoded != NULL)
    return decoded;
  sample = esp_dataset_get (store->dataset, index);
  image = esp_image_load (sample->path, store->orientation, sample->width, sample->height, error);
  if (image == NULL)
    return NULL;
  decoded = g_atomic_rc_box_new0 (EspDecoded);
  decoded->image = image;
  find_mean (decoded);
  keep (store, index, decoded);
  return decoded;
}

/** esp_decoded_store_get_used: Returns: bytes of the pictures that are kept. Thread: any. */
gsize
esp_decoded_store_get_used (EspDecodedStore *store)
{
  gsize used = 0;

  pthread_mutex_lock (&store->lock);
  used = store->used;
  pthread_mutex_unlock (&store->lock);
  return used;
}
