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

#define SEEDS 20 /* of the band of chance */

static const double ratios[] = { .1, .2, .3, .4, .5, .6, .7, .8, .9 };
#define N_RATIOS G_N_ELEMENTS (ratios)

typedef struct
{
  EspWorkRun base;
  EspScores *scores; /* what places are measured with, as the next three */
  guint floor, n;
  guint *images; /* n of them, ascending */
  gboolean by_group;
  EspSensitivity *place;       /* (nullable): whose chance is measured, a copy */
  guint row;                   /* likewise */
  EspBandPoint band[N_RATIOS]; /* Thread: lane, as the next, until it has ended */
  gboolean has_band;
  GPtrArray *fresh; /* of EspSensitivity, not yet taken; the mutex's, as the next */
  double whole;
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
  EspWork parent_instance;

  GPtrArray *places;
  double whole;
};

G_DEFINE_FINAL_TYPE (EspSensitivityWork, esp_sensitivity_work, ESP_TYPE_WORK)

static void
run_clear (EspWorkRun *base)
{
  Run *run = (Run *) base;

  esp_scores_unref (run->scores);
  g_free (run->images);
  g_clear_pointer (&run->place, esp_sensitivity_free);
  g_ptr_array_unref (run->fresh);
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

static Run *
run_new (EspSensitivityWork *self, EspStudy *study, EspScores *scores, const char *title)
{
  Run *run = esp_work_new_run (ESP_WORK (self), study, title);

  run->scores = esp_scores_ref (scores);
  run->fresh = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_sensitivity_free);
  run->whole = NAN;
  return run;
}

/* From here to run_work(): the lane. */

static void
on_row (const EspSensitivity *row, const EspMetered *whole, gpointer data)
{
  Run *run = data;

  g_mutex_lock (&run->base.mutex);
  run->whole = whole->map;
  g_ptr_array_add (run->fresh, esp_sensitivity_copy (row, N_RATIOS));
  g_mutex_unlock (&run->base.mutex);
}

static void
measure (Run *run, const EspSensitivityInput *input)
{
  EspMetered whole;
  g_autoptr (GPtrArray) rows = NULL;

  if (run->place == NULL)
    {
      rows = esp_sensitivity_measure (input, &whole, run->base.job, &run->base.error);
      return;
    }
  if (esp_sensitivity_band (input, run->place, SEEDS, ESP_STUDY_SEED, run->band, run->base.job, &run->base.error))
    run->has_band = TRUE;
}

static void
run_work (EspWorkRun *base)
{
  Run *run = (Run *) base;
  const EspMaterial *m = base->material;
  const EspMeterInput meter = { .pass = { m->network, m->weights, m->dataset, m->map, m->cache, &m->options, run->images, run->n },
                                .coupling = m->coupling,
                                .protocol = m->protocol,
                                .n_classes = m->n_classes,
                                .replicates = ESP_STUDY_REPLICATES,
                                .seed = ESP_STUDY_SEED };
  g_autoptr (EspMeter) own = esp_meter_new (&meter);
  const EspSensitivityInput input = { .curve = { own, m->network, m->coupling, ratios, N_RATIOS, run->floor },
                                      .scores = run->scores,
                                      .by_group = run->by_group,
                                      .tell = on_row,
                                      .tell_data = run };

  measure (run, &input);
}

static void
place_free (gpointer data)
{
  Place *place = data;

  esp_sensitivity_free (place->of);
  g_free (place);
}

/* What the lane has found since the last look. */
static void
take (EspWork *work, EspWorkRun *base)
{
  EspSensitivityWork *self = ESP_SENSITIVITY_WORK (work);
  Run *run = (Run *) base;

  while (run->fresh->len > 0)
    {
      Place *place = g_new0 (Place, 1);

      place->of = g_ptr_array_steal_index (run->fresh, 0);
      g_ptr_array_add (self->places, place);
    }
  if (!isnan (run->whole))
    self->whole = run->whole;
  if (base->ended && run->has_band && run->row < self->places->len)
    {
      Place *place = self->places->pdata[run->row];

      memcpy (place->band, run->band, sizeof place->band);
      place->has_band = TRUE;
    }
}

static void
esp_sensitivity_work_finalize (GObject *object)
{
  g_ptr_array_unref (ESP_SENSITIVITY_WORK (object)->places);
  G_OBJECT_CLASS (esp_sensitivity_work_parent_class)->finalize (object);
}

static void
esp_sensitivity_work_class_init (EspSensitivityWorkClass *class)
{
  G_OBJECT_CLASS (class)->finalize = esp_sensitivity_work_finalize;
  ESP_WORK_CLASS (class)->run_size = sizeof (Run);
  ESP_WORK_CLASS (class)->work = run_work;
  ESP_WORK_CLASS (class)->take = take;
  ESP_WORK_CLASS (class)->clear = run_clear;
}

static void
esp_sensitivity_work_init (EspSensitivityWork *self)
{
  self->places = g_ptr_array_new_with_free_func (place_free);
  self->whole = NAN;
}

/** esp_sensitivity_work_new: Returns: (transfer full): nothing measured; @study is not held. Thread: main. */
EspSensitivityWork *
esp_sensitivity_work_new (EspStudy *study)
{
  return esp_work_new (ESP_TYPE_SENSITIVITY_WORK, study);
}

/** esp_sensitivity_work_start: see the header. Thread: main. */
gboolean
esp_sensitivity_work_start (EspSensitivityWork *self, gboolean by_group, guint n_images, GError **error)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const EspMaterial *m = study != NULL ? study->material : NULL;
  Run *run;

  g_return_val_if_fail (esp_work_get_job (ESP_WORK (self)) == NULL, FALSE);
  if (m == NULL || m->map == NULL || esp_plan_get_scores (study->plan) == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("what a layer bears is measured in mAP: that needs labelled images"));
      return FALSE;
    }
  run = run_new (self, study, esp_plan_get_scores (study->plan),
                 by_group ? _ ("Measuring what groups bear") : _ ("Measuring what layers bear"));
  run->floor = esp_plan_get_floor (study->plan);
  run->by_group = by_group;
  run->n = n_images > 0 ? MIN (n_images, m->n_images) : m->n_images;
  run->images = esp_dataset_order (m->dataset, ESP_STUDY_SEED);
  qsort (run->images, run->n, sizeof (guint), ascending);
  g_ptr_array_set_size (self->places, 0);
  self->whole = NAN;
  esp_work_begin (ESP_WORK (self), run);
  return TRUE;
}

/** esp_sensitivity_work_start_chance: see the header. Thread: main. */
gboolean
esp_sensitivity_work_start_chance (EspSensitivityWork *self, guint row, GError **error)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const Run *last = esp_work_get_run (ESP_WORK (self));
  Run *run;

  g_return_val_if_fail (esp_work_get_job (ESP_WORK (self)) == NULL && row < self->places->len, FALSE);
  if (study == NULL || !esp_work_is_current (ESP_WORK (self)))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, _ ("these measurements are of another network than the one that is open"));
      return FALSE;
    }
  run = run_new (self, study, last->scores, _ ("Measuring where chance lies"));
  run->floor = last->floor;
  run->by_group = last->by_group;
  run->n = last->n;
  run->images = g_memdup2 (last->images, last->n * sizeof (guint));
  run->place = esp_sensitivity_copy (((Place *) self->places->pdata[row])->of, N_RATIOS);
  run->row = row;
  esp_work_begin (ESP_WORK (self), run);
  return TRUE;
}

/** esp_sensitivity_work_get_state: Returns: what it does. Thread: main. */
EspSensitivityState
esp_sensitivity_work_get_state (EspSensitivityWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));

  if (esp_work_get_job (ESP_WORK (self)) == NULL)
    return ESP_SENSITIVITY_IDLE;
  if (esp_job_is_cancelled (run->base.job))
    return ESP_SENSITIVITY_ENDING;
  return run->place != NULL ? ESP_SENSITIVITY_CHANCE : ESP_SENSITIVITY_MEASURING;
}

/** esp_sensitivity_work_get_by_group: Returns: whether places are groups, not layers. Thread: main. */
gboolean
esp_sensitivity_work_get_by_group (EspSensitivityWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return run != NULL && run->by_group;
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
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return run != NULL ? run->n : 0;
}

/** esp_sensitivity_work_get_criterion: Returns: (transfer none) (nullable): the title of what places were ranked by. Thread: main. */
const char *
esp_sensitivity_work_get_criterion (EspSensitivityWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));
  const EspCriterion *row = run != NULL ? esp_criterion_find (esp_scores_get_criterion (run->scores)) : NULL;

  return row != NULL ? row->title : NULL;
}

/** esp_sensitivity_work_is_ranked_so: Returns: whether the plan in hand ranks by the scores that places were measured with. Thread:
 * main. */
gboolean
esp_sensitivity_work_is_ranked_so (EspSensitivityWork *self)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return study != NULL && esp_work_is_current (ESP_WORK (self)) && esp_plan_get_scores (study->plan) == run->scores;
}

/** esp_sensitivity_work_get_planned: Returns: the ratio that the plan in hand asks of the place; NAN where it asks none of it.
 * Thread: main. */
double
esp_sensitivity_work_get_planned (EspSensitivityWork *self, guint row)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const Run *run = esp_work_get_run (ESP_WORK (self));
  const EspSensitivity *of = esp_sensitivity_work_get (self, row);
  EspShare share;
  int group;

  if (study == NULL || !esp_work_is_current (ESP_WORK (self)))
    return NAN;
  if (!run->by_group)
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
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const Run *run = esp_work_get_run (ESP_WORK (self));
  const EspSensitivity *of;
  int group;

  g_return_val_if_fail (row < self->places->len && point < N_RATIOS, FALSE);
  of = esp_sensitivity_work_get (self, row);
  if (study == NULL || !esp_work_is_current (ESP_WORK (self)))
    return FALSE;
  group = run->by_group ? esp_plan_find_group (study->plan, of->name) : -1;
  if (group >= 0)
    esp_plan_set_ratio (study->plan, (guint) group, ratios[point]);
  else
    esp_plan_set_layer_share (study->plan, of->layers[0], (EspShare){ ESP_SHARE_RATIO, ratios[point] });
  return TRUE;
}
