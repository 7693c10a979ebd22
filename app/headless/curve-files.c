/* curve-files.c: what curve leaves in its folder */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "curve-report.h"
#include "draw/ratio-figure.h"

static gboolean
write_text (const EspCurveReport *report, const char *name, const char *text, GError **error)
{
  g_autofree char *path = esp_metering_path (report->metering, name);

  return esp_file_write (path, text, strlen (text), error);
}

static void
append_point (GString *text, const EspCurveReport *report, const EspCurveRow *row, guint i)
{
  static const char *const verdicts[] = { "below", "within", "above" };
  const EspMetered *p = &row->points[i];

  esp_number_append (text, "\t", "%g", report->metering->curve.ratios[i]);
  esp_number_append (text, "\t", "%.4f", p->share);
  esp_metered_append (text, p);
  g_string_append_printf (text, "\t%u\t%u\t%s\n", p->thinnest, p->kept, verdicts[esp_curve_verdict (report, row, i) + 1]);
}

static gboolean
write_curve (const EspCurveReport *report, GError **error)
{
  g_autoptr (GString) text = g_string_new ("criterion\tratio\tshare\t" ESP_METERED_COLUMNS "\tthinnest_layer\tkept_there\trandom_band\n");

  for (guint r = 0; r < report->rows->len; r++)
    for (guint i = 0; i < report->metering->curve.n_ratios; i++)
      {
        const EspCurveRow *row = g_ptr_array_index (report->rows, r);

        g_string_append (text, row->name);
        append_point (text, report, row, i);
      }
  return write_text (report, "curve.tsv", text->str, error);
}

static gboolean
write_random (const EspCurveReport *report, GError **error)
{
  const guint n = report->metering->curve.n_ratios;
  g_autoptr (GString) text = g_string_new ("ratio\tlow\tmedian\thigh");

  for (guint s = 0; s < report->n_seeds; s++)
    g_string_append_printf (text, "\tseed_%" G_GUINT64_FORMAT, report->metering->meter.seed + s);
  g_string_append_c (text, '\n');
  for (guint i = 0; i < n; i++)
    {
      esp_number_append (text, "", "%g", report->metering->curve.ratios[i]);
      esp_number_append (text, "\t", "%.5f", report->band[i].low);
      esp_number_append (text, "\t", "%.5f", report->band[i].median);
      esp_number_append (text, "\t", "%.5f", report->band[i].high);
      for (guint s = 0; s < report->n_seeds; s++)
        esp_number_append (text, "\t", "%.5f", report->chances[s * n + i]);
      g_string_append_c (text, '\n');
    }
  return write_text (report, "random.tsv", text->str, error);
}

static void
append_rho (GString *text, const char *criterion, const char *place, const EspInterval *rho)
{
  g_string_append_printf (text, "%s\t%s", criterion, place);
  esp_number_append (text, "\t", "%.4f", rho->value);
  esp_number_append (text, "\t", "%.4f", rho->low);
  esp_number_append (text, "\t", "%.4f", rho->high);
  g_string_append_c (text, '\n');
}

/* Of all layers, and of each without an interval. */
static gboolean
write_correlation (const EspCurveReport *report, GError **error)
{
  g_autoptr (GString) text = g_string_new ("criterion\tplace\trho\tlow\thigh\n");

  for (guint r = 0; r < report->rows->len; r++)
    {
      const EspCurveRow *row = g_ptr_array_index (report->rows, r);

      append_rho (text, row->name, "mean", &row->mean);
      append_rho (text, row->name, "pooled", &row->pooled);
      for (guint l = 0; l < report->n_layers; l++)
        {
          g_autofree char *place = g_strdup_printf ("layer %u", report->layers[l]);
          const EspInterval rho = { .value = row->per_layer[l], .low = NAN, .high = NAN };

          append_rho (text, row->name, place, &rho);
        }
    }
  return write_text (report, "correlation.tsv", text->str, error);
}

static void
append_head (GString *text, const EspCurveReport *report)
{
  const EspMetering *metering = report->metering;
  g_autofree char *name = esp_curve_name (report);

  g_string_append_printf (text, "# mAP over the ratio that is cut: %s on %s\n\n", name, esp_dataset_get_title (metering->labelled.dataset));
  g_string_append_printf (text, "%u images; whole network ", metering->meter.pass.n);
  esp_number_append (text, "", "%.2f", 100 * report->whole.map);
  g_string_append_printf (
      text,
      " %% mAP (protocol %s). Channels scored by %s. %s, at least %u channels a layer. No recovery. The random band is 5 to 95 %% of "
      "%u seeds; intervals of differences are paired, %u replicates.\n\n",
      metering->meter.protocol->id, metering->calibration,
      report->own_rank ? "Each criterion ranks as it says itself"
                       : "Every layer is ranked by itself, so that all criteria cut equal numbers",
      metering->curve.floor, report->n_seeds, metering->meter.replicates);
}

static void
append_table (GString *text, const EspCurveReport *report)
{
  const guint n = report->metering->curve.n_ratios;

  g_string_append (text, "| mAP, % |");
  for (guint i = 0; i < n; i++)
    esp_number_append (text, i > 0 ? " | " : " ", "%g", report->metering->curve.ratios[i]);
  g_string_append (text, " | safe | cliff |\n|---|");
  for (guint i = 0; i < n + 2; i++)
    g_string_append (text, "---|");
  g_string_append (text, "\n| random, 5 to 95 % |");
  for (guint i = 0; i < n; i++)
    {
      esp_number_append (text, i > 0 ? " | " : " ", "%.1f", 100 * report->band[i].low);
      esp_number_append (text, "–", "%.1f", 100 * report->band[i].high);
    }
  g_string_append (text, " | | |\n");
  for (guint r = 0; r < report->rows->len; r++)
    {
      const EspCurveRow *row = g_ptr_array_index (report->rows, r);

      g_string_append_printf (text, "| %s |", row->name);
      for (guint i = 0; i < n; i++)
        {
          static const char *const marks[] = { " ↓", "", " ↑" };

          esp_number_append (text, i > 0 ? " | " : " ", "%.1f", 100 * row->points[i].map);
          g_string_append (text, marks[esp_curve_verdict (report, row, i) + 1]);
        }
      esp_number_append (text, " | ", "%g", row->cliff.safe);
      esp_number_append (text, " | ", "%g", row->cliff.from);
      esp_number_append (text, isnan (row->cliff.to) ? "" : " to ", "%g", row->cliff.to);
      g_string_append (text, " |\n");
    }
  g_string_append (text, "\n↑ above the random band, ↓ below it; no mark where nothing is left to tell apart.\n\n");
}

static void
append_correlation (GString *text, const EspCurveReport *report)
{
  if (report->judge_units == 0)
    return;
  g_string_append_printf (
      text,
      "## Rank correlation with measured ablation\n\nSpearman's, of up to %u units a layer masked one at a time on %u images.\n\n"
      "| criterion | mean over layers | all units in one order |\n|---|---|---|\n",
      report->judge_units, report->judge_images);
  for (guint r = 0; r < report->rows->len; r++)
    {
      const EspCurveRow *row = g_ptr_array_index (report->rows, r);
      const EspInterval *both[] = { &row->mean, &row->pooled };

      g_string_append_printf (text, "| %s ", row->name);
      for (guint k = 0; k < 2; k++)
        {
          if (isnan (both[k]->value))
            {
              g_string_append (text, "| – ");
              continue;
            }
          esp_number_append (text, "| ", "%+.3f", both[k]->value);
          esp_number_append (text, " (", "%+.3f", both[k]->low);
          esp_number_append (text, " to ", "%+.3f", both[k]->high);
          g_string_append (text, ") ");
        }
      g_string_append (text, "|\n");
    }
  g_string_append_c (text, '\n');
}

static gboolean
write_words (const EspCurveReport *report, const GPtrArray *sentences, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_head (text, report);
  append_table (text, report);
  append_correlation (text, report);
  g_string_append (text, "## In words\n\n");
  for (guint i = 0; i < sentences->len; i++)
    g_string_append_printf (text, "- %s\n", (const char *) g_ptr_array_index (sentences, i));
  return write_text (report, "curve.md", text->str, error);
}

static gboolean
write_json (const EspCurveReport *report, const GPtrArray *sentences, GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (json);
  esp_curve_fill_json (report, sentences, json);
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, TRUE);
  text = json_generator_to_data (generator, NULL);
  return write_text (report, "curve.json", text, error);
}

/* Criteria by their colours; what they are inverted to thin, in the same. */
static EspRatioLine *
make_lines (const EspCurveReport *report)
{
  const guint n = report->metering->curve.n_ratios;
  EspRatioLine *lines = g_new0 (EspRatioLine, report->rows->len + 1);
  guint colour = 0;

  for (guint r = 0; r < report->rows->len; r++)
    {
      const EspCurveRow *row = g_ptr_array_index (report->rows, r);
      const gboolean inverted = g_str_has_prefix (row->name, "inverted");
      double *maps = g_new (double, n);

      for (guint i = 0; i < n; i++)
        maps[i] = row->points[i].map;
      lines[r] = (EspRatioLine){ inverted ? NULL : row->name, maps, colour++, inverted, inverted ? NAN : row->cliff.from, row->cliff.to };
      for (guint k = 0; k < r && inverted; k++)
        {
          const char *of = strstr (row->name, "of=");

          if (of != NULL && g_str_equal (of + 3, ((EspCurveRow *) g_ptr_array_index (report->rows, k))->name))
            {
              lines[r].colour = lines[k].colour;
              colour--;
            }
        }
    }
  return lines;
}

static gboolean
draw (const EspCurveReport *report, GError **error)
{
  const EspMetering *metering = report->metering;
  g_autofree char *name = esp_curve_name (report);
  const guint n = metering->curve.n_ratios;
  g_autofree EspRatioLine *lines = make_lines (report);
  g_autofree double *low = g_new (double, n), *median = g_new (double, n), *high = g_new (double, n);
  g_autofree char *caption
      = g_strdup_printf ("%s on %s, %u images: every group loses this share of its channels by each criterion, no recovery. Band: %u "
                         "random orders, 5 to 95 %%. Thin: a criterion inverted. Heavy: its cliff.",
                         name, esp_dataset_get_title (metering->labelled.dataset), metering->meter.pass.n, report->n_seeds);
  g_autofree char *provenance = esp_meter_describe (&metering->meter);
  EspRatioFigure figure
      = { metering->curve.ratios, n, report->whole.map, low, median, high, "random", lines, report->rows->len, caption, provenance };
  static const char *const names[] = { "curve.png", "curve.svg" };
  gboolean done = TRUE;

  for (guint i = 0; i < n; i++)
    {
      low[i] = report->band[i].low;
      median[i] = report->band[i].median;
      high[i] = report->band[i].high;
    }
  for (guint k = 0; k < G_N_ELEMENTS (names) && done; k++)
    {
      g_autofree char *path = esp_metering_path (metering, names[k]);

      done = esp_ratio_figure_save (&figure, path, error);
    }
  for (guint r = 0; r < report->rows->len; r++)
    g_free ((gpointer) lines[r].maps);
  return done;
}

/**
 * esp_curve_files_write:
 * @report: all measured
 * @sentences: what it says in words
 * @error: ESP_ERROR_IO
 *
 * Each file whole or not at all. Thread: main.
 */
gboolean
esp_curve_files_write (const EspCurveReport *report, const GPtrArray *sentences, GError **error)
{
  return write_curve (report, error) && write_random (report, error) && (report->judge_units == 0 || write_correlation (report, error))
         && write_words (report, sentences, error) && write_json (report, sentences, error) && draw (report, error);
}
