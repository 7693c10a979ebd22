/* runner.c: the steps of a recipe, one after the other */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "recipe/runner.h"

#include "base/file.h"
#include "recipe/bench-private.h"

static void
bench_clear (EspBench *bench)
{
  for (guint i = 0; i < ESP_N_SETS; i++)
    {
      g_clear_pointer (&bench->caches[i], esp_image_cache_unref);
      g_clear_pointer (&bench->sets[i], esp_dataset_unref);
      g_clear_pointer (&bench->set_hashes[i], g_free);
    }
  g_clear_pointer (&bench->pairs, g_strfreev);
  g_clear_pointer (&bench->names, g_strfreev);
  g_clear_pointer (&bench->scores, esp_scores_unref);
  g_clear_pointer (&bench->units, esp_unit_sets_free);
  g_clear_pointer (&bench->mask, esp_mask_unref);
  g_clear_pointer (&bench->kept, g_free);
  g_clear_pointer (&bench->cut, esp_network_unref);
  g_clear_pointer (&bench->cut_weights, esp_weights_unref);
  g_clear_pointer (&bench->network, esp_network_unref);
  g_clear_pointer (&bench->weights, esp_weights_unref);
  g_clear_pointer (&bench->rows, g_ptr_array_unref);
  g_clear_pointer (&bench->overlaps, g_ptr_array_unref);
  g_clear_pointer (&bench->score_key, g_free);
  g_clear_pointer (&bench->kept_classes, esp_keep_classes_unref);
  esp_scoring_clear (&bench->scoring);
  g_clear_pointer (&bench->folder, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspBench, bench_clear)

/* How long this step and all behind it take, from when the dense network is timed on. */
static void
tell_time (EspBench *bench, guint i)
{
  const EspStep *step = esp_recipe_get_step (bench->options->recipe, i);
  const EspStepKind *kind = esp_step_get_kind (step);
  const double seconds = kind->seconds != NULL && bench->pace.forward > 0 ? kind->seconds (bench, step) : 0;

  bench->pace.later = esp_pace_estimate (bench, i + 1);
  if (seconds > 0)
    esp_pace_tell (bench, seconds);
}

static gboolean
run_steps (EspBench *bench, GError **error)
{
  const EspRecipe *recipe = bench->options->recipe;
  const guint n = esp_recipe_get_n_steps (recipe);

  for (guint i = 0; i < n; i++)
    {
      const EspStep *step = esp_recipe_get_step (recipe, i);
      const EspStepKind *kind = esp_step_get_kind (step);

      if (!esp_job_check (bench->job, error))
        return FALSE;
      if (bench->options->step != NULL)
        bench->options->step (bench->options->data, i);
      esp_bench_tell (bench, "%u of %u, %s: %s", i + 1, n, kind->id, g_dgettext (GETTEXT_PACKAGE, kind->title));
      tell_time (bench, i);
      if (!kind->run (bench, step, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_recipe_run:
 * @options: the recipe, its folder, the lane
 * @job: (nullable): cancels
 * @error: those of the steps; G_IO_ERROR_CANCELLED, and then the same call goes on where it stood
 *
 * What was computed is in the folder by what made it, so that a run which was stopped, or is run again with another step changed, computes
 * only what is not there. A training that was stopped goes on from its checkpoint. The report is written at its steps and at the end.
 *
 * Returns: (transfer full): what report.json says. Thread: any but the lane and main of a window.
 */
JsonNode *
esp_recipe_run (const EspRunOptions *options, EspJob *job, GError **error)
{
  g_auto (EspBench) bench = { .options = options, .job = job };

  g_return_val_if_fail (options != NULL && options->recipe != NULL && options->folder != NULL && options->lane != NULL, NULL);
  bench.folder = g_strdup (options->folder);
  bench.rows = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_row_free);
  bench.overlaps = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_overlap_free);
  if (job != NULL)
    esp_lane_attend (options->lane, job);
  if (!esp_folder_make (bench.folder, error) || !run_steps (&bench, error))
    return NULL;
  return esp_bench_report (&bench, error);
}
