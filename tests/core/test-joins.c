/* test-joins.c: layers that join or move values, in small networks: what is read, gradients by differences, sets, bits, and cuts by lot */
#include "config.h"

#include "prune/cut-check.h"
#include "prune/plan.h"

#include "net/cost.h"

#include "net-plans.h"
#include "prune-common.h"

#include <math.h>
#include <omp.h>

#define NET                 "[net]\nwidth=12\nheight=8\nchannels=3\n"
#define SQUARE              "[net]\nwidth=8\nheight=8\nchannels=3\n"
#define WHOLE(FILTERS)      "[convolutional]\nfilters=" FILTERS "\nsize=8\nactivation=logistic\n"
#define CONV(FILTERS, MORE) "[convolutional]\nbatch_normalize=1\nfilters=" FILTERS "\nsize=3\npad=1\n" MORE
#define SMOOTH              "activation=logistic\n"
#define BENT                "activation=leaky\n"

/* Small networks around one kind each, closed by a convolution that reads it. */
static const struct
{
  const char *name, *text;
} nets[] = {
  { "strides", NET CONV ("6", SMOOTH "stride_x=2\n") CONV ("9", SMOOTH "stride=2\nstride_x=1\n") CONV ("5", SMOOTH) },
  { "dilation", NET CONV ("6", SMOOTH "dilation=3\n") CONV ("6", SMOOTH "groups=6\ndilation=2\n") CONV ("5", "dilation=2\nstride=2\n") },
  { "mish", NET CONV ("6", "activation=mish\n") CONV ("9", "activation=mish\n") CONV ("5", "activation=mish\n") },
  { "swish", NET CONV ("6", "activation=swish\n") CONV ("6", "activation=swish\ngroups=6\n") CONV ("5", "activation=gelu\n") },
  { "shortcut-mish",
    NET CONV ("6", "activation=elu\n") CONV ("6", "activation=tanh\n") "[shortcut]\nfrom=-2\nactivation=mish\n" CONV ("5", SMOOTH) },
  { "avgpool", NET CONV ("6", SMOOTH) "[avgpool]\n[convolutional]\nfilters=5\nactivation=linear\n" },
  { "local-avgpool", NET CONV ("6", SMOOTH) "[local_avgpool]\nsize=3\nstride=2\nstride_x=1\n" CONV ("5", SMOOTH) },
  { "squeeze",
    NET CONV ("6", "activation=swish\n") "[avgpool]\n[convolutional]\nfilters=6\nactivation=logistic\n[scale_channels]\nfrom=0\n" CONV (
        "5", SMOOTH) },
  { "connected",
    NET CONV ("6", SMOOTH) "[connected]\noutput=7\nbatch_normalize=1\nactivation=mish\n[connected]\noutput=5\nactivation=linear\n" },
  { "connected-image", NET "[connected]\noutput=7\nactivation=tanh\n[dropout]\n[convolutional]\nfilters=9\nactivation=mish\n[conn]\noutput="
                           "4\nactivation=linear\n" },
  { "connected-avgpool", NET CONV ("17", SMOOTH) CONV ("6", SMOOTH) "[avg]\n[connected]\noutput=5\n" },
  { "route", NET CONV ("6", SMOOTH) CONV ("9", SMOOTH) "[route]\nlayers=-1,0\n" CONV ("5", SMOOTH) },
  { "route-group", NET CONV ("12", SMOOTH) "[route]\nlayers=-1\ngroups=3\ngroup_id=1\n" CONV ("5", SMOOTH) },
  { "route-groups",
    NET CONV ("12", SMOOTH) CONV ("36", SMOOTH) "[route]\nlayers=-1,0\ngroups=2\ngroup_id=1\n[route]\nlayers=-1,-2\n" CONV ("5", SMOOTH) },
  { "scale-channels", SQUARE CONV ("6", SMOOTH) WHOLE ("6") "[scale_channels]\nfrom=-2\n" CONV ("5", SMOOTH) },
  { "scale-channels-logistic",
    SQUARE CONV ("6", SMOOTH) WHOLE ("6") "[scale_channels]\nfrom=-2\nactivation=logistic\n" CONV ("5", SMOOTH) },
  { "scale-pixels",
    NET CONV ("6", SMOOTH) CONV ("1", SMOOTH) "[scale_channels]\nfrom=0\nscale_wh=1\nactivation=logistic\n" CONV ("5", BENT) },
  { "sam", NET CONV ("6", SMOOTH) CONV ("6", SMOOTH) "[sam]\nfrom=-2\n" CONV ("5", SMOOTH) },
  { "sam-logistic", NET CONV ("6", SMOOTH) CONV ("6", SMOOTH) "[sam]\nfrom=0\nactivation=logistic\n" CONV ("5", SMOOTH) },
  { "upsample-times", NET CONV ("6", SMOOTH) "[upsample]\nstride=2\nscale=.7\n" CONV ("5", SMOOTH) },
  { "reorg", NET CONV ("20", SMOOTH) "[reorg]\nstride=2\n" CONV ("5", SMOOTH) },
  { "reorg-reverse", NET CONV ("20", SMOOTH) "[reorg]\nstride=2\nreverse=1\n" CONV ("5", SMOOTH) },
  { "reorg3d", NET CONV ("6", SMOOTH) "[reorg3d]\nstride=2\n" CONV ("5", SMOOTH) },
  { "reorg3d-reverse", NET CONV ("20", SMOOTH) "[reorg3d]\nstride=2\nreverse=1\n" CONV ("5", SMOOTH) },
  { "reorg-apart", NET CONV ("3", SMOOTH "size=5\nstride=3\n") "[reorg]\nextra=2\n" CONV ("5", SMOOTH) },
  { "reorg-route", NET CONV ("9", SMOOTH) CONV ("7", SMOOTH) "[route]\nlayers=-1,-2\n[reorg]\nstride=2\n[cost]\n" CONV ("5", SMOOTH) },
  { "shortcut-fewer", NET CONV ("9", SMOOTH) CONV ("6", SMOOTH) CONV ("9", SMOOTH) "[shortcut]\nfrom=-2\n" CONV ("5", SMOOTH) },
  { "shortcut-more", NET CONV ("9", SMOOTH) CONV ("6", SMOOTH) "[shortcut]\nfrom=-2\n[route]\nlayers=-1,0\n" CONV ("5", SMOOTH) },
  { "shortcut-three",
    NET CONV ("9", SMOOTH) CONV ("4", SMOOTH) CONV ("7", SMOOTH) "[shortcut]\nfrom=-2,0\nactivation=logistic\n" CONV ("5", SMOOTH) },
  { "shortcut-weighted",
    NET CONV ("9", SMOOTH) CONV ("7", SMOOTH) CONV ("8", SMOOTH) "[shortcut]\nfrom=-2,-3\nweights_type=per_feature\n" CONV ("5", SMOOTH) },
  { "shortcut-relu", NET CONV ("9", SMOOTH) CONV (
                         "7", SMOOTH) "[shortcut]\nfrom=-2\nweights_type=per_channel\nweights_normalization=relu\n" CONV ("5", SMOOTH) },
  { "shortcut-softmax",
    NET CONV ("9", SMOOTH) CONV ("7", SMOOTH)
        CONV ("9", SMOOTH) "[shortcut]\nfrom=-2,-3\nweights_type=per_channel\nweights_normalization=softmax\n" CONV ("5", SMOOTH) },
  { "shortcut-every-second", NET CONV ("9", SMOOTH) CONV ("6", SMOOTH "stride=2\n") "[shortcut]\nfrom=-2\n" CONV ("5", SMOOTH) },
  { "shortcut-onto-every-second",
    NET CONV ("9", SMOOTH) CONV ("6", SMOOTH "stride=2\n") "[route]\nlayers=0\n[shortcut]\nfrom=1\n" CONV ("5", SMOOTH) },
  { "shortcut-logistic", NET CONV ("6", SMOOTH) CONV ("6", SMOOTH) "[shortcut]\nfrom=-2\nactivation=logistic\n" CONV ("5", SMOOTH) },
};

static EspNetwork *
net_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = network_of (text, &error);

  g_assert_no_error (error);
  return network;
}

static EspEngine *
engine_of (EspNetwork *network, EspWeights *weights, EspEngineOptions options)
{
  g_autoptr (GError) error = NULL;
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, &error);

  g_assert_no_error (error);
  return engine;
}

/* Multiples of 1/4096, so that a step up or down is exact in float. */
static float *
grid_input (const EspNetwork *network, guint batch, guint64 seed)
{
  const gsize n = esp_shape_count (esp_network_get_input (network)) * batch;
  g_autoptr (GRand) rng = esp_rng_new (seed, 'i', 0);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_int_range (rng, 0, 4097) / 4096;
  return input;
}

static double *
read_out (EspEngine *engine, guint layer, gsize *n)
{
  g_autoptr (GError) error = NULL;
  double *values;

  *n = esp_shape_count (esp_engine_get_shape (engine, (int) layer));
  values = g_new (double, *n);
  esp_engine_read_double (engine, layer, ESP_AT_OUT, values, &error);
  g_assert_no_error (error);
  return values;
}

static double
forward_target (EspEngine *engine, guint layer, const float *input, const float *seed)
{
  g_autofree double *out = NULL;
  double total = 0;
  gsize n;

  g_assert_true (esp_engine_forward (engine, input, NULL, NULL));
  out = read_out (engine, layer, &n);
  for (gsize i = 0; i < n; i++)
    total += out[i] * (double) seed[i];
  return total;
}

/* The gradient at every seventh number of the image by central differences, in double. */
static void
test_differences (gconstpointer data)
{
  const double step = 1. / 4096;
  g_autoptr (EspNetwork) network = net_of (data);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  g_autoptr (EspEngine) engine
      = engine_of (network, weights,
                   (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = 1, .pixels = TRUE });
  const guint last = esp_network_get_n_layers (network) - 1;
  const gsize n = esp_shape_count (esp_network_get_input (network)), n_out = esp_shape_count (esp_engine_get_shape (engine, (int) last));
  g_autofree float *input = grid_input (network, 1, 1), *seed = g_new (float, n_out);
  g_autofree double *gradient = g_new (double, n);
  double most = 0, scale = 0;

  for (gsize i = 0; i < n_out; i++)
    seed[i] = (float) (i % 7) - 3;
  g_assert_true (esp_engine_forward (engine, input, NULL, NULL) && esp_engine_set_seed (engine, last, seed, NULL)
                 && esp_engine_backward (engine, 0, NULL, NULL));
  g_assert_true (esp_engine_read_gradient_double (engine, -1, ESP_AT_OUT, gradient, NULL));
  for (gsize i = 0; i < n; i += 7)
    {
      const float was = input[i];
      double up, down;

      input[i] = was + (float) step;
      up = forward_target (engine, last, input, seed);
      input[i] = was - (float) step;
      down = forward_target (engine, last, input, seed);
      input[i] = was;
      most = MAX (most, fabs ((up - down) / (2 * step) - gradient[i]));
      scale = MAX (scale, fabs (gradient[i]));
    }
  g_test_message ("%.2e of %.3g", most, scale);
  g_assert_cmpfloat (most, <=, 2e-6 * scale);
  g_assert_cmpfloat (scale, >, 0);
}

/* The fast set against the double reference, every output and every gradient. */
static void
test_sets (gconstpointer data)
{
  g_autoptr (EspNetwork) network = net_of (data);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .batch = 2, .pixels = TRUE };
  g_autoptr (EspEngine) fast = engine_of (network, weights, options), exact = NULL;
  const guint last = esp_network_get_n_layers (network) - 1;
  const gsize n_out = esp_shape_count (esp_engine_get_shape (fast, (int) last));
  g_autofree float *input = grid_input (network, 2, 1), *seed = g_new (float, n_out);

  options.backend = ESP_BACKEND_REFERENCE_DOUBLE;
  exact = engine_of (network, weights, options);
  for (gsize i = 0; i < n_out; i++)
    seed[i] = (float) (i % 7) - 3;
  for (guint e = 0; e < 2; e++)
    g_assert_true (esp_engine_forward (e ? exact : fast, input, NULL, NULL) && esp_engine_set_seed (e ? exact : fast, last, seed, NULL)
                   && esp_engine_backward (e ? exact : fast, 0, NULL, NULL));
  for (int l = -1; l <= (int) last; l++)
    for (guint what = l < 0 ? 1 : 0; what < 2; what++)
      {
        const gsize n = esp_shape_count (esp_engine_get_shape (fast, l));
        g_autofree double *x = g_new (double, n), *y = g_new (double, n);
        double most = 0, scale = 0;

        for (guint e = 0; e < 2; e++)
          g_assert_true (what ? esp_engine_read_gradient_double (e ? exact : fast, l, ESP_AT_OUT, e ? y : x, NULL)
                              : esp_engine_read_double (e ? exact : fast, (guint) l, ESP_AT_OUT, e ? y : x, NULL));
        for (gsize i = 0; i < n; i++)
          {
            most = MAX (most, fabs (x[i] - y[i]));
            scale = MAX (scale, fabs (y[i]));
          }
        g_assert_cmpfloat (most, <=, 1e-5 * scale);
      }
}

/* The same bits of outputs and image gradients for one image alone and in a batch of 8, with one thread and with two. */
static void
test_bits (gconstpointer data)
{
  g_autoptr (EspNetwork) network = net_of (data);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  const guint last = esp_network_get_n_layers (network) - 1;
  const gsize n_in = esp_shape_count (esp_network_get_input (network));
  const gsize n_out = esp_shape_count (esp_network_get_layer (network, last)->out);
  g_autofree float *input = grid_input (network, 8, 1), *seed = g_new (float, 8 * n_out);
  g_autofree float *out[3] = { NULL }, *gradient[3] = { NULL };
  const int threads = omp_get_max_threads ();

  for (gsize i = 0; i < 8 * n_out; i++)
    seed[i] = (float) (i % n_out % 7) - 3;
  for (guint run = 0; run < 3; run++)
    {
      const guint batch = run == 0 ? 1 : 8;
      g_autoptr (EspEngine) engine
          = engine_of (network, weights, (EspEngineOptions){ .mode = ESP_MODE_EXPLAIN, .batch = batch, .pixels = TRUE });

      omp_set_num_threads (run == 2 ? 2 : 1);
      out[run] = g_new (float, batch *n_out);
      gradient[run] = g_new (float, batch *n_in);
      g_assert_true (esp_engine_forward (engine, input, NULL, NULL) && esp_engine_set_seed (engine, last, seed, NULL)
                     && esp_engine_backward (engine, 0, NULL, NULL) && esp_engine_read (engine, last, ESP_AT_OUT, out[run], NULL)
                     && esp_engine_read_gradient (engine, -1, ESP_AT_OUT, gradient[run], NULL));
    }
  omp_set_num_threads (threads);
  g_assert_cmpmem (out[0], n_out * sizeof (float), out[1], n_out * sizeof (float));
  g_assert_cmpmem (gradient[0], n_in * sizeof (float), gradient[1], n_in * sizeof (float));
  g_assert_cmpmem (out[1], 8 * n_out * sizeof (float), out[2], 8 * n_out * sizeof (float));
  g_assert_cmpmem (gradient[1], 8 * n_in * sizeof (float), gradient[2], 8 * n_in * sizeof (float));
  for (guint run = 0; run < 3; run++)
    {
      g_free (g_steal_pointer (&out[run]));
      g_free (g_steal_pointer (&gradient[run]));
    }
}

static void
check_cut (EspNetwork *network, EspWeights *weights, EspMask *mask, guint64 seed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, &error);
  const struct
  {
    EspBackendKind backend;
    double bound;
  } runs[] = { { ESP_BACKEND_REFERENCE_DOUBLE, 1e-12 }, { ESP_BACKEND_ONEDNN, 1e-5 } };

  g_assert_no_error (error);
  g_assert_cmpuint (esp_cost_of (network, mask).params, ==, esp_cost_of (esp_cut_get_network (cut), NULL).params);
  g_assert_cmpfloat (esp_cost_of (network, mask).bflops, ==, esp_cost_of (esp_cut_get_network (cut), NULL).bflops);
  for (guint i = 0; i < G_N_ELEMENTS (runs); i++)
    {
      EspCutCheck result = { 0, 0 };

      esp_cut_check (network, weights, mask, esp_cut_get_network (cut), esp_cut_get_weights (cut), cut, runs[i].backend, ESP_BN_ALEXEY,
                     seed, &result, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (result.difference, <=, runs[i].bound);
    }
}

/* Masks by lot that keep to every coupling, from a walk of the test's own and from the program's plans. */
static void
test_cuts (gconstpointer data)
{
  g_autoptr (EspNetwork) network = net_of (data);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (GRand) rng = esp_rng_new (5, 'j', 0);
  guint smaller = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (EspScores) scores = random_scores (network, "l1", i);
      g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, scores);
      g_autoptr (EspMask) drawn = plans_draw (network, rng, .4), planned = NULL;

      for (guint j = 0; j < 6 && esp_plan_get_n_groups (plan) > 0; j++)
        act_by_lot (plan, rng);
      planned = esp_plan_get_mask (plan);
      assert_mask_fits (network, coupling, planned);
      check_cut (network, weights, drawn, i);
      check_cut (network, weights, planned, i);
      smaller += !esp_mask_is_full (drawn);
    }
  g_assert_cmpuint (smaller, >, 10);
}

/* Any mask at all is either refused with a reason or gives the masked network's numbers. */
static void
test_any (gconstpointer data)
{
  g_autoptr (EspNetwork) network = net_of (data);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  const guint n = esp_network_get_n_layers (network);
  g_autoptr (GRand) rng = esp_rng_new (6, 'a', 0);

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (GPtrArray) keep = g_ptr_array_new_with_free_func (g_free);
      const double probability = g_rand_double_range (rng, 0, .3);
      g_autoptr (EspMask) mask = NULL;
      g_autoptr (EspCut) cut = NULL;
      g_autoptr (GError) error = NULL;

      for (guint l = 0; l < n; l++)
        {
          const guint c = (guint) esp_network_get_layer (network, l)->out.c;
          guint8 *bits = g_malloc (c);

          for (guint k = 0; k < c; k++)
            bits[k] = l + 1 == n || g_rand_double (rng) >= probability;
          g_ptr_array_add (keep, bits);
        }
      mask = esp_mask_new (network, (guint8 *const *) keep->pdata);
      cut = esp_cut_new (network, weights, mask, NULL, &error);
      if (cut != NULL)
        check_cut (network, weights, mask, i);
      else
        {
          g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
          g_assert_true (g_str_has_prefix (error->message, "layer "));
        }
    }
}

static void
assert_out (const char *text, int c, int h, int w)
{
  g_autoptr (EspNetwork) network = net_of (text);
  const EspShape out = esp_network_get_layer (network, esp_network_get_n_layers (network) - 1)->out;

  g_assert_cmpint (out.c, ==, c);
  g_assert_cmpint (out.h, ==, h);
  g_assert_cmpint (out.w, ==, w);
}

static void
test_read_routes (void)
{
  assert_out (NET CONV ("12", BENT) "[route]\nlayers=-1\ngroups=3\ngroup_id=2\n", 4, 8, 12);
  assert_out (NET CONV ("12", BENT) CONV ("6", BENT) "[route]\nlayers=-1,-2\ngroups=2\n", 9, 8, 12);
  assert_refused (NET CONV ("12", BENT) "[route]\nlayers=-1\ngroups=5\n", ESP_ERROR_SHAPE,
                  "groups=5: layer 0 has 12 channels: expected a divisor of it");
  assert_refused (NET CONV ("12", BENT) "[route]\nlayers=-1\ngroups=2\ngroup_id=2\n", ESP_ERROR_LIMIT,
                  "group_id=2: expected a whole number from 0 to 1");
}

static void
assert_dialect (const char *text, EspDialect asked, EspDialect chosen)
{
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "t.cfg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_dialect (cfg, asked, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (esp_dialect_name (esp_network_get_dialect (network)), ==, esp_dialect_name (chosen));
}

static void
assert_refused_in (const char *text, EspDialect dialect, const char *message)
{
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "t.cfg", NULL);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_new_dialect (cfg, dialect, &error);

  g_assert_null (network);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

#define STRIDED NET CONV ("9", BENT) CONV ("6", BENT "stride=2\n") "[shortcut]\nfrom=-2\n"

/* pjreddie's where maps of unequal size are joined and nothing is AlexeyAB's alone. */
static void
test_dialects (void)
{
  assert_dialect (NET CONV ("9", BENT), ESP_DIALECT_AUTO, ESP_DIALECT_ALEXEY);
  assert_dialect (NET CONV ("9", BENT), ESP_DIALECT_PJREDDIE, ESP_DIALECT_PJREDDIE);
  assert_dialect (STRIDED, ESP_DIALECT_AUTO, ESP_DIALECT_PJREDDIE);
  assert_refused_in (STRIDED, ESP_DIALECT_ALEXEY, "maps of equal size are expected in AlexeyAB's dialect");
  assert_refused_in (STRIDED "[route]\nlayers=-1\ngroups=1\n", ESP_DIALECT_AUTO, "in AlexeyAB's dialect");
  assert_dialect (STRIDED "[route]\nlayers=-1\ngroups=1\n", ESP_DIALECT_PJREDDIE, ESP_DIALECT_PJREDDIE);
  assert_refused_in (NET CONV ("9", BENT) CONV ("9", BENT) CONV ("9", BENT) "[shortcut]\nfrom=-2,-3\n", ESP_DIALECT_PJREDDIE,
                     "from=-2,-3: 2 layers: pjreddie's dialect adds only one");
  assert_refused_in (NET CONV ("9", BENT) CONV ("9", BENT) "[shortcut]\nfrom=-2\nalpha=2\n", ESP_DIALECT_AUTO,
                     "alpha=2: only 1 is supported");
  assert_dialect (NET CONV ("9", BENT) CONV ("9", BENT) "[shortcut]\nfrom=-2\nalpha=2\n", ESP_DIALECT_PJREDDIE, ESP_DIALECT_PJREDDIE);
  assert_dialect (NET CONV ("9", BENT) "[avgpool]\nstride=what no mean reads\n", ESP_DIALECT_PJREDDIE, ESP_DIALECT_PJREDDIE);
  assert_refused (NET CONV ("9", BENT) "[upsample]\nstride=2\n[route]\nlayers=0\n" CONV (
                      "9", BENT "size=1\nstride=3\n") "[route]\nlayers=-3\n[shortcut]\nfrom=-2\nweights_type=per_layer\n",
                  ESP_ERROR_UNSUPPORTED, "in AlexeyAB's dialect");
  assert_refused (NET CONV ("9", BENT) CONV ("9", BENT) "[shortcut]\nfrom=-2\nweights_type=some\n", ESP_ERROR_UNSUPPORTED,
                  "weights_type=some: expected one of none, per_feature, per_layer, per_channel");
}

static void
test_read_shortcuts (void)
{
  assert_out (NET CONV ("9", BENT) CONV ("6", BENT) "[shortcut]\nfrom=-2\n", 6, 8, 12);
  assert_out (NET CONV ("6", BENT) CONV ("9", BENT) "[shortcut]\nfrom=-2\n", 9, 8, 12);
  assert_out (STRIDED, 6, 4, 6);
}

/* The numbers of a weighted sum lie in the weights file behind those of the layer before, and are written as they were read. */
static void
test_shortcut_file (void)
{
  g_autoptr (EspNetwork) network = net_of (NET "[conv]\nfilters=2\nsize=1\n[conv]\nfilters=3\nsize=1\n"
                                               "[shortcut]\nfrom=-2\nweights_type=per_channel\n[conv]\nfilters=1\nsize=1\n");
  const guint n = 2 + 6 + 3 + 6 + 6 + 1 + 3;
  g_autofree guint32 *file = g_new0 (guint32, 5 + n);
  g_autoptr (GBytes) bytes = NULL, again = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (GError) error = NULL;
  const EspParams *params;

  file[1] = GUINT32_TO_LE (2);
  for (guint i = 0; i < n; i++)
    {
      const float number = (float) i;

      memcpy (&file[5 + i], &number, sizeof number);
      file[5 + i] = GUINT32_TO_LE (file[5 + i]);
    }
  bytes = g_bytes_new (file, (5 + n) * 4);
  g_assert_cmpuint (esp_cost_of (network, NULL).params, ==, n);
  weights = esp_weights_parse (network, bytes, "t.weights", &error);
  g_assert_no_error (error);
  params = esp_weights_get (weights, 2);
  g_assert_cmpuint (params->n_weights, ==, 6);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat (params->weights[i], ==, (float) (17 + i));
  again = esp_weights_to_bytes (network, weights);
  g_assert_true (g_bytes_equal (again, bytes));
}

static void
test_read_reorg (void)
{
  assert_out (NET CONV ("12", BENT) "[reorg]\nstride=2\n", 48, 4, 6);
  assert_out (NET CONV ("12", BENT) "[reorg3d]\nstride=4\n", 192, 2, 3);
  assert_out (NET CONV ("12", BENT) "[reorg]\nstride=2\nreverse=1\n", 3, 16, 24);
  assert_out (NET CONV ("12", BENT) "[reorg3d]\nstride=2\nreverse=1\n", 3, 16, 24);
  assert_refused (NET CONV ("12", BENT) "[reorg3d]\nstride=3\n", ESP_ERROR_SHAPE,
                  "stride=3: the input is 12 x 8: expected a divisor of both");
  assert_refused (NET CONV ("6", BENT) "[reorg]\nstride=2\n", ESP_ERROR_SHAPE, "stride=2: 6 channels come in: expected a multiple of 4");
  assert_refused (NET CONV ("4", BENT) "[reorg]\nflatten=1\n", ESP_ERROR_UNSUPPORTED, "flatten=1");
  assert_refused (NET CONV ("4", BENT) "[reorg]\nstride=257\n", ESP_ERROR_LIMIT, "stride=257");
  assert_refused (NET CONV ("4096", BENT) "[reorg]\nstride=128\nreverse=1\n", ESP_ERROR_SHAPE, "expected a multiple of 16384");
}

static void
test_read_products (void)
{
  assert_out (NET CONV ("12", BENT) CONV ("12", BENT) "[sam]\nfrom=0\n", 12, 8, 12);
  assert_out (SQUARE CONV ("12", BENT) WHOLE ("12") "[scale_channels]\nfrom=0\n", 12, 8, 8);
  assert_out (NET CONV ("12", BENT) CONV ("1", BENT) "[scale_channels]\nfrom=0\nscale_wh=1\n", 12, 8, 12);
  assert_refused (NET CONV ("12", BENT) CONV ("6", BENT) "[sam]\nfrom=0\n", ESP_ERROR_SHAPE,
                  "from=0: layer 0 is 12 x 8 x 12 and the one before is 12 x 8 x 6: expected equal sizes");
  assert_refused (NET CONV ("12", BENT) CONV ("1", BENT) "[scale_channels]\nfrom=0\n", ESP_ERROR_SHAPE,
                  "from=0: layer 0 is 12 x 8 x 12: the gate before is 12 x 8 x 1, expected 1 x 1 x 12");
  assert_refused (NET CONV ("12", BENT) CONV ("12", BENT) "[sam]\nfrom=0,1\n", ESP_ERROR_FORMAT, "from=0,1: 2 layers: expected one");
  assert_refused (NET CONV ("12", BENT) CONV ("12", BENT) "[sam]\nfrom=0\nactivation=mish\n", ESP_ERROR_UNSUPPORTED, "activation=mish");
}

/* A route that takes one of two groups asks for as many kept in both, and says so. */
static void
test_unequal_groups (void)
{
  g_autoptr (EspNetwork) network = net_of (NET CONV ("4", BENT) "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" CONV ("5", BENT));
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  guint8 first[4] = { 0, 1, 1, 1 };
  guint8 *keep[] = { first, NULL, NULL };
  g_autoptr (EspMask) mask = esp_mask_new (network, keep);
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_cut_new (network, weights, mask, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_assert_cmpstr (
      error->message, ==,
      "layer 1 [route] takes one of 2 groups: of layer 0, 1 channels are kept in group 0 and 2 in group 1: expected as many in "
      "each");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    GTestDataFunc run;
  } runs[]
      = { { "differences", test_differences }, { "sets", test_sets }, { "bits", test_bits }, { "cuts", test_cuts }, { "any", test_any } };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/joins/read/routes", test_read_routes);
  g_test_add_func ("/joins/read/reorg", test_read_reorg);
  g_test_add_func ("/joins/read/dialects", test_dialects);
  g_test_add_func ("/joins/read/shortcuts", test_read_shortcuts);
  g_test_add_func ("/joins/read/shortcut-file", test_shortcut_file);
  g_test_add_func ("/joins/read/products", test_read_products);
  g_test_add_func ("/joins/unequal-groups", test_unequal_groups);
  for (guint i = 0; i < G_N_ELEMENTS (nets); i++)
    for (guint k = 0; k < G_N_ELEMENTS (runs); k++)
      {
        g_autofree char *path = g_strdup_printf ("/joins/%s/%s", runs[k].name, nets[i].name);

        g_test_add_data_func (path, nets[i].text, runs[k].run);
      }
  return g_test_run ();
}
