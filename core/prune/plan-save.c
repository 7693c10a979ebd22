/* plan-save.c: plan.json, written whole
 *
 * Complete in itself: hashes of cfg and weights, floor and rounding, the criterion with its scores, per group the ratio, a threshold where
 * that decides, and what was chosen by hand, and the kept channels of every convolution as they were resolved;
 * of branches that rest, the same. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <string.h>

#include "base/file.h"
#include "prune/plan-branch.h"
#include "prune/plan-file.h"
#include "prune/plan-private.h"
#include "score/scores-private.h"

static void
append_list (GString *to, const GArray *numbers)
{
  g_string_append_c (to, '[');
  for (guint i = 0; i < numbers->len; i++)
    g_string_append_printf (to, i > 0 ? ", %u" : "%u", g_array_index (numbers, guint, i));
  g_string_append_c (to, ']');
}

/* [{"layer": 57, "channels": [3, 12]}, …]: the channels of @group with @rule. */
static void
append_rules (GString *to, EspPlan *plan, const EspGroup *group, EspChannelRule rule)
{
  gboolean any = FALSE;

  g_string_append_c (to, '[');
  for (guint i = 0; i < group->n_layers; i++)
    {
      const guint layer = group->layers[i];
      g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (guint));

      for (guint c = 0; c < (guint) esp_network_get_layer (esp_plan_get_network (plan), layer)->out.c; c++)
        if (esp_plan_get_rule (plan, layer, c) == rule)
          g_array_append_val (channels, c);
      if (channels->len == 0)
        continue;
      g_string_append_printf (to, "%s{\"layer\": %u, \"channels\": ", any ? ", " : "", layer);
      append_list (to, channels);
      g_string_append_c (to, '}');
      any = TRUE;
    }
  g_string_append_c (to, ']');
}

/* "ratio": 0.4, and what decides instead. */
static void
append_share (GString *to, EspShare share, double ratio)
{
  g_string_append (to, "\"ratio\": ");
  esp_json_append_number (to, ratio);
  if (share.kind == ESP_SHARE_OVERALL)
    g_string_append (to, ", \"overall\": true");
  if (share.kind != ESP_SHARE_THRESHOLD && share.kind != ESP_SHARE_COUNT)
    return;
  g_string_append (to, share.kind == ESP_SHARE_COUNT ? ", \"count\": " : ", \"threshold\": ");
  esp_json_append_number (to, share.value);
}

/* [{"layer": 57, "ratio": 0.4}, …]: layers of @group with a share of their own; nothing where none has. */
static void
append_own (GString *to, EspPlan *plan, const EspGroup *group)
{
  gboolean any = FALSE;

  for (guint i = 0; i < group->n_layers; i++)
    {
      const guint layer = group->layers[i];

      if (esp_plan_own_layer (plan, layer) != (int) layer)
        continue;
      g_string_append_printf (to, "%s{\"layer\": %u, ", any ? ", " : ",\n   \"own\": [", layer);
      append_share (to, esp_plan_get_layer_share (plan, layer), plan->wish.ratios[esp_plan_layer_slot (plan, layer)]);
      g_string_append_c (to, '}');
      any = TRUE;
    }
  if (any)
    g_string_append_c (to, ']');
}

static void
append_groups (GString *to, EspPlan *plan)
{
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      const EspGroup *group = esp_plan_get_group (plan, g);
      g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));

      g_array_append_vals (layers, group->layers, group->n_layers);
      g_string_append (to, g > 0 ? ",\n  {\"name\": " : "\n  {\"name\": ");
      esp_json_append_string (to, group->name);
      g_string_append (to, ", ");
      append_share (to, esp_plan_get_share (plan, g), esp_plan_get_ratio (plan, g));
      g_string_append (to, ",\n   \"layers\": ");
      append_list (to, layers);
      append_own (to, plan, group);
      g_string_append (to, ",\n   \"protected\": ");
      append_rules (to, plan, group, ESP_CHANNEL_PROTECTED);
      g_string_append (to, ",\n   \"cut\": ");
      append_rules (to, plan, group, ESP_CHANNEL_CUT);
      g_string_append_c (to, '}');
    }
}

/* The overall ranking and floors of single layers, where there is anything to say. */
static void
append_more (GString *to, EspPlan *plan)
{
  const EspWish *wish = &plan->wish;
  gboolean any = FALSE;

  if (esp_plan_get_overall (plan, NULL) || wish->overall != 0 || wish->norm != ESP_NORM_L2)
    {
      g_string_append (to, "\"overall\": {\"ratio\": ");
      esp_json_append_number (to, wish->overall);
      g_string_append_printf (to, ", \"normalise\": \"%s\"},\n ", esp_norm_name (wish->norm));
    }
  if (wish->merge != ESP_MERGE_REDUCE)
    g_string_append_printf (to, "\"merge\": \"%s\",\n ", esp_merge_name (wish->merge));
  for (guint l = 0; l < esp_network_get_n_layers (plan->network); l++)
    if (wish->floors[l] >= 0)
      {
        g_string_append_printf (to, "%s{\"layer\": %u, \"floor\": %.0f}", any ? ", " : "\"floors\": [", l, wish->floors[l]);
        any = TRUE;
      }
  if (any)
    g_string_append (to, "],\n ");
}

static void
append_kept (GString *to, const EspNetwork *network, const EspMask *mask)
{
  gboolean any = FALSE;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const guint8 *bits = esp_mask_get_bits (mask, l, &n);
      g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (guint));

      if (bits == NULL)
        continue;
      for (guint c = 0; c < n; c++)
        if (bits[c])
          g_array_append_val (kept, c);
      g_string_append_printf (to, "%s\n  {\"layer\": %u, \"channels\": %u, \"kept\": ", any ? "," : "", l, n);
      append_list (to, kept);
      g_string_append_c (to, '}');
      any = TRUE;
    }
}

/* What the plan in hand says, from the floor to the scores, without the braces around it. @known: scores that the file holds already, so
 * that they are not said again. */
static void
append_contents (GString *to, EspPlan *plan, EspScores *known)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  g_string_append_printf (to, "\"floor\": %u, \"round\": %u,\n ", esp_plan_get_floor (plan), esp_plan_get_round (plan));
  append_more (to, plan);
  g_string_append (to, "\"groups\": [");
  append_groups (to, plan);
  g_string_append (to, "],\n \"layers\": [");
  append_kept (to, esp_plan_get_network (plan), mask);
  g_string_append (to, "],\n ");
  if (esp_plan_get_keep_classes (plan) != NULL)
    {
      g_string_append (to, "\"classes\": ");
      esp_plan_classes_append (to, esp_plan_get_keep_classes (plan));
      g_string_append (to, ",\n ");
    }
  if (known != NULL && esp_plan_get_scores (plan) == known)
    {
      g_string_truncate (to, to->len - strlen (",\n "));
      return;
    }
  g_string_append (to, "\"ranking\": ");
  if (esp_plan_get_scores (plan) == NULL)
    {
      g_string_append (to, "null");
      return;
    }
  g_string_append_c (to, '{');
  esp_scores_append_json (esp_plan_get_scores (plan), to);
  g_string_append_c (to, '}');
}

/* Nothing where there is one, and it is called as a new plan's is. */
static void
append_branches (GString *to, EspPlan *plan)
{
  const guint n = esp_plan_get_n_branches (plan), current = esp_plan_get_branch (plan);
  gboolean any = FALSE;

  if (n == 1 && g_str_equal (esp_plan_get_branch_name (plan, 0), "main"))
    return;
  g_string_append (to, ",\n \"branch\": ");
  esp_json_append_string (to, esp_plan_get_branch_name (plan, current));
  g_string_append (to, ",\n \"branches\": [");
  for (guint b = 0; b < n; b++)
    {
      g_autoptr (EspPlan) copy = b != current ? esp_plan_copy_branch (plan, b) : NULL;

      if (b == current)
        continue;
      g_string_append (to, any ? ",\n {\"name\": " : "\n {\"name\": ");
      esp_json_append_string (to, esp_plan_get_branch_name (plan, b));
      g_string_append (to, ",\n ");
      append_contents (to, copy, esp_plan_get_scores (plan));
      g_string_append_c (to, '}');
      any = TRUE;
    }
  g_string_append_c (to, ']');
}

/**
 * esp_plan_save:
 * @plan: the plan
 * @cfg_hash: (nullable): SHA-256 of the cfg file; NULL: of the network's own text, which is the same for a file read as it is
 * @weights_hash: (nullable): of the weights file; NULL: null is written, and no weights are refused later
 * @path: where to
 * @error: ESP_ERROR_IO
 *
 * Written whole or not at all; equal plans give equal bytes.
 */
gboolean
esp_plan_save (EspPlan *plan, const char *cfg_hash, const char *weights_hash, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-plan\", \"version\": 1, \"tool\": \"espalier " ESP_VERSION "\",\n");
  g_autofree char *own = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && path != NULL, FALSE);
  own = esp_plan_hash_cfg (esp_plan_get_network (plan));
  g_string_append (text, " \"cfg\": ");
  esp_json_append_string (text, cfg_hash != NULL ? cfg_hash : own);
  g_string_append (text, ",\n \"weights\": ");
  esp_json_append_string (text, weights_hash);
  g_string_append (text, ",\n ");
  append_contents (text, plan, NULL);
  append_branches (text, plan);
  g_string_append (text, "}\n");
  return esp_file_write (path, text->str, text->len, error);
}
