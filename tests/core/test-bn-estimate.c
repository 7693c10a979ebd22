/* test-bn-estimate.c: means and variances of a cut network against plain loops in double */
#include "config.h"

#include "search/bn-estimate.h"

#include <math.h>

#include "base/lane.h"
#include "net-plans.h"
#include "net/cut.h"
#include "prune-common.h"

#define N_IMAGES 12
#define BATCH    4
#define BOUND    2e-5

/* A chain, so that plain loops are short: two normalised convolutions with a pool and a dropout between, and a head's. */
static const char chain_text[] = "[net]\nbatch=1\nwidth=20\nheight=16\nchannels=3\n\n"
                                 "[convolutional]\n" BN "filters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n\n"
                                 "[maxpool]\nsize=2\nstride=2\n\n"
                                 "[dropout]\nprobability=.5\n\n"
                                 "[convolutional]\n" BN "filters=10\nsize=3\nstride=1\npad=0\nactivation=leaky\n\n"
                                 "[convolutional]\nfilters=14\nsize=1\nactivation=linear\n\n"
                                 "[yolo]\nmask=0,1\nanchors=4,5, 9,8\nclasses=2\nnum=2\n\n";

static float images[N_IMAGES][3 * 16 * 20];

static gboolean
get_image (gpointer data, guint index, float *input, GError **error)
{
  g_assert_cmpuint (index, <, N_IMAGES);
  memcpy (input, images[index], sizeof images[index]);
  return TRUE;
}

static void
fill_images (void)
{
  g_autoptr (GRand) stream = esp_rng_new (5, 'i', 0);

  for (guint i = 0; i < N_IMAGES; i++)
    for (guint k = 0; k < G_N_ELEMENTS (images[i]); k++)
      images[i][k] = (float) (g_rand_double (stream) * (i + 1) / N_IMAGES);
}

/* A batch of maps in plain order. */
typedef struct
{
  int n, c, h, w;
  double *values;
} Maps;

static double
at (const Maps *maps, int n, int c, int y, int x)
{
  return y < 0 || x < 0 || y >= maps->h || x >= maps->w ? 0 : maps->values[((n * maps->c + c) * maps->h + y) * maps->w + x];
}

static Maps
maps_new (int n, int c, int h, int w)
{
  return (Maps){ n, c, h, w, g_new0 (double, n *c *h *w) };
}

static Maps
convolve (const Maps *in, const EspParams *params, int size, int pad)
{
  Maps out = maps_new (in->n, (int) params->filters, in->h + 2 * pad - size + 1, in->w + 2 * pad - size + 1);

  for (int i = 0; i < out.n * out.c * out.h * out.w; i++)
    {
      const int x = i % out.w, y = i / out.w % out.h, f = i / out.w / out.h % out.c, n = i / out.w / out.h / out.c;

      for (int c = 0; c < in->c; c++)
        for (int ky = 0; ky < size; ky++)
          for (int kx = 0; kx < size; kx++)
            out.values[i]
                += at (in, n, c, y - pad + ky, x - pad + kx) * (double) params->weights[((f * in->c + c) * size + ky) * size + kx];
    }
  return out;
}

/* By the batch's own moments, which are added to @means and @squares. */
static void
normalize (Maps *maps, const EspParams *params, double *means, double *squares)
{
  const int area = maps->h * maps->w;

  for (int c = 0; c < maps->c; c++)
    {
      double sum = 0, variance = 0, mean;

      for (int n = 0; n < maps->n; n++)
        for (int i = 0; i < area; i++)
          sum += maps->values[(n * maps->c + c) * area + i];
      mean = sum / (maps->n * area);
      for (int n = 0; n < maps->n; n++)
        for (int i = 0; i < area; i++)
          variance += pow (maps->values[(n * maps->c + c) * area + i] - mean, 2) / (maps->n * area);
      means[c] += mean;
      squares[c] += variance + mean * mean;
      for (int n = 0; n < maps->n; n++)
        for (int i = 0; i < area; i++)
          {
            double *v = &maps->values[(n * maps->c + c) * area + i];

            *v = (*v - mean) / sqrt (variance + 1e-5) * (double) params->scales[c] + (double) params->biases[c];
            *v = *v > 0 ? *v : .1 * *v;
          }
    }
}

static Maps
pool (const Maps *in)
{
  Maps out = maps_new (in->n, in->c, in->h / 2, in->w / 2);

  for (int i = 0; i < out.n * out.c * out.h * out.w; i++)
    {
      const int x = i % out.w, y = i / out.w % out.h, c = i / out.w / out.h % out.c, n = i / out.w / out.h / out.c;

      out.values[i] = MAX (MAX (at (in, n, c, 2 * y, 2 * x), at (in, n, c, 2 * y, 2 * x + 1)),
                           MAX (at (in, n, c, 2 * y + 1, 2 * x), at (in, n, c, 2 * y + 1, 2 * x + 1)));
    }
  return out;
}

/* Sums over batches of the moments of both normalised layers. */
typedef struct
{
  double means[2][10], squares[2][10];
} Sums;

static void
run_plain (EspWeights *weights, guint first, Sums *sums)
{
  Maps input = maps_new (BATCH, 3, 16, 20), x, y;

  for (guint i = 0; i < BATCH; i++)
    for (guint k = 0; k < G_N_ELEMENTS (images[0]); k++)
      input.values[i * G_N_ELEMENTS (images[0]) + k] = (double) images[first + i][k];
  x = convolve (&input, esp_weights_get (weights, 0), 3, 1);
  normalize (&x, esp_weights_get (weights, 0), sums->means[0], sums->squares[0]);
  y = pool (&x);
  g_free (x.values);
  x = convolve (&y, esp_weights_get (weights, 3), 3, 0);
  normalize (&x, esp_weights_get (weights, 3), sums->means[1], sums->squares[1]);
  g_free (x.values);
  g_free (y.values);
  g_free (input.values);
}

typedef struct
{
  EspNetwork *network;
  EspWeights *weights, *found;
  EspMask *mask;
  EspBnEstimated told;
} Rig;

static void
estimate (gpointer data)
{
  Rig *rig = data;
  const EspBnImages set = { N_IMAGES, get_image, NULL };
  g_autoptr (GError) error = NULL;

  rig->found = esp_bn_estimate (rig->network, rig->weights, rig->mask, &set, BATCH, &rig->told, NULL, &error);
  g_assert_no_error (error);
}

static void
compare (const Rig *rig, guint layer, const guint *kept, guint n, const double *means, const double *squares, double count)
{
  const EspParams *params = esp_weights_get (rig->found, layer);
  const double batches = N_IMAGES / BATCH;

  for (guint c = 0; c < n; c++)
    {
      const double mean = means[c] / batches, variance = (squares[c] / batches - mean * mean) * count / (count - 1);

      g_assert_cmpfloat (fabs ((double) params->means[kept[c]] - mean), <=, BOUND * (fabs (mean) + sqrt (variance)));
      g_assert_cmpfloat (fabs ((double) params->variances[kept[c]] - variance), <=, BOUND * variance);
    }
}

static void
test_plain (void)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCut) cut = NULL;
  guint8 first[] = { 1, 0, 1, 1, 0, 1, 1, 1 };
  guint8 *keep[] = { first, NULL, NULL, NULL, NULL, NULL };
  Rig rig = { network_of (chain_text, &error) };
  Sums sums = { 0 };
  const guint *kept;
  guint n = 0;

  g_assert_no_error (error);
  fill_images ();
  rig.weights = esp_weights_new_random (rig.network, 4);
  rig.mask = esp_mask_new (rig.network, keep);
  cut = esp_cut_new (rig.network, rig.weights, rig.mask, NULL, &error);
  g_assert_no_error (error);
  esp_lane_call (lane, estimate, &rig);
  g_assert_cmpuint (rig.told.n_images, ==, N_IMAGES);
  g_assert_cmpuint (rig.told.batch, ==, BATCH);
  g_assert_cmpuint (rig.told.n_layers, ==, 2);
  for (guint i = 0; i < N_IMAGES; i += BATCH)
    run_plain (esp_cut_get_weights (cut), i, &sums);
  kept = esp_cut_get_kept (cut, 0, &n);
  g_assert_cmpuint (n, ==, 6);
  compare (&rig, 0, kept, n, sums.means[0], sums.squares[0], N_IMAGES * 16 * 20);
  kept = esp_cut_get_kept (cut, 3, &n);
  compare (&rig, 3, kept, n, sums.means[1], sums.squares[1], N_IMAGES * 6 * 8);
  g_assert_cmpfloat (esp_weights_get (rig.found, 0)->means[1], ==, esp_weights_get (rig.weights, 0)->means[1]); /* removed: as it was */
  g_assert_true (esp_weights_get (rig.found, 4) == esp_weights_get (rig.weights, 4));
  esp_weights_unref (rig.found);
  esp_weights_unref (rig.weights);
  esp_mask_unref (rig.mask);
  esp_network_unref (rig.network);
}

static gboolean
fail_image (gpointer data, guint index, float *input, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "image %u is gone", index);
  return FALSE;
}

static void
refuse (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (chain_text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 4);
  g_autoptr (EspMask) mask = esp_mask_new_full (network);
  EspBnImages set = { 0, fail_image, NULL };
  g_autoptr (EspJob) job = esp_job_new ("BN");

  g_assert_null (esp_bn_estimate (network, weights, mask, &set, 0, NULL, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  set.n = 3;
  g_assert_null (esp_bn_estimate (network, weights, mask, &set, 0, NULL, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_clear_error (&error);
  set.get = get_image;
  esp_job_cancel (job);
  g_assert_null (esp_bn_estimate (network, weights, mask, &set, 0, NULL, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_refusals (void)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, refuse, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bn-estimate/plain", test_plain);
  g_test_add_func ("/bn-estimate/refusals", test_refusals);
  return g_test_run ();
}
