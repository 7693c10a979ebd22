/* job.c: cancel and progress of one piece of long work */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/job.h"

#include <pthread.h>

struct _EspJob
{
  char *title;
  GCancellable *cancellable;
  gint64 begun;                    /* monotonic, microseconds */
  void (*between) (gpointer data); /* (nullable) */
  gpointer between_data;
  pthread_mutex_t lock; /* of the two below */
  guint64 done, total;
};

/**
 * esp_job_new:
 * @title: what a person reads in the list of jobs
 *
 * Returns: (transfer full): a job that is not cancelled, its clock running. Thread: any.
 */
EspJob *
esp_job_new (const char *title)
{
  EspJob *job = g_atomic_rc_box_new0 (EspJob);

  job->title = g_strdup (title);
  job->cancellable = g_cancellable_new ();
  job->begun = g_get_monotonic_time ();
  pthread_mutex_init (&job->lock, NULL);
  return job;
}

/** esp_job_ref: Returns: (transfer full): the same job. Thread: any. */
EspJob *
esp_job_ref (EspJob *job)
{
  return g_atomic_rc_box_acquire (job);
}

static void
job_clear (gpointer data)
{
  EspJob *job = data;

  g_free (job->title);
  g_object_unref (job->cancellable);
  pthread_mutex_destroy (&job->lock);
}

/** esp_job_unref: gives one reference back. Thread: any. */
void
esp_job_unref (EspJob *job)
{
  g_atomic_rc_box_release_full (job, job_clear);
}

/** esp_job_get_title: Returns: (transfer none): what esp_job_new() was given, "" for NULL. */
const char *
esp_job_get_title (EspJob *job)
{
  return job != NULL ? job->title : "";
}

/** esp_job_cancel: asks the work to stop at its next check; never waits. Thread: any. */
void
esp_job_cancel (EspJob *job)
{
  if (job != NULL)
    g_cancellable_cancel (job->cancellable);
}

/** esp_job_is_cancelled: Returns: whether esp_job_cancel() was called. Thread: any. */
gboolean
esp_job_is_cancelled (EspJob *job)
{
  return job != NULL && g_cancellable_is_cancelled (job->cancellable);
}

/**
 * esp_job_set_between:
 * @job: a job whose work has not started
 * @func: what to do at every check
 * @data: its data, which must outlive the work
 *
 * For work that others may interrupt where it looks up: see esp_lane_attend(). Thread: any.
 */
void
esp_job_set_between (EspJob *job, void (*func) (gpointer data), gpointer data)
{
  job->between = func;
  job->between_data = data;
}

/**
 * esp_job_new_inner:
 * @job: (nullable): a job
 *
 * Returns: (transfer full) (nullable): one that is cancelled with @job and does nothing at a check: for other threads that work at the
 * same, where nobody else's work may be done. NULL for NULL. Thread: any.
 */
EspJob *
esp_job_new_inner (EspJob *job)
{
  EspJob *inner;

  if (job == NULL)
    return NULL;
  inner = esp_job_new (job->title);
  g_set_object (&inner->cancellable, job->cancellable);
  return inner;
}

/**
 * esp_job_check:
 * @job: (nullable): the job
 * @error: set to G_IO_ERROR_CANCELLED
 *
 * Returns: FALSE once the job is cancelled. Thread: any.
 */
gboolean
esp_job_check (EspJob *job, GError **error)
{
  if (job != NULL && job->between != NULL)
    job->between (job->between_data);
  return job == NULL || !g_cancellable_set_error_if_cancelled (job->cancellable, error);
}

/** esp_job_set_progress: says that @done of @total steps are done. Thread: any. */
void
esp_job_set_progress (EspJob *job, guint64 done, guint64 total)
{
  if (job == NULL)
    return;
  pthread_mutex_lock (&job->lock);
  job->done = done;
  job->total = total;
  pthread_mutex_unlock (&job->lock);
}

/**
 * esp_job_get_progress:
 * @job: the job
 * @done: (out): steps done
 * @total: (out): steps in all, 0 while not known
 * @seconds: (out) (optional): since the job was made
 *
 * Thread: any.
 */
void
esp_job_get_progress (EspJob *job, guint64 *done, guint64 *total, double *seconds)
{
  pthread_mutex_lock (&job->lock);
  *done = job->done;
  *total = job->total;
  pthread_mutex_unlock (&job->lock);
  if (seconds != NULL)
    *seconds = (double) (g_get_monotonic_time () - job->begun) / G_USEC_PER_SEC;
}
