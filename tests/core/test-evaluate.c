/* test-evaluate.c: the pass over a small data set made here: batches, budgets, cancelling, unlabelled images */
#include "config.h"

#include "measure/summary.h"

#include <glib/gstdio.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

#include "base/rng.h"
#include "measure/latency.h"
#include "net/cut.h"

#define N_IMAGES 5

/* Two heads' worth of boxes from two convolutions; random weights are enough, for nothing here asks what it sees. */
static const char cfg_text[] = "[net]\nwidth=32\nheight=32\nchannels=3\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=4\npad=1\nactivation=leaky\n"
                               "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=1\nactivation=linear\n"
                               "[yolo]\nmask=0,1\nanchors=8,8, 16,12\nclasses=2\nnum=2\n";

typedef struct
{
  char *folder;
  EspNetwork *network;
  EspWeights *weights;
  EspDataset *dataset, *unlabelled;
  EspClassMap *map;
} Fixture;

static char *
write_image (const char *folder, guint i, GRand *rng)
{
  g_autofree char *name = g_strdup_printf ("%u.png", i);
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 20 + (int) i, 30);
  g_autoptr (GError) error = NULL;
  guchar *pixels = gdk_pixbuf_get_pixels (pixbuf);

  for (gsize k = 0; k < gdk_pixbuf_get_byte_length (pixbuf); k++)
    pixels[k] = (guchar) g_rand_int (rng);
  g_assert_true (gdk_pixbuf_save (pixbuf, path, "png", &error, NULL));
  return path;
}

static void
write_data (Fixture *fixture)
{
  g_autoptr (GRand) rng = esp_rng_new (1, 0, 0);
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *bare = g_build_filename (fixture->folder, "bare", NULL);
  g_autofree char *list_path = g_build_filename (fixture->folder, "list.txt", NULL);
  g_autoptr (GError) error = NULL;

  g_mkdir (bare, 0700);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *path = write_image (fixture->folder, i, rng), *copy = write_image (bare, i, rng);
      g_autofree char *label = g_strdup_printf ("%s/%u.txt", fixture->folder, i);
      g_autofree char *text = g_strdup_printf ("%u .5 .5 .3 .3\n1 .25 .25 .25 .25\n", i % 2);

      g_assert_true (g_file_set_contents (label, text, -1, &error));
      g_string_append_printf (list, "%u.png\n", i);
    }
  g_assert_true (g_file_set_contents (list_path, list->str, -1, &error));
  fixture->dataset = esp_dataset_open (list_path, NULL, NULL, &error);
  g_assert_no_error (error);
  fixture->unlabelled = esp_dataset_open (bare, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_parse (cfg_text, strlen (cfg_text), "small.cfg", &error);

  g_assert_no_error (error);
  fixture->network = esp_network_new (cfg, &error);
  g_assert_no_error (error);
  fixture->weights = esp_weights_new_random (fixture->network, 1);
  fixture->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  write_data (fixture);
  fixture->map = esp_class_map_new (fixture->dataset, NULL, 2, NULL, &error);
  g_assert_no_error (error);
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_folder (path);
      else
        g_remove (path);
    }
  g_rmdir (folder);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  esp_class_map_free (fixture->map);
  esp_dataset_unref (fixture->dataset);
  esp_dataset_unref (fixture->unlabelled);
  esp_weights_unref (fixture->weights);
  esp_network_unref (fixture->network);
  remove_folder (fixture->folder);
  g_free (fixture->folder);
}

/* A pass over some images with an engine of the reference, which runs in this thread. */
static gboolean
run_pass (Fixture *fixture,
          EspDataset *dataset,
          guint batch,
          gsize budget,
          const guint *indices,
          guint n,
          EspOutcome **outcomes,
          EspJob *job,
          GError **error)
{
  EspEvaluateOptions options;
  EspEngineOptions engine_options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE, .batch = batch };
  g_autoptr (EspEngine) engine = esp_engine_new (fixture->network, fixture->weights, &engine_options, NULL, error);
  g_autoptr (EspImageCache) cache = NULL;
  g_autoptr (EspPass) pass = NULL;

  g_assert_nonnull (engine);
  esp_evaluate_options_init (&options, fixture->network);
  cache = esp_image_cache_new (dataset, esp_network_get_input (fixture->network), options.fit, options.orientation, budget);
  pass = esp_pass_new (engine, dataset, dataset == fixture->dataset ? fixture->map : NULL, cache, &options);
  if (!esp_pass_run (pass, indices, n, outcomes, job, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    esp_outcome_free (outcomes[i]);
  return esp_pass_run (pass, indices, n, outcomes, job, error); /* again, from the cache as far as its budget went */
}

static void
assert_same (const EspOutcome *a, const EspOutcome *b)
{
  g_assert_cmpuint (a->n, ==, b->n);
  g_assert_cmpmem (a->detections, a->n * sizeof *a->detections, b->detections, b->n * sizeof *b->detections);
  g_assert_cmpmem (a->truth, a->n * sizeof (int), b->truth, b->n * sizeof (int));
  g_assert_cmpuint (a->n_truths, ==, b->n_truths);
}

/* No outcome depends on the batch, on the order, on what else is in it, or on whether its image was kept. */
static void
test_batches (Fixture *fixture, gconstpointer data)
{
  const guint ascending[N_IMAGES] = { 0, 1, 2, 3, 4 }, mixed[N_IMAGES] = { 3, 0, 4, 1, 2 };
  EspOutcome *one[N_IMAGES], *three[N_IMAGES], *other[N_IMAGES];
  g_autoptr (GError) error = NULL;
  guint rows = 0;

  g_assert_true (run_pass (fixture, fixture->dataset, 1, 0, ascending, N_IMAGES, one, NULL, &error));
  g_assert_true (run_pass (fixture, fixture->dataset, 3, G_MAXSIZE, ascending, N_IMAGES, three, NULL, &error));
  g_assert_true (run_pass (fixture, fixture->dataset, 2, 2 * 3 * 32 * 32 * sizeof (float), mixed, N_IMAGES, other, NULL, &error));
  for (guint i = 0; i < N_IMAGES; i++)
    {
      assert_same (one[i], three[i]);
      assert_same (one[mixed[i]], other[i]);
      g_assert_cmpuint (one[i]->n_truths, ==, 2);
      g_assert_cmpint (one[i]->truth_class[0], ==, (int) i % 2);
      rows += one[i]->n;
      for (guint j = 1; j < one[i]->n; j++)
        g_assert_cmpfloat (one[i]->detections[j - 1].score, >=, one[i]->detections[j].score);
    }
  g_assert_cmpuint (rows, >, N_IMAGES); /* random heads say something of every image */
  for (guint i = 0; i < N_IMAGES; i++)
    {
      esp_outcome_free (one[i]);
      esp_outcome_free (three[i]);
      esp_outcome_free (other[i]);
    }
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  const guint indices[] = { 0, 1 };
  EspOutcome *outcomes[2] = { (EspOutcome *) fixture, (EspOutcome *) fixture };
  g_autoptr (EspJob) job = esp_job_new ("pass");
  g_autoptr (GError) error = NULL;

  esp_job_cancel (job);
  g_assert_false (run_pass (fixture, fixture->dataset, 1, 0, indices, 2, outcomes, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (outcomes[0]);
  g_assert_null (outcomes[1]);
}

static void
test_unlabelled (Fixture *fixture, gconstpointer data)
{
  const guint index = 0;
  EspOutcome *outcome = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_dataset_is_labelled (fixture->unlabelled));
  g_assert_true (run_pass (fixture, fixture->unlabelled, 1, 0, &index, 1, &outcome, NULL, &error));
  g_assert_cmpuint (outcome->n_truths, ==, 0);
  for (guint i = 0; i < outcome->n; i++)
    g_assert_cmpint (outcome->truth[i], ==, -1);
  esp_outcome_free (outcome);
}

static char *export(Fixture *fixture, EspCut *cut, const char *end)
{
  g_autofree char *name = g_strdup_printf ("cut.%s", end);
  char *path = g_build_filename (fixture->folder, name, NULL);
  g_autoptr (GError) error = NULL;
  gsize n;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (esp_cut_get_network (cut)), &n);

  if (g_str_equal (end, "cfg"))
    g_file_set_contents (path, text, (gssize) n, &error);
  else
    esp_weights_save (esp_cut_get_network (cut), esp_cut_get_weights (cut), path, &error);
  g_assert_no_error (error);
  return path;
}

/* What a plan's number is made of is what its exported files give, to the last bit. */
static void
test_exported (Fixture *fixture, gconstpointer data)
{
  const guint indices[N_IMAGES] = { 0, 1, 2, 3, 4 };
  guint8 bits[8] = { 1, 0, 1, 1, 0, 0, 1, 1 };
  guint8 *keep[3] = { bits, NULL, NULL };
  EspOutcome *whole[N_IMAGES], *live[N_IMAGES], *exported[N_IMAGES];
  g_autoptr (EspMask) mask = esp_mask_new (fixture->network, keep);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCut) cut = esp_cut_new (fixture->network, fixture->weights, mask, NULL, &error);
  g_autofree char *cfg = NULL, *weights = NULL;
  EspNetwork *network = fixture->network;
  EspWeights *own = fixture->weights;

  g_assert_no_error (error);
  cfg = export(fixture, cut, "cfg");
  weights = export(fixture, cut, "weights");
  g_assert_true (run_pass (fixture, fixture->dataset, 2, 0, indices, N_IMAGES, whole, NULL, &error));
  fixture->network = esp_cut_get_network (cut);
  fixture->weights = esp_cut_get_weights (cut);
  g_assert_true (run_pass (fixture, fixture->dataset, 2, 0, indices, N_IMAGES, live, NULL, &error));
  fixture->network = esp_network_load (cfg, &error);
  g_assert_no_error (error);
  fixture->weights = esp_weights_load (fixture->network, weights, &error);
  g_assert_no_error (error);
  g_assert_true (run_pass (fixture, fixture->dataset, 1, 0, indices, N_IMAGES, exported, NULL, &error));
  for (guint i = 0; i < N_IMAGES; i++)
    assert_same (live[i], exported[i]);
  g_assert_cmpfloat (whole[0]->detections[0].score, !=, live[0]->detections[0].score);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      esp_outcome_free (whole[i]);
      esp_outcome_free (live[i]);
      esp_outcome_free (exported[i]);
    }
  esp_network_unref (fixture->network);
  esp_weights_unref (fixture->weights);
  fixture->network = network;
  fixture->weights = own;
}

/* An image that cannot be read stops the pass, and the message names it. */
static void
test_broken_image (Fixture *fixture, gconstpointer data)
{
  const guint indices[] = { 0, 1, 2 };
  g_autofree char *path = g_build_filename (fixture->folder, "2.png", NULL);
  EspOutcome *outcomes[3];
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "\x89PNG junk", -1, &error));
  g_assert_false (run_pass (fixture, fixture->dataset, 1, 0, indices, 3, outcomes, NULL, &error));
  g_assert_nonnull (strstr (error->message, "2.png"));
  for (guint i = 0; i < 3; i++)
    g_assert_null (outcomes[i]);
}

static void
test_latency (Fixture *fixture, gconstpointer data)
{
  EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE, .batch = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (fixture->network, fixture->weights, &options, NULL, &error);
  EspLatency latency;

  g_assert_true (esp_latency_measure (engine, 1, &latency, NULL, &error));
  g_assert_cmpuint (latency.repeats, >=, 3);
  g_assert_cmpfloat (latency.low_ms, >, 0);
  g_assert_cmpfloat (latency.low_ms, <=, latency.median_ms);
  g_assert_cmpfloat (latency.median_ms, <=, latency.high_ms);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/evaluate/batches", Fixture, NULL, set_up, test_batches, tear_down);
  g_test_add ("/evaluate/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  g_test_add ("/evaluate/unlabelled", Fixture, NULL, set_up, test_unlabelled, tear_down);
  g_test_add ("/evaluate/exported", Fixture, NULL, set_up, test_exported, tear_down);
  g_test_add ("/evaluate/broken-image", Fixture, NULL, set_up, test_broken_image, tear_down);
  g_test_add ("/evaluate/latency", Fixture, NULL, set_up, test_latency, tear_down);
  return g_test_run ();
}
