/* test-engine.c: whole small networks: backends against each other, masks, batches, continuing, sharing */
#define _GNU_SOURCE /* dladdr */
#include "config.h"

#include "net/engine.h"

#include "base/error.h"
#include "base/lane.h"
#include "base/rng.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__GLIBC__)
#define COUNT_ALLOCATIONS

void *__libc_malloc (size_t n);
void *__libc_calloc (size_t n, size_t each);

static gboolean counting;
static guint counted;

/* oneDNN makes small lists of arguments for each primitive it runs, which is not ours to change; nothing large is excused. */
static void
count (gconstpointer caller, size_t n)
{
  Dl_info from;
  gboolean library = dladdr (caller, &from) != 0 && from.dli_fname != NULL
                     && (strstr (from.dli_fname, "libdnnl") != NULL || strstr (from.dli_fname, "libstdc++") != NULL);

  if (!library || n >= 4096)
    g_atomic_int_inc (&counted);
}

/* Visible, or the libraries would go on with the C library's. */
__attribute__ ((visibility ("default"))) void *
malloc (size_t n)
{
  if (g_atomic_int_get (&counting))
    count (__builtin_return_address (0), n);
  return __libc_malloc (n);
}

__attribute__ ((visibility ("default"))) void *
calloc (size_t n, size_t each)
{
  if (g_atomic_int_get (&counting))
    count (__builtin_return_address (0), n * each);
  return __libc_calloc (n, each);
}
#endif

/* Every kind once, with odd counts, a value read by several layers, and a route that cuts blocks. */
static const char zoo[] = "[net]\nwidth=26\nheight=22\nchannels=3\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=13\nsize=3\nstride=1\npad=1\nactivation=leaky\n"            /* 0 */
                          "[maxpool]\nsize=2\nstride=2\n"                                                                          /* 1 */
                          "[convolutional]\nbatch_normalize=1\nfilters=21\nsize=1\nstride=1\npad=0\nactivation=relu\n"             /* 2 */
                          "[convolutional]\nbatch_normalize=1\nfilters=21\ngroups=21\nsize=3\nstride=1\npad=1\nactivation=swish\n" /* 3 */
                          "[convolutional]\nbatch_normalize=1\nfilters=21\nsize=1\nstride=1\npad=0\nactivation=linear\n"           /* 4 */
                          "[shortcut]\nfrom=-3\nactivation=leaky\n"                                                                /* 5 */
                          "[dropout]\nprobability=.2\n"                                                                            /* 6 */
                          "[convolutional]\nfilters=18\nsize=3\nstride=2\npad=1\nactivation=logistic\n"                            /* 7 */
                          "[maxpool]\nsize=3\nstride=1\npadding=2\n"                                                               /* 8 */
                          "[upsample]\nstride=2\n"                                                                                 /* 9 */
                          "[route]\nlayers=-2,7\n"                                                                                 /* 10 */
                          "[upsample]\nstride=2\n"                                                                                 /* 11 */
                          "[convolutional]\nbatch_normalize=1\nfilters=9\nsize=1\nstride=1\npad=0\nactivation=mish\n"              /* 12 */
                          "[route]\nlayers=-1,9\n"                                                                                 /* 13 */
                          "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\nactivation=linear\n"                              /* 14 */
                          "[yolo]\nmask=0,1\nanchors=3,4, 8,9\nclasses=2\nnum=2\n"                                                 /* 15 */
                          "[route]\nlayers=13\n"                                                                                   /* 16 */
                          "[convolutional]\nfilters=7\nsize=1\nstride=1\npad=0\nactivation=linear\n"                               /* 17 */
                          "[yolo]\nmask=0\nanchors=3,4\nclasses=2\nnum=1\n";                                                       /* 18 */

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  float *input; /* 4 images */
} Zoo;

static void
zoo_init (Zoo *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rng = esp_rng_new (3, 1, 2);
  EspCfg *cfg = esp_cfg_parse (zoo, strlen (zoo), "zoo.cfg", &error);
  gsize n;

  g_assert_no_error (error);
  self->network = esp_network_new (cfg, &error);
  g_assert_no_error (error);
  self->weights = esp_weights_new_random (self->network, 5);
  n = 4 * esp_shape_count (esp_network_get_input (self->network));
  self->input = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    self->input[i] = (float) g_rand_double (rng);
}

static void
zoo_clear (Zoo *self)
{
  esp_network_unref (self->network);
  esp_weights_unref (self->weights);
  g_free (self->input);
}

static EspEngine *
make (const Zoo *self, EspEngineOptions options, EspEngine *reuse)
{
  g_autoptr (GError) error = NULL;
  EspEngine *engine;

  options.batch = MAX (options.batch, 1);
  engine = esp_engine_new (self->network, self->weights, &options, reuse, &error);
  g_assert_no_error (error);
  return engine;
}

static void
forward (EspEngine *engine, const float *input)
{
  g_autoptr (GError) error = NULL;

  esp_engine_forward (engine, input, NULL, &error);
  g_assert_no_error (error);
}

static double *
values (EspEngine *engine, guint layer, EspAt at, gsize *n)
{
  g_autoptr (GError) error = NULL;
  double *all;

  *n = esp_shape_count (esp_engine_get_shape (engine, (int) layer));
  all = g_new (double, *n);
  esp_engine_read_double (engine, layer, at, all, &error);
  g_assert_no_error (error);
  return all;
}

/* Largest difference relative to the largest number of @b. */
static double
distance (const double *a, const double *b, gsize n)
{
  double most = 0, scale = 0;

  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (a[i]) && isfinite (b[i]));
      most = MAX (most, fabs (a[i] - b[i]));
      scale = MAX (scale, fabs (b[i]));
    }
  return most / MAX (scale, 1e-30);
}

static void
compare (EspEngine *a, EspEngine *b, EspAt at, double bound)
{
  guint layers = esp_network_get_n_layers (esp_engine_get_network (a));

  for (guint i = 0; i < layers; i++)
    {
      gsize n;
      g_autofree double *x = NULL, *y = NULL;
      double d;

      if (at == ESP_AT_CONV && esp_network_get_layer (esp_engine_get_network (a), i)->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      x = values (a, i, at, &n);
      y = values (b, i, at, &n);
      d = distance (x, y, n);
      g_test_message ("layer %u at %d: %g", i, at, d);
      g_assert_cmpfloat (d, <=, bound);
    }
}

static void
test_backends (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) fast = NULL, plain = NULL, exact = NULL;
  g_autoptr (EspEngine) explain = NULL;

  zoo_init (&zoo_net);
  exact = make (&zoo_net, (EspEngineOptions){ .backend = ESP_BACKEND_REFERENCE_DOUBLE, .mode = ESP_MODE_EXPLAIN, .batch = 2 }, NULL);
  plain = make (&zoo_net, (EspEngineOptions){ .backend = ESP_BACKEND_REFERENCE, .keep_all = TRUE, .batch = 2 }, NULL);
  fast = make (&zoo_net, (EspEngineOptions){ .keep_all = TRUE, .batch = 2 }, NULL);
  explain = make (&zoo_net, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN, .batch = 2 }, NULL);
  forward (exact, zoo_net.input);
  forward (plain, zoo_net.input);
  forward (fast, zoo_net.input);
  forward (explain, zoo_net.input);
  compare (plain, exact, ESP_AT_OUT, 1e-5);
  compare (fast, exact, ESP_AT_OUT, 1e-5);
  compare (explain, exact, ESP_AT_OUT, 1e-5);
  compare (explain, exact, ESP_AT_PRE, 1e-5);
  compare (explain, exact, ESP_AT_CONV, 1e-4);
  zoo_clear (&zoo_net);
}

/* The packed arena of an infer engine gives the same bits as places of their own. */
static void
test_arena (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) packed = NULL, kept = NULL;
  const guint heads[] = { 14, 15, 17, 18 };

  zoo_init (&zoo_net);
  packed = make (&zoo_net, (EspEngineOptions){ .batch = 2 }, NULL);
  kept = make (&zoo_net, (EspEngineOptions){ .batch = 2, .keep_all = TRUE }, packed);
  g_assert_cmpuint (esp_engine_get_bytes (packed), <, esp_engine_get_bytes (kept));
  forward (packed, zoo_net.input);
  forward (kept, zoo_net.input);
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      gsize n;
      g_autofree double *a = values (packed, heads[i], ESP_AT_OUT, &n), *b = values (kept, heads[i], ESP_AT_OUT, &n);

      g_assert_cmpmem (a, n * sizeof *a, b, n * sizeof *b);
    }
  zoo_clear (&zoo_net);
}

static void
seed (EspEngine *engine, guint layer, guint64 stream)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rng = esp_rng_new (11, layer, stream);
  gsize n = esp_shape_count (esp_engine_get_shape (engine, (int) layer));
  g_autofree float *all = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    all[i] = (float) (g_rand_double (rng) - .5);
  esp_engine_set_seed (engine, layer, all, &error);
  g_assert_no_error (error);
}

/* Seeds at both heads and in the middle; 12 is read by a route, 10 and 7 by two layers. */
static const guint seeded[] = { 7, 12, 14, 17 };

static void
backward (EspEngine *engine, guint stop)
{
  g_autoptr (GError) error = NULL;

  esp_engine_clear_seeds (engine);
  for (guint i = 0; i < G_N_ELEMENTS (seeded); i++)
    seed (engine, seeded[i], 0);
  esp_engine_backward (engine, stop, NULL, &error);
  g_assert_no_error (error);
}

/* T, of the seeds that backward () sets. */
static double
target (EspEngine *engine)
{
  double t = 0;

  for (guint k = 0; k < G_N_ELEMENTS (seeded); k++)
    {
      g_autoptr (GRand) rng = esp_rng_new (11, seeded[k], 0);
      gsize n;
      g_autofree double *out = values (engine, seeded[k], ESP_AT_OUT, &n);

      for (gsize i = 0; i < n; i++)
        t += (double) (float) (g_rand_double (rng) - .5) * out[i];
    }
  return t;
}

static double *
gradients (EspEngine *engine, int layer, EspAt at, gsize *n)
{
  g_autoptr (GError) error = NULL;
  double *all;

  *n = esp_shape_count (esp_engine_get_shape (engine, layer));
  all = g_new (double, *n);
  esp_engine_read_gradient_double (engine, layer, at, all, &error);
  g_assert_no_error (error);
  return all;
}

/* T with number @i of a layer's output moved by about @step; *moved says by how much. */
static double
nudged (EspEngine *engine, int layer, float *out, gsize i, double step, double *moved)
{
  g_autoptr (GError) error = NULL;
  float was = out[i];

  out[i] = (float) ((double) was + step);
  *moved = (double) out[i] - (double) was;
  if (layer < 0)
    esp_engine_forward (engine, out, NULL, &error);
  else if (esp_engine_write (engine, (guint) layer, out, &error))
    esp_engine_forward_from (engine, (guint) layer + 1, NULL, &error);
  g_assert_no_error (error);
  out[i] = was;
  return target (engine);
}

/* Central differences of T at 12 places of a layer's output against the backward from there on. */
static void
check_differences (EspEngine *engine, int layer, float *out, GRand *rng)
{
  double moved, back, scale = 0;
  gsize n;
  g_autofree double *gradient = NULL;

  nudged (engine, layer, out, 0, 0, &moved);
  backward (engine, layer < 0 ? 0 : (guint) layer);
  gradient = gradients (engine, layer, ESP_AT_OUT, &n);
  for (gsize i = 0; i < n; i++)
    scale = MAX (scale, fabs (gradient[i]));
  g_assert_cmpfloat (scale, >, 0);
  for (guint k = 0; k < 12; k++)
    {
      gsize i = (gsize) g_rand_int_range (rng, 0, (int) n);
      double up, down;

      if (out[i] == 0)
        continue; /* of a masked channel: a window of equal numbers has a kink there */
      up = nudged (engine, layer, out, i, 1e-5, &moved);
      down = nudged (engine, layer, out, i, -1e-5, &back);
      g_assert_cmpfloat (fabs ((up - down) / (moved - back) - gradient[i]), <=, 1e-7 * scale);
    }
}

static EspMask *
some_mask (const Zoo *self)
{
  guint8 bits[21];
  guint8 *keep[19] = { [0] = bits, [3] = bits, [4] = bits, [7] = bits, [12] = bits };

  for (guint i = 0; i < G_N_ELEMENTS (bits); i++)
    bits[i] = i % 3 != 1;
  return esp_mask_new (self->network, keep);
}

static void
test_differences (gconstpointer masked)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (GRand) rng = esp_rng_new (1, 2, 3);
  EspEngineOptions options = { .backend = ESP_BACKEND_REFERENCE_DOUBLE, .mode = ESP_MODE_EXPLAIN, .batch = 2, .pixels = TRUE };

  zoo_init (&zoo_net);
  if (masked != NULL)
    options.mask = mask = some_mask (&zoo_net);
  engine = make (&zoo_net, options, NULL);
  check_differences (engine, -1, zoo_net.input, rng);
  for (int layer = 0; layer < 18; layer++)
    {
      gsize n = esp_shape_count (esp_engine_get_shape (engine, layer));
      g_autofree float *out = g_new (float, n);

      if (layer == 15)
        continue;
      forward (engine, zoo_net.input);
      g_assert_true (esp_engine_read (engine, (guint) layer, ESP_AT_OUT, out, NULL));
      g_test_message ("layer %d", layer);
      check_differences (engine, layer, out, rng);
    }
  zoo_clear (&zoo_net);
}

/* oneDNN's gradients against the double reference's, at every place. */
static void
test_gradients (gconstpointer masked)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) fast = NULL, exact = NULL;
  g_autoptr (EspMask) mask = NULL;
  EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .batch = 3, .pixels = TRUE };

  zoo_init (&zoo_net);
  if (masked != NULL)
    options.mask = mask = some_mask (&zoo_net);
  fast = make (&zoo_net, options, NULL);
  options.backend = ESP_BACKEND_REFERENCE_DOUBLE;
  exact = make (&zoo_net, options, NULL);
  forward (fast, zoo_net.input);
  forward (exact, zoo_net.input);
  backward (fast, 0);
  backward (exact, 0);
  for (int layer = -1; layer < 18; layer++)
    for (EspAt at = ESP_AT_CONV; at <= ESP_AT_OUT; at++)
      {
        const EspLayer *row = layer < 0 ? NULL : esp_network_get_layer (zoo_net.network, (guint) layer);
        gsize n;
        g_autofree double *a = NULL, *b = NULL;

        if (layer == 15 || (at == ESP_AT_CONV && (row == NULL || row->kind != ESP_LAYER_CONVOLUTIONAL)))
          continue;
        a = gradients (fast, layer, at, &n);
        b = gradients (exact, layer, at, &n);
        g_test_message ("layer %d at %d: %g", layer, at, distance (a, b, n));
        g_assert_cmpfloat (distance (a, b, n), <=, 1e-5);
      }
  zoo_clear (&zoo_net);
}

/* All outputs of an engine's forward, and its gradients, in a row. */
static GArray *
collect (EspEngine *engine, guint image)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (double));

  for (int layer = -1; layer < 18; layer++)
    {
      gsize n;
      g_autofree double *gradient = NULL, *out = NULL;
      guint batch = esp_engine_get_batch (engine);

      if (layer == 15)
        continue;
      gradient = gradients (engine, layer, ESP_AT_OUT, &n);
      g_array_append_vals (all, gradient + n / batch * image, (guint) (n / batch));
      if (layer < 0)
        continue;
      out = values (engine, (guint) layer, ESP_AT_OUT, &n);
      g_array_append_vals (all, out + n / batch * image, (guint) (n / batch));
    }
  return all;
}

static void
assert_same (const GArray *a, const GArray *b)
{
  g_assert_cmpmem (a->data, a->len * sizeof (double), b->data, b->len * sizeof (double));
}

/* The same seed for each image, so that each image's gradients may be compared whatever the batch. */
static GArray *
explain_image (const Zoo *self, const float *input, guint batch, guint image)
{
  g_autoptr (EspEngine) engine = make (self, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN, .batch = batch, .pixels = TRUE }, NULL);
  g_autoptr (GError) error = NULL;

  forward (engine, input);
  esp_engine_clear_seeds (engine);
  for (guint i = 0; i < G_N_ELEMENTS (seeded); i++)
    {
      gsize n = esp_shape_count (esp_engine_get_shape (engine, (int) seeded[i])), each = n / batch;
      g_autofree float *all = g_new (float, n);

      for (gsize k = 0; k < n; k++)
        all[k] = (float) (k % each % 17) - 8;
      esp_engine_set_seed (engine, seeded[i], all, &error);
      g_assert_no_error (error);
    }
  esp_engine_backward (engine, 0, NULL, &error);
  g_assert_no_error (error);
  return collect (engine, image);
}

static void
test_batch (void)
{
  Zoo zoo_net;

  zoo_init (&zoo_net);
  for (guint image = 0; image < 8; image += 3)
    {
      gsize n = esp_shape_count (esp_network_get_input (zoo_net.network));
      g_autofree float *eight = g_new (float, 8 * n);
      g_autoptr (GArray) alone = NULL, among = NULL;

      for (gsize i = 0; i < 8 * n; i++)
        eight[i] = zoo_net.input[(i * 7) % (4 * n)];
      alone = explain_image (&zoo_net, eight + image * n, 1, 0);
      among = explain_image (&zoo_net, eight, 8, image);
      assert_same (alone, among);
    }
  zoo_clear (&zoo_net);
}

typedef struct
{
  const Zoo *zoo;
  GArray *all;
} Run;

static void
run_in_lane (gpointer data)
{
  Run *run = data;

  run->all = explain_image (run->zoo, run->zoo->input, 2, 1);
}

static void
test_threads (void)
{
  Zoo zoo_net;
  GArray *first = NULL;
  const guint threads[] = { 1, 2, 2 };

  zoo_init (&zoo_net);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr (EspLane) lane = esp_lane_new (threads[i]);
      Run run = { &zoo_net, NULL };

      esp_lane_call (lane, run_in_lane, &run);
      if (first == NULL)
        first = g_array_ref (run.all);
      assert_same (first, run.all);
      g_array_unref (run.all);
    }
  g_array_unref (first);
  zoo_clear (&zoo_net);
}

/* Sharing kernels changes no bit, whatever differs between the two engines. */
static void
test_reuse (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) old = NULL, shared = NULL, fresh = NULL;
  g_autoptr (EspParams) params = NULL;
  const EspParams *was;

  zoo_init (&zoo_net);
  old = make (&zoo_net, (EspEngineOptions){ .keep_all = TRUE }, NULL);
  was = esp_weights_get (zoo_net.weights, 12);
  params = esp_params_new (was->filters, was->n_weights, TRUE);
  for (gsize i = 0; i < was->n_weights; i++)
    params->weights[i] = was->weights[i] / 2;
  for (guint f = 0; f < was->filters; f++)
    params->scales[f] = params->variances[f] = 1;
  esp_weights_set (zoo_net.weights, 12, g_steal_pointer (&params));
  shared = make (&zoo_net, (EspEngineOptions){ .keep_all = TRUE }, old);
  fresh = make (&zoo_net, (EspEngineOptions){ .keep_all = TRUE }, NULL);
  g_clear_pointer (&old, esp_engine_unref);
  forward (shared, zoo_net.input);
  forward (fresh, zoo_net.input);
  compare (shared, fresh, ESP_AT_OUT, 0);
  zoo_clear (&zoo_net);
}

/* Continuing from what was saved gives the bits of the whole run, at every layer, in an engine that packs its arena. */
static void
test_live (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) whole = NULL, rest = NULL;
  g_autoptr (GError) error = NULL;
  const guint heads[] = { 14, 15, 17, 18 };

  zoo_init (&zoo_net);
  whole = make (&zoo_net, (EspEngineOptions){ .keep_all = TRUE, .batch = 2 }, NULL);
  rest = make (&zoo_net, (EspEngineOptions){ .batch = 2 }, whole);
  forward (whole, zoo_net.input);
  for (guint layer = 0; layer < 19; layer++)
    {
      gsize bytes = esp_engine_get_live_bytes (whole, layer);
      g_autofree char *saved = g_malloc (bytes);

      g_assert_cmpuint (bytes, ==, esp_engine_get_live_bytes (rest, layer));
      forward (rest, zoo_net.input + esp_shape_count (esp_network_get_input (zoo_net.network)));
      esp_engine_save_live (whole, layer, saved);
      esp_engine_load_live (rest, layer, saved);
      esp_engine_forward_from (rest, layer, NULL, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
        {
          gsize n;
          g_autofree double *a = values (whole, heads[i], ESP_AT_OUT, &n), *b = values (rest, heads[i], ESP_AT_OUT, &n);

          g_assert_cmpmem (a, n * sizeof *a, b, n * sizeof *b);
        }
    }
  zoo_clear (&zoo_net);
}

static void
test_mask (gconstpointer data)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (EspMask) mask = NULL;
  const guint masked[] = { 0, 3, 4, 7, 12 };

  zoo_init (&zoo_net);
  mask = some_mask (&zoo_net);
  engine = make (&zoo_net, (EspEngineOptions){ .backend = GPOINTER_TO_INT (data), .keep_all = TRUE, .mask = mask, .batch = 2 }, NULL);
  forward (engine, zoo_net.input);
  for (guint k = 0; k < G_N_ELEMENTS (masked); k++)
    {
      const EspShape s = esp_engine_get_shape (engine, (int) masked[k]);
      gsize n, some = 0;
      g_autofree double *out = values (engine, masked[k], ESP_AT_OUT, &n);

      for (gsize i = 0; i < n; i++)
        if (esp_mask_keeps (mask, masked[k], (guint) (i / (gsize) (s.h * s.w) % (gsize) s.c)))
          some += out[i] != 0;
        else
          g_assert_cmpfloat (out[i], ==, 0);
      g_assert_cmpuint (some, >, 0);
    }
  zoo_clear (&zoo_net);
}

/* A * dT/dA summed over pixels and images is dT/de of weights * (1 + e): by differences in the weights, also where gamma is 0. */
static void
test_product (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) engine = NULL, fast = NULL;
  const guint layers[] = { 0, 2, 3, 7, 12 };

  zoo_init (&zoo_net);
  engine = make (&zoo_net, (EspEngineOptions){ .backend = ESP_BACKEND_REFERENCE_DOUBLE, .mode = ESP_MODE_EXPLAIN }, NULL);
  fast = make (&zoo_net, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN }, NULL);
  forward (engine, zoo_net.input);
  forward (fast, zoo_net.input);
  backward (engine, 0);
  backward (fast, 0);
  for (guint k = 0; k < G_N_ELEMENTS (layers); k++)
    {
      const EspParams *was = esp_weights_get (zoo_net.weights, layers[k]);
      g_autofree float *scores = g_new (float, was->filters), *others = g_new (float, was->filters);
      gsize each = was->n_weights / was->filters;
      double up = 0, down = 0, most = 0;

      g_assert_true (esp_engine_reduce_product (engine, layers[k], ESP_AT_CONV, ESP_REDUCE_SUM, scores, NULL));
      g_assert_true (esp_engine_reduce_product (fast, layers[k], ESP_AT_CONV, ESP_REDUCE_SUM, others, NULL));
      for (guint f = 0; f < was->filters; f++)
        most = MAX (most, fabs ((double) scores[f]));
      for (guint f = 0; f < was->filters; f++)
        g_assert_cmpfloat (fabs ((double) (scores[f] - others[f])), <=, 1e-5 * most);
      for (int side = 0; side < 2; side++)
        {
          g_autoptr (EspEngine) moved = NULL;

          for (gsize i = 0; i < each; i++)
            was->weights[each + i] *= side == 0 ? 1 + 0x1p-12f : (1 - 0x1p-12f) / (1 + 0x1p-12f);
          moved = make (&zoo_net, (EspEngineOptions){ .backend = ESP_BACKEND_REFERENCE_DOUBLE, .mode = ESP_MODE_EXPLAIN }, NULL);
          forward (moved, zoo_net.input);
          *(side == 0 ? &up : &down) = target (moved);
        }
      for (gsize i = 0; i < each; i++)
        was->weights[each + i] /= 1 - 0x1p-12f;
      g_test_message ("layer %u: %g by differences, %g", layers[k], (up - down) / 0x1p-11, (double) scores[1]);
      g_assert_cmpfloat (fabs ((up - down) / 0x1p-11 - (double) scores[1]), <=, 2e-3 * most);
    }
  zoo_clear (&zoo_net);
}

/* gamma = 0: the convolution is read by running it again, and the product needs no such run. */
static void
test_zero_gamma (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) engine = NULL, before = NULL;
  gsize n, m;
  g_autofree double *a = NULL, *b = NULL;
  float scores[21], beta;
  double sum = 0;
  g_autofree double *gradient = NULL;

  zoo_init (&zoo_net);
  before = make (&zoo_net, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN }, NULL);
  forward (before, zoo_net.input);
  a = values (before, 4, ESP_AT_CONV, &n);
  esp_weights_get (zoo_net.weights, 4)->scales[2] = 0;
  beta = esp_weights_get (zoo_net.weights, 4)->biases[2];
  engine = make (&zoo_net, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN }, NULL);
  forward (engine, zoo_net.input);
  backward (engine, 0);
  b = values (engine, 4, ESP_AT_CONV, &n);
  g_assert_cmpfloat (distance (a, b, n), <=, 1e-4);
  g_free (g_steal_pointer (&a));
  a = values (engine, 4, ESP_AT_PRE, &n);
  gradient = gradients (engine, 4, ESP_AT_PRE, &m);
  for (gsize i = n / 21 * 2; i < n / 21 * 3; i++)
    {
      g_assert_cmpfloat (a[i], ==, (double) beta);
      sum += (a[i] - (double) beta) * gradient[i];
    }
  g_assert_true (esp_engine_reduce_product (engine, 4, ESP_AT_CONV, ESP_REDUCE_SUM, scores, NULL));
  g_assert_cmpfloat_with_epsilon ((double) scores[2], sum, 1e-6);
  zoo_clear (&zoo_net);
}

static void
test_refusals (void)
{
  Zoo zoo_net;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspJob) job = esp_job_new ("cancelled");
  float few[32];

  zoo_init (&zoo_net);
  engine = make (&zoo_net, (EspEngineOptions){ .batch = 1 }, NULL);
  forward (engine, zoo_net.input);
  g_assert_false (esp_engine_read (engine, 0, ESP_AT_OUT, few, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (esp_engine_read (engine, 14, ESP_AT_PRE, few, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_false (esp_engine_backward (engine, 0, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  esp_job_cancel (job);
  g_assert_false (esp_engine_forward (engine, zoo_net.input, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  zoo_clear (&zoo_net);
}

static void
test_allocations (void)
{
#ifdef COUNT_ALLOCATIONS
  Zoo zoo_net;
  g_autoptr (EspEngine) infer = NULL, explain = NULL;
  g_autoptr (GError) error = NULL;
  float scores[64], map[4096];
  char *volatile proof;

  if (g_getenv ("ESP_VALGRIND") != NULL)
    {
      g_test_skip ("valgrind counts allocations itself");
      return;
    }
  zoo_init (&zoo_net);
  infer = make (&zoo_net, (EspEngineOptions){ .batch = 2 }, NULL);
  explain = make (&zoo_net, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN, .batch = 2, .pixels = TRUE }, NULL);
  forward (infer, zoo_net.input);
  forward (explain, zoo_net.input);
  backward (explain, 0);
  counted = 0;
  g_atomic_int_set (&counting, TRUE);
  proof = g_malloc (10);
  g_free (proof);
  proof = g_malloc0 (10);
  g_assert_cmpuint (counted, ==, 2);
  esp_engine_forward (infer, zoo_net.input, NULL, &error);
  esp_engine_forward (explain, zoo_net.input, NULL, &error);
  esp_engine_backward (explain, 0, NULL, &error);
  esp_engine_reduce_product (explain, 3, ESP_AT_CONV, ESP_REDUCE_MAX, scores, &error);
  esp_engine_map_product (explain, 3, ESP_AT_CONV, 1, -1, map, &error);
  g_atomic_int_set (&counting, FALSE);
  g_free (proof);
  g_assert_no_error (error);
  g_assert_cmpuint (counted, ==, 2);
  zoo_clear (&zoo_net);
#else
  g_test_skip ("the sanitizer counts allocations itself");
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/backends", test_backends);
  g_test_add_func ("/engine/arena", test_arena);
  g_test_add_data_func ("/engine/differences", NULL, test_differences);
  g_test_add_data_func ("/engine/differences/masked", "masked", test_differences);
  g_test_add_data_func ("/engine/gradients", NULL, test_gradients);
  g_test_add_data_func ("/engine/gradients/masked", "masked", test_gradients);
  g_test_add_func ("/engine/batch", test_batch);
  g_test_add_func ("/engine/threads", test_threads);
  g_test_add_func ("/engine/reuse", test_reuse);
  g_test_add_func ("/engine/live", test_live);
  g_test_add_data_func ("/engine/mask/onednn", GINT_TO_POINTER (ESP_BACKEND_ONEDNN), test_mask);
  g_test_add_data_func ("/engine/mask/reference", GINT_TO_POINTER (ESP_BACKEND_REFERENCE), test_mask);
  g_test_add_func ("/engine/product", test_product);
  g_test_add_func ("/engine/zero-gamma", test_zero_gamma);
  g_test_add_func ("/engine/refusals", test_refusals);
  g_test_add_func ("/engine/allocations", test_allocations);
  return g_test_run ();
}
