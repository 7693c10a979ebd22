/* test-trainer.c: whole runs of training on a few small pictures: what they learn, and that they can be taken up where they stood */
#include "config.h"

#include "trainer-common.h"

static const char classifier[] = "[net]\nbatch=4\nsubdivisions=1\nwidth=32\nheight=32\nchannels=3\nlearning_rate=0.05\nmomentum=0.9\n"
                                 "decay=0.0005\nmax_batches=50\npolicy=poly\npower=1\n"
                                 "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=4\npad=1\nactivation=leaky\n"
                                 "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n[avgpool]\n[softmax]\n";

static void
test_learns (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (GArray) records = NULL;
  EspTrainerProgress progress;
  const EspTrainRecord *first, *last;

  esp_augment_init (&options.augment, fixture->network); /* so few pictures are known by heart */
  options.epochs = 60;
  options.validate_every = 10;
  options.checkpoint_minutes = 0;
  progress = run_whole (&options);
  records = log_of (&options);
  g_assert_cmpuint (records->len, ==, 60);
  first = &g_array_index (records, EspTrainRecord, 0);
  last = &g_array_index (records, EspTrainRecord, 59);
  g_test_message ("loss %.3f to %.3f, mAP %.3f, best %.3f after epoch %u", first->loss, last->loss, last->map, progress.best,
                  progress.best_epoch);
  g_assert_cmpfloat (last->loss, <, first->loss / 4);
  g_assert_cmpfloat (progress.best, >, .5);
  g_assert_cmpuint (last->step, ==, 150);
  g_assert_cmpuint (last->images, ==, 600);
  g_assert_cmpuint (progress.step, ==, 150);
  g_assert_cmpuint (progress.epoch, ==, 60);
  g_assert_cmpuint (progress.memory, >, 0);
}

/* The number of the log is that of a pass over best.weights as they were written. */
static void
test_one_code_path (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autofree char *path = g_build_filename (options.folder, "best.weights", NULL),
                  *cfg = g_build_filename (options.folder, "net.cfg", NULL);
  const EspTrainerProgress progress = (options.epochs = 30, options.average = .9, run_whole (&options));
  const EspEngineOptions reference = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE, .batch = 1 };
  g_autoptr (EspNetwork) network = esp_network_load (cfg, NULL);
  g_autoptr (EspWeights) weights = esp_weights_load (network, path, NULL);
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &reference, NULL, NULL);
  g_autoptr (EspClassMap) map = esp_class_map_new (fixture->dataset, NULL, 2, NULL, NULL);
  EspEvaluateOptions run;
  g_autoptr (EspImageCache) cache = NULL;
  g_autoptr (EspPass) pass = NULL;
  EspOutcome *outcomes[N_IMAGES];
  g_autoptr (EspSummary) summary = NULL;
  const guint all[N_IMAGES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

  esp_evaluate_options_init (&run, network);
  cache = esp_image_cache_new (fixture->dataset, esp_network_get_input (network), run.fit, run.orientation, 0);
  pass = esp_pass_new (engine, fixture->dataset, map, cache, &run);
  g_assert_true (esp_pass_run (pass, all, N_IMAGES, outcomes, NULL, NULL));
  summary = esp_summary_new (outcomes, N_IMAGES, 2, esp_protocol_find ("darknet"));
  g_assert_cmpfloat (progress.best, >, .1);
  g_assert_cmpfloat_with_epsilon (summary->map, progress.best, 1e-9); /* another backend: scores differ, their order does not */
  g_assert_cmpuint (esp_weights_get_header (weights).seen, >, 0);
  for (guint i = 0; i < N_IMAGES; i++)
    esp_outcome_free (outcomes[i]);
}

/* Same seed, same bits after 50 updates, whatever the number of threads that make batches; another seed, others. */
static void
test_same_bits (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions a = options_of (fixture, "a"), b = options_of (fixture, "b"), c = options_of (fixture, "c");

  b.workers = 1;
  c.seed = 2;
  a.epochs = b.epochs = c.epochs = 20;
  g_assert_cmpuint (run_whole (&a).step, ==, 50);
  run_whole (&b);
  run_whole (&c);
  same_files (&a, &b, TRUE);
  same_logs (&a, &b);
  same_files (&a, &c, FALSE);
}

static void
test_resumed (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions whole = options_of (fixture, "whole"), cut = options_of (fixture, "cut");
  g_autofree char *checkpoint = g_build_filename (cut.folder, "checkpoint", NULL);
  g_autoptr (GRand) rng = g_rand_new_with_seed (11);

  whole.average = cut.average = .95;
  whole.clip = cut.clip = 5;
  run_whole (&whole);
  for (guint64 step = 3; step < 50; step += 9)
    {
      if (!run_until (&cut, step, g_rand_int_range (rng, 0, 4000)))
        break;
      cut.resume = checkpoint;
    }
  g_assert_true (cut.resume != NULL);
  run_whole (&cut);
  same_files (&whole, &cut, TRUE);
  same_logs (&whole, &cut);
  run_whole (&cut); /* of a run that is over nothing is left to do */
  same_logs (&whole, &cut);
}

/* As after kill -9: the log and the weights are ahead of the checkpoint. */
static void
test_behind (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions whole = options_of (fixture, "whole"), cut = options_of (fixture, "cut");
  g_autofree char *old = g_build_filename (fixture->folder, "old", NULL), *checkpoint = g_build_filename (cut.folder, "checkpoint", NULL);
  g_autoptr (GBytes) bytes = NULL;

  run_whole (&whole);
  g_assert_true (run_until (&cut, 7, 0));
  bytes = file_of (&cut, "checkpoint");
  g_assert_true (esp_file_write (old, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL));
  cut.resume = checkpoint;
  run_whole (&cut);
  cut.resume = old;
  run_whole (&cut);
  same_files (&whole, &cut, TRUE);
  same_logs (&whole, &cut);
}

/* Of several sizes, with room for one engine or for all: the same bits, and taken up in the middle of ten updates of one size. */
static void
test_sizes (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions whole = options_of (fixture, "whole"), cut = options_of (fixture, "cut");
  g_autofree char *checkpoint = g_build_filename (cut.folder, "checkpoint", NULL);

  whole.augment.random = cut.augment.random = 1.7;
  whole.augment.step = cut.augment.step = 16;
  whole.cache = 0;
  cut.memory = (gsize) run_whole (&whole).memory * 3 / 4;
  g_assert_true (run_until (&cut, 13, 0));
  cut.resume = checkpoint;
  run_whole (&cut);
  same_files (&whole, &cut, TRUE);
  same_logs (&whole, &cut);
}

static void
test_paused (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions a = options_of (fixture, "a"), b = options_of (fixture, "b");
  g_autoptr (EspTrainer) trainer = NULL;
  EspTrainerProgress progress = { 0 }, later;

  run_whole (&a);
  trainer = begin (&b);
  esp_trainer_pause (trainer);
  for (guint i = 0; i < 1000 && progress.state != ESP_TRAINER_PAUSED; i++)
    {
      g_usleep (1000);
      esp_trainer_get_progress (trainer, &progress);
    }
  g_assert_cmpint (progress.state, ==, ESP_TRAINER_PAUSED);
  g_usleep (20000);
  esp_trainer_get_progress (trainer, &later);
  g_assert_cmpuint (later.step, ==, progress.step);
  esp_trainer_resume (trainer);
  g_assert_cmpint (end (trainer).state, ==, ESP_TRAINER_FINISHED);
  same_files (&a, &b, TRUE);
}

/* A paused run that is cancelled stops, too; one whose lane goes stops with a checkpoint. */
static void
test_stopped (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autofree char *checkpoint = g_build_filename (options.folder, "checkpoint", NULL);
  EspLane *own = esp_lane_new (1);
  g_autoptr (EspTrainer) paused = NULL, dropped = NULL;
  g_autoptr (GError) error = NULL;

  options.epochs = 100000;
  paused = begin (&options);
  esp_trainer_pause (paused);
  g_usleep (20000);
  esp_trainer_cancel (paused);
  g_assert_cmpint (end (paused).state, ==, ESP_TRAINER_CANCELLED);
  g_assert_true (g_file_test (checkpoint, G_FILE_TEST_EXISTS) || end (paused).step == 0);
  options.folder = path_in (fixture, "other");
  dropped = esp_trainer_new (&options, &error);
  g_assert_no_error (error);
  esp_trainer_start (dropped, own, NULL, NULL);
  g_usleep (50000);
  esp_lane_free (own);
  g_assert_cmpint (end (dropped).state, ==, ESP_TRAINER_CANCELLED);
}

/* A masked channel's parameters stay as they are, an element's is 0; all others move. */
static void
test_masked (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (EspParameterVector) vector = esp_parameter_vector_new (fixture->network, fixture->weights);
  const gsize n = esp_parameter_vector_get_n (vector), at = esp_parameter_vector_find (vector, 4, ESP_PARAMETER_WEIGHTS)->at;
  g_autofree guint8 *elements = g_malloc (n);
  guint8 bits[8] = { 1, 0, 1, 1, 0, 1, 1, 1 };
  guint8 *keep[6] = { bits, NULL };
  g_autoptr (EspMask) mask = esp_mask_new (fixture->network, keep);
  g_autofree char *path = g_build_filename (options.folder, "last.weights", NULL);
  g_autoptr (EspWeights) weights = NULL;
  const EspParams *was = esp_weights_get (fixture->weights, 0), *is;

  memset (elements, 1, n);
  elements[at + 5] = 0;
  options.mask = mask;
  options.elements = elements;
  options.average = .9;
  run_whole (&options);
  weights = esp_weights_load (fixture->network, path, NULL);
  is = esp_weights_get (weights, 0);
  for (guint i = 0; i < 8; i++)
    {
      const gboolean same = memcmp (was->weights + i * 27, is->weights + i * 27, 27 * sizeof (float)) == 0
                            && was->scales[i] == is->scales[i] && was->biases[i] == is->biases[i] && was->means[i] == is->means[i];

      g_assert_true (same == !bits[i]);
    }
  for (guint i = 0; i < 16 * 14; i++)
    g_assert_true ((esp_weights_get (weights, 4)->weights[i] == 0) == (i == 5));
}

static void
test_frozen (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autofree char *path = g_build_filename (options.folder, "last.weights", NULL);
  g_autoptr (EspWeights) weights = NULL;

  options.freeze = 4;
  run_whole (&options);
  weights = esp_weights_load (fixture->network, path, NULL);
  for (guint i = 0; i < 5; i++)
    {
      const EspParams *was = esp_weights_get (fixture->weights, i), *is = esp_weights_get (weights, i);

      if (was != NULL)
        g_assert_true ((memcmp (was->weights, is->weights, was->n_weights * sizeof (float)) == 0) == (i < 4));
      if (was != NULL && was->means != NULL)
        {
          g_assert_true ((memcmp (was->means, is->means, was->filters * sizeof (float)) == 0) == (i < 4));
          g_assert_true ((memcmp (was->variances, is->variances, was->filters * sizeof (float)) == 0) == (i < 4));
        }
    }
}

static void
test_patience (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  EspTrainerProgress progress;

  options.epochs = 200;
  options.patience = 3;
  options.freeze = 4;
  progress = run_whole (&options);
  g_test_message ("ended after epoch %u, best was %u", progress.epoch, progress.best_epoch);
  g_assert_true (progress.early);
  g_assert_cmpuint (progress.epoch, ==, progress.best_epoch + 3);
}

static void
test_diverges (Fixture *fixture, gconstpointer data)
{
  const char *const pairs[] = { "learning_rate=1e6", "burn_in=12", "power=20", NULL };
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) wild = esp_train_rewrite (fixture->network, pairs, &error);
  g_autoptr (EspTrainer) trainer = NULL;
  g_autofree char *path = g_build_filename (options.folder, "last.weights", NULL);
  g_autoptr (EspWeights) weights = NULL;

  g_assert_no_error (error);
  options.network = wild;
  trainer = begin (&options);
  g_assert_cmpint (end (trainer).state, ==, ESP_TRAINER_FAILED);
  error = esp_trainer_dup_error (trainer);
  g_test_message ("%s", error->message);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_DIVERGED);
  g_assert_nonnull (strstr (error->message, "diverged"));
  g_clear_error (&error);
  weights = esp_weights_load (fixture->network, path, &error);
  g_assert_no_error (error);
}

/* last.weights of a run that went wrong are those of the last epoch before, and the message says of which. */
static void
test_keeps_sound (Fixture *fixture, gconstpointer data)
{
  const char *const pairs[] = { "learning_rate=0.2", "burn_in=30", "policy=constant", "max_batches=400", "head.max_delta=5", NULL };
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) wild = esp_train_rewrite (fixture->network, pairs, &error);
  g_autoptr (EspTrainer) trainer = NULL;
  g_autofree char *path = g_build_filename (options.folder, "last.weights", NULL), *part = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (GArray) records = NULL;
  const EspTrainRecord *kept = NULL;

  g_assert_no_error (error);
  options.network = wild;
  options.val = NULL;
  trainer = begin (&options);
  g_assert_cmpint (end (trainer).state, ==, ESP_TRAINER_FAILED);
  error = esp_trainer_dup_error (trainer);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_DIVERGED);
  g_test_message ("%s", error->message);
  weights = esp_weights_load (wild, path, NULL);
  records = log_of (&options);
  for (guint i = 0; i < records->len; i++)
    {
      const EspTrainRecord *record = &g_array_index (records, EspTrainRecord, i);

      g_test_message ("epoch %u: loss %g", record->epoch, record->loss);
      if (record->images == esp_weights_get_header (weights).seen)
        kept = record;
    }
  g_assert_nonnull (kept);
  g_assert_cmpuint (kept->epoch, <, records->len);
  part = g_strdup_printf ("those of epoch %u, the last one that was sound", kept->epoch);
  g_assert_nonnull (strstr (error->message, part));
}

/* A picture cut short, one overwritten, one that is empty. */
static void
damage (Fixture *fixture)
{
  g_autofree char *cut = g_build_filename (fixture->folder, "4.png", NULL), *bytes = NULL;
  gsize n = 0;

  g_assert_true (g_file_get_contents (cut, &bytes, &n, NULL));
  g_assert_true (g_file_set_contents (cut, bytes, (gssize) n / 2, NULL));
  put_away (fixture->folder, "5.png", "these are no pixels, though they are more than four and twenty bytes");
  put_away (fixture->folder, "6.png", "");
}

static void
test_refused_data (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options = options_of (fixture, "run");
  g_autoptr (EspDataset) bare = NULL, many = NULL;
  g_autofree char *gone = g_build_filename (fixture->folder, "3.png", NULL);

  put_away (fixture->folder, "4.txt", "2 .5 .5 .2 .2\n");
  many = open_in (fixture->folder, "list.txt", NULL);
  options.train = many;
  refused (&options, ESP_ERROR_SHAPE, "2 classes");
  options.train = fixture->dataset;
  g_assert_cmpint (g_remove (gone), ==, 0);
  refused (&options, ESP_ERROR_IO, "3.png");
  damage (fixture);
  refused (&options, ESP_ERROR_IO, "4 pictures");
  refused (&options, ESP_ERROR_IO, "3.png: No such file");
  refused (&options, ESP_ERROR_IO, "4.png");
  refused (&options, ESP_ERROR_IO, "5.png: its size could not be read");
  refused (&options, ESP_ERROR_IO, "6.png");
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s/%u.txt", fixture->folder, i);

      g_assert_cmpint (g_remove (name), ==, 0);
    }
  bare = open_in (fixture->folder, "list.txt", NULL);
  options.train = bare;
  refused (&options, ESP_ERROR_UNSUPPORTED, "no labels");
}

static void
test_classifier (Fixture *fixture, gconstpointer data)
{
  EspTrainerOptions options;
  g_autoptr (GArray) records = NULL;
  g_autoptr (GBytes) names = NULL;
  const EspTrainRecord *last;

  for (guint i = 0; i < N_IMAGES; i++)
    {
      write_square (fixture->folder, i % 2 == 0 ? "classes/red/" : "classes/blue/", i);
    }
  esp_dataset_unref (fixture->dataset);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *label = g_strdup_printf ("%s/classes/%s/%u.txt", fixture->folder, i % 2 == 0 ? "red" : "blue", i);

      g_remove (label);
    }
  fixture->dataset = open_in (fixture->folder, "classes", NULL);
  options = options_of (fixture, "run");
  options.augment.jitter = 0;
  options.epochs = 20;
  run_whole (&options);
  records = log_of (&options);
  last = &g_array_index (records, EspTrainRecord, records->len - 1);
  g_assert_true (last->classifies);
  g_assert_cmpfloat (last->map, ==, 1);
  g_assert_cmpfloat (last->loss, <, .3);
  names = file_of (&options, "net.names");
  g_assert_cmpmem (g_bytes_get_data (names, NULL), g_bytes_get_size (names), "blue\nred\n", 9);
}

static void
test_lengths (Fixture *fixture, gconstpointer data)
{
  const char *const pairs[] = { "policy=steps", "steps=25,40", "scales=.1,.1", "burn_in=10", "max_batches=100", NULL };
  const char *const bad[][2]
      = { { "width=3", NULL }, { "batch", NULL }, { "=4", NULL }, { "batch=3#4", NULL }, { "head.classes=3", NULL } };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) steps = esp_train_rewrite (fixture->network, pairs, &error), made = NULL, head = NULL;
  const char *const head_pair[] = { "head.jitter=.2", NULL };
  const EspCfg *cfg;

  g_assert_no_error (error);
  made = esp_train_set_length (steps, 1000, &error);
  g_assert_no_error (error);
  cfg = esp_network_get_cfg (made);
  g_assert_cmpstr (esp_cfg_get (cfg, 0, "max_batches"), ==, "1000");
  g_assert_cmpstr (esp_cfg_get (cfg, 0, "steps"), ==, "250,400");
  g_assert_cmpstr (esp_cfg_get (cfg, 0, "burn_in"), ==, "100");
  head = esp_train_rewrite (made, head_pair, &error);
  g_assert_cmpstr (esp_cfg_get (esp_network_get_cfg (head), 6, "jitter"), ==, ".2");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (esp_train_rewrite (made, bad[i], &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
      g_clear_error (&error);
    }
  g_assert_cmpuint (esp_train_count_steps (10, 4, 3), ==, 8);
}

/* A key that nothing reads is refused, and one of the other place is pointed to. */
static void
test_keys (Fixture *fixture, gconstpointer data)
{
  const char *const bad[][2] = {
    { "foo=1", "“foo” of [net]: expected one of B1," },
    { "foo=1", "learning_rate, " },
    { "iou_loss=giou", "expected head.iou_loss" },
    { "head.foo=1", "expected one of anchors, beta_nms, " },
    { "head.batch=4", "expected batch" },
    { "head.coord_scale=2", "iou_loss, " }, /* of [region] */
    { "aspect=.5", "nothing of" },          /* of classifiers */
  };
  const char *const good[] = { "cutmix=0", "B2=.99", "letter_box=1", "head.iou_loss=giou", "head.resize=1.2", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) made = esp_train_rewrite (fixture->network, good, &error), others = network_of (classifier, NULL), none = NULL;
  const char *const head[] = { "head.jitter=.1", NULL }, *const aspect[] = { "aspect=.5", NULL };

  g_assert_no_error (error);
  g_assert_nonnull (made);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *const pairs[] = { bad[i][0], NULL };

      g_assert_null (esp_train_rewrite (fixture->network, pairs, &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
      if (strstr (error->message, bad[i][1]) == NULL)
        g_error ("“%s” lacks “%s”", error->message, bad[i][1]);
      g_clear_error (&error);
    }
  none = esp_train_rewrite (others, head, &error);
  g_assert_null (none);
  g_assert_nonnull (strstr (error->message, "has no head"));
  g_clear_error (&error);
  none = esp_train_rewrite (others, aspect, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  lane = esp_lane_new (1);
#define ADD(name, func, text) g_test_add ("/trainer/" name, Fixture, text, set_up, func, tear_down)
  ADD ("learns", test_learns, NULL);
  ADD ("one-code-path", test_one_code_path, NULL);
  ADD ("same-bits", test_same_bits, NULL);
  ADD ("resumed", test_resumed, NULL);
  ADD ("behind", test_behind, NULL);
  ADD ("sizes", test_sizes, NULL);
  ADD ("paused", test_paused, NULL);
  ADD ("stopped", test_stopped, NULL);
  ADD ("masked", test_masked, NULL);
  ADD ("frozen", test_frozen, NULL);
  ADD ("patience", test_patience, NULL);
  ADD ("diverges", test_diverges, NULL);
  ADD ("keeps-sound", test_keeps_sound, NULL);
  ADD ("refused-data", test_refused_data, NULL);
  ADD ("classifier", test_classifier, classifier);
  ADD ("lengths", test_lengths, NULL);
  ADD ("keys", test_keys, NULL);
  status = g_test_run ();
  esp_lane_free (lane);
  return status;
}
