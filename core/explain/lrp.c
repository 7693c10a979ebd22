/* lrp.c: the rows of layer-wise relevance propagation, and what is read of a run */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/lrp.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "explain/lrp-private.h"

/* (transfer full): the relevance of a layer in plain order; zeros where none arrived. */
static float *
read_relevance (EspLrp *lrp, int layer, EspShape *shape)
{
  const EspLrpStep *step = esp_lrp_step (lrp, layer);
  EspEngineLook look;
  float *values;

  esp_engine_look (lrp->engine, layer, &look);
  *shape = look.layout.shape;
  values = g_new0 (float, esp_shape_count (*shape));
  if (step->arrived)
    esp_layout_unpack (&look.layout, step->relevance, values);
  return values;
}

static double
sum_at (EspLrp *lrp, int layer)
{
  EspShape shape;
  g_autofree float *all = read_relevance (lrp, layer, &shape);
  double sum = 0;

  for (gsize i = 0; i < esp_shape_count (shape); i++)
    sum += (double) all[i];
  return sum;
}

static const char *
number (char *digits, double value)
{
  return g_ascii_formatd (digits, G_ASCII_DTOSTR_BUF_SIZE, "%.4g", value);
}

/* Where the target has gone, as what is drawn may be next to nothing of it: a rule that lets biases take their share leaves little. */
static char *
make_note (EspLrp *lrp, int layer)
{
  const EspLrpShares *shares = &lrp->shares;
  char target[G_ASCII_DTOSTR_BUF_SIZE], there[G_ASCII_DTOSTR_BUF_SIZE], pixels[G_ASCII_DTOSTR_BUF_SIZE];
  char bias[G_ASCII_DTOSTR_BUF_SIZE], absorbed[G_ASCII_DTOSTR_BUF_SIZE];

  number (target, shares->target);
  number (pixels, shares->input);
  number (bias, shares->bias);
  number (absorbed, shares->absorbed);
  if (layer < 0)
    return g_strdup_printf (_ ("of %s, %s reached the pixels; %s stayed with biases, %s was absorbed"), target, pixels, bias, absorbed);
  return g_strdup_printf (_ ("of %s, %s reached layer %d and %s the pixels; %s stayed with biases, %s was absorbed"), target,
                          number (there, sum_at (lrp, layer)), layer, pixels, bias, absorbed);
}

static void
renew_note (EspExplainer *explainer, int layer)
{
  g_clear_pointer (&explainer->note, g_free);
  if (explainer->n_ones > 0)
    explainer->note = make_note (explainer->state, layer);
}

static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  EspLrp *lrp = explainer->state;

  lrp->ran = FALSE;
  if (!esp_engine_forward (lrp->engine, input, job, error)
      || !esp_target_apply (target, lrp->engine, &explainer->n_ones, &explainer->value, error) || !esp_lrp_pass (lrp, job, error))
    return FALSE;
  renew_note (explainer, layer);
  return TRUE;
}

/* Relevance is that of a layer's value wherever in the layer: activations and batch normalisations pass it through. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, G_GNUC_UNUSED GError **error)
{
  EspShape shape;
  g_autofree float *all = read_relevance (explainer->state, layer, &shape);
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  const gsize from = channel < 0 ? 0 : (gsize) channel, to = channel < 0 ? (gsize) shape.c : from + 1;

  for (gsize i = 0; i < plane; i++)
    {
      double sum = 0;

      for (gsize c = from; c < to; c++)
        sum += (double) all[c * plane + i];
      values[i] = (float) sum;
    }
  if (channel < 0)
    renew_note (explainer, layer); /* any layer may be read of one run: what is said is of the one that is shown */
  return TRUE;
}

static gboolean
score (EspExplainer *explainer, guint layer, G_GNUC_UNUSED EspAt at, EspReduce reduce, float *scores, G_GNUC_UNUSED GError **error)
{
  EspShape shape;
  g_autofree float *all = read_relevance (explainer->state, (int) layer, &shape);

  esp_fold_planes (all, shape, reduce, scores);
  return TRUE;
}

/**
 * esp_lrp_get_shares:
 * @explainer: with one of these methods set
 * @shares: (out): where the target's relevance went in the last run
 *
 * Returns: FALSE where there is no such run. Thread: lane.
 */
gboolean
esp_lrp_get_shares (const EspExplainer *explainer, EspLrpShares *shares)
{
  const EspLrp *lrp = explainer->state;

  if (explainer->method == NULL || explainer->method->run != run || lrp == NULL || !lrp->ran)
    return FALSE;
  *shares = lrp->shares;
  return TRUE;
}

enum
{
  BIAS_SHARES,
  BIAS_NONE
};

static void
choose_epsilon (const double *knobs, G_GNUC_UNUSED const EspLayer *layer, G_GNUC_UNUSED guint behind, EspLrpRule *rule)
{
  *rule = (EspLrpRule){ .epsilon = knobs[0], .without = (int) knobs[1] == BIAS_NONE };
}

static void
choose_positive (const double *knobs, G_GNUC_UNUSED const EspLayer *layer, G_GNUC_UNUSED guint behind, EspLrpRule *rule)
{
  *rule = (EspLrpRule){ .signs = TRUE, .divide = ESP_DIVIDE_POSITIVE, .alpha = 1, .without = (int) knobs[0] == BIAS_NONE };
}

static void
choose_both (const double *knobs, const EspLayer *layer, guint behind, EspLrpRule *rule)
{
  choose_positive (knobs + 1, layer, behind, rule);
  rule->alpha = knobs[0];
  if (rule->alpha > 1)
    rule->divide = ESP_DIVIDE_BOTH;
}

enum
{
  KNOB_NEAR,
  KNOB_EPSILON,
  KNOB_ALPHA,
  KNOB_PIXELS,
  KNOB_BIAS
};
enum
{
  PIXELS_BOX,
  PIXELS_FLAT,
  PIXELS_SAME
};

static void
choose_mixed (const double *knobs, const EspLayer *layer, guint behind, EspLrpRule *rule)
{
  if (behind < (guint) knobs[KNOB_NEAR])
    choose_epsilon ((double[]){ knobs[KNOB_EPSILON], knobs[KNOB_BIAS] }, layer, behind, rule);
  else
    choose_both ((double[]){ knobs[KNOB_ALPHA], knobs[KNOB_BIAS] }, layer, behind, rule);
  if (layer->inputs[0] >= 0 || (int) knobs[KNOB_PIXELS] == PIXELS_SAME)
    return;
  choose_positive (knobs + KNOB_BIAS, layer, behind, rule);
  rule->split = (int) knobs[KNOB_PIXELS] == PIXELS_BOX ? ESP_SPLIT_BOX : ESP_SPLIT_ONES;
}

static gboolean
open_with (EspExplainer *explainer, EspLrpChoose choose, GError **error)
{
  explainer->state = esp_lrp_new (explainer, choose, error);
  return explainer->state != NULL;
}

static gboolean
open_epsilon (EspExplainer *explainer, GError **error)
{
  return open_with (explainer, choose_epsilon, error);
}

static gboolean
open_positive (EspExplainer *explainer, GError **error)
{
  return open_with (explainer, choose_positive, error);
}

static gboolean
open_both (EspExplainer *explainer, GError **error)
{
  return open_with (explainer, choose_both, error);
}

static gboolean
open_mixed (EspExplainer *explainer, GError **error)
{
  return open_with (explainer, choose_mixed, error);
}

#define EPSILON_KNOB(value)                                                                                                                \
  {                                                                                                                                        \
    .id = "epsilon", .title = N_ ("Stabiliser, of a layer's root mean square"), .preset = (value), .lowest = 0, .highest = 10,             \
    .slider_low = 0, .slider_high = 1                                                                                                      \
  }
#define ALPHA_KNOB(value)                                                                                                                  \
  {                                                                                                                                        \
    .id = "alpha", .title = N_ ("Weight of what raises the sum (what lowers it has one less)"), .preset = (value), .lowest = 1,            \
    .highest = 10, .slider_low = 1, .slider_high = 3                                                                                       \
  }

#define BIAS_KNOB                                                                                                                          \
  {                                                                                                                                        \
    .id = "bias", .title = N_ ("What biases have added"), .preset = BIAS_SHARES, .lowest = 0, .highest = 1, .slider_low = 0,               \
    .slider_high = 1, .words = bias_words, .whole = TRUE                                                                                   \
  }

static const char *const bias_words[] = { "shares", "none", NULL };
static const char *const pixel_words[] = { "box", "flat", "same", NULL };
static const EspKnob epsilon_knobs[] = { EPSILON_KNOB (0.25), BIAS_KNOB };
static const EspKnob positive_knobs[] = { BIAS_KNOB };
static const EspKnob both_knobs[] = { ALPHA_KNOB (2), BIAS_KNOB };
static const EspKnob mixed_knobs[] = {
  [KNOB_NEAR] = { .id = "near",
                  .title = N_ ("Convolutions before each head by epsilon"),
                  .preset = 1,
                  .lowest = 0,
                  .highest = 1000,
                  .slider_low = 0,
                  .slider_high = 10,
                  .whole = TRUE },
  [KNOB_EPSILON] = EPSILON_KNOB (0.25),
  [KNOB_ALPHA] = ALPHA_KNOB (1),
  [KNOB_PIXELS] = { .id = "pixels",
                    .title = N_ ("At the pixels"),
                    .preset = PIXELS_BOX,
                    .lowest = 0,
                    .highest = 2,
                    .slider_low = 0,
                    .slider_high = 2,
                    .words = pixel_words,
                    .whole = TRUE },
  [KNOB_BIAS] = BIAS_KNOB,
};

#define ROW                                                                                                                                \
  .unit = "relevance, logits", .is_signed = TRUE, .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS, .at = ESP_AT_OUT,     \
  .reduce = ESP_REDUCE_ABS_SUM, .close = esp_lrp_free, .run = run, .map = map, .score = score

const EspAttribution esp_attribution_lrp = {
  .id = "lrp",
  .title = N_ ("Relevance, a rule for each depth"),
  .source = "Montavon et al. 2019, Layer-Wise Relevance Propagation: An Overview (composite); z^B: Montavon et al. 2017",
  .knobs = mixed_knobs,
  .n_knobs = G_N_ELEMENTS (mixed_knobs),
  .open = open_mixed,
  ROW,
};

const EspAttribution esp_attribution_lrp_epsilon = {
  .id = "lrp-epsilon",
  .title = N_ ("Relevance, epsilon"),
  .source = "Bach et al. 2015, PLOS ONE 10(7):e0130140, eq. 58",
  .knobs = epsilon_knobs,
  .n_knobs = G_N_ELEMENTS (epsilon_knobs),
  .open = open_epsilon,
  ROW,
};

const EspAttribution esp_attribution_lrp_zplus = {
  .id = "lrp-zplus",
  .title = N_ ("Relevance, z+"),
  .source = "Montavon et al. 2017, Pattern Recognition 65:211 (z+; for inputs of both signs, Bach et al. 2015, eq. 60 with alpha 1)",
  .knobs = positive_knobs,
  .n_knobs = G_N_ELEMENTS (positive_knobs),
  .open = open_positive,
  ROW,
};

const EspAttribution esp_attribution_lrp_alpha_beta = {
  .id = "lrp-alpha-beta",
  .title = N_ ("Relevance, alpha and beta"),
  .source = "Bach et al. 2015, PLOS ONE 10(7):e0130140, eq. 60, beta = alpha - 1",
  .proved = ESP_PROVED_DELETION, /* docs/results/faithfulness.md */
  .knobs = both_knobs,
  .n_knobs = G_N_ELEMENTS (both_knobs),
  .open = open_both,
  ROW,
};
