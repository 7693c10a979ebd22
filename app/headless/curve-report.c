/* curve-report.c: what curve tells people and programs */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "curve-report.h"

#include <math.h>
#include <string.h>

#define NOTHING 0.02 /* of the whole network's mAP: below, nothing is left to be told apart */

/** esp_curve_row_new: Returns: (transfer full): a row not yet measured. */
EspCurveRow *
esp_curve_row_new (const char *name, EspScores *scores, guint n_ratios)
{
  EspCurveRow *row = g_new0 (EspCurveRow, 1);

  row->name = g_strdup (name);
  row->scores = scores;
  row->points = g_new0 (EspMetered, n_ratios);
  row->mean.value = row->pooled.value = NAN;
  return row;
}

static void
row_free (gpointer data)
{
  EspCurveRow *row = data;

  g_free (row->name);
  esp_scores_unref (row->scores);
  g_free (row->points);
  g_free (row->per_layer);
  g_free (row);
}

/** esp_curve_report_init: a report without rows. */
void
esp_curve_report_init (EspCurveReport *report, const EspMetering *metering, guint n_seeds)
{
  const guint n = metering->curve.n_ratios;

  *report = (EspCurveReport){ .metering = metering,
                              .rows = g_ptr_array_new_with_free_func (row_free),
                              .band = g_new0 (EspBandPoint, n),
                              .chances = g_new0 (double, n_seeds *n),
                              .n_seeds = n_seeds };
}

/** esp_curve_report_clear: frees what it holds. */
void
esp_curve_report_clear (EspCurveReport *report)
{
  g_clear_pointer (&report->rows, g_ptr_array_unref);
  g_clear_pointer (&report->band, g_free);
  g_clear_pointer (&report->chances, g_free);
  g_clear_pointer (&report->layers, g_free);
}

/**
 * esp_curve_verdict:
 * @report: with its band
 * @row: a criterion
 * @ratio: which
 *
 * Where neither has 2 % of the whole network's mAP left there is nothing to tell apart, and the answer is 0.
 * Returns: -1 where @row lies below the band of chance, 0 within, 1 above.
 */
int
esp_curve_verdict (const EspCurveReport *report, const EspCurveRow *row, guint ratio)
{
  const double map = row->points[ratio].map;

  if (fmax (map, report->band[ratio].high) < NOTHING * report->whole.map)
    return 0;
  return map > report->band[ratio].high ? 1 : map < report->band[ratio].low ? -1 : 0;
}

static gboolean
is_control (const EspCurveRow *row)
{
  return g_str_has_prefix (row->name, "inverted");
}

static void
append_ratio (GString *text, double ratio)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", g_ascii_formatd (number, sizeof number, "%g", ratio));
}

static gboolean
any_beats (const EspCurveReport *report, guint ratio)
{
  for (guint r = 0; r < report->rows->len; r++)
    {
      const EspCurveRow *row = g_ptr_array_index (report->rows, r);

      if (!is_control (row) && esp_curve_verdict (report, row, ratio) > 0)
        return TRUE;
    }
  return FALSE;
}

static double
best_at (const EspCurveReport *report, guint ratio)
{
  double best = report->band[ratio].high;

  for (guint r = 0; r < report->rows->len; r++)
    best = fmax (best, ((EspCurveRow *) g_ptr_array_index (report->rows, r))->points[ratio].map);
  return best;
}

/* Where chance is as good as anything, and where nothing is left to be told apart. */
static void
tell_chance (const EspCurveReport *report, GPtrArray *sentences)
{
  g_autoptr (GString) none = g_string_new (NULL), dead = g_string_new (NULL), all = g_string_new (NULL);

  for (guint i = 0; i < report->metering->curve.n_ratios; i++)
    {
      const gboolean is_dead = best_at (report, i) < NOTHING * report->whole.map;

      append_ratio (is_dead ? dead : any_beats (report, i) ? all : none, report->metering->curve.ratios[i]);
    }
  if (all->len > 0)
    g_ptr_array_add (sentences, g_strdup_printf ("At least one criterion lies above the random band at: %s.", all->str));
  g_ptr_array_add (sentences, none->len > 0 ? g_strdup_printf ("No criterion beats random at: %s.", none->str)
                                            : g_strdup ("Wherever anything is left of the network, at least one criterion beats random."));
  if (dead->len > 0)
    g_ptr_array_add (sentences,
                     g_strdup_printf ("Nothing is left of the network, whatever is cut (mAP below %g %% of the whole one's), at: %s.",
                                      100 * NOTHING, dead->str));
}

static void
tell_row (const EspCurveReport *report, const EspCurveRow *row, GPtrArray *sentences)
{
  g_autoptr (GString) above = g_string_new (NULL), below = g_string_new (NULL), text = g_string_new (row->name);
  char number[G_ASCII_DTOSTR_BUF_SIZE], other[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < report->metering->curve.n_ratios; i++)
    if (esp_curve_verdict (report, row, i) != 0)
      append_ratio (esp_curve_verdict (report, row, i) > 0 ? above : below, report->metering->curve.ratios[i]);
  g_string_append_printf (text, ": safe up to %s", g_ascii_formatd (number, sizeof number, "%g", row->cliff.safe));
  if (isnan (row->cliff.from))
    g_string_append (text, ", no cliff");
  else
    g_string_append_printf (text, ", cliff from %s to %s", g_ascii_formatd (number, sizeof number, "%g", row->cliff.from),
                            g_ascii_formatd (other, sizeof other, "%g", row->cliff.to));
  g_string_append_printf (text, "; above the random band at %s", above->len > 0 ? above->str : "no ratio");
  if (below->len > 0)
    g_string_append_printf (text, ", below it at %s", below->str);
  g_string_append_c (text, '.');
  g_ptr_array_add (sentences, g_strdup (text->str));
}

/** esp_curve_name: Returns: (transfer full): the network's file without its folder. */
char *
esp_curve_name (const EspCurveReport *report)
{
  return g_path_get_basename (esp_cfg_get_name (esp_network_get_cfg (report->metering->loaded.network)));
}

/** esp_curve_sentences: Returns: (transfer full): what the curves say, in words. */
GPtrArray *
esp_curve_sentences (const EspCurveReport *report)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func (g_free);

  tell_chance (report, sentences);
  if (report->metering->n_shared > 0)
    g_ptr_array_add (sentences,
                     g_strdup_printf ("Channels are scored by %u of the %u images that they are judged on, which flatters criteria "
                                      "that look at images; --calibration DATA takes others.",
                                      report->metering->n_shared, report->metering->meter.pass.n));
  if (report->own_left_out)
    g_ptr_array_add (sentences,
                     g_strdup ("causal has no rank correlation with ablation here: it is that ablation, on images of the same data."));
  for (guint r = 0; r < report->rows->len; r++)
    tell_row (report, g_ptr_array_index (report->rows, r), sentences);
  return sentences;
}

static void
json_point (JsonBuilder *json, const EspCurveReport *report, const EspCurveRow *row, guint i)
{
  static const char *const verdicts[] = { "below", "within", "above" };
  const EspMetered *point = &row->points[i];

  json_builder_begin_object (json);
  esp_json_double (json, "ratio", report->metering->curve.ratios[i]);
  esp_json_double (json, "share", point->share);
  esp_json_int (json, "params", (gint64) point->params);
  esp_json_double (json, "bflops", point->bflops);
  esp_json_double (json, "map", point->map);
  esp_json_double (json, "precision", point->precision);
  esp_json_double (json, "recall", point->recall);
  esp_json_double (json, "f1", point->f1);
  esp_json_double (json, "difference", point->difference.value);
  esp_json_double (json, "low", point->difference.low);
  esp_json_double (json, "high", point->difference.high);
  esp_json_int (json, "thinnest", point->thinnest);
  esp_json_int (json, "kept", point->kept);
  esp_json_string (json, "random", verdicts[esp_curve_verdict (report, row, i) + 1]);
  json_builder_end_object (json);
}

static void
json_interval (JsonBuilder *json, const char *name, const EspInterval *interval)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
  esp_json_double (json, "value", interval->value);
  esp_json_double (json, "low", interval->low);
  esp_json_double (json, "high", interval->high);
  json_builder_end_object (json);
}

static void
json_row (JsonBuilder *json, const EspCurveReport *report, const EspCurveRow *row)
{
  json_builder_begin_object (json);
  esp_json_string (json, "name", row->name);
  esp_json_string (json, "criterion", esp_scores_get_criterion (row->scores));
  esp_json_string (json, "parameters", esp_scores_get_parameters (row->scores));
  esp_json_int (json, "images", esp_scores_get_n_images (row->scores));
  esp_json_double (json, "safe", row->cliff.safe);
  esp_json_double (json, "cliff_from", row->cliff.from);
  esp_json_double (json, "cliff_to", row->cliff.to);
  if (report->judge_units > 0)
    {
      json_interval (json, "correlation_mean", &row->mean);
      json_interval (json, "correlation_pooled", &row->pooled);
    }
  json_builder_set_member_name (json, "points");
  json_builder_begin_array (json);
  for (guint i = 0; i < report->metering->curve.n_ratios; i++)
    json_point (json, report, row, i);
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
json_band (JsonBuilder *json, const EspCurveReport *report)
{
  json_builder_set_member_name (json, "random");
  json_builder_begin_array (json);
  for (guint i = 0; i < report->metering->curve.n_ratios; i++)
    {
      json_builder_begin_object (json);
      esp_json_double (json, "ratio", report->metering->curve.ratios[i]);
      esp_json_double (json, "share", report->band[i].share);
      esp_json_double (json, "bflops", report->band[i].bflops);
      esp_json_double (json, "low", report->band[i].low);
      esp_json_double (json, "median", report->band[i].median);
      esp_json_double (json, "high", report->band[i].high);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

/** esp_curve_fill_json: adds the members of @report to the object begun. */
void
esp_curve_fill_json (const EspCurveReport *report, const GPtrArray *sentences, JsonBuilder *json)
{
  g_autofree char *name = esp_curve_name (report);

  esp_json_string (json, "network", name);
  esp_json_string (json, "data", esp_dataset_get_title (report->metering->labelled.dataset));
  esp_json_int (json, "images", report->metering->meter.pass.n);
  esp_json_string (json, "calibration", report->metering->calibration);
  esp_json_int (json, "shared_images", report->metering->n_shared);
  esp_json_string (json, "protocol", report->metering->meter.protocol->id);
  esp_json_string (json, "rank", report->own_rank ? "own" : "layer");
  esp_json_int (json, "floor", report->metering->curve.floor);
  esp_json_int (json, "seeds", report->n_seeds);
  esp_json_int (json, "replicates", report->metering->meter.replicates);
  esp_json_double (json, "map", report->whole.map);
  json_band (json, report);
  json_builder_set_member_name (json, "criteria");
  json_builder_begin_array (json);
  for (guint r = 0; r < report->rows->len; r++)
    json_row (json, report, g_ptr_array_index (report->rows, r));
  json_builder_end_array (json);
  json_builder_set_member_name (json, "sentences");
  json_builder_begin_array (json);
  for (guint i = 0; i < sentences->len; i++)
    json_builder_add_string_value (json, g_ptr_array_index (sentences, i));
  json_builder_end_array (json);
}

static void
print_table (const EspCurveReport *report)
{
  const guint n = report->metering->curve.n_ratios;

  g_print ("%-24s", "mAP, % at ratio");
  for (guint i = 0; i < n; i++)
    g_print (" %7g", report->metering->curve.ratios[i]);
  g_print ("\n%-24s", "random, 95 %");
  for (guint i = 0; i < n; i++)
    g_print (" %6.1f ", 100 * report->band[i].high);
  g_print ("\n%-24s", "random, median");
  for (guint i = 0; i < n; i++)
    g_print (" %6.1f ", 100 * report->band[i].median);
  for (guint r = 0; r < report->rows->len; r++)
    {
      const EspCurveRow *row = g_ptr_array_index (report->rows, r);

      g_print ("\n%-24s", row->name);
      for (guint i = 0; i < n; i++)
        g_print (" %6.1f%c", 100 * row->points[i].map, "- +"[esp_curve_verdict (report, row, i) + 1]);
      if (!isnan (row->mean.value))
        g_print ("  rho %+.2f (%+.2f to %+.2f)", row->mean.value, row->mean.low, row->mean.high);
    }
  g_print ("\n\nwhole: %.1f %%; + above the random band, - below it\n", 100 * report->whole.map);
}

/**
 * esp_curve_report_tell:
 * @report: all measured
 * @common: options of all verbs
 * @json: the object begun
 * @error: ESP_ERROR_IO
 *
 * Writes the files where there is a folder. Thread: main.
 */
gboolean
esp_curve_report_tell (const EspCurveReport *report, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (GPtrArray) sentences = esp_curve_sentences (report);

  esp_curve_fill_json (report, sentences, json);
  if (!common->json)
    {
      print_table (report);
      for (guint i = 0; i < sentences->len; i++)
        g_print ("%s\n", (char *) g_ptr_array_index (sentences, i));
    }
  return report->metering->options->output == NULL || esp_curve_files_write (report, sentences, error);
}
