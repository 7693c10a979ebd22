/* budget-search.c: candidates from what each group bears alone, and their neighbours, measured until none is better
 *
 * Uniform plans first, one a way to rank; then each group alone at some ratios; from those losses and the exact cost the ratios of least
 * summed and of least largest loss; then, from the best of all, one group's ratio moved up or down while the others give or take together
 * what that frees or costs. Losses do not add up, so only a measured plan counts, and the uniform ones are among those measured: what is
 * found is no worse than they are. */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include <math.h>
#include <string.h>

#include "search/budget-private.h"

#define MOST_LEVELS 3

/* The shares at which a group is looked at alone: fewer where three for each group would be more than half of the plans that may still be
 * tried. */
static const double levels[MOST_LEVELS][MOST_LEVELS] = { { .5 }, { .33, .67 }, { .25, .5, .75 } };
static const double steps[] = { .16, .08, .04, .02 };

#define HALVINGS 7   /* of the cost, towards the least with enough mAP */
#define SMALLER  .96 /* what the next plan may cost of the last that had enough */

typedef struct
{
  EspBudget *budget;
  double most;   /* of esp_budget_ask() */
  double enough; /* NaN: the best there is */
  guint best;
  guint n_levels; /* of the losses */
  double *losses; /* NULL until they are measured, and where there are too few tries for that */
} Search;

static const EspBudgetTry *
best_of (const Search *search)
{
  return esp_budget_try (search->budget, search->best);
}

static gboolean
is_over (const Search *search)
{
  return !esp_budget_may_try (search->budget) || best_of (search)->map >= search->enough; /* never for NaN */
}

/* Of a search within a limit only what fits counts, unless nothing does. */
static gboolean
is_better (const EspBudgetTry *one, const EspBudgetTry *other)
{
  if (one->fits != other->fits)
    return one->fits;
  return one->map > other->map || (one->map == other->map && one->cost.bflops < other->cost.bflops);
}

/* Measures what @ratios leave, and takes it where it is better. */
static gboolean
offer (Search *search, EspTryKind kind, guint scores, const double *ratios, gboolean *taken, GError **error)
{
  guint index;

  *taken = FALSE;
  if (!esp_budget_measure (search->budget, kind, scores, ratios, &index, error))
    return FALSE;
  *taken = index != search->best && is_better (esp_budget_try (search->budget, index), best_of (search));
  if (*taken)
    search->best = index;
  return TRUE;
}

static gboolean
try_uniform (Search *search, GError **error)
{
  EspBudget *budget = search->budget;
  g_autofree double *ratios = g_new (double, MAX (budget->n_groups, 1));

  for (guint s = 0; s < budget->input->n_scores; s++)
    {
      EspBudgetAsk ask = { budget, s };
      const EspSpend spend = { budget->n_groups, esp_budget_ask, &ask };
      guint index;

      if (search->best != G_MAXUINT && !esp_budget_may_try (budget))
        break;
      if (!esp_spend_uniform (&spend, search->most, ratios))
        continue;
      if (!esp_budget_measure (budget, ESP_TRY_UNIFORM, s, ratios, &index, error))
        return FALSE;
      if (search->best == G_MAXUINT || is_better (esp_budget_try (budget, index), best_of (search)))
        search->best = index;
    }
  return TRUE;
}

static guint
choose_levels (const EspBudget *budget)
{
  const guint left = budget->input->n_tries - MIN (budget->tries->len, budget->input->n_tries);

  return MIN (left / 2 / budget->n_groups, MOST_LEVELS);
}

/* What each group loses alone at each level; not falling with the level.
 * No losses where they would take most of what may be tried, or time ended. */
static gboolean
look_alone (Search *search, guint scores, GError **error)
{
  EspBudget *budget = search->budget;
  const double whole = esp_budget_try (budget, 0)->map;
  const guint n_levels = search->n_levels = choose_levels (budget);
  g_autofree double *losses = g_new0 (double, budget->n_groups *n_levels + 1);

  for (guint g = 0; g < budget->n_groups; g++)
    for (guint k = 0; k < n_levels; k++)
      {
        g_autofree double *ratios = g_new0 (double, budget->n_groups);
        double *loss = losses + g * n_levels + k;
        guint index;

        if (!esp_budget_may_try (budget))
          return TRUE;
        ratios[g] = levels[n_levels - 1][k];
        if (!esp_budget_measure (budget, ESP_TRY_ALONE, scores, ratios, &index, error))
          return FALSE;
        *loss = MAX (whole - esp_budget_try (budget, index)->map, k > 0 ? loss[-1] : 0);
      }
  if (n_levels > 0)
    search->losses = g_steal_pointer (&losses);
  return TRUE;
}

/* The two solutions, and what lies between each and the best so far. */
static gboolean
try_solved (Search *search, guint scores, GError **error)
{
  EspBudget *budget = search->budget;
  EspBudgetAsk ask = { budget, scores };
  const EspSpend spend = { budget->n_groups, esp_budget_ask, &ask };
  const EspLossCurves curves = { search->n_levels, levels[MAX (search->n_levels, 1) - 1], search->losses };
  g_autofree double *ratios = g_new (double, budget->n_groups),
                    *start = g_memdup2 (best_of (search)->ratios, budget->n_groups * sizeof (double));
  gboolean taken;

  if (search->losses == NULL)
    return TRUE;
  for (guint way = 0; way < 2 && !is_over (search); way++)
    {
      if (!(way == 0 ? esp_spend_sum : esp_spend_bound) (&spend, &curves, search->most, ratios))
        return TRUE;
      if (!offer (search, ESP_TRY_SOLVED, scores, ratios, &taken, error))
        return FALSE;
      for (guint g = 0; g < budget->n_groups; g++)
        ratios[g] = (ratios[g] + start[g]) / 2;
      if (!is_over (search) && esp_spend_around (&spend, G_MAXUINT, search->most, ratios)
          && !offer (search, ESP_TRY_SOLVED, scores, ratios, &taken, error))
        return FALSE;
    }
  return TRUE;
}

/* One group's ratio moved by @by, the others' together. */
static gboolean
try_neighbour (Search *search, guint group, double by, gboolean *taken, GError **error)
{
  EspBudget *budget = search->budget;
  const EspBudgetTry *best = best_of (search);
  const guint scores = best->scores;
  EspBudgetAsk ask = { budget, scores };
  const EspSpend spend = { budget->n_groups, esp_budget_ask, &ask };
  g_autofree double *ratios = g_memdup2 (best->ratios, budget->n_groups * sizeof (double));

  *taken = FALSE;
  ratios[group] = CLAMP (ratios[group] + by, 0, 1);
  if (ratios[group] == best->ratios[group] || !esp_spend_around (&spend, group, search->most, ratios))
    return TRUE;
  return offer (search, ESP_TRY_REFINED, scores, ratios, taken, error);
}

/* Every group up and down by @step; a move that helped is made again. */
static gboolean
sweep (Search *search, double step, gboolean *moved, GError **error)
{
  *moved = FALSE;
  for (guint g = 0; g < search->budget->n_groups; g++)
    for (int sign = -1; sign <= 1; sign += 2)
      {
        gboolean taken = TRUE, helped = FALSE;

        for (; taken && !is_over (search); helped = helped || taken)
          if (!try_neighbour (search, g, sign * step, &taken, error))
            return FALSE;
        *moved = *moved || helped;
        if (helped) /* the other way is where it came from */
          break;
      }
  return TRUE;
}

static gboolean
refine (Search *search, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps) && !is_over (search);)
    {
      gboolean moved;

      if (!sweep (search, steps[i], &moved, error))
        return FALSE;
      i += !moved;
    }
  return TRUE;
}

/* The same ratios by the other ways to rank. */
static gboolean
try_scores (Search *search, GError **error)
{
  EspBudget *budget = search->budget;
  g_autofree double *from = g_memdup2 (best_of (search)->ratios, budget->n_groups * sizeof (double));

  for (guint s = 0; s < budget->input->n_scores && !is_over (search); s++)
    {
      EspBudgetAsk ask = { budget, s };
      const EspSpend spend = { budget->n_groups, esp_budget_ask, &ask };
      g_autofree double *ratios = g_memdup2 (from, budget->n_groups * sizeof (double));
      gboolean taken;

      if (esp_spend_around (&spend, G_MAXUINT, search->most, ratios) && !offer (search, ESP_TRY_REFINED, s, ratios, &taken, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
search_within (Search *search, GError **error)
{
  if (!try_uniform (search, error))
    return FALSE;
  g_assert (search->best != G_MAXUINT); /* the limit can be reached */
  if (is_over (search))
    return TRUE;
  if (search->losses == NULL && !look_alone (search, best_of (search)->scores, error))
    return FALSE;
  return try_solved (search, best_of (search)->scores, error) && try_scores (search, error) && refine (search, error);
}

/**
 * esp_budget_search:
 * @most: what a plan may cost, as esp_budget_ask() says it; it can be reached
 * @enough: mAP at which the search ends; NaN: it ends where no neighbour is better, or with the tries
 * @best: (out): the best that was tried and fits
 *
 * Thread: lane.
 */
gboolean
esp_budget_search (EspBudget *budget, double most, double enough, guint *best, GError **error)
{
  Search search = { budget, most, enough, G_MAXUINT, 0, NULL };
  const gboolean done = search_within (&search, error);

  *best = search.best;
  g_free (search.losses);
  return done;
}

/* The best of uniform and solved plans of this cost: has it enough? */
static gboolean
look_at_cost (Search *search, double most, gboolean *has, GError **error)
{
  search->most = most;
  search->best = G_MAXUINT;
  if (!try_uniform (search, error))
    return FALSE;
  if (search->best == G_MAXUINT)
    return TRUE;
  if (search->losses == NULL && !look_alone (search, best_of (search)->scores, error))
    return FALSE;
  if (!is_over (search) && !try_solved (search, best_of (search)->scores, error))
    return FALSE;
  *has = best_of (search)->map >= search->enough;
  return TRUE;
}

static guint
cheapest (const Search *search)
{
  EspBudget *budget = search->budget;
  guint best = 0;

  for (guint i = 0; i < budget->tries->len; i++)
    if (esp_budget_try (budget, i)->map >= search->enough
        && esp_budget_cost (budget, &esp_budget_try (budget, i)->cost) < esp_budget_cost (budget, &esp_budget_try (budget, best)->cost))
      best = i;
  return best;
}

/* From the cheapest with enough a little less is asked for, and its neighbours are tried until one has enough, too. */
static gboolean
squeeze (Search *search, double least, GError **error)
{
  EspBudget *budget = search->budget;

  while (esp_budget_may_try (budget))
    {
      const guint from = cheapest (search);
      const guint scores = esp_budget_try (budget, from)->scores;
      EspBudgetAsk ask = { budget, scores };
      const EspSpend spend = { budget->n_groups, esp_budget_ask, &ask };
      g_autofree double *ratios = g_memdup2 (esp_budget_try (budget, from)->ratios, budget->n_groups * sizeof (double));

      search->most = SMALLER * esp_budget_cost (budget, &esp_budget_try (budget, from)->cost);
      if (search->most < least || !esp_spend_around (&spend, G_MAXUINT, search->most, ratios))
        break;
      if (!esp_budget_measure (budget, ESP_TRY_REFINED, scores, ratios, &search->best, error) || !refine (search, error))
        return FALSE;
      if (cheapest (search) == from)
        break;
    }
  return TRUE;
}

/**
 * esp_budget_shrink:
 * @enough: mAP on the choosing half; the whole network has it
 * @best: (out): what costs least of all that were tried and have enough
 *
 * The cost is halved in between; then neighbours of the cheapest are tried at a little less. Thread: lane.
 */
gboolean
esp_budget_shrink (EspBudget *budget, double enough, guint *best, GError **error)
{
  Search search = { budget, INFINITY, enough, G_MAXUINT, 0, NULL };
  g_autofree double *all = g_new (double, MAX (budget->n_groups, 1));
  EspBudgetAsk ask = { budget, 0 };
  double low, high = esp_budget_cost (budget, &esp_budget_try (budget, 0)->cost), least;
  gboolean done = TRUE;

  for (guint g = 0; g < budget->n_groups; g++)
    all[g] = 1;
  least = low = esp_budget_ask (all, &ask);
  for (guint i = 0; i < HALVINGS && done && esp_budget_may_try (budget); i++)
    {
      gboolean has = FALSE;

      done = look_at_cost (&search, (low + high) / 2, &has, error);
      *(has ? &high : &low) = (low + high) / 2;
    }
  done = done && squeeze (&search, least, error);
  *best = cheapest (&search);
  g_free (search.losses);
  return done;
}
