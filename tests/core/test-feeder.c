/* test-feeder.c: batches of a small data set: what they hold, in which order, with any number of threads, from any step */
#include "data-common.h"

#include "train/feeder.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "base/rng.h"

#define N_IMAGES 7

static const char detector[] = "[net]\nwidth=32\nheight=24\nchannels=3\n"
                               "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=1\nactivation=linear\n"
                               "[yolo]\nmask=0,1\nanchors=8,8, 16,12\nclasses=2\nnum=2\n";
static const char classifier[] = "[net]\nwidth=16\nheight=16\nchannels=1\n"
                                 "[convolutional]\nfilters=3\nsize=1\nstride=1\nactivation=linear\n[avgpool]\n[softmax]\n";

typedef struct
{
  char *folder;
  EspDataset *dataset;
  EspFeederOptions options;
} Fixture;

static EspNetwork *
read_network (const char *text)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new (esp_cfg_parse (text, strlen (text), "test.cfg", NULL), &error);

  g_assert_no_error (error);
  return network;
}

static void
write_image (const char *folder, const char *name, int width, int height, GRand *rng)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, width, height);
  guchar *pixels = gdk_pixbuf_get_pixels (pixbuf);

  g_assert_true (esp_folder_make (parent, NULL));
  for (gsize k = 0; k < gdk_pixbuf_get_byte_length (pixbuf); k++)
    pixels[k] = (guchar) g_rand_int (rng);
  g_assert_true (gdk_pixbuf_save (pixbuf, path, "png", NULL, NULL));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GRand) rng = esp_rng_new (1, 0, 0);
  g_autoptr (GString) list = g_string_new (NULL);
  g_autoptr (EspNetwork) network = read_network (detector);

  fixture->folder = make_folder ();
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.png", i), *label = g_strdup_printf ("%u.txt", i);

      write_image (fixture->folder, name, 20 + (int) i, 30, rng);
      put_away (fixture->folder, label, i == 3 ? "" : i % 2 == 0 ? "0 .5 .5 .25 .5\n1 .125 .25 .25 .25\n" : "1 .5 .25 .5 .125\n");
      g_string_append_printf (list, "%s\n", name);
    }
  put_away (fixture->folder, "list.txt", list->str);
  fixture->dataset = open_in (fixture->folder, "list.txt", NULL);
  esp_feeder_options_init (&fixture->options, network);
  fixture->options.batch = 3;
  fixture->options.seed = 5;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  esp_dataset_unref (fixture->dataset);
  remove_tree (fixture->folder);
  g_free (fixture->folder);
}

static EspFeeder *
begin (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  EspFeeder *feeder = esp_feeder_new (fixture->dataset, NULL, &fixture->options, &error);

  g_assert_no_error (error);
  return feeder;
}

static EspBatch *
next (EspFeeder *feeder)
{
  g_autoptr (GError) error = NULL;
  EspBatch *batch = esp_feeder_next (feeder, NULL, &error);

  g_assert_no_error (error);
  return batch;
}

static void
assert_same (const EspBatch *a, const EspBatch *b)
{
  const gsize numbers = (gsize) a->n * (gsize) a->c * (gsize) a->h * (gsize) a->w;

  g_assert_true (a->n == b->n && a->c == b->c && a->h == b->h && a->w == b->w && a->epoch == b->epoch && a->step == b->step);
  g_assert_cmpmem (a->indices, a->n * sizeof *a->indices, b->indices, b->n * sizeof *b->indices);
  g_assert_cmpmem (a->input, numbers * sizeof (float), b->input, numbers * sizeof (float));
  for (guint i = 0; i < a->n; i++)
    g_assert_cmpmem (a->labels[i].labels, a->labels[i].n * sizeof (EspLabel), b->labels[i].labels, b->labels[i].n * sizeof (EspLabel));
}

/* With nothing drawn an image is what a pass of measure sees, and a label what the data set says. */
static void
test_plain (Fixture *fixture, gconstpointer data)
{
  const gsize count = 3 * 24 * 32;
  g_autofree float *wanted = g_new (float, count);
  g_autoptr (EspFeeder) feeder = NULL;

  fixture->options.augment.fit = GPOINTER_TO_INT (data);
  feeder = begin (fixture);
  for (guint step = 0; step < N_IMAGES; step++)
    {
      g_autoptr (EspBatch) batch = next (feeder);

      g_assert_true (batch->n == 3 && batch->c == 3 && batch->h == 24 && batch->w == 32 && batch->step == step);
      for (guint i = 0; i < batch->n; i++)
        {
          const EspSample *sample = esp_dataset_get (fixture->dataset, batch->indices[i]);
          g_autoptr (EspImage) image = esp_image_load (sample->path, ESP_ORIENTATION_AUTO, 0, 0, NULL);
          const EspPlacement place = esp_fit_image (fixture->options.augment.fit, image, 3, 24, 32, wanted);

          g_assert_cmpmem (batch->input + i * count, count * sizeof (float), wanted, count * sizeof (float));
          g_assert_cmpuint (batch->labels[i].n, ==, sample->n_truths);
          for (guint k = 0; k < sample->n_truths; k++)
            {
              const EspBox box = esp_fit_box_to_image (place, batch->labels[i].labels[k].box), truth = sample->truths[k].box;

              g_assert_cmpint (batch->labels[i].labels[k].class_index, ==, sample->truths[k].class_index);
              g_assert_cmpfloat_with_epsilon (box.x, truth.x, 1e-6f);
              g_assert_cmpfloat_with_epsilon (box.y, truth.y, 1e-6f);
              g_assert_cmpfloat_with_epsilon (box.w, truth.w, 1e-6f);
              g_assert_cmpfloat_with_epsilon (box.h, truth.h, 1e-6f);
            }
        }
    }
}

/* Every image once in each seven, whatever the batch; another order every epoch. */
static void
test_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) feeder = begin (fixture);
  g_autoptr (GArray) shown = g_array_new (FALSE, FALSE, sizeof (guint));

  g_assert_cmpuint (esp_feeder_get_n (feeder), ==, N_IMAGES);
  g_assert_cmpuint (esp_feeder_get_epoch_end (feeder, 0), ==, 3); /* 9 images */
  g_assert_cmpuint (esp_feeder_get_epoch_end (feeder, 1), ==, 5); /* 15 */
  g_assert_cmpuint (esp_feeder_get_epoch_end (feeder, 2), ==, 7); /* 21 */
  for (guint step = 0; step < 7; step++)
    {
      g_autoptr (EspBatch) batch = next (feeder);

      g_assert_cmpuint (batch->epoch, ==, step * 3 / N_IMAGES);
      g_array_append_vals (shown, batch->indices, batch->n);
    }
  for (guint epoch = 0; epoch < 3; epoch++)
    {
      const guint *order = &g_array_index (shown, guint, epoch * N_IMAGES);
      guint met = 0;

      for (guint i = 0; i < N_IMAGES; i++)
        met |= 1u << order[i];
      g_assert_cmpuint (met, ==, (1u << N_IMAGES) - 1);
      if (epoch > 0)
        g_assert_true (memcmp (order, order - N_IMAGES, N_IMAGES * sizeof (guint)) != 0);
    }
}

/* Any number of threads, any number ahead, with pictures kept or not: the same bytes; another seed: others. */
static void
test_threads (Fixture *fixture, gconstpointer data)
{
  const guint workers[] = { 1, 2, 5, 3 }, ahead[] = { 4, 1, 7, 2 };
  const gsize cache[] = { 1 << 20, 0, 4000, 1 << 20 };
  EspFeeder *feeders[4];

  for (guint f = 0; f < 4; f++)
    {
      fixture->options.workers = workers[f];
      fixture->options.ahead = ahead[f];
      fixture->options.cache = cache[f];
      fixture->options.seed = f == 3 ? 6 : 5;
      feeders[f] = begin (fixture);
    }
  for (guint step = 0; step < 20; step++)
    {
      g_autoptr (EspBatch) first = next (feeders[0]);

      for (guint f = 1; f < 4; f++)
        {
          g_autoptr (EspBatch) batch = next (feeders[f]);

          if (f < 3)
            assert_same (first, batch);
          else if (step == 0)
            g_assert_true (memcmp (first->indices, batch->indices, 3 * sizeof (guint)) != 0);
        }
    }
  for (guint f = 0; f < 4; f++)
    {
      g_assert_cmpuint (esp_feeder_get_cache_used (feeders[f]), <=, cache[f]);
      g_assert_true (cache[f] < 2000 || esp_feeder_get_cache_used (feeders[f]) > 0);
      esp_feeder_free (feeders[f]);
    }
}

/* A feeder that begins at a step gives what one that came there gives. */
static void
test_resume (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) whole = begin (fixture);

  for (guint step = 0; step < 12; step++)
    {
      g_autoptr (EspFeeder) resumed = NULL;
      g_autoptr (EspBatch) a = next (whole), b = NULL;

      fixture->options.first_step = step;
      fixture->options.workers = 1 + step % 3;
      resumed = begin (fixture);
      b = next (resumed);
      assert_same (a, b);
    }
}

static void
assert_refused (Fixture *fixture, const EspClassMap *map, const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspFeeder) feeder = esp_feeder_new (fixture->dataset, map, &fixture->options, &error);

  g_assert_null (feeder);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_refusals (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspDataset) whole = fixture->dataset;
  g_autoptr (GRand) rng = esp_rng_new (3, 0, 0);
  g_autofree char *gone = g_build_filename (fixture->folder, "4.png", NULL);
  int none[] = { -1, -1 };
  const EspClassMap map = { .n = 2, .to_network = none };

  fixture->options.classes = 1;
  assert_refused (fixture, NULL, "class 1 is the network's 1, whose heads have 1 classes: expected at most 0");
  fixture->options.classes = 2;
  assert_refused (fixture, &map, "none of its objects is of a class of the network");
  fixture->options.classifier = TRUE;
  assert_refused (fixture, NULL, "its images have boxes");
  fixture->options.classifier = FALSE;
  fixture->options.batch = 0;
  assert_refused (fixture, NULL, "a batch of 0 images");
  fixture->options.batch = 3;
  write_image (fixture->folder, "bare/0.png", 4, 4, rng);
  fixture->dataset = open_in (fixture->folder, "bare/0.png", NULL);
  assert_refused (fixture, NULL, "no labels");
  esp_dataset_unref (fixture->dataset);
  fixture->dataset = esp_dataset_ref (whole);
  g_remove (gone);
  assert_refused (fixture, NULL, "4.png is gone, but its labels are here");
}

/* A picture that cannot be read is named in its batch, each time it is asked for, and never left out. */
static void
test_broken (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) feeder = NULL;
  guint refused = 0, step = 0;

  put_away (fixture->folder, "2.png", "no picture");
  put_away (fixture->folder, "6.png", "no picture");
  fixture->options.workers = 3;
  fixture->options.batch = N_IMAGES;
  feeder = begin (fixture);
  for (; refused < 2 && step < 3; step++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspBatch) batch = esp_feeder_next (feeder, NULL, &error);

      g_assert_null (batch);
      g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
      g_assert_true (strstr (error->message, "2.png") != NULL || strstr (error->message, "6.png") != NULL);
      refused++;
    }
  g_assert_cmpuint (refused, ==, 2);
}

/* No further ahead than asked for: what is in memory is bounded, and the pictures of later batches are not read yet. */
static void
test_bound (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) feeder = NULL;
  g_autoptr (GError) error = NULL;

  fixture->options.workers = 3;
  fixture->options.ahead = 2;
  fixture->options.cache = 0;
  feeder = begin (fixture);
  while (esp_feeder_get_ready (feeder) < 2)
    g_usleep (1000);
  g_usleep (20000);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.png", i), *path = g_build_filename (fixture->folder, name, NULL);

      g_remove (path);
    }
  for (guint step = 0; step < 2; step++)
    {
      g_autoptr (EspBatch) batch = next (feeder);

      g_assert_cmpuint (batch->step, ==, step);
    }
  for (guint again = 0; again < 2; again++)
    {
      g_assert_null (esp_feeder_next (feeder, NULL, &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
      g_assert_nonnull (strstr (error->message, ".png"));
      g_clear_error (&error);
    }
}

/* Cancelled before a batch is asked for; freed at any moment, also while images are in the making. */
static void
test_ends (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspJob) job = esp_job_new ("feeding");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspFeeder) feeder = begin (fixture);

  esp_job_cancel (job);
  g_assert_null (esp_feeder_next (feeder, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (EspFeeder) other = NULL;
      g_autoptr (EspBatch) batch = NULL;

      fixture->options.workers = 1 + i % 4;
      other = begin (fixture);
      if (i % 3 == 0)
        g_usleep (i * 50);
      if (i % 2 == 0)
        batch = next (other);
    }
}

static void
count_ready (gpointer feeder)
{
  esp_feeder_get_ready (feeder);
}

/* What is let in wherever a job is looked at may take long, and may ask the feeder itself: nothing is locked meanwhile. */
static void
test_let_in (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspJob) job = esp_job_new ("feeding");
  g_autoptr (EspFeeder) feeder = begin (fixture);
  g_autoptr (EspBatch) batch = NULL;

  esp_job_set_between (job, count_ready, feeder);
  batch = esp_feeder_next (feeder, job, NULL);
  g_assert_nonnull (batch);
}

/* Class folders: a label each, the class alone; a class that the map leaves out takes its images along. */
static void
test_classes (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "a", "b", "c" };
  g_autoptr (EspNetwork) network = read_network (classifier);
  g_autoptr (GRand) rng = esp_rng_new (2, 0, 0);
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) detection = fixture->dataset;
  g_autoptr (EspFeeder) feeder = NULL;
  int to[] = { 2, -1, 0 };
  const EspClassMap map = { .n = 3, .to_network = to };

  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s/%u.png", names[i % 3], i);

      write_image (folder, name, 12, 12, rng);
    }
  fixture->dataset = open_in (folder, ".", NULL);
  esp_feeder_options_init (&fixture->options, network);
  g_assert_true (fixture->options.classifier && fixture->options.classes == 3);
  feeder = esp_feeder_new (fixture->dataset, &map, &fixture->options, NULL);
  g_assert_nonnull (feeder);
  g_assert_cmpuint (esp_feeder_get_n (feeder), ==, 6);
  for (guint step = 0; step < 6; step++)
    {
      g_autoptr (EspBatch) batch = next (feeder);
      const EspSample *sample = esp_dataset_get (fixture->dataset, batch->indices[0]);

      g_assert_true (batch->c == 1 && batch->labels[0].n == 1);
      g_assert_cmpint (batch->labels[0].labels[0].class_index, ==, to[sample->truths[0].class_index]);
    }
  remove_tree (folder);
}

static void
add (const char *name, gconstpointer data, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *path = g_strconcat ("/feeder/", name, NULL);

  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("plain/stretch", GINT_TO_POINTER (ESP_FIT_STRETCH), test_plain);
  add ("plain/letterbox", GINT_TO_POINTER (ESP_FIT_LETTERBOX), test_plain);
  add ("order", NULL, test_order);
  add ("threads", NULL, test_threads);
  add ("resume", NULL, test_resume);
  add ("refusals", NULL, test_refusals);
  add ("broken", NULL, test_broken);
  add ("bound", NULL, test_bound);
  add ("ends", NULL, test_ends);
  add ("let-in", NULL, test_let_in);
  add ("classes", NULL, test_classes);
  return g_test_run ();
}
