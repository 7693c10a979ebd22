/* test-compensate.c: constants of removed channels, folded: the cut network gives what one with the constants in it gives */
#include "config.h"

#include "search/compensate.h"

#include <math.h>

#include "net/cut.h"
#include "net/engine.h"
#include "net/flow.h"
#include "net-plans.h"
#include "prune-common.h"

/* Constants and folded numbers are rounded to float. */
#define BOUND      2e-5

#define NET        "[net]\nbatch=1\nwidth=24\nheight=20\nchannels=3\n\n"
#define CONV(more) "[convolutional]\n" more "stride=1\n\n"

/* Nothing is padded, so constants are right up to the borders: every kind of layer between two convolutions, and two consumers without
 * batch normalisation. */
static const char open_text[] = NET CONV (BN "filters=8\nsize=3\npad=0\nactivation=leaky\n") /* 0 */
    CONV (BN "filters=12\nsize=1\nactivation=mish\n")                                        /* 1 */
    CONV (BN "filters=12\nsize=1\nactivation=logistic\n")                                    /* 2 */
    "[shortcut]\nfrom=-2\nactivation=leaky\n\n"                                              /* 3: 1 + 2 */
    CONV ("filters=6\nsize=3\npad=0\nactivation=logistic\n")                                 /* 4: no batch normalisation */
    "[maxpool]\nsize=2\nstride=2\n\n"                                                        /* 5 */
    CONV (BN "filters=9\nsize=3\npad=0\nactivation=swish\n")                                 /* 6 */
    "[upsample]\nstride=2\nscale=1.5\n\n"                                                    /* 7 */
    CONV (BN "filters=10\nsize=1\nactivation=relu\n")                                        /* 8 */
    "[dropout]\nprobability=.3\n\n"                                                          /* 9 */
    "[route]\nlayers=-1,-3\n\n"                                                              /* 10: 9, 7 */
    CONV (BN "filters=8\nsize=3\npad=0\nactivation=leaky\n")                                 /* 11 */
    "[avgpool]\n\n"                                                                          /* 12 */
    CONV ("filters=8\nsize=1\nactivation=logistic\n")                                        /* 13 */
    "[scale_channels]\nfrom=11\nactivation=linear\n\n"                                       /* 14: 13 · 11 */
    CONV (BN "filters=16\nsize=1\nactivation=leaky\n")                                       /* 15 */
    "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n\n"                                           /* 16 */
    CONV (BN "filters=8\nsize=3\npad=0\ngroups=8\nactivation=leaky\n")                       /* 17: depthwise */
    CONV (BN "filters=8\nsize=1\nactivation=leaky\n")                                        /* 18 */
    CONV ("filters=14\nsize=1\nactivation=linear\n")                                         /* 19 */
    "[yolo]\nmask=0,1\nanchors=4,5, 9,8\nclasses=2\nnum=2\n\n";

/* A 3 × 3 with zeros around it reads what is removed; nothing else does. */
static const char padded_text[]
    = NET CONV (BN "filters=8\nsize=3\npad=0\nactivation=leaky\n") CONV (BN "filters=6\nsize=3\npad=1\nactivation=leaky\n")
        CONV ("filters=14\nsize=1\nactivation=linear\n") "[yolo]\nmask=0,1\nanchors=4,5, 9,8\nclasses=2\nnum=2\n\n";

static EspEngine *
reference_of (EspNetwork *network, EspWeights *weights)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = 1, .keep_all = TRUE };
  g_autoptr (GError) error = NULL;
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, &error);

  g_assert_no_error (error);
  return engine;
}

/* In place of what a mask removes of a convolution, act (beta) or a mean: the definition, layer by layer. */
static void
set_constants (EspEngine *engine, const EspLayer *layer, const EspMask *mask, EspWeights *weights, double *const *means)
{
  const gsize area = (gsize) layer->out.h * (gsize) layer->out.w;
  g_autofree float *map = g_new (float, esp_shape_count (layer->out));
  g_autofree double *own = esp_compensate_constants (layer, esp_weights_get (weights, layer->index));
  const double *constants = means != NULL ? means[layer->index] : own;
  g_autoptr (GError) error = NULL;

  esp_engine_read (engine, layer->index, ESP_AT_OUT, map, &error);
  g_assert_no_error (error);
  for (guint c = 0; c < (guint) layer->out.c; c++)
    for (gsize i = 0; !esp_mask_keeps (mask, layer->index, c) && i < area; i++)
      map[c * area + i] = (float) constants[c];
  esp_engine_write (engine, layer->index, map, &error);
  g_assert_no_error (error);
}

static EspEngine *
run_with_constants (EspNetwork *network, EspWeights *weights, const EspMask *mask, double *const *means, const float *input)
{
  EspEngine *engine = reference_of (network, weights);
  g_autoptr (GError) error = NULL;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      esp_engine_forward_part (engine, l == 0 ? input : NULL, l, l + 1, NULL, &error);
      g_assert_no_error (error);
      if (esp_network_get_layer (network, l)->kind == ESP_LAYER_CONVOLUTIONAL)
        set_constants (engine, esp_network_get_layer (network, l), mask, weights, means);
    }
  return engine;
}

static double *
read_all (EspEngine *engine, guint layer)
{
  double *values = g_new (double, esp_shape_count (esp_engine_get_shape (engine, (int) layer)));
  g_autoptr (GError) error = NULL;

  esp_engine_read_double (engine, layer, ESP_AT_OUT, values, &error);
  g_assert_no_error (error);
  return values;
}

/* The largest difference of the kept channels of @layer, relative to its maximum, @edge pixels from the border on; with @outside of those
 * before. */
static double
compare (EspEngine *whole, EspEngine *small, EspCut *cut, guint layer, int edge, gboolean outside)
{
  const EspShape shape = esp_engine_get_shape (small, (int) layer);
  g_autofree double *x = read_all (whole, layer), *y = read_all (small, layer);
  guint n = 0;
  const guint *kept = esp_cut_get_kept (cut, layer, &n);
  double worst = 0, most = 0;

  g_assert_cmpint (shape.c, ==, (int) n);
  for (guint c = 0; c < n; c++)
    for (int i = 0; i < shape.h * shape.w; i++)
      {
        const int row = i / shape.w, column = i % shape.w;
        const gboolean within = MIN (MIN (row, shape.h - 1 - row), MIN (column, shape.w - 1 - column)) >= edge;
        const double a = x[kept[c] * (guint) (shape.h * shape.w) + (guint) i], b = y[c * (guint) (shape.h * shape.w) + (guint) i];

        g_assert_true (isfinite (a) && isfinite (b));
        most = MAX (most, fabs (a));
        if (within != outside)
          worst = MAX (worst, fabs (a - b));
      }
  return worst / most;
}

static float *
make_noise (EspNetwork *network, guint64 seed)
{
  const gsize n = esp_shape_count (esp_network_get_input (network));
  g_autoptr (GRand) stream = esp_rng_new (seed, 'n', 0);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (stream);
  return input;
}

/* Other constants than act (beta). */
static double **
draw_means (EspNetwork *network, guint64 seed)
{
  const guint n = esp_network_get_n_layers (network);
  double **means = g_new0 (double *, n + 1);
  g_autoptr (GRand) stream = esp_rng_new (seed, 'm', 0);

  for (guint l = 0; l < n; l++)
    {
      means[l] = g_new (double, esp_network_get_layer (network, l)->out.c);
      for (int c = 0; c < esp_network_get_layer (network, l)->out.c; c++)
        means[l][c] = g_rand_double_range (stream, -1, 1);
    }
  return means;
}

/* One network with a mask, its constants and its compensated cut. */
typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspMask *mask;
  EspCut *cut;
  EspEngine *whole, *small;
  EspCompensation told;
} Rig;

static void
rig_init (Rig *rig, const char *text, EspMask *(*draw) (EspNetwork *, guint64), gboolean by_lot, guint64 seed)
{
  double **means = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspWeights) folded = NULL;
  g_autofree float *input = NULL;

  rig->network = network_of (text, &error);
  g_assert_no_error (error);
  rig->weights = esp_weights_new_random (rig->network, seed);
  rig->mask = draw (rig->network, seed);
  means = by_lot ? draw_means (rig->network, seed) : NULL;
  folded = esp_compensate (rig->network, rig->weights, rig->mask, means, &rig->told, &error);
  g_assert_no_error (error);
  rig->cut = esp_cut_new (rig->network, folded, rig->mask, NULL, &error);
  g_assert_no_error (error);
  input = make_noise (rig->network, seed);
  rig->whole = run_with_constants (rig->network, rig->weights, rig->mask, means, input);
  rig->small = reference_of (esp_cut_get_network (rig->cut), esp_cut_get_weights (rig->cut));
  esp_engine_forward (rig->small, input, NULL, &error);
  g_assert_no_error (error);
  for (guint l = 0; means != NULL && l < esp_network_get_n_layers (rig->network); l++)
    g_free (means[l]);
  g_free (means);
}

static void
rig_clear (Rig *rig)
{
  esp_engine_unref (rig->whole);
  esp_engine_unref (rig->small);
  esp_cut_unref (rig->cut);
  esp_mask_unref (rig->mask);
  esp_weights_unref (rig->weights);
  esp_network_unref (rig->network);
}

static EspMask *
draw_plan (EspNetwork *network, guint64 seed)
{
  g_autoptr (GRand) stream = esp_rng_new (seed, 'p', 0);

  return plans_draw (network, stream, .4);
}

static void
test_everywhere (void)
{
  guint channels = 0, layers = 0;

  for (guint64 seed = 1; seed <= 6; seed++)
    {
      Rig rig;
      double worst = 0;

      rig_init (&rig, open_text, draw_plan, seed % 2 == 0, seed);
      for (guint l = 0; l + 1 < esp_network_get_n_layers (rig.network); l++)
        worst = MAX (worst, compare (rig.whole, rig.small, rig.cut, l, 0, FALSE));
      g_test_message ("plan %u: %u constants in %u layers, %.2g of a layer's maximum", (guint) seed, rig.told.n_channels, rig.told.n_layers,
                      worst);
      g_assert_cmpfloat (worst, <=, BOUND);
      g_assert_cmpuint (rig.told.n_borders, ==, 0);
      channels += rig.told.n_channels;
      layers += rig.told.n_layers;
      rig_clear (&rig);
    }
  g_assert_cmpuint (channels, >, 60);
  g_assert_cmpuint (layers, >, 30);
}

static EspMask *
draw_first (EspNetwork *network, guint64 seed)
{
  guint8 first[] = { 1, 0, 1, 0, 0, 1, 1, 0 };
  guint8 *keep[] = { first, NULL, NULL, NULL };

  return esp_mask_new (network, keep);
}

static void
test_interior (void)
{
  Rig rig;

  rig_init (&rig, padded_text, draw_first, FALSE, 3);
  g_assert_cmpuint (rig.told.n_channels, ==, 4);
  g_assert_cmpuint (rig.told.n_layers, ==, 1);
  g_assert_cmpuint (rig.told.n_borders, ==, 1);
  g_assert_cmpfloat (compare (rig.whole, rig.small, rig.cut, 1, 1, FALSE), <=, BOUND);
  g_assert_cmpfloat (compare (rig.whole, rig.small, rig.cut, 2, 1, FALSE), <=, BOUND);
  g_assert_cmpfloat (compare (rig.whole, rig.small, rig.cut, 1, 1, TRUE), >, 1e-3); /* zeros in place of constants */
  rig_clear (&rig);
}

/* Worked by hand: a logistic of beta 0 is .5; the sum comes off the mean of a normalised filter, and onto the bias of another. */
static void
test_by_hand (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (
      NET CONV (BN "filters=2\nsize=1\nactivation=logistic\n")
          CONV (BN "filters=1\nsize=3\npad=1\nactivation=linear\n") "[route]\nlayers=0\n\n" CONV ("filters=1\nsize=1\nactivation=linear\n"),
      &error);
  g_autoptr (EspWeights) weights = NULL, folded = NULL;
  g_autoptr (EspMask) mask = NULL;
  guint8 first[] = { 1, 0 };
  guint8 *keep[] = { first, NULL, NULL, NULL };
  EspCompensation told;

  g_assert_no_error (error);
  weights = esp_weights_new_random (network, 1);
  esp_weights_get (weights, 0)->biases[1] = 0;
  for (guint i = 0; i < 9; i++)
    esp_weights_get (weights, 1)->weights[9 + i] = (float) (i + 1);
  esp_weights_get (weights, 1)->means[0] = 100;
  esp_weights_get (weights, 3)->weights[1] = -8;
  esp_weights_get (weights, 3)->biases[0] = 1;
  mask = esp_mask_new (network, keep);
  folded = esp_compensate (network, weights, mask, NULL, &told, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (esp_weights_get (folded, 1)->means[0], ==, 100 - 22.5f);
  g_assert_cmpfloat (esp_weights_get (folded, 3)->biases[0], ==, -3);
  g_assert_cmpfloat (esp_weights_get (weights, 1)->means[0], ==, 100); /* the others' stay */
  g_assert_true (esp_weights_get (folded, 0) == esp_weights_get (weights, 0));
  g_assert_cmpuint (told.n_channels, ==, 1);
  g_assert_cmpuint (told.n_layers, ==, 2);
  g_assert_cmpuint (told.n_borders, ==, 1);
}

/* Nothing removed, nothing changed. */
static void
test_whole (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1), folded = NULL;
  g_autoptr (EspMask) mask = esp_mask_new_full (network);
  EspCompensation told;

  folded = esp_compensate (network, weights, mask, NULL, &told, NULL);
  g_assert_nonnull (folded);
  g_assert_cmpuint (told.n_channels + told.n_layers, ==, 0);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    g_assert_true (esp_weights_get (folded, l) == esp_weights_get (weights, l));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compensate/by-hand", test_by_hand);
  g_test_add_func ("/compensate/whole", test_whole);
  g_test_add_func ("/compensate/everywhere", test_everywhere);
  g_test_add_func ("/compensate/interior", test_interior);
  return g_test_run ();
}
