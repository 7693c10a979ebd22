/* window.c: one window, one study: its template, its state, how it says things */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#include "probe.h"
#include "prune/plan-branch.h"
#include "widgets/row-label.h"

#define TEMPLATE "/io/github/espalier/Espalier/ui/window.ui"

G_DEFINE_FINAL_TYPE (EspWindow, esp_window, ADW_TYPE_APPLICATION_WINDOW)

/**
 * esp_window_show_error:
 * @window: the window
 * @heading: what did not work, in a few words
 * @error: why: its message is shown whole, to be selected and copied
 *
 * Thread: main.
 */
void
esp_window_show_error (EspWindow *window, const char *heading, const GError *error)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (window), heading, NULL);
  GtkWidget *message = gtk_label_new (error->message);

  gtk_label_set_wrap (GTK_LABEL (message), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (message), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (message), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (message), 60);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), message);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("OK"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  gtk_window_present (GTK_WINDOW (dialog));
}

/** esp_window_toast: says @text for a moment at the foot of the window, before what else is said there. Thread: main. */
void
esp_window_toast (EspWindow *window, const char *text)
{
  AdwToast *toast = adw_toast_new (text);

  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (window->toasts, toast);
}

static void
study_failed (EspStudy *study, const GError *error, gpointer data)
{
  esp_window_show_error (data, _ ("Something Went Wrong"), error);
}

/* What was left out of the data is said once. */
static void
notice_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  g_autofree char *notice = NULL;

  g_object_get (study, "notice", &notice, NULL);
  if (notice != NULL && *notice != '\0')
    esp_window_toast (data, notice);
}

/* "coco256 val · 128 images"; "" without data. */
static char *
dataset_words (EspDataset *dataset)
{
  const guint n = dataset != NULL ? esp_dataset_get_n (dataset) : 0;

  if (dataset == NULL)
    return g_strdup ("");
  return g_strdup_printf (g_dngettext (NULL, "%s · %u image", "%s · %u images", n), esp_dataset_get_title (dataset), n);
}

/* "branch “light”" where there are others; "" else. */
static char *
branch_words (EspPlan *plan)
{
  if (plan == NULL || esp_plan_get_n_branches (plan) < 2)
    return g_strdup ("");
  return g_strdup_printf (_ ("branch “%s”"), esp_plan_get_branch_name (plan, esp_plan_get_branch (plan)));
}

/** esp_window_show_title: says in the header what is open: network, data, the file of the plan where it has one, and the branch in hand.
 * Thread: main. */
void
esp_window_show_title (EspWindow *window)
{
  g_autofree char *title = NULL;
  g_autofree char *data = dataset_words (esp_study_get_dataset (window->study));
  g_autofree char *file = window->plan_file != NULL ? g_file_get_basename (window->plan_file) : NULL;
  g_autofree char *shown = file != NULL ? g_filename_display_name (file) : NULL;
  g_autofree char *plan = shown != NULL ? g_strdup_printf (_ ("plan “%s”"), shown) : g_strdup ("");
  g_autofree char *branch = branch_words (esp_study_get_plan (window->study));
  const char *const parts[] = { data, plan, branch };
  g_autoptr (GString) subtitle = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_string_append_printf (subtitle, "%s%s", subtitle->len > 0 && *parts[i] != '\0' ? " · " : "", parts[i]);
  g_object_get (window->study, "title", &title, NULL);
  adw_window_title_set_title (window->title, title != NULL && *title != '\0' ? title : _ ("Espalier"));
  adw_window_title_set_subtitle (window->title, subtitle->str);
  gtk_window_set_title (GTK_WINDOW (window), adw_window_title_get_title (window->title));
}

static void
title_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  esp_window_show_title (data);
}

/* A pane counts from its start, what is remembered from its end: the panel and the strip keep their size in a window of another. */
static int
other_side (GtkPaned *paned, int part)
{
  const gboolean across = gtk_orientable_get_orientation (GTK_ORIENTABLE (paned)) == GTK_ORIENTATION_HORIZONTAL;

  return (across ? gtk_widget_get_width (GTK_WIDGET (paned)) : gtk_widget_get_height (GTK_WIDGET (paned))) - part;
}

static gboolean
place_panes (GtkWidget *paned, GdkFrameClock *clock, gpointer data)
{
  EspWindow *self = data;
  int strip; /* of a low window a third at most */

  if (gtk_widget_get_width (paned) == 0)
    return G_SOURCE_CONTINUE;
  gtk_paned_set_position (self->panel_paned, MAX (1, other_side (self->panel_paned, g_settings_get_int (self->settings, "panel-width"))));
  strip = MIN (g_settings_get_int (self->settings, "strip-height"), other_side (self->strip_paned, 0) / 3);
  gtk_paned_set_position (self->strip_paned, MAX (1, other_side (self->strip_paned, strip)));
  self->panes_placed = TRUE;
  return G_SOURCE_REMOVE;
}

/* Their sizes are known after the first layout. A frame's beginning is the place to ask for another one: between two phases of a frame it
 * would be missed, and the window drawn without. */
static void
paned_mapped (GtkWidget *paned, gpointer data)
{
  if (!ESP_WINDOW (data)->panes_placed)
    gtk_widget_add_tick_callback (paned, place_panes, data, NULL);
}

static void
remember_size (EspWindow *self, const char *key, GtkPaned *paned)
{
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettingsSchemaKey) bounds = NULL;
  g_autoptr (GVariant) size = g_variant_ref_sink (g_variant_new_int32 (other_side (paned, gtk_paned_get_position (paned))));

  g_object_get (self->settings, "settings-schema", &schema, NULL);
  bounds = g_settings_schema_get_key (schema, key);
  if (g_settings_schema_key_range_check (bounds, size))
    g_settings_set_value (self->settings, key, size);
}

static void
remember_panes (EspWindow *self)
{
  if (self->settings == NULL || !self->panes_placed || !gtk_widget_get_mapped (GTK_WIDGET (self->panel_paned)))
    return;
  if (gtk_widget_get_visible (self->panel))
    remember_size (self, "panel-width", self->panel_paned);
  remember_size (self, "strip-height", self->strip_paned);
}

static void
bind_state (EspWindow *self)
{
  GSettings *settings = self->settings;

  if (settings == NULL)
    return;
  g_settings_bind (settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-height", self, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "images-width", self->images_paned, "position", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (self->panel_paned, "map", G_CALLBACK (paned_mapped), self, 0);
  g_settings_bind (settings, "heat-opacity", esp_image_view_get_canvas (self->image_view), "heat-opacity", G_SETTINGS_BIND_DEFAULT);
}

static gboolean
esp_window_close_request (GtkWindow *window)
{
  EspWindow *self = ESP_WINDOW (window);

  remember_panes (self);
  if (self->opening != NULL)
    esp_job_cancel (self->opening);
  g_clear_handle_id (&self->stale_source, g_source_remove);
  return GTK_WINDOW_CLASS (esp_window_parent_class)->close_request (window);
}

/* libadwaita leaves the menu half of its split button without a name. */
static void
name_menu_half (GtkWidget *split_button, const char *name)
{
  for (GtkWidget *child = gtk_widget_get_first_child (split_button); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (GTK_IS_MENU_BUTTON (child))
      {
        GtkWidget *toggle = gtk_widget_get_first_child (child);

        gtk_accessible_update_property (GTK_ACCESSIBLE (child), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
        if (toggle != NULL)
          gtk_accessible_update_property (GTK_ACCESSIBLE (toggle), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
      }
}

static void
set_up (EspWindow *self, EspApplication *application)
{
  g_set_object (&self->settings, esp_application_get_settings (application));
  self->study = esp_study_new (esp_application_get_lane (application));
  if (self->settings != NULL)
    esp_study_set_prefix_budget (self->study, (gsize) g_settings_get_uint (self->settings, "prefix-cache") * 1000000);
  g_signal_connect_object (self->study, "failed", G_CALLBACK (study_failed), self, 0);
  g_signal_connect_object (self->study, "notify::title", G_CALLBACK (title_changed), self, 0);
  g_signal_connect_object (self->study, "notify::notice", G_CALLBACK (notice_changed), self, 0);
  esp_window_add_actions (self);
  esp_window_bind_explain (self);
  esp_window_bind_channels (self);
  esp_window_bind_prune (self);
  esp_window_bind_branches (self);
  esp_window_bind_train (self);
  esp_window_bind_recipes (self);
  esp_window_bind_lens (self);
  esp_window_bind_budget (self);
  esp_window_bind_sensitivity (self);
  esp_window_bind_drift (self);
  esp_window_bind_jobs (self);
  esp_window_accept_drops (self);
  esp_window_fill_recent (self);
  name_menu_half (self->open_button, _ ("Recent"));
  esp_drop_down_name (self->target_drop, _ ("Target"));
  esp_drop_down_name (self->method_drop, _ ("Method"));
  esp_drop_down_name (self->layer_drop, _ ("Layer"));
  esp_drop_down_name (self->criterion_drop, _ ("Criterion"));
  bind_state (self);
  esp_probe_attach (GTK_WIDGET (self), self->study);
  esp_window_update_actions (self);
}

static void
esp_window_dispose (GObject *object)
{
  EspWindow *self = ESP_WINDOW (object);

  if (self->opening != NULL)
    esp_job_cancel (self->opening);
  g_clear_pointer (&self->opening, esp_job_unref);
  if (self->group_list != NULL)
    esp_group_list_set_model (self->group_list, NULL); /* an act under way ends while there is a plan to end it in */
  self->filling = TRUE;                                /* what drop-downs do while they go is nobody's choice */
  gtk_widget_dispose_template (GTK_WIDGET (self), ESP_TYPE_WINDOW);
  g_action_map_remove_action (G_ACTION_MAP (self), "look-bfloat16"); /* it holds the study, whose work would go on */
  esp_window_end_export (self);
  esp_window_end_work (&self->budget);
  esp_window_end_work (&self->sensitivity);
  esp_window_end_drift (self);
  esp_window_end_lens (self);
  esp_window_end_recipes (self);
  g_clear_object (&self->training);
  g_clear_object (&self->study);
  g_clear_object (&self->settings);
  g_clear_object (&self->plan_file);
  g_clear_weak_pointer (&self->offer);
  G_OBJECT_CLASS (esp_window_parent_class)->dispose (object);
}

static void
esp_window_finalize (GObject *object)
{
  EspWindow *self = ESP_WINDOW (object);

  esp_study_files_clear (&self->files);
  esp_study_files_clear (&self->asked);
  G_OBJECT_CLASS (esp_window_parent_class)->finalize (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget_class, EspWindow, name)

static void
bind_children (GtkWidgetClass *widget_class)
{
  BIND (toasts);
  BIND (title);
  BIND (open_button);
  BIND (undo_button);
  BIND (redo_button);
  BIND (stack);
  BIND (loading_page);
  BIND (loading_spinner);
  BIND (jobs_button);
  BIND (jobs_box);
  BIND (images_paned);
  BIND (lists_paned);
  BIND (panel_paned);
  BIND (strip_paned);
  BIND (panel);
  BIND (image_list);
  BIND (detection_list);
  BIND (image_view);
  BIND (channel_strip);
  BIND (group_list);
  BIND (trial_list);
  BIND (train_page);
  BIND (recipe_page);
  BIND (recipe_host);
  BIND (recipe_alone);
  BIND (panel_stack);
  BIND (map_tile);
  BIND (size_tile);
  BIND (bflops_tile);
  BIND (latency_tile);
  BIND (target_drop);
  BIND (method_drop);
  BIND (layer_drop);
  BIND (criterion_drop);
  BIND (round_check);
  BIND (branch_button);
  BIND (busy_spinner);
  BIND (recent_menu);
}

static void
esp_window_class_init (EspWindowClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  object_class->dispose = esp_window_dispose;
  object_class->finalize = esp_window_finalize;
  GTK_WINDOW_CLASS (class)->close_request = esp_window_close_request;
  gtk_widget_class_set_template_from_resource (widget_class, TEMPLATE);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "win.explain-class", NULL);
  bind_children (widget_class);
}

static void
esp_window_init (EspWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/** esp_window_new: Returns: (transfer none): a window of @application with nothing open. Thread: main. */
EspWindow *
esp_window_new (EspApplication *application)
{
  EspWindow *window = g_object_new (ESP_TYPE_WINDOW, "application", application, NULL);

  set_up (window, application);
  return window;
}

/** esp_window_is_empty: Returns: whether nothing is open and nothing is being opened. Thread: main. */
gboolean
esp_window_is_empty (EspWindow *window)
{
  return window->opening == NULL && esp_study_get_network (window->study) == NULL;
}
