/* budget.c: the plan that loses least for what it may cost, chosen on half of the images and judged on the other */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/budget.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "measure/summary.h"
#include "search/budget-private.h"

#define HALVINGS 8 /* of the BFLOPs that take as long as allowed */
#define TRIES    5 /* of a little less where the clock said otherwise the second time */
#define LESS     .95

static const char *const kinds[ESP_TRY_N_KINDS] = { "whole", "uniform", "alone", "solved", "refined" };

/** esp_try_kind_name: Returns: why a plan was tried, in a word. Thread: any. */
const char *
esp_try_kind_name (EspTryKind kind)
{
  return kinds[kind];
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

/**
 * esp_budget_choose:
 * @dataset: the images
 * @n_images: at most so many of them, 0: all
 * @seed: of the order that they are dealt out in
 * @n_choose: (out)
 * @judge: (out) (transfer full) (array length=n_judge): the half that judges, ascending
 * @n_judge: (out)
 *
 * Every other image of the stratified order, so that both halves show much the same classes.
 * Returns: (transfer full) (array length=n_choose): the half that chooses, ascending; of an odd number the larger. Thread: any.
 */
guint *
esp_budget_choose (EspDataset *dataset, guint n_images, guint64 seed, guint *n_choose, guint **judge, guint *n_judge)
{
  g_autofree guint *order = esp_dataset_order (dataset, seed);
  const guint all = esp_dataset_get_n (dataset), n = n_images > 0 ? MIN (n_images, all) : all;
  guint *choose = g_new (guint, n / 2 + 1);

  *judge = g_new (guint, n / 2 + 1);
  *n_choose = *n_judge = 0;
  for (guint i = 0; i < n; i++)
    if (i % 2 == 0)
      choose[(*n_choose)++] = order[i];
    else
      (*judge)[(*n_judge)++] = order[i];
  qsort (choose, *n_choose, sizeof *choose, ascending);
  qsort (*judge, *n_judge, sizeof **judge, ascending);
  return choose;
}

static gboolean
check (const EspBudgetInput *input, const EspBudget *budget, GError **error)
{
  if (budget->n_classes == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so there is no mAP to keep");
  else if (input->map == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "a budget needs labelled images: what a plan loses is its mAP");
  else if (budget->n_judge == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "one image cannot be divided into a half that chooses and one that judges");
  else if (budget->n_groups == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "no layer of the network can be cut");
  else if (input->n_scores == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "there are no scores that rank the channels");
  else if (isinf (input->limit.most) && isnan (input->least_map))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "neither a limit of the cost nor a least mAP was given");
  else
    return TRUE;
  return FALSE;
}

static gboolean
measure_whole (EspBudget *budget, GError **error)
{
  const EspBudgetInput *input = budget->input;
  g_autofree double *none = g_new0 (double, budget->n_groups);
  EspBudgetTry *whole;
  guint index;

  budget->most = INFINITY;
  if (!esp_budget_measure (budget, ESP_TRY_WHOLE, 0, none, &index, error))
    return FALSE;
  whole = esp_budget_try (budget, 0);
  budget->most = input->limit.most * (input->limit.relative ? esp_budget_cost_try (budget, whole) : 1);
  whole->fits = esp_budget_cost_try (budget, whole) <= budget->most;
  if (!(whole->map < input->least_map))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "a mAP of %.4g cannot be kept: the whole network has %.4g on the %u images that choose; expected at most that",
               input->least_map, whole->map, budget->n_choose);
  return FALSE;
}

/* What is left with every group cut as far as it goes, in the limit's unit, and in that of esp_budget_ask(). */
static gboolean
find_least (EspBudget *budget, double *least, double *asked, GError **error)
{
  EspBudgetAsk ask = { budget, 0 };
  g_autofree double *all = g_new (double, budget->n_groups);
  g_autoptr (EspMask) mask = NULL;

  for (guint g = 0; g < budget->n_groups; g++)
    all[g] = 1;
  *least = *asked = esp_budget_ask (all, &ask);
  if (budget->input->limit.unit != ESP_BUDGET_MS)
    return TRUE;
  mask = esp_budget_mask (budget, 0, all);
  return esp_budget_time (budget, mask, least, error);
}

static gboolean
check_limit (EspBudget *budget, double *asked, GError **error)
{
  const char *unit = esp_budget_unit_name (budget->input->limit.unit);
  double least;

  if (!find_least (budget, &least, asked, error))
    return FALSE;
  if (least <= budget->most)
    return TRUE;
  g_set_error (
      error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
      "at most %.4g %s cannot be had: the least that can be reached is %.4g %s, with every group cut down to %u channels a layer (the "
      "floor); the whole network has %.4g %s",
      budget->most, unit, least, unit, esp_plan_get_floor (budget->input->plan), esp_budget_cost_try (budget, esp_budget_try (budget, 0)),
      unit);
  return FALSE;
}

/* How many BFLOPs a uniform plan may have to take no longer than allowed. */
static gboolean
find_bflops (EspBudget *budget, double least, double *bflops, GError **error)
{
  g_autofree double *ratios = g_new (double, budget->n_groups);
  EspBudgetAsk ask = { budget, 0 };
  const EspSpend spend = { budget->n_groups, esp_budget_ask, &ask };
  double low = least, high = esp_budget_try (budget, 0)->cost.bflops;

  for (guint i = 0; i < HALVINGS; i++)
    {
      const double middle = (low + high) / 2;
      g_autoptr (EspMask) mask = NULL;
      double ms;

      if (!esp_spend_uniform (&spend, middle, ratios))
        break;
      mask = esp_budget_mask (budget, 0, ratios);
      if (!esp_budget_time (budget, mask, &ms, error))
        return FALSE;
      *(ms <= budget->most ? &low : &high) = middle;
    }
  *bflops = low;
  return TRUE;
}

static gboolean
check_tries (EspBudget *budget, GError **error)
{
  const char *unit = esp_budget_unit_name (budget->input->limit.unit);

  if (budget->input->n_tries >= 2)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "one plan to try is the whole network, which costs %.4g %s where %.4g are allowed: expected at least 2 plans",
               esp_budget_cost_try (budget, esp_budget_try (budget, 0)), unit, budget->most);
  return FALSE;
}

static gboolean
search_limit (EspBudget *budget, GError **error)
{
  double most = budget->most, least;

  if (esp_budget_try (budget, 0)->fits)
    return TRUE;
  if (!check_tries (budget, error) || !check_limit (budget, &least, error))
    return FALSE;
  if (budget->input->limit.unit != ESP_BUDGET_MS)
    return esp_budget_search (budget, most, NAN, &budget->found, error);
  if (!find_bflops (budget, least, &most, error))
    return FALSE;
  for (guint i = 0; i < TRIES && (i == 0 || esp_budget_may_try (budget)); i++, most = MAX (least, LESS * most))
    if (!esp_budget_search (budget, most, NAN, &budget->found, error))
      return FALSE;
    else if (esp_budget_try (budget, budget->found)->fits)
      return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "no plan that was tried takes at most %.4g ms: the fastest of the best takes %.4g ms", budget->most,
               esp_budget_try (budget, budget->found)->ms);
  return FALSE;
}

/* Of all plans that fit the best, whatever it was tried for. */
static void
take_best (EspBudget *budget)
{
  for (guint i = 0; i < budget->tries->len; i++)
    {
      const EspBudgetTry *one = esp_budget_try (budget, i), *best = esp_budget_try (budget, budget->found);

      if (one->fits && (!best->fits || one->map > best->map))
        budget->found = i;
    }
}

static gboolean
check_map (EspBudget *budget, GError **error)
{
  const double expected = budget->input->least_map;
  const EspBudgetTry *found = esp_budget_try (budget, budget->found), *enough = NULL;
  const char *unit = esp_budget_unit_name (budget->input->limit.unit);

  if (!(found->map < expected))
    return TRUE;
  for (guint i = 0; i < budget->tries->len; i++)
    {
      const EspBudgetTry *one = esp_budget_try (budget, i);

      if (one->map >= expected && (enough == NULL || esp_budget_cost_try (budget, one) < esp_budget_cost_try (budget, enough)))
        enough = one;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "with at most %.4g %s the best of %u plans has a mAP of %.4g on the images that choose, less than %.4g; the cheapest one "
               "tried that has "
               "it costs %.4g %s",
               budget->most, unit, budget->tries->len, found->map, expected, esp_budget_cost_try (budget, enough), unit);
  return FALSE;
}

static gboolean
search (EspBudget *budget, GError **error)
{
  const EspBudgetInput *input = budget->input;

  if (!measure_whole (budget, error))
    return FALSE;
  if (isinf (input->limit.most))
    return esp_budget_shrink (budget, input->least_map, &budget->found, error);
  if (!search_limit (budget, error))
    return FALSE;
  take_best (budget);
  return check_map (budget, error);
}

/* A plan is on the frontier where no other is better in one and no worse in the other. */
static void
mark_frontier (EspBudget *budget)
{
  for (guint i = 0; i < budget->tries->len; i++)
    {
      EspBudgetTry *one = esp_budget_try (budget, i);
      const double cost = esp_budget_cost_try (budget, one);

      one->frontier = !isnan (cost);
      for (guint j = 0; j < budget->tries->len && one->frontier; j++)
        {
          const EspBudgetTry *other = esp_budget_try (budget, j);
          const double others = esp_budget_cost_try (budget, other);

          one->frontier = !((others <= cost && other->map > one->map) || (others < cost && other->map >= one->map));
        }
    }
}

/* Of those that cost no more than what was found may. */
static void
find_uniform (EspBudget *budget)
{
  const double most = isinf (budget->most) ? esp_budget_cost_try (budget, esp_budget_try (budget, budget->found)) : budget->most;

  budget->uniform = -1;
  for (guint i = 0; i < budget->tries->len; i++)
    {
      const EspBudgetTry *one = esp_budget_try (budget, i);

      if (one->kind == ESP_TRY_UNIFORM && esp_budget_cost_try (budget, one) <= most
          && (budget->uniform < 0 || one->map > esp_budget_try (budget, (guint) budget->uniform)->map))
        budget->uniform = (int) i;
    }
}

static EspOutcome **
look (EspBudget *budget, guint index, gboolean of_judge, double *map, GError **error)
{
  return esp_budget_outcomes (budget, esp_budget_try (budget, index)->mask, of_judge, map, error);
}

static gboolean
judge (EspBudget *budget, gboolean of_judge, GError **error)
{
  const EspBudgetInput *input = budget->input;
  EspBudgetHalf *half = &budget->halves[of_judge ? 1 : 0];
  const guint n = half->n_images = of_judge ? budget->n_judge : budget->n_choose;
  EspOutcome **whole = look (budget, 0, of_judge, &half->whole, error), **found = NULL, **uniform = NULL;

  half->uniform = NAN;
  half->from_uniform = (EspInterval){ .value = NAN, .low = NAN, .high = NAN };
  if (whole != NULL && (found = look (budget, budget->found, of_judge, &half->found, error)) != NULL)
    half->from_whole = esp_interval_of_difference (whole, found, n, budget->n_classes, input->protocol, input->replicates, input->seed);
  if (found != NULL && budget->uniform >= 0 && (uniform = look (budget, (guint) budget->uniform, of_judge, &half->uniform, error)) != NULL)
    half->from_uniform = esp_interval_of_difference (uniform, found, n, budget->n_classes, input->protocol, input->replicates, input->seed);
  esp_outcomes_free (whole, n);
  esp_outcomes_free (found, n);
  esp_outcomes_free (uniform, n);
  return found != NULL && (budget->uniform < 0 || uniform != NULL);
}

/* (transfer full): a plan of its own that says what @plan does. */
static EspPlan *
copy_plan (EspPlan *plan)
{
  g_autoptr (EspPlanState) state = esp_plan_get_state (plan);
  EspPlan *copy = esp_plan_new (esp_plan_get_network (plan), esp_plan_get_coupling (plan), NULL);

  esp_plan_set_state (copy, state, "");
  return copy;
}

static EspCutPass *
make_pass (const EspBudget *budget, const guint *indices, guint n)
{
  const EspBudgetInput *input = budget->input;

  return esp_cut_pass_new (
      &(EspCutPassInput){ budget->network, input->weights, input->dataset, input->map, input->cache, input->options, indices, n });
}

static void
begin (EspBudget *budget, const EspBudgetInput *input, EspJob *job)
{
  budget->input = input;
  budget->network = esp_plan_get_network (input->plan);
  budget->n_groups = esp_plan_get_n_groups (input->plan);
  budget->n_classes = (guint) MAX (esp_network_get_classes (budget->network), 0);
  budget->choose = esp_budget_choose (input->dataset, input->n_images, input->seed, &budget->n_choose, &budget->judge, &budget->n_judge);
  budget->plan = copy_plan (input->plan);
  budget->passes[0] = make_pass (budget, budget->choose, budget->n_choose);
  budget->passes[1] = make_pass (budget, budget->judge, budget->n_judge);
  budget->tries = g_ptr_array_new ();
  budget->uniform = -1;
  budget->begun = g_get_monotonic_time ();
  budget->job = job;
}

/* What was found becomes one act of the plan, scores included. */
static void
tell_plan (EspBudget *budget)
{
  const EspBudgetTry *found = esp_budget_try (budget, budget->found);
  g_autoptr (EspMask) mask = esp_budget_mask (budget, found->scores, found->ratios);
  g_autoptr (EspPlanState) state = esp_plan_get_state (budget->plan);

  esp_plan_set_state (budget->input->plan, state, NULL);
}

/* What is of no use once all is measured. */
static void
clear_work (EspBudget *budget)
{
  g_clear_object (&budget->plan);
  for (guint h = 0; h < G_N_ELEMENTS (budget->passes); h++)
    g_clear_pointer (&budget->passes[h], esp_cut_pass_free);
}

/**
 * esp_budget_solve:
 * @input: what is asked for; it must outlive what is returned
 * @job: (nullable): progress in plans; cancels between two of them
 * @error: ESP_ERROR_UNSUPPORTED for a budget that cannot be met, with the least that can be reached; those of engines and images;
 *   G_IO_ERROR_CANCELLED
 *
 * The plan's ratios are solved for over its groups: see budget-search.c. All that chooses, every mAP but that of the judging half, is of
 * the choosing half. When all is measured the plan gets the ratios found and the scores that they rank by, as one act of undo; until then,
 * and where nothing is found, it is left as it is. Cost: at most n_tries passes over half of the images, and six over halves for the
 * report. Thread: lane.
 * Returns: (transfer full): every plan that was tried, and what the halves say of the one found.
 */
EspBudget *
esp_budget_solve (const EspBudgetInput *input, EspJob *job, GError **error)
{
  g_autoptr (EspBudget) budget = g_new0 (EspBudget, 1);

  begin (budget, input, job);
  if (!check (input, budget, error) || !search (budget, error))
    return NULL;
  mark_frontier (budget);
  find_uniform (budget);
  budget->seconds = (double) (g_get_monotonic_time () - budget->begun) / G_USEC_PER_SEC;
  if (!judge (budget, FALSE, error) || !judge (budget, TRUE, error))
    return NULL;
  tell_plan (budget);
  clear_work (budget);
  return g_steal_pointer (&budget);
}

/** esp_budget_free: frees @budget and every try. Thread: any. */
void
esp_budget_free (EspBudget *budget)
{
  g_clear_pointer (&budget->tries, g_ptr_array_unref);
  clear_work (budget);
  g_free (budget->choose);
  g_free (budget->judge);
  g_free (budget);
}

/** esp_budget_get_n: Returns: how many plans were measured. Thread: any. */
guint
esp_budget_get_n (const EspBudget *budget)
{
  return budget->tries->len;
}

/** esp_budget_get: Returns: (transfer none): one of them, in the order that they were tried in; the first is the whole network.
 * Thread: any. */
const EspBudgetTry *
esp_budget_get (const EspBudget *budget, guint index)
{
  g_return_val_if_fail (index < budget->tries->len, NULL);
  return g_ptr_array_index (budget->tries, index);
}

/** esp_budget_get_found: Returns: which of them was found; 0 where the whole network fits. Thread: any. */
guint
esp_budget_get_found (const EspBudget *budget)
{
  return budget->found;
}

/** esp_budget_get_uniform: Returns: which is the best uniform plan that costs no more, -1 where none was needed. Thread: any. */
int
esp_budget_get_uniform (const EspBudget *budget)
{
  return budget->uniform;
}

/** esp_budget_get_most: Returns: the limit in its unit; infinite where there was none. Thread: any. */
double
esp_budget_get_most (const EspBudget *budget)
{
  return budget->most;
}

/** esp_budget_get_half: Returns: (transfer none): what the images that chose (@judge FALSE) or the others say. Thread: any. */
const EspBudgetHalf *
esp_budget_get_half (const EspBudget *budget, gboolean of_judge)
{
  return &budget->halves[of_judge ? 1 : 0];
}

/** esp_budget_get_cost: Returns: what @one costs in the limit's unit, NaN where that was not measured. Thread: any. */
double
esp_budget_get_cost (const EspBudget *budget, const EspBudgetTry *one)
{
  return esp_budget_cost_try (budget, one);
}

/** esp_budget_get_seconds: Returns: what the search took, the judging apart. Thread: any. */
double
esp_budget_get_seconds (const EspBudget *budget)
{
  return budget->seconds;
}
