/* train.c: espalier-cli train: trains or fine-tunes a detector or a classifier on labelled images */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>

#include "base/error.h"
#include "base/pages.h"
#include "progress.h"
#include "train-data.h"
#include "train-rate.h"
#include "train/train-keys.h"
#include "train/trainer.h"
#include "verbs.h"

#define MOST_MEGABYTES (1 << 24)
#define USUAL_BATCH    16
#define NOT_GIVEN      G_MININT

static EspTrainDataOptions data_options = { .prior = .01 };
static char **class_pairs, **sets, **objectives;
static char *output, *resume, *policy, *rate, *orientation;
static int epochs = NOT_GIVEN, iterations = NOT_GIVEN, batch = NOT_GIVEN, subdivisions = NOT_GIVEN, memory = NOT_GIVEN, workers = NOT_GIVEN;
static int burn_in = -1, freeze, cache = 512, validate_every = 1, patience;
static double clip, average, checkpoint_minutes = 10;
static gboolean plain, find_rate, background;

static const GOptionEntry options[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder for net.cfg, best.weights, last.weights, log.jsonl and checkpoint", "DIR" },
  { "weights", 0, 0, G_OPTION_ARG_FILENAME, &data_options.weights,
    "Begin with these: of this cfg, or of its first layers alone (default: drawn by the seed)", "FILE" },
  { "weights-cfg", 0, 0, G_OPTION_ARG_FILENAME, &data_options.weights_cfg, "The cfg that --weights belong to, where it is another one",
    "CFG" },
  { "upto", 0, 0, G_OPTION_ARG_INT, &data_options.upto, "Take only the first N layers of --weights", "N" },
  { "classes-from-data", 0, 0, G_OPTION_ARG_NONE, &data_options.classes_from_data, "Give the network as many classes as the data have",
    NULL },
  { "draw-heads", 0, 0, G_OPTION_ARG_NONE, &data_options.draw_heads,
    "Where classes differ, keep nothing of a head (default: what finds and places a box)", NULL },
  { "prior", 0, 0, G_OPTION_ARG_DOUBLE, &data_options.prior, "Objectness that heads drawn by lot begin with (default 0.01)", "P" },
  { "val", 0, 0, G_OPTION_ARG_FILENAME, &data_options.val, "Data to measure on (default: the val split of DATA)", "DATA" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &data_options.split, "Split to train on (default train)", "NAME" },
  { "val-split", 0, 0, G_OPTION_ARG_STRING, &data_options.val_split, "Split to measure on (default val)", "NAME" },
  { "no-val", 0, 0, G_OPTION_ARG_NONE, &data_options.no_val, "Measure nothing while training", NULL },
  ESP_DRAW_OPTIONS (data_options.draw),
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &data_options.names, "Class names of the network, one a line", "FILE" },
  { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &class_pairs, "Take class A of the data for class B of the network; may be repeated", "A=B" },
  { "background", 0, 0, G_OPTION_ARG_NONE, &background,
    "Teach objects of classes that the network lacks as background (default: refuse such data)", NULL },
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &data_options.images, "Folder of the images where the labels lie elsewhere", "DIR" },
  { "orientation", 0, 0, G_OPTION_ARG_STRING, &orientation, "Which way up: auto (as annotated, else EXIF), exif or none (default auto)",
    "HOW" },
  ESP_DIALECT_OPTION (data_options.dialect),
  { "epochs", 0, 0, G_OPTION_ARG_INT, &epochs, "How often to show every image; the schedule of the cfg is scaled to it", "N" },
  { "iterations", 0, 0, G_OPTION_ARG_INT, &iterations, "The same as a number of updates (default: max_batches of the cfg)", "N" },
  { "batch", 0, 0, G_OPTION_ARG_INT, &batch, "Images of one update (default: as the cfg says; 16 where it says 1, as for a test)", "N" },
  { "subdivisions", 0, 0, G_OPTION_ARG_INT, &subdivisions, "Parts that are computed one after the other (default: as the cfg says)", "N" },
  { "rate", 0, 0, G_OPTION_ARG_STRING, &rate, "Learning rate at its highest (default: as the cfg says)", "R" },
  { "policy", 0, 0, G_OPTION_ARG_STRING, &policy, "constant, step, steps, exp, poly, sigmoid, random, sgdr or cosine", "WORD" },
  { "burn-in", 0, 0, G_OPTION_ARG_INT, &burn_in, "Updates until the rate is whole", "N" },
  { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &sets, "Set a key of [net], or with “head.” before it of every head; may be repeated",
    "KEY=VALUE" },
  { "objective", 0, 0, G_OPTION_ARG_STRING_ARRAY, &objectives,
    "What is made small: detection or classification, with parameters (detection:box-gradient=exact,box-gain=2); may be repeated",
    "ID[:NAME=VALUE,…]" },
  { "find-rate", 0, 0, G_OPTION_ARG_NONE, &find_rate,
    "Train for 100 updates at a rising rate instead, and say which one to take: where the smoothed loss stops falling, if it falls by more "
    "than its noise (range test, Smith 2017); writes nothing",
    NULL },
  { "freeze", 0, 0, G_OPTION_ARG_INT, &freeze, "Leave the first N layers as they are, with the statistics that they have", "N" },
  { "clip", 0, 0, G_OPTION_ARG_DOUBLE, &clip, "Scale gradients down to this norm", "NORM" },
  { "ema", 0, 0, G_OPTION_ARG_DOUBLE, &average, "Keep a running average of the weights, measure it and write it (0.999)", "KEPT" },
  { "no-augment", 0, 0, G_OPTION_ARG_NONE, &plain, "Draw nothing by lot but the order: images as they are measured", NULL },
  { "validate-every", 0, 0, G_OPTION_ARG_INT, &validate_every, "Measure after every N epochs, 0 only at the end (default 1)", "N" },
  { "patience", 0, 0, G_OPTION_ARG_INT, &patience, "End after N measurements without a better one", "N" },
  { "resume", 0, 0, G_OPTION_ARG_FILENAME, &resume, "Go on from this checkpoint of the same command, bit for bit", "FILE" },
  { "checkpoint-minutes", 0, 0, G_OPTION_ARG_DOUBLE, &checkpoint_minutes, "A checkpoint so often within an epoch, 0 never (default 10)",
    "M" },
  { "memory", 0, 0, G_OPTION_ARG_INT, &memory,
    "Compute again what does not fit into so many megabytes, with the same numbers (default: half of the machine's)", "MB" },
  { "cache", 0, 0, G_OPTION_ARG_INT, &cache, "Megabytes of decoded images to keep (default 512)", "MB" },
  { "workers", 0, 0, G_OPTION_ARG_INT, &workers, "Threads that prepare images", "N" },
  G_OPTION_ENTRY_NULL,
};

/* What stands for itself where nobody gave it: 0 then, which nobody may give. */
static gboolean
take_given (GError **error)
{
  const struct
  {
    const char *name;
    int *value, highest;
  } counts[] = {
    { "epochs", &epochs, 1000000 },           { "iterations", &iterations, G_MAXINT }, { "batch", &batch, 65536 },
    { "subdivisions", &subdivisions, 65536 }, { "memory", &memory, MOST_MEGABYTES },   { "workers", &workers, 256 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (*counts[i].value == NOT_GIVEN)
      *counts[i].value = 0;
    else if (*counts[i].value < 1 || *counts[i].value > counts[i].highest)
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %d: expected a number from 1 to %d", counts[i].name,
                     *counts[i].value, counts[i].highest);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_numbers (GError **error)
{
  const struct
  {
    const char *name;
    int value, lowest, highest;
  } counts[] = {
    { "burn-in", burn_in, -1, G_MAXINT },  { "upto", data_options.upto, 0, G_MAXINT },        { "freeze", freeze, 0, G_MAXINT },
    { "cache", cache, 0, MOST_MEGABYTES }, { "validate-every", validate_every, 0, G_MAXINT }, { "patience", patience, 0, G_MAXINT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i].value < counts[i].lowest || counts[i].value > counts[i].highest)
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %d: expected a number from %d to %d", counts[i].name,
                     counts[i].value, MAX (counts[i].lowest, 0), counts[i].highest);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_options (GError **error)
{
  if (!take_given (error))
    return FALSE;
  if (output == NULL && !find_rate)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected --output DIR");
  else if (find_rate && resume != NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "--find-rate begins anew: it goes without --resume");
  else if (epochs > 0 && iterations > 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "--epochs and --iterations both say how long to train: expected one of them");
  else if (!(data_options.prior > 0 && data_options.prior < 1))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--prior %g: expected a number between 0 and 1", data_options.prior);
  else if (!(average >= 0 && average < 1))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--ema %g: expected a number from 0 to below 1", average);
  else if (!(clip >= 0 && isfinite (clip)))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--clip %g: expected a norm above 0", clip);
  else if (!(checkpoint_minutes >= 0 && checkpoint_minutes < 1e6))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--checkpoint-minutes %g: expected 0 or more", checkpoint_minutes);
  else if (data_options.weights == NULL && (data_options.weights_cfg != NULL || data_options.upto != 0))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "--weights-cfg and --upto say what --weights are: expected --weights too");
  else if (data_options.no_val && (data_options.val != NULL || data_options.val_split != NULL))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "--no-val goes without --val and --val-split");
  else
    return check_numbers (error);
  return FALSE;
}

static void
add_pair (GPtrArray *pairs, const char *key, int value)
{
  if (value > 0)
    g_ptr_array_add (pairs, g_strdup_printf ("%s=%d", key, value));
}

static void
add_sets (GPtrArray *pairs)
{
  for (guint i = 0; sets != NULL && sets[i] != NULL; i++)
    g_ptr_array_add (pairs, g_strdup (sets[i]));
}

static gboolean
rewrite (EspTrainData *data, GPtrArray *pairs, GError **error)
{
  EspNetwork *network;

  g_ptr_array_add (pairs, NULL);
  network = esp_train_rewrite (data->network, (const char *const *) pairs->pdata, error);
  if (network == NULL)
    return FALSE;
  esp_network_unref (data->network);
  data->network = network;
  return TRUE;
}

/* What the command line says about training goes into the cfg, so that net.cfg tells all of it: first what the length is counted in, then
 * the length, then what is not to be scaled with it. */
static gboolean
write_batch (EspTrainData *data, GError **error)
{
  g_autoptr (EspTrainKeys) keys = esp_train_keys_read (data->network, error);
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);

  if (keys == NULL)
    return FALSE;
  if (batch == 0 && keys->batch == 1)
    {
      batch = MIN (USUAL_BATCH, (int) esp_dataset_get_n (data->train));
      g_printerr ("espalier-cli train: the cfg has batch=1, as for a test: %d are taken (--batch 1 means 1)\n", batch);
    }
  add_pair (pairs, "batch", batch);
  add_pair (pairs, "subdivisions", subdivisions > 0 ? subdivisions : batch > 0 ? 1 : 0);
  add_sets (pairs);
  return rewrite (data, pairs, error);
}

static gboolean
write_length (EspTrainData *data, GError **error)
{
  g_autoptr (EspTrainKeys) keys = NULL;
  EspNetwork *network;
  guint64 steps = (guint64) iterations;

  if (epochs == 0 && iterations == 0)
    return TRUE;
  keys = esp_train_keys_read (data->network, error);
  if (keys == NULL)
    return FALSE;
  if (epochs > 0)
    steps = esp_train_count_steps (MAX (esp_dataset_get_n (data->train), 1), keys->batch, (guint64) epochs);
  network = esp_train_set_length (data->network, steps, error);
  if (network == NULL)
    return FALSE;
  esp_network_unref (data->network);
  data->network = network;
  return TRUE;
}

static gboolean
write_rest (EspTrainData *data, GError **error)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);

  if (policy != NULL)
    g_ptr_array_add (pairs, g_strdup_printf ("policy=%s", policy));
  if (rate != NULL)
    g_ptr_array_add (pairs, g_strdup_printf ("learning_rate=%s", rate));
  if (burn_in >= 0)
    g_ptr_array_add (pairs, g_strdup_printf ("burn_in=%d", burn_in));
  add_sets (pairs);
  return rewrite (data, pairs, error);
}

static GPtrArray *
read_terms (GError **error)
{
  g_autoptr (GPtrArray) terms = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_term_free);

  for (guint i = 0; objectives != NULL && objectives[i] != NULL; i++)
    {
      EspTerm *term = esp_term_parse (objectives[i], error);

      if (term == NULL)
        return NULL;
      g_ptr_array_add (terms, term);
    }
  return g_steal_pointer (&terms);
}

/* Bytes of one training engine: what was asked for, or half of what the machine has. */
static gsize
choose_memory (void)
{
  return memory > 0 ? (gsize) memory << 20 : esp_pages_get_memory () / 2;
}

static EspTrainer *
make_trainer (const EspTrainData *data, guint64 seed, GError **error)
{
  const EspNetworkOptions words = { .orientation = orientation };
  g_autoptr (GPtrArray) terms = read_terms (error);
  EspTrainerOptions run;

  if (terms == NULL)
    return NULL;
  esp_trainer_options_init (&run, data->network);
  if (!esp_options_orientation (&words, &run.orientation, error) || (!plain && !esp_augment_read (&run.augment, data->network, error)))
    return NULL;
  run.weights = data->weights;
  run.train = data->train;
  run.background = background;
  run.val = data->val;
  run.names = (const char *const *) data->names;
  run.pairs = (const char *const *) class_pairs;
  run.folder = find_rate ? NULL : output;
  run.resume = resume;
  run.terms = (EspTerm *const *) (void *) terms->pdata;
  run.n_terms = terms->len;
  run.freeze = (guint) freeze;
  run.epochs = (guint) epochs;
  run.validate_every = (guint) validate_every;
  run.patience = (guint) patience;
  run.checkpoint_minutes = checkpoint_minutes;
  run.clip = clip;
  run.average = average;
  run.memory = choose_memory ();
  run.cache = (gsize) cache << 20;
  run.seed = seed;
  run.workers = (guint) workers;
  return esp_trainer_new (&run, error);
}

/* The run, watched from a thread of its own. */
typedef struct
{
  EspTrainer *trainer;
  EspCommon *common;
  EspJob *job;
  guint told; /* the last epoch that was printed */
  gboolean planned;
} Watch;

static void
tell_record (const EspTrainRecord *record)
{
  g_print ("epoch %4u  loss %9.4f", record->epoch, record->loss);
  if (!record->classifies)
    g_print (" (box %.4f, objectness %.4f, classes %.4f, IoU %.3f)", record->box_loss, record->objectness_loss, record->class_loss,
             record->iou);
  if (isfinite (record->map))
    g_print ("  %s %6.2f %%", record->classifies ? "right" : "mAP", record->map * 100);
  g_print ("  rate %.3g  %.1f images/s  %.0f s\n", record->rate, record->images_per_second, record->total_seconds);
}

static void
tell (Watch *watch)
{
  g_autoptr (GArray) records = esp_trainer_dup_records (watch->trainer, watch->told + 1);
  g_autofree char *plan = esp_trainer_dup_plan (watch->trainer);
  const gboolean wipe = !watch->common->quiet && isatty (STDERR_FILENO);

  if (!watch->planned && *plan != '\0' && !watch->common->quiet)
    g_printerr ("%s%s\n", wipe ? "\r\033[K" : "", g_strchomp (plan));
  watch->planned |= *plan != '\0';
  for (guint i = 0; i < records->len; i++)
    {
      const EspTrainRecord *record = &g_array_index (records, EspTrainRecord, i);

      if (wipe)
        g_printerr ("\r\033[K");
      if (!watch->common->json)
        tell_record (record);
      watch->told = record->epoch;
    }
}

static void
watch_run (gpointer data)
{
  Watch *watch = data;
  EspTrainerProgress progress;

  esp_trainer_start (watch->trainer, esp_common_lane (watch->common), NULL, NULL);
  while (!esp_trainer_wait (watch->trainer, g_get_monotonic_time () + G_USEC_PER_SEC / 20))
    {
      if (esp_job_is_cancelled (watch->job))
        esp_trainer_cancel (watch->trainer);
      esp_trainer_get_progress (watch->trainer, &progress);
      esp_job_set_progress (watch->job, progress.step, progress.steps);
      tell (watch);
    }
  tell (watch);
}

static void
add_result (JsonBuilder *json, const EspTrainData *data, EspTrainer *trainer, const EspTrainerProgress *progress)
{
  esp_json_string (json, "output", esp_trainer_get_folder (trainer));
  esp_json_string (json, "start", data->start);
  esp_json_int (json, "epochs", progress->epoch);
  esp_json_int (json, "steps", (gint64) progress->step);
  esp_json_int (json, "images", (gint64) progress->images);
  esp_json_double (json, "loss", progress->loss);
  esp_json_double (json, "map", progress->map);
  esp_json_double (json, "best_map", progress->best);
  if (progress->best_epoch > 0)
    esp_json_int (json, "best_epoch", progress->best_epoch);
  esp_json_double (json, "seconds", progress->seconds);
  esp_json_double (json, "images_per_second", progress->images_per_second);
  esp_json_int (json, "memory_bytes", (gint64) progress->memory);
  json_builder_set_member_name (json, "ended_early");
  json_builder_add_boolean_value (json, progress->early);
}

static void
print_result (EspTrainer *trainer, const EspTrainerProgress *progress)
{
  if (progress->early)
    g_print ("ended early: nothing better for %d measurements\n", patience);
  if (progress->best_epoch > 0)
    g_print ("best: %.2f %% after epoch %u; ", progress->best * 100, progress->best_epoch);
  g_print ("%s has best.weights, last.weights, net.cfg and log.jsonl\n", esp_trainer_get_folder (trainer));
}

/* What was stopped before its first update has nothing to go on from. */
static void
tell_stop (EspTrainer *trainer, const EspTrainerProgress *progress, GError **error)
{
  g_autofree char *checkpoint = g_build_filename (esp_trainer_get_folder (trainer), "checkpoint", NULL);

  if (progress->step > 0 && g_file_test (checkpoint, G_FILE_TEST_EXISTS))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                 "stopped after update %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT "; the same command with --resume %s goes on",
                 progress->step, progress->steps, checkpoint);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped before the first update");
}

static gboolean
finish (const EspTrainData *data, EspTrainer *trainer, EspCommon *common, JsonBuilder *json, GError **error)
{
  EspTrainerProgress progress;
  GError *failure = esp_trainer_dup_error (trainer);

  esp_trainer_get_progress (trainer, &progress);
  if (failure != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  if (progress.state == ESP_TRAINER_CANCELLED)
    {
      tell_stop (trainer, &progress, error);
      return FALSE;
    }
  add_result (json, data, trainer, &progress);
  if (!common->json)
    print_result (trainer, &progress);
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspTrainData) data = { NULL };
  g_autoptr (EspTrainer) trainer = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Training");
  Watch watch = { .common = common, .job = job };

  if (!check_options (error) || !esp_train_data_open (&data, argv[0], argv[1], &data_options, (guint64) common->seed, error)
      || !write_batch (&data, error) || !write_length (&data, error) || !write_rest (&data, error))
    return FALSE;
  trainer = make_trainer (&data, (guint64) common->seed, error);
  if (trainer == NULL)
    return FALSE;
  if (!common->quiet)
    g_printerr ("espalier-cli train: %s\n", data.start);
  if (find_rate)
    return esp_train_find_rate (trainer, common, json, error);
  watch.trainer = trainer;
  esp_common_run_beside (common, job, watch_run, &watch);
  return finish (&data, trainer, common, json, error);
}

const EspVerb esp_verb_train = {
  .name = "train",
  .arguments = "NET.cfg DATA",
  .summary = "Train or fine-tune a detector or a classifier on labelled images",
  .options = options,
  .least = 2,
  .most = 2,
  .run = run,
};
