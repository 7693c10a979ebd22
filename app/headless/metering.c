/* metering.c: what the verbs share that measure many masks on one data set, and go on where they were stopped */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "metering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "dataset/beside.h"
#include "scoring.h"

#define RATIOS "0.01,0.02,0.05,0.1,0.15,0.2,0.3,0.4,0.5,0.6,0.7"
#define BATCH  8

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

static gboolean
read_ratios (EspMetering *metering, GError **error)
{
  g_auto (GStrv) words = g_strsplit (metering->options->ratios != NULL ? metering->options->ratios : RATIOS, ",", -1);
  g_autoptr (GError) local = NULL;

  metering->ratios = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; words[i] != NULL; i++)
    {
      char *end;
      const double ratio = g_ascii_strtod (g_strstrip (words[i]), &end);

      if (end == words[i] || *end != '\0')
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--ratios %s: expected numbers, as in 0.1,0.2", words[i]);
          return FALSE;
        }
      g_array_append_val (metering->ratios, ratio);
    }
  if (esp_ratios_check ((const double *) (gpointer) metering->ratios->data, metering->ratios->len, &local))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--ratios: %s", local->message);
  return FALSE;
}

static gboolean
check_options (const EspMeteringOptions *options, const EspProtocol *protocol, GError **error)
{
  if (protocol == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "--protocol %s: expected darknet, darknet-11, darknet-101, voc-2007, voc-2010 or coco", options->protocol);
  else if (options->floor < 1 || options->replicates < 1 || options->calibration_limit < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "--floor %d --replicates %d --calibration-limit %d: expected numbers from 1, 1 and 0", options->floor, options->replicates,
                 options->calibration_limit);
  else
    return TRUE;
  return FALSE;
}

/* The images measured on: in the data set's own order, which decides ties of score. */
static gboolean
choose_images (EspMetering *metering, guint64 seed, GError **error)
{
  const guint all = esp_dataset_get_n (metering->labelled.dataset);
  const int limit = metering->options->limit;

  if (limit < 0 || (guint) limit > all)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--limit %d: expected a number of images, and %s has %u", limit,
                   esp_dataset_get_title (metering->labelled.dataset), all);
      return FALSE;
    }
  metering->indices = esp_dataset_order (metering->labelled.dataset, seed);
  metering->meter.pass.n = limit > 0 ? (guint) limit : all;
  qsort (metering->indices, metering->meter.pass.n, sizeof (guint), ascending);
  return TRUE;
}

/* Images that are in both, by their files, however their folder is written. */
static guint
count_shared (const EspMetering *metering, const EspDataset *other)
{
  g_autoptr (GHashTable) paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n = 0;

  for (guint i = 0; i < esp_dataset_get_n (other); i++)
    g_hash_table_add (paths, g_canonicalize_filename (esp_dataset_get (other, i)->path, NULL));
  for (guint i = 0; i < metering->meter.pass.n; i++)
    {
      g_autofree char *path = g_canonicalize_filename (esp_dataset_get (metering->labelled.dataset, metering->indices[i])->path, NULL);

      n += g_hash_table_contains (paths, path);
    }
  return n;
}

/* The images scored by, which are opened now so that a slip in their name shows before hours of work. */
static gboolean
describe_calibration (EspMetering *metering, const char *verb, const char *data, guint64 seed, GError **error)
{
  const EspMeteringOptions *options = metering->options;
  const EspDatasetOptions read = { .split = options->calibration != NULL ? options->calibration_split : options->labelled.split,
                                   .names = options->labelled.names,
                                   .n_classes = esp_network_get_classes (metering->loaded.network) };
  g_autoptr (EspDataset) whole = NULL, dataset = NULL;

  if (options->calibration == NULL)
    g_printerr ("espalier-cli %s: channels are scored by the images that they are judged on; --calibration DATA takes others\n", verb);
  whole = options->calibration != NULL ? esp_data_open (verb, options->calibration, read, &options->labelled.draw, NULL, error)
                                       : esp_dataset_ref (metering->labelled.dataset);
  dataset = whole != NULL ? esp_scoring_draw (whole, options->calibration_limit, "--calibration-limit", seed, error) : NULL;
  if (dataset == NULL)
    return FALSE;
  metering->calibration = esp_images_describe (dataset, NULL, NULL, esp_dataset_get_n (dataset));
  metering->n_shared = count_shared (metering, dataset);
  if (options->without != NULL)
    metering->partners = esp_beside_describe (options->without, dataset, esp_dataset_get_n (dataset), error);
  return options->without == NULL || metering->partners != NULL;
}

static void
fill_in (EspMetering *metering, const EspProtocol *protocol, guint64 seed)
{
  EspMeterInput *meter = &metering->meter;

  meter->pass = (EspCutPassInput){ metering->loaded.network, metering->loaded.weights, metering->labelled.dataset, metering->labelled.map,
                                   metering->labelled.cache, &metering->loaded.run,    metering->indices,          meter->pass.n };
  meter->coupling = metering->coupling;
  meter->protocol = protocol;
  meter->n_classes = (guint) esp_network_get_classes (metering->loaded.network);
  meter->replicates = (guint) metering->options->replicates;
  meter->seed = seed;
  metering->curve = (EspCurveInput){ .network = metering->loaded.network,
                                     .coupling = metering->coupling,
                                     .ratios = (const double *) (gpointer) metering->ratios->data,
                                     .n_ratios = metering->ratios->len,
                                     .floor = (guint) metering->options->floor };
}

/**
 * esp_metering_open:
 * @metering: (out): to be cleared
 * @verb: leads what is told
 * @arguments: network, weights, data
 * @options: the command line's
 * @network: likewise
 * @common: likewise
 * @error: see the header; ESP_ERROR_SHAPE where the folder has rows of something else
 *
 * Thread: main.
 */
gboolean
esp_metering_open (EspMetering *metering,
                   const char *verb,
                   char **arguments,
                   const EspMeteringOptions *options,
                   const EspNetworkOptions *network,
                   EspCommon *common,
                   GError **error)
{
  const EspProtocol *protocol = esp_protocol_find (options->protocol != NULL ? options->protocol : "darknet");
  const guint64 seed = (guint64) common->seed;
  g_autofree char *about = NULL, *path = NULL;

  *metering = (EspMetering){ .options = options };
  if (!check_options (options, protocol, error) || !read_ratios (metering, error)
      || !esp_loaded_open (&metering->loaded, arguments[0], arguments[1], network, error)
      || !esp_labelled_open (&metering->labelled, verb, arguments[2], &options->labelled, &metering->loaded, error)
      || !choose_images (metering, seed, error) || !describe_calibration (metering, verb, arguments[2], seed, error))
    return FALSE;
  metering->loaded.run.batch = BATCH;
  metering->coupling = esp_coupling_new (metering->loaded.network);
  fill_in (metering, protocol, seed);
  if (options->output == NULL)
    return TRUE;
  about = esp_meter_describe (&metering->meter);
  path = esp_metering_path (metering, "rows.jsonl");
  if (esp_folder_make (options->output, error))
    metering->meter.rows = metering->rows = esp_row_file_open (path, about, error);
  return metering->rows != NULL;
}

/** esp_metering_clear: frees what it holds. Thread: main. */
void
esp_metering_clear (EspMetering *metering)
{
  g_clear_pointer (&metering->rows, esp_row_file_free);
  g_clear_pointer (&metering->coupling, esp_coupling_unref);
  g_clear_pointer (&metering->ratios, g_array_unref);
  g_clear_pointer (&metering->indices, g_free);
  g_clear_pointer (&metering->calibration, g_free);
  g_clear_pointer (&metering->partners, g_free);
  esp_labelled_clear (&metering->labelled);
  esp_loaded_clear (&metering->loaded);
}

/** esp_number_append: appends @before, and behind it @value unless that is NaN. Thread: any. */
void
esp_number_append (GString *text, const char *before, const char *format, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, before);
  if (!isnan (value))
    g_string_append (text, g_ascii_formatd (number, sizeof number, format, value));
}

/** esp_metered_append: appends what stands under ESP_METERED_COLUMNS. Thread: any. */
void
esp_metered_append (GString *text, const EspMetered *metered)
{
  g_string_append_printf (text, "\t%" G_GUINT64_FORMAT, metered->params);
  esp_number_append (text, "\t", "%.4f", metered->bflops);
  esp_number_append (text, "\t", "%.5f", metered->map);
  esp_number_append (text, "\t", "%.4f", metered->precision);
  esp_number_append (text, "\t", "%.4f", metered->recall);
  esp_number_append (text, "\t", "%.4f", metered->f1);
  esp_number_append (text, "\t", "%.5f", metered->difference.value);
  esp_number_append (text, "\t", "%.5f", metered->difference.low);
  esp_number_append (text, "\t", "%.5f", metered->difference.high);
}

/** esp_metering_path: Returns: (transfer full): @name in the folder of the run. Thread: any. */
char *
esp_metering_path (const EspMetering *metering, const char *name)
{
  return g_build_filename (metering->options->output, name, NULL);
}

/* Scores of an earlier run whose file is as it was left. */
static EspScores *
recall (EspMetering *metering, const char *key, const char *path)
{
  JsonObject *row = metering->rows != NULL ? esp_row_file_get (metering->rows, key) : NULL;
  const char *sha = NULL;
  g_autofree char *found = NULL;

  if (row == NULL || !esp_json_read_string (row, path, "sha256", &sha, NULL) || (found = esp_hash_file (path, NULL)) == NULL
      || !g_str_equal (sha, found))
    return NULL;
  return esp_scores_load (metering->loaded.network, path, NULL);
}

static gboolean
remember (EspMetering *metering, const char *key, const EspScores *scores, const char *path, double seconds, GError **error)
{
  g_autofree char *sha = NULL;
  JsonObject *row;

  if (!esp_scores_save (scores, path, error) || (sha = esp_hash_file (path, error)) == NULL)
    return FALSE;
  row = json_object_new ();
  json_object_set_string_member (row, "sha256", sha);
  json_object_set_double_member (row, "seconds", seconds);
  return esp_row_file_put (metering->rows, key, row, error);
}

/* "inverted:of=l1" as a part of a file's name. */
static char *
path_of (const EspMetering *metering, const char *criterion)
{
  g_autofree char *safe = g_strdup (criterion), *name = NULL;

  g_strcanon (safe, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-.=", '-');
  name = g_strdup_printf ("scores-%s.json", safe);
  return esp_metering_path (metering, name);
}

/**
 * esp_metering_score:
 * @metering: what is open
 * @criterion: "ID" or "ID:NAME=VALUE,…"
 * @own_rank: whether it ranks as it says itself; else every layer by itself, so that all lose as much of each layer
 * @common: options of all verbs
 * @error: as esp_scoring_run() has them
 *
 * Returns: (transfer full): the scores. Thread: main.
 */
EspScores *
esp_metering_score (EspMetering *metering, const char *criterion, gboolean own_rank, EspCommon *common, GError **error)
{
  const EspMeteringOptions *options = metering->options;
  const EspScoringOptions scoring = { .classes = options->classes,
                                      .tau = options->tau,
                                      .without = options->without,
                                      .split = options->calibration != NULL ? options->calibration_split : options->labelled.split,
                                      .names = options->labelled.names,
                                      .images = options->calibration != NULL ? NULL : options->labelled.images,
                                      .draw = options->labelled.draw,
                                      .limit = options->calibration_limit };
  const char *data = options->calibration != NULL ? options->calibration : esp_dataset_get_path (metering->labelled.dataset);
  g_autofree char *key = g_strdup_printf ("scores %s, classes %s, tau %s, without %s, of %s", criterion,
                                          options->classes != NULL ? options->classes : "all", options->tau != NULL ? options->tau : "own",
                                          metering->partners != NULL ? metering->partners : "nothing", metering->calibration);
  g_autofree char *path = options->output != NULL ? path_of (metering, criterion) : NULL;
  const gint64 begun = g_get_monotonic_time ();
  EspScores *scores = recall (metering, key, path);

  if (scores == NULL)
    {
      scores = esp_scoring_run (&scoring, criterion, data, &metering->loaded, common, error);
      if (scores != NULL && path != NULL
          && !remember (metering, key, scores, path, (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC, error))
        g_clear_pointer (&scores, esp_scores_unref);
    }
  if (scores != NULL && !own_rank)
    esp_scores_set_ranking (scores, FALSE, esp_scores_get_reduce (scores));
  return scores;
}
