/* plan-load.c: a plan becomes what a file says, as one act */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "prune/plan-branch.h"
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

static void
take (EspPlan *plan, const EspPlanContents *contents, const char *label)
{
  esp_plan_begin (plan);
  esp_plan_label_act (plan, label);
  esp_plan_set_state (plan, contents->state, label);
  settle (plan, contents->mask);
  esp_plan_end (plan);
}

/* Whether a branch called so says the same already: a file opened again does not double them. */
static gboolean
is_there (EspPlan *plan, const EspPlanContents *contents)
{
  const int branch = esp_plan_find_branch (plan, contents->name);
  g_autoptr (EspPlanState) state = branch >= 0 ? esp_plan_get_branch_state (plan, (guint) branch) : NULL;

  return state != NULL && esp_hash_equal (esp_plan_state_get_hash (state), esp_plan_state_get_hash (contents->state));
}

/* Branches that rest in the file rest in the plan, each with the opening as its last act. */
static void
add_branches (EspPlan *plan, const GPtrArray *others, const char *label)
{
  const guint current = esp_plan_get_branch (plan);

  for (guint i = 0; i < others->len; i++)
    {
      const EspPlanContents *one = g_ptr_array_index (others, i);
      g_autofree char *name = is_there (plan, one) ? NULL : esp_plan_free_branch_name (plan, one->name);
      g_autoptr (GError) error = NULL;

      if (name == NULL)
        continue;
      if (!esp_plan_add_branch (plan, name, &error)) /* check_room() says that there is room */
        {
          g_warning ("branch “%s” is left out: %s", one->name, error->message);
          continue;
        }
      esp_plan_switch_branch (plan, esp_plan_get_n_branches (plan) - 1);
      take (plan, one, label);
      esp_plan_switch_branch (plan, current);
    }
}

/* Nothing was done yet: no act, and the one branch is called as a new plan's is. */
static gboolean
is_fresh (EspPlan *plan)
{
  return esp_plan_get_n_branches (plan) == 1 && plan->undo->len == 0 && plan->redo->len == 0
         && g_str_equal (esp_plan_get_branch_name (plan, 0), "main");
}

/* A plan with which nothing was done takes the file's name for its branch; one that somebody worked on keeps its own. */
static void
take_name (EspPlan *plan, const char *name)
{
  if (name != NULL && is_fresh (plan))
    esp_plan_rename_branch (plan, 0, name, NULL);
}

/* All branches of the file, or none of it. */
static gboolean
check_room (EspPlan *plan, const char *path, const GPtrArray *others, GError **error)
{
  const guint there = esp_plan_get_n_branches (plan);
  guint more = 0;

  for (guint i = 0; i < others->len; i++)
    more += is_fresh (plan) || !is_there (plan, g_ptr_array_index (others, i));
  if (there + more <= ESP_MOST_BRANCHES)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT,
               _ ("%s: %u branches besides the %u that the plan has: a plan has at most %d; delete some of them before it is opened"), path,
               more, there, ESP_MOST_BRANCHES);
  return FALSE;
}

/**
 * esp_plan_load:
 * @plan: the plan that takes what the file says
 * @path: a file written by esp_plan_save()
 * @error: ESP_ERROR_IO, _LIMIT (branches too many together, for one), _FORMAT, or _SHAPE where the file is another network's or breaks a
 *   coupling
 *
 * One act, scores included; refused whole, the plan left as it was, if anything does not fit. A cfg other than the network's own is
 * refused, and weights other than esp_plan_set_hashes() said. Afterwards the mask is the one of the file's kept channels. The branches that
 * rest in it are added.
 */
gboolean
esp_plan_load (EspPlan *plan, const char *path, GError **error)
{
  g_auto (EspPlanContents) contents = { 0 };
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GPtrArray) others = NULL;
  g_autofree char *own = NULL, *name = NULL, *label = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && path != NULL, FALSE);
  own = plan->cfg_hash != NULL ? g_strdup (plan->cfg_hash) : esp_plan_hash_cfg (esp_plan_get_network (plan));
  root = esp_plan_file_open (path, own, plan->weights_hash, error);
  if (root == NULL || !esp_plan_contents_read (plan, json_node_get_object (root), path, NULL, &contents, error)
      || !esp_plan_branches_read (plan, json_node_get_object (root), path, &contents, &others, error)
      || !check_room (plan, path, others, error))
    return FALSE;
  name = g_path_get_basename (path);
  label = g_strdup_printf (_ ("Open plan “%s”"), name);
  esp_plan_hold (plan);
  take_name (plan, contents.name);
  add_branches (plan, others, label);
  take (plan, &contents, label);
  esp_plan_release (plan);
  return TRUE;
}
