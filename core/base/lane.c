/* lane.c: the one long-lived compute thread
 *
 * OpenMP counts threads per calling thread and oneDNN fixes the count when a primitive is made, so all of it happens here. The lane lowers
 * its own priority before its first parallel region, so that its workers inherit it and the window keeps its frames. */
#define G_LOG_DOMAIN "esp-lane"
#include "config.h"

#include "base/lane.h"

#include <omp.h>
#include <pthread.h>
#include <unistd.h>

typedef struct
{
  EspLaneFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Act;

struct _EspLane
{
  guint n_threads;
  pthread_t thread;
  pthread_mutex_t lock; /* of all below */
  pthread_cond_t wake;
  GQueue waiting[ESP_LANE_N_PRIORITIES]; /* of Act */
  guint running;                         /* priority of the innermost act; Thread: lane */
  gboolean stopping;
};

static void
act_free (Act *act)
{
  if (act->destroy != NULL)
    act->destroy (act->data);
  g_free (act);
}

/* The first act of a priority before @below, or NULL. Called with the lock held. */
static Act *
take (EspLane *lane, guint below, guint *priority)
{
  for (guint p = 0; p < below; p++)
    {
      Act *act = g_queue_pop_head (&lane->waiting[p]);

      if (act != NULL)
        {
          *priority = p;
          return act;
        }
    }
  return NULL;
}

static void
run (EspLane *lane, Act *act, guint priority)
{
  guint outer = lane->running;

  lane->running = priority;
  act->func (act->data);
  lane->running = outer;
  act_free (act);
}

static gpointer
lane_main (gpointer data)
{
  EspLane *lane = data;

  if (nice (10) == -1)
    g_debug ("the compute lane keeps its priority");
  omp_set_num_threads ((int) lane->n_threads);
  pthread_mutex_lock (&lane->lock);
  while (!lane->stopping)
    {
      guint priority = 0;
      Act *act = take (lane, ESP_LANE_N_PRIORITIES, &priority);

      if (act == NULL)
        {
          pthread_cond_wait (&lane->wake, &lane->lock);
          continue;
        }
      pthread_mutex_unlock (&lane->lock);
      run (lane, act, priority);
      pthread_mutex_lock (&lane->lock);
    }
  pthread_mutex_unlock (&lane->lock);
  return NULL;
}

static void *
lane_start (void *data)
{
  return lane_main (data);
}

/**
 * esp_lane_new:
 * @threads: how many threads a kernel may use, 0 for as many as the machine has
 *
 * Returns: (transfer full): a running, empty lane. Thread: any.
 */
EspLane *
esp_lane_new (guint threads)
{
  EspLane *lane = g_new0 (EspLane, 1);

  lane->n_threads = threads != 0 ? threads : g_get_num_processors ();
  lane->running = ESP_LANE_N_PRIORITIES;
  pthread_mutex_init (&lane->lock, NULL);
  pthread_cond_init (&lane->wake, NULL);
  if (pthread_create (&lane->thread, NULL, lane_start, lane) != 0)
    g_critical ("no compute thread could be started");
  return lane;
}

/**
 * esp_lane_free:
 * @lane: (transfer full): the lane
 *
 * Finishes the act in flight, drops what waits (calling its destroy), and joins. Thread: any but the lane.
 */
void
esp_lane_free (EspLane *lane)
{
  pthread_mutex_lock (&lane->lock);
  lane->stopping = TRUE;
  pthread_cond_signal (&lane->wake);
  pthread_mutex_unlock (&lane->lock);
  pthread_join (lane->thread, NULL);
  for (guint p = 0; p < ESP_LANE_N_PRIORITIES; p++)
    g_queue_clear_full (&lane->waiting[p], (GDestroyNotify) act_free);
  pthread_cond_destroy (&lane->wake);
  pthread_mutex_destroy (&lane->lock);
  g_free (lane);
}

/** esp_lane_get_threads: Returns: how many threads its kernels use. Thread: any. */
guint
esp_lane_get_threads (EspLane *lane)
{
  return lane->n_threads;
}

/**
 * esp_lane_post:
 * @lane: the lane
 * @priority: lower values run first; within one, in order
 * @func: the act
 * @data: (transfer full): its data
 * @destroy: (nullable): frees @data after the act, or when it is dropped
 *
 * Never waits. Thread: any.
 */
void
esp_lane_post (EspLane *lane, EspLanePriority priority, EspLaneFunc func, gpointer data, GDestroyNotify destroy)
{
  Act *act = g_new0 (Act, 1);

  *act = (Act){ func, data, destroy };
  pthread_mutex_lock (&lane->lock);
  g_queue_push_tail (&lane->waiting[priority], act);
  pthread_cond_signal (&lane->wake);
  pthread_mutex_unlock (&lane->lock);
}

typedef struct
{
  EspLaneFunc func;
  gpointer data;
  pthread_mutex_t lock;
  pthread_cond_t done_cond;
  gboolean done;
} Call;

static void
call_run (gpointer data)
{
  Call *call = data;

  call->func (call->data);
  pthread_mutex_lock (&call->lock);
  call->done = TRUE;
  pthread_cond_signal (&call->done_cond);
  pthread_mutex_unlock (&call->lock);
}

/**
 * esp_lane_call:
 * @lane: the lane
 * @func: what to run there
 * @data: its data
 *
 * Runs @func in the lane and waits for it; the road of the headless program. In the lane itself it just runs. Thread: any but main of a
 * window.
 */
void
esp_lane_call (EspLane *lane, EspLaneFunc func, gpointer data)
{
  esp_lane_call_at (lane, ESP_LANE_VIEW, func, data);
}

/** esp_lane_call_at: esp_lane_call() at another @priority: the road of long work that waits behind what a person looks at.
 * Thread: likewise. */
void
esp_lane_call_at (EspLane *lane, EspLanePriority priority, EspLaneFunc func, gpointer data)
{
  Call call = { .func = func, .data = data };

  if (pthread_equal (pthread_self (), lane->thread))
    {
      func (data);
      return;
    }
  pthread_mutex_init (&call.lock, NULL);
  pthread_cond_init (&call.done_cond, NULL);
  esp_lane_post (lane, priority, call_run, &call, NULL);
  pthread_mutex_lock (&call.lock);
  while (!call.done)
    pthread_cond_wait (&call.done_cond, &call.lock);
  pthread_mutex_unlock (&call.lock);
  pthread_cond_destroy (&call.done_cond);
  pthread_mutex_destroy (&call.lock);
}

/**
 * esp_lane_yield:
 * @lane: (nullable): the lane
 *
 * Runs all waiting acts of higher priority than the one that calls; long acts call it between images. Thread: lane.
 */
void
esp_lane_yield (EspLane *lane)
{
  guint priority = 0;

  if (lane == NULL || !pthread_equal (pthread_self (), lane->thread))
    return;
  pthread_mutex_lock (&lane->lock);
  for (Act *act; !lane->stopping && (act = take (lane, lane->running, &priority)) != NULL;)
    {
      pthread_mutex_unlock (&lane->lock);
      run (lane, act, priority);
      pthread_mutex_lock (&lane->lock);
    }
  pthread_mutex_unlock (&lane->lock);
}

static void
attend (gpointer data)
{
  esp_lane_yield (data);
}

/**
 * esp_lane_attend:
 * @lane: (nullable): where the work will run; must outlive it
 * @job: of work that has not started
 *
 * Wherever that work looks whether it was cancelled, between two layers of a network at the latest, waiting acts of higher priority run
 * first: so a slider stays live while a network is trained. Thread: any.
 */
void
esp_lane_attend (EspLane *lane, EspJob *job)
{
  if (lane != NULL && job != NULL)
    esp_job_set_between (job, attend, lane);
}

typedef struct
{
  GTask *task;
  GTaskThreadFunc func;
  gboolean ran;
} TaskAct;

static void
task_run (gpointer data)
{
  TaskAct *act = data;

  act->ran = TRUE;
  act->func (act->task, g_task_get_source_object (act->task), g_task_get_task_data (act->task), g_task_get_cancellable (act->task));
}

static void
task_act_free (gpointer data)
{
  TaskAct *act = data;

  /* Its callback frees what it was given, so it is called all the same. */
  if (!act->ran)
    g_task_return_new_error (act->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", "the lane ended before this began");
  g_object_unref (act->task);
  g_free (act);
}

/**
 * esp_lane_run_async:
 * @lane: the lane
 * @priority: as esp_lane_post()
 * @task: the task whose callback waits; a reference is taken
 * @func: runs in the lane and returns the task's value
 *
 * The facade for windows: the result arrives in the task's own main context. Dropped by esp_lane_free() it is G_IO_ERROR_CANCELLED.
 * Thread: any.
 */
void
esp_lane_run_async (EspLane *lane, EspLanePriority priority, GTask *task, GTaskThreadFunc func)
{
  TaskAct *act = g_new0 (TaskAct, 1);

  *act = (TaskAct){ .task = g_object_ref (task), .func = func };
  esp_lane_post (lane, priority, task_run, act, task_act_free);
}
