/* by-attribution.c: method 1's scores: gradient × activation before batch normalisation, over a calibration set */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "base/error.h"
#include "explain/explainer.h"
#include "prune/criterion-private.h"

#define FEWEST_IMAGES  20
#define DEFAULT_TAU    0.02f
#define DEFAULT_BUDGET ((gsize) 64 << 20)

/* What the images are run with. */
typedef struct
{
  const EspCriterionInput *input;
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
make_target (const EspCriterionInput *input, float tau)
{
  const guint n = input->classes != NULL ? input->n_classes : (guint) esp_network_get_classes (input->network);
  g_autofree int *classes = g_new (int, n);

  for (guint i = 0; i < n; i++)
    classes[i] = input->classes != NULL ? input->classes[i] : (int) i;
  return esp_target_new_classes (classes, n, tau);
}

static char *
describe (const EspCriterionInput *input, float tau)
{
  g_autoptr (GString) text = g_string_new ("classes=");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (input->classes == NULL)
    g_string_append (text, "all");
  for (guint i = 0; input->classes != NULL && i < input->n_classes; i++)
    g_string_append_printf (text, i > 0 ? ",%d" : "%d", input->classes[i]);
  g_string_append_printf (text, " tau=%s at=conv reduce=max method=gradient-activation",
                          g_ascii_formatd (number, sizeof number, "%g", tau));
  return g_strdup (text->str);
}

static gboolean
begin (Run *run, GError **error)
{
  const EspCriterionInput *input = run->input;
  const EspExplainerOptions options = { .backend = input->backend, .bn = input->bn, .seed = input->seed };
  const float tau = input->tau > 0 ? input->tau : DEFAULT_TAU;
  g_autofree char *parameters = describe (input, tau);
  EspEvaluateOptions defaults;
  guint widest = 1;

  esp_evaluate_options_init (&defaults, input->network);
  run->cache = input->cache != NULL ? esp_image_cache_ref (input->cache)
                                    : esp_image_cache_new (input->dataset, esp_network_get_input (input->network), defaults.fit,
                                                           defaults.orientation, DEFAULT_BUDGET);
  run->target = make_target (input, tau);
  run->scores = esp_scores_new (input->network, "attribution", parameters);
  run->pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    widest = MAX (widest, (guint) esp_network_get_layer (input->network, l)->out.c);
  run->one = g_new (float, widest);
  run->explainer = esp_explainer_new (input->network, input->weights, &options);
  return esp_explainer_set_method (run->explainer, esp_attribution_find ("gradient-activation"), NULL, error);
}

/* Adds one image's signed maximum over h, w of each channel. */
static gboolean
add_image (Run *run, GError **error)
{
  for (guint l = 0; l < esp_network_get_n_layers (run->input->network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (run->scores, l, &n);

      if (values == NULL)
        continue;
      if (!esp_explainer_score (run->explainer, l, ESP_AT_CONV, ESP_REDUCE_MAX, run->one, error))
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

static gboolean
check (const EspCriterionInput *input, GError **error)
{
  const int n_classes = esp_network_get_classes (input->network);

  if (n_classes == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so attribution has no target");
  else if (input->dataset == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "attribution needs images: none were given");
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
 * r = max over h, w of A * G at each convolution's output before batch normalisation, signed; S = sum of r over the images whose target is not empty.
 * Errors: ESP_ERROR_UNSUPPORTED without heads, without images, or with fewer than 20 images that show anything; those of images and engines;
 * G_IO_ERROR_CANCELLED. Thread: lane.
 * Source: Shi, Li, Yamaguchi 2020 (GradAM), the authors' code; differs: images without anything above tau are passed over (they add 0 there).
 */
EspScores *
esp_score_by_attribution (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_auto (Run) run = { .input = input };
  guint n_used = 0;

  if (!check (input, error) || !begin (&run, error) || !run_images (&run, &n_used, job, error))
    return NULL;
  if (n_used < FEWEST_IMAGES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                   "%u of %u images show anything of the target above %g; attribution needs at least %d", n_used,
                   esp_dataset_get_n (input->dataset), input->tau > 0 ? (double) input->tau : (double) DEFAULT_TAU, FEWEST_IMAGES);
      return NULL;
    }
  esp_scores_set_n_images (run.scores, n_used);
  return g_steal_pointer (&run.scores);
}
