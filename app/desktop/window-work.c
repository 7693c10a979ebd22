/* window-work.c: work beside the study and the window that shows it: opened, kept up to date, its job in the popover, ended */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-work-private.h"

#include <glib/gi18n.h>
#include <math.h>

static void
show (EspWindowWork *self)
{
  EspJob *job = esp_work_get_job (self->work);
  guint64 total = 0;

  self->done = 0;
  if (job != NULL)
    esp_job_get_progress (job, &self->done, &total, NULL);
  self->share = job == NULL ? (double) NAN : total > 0 ? (double) self->done / (double) total : 0;
  self->kind->show (self);
}

static void
work_changed (EspWork *work, gpointer data)
{
  EspWindowWork *self = data;

  esp_window_follow_job (self->window, esp_work_get_job (work), &self->job_row);
  if (self->dialog != NULL)
    show (self);
}

static void
work_ended (EspWork *work, const GError *error, gpointer data)
{
  EspWindowWork *self = data;

  if (error != NULL)
    esp_window_show_error (self->window, _ (self->kind->failed), error);
  else if (self->dialog == NULL && self->kind->ended_unseen != NULL)
    self->kind->ended_unseen (self);
}

static void
numbers_changed (EspStudy *study, gpointer data)
{
  EspWindowWork *self = data;

  if (self->dialog != NULL && self->kind->show_numbers != NULL)
    self->kind->show_numbers (self);
  else if (self->dialog != NULL)
    show (self);
}

/* Another network is open: what is shown is of the one before. */
static void
plan_replaced (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindowWork *self = data;

  if (self->dialog != NULL)
    gtk_window_close (self->dialog);
  esp_work_stop (self->work);
}

static gboolean
dialog_closed (GtkWindow *dialog, gpointer data)
{
  EspWindowWork *self = data;

  self->dialog = NULL;
  self->page = NULL;
  return GDK_EVENT_PROPAGATE;
}

/** esp_window_work_new: Returns: (transfer full): @work, taken, with the window that shows it as @kind has it; not open yet. Thread:
 * main. */
EspWindowWork *
esp_window_work_new (EspWindow *window, gpointer work, const EspWindowWorkKind *kind)
{
  EspWindowWork *self = g_new0 (EspWindowWork, 1);

  self->window = window;
  self->work = work;
  self->kind = kind;
  g_signal_connect (work, "changed", G_CALLBACK (work_changed), self);
  g_signal_connect (work, "ended", G_CALLBACK (work_ended), self);
  g_signal_connect (window->study, "numbers-changed", G_CALLBACK (numbers_changed), self);
  g_signal_connect (window->study, "notify::plan", G_CALLBACK (plan_replaced), self);
  return self;
}

/** esp_window_show_work: opens the window that shows @self, or brings it to the front. Thread: main. */
void
esp_window_show_work (EspWindowWork *self)
{
  if (self->dialog == NULL)
    {
      self->page = self->kind->make_page (self);
      g_signal_connect_object (self->page, "stop", G_CALLBACK (esp_work_stop), self->work, G_CONNECT_SWAPPED);
      self->dialog = esp_window_beside (self->window, _ (self->kind->title), self->page, self->kind->width, self->kind->height);
      g_signal_connect (self->dialog, "close-request", G_CALLBACK (dialog_closed), self);
      if (self->kind->show_numbers != NULL)
        self->kind->show_numbers (self);
      show (self);
    }
  gtk_window_present (self->dialog);
}

/** esp_window_end_work: the window goes: what runs in *@work is stopped, and *@work is freed; nothing where it is NULL. Thread: main. */
void
esp_window_end_work (EspWindowWork **work)
{
  EspWindowWork *self = g_steal_pointer (work);

  if (self == NULL)
    return;
  if (self->dialog != NULL)
    gtk_window_destroy (self->dialog);
  g_signal_handlers_disconnect_by_data (self->work, self);
  g_signal_handlers_disconnect_by_data (self->window->study, self);
  g_object_unref (self->work);
  g_free (self);
}
