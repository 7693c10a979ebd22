/* train-row.c: one network trained for a row, kept, and taken up again where it stood */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/pages.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"
#include "train/train-keys.h"
#include "train/trainer.h"

#define USUAL_BATCH 16
#define CACHE       ((gsize) 512 << 20)
#define WAIT        (G_USEC_PER_SEC / 20)

typedef struct
{
  EspBench *bench;
  const char *name;
  EspNetwork *network; /* with the words of the training in its cfg */
  EspWeights *weights;
  guint epochs;
  guint64 seed;
  const EspLatency *latency;
  guint diverged; /* the epoch that this happened in, 0 */
  guint resumed;  /* epochs that were there when it was taken up again */
  char *key, *folder;
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->network, esp_network_unref);
  g_clear_pointer (&run->key, g_free);
  g_clear_pointer (&run->folder, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/** esp_trained_clear: frees what @trained holds. Thread: any. */
void
esp_trained_clear (EspTrained *trained)
{
  g_clear_pointer (&trained->network, esp_network_unref);
  g_clear_pointer (&trained->weights, esp_weights_unref);
}

/* (transfer full): the batch of an update: as asked for, as the cfg says, or 16 where it says 1 as for a test. */
static EspNetwork *
set_batch (const EspBench *bench, EspNetwork *network, guint *batch, GError **error)
{
  g_autoptr (EspTrainKeys) keys = esp_train_keys_read (network, error);
  g_autofree char *word = NULL;
  const char *pairs[] = { NULL, "subdivisions=1", NULL };

  if (keys == NULL)
    return NULL;
  *batch = bench->training.batch > 0 ? bench->training.batch
           : keys->batch > 1         ? keys->batch
                                     : MIN (USUAL_BATCH, esp_dataset_get_n (bench->sets[ESP_SET_TRAIN]));
  if (*batch == keys->batch)
    return esp_network_ref (network);
  pairs[0] = word = g_strdup_printf ("batch=%u", *batch);
  return esp_train_rewrite (network, pairs, error);
}

/* (transfer full): the same network, its [net] saying how it is trained. */
static EspNetwork *
write_words (const EspBench *bench, EspNetwork *network, guint epochs, GError **error)
{
  const EspTraining *training = &bench->training;
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);
  guint batch = 0;
  g_autoptr (EspNetwork) batched = set_batch (bench, network, &batch, error), timed = NULL;

  if (batched == NULL)
    return NULL;
  timed = esp_train_set_length (batched, esp_train_count_steps (MAX (esp_dataset_get_n (bench->sets[ESP_SET_TRAIN]), 1), batch, epochs),
                                error);
  if (timed == NULL)
    return NULL;
  if (*training->rate != '\0')
    g_ptr_array_add (pairs, g_strdup_printf ("learning_rate=%s", training->rate));
  if (*training->policy != '\0')
    g_ptr_array_add (pairs, g_strdup_printf ("policy=%s", training->policy));
  if (pairs->len == 0)
    return g_steal_pointer (&timed);
  g_ptr_array_add (pairs, NULL);
  return esp_train_rewrite (timed, (const char *const *) pairs->pdata, error);
}

static void
make_key (Run *run)
{
  const EspBench *bench = run->bench;
  g_autofree char *cfg = esp_plan_hash_cfg (run->network), *weights = esp_bench_hash_weights (run->network, run->weights), *last = NULL;

  run->key = g_strdup_printf ("network %s\nweights %s\ntrain %s\nval %s\nseed %" G_GUINT64_FORMAT
                              "\nepochs %u\naverage %.17g\nvalidate every %u, patience %u\nobjective %s\nthreads %u\n",
                              cfg, weights, bench->set_hashes[ESP_SET_TRAIN],
                              bench->sets[ESP_SET_VAL] != NULL ? bench->set_hashes[ESP_SET_VAL] : "none", run->seed, run->epochs,
                              bench->training.average, bench->training.validate_every, bench->training.patience, bench->training.objective,
                              esp_lane_get_threads (bench->options->lane));
  last = esp_bench_key_path (run->bench, run->name, run->key, "");
  run->folder = g_steal_pointer (&last);
}

static EspTrainer *
make_trainer (Run *run, GError **error)
{
  const EspBench *bench = run->bench;
  g_autofree char *checkpoint = g_build_filename (run->folder, "checkpoint", NULL);
  g_autoptr (EspTerm) term = NULL;
  EspTrainerOptions options;

  esp_trainer_options_init (&options, run->network);
  if (!esp_augment_read (&options.augment, run->network, error))
    return NULL;
  if (*bench->training.objective != '\0' && (term = esp_term_parse (bench->training.objective, error)) == NULL)
    return NULL;
  options.weights = run->weights;
  options.train = bench->sets[ESP_SET_TRAIN];
  options.val = bench->sets[ESP_SET_VAL];
  options.names = (const char *const *) bench->names;
  options.pairs = (const char *const *) bench->pairs;
  options.background = bench->stripped;
  options.folder = run->folder;
  options.resume = g_file_test (checkpoint, G_FILE_TEST_EXISTS) ? checkpoint : NULL;
  options.terms = &term;
  options.n_terms = term != NULL;
  options.epochs = run->epochs;
  options.validate_every = bench->training.validate_every;
  options.patience = bench->training.patience;
  options.average = bench->training.average;
  options.memory = esp_pages_get_memory () / 2;
  options.cache = CACHE;
  options.seed = run->seed;
  return esp_trainer_new (&options, error);
}

/* From the first epoch of this run, which of a training that was taken up again is a later one:
 * what is left of it, and the row's other runs. */
static void
tell_time (Run *run, const EspTrainRecord *record)
{
  const guint left = run->epochs - MIN (record->epoch, run->epochs);

  esp_pace_note_epoch (run->bench, run->latency, record->total_seconds, record->images);
  esp_pace_tell (run->bench, (left + (double) run->bench->pace.runs * run->epochs) * record->total_seconds);
}

static void
tell_records (Run *run, EspTrainer *trainer, guint *told)
{
  const gboolean first = *told == run->resumed;
  g_autoptr (GArray) records = esp_trainer_dup_records (trainer, *told + 1);

  for (guint i = 0; i < records->len; i++)
    {
      const EspTrainRecord *record = &g_array_index (records, EspTrainRecord, i);
      g_autofree char *map = isfinite (record->map) ? g_strdup_printf (", val mAP %.2f %%", record->map * 100) : g_strdup ("");

      esp_bench_tell (run->bench, "  %s: epoch %u of %u, loss %.4f%s, %.0f s", run->name, record->epoch, run->epochs, record->loss, map,
                      record->total_seconds);
      *told = record->epoch;
      if (first && i == 0)
        tell_time (run, record);
    }
}

/* A row that runs away is a result, not the end of the recipe: it counts as it was at its best. */
static gboolean
take_diverged (Run *run, const EspTrainerProgress *progress, GError *failure)
{
  esp_bench_tell (run->bench, "  %s: %s; it is measured as it was after epoch %u", run->name, failure->message, progress->best_epoch);
  run->diverged = progress->epoch + 1;
  g_error_free (failure);
  return TRUE;
}

/* Epochs that a checkpoint has behind it. */
static guint
count_resumed (EspTrainer *trainer)
{
  g_autoptr (GArray) records = esp_trainer_dup_records (trainer, 1);

  return records->len > 0 ? g_array_index (records, EspTrainRecord, records->len - 1).epoch : 0;
}

/* The run in turns of the lane; cancelled, it leaves a checkpoint. */
static gboolean
run_trainer (Run *run, EspTrainer *trainer, EspTrainerProgress *progress, GError **error)
{
  GError *failure;
  guint told;

  told = run->resumed = count_resumed (trainer);
  esp_trainer_start (trainer, run->bench->options->lane, NULL, NULL);
  while (!esp_trainer_wait (trainer, g_get_monotonic_time () + WAIT))
    {
      if (esp_job_is_cancelled (run->bench->job))
        esp_trainer_cancel (trainer);
      esp_trainer_get_progress (trainer, progress);
      esp_job_set_progress (run->bench->job, progress->step, progress->steps);
      tell_records (run, trainer, &told);
    }
  tell_records (run, trainer, &told);
  esp_trainer_get_progress (trainer, progress);
  failure = esp_trainer_dup_error (trainer);
  if (g_error_matches (failure, ESP_ERROR, ESP_ERROR_DIVERGED) && progress->best_epoch > 0)
    return take_diverged (run, progress, failure);
  if (failure != NULL)
    {
      g_propagate_prefixed_error (error, failure, "%s: ", run->name);
      return FALSE;
    }
  if (progress->state == ESP_TRAINER_FINISHED)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped in the training of %s after epoch %u of %u; the same command goes on",
               run->name, progress->epoch, progress->epochs);
  return FALSE;
}

static double
find_rise (EspTrainer *trainer)
{
  g_autoptr (GArray) records = esp_trainer_dup_records (trainer, 1);
  g_autofree double *maps = g_new (double, MAX (records->len, 1));
  guint n = 0;

  for (guint i = 0; i < records->len; i++)
    if (isfinite (g_array_index (records, EspTrainRecord, i).map))
      maps[n++] = g_array_index (records, EspTrainRecord, i).map;
  return esp_curve_rise (maps, n);
}

static gboolean
remember (Run *run, const EspTrainerProgress *progress, double rise, GError **error)
{
  JsonObject *values = json_object_new ();
  g_autofree char *checkpoint = g_build_filename (run->folder, "checkpoint", NULL);

  json_object_set_double_member (values, "seconds", progress->seconds);
  json_object_set_double_member (values, "images", (double) progress->images);
  json_object_set_int_member (values, "best_epoch", progress->best_epoch);
  json_object_set_int_member (values, "diverged", run->diverged);
  if (isfinite (progress->best))
    json_object_set_double_member (values, "best", progress->best);
  if (isfinite (rise))
    json_object_set_double_member (values, "rise", rise);
  if (!esp_bench_remember (run->bench, "trained", run->key, values, error))
    return FALSE;
  g_remove (checkpoint); /* of no use any more, and large */
  return TRUE;
}

/* What a finished run left; FALSE without an error where there is none, or it is damaged. */
static gboolean
recall (Run *run, EspTrained *trained)
{
  g_autoptr (JsonObject) values = esp_bench_recall (run->bench, "trained", run->key);
  g_autofree char *path = g_build_filename (run->folder, "best.weights", NULL);
  g_autoptr (GError) error = NULL;
  double images = 0;

  if (values == NULL || !esp_json_read_number (values, "", "seconds", 0, G_MAXDOUBLE, &trained->seconds, NULL)
      || !esp_json_read_number (values, "", "images", 0, 1e15, &images, NULL)
      || !esp_json_read_count (values, "", "best_epoch", 0, G_MAXINT, &trained->best_epoch, NULL))
    return FALSE;
  trained->images = (guint64) images;
  if (!esp_json_read_count (values, "", "diverged", 0, G_MAXINT, &trained->diverged, NULL))
    trained->diverged = 0;
  if (!esp_json_read_number (values, "", "best", 0, 1, &trained->best, NULL))
    trained->best = NAN;
  if (!esp_json_read_number (values, "", "rise", -1, 1, &trained->rise, NULL))
    trained->rise = NAN;
  trained->weights = esp_weights_load (run->network, path, &error);
  if (trained->weights == NULL)
    {
      g_debug ("%s: trained again: %s", run->name, error->message);
      return FALSE;
    }
  trained->network = esp_network_ref (run->network);
  return TRUE;
}

/**
 * esp_bench_train_row:
 * @name: of the row: a word that files may be named by
 * @network: with @weights, which it begins with
 * @epochs: times that every image of the train set is shown
 * @seed: of order and augmentation
 * @latency: of the network, which the first epoch is compared with to tell how long the rest takes
 * @trained: (out): the epoch that was best on val, or the last where there is no val
 * @error: those of the trainer; G_IO_ERROR_CANCELLED, and then the same call goes on from a checkpoint
 *
 * Done once: the same network, weights, images and words are looked up. Thread: the runner's.
 */
gboolean
esp_bench_train_row (EspBench *bench,
                     const char *name,
                     EspNetwork *network,
                     EspWeights *weights,
                     guint epochs,
                     guint64 seed,
                     const EspLatency *latency,
                     EspTrained *trained,
                     GError **error)
{
  g_auto (Run) run = { .bench = bench, .name = name, .weights = weights, .epochs = epochs, .seed = seed, .latency = latency };
  g_autoptr (EspTrainer) trainer = NULL;
  EspTrainerProgress progress;

  *trained = (EspTrained){ .best = NAN, .rise = NAN };
  if (!esp_job_check (bench->job, error))
    return FALSE;
  run.network = write_words (bench, network, epochs, error);
  if (run.network == NULL)
    return FALSE;
  make_key (&run);
  if (recall (&run, trained))
    return TRUE;
  trainer = make_trainer (&run, error);
  if (trainer == NULL || !run_trainer (&run, trainer, &progress, error) || !remember (&run, &progress, find_rise (trainer), error))
    return FALSE;
  if (recall (&run, trained))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: the weights that were just trained cannot be read", run.folder);
  return FALSE;
}
