/* sensitivity-work.c: what layers or groups bear alone, as the main thread sees it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/sensitivity-work.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "study/study-private.h"

#define POLL_MS 100
#define SEEDS   20 /* of the band of chance */

static const double ratios[] = { .1, .2, .3, .4, .5, .6, .7, .8, .9 };
#define N_RATIOS G_N_ELEMENTS (ratios)

/* What places are measured with, the same for all of them; immutable, counted. */
typedef struct
{
  EspMaterial *material;
  EspScores *scores;
  guint floor, n;
  guint *images; /* n of them, ascending */
  gboolean by_group;
} Bench;

/* One piece of work, held by main thread and lane. */
typedef struct
{
  Bench *bench;
  EspJob *job;
  EspSensitivity *place; /* (nullable): whose chance is measured, a copy */
  guint row;             /* likewise */
  GMutex mutex;          /* of all below */
  GPtrArray *fresh;      /* of EspSensitivity, not yet taken */
  EspBandPoint band[N_RATIOS];
  gboolean has_band, ended;
  double whole;
  GError *error;
} Run;

/* A place with what is known of it. */
typedef struct
{
  EspSensitivity *of;
  EspBandPoint band[N_RATIOS];
  gboolean has_band;
} Place;

struct _EspSensitivityWork
{
  GObject parent_instance;

  GWeakRef study;
  Bench *bench; /* (nullable): of what was measured last */
  Run *run;     /* (nullable): while it runs */
  GPtrArray *places;
  double whole;
  guint poll;
};

G_DEFINE_FINAL_TYPE (EspSensitivityWork, esp_sensitivity_work, G_TYPE_OBJECT)

enum
{
  CHANGED,
  ENDED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
bench_clear (gpointer data)
{
  Bench *bench = data;

  esp_material_unref (bench->material);
  esp_scores_unref (bench->scores);
  g_free (bench->images);
}

static void
bench_unref (Bench *bench)
{
  g_atomic_rc_box_release_full (bench, bench_clear);
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

static Bench *
bench_new (EspStudy *study, gboolean by_group, guint n_images)
{
  Bench *bench = g_atomic_rc_box_new0 (Bench);
  EspMaterial *m = study->material;

  bench->material = esp_material_ref (m);
  bench->scores = esp_scores_ref (esp_plan_get_scores (study->plan));
  bench->floor = esp_plan_get_floor (study->plan);
  bench->by_group = by_group;
  bench->n = n_images > 0 ? MIN (n_images, m->n_images) : m->n_images;
  bench->images = esp_dataset_order (m->dataset, ESP_STUDY_SEED);
  qsort (bench->images, bench->n, sizeof (guint), ascending);
  return bench;
}

static void
run_clear (gpointer data)
{
  Run *run = data;

  bench_unref (run->bench);
  esp_job_unref (run->job);
  g_clear_pointer (&run->place, esp_sensitivity_free);
  g_ptr_array_unref (run->fresh);
  g_clear_error (&run->error);
  g_mutex_clear (&run->mutex);
}

static void
run_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, run_clear);
}

static Run *
run_new (Bench *bench, const char *title)
{
  Run *run = g_atomic_rc_box_new0 (Run);

  run->bench = g_atomic_rc_box_acquire (bench);
  run->job = esp_job_new (title);
  run->fresh = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_sensitivity_free);
  run->whole = NAN;
  g_mutex_init (&run->mutex);
  return run;
}

/* From here to run_work(): the lane. */

static void
on_row (const EspSensitivity *row, const EspMetered *whole, gpointer data)
{
  Run *run = data;

  g_mutex_lock (&run->mutex);
  run->whole = whole->map;
  g_ptr_array_add (run->fresh, esp_sensitivity_copy (row, N_RATIOS));
  g_mutex_unlock (&run->mutex);
}

static void
measure (Run *run, const EspSensitivityInput *input)
{
  EspMetered whole;
  g_autoptr (GPtrArray) rows = NULL;

  if (run->place == NULL)
    {
      rows = esp_sensitivity_measure (input, &whole, run->job, &run->error);
      return;
    }
  if (esp_sensitivity_band (input, run->place, SEEDS, ESP_STUDY_SEED, run->band, run->job, &run->error))
    run->has_band = TRUE;
}

static void
run_work (gpointer data)
{
  Run *run = data;
  const Bench *bench = run->bench;
  const EspMaterial *m = bench->material;
  const EspMeterInput meter = { .pass = { m->network, m->weights, m->dataset, m->map, m->cache, &m->options, bench->images, bench->n },
                                .coupling = m->coupling,
                                .protocol = m->protocol,
                                .n_classes = m->n_classes,
                                .replicates = ESP_STUDY_REPLICATES,
                                .seed = ESP_STUDY_SEED };
  g_autoptr (EspMeter) own = esp_meter_new (&meter);
  const EspSensitivityInput input = { .curve = { own, m->network, m->coupling, ratios, N_RATIOS, bench->floor },
                                      .scores = bench->scores,
                                      .by_group = bench->by_group,
                                      .tell = on_row,
                                      .tell_data = run };

  if (esp_job_check (run->job, &run->error))
    measure (run, &input);
  g_mutex_lock (&run->mutex);
  run->ended = TRUE;
  g_mutex_unlock (&run->mutex);
}

static void
place_free (gpointer data)
{
  Place *place = data;

  esp_sensitivity_free (place->of);
  g_free (place);
}

/** esp_sensitivity_work_new: Returns: (transfer full): nothing measured; @study is not held. Thread: main. */
EspSensitivityWork *
esp_sensitivity_work_new (EspStudy *study)
{
  EspSensitivityWork *self = g_object_new (ESP_TYPE_SENSITIVITY_WORK, NULL);

  g_weak_ref_set (&self->study, study);
  return self;
}

static void
esp_sensitivity_work_dispose (GObject *object)
{
  EspSensitivityWork *self = ESP_SENSITIVITY_WORK (object);

  g_clear_handle_id (&self->poll, g_source_remove);
  if (self->run != NULL)
    esp_job_cancel (self->run->job); /* the lane lets go of the rest */
  g_clear_pointer (&self->run, run_unref);
  g_clear_pointer (&self->bench, bench_unref);
  g_clear_pointer (&self->places, g_ptr_array_unref);
  g_weak_ref_set (&self->study, NULL);
  G_OBJECT_CLASS (esp_sensitivity_work_parent_class)->dispose (object);
}

static void
esp_sensitivity_work_finalize (GObject *object)
{
  g_weak_ref_clear (&ESP_SENSITIVITY_WORK (object)->study);
  G_OBJECT_CLASS (esp_sensitivity_work_parent_class)->finalize (object);
}

static void
esp_sensitivity_work_class_init (EspSensitivityWorkClass *class)
{
  GType type = G_TYPE_FROM_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = esp_sensitivity_work_dispose;
  G_OBJECT_CLASS (class)->finalize = esp_sensitivity_work_finalize;
  signals[CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[ENDED] = g_signal_new ("ended", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
esp_sensitivity_work_init (EspSensitivityWork *self)
{
  g_weak_ref_init (&self->study, NULL);
  self->places = g_ptr_array_new_with_free_func (place_free);
  self->whole = NAN;
}

/* What the lane has found since the last look. Returns: whether it is through. */
static gboolean
take_fresh (EspSensitivityWork *self)
{
  Run *run = self->run;
  gboolean ended;

  g_mutex_lock (&run->mutex);
  while (run->fresh->len > 0)
    {
      Place *place = g_new0 (Place, 1);

      place->of = g_ptr_array_steal_index (run->fresh, 0);
      g_ptr_array_add (self->places, place);
    }
  if (!isnan (run->whole))
    self->whole = run->whole;
  ended = run->ended;
  g_mutex_unlock (&run->mutex);
  if (ended && run->has_band && run->row < self->places->len)
    {
      Place *place = self->places->pdata[run->row];

      memcpy (place->band, run->band, sizeof place->band);
      place->has_band = TRUE;
    }
  return ended;
}

static gboolean
poll (gpointer data)
{
  g_autoptr (EspSensitivityWork) self = g_object_ref (data);
  const gboolean ended = take_fresh (self);
  g_autoptr (GError) error = NULL;

  if (ended)
    {
      error = g_steal_pointer (&self->run->error);
      g_clear_pointer (&self->run, run_unref);
      self->poll = 0;
    }
  g_signal_emit (self, signals[CHANGED], 0);
  if (ended)
    g_signal_emit (self, signals[ENDED], 0, g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? NULL : error);
  return ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* Below everything that is looked at. @run: (transfer full). */
static void
begin (EspSensitivityWork *self, EspLane *lane, Run *run)
{
  self->run = run;
  esp_lane_attend (lane, run->job);
  esp_lane_post (lane, ESP_LANE_BACKGROUND, run_work, g_atomic_rc_box_acquire (run), run_unref);
  self->poll = g_timeout_add (POLL_MS, poll, self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_sensitivity_work_start: see the header. Thread: main. */
gboolean
esp_sensitivity_work_start (EspSensitivityWork *self, gboolean by_group, guint n_images, GError **error)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);

  g_return_val_if_fail (self->run == NULL, FALSE);
  if (study == NULL || study->material == NULL || study->material->map == NULL || esp_plan_get_scores (study->plan) == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("what a layer bears is measured in mAP: that needs labelled images"));
      return FALSE;
    }
  g_clear_pointer (&self->bench, bench_unref);
  self->bench = bench_new (study, by_group, n_images);
  g_ptr_array_set_size (self->places, 0);
  self->whole = NAN;
  begin (self, study->lane, run_new (self->bench, by_group ? _ ("Measuring what groups bear") : _ ("Measuring what layers bear")));
  return TRUE;
}

/** esp_sensitivity_work_start_chance: see the header. Thread: main. */
gboolean
esp_sensitivity_work_start_chance (EspSensitivityWork *self, guint row, GError **error)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  Run *run;

  g_return_val_if_fail (self->run == NULL && row < self->places->len, FALSE);
  if (study == NULL || !esp_sensitivity_work_is_current (self))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("these measurements are of another network than the one that is open"));
      return FALSE;
    }
  run = run_new (self->bench, _ ("Measuring where chance lies"));
  run->place = esp_sensitivity_copy (((Place *) self->places->pdata[row])->of, N_RATIOS);
  run->row = row;
  begin (self, study->lane, run);
  return TRUE;
}

/** esp_sensitivity_work_stop: ends the work soon. Thread: main. */
void
esp_sensitivity_work_stop (EspSensitivityWork *self)
{
  if (self->run == NULL)
    return;
  esp_job_cancel (self->run->job);
  g_signal_emit (self, signals[CHANGED], 0);
}

/** esp_sensitivity_work_get_state: Returns: what it does. Thread: main. */
EspSensitivityState
esp_sensitivity_work_get_state (EspSensitivityWork *self)
{
  if (self->run == NULL)
    return ESP_SENSITIVITY_IDLE;
  if (esp_job_is_cancelled (self->run->job))
    return ESP_SENSITIVITY_ENDING;
  return self->run->place != NULL ? ESP_SENSITIVITY_CHANCE : ESP_SENSITIVITY_MEASURING;
}

/** esp_sensitivity_work_get_job: Returns: (transfer none) (nullable): while it runs. Thread: main. */
EspJob *
esp_sensitivity_work_get_job (EspSensitivityWork *self)
{
  return self->run != NULL ? self->run->job : NULL;
}

/** esp_sensitivity_work_get_by_group: Returns: whether places are groups, not layers. Thread: main. */
gboolean
esp_sensitivity_work_get_by_group (EspSensitivityWork *self)
{
  return self->bench != NULL && self->bench->by_group;
}

/** esp_sensitivity_work_get_n: Returns: how many places are measured. Thread: main. */
guint
esp_sensitivity_work_get_n (EspSensitivityWork *self)
{
  return self->places->len;
}

/** esp_sensitivity_work_get: Returns: (transfer none): one of them, until the next start. Thread: main. */
const EspSensitivity *
esp_sensitivity_work_get (EspSensitivityWork *self, guint row)
{
  g_return_val_if_fail (row < self->places->len, NULL);
  return ((const Place *) self->places->pdata[row])->of;
}

/** esp_sensitivity_work_get_chance: Returns: (transfer none) (nullable): quantiles over orders by lot, one a ratio. Thread: main. */
const EspBandPoint *
esp_sensitivity_work_get_chance (EspSensitivityWork *self, guint row)
{
  const Place *place;

  g_return_val_if_fail (row < self->places->len, NULL);
  place = self->places->pdata[row];
  return place->has_band ? place->band : NULL;
}

/** esp_sensitivity_work_get_ratios: Returns: (transfer none) (array length=n): what is cut of a place, ascending. Thread: any. */
const double *
esp_sensitivity_work_get_ratios (EspSensitivityWork *self, guint *n)
{
  *n = N_RATIOS;
  return ratios;
}

/** esp_sensitivity_work_get_whole: Returns: the whole network's mAP on these images; NAN while not known. Thread: main. */
double
esp_sensitivity_work_get_whole (EspSensitivityWork *self)
{
  return self->whole;
}

/** esp_sensitivity_work_get_n_images: Returns: how many images the last work is on. Thread: main. */
guint
esp_sensitivity_work_get_n_images (EspSensitivityWork *self)
{
  return self->bench != NULL ? self->bench->n : 0;
}

/** esp_sensitivity_work_get_criterion: Returns: (transfer none) (nullable): the title of what places were ranked by. Thread: main. */
const char *
esp_sensitivity_work_get_criterion (EspSensitivityWork *self)
{
  const EspCriterion *row = self->bench != NULL ? esp_criterion_find (esp_scores_get_criterion (self->bench->scores)) : NULL;

  return row != NULL ? row->title : NULL;
}

/** esp_sensitivity_work_is_current: Returns: whether what is measured is of the network that is open. Thread: main. */
gboolean
esp_sensitivity_work_is_current (EspSensitivityWork *self)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);

  return study != NULL && study->plan != NULL && self->bench != NULL && self->bench->material == study->material;
}

/** esp_sensitivity_work_is_ranked_so: Returns: whether the plan in hand ranks by the scores that places were measured with. Thread: main. */
gboolean
esp_sensitivity_work_is_ranked_so (EspSensitivityWork *self)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);

  return study != NULL && esp_sensitivity_work_is_current (self) && esp_plan_get_scores (study->plan) == self->bench->scores;
}

/** esp_sensitivity_work_get_planned: Returns: the ratio that the plan in hand asks of the place; NAN where it asks none of it. Thread: main. */
double
esp_sensitivity_work_get_planned (EspSensitivityWork *self, guint row)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  const EspSensitivity *of = esp_sensitivity_work_get (self, row);
  EspShare share;
  int group;

  if (study == NULL || !esp_sensitivity_work_is_current (self))
    return NAN;
  if (!self->bench->by_group)
    {
      share = esp_plan_get_layer_share (study->plan, of->layers[0]);
      return share.kind == ESP_SHARE_RATIO ? share.value : (double) NAN;
    }
  group = esp_plan_find_group (study->plan, of->name);
  return group >= 0 ? esp_plan_get_ratio (study->plan, (guint) group) : (double) NAN;
}

/** esp_sensitivity_work_apply: see the header. Thread: main. */
gboolean
esp_sensitivity_work_apply (EspSensitivityWork *self, guint row, guint point)
{
  g_autoptr (EspStudy) study = g_weak_ref_get (&self->study);
  const EspSensitivity *of;
  int group;

  g_return_val_if_fail (row < self->places->len && point < N_RATIOS, FALSE);
  of = esp_sensitivity_work_get (self, row);
  if (study == NULL || !esp_sensitivity_work_is_current (self))
    return FALSE;
  group = self->bench->by_group ? esp_plan_find_group (study->plan, of->name) : -1;
  if (group >= 0)
    esp_plan_set_ratio (study->plan, (guint) group, ratios[point]);
  else
    esp_plan_set_layer_share (study->plan, of->layers[0], (EspShare){ ESP_SHARE_RATIO, ratios[point] });
  return TRUE;
}
