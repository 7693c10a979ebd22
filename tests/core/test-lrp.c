/* test-lrp.c: relevance against its definitions in plain loops, its bookkeeping, and exact zeros */
#include "config.h"

#include "base/error.h"
#include "base/lane.h"
#include "explain/explainer-private.h"
#include "explain/lrp.h"

#include "explain-common.h"

#include <math.h>
#include <stdio.h>

/* Every kind of layer that a detector may have before its head. */
static const char zoo_cfg[] = "[net]\nwidth=16\nheight=16\nchannels=3\n"
                              "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                              "[maxpool]\nsize=2\nstride=2\n"
                              "[convolutional]\nbatch_normalize=1\nfilters=8\ngroups=8\nsize=3\nstride=1\npad=1\nactivation=mish\n"
                              "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                              "[shortcut]\nfrom=1\nactivation=leaky\n"
                              "[route]\nlayers=4\ngroups=2\ngroup_id=1\n"
                              "[convolutional]\nbatch_normalize=1\nfilters=6\ngroups=2\nsize=3\nstride=1\npad=1\nactivation=swish\n"
                              "[route]\nlayers=-1,4\n"
                              "[avgpool]\n"
                              "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\nactivation=logistic\n"
                              "[scale_channels]\nfrom=7\n"
                              "[convolutional]\nbatch_normalize=1\nfilters=12\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                              "[convolutional]\nfilters=12\nsize=1\nstride=1\npad=0\nactivation=logistic\n"
                              "[sam]\nfrom=11\n"
                              "[dropout]\nprobability=.5\n"
                              "[upsample]\nstride=2\n"
                              "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                              "[reorg]\nstride=2\n"
                              "[route]\nlayers=-1,13\n"
                              "[local_avgpool]\nsize=3\nstride=1\n"
                              "[shortcut]\nfrom=18\nactivation=linear\n"
                              "[maxpool]\nsize=3\nstride=1\n"
                              "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                              "[yolo]\nmask=0,1\nanchors=3,5, 6,4, 10,14, 20,12\nclasses=2\nnum=4\n";

#define ZOO_HEAD 23
#define MOST     4096 /* numbers that one sum may have here */

typedef struct
{
  const char *method, *knobs;
  EspBackendKind backend;
} Case;

/* A layer by its definition. */
typedef struct
{
  const EspLayer *layer;
  EspShape shape;
  double *values, *relevance;
} Plain;

typedef struct
{
  const Case *of;
  EspExplainer *explainer;
  EspNetwork *network;
  guint n;
  Plain *plain; /* the image, then the layers */
} Plains;

/* One sum: what is added up and where relevance goes. */
typedef struct
{
  double terms[MOST], *to[MOST], bias;
  guint n;
} Sum;

static EspExplainer *
explainer_of (const char *cfg, const Case *c)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (cfg, &error);
  g_autoptr (EspWeights) weights = network != NULL ? esp_weights_new_random (network, 11) : NULL;
  const EspAttribution *method = esp_attribution_find (c->method);
  g_autofree double *values = esp_knobs_new (method->knobs, method->n_knobs);
  EspExplainer *explainer;

  g_assert_no_error (error);
  g_assert_true (esp_knobs_parse (method->knobs, method->n_knobs, values, method->id, c->knobs, &error));
  explainer = esp_explainer_new (network, weights, &(EspExplainerOptions){ .backend = c->backend });
  esp_explainer_set_method (explainer, method, values, &error);
  g_assert_no_error (error);
  return explainer;
}

static float *
random_image (const EspNetwork *network)
{
  g_autoptr (GRand) rng = esp_rng_new (5, 2, 1);
  const gsize n = esp_shape_count (esp_network_get_input (network));
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (rng);
  return input;
}

static double
knob_of (const Plains *plains, const char *id)
{
  const EspAttribution *method = plains->explainer->method;

  for (guint i = 0; i < method->n_knobs; i++)
    if (g_str_equal (method->knobs[i].id, id))
      return plains->explainer->values[i];
  g_assert_not_reached ();
}

static Plain *
plain_of (const Plains *plains, int layer)
{
  return &plains->plain[layer + 1];
}

static Plains *
plains_new (const Case *c, EspExplainer *explainer, const float *input)
{
  Plains *plains = g_new0 (Plains, 1);
  EspEngine *engine = esp_explainer_get_engine (explainer, TRUE, NULL);
  g_autoptr (GError) error = NULL;

  plains->of = c;
  plains->explainer = explainer;
  plains->network = explainer->network;
  plains->n = esp_network_get_n_layers (explainer->network);
  plains->plain = g_new0 (Plain, plains->n + 1);
  for (int i = -1; i < (int) plains->n; i++)
    {
      Plain *plain = plain_of (plains, i);
      gsize n;

      plain->layer = i < 0 ? NULL : esp_network_get_layer (plains->network, (guint) i);
      plain->shape = i < 0 ? esp_network_get_input (plains->network) : plain->layer->out;
      n = esp_shape_count (plain->shape);
      plain->values = g_new (double, n);
      plain->relevance = g_new0 (double, n);
      if (i >= 0)
        esp_engine_read_double (engine, (guint) i, ESP_AT_OUT, plain->values, &error);
      for (gsize k = 0; i < 0 && k < n; k++)
        plain->values[k] = (double) input[k];
      g_assert_no_error (error);
    }
  return plains;
}

static void
plains_free (Plains *plains)
{
  for (guint i = 0; i <= plains->n; i++)
    {
      g_free (plains->plain[i].values);
      g_free (plains->plain[i].relevance);
    }
  g_free (plains->plain);
  g_free (plains);
}

static gsize
place (EspShape s, int c, int y, int x)
{
  return ((gsize) c * (gsize) s.h + (gsize) y) * (gsize) s.w + (gsize) x;
}

/* The terms of one number of a convolution; @low: what is taken off each input first (z^B), @flat: all weights and inputs 1. */
static void
gather_convolution (const Plains *plains, const Plain *out, int f, int y, int x, gboolean flat, Sum *sum)
{
  const EspConvolutional *conv = &out->layer->conv;
  const EspParams *params = esp_weights_get (plains->explainer->weights, out->layer->index);
  const Plain *in = plain_of (plains, out->layer->inputs[0]);
  const int each = in->shape.c / conv->groups, group = f / (conv->filters / conv->groups);
  double gain = 1;

  sum->n = 0;
  sum->bias = (double) params->biases[f];
  if (conv->batch_normalize)
    {
      gain = (double) params->scales[f] / sqrt ((double) params->variances[f] + 1e-5);
      sum->bias -= gain * (double) params->means[f];
    }
  for (int c = 0; c < each; c++)
    for (int ky = 0; ky < conv->size; ky++)
      for (int kx = 0; kx < conv->size; kx++)
        {
          const int iy = y * conv->stride_y - conv->pad + ky, ix = x * conv->stride_x - conv->pad + kx;
          const double w = gain * (double) params->weights[((f * each + c) * conv->size + ky) * conv->size + kx];
          gsize at;

          if (iy < 0 || ix < 0 || iy >= in->shape.h || ix >= in->shape.w)
            continue;
          at = place (in->shape, group * each + c, iy, ix);
          g_assert_cmpuint (sum->n, <, MOST);
          sum->terms[sum->n] = flat ? 1 : w * in->values[at];
          sum->to[sum->n++] = &in->relevance[at];
        }
  if (flat)
    sum->bias = 0;
}

/* z^B: w x - w+ 0 - w- 1 for each term. */
static void
shift_to_box (const Plains *plains, const Plain *out, Sum *sum)
{
  const Plain *in = plain_of (plains, out->layer->inputs[0]);

  for (guint i = 0; i < sum->n; i++)
    {
      const double x = in->values[sum->to[i] - in->relevance];
      const double w = x != 0 ? sum->terms[i] / x : 0;

      sum->terms[i] -= MIN (w, 0);
    }
}

static double
side_of (const Sum *sum, gboolean positive)
{
  double total = positive ? MAX (sum->bias, 0) : MIN (sum->bias, 0);

  for (guint i = 0; i < sum->n; i++)
    total += positive ? MAX (sum->terms[i], 0) : MIN (sum->terms[i], 0);
  return total;
}

static void
hand_out (const Sum *sum, double relevance, gboolean positive, double factor)
{
  const double total = side_of (sum, positive);

  for (guint i = 0; i < sum->n && total != 0; i++)
    *sum->to[i] += factor * relevance * (positive ? MAX (sum->terms[i], 0) : MIN (sum->terms[i], 0)) / total;
}

static double
total_of (const Sum *sum)
{
  double total = sum->bias;

  for (guint i = 0; i < sum->n; i++)
    total += sum->terms[i];
  return total;
}

typedef struct
{
  gboolean by_epsilon, matched, flat, box, without;
  double alpha, epsilon;
} Rule;

static void
divide (const Sum *sum, const Rule *rule, double small, double relevance)
{
  const double z = total_of (sum);

  if (rule->by_epsilon)
    for (guint i = 0; i < sum->n; i++)
      *sum->to[i] += relevance * sum->terms[i] / (z < 0 ? z - small : z + small);
  else if (rule->matched)
    hand_out (sum, relevance, z >= 0, 1);
  else
    {
      const gboolean both = side_of (sum, TRUE) != 0 && side_of (sum, FALSE) != 0;

      hand_out (sum, relevance, TRUE, both ? rule->alpha : 1);
      if (rule->alpha != 1)
        hand_out (sum, relevance, FALSE, both ? 1 - rule->alpha : 1); /* where one side is empty the other has all */
    }
}

static Rule
rule_of (const Plains *plains, const EspLayer *layer)
{
  const char *id = plains->of->method;
  Rule rule = { .alpha = 1, .without = knob_of (plains, "bias") == 1 };

  if (g_str_equal (id, "lrp-epsilon"))
    return (Rule){ .by_epsilon = TRUE, .epsilon = knob_of (plains, "epsilon"), .without = knob_of (plains, "bias") == 1 };
  if (g_str_equal (id, "lrp-alpha-beta"))
    rule.alpha = knob_of (plains, "alpha");
  if (g_str_equal (id, "lrp"))
    {
      rule.alpha = knob_of (plains, "alpha");
      rule.by_epsilon = layer->index == ZOO_HEAD - 1;
      rule.epsilon = knob_of (plains, "epsilon");
      rule.box = layer->inputs[0] < 0 && knob_of (plains, "pixels") == 0;
      rule.flat = layer->inputs[0] < 0 && knob_of (plains, "pixels") == 1;
      if (rule.box || rule.flat)
        rule.alpha = 1;
    }
  rule.matched = layer->kind != ESP_LAYER_CONVOLUTIONAL;
  return rule;
}

/* The terms of one number of any layer that adds. */
static void
gather (const Plains *plains, const Plain *out, const Rule *rule, int c, int y, int x, Sum *sum)
{
  const EspLayer *layer = out->layer;
  const Plain *in = plain_of (plains, layer->inputs[0]);

  if (layer->kind == ESP_LAYER_CONVOLUTIONAL)
    {
      gather_convolution (plains, out, c, y, x, rule->flat, sum);
      if (rule->box)
        shift_to_box (plains, out, sum);
      return;
    }
  sum->n = 0;
  sum->bias = 0;
  if (layer->kind == ESP_LAYER_SHORTCUT)
    for (guint k = 0; k < layer->n_inputs; k++)
      {
        const Plain *one = plain_of (plains, layer->inputs[k]);

        sum->terms[sum->n] = one->values[place (one->shape, c, y, x)];
        sum->to[sum->n++] = &one->relevance[place (one->shape, c, y, x)];
      }
  else
    for (int iy = 0; iy < in->shape.h; iy++)
      for (int ix = 0; ix < in->shape.w; ix++)
        if (layer->kind == ESP_LAYER_AVGPOOL || (abs (iy - y) <= 1 && abs (ix - x) <= 1)) /* 3 x 3 about the middle */
          {
            sum->terms[sum->n] = in->values[place (in->shape, c, iy, ix)];
            sum->to[sum->n++] = &in->relevance[place (in->shape, c, iy, ix)];
          }
  for (guint i = 0; i < sum->n && layer->kind != ESP_LAYER_SHORTCUT; i++)
    sum->terms[i] /= sum->n;
}

static void
back_sums (const Plains *plains, Plain *out)
{
  const Rule rule = rule_of (plains, out->layer);
  g_autofree Sum *sum = g_new (Sum, 1);
  double squares = 0;

  for (int pass = 0; pass < 2; pass++)
    for (int c = 0; c < out->shape.c; c++)
      for (int y = 0; y < out->shape.h; y++)
        for (int x = 0; x < out->shape.w; x++)
          {
            gather (plains, out, &rule, c, y, x, sum);
            if (pass == 0)
              squares += total_of (sum) * total_of (sum);
            if (rule.without)
              sum->bias = 0;
            if (pass == 0)
              continue;
            divide (sum, &rule, rule.epsilon * sqrt (squares / (double) esp_shape_count (out->shape)),
                    out->relevance[place (out->shape, c, y, x)]);
          }
}

/* Relevance goes where the number came from: the first equal one of the allowed places. */
static void
back_moves (const Plains *plains, Plain *out)
{
  const EspLayer *layer = out->layer;
  const EspShape s = out->shape;
  int at = 0;

  for (guint k = 0; k < layer->n_inputs; k++)
    {
      const Plain *in = plain_of (plains, layer->inputs[k]);
      const int parts = layer->kind == ESP_LAYER_ROUTE ? layer->route.groups : 1, take = in->shape.c / parts;
      const int from = layer->kind == ESP_LAYER_ROUTE ? layer->route.group * take : 0;

      for (int c = 0; c < (layer->kind == ESP_LAYER_ROUTE ? take : s.c); c++)
        for (int y = 0; y < s.h; y++)
          for (int x = 0; x < s.w; x++)
            {
              const gsize o = place (s, at + c, y, x);
              gboolean found = FALSE;

              for (int ic = 0; ic < in->shape.c && !found; ic++)
                for (int iy = 0; iy < in->shape.h && !found; iy++)
                  for (int ix = 0; ix < in->shape.w && !found; ix++)
                    {
                      const gsize i = place (in->shape, ic, iy, ix);
                      gboolean allowed = layer->kind == ESP_LAYER_REORG || ic == (layer->kind == ESP_LAYER_ROUTE ? from + c : c);

                      if (layer->kind == ESP_LAYER_ROUTE)
                        allowed &= iy == y && ix == x;
                      if (layer->kind == ESP_LAYER_UPSAMPLE)
                        allowed &= iy == y / 2 && ix == x / 2;
                      if (layer->kind == ESP_LAYER_MAXPOOL && layer->maxpool.stride_x == 2)
                        allowed &= iy / 2 == y && ix / 2 == x;
                      if (layer->kind == ESP_LAYER_MAXPOOL && layer->maxpool.stride_x == 1)
                        allowed &= abs (iy - y) <= 1 && abs (ix - x) <= 1;
                      if (!allowed || in->values[i] != out->values[o])
                        continue;
                      in->relevance[i] += out->relevance[o];
                      found = TRUE;
                    }
              g_assert_true (found);
            }
      at += take;
    }
}

static void
back_layer (const Plains *plains, Plain *out)
{
  const EspLayer *layer = out->layer;

  switch (layer->kind)
    {
    case ESP_LAYER_CONVOLUTIONAL:
    case ESP_LAYER_SHORTCUT:
    case ESP_LAYER_AVGPOOL:
    case ESP_LAYER_LOCAL_AVGPOOL:
      back_sums (plains, out);
      break;
    case ESP_LAYER_SCALE_CHANNELS:
    case ESP_LAYER_SAM:
    case ESP_LAYER_DROPOUT:
      {
        const Plain *to = plain_of (plains, layer->inputs[layer->kind == ESP_LAYER_DROPOUT ? 0 : 1]);

        for (gsize i = 0; i < esp_shape_count (out->shape); i++)
          to->relevance[i] += out->relevance[i];
        break;
      }
    default:
      back_moves (plains, out);
    }
}

/* A layer of 1 × 1 has no heatmap: its numbers are its scores. */
static void
compare_scores (const Plains *plains, int layer, const Plain *plain, double largest)
{
  g_autofree float *scores = g_new (float, plain->shape.c);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_explainer_score (plains->explainer, (guint) layer, ESP_AT_OUT, ESP_REDUCE_SUM, scores, &error));
  g_assert_no_error (error);
  for (int c = 0; c < plain->shape.c; c++)
    g_assert_cmpfloat_with_epsilon (scores[c], plain->relevance[c], 1e-6 * largest + 1e-300);
}

static void
compare_layer (const Plains *plains, int layer)
{
  const Plain *plain = plain_of (plains, layer);
  const gsize plane = (gsize) plain->shape.h * (gsize) plain->shape.w;
  double largest = 0;

  for (gsize i = 0; i < esp_shape_count (plain->shape); i++)
    largest = MAX (largest, fabs (plain->relevance[i]));
  if (plane == 1)
    {
      compare_scores (plains, layer, plain, largest);
      return;
    }
  for (int c = 0; c < plain->shape.c; c++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspHeatmap) heatmap
          = esp_explainer_heatmap (plains->explainer, layer < 0 ? ESP_PIXELS : layer, c, (EspPlacement){ 0, 0, 1, 1 }, &error);

      g_assert_no_error (error);
      for (gsize i = 0; i < plane; i++)
        g_assert_cmpfloat_with_epsilon (heatmap->values[i], plain->relevance[(gsize) c * plane + i], 1e-6 * largest + 1e-300);
    }
}

/* Every number at every layer, by the definitions. */
static void
test_definitions (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (EspExplainer) explainer = explainer_of (zoo_cfg, c);
  g_autofree float *input = random_image (explainer->network);
  g_autoptr (EspTarget) target = esp_target_new_cells (ZOO_HEAD, (guint[]){ 4, 6, 12 }, 3, 1, 2);
  g_autoptr (GError) error = NULL;
  Plains *plains;
  Plain *head;

  g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
  g_assert_no_error (error);
  plains = plains_new (c, explainer, input);
  head = plain_of (plains, ZOO_HEAD - 1);
  for (guint i = 0; i < 3; i++)
    {
      const gsize at = place (head->shape, (int[]){ 4, 6, 12 }[i], 1, 2);

      head->relevance[at] = head->values[at];
    }
  for (int i = ZOO_HEAD - 1; i >= 0; i--)
    back_layer (plains, plain_of (plains, i));
  for (int i = ZOO_HEAD - 1; i >= -1; i--)
    compare_layer (plains, i);
  plains_free (plains);
}

/* The note says what the shares are: of the pixels after a map of theirs, of a layer after a map of it. */
static void
check_note (EspExplainer *explainer, const EspLrpShares *shares)
{
  const EspPlacement whole = { 0, 0, 1, 1 };
  g_autofree char *pixels = g_strdup_printf ("of %.4g, %.4g reached the pixels; %.4g stayed with biases, %.4g was absorbed", shares->target,
                                             shares->input, shares->bias, shares->absorbed);
  g_autoptr (EspHeatmap) at_layer = NULL, again = NULL;
  double there = 0, said, target;

  g_assert_cmpstr (esp_explainer_get_note (explainer), ==, pixels);
  at_layer = esp_explainer_heatmap (explainer, 0, -1, whole, NULL);
  for (int i = 0; i < at_layer->width * at_layer->height; i++)
    there += (double) at_layer->values[i];
  g_assert_cmpint (sscanf (esp_explainer_get_note (explainer), "of %lf, %lf reached layer 0 and ", &target, &said), ==, 2);
  g_assert_cmpfloat_with_epsilon (said, there, 1e-3 * MAX (fabs (there), fabs (target)));
  again = esp_explainer_heatmap (explainer, ESP_PIXELS, -1, whole, NULL);
  g_assert_cmpstr (esp_explainer_get_note (explainer), ==, pixels);
}

/* input + bias + absorbed = target, by numbers that were added up in three places. */
static void
check_conserved (EspExplainer *explainer, double tolerance)
{
  EspLrpShares shares;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspHeatmap) pixels = esp_explainer_heatmap (explainer, ESP_PIXELS, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
  double sum = 0, size = 0;

  g_assert_no_error (error);
  for (int i = 0; i < pixels->width * pixels->height; i++)
    {
      sum += (double) pixels->values[i];
      size += fabs ((double) pixels->values[i]);
    }
  g_assert_true (esp_lrp_get_shares (explainer, &shares));
  g_assert_cmpfloat_with_epsilon (shares.target, esp_explainer_get_value (explainer), 1e-5 * fabs (shares.target));
  g_assert_cmpfloat_with_epsilon (shares.input, sum, 1e-5 * MAX (size, 1e-6));
  g_assert_cmpfloat (fabs (shares.target), >, 0.01);
  g_assert_cmpfloat (size, >, 0);
  g_test_message ("target %.6g, input %.6g, bias %.6g, absorbed %.6g, off %.2g", shares.target, shares.input, shares.bias, shares.absorbed,
                  shares.input + shares.bias + shares.absorbed - shares.target);
  g_assert_cmpfloat_with_epsilon (shares.input + shares.bias + shares.absorbed, shares.target, tolerance * fabs (shares.target));
  check_note (explainer, &shares);
}

static void
run_conserved (const char *cfg, guint head, const Case *c)
{
  g_autoptr (EspExplainer) explainer = explainer_of (cfg, c);
  g_autofree float *input = random_image (explainer->network);
  g_autoptr (EspTarget) target = esp_target_new_cells (head, (guint[]){ 4, 6, 12 }, 3, 1, 2);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
  g_assert_no_error (error);
  check_conserved (explainer, c->backend == ESP_BACKEND_REFERENCE_DOUBLE ? 1e-9 : 1e-3);
}

static void
conserved_in_lane (gpointer data)
{
  run_conserved (zoo_cfg, ZOO_HEAD, data);
  run_conserved (small_cfg, HEAD_B, data);
}

static void
test_conserved (gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (2);

  esp_lane_call (lane, conserved_in_lane, (gpointer) data);
}

/* Scores are what the maps of single channels add up to. */
static void
test_scores (void)
{
  const Case c = { "lrp-alpha-beta", "", ESP_BACKEND_REFERENCE };
  g_autoptr (EspExplainer) explainer = explainer_of (zoo_cfg, &c);
  g_autofree float *input = random_image (explainer->network);
  g_autoptr (EspTarget) target = esp_target_new_cells (ZOO_HEAD, (guint[]){ 4, 6, 12 }, 3, 1, 2);
  g_autoptr (GError) error = NULL;
  float scores[3][8];

  g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
  for (guint i = 0; i < 3; i++)
    g_assert_true (esp_explainer_score (explainer, 2, ESP_AT_CONV, (EspReduce[]){ ESP_REDUCE_SUM, ESP_REDUCE_ABS_SUM, ESP_REDUCE_MAX }[i],
                                        scores[i], &error));
  for (int channel = 0; channel < 8; channel++)
    {
      g_autoptr (EspHeatmap) heatmap = esp_explainer_heatmap (explainer, 2, channel, (EspPlacement){ 0, 0, 1, 1 }, &error);
      double sum = 0, size = 0, most = -INFINITY;

      for (int i = 0; i < 64; i++)
        {
          sum += (double) heatmap->values[i];
          size += fabs ((double) heatmap->values[i]);
          most = MAX (most, (double) heatmap->values[i]);
        }
      g_assert_cmpfloat (size, >, 0);
      g_assert_cmpfloat_with_epsilon (scores[0][channel], sum, 1e-6 * size);
      g_assert_cmpfloat_with_epsilon (scores[1][channel], size, 1e-6 * size);
      g_assert_cmpfloat_with_epsilon (scores[2][channel], most, 1e-9);
    }
}

/* After a run that was not empty, nothing above the threshold leaves exact zeros everywhere. */
static void
test_all_zero (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (EspExplainer) explainer = explainer_of (small_cfg, c);
  g_autofree float *input = random_image (explainer->network);
  g_autoptr (EspTarget) some = esp_target_new_classes ((int[]){ 1 }, 1, 0.02f);
  g_autoptr (EspTarget) none = esp_target_new_classes ((int[]){ 1 }, 1, 2);
  g_autoptr (GError) error = NULL;
  EspLrpShares shares;

  g_assert_false (esp_lrp_get_shares (explainer, &shares));
  g_assert_true (esp_explainer_run (explainer, input, some, ESP_EVERY_LAYER, NULL, &error));
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), >, 0);
  check_conserved (explainer, 1e-3);
  g_assert_true (esp_explainer_run (explainer, input, none, ESP_EVERY_LAYER, NULL, &error));
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), ==, 0);
  g_assert_true (esp_lrp_get_shares (explainer, &shares));
  g_assert_true (shares.target == 0 && shares.input == 0 && shares.bias == 0 && shares.absorbed == 0);
  for (int layer = -1; layer < HEAD_B; layer++)
    {
      g_autoptr (EspHeatmap) heatmap = NULL;

      if (layer == HEAD_A)
        continue;
      heatmap = esp_explainer_heatmap (explainer, layer, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
      for (int i = 0; i < heatmap->width * heatmap->height; i++)
        g_assert_true (heatmap->values[i] == 0);
    }
}

/* z+ of a target above 0 is nowhere below 0. */
static void
test_positive (void)
{
  const Case c = { "lrp-zplus", "", ESP_BACKEND_REFERENCE };
  g_autoptr (EspExplainer) explainer = explainer_of (zoo_cfg, &c);
  g_autofree float *input = random_image (explainer->network);
  g_autoptr (GError) error = NULL;
  guint tried = 0;

  for (guint channel = 0; channel < 14; channel++)
    {
      g_autoptr (EspTarget) target = esp_target_new_cells (ZOO_HEAD, &channel, 1, 1, 2);
      g_autoptr (EspHeatmap) heatmap = NULL;
      float lowest, highest;

      g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
      if (esp_explainer_get_value (explainer) <= 0)
        continue;
      heatmap = esp_explainer_heatmap (explainer, ESP_PIXELS, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
      esp_heatmap_range (heatmap, &lowest, &highest);
      g_assert_cmpfloat (lowest, >=, 0);
      g_assert_cmpfloat (highest, >, 0);
      tried++;
    }
  g_assert_cmpuint (tried, >, 0);
}

static void
xl_in_lane (gpointer data)
{
  g_autoptr (GError) error = NULL;
  char **paths = data;
  g_autoptr (EspNetwork) network = esp_network_load (paths[0], &error);
  g_autoptr (EspWeights) weights = network != NULL ? esp_weights_load (network, paths[1], &error) : NULL;
  g_autoptr (EspExplainer) explainer = NULL;
  g_autofree float *input = NULL;
  guint n;

  g_assert_no_error (error);
  explainer = esp_explainer_new (network, weights, &(EspExplainerOptions){ .backend = ESP_BACKEND_ONEDNN });
  input = random_image (network);
  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    {
      g_autoptr (EspTarget) target = esp_target_new_cells (esp_network_get_heads (network, &n)[0], (guint[]){ 4, 5 }, 2, 4, 4);

      if (!g_str_has_prefix (esp_attribution_get (i)->id, "lrp"))
        continue;
      g_assert_true (esp_explainer_set_method (explainer, esp_attribution_get (i), NULL, &error));
      g_assert_true (esp_explainer_run (explainer, input, target, ESP_EVERY_LAYER, NULL, &error));
      check_conserved (explainer, 1e-3);
    }
}

/* A real network of 130 layers, in float. */
static void
test_xl (void)
{
  g_autofree char *cfg = shared_file ("models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg");
  g_autofree char *weights = cfg != NULL ? shared_file ("models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.weights") : NULL;
  g_autoptr (EspLane) lane = NULL;

  if (weights == NULL)
    return;
  lane = esp_lane_new (2);
  esp_lane_call (lane, xl_in_lane, (char *[]){ cfg, weights });
}

static const Case definitions[] = {
  { "lrp-epsilon", "epsilon=0.05", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp-epsilon", "", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp-zplus", "", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp-alpha-beta", "", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp-alpha-beta", "alpha=1.5", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp", "", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp", "alpha=2,pixels=flat", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp", "pixels=same", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp", "bias=none", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp-epsilon", "bias=none,epsilon=0.1", ESP_BACKEND_REFERENCE_DOUBLE },
  { "lrp-alpha-beta", "bias=none", ESP_BACKEND_REFERENCE_DOUBLE },
};
static const Case floats[] = {
  { "lrp-epsilon", "", ESP_BACKEND_ONEDNN }, { "lrp-zplus", "", ESP_BACKEND_ONEDNN },         { "lrp-alpha-beta", "", ESP_BACKEND_ONEDNN },
  { "lrp", "", ESP_BACKEND_ONEDNN },         { "lrp", "pixels=flat", ESP_BACKEND_REFERENCE },
};

static void
add (const char *what, const Case *c, GTestDataFunc test)
{
  static const char *const backends[] = { "onednn", "reference", "double" };
  g_autofree char *path
      = g_strdup_printf ("/lrp/%s/%s/%s%s%s", what, c->method, c->knobs, c->knobs[0] != '\0' ? "/" : "", backends[c->backend]);

  g_test_add_data_func (path, c, test);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      add ("definitions", &definitions[i], test_definitions);
      add ("conserved", &definitions[i], test_conserved);
    }
  for (guint i = 0; i < G_N_ELEMENTS (floats); i++)
    add ("conserved", &floats[i], test_conserved);
  for (guint i = 0; i < 4; i++)
    add ("all-zero", &definitions[i + 1], test_all_zero);
  g_test_add_func ("/lrp/scores", test_scores);
  g_test_add_func ("/lrp/positive", test_positive);
  g_test_add_func ("/lrp/xl", test_xl);
  return g_test_run ();
}
