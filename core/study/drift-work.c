/* drift-work.c: how far a plan moves what boxes are explained by, and what it loses, as the main thread sees it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/drift-work.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "study/lazy-rows.h"
#include "study/study-private.h"

#define TAU .02f /* espalier-cli's; of classes, none of which is explained here */

typedef struct
{
  EspWorkRun base;
  EspMask *mask;
  const EspAttribution *method;
  int layer;
  EspDriftReport *report; /* Thread: lane, until it has ended */
} Run;

struct _EspDriftWork
{
  EspWork parent_instance;

  EspDriftReport *report; /* (nullable): of the last run */
  EspLazyRows *boxes, *lost;
};

G_DEFINE_FINAL_TYPE (EspDriftWork, esp_drift_work, ESP_TYPE_WORK)

static void
run_clear (EspWorkRun *base)
{
  Run *run = (Run *) base;

  esp_mask_unref (run->mask);
  g_clear_pointer (&run->report, esp_drift_report_free);
}

/* Thread: lane. */
static void
run_work (EspWorkRun *base)
{
  Run *run = (Run *) base;
  const EspMaterial *m = base->material;
  const EspLensInput input = { .network = m->network,
                               .weights = m->weights,
                               .coupling = m->coupling,
                               .dataset = m->dataset,
                               .map = m->map,
                               .cache = m->cache,
                               .options = &m->options,
                               .method = run->method,
                               .tau = TAU };

  run->report = esp_drift_report_new (&input, run->mask, run->layer, ESP_DRIFT_SPEARMAN, base->job, &base->error);
}

static void
take (EspWork *work, EspWorkRun *base)
{
  EspDriftWork *self = ESP_DRIFT_WORK (work);
  Run *run = (Run *) base;

  if (!base->ended || run->report == NULL || !esp_work_is_current (work))
    return;
  g_clear_pointer (&self->report, esp_drift_report_free);
  self->report = g_steal_pointer (&run->report);
  esp_lazy_rows_set_n (self->boxes, self->report->drifts->len);
  esp_lazy_rows_set_n (self->lost, self->report->lost->len);
}

static char *
class_name (const EspMaterial *m, int class_index)
{
  const gboolean known = m->names != NULL && class_index >= 0 && (guint) class_index < g_strv_length (m->names);

  return known ? g_strdup (m->names[class_index]) : g_strdup_printf (_ ("class %d"), class_index);
}

static EspRow *
make_box (guint i, gpointer data)
{
  EspDriftWork *self = data;
  const Run *run = esp_work_get_run (ESP_WORK (self));
  const EspDrift *drift = &g_array_index (self->report->drifts, EspDrift, i);
  g_autofree char *name = class_name (run->base.material, drift->before.class_index);

  return g_object_new (ESP_TYPE_DRIFT_ROW, "image", drift->image, "name", esp_dataset_get (run->base.material->dataset, drift->image)->name,
                       "class-name", name, "before", (double) drift->before.score, "after",
                       drift->found ? (double) drift->after.score : (double) NAN, "distance", drift->distance[ESP_DRIFT_SPEARMAN],
                       "heat-before", drift->energy_before, "heat-after", drift->energy_after, NULL);
}

static EspRow *
make_lost (guint i, gpointer data)
{
  EspDriftWork *self = data;
  const Run *run = esp_work_get_run (ESP_WORK (self));
  const EspLostBox *lost = &g_array_index (self->report->lost, EspLostBox, i);
  g_autofree char *name = class_name (run->base.material, lost->class_index);
  g_autofree char *channels = esp_lost_box_channels (lost);

  return g_object_new (ESP_TYPE_LOST_ROW, "image", lost->image, "name", esp_dataset_get (run->base.material->dataset, lost->image)->name,
                       "class-name", name, "before", (double) lost->before.score, "error", esp_lost_as_words (lost->loss), "channels",
                       channels, NULL);
}

static void
esp_drift_work_finalize (GObject *object)
{
  EspDriftWork *self = ESP_DRIFT_WORK (object);

  g_clear_pointer (&self->report, esp_drift_report_free);
  g_object_unref (self->boxes);
  g_object_unref (self->lost);
  G_OBJECT_CLASS (esp_drift_work_parent_class)->finalize (object);
}

static void
esp_drift_work_dispose (GObject *object)
{
  esp_drift_work_forget (ESP_DRIFT_WORK (object)); /* who still shows the lists asks for no more rows */
  G_OBJECT_CLASS (esp_drift_work_parent_class)->dispose (object);
}

static void
esp_drift_work_class_init (EspDriftWorkClass *class)
{
  G_OBJECT_CLASS (class)->dispose = esp_drift_work_dispose;
  G_OBJECT_CLASS (class)->finalize = esp_drift_work_finalize;
  ESP_WORK_CLASS (class)->run_size = sizeof (Run);
  ESP_WORK_CLASS (class)->work = run_work;
  ESP_WORK_CLASS (class)->take = take;
  ESP_WORK_CLASS (class)->clear = run_clear;
}

static void
esp_drift_work_init (EspDriftWork *self)
{
  self->boxes = esp_lazy_rows_new (make_box, self);
  self->lost = esp_lazy_rows_new (make_lost, self);
}

/** esp_drift_work_new: Returns: (transfer full): nothing compared; @study is not held. Thread: main. */
EspDriftWork *
esp_drift_work_new (EspStudy *study)
{
  return esp_work_new (ESP_TYPE_DRIFT_WORK, study);
}

/** esp_drift_work_get_obstacle: see the header. Thread: main. */
const char *
esp_drift_work_get_obstacle (EspDriftWork *self)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  g_autoptr (EspMask) mask = study != NULL && study->plan != NULL ? esp_plan_get_mask (study->plan) : NULL;

  if (mask == NULL || study->material->dataset == NULL || study->material->n_images == 0)
    return _ ("Before and after are compared on images: open some beside the network.");
  if (esp_mask_is_full (mask))
    return _ ("The plan cuts nothing: before and after are the same. Cut something, and what it moves and loses is found out here.");
  return NULL;
}

/* Where the method in view gives no maps at layers, the one that espalier-cli takes by itself. */
static const EspAttribution *
method_of (EspStudy *study)
{
  if (study->method != NULL && (study->method->gives & ESP_GIVES_LAYERS) != 0)
    return study->method;
  return esp_attribution_find ("gradient-activation");
}

/** esp_drift_work_start: see the header. Thread: main. */
gboolean
esp_drift_work_start (EspDriftWork *self, GError **error)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const char *obstacle = esp_drift_work_get_obstacle (self);
  Run *run;

  g_return_val_if_fail (esp_work_get_job (ESP_WORK (self)) == NULL, FALSE);
  if (obstacle != NULL)
    {
      g_set_error_literal (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, obstacle);
      return FALSE;
    }
  esp_drift_work_forget (self);
  run = esp_work_new_run (ESP_WORK (self), study, _ ("Explaining before and after"));
  run->mask = esp_plan_get_mask (study->plan);
  run->method = method_of (study);
  run->layer = study->at_pixels ? -1 : study->layer;
  esp_work_begin (ESP_WORK (self), run);
  return TRUE;
}

/** esp_drift_work_forget: @work: nothing is found out. Thread: main. */
void
esp_drift_work_forget (EspDriftWork *self)
{
  esp_lazy_rows_set_n (self->boxes, 0);
  esp_lazy_rows_set_n (self->lost, 0);
  g_clear_pointer (&self->report, esp_drift_report_free);
}

/** esp_drift_work_get_state: Returns: what it does. Thread: main. */
EspDriftState
esp_drift_work_get_state (EspDriftWork *self)
{
  EspJob *job = esp_work_get_job (ESP_WORK (self));

  return job == NULL ? ESP_DRIFT_IDLE : esp_job_is_cancelled (job) ? ESP_DRIFT_ENDING : ESP_DRIFT_COMPARING;
}

/** esp_drift_work_get_report: Returns: (transfer none) (nullable): what was found, until the next start. Thread: main. */
const EspDriftReport *
esp_drift_work_get_report (EspDriftWork *self)
{
  return self->report;
}

/** esp_drift_work_is_of_plan: Returns: whether the plan in hand cuts what the report's did. Thread: main. */
gboolean
esp_drift_work_is_of_plan (EspDriftWork *self)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));
  const Run *run = esp_work_get_run (ESP_WORK (self));
  g_autoptr (EspMask) mask = NULL;

  if (study == NULL || self->report == NULL || !esp_work_is_current (ESP_WORK (self)))
    return FALSE;
  mask = esp_plan_get_mask (study->plan);
  return esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (run->mask));
}

/** esp_drift_work_get_boxes: Returns: (transfer none): of EspDriftRow, worst first. Thread: main. */
GListModel *
esp_drift_work_get_boxes (EspDriftWork *self)
{
  return G_LIST_MODEL (self->boxes);
}

/** esp_drift_work_get_lost: Returns: (transfer none): of EspLostRow, strongest first. Thread: main. */
GListModel *
esp_drift_work_get_lost (EspDriftWork *self)
{
  return G_LIST_MODEL (self->lost);
}

/** esp_drift_work_get_method: Returns: (nullable): what boxes were explained by. Thread: main. */
const EspAttribution *
esp_drift_work_get_method (EspDriftWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return run != NULL ? run->method : NULL;
}

/** esp_drift_work_get_layer: Returns: of the heatmaps, -1: of each box the one that says most. Thread: main. */
int
esp_drift_work_get_layer (EspDriftWork *self)
{
  const Run *run = esp_work_get_run (ESP_WORK (self));

  return run != NULL ? run->layer : -1;
}

/** esp_drift_work_get_n_images: Returns: how many images were looked at, or are there. Thread: main. */
guint
esp_drift_work_get_n_images (EspDriftWork *self)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));

  return study != NULL && study->material != NULL ? study->material->n_images : 0;
}

/** esp_drift_work_is_labelled: Returns: whether it is known what was to be found. Thread: main. */
gboolean
esp_drift_work_is_labelled (EspDriftWork *self)
{
  g_autoptr (EspStudy) study = esp_work_dup_study (ESP_WORK (self));

  return study != NULL && study->material != NULL && study->material->map != NULL;
}
