/* window-jobs.c: the popover of work under way */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include "jobs.h"

/** esp_window_show_job: Returns: (transfer none): the row that follows @job in the popover, until esp_window_hide_job(). Thread: main. */
GtkWidget *
esp_window_show_job (EspWindow *window, EspJob *job)
{
  GtkWidget *row = esp_job_row_new (job);

  gtk_box_append (window->jobs_box, row);
  gtk_widget_set_visible (GTK_WIDGET (window->jobs_button), TRUE);
  return row;
}

/** esp_window_hide_job: takes a row away; without any the button goes too. Thread: main. */
void
esp_window_hide_job (EspWindow *window, GtkWidget *row)
{
  gtk_box_remove (window->jobs_box, row);
  if (gtk_widget_get_first_child (GTK_WIDGET (window->jobs_box)) == NULL)
    gtk_widget_set_visible (GTK_WIDGET (window->jobs_button), FALSE);
}

/** esp_window_follow_job: @row: (inout) (nullable): in the popover, as long as there is a @job (nullable), the same one. Thread: main. */
void
esp_window_follow_job (EspWindow *window, EspJob *job, GtkWidget **row)
{
  if (job != NULL && *row == NULL)
    *row = esp_window_show_job (window, job);
  else if (job == NULL && *row != NULL)
    esp_window_hide_job (window, g_steal_pointer (row));
}

/* The study's own long work: the pass of the unpruned network, scores of the first criterion. */
static void
busy_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  EspJob *job = esp_study_get_job (study);

  if (self->study_job_row != NULL)
    esp_window_hide_job (self, self->study_job_row);
  self->study_job_row = job != NULL ? esp_window_show_job (self, job) : NULL;
}

/** esp_window_bind_jobs: ties the popover to the study's own work. Thread: main. */
void
esp_window_bind_jobs (EspWindow *window)
{
  g_signal_connect_object (window->study, "notify::busy", G_CALLBACK (busy_changed), window, 0);
}
