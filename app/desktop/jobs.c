/* jobs.c: the row of one job in the popover: title, progress, time left, cancel */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "jobs.h"

#include <glib/gi18n.h>
#include <math.h>

#define POLL_MS 100

struct _EspJobRow
{
  GtkBox parent_instance;
  EspJob *job;
  GtkProgressBar *bar;
  GtkLabel *detail;
  GtkButton *cancel;
  guint poll; /* source id while mapped */
};

G_DEFINE_FINAL_TYPE (EspJobRow, esp_job_row, GTK_TYPE_BOX)

static guint cancelled;

/* "48 of 128, 31 a second, 3 s left"; "" while nothing can be said. */
static char *
describe (guint64 done, guint64 total, double seconds)
{
  const double rate = seconds > 0 ? (double) done / seconds : 0;

  if (total == 0 || done == 0)
    return g_strdup ("");
  /* Translators: count done, count in all, how many a second, seconds left */
  return g_strdup_printf (_ ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ", %.0f a second, %.0f s left"), done, total, rate,
                          ceil ((double) (total - done) / rate));
}

static gboolean
refresh (gpointer data)
{
  EspJobRow *self = data;
  g_autofree char *text = NULL;
  guint64 done, total;
  double seconds;

  esp_job_get_progress (self->job, &done, &total, &seconds);
  if (total != 0)
    gtk_progress_bar_set_fraction (self->bar, (double) done / (double) total);
  else
    gtk_progress_bar_pulse (self->bar);
  text = describe (done, total, seconds);
  gtk_label_set_label (self->detail, text);
  gtk_widget_set_sensitive (GTK_WIDGET (self->cancel), !esp_job_is_cancelled (self->job));
  return G_SOURCE_CONTINUE;
}

static void
cancel_clicked (GtkButton *button, gpointer data)
{
  esp_job_cancel (ESP_JOB_ROW (data)->job);
  g_signal_emit (data, cancelled, 0);
}

static void
esp_job_row_map (GtkWidget *widget)
{
  EspJobRow *self = ESP_JOB_ROW (widget);

  GTK_WIDGET_CLASS (esp_job_row_parent_class)->map (widget);
  refresh (self);
  self->poll = g_timeout_add (POLL_MS, refresh, self);
}

static void
esp_job_row_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&ESP_JOB_ROW (widget)->poll, g_source_remove);
  GTK_WIDGET_CLASS (esp_job_row_parent_class)->unmap (widget);
}

static void
esp_job_row_dispose (GObject *object)
{
  EspJobRow *self = ESP_JOB_ROW (object);

  g_clear_handle_id (&self->poll, g_source_remove);
  g_clear_pointer (&self->job, esp_job_unref);
  G_OBJECT_CLASS (esp_job_row_parent_class)->dispose (object);
}

static void
esp_job_row_class_init (EspJobRowClass *class)
{
  G_OBJECT_CLASS (class)->dispose = esp_job_row_dispose;
  GTK_WIDGET_CLASS (class)->map = esp_job_row_map;
  GTK_WIDGET_CLASS (class)->unmap = esp_job_row_unmap;
  cancelled = g_signal_new ("cancelled", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_job_row_init (EspJobRow *self)
{
  self->bar = GTK_PROGRESS_BAR (gtk_progress_bar_new ());
  self->detail = GTK_LABEL (gtk_label_new (NULL));
  self->cancel = GTK_BUTTON (gtk_button_new_with_label (_ ("Cancel")));
  gtk_widget_set_hexpand (GTK_WIDGET (self->detail), TRUE);
  gtk_widget_set_halign (GTK_WIDGET (self->detail), GTK_ALIGN_START);
  gtk_widget_add_css_class (GTK_WIDGET (self->detail), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->detail), "numeric");
  g_signal_connect (self->cancel, "clicked", G_CALLBACK (cancel_clicked), self);
}

/**
 * esp_job_row_new:
 * @job: the work shown
 *
 * Returns: (transfer floating): a row that follows @job while it is on the screen. Thread: main.
 */
GtkWidget *
esp_job_row_new (EspJob *job)
{
  EspJobRow *self = g_object_new (ESP_TYPE_JOB_ROW, "orientation", GTK_ORIENTATION_VERTICAL, "spacing", 6, NULL);
  GtkWidget *title = gtk_label_new (esp_job_get_title (job));
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->job = esp_job_ref (job);
  gtk_widget_set_halign (title, GTK_ALIGN_START);
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->detail));
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->cancel));
  gtk_box_append (GTK_BOX (self), title);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->bar));
  gtk_box_append (GTK_BOX (self), line);
  return GTK_WIDGET (self);
}
