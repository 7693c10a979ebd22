/* ablate.c: espalier-cli ablate: what masking single units costs, and how the scores of channels foretell it */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>

#include "ablate-table.h"
#include "base/error.h"
#include "base/file.h"
#include "labelled.h"
#include "progress.h"
#include "score/ablation.h"
#include "score/criterion.h"
#include "scoring.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspLabelledOptions labelled_options;
static char **criteria, **score_files;
static char *output, *sum_word, *classes, *tau;
static int n_units = 16, limit = 32, n_replicates = 2000;

static const GOptionEntry options[] = {
  { "criterion", 0, 0, G_OPTION_ARG_STRING_ARRAY, &criteria, "Compare the scores of this criterion, made from DATA; may be repeated", "C" },
  { "scores", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &score_files, "Compare the scores of this file; may be repeated", "FILE" },
  { "units", 0, 0, G_OPTION_ARG_INT, &n_units, "At most N units a layer, drawn by the seed (default 16)", "N" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N images, drawn by the seed (default 32)", "N" },
  { "sum", 0, 0, G_OPTION_ARG_STRING, &sum_word,
    "What is lost: matched, the scores of all detections that match an object (default), or fixed, the scores at the cells of those that "
    "matched before",
    "SUM" },
  { "replicates", 0, 0, G_OPTION_ARG_INT, &n_replicates, "Of the intervals (default 2000)", "N" },
  { "classes", 0, 0, G_OPTION_ARG_STRING, &classes, "Of the criterion attribution, by name or index (default: all)", "A,B" },
  { "tau", 0, 0, G_OPTION_ARG_STRING, &tau, "Of the criterion attribution, in place of its own (0.02); 0: every cell", "T" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write units.tsv, correlation.tsv and correlation.md into this folder", "DIR" },
  ESP_LABELLED_OPTIONS (labelled_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspAblationInput input;
  EspJob *job;
  EspAblation *ablation;
  double seconds;
  GError *error;
} Work;

static void
ablate (gpointer data)
{
  Work *work = data;
  const gint64 begun = g_get_monotonic_time ();

  work->ablation = esp_ablation_new (&work->input, work->job, &work->error);
  work->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
}

static gboolean
check_options (EspAblationSum *sum, GError **error)
{
  *sum = g_strcmp0 (sum_word, "fixed") == 0 ? ESP_ABLATION_FIXED : ESP_ABLATION_MATCHED;
  if (sum_word != NULL && *sum == ESP_ABLATION_MATCHED && !g_str_equal (sum_word, "matched"))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--sum %s: expected matched or fixed", sum_word);
  else if (criteria == NULL && score_files == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 "expected --criterion C or --scores FILE: the scores that are to foretell what is lost");
  else if (n_units < 1 || limit < 1 || n_replicates < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--units %d --limit %d --replicates %d: expected numbers from 1, 1 and 0",
                 n_units, limit, n_replicates);
  else
    return TRUE;
  return FALSE;
}

static void
add_scores (EspAblateTable *table, const char *name, EspScores *scores)
{
  esp_ablate_table_add (table, name, esp_scores_get_criterion (scores), esp_scores_get_parameters (scores),
                        esp_ablation_reduce (table->ablation, scores, esp_scores_get_reduce (scores)));
}

static gboolean
add_criteria (EspAblateTable *table, const char *data, const EspLoaded *loaded, EspCommon *common, GError **error)
{
  const EspScoringOptions scoring = { .classes = classes,
                                      .tau = tau,
                                      .split = labelled_options.split,
                                      .names = labelled_options.names,
                                      .images = labelled_options.images,
                                      .draw = labelled_options.draw };

  for (guint i = 0; criteria != NULL && criteria[i] != NULL; i++)
    {
      g_autoptr (EspScores) scores = esp_scoring_run (&scoring, criteria[i], data, loaded, common, error);

      if (scores == NULL)
        return FALSE;
      add_scores (table, criteria[i], scores);
    }
  for (guint i = 0; score_files != NULL && score_files[i] != NULL; i++)
    {
      g_autofree char *name = g_path_get_basename (score_files[i]);
      g_autoptr (EspScores) scores = esp_scores_load (loaded->network, score_files[i], error);

      if (scores == NULL)
        return FALSE;
      if (g_str_has_suffix (name, ".json"))
        name[strlen (name) - 5] = '\0';
      add_scores (table, name, scores);
    }
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (EspLabelled) labelled = { NULL };
  g_autoptr (EspJob) job = esp_job_new ("Masking units");
  g_autoptr (EspCoupling) coupling = NULL;
  g_autoptr (EspAblation) ablation = NULL;
  g_auto (EspAblateTable) table = { NULL };
  Work work = { .job = job };
  EspAblationSum sum;

  if (!check_options (&sum, error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || !esp_labelled_open (&labelled, "ablate", argv[2], &labelled_options, &loaded, error)
      || (output != NULL && !esp_folder_make (output, error)))
    return FALSE;
  loaded.run.batch = 8;
  coupling = esp_coupling_new (loaded.network);
  work.input = (EspAblationInput){ loaded.network,          loaded.weights, coupling,        labelled.dataset, labelled.map,
                                   labelled.cache,          &loaded.run,    (guint) n_units, (guint) limit,    (guint64) common->seed,
                                   esp_common_lane (common) };
  esp_common_run (common, job, ablate, &work);
  ablation = work.ablation;
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  esp_ablate_table_init (&table, ablation, sum, (guint) n_replicates, (guint64) common->seed, work.seconds);
  return add_criteria (&table, argv[2], &loaded, common, error) && esp_ablate_table_tell (&table, output, common, json, error);
}

const EspVerb esp_verb_ablate = {
  .name = "ablate",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Mask single units, measure what is lost, and rank the scores of channels by how they foretell it",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
