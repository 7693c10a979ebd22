/* sensitivity.c: espalier-cli sensitivity: what cutting one layer or group alone costs */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "metering.h"
#include "progress.h"
#include "search/sensitivity.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspMeteringOptions metering_options = ESP_METERING_PRESETS;
static char *criterion = NULL, *by, *layers;

static const GOptionEntry options[] = {
  { "criterion", 0, 0, G_OPTION_ARG_STRING, &criterion, "What goes first (default l1); parameters behind a colon, as score has them", "C" },
  { "by", 0, 0, G_OPTION_ARG_STRING, &by, "layer (default): each with those that only go with it; or group", "WHAT" },
  { "layers", 0, 0, G_OPTION_ARG_STRING, &layers, "Only those that hold one of these layers", "N,N" },
  ESP_METERING_OPTIONS (metering_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  const EspMetering *metering;
  EspSensitivityInput input;
  EspMetered whole;
  GPtrArray *rows;
  EspJob *job;
  GError *error;
} Work;

static void
measure (gpointer data)
{
  Work *work = data;
  g_autoptr (EspMeter) meter = esp_meter_new (&work->metering->meter);

  work->input.curve.meter = meter;
  work->rows = esp_sensitivity_measure (&work->input, &work->whole, work->job, &work->error);
}

static gboolean
read_layers (const EspNetwork *network, GArray *to, GError **error)
{
  g_auto (GStrv) words = g_strsplit (layers != NULL ? layers : "", ",", -1);

  for (guint i = 0; layers != NULL && words[i] != NULL; i++)
    {
      guint64 layer = 0;
      const guint n = esp_network_get_n_layers (network);
      guint one;

      if (!g_ascii_string_to_unsigned (g_strstrip (words[i]), 10, 0, n - 1, &layer, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layers %s: expected layers from 0 to %u", words[i], n - 1);
          return FALSE;
        }
      one = (guint) layer;
      g_array_append_val (to, one);
    }
  return TRUE;
}

static gboolean
write_table (const Work *work, GError **error)
{
  const EspMetering *metering = work->metering;
  g_autofree char *path = esp_metering_path (metering, "sensitivity.tsv");
  g_autoptr (GString) text
      = g_string_new ("place\tchannels\tratio\tshare\tshare_of_network\t" ESP_METERED_COLUMNS "\tsafe\tcliff_from\tcliff_to\n");

  for (guint r = 0; r < work->rows->len; r++)
    for (guint i = 0; i < metering->curve.n_ratios; i++)
      {
        const EspSensitivity *row = g_ptr_array_index (work->rows, r);
        const EspMetered *p = &row->points[i];

        g_string_append_printf (text, "%s\t%u", row->name, row->n_channels);
        esp_number_append (text, "\t", "%g", metering->curve.ratios[i]);
        esp_number_append (text, "\t", "%.4f", row->shares[i]);
        esp_number_append (text, "\t", "%.4f", p->share);
        esp_metered_append (text, p);
        esp_number_append (text, "\t", "%g", row->cliff.safe);
        esp_number_append (text, "\t", "%g", row->cliff.from);
        esp_number_append (text, "\t", "%g", row->cliff.to);
        g_string_append_c (text, '\n');
      }
  return esp_file_write (path, text->str, text->len, error);
}

static void
json_row (JsonBuilder *json, const Work *work, const EspSensitivity *row)
{
  json_builder_begin_object (json);
  esp_json_string (json, "place", row->name);
  esp_json_int (json, "channels", row->n_channels);
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint l = 0; l < row->n_layers; l++)
    json_builder_add_int_value (json, row->layers[l]);
  json_builder_end_array (json);
  esp_json_double (json, "safe", row->cliff.safe);
  esp_json_double (json, "cliff_from", row->cliff.from);
  esp_json_double (json, "cliff_to", row->cliff.to);
  json_builder_set_member_name (json, "points");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->metering->curve.n_ratios; i++)
    {
      const EspMetered *p = &row->points[i];

      json_builder_begin_object (json);
      esp_json_double (json, "ratio", work->metering->curve.ratios[i]);
      esp_json_double (json, "share", row->shares[i]);
      esp_json_double (json, "share_of_network", p->share);
      esp_json_int (json, "params", (gint64) p->params);
      esp_json_double (json, "bflops", p->bflops);
      esp_json_double (json, "map", p->map);
      esp_json_double (json, "difference", p->difference.value);
      esp_json_double (json, "low", p->difference.low);
      esp_json_double (json, "high", p->difference.high);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
print_row (const Work *work, const EspSensitivity *row)
{
  g_print ("%-20.20s %5u", row->name, row->n_channels);
  for (guint i = 0; i < work->metering->curve.n_ratios; i++)
    g_print (" %6.1f%c", 100 * row->points[i].difference.value, row->points[i].difference.high < 0 ? '*' : ' ');
  g_print ("  safe %g", row->cliff.safe);
  if (!isnan (row->cliff.from))
    g_print (", cliff %g to %g", row->cliff.from, row->cliff.to);
  g_print ("\n");
}

static gboolean
tell (const Work *work, const EspCommon *common, JsonBuilder *json, GError **error)
{
  const EspMetering *metering = work->metering;

  esp_json_string (json, "data", esp_dataset_get_title (metering->labelled.dataset));
  esp_json_int (json, "images", metering->meter.pass.n);
  esp_json_string (json, "criterion", esp_scores_get_criterion (work->input.scores));
  esp_json_string (json, "parameters", esp_scores_get_parameters (work->input.scores));
  esp_json_string (json, "calibration", metering->calibration);
  esp_json_int (json, "replicates", metering->meter.replicates);
  esp_json_double (json, "map", work->whole.map);
  json_builder_set_member_name (json, "places");
  json_builder_begin_array (json);
  for (guint r = 0; r < work->rows->len; r++)
    json_row (json, work, g_ptr_array_index (work->rows, r));
  json_builder_end_array (json);
  if (!common->json)
    {
      g_print ("%-20s %5s", "mAP points, at ratio", "");
      for (guint i = 0; i < metering->curve.n_ratios; i++)
        g_print (" %6g ", metering->curve.ratios[i]);
      g_print ("\n");
      for (guint r = 0; r < work->rows->len; r++)
        print_row (work, g_ptr_array_index (work->rows, r));
      g_print ("whole: %.1f %%; * the paired 95 %% interval lies below 0\n", 100 * work->whole.map);
    }
  return metering->options->output == NULL || write_table (work, error);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspMetering) metering = { NULL };
  g_autoptr (EspScores) scores = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Measuring");
  g_autoptr (GArray) only = g_array_new (FALSE, FALSE, sizeof (guint));
  Work work = { .metering = &metering, .job = job };
  gboolean told;

  if (by != NULL && !g_str_equal (by, "layer") && !g_str_equal (by, "group"))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--by %s: expected layer or group", by);
      return FALSE;
    }
  if (!esp_metering_open (&metering, "sensitivity", argv, &metering_options, &network_options, common, error)
      || !read_layers (metering.loaded.network, only, error)
      || (scores = esp_metering_score (&metering, criterion != NULL ? criterion : "l1", TRUE, common, error)) == NULL)
    return FALSE;
  work.input = (EspSensitivityInput){ .curve = metering.curve,
                                      .scores = scores,
                                      .by_group = g_strcmp0 (by, "group") == 0,
                                      .layers = only->len > 0 ? (const guint *) (gpointer) only->data : NULL,
                                      .n_layers = only->len };
  esp_common_run (common, job, measure, &work);
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  told = tell (&work, common, json, error);
  g_ptr_array_unref (work.rows);
  return told;
}

const EspVerb esp_verb_sensitivity = {
  .name = "sensitivity",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Cut the lowest channels of one layer or group at a time, and measure what that costs",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
