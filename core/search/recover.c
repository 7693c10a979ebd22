/* recover.c: what a cut gets back without training: constants folded, means and variances found anew, each with its effect on the mAP */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/recover.h"

#include <math.h>

#include "measure/summary.h"
#include "score/cut-pass.h"
#include "search/channel-means.h"

static const char *const names[ESP_RECOVER_N_STAGES] = { "whole", "cut", "compensated", "estimated" };

/** esp_recover_stage_name: Returns: in a word. Thread: any. */
const char *
esp_recover_stage_name (EspRecoverStage stage)
{
  return names[stage];
}

/* One stage after another; the outcomes of the last one that was measured. */
typedef struct
{
  const EspRecoverInput *input;
  EspRecovered *told;
  EspWeights *weights;
  EspOutcome **outcomes; /* (nullable) */
  guint n;               /* images */
  guint *indices;        /* all of them */
  EspJob *job;
} Recovery;

static void
recovery_clear (Recovery *recovery)
{
  g_clear_pointer (&recovery->weights, esp_weights_unref);
  esp_outcomes_free (g_steal_pointer (&recovery->outcomes), recovery->n);
  g_free (recovery->indices);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovery, recovery_clear)

static gboolean
look (Recovery *recovery, gboolean whole, EspOutcome **outcomes, GError **error)
{
  const EspRecoverInput *input = recovery->input;
  const EspCutPassInput over = { input->network,    whole ? input->weights : recovery->weights,
                                 input->dataset,    input->map,
                                 input->cache,      input->options,
                                 recovery->indices, recovery->n };
  g_autoptr (EspCutPass) pass = esp_cut_pass_new (&over);

  return esp_cut_pass_run (pass, whole ? NULL : input->mask, outcomes, recovery->job, error);
}

/* What the stage that was just reached does, beside the one before. */
static gboolean
measure (Recovery *recovery, EspRecoverStage stage, GError **error)
{
  const EspRecoverInput *input = recovery->input;
  const guint n_classes = (guint) MAX (esp_network_get_classes (input->network), 0);
  EspRecoverEffect *effect = &recovery->told->stages[stage];
  EspOutcome **outcomes;
  g_autoptr (EspSummary) summary = NULL;

  effect->done = TRUE;
  if (input->dataset == NULL)
    return TRUE;
  outcomes = g_new0 (EspOutcome *, MAX (recovery->n, 1));
  if (!look (recovery, stage == ESP_RECOVER_WHOLE, outcomes, error))
    {
      esp_outcomes_free (outcomes, recovery->n);
      return FALSE;
    }
  summary = esp_summary_new (outcomes, recovery->n, n_classes, input->protocol);
  effect->map = summary->map;
  if (recovery->outcomes != NULL)
    effect->difference = esp_interval_of_difference (recovery->outcomes, outcomes, recovery->n, n_classes, input->protocol,
                                                     input->replicates, input->seed);
  esp_outcomes_free (recovery->outcomes, recovery->n);
  recovery->outcomes = outcomes;
  return TRUE;
}

/* From here on these weights; NULL: a step failed. */
static gboolean
go_on (Recovery *recovery, EspWeights *weights, EspRecoverStage stage, GError **error)
{
  if (weights == NULL)
    return FALSE;
  g_clear_pointer (&recovery->weights, esp_weights_unref);
  recovery->weights = weights;
  return measure (recovery, stage, error);
}

static EspWeights *
compensate (Recovery *recovery, GError **error)
{
  const EspRecoverInput *input = recovery->input;
  const guint n_layers = esp_network_get_n_layers (input->network);
  double **means = NULL;
  EspWeights *folded;

  if (input->mean != NULL
      && (means = esp_channel_means (input->network, input->weights, input->options->bn, input->mean, recovery->job, error)) == NULL)
    return NULL;
  folded = esp_compensate (input->network, recovery->weights, input->mask, means, &recovery->told->compensation, error);
  esp_channel_means_free (means, n_layers);
  return folded;
}

/**
 * esp_recover:
 * @input: what is cut, what is asked for, and what its effect is measured on
 * @told: (out)
 * @job: (nullable): cancels
 * @error: those of cut, engine and images; what esp_compensate() and esp_bn_estimate() refuse; G_IO_ERROR_CANCELLED
 *
 * Constants first, so that the moments are those with them. Cost: a pass over the images a stage. Thread: lane.
 * Returns: (transfer full): numbers of the whole network, of which esp_cut_new() makes the recovered cut.
 */
EspWeights *
esp_recover (const EspRecoverInput *input, EspRecovered *told, EspJob *job, GError **error)
{
  g_auto (Recovery) recovery = { .input = input, .told = told, .weights = esp_weights_ref (input->weights), .job = job };

  *told = (EspRecovered){ .by_means = input->mean != NULL };
  for (guint s = 0; s < ESP_RECOVER_N_STAGES; s++)
    told->stages[s] = (EspRecoverEffect){ .map = NAN, .difference = { .value = NAN, .low = NAN, .high = NAN } };
  recovery.n = told->n_images = input->dataset != NULL ? esp_dataset_get_n (input->dataset) : 0;
  recovery.indices = g_new (guint, recovery.n + 1);
  for (guint i = 0; i < recovery.n; i++)
    recovery.indices[i] = i;
  if (!measure (&recovery, ESP_RECOVER_WHOLE, error) || !measure (&recovery, ESP_RECOVER_CUT, error))
    return NULL;
  if (input->compensate && !go_on (&recovery, compensate (&recovery, error), ESP_RECOVER_COMPENSATED, error))
    return NULL;
  if (input->bn != NULL
      && !go_on (&recovery, esp_bn_estimate (input->network, recovery.weights, input->mask, input->bn, 0, &told->estimated, job, error),
                 ESP_RECOVER_ESTIMATED, error))
    return NULL;
  return g_steal_pointer (&recovery.weights);
}
