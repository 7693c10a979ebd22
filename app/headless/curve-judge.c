/* curve-judge.c: how each criterion of a curve foretells what masking single units costs */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "curve-judge.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "progress.h"
#include "score/ablation.h"

typedef struct
{
  EspAblationInput input;
  EspCurveReport *report;
  EspJob *job;
  EspAblation *ablation;
  GError *error;
} Work;

/** esp_judge_check: Returns: whether there are as many images as asked for. Thread: main. */
gboolean
esp_judge_check (const EspJudgeOptions *options, const EspMetering *metering, GError **error)
{
  if (options->units == 0 || (guint) options->images <= metering->meter.pass.n)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--judge-images %d: there are %u images", options->images,
               metering->meter.pass.n);
  return FALSE;
}

static EspInterval
correlate (const Work *work, const double *scores, int place, guint replicates)
{
  return esp_ablation_correlate (work->ablation, ESP_ABLATION_MATCHED, scores, NULL, place, replicates, work->input.seed);
}

static void
judge_row (const Work *work, EspCurveRow *row)
{
  EspCurveReport *report = work->report;
  g_autofree double *scores = esp_ablation_reduce (work->ablation, row->scores, esp_scores_get_reduce (row->scores));
  const guint replicates = report->metering->meter.replicates;

  row->mean = correlate (work, scores, ESP_ABLATION_MEAN, replicates);
  row->pooled = correlate (work, scores, ESP_ABLATION_POOLED, replicates);
  row->per_layer = g_new (double, report->n_layers + 1);
  for (guint l = 0; l < report->n_layers; l++)
    row->per_layer[l] = correlate (work, scores, (int) report->layers[l], 0).value;
}

static void
judge (gpointer data)
{
  Work *work = data;
  EspCurveReport *report = work->report;
  const guint *layers;

  work->ablation = esp_ablation_new (&work->input, work->job, &work->error);
  if (work->ablation == NULL)
    return;
  layers = esp_ablation_get_layers (work->ablation, &report->n_layers);
  report->layers = g_memdup2 (layers, (report->n_layers + 1) * sizeof (guint));
  for (guint r = 0; r < report->rows->len && esp_job_check (work->job, &work->error); r++)
    judge_row (work, g_ptr_array_index (report->rows, r));
}

static void
put_number (JsonObject *row, const char *name, double value)
{
  if (isfinite (value))
    json_object_set_double_member (row, name, value);
}

static void
put_interval (JsonObject *to, const char *name, const EspInterval *interval)
{
  JsonObject *object = json_object_new ();

  put_number (object, "value", interval->value);
  put_number (object, "low", interval->low);
  put_number (object, "high", interval->high);
  json_object_set_object_member (to, name, object);
}

static double
get_number (JsonObject *object, const char *name)
{
  double value = NAN;

  return json_object_has_member (object, name) && esp_json_read_number (object, "", name, -1, 1, &value, NULL) ? value : NAN;
}

static gboolean
get_interval (JsonObject *from, const char *name, const EspMetering *metering, EspInterval *interval)
{
  JsonObject *object = NULL;

  if (!esp_json_read_object (from, "", name, &object, NULL))
    return FALSE;
  *interval = (EspInterval){ get_number (object, "value"), get_number (object, "low"), get_number (object, "high"),
                             metering->meter.replicates,   metering->meter.seed,       metering->meter.pass.n };
  return TRUE;
}

static gboolean
remember (const EspCurveReport *report, EspCurveRow *row, const char *key, EspRowFile *rows, GError **error)
{
  JsonObject *values = json_object_new ();
  JsonArray *layers = json_array_new ();

  put_interval (values, "mean", &row->mean);
  put_interval (values, "pooled", &row->pooled);
  for (guint l = 0; l < report->n_layers; l++)
    {
      JsonObject *one = json_object_new ();

      json_object_set_int_member (one, "layer", report->layers[l]);
      put_number (one, "rho", row->per_layer[l]);
      json_array_add_object_element (layers, one);
    }
  json_object_set_array_member (values, "layers", layers);
  return esp_row_file_put (rows, key, values, error);
}

/* FALSE where there is no such row, or it is of other layers than those before: one list of layers is of all rows. */
static gboolean
recall (EspCurveReport *report, EspCurveRow *row, const char *key, EspRowFile *rows)
{
  const guint n_all = esp_network_get_n_layers (report->metering->loaded.network);
  JsonObject *values = esp_row_file_get (rows, key);
  JsonArray *layers = NULL;
  g_autofree guint *met = NULL;
  g_autofree double *rho = NULL;
  guint n;

  if (values == NULL || !get_interval (values, "mean", report->metering, &row->mean)
      || !get_interval (values, "pooled", report->metering, &row->pooled) || !esp_json_read_array (values, "", "layers", &layers, NULL))
    return FALSE;
  n = json_array_get_length (layers);
  if (report->layers != NULL && n != report->n_layers)
    return FALSE;
  met = g_new0 (guint, n + 1);
  rho = g_new0 (double, n + 1);
  for (guint l = 0; l < n; l++)
    {
      JsonObject *one = NULL;

      if (!esp_json_item_object (layers, "", l, &one, NULL) || !esp_json_read_count (one, "", "layer", 0, n_all - 1, &met[l], NULL)
          || (report->layers != NULL && met[l] != report->layers[l]))
        return FALSE;
      rho[l] = get_number (one, "rho");
    }
  g_free (report->layers);
  report->layers = g_steal_pointer (&met);
  report->n_layers = n;
  g_free (row->per_layer);
  row->per_layer = g_steal_pointer (&rho);
  return TRUE;
}

/* The scores by what they are: a hash of every number and of how coupled channels make one. */
static char *
key_of (const EspJudgeOptions *options, const EspMetering *metering, const EspCurveRow *row)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *hash = NULL;

  for (guint l = 0; l < esp_network_get_n_layers (metering->loaded.network); l++)
    {
      guint n = 0;
      const double *values = esp_scores_get (row->scores, l, &n);

      if (values != NULL)
        g_byte_array_append (bytes, (const guint8 *) values, n * (guint) sizeof (double));
    }
  hash = esp_hash_to_string (esp_hash_bytes (bytes->data, bytes->len));
  return g_strdup_printf ("judge %s %s, coupled by %s, %d units a layer, %d images", row->name, hash, esp_scores_get_reduce (row->scores),
                          options->units, options->images);
}

static gboolean
recall_all (const EspJudgeOptions *options, EspCurveReport *report, EspMetering *metering)
{
  gboolean all = metering->rows != NULL;

  for (guint r = 0; r < report->rows->len && all; r++)
    {
      EspCurveRow *row = g_ptr_array_index (report->rows, r);
      g_autofree char *key = key_of (options, metering, row);

      all = recall (report, row, key, metering->rows);
    }
  return all;
}

static gboolean
remember_all (const EspJudgeOptions *options, EspCurveReport *report, EspMetering *metering, GError **error)
{
  for (guint r = 0; r < report->rows->len && metering->rows != NULL; r++)
    {
      EspCurveRow *row = g_ptr_array_index (report->rows, r);
      g_autofree char *key = key_of (options, metering, row);

      if (!remember (report, row, key, metering->rows, error))
        return FALSE;
    }
  return TRUE;
}

/* Causal scores are the judge's own measurement: on images that it shares it would only agree with itself. */
static void
leave_out_own (EspCurveReport *report)
{
  for (guint r = 0; r < report->rows->len && report->metering->n_shared > 0; r++)
    {
      EspCurveRow *row = g_ptr_array_index (report->rows, r);

      if (strstr (row->name, "causal") == NULL)
        continue;
      row->mean = row->pooled = (EspInterval){ .value = NAN, .low = NAN, .high = NAN };
      for (guint l = 0; l < report->n_layers; l++)
        row->per_layer[l] = NAN;
      report->own_left_out = TRUE;
    }
}

/**
 * esp_judge_run:
 * @options: how many units and images
 * @report: with all rows and their scores
 * @metering: what is open
 * @common: options of all verbs
 * @error: as esp_ablation_new() has them
 *
 * Units are masked on the first images of the seed's order of the data that curves are measured on. The criterion causal is not judged
 * where it was measured on some of those data. Thread: main.
 */
gboolean
esp_judge_run (const EspJudgeOptions *options, EspCurveReport *report, EspMetering *metering, EspCommon *common, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Masking units");
  Work work = { .report = report, .job = job };

  if (options->units == 0)
    return TRUE;
  report->judge_units = (guint) options->units;
  report->judge_images = (guint) options->images;
  if (recall_all (options, report, metering))
    {
      leave_out_own (report);
      return TRUE;
    }
  g_clear_pointer (&report->layers, g_free);
  for (guint r = 0; r < report->rows->len; r++)
    g_clear_pointer (&((EspCurveRow *) g_ptr_array_index (report->rows, r))->per_layer, g_free);
  work.input = (EspAblationInput){ .network = metering->loaded.network,
                                   .weights = metering->loaded.weights,
                                   .coupling = metering->coupling,
                                   .dataset = metering->labelled.dataset,
                                   .map = metering->labelled.map,
                                   .cache = metering->labelled.cache,
                                   .options = &metering->loaded.run,
                                   .n_units = report->judge_units,
                                   .n_images = report->judge_images,
                                   .seed = metering->meter.seed,
                                   .lane = esp_common_lane (common) };
  esp_common_run (common, job, judge, &work);
  esp_ablation_free (work.ablation);
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  if (!remember_all (options, report, metering, error))
    return FALSE;
  leave_out_own (report);
  return TRUE;
}
