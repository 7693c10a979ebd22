/* window-train.c: the page of training, tied to a run beside the study */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* The courses a rate can take: what [net] calls them. */
static const struct
{
  const char *title, *policy;
} courses[] = {
  { N_ ("Falls as a cosine"), "cosine" },
  { N_ ("Stays the same"), "constant" },
  { N_ ("As the cfg says"), NULL },
};

static void
fill_courses (EspWindow *self)
{
  const char *titles[G_N_ELEMENTS (courses) + 1] = { NULL };
  const EspTrainSettings settings = { .epochs = 20, .rate = 0.001, .policy = 0, .cut = TRUE, .average = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (courses); i++)
    titles[i] = _ (courses[i].title);
  esp_train_page_set_policies (self->train_page, titles);
  esp_train_page_set_settings (self->train_page, &settings);
}

static EspTrainState
page_state (EspTraining *training)
{
  if (!esp_training_is_busy (training))
    return ESP_TRAIN_IDLE;
  switch (esp_training_get_state (training))
    {
    case ESP_TRAINER_PAUSED:
      return ESP_TRAIN_PAUSED;
    case ESP_TRAINER_RUNNING:
      return ESP_TRAIN_RUNNING;
    default:
      return ESP_TRAIN_ENDING;
    }
}

/* (transfer full) (nullable) */
static char *
time_left_words (double seconds)
{
  if (isnan (seconds))
    return NULL;
  return seconds < 90 ? g_strdup_printf (_ ("%.0f s left"), ceil (seconds)) : g_strdup_printf (_ ("%.0f min left"), ceil (seconds / 60));
}

static const char *
phase_words (const EspTrainerProgress *at)
{
  switch (at->phase)
    {
    case ESP_TRAINER_PREPARING:
      return _ ("preparing");
    case ESP_TRAINER_VALIDATING:
      return _ ("measuring");
    case ESP_TRAINER_SAVING:
      return _ ("saving");
    case ESP_TRAINER_TRAINING:
      break;
    }
  return NULL;
}

/* What became of the run, or what it is doing beside training. */
static const char *
state_words (EspTraining *training, const EspTrainerProgress *at)
{
  const EspTrainState state = page_state (training);

  if (state == ESP_TRAIN_PAUSED)
    return _ ("paused");
  if (at->state == ESP_TRAINER_CANCELLED)
    return _ ("stopped");
  if (at->state == ESP_TRAINER_FAILED)
    return _ ("failed");
  if (at->state == ESP_TRAINER_FINISHED)
    return at->early ? _ ("ended early: nothing better for long") : _ ("finished");
  return state == ESP_TRAIN_RUNNING ? phase_words (at) : NULL;
}

/* @words: (transfer full) (nullable). */
static void
say (GPtrArray *phrases, char *words)
{
  if (words != NULL)
    g_ptr_array_add (phrases, words);
}

/* The one under way, or in which it ended; at->epoch are whole ones. */
static guint
epoch_of (const EspTrainerProgress *at)
{
  return at->state == ESP_TRAINER_FINISHED ? at->epoch : MIN (at->epoch + 1, at->epochs);
}

/* "Epoch 12 of 30 · loss 3.42 · mAP 41.2 %, best 42.0 % in epoch 10 · 31 images a second · 12 min left": each stands alone, so that every
 * language can say it its own way. */
static char *
progress_words (EspTraining *training, const EspTrainerProgress *at)
{
  g_autoptr (GPtrArray) phrases = g_ptr_array_new_with_free_func (g_free);

  if (at->epochs == 0)
    return g_strdup (_ ("Not begun"));
  say (phrases, g_strdup_printf (_ ("Epoch %u of %u"), epoch_of (at), at->epochs));
  say (phrases, g_strdup (state_words (training, at)));
  if (isfinite (at->loss))
    say (phrases, g_strdup_printf (_ ("loss %.3g"), at->loss));
  if (isfinite (at->map))
    say (phrases, g_strdup_printf (_ ("mAP %.1f %%, best %.1f %% in epoch %u"), 100 * at->map, 100 * at->best, at->best_epoch));
  if (at->images_per_second > 0)
    say (phrases, g_strdup_printf (_ ("%.0f images a second"), at->images_per_second));
  if (page_state (training) == ESP_TRAIN_RUNNING)
    say (phrases, time_left_words (at->seconds_left));
  g_ptr_array_add (phrases, NULL);
  /* Translators: between facts of a run that each stand alone */
  return g_strjoinv (_ (" · "), (char **) phrases->pdata);
}

static GArray *
chart_points (const EspTrainingPoint *points, guint n)
{
  GArray *chart = g_array_sized_new (FALSE, FALSE, sizeof (EspChartPoint), n);

  for (guint i = 0; i < n; i++)
    {
      const EspChartPoint point = { points[i].epoch, points[i].value, (double) NAN, (double) NAN };

      g_array_append_val (chart, point);
    }
  return chart;
}

static void
show_curves (EspWindow *self)
{
  guint n_loss, n_map;
  const EspTrainingPoint *loss = esp_training_get_loss (self->training, &n_loss), *map = esp_training_get_map (self->training, &n_map);
  g_autoptr (GArray) loss_points = chart_points (loss, n_loss), map_points = chart_points (map, n_map);

  esp_train_page_set_curves (self->train_page, (const EspChartPoint *) (gpointer) loss_points->data, n_loss,
                             (const EspChartPoint *) (gpointer) map_points->data, n_map, _ ("mAP %"));
}

static void
show_data (EspWindow *self)
{
  EspDataset *data = esp_training_is_busy (self->training) ? esp_training_get_run_data (self->training) : NULL;
  g_autofree char *title = NULL;
  guint n = 0;

  if (data == NULL)
    data = esp_training_get_data (self->training);
  if (data != NULL)
    n = esp_dataset_get_n (data);
  if (data != NULL)
    title = g_strdup_printf (g_dngettext (NULL, "%s · %u image", "%s · %u images", n), esp_dataset_get_title (data), n);
  esp_train_page_set_data (self->train_page, title);
}

static void
training_changed (EspTraining *training, gpointer data)
{
  EspWindow *self = data;
  EspTrainerProgress at;
  g_autofree char *words = NULL;

  esp_training_get_progress (training, &at);
  words = progress_words (training, &at);
  esp_train_page_set_state (self->train_page, page_state (training));
  esp_train_page_set_progress (self->train_page, at.steps > 0 ? (double) at.step / (double) at.steps : 0, words);
  show_data (self);
  show_curves (self);
}

static void
open_network_clicked (AdwToast *toast, gpointer data)
{
  EspStudyFiles *files = g_object_get_data (G_OBJECT (toast), "files");

  esp_window_open_study (ESP_WINDOW (data), files);
}

static void
free_files (gpointer data)
{
  esp_study_files_clear (data);
  g_free (data);
}

/* Another network is open, whose trials it cannot join: the way to it stays until it is taken or put away. */
static void
offer_network (EspWindow *self, const char *text)
{
  EspStudyFiles *files = g_new0 (EspStudyFiles, 1);
  AdwToast *toast = adw_toast_new (text);

  if (esp_training_get_files (self->training, files))
    {
      adw_toast_set_button_label (toast, _ ("Open Network"));
      adw_toast_set_timeout (toast, 0);
      g_signal_connect_object (toast, "button-clicked", G_CALLBACK (open_network_clicked), self, 0);
    }
  g_object_set_data_full (G_OBJECT (toast), "files", files, free_files);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* "~/.local/share/espalier/runs/sample-…": as people write it, and short enough for a toast. */
static char *
folder_words (const char *folder)
{
  g_autofree char *name = g_filename_display_name (folder), *home = g_filename_display_name (g_get_home_dir ());
  const gsize n = strlen (home);

  if (n > 1 && strncmp (name, home, n) == 0 && name[n] == G_DIR_SEPARATOR)
    return g_strconcat ("~", name + n, NULL);
  return g_steal_pointer (&name);
}

static void
say_finished (EspWindow *self)
{
  EspTrainingOptions options = { 0 };
  g_autofree char *name = NULL, *text = NULL, *escaped = NULL;

  if (esp_training_has_trial (self->training))
    {
      esp_window_toast (self, _ ("The training is finished: its network is measured and joins the trials"));
      return;
    }
  esp_training_get_options (self->training, &options);
  name = folder_words (options.folder);
  text = g_strdup_printf (_ ("The training is finished: its files are in %s"), name);
  escaped = g_markup_escape_text (text, -1);
  offer_network (self, escaped);
}

static void
training_ended (EspTraining *training, const GError *error, gpointer data)
{
  EspWindow *self = data;
  EspTrainerProgress at;

  training_changed (training, self);
  esp_training_get_progress (training, &at);
  if (error != NULL)
    esp_window_show_error (self, _ ("The Training Ended"), error);
  else if (at.state == ESP_TRAINER_FINISHED)
    say_finished (self);
}

static void
start_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EspWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!esp_training_start_finish (ESP_TRAINING (source), result, &error))
    esp_window_show_error (self, _ ("The Training Could Not Begin"), error);
}

/* The page shows what the run was begun with, not what was last asked for there. */
static void
show_run (EspWindow *self)
{
  EspTrainingOptions options;
  EspTrainSettings settings;

  if (!esp_training_get_options (self->training, &options))
    return;
  esp_train_page_get_settings (self->train_page, &settings);
  settings.epochs = options.epochs;
  settings.average = options.average;
  if (options.rate > 0) /* a run of an earlier version says no more */
    {
      settings.rate = options.rate;
      settings.scratch = options.scratch;
      settings.cut = options.cut;
      for (guint i = 0; i < G_N_ELEMENTS (courses); i++)
        if (g_strcmp0 (courses[i].policy, options.policy) == 0)
          settings.policy = i;
    }
  esp_train_page_set_settings (self->train_page, &settings);
}

static void
continue_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EspWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (esp_training_start_finish (ESP_TRAINING (source), result, &error))
    show_run (self);
  else
    esp_window_show_error (self, _ ("The Training Could Not Begin"), error);
}

/* A folder of its own for every run, in the person's data. */
static char *
new_folder (EspWindow *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%d-%H%M%S"), *title = NULL, *name = NULL;

  g_object_get (self->study, "title", &title, NULL);
  name = g_strdup_printf ("%s-%s", title != NULL && *title != '\0' ? title : "network", stamp);
  return g_build_filename (g_get_user_data_dir (), "espalier", "runs", name, NULL);
}

static void
start_clicked (EspTrainPage *page, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *folder = new_folder (self);
  EspTrainSettings settings;
  EspTrainingOptions options;

  esp_train_page_get_settings (page, &settings);
  options = (EspTrainingOptions){
    .epochs = settings.epochs,
    .rate = settings.rate,
    .policy = settings.policy < G_N_ELEMENTS (courses) ? courses[settings.policy].policy : NULL,
    .scratch = settings.scratch,
    .cut = settings.cut,
    .average = settings.average,
    .folder = folder,
  };
  esp_training_start_async (self->training, &options, start_answered, g_object_ref (self));
}

static void
pause_clicked (EspTrainPage *page, gpointer data)
{
  esp_training_pause (ESP_WINDOW (data)->training);
}

static void
resume_clicked (EspTrainPage *page, gpointer data)
{
  esp_training_resume (ESP_WINDOW (data)->training);
}

static void
stop_clicked (EspTrainPage *page, gpointer data)
{
  esp_training_stop (ESP_WINDOW (data)->training);
}

static void
data_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EspWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!esp_training_open_finish (ESP_TRAINING (source), result, &error) && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    esp_window_show_error (self, _ ("These Images Cannot Be Trained On"), error);
}

/* Nobody asked for these: what does not serve is not proposed. */
static void
data_proposed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (EspWindow) self = data;
  g_autoptr (GError) error = NULL;

  if (!esp_training_open_finish (ESP_TRAINING (source), result, &error))
    g_debug ("no data proposed for training: %s", error->message);
}

static void
data_answered (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = data;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      esp_training_open_async (self->training, g_file_peek_path (file), NULL, data_opened, g_object_ref (self));
    }
  g_object_unref (dialog);
}

static void
choose_data_clicked (EspTrainPage *page, gpointer data)
{
  EspWindow *self = data;
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_ ("Train On"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  g_signal_connect_object (dialog, "response", G_CALLBACK (data_answered), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
run_answered (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = data;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) folder = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      esp_training_continue_async (self->training, g_file_peek_path (folder), continue_answered, g_object_ref (self));
    }
  g_object_unref (dialog);
}

static void
continue_clicked (EspTrainPage *page, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *runs = g_build_filename (g_get_user_data_dir (), "espalier", "runs", NULL);
  g_autoptr (GFile) folder = g_file_new_for_path (runs);
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new (_ ("Continue a Run"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, NULL);

  if (g_file_query_exists (folder, NULL))
    gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  g_signal_connect_object (dialog, "response", G_CALLBACK (run_answered), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
plan_changed (EspStudy *study, gpointer data)
{
  EspNumbers numbers;

  esp_study_get_numbers (study, &numbers);
  esp_train_page_set_can_cut (ESP_WINDOW (data)->train_page, numbers.map.has_plan);
}

/** esp_window_propose_data: another study is open: what it is measured on has, mostly, a train split beside it. Thread: main. */
void
esp_window_propose_data (EspWindow *window)
{
  esp_training_forget_data (window->training);
  if (window->files.data != NULL)
    esp_training_open_async (window->training, window->files.data, NULL, data_proposed, g_object_ref (window));
}

/** esp_window_bind_train: ties the page of training to a run beside the study. Thread: main. */
void
esp_window_bind_train (EspWindow *window)
{
  EspTrainPage *page = window->train_page;

  window->training = esp_training_new (window->study);
  fill_courses (window);
  g_signal_connect (page, "start", G_CALLBACK (start_clicked), window);
  g_signal_connect (page, "pause", G_CALLBACK (pause_clicked), window);
  g_signal_connect (page, "resume", G_CALLBACK (resume_clicked), window);
  g_signal_connect (page, "stop", G_CALLBACK (stop_clicked), window);
  g_signal_connect (page, "choose-data", G_CALLBACK (choose_data_clicked), window);
  g_signal_connect (page, "continue-run", G_CALLBACK (continue_clicked), window);
  g_signal_connect_object (window->training, "changed", G_CALLBACK (training_changed), window, 0);
  g_signal_connect_object (window->training, "ended", G_CALLBACK (training_ended), window, 0);
  g_signal_connect_object (window->study, "numbers-changed", G_CALLBACK (plan_changed), window, 0);
}
