/* plan-search.c: how much of each set of channels goes */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/plan-search.h"

#include <math.h>

#include "base/error.h"
#include "net/cut.h"

#define HALVINGS 40

/** esp_plan_bflops: Returns: BFLOPs of the network with @kept units of each set; which ones does not matter. Thread: any. */
double
esp_plan_bflops (EspBench *bench, const guint *kept)
{
  g_autoptr (EspMask) mask = esp_unit_sets_keep (bench->units, NULL, "sum", FALSE, kept);

  return esp_cost_of (bench->network, mask).bflops;
}

static guint *
count_uniform (EspBench *bench, const EspPlanSearch *search, double ratio)
{
  const guint n = esp_unit_sets_get_n (bench->units);
  g_autofree double *ratios = g_new (double, MAX (n, 1));

  for (guint s = 0; s < n; s++)
    ratios[s] = ratio;
  return esp_unit_sets_count (bench->units, ratios, search->floor, search->round);
}

static gboolean
refuse_target (EspBench *bench, double least, double bflops, GError **error)
{
  const double whole = esp_cost_of (bench->network, NULL).bflops;

  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "[plan]: %.2f %% less compute cannot be had: with all cut to the floor %.2f %% are less; expected a smaller share or floor",
               100 * (1 - bflops / whole), 100 * (1 - least / whole));
  return FALSE;
}

/**
 * esp_plan_find_uniform:
 * @bflops: of the cut network, at most
 * @at_least: it has just more than @bflops instead
 * @ratio: (out): the smallest ratio that reaches it, or the largest that does not
 * @error: ESP_ERROR_UNSUPPORTED where even the floor has more
 *
 * Returns: (transfer full): kept of each set. Cost: 40 walks over the graph. Thread: any.
 */
guint *
esp_plan_find_uniform (EspBench *bench, const EspPlanSearch *search, double bflops, gboolean at_least, double *ratio, GError **error)
{
  double low = 0, high = 1;
  g_autofree guint *most = count_uniform (bench, search, 1);
  const double least = esp_plan_bflops (bench, most);

  if (least > bflops && !at_least)
    {
      refuse_target (bench, least, bflops, error);
      return NULL;
    }
  for (guint i = 0; i < HALVINGS; i++)
    {
      const double middle = (low + high) / 2;
      g_autofree guint *kept = count_uniform (bench, search, middle);

      if (esp_plan_bflops (bench, kept) <= bflops)
        high = middle;
      else
        low = middle;
    }
  *ratio = at_least ? low : high;
  return count_uniform (bench, search, *ratio);
}

/* The metric on val with @ratio of set @s cut and all else whole. */
static gboolean
try_one (EspBench *bench, const EspPlanSearch *search, guint s, double ratio, double *value, EspSpent *spent, GError **error)
{
  const guint n = esp_unit_sets_get_n (bench->units);
  g_autofree double *ratios = g_new0 (double, n);
  g_autofree guint *kept = NULL;
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspCut) cut = NULL;
  g_auto (EspMeasured) measured = { 0 };

  ratios[s] = ratio;
  kept = esp_unit_sets_count (bench->units, ratios, search->floor, 1);
  mask = esp_unit_sets_keep (bench->units, bench->scores, search->reduce, FALSE, kept);
  cut = esp_cut_new (bench->network, bench->weights, mask, NULL, error);
  if (cut == NULL
      || !esp_bench_measure (bench, esp_cut_get_network (cut), esp_cut_get_weights (cut), ESP_SET_VAL, search->images, FALSE, &measured,
                             error))
    return FALSE;
  *value = search->f1 ? measured.f1 : measured.map;
  spent->seconds += measured.seconds;
  spent->gflops += esp_cost_of (esp_cut_get_network (cut), NULL).bflops * measured.images;
  return TRUE;
}

/* Losses by set and level, not falling with the level. */
static double *
measure_losses (EspBench *bench, const EspPlanSearch *search, EspSpent *spent, GError **error)
{
  const guint n = esp_unit_sets_get_n (bench->units), n_levels = search->levels->len;
  g_autofree double *losses = g_new0 (double, MAX (n * n_levels, 1));
  double whole;

  if (!try_one (bench, search, 0, 0, &whole, spent, error))
    return NULL;
  for (guint s = 0; s < n; s++)
    {
      double before = 0;

      esp_job_set_progress (bench->job, s, n);
      for (guint k = 0; k < n_levels; k++)
        {
          double value;

          if (!try_one (bench, search, s, g_array_index (search->levels, double, k), &value, spent, error))
            return NULL;
          before = losses[s * n_levels + k] = MAX (before, whole - value);
        }
      esp_bench_tell (bench, "  set %u of %u: at %.0f %% cut, %.2f points less", s + 1, n,
                      100 * g_array_index (search->levels, double, n_levels - 1), 100 * before);
    }
  return g_steal_pointer (&losses);
}

/* The largest ratio of a set that costs at most @loss: straight between the levels that were tried, from 0 at 0. */
static double
ratio_at (const EspPlanSearch *search, const double *losses, double loss)
{
  double ratio = 0, before = 0;

  for (guint k = 0; k < search->levels->len; k++)
    {
      const double level = g_array_index (search->levels, double, k);

      if (losses[k] > loss)
        return ratio + (level - ratio) * (loss - before) / (losses[k] - before);
      ratio = level;
      before = losses[k];
    }
  return ratio;
}

static double
spread (EspBench *bench, const EspPlanSearch *search, const double *losses, double loss, double *ratios)
{
  g_autofree guint *kept = NULL;

  for (guint s = 0; s < esp_unit_sets_get_n (bench->units); s++)
    ratios[s] = ratio_at (search, losses + s * search->levels->len, loss);
  kept = esp_unit_sets_count (bench->units, ratios, search->floor, search->round);
  return esp_plan_bflops (bench, kept);
}

/**
 * esp_plan_find_ratios:
 * @search: what is asked for
 * @spent: what measuring took is added, whether it was computed now or before
 * @error: those of measuring; ESP_ERROR_UNSUPPORTED where the highest level of all sets still has too much compute
 *
 * Each set alone is cut by the levels and measured on val (a loss that a larger cut makes smaller counts as it was); then one loss is
 * allowed to all, the smallest that reaches the compute asked for, or the one asked for. Source: methods 1a says nothing of how ratios were
 * chosen; this is the sensitivity search of Li et al. 2017, arXiv:1608.08710, with one bound. Cost: sets × levels passes over val. Thread:
 * the runner's.
 *
 * Returns: (transfer full): a ratio a set.
 */
double *
esp_plan_find_ratios (EspBench *bench, const EspPlanSearch *search, EspSpent *spent, GError **error)
{
  const double whole = esp_cost_of (bench->network, NULL).bflops;
  g_autofree double *losses = measure_losses (bench, search, spent, error), *ratios = NULL;
  double low = 0, high = 1;

  if (losses == NULL)
    return NULL;
  ratios = g_new0 (double, MAX (esp_unit_sets_get_n (bench->units), 1));
  if (isnan (search->less))
    {
      spread (bench, search, losses, search->loss, ratios);
      return g_steal_pointer (&ratios);
    }
  if (spread (bench, search, losses, high, ratios) > whole * (1 - search->less))
    {
      refuse_target (bench, spread (bench, search, losses, high, ratios), whole * (1 - search->less), error);
      return NULL;
    }
  for (guint i = 0; i < HALVINGS; i++)
    {
      const double middle = (low + high) / 2;

      if (spread (bench, search, losses, middle, ratios) <= whole * (1 - search->less))
        high = middle;
      else
        low = middle;
    }
  spread (bench, search, losses, high, ratios);
  esp_bench_tell (bench, "  a set alone may cost %.2f points on val", high * 100);
  return g_steal_pointer (&ratios);
}
