/* step-plan.c: the step “plan”: which channels go, by hand, by one ratio, by compute, or by what val allows */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "prune/plan.h"
#include "recipe/plan-search.h"
#include "recipe/step-private.h"

static const char *const spread_words[] = { "uniform", "sensitivity", NULL };
static const char *const metric_words[] = { "map", "f1", NULL };

static const EspSetting settings[] = {
  { "ratio", ESP_SETTING_NUMBERS, "the share that goes: one number, or one a set of channels", "", 0, 1 },
  { "less", ESP_SETTING_NUMBER, "or the share of compute that is to go", "", 0, 1 },
  { "loss", ESP_SETTING_NUMBER, "or what cutting one set alone may cost on val", "", 0, 1 },
  { "plan", ESP_SETTING_TEXT, "or a plan.json made by hand", "" },
  { "spread", ESP_SETTING_WORD, "how less is reached: one ratio, or each set as val bears it", "sensitivity", 0, 0, spread_words },
  { "levels", ESP_SETTING_NUMBERS, "shares that are tried of each set, ascending", "0.25 0.5 0.75 0.9 1", 0, 1 },
  { "images", ESP_SETTING_COUNT, "images of val that they are tried on; 0: all", "0", 0, G_MAXINT },
  { "metric", ESP_SETTING_WORD, "what is looked at on val", "map", 0, 0, metric_words },
  { "floor", ESP_SETTING_COUNT, "channels that every layer keeps", "8", 1, 4096 },
  { "round", ESP_SETTING_COUNT, "counts are multiples of this", "1", 1, 256 },
  { NULL },
};

static const char *const ways[] = { "ratio", "less", "loss", "plan" };

/* One of the ways, and one only; a recipe that is looked at may leave all out. */
static gboolean
check (const EspStep *step, gboolean open, GError **error)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    n += esp_step_is_set (step, ways[i]);
  return n == 1 || (open && n == 0)
         || esp_step_refuse (step, NULL, error, "expected one of ratio, less, loss and plan, found %u of them", n);
}

static gboolean
check_levels (const EspStep *step, const GArray *levels, GError **error)
{
  for (guint i = 0; i < levels->len; i++)
    if (!(g_array_index (levels, double, i) > (i > 0 ? g_array_index (levels, double, i - 1) : 0)))
      return esp_step_refuse (step, "levels", error, "expected ascending numbers above 0");
  return levels->len > 0 || esp_step_refuse (step, "levels", error, "expected a number");
}

/* (transfer full): kept of each set by the numbers of the recipe. */
static guint *
count_by_hand (EspBench *bench, const EspStep *step, const EspPlanSearch *search, GError **error)
{
  g_autoptr (GArray) ratios = esp_step_get_numbers (step, "ratio");
  const guint n = esp_unit_sets_get_n (bench->units);
  g_autofree double *each = g_new (double, MAX (n, 1));

  if (ratios->len != 1 && ratios->len != n)
    {
      esp_step_refuse (step, "ratio", error,
                       "found %u numbers, expected one, or one for each of the %u sets of layers that are cut together", ratios->len, n);
      return NULL;
    }
  for (guint s = 0; s < n; s++)
    each[s] = g_array_index (ratios, double, ratios->len == 1 ? 0 : s);
  return esp_unit_sets_count (bench->units, each, search->floor, search->round);
}

static guint *
count_by_search (EspBench *bench, const EspStep *step, const EspPlanSearch *search, GError **error)
{
  const double whole = esp_cost_of (bench->network, NULL).bflops;
  g_autofree double *ratios = NULL;
  double ratio;

  if (esp_step_is_set (step, "less") && strcmp (esp_step_get_text (step, "spread"), "uniform") == 0)
    return esp_plan_find_uniform (bench, search, whole * (1 - search->less), FALSE, &ratio, error);
  if (bench->sets[ESP_SET_VAL] == NULL)
    {
      esp_step_refuse (step, NULL, error, "a search chooses on val, and [data] has none");
      return NULL;
    }
  if (!check_levels (step, search->levels, error))
    return NULL;
  ratios = esp_plan_find_ratios (bench, search, &bench->counts_spent, error);
  esp_spent_add (&bench->counts_spent, &bench->score_spent);
  return ratios != NULL ? esp_unit_sets_count (bench->units, ratios, search->floor, search->round) : NULL;
}

static EspMask *
find_mask (EspBench *bench, const EspStep *step, const EspPlanSearch *search, GError **error)
{
  g_autofree guint *kept = NULL;

  if (esp_step_is_set (step, "plan"))
    return esp_plan_read_mask (bench->network, esp_step_get_text (step, "plan"), NULL, NULL, error);
  kept = esp_step_is_set (step, "ratio") ? count_by_hand (bench, step, search, error) : count_by_search (bench, step, search, error);
  return kept != NULL ? esp_unit_sets_keep (bench->units, bench->scores, search->reduce, FALSE, kept) : NULL;
}

static void
tell_plan (EspBench *bench)
{
  const EspCost whole = esp_cost_of (bench->network, NULL), left = esp_cost_of (bench->network, bench->mask);
  g_autoptr (GString) counts = g_string_new (NULL);

  for (guint s = 0; s < esp_unit_sets_get_n (bench->units); s++)
    {
      guint n = 0;
      const guint *layers = esp_unit_sets_get_layers (bench->units, s, &n);

      g_string_append_printf (counts, " %u%s:%u/%u", layers[0], n > 1 ? "+" : "", bench->kept[s], esp_unit_sets_get_size (bench->units, s));
    }
  esp_bench_tell (bench, "  kept by first layer:%s", counts->str);
  esp_bench_tell (bench, "  BFLOPs %.4f to %.4f (%.2f %% less), parameters %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, whole.bflops,
                  left.bflops, 100 * (1 - left.bflops / whole.bflops), whole.params, left.params);
}

/* What the hand made of it, where the step waits for one. */
static gboolean
ask_hand (EspBench *bench, const EspStep *step, EspMask **mask, GError **error)
{
  EspMask *changed;

  if (!esp_step_waits (step))
    return TRUE;
  changed = esp_bench_ask_hand (bench, *mask, error);
  if (changed == NULL)
    return FALSE;
  esp_mask_unref (*mask);
  *mask = changed;
  return TRUE;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (GArray) levels = esp_step_get_numbers (step, "levels");
  EspPlanSearch search = {
    .floor = esp_step_get_count (step, "floor"),
    .round = esp_step_get_count (step, "round"),
    .less = esp_step_get_number (step, "less"),
    .loss = esp_step_get_number (step, "loss"),
    .f1 = *esp_step_get_text (step, "metric") == 'f',
    .images = esp_step_get_count (step, "images"),
    .levels = levels,
    .reduce = bench->criterion != NULL ? bench->criterion->reduce : "sum",
  };
  g_autoptr (EspMask) mask = NULL;

  g_clear_pointer (&bench->units, esp_unit_sets_free);
  bench->counts_spent = (EspSpent){ 0 };
  bench->units = esp_unit_sets_new (bench->network);
  if (esp_unit_sets_get_n (bench->units) == 0)
    return esp_step_refuse (step, NULL, error, "the network has no channel that may go");
  bench->floor = search.floor;
  mask = find_mask (bench, step, &search, error);
  if (mask == NULL || !ask_hand (bench, step, &mask, error))
    return FALSE;
  g_clear_pointer (&bench->mask, esp_mask_unref);
  g_clear_pointer (&bench->kept, g_free);
  bench->mask = g_steal_pointer (&mask);
  bench->kept = esp_unit_sets_count_mask (bench->units, bench->mask);
  tell_plan (bench);
  return TRUE;
}

/* The share of compute that is expected to stay: as asked for; of ratios,
 * since a layer's work goes with its channels and those that it reads. */
static double
expect_share (const EspStep *step)
{
  g_autoptr (GArray) ratios = esp_step_get_numbers (step, "ratio");
  double share = 0;

  if (esp_step_is_set (step, "less"))
    return 1 - esp_step_get_number (step, "less");
  for (guint i = 0; i < ratios->len; i++)
    share += (1 - g_array_index (ratios, double, i)) * (1 - g_array_index (ratios, double, i)) / ratios->len;
  return ratios->len > 0 ? share : .5;
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  const gboolean uniform = esp_step_is_set (step, "less") && strcmp (esp_step_get_text (step, "spread"), "uniform") == 0;
  g_autoptr (GArray) levels = esp_step_get_numbers (step, "levels");
  g_autoptr (EspUnitSets) sets = NULL;

  bench->pace.share = expect_share (step);
  if (uniform || esp_step_is_set (step, "ratio") || esp_step_is_set (step, "plan"))
    return 0;
  sets = esp_unit_sets_new (bench->network);
  return levels->len * esp_unit_sets_get_n (sets) * esp_pace_measure (bench, 1, ESP_SET_VAL, esp_step_get_count (step, "images"));
}

/* A plan that was made by hand needs no scores. */
static gboolean
wants (const EspStep *step, const char *need)
{
  return strcmp (need, "score") != 0 || !esp_step_is_set (step, "plan");
}

static const char *const needs[] = { "network", "score", NULL };

const EspStepKind esp_step_plan = {
  .id = "plan",
  .title = N_ ("which channels go"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .wants = wants,
  .check = check,
  .seconds = estimate,
};
