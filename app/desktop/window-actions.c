/* window-actions.c: everything a person can ask of the window, by key, button or menu */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#define SHORTCUTS "/io/github/espalier/Espalier/ui/shortcuts.ui"

static void
open_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_open_dialog (data);
}

static void
open_sample_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_open_sample (data);
}

static void
run_recipe_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_show_recipes (data, TRUE);
}

static void
leave_recipe_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_show_recipes (data, FALSE);
}

static void
open_recent_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GFile) file = g_file_new_for_uri (g_variant_get_string (parameter, NULL));

  esp_window_open_files (data, &file, 1);
}

static void
save_plan_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_save_plan (data, FALSE);
}

static void
save_plan_as_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_save_plan (data, TRUE);
}

static void
save_picture_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_save_picture (data);
}

static void
budget_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_show_work (ESP_WINDOW (data)->budget);
}

static void
sensitivity_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_show_work (ESP_WINDOW (data)->sensitivity);
}

static void
drift_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_show_work (ESP_WINDOW (data)->drift);
}

static void
export_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_window_export (data);
}

static void
restore_plan_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *path = esp_study_find_autosave (self->study);
  g_autoptr (GError) error = NULL;

  if (path != NULL && !esp_study_load_plan (self->study, path, &error))
    esp_window_show_error (self, _ ("The Plan Could Not Be Restored"), error);
}

static void
undo_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_plan_undo (esp_study_get_plan (ESP_WINDOW (data)->study));
}

static void
redo_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_plan_redo (esp_study_get_plan (ESP_WINDOW (data)->study));
}

static void
reset_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_plan_reset (esp_study_get_plan (ESP_WINDOW (data)->study));
}

static void
zoom_in_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_image_view_zoom_in (ESP_WINDOW (data)->image_view);
}

static void
zoom_out_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_image_view_zoom_out (ESP_WINDOW (data)->image_view);
}

static void
zoom_fit_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_image_view_fit (ESP_WINDOW (data)->image_view);
}

static void
fullscreen_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  if (gtk_window_is_fullscreen (data))
    gtk_window_unfullscreen (data);
  else
    gtk_window_fullscreen (data);
}

/* From wherever the keyboard is: the pane may be hidden, and is then shown. */
static void
find_image_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  EspWindow *self = data;

  gtk_widget_set_visible (GTK_WIDGET (self->lists_paned), TRUE);
  esp_image_list_focus_search (self->image_list);
}

static void
explain_class_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  esp_study_select_detection (ESP_WINDOW (data)->study, -1);
}

/* Its own default would only hide it. */
static gboolean
shortcuts_closed (GtkWindow *shortcuts, gpointer data)
{
  gtk_application_window_set_help_overlay (data, NULL);
  return TRUE;
}

/* It lives no longer than it is looked at: GTK 4.8 answers a screen reader that asks for a window which has just gone with the last one of
 * its list, and ends the program when that one was never shown. */
static void
show_shortcuts_activated (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  g_autoptr (GtkBuilder) builder = gtk_builder_new_from_resource (SHORTCUTS);
  GtkShortcutsWindow *shortcuts = GTK_SHORTCUTS_WINDOW (gtk_builder_get_object (builder, "shortcuts"));

  gtk_application_window_set_help_overlay (data, shortcuts);
  g_signal_connect_object (shortcuts, "close-request", G_CALLBACK (shortcuts_closed), data, 0);
  gtk_window_present (GTK_WINDOW (shortcuts));
}

static const GActionEntry entries[] = {
  { "open", open_activated, NULL, NULL, NULL, { 0 } },
  { "open-sample", open_sample_activated, NULL, NULL, NULL, { 0 } },
  { "run-recipe", run_recipe_activated, NULL, NULL, NULL, { 0 } },
  { "leave-recipe", leave_recipe_activated, NULL, NULL, NULL, { 0 } },
  { "open-recent", open_recent_activated, "s", NULL, NULL, { 0 } },
  { "save-plan", save_plan_activated, NULL, NULL, NULL, { 0 } },
  { "save-plan-as", save_plan_as_activated, NULL, NULL, NULL, { 0 } },
  { "save-picture", save_picture_activated, NULL, NULL, NULL, { 0 } },
  { "budget", budget_activated, NULL, NULL, NULL, { 0 } },
  { "sensitivity", sensitivity_activated, NULL, NULL, NULL, { 0 } },
  { "drift", drift_activated, NULL, NULL, NULL, { 0 } },
  { "export", export_activated, NULL, NULL, NULL, { 0 } },
  { "restore-plan", restore_plan_activated, NULL, NULL, NULL, { 0 } },
  { "undo", undo_activated, NULL, NULL, NULL, { 0 } },
  { "redo", redo_activated, NULL, NULL, NULL, { 0 } },
  { "reset", reset_activated, NULL, NULL, NULL, { 0 } },
  { "zoom-in", zoom_in_activated, NULL, NULL, NULL, { 0 } },
  { "zoom-out", zoom_out_activated, NULL, NULL, NULL, { 0 } },
  { "zoom-fit", zoom_fit_activated, NULL, NULL, NULL, { 0 } },
  { "fullscreen", fullscreen_activated, NULL, NULL, NULL, { 0 } },
  { "find-image", find_image_activated, NULL, NULL, NULL, { 0 } },
  { "explain-class", explain_class_activated, NULL, NULL, NULL, { 0 } },
  { "show-help-overlay", show_shortcuts_activated, NULL, NULL, NULL, { 0 } },
};

/* Switches that are a property of a widget: the settings keep them, the action follows the property. */
static void
add_switch (EspWindow *self, const char *name, gpointer object, const char *property)
{
  g_autoptr (GPropertyAction) action = g_property_action_new (name, object, property);

  g_action_map_add_action (G_ACTION_MAP (self), G_ACTION (action));
  if (self->settings != NULL)
    g_settings_bind (self->settings, name, object, property, G_SETTINGS_BIND_DEFAULT);
}

static void
set_enabled (EspWindow *self, const char *name, gboolean enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), enabled);
}

/* "Undo" and the words of the act. */
static void
describe_button (GtkButton *button, const char *verb, const char *act)
{
  g_autofree char *text = act != NULL && *act != '\0' ? g_strdup_printf (_ ("%s: %s"), verb, act) : g_strdup (verb);

  gtk_widget_set_tooltip_text (GTK_WIDGET (button), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, verb, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  act != NULL ? act : "", -1);
}

/** esp_window_update_actions: enables what can be done now, and words undo and redo. Thread: main. */
void
esp_window_update_actions (EspWindow *window)
{
  EspPlan *plan = esp_study_get_plan (window->study);
  gboolean can_undo = FALSE, can_redo = FALSE;
  g_autofree char *undo = NULL, *redo = NULL;
  const char *const with_plan[] = { "save-plan", "save-plan-as", "reset", "budget", "sensitivity", "drift" };
  const char *const with_view[] = { "save-picture", "zoom-in", "zoom-out", "zoom-fit", "find-image", "explain-class" };

  if (plan != NULL)
    g_object_get (plan, "can-undo", &can_undo, "can-redo", &can_redo, "undo-label", &undo, "redo-label", &redo, NULL);
  if (can_undo)
    esp_window_withdraw_offer (window);
  set_enabled (window, "undo", can_undo);
  set_enabled (window, "redo", can_redo);
  describe_button (window->undo_button, _ ("Undo"), undo);
  describe_button (window->redo_button, _ ("Redo"), redo);
  for (guint i = 0; i < G_N_ELEMENTS (with_plan); i++)
    set_enabled (window, with_plan[i], plan != NULL);
  set_enabled (window, "export", plan != NULL && window->exporting == NULL);
  for (guint i = 0; i < G_N_ELEMENTS (with_view); i++)
    set_enabled (window, with_view[i], esp_study_get_image (window->study) != NULL);
}

/** esp_window_add_actions: gives the window its actions, the switches bound to widgets and settings. Thread: main. */
void
esp_window_add_actions (EspWindow *window)
{
  EspImageCanvas *canvas = esp_image_view_get_canvas (window->image_view);

  g_action_map_add_action_entries (G_ACTION_MAP (window), entries, G_N_ELEMENTS (entries), window);
  add_switch (window, "show-images", window->lists_paned, "visible");
  add_switch (window, "show-panel", window->panel, "visible");
  add_switch (window, "show-boxes", canvas, "show-boxes");
  add_switch (window, "show-truth", canvas, "show-truth");
  add_switch (window, "show-heat", canvas, "show-heat");
  add_switch (window, "side-by-side", canvas, "compare");
  if (esp_backend_is_available (ESP_BACKEND_BFLOAT16)) /* the menu leaves out what there is no action for */
    add_switch (window, "look-bfloat16", window->study, "look-bfloat16");
}
