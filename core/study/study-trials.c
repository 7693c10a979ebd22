/* study-trials.c: what was tried: a row of the list each, and the way back to it */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "study/study-private.h"

/* After one idle second the latency is measured: by itself, never in the way of a number. */
static gboolean
measure_latency (gpointer data)
{
  EspStudy *study = data;

  study->latency_source = 0;
  esp_live_measure (study->live);
  return G_SOURCE_REMOVE;
}

static EspRow *
find_trial (EspStudy *study, const EspHash *hash)
{
  g_autofree char *key = esp_hash_to_string (*hash);
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (study->trials));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->trials), i);

      if (g_strcmp0 (g_object_get_data (G_OBJECT (row), "mask"), key) == 0)
        return row; /* the list holds it */
    }
  return NULL;
}

static void
add_trial (EspStudy *study, const EspTrial *trial)
{
  const EspHash hash = esp_mask_get_hash (trial->mask);
  const EspCost cost = esp_cost_of (study->material->network, trial->mask);
  EspMapNumber number;
  g_autoptr (EspRow) row = NULL;

  esp_live_get_number (study->live, &number);
  /* the unpruned network has no difference: its interval is of the number itself */
  const double difference = esp_mask_is_full (trial->mask) ? NAN : trial->map - number.baseline;

  row = g_object_new (ESP_TYPE_TRIAL_ROW, "title", trial->title, "map", trial->map, "difference", difference, "params", cost.params,
                      "bytes", cost.file_bytes, "bflops", cost.bflops, NULL);
  g_object_set_data_full (G_OBJECT (row), "mask", esp_hash_to_string (hash), g_free);
  if (trial->state != NULL)
    g_object_set_data_full (G_OBJECT (row), "state", esp_plan_state_ref (trial->state), (GDestroyNotify) esp_plan_state_unref);
  g_list_store_insert (study->trials, 0, row);
}

static void
free_files (gpointer data)
{
  esp_study_files_clear (data);
  g_free (data);
}

/** study_trial_trained: a run of training ended; what it left was measured over all images. Thread: main. */
void
study_trial_trained (EspStudy *study,
                     const char *title,
                     const EspStudyFiles *files,
                     double map,
                     double difference,
                     const EspInterval *interval,
                     const EspCost *cost)
{
  g_autoptr (EspRow) row = g_object_new (ESP_TYPE_TRIAL_ROW, "title", title, "note", _ ("its best epoch was chosen on these images"), "map",
                                         map, "difference", difference, "low", interval->low, "high", interval->high, "params",
                                         cost->params, "bytes", cost->file_bytes, "bflops", cost->bflops, NULL);
  EspStudyFiles *copy = g_new0 (EspStudyFiles, 1);

  esp_study_files_copy (copy, files);
  g_object_set_data_full (G_OBJECT (row), "files", copy, free_files);
  g_list_store_insert (study->trials, 0, row);
}

/** study_trial_done: a mask was evaluated to its end, or its interval is known. Thread: main. */
void
study_trial_done (const EspTrial *trial, gboolean fresh, gpointer data)
{
  EspStudy *study = data;
  const EspHash hash = esp_mask_get_hash (trial->mask);
  EspRow *row = find_trial (study, &hash);

  if (fresh && row == NULL)
    add_trial (study, trial);
  else if (row != NULL && trial->has_interval)
    esp_row_set (row, "low", trial->interval.low, "high", trial->interval.high, NULL);
  if (study->mask != NULL && esp_hash_equal (esp_mask_get_hash (study->mask), hash))
    {
      g_clear_handle_id (&study->latency_source, g_source_remove);
      study->latency_source = g_timeout_add (1000, measure_latency, study);
    }
}

/**
 * esp_study_get_trial_files:
 * @study: an open study
 * @trial: its place in the list of trials
 * @files: (out): of a trained network: its cfg and weights, with the study's data; to be cleared
 *
 * Returns: FALSE where the trial is a plan of this study, for esp_study_restore_trial(). Thread: main.
 */
gboolean
esp_study_get_trial_files (EspStudy *study, guint trial, EspStudyFiles *files)
{
  g_autoptr (EspRow) row = NULL;
  const EspStudyFiles *own;

  g_return_val_if_fail (ESP_IS_STUDY (study), FALSE);
  row = g_list_model_get_item (G_LIST_MODEL (study->trials), trial);
  own = row != NULL ? g_object_get_data (G_OBJECT (row), "files") : NULL;
  if (own != NULL)
    esp_study_files_copy (files, own);
  return own != NULL;
}

/**
 * esp_study_restore_trial:
 * @study: an open study
 * @trial: its place in the list of trials
 *
 * The plan is again what it was when this was tried, in one act of undo; its number is known, so it is shown at once. Thread: main.
 */
void
esp_study_restore_trial (EspStudy *study, guint trial)
{
  g_autoptr (EspRow) row = NULL;
  g_autofree char *title = NULL, *label = NULL;
  EspPlanState *state;

  g_return_if_fail (ESP_IS_STUDY (study) && study->plan != NULL);
  row = g_list_model_get_item (G_LIST_MODEL (study->trials), trial);
  g_return_if_fail (row != NULL);
  state = g_object_get_data (G_OBJECT (row), "state");
  if (state == NULL)
    {
      esp_plan_reset (study->plan); /* the unpruned network's own */
      return;
    }
  g_object_get (row, "title", &title, NULL);
  label = g_strdup_printf (_ ("Back to “%s”"), title);
  esp_plan_set_state (study->plan, state, label);
}
