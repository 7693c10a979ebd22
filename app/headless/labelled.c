/* labelled.c: a data set with its classes in the network's: what the verbs that look at single objects share */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "labelled.h"

#include "base/error.h"
#include "base/hash.h"
#include "prune/plan.h"

#define CACHE_BUDGET ((gsize) 512 << 20)

static gboolean
check (const EspLabelled *labelled, const char *verb, const char *path, const EspLoaded *loaded, GError **error)
{
  if (esp_network_get_classes (loaded->network) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no head ([yolo] or [region]), so it detects nothing",
                 esp_cfg_get_name (esp_network_get_cfg (loaded->network)));
  else if (esp_dataset_get_n (labelled->dataset) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s holds no images", path);
  else if (!esp_dataset_is_labelled (labelled->dataset) || esp_dataset_get_task (labelled->dataset) != ESP_DATASET_DETECTION)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no boxes, and “%s” needs them", path, verb);
  else
    return TRUE;
  return FALSE;
}

/**
 * esp_labelled_open:
 * @labelled: (out): to be cleared
 * @verb: leads what is told
 * @path: DATA
 * @options: the command line's
 * @loaded: the network
 * @error: see the header
 *
 * The names of classes are those of --names, else the data set's where it has as many as the network. Thread: main.
 */
gboolean
esp_labelled_open (
    EspLabelled *labelled, const char *verb, const char *path, const EspLabelledOptions *options, const EspLoaded *loaded, GError **error)
{
  const guint n_classes = (guint) esp_network_get_classes (loaded->network);
  const EspDatasetOptions read
      = { .split = options->split, .names = options->names, .images = options->images, .n_classes = (int) n_classes };

  *labelled = (EspLabelled){ NULL };
  if (options->names != NULL && (labelled->names = esp_names_load (options->names, error)) == NULL)
    return FALSE;
  labelled->dataset = esp_data_open (verb, path, read, &options->draw, NULL, error);
  if (labelled->dataset == NULL || !check (labelled, verb, path, loaded, error))
    return FALSE;
  labelled->map = esp_class_map_new (labelled->dataset, (const char *const *) labelled->names, n_classes, NULL, error);
  if (labelled->map == NULL)
    return FALSE;
  if (labelled->map->warning != NULL)
    g_printerr ("espalier-cli %s: %s\n", verb, labelled->map->warning);
  if (labelled->names == NULL && esp_dataset_get_names (labelled->dataset) != NULL
      && esp_dataset_get_n_classes (labelled->dataset) == n_classes)
    labelled->names = g_strdupv ((char **) esp_dataset_get_names (labelled->dataset));
  labelled->cache = esp_image_cache_new (labelled->dataset, esp_network_get_input (loaded->network), loaded->run.fit,
                                         loaded->run.orientation, CACHE_BUDGET);
  return TRUE;
}

/** esp_labelled_clear: frees what it holds. Thread: main. */
void
esp_labelled_clear (EspLabelled *labelled)
{
  g_clear_pointer (&labelled->cache, esp_image_cache_unref);
  g_clear_pointer (&labelled->map, esp_class_map_free);
  g_clear_pointer (&labelled->dataset, esp_dataset_unref);
  g_clear_pointer (&labelled->names, g_strfreev);
}

/** esp_labelled_plan: Returns: (transfer full): the mask of the plan file @plan, which must be of these files; NULL with @error.
 * Thread: main. */
EspMask *
esp_labelled_plan (const EspLoaded *loaded, const char *plan, const char *cfg, const char *weights, GError **error)
{
  g_autofree char *cfg_hash = esp_hash_file (cfg, error);
  g_autofree char *weights_hash = cfg_hash != NULL ? esp_hash_file (weights, error) : NULL;

  return weights_hash != NULL ? esp_plan_read_mask (loaded->network, plan, cfg_hash, weights_hash, error) : NULL;
}
