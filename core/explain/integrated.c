/* integrated.c: integrated gradients at the pixels, conductance at layers: shares of what the target gained on the way from a baseline */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "explain/path.h"
#include "explain/samples.h"
#include "image/blur.h"

#define MOST_STEPS 512
#define COMPLETE   0.01 /* of what the target gained */
#define EVERYWHERE 0.03 /* likewise, all stretches' misses together: sums at layers are then near, too */
#define HALVED     8    /* stretches at a time; not the engine's batch, which must not decide what is walked */

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
                      .title = N_ ("Baseline"),
                      .preset = BASELINE_GREY,
                      .highest = BASELINE_BLUR,
                      .slider_high = BASELINE_BLUR,
                      .words = baseline_words },
  [KNOB_STEPS] = { .id = "steps",
                   .title = N_ ("Steps, at least"),
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
  GArray *points; /* of EspPathPoint */
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
path_clear (Path *path)
{
  g_free (path->baseline);
  g_clear_pointer (&path->points, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Path, path_clear)

static void
go_along (guint sample, float *input, gpointer data)
{
  const Path *path = data;
  const double at = g_array_index (path->points, EspPathPoint, sample).at;
  const float share = (float) at;

  for (gsize i = 0; i < path->n; i++)
    input[i] = at >= 1 ? path->input[i] : path->baseline[i] + share * (path->input[i] - path->baseline[i]);
}

/* T of each point, and its derivative along the way. Leaves the pixels' gradients in the first room. */
static gboolean
note_points (EspSamples *samples, guint first, guint count, const double *values, gpointer data, GError **error)
{
  Path *path = data;

  if (!esp_engine_read_gradient (samples->engine, ESP_PIXELS, ESP_AT_OUT, samples->room[0], error))
    return FALSE;
  for (guint i = 0; i < count; i++)
    {
      EspPathPoint *point = &g_array_index (path->points, EspPathPoint, first + i);
      const float *gradients = samples->room[0] + i * path->n;

      point->value = values[i];
      point->slope = 0;
      for (gsize j = 0; j < path->n; j++)
        point->slope += (double) gradients[j] * ((double) path->input[j] - (double) path->baseline[j]);
    }
  return TRUE;
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
  if (!note_points (samples, first, count, values, data, error))
    return FALSE;
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
find_gap (const EspSamples *samples, double gained)
{
  const EspKept *pixels = &samples->kept[0];
  double sum = 0;

  for (gsize j = 0; j < pixels->n; j++)
    sum += (double) pixels->sum[j];
  return fabs (sum - gained) / MAX (fabs (gained), 1e-9);
}

static char *
make_note (const EspSamples *samples, const Path *path)
{
  const double first = g_array_index (path->points, EspPathPoint, 0).value;
  const double last = g_array_index (path->points, EspPathPoint, path->points->len - 1).value;
  const double gap = find_gap (samples, last - first);
  char gap_text[G_ASCII_DTOSTR_BUF_SIZE], first_text[G_ASCII_DTOSTR_BUF_SIZE], last_text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (gap_text, sizeof gap_text, "%.2g", 100 * gap);
  g_ascii_formatd (first_text, sizeof first_text, "%.4g", first);
  g_ascii_formatd (last_text, sizeof last_text, "%.4g", last);
  return g_strdup_printf ("%s %s %% in %u steps; the target went from %s at the baseline to %s",
                          gap > COMPLETE ? "not complete: the shares miss the gain by" : "complete to", gap_text, path->points->len - 1,
                          first_text, last_text);
}

/* All points in order, summed up. */
static gboolean
walk (EspSamples *samples, EspExplainer *explainer, const EspTargetMask *mask, Path *path, EspJob *job, GError **error)
{
  begin_again (samples);
  return esp_samples_run (samples, explainer, mask, path->points->len, go_along, add_stretches, path, job, error);
}

static gboolean
is_near (const Path *path)
{
  double everywhere;

  return esp_path_miss (path->points, &everywhere) <= COMPLETE && everywhere <= EVERYWHERE;
}

/* Halves the stretches that miss most, some at a time, until the sums are near enough or there are as many as may be. */
static gboolean
refine (EspSamples *samples, EspExplainer *explainer, const EspTargetMask *mask, Path *path, EspJob *job, GError **error)
{
  while (path->points->len <= MOST_STEPS && !is_near (path))
    {
      g_autoptr (GArray) more = esp_path_bisect (path->points, MIN (HALVED, MOST_STEPS + 1 - path->points->len));
      Path middles = { path->input, path->baseline, path->n, more };

      if (more->len == 0)
        break;
      if (!esp_samples_run (samples, explainer, mask, more->len, go_along, note_points, &middles, job, error))
        return FALSE;
      esp_path_insert (path->points, more);
    }
  return TRUE;
}

/* M is frozen from the image itself, T are raw logits. Where evenly spaced steps do not add up to what T gained, the worst of them are
 * halved, and the way is walked again; what is missing then is in the note. */
static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  const EspShape shape = esp_network_get_input (explainer->network);
  g_auto (Path) path = { .input = input, .n = esp_shape_count (shape) };
  g_autoptr (EspTargetMask) mask = NULL;
  EspSamples *samples = esp_samples_begin (explainer, input, target, layer, &mask, job, error);

  if (samples == NULL)
    return FALSE;
  if (samples->n_ones == 0)
    return TRUE;
  make_baseline (&path, shape, (guint) explainer->values[KNOB_BASELINE]);
  path.points = esp_path_new ((guint) explainer->values[KNOB_STEPS]);
  if (!walk (samples, explainer, mask, &path, job, error))
    return FALSE;
  if (!is_near (&path) && (!refine (samples, explainer, mask, &path, job, error) || !walk (samples, explainer, mask, &path, job, error)))
    return FALSE;
  explainer->note = make_note (samples, &path);
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
  .title = N_ ("Integrated gradients"),
  .source = "Sundararajan, Taly, Yan 2017, arXiv:1703.01365, equation 1; at layers Dhamdhere et al. 2018, arXiv:1805.12233, equation 2",
  .unit = "share of the target's gain, logits",
  .is_signed = TRUE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_PIXELS | ESP_GIVES_CHANNELS | ESP_KEEPS_LAYER,
  .at = ESP_AT_OUT,
  .reduce = ESP_REDUCE_SUM,
  .proved = ESP_PROVED_DELETION, /* docs/results/faithfulness.md */
  .knobs = knobs,
  .n_knobs = G_N_ELEMENTS (knobs),
  .close = esp_samples_free,
  .run = run,
  .map = map,
  .score = score,
};
