/* feeder.c: batches for training, made by threads of its own ahead of the lane
 *
 * A ring of batches. Each thread takes the next image that nobody has, of the lowest batch that is not full, so that the first batch asked
 * for is the first that is whole. What an image shows depends on its place alone, and never on the thread. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/feeder.h"

#include <pthread.h>
#include <sys/resource.h>

#include "base/error.h"
#include "train/feeder-private.h"
#include "train/shuffle.h"

#define NICE     15               /* the lane's is 10: it goes first */
#define POLL     (50 * 1000000ll) /* ns between looks at a job that may be cancelled */
#define BATCH_AT 64               /* bytes: alignment */

/* One batch in the making. */
typedef struct
{
  EspBatch *batch; /* NULL: not begun */
  guint n_taken;   /* images that a thread has or had */
  guint n_done;
  guint failed; /* the first image that failed, of @error */
  GError *error;
} Slot;

struct _EspFeeder
{
  EspRender render; /* immutable */
  EspFeederOptions options;
  guint n_threads;
  pthread_t *threads;
  pthread_mutex_t lock; /* of all below */
  pthread_cond_t work;  /* there is an image to take, or the end */
  pthread_cond_t ready; /* a batch is whole */
  EspShuffle *shuffle;
  guint64 next;  /* the step asked for next: the ring's first */
  guint64 taken; /* the step whose images are being taken */
  Slot *slots;   /* options.ahead, by step */
  gboolean stopping;
};

/**
 * esp_feeder_options_init:
 * @options: (out): the defaults, nothing drawn
 * @network: says the input's size, the classes and letter_box
 *
 * Thread: any.
 */
void
esp_feeder_options_init (EspFeederOptions *options, const EspNetwork *network)
{
  const int scores = esp_network_get_scores (network);

  *options = (EspFeederOptions){
    .input = esp_network_get_input (network),
    .classes = scores > 0 ? scores : esp_network_get_classes (network),
    .classifier = scores > 0,
    .batch = 1,
    .size_every = 10,
    .ahead = 4,
    .cache = (gsize) 512 << 20,
    .orientation = ESP_ORIENTATION_AUTO,
  };
  esp_augment_init (&options->augment, network);
}

/* All of a batch but its images. Called with the lock held. */
static EspBatch *
begin_batch (EspFeeder *feeder, guint64 step)
{
  const guint n = feeder->options.batch;
  EspShape shape
      = esp_augment_size (&feeder->render.augment, feeder->options.input, feeder->options.seed, step / feeder->options.size_every);
  EspBatch *batch = g_new0 (EspBatch, 1);
  guint64 epoch = 0;

  *batch = (EspBatch){ .n = n, .c = shape.c, .h = shape.h, .w = shape.w, .step = step };
  shape.n = (int) n;
  batch->input = g_aligned_alloc (esp_shape_count (shape), sizeof (float), BATCH_AT);
  batch->labels = g_new0 (EspLabels, n);
  batch->indices = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    batch->indices[i] = feeder->render.images[esp_shuffle_at (feeder->shuffle, step * n + i, &epoch)];
  batch->epoch = step * n / feeder->render.n_images;
  return batch;
}

/* The next image to make: its slot and number; NULL where the ring is full. Called with the lock held. */
static Slot *
take (EspFeeder *feeder, guint *image)
{
  Slot *slot = &feeder->slots[feeder->taken % feeder->options.ahead];

  if (feeder->taken - feeder->next >= feeder->options.ahead)
    return NULL;
  if (slot->batch == NULL)
    slot->batch = begin_batch (feeder, feeder->taken);
  *image = slot->n_taken++;
  if (slot->n_taken == slot->batch->n)
    feeder->taken++;
  return slot;
}

/* Called with the lock held. Of several failures the first image's is told, whoever was faster. */
static void
put_back (EspFeeder *feeder, Slot *slot, guint image, GError *error)
{
  if (error != NULL && (slot->error == NULL || image < slot->failed))
    {
      g_clear_error (&slot->error);
      slot->error = g_steal_pointer (&error);
      slot->failed = image;
    }
  g_clear_error (&error);
  if (++slot->n_done == slot->batch->n)
    pthread_cond_broadcast (&feeder->ready);
}

static void
make_image (EspFeeder *feeder, EspBatch *batch, guint image, GError **error)
{
  const EspShape shape = { .n = 1, .c = batch->c, .h = batch->h, .w = batch->w };
  const guint64 place = batch->step * batch->n + image;
  const EspTurn turn = { .index = batch->indices[image], .epoch = place / feeder->render.n_images };

  esp_render_image (&feeder->render, turn, shape, batch->input + image * esp_shape_count (shape), &batch->labels[image], error);
}

static void *
work (void *data)
{
  EspFeeder *feeder = data;

  if (setpriority (PRIO_PROCESS, 0, NICE) != 0) /* of this thread alone */
    g_debug ("a feeder's thread keeps its priority");
  pthread_mutex_lock (&feeder->lock);
  while (!feeder->stopping)
    {
      guint image = 0;
      Slot *slot = take (feeder, &image);
      GError *error = NULL;

      if (slot == NULL)
        {
          pthread_cond_wait (&feeder->work, &feeder->lock);
          continue;
        }
      pthread_mutex_unlock (&feeder->lock);
      make_image (feeder, slot->batch, image, &error);
      pthread_mutex_lock (&feeder->lock);
      put_back (feeder, slot, image, error);
    }
  pthread_mutex_unlock (&feeder->lock);
  return NULL;
}

static void
start (EspFeeder *feeder)
{
  const guint cores = g_get_num_processors (), wanted = feeder->options.workers;
  const guint n = wanted != 0 ? wanted : MAX (cores, 2) - 1;
  pthread_condattr_t clock;

  pthread_mutex_init (&feeder->lock, NULL);
  pthread_condattr_init (&clock);
  pthread_condattr_setclock (&clock, CLOCK_MONOTONIC);
  pthread_cond_init (&feeder->work, NULL);
  pthread_cond_init (&feeder->ready, &clock);
  pthread_condattr_destroy (&clock);
  feeder->threads = g_new0 (pthread_t, n);
  while (feeder->n_threads < n && pthread_create (&feeder->threads[feeder->n_threads], NULL, work, feeder) == 0)
    feeder->n_threads++;
}

static void
render_clear (EspRender *render)
{
  g_free ((gpointer) render->to_network);
  g_free ((gpointer) render->images);
  esp_decoded_store_free (render->store);
  esp_dataset_unref (render->dataset);
}

/**
 * esp_feeder_new:
 * @dataset: images with their truths; a reference is taken
 * @map: (nullable): data set class to network class; copied
 * @options: the rest; copied
 * @error: ESP_ERROR_SHAPE with the data set's path where it cannot train this network (see esp_feeder_check()); ESP_ERROR_IO without
 *   threads
 *
 * Batches hold each image once an epoch, in an order and drawn in a way that depend on the seed, the epoch and the image alone: not on the
 * number of threads, nor on where the feeder began. Every batch is full: the last one of an epoch goes on with the next.
 * Returns: (transfer full): its threads work at once. Cost: a look at every image's file. Thread: any.
 */
EspFeeder *
esp_feeder_new (EspDataset *dataset, const EspClassMap *map, const EspFeederOptions *options, GError **error)
{
  EspFeeder *feeder = NULL;

  g_return_val_if_fail (dataset != NULL && options != NULL && options->ahead > 0 && options->size_every > 0, NULL);
  feeder = g_new0 (EspFeeder, 1);
  feeder->options = *options;
  feeder->render = (EspRender){
    .augment = options->augment,
    .dataset = esp_dataset_ref (dataset),
    .classifier = options->classifier,
    .difficult = options->difficult,
    .seed = options->seed,
  };
  if (!esp_feeder_check (&feeder->render, map, options, error))
    {
      render_clear (&feeder->render);
      g_free (feeder);
      return NULL;
    }
  feeder->render.store = esp_decoded_store_new (dataset, options->orientation, options->cache);
  feeder->shuffle = esp_shuffle_new (feeder->render.n_images, options->seed);
  feeder->slots = g_new0 (Slot, options->ahead);
  feeder->next = feeder->taken = options->first_step;
  start (feeder);
  if (feeder->n_threads > 0)
    return feeder;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "no thread could be started to make batches");
  esp_feeder_free (feeder);
  return NULL;
}

/** esp_feeder_free: lets the images in the making be finished, then frees all. Thread: any, when no other uses it. */
void
esp_feeder_free (EspFeeder *feeder)
{
  if (feeder == NULL)
    return;
  pthread_mutex_lock (&feeder->lock);
  feeder->stopping = TRUE;
  pthread_cond_broadcast (&feeder->work);
  pthread_mutex_unlock (&feeder->lock);
  for (guint i = 0; i < feeder->n_threads; i++)
    pthread_join (feeder->threads[i], NULL);
  for (guint i = 0; i < feeder->options.ahead; i++)
    {
      esp_batch_free (feeder->slots[i].batch);
      g_clear_error (&feeder->slots[i].error);
    }
  pthread_cond_destroy (&feeder->work);
  pthread_cond_destroy (&feeder->ready);
  pthread_mutex_destroy (&feeder->lock);
  esp_shuffle_free (feeder->shuffle);
  render_clear (&feeder->render);
  g_free (feeder->slots);
  g_free (feeder->threads);
  g_free (feeder);
}

/* Until a batch is whole, or it is time to look at the job again. Called with the lock held. */
static void
wait_a_while (EspFeeder *feeder)
{
  struct timespec until;

  clock_gettime (CLOCK_MONOTONIC, &until);
  until.tv_nsec += POLL;
  if (until.tv_nsec >= 1000000000)
    {
      until.tv_sec++;
      until.tv_nsec -= 1000000000;
    }
  pthread_cond_timedwait (&feeder->ready, &feeder->lock, &until);
}

/* Called with the lock held, and let go of meanwhile: what looks at the job may let others do long work first, see esp_lane_attend(). */
static gboolean
look (EspFeeder *feeder, EspJob *job, GError **error)
{
  gboolean going;

  pthread_mutex_unlock (&feeder->lock);
  going = esp_job_check (job, error);
  pthread_mutex_lock (&feeder->lock);
  return going;
}

/**
 * esp_feeder_next:
 * @feeder: the feeder
 * @job: (nullable): cancels the wait
 * @error: a picture of this batch that could not be read, named; asked again, the same. G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full): the next batch, waited for where it is not whole yet. Thread: any one at a time.
 */
EspBatch *
esp_feeder_next (EspFeeder *feeder, EspJob *job, GError **error)
{
  Slot *slot = NULL;
  EspBatch *batch = NULL;
  gboolean going = TRUE;

  g_return_val_if_fail (feeder != NULL, NULL);
  pthread_mutex_lock (&feeder->lock);
  slot = &feeder->slots[feeder->next % feeder->options.ahead];
  while ((going = look (feeder, job, error)) && (slot->batch == NULL || slot->n_done < slot->batch->n))
    wait_a_while (feeder);
  if (going && slot->error != NULL)
    g_propagate_error (error, g_error_copy (slot->error));
  else if (going)
    {
      batch = g_steal_pointer (&slot->batch);
      *slot = (Slot){ 0 };
      feeder->next++;
      pthread_cond_broadcast (&feeder->work);
    }
  pthread_mutex_unlock (&feeder->lock);
  return batch;
}

/** esp_feeder_get_n: Returns: how many images an epoch shows. Thread: any. */
guint
esp_feeder_get_n (const EspFeeder *feeder)
{
  return feeder->render.n_images;
}

/** esp_feeder_get_epoch_end: Returns: how many steps show @epoch + 1 whole epochs: the first step at which that much was shown.
 * Thread: any. */
guint64
esp_feeder_get_epoch_end (const EspFeeder *feeder, guint64 epoch)
{
  const guint64 images = (epoch + 1) * feeder->render.n_images;

  return (images + feeder->options.batch - 1) / feeder->options.batch;
}

/** esp_feeder_get_ready: Returns: how many batches esp_feeder_next() would give without waiting; 0 where training waits for them.
 * Thread: any. */
guint
esp_feeder_get_ready (EspFeeder *feeder)
{
  guint n = 0;

  pthread_mutex_lock (&feeder->lock);
  for (; n < feeder->options.ahead; n++)
    {
      const Slot *slot = &feeder->slots[(feeder->next + n) % feeder->options.ahead];

      if (slot->batch == NULL || slot->n_done < slot->batch->n)
        break;
    }
  pthread_mutex_unlock (&feeder->lock);
  return n;
}

/** esp_feeder_get_cache_used: Returns: bytes of decoded pictures that are kept. Thread: any. */
gsize
esp_feeder_get_cache_used (EspFeeder *feeder)
{
  return esp_decoded_store_get_used (feeder->render.store);
}
