/* integrated.c: integrated gradients at the pixels, conductance at layers: shares of what the target gained on the way from a baseline */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <math.h>
#include <string.h>

#include "explain/samples.h"

#define MOST_STEPS 512
#define COMPLETE   0.01 /* of what the target gained */

enum
{
  KNOB_BASELINE,
  KNOB_STEPS,
};

enum
{
  BASELINE_GREY,
  BASELINE_BLACK,
  BASELINE_BLUR,
};

static const char *const baseline_words[] = { "grey", "black", "blur", NULL };

static const EspKnob knobs[] = {
  [KNOB_BASELINE] = { .id = "baseline",
                      .title = "Baseline",
                      .preset = BASELINE_GREY,
                      .highest = BASELINE_BLUR,
                      .slider_high = BASELINE_BLUR,
                      .words = baseline_words },
  [KNOB_STEPS] = { .id = "steps",
                   .title = "Steps, at least",
                   .preset = 32,
                   .lowest = 32,
                   .highest = MOST_STEPS,
                   .slider_low = 32,
                   .slider_high = MOST_STEPS,
                   .whole = TRUE },
};

typedef struct
{
  const float *input;
  float *baseline;
  gsize n;
  guint steps;
  double first, last; /* T at both ends */
} Path;

static void
make_baseline (Path *path, EspShape shape, guint which)
{
  if (which == BASELINE_BLUR)
    {
      path->baseline = g_memdup2 (path->input, path->n * sizeof *path->input);
      esp_blur_planes (path->baseline, shape, MAX (shape.w, shape.h) / 16.0);
      return;
    }
  path->baseline = g_new (float, path->n);
  for (gsize i = 0; i < path->n; i++)
    path->baseline[i] = which == BASELINE_GREY ? 0.5f : 0;
}

static void
go_along (guint sample, float *input, gpointer data)
{
  const Path *path = data;
  const float share = (float) sample / (float) path->steps;

  for (gsize i = 0; i < path->n; i++)
    input[i] = sample == path->steps ? path->input[i] : path->baseline[i] + share * (path->input[i] - path->baseline[i]);
}

/* One stretch of the way, by the trapezoid: mean gradient × how far the value moved. */
static void
add_stretch (EspKept *kept, const float *gradients, const float *values)
{
  const float *const was_gradients = kept->before[0], *const was_values = kept->before[1];

  for (gsize j = 0; was_gradients != NULL && j < kept->n; j++)
    kept->sum[j] += 0.5f * (gradients[j] + was_gradients[j]) * (values[j] - was_values[j]);
}

static void
remember (EspKept *kept, const float *gradients, const float *values)
{
  const gsize bytes = kept->n * sizeof (float);

  for (guint i = 0; i < 2 && kept->before[i] == NULL; i++)
    kept->before[i] = g_malloc (bytes);
  memcpy (kept->before[0], gradients, bytes);
  memcpy (kept->before[1], values, bytes);
}

static gboolean
add_stretches (EspSamples *samples, guint first, guint count, const double *values, gpointer data, GError **error)
{
  Path *path = data;

  if (first == 0)
    path->first = values[0];
  path->last = values[count - 1];
  for (guint k = 0; k < samples->n_kept; k++)
    {
      EspKept *kept = &samples->kept[k];
      const float *at = kept->layer == ESP_PIXELS ? samples->inputs : samples->room[1];

      if (!esp_engine_read_gradient (samples->engine, kept->layer, ESP_AT_OUT, samples->room[0], error)
          || (kept->layer != ESP_PIXELS && !esp_engine_read (samples->engine, (guint) kept->layer, ESP_AT_OUT, samples->room[1], error)))
        return FALSE;
      for (guint i = 0; i < count; i++)
        {
          add_stretch (kept, samples->room[0] + i * kept->n, at + i * kept->n);
          remember (kept, samples->room[0] + i * kept->n, at + i * kept->n);
        }
    }
  return TRUE;
}

static void
begin_again (EspSamples *samples)
{
  for (guint k = 0; k < samples->n_kept; k++)
    {
      memset (samples->kept[k].sum, 0, samples->kept[k].n * sizeof (float));
      g_clear_pointer (&samples->kept[k].before[0], g_free);
      g_clear_pointer (&samples->kept[k].before[1], g_free);
    }
}

/* What the pixels' shares miss of what the target gained, as a share of that. */
static double
find_gap (const EspSamples *samples, const Path *path)
{
  const EspKept *pixels = &samples->kept[0];
  const double gained = path->last - path->first;
  double sum = 0;

  for (gsize j = 0; j < pixels->n; j++)
    sum += (double) pixels->sum[j];
  return fabs (sum - gained) / MAX (fabs (gained), 1e-9);
}

static char *
make_note (const Path *path, double gap)
{
  char gap_text[G_ASCII_DTOSTR_BUF_SIZE], first[G_ASCII_DTOSTR_BUF_SIZE], last[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (gap_text, sizeof gap_text, "%.2g", 100 * gap);
  g_ascii_formatd (first, sizeof first, "%.4g", path->first);
  g_ascii_formatd (last, sizeof last, "%.4g", path->last);
  return g_strdup_printf ("%s %s %% in %u steps; the target went from %s at the baseline to %s",
                          gap > COMPLETE ? "not complete: the shares miss the gain by" : "complete to", gap_text, path->steps, first, last);
}

/* M is frozen from the image itself, T are raw logits. The steps are doubled until the shares at the pixels add up to what T gained, up to the
 * most; what is missing then is in the note. */
static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  const EspShape shape = esp_network_get_input (explainer->network);
  Path path = { .input = input, .n = esp_shape_count (shape), .steps = (guint) explainer->values[KNOB_STEPS] };
  g_autoptr (EspTargetMask) mask = NULL;
  EspSamples *samples = esp_samples_begin (explainer, input, target, layer, &mask, job, error);
  g_autofree float *baseline = NULL;
  double gap = 0;

  if (samples == NULL)
    return FALSE;
  if (samples->n_ones == 0)
    return TRUE;
  make_baseline (&path, shape, (guint) explainer->values[KNOB_BASELINE]);
  baseline = path.baseline;
  for (;;)
    {
      begin_again (samples);
      if (!esp_samples_run (samples, explainer, mask, path.steps + 1, go_along, add_stretches, &path, job, error))
        return FALSE;
      gap = find_gap (samples, &path);
      if (gap <= COMPLETE || path.steps * 2 > MOST_STEPS)
        break;
      path.steps *= 2;
    }
  explainer->note = make_note (&path, gap);
  return TRUE;
}

/* Shares, signed: over all channels, colours too, their sum. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  const EspKept *kept = esp_samples_find (explainer->state, layer, error);
  const EspShape shape = esp_explainer_get_shape (explainer, layer);
  const gsize plane = (gsize) shape.h * (gsize) shape.w;

  if (kept == NULL)
    return FALSE;
  for (gsize i = 0; i < plane; i++)
    {
      double sum = 0;

      for (int c = MAX (channel, 0); c < (channel < 0 ? shape.c : channel + 1); c++)
        sum += (double) kept->sum[(gsize) c * plane + i];
      values[i] = (float) sum;
    }
  return TRUE;
}

/* The share of a value is the same before and behind its batch normalisation and its activation, so @at is not asked. */
static gboolean
score (EspExplainer *explainer, guint layer, G_GNUC_UNUSED EspAt at, EspReduce reduce, float *scores, GError **error)
{
  const EspKept *kept = esp_samples_find (explainer->state, (int) layer, error);

  if (kept == NULL)
    return FALSE;
  esp_fold_planes (kept->sum, esp_explainer_get_shape (explainer, (int) layer), reduce, scores);
  return TRUE;
}

const EspAttribution esp_attribution_integrated = {
  .id = "integrated-gradients",
  .title = "Integrated gradients",
  .source = "Sundararajan, Taly, Yan 2017, arXiv:1703.01365, equation 1; at layers Dhamdhere et al. 2018, arXiv:1805.12233, equation 2",
  .unit = "share of the target's gain, logits",
  .is_signed = TRUE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS | ESP_KEEPS_LAYER,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_SUM,
  .knobs = knobs,
  .n_knobs = G_N_ELEMENTS (knobs),
  .close = esp_samples_free,
  .run = run,
  .map = map,
  .score = score,
};
