/* trainer-common.h: a small run of training, which the tests of trainers share */
#pragma once

#include "data-common.h"
#include "net-common.h"
#include "squares-common.h"

#include <math.h>

#include "measure/summary.h"
#include "train/start.h"
#include "train/trainer.h"

#define N_IMAGES 10
#define PATIENCE (60 * G_USEC_PER_SEC) /* none of these runs takes a second */

/* Bright squares of two colours on a dark ground. */
static const char detector[] = "[net]\nbatch=4\nsubdivisions=2\nwidth=32\nheight=32\nchannels=3\nlearning_rate=0.02\nmomentum=0.9\n"
                               "decay=0.0005\nburn_in=4\nmax_batches=50\npolicy=cosine\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                               "[maxpool]\nsize=2\nstride=2\n"
                               "[dropout]\nprobability=0.1\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                               "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=1\nactivation=linear\n"
                               "[yolo]\nmask=0,1\nanchors=8,8, 14,14\nclasses=2\nnum=2\nignore_thresh=.6\n";

static EspLane *lane;

typedef struct
{
  char *folder;
  EspNetwork *network;
  EspWeights *weights;
  EspDataset *dataset;
  GPtrArray *paths; /* that options lend */
} Fixture;

static inline void
set_up (Fixture *fixture, gconstpointer data)
{
  const EspStartOptions start = { .seed = 1, .prior = .05 };
  g_autoptr (GError) error = NULL;

  fixture->folder = make_folder ();
  fixture->paths = g_ptr_array_new_with_free_func (g_free);
  write_squares (fixture->folder, N_IMAGES);
  fixture->dataset = open_in (fixture->folder, "list.txt", NULL);
  fixture->network = network_of (data != NULL ? data : detector, &error);
  g_assert_no_error (error);
  fixture->weights = esp_start_new (fixture->network, &start);
}

static inline void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_tree (fixture->folder);
  g_free (fixture->folder);
  g_ptr_array_unref (fixture->paths);
  esp_weights_unref (fixture->weights);
  esp_network_unref (fixture->network);
  esp_dataset_unref (fixture->dataset);
}

static const char *
path_in (const Fixture *fixture, const char *name)
{
  char *path = g_build_filename (fixture->folder, name, NULL);

  g_ptr_array_add (fixture->paths, path);
  return path;
}

/* The defaults of these tests, in folder @name of the fixture's. */
static inline EspTrainerOptions
options_of (const Fixture *fixture, const char *name)
{
  EspTrainerOptions options;

  esp_trainer_options_init (&options, fixture->network);
  options.weights = fixture->weights;
  options.train = fixture->dataset;
  options.val = fixture->dataset;
  options.folder = path_in (fixture, name);
  options.augment.jitter = .2;
  options.augment.flip = .5;
  options.augment.exposure = 1.3;
  options.workers = 2;
  return options;
}

static inline EspTrainer *
begin (const EspTrainerOptions *options)
{
  g_autoptr (GError) error = NULL;
  EspTrainer *trainer = esp_trainer_new (options, &error);

  g_assert_no_error (error);
  esp_trainer_start (trainer, lane, NULL, NULL);
  return trainer;
}

static inline EspTrainerProgress
end (EspTrainer *trainer)
{
  g_autoptr (GError) error = NULL;
  EspTrainerProgress progress;

  g_assert_true (esp_trainer_wait (trainer, g_get_monotonic_time () + PATIENCE));
  esp_trainer_get_progress (trainer, &progress);
  error = esp_trainer_dup_error (trainer);
  g_assert_true ((error != NULL) == (progress.state == ESP_TRAINER_FAILED));
  return progress;
}

static inline EspTrainerProgress
run_whole (const EspTrainerOptions *options)
{
  g_autoptr (EspTrainer) trainer = begin (options);
  const EspTrainerProgress progress = end (trainer);

  g_assert_cmpint (progress.state, ==, ESP_TRAINER_FINISHED);
  return progress;
}

static inline GBytes *
file_of (const EspTrainerOptions *options, const char *name)
{
  g_autofree char *path = g_build_filename (options->folder, name, NULL);
  g_autoptr (GError) error = NULL;
  GBytes *bytes = esp_file_read (path, 1 << 24, &error);

  g_assert_no_error (error);
  return bytes;
}

static inline void
same_files (const EspTrainerOptions *a, const EspTrainerOptions *b, gboolean same)
{
  const char *const names[] = { "last.weights", "best.weights" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) x = file_of (a, names[i]), y = file_of (b, names[i]);

      g_assert_true (g_bytes_equal (x, y) == same);
    }
}

static inline GArray *
log_of (const EspTrainerOptions *options)
{
  g_autofree char *path = g_build_filename (options->folder, "log.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  GArray *records = esp_train_log_load (path, &error);

  g_assert_no_error (error);
  return records;
}

/* All that does not depend on time. */
static inline void
same_logs (const EspTrainerOptions *a, const EspTrainerOptions *b)
{
  g_autoptr (GArray) x = log_of (a), y = log_of (b);

  g_assert_cmpuint (x->len, ==, y->len);
  for (guint i = 0; i < x->len; i++)
    {
      const EspTrainRecord *p = &g_array_index (x, EspTrainRecord, i), *q = &g_array_index (y, EspTrainRecord, i);

      g_assert_true (p->epoch == q->epoch && p->step == q->step && p->loss == q->loss && p->box_loss == q->box_loss && p->rate == q->rate);
      g_assert_true (p->map == q->map || (isnan (p->map) && isnan (q->map)));
    }
}

/* Cancelled once it has done @step updates, wherever that meets it: between sub-batches, layers, or in a validation. */
static inline gboolean
run_until (const EspTrainerOptions *options, guint64 step, gint64 delay)
{
  g_autoptr (EspTrainer) trainer = begin (options);
  EspTrainerProgress progress;

  do
    esp_trainer_get_progress (trainer, &progress);
  while (progress.step < step && !esp_trainer_wait (trainer, g_get_monotonic_time () + 200));
  g_usleep ((gulong) delay);
  esp_trainer_cancel (trainer);
  progress = end (trainer);
  g_test_message ("stopped after update %u of %u", (guint) progress.step, (guint) progress.steps);
  return progress.state == ESP_TRAINER_CANCELLED;
}

static inline void
refused (const EspTrainerOptions *options, EspError code, const char *part)
{
  g_autoptr (GError) error = NULL;
  EspTrainer *trainer = esp_trainer_new (options, &error);

  g_assert_null (trainer);
  g_test_message ("%s", error->message);
  g_assert_error (error, ESP_ERROR, (int) code);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” lacks “%s”", error->message, part);
}
