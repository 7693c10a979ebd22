/* plan-save.c: plan.json, written whole
 *
 * Complete in itself: hashes of cfg and weights, floor and rounding, the criterion with its scores, per group the ratio, a threshold where that decides, and what was chosen by hand,
 * and the kept channels of every convolution as they were resolved. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "base/file.h"
#include "prune/plan-file.h"
#include "prune/scores-private.h"

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

static void
append_groups (GString *to, EspPlan *plan)
{
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      const EspGroup *group = esp_plan_get_group (plan, g);
      g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));
      double threshold;

      g_array_append_vals (layers, group->layers, group->n_layers);
      g_string_append (to, g > 0 ? ",\n  {\"name\": " : "\n  {\"name\": ");
      esp_json_append_string (to, group->name);
      g_string_append (to, ", \"ratio\": ");
      esp_json_append_number (to, esp_plan_get_ratio (plan, g));
      if (esp_plan_get_threshold (plan, g, &threshold))
        {
          g_string_append (to, ", \"threshold\": ");
          esp_json_append_number (to, threshold);
        }
      g_string_append (to, ",\n   \"layers\": ");
      append_list (to, layers);
      g_string_append (to, ",\n   \"protected\": ");
      append_rules (to, plan, group, ESP_CHANNEL_PROTECTED);
      g_string_append (to, ",\n   \"cut\": ");
      append_rules (to, plan, group, ESP_CHANNEL_CUT);
      g_string_append_c (to, '}');
    }
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
  g_autoptr (EspMask) mask = NULL;
  g_autofree char *own = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && path != NULL, FALSE);
  mask = esp_plan_get_mask (plan);
  own = esp_plan_hash_cfg (esp_plan_get_network (plan));
  g_string_append (text, " \"cfg\": ");
  esp_json_append_string (text, cfg_hash != NULL ? cfg_hash : own);
  g_string_append (text, ",\n \"weights\": ");
  esp_json_append_string (text, weights_hash);
  g_string_append_printf (text, ",\n \"floor\": %u, \"round\": %u,\n \"groups\": [", esp_plan_get_floor (plan), esp_plan_get_round (plan));
  append_groups (text, plan);
  g_string_append (text, "],\n \"layers\": [");
  append_kept (text, esp_plan_get_network (plan), mask);
  g_string_append (text, "],\n ");
  if (esp_plan_get_keep_classes (plan) != NULL)
    {
      g_string_append (text, "\"classes\": ");
      esp_plan_classes_append (text, esp_plan_get_keep_classes (plan));
      g_string_append (text, ",\n ");
    }
  g_string_append (text, "\"ranking\": ");
  if (esp_plan_get_scores (plan) != NULL)
    {
      g_string_append_c (text, '{');
      esp_scores_append_json (esp_plan_get_scores (plan), text);
      g_string_append_c (text, '}');
    }
  else
    g_string_append (text, "null");
  g_string_append (text, "}\n");
  return esp_file_write (path, text->str, text->len, error);
}
