/* study-save.c: plan files: saving by name, and by itself some time after an act */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "prune/plan-branch.h"
#include "study/study-private.h"

#define AUTOSAVE_SECONDS 2

/* One plan for each network and weights, in the person's state folder. */
static char *
autosave_path (EspStudy *study)
{
  const EspMaterial *m = study->material;
  g_autofree char *name = g_strdup_printf ("%.16s-%.16s.json", m->cfg_hash, m->weights_hash);

  return g_build_filename (g_get_user_state_dir (), "espalier", "plans", name, NULL);
}

/**
 * esp_study_save_plan:
 * @study: an open study
 * @path: where to; written beside and renamed
 * @error: why not
 *
 * Writes plan.json with the SHA-256 of the cfg and weights as they were opened. Returns: whether it is there. Thread: main.
 */
gboolean
esp_study_save_plan (EspStudy *study, const char *path, GError **error)
{
  g_return_val_if_fail (study->plan != NULL && path != NULL, FALSE);
  return esp_plan_save (study->plan, study->material->cfg_hash, study->material->weights_hash, path, error);
}

/**
 * esp_study_load_plan:
 * @study: an open study
 * @path: a plan file of this network and these weights
 * @error: what does not fit; the plan is as it was
 *
 * Returns: whether the plan is the file's now: one act of undo. Thread: main.
 */
gboolean
esp_study_load_plan (EspStudy *study, const char *path, GError **error)
{
  g_autoptr (EspMask) mask = NULL;

  g_return_val_if_fail (study->plan != NULL && path != NULL, FALSE);
  mask = esp_plan_read_mask (study->material->network, path, study->material->cfg_hash, study->material->weights_hash, error);
  return mask != NULL && esp_plan_load (study->plan, path, error);
}

/** esp_study_find_autosave: Returns: (transfer full) (nullable): the plan as it was left last, where it cuts anything. Thread: main. */
char *
esp_study_find_autosave (EspStudy *study)
{
  g_autofree char *path = study->material != NULL ? autosave_path (study) : NULL;

  return path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path) : NULL;
}

/* A plan that cuts nothing and has no branches is no plan to offer. Only an act that was undone or changed takes the file away: not the
 * opening itself. */
static gboolean
save_idle (gpointer data)
{
  EspStudy *study = data;
  g_autofree char *path = autosave_path (study), *folder = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  study->save_source = 0;
  if (esp_mask_is_full (study->mask) && esp_plan_get_n_branches (study->plan) == 1)
    g_unlink (path);
  else if (!esp_folder_make (folder, &error) || !esp_study_save_plan (study, path, &error))
    g_warning ("the plan could not be kept for next time: %s", error->message);
  return G_SOURCE_REMOVE;
}

/** study_save_later: the plan is written some seconds after the last act. Thread: main. */
void
study_save_later (EspStudy *study)
{
  gboolean undo = FALSE, redo = FALSE;

  g_object_get (study->plan, "can-undo", &undo, "can-redo", &redo, NULL);
  if (!undo && !redo && esp_plan_get_n_branches (study->plan) == 1)
    return;
  g_clear_handle_id (&study->save_source, g_source_remove);
  study->save_source = g_timeout_add_seconds (AUTOSAVE_SECONDS, save_idle, study);
}

/** study_save_now: writes what still waits. Thread: main. */
void
study_save_now (EspStudy *study)
{
  if (study->save_source == 0)
    return;
  g_clear_handle_id (&study->save_source, g_source_remove);
  save_idle (study);
}
