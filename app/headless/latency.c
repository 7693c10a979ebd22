/* latency.c: espalier-cli latency: how much faster a plan makes a network, by building the cut one and timing both in turns */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/hash.h"
#include "latency-table.h"
#include "network-options.h"
#include "progress.h"
#include "scoring.h"
#include "share-options.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspScoringOptions scoring_options; /* none is asked for: l1 */
static EspShareOptions share_options = ESP_SHARE_OPTIONS_NONE;
static char *plan_path, *scores_path;
static int turns = 12, repeats = 5;
static double seconds = 60;

static const GOptionEntry options[] = {
  { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "Keep the channels that this plan keeps; it may be one of other weights", "FILE" },
  { "scores", 0, 0, G_OPTION_ARG_FILENAME, &scores_path, "Rank by these scores (default: l1)", "FILE" },
  ESP_SHARE_OPTIONS (share_options),
  { "turns", 0, 0, G_OPTION_ARG_INT, &turns, "Time each network N times in turn (default 12)", "N" },
  { "repeats", 0, 0, G_OPTION_ARG_INT, &repeats, "Forwards in a turn (default 5)", "N" },
  { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Begin no turn after so long (default 60)", "S" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspLoaded loaded;
  EspPlan *plan;
  EspMask *mask;
  int *parts;
  EspSpeedInput input;
  EspSpeed *speed;
  EspJob *job;
  GError *error;
} Task;

static void
task_clear (Task *task)
{
  g_clear_pointer (&task->speed, esp_speed_free);
  g_clear_pointer (&task->mask, esp_mask_unref);
  g_clear_object (&task->plan);
  g_clear_pointer (&task->job, esp_job_unref);
  g_free (task->parts);
  esp_loaded_clear (&task->loaded);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

static gboolean
check_usage (GError **error)
{
  const char *why = NULL;

  if (plan_path != NULL && (scores_path != NULL || esp_share_options_any (&share_options)))
    why = "with --plan all shares are the plan's: expected no --scores and no other share";
  else if (plan_path == NULL && !esp_share_options_cuts (&share_options))
    why = "expected --plan FILE, --ratio R or another option that says what is to go";
  else if (turns < 1 || repeats < 1 || turns > ESP_LATENCY_MOST / repeats)
    why = "--turns and --repeats: expected numbers from 1 on, multiplied at most " G_STRINGIFY (ESP_LATENCY_MOST);
  else if (!(seconds > 0))
    why = "--seconds: expected a number above 0";
  if (why != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
  return why == NULL;
}

/* The weights are not compared: the time is the same for all. */
static gboolean
load_plan (Task *task, const char *cfg, GError **error)
{
  g_autofree char *hash = esp_hash_file (cfg, error);

  if (hash == NULL)
    return FALSE;
  esp_plan_set_hashes (task->plan, hash, NULL);
  if (!esp_plan_load (task->plan, plan_path, error))
    return FALSE;
  task->mask = esp_plan_read_mask (task->loaded.network, plan_path, hash, NULL, error);
  return task->mask != NULL;
}

static gboolean
make_mask (Task *task, const char *cfg, EspCommon *common, GError **error)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (task->loaded.network);
  g_autoptr (EspScores) scores = NULL;

  task->plan = esp_plan_new (task->loaded.network, coupling, NULL);
  if (plan_path != NULL)
    return load_plan (task, cfg, error);
  if (!esp_share_options_begin (&share_options, task->plan, error))
    return FALSE;
  scores = scores_path != NULL ? esp_scores_load (task->loaded.network, scores_path, error)
                               : esp_scoring_run (&scoring_options, "l1", NULL, &task->loaded, common, error);
  if (scores == NULL)
    return FALSE;
  esp_plan_set_scores (task->plan, scores);
  if (!esp_share_options_end (&share_options, task->plan, error))
    return FALSE;
  task->mask = esp_plan_get_mask (task->plan);
  return TRUE;
}

static void
measure (gpointer data)
{
  Task *task = data;

  task->speed = esp_speed_measure (&task->input, task->job, &task->error);
}

static void
fill_input (Task *task, EspEngineOptions *engine)
{
  engine->backend = task->loaded.run.backend;
  engine->bn = task->loaded.run.bn;
  task->parts = esp_speed_parts (task->plan);
  task->input = (EspSpeedInput){ .network = task->loaded.network,
                                 .weights = task->loaded.weights,
                                 .mask = task->mask,
                                 .parts = task->parts,
                                 .n_parts = esp_plan_get_n_groups (task->plan) + 1,
                                 .options = engine,
                                 .turns = (guint) turns,
                                 .repeats = (guint) repeats,
                                 .seconds = seconds };
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .job = esp_job_new ("Timing") };
  EspEngineOptions engine = { 0 };
  EspLatencyTable table = { .repeats = (guint) repeats, .random = argc < 2 };

  if (!check_usage (error) || !esp_loaded_open (&task.loaded, argv[0], argc > 1 ? argv[1] : NULL, &network_options, error))
    return FALSE;
  if (task.loaded.weights == NULL)
    task.loaded.weights = esp_weights_new_random (task.loaded.network, (guint64) common->seed);
  if (!make_mask (&task, argv[0], common, error))
    return FALSE;
  fill_input (&task, &engine);
  esp_common_run (common, task.job, measure, &task);
  if (task.error != NULL)
    {
      g_propagate_error (error, task.error);
      return FALSE;
    }
  table.plan = task.plan;
  table.mask = task.mask;
  table.parts = task.parts;
  table.speed = task.speed;
  esp_latency_table_tell (&table, common, json);
  return TRUE;
}

const EspVerb esp_verb_latency = {
  .name = "latency",
  .arguments = "NET.cfg [WEIGHTS]",
  .summary = "Time a network and what a plan leaves of it in turns, whole, by group and by layer",
  .options = options,
  .least = 1,
  .most = 2,
  .run = run,
};
