/* test-attribution-rows.c: every gradient method against finite differences, dumped tensors or a network written out by hand */
#include "config.h"

#include "base/error.h"
#include "base/lane.h"
#include "explain/explainer-private.h"
#include "explain/sentence.h"
#include "explain/target-mask.h"

#include "explain-common.h"

#include <math.h>

static const EspPlacement whole = { 0, 0, 1, 1 };

static EspExplainer *
explainer_of (const char *id, EspBackendKind backend, const char *knobs)
{
  const EspAttribution *row = esp_attribution_find (id);
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspEngine) first = small_engine (backend, 1, &weights);
  g_autoptr (GError) error = NULL;
  g_autofree double *values = esp_knobs_new (row->knobs, row->n_knobs);
  EspExplainer *explainer = esp_explainer_new (esp_engine_get_network (first), weights, &(EspExplainerOptions){ .backend = backend });

  if (knobs != NULL)
    g_assert_true (esp_knobs_parse (row->knobs, row->n_knobs, values, id, knobs, &error));
  g_assert_true (esp_explainer_set_method (explainer, row, values, &error));
  g_assert_no_error (error);
  return explainer;
}

static void
explain (EspExplainer *explainer, const float *input, const EspTarget *target, int layer)
{
  g_autoptr (GError) error = NULL;

  esp_explainer_run (explainer, input, target, layer, NULL, &error);
  g_assert_no_error (error);
}

static EspHeatmap *
map_of (EspExplainer *explainer, int layer, int channel)
{
  g_autoptr (GError) error = NULL;
  EspHeatmap *map = esp_explainer_heatmap (explainer, layer, channel, whole, &error);

  g_assert_no_error (error);
  return map;
}

static EspTarget *
one_logit (void)
{
  return esp_target_new_cells (HEAD_B, (guint[]){ 12 }, 1, 7, 4);
}

static double
logit_at (EspEngine *engine, const float *input)
{
  g_autoptr (GError) error = NULL;
  g_autofree double *raw = g_new (double, 14 * 144);

  esp_engine_forward (engine, input, NULL, &error);
  g_assert_no_error (error);
  esp_engine_read_double (engine, HEAD_B_INPUT, ESP_AT_OUT, raw, &error);
  g_assert_no_error (error);
  return raw[12 * 144 + 7 * 12 + 4];
}

/* |dT/dx| of a colour is the slope of central differences in double, and the map of all is the largest of the three. */
static void
test_gradient_differences (void)
{
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE_DOUBLE, 1, NULL);
  g_autoptr (EspExplainer) explainer = explainer_of ("gradient", ESP_BACKEND_REFERENCE_DOUBLE, NULL);
  g_autoptr (EspTarget) target = one_logit ();
  g_autofree float *input = small_input (1);
  g_autoptr (EspHeatmap) all = NULL;
  EspHeatmap *colours[3];
  guint moved = 0;

  explain (explainer, input, target, ESP_PIXELS);
  all = map_of (explainer, ESP_PIXELS, -1);
  for (int c = 0; c < 3; c++)
    colours[c] = map_of (explainer, ESP_PIXELS, c);
  for (int i = 0; i < SIDE * SIDE; i += 5)
    {
      double most = 0;

      for (int c = 0; c < 3; c++)
        {
          const float h = 1.0f / 16384, kept = input[c * SIDE * SIDE + i], up = kept + h, down = kept - h;
          double high, low, slope;

          input[c * SIDE * SIDE + i] = up;
          high = logit_at (engine, input);
          input[c * SIDE * SIDE + i] = down;
          low = logit_at (engine, input);
          input[c * SIDE * SIDE + i] = kept;
          slope = fabs (high - low) / ((double) up - (double) down);
          g_assert_cmpfloat_with_epsilon (colours[c]->values[i], slope, 1e-6 * MAX (slope, 1e-3));
          most = MAX (most, (double) colours[c]->values[i]);
          moved += slope != 0;
        }
      g_assert_cmpfloat (all->values[i], ==, (float) most);
    }
  g_assert_cmpuint (moved, >, 20);
  for (int c = 0; c < 3; c++)
    esp_heatmap_unref (colours[c]);
}

/* Grad-CAM, ODAM and Taylor again, from the dumped tensors of an engine of the test's own. */
typedef struct
{
  EspEngine *engine;
  EspShape shape;
  float *values, *gradients;
  gsize plane;
} Dump;

static void
dump (Dump *d, guint layer)
{
  d->shape = esp_engine_get_shape (d->engine, (int) layer);
  d->plane = (gsize) d->shape.h * (gsize) d->shape.w;
  d->values = read_values (d->engine, layer, ESP_AT_OUT);
  d->gradients = read_gradients (d->engine, layer, ESP_AT_OUT);
}

static double
cam_at (const Dump *d, int channel, gsize i)
{
  double weight = 0;

  for (gsize k = 0; k < d->plane; k++)
    weight += (double) d->gradients[(gsize) channel * d->plane + k];
  return weight / (double) d->plane * (double) d->values[(gsize) channel * d->plane + i];
}

/* A Gaussian of one cell, cut at three, its border continued: both directions at once. */
static double
smooth_at (const Dump *d, int channel, gsize i)
{
  const int x = (int) i % d->shape.w, y = (int) i / d->shape.w;
  double sum = 0, weights = 0;

  for (int v = -3; v <= 3; v++)
    for (int u = -3; u <= 3; u++)
      {
        const double weight = exp (-0.5 * (u * u + v * v));
        const int at = CLAMP (y + v, 0, d->shape.h - 1) * d->shape.w + CLAMP (x + u, 0, d->shape.w - 1);

        sum += weight * (double) d->gradients[(gsize) channel * d->plane + (gsize) at];
        weights += weight;
      }
  return sum / weights;
}

static double
odam_at (const Dump *d, int channel, gsize i)
{
  return smooth_at (d, channel, i) * (double) d->values[(gsize) channel * d->plane + i];
}

static double
product_at (const Dump *d, int channel, gsize i)
{
  return (double) d->gradients[(gsize) channel * d->plane + i] * (double) d->values[(gsize) channel * d->plane + i];
}

typedef struct
{
  const char *id;
  double (*at) (const Dump *d, int channel, gsize i);
  gboolean absolute; /* each product before the sum, else what is above 0 of the sum */
} Formula;

static const Formula formulas[] = {
  { "grad-cam", cam_at, FALSE },
  { "odam", odam_at, FALSE },
  { "taylor", product_at, TRUE },
};

static double
total_at (const Formula *formula, const Dump *d, int channel, gsize i)
{
  double sum = 0;

  for (int c = MAX (channel, 0); c < (channel < 0 ? d->shape.c : channel + 1); c++)
    sum += formula->absolute ? fabs (formula->at (d, c, i)) : formula->at (d, c, i);
  return formula->absolute ? sum : MAX (sum, 0);
}

static void
compare_map (EspExplainer *explainer, const Formula *formula, const Dump *d, guint layer, int channel)
{
  g_autoptr (EspHeatmap) map = map_of (explainer, (int) layer, channel);
  double most = 0;

  for (gsize i = 0; i < d->plane; i++)
    most = MAX (most, fabs (total_at (formula, d, channel, i)));
  for (gsize i = 0; i < d->plane; i++)
    g_assert_cmpfloat_with_epsilon (map->values[i], total_at (formula, d, channel, i), 2e-5 * most + 1e-12);
  if (channel < 0)
    g_assert_cmpfloat (most, >, 0);
}

static void
compare_scores (EspExplainer *explainer, const Formula *formula, const Dump *d, guint layer)
{
  g_autofree float *scores = g_new (float, d->shape.c);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_explainer_score (explainer, layer, explainer->method->at, explainer->method->reduce, scores, &error));
  for (int c = 0; c < d->shape.c; c++)
    {
      double sum = 0, size = 0;

      for (gsize i = 0; i < d->plane; i++)
        {
          sum += formula->at (d, c, i);
          size += fabs (formula->at (d, c, i));
        }
      if (formula->absolute)
        sum = fabs (sum) / (double) d->plane, size /= (double) d->plane;
      g_assert_cmpfloat_with_epsilon (scores[c], sum, 2e-5 * size + 1e-9);
    }
}

static void
compare_formulas (gpointer data)
{
  static const guint layers[] = { 0, 1, 2, 6, 8, 9 };
  const EspBackendKind backend = GPOINTER_TO_UINT (data);
  g_autoptr (EspTarget) target = esp_target_new_classes ((int[]){ 1 }, 1, 0.02f);
  g_autofree float *input = small_input (1);
  g_autoptr (GError) error = NULL;
  guint ones;

  for (guint f = 0; f < G_N_ELEMENTS (formulas); f++)
    {
      g_autoptr (EspEngine) engine = small_engine (backend, 1, NULL);
      g_autoptr (EspExplainer) explainer = explainer_of (formulas[f].id, backend, NULL);

      g_assert_true (esp_engine_forward (engine, input, NULL, &error) && esp_target_apply (target, engine, &ones, NULL, &error)
                     && esp_engine_backward (engine, 0, NULL, &error));
      explain (explainer, input, target, ESP_EVERY_LAYER);
      g_assert_cmpuint (esp_explainer_get_n_ones (explainer), ==, ones);
      for (guint k = 0; k < G_N_ELEMENTS (layers); k++)
        {
          Dump d = { .engine = engine };

          dump (&d, layers[k]);
          compare_map (explainer, &formulas[f], &d, layers[k], -1);
          compare_map (explainer, &formulas[f], &d, layers[k], 1);
          compare_scores (explainer, &formulas[f], &d, layers[k]);
          g_free (d.values);
          g_free (d.gradients);
        }
    }
}

static void
test_formulas (gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, compare_formulas, (gpointer) data);
}

/* A network of three convolutions and a head of one anchor and one class, which the test can run by hand. */
static const char tiny_cfg[] = "[net]\nwidth=6\nheight=6\nchannels=3\n"
                               "[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                               "[convolutional]\nfilters=5\nsize=1\nstride=1\npad=0\nactivation=mish\n"
                               "[convolutional]\nfilters=6\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                               "[yolo]\nmask=0\nanchors=3,5\nclasses=1\nnum=1\n";

#define T_SIDE  6
#define T_PLANE 36

static double
mish_of (double x)
{
  return x * tanh (log1p (exp (x)));
}

static double
mish_slope (double x)
{
  return (mish_of (x + 1e-6) - mish_of (x - 1e-6)) / 2e-6;
}

/* Adds to, or takes from, a 3 × 3 convolution's numbers: the pairs of pixels it joins. */
static void
convolve_3 (const float *weights, const double *from, double *to, gboolean back)
{
  for (int f = 0; f < 4; f++)
    for (int c = 0; c < 3; c++)
      for (int y = 0; y < T_SIDE; y++)
        for (int x = 0; x < T_SIDE; x++)
          for (int v = -1; v <= 1; v++)
            for (int u = -1; u <= 1; u++)
              {
                const double w = (double) weights[((f * 3 + c) * 3 + v + 1) * 3 + u + 1];
                const int in = c * T_PLANE + (y + v) * T_SIDE + x + u, out = f * T_PLANE + y * T_SIDE + x;

                if (y + v < 0 || y + v >= T_SIDE || x + u < 0 || x + u >= T_SIDE)
                  continue;
                if (back)
                  to[in] += w * from[out];
                else
                  to[out] += w * from[in];
              }
}

/* The guided gradient of logit 5 at cell 14 by the pixels, written out. */
static void
guide_by_hand (EspWeights *weights, const float *input, double *pixels)
{
  const EspParams *p[3] = { esp_weights_get (weights, 0), esp_weights_get (weights, 1), esp_weights_get (weights, 2) };
  double x[3 * T_PLANE], y0[4 * T_PLANE], y1[5], g1[5], g0[4 * T_PLANE] = { 0 };
  const int cell = 14;

  for (int i = 0; i < 3 * T_PLANE; i++)
    x[i] = (double) input[i];
  for (int i = 0; i < 4 * T_PLANE; i++)
    y0[i] = (double) p[0]->biases[i / T_PLANE];
  convolve_3 (p[0]->weights, x, y0, FALSE);
  for (int f = 0; f < 5; f++)
    {
      y1[f] = (double) p[1]->biases[f];
      for (int c = 0; c < 4; c++)
        y1[f] += (double) p[1]->weights[f * 4 + c] * (y0[c * T_PLANE + cell] > 0 ? 1 : 0.1) * y0[c * T_PLANE + cell];
      g1[f] = (double) p[2]->weights[5 * 5 + f];
      g1[f] = y1[f] > 0 && g1[f] > 0 ? g1[f] * mish_slope (y1[f]) : 0;
    }
  for (int c = 0; c < 4; c++)
    {
      double g = 0;

      for (int f = 0; f < 5; f++)
        g += (double) p[1]->weights[f * 4 + c] * g1[f];
      g0[c * T_PLANE + cell] = y0[c * T_PLANE + cell] > 0 && g > 0 ? g : 0;
    }
  for (int i = 0; i < 3 * T_PLANE; i++)
    pixels[i] = 0;
  convolve_3 (p[0]->weights, g0, pixels, TRUE);
}

static void
compare_guided (gpointer data)
{
  const EspBackendKind backend = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (tiny_cfg, &error);
  g_autoptr (EspTarget) target = esp_target_new_cells (3, (guint[]){ 5 }, 1, 2, 2);
  g_autofree float *input = small_input (1);
  guint some = 0, clipped = 0;

  for (guint seed = 1; seed < 6; seed++)
    {
      g_autoptr (EspWeights) weights = esp_weights_new_random (network, seed);
      g_autoptr (EspExplainer) explainer = esp_explainer_new (network, weights, &(EspExplainerOptions){ .backend = backend });
      g_autoptr (EspExplainer) plain = esp_explainer_new (network, weights, &(EspExplainerOptions){ .backend = backend });
      double expected[3 * T_PLANE];

      g_assert_true (esp_explainer_set_method (explainer, esp_attribution_find ("guided-backpropagation"), NULL, &error));
      g_assert_true (esp_explainer_set_method (plain, esp_attribution_find ("gradient"), NULL, &error));
      explain (explainer, input, target, ESP_PIXELS);
      explain (plain, input, target, ESP_PIXELS);
      guide_by_hand (weights, input, expected);
      for (int c = 0; c < 3; c++)
        {
          g_autoptr (EspHeatmap) map = map_of (explainer, ESP_PIXELS, c), gradient = map_of (plain, ESP_PIXELS, c);

          for (int i = 0; i < T_PLANE; i++)
            {
              g_assert_cmpfloat_with_epsilon (map->values[i], fabs (expected[c * T_PLANE + i]), 1e-5);
              some += fabs (expected[c * T_PLANE + i]) > 1e-3;
              clipped += fabs ((double) gradient->values[i] - (double) map->values[i]) > 1e-3;
            }
        }
    }
  g_assert_cmpuint (some, >, 0);
  g_assert_cmpuint (clipped, >, 0);
}

static void
test_guided (gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, compare_guided, (gpointer) data);
}

static void
check_zeros (const EspHeatmap *map)
{
  for (int i = 0; i < map->width * map->height; i++)
    g_assert_cmpfloat (map->values[i], ==, 0);
}

/* After a run that was not empty, nothing above the threshold: every row gives zeros, and the sentence says why. */
static void
test_zeros (void)
{
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) some = esp_target_new_classes ((int[]){ 1 }, 1, 0.02f);
  g_autoptr (EspTarget) none = esp_target_new_classes ((int[]){ 1 }, 1, 2);

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    {
      const EspAttribution *row = esp_attribution_get (i);
      const int layer = (row->gives & ESP_GIVES_LAYERS) != 0 ? 2 : ESP_PIXELS;
      g_autoptr (EspExplainer) explainer = NULL;
      g_autoptr (EspHeatmap) map = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *sentence = NULL;
      float scores[9];

      if ((row->gives & ESP_WANTS_BOX) != 0)
        continue;
      explainer = explainer_of (row->id, ESP_BACKEND_REFERENCE, NULL);
      explain (explainer, input, some, layer);
      g_assert_cmpuint (esp_explainer_get_n_ones (explainer), >, 0);
      explain (explainer, input, none, layer);
      g_assert_cmpuint (esp_explainer_get_n_ones (explainer), ==, 0);
      g_assert_cmpfloat (esp_explainer_get_value (explainer), ==, 0);
      map = map_of (explainer, layer, -1);
      check_zeros (map);
      sentence = esp_explain_sentence (none, NULL, map, 0);
      g_assert_true (g_str_has_prefix (sentence, "nothing to explain"));
      if ((row->gives & ESP_GIVES_CHANNELS) == 0)
        continue;
      g_assert_true (esp_explainer_score (explainer, 2, row->at, row->reduce, scores, &error));
      for (guint c = 0; c < 9; c++)
        g_assert_cmpfloat (scores[c], ==, 0);
    }
}

static double
sum_of (const EspHeatmap *map)
{
  double sum = 0;

  for (int i = 0; i < map->width * map->height; i++)
    sum += (double) map->values[i];
  return sum;
}

/* The target's numbers at the baseline, its mask frozen from the image itself. */
static double
value_at (EspExplainer *explainer, const EspTarget *target, const float *input, const float *elsewhere)
{
  EspEngine *engine = esp_explainer_get_engine (explainer, FALSE, NULL);
  g_autoptr (EspTargetMask) mask = NULL;
  g_autoptr (GError) error = NULL;
  double value = 0;

  esp_engine_forward (engine, input, NULL, &error);
  mask = esp_target_resolve (target, engine, 0, &error);
  g_assert_no_error (error);
  esp_engine_forward (engine, elsewhere, NULL, &error);
  esp_target_mask_value (mask, engine, 0, &value, &error);
  g_assert_no_error (error);
  return value;
}

/* Shares at the pixels and at a layer that all ways go through add up to what T gained from a grey image, to 1 %. */
static void
check_complete (EspExplainer *explainer, const float *input, const EspTarget *target, guint cut)
{
  const gsize n = esp_shape_count (esp_explainer_get_shape (explainer, ESP_PIXELS));
  g_autofree float *grey = g_new (float, n);
  g_autoptr (EspHeatmap) pixels = NULL, layer = NULL;
  g_autofree float *scores = g_new (float, esp_explainer_get_shape (explainer, (int) cut).c);
  g_autoptr (GError) error = NULL;
  double gained, total = 0;

  for (gsize i = 0; i < n; i++)
    grey[i] = 0.5f;
  explain (explainer, input, target, (int) cut);
  pixels = map_of (explainer, ESP_PIXELS, -1);
  layer = map_of (explainer, (int) cut, -1);
  gained = value_at (explainer, target, input, input) - value_at (explainer, target, input, grey);
  g_test_message ("%s; %g of %g at the pixels, %g at layer %u", esp_explainer_get_note (explainer), sum_of (pixels), gained, sum_of (layer),
                  cut);
  g_assert_cmpfloat (fabs (gained), >, 0.01);
  g_assert_cmpfloat_with_epsilon (sum_of (pixels), gained, 0.01 * fabs (gained));
  g_assert_cmpfloat_with_epsilon (sum_of (layer), gained, 0.01 * fabs (gained));
  g_assert_true (esp_explainer_score (explainer, cut, ESP_AT_CONV, ESP_REDUCE_SUM, scores, &error));
  for (int c = 0; c < esp_explainer_get_shape (explainer, (int) cut).c; c++)
    total += (double) scores[c];
  g_assert_cmpfloat_with_epsilon (total, sum_of (layer), 1e-3 * fabs (gained));
}

static void
complete_small (gpointer data)
{
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) many = esp_target_new_classes ((int[]){ 1 }, 1, 0.02f);
  g_autoptr (EspTarget) row = esp_target_new_cells (HEAD_B, (guint[]){ 12 }, 1, 7, -1);
  g_autoptr (EspTarget) one = one_logit ();
  g_autoptr (EspExplainer) explainer = explainer_of ("integrated-gradients", GPOINTER_TO_UINT (data), NULL);
  g_autoptr (EspExplainer) black = explainer_of ("integrated-gradients", GPOINTER_TO_UINT (data), "baseline=black,steps=64");
  g_autoptr (GError) error = NULL;

  check_complete (explainer, input, many, 0);
  check_complete (explainer, input, row, 0);
  check_complete (explainer, input, one, 0);
  g_assert_null (esp_explainer_heatmap (explainer, 2, -1, whole, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  explain (black, input, many, ESP_EVERY_LAYER);
  g_assert_nonnull (strstr (esp_explainer_get_note (black), "complete to"));
}

static void
test_complete (gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, complete_small, (gpointer) data);
}

/* The steps that a way is walked in are chosen by the way, not by how many images the engine takes at once. */
static void
test_any_batch (void)
{
  static const guint batches[] = { 3, 16 };
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) target = one_logit ();
  g_autoptr (EspExplainer) eight = explainer_of ("integrated-gradients", ESP_BACKEND_REFERENCE, "baseline=black");
  g_autoptr (EspHeatmap) expected = NULL;

  explain (eight, input, target, ESP_PIXELS);
  expected = map_of (eight, ESP_PIXELS, -1);
  g_assert_null (strstr (esp_explainer_get_note (eight), " in 32 steps")); /* or nothing was halved */
  for (guint b = 0; b < G_N_ELEMENTS (batches); b++)
    {
      g_autoptr (EspExplainer) explainer = explainer_of ("integrated-gradients", ESP_BACKEND_REFERENCE, "baseline=black");
      g_autoptr (EspHeatmap) map = NULL;

      explainer->options.batch = batches[b];
      explain (explainer, input, target, ESP_PIXELS);
      map = map_of (explainer, ESP_PIXELS, -1);
      g_assert_cmpstr (esp_explainer_get_note (explainer), ==, esp_explainer_get_note (eight));
      for (int i = 0; i < SIDE * SIDE; i++)
        g_assert_cmpfloat (map->values[i], ==, expected->values[i]);
    }
}

/* Before a run, after one that was given up, and after another choice of method there is nothing to read, whatever lies in the engine. */
static void
check_nothing_to_read (EspExplainer *explainer, int layer)
{
  g_autoptr (GError) error = NULL;
  float scores[9];

  g_assert_null (esp_explainer_heatmap (explainer, layer, -1, whole, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "no run to read from"));
  g_clear_error (&error);
  if ((explainer->method->gives & ESP_GIVES_CHANNELS) == 0)
    return;
  g_assert_false (esp_explainer_score (explainer, 2, ESP_AT_CONV, ESP_REDUCE_MAX, scores, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
}

static void
test_no_run (void)
{
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) target = one_logit ();

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    {
      const EspAttribution *row = esp_attribution_get (i);
      const int layer = (row->gives & ESP_GIVES_LAYERS) != 0 ? 2 : ESP_PIXELS;
      g_autoptr (EspExplainer) explainer = NULL;
      g_autoptr (EspHeatmap) read = NULL;
      g_autoptr (EspJob) job = esp_job_new ("given up");
      g_autoptr (GError) error = NULL;

      if ((row->gives & ESP_WANTS_BOX) != 0)
        continue;
      explainer = explainer_of (row->id, ESP_BACKEND_REFERENCE, NULL);
      check_nothing_to_read (explainer, layer);
      explain (explainer, input, target, layer);
      read = map_of (explainer, layer, -1);
      esp_job_cancel (job);
      g_assert_false (esp_explainer_run (explainer, input, target, layer, job, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      check_nothing_to_read (explainer, layer);
      explain (explainer, input, target, layer);
      g_assert_true (esp_explainer_set_method (explainer, row, NULL, &error));
      check_nothing_to_read (explainer, layer);
    }
}

/* No noise: the gradient itself; some: the same again from the same seed, whatever the batch, and another map. */
static void
test_smooth (void)
{
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) target = one_logit ();
  g_autoptr (EspExplainer) plain = explainer_of ("gradient", ESP_BACKEND_REFERENCE, NULL);
  g_autoptr (EspExplainer) still = explainer_of ("smoothgrad", ESP_BACKEND_REFERENCE, "noise=0,samples=5");
  g_autoptr (EspExplainer) noisy = explainer_of ("smoothgrad", ESP_BACKEND_REFERENCE, "noise=0.2,samples=11");
  g_autoptr (EspExplainer) again = explainer_of ("smoothgrad", ESP_BACKEND_REFERENCE, "noise=0.2,samples=11");
  g_autoptr (EspHeatmap) of_plain = NULL, of_still = NULL, of_noisy = NULL, of_again = NULL;
  double apart = 0;

  again->options.batch = 3;
  explain (plain, input, target, ESP_PIXELS);
  explain (still, input, target, ESP_PIXELS);
  explain (noisy, input, target, 2);
  explain (again, input, target, ESP_EVERY_LAYER);
  of_plain = map_of (plain, ESP_PIXELS, -1);
  of_still = map_of (still, ESP_PIXELS, -1);
  of_noisy = map_of (noisy, ESP_PIXELS, -1);
  of_again = map_of (again, ESP_PIXELS, -1);
  for (int i = 0; i < SIDE * SIDE; i++)
    {
      g_assert_cmpfloat_with_epsilon (of_still->values[i], of_plain->values[i], 1e-5f * of_plain->values[i] + 1e-9f);
      g_assert_cmpfloat (of_noisy->values[i], ==, of_again->values[i]);
      apart += fabs ((double) of_noisy->values[i] - (double) of_plain->values[i]);
    }
  g_assert_cmpfloat (apart, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attribution-rows/gradient-differences", test_gradient_differences);
  g_test_add_data_func ("/attribution-rows/formulas/reference", GUINT_TO_POINTER (ESP_BACKEND_REFERENCE), test_formulas);
  g_test_add_data_func ("/attribution-rows/formulas/onednn", GUINT_TO_POINTER (ESP_BACKEND_ONEDNN), test_formulas);
  g_test_add_data_func ("/attribution-rows/guided/reference-double", GUINT_TO_POINTER (ESP_BACKEND_REFERENCE_DOUBLE), test_guided);
  g_test_add_data_func ("/attribution-rows/guided/onednn", GUINT_TO_POINTER (ESP_BACKEND_ONEDNN), test_guided);
  g_test_add_data_func ("/attribution-rows/complete/reference", GUINT_TO_POINTER (ESP_BACKEND_REFERENCE), test_complete);
  g_test_add_data_func ("/attribution-rows/complete/onednn", GUINT_TO_POINTER (ESP_BACKEND_ONEDNN), test_complete);
  g_test_add_func ("/attribution-rows/any-batch", test_any_batch);
  g_test_add_func ("/attribution-rows/no-run", test_no_run);
  g_test_add_func ("/attribution-rows/smooth", test_smooth);
  g_test_add_func ("/attribution-rows/zeros", test_zeros);
  return g_test_run ();
}
