/* blocks-effect.c: what a network loses and wins without some of its blocks */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/blocks-effect.h"

#include <math.h>

#include "measure/summary.h"
#include "score/cut-pass.h"

/* The outcomes of the whole network, which all others are compared with. */
typedef struct
{
  const EspBlocksInput *input;
  EspOutcome **whole; /* NULL until they are there */
  guint n;            /* images */
  guint *indices;     /* all of them */
  EspJob *job;
} Look;

static void
look_clear (Look *look)
{
  esp_outcomes_free (g_steal_pointer (&look->whole), look->n);
  g_free (look->indices);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, look_clear)

/* (transfer full) (array): NULL with @error. */
static EspOutcome **
run_pass (const Look *look, EspNetwork *network, EspWeights *weights, GError **error)
{
  const EspBlocksInput *input = look->input;
  const EspCutPassInput over = { network, weights, input->dataset, input->map, input->cache, input->options, look->indices, look->n };
  g_autoptr (EspCutPass) pass = esp_cut_pass_new (&over);
  EspOutcome **outcomes = g_new0 (EspOutcome *, look->n + 1);

  if (esp_cut_pass_run_below (pass, NULL, outcomes, look->job, error))
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
  esp_outcomes_free (outcomes, look->n);
  return TRUE;
}

static gboolean
measure (Look *look, const guint *shortcuts, guint n, EspBlocksEffect *effect, GError **error)
{
  const EspBlocksInput *input = look->input;
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = input->options->backend, .bn = input->options->bn, .batch = 1 };
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (EspEngine) alone = NULL;

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
  alone = esp_engine_new (network, weights, &options, NULL, error);
  return alone != NULL && esp_latency_measure (alone, input->seconds, &effect->latency, NULL, error) && esp_job_check (look->job, error);
}

/**
 * esp_blocks_effects:
 * @input: the network, and what it is measured on
 * @shortcuts: (array length=n): the layers that end the blocks
 * @job: (nullable): progress in networks; cancels between two layers
 * @error: those of esp_blocks_remove(), engines and images; G_IO_ERROR_CANCELLED
 *
 * Cost: @n + 1 passes over the images, and one more for all together. Thread: lane; where networks are timed, with nothing else running.
 * Returns: (transfer full) (array length=n + 2): the whole network; without each block alone; without all of them, NaN unless asked for.
 */
EspBlocksEffect *
esp_blocks_effects (const EspBlocksInput *input, const guint *shortcuts, guint n, EspJob *job, GError **error)
{
  g_auto (Look) look = { .input = input, .n = input->dataset != NULL ? esp_dataset_get_n (input->dataset) : 0, .job = job };
  g_autofree EspBlocksEffect *effects = g_new0 (EspBlocksEffect, n + 2);
  const guint n_looks = n + 1 + input->together;

  look.indices = g_new (guint, look.n + 1);
  for (guint i = 0; i < look.n; i++)
    look.indices[i] = i;
  for (guint i = 0; i < n + 2; i++)
    effects[i] = (EspBlocksEffect){ .map = NAN, .difference = { .value = NAN, .low = NAN, .high = NAN } };
  for (guint i = 0; i < n_looks; i++)
    {
      const gboolean alone = i > 0 && i <= n;

      if (!measure (&look, alone ? shortcuts + i - 1 : shortcuts, alone ? 1 : i == 0 ? 0 : n, &effects[i], error))
        return NULL;
      esp_job_set_progress (job, i + 1, n_looks);
    }
  return g_steal_pointer (&effects);
}
