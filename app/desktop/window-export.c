/* window-export.c: the plan in hand as a smaller network in a folder of its own */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#include "measure/oracle.h"
#include "study/export-work.h"

#define ONNX "onnx" /* the dialog's own choice */

/* "sample-pruned": the folder proposed. */
static char *
propose_name (EspWindow *self)
{
  g_autofree char *title = NULL;

  g_object_get (self->study, "title", &title, NULL);
  return g_strdup_printf (_ ("%s-pruned"), title != NULL && *title != '\0' ? title : "network");
}

static char *
oracle_words (const EspExportResult *result)
{
  if (result->oracle_reason != NULL)
    return g_strdup_printf (_ ("No other program has run the files: %s."), result->oracle_reason);
  /* Translators: the name of another program; a difference as a fraction of the largest value */
  return g_strdup_printf (_ ("%s runs the files alike: its layers differ by at most %.1g of their maximum."), ESP_ORACLE_NAME,
                          result->oracle_difference);
}

static char *
size_words (const EspExported *e)
{
  return g_strdup_printf (_ ("%.2f MB of %.2f MB, %.3f of %.3f BFLOPs are left."), (double) e->result.file_bytes / 1e6,
                          (double) e->before.file_bytes / 1e6, e->result.cost.bflops, e->before.bflops);
}

/* What was proved before the folder got its name, a sentence a line. */
static char *
report_words (const EspExported *e)
{
  g_autofree char *shown = g_filename_display_name (e->folder), *size = size_words (e), *oracle = oracle_words (&e->result);
  g_autofree char *where = g_strdup_printf (_ ("The network, its weights, the index map, the plan and a report are in %s."), shown);
  g_autofree char *check
      = g_strdup_printf (_ ("The cut network gives what the masked one gave: its layers differ by at most %.1g of their maximum in "
                            "double precision, %.1g as it runs."),
                         e->result.difference, e->result.difference_float);

  return g_strjoin ("\n\n", where, size, check, oracle, e->onnx ? _ ("pruned.onnx holds the same network for other programs.") : NULL,
                    NULL);
}

static void
report_answered (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  if (g_str_equal (response, "open"))
    gtk_show_uri (gtk_window_get_transient_for (GTK_WINDOW (dialog)), data, GDK_CURRENT_TIME);
}

static void
show_report (EspWindow *self, const EspExported *e)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (self), _ ("The Pruned Network Is Written"), NULL);
  g_autofree char *text = report_words (e);
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 60);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), label);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "open", _ ("Open _Folder"), "close", _ ("_Close"), NULL);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  g_signal_connect_data (dialog, "response", G_CALLBACK (report_answered), g_filename_to_uri (e->folder, NULL, NULL),
                         (GClosureNotify) (void (*) (void)) g_free, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
details_clicked (AdwToast *toast, gpointer data)
{
  show_report (data, g_object_get_data (G_OBJECT (toast), "exported"));
}

/* The way to the result stays until it is taken or put away: an export lasts long enough to look elsewhere meanwhile. */
static void
tell (EspWindow *self, EspExported *e)
{
  g_autofree char *name = g_path_get_basename (e->folder), *shown = g_filename_display_name (name);
  g_autofree char *text = e->result.oracle_reason == NULL ? g_strdup_printf (_ ("Exported to “%s”: %s agrees"), shown, ESP_ORACLE_NAME)
                                                          : g_strdup_printf (_ ("Exported to “%s”: the cut equals the mask"), shown);
  AdwToast *toast = adw_toast_new (text);

  adw_toast_set_button_label (toast, _ ("Details"));
  adw_toast_set_timeout (toast, 0);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH); /* the result of an earlier export comes back after it */
  g_object_set_data_full (G_OBJECT (toast), "exported", e, (GDestroyNotify) esp_exported_free);
  g_signal_connect_object (toast, "button-clicked", G_CALLBACK (details_clicked), self, 0);
  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* One export under way. */
typedef struct
{
  EspWindow *window;
  GtkWidget *row; /* owned by the popover */
} Exporting;

static void
exported (GObject *source, GAsyncResult *result, gpointer data)
{
  Exporting *exporting = data;
  g_autoptr (EspWindow) self = exporting->window;
  g_autoptr (GError) error = NULL;
  EspExported *e = esp_study_export_finish (result, &error);

  g_clear_pointer (&self->exporting, esp_job_unref);
  if (self->study != NULL) /* else the window is closed */
    {
      esp_window_hide_job (self, exporting->row);
      esp_window_update_actions (self);
    }
  g_free (exporting);
  if (e != NULL && self->study != NULL)
    tell (self, e);
  else if (e != NULL)
    esp_exported_free (e);
  else if (self->study != NULL && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    esp_window_toast (self, _ ("The export was cancelled: nothing was written"));
  else if (self->study != NULL)
    esp_window_show_error (self, _ ("The Network Could Not Be Exported"), error);
}

static void
export_to (EspWindow *self, const char *folder, gboolean onnx)
{
  Exporting *exporting = g_new0 (Exporting, 1);

  self->exporting = esp_job_new (_ ("Exporting the pruned network"));
  *exporting = (Exporting){ g_object_ref (self), esp_window_show_job (self, self->exporting) };
  esp_window_update_actions (self);
  esp_study_export_async (self->study, folder, onnx, self->exporting, exported, exporting);
}

static void
answered (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = data;

  if (response == GTK_RESPONSE_ACCEPT && esp_study_get_plan (self->study) != NULL && self->exporting == NULL)
    {
      g_autoptr (GFile) folder = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      export_to (self, g_file_peek_path (folder), g_strcmp0 (gtk_file_chooser_get_choice (GTK_FILE_CHOOSER (dialog), ONNX), "true") == 0);
    }
  g_object_unref (dialog);
}

/**
 * esp_window_export:
 * @window: a window with a study
 *
 * Asks for the name of a folder, cuts the plan in hand and writes there what "espalier-cli prune --plan" writes of the saved plan.
 * Thread: main; the work is the lane's.
 */
void
esp_window_export (EspWindow *window)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_ ("Export Into a New Folder"), GTK_WINDOW (window),
                                                              GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), NULL);
  g_autofree char *name = propose_name (window);
  g_autoptr (GtkFileFilter) folders = gtk_file_filter_new ();

  gtk_file_filter_set_name (folders, _ ("Folders"));
  gtk_file_filter_add_mime_type (folders, "inode/directory");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), folders);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  gtk_file_chooser_add_choice (GTK_FILE_CHOOSER (dialog), ONNX, _ ("ONNX file, too"), NULL, NULL);
  gtk_file_chooser_set_choice (GTK_FILE_CHOOSER (dialog), ONNX, "false");
  g_signal_connect_object (dialog, "response", G_CALLBACK (answered), window, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/** esp_window_end_export: the window goes: what is being written is given up, and nothing of it stays. Thread: main. */
void
esp_window_end_export (EspWindow *window)
{
  esp_job_cancel (window->exporting);
}
