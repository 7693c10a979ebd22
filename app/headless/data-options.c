/* data-options.c: the opening of a verb's data set, with splits drawn where it has none */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "data-options.h"

#include "base/error.h"

static gboolean
read_draw (const EspDrawOptions *options, const char *split, EspDatasetDraw *draw, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (options->seed == NULL || split == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: expected %s with it",
                 options->seed != NULL ? "--split-seed" : "--split-parts",
                 options->seed != NULL ? "--split train, val or test" : "--split-seed N");
  else if (!g_ascii_string_to_unsigned (options->seed, 10, 0, G_MAXUINT64, &draw->seed, NULL))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--split-seed %s: expected a whole number", options->seed);
  else if (options->parts != NULL && !esp_dataset_draw_parse (draw, options->parts, &local))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--split-parts: %s", local->message);
  else
    return TRUE;
  return FALSE;
}

/* A verb that opens the same data many times says it once. */
static void
warn_once (const char *verb, const EspDataset *dataset)
{
  static GHashTable *told; /* of sentences; Thread: main */
  g_autofree char *warning = esp_dataset_dup_warning (dataset);

  if (told == NULL)
    told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (warning == NULL || g_hash_table_contains (told, warning))
    return;
  g_printerr ("espalier-cli %s: %s\n", verb, warning);
  g_hash_table_add (told, g_steal_pointer (&warning));
}

/**
 * esp_data_open:
 * @verb: leads what is told
 * @path: DATA
 * @options: which split, names, folder of images
 * @draw: the options that draw a split
 * @job: (nullable): cancel and progress
 * @error: those of esp_dataset_open(); G_OPTION_ERROR for a seed or parts that are none, or that nothing asks for
 *
 * Boxes without area and pictures without labels are told of on stderr, once. Returns: (transfer full). Thread: main.
 */
EspDataset *
esp_data_open (const char *verb, const char *path, EspDatasetOptions options, const EspDrawOptions *draw, EspJob *job, GError **error)
{
  EspDatasetDraw drawn = { 0 };
  EspDataset *dataset = NULL;

  if (draw->seed != NULL || draw->parts != NULL)
    {
      if (!read_draw (draw, options.split, &drawn, error))
        return NULL;
      options.draw = &drawn;
    }
  dataset = esp_dataset_open (path, &options, job, error);
  if (dataset != NULL)
    warn_once (verb, dataset);
  return dataset;
}

/* What there is otherwise: the val split, or the whole of a data set without splits. */
static EspDataset *
open_other (const char *verb, const char *path, EspDatasetOptions options, EspJob *job, GError **error)
{
  const EspDrawOptions none = { NULL };
  g_autoptr (EspDataset) val = NULL;

  options.split = "val";
  val = esp_dataset_open (path, &options, job, NULL);
  options.split = NULL;
  if (val != NULL)
    g_printerr ("espalier-cli %s: %s has no split to train on: %s is taken\n", verb, path, esp_dataset_get_title (val));
  return esp_data_open (verb, path, options, &none, job, error);
}

/**
 * esp_data_open_train:
 * @verb: leads what is told
 * @path: DATA
 * @options: its split NULL where none was asked for by name
 * @draw: the options that draw a split
 * @job: (nullable): cancel and progress
 * @error: those of esp_data_open()
 *
 * What is found or shown for training is of what is trained on: without a split asked for it is train, as the verb train chooses. Where
 * there is none, it is what there is, and that is told. Returns: (transfer full). Thread: main.
 */
EspDataset *
esp_data_open_train (const char *verb, const char *path, EspDatasetOptions options, const EspDrawOptions *draw, EspJob *job, GError **error)
{
  g_autoptr (GError) local = NULL;
  EspDataset *dataset;

  if (options.split != NULL)
    return esp_data_open (verb, path, options, draw, job, error);
  options.split = "train";
  dataset = esp_data_open (verb, path, options, draw, job, &local);
  if (dataset == NULL && draw->seed == NULL && g_error_matches (local, ESP_ERROR, ESP_ERROR_SPLIT))
    return open_other (verb, path, options, job, error);
  if (dataset == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return dataset;
}
