/* budget-table.c: what a search within a budget tried and found, as JSON and for people */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "budget-table.h"

#include <math.h>

static void
begin (JsonBuilder *json, const char *name)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
}

static void
add_flag (JsonBuilder *json, const char *name, gboolean value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_boolean_value (json, value);
}

static void
add_difference (JsonBuilder *json, const char *name, const EspInterval *interval)
{
  begin (json, name);
  esp_json_double (json, "difference", interval->value);
  json_builder_set_member_name (json, "interval");
  json_builder_begin_array (json);
  json_builder_add_double_value (json, isnan (interval->low) ? 0 : interval->low);
  json_builder_add_double_value (json, isnan (interval->high) ? 0 : interval->high);
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
add_half (JsonBuilder *json, const char *name, const EspBudgetHalf *half)
{
  begin (json, name);
  esp_json_int (json, "images", half->n_images);
  esp_json_double (json, "whole", half->whole);
  esp_json_double (json, "found", half->found);
  esp_json_double (json, "uniform", half->uniform);
  add_difference (json, "from_whole", &half->from_whole);
  if (!isnan (half->uniform))
    add_difference (json, "from_uniform", &half->from_uniform);
  json_builder_end_object (json);
}

static void
add_members (JsonBuilder *json, const EspBudget *budget, const EspBudgetInput *input, const EspBudgetTry *one)
{
  esp_json_string (json, "kind", esp_try_kind_name (one->kind));
  esp_json_string (json, "criterion", esp_scores_get_criterion (input->scores[one->scores]));
  json_builder_set_member_name (json, "ratios");
  json_builder_begin_array (json);
  for (guint g = 0; g < esp_plan_get_n_groups (input->plan); g++)
    json_builder_add_double_value (json, one->ratios[g]);
  json_builder_end_array (json);
  esp_json_int (json, "params", (gint64) one->cost.params);
  esp_json_double (json, "bflops", one->cost.bflops);
  esp_json_int (json, "file_bytes", (gint64) one->cost.file_bytes);
  esp_json_double (json, "ms", one->ms);
  esp_json_double (json, "cost", esp_budget_get_cost (budget, one));
  esp_json_double (json, "map", one->map);
  add_flag (json, "fits", one->fits);
  add_flag (json, "frontier", one->frontier);
}

static void
add_one (JsonBuilder *json, const char *name, const EspBudget *budget, const EspBudgetInput *input, int index)
{
  json_builder_set_member_name (json, name);
  if (index < 0)
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_object (json);
  add_members (json, budget, input, esp_budget_get (budget, (guint) index));
  json_builder_end_object (json);
}

static void
add_json (const EspBudget *budget, const EspBudgetInput *input, JsonBuilder *json)
{
  esp_json_string (json, "unit", esp_budget_unit_name (input->limit.unit));
  esp_json_double (json, "at_most", esp_budget_get_most (budget));
  esp_json_double (json, "at_least_map", input->least_map);
  esp_json_double (json, "seconds", esp_budget_get_seconds (budget));
  json_builder_set_member_name (json, "groups");
  json_builder_begin_array (json);
  for (guint g = 0; g < esp_plan_get_n_groups (input->plan); g++)
    json_builder_add_string_value (json, esp_plan_get_group (input->plan, g)->name);
  json_builder_end_array (json);
  add_one (json, "whole", budget, input, 0);
  add_one (json, "found", budget, input, (int) esp_budget_get_found (budget));
  add_one (json, "uniform", budget, input, esp_budget_get_uniform (budget));
  add_half (json, "choosing", esp_budget_get_half (budget, FALSE));
  add_half (json, "judging", esp_budget_get_half (budget, TRUE));
  json_builder_set_member_name (json, "tried");
  json_builder_begin_array (json);
  for (guint i = 0; i < esp_budget_get_n (budget); i++)
    {
      json_builder_begin_object (json);
      add_members (json, budget, input, esp_budget_get (budget, i));
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static int
by_cost (gconstpointer a, gconstpointer b, gpointer data)
{
  const double x = esp_budget_get_cost (data, *(const EspBudgetTry *const *) a);
  const double y = esp_budget_get_cost (data, *(const EspBudgetTry *const *) b);

  return (x > y) - (x < y);
}

/* The frontier of all that was tried, the cheapest first. */
static void
print_frontier (const EspBudget *budget, const EspBudgetInput *input)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  const EspBudgetTry *found = esp_budget_get (budget, esp_budget_get_found (budget));

  for (guint i = 0; i < esp_budget_get_n (budget); i++)
    if (esp_budget_get (budget, i)->frontier)
      g_ptr_array_add (all, (gpointer) esp_budget_get (budget, i));
  g_ptr_array_sort_with_data (all, by_cost, (gpointer) budget);
  g_print ("%u plans tried; of these no other is both cheaper and better:\n", esp_budget_get_n (budget));
  g_print ("  %-8s %-12s %9s %8s %8s %8s\n", "why", "ranked by", "BFLOPs", "MB", "ms", "mAP %");
  for (guint i = 0; i < all->len; i++)
    {
      const EspBudgetTry *one = g_ptr_array_index (all, i);
      g_autofree char *ms = isnan (one->ms) ? g_strdup ("–") : g_strdup_printf ("%.2f", one->ms);

      g_print ("%s %-8s %-12s %9.4f %8.3f %8s %8.2f\n", one == found ? "→" : " ", esp_try_kind_name (one->kind),
               esp_scores_get_criterion (input->scores[one->scores]), one->cost.bflops, (double) one->cost.file_bytes / 1e6, ms,
               one->map * 100);
    }
}

static void
print_groups (const EspBudgetInput *input, const EspBudgetTry *found)
{
  for (guint g = 0; g < esp_plan_get_n_groups (input->plan); g++)
    g_print ("%-20s %5.1f %% to go, %u of %u kept\n", esp_plan_get_group (input->plan, g)->name, found->ratios[g] * 100,
             esp_plan_count_kept (input->plan, g), esp_plan_get_group (input->plan, g)->n_channels);
}

static void
print_half (const char *which, const EspBudgetHalf *half)
{
  g_print ("%u images that %s: mAP %.2f %%, %+.2f of the whole network's (95 %% %+.2f to %+.2f)", half->n_images, which, half->found * 100,
           half->from_whole.value * 100, half->from_whole.low * 100, half->from_whole.high * 100);
  if (!isnan (half->uniform))
    g_print (", %+.2f of the best uniform plan's (95 %% %+.2f to %+.2f)", half->from_uniform.value * 100, half->from_uniform.low * 100,
             half->from_uniform.high * 100);
  g_print ("\n");
}

static void
print (const EspBudget *budget, const EspBudgetInput *input)
{
  const EspBudgetTry *found = esp_budget_get (budget, esp_budget_get_found (budget)), *whole = esp_budget_get (budget, 0);

  print_frontier (budget, input);
  print_groups (input, found);
  g_print ("BFLOPs %.4f → %.4f, file %.3f → %.3f MB, ranked by %s, found in %.1f s\n", whole->cost.bflops, found->cost.bflops,
           (double) whole->cost.file_bytes / 1e6, (double) found->cost.file_bytes / 1e6,
           esp_scores_get_criterion (input->scores[found->scores]), esp_budget_get_seconds (budget));
  if (!isnan (found->ms))
    g_print ("%.2f → %.2f ms an image\n", whole->ms, found->ms);
  print_half ("chose", esp_budget_get_half (budget, FALSE));
  print_half ("judge", esp_budget_get_half (budget, TRUE));
}

/** esp_budget_table_tell: adds the members to @json and prints the same unless common->json. Thread: main. */
void
esp_budget_table_tell (const EspBudget *budget, const EspBudgetInput *input, const EspCommon *common, JsonBuilder *json)
{
  add_json (budget, input, json);
  if (!common->json)
    print (budget, input);
}
