/* material.c: reads everything a study is made of */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/material.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

/* Fitted images kept in memory: 128 of 320 × 320 take 157 MB. */
#define CACHE_BYTES ((gsize) 256 << 20)

/* The criterion a study opens with: it needs no image, so the sliders work at once. */
#define FIRST_CRITERION "l1"

static void
material_clear (gpointer data)
{
  EspMaterial *material = data;

  g_clear_pointer (&material->cache, esp_image_cache_unref);
  g_clear_pointer (&material->map, esp_class_map_free);
  g_clear_pointer (&material->dataset, esp_dataset_unref);
  g_clear_pointer (&material->scores, esp_scores_unref);
  g_clear_pointer (&material->coupling, esp_coupling_unref);
  g_clear_pointer (&material->weights, esp_weights_unref);
  g_clear_pointer (&material->network, esp_network_unref);
  g_strfreev (material->names);
  g_free (material->cfg_hash);
  g_free (material->weights_hash);
  esp_study_files_clear (&material->files);
  g_free (material->title);
  g_free (material->notice);
  g_free (material->plan);
}

/** esp_material_ref: Returns: (transfer full): the same material. Thread: any. */
EspMaterial *
esp_material_ref (EspMaterial *material)
{
  return g_atomic_rc_box_acquire (material);
}

/** esp_material_unref: gives one reference back. Thread: any. */
void
esp_material_unref (EspMaterial *material)
{
  g_atomic_rc_box_release_full (material, material_clear);
}

static gboolean
check_files (const EspStudyFiles *files, GError **error)
{
  if (files->cfg == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "no network: a .cfg file is needed, and none lies beside what was opened");
  else if (files->weights == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: its .weights file is needed, and none of the same stem lies beside it", files->cfg);
  else
    return TRUE;
  return FALSE;
}

static gboolean
load_network (EspMaterial *m, const EspStudyFiles *files, GError **error)
{
  g_autofree char *name = g_path_get_basename (files->cfg);
  char *dot = strrchr (name, '.');

  if (dot != NULL && dot != name)
    *dot = '\0';
  m->title = g_steal_pointer (&name);
  m->network = esp_network_load (files->cfg, error);
  if (m->network == NULL)
    return FALSE;
  m->n_classes = (guint) esp_network_get_classes (m->network);
  m->weights = esp_weights_load (m->network, files->weights, error);
  m->cfg_hash = m->weights != NULL ? esp_hash_file (files->cfg, error) : NULL;
  m->weights_hash = m->cfg_hash != NULL ? esp_hash_file (files->weights, error) : NULL;
  if (m->weights_hash == NULL)
    return FALSE;
  esp_evaluate_options_init (&m->options, m->network);
  m->options.batch = 1; /* no number depends on it, and a newer mask waits for one image at most */
  m->options.pass_over = TRUE;
  m->protocol = esp_protocol_find ("darknet");
  return TRUE;
}

/* Names that fit the heads: fewer than classes would name the wrong ones' absence, so they are not used for mapping. */
static const char *const *
network_names (EspMaterial *m)
{
  return m->names != NULL && g_strv_length (m->names) >= m->n_classes ? (const char *const *) m->names : NULL;
}

/* The data set's names serve the network where it has none of its own and as many classes. */
static void
take_names (EspMaterial *m)
{
  const char *const *names = esp_dataset_get_names (m->dataset);

  if (network_names (m) != NULL || names == NULL || g_strv_length ((char **) names) != m->n_classes)
    return;
  g_strfreev (m->names);
  m->names = g_strdupv ((char **) names);
}

/* What the reader and the class map left out, in one line. */
static void
take_notice (EspMaterial *m)
{
  g_autofree char *of_data = esp_dataset_dup_warning (m->dataset);
  const char *of_map = m->map != NULL ? m->map->warning : NULL;
  const char *const parts[] = { of_data != NULL ? of_data : of_map, of_data != NULL ? of_map : NULL, NULL };

  m->notice = g_strjoinv ("; ", (char **) parts);
}

static gboolean
load_data (EspMaterial *m, const EspStudyFiles *files, EspJob *job, GError **error)
{
  const EspDatasetOptions options = { .split = files->split, .names = files->names, .n_classes = (int) m->n_classes };

  if (files->names != NULL && (m->names = esp_names_load (files->names, error)) == NULL)
    return FALSE;
  if (files->data == NULL)
    return TRUE;
  m->dataset = esp_dataset_open (files->data, &options, job, error);
  if (m->dataset == NULL)
    return FALSE;
  m->n_images = esp_dataset_get_n (m->dataset);
  if (esp_dataset_is_labelled (m->dataset) && esp_dataset_get_task (m->dataset) == ESP_DATASET_DETECTION)
    {
      m->map = esp_class_map_new (m->dataset, network_names (m), m->n_classes, NULL, error);
      if (m->map == NULL)
        return FALSE;
    }
  take_names (m);
  take_notice (m);
  m->cache = esp_image_cache_new (m->dataset, esp_network_get_input (m->network), m->options.fit, m->options.orientation, CACHE_BYTES);
  return TRUE;
}

static gboolean
load_plan (EspMaterial *m, const EspStudyFiles *files, GError **error)
{
  g_autoptr (EspMask) mask = NULL;

  if (files->plan == NULL)
    return TRUE;
  mask = esp_plan_read_mask (m->network, files->plan, m->cfg_hash, m->weights_hash, error);
  m->plan = mask != NULL ? g_strdup (files->plan) : NULL;
  return mask != NULL;
}

/**
 * esp_material_load:
 * @files: at least cfg and weights; the rest where there
 * @job: (nullable): cancels
 * @error: the reader's own sentence, with file and line or byte
 *
 * Reads network, weights, names, list and labels, checks the plan file's hashes, and scores by the first criterion. No picture is decoded.
 * Returns: (transfer full): NULL with @error set. Thread: any; in a study the lane.
 */
EspMaterial *
esp_material_load (const EspStudyFiles *files, EspJob *job, GError **error)
{
  g_autoptr (EspMaterial) m = NULL;

  if (!check_files (files, error))
    return NULL;
  m = g_atomic_rc_box_new0 (EspMaterial);
  esp_study_files_copy (&m->files, files);
  if (!load_network (m, files, error) || !esp_job_check (job, error) || !load_data (m, files, job, error) || !load_plan (m, files, error))
    return NULL;
  m->coupling = esp_coupling_new (m->network);
  m->scores = esp_material_score (m, esp_criterion_find (FIRST_CRITERION), NULL, job, error);
  return m->scores != NULL && esp_job_check (job, error) ? g_steal_pointer (&m) : NULL;
}

/**
 * esp_material_score:
 * @material: what was opened
 * @criterion: a row of the registry
 * @lane: (nullable): yields there between images
 * @job: (nullable): progress and cancel
 * @error: ESP_ERROR_UNSUPPORTED where the criterion needs images and there are none
 *
 * Returns: (transfer full): scores of every convolution. Thread: lane.
 */
EspScores *
esp_material_score (EspMaterial *material, const EspCriterion *criterion, EspLane *lane, EspJob *job, GError **error)
{
  const EspCriterionInput input = {
    .network = material->network,
    .weights = material->weights,
    .dataset = material->dataset,
    .cache = material->cache,
    .seed = ESP_STUDY_SEED,
    .bn = material->options.bn,
    .backend = material->options.backend,
    .lane = lane,
    .map = material->map,
    .options = &material->options,
  };

  if (criterion->needs_images && material->dataset == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s needs photographs: open a list or a folder of them first",
                   criterion->title);
      return NULL;
    }
  return esp_criterion_score (criterion, &input, job, error);
}
