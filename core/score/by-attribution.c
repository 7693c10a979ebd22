/* by-attribution.c: what an attribution method says of each channel, over a calibration set: method 1's scores, Taylor's and relevance */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "explain/explainer.h"
#include "score/criterion-private.h"
#include "score/normalise.h"

#define FEWEST_IMAGES  20
#define MOST_METHODS   32
#define DEFAULT_BUDGET ((gsize) 64 << 20)

static const char *methods[MOST_METHODS + 1]; /* filled once, by esp_score_methods() */

static const char *const at_words[] = { "own", "conv", "pre", "out", NULL };
static const char *const reduce_words[] = { "own", "max", "sum", "abs-sum", "mean", "abs-mean", NULL };
const char *const esp_mask_words[] = { "both", "spatial", "channel", NULL };

/* "own": as the method's row says. */
const EspKnob esp_score_knobs[ESP_N_SCORE_KNOBS] = {
  [ESP_SCORE_KNOB_METHOD] = { .id = "method", .title = N_ ("Method"), .words = methods },
  [ESP_SCORE_KNOB_AT] = { .id = "at", .title = N_ ("Where in a layer"), .words = at_words },
  [ESP_SCORE_KNOB_REDUCE] = { .id = "reduce", .title = N_ ("Over rows and columns"), .words = reduce_words },
  [ESP_SCORE_KNOB_MASK] = { .id = "mask", .title = N_ ("Masks of the target"), .words = esp_mask_words },
  [ESP_SCORE_KNOB_TAU] = { .id = "tau", .title = N_ ("Threshold of the target"), .preset = 0.02, .highest = 1, .slider_high = 0.5 },
  ESP_RANK_KNOBS (ESP_NORM_NONE, ESP_RANK_LAYER, ESP_COUPLED_SUM),
};

/** esp_score_methods: Returns: (transfer none): rows of attribution that score channels, the words of the first knob. Thread: any. */
const char *const *
esp_score_methods (void)
{
  static gsize filled = 0;
  guint n = 0;

  if (!g_once_init_enter (&filled))
    return methods;
  for (guint i = 0; esp_attribution_get (i) != NULL && n < MOST_METHODS; i++)
    if ((esp_attribution_get (i)->gives & ESP_GIVES_CHANNELS) != 0 && (esp_attribution_get (i)->gives & ESP_WANTS_BOX) == 0)
      methods[n++] = esp_attribution_get (i)->id;
  g_once_init_leave (&filled, 1);
  return methods;
}

/* What the images are run with. */
typedef struct
{
  const EspCriterionInput *input;
  EspScoreWay way;
  EspImageCache *cache;
  EspExplainer *explainer;
  EspTarget *target;
  float *pixels; /* of one network input */
  float *one;    /* the scores of one layer and image */
  EspScores *scores;
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->cache, esp_image_cache_unref);
  g_clear_pointer (&run->explainer, esp_explainer_free);
  g_clear_pointer (&run->target, esp_target_unref);
  g_clear_pointer (&run->scores, esp_scores_unref);
  g_free (run->pixels);
  g_free (run->one);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static EspTarget *
make_target (const Run *run)
{
  const EspCriterionInput *input = run->input;
  g_autoptr (EspTarget) target = NULL;
  const guint n = input->classes != NULL ? input->n_classes : (guint) esp_network_get_classes (input->network);
  g_autofree int *classes = g_new (int, n);

  for (guint i = 0; i < n; i++)
    classes[i] = input->classes != NULL ? input->classes[i] : (int) i;
  target = esp_target_new_classes (classes, n, run->way.tau);
  return run->way.use == ESP_MASKS_BOTH ? g_steal_pointer (&target) : esp_target_new_masks (target, run->way.use);
}

static char *
describe (const Run *run)
{
  const EspCriterionInput *input = run->input;
  const EspAttribution *method = run->way.method;
  g_autoptr (GString) text = g_string_new ("classes=");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (input->classes == NULL)
    g_string_append (text, "all");
  for (guint i = 0; input->classes != NULL && i < input->n_classes; i++)
    g_string_append_printf (text, i > 0 ? ",%d" : "%d", input->classes[i]);
  g_string_append_printf (text, " tau=%s at=%s reduce=%s method=%s", g_ascii_formatd (number, sizeof number, "%g", (double) run->way.tau),
                          at_words[run->way.at + 1], reduce_words[run->way.reduce + 1], method->id);
  if (run->way.use != ESP_MASKS_BOTH)
    g_string_append_printf (text, " mask=%s", esp_mask_words[run->way.use]);
  if (method->n_knobs > 0)
    {
      g_autofree double *presets = esp_knobs_new (method->knobs, method->n_knobs);

      g_string_append_c (text, ':');
      esp_knobs_append_text (method->knobs, method->n_knobs, input->method_knobs != NULL ? input->method_knobs : presets, text);
    }
  return g_strdup (text->str);
}

static gboolean
begin (Run *run, GError **error)
{
  const EspCriterionInput *input = run->input;
  const EspExplainerOptions options = { .backend = input->backend, .bn = input->bn, .seed = input->seed, .quiet = TRUE };
  g_autofree char *parameters = NULL;
  EspEvaluateOptions defaults;
  guint widest = 1;

  run->way.tau = input->tau != NULL ? *input->tau : run->way.tau;
  parameters = describe (run);
  esp_evaluate_options_init (&defaults, input->network);
  run->cache = input->cache != NULL ? esp_image_cache_ref (input->cache)
                                    : esp_image_cache_new (input->dataset, esp_network_get_input (input->network), defaults.fit,
                                                           defaults.orientation, DEFAULT_BUDGET);
  run->target = make_target (run);
  run->scores = esp_scores_new (input->network, run->way.id, parameters);
  run->pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    widest = MAX (widest, (guint) esp_network_get_layer (input->network, l)->out.c);
  run->one = g_new (float, widest);
  run->explainer = esp_explainer_new (input->network, input->weights, &options);
  return esp_explainer_set_method (run->explainer, run->way.method, input->method_knobs, error);
}

/* Adds one image's number of each channel. */
static gboolean
add_image (Run *run, GError **error)
{
  for (guint l = 0; l < esp_network_get_n_layers (run->input->network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (run->scores, l, &n);

      if (values == NULL)
        continue;
      if (!esp_explainer_score (run->explainer, l, run->way.at, run->way.reduce, run->one, error))
        return FALSE;
      for (guint c = 0; c < n; c++)
        values[c] += (double) run->one[c];
    }
  return TRUE;
}

static gboolean
run_images (Run *run, guint *n_used, EspJob *job, GError **error)
{
  const guint n = esp_dataset_get_n (run->input->dataset);

  for (guint i = 0; i < n; i++)
    {
      EspPlacement placement;

      esp_job_set_progress (job, i, n);
      if (run->input->lane != NULL)
        esp_lane_yield (run->input->lane);
      if (!esp_job_check (job, error) || !esp_image_cache_get (run->cache, i, run->pixels, &placement, error)
          || !esp_explainer_run (run->explainer, run->pixels, run->target, ESP_EVERY_LAYER, job, error))
        return FALSE;
      if (esp_explainer_get_n_ones (run->explainer) == 0)
        continue;
      if (!add_image (run, error))
        return FALSE;
      ++*n_used;
    }
  esp_job_set_progress (job, n, n);
  return TRUE;
}

/* Heads, images, and target classes that the network has. */
gboolean
esp_score_check_target (const EspCriterionInput *input, const char *id, GError **error)
{
  const int n_classes = esp_network_get_classes (input->network);

  if (n_classes == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so %s has no target", id);
  else if (input->dataset == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s needs images: none were given", id);
  else
    {
      for (guint i = 0; input->classes != NULL && i < input->n_classes; i++)
        if (input->classes[i] < 0 || input->classes[i] >= n_classes)
          {
            g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "class %d: the network has classes 0 to %d", input->classes[i], n_classes - 1);
            return FALSE;
          }
      return TRUE;
    }
  return FALSE;
}

/*
 * One number a channel and image by @way, summed over the images whose target is not empty.
 * Errors: ESP_ERROR_UNSUPPORTED without heads, without images, or with fewer than 20 images that show anything; those of images and
 * engines; G_IO_ERROR_CANCELLED. Thread: lane.
 */
EspScores *
esp_score_by_method (const EspCriterionInput *input, const EspScoreWay *way, EspJob *job, GError **error)
{
  g_auto (Run) run = { .input = input, .way = *way };
  guint n_used = 0;

  if (!esp_score_check_target (input, way->id, error) || !begin (&run, error) || !run_images (&run, &n_used, job, error))
    return NULL;
  if (n_used < FEWEST_IMAGES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%u of %u images show anything of the target above %g; %s needs at least %d",
                   n_used, esp_dataset_get_n (input->dataset), (double) run.way.tau, way->id, FEWEST_IMAGES);
      return NULL;
    }
  esp_scores_set_n_images (run.scores, n_used);
  return g_steal_pointer (&run.scores);
}

/* What the knobs say; "own" is what the method's row says. */
static EspScoreWay
choose (const EspCriterionInput *input)
{
  g_autofree double *presets = esp_knobs_new (esp_score_knobs, ESP_N_SCORE_KNOBS);
  const double *knobs = input->knobs != NULL ? input->knobs : presets;
  const guint at = (guint) knobs[ESP_SCORE_KNOB_AT], reduce = (guint) knobs[ESP_SCORE_KNOB_REDUCE];
  const EspAttribution *method;

  method = esp_attribution_find (esp_score_methods ()[(guint) knobs[ESP_SCORE_KNOB_METHOD]]);
  return (EspScoreWay){ .id = "attribution",
                        .method = method,
                        .at = at > 0 ? (EspAt) (at - 1) : method->at,
                        .reduce = reduce > 0 ? (EspReduce) (reduce - 1) : method->reduce,
                        .use = (EspMaskUse) knobs[ESP_SCORE_KNOB_MASK],
                        .tau = (float) knobs[ESP_SCORE_KNOB_TAU] };
}

/*
 * Unless the knobs say something else: r = max over h, w of A * G at each convolution's output before batch normalisation, signed; S = sum
 * of r over the images whose target is not empty.
 * Source: Shi, Li, Yamaguchi 2020 (GradAM), the authors' code; differs: images without anything above tau are passed over (they add 0
 * there).
 */
EspScores *
esp_score_by_attribution (const EspCriterionInput *input, EspJob *job, GError **error)
{
  const EspScoreWay way = choose (input);

  return esp_score_by_method (input, &way, job, error);
}
