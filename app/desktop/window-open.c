/* window-open.c: what a person opens, drops or picks again, until it is a study */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#include "draw/sample-network.h"
#include "draw/sample.h"
#include "open-sheet.h"

#define SAMPLE_IMAGES 128
#define SAMPLE_SEED   1
#define RECENT_MOST   8

static void
show_page (EspWindow *self, const char *name)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  gtk_spinner_set_spinning (self->loading_spinner, g_str_equal (name, "loading"));
}

static void
end_opening (EspWindow *self)
{
  gboolean loaded;

  g_clear_pointer (&self->opening, esp_job_unref);
  g_object_get (self->study, "loaded", &loaded, NULL);
  show_page (self, loaded ? "study" : esp_window_recipes_stand_alone (self) ? "recipes" : "empty");
  esp_window_update_actions (self);
}

static void
remember (const char *path)
{
  g_autofree char *uri = path != NULL ? g_filename_to_uri (path, NULL, NULL) : NULL;

  if (uri != NULL)
    gtk_recent_manager_add_item (gtk_recent_manager_get_default (), uri);
}

/* The plan as it was left last is offered, not imposed: until it is taken, put away or something is done without it. */
static void
offer_autosave (EspWindow *self)
{
  g_autofree char *path = self->files.plan == NULL ? esp_study_find_autosave (self->study) : NULL;
  AdwToast *toast;

  if (path == NULL)
    return;
  toast = adw_toast_new (_ ("This network was pruned here before"));
  adw_toast_set_button_label (toast, _ ("Restore Plan"));
  adw_toast_set_timeout (toast, 0);
  adw_toast_set_action_name (toast, "win.restore-plan");
  g_set_weak_pointer (&self->offer, toast);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/** esp_window_withdraw_offer: takes back the offer of the plan as it was left last. Thread: main. */
void
esp_window_withdraw_offer (EspWindow *self)
{
  AdwToast *offer = self->offer;

  g_clear_weak_pointer (&self->offer);
  if (offer != NULL)
    adw_toast_dismiss (offer);
}

static void
study_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EspWindow) self = data;
  g_autoptr (GError) error = NULL;
  const gboolean opened = esp_study_open_finish (ESP_STUDY (source), result, &error);

  end_opening (self);
  if (opened)
    {
      esp_study_files_clear (&self->files);
      self->files = self->asked;
      self->asked = (EspStudyFiles){ 0 };
      if (self->files.plan != NULL)
        self->plan_file = g_file_new_for_path (self->files.plan);
      esp_window_show_title (self);
      esp_window_propose_data (self);
      esp_window_propose_recipe (self);
      offer_autosave (self);
    }
  if (!opened && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    esp_window_show_error (self, _ ("This Cannot Be Opened"), error);
}

/** esp_window_open_study: reads @files, which are complete, in the lane; the study is as it was until that is done. Thread: main. */
void
esp_window_open_study (EspWindow *self, const EspStudyFiles *files)
{
  g_autofree char *name = g_path_get_basename (files->cfg);

  esp_window_withdraw_offer (self);
  if (self->opening != NULL)
    esp_job_cancel (self->opening);
  g_clear_pointer (&self->opening, esp_job_unref);
  self->opening = esp_job_new (name);
  esp_study_files_clear (&self->asked);
  esp_study_files_copy (&self->asked, files);
  adw_status_page_set_description (self->loading_page, name);
  show_page (self, "loading");
  remember (files->cfg);
  esp_window_fill_recent (self);
  esp_study_open_async (self->study, files, self->opening, study_opened, g_object_ref (self));
}

static void
sheet_answered (EspOpenSheet *sheet, gpointer data)
{
  esp_window_open_study (ESP_WINDOW (data), esp_open_sheet_get_files (sheet));
}

/* All there: open. Something missing: list what was found, with a button for each. */
static void
open_or_ask (EspWindow *self, EspStudyFiles *files)
{
  esp_study_files_complete (files);
  if (files->cfg != NULL && files->weights != NULL && files->data != NULL)
    {
      esp_window_open_study (self, files);
      return;
    }
  EspOpenSheet *sheet = esp_open_sheet_new (GTK_WINDOW (self), files);

  g_signal_connect_object (sheet, "answered", G_CALLBACK (sheet_answered), self, 0);
  gtk_window_present (GTK_WINDOW (sheet));
}

/* Files dropped beside what is open already add to it: data for the network in view, a plan for it. */
static void
add_what_is_open (EspWindow *self, EspStudyFiles *files)
{
  const EspStudyFiles *open = &self->files;

  if (files->cfg != NULL || files->weights != NULL || open->cfg == NULL)
    return;
  files->cfg = g_strdup (open->cfg);
  files->weights = g_strdup (open->weights);
  if (files->data == NULL)
    {
      files->data = g_strdup (open->data);
      files->split = g_strdup (open->split);
    }
  if (files->names == NULL)
    files->names = g_strdup (open->names);
}

/**
 * esp_window_open_files:
 * @window: the window
 * @files: @n files or folders of any sort Espalier knows
 *
 * Opens them as one study, with their siblings; what cannot be opened is said in a sentence and the study stays as it was. Thread: main.
 */
void
esp_window_open_files (EspWindow *window, GFile **files, guint n)
{
  EspStudyFiles found = { 0 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n && error == NULL; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);

      if (path == NULL)
        g_set_error (&error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _ ("%s: only files of this machine can be opened"),
                     g_file_peek_path (files[i]));
      else
        esp_study_files_add (&found, path, &error);
    }
  if (error != NULL)
    esp_window_show_error (window, _ ("This Cannot Be Opened"), error);
  else
    {
      add_what_is_open (window, &found);
      open_or_ask (window, &found);
    }
  esp_study_files_clear (&found);
}

static char *
sample_folder (void)
{
  g_autofree char *name = esp_sample_dup_name (), *folder = g_strconcat ("sample-" ESP_VERSION "-", name, NULL);

  return g_build_filename (g_get_user_cache_dir (), "espalier", folder, NULL);
}

/** esp_window_is_sample: Returns: whether the sample is open. Thread: main. */
gboolean
esp_window_is_sample (EspWindow *window)
{
  g_autofree char *sample = sample_folder (), *own = window->files.cfg != NULL ? g_path_get_dirname (window->files.cfg) : NULL;

  return g_strcmp0 (own, sample) == 0;
}

static void
write_sample (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  EspApplication *application = ESP_APPLICATION (g_application_get_default ());
  const EspSampleOptions options
      = { .set = { .n_scenes = { [ESP_ORCHARD_TEST] = SAMPLE_IMAGES }, .seed = SAMPLE_SEED, .scene = ESP_ORCHARD_OPTIONS_DEFAULT },
          .lane = esp_application_get_lane (application) };
  g_autofree char *folder = sample_folder ();
  g_autofree char *last = g_build_filename (folder, "plan.json", NULL);
  g_autoptr (GError) error = NULL;

  if (g_file_test (last, G_FILE_TEST_EXISTS) || esp_sample_write (folder, &options, NULL, data, &error))
    g_task_return_pointer (task, g_steal_pointer (&folder), g_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
sample_written (GObject *source, GAsyncResult *result, gpointer data)
{
  EspWindow *self = ESP_WINDOW (source);
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_task_propagate_pointer (G_TASK (result), &error);
  EspStudyFiles files = { 0 };

  if (folder == NULL)
    {
      end_opening (self);
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        esp_window_show_error (self, _ ("The Sample Could Not Be Made"), error);
      return;
    }
  files = (EspStudyFiles){ .cfg = g_build_filename (folder, "sample.cfg", NULL),
                           .weights = g_build_filename (folder, "sample.weights", NULL),
                           .data = g_build_filename (folder, "sample.data", NULL),
                           .names = g_build_filename (folder, "sample.names", NULL) };
  esp_window_open_study (self, &files);
  esp_study_files_clear (&files);
}

/**
 * esp_window_open_sample:
 * @window: the window
 *
 * Draws the sample into the user's cache on first use, then opens it. Thread: main; the drawing is done in another.
 */
void
esp_window_open_sample (EspWindow *window)
{
  g_autoptr (GTask) task = g_task_new (window, NULL, sample_written, NULL);

  if (window->opening != NULL)
    esp_job_cancel (window->opening);
  g_clear_pointer (&window->opening, esp_job_unref);
  window->opening = esp_job_new (_ ("Sample"));
  adw_status_page_set_description (window->loading_page, _ ("The sample is being drawn"));
  show_page (window, "loading");
  g_task_set_task_data (task, esp_job_ref (window->opening), (GDestroyNotify) esp_job_unref);
  g_task_run_in_thread (task, write_sample);
}

static void
dialog_answered (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = ESP_WINDOW (data);

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GListModel) chosen = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
      g_autoptr (GFile) folder = gtk_file_chooser_get_current_folder (GTK_FILE_CHOOSER (dialog));
      g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

      for (guint i = 0; i < g_list_model_get_n_items (chosen); i++)
        g_ptr_array_add (files, g_list_model_get_item (chosen, i));
      if (self->settings != NULL && folder != NULL)
        g_settings_set_string (self->settings, "last-folder", g_file_peek_path (folder));
      esp_window_open_files (self, (GFile **) files->pdata, files->len);
    }
  g_object_unref (dialog);
}

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *const *patterns)
{
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (guint i = 0; patterns[i] != NULL; i++)
    gtk_file_filter_add_pattern (filter, patterns[i]);
  gtk_file_chooser_add_filter (chooser, filter);
}

/** esp_window_open_dialog: asks for files of one study. Thread: main. */
void
esp_window_open_dialog (EspWindow *window)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_ ("Open"), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  g_autofree char *last = window->settings != NULL ? g_settings_get_string (window->settings, "last-folder") : NULL;

  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  add_filter (
      GTK_FILE_CHOOSER (dialog), _ ("Networks, data and plans"),
      (const char *const[]){ "*.cfg", "*.weights", "*.data", "*.txt", "*.names", "*.json", "*.jpg", "*.jpeg", "*.png", "*.bmp", NULL });
  add_filter (GTK_FILE_CHOOSER (dialog), _ ("All files"), (const char *const[]){ "*", NULL });
  if (last != NULL && *last != '\0')
    {
      g_autoptr (GFile) folder = g_file_new_for_path (last);

      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
    }
  g_signal_connect_object (dialog, "response", G_CALLBACK (dialog_answered), window, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static gboolean
dropped (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new ();

  for (GSList *l = gdk_file_list_get_files (g_value_get_boxed (value)); l != NULL; l = l->next)
    g_ptr_array_add (files, l->data);
  if (files->len == 0)
    return FALSE;
  esp_window_open_files (ESP_WINDOW (data), (GFile **) files->pdata, files->len);
  return TRUE;
}

/** esp_window_accept_drops: makes the whole window a place to drop files on. Thread: main. */
void
esp_window_accept_drops (EspWindow *window)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect (target, "drop", G_CALLBACK (dropped), window);
  gtk_widget_add_controller (GTK_WIDGET (window), GTK_EVENT_CONTROLLER (target));
}

static gint
newest_first (gconstpointer a, gconstpointer b)
{
  return g_date_time_compare (gtk_recent_info_get_modified ((GtkRecentInfo *) b), gtk_recent_info_get_modified ((GtkRecentInfo *) a));
}

/** esp_window_fill_recent: lists the networks opened last behind the Open button. Thread: main. */
void
esp_window_fill_recent (EspWindow *window)
{
  GList *items = g_list_sort (gtk_recent_manager_get_items (gtk_recent_manager_get_default ()), newest_first);
  guint n = 0;

  g_menu_remove_all (window->recent_menu);
  for (GList *l = items; l != NULL && n < RECENT_MOST; l = l->next)
    if (gtk_recent_info_is_local (l->data) && g_str_has_suffix (gtk_recent_info_get_uri (l->data), ".cfg")
        && gtk_recent_info_exists (l->data))
      {
        g_autoptr (GMenuItem) item = g_menu_item_new (gtk_recent_info_get_display_name (l->data), NULL);

        g_menu_item_set_action_and_target (item, "win.open-recent", "s", gtk_recent_info_get_uri (l->data));
        g_menu_append_item (window->recent_menu, item);
        n++;
      }
  g_list_free_full (items, (GDestroyNotify) gtk_recent_info_unref);
}
