/* lens-kept.c: how often units are kept when the calibration images are drawn anew */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/lens.h"

#include "base/error.h"
#include "base/rng.h"

/* Every channel's score on every image that shows anything, in the order of the layers. */
struct _EspLensScores
{
  GPtrArray *images; /* of float[n_channels] */
  gsize n_channels;  /* of all convolutions */
};

static EspTarget *
every_class (const EspLensInput *input)
{
  const guint n = (guint) esp_network_get_classes (input->network);
  g_autofree int *classes = g_new (int, MAX (n, 1));

  for (guint i = 0; i < n; i++)
    classes[i] = (int) i;
  return esp_target_new_classes (classes, n, input->tau);
}

static gboolean
read_scores (const EspLensInput *input, EspExplainer *explainer, float *values, GError **error)
{
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      const EspLayer *layer = esp_network_get_layer (input->network, l);

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      if (!esp_explainer_score (explainer, l, ESP_AT_CONV, ESP_REDUCE_MAX, values, error))
        return FALSE;
      values += layer->out.c;
    }
  return TRUE;
}

/**
 * esp_lens_scores_new:
 * @input: the network, the data set and the method
 * @job: (nullable): its progress is images; cancel between two layers
 * @error: as the method and images; ESP_ERROR_UNSUPPORTED where fewer than ESP_LENS_FEWEST images show anything
 *
 * The scores that the criterion attribution sums, of each image by itself. Cost: one explanation an image. Thread: lane.
 *
 * Returns: (transfer full): the scores.
 */
EspLensScores *
esp_lens_scores_new (const EspLensInput *input, EspJob *job, GError **error)
{
  const EspExplainerOptions options = { .backend = input->options->backend, .bn = input->options->bn };
  const guint n = esp_dataset_get_n (input->dataset);
  g_autoptr (EspExplainer) explainer = esp_explainer_new (input->network, input->weights, &options);
  g_autoptr (EspTarget) target = every_class (input);
  g_autoptr (EspLensScores) scores = g_new0 (EspLensScores, 1);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));

  scores->images = g_ptr_array_new_with_free_func (g_free);
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    if (esp_network_get_layer (input->network, l)->kind == ESP_LAYER_CONVOLUTIONAL)
      scores->n_channels += (gsize) esp_network_get_layer (input->network, l)->out.c;
  if (!esp_explainer_set_method (explainer, input->method, input->knobs, error))
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      g_autofree float *values = g_new (float, scores->n_channels + 1);
      EspPlacement placement;

      if (!esp_job_check (job, error) || !esp_image_cache_get (input->cache, i, pixels, &placement, error)
          || !esp_explainer_run (explainer, pixels, target, ESP_EVERY_LAYER, job, error))
        return NULL;
      esp_job_set_progress (job, i + 1, n);
      if (esp_explainer_get_n_ones (explainer) == 0)
        continue;
      if (!read_scores (input, explainer, values, error))
        return NULL;
      g_ptr_array_add (scores->images, g_steal_pointer (&values));
    }
  if (scores->images->len >= ESP_LENS_FEWEST)
    return g_steal_pointer (&scores);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "%u of %u images show anything of the target above %g; attribution needs at least %d to say how often it is kept",
               scores->images->len, n, (double) input->tau, ESP_LENS_FEWEST);
  return NULL;
}

/** esp_lens_scores_free: frees @scores (nullable). Thread: any. */
void
esp_lens_scores_free (EspLensScores *scores)
{
  if (scores == NULL)
    return;
  g_ptr_array_unref (scores->images);
  g_free (scores);
}

/** esp_lens_scores_get_n: Returns: images that show anything. Thread: any. */
guint
esp_lens_scores_get_n (const EspLensScores *scores)
{
  return scores->images->len;
}

/* The sum over as many images as there are, drawn with replacement. */
static EspScores *
draw (const EspLensInput *input, const EspLensScores *scores, GRand *rng)
{
  EspScores *drawn = esp_scores_new (input->network, "attribution", NULL);
  g_autofree guint *times = g_new0 (guint, scores->images->len);

  for (guint i = 0; i < scores->images->len; i++)
    times[g_rand_int_range (rng, 0, (gint32) scores->images->len)]++;
  for (guint i = 0; i < scores->images->len; i++)
    {
      const float *values = g_ptr_array_index (scores->images, i);

      for (guint l = 0; times[i] > 0 && l < esp_network_get_n_layers (input->network); l++)
        {
          guint n = 0;
          double *sums = esp_scores_get (drawn, l, &n);

          if (sums == NULL)
            continue;
          for (guint c = 0; c < n; c++)
            sums[c] += times[i] * (double) values[c];
          values += n;
        }
    }
  return drawn;
}

static void
count_kept (const EspLensInput *input, const EspMask *mask, double *kept, double share)
{
  for (guint u = 0; u < esp_coupling_get_n_units (input->coupling); u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (input->coupling, u, &n);

      if (esp_mask_keeps (mask, members[0].layer, members[0].channel))
        kept[u] += share;
    }
}

/**
 * esp_lens_kept:
 * @input: the network and its couplings
 * @scores: of each image
 * @plan: what a plan says: shares of groups and layers, thresholds (by the share that they let go), floors, rounding, votes and what was
 *   chosen by hand
 * @replicates: how often the images are drawn anew
 * @seed: of the draws
 * @job: (nullable): its progress is replicates; cancel between them
 * @error: G_IO_ERROR_CANCELLED
 *
 * The plain bootstrap (Efron 1979) over images of which channels such a plan keeps by the criterion attribution. A share near 0.5 says that
 * other images would have decided otherwise. Thread: any.
 *
 * Returns: (transfer full): per unit of the coupling, the share of replicates that keep it.
 */
double *
esp_lens_kept (
    const EspLensInput *input, const EspLensScores *scores, EspPlanState *plan, guint replicates, guint64 seed, EspJob *job, GError **error)
{
  g_autofree double *kept = g_new0 (double, esp_coupling_get_n_units (input->coupling) + 1);
  g_autoptr (EspPlan) asked = esp_plan_new (input->network, input->coupling, NULL);

  esp_plan_set_state (asked, plan, "");
  for (guint r = 0; r < replicates; r++)
    {
      g_autoptr (GRand) rng = esp_rng_new (seed, 'k', r);
      g_autoptr (EspScores) drawn = NULL;
      g_autoptr (EspMask) mask = NULL;

      if (!esp_job_check (job, error))
        return NULL;
      drawn = draw (input, scores, rng);
      esp_plan_set_scores (asked, drawn);
      mask = esp_plan_get_mask (asked);
      count_kept (input, mask, kept, 1.0 / replicates);
      esp_job_set_progress (job, r + 1, replicates);
    }
  return g_steal_pointer (&kept);
}
