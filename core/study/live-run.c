/* live-run.c: the lane's half of the evaluator: quick look, full pass, interval; every number through the one EspPass */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include <math.h>

#include "measure/bootstrap.h"
#include "study/live-private.h"

#define PARTIAL_REPLICATES 200 /* of an interval that is soon another */
#define PARTIAL_SHARE      8   /* at most one part in so many of a pass goes into telling how far it is */
#define LOOK_SECONDS       .08 /* of images: an answer then takes about a tenth of one with cut, engine and way to the window */

static gboolean
is_current (EspLive *live, guint64 generation)
{
  gboolean current;

  pthread_mutex_lock (&live->lock);
  current = !live->closed && live->generation == generation;
  pthread_mutex_unlock (&live->lock);
  return current;
}

static gboolean
see (EspPass *pass, LiveRun *run, guint image, EspJob *job, GError **error)
{
  if (run->outcomes[image] != NULL)
    return TRUE;
  if (!esp_pass_run (pass, &image, 1, &run->outcomes[image], job, error))
    return FALSE;
  run->seen++;
  return TRUE;
}

/* Images of the quick look: as many as fit; a few while nothing is timed yet. */
static guint
count_look (EspLive *live, guint known, gboolean half)
{
  const double seconds = half && live->half.seconds_per_image > 0 ? live->half.seconds_per_image : live->seconds_per_image;
  const guint n = live->material->n_images;
  const guint fit = seconds > 0 ? (guint) CLAMP (LOOK_SECONDS / seconds, 1, n) : MIN (n, 4);

  return MIN (fit, known);
}

typedef struct
{
  EspMask *mask;
  char *title;
  EspPlanState *state; /* (nullable) */
  guint64 generation;
  guint known;   /* unpruned outcomes at hand, a prefix of the order */
  LiveRun *done; /* (nullable): finished already */
  gboolean half; /* the look is to be in bfloat16 */
} Wanted;

static void
wanted_clear (Wanted *wanted)
{
  g_clear_pointer (&wanted->mask, esp_mask_unref);
  g_clear_pointer (&wanted->done, live_run_unref);
  g_clear_pointer (&wanted->state, esp_plan_state_unref);
  g_free (wanted->title);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, wanted_clear)

/* The run of a mask: the one under way where it is the same. */
static LiveRun *
take_run (EspLive *live, const Wanted *wanted)
{
  if (live->run == NULL || !esp_hash_equal (esp_mask_get_hash (live->run->trial.mask), esp_mask_get_hash (wanted->mask))
      || live->run->finished)
    {
      g_clear_pointer (&live->run, live_run_unref);
      live->run = live_run_new (wanted->mask, wanted->title, wanted->state, live->material->n_images);
    }
  return live_run_ref (live->run);
}

/* The slot as it stands; FALSE where the evaluator is closed. */
static gboolean
read_slot (EspLive *live, Wanted *wanted, gboolean *queued)
{
  LiveRun *done;

  pthread_mutex_lock (&live->lock);
  *queued = FALSE;
  done = live_find_finished (live, live->wanted);
  *wanted = (Wanted){
    .mask = esp_mask_ref (live->wanted),
    .title = g_strdup (live->title),
    .state = live->state != NULL ? esp_plan_state_ref (live->state) : NULL,
    .generation = live->generation,
    .known = live->n_baseline,
    .done = done != NULL ? live_run_ref (done) : NULL,
    .half = live->half.wanted,
  };
  pthread_mutex_unlock (&live->lock);
  return !esp_job_is_cancelled (live->stop);
}

static void
post_pass (EspLive *live)
{
  pthread_mutex_lock (&live->lock);
  if (!live->pass_queued && !live->closed && live->n_baseline == live->material->n_images)
    {
      live->pass_queued = TRUE;
      esp_lane_post (live->lane, ESP_LANE_PASS, live_pass, live_ref (live), (GDestroyNotify) live_unref);
    }
  pthread_mutex_unlock (&live->lock);
}

/* The first @n images, fewer where the machine has become slower than it was timed: the answer comes in time all the same.
 * Returns how many; 0 on failure. */
static guint
look_at (EspLive *live, EspPass *pass, LiveRun *run, guint n, GError **error)
{
  const gint64 end = g_get_monotonic_time () + (gint64) (LOOK_SECONDS * G_USEC_PER_SEC);

  for (guint i = 0; i < n; i++)
    {
      if (!see (pass, run, live->order[i], live->stop, error))
        return 0;
      if (g_get_monotonic_time () >= end)
        return i + 1;
    }
  return n;
}

/* Of the difference as esp_map_partial() estimates it; FALSE where there is none to show: no truth, too few images, a newer mask. */
static gboolean
find_partial_interval (EspLive *live, LiveRun *run, guint n, guint64 generation, EspInterval *interval)
{
  const EspMaterial *m = live->material;
  g_autoptr (EspBootstrap) bootstrap = NULL;
  const double baseline = live->number.baseline; /* written by this thread */

  if (isnan (baseline) || n < LIVE_LEAST_PARTIAL || esp_mask_is_full (run->trial.mask))
    return FALSE;
  bootstrap = esp_bootstrap_new_difference (live->baseline, run->outcomes, m->n_images, m->n_classes, m->protocol, PARTIAL_REPLICATES,
                                            ESP_STUDY_SEED);
  do
    if (!is_current (live, generation))
      return FALSE;
  while (esp_bootstrap_step (bootstrap, LIVE_REPLICATES_STEP));
  *interval = esp_bootstrap_get (bootstrap);
  interval->low = MAX (interval->low, -baseline);
  interval->high = MIN (interval->high, 1 - baseline);
  return TRUE;
}

/* The number first, its interval some milliseconds later. */
static void
tell_look (EspLive *live, LiveRun *run, guint n, guint64 generation)
{
  EspInterval interval;

  live_tell_partial (live, run, n, generation, NULL);
  if (find_partial_interval (live, run, n, generation, &interval))
    live_tell_partial (live, run, n, generation, &interval);
}

/* The pass of a look, and where its outcomes go: on to the full pass in float32, nowhere in bfloat16. */
static EspPass *
begin_look (EspLive *live, const Wanted *wanted, LiveRun **run, GError **error)
{
  g_autoptr (EspEngine) engine = NULL;

  if (wanted->half)
    {
      *run = live_run_new (wanted->mask, wanted->title, wanted->state, live->material->n_images);
      (*run)->approximate = TRUE;
      return live_half_new_pass (live, wanted->mask, error);
    }
  engine = esp_live_engine (live, wanted->mask, error);
  *run = engine != NULL ? take_run (live, wanted) : NULL;
  return engine != NULL ? live_new_kept_pass (live, engine, wanted->mask) : NULL;
}

/** live_look: stage 0: the first images of the order, not cancelled by newer requests; then asks for the full pass. Thread: lane. */
void
live_look (gpointer data)
{
  EspLive *live = data;
  g_auto (Wanted) wanted = { 0 };
  g_autoptr (LiveRun) run = NULL;
  g_autoptr (EspPass) pass = NULL;
  g_autoptr (GError) error = NULL;
  guint n;

  if (!read_slot (live, &wanted, &live->look_queued))
    return;
  n = count_look (live, wanted.known, wanted.half);
  if (wanted.done == NULL && n > 0 && !esp_mask_is_full (wanted.mask))
    {
      pass = begin_look (live, &wanted, &run, &error);
      n = pass != NULL ? look_at (live, pass, run, n, &error) : 0;
      if (n > 0)
        tell_look (live, run, run->seen, wanted.generation);
      live_tell_failure (live, error);
    }
  if (error == NULL || wanted.half) /* float32 does not depend on what failed in bfloat16 */
    post_pass (live);
}

/* The interval a few replicates at a time; given up when a newer mask waits. */
static void
find_interval (EspLive *live, LiveRun *run, guint64 generation)
{
  const EspMaterial *m = live->material;
  g_autoptr (EspBootstrap) bootstrap = NULL;

  if (m->map == NULL)
    live_drop_outcomes (run); /* the agreement is known, and there is no interval without truth */
  if (run->trial.has_interval || run->outcomes == NULL)
    return;
  if (esp_mask_is_full (run->trial.mask))
    bootstrap = esp_bootstrap_new_map (run->outcomes, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES, ESP_STUDY_SEED);
  else
    bootstrap = esp_bootstrap_new_difference (live->baseline, run->outcomes, m->n_images, m->n_classes, m->protocol, ESP_STUDY_REPLICATES,
                                              ESP_STUDY_SEED);
  while (esp_bootstrap_step (bootstrap, LIVE_REPLICATES_STEP))
    {
      esp_lane_yield (live->lane);
      if (!is_current (live, generation))
        {
          live_hold_outcomes (live, run);
          return;
        }
    }
  live_keep_interval (live, run, esp_bootstrap_get (bootstrap));
}

/* A job that a newer request cancels; NULL where one has come already. */
static EspJob *
begin_pass_job (EspLive *live, guint64 generation)
{
  EspJob *job = NULL;

  pthread_mutex_lock (&live->lock);
  if (generation == live->generation && !live->closed)
    {
      job = esp_job_new ("Full pass");
      g_clear_pointer (&live->pass_job, esp_job_unref);
      live->pass_job = esp_job_ref (job);
    }
  pthread_mutex_unlock (&live->lock);
  return job;
}

/* How far the pass is, ten times a second, or seldom enough that telling it does not hold it up. */
static void
tell_pass (EspLive *live, LiveRun *run, guint64 generation)
{
  const gint64 begun = g_get_monotonic_time ();
  EspInterval interval;
  gboolean known;

  if (run->seen == run->n || begun - live->last_partial < MAX (LIVE_PUBLISH_INTERVAL, PARTIAL_SHARE * live->partial_cost))
    return;
  known = find_partial_interval (live, run, run->seen, generation, &interval);
  live_tell_partial (live, run, run->seen, generation, known ? &interval : NULL);
  live->partial_cost = g_get_monotonic_time () - begun;
}

/* All images in the fixed order; TRUE once all are seen. */
static gboolean
see_all (EspLive *live, LiveRun *run, guint64 generation, EspJob *job, GError **error)
{
  g_autoptr (EspEngine) engine = esp_live_engine (live, run->trial.mask, error);
  g_autoptr (EspPass) pass = engine != NULL ? live_new_kept_pass (live, engine, run->trial.mask) : NULL;

  for (guint i = 0; pass != NULL && i < run->n; i++)
    {
      if (run->outcomes[live->order[i]] != NULL)
        continue;
      esp_lane_yield (live->lane);
      if (!see (pass, run, live->order[i], job, error))
        return FALSE;
      tell_pass (live, run, generation);
    }
  return pass != NULL;
}

/** live_pass: stage 1: every image, then the interval; dropped between two layers when a newer mask waits. Thread: lane. */
void
live_pass (gpointer data)
{
  EspLive *live = data;
  g_auto (Wanted) wanted = { 0 };
  g_autoptr (LiveRun) run = NULL;
  g_autoptr (EspJob) job = NULL;
  g_autoptr (GError) error = NULL;

  if (!read_slot (live, &wanted, &live->pass_queued))
    return;
  job = begin_pass_job (live, wanted.generation);
  if (job == NULL)
    return; /* the newer request has its own look waiting */
  run = wanted.done != NULL ? live_run_ref (wanted.done) : take_run (live, &wanted);
  if (wanted.done == NULL)
    {
      if (!see_all (live, run, wanted.generation, job, &error))
        {
          live_tell_failure (live, error);
          return;
        }
      live_finish_run (live, run);
    }
  find_interval (live, run, wanted.generation);
}
