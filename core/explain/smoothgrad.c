/* smoothgrad.c: the mean gradient of noisy copies of the image */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "explain/samples.h"

enum
{
  KNOB_NOISE,
  KNOB_SAMPLES,
  KNOB_CHANNELS,
};

static const EspKnob knobs[] = {
  [KNOB_NOISE] = { .id = "noise",
                   .title = N_ ("Noise, of the image's range"),
                   .preset = 0.15,
                   .lowest = 0,
                   .highest = 1,
                   .slider_low = 0.05,
                   .slider_high = 0.3 },
  [KNOB_SAMPLES] = { .id = "samples",
                     .title = N_ ("Samples"),
                     .preset = 50,
                     .lowest = 1,
                     .highest = 4096,
                     .slider_low = 8,
                     .slider_high = 128,
                     .whole = TRUE },
  [KNOB_CHANNELS] = { .id = "channels",
                      .title = N_ ("Over channels"),
                      .preset = ESP_FOLD_MAX,
                      .highest = ESP_FOLD_L2,
                      .slider_high = ESP_FOLD_L2,
                      .words = esp_fold_words },
};

typedef struct
{
  const float *input;
  gsize n;
  double sigma;
  guint64 seed;
} Noise;

/* One stream a sample, so that a sample's noise does not depend on how many there are. */
static void
add_noise (guint sample, float *input, gpointer data)
{
  const Noise *noise = data;
  g_autoptr (GRand) stream = esp_rng_new (noise->seed, 's', sample);

  for (gsize i = 0; i < noise->n; i++)
    input[i] = noise->input[i] + (float) (noise->sigma * esp_rng_normal (stream));
}

static gboolean
add_gradients (EspSamples *samples, guint first, guint count, const double *values, gpointer data, GError **error)
{
  for (guint k = 0; k < samples->n_kept; k++)
    {
      EspKept *kept = &samples->kept[k];

      if (!esp_engine_read_gradient (samples->engine, kept->layer, ESP_AT_OUT, samples->room[0], error))
        return FALSE;
      for (guint i = 0; i < count; i++)
        for (gsize j = 0; j < kept->n; j++)
          kept->sum[j] += samples->room[0][i * kept->n + j];
    }
  return TRUE;
}

/* Noise of a standard deviation that is a share of the image's range; T is that of the image itself: its cells stay chosen. */
static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  const guint n = (guint) explainer->values[KNOB_SAMPLES];
  Noise noise = { .input = input, .n = esp_shape_count (esp_network_get_input (explainer->network)), .seed = explainer->options.seed };
  g_autoptr (EspTargetMask) mask = NULL;
  EspSamples *samples = esp_samples_begin (explainer, input, target, layer, &mask, job, error);
  float low = INFINITY, high = -INFINITY;

  if (samples == NULL)
    return FALSE;
  for (gsize i = 0; i < noise.n; i++)
    low = MIN (low, input[i]), high = MAX (high, input[i]);
  noise.sigma = explainer->values[KNOB_NOISE] * ((double) high - (double) low);
  if (samples->n_ones == 0)
    return TRUE;
  if (!esp_samples_run (samples, explainer, mask, n, add_noise, add_gradients, &noise, job, error))
    return FALSE;
  for (guint k = 0; k < samples->n_kept; k++)
    for (gsize j = 0; j < samples->kept[k].n; j++)
      samples->kept[k].sum[j] /= (float) n;
  return TRUE;
}

static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  const EspKept *kept = esp_samples_find (explainer->state, layer, error);

  if (kept == NULL)
    return FALSE;
  esp_fold_channels (kept->sum, esp_explainer_get_shape (explainer, layer), channel, (EspFold) explainer->values[KNOB_CHANNELS], values);
  return TRUE;
}

static gboolean
score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  const EspKept *kept = esp_samples_find (explainer->state, (int) layer, error);

  if (kept == NULL)
    return FALSE;
  if (at != ESP_AT_OUT)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "smoothgrad sums its gradients at the layers' outputs: scores are at=out only");
      return FALSE;
    }
  esp_fold_planes (kept->sum, esp_explainer_get_shape (explainer, (int) layer), reduce, scores);
  return TRUE;
}

const EspAttribution esp_attribution_smoothgrad = {
  .id = "smoothgrad",
  .title = N_ ("SmoothGrad"),
  .source = "Smilkov et al. 2017, arXiv:1706.03825, section 3: mean gradient of noisy copies, the cells of the target those of the image",
  .unit = "|mean gradient|, logits per unit",
  .is_signed = FALSE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS | ESP_KEEPS_LAYER,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_ABS_MEAN,
  .proved = ESP_PROVED_DELETION, /* docs/results/faithfulness.md */
  .knobs = knobs,
  .n_knobs = G_N_ELEMENTS (knobs),
  .close = esp_samples_free,
  .run = run,
  .map = map,
  .score = score,
};
