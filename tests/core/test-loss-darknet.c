/* test-loss-darknet.c: what stock darknet steps by at its heads, beside our gradient: [yolo] with mse, [region] */
#include "config.h"

#include "train/loss.h"

#include "base/file.h"
#include "base/rng.h"
#include "net-common.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

#ifdef ESP_HAVE_LIBDARKNET
#include <darknet.h>

#define BATCH 3
#define MOST  90 /* truths of an image that its [yolo] reads; 30 of a [region] */
#define NET   "[net]\nbatch=3\nsubdivisions=1\nwidth=64\nheight=48\nchannels=3\n[maxpool]\nsize=8\nstride=8\n"
#define LAST  "[convolutional]\nfilters=16\nsize=1\nactivation=linear\n"

static const char yolo[]
    = NET LAST "[yolo]\nmask=1,2\nanchors=10,14, 23,27, 37,58, 60,40\nnum=4\nclasses=3\nignore_thresh=.3\ntruth_thresh=1\n";
static const char sure[]
    = NET LAST "[yolo]\nmask=1,2\nanchors=10,14, 23,27, 37,58, 60,40\nnum=4\nclasses=3\nignore_thresh=.3\ntruth_thresh=.45\n";
static const char region[]
    = NET LAST "[region]\nanchors=1,2, 3,2.5\nnum=2\nclasses=3\nsoftmax=1\nbias_match=1\nrescore=1\nobject_scale=5\nnoobject_scale=1\n"
               "class_scale=1\ncoord_scale=1\nabsolute=1\nthresh=.3\n";
static const char plain[] = NET LAST
    "[region]\nanchors=1,2, 3,2.5\nnum=2\nclasses=3\nobject_scale=2\nnoobject_scale=.5\nclass_scale=3\ncoord_scale=2\nthresh=.4\n";

/* (transfer full): the text as stock darknet reads it, with weights of its own. */
static network *
stock_of (const char *text)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "n.cfg", NULL);
  network *stock;

  g_assert_true (esp_file_write (path, text, strlen (text), NULL));
  stock = parse_network_cfg (path);
  g_remove (path);
  g_rmdir (folder);
  return stock;
}

/* Centres off the cells' edges and sizes near the anchors': no two truths on one spot, where the order of darknet's loops counts. */
static EspLabels
random_labels (GRand *rng, guint n)
{
  EspLabels labels = { n, g_new (EspLabel, n) };

  for (guint i = 0; i < n; i++)
    labels.labels[i] = (EspLabel){ g_rand_int_range (rng, 0, 3),
                                   { ((float) (i * 2 % 8) + (float) g_rand_double_range (rng, .1, .9)) / 8,
                                     ((float) (i % 6) + (float) g_rand_double_range (rng, .1, .9)) / 6,
                                     (float) g_rand_double_range (rng, .2, .9), (float) g_rand_double_range (rng, .2, .9) } };
  return labels;
}

static void
give_truths (network *stock, const EspLabels *images)
{
  for (int b = 0; b < BATCH; b++)
    for (guint i = 0; i < images[b].n; i++)
      {
        const EspLabel *label = &images[b].labels[i];
        float *truth = stock->truth + (gsize) b * (gsize) stock->truths + 5 * i;

        truth[0] = label->box.x;
        truth[1] = label->box.y;
        truth[2] = label->box.w;
        truth[3] = label->box.h;
        truth[4] = (float) label->class_index;
      }
}

/* libdarknet tells its losses on stdout, where only the test's own lines belong. */
static void
forward_quietly (network *stock)
{
  const int out = dup (STDOUT_FILENO), nowhere = open ("/dev/null", O_WRONLY | O_CLOEXEC);

  fflush (stdout);
  g_assert_cmpint (dup2 (nowhere, STDOUT_FILENO), ==, STDOUT_FILENO);
  forward_network (stock);
  fflush (stdout);
  g_assert_cmpint (dup2 (out, STDOUT_FILENO), ==, STDOUT_FILENO);
  close (nowhere);
  close (out);
}

/* Our gradient of what its last convolution says, beside what it seeds there: the opposite. */
static void
compare (const char *text, guint64 seen, const EspLossOptions *options)
{
  g_autoptr (GRand) rng = esp_rng_new (4, seen, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) ours = esp_network_new_dialect (esp_cfg_parse (text, strlen (text), "t.cfg", NULL), ESP_DIALECT_PJREDDIE, &error);
  g_autoptr (EspLoss) loss = ours != NULL ? esp_loss_new (ours, 2, options, &error) : NULL;
  network *stock = stock_of (text);
  EspLabels images[BATCH];
  EspLossParts parts;
  EspShape shape;
  double largest = 0, apart = 0;

  g_assert_no_error (error);
  for (int b = 0; b < BATCH; b++)
    images[b] = random_labels (rng, 2 + 2 * (guint) b);
  give_truths (stock, images);
  for (int i = 0; i < stock->inputs * BATCH; i++)
    stock->input[i] = (float) g_rand_double_range (rng, -2, 2);
  *stock->seen = seen;
  stock->train = 1;
  forward_quietly (stock);
  shape = esp_loss_get_shape (loss);
  shape.n = BATCH;
  const gsize n = esp_shape_count (shape);
  g_autofree float *gradient = g_new (float, n);

  g_assert_cmpuint (n, ==, (gsize) stock->layers[1].outputs * BATCH);
  esp_loss_run (loss, shape, stock->layers[1].output, images, gradient, &parts);
  g_assert_cmpuint (parts.n_truths, ==, 12);
  g_assert_cmpuint (parts.n_positives, >, 3);
  for (gsize i = 0; i < n; i++)
    {
      largest = fmax (largest, fabs ((double) gradient[i]));
      apart = fmax (apart, fabs ((double) gradient[i] + (double) stock->layers[2].delta[i]));
    }
  g_test_message ("%u positives, largest %.2f, apart %.1e", parts.n_positives, largest, apart);
  g_assert_cmpfloat (largest, >, .5);
  g_assert_cmpfloat (apart, <=, 2e-6 * largest);
  for (int b = 0; b < BATCH; b++)
    g_free (images[b].labels);
  free_network (stock);
}

static void
test_yolo (void)
{
  compare (yolo, 0, NULL);
  compare (sure, 0, NULL);
}

/* Its first 12800 images, and later ones. */
static void
test_region (void)
{
  const EspLossOptions to_anchors = { .to_anchors = TRUE };

  compare (region, 0, &to_anchors);
  compare (region, 12800, NULL);
  compare (plain, 0, &to_anchors);
  compare (plain, 12800, NULL);
}
#else
static void
test_absent (void)
{
  g_test_skip ("libdarknet was not found");
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#ifdef ESP_HAVE_LIBDARKNET
  g_test_add_func ("/loss/stock-darknet/yolo", test_yolo);
  g_test_add_func ("/loss/stock-darknet/region", test_region);
#else
  g_test_add_func ("/loss/stock-darknet", test_absent);
#endif
  return g_test_run ();
}
