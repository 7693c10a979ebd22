/* plan-diff.c: two plans side by side, as JSON and for people */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "plan-diff.h"

#include <stdlib.h>

#include "base/error.h"
#include "data-options.h"
#include "progress.h"

#define REPLICATES   2000
#define CACHE_BUDGET ((gsize) 512 << 20)

static void
add_list (JsonBuilder *json, const char *name, const guint *values, guint n)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    json_builder_add_int_value (json, values[i]);
  json_builder_end_array (json);
}

static void
add_layers (JsonBuilder *json, const EspPlanDifference *difference)
{
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < difference->layers->len; i++)
    {
      const EspLayerDifference *layer = g_ptr_array_index (difference->layers, i);

      json_builder_begin_object (json);
      esp_json_int (json, "layer", layer->layer);
      esp_json_int (json, "channels", layer->n);
      esp_json_int (json, "kept_a", layer->kept_a);
      esp_json_int (json, "kept_b", layer->kept_b);
      add_list (json, "cut_by_a_only", layer->only_a, layer->n_only_a);
      add_list (json, "cut_by_b_only", layer->only_b, layer->n_only_b);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static void
print_cost (const char *name, guint cut, EspCost cost, EspCost whole)
{
  g_print ("%-24s %6u cut, %10" G_GUINT64_FORMAT " parameters, %8.3f BFLOPs (%5.1f %%), %8.2f MB\n", name, cut, cost.params, cost.bflops,
           100 * cost.bflops / whole.bflops, (double) cost.file_bytes / 1e6);
}

static void
print (const char *a, const char *b, const EspPlanDifference *difference)
{
  print_cost (a, difference->cut_a, difference->cost_a, difference->whole);
  print_cost (b, difference->cut_b, difference->cost_b, difference->whole);
  for (guint i = 0; i < difference->layers->len; i++)
    {
      const EspLayerDifference *layer = g_ptr_array_index (difference->layers, i);

      g_print ("layer %3u: keeps %u and %u of %u; %u cut by the first alone, %u by the second\n", layer->layer, layer->kept_a,
               layer->kept_b, layer->n, layer->n_only_a, layer->n_only_b);
    }
  if (difference->layers->len == 0)
    g_print ("they keep the same channels\n");
  else
    g_print ("%u channels cut by the first alone, %u by the second\n", difference->only_a, difference->only_b);
}

/* Both plans over the images, in the lane. */
typedef struct
{
  EspCompareInput input;
  EspMask *a, *b;
  EspComparison result;
  EspJob *job;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;

  esp_plan_compare (&work->input, work->a, work->b, &work->result, work->job, &work->error);
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

static gboolean
check (EspDataset *dataset, const EspDiffData *data, GError **error)
{
  if (esp_network_get_classes (data->loaded->network) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no head ([yolo] or [region]), so there is nothing to evaluate",
                 esp_cfg_get_name (esp_network_get_cfg (data->loaded->network)));
  else if (esp_dataset_get_n (dataset) == 0 || !esp_dataset_is_labelled (dataset)
           || esp_dataset_get_task (dataset) != ESP_DATASET_DETECTION)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no images with labelled boxes, and mAP needs them", data->data);
  else
    return TRUE;
  return FALSE;
}

static gboolean
compare (Work *work, const EspDiffData *data, EspCommon *common, GError **error)
{
  EspLoaded *loaded = data->loaded;
  const guint n_classes = (guint) esp_network_get_classes (loaded->network);
  EspDatasetOptions options = data->options;
  g_auto (GStrv) names = NULL;
  g_autoptr (EspDataset) dataset = NULL;
  g_autoptr (EspClassMap) map = NULL;
  g_autoptr (EspImageCache) cache = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Comparing the plans");
  g_autofree guint *indices = NULL;

  options.n_classes = (int) n_classes;
  if (options.names != NULL && (names = esp_names_load (options.names, error)) == NULL)
    return FALSE;
  dataset = esp_data_open ("plan", data->data, options, &(EspDrawOptions){ 0 }, NULL, error);
  if (dataset == NULL || !check (dataset, data, error)
      || (map = esp_class_map_new (dataset, (const char *const *) names, n_classes, data->pairs, error)) == NULL)
    return FALSE;
  if (map->warning != NULL)
    g_printerr ("espalier-cli plan: %s\n", map->warning);
  cache = esp_image_cache_new (dataset, esp_network_get_input (loaded->network), loaded->run.fit, loaded->run.orientation, CACHE_BUDGET);
  indices = esp_dataset_order (dataset, (guint64) common->seed);
  work->input = (EspCompareInput){ .network = loaded->network, .weights = loaded->weights, .dataset = dataset, .map = map, .cache = cache };
  work->input.options = &loaded->run;
  work->input.indices = indices;
  work->input.n = data->limit > 0 ? MIN (data->limit, esp_dataset_get_n (dataset)) : esp_dataset_get_n (dataset);
  work->input.protocol = data->protocol;
  work->input.n_classes = n_classes;
  work->input.replicates = REPLICATES;
  work->input.seed = (guint64) common->seed;
  qsort (indices, work->input.n, sizeof (guint), ascending);
  work->job = job;
  esp_common_run (common, job, work_run, work);
  if (work->error == NULL)
    return TRUE;
  g_propagate_error (error, work->error);
  return FALSE;
}

static void
add_interval (JsonBuilder *json, const char *value, const char *interval, EspInterval number)
{
  esp_json_double (json, value, number.value);
  json_builder_set_member_name (json, interval);
  json_builder_begin_array (json);
  json_builder_add_double_value (json, number.low);
  json_builder_add_double_value (json, number.high);
  json_builder_end_array (json);
}

static void
tell_numbers (const Work *work, const EspCommon *common, JsonBuilder *json)
{
  const EspComparison *r = &work->result;

  esp_json_string (json, "protocol", work->input.protocol->id);
  esp_json_int (json, "images", work->input.n);
  add_interval (json, "map_a", "interval_a", r->a);
  add_interval (json, "map_b", "interval_b", r->b);
  add_interval (json, "difference", "difference_interval", r->difference);
  esp_json_int (json, "objects_lost", r->lost);
  esp_json_int (json, "objects_gained", r->gained);
  esp_json_double (json, "mcnemar_p", r->p);
  if (common->json)
    return;
  g_print ("mAP %.2f %% (95 %% %.2f to %.2f) and %.2f %% (%.2f to %.2f), %u images, %s\n", r->a.value * 100, r->a.low * 100,
           r->a.high * 100, r->b.value * 100, r->b.low * 100, r->b.high * 100, work->input.n, work->input.protocol->title);
  g_print ("second minus first %+.2f, 95 %% %+.2f to %+.2f; %u objects found by the first alone, %u by the second, McNemar p %.3g\n",
           r->difference.value * 100, r->difference.low * 100, r->difference.high * 100, r->lost, r->gained, r->p);
}

/**
 * esp_plan_diff_tell:
 * @a: what the first is called
 * @b: the second
 * @mask_a: what the first keeps
 * @mask_b: what the second keeps
 * @data: what both are run on
 * @common: options of every verb
 * @json: the verb's object
 * @error: as data sets and engines
 *
 * Tells what only one cuts and what each costs, and, where there are images, the mAP of both with the paired interval of the second minus
 * the first.
 */
gboolean
esp_plan_diff_tell (const char *a,
                    const char *b,
                    EspMask *mask_a,
                    EspMask *mask_b,
                    const EspDiffData *data,
                    EspCommon *common,
                    JsonBuilder *json,
                    GError **error)
{
  g_autoptr (EspPlanDifference) difference = esp_plan_difference_new (data->loaded->network, mask_a, mask_b);
  Work work = { .a = mask_a, .b = mask_b };

  json_builder_set_member_name (json, "same");
  json_builder_add_boolean_value (json, difference->layers->len == 0);
  esp_json_int (json, "cut_a", difference->cut_a);
  esp_json_int (json, "cut_b", difference->cut_b);
  esp_json_int (json, "cut_by_a_only", difference->only_a);
  esp_json_int (json, "cut_by_b_only", difference->only_b);
  esp_json_cost (json, "whole", difference->whole);
  esp_json_cost (json, "a", difference->cost_a);
  esp_json_cost (json, "b", difference->cost_b);
  add_layers (json, difference);
  if (!common->json)
    print (a, b, difference);
  if (data->data == NULL)
    return TRUE;
  if (!compare (&work, data, common, error))
    return FALSE;
  tell_numbers (&work, common, json);
  return TRUE;
}
