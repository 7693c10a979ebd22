/* data-options.c: the opening of a verb's data set, with splits drawn where it has none */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "data-options.h"

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
