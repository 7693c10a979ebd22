/* progress.c: long work in the lane while the terminal tells how far it is */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SHOWN_AFTER 0.5 /* seconds */
#define INTERVAL    (G_USEC_PER_SEC / 10)

#define N_STOPS     3

static const int stops[N_STOPS] = { SIGINT, SIGTERM, SIGHUP };

typedef struct
{
  EspLaneFunc func;
  gpointer data;
  GMutex lock;
  GCond wake;
  gboolean done;
  struct sigaction before[N_STOPS];
} Work;

static volatile sig_atomic_t asked_to_stop;

static void
ask_to_stop (int number)
{
  asked_to_stop = 1;
}

/* The first signal cancels the job, so that nothing half-written is left; a second one ends the program at once. One that is ignored stays
 * so. */
static void
watch_signals (struct sigaction *before)
{
  const struct sigaction watch = { .sa_handler = ask_to_stop, .sa_flags = SA_RESETHAND | SA_RESTART };

  asked_to_stop = 0;
  for (guint i = 0; i < N_STOPS; i++)
    if (sigaction (stops[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
      sigaction (stops[i], &watch, NULL);
}

static void
restore_signals (const struct sigaction *before)
{
  for (guint i = 0; i < N_STOPS; i++)
    sigaction (stops[i], &before[i], NULL);
}

static void
work_run (gpointer data)
{
  Work *work = data;

  work->func (work->data);
  g_mutex_lock (&work->lock);
  work->done = TRUE;
  g_cond_signal (&work->wake);
  g_mutex_unlock (&work->lock);
}

/* A line of a terminal; work may have several stretches, each with a total of its own. */
typedef struct
{
  guint64 done, total;
  double begun; /* seconds into the job, of this stretch */
  gboolean shown;
} Line;

static void
show (EspJob *job, Line *line)
{
  guint64 done, total;
  double seconds;

  esp_job_get_progress (job, &done, &total, &seconds);
  if (total != line->total || done < line->done)
    line->begun = line->total != 0 ? seconds : 0;
  line->done = done;
  line->total = total;
  if (seconds < SHOWN_AFTER || total == 0)
    return;
  line->shown = TRUE;
  g_printerr ("\r\033[K%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, esp_job_get_title (job), done, total);
  seconds -= line->begun;
  if (done > 0 && done < total && seconds > 0)
    g_printerr (", %.3g a second, %.0f s left", (double) done / seconds, (double) (total - done) * seconds / (double) done);
}

static void
begin (Work *work, EspLaneFunc func, gpointer data)
{
  *work = (Work){ .func = func, .data = data };
  g_mutex_init (&work->lock);
  g_cond_init (&work->wake);
  watch_signals (work->before);
}

static void
wait_for (Work *work, EspCommon *common, EspJob *job)
{
  const gboolean visible = !common->quiet && isatty (STDERR_FILENO);
  Line line = { 0 };

  g_mutex_lock (&work->lock);
  while (!work->done)
    {
      const gboolean woken = g_cond_wait_until (&work->wake, &work->lock, g_get_monotonic_time () + INTERVAL);

      if (asked_to_stop)
        esp_job_cancel (job);
      if (!woken && visible)
        show (job, &line);
    }
  g_mutex_unlock (&work->lock);
  if (line.shown)
    g_printerr ("\r\033[K");
}

static void
end (Work *work)
{
  g_mutex_clear (&work->lock);
  g_cond_clear (&work->wake);
  restore_signals (work->before);
}

/**
 * esp_common_run:
 * @common: the options of this run
 * @job: the work's job, which @func gets through @data
 * @func: runs in the lane
 * @data: its data
 *
 * SIGINT, SIGTERM and SIGHUP cancel @job within 100 ms, and @func then fails as cancelled; a second one is not held back. Thread: main.
 */
void
esp_common_run (EspCommon *common, EspJob *job, EspLaneFunc func, gpointer data)
{
  Work work;

  begin (&work, func, data);
  esp_lane_post (esp_common_lane (common), ESP_LANE_VIEW, work_run, &work, NULL);
  wait_for (&work, common, job);
  end (&work);
}

static gpointer
work_thread (gpointer work)
{
  work_run (work);
  return NULL;
}

/** esp_common_run_beside: as esp_common_run(), but @func runs in a thread of its own: it may ask the lane for something. Thread: main. */
void
esp_common_run_beside (EspCommon *common, EspJob *job, EspLaneFunc func, gpointer data)
{
  Work work;
  GThread *thread;

  begin (&work, func, data);
  thread = g_thread_new ("work", work_thread, &work);
  wait_for (&work, common, job);
  g_thread_join (thread);
  end (&work);
}
