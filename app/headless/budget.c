/* budget.c: espalier-cli budget: the plan that loses least for what it may cost */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>

#include "base/hash.h"
#include "budget-scores.h"
#include "budget-table.h"
#include "labelled.h"
#include "progress.h"
#include "share-options.h"
#include "verbs.h"

#define LARGEST_COUNT 65536

static EspNetworkOptions network_options;
static EspLabelledOptions labelled_options;
static char **criteria;
static char *most_text, *least_text, *protocol_id, *output;
static int limit, floor_channels = ESP_COUNT_UNSAID, round_channels = ESP_COUNT_UNSAID, n_tries = 64, n_replicates = 2000;
static double seconds;

static const GOptionEntry options[] = {
  { "at-most", 0, 0, G_OPTION_ARG_STRING, &most_text, "What the plan may cost: 0.5x-bflops, 0.2-bflops, 12-mb, 4.5-ms", "LIMIT" },
  { "at-least-map", 0, 0, G_OPTION_ARG_STRING, &least_text,
    "What mAP it must keep, 0 to 1; without --at-most the plan of fewest BFLOPs that keeps it", "Y" },
  { "criterion", 0, 0, G_OPTION_ARG_STRING_ARRAY, &criteria,
    "Rank by this criterion, scored on the images that choose; may be repeated, and each is tried (default l1 and attribution)", "C" },
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_id, "Of the mAP, as in evaluate (default darknet)", "P" },
  { "tries", 0, 0, G_OPTION_ARG_INT, &n_tries, "Measure at most N plans (default 64)", "N" },
  { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds,
    "Begin no plan after so long, but the whole network and one uniform plan; what is found then depends on the machine", "S" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N images, drawn by the seed; half of them choose, half judge", "N" },
  { "round", 0, 0, G_OPTION_ARG_INT, &round_channels, "Round kept counts up to a multiple of N", "N" },
  { "floor", 0, 0, G_OPTION_ARG_INT, &floor_channels, "Keep at least N channels a layer (default 8)", "N" },
  { "replicates", 0, 0, G_OPTION_ARG_INT, &n_replicates, "Of the intervals (default 2000)", "N" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the plan found to this file", "plan.json" },
  ESP_LABELLED_OPTIONS (labelled_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspBudgetInput input;
  EspJob *job;
  EspBudget *budget;
  GError *error;
} Work;

static void
solve (gpointer data)
{
  Work *work = data;

  work->budget = esp_budget_solve (&work->input, work->job, &work->error);
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

static gboolean
read_map (double *least, GError **error)
{
  char *end = NULL;

  *least = NAN;
  if (least_text == NULL)
    return TRUE;
  *least = g_ascii_strtod (least_text, &end);
  if (end != least_text && *end == '\0' && *least > 0 && *least <= 1)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--at-least-map %s: expected a fraction above 0 and up to 1", least_text);
  return FALSE;
}

static gboolean
read_limit (EspBudgetLimit *most, GError **error)
{
  g_autoptr (GError) local = NULL;

  *most = (EspBudgetLimit){ ESP_BUDGET_BFLOPS, INFINITY, FALSE };
  if (most_text == NULL || esp_budget_limit_parse (most_text, most, &local))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--at-most %s", local->message);
  return FALSE;
}

static gboolean
check_options (EspBudgetInput *input, GError **error)
{
  if (most_text == NULL && least_text == NULL)
    return refuse (error, "expected --at-most LIMIT, --at-least-map Y, or both");
  if (n_tries < 1 || limit < 0 || n_replicates < 1 || n_replicates > LARGEST_COUNT || !(seconds >= 0))
    return refuse (error, "--tries, --replicates: expected whole numbers from 1; --limit, --seconds: from 0");
  input->protocol = esp_protocol_find (protocol_id != NULL ? protocol_id : "darknet");
  if (input->protocol == NULL)
    return refuse (error, "--protocol: expected darknet, darknet-11, darknet-101, voc-2007, voc-2010 or coco");
  return read_map (&input->least_map, error) && read_limit (&input->limit, error);
}

/* (transfer full): keeps everything; what it may do is set. */
static EspPlan *
make_plan (EspNetwork *network, GError **error)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, NULL);

  return esp_share_counts_set (plan, floor_channels, round_channels, error) ? g_steal_pointer (&plan) : NULL;
}

/* The scores of the images that choose, whose choice is the search's own. */
static GPtrArray *
make_scores (const EspLoaded *loaded, const EspLabelled *labelled, EspCommon *common, GError **error)
{
  guint n_choose, n_judge;
  g_autofree guint *judge = NULL;
  g_autofree guint *choose = esp_budget_choose (labelled->dataset, (guint) limit, (guint64) common->seed, &n_choose, &judge, &n_judge);

  return esp_budget_scores (criteria, loaded, labelled, choose, n_choose, common, error);
}

static gboolean
save (EspPlan *plan, char **argv, GError **error)
{
  g_autofree char *cfg_hash = output != NULL ? esp_hash_file (argv[0], error) : NULL;
  g_autofree char *weights_hash = cfg_hash != NULL ? esp_hash_file (argv[1], error) : NULL;

  return output == NULL || (weights_hash != NULL && esp_plan_save (plan, cfg_hash, weights_hash, output, error));
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (EspLabelled) labelled = { NULL };
  g_autoptr (EspJob) job = esp_job_new ("Trying plans");
  g_autoptr (GPtrArray) scores = NULL;
  g_autoptr (EspPlan) plan = NULL;
  g_autoptr (EspBudget) budget = NULL;
  Work work = { .job = job };

  if (!check_options (&work.input, error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || (plan = make_plan (loaded.network, error)) == NULL
      || !esp_labelled_open (&labelled, "budget", argv[2], &labelled_options, &loaded, error)
      || (scores = make_scores (&loaded, &labelled, common, error)) == NULL)
    return FALSE;
  work.input.weights = loaded.weights;
  work.input.plan = plan;
  work.input.scores = (EspScores *const *) scores->pdata;
  work.input.n_scores = scores->len;
  work.input.dataset = labelled.dataset;
  work.input.map = labelled.map;
  work.input.cache = labelled.cache;
  work.input.options = &loaded.run;
  work.input.n_images = (guint) limit;
  work.input.n_tries = (guint) n_tries;
  work.input.seconds = seconds;
  work.input.replicates = (guint) n_replicates;
  work.input.seed = (guint64) common->seed;
  esp_common_run (common, job, solve, &work);
  budget = work.budget;
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  if (!save (plan, argv, error))
    return FALSE;
  esp_budget_table_tell (budget, &work.input, common, json);
  return TRUE;
}

const EspVerb esp_verb_budget = {
  .name = "budget",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Find the plan that loses least within BFLOPs, MB or milliseconds, or costs least for a mAP",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
