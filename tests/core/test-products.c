/* test-products.c: products reduced on the way back are those that are reduced afterwards, bit by bit */
#include "config.h"

#include "base/error.h"
#include "base/lane.h"
#include "base/rng.h"
#include "net/engine-watch.h"

/* Activations that the output tells the value of and that it does not; values with several readers; blocks that are not full. */
static const char cfg[] = "[net]\nwidth=26\nheight=22\nchannels=3\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=13\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                          "[maxpool]\nsize=2\nstride=2\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=21\nsize=1\nstride=1\npad=0\nactivation=relu\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=21\ngroups=21\nsize=3\nstride=1\npad=1\nactivation=swish\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=13\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                          "[shortcut]\nfrom=-4\nactivation=leaky\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=40\nsize=1\nstride=1\npad=0\nactivation=leaky\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=40\ngroups=40\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=1\nstride=1\npad=0\nactivation=leaky\n"
                          "[dropout]\nprobability=.2\n"
                          "[convolutional]\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                          "[dropout]\nprobability=.2\n"
                          "[shortcut]\nfrom=-4\nactivation=linear\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=24\ngroups=24\nsize=5\nstride=1\npad=1\nactivation=leaky\n"
                          "[convolutional]\nbatch_normalize=1\nfilters=24\ngroups=24\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                          "[convolutional]\nfilters=7\nsize=1\nstride=1\npad=0\nactivation=logistic\n";

#define LAST     16
#define CHANNELS 40

typedef struct
{
  EspBackendKind backend;
  guint threads;
  gboolean masked, guided, before, between, lean;
} Case;

/* Of a lean engine: a convolution behind which a max-pool goes back through both at once, one that a shortcut reads, and one between. */
static const guint held[] = { 0, 4, 7 };

static gboolean
is_held (guint layer)
{
  return layer == held[0] || layer == held[1] || layer == held[2];
}

static EspMask *
some_mask (const EspNetwork *network)
{
  guint8 bits[40];
  guint8 *keep[LAST + 1] = { [2] = bits, [6] = bits, [7] = bits };

  for (guint i = 0; i < G_N_ELEMENTS (bits); i++)
    bits[i] = i % 3 != 1;
  return esp_mask_new (network, keep);
}

static EspEngine *
engine_of (const Case *c, EspNetwork *network, EspWeights *weights, gboolean lean)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspMask) mask = c->masked ? some_mask (network) : NULL;
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN,
                                     .backend = c->backend,
                                     .batch = 2,
                                     .mask = mask,
                                     .guided = c->guided,
                                     .lean = lean,
                                     .watch = held,
                                     .n_watch = lean ? G_N_ELEMENTS (held) : 0 };
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, &error);

  g_assert_no_error (error);
  return engine;
}

/* Seeds in the middle, at layers whose gradients lie in the place of another's, and at one that is held. */
static void
seed_between (EspEngine *engine)
{
  static const guint layers[] = { 4, 8, 10, 11 };

  for (guint k = 0; k < G_N_ELEMENTS (layers); k++)
    {
      const gsize n = esp_shape_count (esp_engine_get_shape (engine, (int) layers[k]));
      g_autofree float *seed = g_new (float, n);

      for (gsize i = 0; i < n; i++)
        seed[i] = .25f * (float) (i % 5) - .5f;
      g_assert_true (esp_engine_set_seed (engine, layers[k], seed, NULL));
      g_assert_true (layers[k] != 10 || esp_engine_set_seed_before (engine, 10, seed, NULL));
    }
}

/* @ones: seeds of 1 instead of 0.5: runs after the first shall not see what was. */
static void
run (const Case *c, EspEngine *engine, const float *input, gboolean ones)
{
  const EspShape out = esp_engine_get_shape (engine, LAST);
  const gsize n = esp_shape_count (out), m = esp_shape_count (esp_engine_get_shape (engine, 6));
  g_autofree float *seed = g_new (float, MAX (n, m));

  for (gsize i = 0; i < MAX (n, m); i++)
    seed[i] = ones ? 1 : .5f - (float) (i % 3);
  esp_engine_clear_seeds (engine);
  g_assert_true (esp_engine_set_seed (engine, LAST, seed, NULL));
  if (c->before)
    g_assert_true (esp_engine_set_seed_before (engine, 6, seed, NULL));
  if (c->between)
    seed_between (engine);
  g_assert_true (esp_engine_forward (engine, input, NULL, NULL));
  g_assert_true (esp_engine_backward (engine, 0, NULL, NULL));
}

/* What a lean engine has not kept it says, and gives nothing; but products that it was to reduce it has. */
static void
refuse (const EspNetwork *network, EspEngine *lean, guint layer, EspAt at, gboolean reduced, float *values)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_engine_read_gradient (lean, (int) layer, at, values, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  if (reduced && esp_network_get_layer (network, layer)->kind == ESP_LAYER_CONVOLUTIONAL)
    return;
  g_assert_false (esp_engine_reduce_product (lean, layer, at, ESP_REDUCE_MAX, values, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
}

static void
compare (const EspNetwork *network, EspEngine *plain, EspEngine *watched, EspAt watch, EspReduce how, gboolean lean)
{
  float scores[2 * CHANNELS], others[2 * CHANNELS];

  for (guint i = 0; i <= LAST; i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const gsize n = 2 * esp_shape_count (layer->out);
      g_autofree float *a = g_new (float, n), *b = g_new (float, n);

      for (EspAt at = ESP_AT_CONV; at <= ESP_AT_OUT; at++)
        {
          if (at == ESP_AT_CONV && layer->kind != ESP_LAYER_CONVOLUTIONAL)
            continue;
          if (lean && !is_held (i))
            refuse (network, watched, i, at, at == watch, b);
          if (lean && !is_held (i) && (at != watch || layer->kind != ESP_LAYER_CONVOLUTIONAL))
            continue;
          g_assert_true (esp_engine_reduce_product (plain, i, at, how, scores, NULL));
          g_assert_true (esp_engine_reduce_product (watched, i, at, how, others, NULL));
          for (int k = 0; k < 2 * layer->out.c; k++)
            g_assert_cmpfloat (scores[k], ==, others[k]);
          if (lean && !is_held (i))
            continue;
          g_assert_true (esp_engine_read_gradient (plain, (int) i, at, a, NULL));
          g_assert_true (esp_engine_read_gradient (watched, (int) i, at, b, NULL));
          for (gsize k = 0; k < n; k++)
            g_assert_cmpfloat (a[k], ==, b[k]);
        }
    }
}

static void
work (gpointer data)
{
  const Case *c = data;
  g_autoptr (GRand) rng = esp_rng_new (3, 1, 1);
  g_autoptr (EspNetwork) network = esp_network_new (esp_cfg_parse (cfg, sizeof cfg - 1, "products.cfg", NULL), NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 7);
  g_autoptr (EspEngine) plain = engine_of (c, network, weights, FALSE), watched = engine_of (c, network, weights, c->lean);
  const gsize n = 2 * esp_shape_count (esp_network_get_input (network));
  g_autofree float *input = g_new (float, n);

  for (EspReduce how = 0; how < ESP_N_REDUCES; how++)
    {
      const EspAt at = how % 2 == 0 ? ESP_AT_CONV : ESP_AT_PRE;

      esp_engine_watch_products (watched, at, how);
      for (gsize i = 0; i < n; i++)
        input[i] = (float) g_rand_double (rng);
      run (c, plain, input, how % 2 == 0);
      run (c, watched, input, how % 2 == 0);
      compare (network, plain, watched, at, how, c->lean);
    }
}

static void
test_products (gconstpointer data)
{
  const Case *c = data;
  EspLane *lane = esp_lane_new (c->threads);

  esp_lane_call (lane, work, (gpointer) c);
  esp_lane_free (lane);
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { .backend = ESP_BACKEND_ONEDNN, .threads = 1 },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 2, .masked = TRUE },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 1, .guided = TRUE },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 1, .before = TRUE },
    { .backend = ESP_BACKEND_REFERENCE, .threads = 1 },
    { .backend = ESP_BACKEND_REFERENCE_DOUBLE, .threads = 1 },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 2, .lean = TRUE },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 1, .lean = TRUE, .masked = TRUE, .before = TRUE },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 1, .lean = TRUE, .guided = TRUE },
    { .backend = ESP_BACKEND_ONEDNN, .threads = 1, .lean = TRUE, .between = TRUE },
    { .backend = ESP_BACKEND_REFERENCE, .threads = 1, .lean = TRUE, .between = TRUE, .before = TRUE },
    { .backend = ESP_BACKEND_REFERENCE_DOUBLE, .threads = 1, .lean = TRUE, .masked = TRUE, .between = TRUE },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strdup_printf ("/products/%u", i);

      g_test_add_data_func (name, &cases[i], test_products);
    }
  return g_test_run ();
}
