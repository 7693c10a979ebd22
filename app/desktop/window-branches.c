/* window-branches.c: the named branches of the plan: a menu of them, and what a hand does to them */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#include "compare-window.h"
#include "prune/plan-branch.h"
#include "widgets/row-label.h"

/* A menu reads an underscore as the mark of a key. */
static char *
menu_words (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "_", -1);

  return g_strjoinv ("__", parts);
}

static void
add_item (GMenu *section, const char *label, const char *action)
{
  g_menu_append (section, label, action);
}

static GMenuModel *
menu_of (EspPlan *plan)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) branches = g_menu_new (), acts = g_menu_new (), both = g_menu_new ();

  for (guint b = 0; b < esp_plan_get_n_branches (plan); b++)
    {
      g_autofree char *label = menu_words (esp_plan_get_branch_name (plan, b));
      g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

      g_menu_item_set_action_and_target (item, "branch.switch", "u", b);
      g_menu_append_item (branches, item);
    }
  add_item (acts, _ ("_New Branch…"), "branch.new");
  add_item (acts, _ ("_Rename Branch…"), "branch.rename");
  add_item (acts, _ ("_Delete Branch"), "branch.delete");
  add_item (both, _ ("_Compare Branches…"), "branch.compare");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (branches));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (acts));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (both));
  return G_MENU_MODEL (menu);
}

static GSimpleAction *
action_of (EspWindow *self, const char *name)
{
  return G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self->branch_actions), name));
}

static void
branches_changed (EspPlan *plan, gpointer data)
{
  EspWindow *self = data;
  const char *name = esp_plan_get_branch_name (plan, esp_plan_get_branch (plan));
  const gboolean several = esp_plan_get_n_branches (plan) > 1;
  g_autoptr (GMenuModel) menu = menu_of (plan);
  g_autofree char *words = g_strdup_printf (_ ("Branch: %s"), name);

  gtk_menu_button_set_label (self->branch_button, name);
  gtk_menu_button_set_menu_model (self->branch_button, menu);
  esp_accessible_name (self->branch_button, words);
  esp_accessible_describe (gtk_widget_get_first_child (GTK_WIDGET (self->branch_button)), words); /* its label names it: the branch alone */
  g_simple_action_set_state (action_of (self, "switch"), g_variant_new_uint32 (esp_plan_get_branch (plan)));
  g_simple_action_set_enabled (action_of (self, "delete"), several);
  g_simple_action_set_enabled (action_of (self, "compare"), several);
  esp_window_show_title (self);
}

static EspPlan *
plan_of (EspWindow *self)
{
  return esp_study_get_plan (self->study);
}

static void
switch_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  const guint branch = g_variant_get_uint32 (parameter);
  EspPlan *plan = plan_of (data);

  if (plan != NULL && branch < esp_plan_get_n_branches (plan))
    esp_plan_switch_branch (plan, branch);
}

/* What a dialog of one name does with it; FALSE with @error. */
typedef gboolean (*NameFunc) (EspPlan *plan, const char *name, GError **error);

static gboolean
add_branch (EspPlan *plan, const char *name, GError **error)
{
  if (!esp_plan_add_branch (plan, name, error))
    return FALSE;
  esp_plan_switch_branch (plan, esp_plan_get_n_branches (plan) - 1);
  return TRUE;
}

static gboolean
rename_branch (EspPlan *plan, const char *name, GError **error)
{
  return esp_plan_rename_branch (plan, esp_plan_get_branch (plan), name, error);
}

static void
name_changed (GtkEditable *entry, gpointer dialog)
{
  adw_message_dialog_set_response_enabled (dialog, "take", *gtk_editable_get_text (entry) != '\0');
}

static void
name_answered (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  EspWindow *self = data;
  NameFunc func = (NameFunc) g_object_get_data (G_OBJECT (dialog), "func");
  GtkEditable *entry = GTK_EDITABLE (adw_message_dialog_get_extra_child (dialog));
  EspPlan *plan = plan_of (self);
  g_autoptr (GError) error = NULL;

  if (g_str_equal (response, "take") && plan != NULL && !func (plan, gtk_editable_get_text (entry), &error))
    esp_window_show_error (self, _ ("The Branch Cannot Be Called So"), error);
}

static void
ask_name (EspWindow *self, const char *heading, const char *body, const char *take, const char *name, NameFunc func)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), heading, body);
  GtkWidget *entry = gtk_entry_new ();

  gtk_editable_set_text (GTK_EDITABLE (entry), name);
  gtk_editable_select_region (GTK_EDITABLE (entry), 0, -1);
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_entry_set_max_length (GTK_ENTRY (entry), 80);
  esp_accessible_name (entry, _ ("Name of the branch"));
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "take", take, NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "take", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "take");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data (G_OBJECT (dialog), "func", (gpointer) func);
  g_signal_connect_object (entry, "changed", G_CALLBACK (name_changed), dialog, 0);
  g_signal_connect_object (dialog, "response", G_CALLBACK (name_answered), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
  gtk_widget_grab_focus (entry);
}

/* "Branch 2" or the next number that no branch is called by. */
static char *
propose_name (EspPlan *plan)
{
  for (guint i = esp_plan_get_n_branches (plan) + 1;; i++)
    {
      g_autofree char *name = g_strdup_printf (_ ("Branch %u"), i);

      if (esp_plan_find_branch (plan, name) < 0)
        return g_steal_pointer (&name);
    }
}

static void
new_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autofree char *name = propose_name (plan_of (data));

  ask_name (data, _ ("New Branch"), _ ("It begins as the plan is now, with what can be undone. The other branches stay as they are."),
            _ ("C_reate"), name, add_branch);
}

static void
rename_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EspPlan *plan = plan_of (data);

  ask_name (data, _ ("Rename Branch"), NULL, _ ("_Rename"), esp_plan_get_branch_name (plan, esp_plan_get_branch (plan)), rename_branch);
}

/* The one in hand: its neighbour is then in hand. The toast has the way back. */
static void
delete_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EspWindow *self = data;
  EspPlan *plan = plan_of (self);
  guint branch = esp_plan_get_branch (plan);
  g_autofree char *name = g_strdup (esp_plan_get_branch_name (plan, branch));
  g_autofree char *text = g_strdup_printf (_ ("Branch “%s” deleted"), name);
  g_autoptr (GError) error = NULL;
  AdwToast *toast;

  esp_plan_switch_branch (plan, branch > 0 ? branch - 1 : 1);
  if (!esp_plan_delete_branch (plan, branch, &error))
    {
      esp_window_show_error (self, _ ("The Branch Could Not Be Deleted"), error);
      return;
    }
  toast = adw_toast_new (text);
  adw_toast_set_button_label (toast, _ ("Undo"));
  adw_toast_set_action_name (toast, "branch.restore");
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH); /* the way back is worth nothing once another toast has had its time */
  adw_toast_overlay_add_toast (self->toasts, toast);
}

static void
restore_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EspPlan *plan = plan_of (data);

  if (plan != NULL && esp_plan_restore_branch (plan))
    esp_plan_switch_branch (plan, esp_plan_get_n_branches (plan) - 1);
}

static void
compare_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  gtk_window_present (GTK_WINDOW (esp_compare_window_new (data)));
}

static const GActionEntry entries[] = {
  { "switch", switch_activated, "u", "uint32 0", NULL, { 0 } }, { "new", new_activated, NULL, NULL, NULL, { 0 } },
  { "rename", rename_activated, NULL, NULL, NULL, { 0 } },      { "delete", delete_activated, NULL, NULL, NULL, { 0 } },
  { "restore", restore_activated, NULL, NULL, NULL, { 0 } },    { "compare", compare_activated, NULL, NULL, NULL, { 0 } },
};

static void
plan_replaced (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  EspPlan *plan = plan_of (self);

  gtk_widget_set_sensitive (GTK_WIDGET (self->branch_button), plan != NULL);
  if (plan == NULL)
    return;
  g_signal_connect_object (plan, "branches-changed", G_CALLBACK (branches_changed), self, 0);
  branches_changed (plan, self);
}

/** esp_window_bind_branches: ties the menu of branches to the study's plan. Thread: main. */
void
esp_window_bind_branches (EspWindow *window)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();

  g_action_map_add_action_entries (G_ACTION_MAP (group), entries, G_N_ELEMENTS (entries), window);
  gtk_widget_insert_action_group (GTK_WIDGET (window), "branch", G_ACTION_GROUP (group));
  window->branch_actions = G_ACTION_GROUP (group); /* the window's own from here on */
  g_signal_connect_object (window->study, "notify::plan", G_CALLBACK (plan_replaced), window, 0);
  plan_replaced (window->study, NULL, window);
}
