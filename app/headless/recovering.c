/* recovering.c: the options of prune for what a cut gets back without training */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "recovering.h"

#include <math.h>

#include "base/error.h"
#include "labelled.h"
#include "progress.h"

#define BN_COUNT   128
#define REPLICATES 2000

static gboolean
is_asked (const EspRecoverOptions *options)
{
  return options->compensate || options->bn_images != NULL;
}

/** esp_recovering_check: FALSE with a G_OPTION_ERROR where an option goes with another that is not there. Thread: main. */
gboolean
esp_recovering_check (const EspRecoverOptions *options, GError **error)
{
  const char *why = NULL;

  if (options->mean_images != NULL && !options->compensate)
    why = "--compensate-images goes with --compensate";
  else if (options->mean_images == NULL && options->mean_split != NULL)
    why = "--compensate-split goes with --compensate-images";
  else if (options->bn_images == NULL && (options->bn_split != NULL || options->bn_count != 0))
    why = "--bn-split and --bn-count go with --bn-images";
  else if (options->bn_count < 0)
    why = "--bn-count: expected a number of images";
  else if (options->measure == NULL && options->measure_split != NULL)
    why = "--measure-split goes with --measure";
  else if (options->measure != NULL && !is_asked (options))
    why = "--measure goes with --compensate or --bn-images";
  if (why != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, why);
  return why == NULL;
}

/* The images that means and variances are found on: the first of the seed's order. */
typedef struct
{
  EspDataset *dataset;
  EspImageCache *cache;
  guint *order;
} Calibration;

static void
calibration_clear (Calibration *calibration)
{
  g_clear_pointer (&calibration->cache, esp_image_cache_unref);
  g_clear_pointer (&calibration->dataset, esp_dataset_unref);
  g_free (calibration->order);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Calibration, calibration_clear)

static gboolean
get_image (gpointer data, guint index, float *input, GError **error)
{
  Calibration *calibration = data;
  EspPlacement placement;

  return esp_image_cache_get (calibration->cache, calibration->order[index], input, &placement, error);
}

static gboolean
open_calibration (const char *path,
                  const char *split,
                  int count,
                  const EspLoaded *loaded,
                  guint64 seed,
                  Calibration *calibration,
                  EspBnImages *images,
                  GError **error)
{
  const EspDatasetOptions read = { .split = split };
  const EspDrawOptions draw = { NULL };

  calibration->dataset = esp_data_open ("prune", path, read, &draw, NULL, error);
  if (calibration->dataset == NULL)
    return FALSE;
  calibration->order = esp_dataset_order (calibration->dataset, seed);
  calibration->cache
      = esp_image_cache_new (calibration->dataset, esp_network_get_input (loaded->network), loaded->run.fit, loaded->run.orientation, 0);
  *images = (EspBnImages){ MIN ((guint) (count > 0 ? count : BN_COUNT), esp_dataset_get_n (calibration->dataset)), get_image, calibration };
  return TRUE;
}

typedef struct
{
  EspRecoverInput input;
  EspRecovered *told;
  EspWeights *weights;
  EspJob *job;
  GError *error;
} Work;

static void
recover (gpointer data)
{
  Work *work = data;

  work->weights = esp_recover (&work->input, work->told, work->job, &work->error);
}

static gboolean
run_work (Work *work, EspLoaded *loaded, EspCommon *common, GError **error)
{
  esp_common_run (common, work->job, recover, work);
  if (work->error != NULL)
    {
      g_propagate_error (error, work->error);
      return FALSE;
    }
  g_clear_pointer (&loaded->weights, esp_weights_unref);
  loaded->weights = work->weights;
  return TRUE;
}

/**
 * esp_recovering_run:
 * @loaded: its weights become those that the cut of @plan is to be made of
 * @names: (nullable): file of the network's class names, for the images that measure
 * @told: (out): what was done and what it does to the mAP
 *
 * Errors: those of esp_recover() and of the data sets. Thread: main.
 */
gboolean
esp_recovering_run (const EspRecoverOptions *options,
                    EspPlan *plan,
                    EspLoaded *loaded,
                    const char *names,
                    EspCommon *common,
                    EspRecovered *told,
                    GError **error)
{
  const EspLabelledOptions read = { .split = options->measure_split, .names = (char *) names };
  g_auto (EspLabelled) labelled = { NULL };
  g_auto (Calibration) calibration = { NULL }, averaging = { NULL };
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Recovering");
  EspBnImages images, mean;
  Work work = { .told = told, .job = job };

  if (!is_asked (options))
    return TRUE;
  if ((options->measure != NULL && !esp_labelled_open (&labelled, "prune", options->measure, &read, loaded, error))
      || (options->bn_images != NULL
          && !open_calibration (options->bn_images, options->bn_split, options->bn_count, loaded, (guint64) common->seed, &calibration,
                                &images, error))
      || (options->mean_images != NULL
          && !open_calibration (options->mean_images, options->mean_split, 0, loaded, (guint64) common->seed, &averaging, &mean, error)))
    return FALSE;
  mask = esp_plan_get_mask (plan);
  work.input = (EspRecoverInput){ .network = loaded->network,
                                  .weights = loaded->weights,
                                  .mask = mask,
                                  .compensate = options->compensate,
                                  .mean = options->mean_images != NULL ? &mean : NULL,
                                  .bn = options->bn_images != NULL ? &images : NULL,
                                  .dataset = labelled.dataset,
                                  .map = labelled.map,
                                  .cache = labelled.cache,
                                  .options = &loaded->run,
                                  .protocol = esp_protocol_find ("darknet"),
                                  .replicates = REPLICATES,
                                  .seed = (guint64) common->seed };
  return run_work (&work, loaded, common, error);
}

static void
add_pair (JsonBuilder *json, const char *name, const EspInterval *interval)
{
  json_builder_set_member_name (json, name);
  if (isnan (interval->value))
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_array (json);
  json_builder_add_double_value (json, interval->low);
  json_builder_add_double_value (json, interval->high);
  json_builder_end_array (json);
}

static void
add_stage (JsonBuilder *json, const EspRecovered *told, EspRecoverStage stage)
{
  const EspRecoverEffect *effect = &told->stages[stage];

  json_builder_set_member_name (json, esp_recover_stage_name (stage));
  json_builder_begin_object (json);
  esp_json_double (json, "map", effect->map);
  esp_json_double (json, "difference", effect->difference.value);
  add_pair (json, "difference_interval", &effect->difference);
  if (stage == ESP_RECOVER_COMPENSATED)
    {
      esp_json_string (json, "by", told->by_means ? "means" : "beta");
      esp_json_int (json, "constants", told->compensation.n_channels);
      esp_json_int (json, "layers", told->compensation.n_layers);
      esp_json_int (json, "layers_near_at_borders", told->compensation.n_borders);
    }
  if (stage == ESP_RECOVER_ESTIMATED)
    {
      esp_json_int (json, "images", told->estimated.n_images);
      esp_json_int (json, "batch", told->estimated.batch);
      esp_json_int (json, "layers", told->estimated.n_layers);
    }
  json_builder_end_object (json);
}

static void
print_stage (const EspRecovered *told, EspRecoverStage stage)
{
  const EspRecoverEffect *effect = &told->stages[stage];

  if (stage == ESP_RECOVER_COMPENSATED)
    g_print ("%u constants folded into %u layers, exact in %u, near at the borders of %u\n", told->compensation.n_channels,
             told->compensation.n_layers, told->compensation.n_layers - told->compensation.n_borders, told->compensation.n_borders);
  if (stage == ESP_RECOVER_ESTIMATED)
    g_print ("means and variances of %u layers found anew on %u images, %u at once\n", told->estimated.n_layers, told->estimated.n_images,
             told->estimated.batch);
  if (isnan (effect->map))
    return;
  g_print ("  %-12s mAP %6.2f %%", esp_recover_stage_name (stage), effect->map * 100);
  if (!isnan (effect->difference.value))
    g_print (", %+.2f of the one before (95 %% %+.2f to %+.2f)", effect->difference.value * 100, effect->difference.low * 100,
             effect->difference.high * 100);
  g_print ("\n");
}

/** esp_recovering_tell: adds "recovery" to @json, null where nothing was asked for, and prints the same unless common->json. Thread:
 * main. */
void
esp_recovering_tell (const EspRecoverOptions *options, const EspRecovered *told, const EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "recovery");
  if (!is_asked (options))
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_object (json);
  esp_json_int (json, "images", told->n_images);
  for (guint s = 0; s < ESP_RECOVER_N_STAGES; s++)
    if (told->stages[s].done)
      {
        add_stage (json, told, s);
        if (!common->json)
          print_stage (told, s);
      }
  json_builder_end_object (json);
}
