/* blocks-effect.c: what a network loses and wins without some of its blocks */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/blocks-effect.h"

#include <math.h>

#include "measure/summary.h"

/* The outcomes of the whole network, which all others are compared with. */
typedef struct
{
  const EspBlocksInput *input;
  EspOutcome **whole; /* NULL until they are there */
  guint n;            /* images */
  EspJob *job;
} Look;

static void
free_outcomes (EspOutcome **outcomes, guint n)
{
  for (guint i = 0; outcomes != NULL && i < n; i++)
    g_clear_pointer (&outcomes[i], esp_outcome_free);
  g_free (outcomes);
}

static void
look_clear (Look *look)
{
  free_outcomes (g_steal_pointer (&look->whole), look->n);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, look_clear)

static EspEngine *
make_engine (const Look *look, EspNetwork *network, EspWeights *weights, guint batch, GError **error)
{
  const EspEvaluateOptions *run = look->input->options;
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = run->backend, .bn = run->bn, .batch = batch };

  return esp_engine_new (network, weights, &options, NULL, error);
}

/* (transfer full) (array): NULL with @error. */
static EspOutcome **
run_pass (const Look *look, EspNetwork *network, EspWeights *weights, GError **error)
{
  const EspBlocksInput *input = look->input;
  g_autoptr (EspEngine) engine = make_engine (look, network, weights, input->options->batch, error);
  g_autofree guint *indices = g_new (guint, MAX (look->n, 1));
  g_autoptr (EspPass) pass = NULL;
  EspOutcome **outcomes;

  if (engine == NULL)
    return NULL;
  for (guint i = 0; i < look->n; i++)
    indices[i] = i;
  pass = esp_pass_new (engine, input->dataset, input->map, input->cache, input->options);
  outcomes = g_new0 (EspOutcome *, MAX (look->n, 1));
  if (esp_pass_run (pass, indices, look->n, outcomes, look->job, error))
    return outcomes;
  g_free (outcomes);
  return NULL;
}

static gboolean
measure_map (Look *look, EspNetwork *network, EspWeights *weights, EspBlocksEffect *effect, GError **error)
{
  const EspBlocksInput *input = look->input;
  const guint n_classes = (guint) MAX (esp_network_get_classes (network), 0);
  EspOutcome **outcomes = run_pass (look, network, weights, error);
  g_autoptr (EspSummary) summary = NULL;

  if (outcomes == NULL)
    return FALSE;
  summary = esp_summary_new (outcomes, look->n, n_classes, input->protocol);
  effect->map = summary->map;
  if (look->whole == NULL)
    {
      look->whole = outcomes;
      return TRUE;
    }
  effect->difference
      = esp_interval_of_difference (look->whole, outcomes, look->n, n_classes, input->protocol, input->replicates, input->seed);
  free_outcomes (outcomes, look->n);
  return TRUE;
}

static gboolean
measure (Look *look, const guint *shortcuts, guint n, EspBlocksEffect *effect, GError **error)
{
  const EspBlocksInput *input = look->input;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspEngine) alone = NULL;

  *effect = (EspBlocksEffect){ .map = NAN, .difference = { .value = NAN, .low = NAN, .high = NAN } };
  if (n == 0)
    {
      network = esp_network_ref (input->network);
      weights = esp_weights_ref (input->weights);
    }
  else if (!esp_blocks_remove (input->network, input->weights, shortcuts, n, &network, &weights, NULL, error))
    return FALSE;
  effect->cost = esp_cost_of (network, NULL);
  if (input->dataset != NULL && !measure_map (look, network, weights, effect, error))
    return FALSE;
  if (!(input->seconds > 0))
    return TRUE;
  alone = make_engine (look, network, weights, 1, error);
  return alone != NULL && esp_latency_measure (alone, input->seconds, &effect->latency, NULL, error) && esp_job_check (look->job, error);
}

/**
 * esp_blocks_effects:
 * @input: the network, and what it is measured on
 * @shortcuts: (array length=n): the layers that end the blocks
 * @job: (nullable): progress in networks; cancels between two layers
 * @error: those of esp_blocks_remove(), engines and images; G_IO_ERROR_CANCELLED
 *
 * Cost: @n + 2 passes over the images. Thread: lane; where networks are timed, with nothing else running.
 * Returns: (transfer full) (array length=n + 2): the whole network; without each block alone; without all of them.
 */
EspBlocksEffect *
esp_blocks_effects (const EspBlocksInput *input, const guint *shortcuts, guint n, EspJob *job, GError **error)
{
  g_auto (Look) look = { .input = input, .n = input->dataset != NULL ? esp_dataset_get_n (input->dataset) : 0, .job = job };
  g_autofree EspBlocksEffect *effects = g_new0 (EspBlocksEffect, n + 2);

  for (guint i = 0; i < n + 2; i++)
    {
      const gboolean alone = i > 0 && i <= n;

      if (!measure (&look, alone ? shortcuts + i - 1 : shortcuts, alone ? 1 : i == 0 ? 0 : n, &effects[i], error))
        return NULL;
      esp_job_set_progress (job, i + 1, n + 2);
    }
  return g_steal_pointer (&effects);
}
