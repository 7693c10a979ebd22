/* plan-branch.c: named branches of a plan, each with what it says and its own undo
 *
 * The branch in hand is the plan itself; the others rest as a state with their acts. A new branch shares the acts that led to it, so that
 * undoing all of any branch leads back to where the plan began. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-branch.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "prune/plan-private.h"

#define LONGEST_NAME 80 /* characters */

static GPtrArray *
acts_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) esp_act_unref);
}

static GPtrArray *
copy_acts (const GPtrArray *acts)
{
  GPtrArray *copy = acts_new ();

  for (guint i = 0; i < acts->len; i++)
    g_ptr_array_add (copy, esp_act_ref (g_ptr_array_index (acts, i)));
  return copy;
}

EspBranch *
esp_branch_new (const char *name)
{
  EspBranch *branch = g_new0 (EspBranch, 1);

  branch->name = g_strdup (name);
  return branch;
}

void
esp_branch_free (EspBranch *branch)
{
  g_free (branch->name);
  g_clear_pointer (&branch->state, esp_plan_state_unref);
  g_clear_pointer (&branch->undo, g_ptr_array_unref);
  g_clear_pointer (&branch->redo, g_ptr_array_unref);
  g_free (branch);
}

static EspBranch *
branch_at (EspPlan *plan, guint branch)
{
  return g_ptr_array_index (plan->branches, branch);
}

/** esp_plan_get_n_branches: Returns: how many there are, one at least. */
guint
esp_plan_get_n_branches (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 0);
  return plan->branches->len;
}

/** esp_plan_get_branch: Returns: the one in hand. */
guint
esp_plan_get_branch (EspPlan *plan)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), 0);
  return plan->branch;
}

/** esp_plan_get_branch_name: Returns: (transfer none): what @branch is called. */
const char *
esp_plan_get_branch_name (EspPlan *plan, guint branch)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && branch < plan->branches->len, NULL);
  return branch_at (plan, branch)->name;
}

/** esp_plan_find_branch: Returns: the branch called @name, -1 where none is. */
int
esp_plan_find_branch (EspPlan *plan, const char *name)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan), -1);
  for (guint b = 0; b < plan->branches->len; b++)
    if (g_strcmp0 (branch_at (plan, b)->name, name) == 0)
      return (int) b;
  return -1;
}

gboolean
esp_branch_check_name (const char *name, GError **error)
{
  const gboolean valid = g_utf8_validate (name, -1, NULL);

  for (const char *at = name; valid && *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, _ ("the name of a branch holds U+%04X, expected words"), g_utf8_get_char (at));
        return FALSE;
      }
  if (valid && *name != '\0' && g_utf8_strlen (name, -1) <= LONGEST_NAME)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, _ ("the name of a branch: found %zu bytes%s, expected 1 to %d characters"),
               strlen (name), valid ? "" : _ (" that are not UTF-8"), LONGEST_NAME);
  return FALSE;
}

/* @except: a branch that may be called so already, or -1. */
static gboolean
check_free (EspPlan *plan, const char *name, int except, GError **error)
{
  const int taken = esp_plan_find_branch (plan, name);

  if (!esp_branch_check_name (name, error))
    return FALSE;
  if (taken < 0 || taken == except)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, _ ("there is a branch “%s” already"), name);
  return FALSE;
}

/**
 * esp_plan_add_branch:
 * @plan: the plan
 * @name: what it is to be called; 1 to 80 characters, no other branch's
 * @error: ESP_ERROR_FORMAT: the name; _LIMIT: there are %ESP_MOST_BRANCHES
 *
 * As the plan is now, with the acts that led to it. An act that is open ends first.
 */
gboolean
esp_plan_add_branch (EspPlan *plan, const char *name, GError **error)
{
  EspBranch *branch;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && name != NULL, FALSE);
  if (!check_free (plan, name, -1, error))
    return FALSE;
  if (plan->branches->len >= ESP_MOST_BRANCHES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, _ ("a plan has at most %d branches"), ESP_MOST_BRANCHES);
      return FALSE;
    }
  while (plan->depth > 0)
    esp_plan_end (plan);
  branch = esp_branch_new (name);
  branch->state = esp_plan_get_state (plan);
  branch->undo = copy_acts (plan->undo);
  branch->redo = copy_acts (plan->redo);
  g_ptr_array_add (plan->branches, branch);
  esp_plan_tell_branches (plan);
  return TRUE;
}

/** esp_plan_rename_branch: calls @branch @name; @error as esp_plan_add_branch(). */
gboolean
esp_plan_rename_branch (EspPlan *plan, guint branch, const char *name, GError **error)
{
  EspBranch *one;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && branch < plan->branches->len && name != NULL, FALSE);
  if (!check_free (plan, name, (int) branch, error))
    return FALSE;
  one = branch_at (plan, branch);
  if (g_str_equal (one->name, name))
    return TRUE;
  g_free (one->name);
  one->name = g_strdup (name);
  esp_plan_tell_branches (plan);
  return TRUE;
}

/* The plan says what @state does, and no act remembers what it said. */
static void
become (EspPlan *plan, const EspPlanState *state)
{
  esp_wish_clear (&plan->wish);
  esp_wish_copy (&plan->wish, &state->wish, state->n_groups, state->n_layers, state->n_units);
  esp_plan_take_scores (plan, state->scores); /* the order goes with them */
  esp_plan_take_classes (plan, state->keep);
}

/**
 * esp_plan_switch_branch:
 * @plan: the plan
 * @branch: which is to be in hand
 *
 * The plan then says what that one said last, and undo and redo are its own. An act that is open ends first. Emits "changed" once.
 */
void
esp_plan_switch_branch (EspPlan *plan, guint branch)
{
  EspBranch *from, *to;

  g_return_if_fail (ESP_IS_PLAN (plan) && branch < plan->branches->len);
  if (branch == plan->branch)
    return;
  while (plan->depth > 0)
    esp_plan_end (plan);
  from = branch_at (plan, plan->branch);
  to = branch_at (plan, branch);
  from->state = esp_plan_get_state (plan);
  from->undo = g_steal_pointer (&plan->undo);
  from->redo = g_steal_pointer (&plan->redo);
  plan->undo = g_steal_pointer (&to->undo);
  plan->redo = g_steal_pointer (&to->redo);
  plan->branch = branch;
  esp_plan_hold (plan);
  become (plan, to->state);
  g_clear_pointer (&to->state, esp_plan_state_unref);
  esp_plan_release (plan);
  esp_plan_notify_history (plan);
  esp_plan_tell_branches (plan);
}

/**
 * esp_plan_delete_branch:
 * @plan: the plan
 * @branch: another than the one in hand
 * @error: ESP_ERROR_UNSUPPORTED: it is the one in hand
 *
 * esp_plan_restore_branch() brings it back. Numbers of those behind it move.
 */
gboolean
esp_plan_delete_branch (EspPlan *plan, guint branch, GError **error)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && branch < plan->branches->len, FALSE);
  if (branch == plan->branch)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("“%s” is the branch in hand: switch to another before it is deleted"),
                   branch_at (plan, branch)->name);
      return FALSE;
    }
  g_ptr_array_add (plan->deleted, g_ptr_array_steal_index (plan->branches, branch));
  plan->branch -= plan->branch > branch;
  esp_plan_tell_branches (plan);
  return TRUE;
}

/* "name", or "name (2)" and so on where that is taken. */
char *
esp_plan_free_branch_name (EspPlan *plan, const char *name)
{
  char *free_name = g_strdup (name);

  for (guint i = 2; esp_plan_find_branch (plan, free_name) >= 0; i++)
    {
      const char *end = g_utf8_offset_to_pointer (name, MIN (g_utf8_strlen (name, -1), LONGEST_NAME - 6));

      g_free (free_name);
      free_name = g_strdup_printf ("%.*s (%u)", (int) (end - name), name, i);
    }
  return free_name;
}

/** esp_plan_restore_branch: brings back the branch deleted last, with all it had, at the end.
 * Returns: whether there was one and room for it. */
gboolean
esp_plan_restore_branch (EspPlan *plan)
{
  EspBranch *branch;
  char *name;

  g_return_val_if_fail (ESP_IS_PLAN (plan), FALSE);
  if (plan->deleted->len == 0 || plan->branches->len >= ESP_MOST_BRANCHES)
    return FALSE;
  branch = g_ptr_array_steal_index (plan->deleted, plan->deleted->len - 1);
  name = esp_plan_free_branch_name (plan, branch->name);
  g_free (branch->name);
  branch->name = name;
  g_ptr_array_add (plan->branches, branch);
  esp_plan_tell_branches (plan);
  return TRUE;
}

/** esp_plan_get_branch_state: Returns: (transfer full): what @branch says. */
EspPlanState *
esp_plan_get_branch_state (EspPlan *plan, guint branch)
{
  g_return_val_if_fail (ESP_IS_PLAN (plan) && branch < plan->branches->len, NULL);
  return branch == plan->branch ? esp_plan_get_state (plan) : esp_plan_state_ref (branch_at (plan, branch)->state);
}

/**
 * esp_plan_state_resolve:
 * @state: what a plan says
 * @network: that plan's
 * @coupling: that plan's
 *
 * Thread: any; the plan itself is left alone.
 * Returns: (transfer full): what it keeps.
 */
EspMask *
esp_plan_state_resolve (EspPlanState *state, EspNetwork *network, EspCoupling *coupling)
{
  g_autoptr (EspPlan) plan = NULL;

  g_return_val_if_fail (state != NULL && network != NULL && coupling != NULL, NULL);
  plan = esp_plan_new (network, coupling, NULL);
  become (plan, state);
  return esp_plan_get_mask (plan);
}

/* (transfer full): a plan of its own that says what @branch does. */
EspPlan *
esp_plan_copy_branch (EspPlan *plan, guint branch)
{
  g_autoptr (EspPlanState) state = esp_plan_get_branch_state (plan, branch);
  EspPlan *copy = esp_plan_new (plan->network, plan->coupling, NULL);

  become (copy, state);
  return copy;
}

/** esp_plan_get_branch_mask: Returns: (transfer full): what @branch keeps. */
EspMask *
esp_plan_get_branch_mask (EspPlan *plan, guint branch)
{
  g_autoptr (EspPlan) copy = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && branch < plan->branches->len, NULL);
  if (branch == plan->branch)
    return esp_plan_get_mask (plan);
  copy = esp_plan_copy_branch (plan, branch);
  return esp_plan_get_mask (copy);
}
