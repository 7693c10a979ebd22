/* plan-compare.c: two plans of one network side by side: what only one cuts, what each costs, and how each does on the same images */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-compare.h"

#include "measure/bootstrap.h"
#include "score/cut-pass.h"

#define REPLICATES_STEP 20

static void
layer_free (gpointer data)
{
  EspLayerDifference *layer = data;

  g_free (layer->only_a);
  g_free (layer->only_b);
  g_free (layer);
}

/* Channels that the one keeps and the other does not. */
static guint *
list_only (const guint8 *cut, const guint8 *kept, guint n, guint *n_only)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint c = 0; c < n; c++)
    if (!cut[c] && kept[c])
      g_array_append_val (list, c);
  *n_only = list->len;
  return g_array_steal (list, NULL);
}

/**
 * esp_plan_difference_new:
 * @network: the network that both are of
 * @a: what the one keeps
 * @b: what the other keeps
 *
 * Costs are in closed form. Thread: any.
 * Returns: (transfer full): where they differ.
 */
EspPlanDifference *
esp_plan_difference_new (const EspNetwork *network, const EspMask *a, const EspMask *b)
{
  EspPlanDifference *difference;

  g_return_val_if_fail (network != NULL && a != NULL && b != NULL, NULL);
  difference = g_new0 (EspPlanDifference, 1);
  difference->layers = g_ptr_array_new_with_free_func (layer_free);
  difference->whole = esp_cost_of (network, NULL);
  difference->cost_a = esp_cost_of (network, a);
  difference->cost_b = esp_cost_of (network, b);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      EspLayerDifference *layer;
      guint n = 0;
      const guint8 *x = esp_mask_get_bits (a, l, &n), *y = esp_mask_get_bits (b, l, NULL);

      if (x == NULL)
        continue;
      layer = g_new0 (EspLayerDifference, 1);
      layer->layer = l;
      layer->n = n;
      layer->kept_a = esp_mask_count_kept (a, l);
      layer->kept_b = esp_mask_count_kept (b, l);
      layer->only_a = list_only (x, y, n, &layer->n_only_a);
      layer->only_b = list_only (y, x, n, &layer->n_only_b);
      difference->cut_a += n - layer->kept_a;
      difference->cut_b += n - layer->kept_b;
      difference->only_a += layer->n_only_a;
      difference->only_b += layer->n_only_b;
      if (layer->n_only_a + layer->n_only_b > 0)
        g_ptr_array_add (difference->layers, layer);
      else
        layer_free (layer);
    }
  return difference;
}

/** esp_plan_difference_free: frees it. */
void
esp_plan_difference_free (EspPlanDifference *difference)
{
  g_ptr_array_unref (difference->layers);
  g_free (difference);
}

/* A few replicates at a time: whoever looks at @job between may do something shorter. Frees @bootstrap. */
static gboolean
find_interval (EspBootstrap *bootstrap, EspInterval *interval, EspJob *job, GError **error)
{
  g_autoptr (EspBootstrap) own = bootstrap;

  while (esp_bootstrap_step (own, REPLICATES_STEP))
    if (!esp_job_check (job, error))
      return FALSE;
  *interval = esp_bootstrap_get (own);
  return TRUE;
}

static gboolean
find_intervals (const EspCompareInput *input, EspOutcome **of_a, EspOutcome **of_b, EspComparison *result, EspJob *job, GError **error)
{
  const guint n = input->n, classes = input->n_classes, replicates = input->replicates;
  const EspProtocol *protocol = input->protocol;

  return find_interval (esp_bootstrap_new_map (of_a, n, classes, protocol, replicates, input->seed), &result->a, job, error)
         && find_interval (esp_bootstrap_new_map (of_b, n, classes, protocol, replicates, input->seed), &result->b, job, error)
         && find_interval (esp_bootstrap_new_difference (of_a, of_b, n, classes, protocol, replicates, input->seed), &result->difference,
                           job, error);
}

/**
 * esp_plan_compare:
 * @input: the network, its weights, and the images
 * @a: what the one plan keeps
 * @b: what the other keeps
 * @result: (out caller-allocates): mAP of both, and of b minus a, each with its 95 % interval
 * @job: (nullable): its progress is images, of the one and then of the other; cancels between two layers, and between some replicates of an
 *   interval
 * @error: as esp_cut_new(), esp_engine_new() and images; G_IO_ERROR_CANCELLED
 *
 * The interval of the difference is paired: the same weights of the same images for both. Cost: two passes. Thread: lane.
 */
gboolean
esp_plan_compare (const EspCompareInput *input, EspMask *a, EspMask *b, EspComparison *result, EspJob *job, GError **error)
{
  g_autoptr (EspCutPass) pass = NULL;
  EspOutcome **of_a, **of_b;
  gboolean done;

  g_return_val_if_fail (input != NULL && a != NULL && b != NULL && result != NULL, FALSE);
  pass = esp_cut_pass_new (&(EspCutPassInput){ input->network, input->weights, input->dataset, input->map, input->cache, input->options,
                                               input->indices, input->n });
  of_a = g_new0 (EspOutcome *, input->n + 1);
  of_b = g_new0 (EspOutcome *, input->n + 1);
  done = esp_cut_pass_run (pass, a, of_a, job, error) && esp_cut_pass_run (pass, b, of_b, job, error);
  done = done && find_intervals (input, of_a, of_b, result, job, error);
  if (done)
    result->p = esp_mcnemar (of_a, of_b, input->n, -1, &result->lost, &result->gained);
  esp_outcomes_free (of_a, input->n);
  esp_outcomes_free (of_b, input->n);
  return done;
}
