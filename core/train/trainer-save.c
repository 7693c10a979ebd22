/* trainer-save.c: the checkpoint that a run goes on from, and what must be the same for it */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "train/checkpoint.h"

static void
add_hash (GString *settings, const char *what, gconstpointer data, gsize n)
{
  g_autofree char *hash = esp_hash_to_string (esp_hash_bytes (data, n));

  g_string_append_printf (settings, "%s: %s\n", what, hash);
}

static void
add_number (GString *settings, const char *what, double value)
{
  g_string_append_printf (settings, "%s: ", what);
  esp_json_append_number (settings, value);
  g_string_append_c (settings, '\n');
}

/* A picture that was written anew seldom has as many bytes; 0 where it is gone, which is told elsewhere. */
static guint64
size_of (const char *path)
{
  GStatBuf status;

  return GUINT64_TO_LE (g_stat (path, &status) == 0 ? (guint64) status.st_size : 0);
}

/* Pictures by name and size and truths by number, so that a folder may move. */
static void
add_data (GString *settings, const char *what, const EspDataset *dataset, const EspClassMap *map)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  if (dataset == NULL)
    {
      g_string_append_printf (settings, "%s: none\n", what);
      return;
    }
  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, i);
      g_autofree char *name = g_path_get_basename (sample->path);
      const guint64 size = size_of (sample->path);

      g_byte_array_append (bytes, (const guint8 *) name, (guint) strlen (name) + 1);
      g_byte_array_append (bytes, (const guint8 *) &size, sizeof size);
      for (guint k = 0; k < sample->n_truths; k++)
        {
          g_byte_array_append (bytes, (const guint8 *) &sample->truths[k].class_index, sizeof (int));
          g_byte_array_append (bytes, (const guint8 *) &sample->truths[k].box, sizeof (EspBox));
        }
    }
  g_byte_array_append (bytes, (const guint8 *) map->to_network, map->n * (guint) sizeof (int));
  g_string_append_printf (settings, "%s: %u images, ", what, esp_dataset_get_n (dataset));
  add_hash (settings, "hash", bytes->data, bytes->len);
}

static void
add_augment (GString *settings, const EspAugment *augment)
{
  const double numbers[] = {
    augment->flip,      augment->hue,        augment->saturation, augment->exposure,     augment->jitter, augment->resize,
    augment->scale_low, augment->scale_high, augment->mosaic,     augment->mixup,        augment->random, augment->least_visible,
    augment->angle,     augment->aspect,     augment->crop_low,   augment->crop_high,    augment->pad,    augment->step,
    augment->fit,       augment->fill,       augment->most,       augment->least_pixels,
  };

  g_string_append (settings, "augmentation:");
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_string_append_c (settings, ' ');
      esp_json_append_number (settings, numbers[i]);
    }
  g_string_append_c (settings, '\n');
}

static void
add_mask (GString *settings, const EspTrainer *trainer)
{
  const guint8 *keep = trainer->vector != NULL ? esp_parameter_vector_get_keep (trainer->vector) : NULL;

  if (keep != NULL)
    add_hash (settings, "mask", keep, esp_parameter_vector_get_n (trainer->vector));
  else
    g_string_append (settings, "mask: none\n");
}

/** esp_trainer_settings: Returns: (transfer full): what a run must have in common with the one whose checkpoint it goes on from, a line
 * each. */
char *
esp_trainer_settings (const EspTrainer *trainer)
{
  GString *settings = g_string_new (NULL);
  gsize n;
  g_autofree char *cfg = esp_cfg_to_text (esp_network_get_cfg (trainer->network), &n);

  add_hash (settings, "net.cfg", cfg, n);
  add_data (settings, "train", trainer->train, trainer->train_map);
  add_data (settings, "val", trainer->val, trainer->val_map);
  g_string_append_printf (settings,
                          "seed: %" G_GUINT64_FORMAT "\nupdates: %" G_GUINT64_FORMAT "\nepochs: %u\nvalidate every: %u\nfrozen: %u\n",
                          trainer->options.seed, trainer->steps, trainer->epochs, trainer->options.validate_every, trainer->options.freeze);
  add_number (settings, "clip", trainer->options.clip);
  add_number (settings, "average", trainer->options.average);
  g_string_append_printf (settings, "orientation: %d\n", trainer->options.orientation);
  for (guint i = 0; i < trainer->terms->len; i++)
    {
      g_autofree char *text = esp_term_to_text (g_ptr_array_index (trainer->terms, i));

      g_string_append_printf (settings, "objective: %s\n", text);
    }
  add_mask (settings, trainer);
  add_augment (settings, &trainer->options.augment);
  return g_string_free (settings, FALSE);
}

#define N_WORDS   11
#define N_SINGLE  11
#define N_NUMBERS (N_SINGLE + ESP_WATCH_WINDOW)

static void
place_to_words (const EspTrainPlace *place, guint64 words[N_WORDS], double numbers[N_NUMBERS])
{
  const EspTrainSums *sums = &place->sums;
  const EspPatience *patience = &place->patience;
  const guint64 w[N_WORDS] = { place->step,      place->epoch, place->log_size, sums->positives,   sums->images,  patience->n,
                               patience->misses, patience->at, place->watch.n,  place->watch.high, place->kept.at };
  const double n[N_SINGLE] = { place->map,       patience->best, place->seconds, place->epoch_seconds, place->train_seconds, sums->box,
                               sums->objectness, sums->classes,  sums->overlap,  place->kept.lowest,   place->kept.norm };

  memcpy (words, w, sizeof w);
  memcpy (numbers, n, sizeof n);
  memcpy (numbers + N_SINGLE, place->watch.losses, sizeof place->watch.losses);
}

static EspTrainPlace
place_of_words (const guint64 words[N_WORDS], const double numbers[N_NUMBERS])
{
  EspTrainPlace place = {
    .step = words[0],
    .epoch = words[1],
    .log_size = words[2],
    .map = numbers[0],
    .seconds = numbers[2],
    .epoch_seconds = numbers[3],
    .train_seconds = numbers[4],
    .sums = { .positives = words[3],
              .images = words[4],
              .box = numbers[5],
              .objectness = numbers[6],
              .classes = numbers[7],
              .overlap = numbers[8] },
    .patience = { .n = words[5], .misses = words[6], .at = words[7], .best = numbers[1] },
    .watch = { .n = words[8], .high = words[9] },
    .kept = { .at = words[10], .lowest = numbers[9], .norm = numbers[10] },
  };

  memcpy (place.watch.losses, numbers + N_SINGLE, sizeof place.watch.losses);
  return place;
}

/** esp_trainer_save: the checkpoint of the last whole update: the old file, or the whole new one; the first one opens the folder. Errors:
 * ESP_ERROR_IO. */
gboolean
esp_trainer_save (EspTrainer *trainer, GError **error)
{
  g_autofree char *path = esp_trainer_path (trainer, "checkpoint");
  g_autoptr (EspCheckpoint) checkpoint = esp_checkpoint_new ();
  guint64 words[N_WORDS];
  double numbers[N_NUMBERS];

  if (!esp_trainer_open_folder (trainer, error))
    return FALSE;
  place_to_words (&trainer->place, words, numbers);
  esp_checkpoint_add_settings (checkpoint, trainer->settings);
  esp_checkpoint_add_words (checkpoint, "place", words, N_WORDS);
  esp_checkpoint_add_words (checkpoint, "threads", &trainer->threads, 1);
  esp_checkpoint_add_numbers (checkpoint, "sums", numbers, N_NUMBERS);
  esp_checkpoint_add_training (checkpoint, trainer->vector, trainer->optimiser);
  trainer->saved = g_get_monotonic_time ();
  return esp_checkpoint_save (checkpoint, path, error);
}

/**
 * esp_trainer_load:
 * @path: a checkpoint
 * @error: ESP_ERROR_IO, ESP_ERROR_FORMAT where it is damaged or of another run
 *
 * The run stands where the checkpoint stood. Nothing is written yet: esp_trainer_open_folder().
 */
gboolean
esp_trainer_load (EspTrainer *trainer, const char *path, GError **error)
{
  g_autoptr (EspCheckpoint) checkpoint = esp_trainer_check_place (trainer, path, error) ? esp_checkpoint_load (path, error) : NULL;
  guint64 words[N_WORDS];
  double numbers[N_NUMBERS];

  if (checkpoint == NULL || !esp_checkpoint_check_settings (checkpoint, trainer->settings, error)
      || !esp_checkpoint_read_words (checkpoint, "place", words, N_WORDS, error)
      || !esp_checkpoint_read_words (checkpoint, "threads", &trainer->threads, 1, error)
      || !esp_checkpoint_read_numbers (checkpoint, "sums", numbers, N_NUMBERS, error)
      || !esp_checkpoint_read_training (checkpoint, trainer->vector, trainer->optimiser, error))
    return FALSE;
  trainer->place = place_of_words (words, numbers);
  if (trainer->place.step > trainer->steps)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it stands at update %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, path,
                   trainer->place.step, trainer->steps);
      return FALSE;
    }
  trainer->from = trainer->place.step;
  return esp_trainer_read_log (trainer, path, error);
}

/**
 * esp_trainer_take_threads:
 * @error: ESP_ERROR_UNSUPPORTED where the run was begun with other ones
 *
 * Sums of gradients depend on how many threads share them: with other ones a run would not be the one that was begun. Thread: lane.
 */
gboolean
esp_trainer_take_threads (EspTrainer *trainer, GError **error)
{
  const guint threads = trainer->lane != NULL ? esp_lane_get_threads (trainer->lane) : 0; /* none of its own: trying rates */

  if (trainer->options.resume != NULL && trainer->threads != threads)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                   "%s: this run was begun with %" G_GUINT64_FORMAT
                   " compute threads and would end otherwise with %u: expected as many as then",
                   trainer->folder, trainer->threads, threads);
      return FALSE;
    }
  trainer->threads = threads;
  return TRUE;
}
