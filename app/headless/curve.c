/* curve.c: espalier-cli curve: the ratio–mAP curve of every criterion beside chance, and how they foretell measured ablation */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "curve-judge.h"
#include "progress.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspMeteringOptions metering_options = ESP_METERING_PRESETS;
static EspJudgeOptions judge_options = { 16, 32 };
static char *criteria, *rank;
static int n_seeds = 20;

static const GOptionEntry options[] = {
  { "criteria", 0, 0, G_OPTION_ARG_STRING, &criteria,
    "all (default), or criteria with a blank between them, parameters behind a colon: \"l1 taylor inverted:of=l1\"; all is every criterion "
    "but "
    "contrast, and each of them inverted",
    "\"C C\"" },
  { "seeds", 0, 0, G_OPTION_ARG_INT, &n_seeds, "Orders by lot that make the random band (default 20)", "N" },
  { "rank", 0, 0, G_OPTION_ARG_STRING, &rank,
    "layer: every layer is ranked by itself, so that all criteria cut equal numbers (default), or own: as each criterion says", "RANK" },
  { "judge-units", 0, 0, G_OPTION_ARG_INT, &judge_options.units,
    "Mask up to N units a layer one at a time, and tell how each criterion foretells the loss (default 16; 0: do not)", "N" },
  { "judge-images", 0, 0, G_OPTION_ARG_INT, &judge_options.images, "On N images (default 32)", "N" },
  ESP_METERING_OPTIONS (metering_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

static const char *const every[] = { "l1", "l2", "bn-gamma", "taylor", "attribution", "relevance", "causal" };

/* Everything that is measured. */
typedef struct
{
  EspCurveReport *report;
  EspCurveInput input; /* with the lane's meter */
  EspCurveRow *row;    /* NULL: chance */
  EspJob *job;
  gboolean done;
  GError *error;
} Work;

static void
measure (gpointer data)
{
  Work *work = data;
  EspCurveReport *report = work->report;
  const EspMetering *metering = report->metering;
  g_autoptr (EspMeter) meter = esp_meter_new (&metering->meter);
  EspCurveInput input = metering->curve;

  input.meter = meter;
  work->done
      = esp_meter_measure (meter, NULL, FALSE, &report->whole, work->job, &work->error)
        && esp_random_band_measure (&input, report->n_seeds, metering->meter.seed, report->band, report->chances, work->job, &work->error);
  for (guint r = 0; r < report->rows->len && work->done; r++)
    {
      EspCurveRow *row = g_ptr_array_index (report->rows, r);
      g_autofree double *maps = g_new (double, input.n_ratios);

      work->done = esp_curve_measure (&input, row->scores, row->points, work->job, &work->error);
      for (guint i = 0; i < input.n_ratios; i++)
        maps[i] = row->points[i].map;
      row->cliff = esp_cliff_find (input.ratios, maps, input.n_ratios, report->whole.map);
    }
}

/* (transfer full): the criteria asked for, one a word. */
static GStrv
list_criteria (void)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  if (criteria != NULL && !g_str_equal (criteria, "all"))
    {
      g_auto (GStrv) parts = g_strsplit_set (criteria, " ;\t\n", -1);

      for (guint i = 0; parts[i] != NULL; i++)
        if (*parts[i] != '\0')
          g_ptr_array_add (words, g_strdup (parts[i]));
    }
  else
    {
      for (guint i = 0; i < G_N_ELEMENTS (every); i++)
        g_ptr_array_add (words, g_strdup (every[i]));
      for (guint i = 0; i < G_N_ELEMENTS (every); i++)
        g_ptr_array_add (words, g_strdup_printf ("inverted:of=%s", every[i]));
    }
  g_ptr_array_add (words, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&words), FALSE);
}

/* Unknown names and parameters show before anything is computed. */
static gboolean
check_criteria (char **words, GError **error)
{
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (words[i], ":", 2);
      const EspCriterion *criterion = esp_criterion_find (parts[0]);
      g_autofree double *knobs = NULL, *own = NULL;
      g_autofree char *known = esp_criteria_list ();

      if (criterion == NULL)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                       "--criteria %s: expected all, or some of these with a blank between them: %s", parts[0], known);
          return FALSE;
        }
      if (!esp_criterion_parse (criterion, parts[1], &knobs, &own, error))
        return FALSE;
    }
  if (words[0] != NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--criteria: none is named");
  return FALSE;
}

static gboolean
check_options (GError **error)
{
  if (n_seeds < 1 || judge_options.units < 0 || judge_options.images < 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                 "--seeds %d --judge-units %d --judge-images %d: expected numbers from 1, 0 and 1", n_seeds, judge_options.units,
                 judge_options.images);
  else if (rank != NULL && !g_str_equal (rank, "layer") && !g_str_equal (rank, "own"))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--rank %s: expected layer or own", rank);
  else
    return TRUE;
  return FALSE;
}

static gboolean
score_all (EspMetering *metering, EspCurveReport *report, char **words, EspCommon *common, GError **error)
{
  for (guint i = 0; words[i] != NULL; i++)
    {
      EspScores *scores = esp_metering_score (metering, words[i], report->own_rank, common, error);

      if (scores == NULL)
        return FALSE;
      g_ptr_array_add (report->rows, esp_curve_row_new (words[i], scores, metering->curve.n_ratios));
    }
  return TRUE;
}

static gboolean
measure_all (EspCurveReport *report, EspCommon *common, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Measuring");
  Work work = { .report = report, .job = job };

  esp_common_run (common, job, measure, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  return work.done;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspMetering) metering = { NULL };
  g_auto (EspCurveReport) report = { NULL };
  g_auto (GStrv) words = list_criteria ();

  if (!check_options (error) || !check_criteria (words, error)
      || !esp_metering_open (&metering, "curve", argv, &metering_options, &network_options, common, error)
      || !esp_judge_check (&judge_options, &metering, error))
    return FALSE;
  esp_curve_report_init (&report, &metering, (guint) n_seeds);
  report.own_rank = g_strcmp0 (rank, "own") == 0;
  return score_all (&metering, &report, words, common, error) && measure_all (&report, common, error)
         && esp_judge_run (&judge_options, &report, &metering, common, error) && esp_curve_report_tell (&report, common, json, error);
}

const EspVerb esp_verb_curve = {
  .name = "curve",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Measure mAP over the share of channels cut, by every criterion and by chance",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
