/* plan-load.c: a plan becomes what a file says, as one act */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "prune/plan-file.h"
#include "prune/plan-private.h"

/* Says by hand what makes the mask @wanted. */
static void
set_rules (EspPlan *plan, const EspMask *wanted)
{
  EspCoupling *coupling = esp_plan_get_coupling (plan);
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
  g_autoptr (GArray) cut = g_array_new (FALSE, FALSE, sizeof (EspChannel)), keep = g_array_new (FALSE, FALSE, sizeof (EspChannel));

  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n = 0;
      const EspChannel *first = esp_coupling_get_members (coupling, u, &n);
      const gboolean keeps = esp_mask_keeps (wanted, first->layer, first->channel);

      if (keeps != esp_mask_keeps (mask, first->layer, first->channel))
        g_array_append_val (keeps ? keep : cut, *first);
    }
  esp_plan_set_rules (plan, (const EspChannel *) (gpointer) keep->data, keep->len, ESP_CHANNEL_PROTECTED);
  esp_plan_set_rules (plan, (const EspChannel *) (gpointer) cut->data, cut->len, ESP_CHANNEL_CUT);
}

static gboolean
matches (EspPlan *plan, const EspMask *wanted)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (wanted));
}

/* The kept channels of the file are what counts: where ratios, rules and scores give others (a file changed by hand, or ranked by another
 * version), the difference is said by hand, and where even that does not give them, all of it with every share at 0. */
static void
settle (EspPlan *plan, const EspMask *wanted)
{
  if (matches (plan, wanted))
    return;
  g_message ("the plan's kept channels are not those of its ratios: they are kept by hand");
  set_rules (plan, wanted);
  if (matches (plan, wanted))
    return;
  esp_plan_reset (plan);
  set_rules (plan, wanted);
  g_warn_if_fail (matches (plan, wanted));
}

/**
 * esp_plan_load:
 * @plan: the plan that takes what the file says
 * @path: a file written by esp_plan_save()
 * @error: ESP_ERROR_IO, _LIMIT, _FORMAT, or _SHAPE where the file is another network's or breaks a coupling
 *
 * One act, scores included; refused whole, the plan left as it was, if anything does not fit. A cfg other than the network's own is refused, and weights
 * other than esp_plan_set_hashes() said. Afterwards the mask is the one of the file's kept channels.
 */
gboolean
esp_plan_load (EspPlan *plan, const char *path, GError **error)
{
  g_auto (EspPlanContents) contents = { 0 };
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (EspKeepClasses) keep = NULL;
  g_autofree char *own = NULL, *name = NULL, *label = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && path != NULL, FALSE);
  own = plan->cfg_hash != NULL ? g_strdup (plan->cfg_hash) : esp_plan_hash_cfg (esp_plan_get_network (plan));
  root = esp_plan_file_open (path, own, plan->weights_hash, error);
  if (root == NULL || !esp_plan_contents_read (plan, json_node_get_object (root), path, &contents, error)
      || !esp_plan_classes_read (esp_plan_get_network (plan), json_node_get_object (root), path, &keep, error))
    return FALSE;
  name = g_path_get_basename (path);
  label = g_strdup_printf (_ ("Open plan “%s”"), name);
  esp_plan_hold (plan);
  esp_plan_begin (plan);
  esp_plan_label_act (plan, label);
  esp_plan_set_state (plan, contents.state, label);
  settle (plan, contents.mask);
  esp_plan_set_keep_classes (plan, keep);
  esp_plan_end (plan);
  esp_plan_release (plan);
  return TRUE;
}
