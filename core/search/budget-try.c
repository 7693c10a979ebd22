/* budget-try.c: one plan of the search: what it costs, and what it keeps of the mAP */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include <math.h>

#include "measure/latency.h"
#include "measure/summary.h"
#include "net/cut.h"
#include "search/budget-private.h"

#define LATENCY_SECONDS .4

/** esp_budget_mask: Returns: (transfer full): what the plan keeps with these ratios, ranked by those scores. Thread: the search's. */
EspMask *
esp_budget_mask (EspBudget *budget, guint scores, const double *ratios)
{
  EspPlan *plan = budget->plan;

  esp_plan_set_scores (plan, budget->input->scores[scores]);
  for (guint g = 0; g < budget->n_groups; g++)
    esp_plan_set_ratio (plan, g, ratios[g]);
  return esp_plan_get_mask (plan);
}

/** esp_budget_cost: Returns: in the limit's unit; where that is ms, BFLOPs. Thread: any. */
double
esp_budget_cost (const EspBudget *budget, const EspCost *cost)
{
  return budget->input->limit.unit == ESP_BUDGET_MB ? (double) cost->file_bytes / 1e6 : cost->bflops;
}

/** esp_budget_cost_try: Returns: what a plan that was tried costs in the limit's unit; NaN where it was not measured. Thread: any. */
double
esp_budget_cost_try (const EspBudget *budget, const EspBudgetTry *one)
{
  return budget->input->limit.unit == ESP_BUDGET_MS ? one->ms : esp_budget_cost (budget, &one->cost);
}

/** esp_budget_ask: an EspSpendFunc: closed-form and exact for the ratios together. Thread: the search's. */
double
esp_budget_ask (const double *ratios, gpointer data)
{
  const EspBudgetAsk *ask = data;
  g_autoptr (EspMask) mask = esp_budget_mask (ask->budget, ask->scores, ratios);
  const EspCost cost = esp_cost_of (ask->budget->network, mask);

  return esp_budget_cost (ask->budget, &cost);
}

/** esp_budget_try: Returns: (transfer none): one of them. Thread: the search's. */
EspBudgetTry *
esp_budget_try (EspBudget *budget, guint index)
{
  return g_ptr_array_index (budget->tries, index);
}

/** esp_budget_may_try: Returns: whether another plan may be measured. Thread: the search's. */
gboolean
esp_budget_may_try (const EspBudget *budget)
{
  const double seconds = (double) (g_get_monotonic_time () - budget->begun) / G_USEC_PER_SEC;

  return budget->tries->len < budget->input->n_tries && !(budget->input->seconds > 0 && seconds > budget->input->seconds);
}

/**
 * esp_budget_outcomes:
 * @mask: a plan's
 * @of_judge: over the half that judges
 * @map: (out): of them
 *
 * The one pass, over the cut network. Errors: of cut, engine and images. Thread: lane.
 * Returns: (transfer full) (array): one an image of that half.
 */
EspOutcome **
esp_budget_outcomes (EspBudget *budget, EspMask *mask, gboolean of_judge, double *map, GError **error)
{
  const guint n = of_judge ? budget->n_judge : budget->n_choose;
  EspOutcome **outcomes = g_new0 (EspOutcome *, n + 1);
  g_autoptr (EspSummary) summary = NULL;

  if (!esp_cut_pass_run_below (budget->passes[of_judge ? 1 : 0], mask, outcomes, budget->job, error))
    {
      g_free (outcomes);
      return NULL;
    }
  summary = esp_summary_new (outcomes, n, budget->n_classes, budget->input->protocol);
  *map = summary->map;
  return outcomes;
}

/** esp_budget_time: @ms: (out): the median of an image in the network that @mask leaves. Thread: lane. */
gboolean
esp_budget_time (EspBudget *budget, EspMask *mask, double *ms, GError **error)
{
  const EspEvaluateOptions *run = budget->input->options;
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = run->backend, .bn = run->bn, .batch = 1 };
  g_autoptr (EspCut) cut = esp_cut_new (budget->network, budget->input->weights, mask, NULL, error);
  g_autoptr (EspEngine) engine
      = cut != NULL ? esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &options, NULL, error) : NULL;
  EspLatency latency;

  if (engine == NULL || !esp_latency_measure (engine, LATENCY_SECONDS, &latency, NULL, error))
    return FALSE;
  *ms = latency.median_ms;
  return esp_job_check (budget->job, error);
}

static gboolean
measure_map (EspBudget *budget, EspMask *mask, double *map, GError **error)
{
  EspOutcome **outcomes = esp_budget_outcomes (budget, mask, FALSE, map, error);

  esp_outcomes_free (outcomes, budget->n_choose);
  return outcomes != NULL;
}

static void
try_free (gpointer data)
{
  EspBudgetTry *one = data;

  g_free (one->ratios);
  esp_mask_unref (one->mask);
  g_free (one);
}

static int
find_mask (const EspBudget *budget, const EspMask *mask)
{
  for (guint i = 0; i < budget->tries->len; i++)
    if (esp_hash_equal (esp_mask_get_hash (((EspBudgetTry *) g_ptr_array_index (budget->tries, i))->mask), esp_mask_get_hash (mask)))
      return (int) i;
  return -1;
}

static void
tell (EspBudget *budget, guint index)
{
  if (budget->input->tried != NULL)
    budget->input->tried (budget, index, budget->input->tried_data);
}

/* Tried before: for itself alone perhaps, when its time was not asked for. */
static gboolean
know_better (EspBudget *budget, guint index, EspTryKind kind, GError **error)
{
  EspBudgetTry *one = esp_budget_try (budget, index);

  if (one->kind != ESP_TRY_ALONE || kind == ESP_TRY_ALONE)
    return TRUE;
  one->kind = kind;
  if (budget->input->limit.unit == ESP_BUDGET_MS && !esp_budget_time (budget, one->mask, &one->ms, error))
    return FALSE;
  one->fits = esp_budget_cost_try (budget, one) <= budget->most;
  tell (budget, index);
  return TRUE;
}

/**
 * esp_budget_measure:
 * @kind: why it is tried
 * @scores: what ranks
 * @ratios: one a group
 * @index: (out): of the try: an earlier one where that kept the same channels
 *
 * Cost: a pass over the choosing half; where the limit is one of time, some forwards more. Errors: of cut, engine and images; cancelled.
 * Thread: lane.
 */
gboolean
esp_budget_measure (EspBudget *budget, EspTryKind kind, guint scores, const double *ratios, guint *index, GError **error)
{
  g_autoptr (EspMask) mask = esp_budget_mask (budget, scores, ratios);
  const int known = find_mask (budget, mask);
  EspBudgetTry one = { .kind = kind, .scores = scores, .ms = NAN };

  *index = known >= 0 ? (guint) known : budget->tries->len;
  if (known >= 0)
    return know_better (budget, *index, kind, error);
  if (!measure_map (budget, mask, &one.map, error)
      || (budget->input->limit.unit == ESP_BUDGET_MS && kind != ESP_TRY_ALONE && !esp_budget_time (budget, mask, &one.ms, error)))
    return FALSE;
  one.cost = esp_cost_of (budget->network, mask);
  one.ratios = g_memdup2 (ratios, budget->n_groups * sizeof (double));
  one.mask = g_steal_pointer (&mask);
  one.fits = esp_budget_cost_try (budget, &one) <= budget->most;
  if (budget->tries->len == 0)
    g_ptr_array_set_free_func (budget->tries, try_free);
  g_ptr_array_add (budget->tries, g_memdup2 (&one, sizeof one));
  tell (budget, *index);
  esp_job_set_progress (budget->job, budget->tries->len, budget->input->n_tries);
  return TRUE;
}
