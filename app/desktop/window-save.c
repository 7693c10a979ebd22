/* window-save.c: the plan to a file, the picture to a figure */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#include "draw/figure.h"

static void
plan_to (EspWindow *self, GFile *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_file_get_basename (file);
  g_autofree char *text = NULL;

  if (!esp_study_save_plan (self->study, g_file_peek_path (file), &error))
    {
      esp_window_show_error (self, _ ("The Plan Could Not Be Saved"), error);
      return;
    }
  g_set_object (&self->plan_file, file);
  esp_window_show_title (self);
  text = g_strdup_printf (_ ("Plan saved as %s"), name);
  esp_window_toast (self, text);
}

static void
plan_answered (GtkNativeDialog *dialog, int response, gpointer data)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      plan_to (data, file);
    }
  g_object_unref (dialog);
}

static GtkFileChooserNative *
save_dialog_new (EspWindow *self, const char *title, const char *name)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  return dialog;
}

/**
 * esp_window_save_plan:
 * @window: the window
 * @ask: whether to ask for the place even where one is known
 *
 * Thread: main; a plan file is small.
 */
void
esp_window_save_plan (EspWindow *window, gboolean ask)
{
  GtkFileChooserNative *dialog;

  if (!ask && window->plan_file != NULL)
    {
      plan_to (window, window->plan_file);
      return;
    }
  dialog = save_dialog_new (window, _ ("Save Plan"), "plan.json");
  g_signal_connect_object (dialog, "response", G_CALLBACK (plan_answered), window, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* What a figure needs, held apart from the study so that it can be drawn in another thread. */
typedef struct
{
  EspViewFigure figure;
  EspImage *image;
  EspHeatmap *heatmap;
  GArray *detections;
  GStrv names;
  char *caption, *provenance, *path;
} Picture;

static void
picture_free (gpointer data)
{
  Picture *picture = data;

  g_clear_pointer (&picture->image, esp_image_unref);
  g_clear_pointer (&picture->heatmap, esp_heatmap_unref);
  g_clear_pointer (&picture->detections, g_array_unref);
  g_strfreev (picture->names);
  g_free (picture->caption);
  g_free (picture->provenance);
  g_free (picture->path);
  g_free (picture);
}

static void
take_boxes (Picture *picture, EspStudy *study)
{
  guint n = 0;
  const EspDetection *boxes = esp_study_get_boxes (study, &n);

  picture->detections = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  if (n > 0)
    g_array_append_vals (picture->detections, boxes, n);
}

static Picture *
picture_new (EspWindow *self, const char *path)
{
  Picture *picture = g_new0 (Picture, 1);
  EspStudy *study = self->study;
  EspHeatmap *heatmap = esp_study_get_heatmap (study);
  g_autofree char *network = g_path_get_basename (self->files.cfg);
  g_autofree char *weights = g_path_get_basename (self->files.weights);
  gboolean show_heat;
  double opacity;
  int selected;

  g_object_get (esp_image_view_get_canvas (self->image_view), "show-heat", &show_heat, "heat-opacity", &opacity, NULL);
  heatmap = show_heat ? heatmap : NULL;
  g_object_get (study, "sentence", &picture->caption, "detection", &selected, NULL);
  picture->image = esp_image_ref (esp_study_get_image (study));
  picture->heatmap = heatmap != NULL ? esp_heatmap_ref (heatmap) : NULL;
  picture->names = g_strdupv ((char **) esp_study_get_names (study));
  picture->provenance = g_strdup_printf ("Espalier %s · %s · %s", ESP_VERSION, network, weights);
  picture->path = g_strdup (path);
  take_boxes (picture, study);
  picture->figure = (EspViewFigure){
    .image = picture->image,
    .detections = (const EspDetection *) (void *) picture->detections->data,
    .n_detections = picture->detections->len,
    .selected = selected,
    .heatmap = picture->heatmap,
    .heat_opacity = opacity,
    .names = (const char *const *) picture->names,
    .caption = picture->caption,
    .provenance = picture->provenance,
  };
  if (heatmap != NULL)
    esp_image_view_get_scale (self->image_view, &picture->figure.scale_low, &picture->figure.scale_high);
  return picture;
}

static void
draw_picture (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Picture *picture = data;
  g_autoptr (GError) error = NULL;

  if (esp_view_figure_save (&picture->figure, picture->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
picture_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  EspWindow *self = ESP_WINDOW (source);
  Picture *picture = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_path_get_basename (picture->path);
  g_autofree char *text = g_strdup_printf (_ ("Picture saved as %s"), name);

  if (g_task_propagate_boolean (G_TASK (result), &error))
    esp_window_toast (self, text);
  else
    esp_window_show_error (self, _ ("The Picture Could Not Be Saved"), error);
}

static void
picture_answered (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = ESP_WINDOW (data);

  if (response == GTK_RESPONSE_ACCEPT && esp_study_get_image (self->study) != NULL)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      g_autoptr (GTask) task = g_task_new (self, NULL, picture_drawn, NULL);

      g_task_set_task_data (task, picture_new (self, g_file_peek_path (file)), picture_free);
      g_task_run_in_thread (task, draw_picture);
    }
  g_object_unref (dialog);
}

/**
 * esp_window_save_picture:
 * @window: the window
 *
 * Asks where to, then draws the view with its caption as PNG, PDF or SVG, by the name's ending. Thread: main; drawing is done in another.
 */
void
esp_window_save_picture (EspWindow *window)
{
  GtkFileChooserNative *dialog = save_dialog_new (window, _ ("Save Picture"), "picture.png");
  const struct
  {
    const char *name, *pattern;
  } kinds[] = { { _ ("PNG picture"), "*.png" }, { _ ("PDF page"), "*.pdf" }, { _ ("SVG drawing"), "*.svg" } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

      gtk_file_filter_set_name (filter, kinds[i].name);
      gtk_file_filter_add_pattern (filter, kinds[i].pattern);
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  g_signal_connect_object (dialog, "response", G_CALLBACK (picture_answered), window, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
