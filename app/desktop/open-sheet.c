/* open-sheet.c: what was found for a study and what is missing, with a button for each */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "open-sheet.h"

#include <glib/gi18n.h>

enum
{
  NETWORK,
  WEIGHTS,
  DATA,
  NAMES,
  N_PARTS
};

static const struct
{
  const char *title;
  const char *missing; /* what it means that it is not there */
  gboolean needed;
} parts[N_PARTS] = {
  [NETWORK] = { N_ ("Network"), N_ ("Missing: a darknet .cfg"), TRUE },
  [WEIGHTS] = { N_ ("Weights"), N_ ("Missing: the network’s .weights"), TRUE },
  [DATA] = { N_ ("Photographs"), N_ ("None: without them only size and cost are known"), FALSE },
  [NAMES] = { N_ ("Class Names"), N_ ("None: classes are shown by number"), FALSE },
};

struct _EspOpenSheet
{
  AdwWindow parent_instance;
  EspStudyFiles files;
  AdwActionRow *rows[N_PARTS];
  GtkWidget *open;
};

G_DEFINE_FINAL_TYPE (EspOpenSheet, esp_open_sheet, ADW_TYPE_WINDOW)

enum
{
  ANSWERED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static char **
path_of (EspOpenSheet *self, guint part)
{
  char **const paths[N_PARTS] = { &self->files.cfg, &self->files.weights, &self->files.data, &self->files.names };

  return paths[part];
}

static void
refresh (EspOpenSheet *self)
{
  gboolean complete = TRUE;

  for (guint i = 0; i < N_PARTS; i++)
    {
      const char *path = *path_of (self, i);
      g_autofree char *name = path != NULL ? g_filename_display_name (path) : NULL;

      adw_action_row_set_subtitle (self->rows[i], name != NULL ? name : _ (parts[i].missing));
      complete = complete && (path != NULL || !parts[i].needed);
    }
  gtk_widget_set_sensitive (self->open, complete);
}

static void
chosen (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspOpenSheet *self = ESP_OPEN_SHEET (data);
  const guint part = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (dialog), "part"));

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      g_free (*path_of (self, part));
      *path_of (self, part) = g_file_get_path (file);
      esp_study_files_complete (&self->files);
      refresh (self);
    }
  g_object_unref (dialog);
}

static void
choose_clicked (GtkButton *button, gpointer data)
{
  const guint part = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), "part"));
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new (_ (parts[part].title), GTK_WINDOW (data), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  g_object_set_data (G_OBJECT (dialog), "part", GUINT_TO_POINTER (part));
  g_signal_connect_object (dialog, "response", G_CALLBACK (chosen), data, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
open_clicked (GtkButton *button, gpointer data)
{
  g_signal_emit (data, signals[ANSWERED], 0);
  gtk_window_close (GTK_WINDOW (data));
}

static void
esp_open_sheet_finalize (GObject *object)
{
  esp_study_files_clear (&ESP_OPEN_SHEET (object)->files);
  G_OBJECT_CLASS (esp_open_sheet_parent_class)->finalize (object);
}

static void
esp_open_sheet_class_init (EspOpenSheetClass *class)
{
  G_OBJECT_CLASS (class)->finalize = esp_open_sheet_finalize;
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (class), GDK_KEY_Escape, 0, "window.close", NULL);
  signals[ANSWERED] = g_signal_new ("answered", ESP_TYPE_OPEN_SHEET, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static GtkWidget *
row_new (EspOpenSheet *self, guint part)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_button_new_with_label (_ ("Choose…"));
  g_autofree char *label = g_strdup_printf (_ ("Choose: %s"), _ (parts[part].title));

  self->rows[part] = ADW_ACTION_ROW (row);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ (parts[part].title));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  g_object_set_data (G_OBJECT (button), "part", GUINT_TO_POINTER (part));
  g_signal_connect (button, "clicked", G_CALLBACK (choose_clicked), self);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  return row;
}

static void
esp_open_sheet_init (EspOpenSheet *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *header = adw_header_bar_new ();
  GtkWidget *page = adw_preferences_page_new ();
  GtkWidget *group = adw_preferences_group_new ();

  self->open = gtk_button_new_with_label (_ ("Open"));
  gtk_widget_add_css_class (self->open, "suggested-action");
  g_signal_connect (self->open, "clicked", G_CALLBACK (open_clicked), self);
  adw_header_bar_pack_end (ADW_HEADER_BAR (header), self->open);
  for (guint i = 0; i < N_PARTS; i++)
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row_new (self, i));
  adw_preferences_page_add (ADW_PREFERENCES_PAGE (page), ADW_PREFERENCES_GROUP (group));
  gtk_box_append (GTK_BOX (box), header);
  gtk_box_append (GTK_BOX (box), page);
  adw_window_set_content (ADW_WINDOW (self), box);
  gtk_window_set_default_size (GTK_WINDOW (self), 560, 420);
  gtk_window_set_title (GTK_WINDOW (self), _ ("What Was Found"));
  gtk_window_set_modal (GTK_WINDOW (self), TRUE);
}

/** esp_open_sheet_new: Returns: (transfer floating): the sheet over @parent, showing a copy of @files. Thread: main. */
EspOpenSheet *
esp_open_sheet_new (GtkWindow *parent, const EspStudyFiles *files)
{
  EspOpenSheet *self = g_object_new (ESP_TYPE_OPEN_SHEET, "transient-for", parent, NULL);

  esp_study_files_copy (&self->files, files);
  refresh (self);
  return self;
}

/** esp_open_sheet_get_files: Returns: (transfer none): the files as they stand. Thread: main. */
const EspStudyFiles *
esp_open_sheet_get_files (EspOpenSheet *sheet)
{
  return &sheet->files;
}
