/* test-attribution.c: gradient × activation against finite differences, dumped tensors and its own definition */
#include "config.h"

#include "base/error.h"
#include "base/lane.h"
#include "explain/attribution.h"
#include "explain/explainer-private.h"
#include "explain/sentence.h"
#include "explain/way.h"

#include "explain-common.h"

#include <math.h>

static const guint convolutions[] = { 0, 2, 3, 6, 9, 10 };

static EspTarget *
one_logit (void)
{
  return esp_target_new_cells (HEAD_B, (guint[]){ 12 }, 1, 7, 4);
}

static double
logit_of (EspEngine *engine)
{
  g_autoptr (GError) error = NULL;
  g_autofree double *raw = g_new (double, 14 * 144);

  esp_engine_read_double (engine, HEAD_B_INPUT, ESP_AT_OUT, raw, &error);
  g_assert_no_error (error);
  return raw[12 * 144 + 7 * 12 + 4];
}

/* T with one number of a layer's output changed. */
static double
logit_with (EspEngine *engine, guint layer, float *values, gsize at, float value)
{
  g_autoptr (GError) error = NULL;
  float before = values[at];

  values[at] = value;
  esp_engine_write (engine, layer, values, &error);
  g_assert_no_error (error);
  esp_engine_forward_from (engine, layer + 1, NULL, &error);
  g_assert_no_error (error);
  values[at] = before;
  return logit_of (engine);
}

/* Central differences of the logit by every seventh number of a layer's output, everything after it run anew in double. */
static void
compare_differences (EspEngine *engine, guint layer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTarget) target = one_logit ();
  g_autofree float *values = read_values (engine, layer, ESP_AT_OUT);
  gsize n = esp_shape_count (esp_engine_get_shape (engine, (int) layer));
  g_autofree double *gradients = g_new (double, n);
  guint ones, moved = 0;

  /* the state about which is differentiated: this layer rounded to float */
  logit_with (engine, layer, values, 0, values[0]);
  g_assert_true (esp_target_apply (target, engine, &ones, NULL, &error));
  g_assert_cmpuint (ones, ==, 1);
  g_assert_true (esp_engine_backward (engine, 0, NULL, &error));
  esp_engine_read_gradient_double (engine, (int) layer, ESP_AT_OUT, gradients, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i += 7)
    {
      const float h = 1.0f / 16384;
      float up = values[i] + h, down = values[i] - h;
      double slope
          = (logit_with (engine, layer, values, i, up) - logit_with (engine, layer, values, i, down)) / ((double) up - (double) down);

      g_assert_cmpfloat_with_epsilon (gradients[i], slope, 1e-9 * MAX (1, fabs (slope)));
      moved += slope != 0;
    }
  g_assert_cmpuint (moved, >, 0);
}

static void
test_differences (void)
{
  static const guint layers[] = { 0, 1, 2, 6, 7, 8, 9 };
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE_DOUBLE, 1, NULL);
  g_autofree float *input = small_input (1);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      esp_engine_forward (engine, input, NULL, &error);
      g_assert_no_error (error);
      compare_differences (engine, layers[i]);
    }
}

static void
explain_once (EspEngine *engine, const float *input, EspTarget *target)
{
  g_autoptr (GError) error = NULL;
  guint ones;

  g_assert_true (esp_engine_forward (engine, input, NULL, &error) && esp_target_apply (target, engine, &ones, NULL, &error)
                 && esp_engine_backward (engine, 0, NULL, &error));
  g_assert_no_error (error);
}

/* dT/dA before batch normalisation, from dT/d(output): times the activation's slope and gamma / sigma. */
static void
test_chain (void)
{
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE_DOUBLE, 1, &weights);
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) target = one_logit ();
  g_autoptr (GError) error = NULL;

  explain_once (engine, input, target);
  for (guint k = 0; k < G_N_ELEMENTS (convolutions); k++)
    {
      guint layer = convolutions[k];
      const EspLayer *of = esp_network_get_layer (esp_engine_get_network (engine), layer);
      const EspParams *params = esp_weights_get (weights, layer);
      EspShape shape = esp_engine_get_shape (engine, (int) layer);
      gsize plane = (gsize) shape.h * (gsize) shape.w;
      g_autofree float *pre = read_values (engine, layer, ESP_AT_PRE);
      g_autofree float *out = read_gradients (engine, layer, ESP_AT_OUT);
      g_autofree float *conv = read_gradients (engine, layer, ESP_AT_CONV);

      for (gsize i = 0; i < esp_shape_count (shape); i++)
        {
          double slope = 1, scale = 1;

          if (pre[i] < 0 && of->activation == ESP_ACTIVATION_LEAKY)
            slope = 0.1;
          else if (pre[i] < 0 && of->activation == ESP_ACTIVATION_RELU)
            slope = 0;
          if (of->conv.batch_normalize)
            scale = (double) params->scales[i / plane] / sqrt ((double) params->variances[i / plane] + 1e-5);
          g_assert_cmpfloat_with_epsilon (conv[i], (double) out[i] * slope * scale, 1e-6 * fabs (conv[i]) + 1e-12);
        }
    }
}

typedef struct
{
  EspBackendKind backend;
  float tau;
  gboolean zero_gamma;
} Case;

static EspExplainer *
explainer_of (const Case *c)
{
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspEngine) first = small_engine (c->backend, 1, &weights);
  g_autoptr (EspExplainer) explainer = NULL;
  g_autoptr (GError) error = NULL;

  if (c->zero_gamma)
    {
      const EspParams *from = esp_weights_get (weights, 2);
      EspParams *params = esp_params_new (from->filters, from->n_weights, TRUE);

      memcpy (params->biases, from->biases, from->filters * sizeof (float));
      memcpy (params->scales, from->scales, from->filters * sizeof (float));
      memcpy (params->means, from->means, from->filters * sizeof (float));
      memcpy (params->variances, from->variances, from->filters * sizeof (float));
      memcpy (params->weights, from->weights, from->n_weights * sizeof (float));
      params->scales[4] = 0;
      esp_weights_set (weights, 2, params);
    }
  explainer = esp_explainer_new (esp_engine_get_network (first), weights, &(EspExplainerOptions){ .backend = c->backend });
  g_assert_true (esp_explainer_set_method (explainer, esp_attribution_find ("gradient-activation"), NULL, &error));
  g_assert_no_error (error);
  return g_steal_pointer (&explainer);
}

/* Score = max over h, w of A * G, map of a channel = A * G, map of all = their sum, all from the dumped tensors. */
static void
compare_layer (EspExplainer *explainer, guint layer, double *largest)
{
  g_autoptr (GError) error = NULL;
  g_autofree float *passed = g_new (float, esp_explainer_get_shape (explainer, (int) layer).c);
  const gboolean scored = esp_explainer_score (explainer, layer, ESP_AT_CONV, ESP_REDUCE_MAX, passed, &error);
  g_autoptr (EspHeatmap) all = esp_explainer_heatmap (explainer, (int) layer, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
  EspEngine *engine = esp_explainer_get_engine (explainer, FALSE, NULL); /* that of the heatmap: it holds all */
  EspShape shape = esp_engine_get_shape (engine, (int) layer);
  gsize plane = (gsize) shape.h * (gsize) shape.w;
  g_autofree float *values = read_values (engine, layer, ESP_AT_CONV);
  g_autofree float *gradients = read_gradients (engine, layer, ESP_AT_CONV);
  g_autofree float *pre = read_values (engine, layer, ESP_AT_PRE);
  g_autofree float *bent = read_gradients (engine, layer, ESP_AT_PRE);
  g_autofree float *scores = g_new (float, shape.c);
  g_autofree double *sum = g_new0 (double, plane);

  g_assert_no_error (error);
  g_assert_true (scored && esp_explainer_score (explainer, layer, ESP_AT_CONV, ESP_REDUCE_MAX, scores, &error));
  for (int c = 0; c < shape.c; c++)
    g_assert_cmpfloat (passed[c], ==, scores[c]);
  for (int c = 0; c < shape.c; c++)
    {
      g_autoptr (EspHeatmap) one = esp_explainer_heatmap (explainer, (int) layer, c, (EspPlacement){ 0, 0, 1, 1 }, &error);
      double most = -INFINITY, scale = 0, activation = 0, gradient = 0, folded = 0;

      for (gsize i = 0; i < plane; i++)
        {
          double product = (double) values[(gsize) c * plane + i] * (double) gradients[(gsize) c * plane + i];

          sum[i] += product;
          most = MAX (most, product);
          scale = MAX (scale, fabs (product));
          activation = MAX (activation, fabs (values[(gsize) c * plane + i]));
          gradient = MAX (gradient, fabs (gradients[(gsize) c * plane + i]));
          folded = MAX (folded, fabs ((double) pre[(gsize) c * plane + i] * (double) bent[(gsize) c * plane + i]));
        }
      for (gsize i = 0; i < plane; i++)
        g_assert_cmpfloat_with_epsilon (one->values[i], (double) values[(gsize) c * plane + i] * (double) gradients[(gsize) c * plane + i],
                                        1e-6 * scale + 1e-12);
      /* (y - b') dT/dy in float: rounded by the size of y and b', not by that of their difference */
      g_assert_cmpfloat_with_epsilon (scores[c], most, 1e-6 * (activation * gradient + folded) + 1e-12);
      *largest = MAX (*largest, scale);
    }
  for (gsize i = 0; i < plane; i++)
    g_assert_cmpfloat_with_epsilon (all->values[i], sum[i], 1e-5 * MAX (*largest, 1e-6));
}

static void
compare_case (gpointer data)
{
  const Case *c = data;
  g_autoptr (EspExplainer) explainer = explainer_of (c);
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) target = esp_target_new_classes ((int[]){ 1 }, 1, c->tau);
  g_autoptr (GError) error = NULL;
  double largest = 0;

  g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), >, 0);
  for (guint k = 0; k < G_N_ELEMENTS (convolutions); k++)
    compare_layer (explainer, convolutions[k], &largest);
  g_assert_cmpfloat (largest, >, 0);
  if (c->zero_gamma)
    {
      float scores[9];

      g_assert_true (esp_explainer_score (explainer, 2, ESP_AT_CONV, ESP_REDUCE_ABS_SUM, scores, &error));
      g_assert_cmpfloat (scores[4], ==, 0);
      g_assert_cmpfloat (scores[3], >, 0);
    }
}

static void
test_scores (gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, compare_case, (gpointer) data);
}

/* Nothing above the threshold: every score of every channel is exactly zero, after a run that was not. */
static void
all_zero (gpointer data)
{
  const Case *c = data;
  g_autoptr (EspExplainer) explainer = explainer_of (c);
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) some = esp_target_new_classes ((int[]){ 1 }, 1, 0.02f);
  g_autoptr (EspTarget) none = esp_target_new_classes ((int[]){ 1 }, 1, 2);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_explainer_run (explainer, input, some, ESP_EVERY_LAYER, NULL, &error));
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), >, 0);
  g_assert_true (esp_explainer_run (explainer, input, none, ESP_EVERY_LAYER, NULL, &error));
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), ==, 0);
  g_assert_cmpfloat (esp_explainer_get_value (explainer), ==, 0);
  for (guint k = 0; k < G_N_ELEMENTS (convolutions); k++)
    {
      const int n = esp_network_get_layer (explainer->network, convolutions[k])->out.c;
      g_autofree float *scores = g_new (float, n);

      g_assert_true (esp_explainer_score (explainer, convolutions[k], ESP_AT_CONV, ESP_REDUCE_MAX, scores, &error));
      for (int i = 0; i < n; i++)
        g_assert_cmpfloat (scores[i], ==, 0);
    }
}

static void
test_all_zero (gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, all_zero, (gpointer) data);
}

static void
test_refused (void)
{
  g_autoptr (EspExplainer) explainer = explainer_of (&(Case){ .backend = ESP_BACKEND_REFERENCE });
  g_autofree float *input = small_input (1);
  g_autoptr (EspTarget) target = one_logit ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EspJob) job = esp_job_new ("explain");
  EspPlacement whole = { 0, 0, 1, 1 };

  g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
  g_assert_null (esp_explainer_heatmap (explainer, 12, -1, whole, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_null (esp_explainer_heatmap (explainer, 2, 9, whole, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_clear_error (&error);
  g_assert_null (esp_explainer_heatmap (explainer, HEAD_A, -1, whole, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (esp_explainer_heatmap (explainer, ESP_PIXELS, -1, whole, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  esp_job_cancel (job);
  g_assert_false (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (esp_attribution_find ("magic"));
}

static char *
off_way (const EspTarget *target, int layer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small_cfg, &error);

  g_assert_no_error (error);
  return esp_explain_off_way (target, network, layer);
}

/* Layer 3 leads to the first head alone, layers 5 to 10 to the second, layers 0 to 2 to both. */
static void
test_way (void)
{
  const EspDetection of_a = { .head = HEAD_A }, of_b = { .head = HEAD_B };
  g_autoptr (EspTarget) a = esp_target_new_detection (&of_a);
  g_autoptr (EspTarget) b = esp_target_new_part (&of_b, ESP_PART_Y);
  g_autoptr (EspTarget) class = esp_target_new_classes ((int[]){ 0 }, 1, 0.02f);
  g_autoptr (EspTarget) twice = esp_target_new_sum ((EspTarget *[]){ a, a }, (double[]){ 1, 2 }, 2);
  g_autoptr (EspTarget) both = esp_target_new_sum ((EspTarget *[]){ a, b }, (double[]){ 1, 2 }, 2);
  g_autofree char *a_at_10 = off_way (a, 10), *b_at_3 = off_way (b, 3), *twice_at_7 = off_way (twice, 7);

  g_assert_cmpstr (a_at_10, ==, "layer 10 is not on the way to head 4: choose a layer before it");
  g_assert_cmpstr (b_at_3, ==, "layer 3 is not on the way to head 11: choose a layer before it");
  g_assert_cmpstr (twice_at_7, ==, "layer 7 is not on the way to head 4: choose a layer before it");
  for (int layer = ESP_PIXELS; layer < HEAD_B; layer++)
    {
      g_autofree char *of_first = off_way (a, layer), *of_second = off_way (b, layer), *of_class = off_way (class, layer);
      g_autofree char *of_both = off_way (both, layer);

      g_assert_cmpint (of_first == NULL, ==, layer <= HEAD_A);
      g_assert_cmpint (of_second == NULL, ==, layer < HEAD_A_INPUT || layer > HEAD_A);
      g_assert_null (of_class);
      g_assert_null (of_both);
    }
}

/* A map of 4 × 4 with three quarters of its heat in the box, and the words for it. */
static void
test_sentence (void)
{
  const char *const names[] = { "cat", "traffic light", NULL };
  EspDetection detection = { .box = { 0.25f, 0.25f, 0.5f, 0.5f }, .class_index = 1, .score = 0.937f };
  g_autoptr (EspTarget) box = esp_target_new_detection (&detection);
  g_autoptr (EspTarget) class = esp_target_new_classes ((int[]){ 0 }, 1, 0.02f);
  g_autoptr (EspHeatmap) heatmap = esp_heatmap_new (4, 4);
  g_autofree char *of_box = NULL;
  g_autofree char *of_class = NULL;
  g_autofree char *of_nothing = NULL;
  g_autofree char *cold = NULL;
  g_autofree char *empty = NULL;

  heatmap->method = g_strdup ("gradient-activation");
  heatmap->layer = 120;
  empty = esp_explain_sentence (box, names, heatmap, 2);
  heatmap->values[15] = -1;
  cold = esp_explain_sentence (box, names, heatmap, 2);
  heatmap->values[5] = 3;
  heatmap->values[15] = 1;
  of_box = esp_explain_sentence (box, names, heatmap, 2);
  heatmap->channel = 7;
  of_class = esp_explain_sentence (class, names, heatmap, 90);
  of_nothing = esp_explain_sentence (class, names, heatmap, 0);
  g_assert_cmpstr (of_box, ==, "why traffic light 0.94 here, by gradient × activation at layer 120; energy in the box 0.75 (chance 0.25)");
  g_assert_cmpstr (
      empty, ==, "why traffic light 0.94 here, by gradient × activation at layer 120; exactly 0 everywhere: nothing of it is found there");
  g_assert_cmpstr (cold, ==, "why traffic light 0.94 here, by gradient × activation at layer 120; no positive heat");
  g_assert_cmpstr (of_class, ==, "why class cat, everywhere, by gradient × activation at layer 120, channel 7");
  g_assert_cmpstr (of_nothing, ==, "nothing to explain: no cell of the heads is above the threshold for class cat, everywhere");
}

int
main (int argc, char **argv)
{
  static const Case onednn = { ESP_BACKEND_ONEDNN, 0.02f, FALSE }, reference = { ESP_BACKEND_REFERENCE, 0.1f, FALSE },
                    onednn_zero = { ESP_BACKEND_ONEDNN, 0.02f, TRUE }, reference_zero = { ESP_BACKEND_REFERENCE, 0.02f, TRUE };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attribution/differences", test_differences);
  g_test_add_func ("/attribution/chain", test_chain);
  g_test_add_data_func ("/attribution/scores/onednn", &onednn, test_scores);
  g_test_add_data_func ("/attribution/scores/reference", &reference, test_scores);
  g_test_add_data_func ("/attribution/scores/onednn-zero-gamma", &onednn_zero, test_scores);
  g_test_add_data_func ("/attribution/scores/reference-zero-gamma", &reference_zero, test_scores);
  g_test_add_data_func ("/attribution/all-zero/onednn", &onednn, test_all_zero);
  g_test_add_data_func ("/attribution/all-zero/reference", &reference, test_all_zero);
  g_test_add_func ("/attribution/refused", test_refused);
  g_test_add_func ("/attribution/sentence", test_sentence);
  g_test_add_func ("/attribution/way", test_way);
  return g_test_run ();
}
