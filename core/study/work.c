/* work.c: a run in the lane, as the main thread follows it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/work.h"

#include "study/study-private.h"

#define POLL_MS 100

typedef struct
{
  GWeakRef study;
  EspWorkRun *run; /* (nullable): the last one */
  guint poll;      /* while it runs */
} EspWorkPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (EspWork, esp_work, G_TYPE_OBJECT)

enum
{
  CHANGED,
  ENDED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
run_clear (gpointer data)
{
  EspWorkRun *run = data;

  run->class->clear (run);
  g_clear_error (&run->error);
  esp_material_unref (run->material);
  esp_job_unref (run->job);
  g_mutex_clear (&run->mutex);
}

static void
run_unref (gpointer run)
{
  g_atomic_rc_box_release_full (run, run_clear);
}

/* Thread: lane. */
static void
run_in_lane (gpointer data)
{
  EspWorkRun *run = data;

  if (esp_job_check (run->job, &run->error))
    run->class->work (run);
  g_mutex_lock (&run->mutex);
  run->ended = TRUE;
  g_mutex_unlock (&run->mutex);
}

static void
esp_work_dispose (GObject *object)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (ESP_WORK (object));

  g_clear_handle_id (&priv->poll, g_source_remove);
  if (priv->run != NULL)
    esp_job_cancel (priv->run->job); /* the lane lets go of the rest */
  g_clear_pointer (&priv->run, run_unref);
  g_weak_ref_set (&priv->study, NULL);
  G_OBJECT_CLASS (esp_work_parent_class)->dispose (object);
}

static void
esp_work_finalize (GObject *object)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (ESP_WORK (object));

  g_weak_ref_clear (&priv->study);
  G_OBJECT_CLASS (esp_work_parent_class)->finalize (object);
}

static void
esp_work_class_init (EspWorkClass *class)
{
  GType type = G_TYPE_FROM_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = esp_work_dispose;
  G_OBJECT_CLASS (class)->finalize = esp_work_finalize;
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ENDED] = g_signal_new ("ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
esp_work_init (EspWork *self)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (self);

  g_weak_ref_init (&priv->study, NULL);
}

static gboolean
poll (gpointer data)
{
  g_autoptr (EspWork) self = g_object_ref (data);
  EspWorkPrivate *priv = esp_work_get_instance_private (self);
  EspWorkRun *run = g_atomic_rc_box_acquire (priv->run); /* who hears that it ended may begin the next */
  gboolean ended;

  g_mutex_lock (&run->mutex);
  if (run->class->take != NULL)
    run->class->take (self, run);
  ended = run->ended;
  g_mutex_unlock (&run->mutex);
  if (ended)
    priv->poll = 0;
  g_signal_emit (self, signals[CHANGED], 0);
  if (ended)
    g_signal_emit (self, signals[ENDED], 0, g_error_matches (run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? NULL : run->error);
  run_unref (run);
  return ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/** esp_work_stop: ends the run soon, if one is under way. Thread: main. */
void
esp_work_stop (EspWork *self)
{
  EspJob *job = esp_work_get_job (self);

  if (job == NULL)
    return;
  esp_job_cancel (job);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_work_get_job: Returns: (transfer none) (nullable): of the run while it runs. Thread: main. */
EspJob *
esp_work_get_job (EspWork *self)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (self);

  return priv->poll != 0 ? priv->run->job : NULL;
}

/** esp_work_is_current: Returns: whether the last run, under way or not, is of the network that is open. Thread: main. */
gboolean
esp_work_is_current (EspWork *self)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (self);
  const EspWorkRun *run = esp_work_get_run (self);

  return study != NULL && study->plan != NULL && run != NULL && run->material == study->material;
}

/** esp_work_new: Returns: (transfer full): of @type, which derives from EspWork: nothing begun; @study is not held. Thread: main. */
gpointer
esp_work_new (GType type, EspStudy *study)
{
  EspWork *self = g_object_new (type, NULL);
  EspWorkPrivate *priv = esp_work_get_instance_private (self);

  g_weak_ref_set (&priv->study, study);
  return self;
}

/** esp_work_dup_study: Returns: (transfer full) (nullable): what it is beside; NULL once that is gone. Thread: main. */
EspStudy *
esp_work_dup_study (EspWork *self)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (self);

  return g_weak_ref_get (&priv->study);
}

/** esp_work_new_run: Returns: (transfer full): as large as @work's class says, zero after the EspWorkRun; @study: an open one.
 * Thread: main. */
gpointer
esp_work_new_run (EspWork *self, EspStudy *study, const char *title)
{
  const EspWorkClass *class = ESP_WORK_GET_CLASS (self);
  EspWorkRun *run = g_atomic_rc_box_alloc0 (class->run_size);

  run->class = class;
  run->material = esp_material_ref (study->material);
  run->lane = study->lane;
  run->job = esp_job_new (title);
  g_mutex_init (&run->mutex);
  return run;
}

/** esp_work_begin: @run: (transfer full): of esp_work_new_run(); it takes the place of the last one, which has ended. Thread: main. */
void
esp_work_begin (EspWork *self, gpointer run)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (self);

  g_return_if_fail (priv->poll == 0);
  g_clear_pointer (&priv->run, run_unref);
  priv->run = run;
  esp_lane_attend (priv->run->lane, priv->run->job);
  esp_lane_post (priv->run->lane, ESP_LANE_BACKGROUND, run_in_lane, g_atomic_rc_box_acquire (run), run_unref);
  priv->poll = g_timeout_add (POLL_MS, poll, self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_work_get_run: Returns: (transfer none) (nullable): the last one, under way or not. Thread: main. */
gpointer
esp_work_get_run (EspWork *self)
{
  EspWorkPrivate *priv = esp_work_get_instance_private (self);

  return priv->run;
}
