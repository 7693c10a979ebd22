/* live-held.c: how many finished runs hold on to their outcomes
 *
 * A run whose interval was given up for a newer mask keeps its outcomes, so that coming back takes the interval alone. A long drag over a
 * large data set leaves many of these: the oldest are forgotten beyond a budget, and coming back to one of them evaluates it again. */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "study/live-private.h"

#define MOST_BYTES ((gsize) 128 << 20)

static gsize
count_bytes (const LiveRun *run)
{
  gsize bytes = 0;

  for (guint i = 0; run->outcomes != NULL && i < run->n; i++)
    if (run->outcomes[i] != NULL)
      bytes += sizeof (EspOutcome) + run->outcomes[i]->n * (sizeof (EspDetection) + 3 * sizeof (int) + 1)
               + run->outcomes[i]->n_seen * sizeof (EspSeen);
  return bytes;
}

/* Gives the outcomes back: nobody asks for them any more. Thread: lane. */
void
live_drop_outcomes (LiveRun *run)
{
  g_autofree EspOutcome **outcomes = g_steal_pointer (&run->outcomes);

  for (guint i = 0; outcomes != NULL && i < run->n; i++)
    g_clear_pointer (&outcomes[i], esp_outcome_free);
}

static void
forget (EspLive *live, LiveRun *run)
{
  const EspHash hash = esp_mask_get_hash (run->trial.mask);

  pthread_mutex_lock (&live->lock);
  if (live_find_finished (live, run->trial.mask) == run)
    g_hash_table_remove (live->finished, &hash);
  pthread_mutex_unlock (&live->lock);
}

/* Holds @run, finished but without its interval, as the newest of its sort. Thread: lane. */
void
live_hold_outcomes (EspLive *live, LiveRun *run)
{
  gsize bytes = count_bytes (run);

  for (GList *l = live->held.head, *next; l != NULL; l = next)
    {
      LiveRun *other = l->data;

      next = l->next;
      if (other == run || other->outcomes == NULL)
        {
          g_queue_delete_link (&live->held, l);
          live_run_unref (other);
        }
      else
        bytes += count_bytes (other);
    }
  while (bytes > MOST_BYTES && live->held.length > 0)
    {
      g_autoptr (LiveRun) oldest = g_queue_pop_head (&live->held);

      bytes -= count_bytes (oldest);
      forget (live, oldest);
    }
  g_queue_push_tail (&live->held, live_run_ref (run));
}
