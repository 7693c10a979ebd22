/* prune.c: espalier-cli prune: a plan, or a ratio and scores, to a smaller cfg with its weights */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "dataset/dataset.h"
#include "net/cost.h"
#include "progress.h"
#include "prune/export.h"
#include "recovering.h"
#include "scoring.h"
#include "share-options.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspScoringOptions scoring_options;
static EspRecoverOptions recover_options;
static EspShareOptions share_options = ESP_SHARE_OPTIONS_NONE;
static char *plan_path, *scores_path, *data, *output, *classes_text;
static gboolean reapply, rescore, no_oracle, redraw, onnx;

static const GOptionEntry options[] = {
  { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "Keep the channels that this plan keeps", "FILE" },
  { "scores", 0, 0, G_OPTION_ARG_FILENAME, &scores_path, "Rank by these scores", "FILE" },
  { "data", 0, 0, G_OPTION_ARG_FILENAME, &data, "Images for criteria that need them", "DATA" },
  ESP_SHARE_OPTIONS (share_options),
  { "keep-classes", 0, 0, G_OPTION_ARG_STRING, &classes_text,
    "Cut all other classes of the heads; NEW gets the mean of the numbers of C and D", "A,B,NEW=C+D" },
  { "redraw-classes", 0, 0, G_OPTION_ARG_NONE, &redraw, "Classes made of several begin with numbers drawn by --seed instead", NULL },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder for pruned.cfg, pruned.weights, index-map.json and plan.json", "DIR" },
  { "reapply", 0, 0, G_OPTION_ARG_NONE, &reapply, "With --plan and other weights: keep the same channels", NULL },
  { "rescore", 0, 0, G_OPTION_ARG_NONE, &rescore, "With --plan and other weights: rank anew by the plan's criterion", NULL },
  { "onnx", 0, 0, G_OPTION_ARG_NONE, &onnx, "Write pruned.onnx too", NULL },
  { "no-oracle", 0, 0, G_OPTION_ARG_NONE, &no_oracle, "Do not ask libdarknet whether it runs the files likewise", NULL },
  ESP_RECOVER_OPTIONS (recover_options),
  ESP_SCORING_OPTIONS (scoring_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* What is pruned, whose files those are, and what came of it. */
typedef struct
{
  EspLoaded loaded;
  char *cfg_hash, *weights_hash;
  GStrv names; /* (nullable): of the network's classes */
  EspPlan *plan;
  EspJob *job;
  EspExportResult result;
  EspRecovered recovered;
  GError *error;
} Task;

static void
task_clear (Task *task)
{
  esp_loaded_clear (&task->loaded);
  g_clear_object (&task->plan);
  g_clear_pointer (&task->job, esp_job_unref);
  esp_export_result_clear (&task->result);
  g_free (task->cfg_hash);
  g_free (task->weights_hash);
  g_strfreev (task->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

static gboolean
refuse_usage (GError **error, const char *message)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, message);
  return FALSE;
}

static gboolean
check_usage (GError **error)
{
  const gboolean said = esp_share_options_any (&share_options);

  if (output == NULL)
    return refuse_usage (error, "expected --output DIR");
  if (redraw && classes_text == NULL)
    return refuse_usage (error, "--redraw-classes goes with --keep-classes");
  if (classes_text != NULL && plan_path == NULL && scores_path == NULL && scoring_options.criterion == NULL && !said)
    return TRUE;
  if ((plan_path != NULL) + (scores_path != NULL) + (scoring_options.criterion != NULL && !rescore) != 1)
    return refuse_usage (error, "expected one of --plan FILE, --scores FILE and --criterion C");
  if (plan_path != NULL && said)
    return refuse_usage (error,
                         "with --plan all shares are the plan's: expected none of --ratio, --global, --normalise, --group, --threshold, "
                         "--count, --layer…, --protect, --cut, --floor, --round");
  if (plan_path == NULL && (reapply || rescore))
    return refuse_usage (error, "--reapply and --rescore go with --plan");
  if (reapply && rescore)
    return refuse_usage (error, "expected one of --reapply and --rescore");
  if (plan_path == NULL && !esp_share_options_cuts (&share_options))
    return refuse_usage (error, "expected --ratio R, --global R, --group NAME=R or another option that says what is to go");
  return TRUE;
}

/* What can be done about it, behind the message. */
static void
append_hint (GError *error, const char *hint)
{
  char *message = g_strconcat (error->message, "; ", hint, NULL);

  g_free (error->message);
  error->message = message;
}

static gboolean
load_plan (Task *task, EspCommon *common, GError **error)
{
  g_autoptr (EspScores) scores = NULL;
  const char *criterion = scoring_options.criterion;

  esp_plan_set_hashes (task->plan, task->cfg_hash, reapply || rescore ? NULL : task->weights_hash);
  if (!esp_plan_load (task->plan, plan_path, error))
    {
      if (!reapply && !rescore && error != NULL && strstr ((*error)->message, "another weights file") != NULL)
        append_hint (*error, "--reapply keeps the same channels of these, --rescore ranks them anew");
      return FALSE;
    }
  if (!rescore)
    return TRUE;
  if (criterion == NULL && esp_plan_get_scores (task->plan) != NULL)
    criterion = esp_scores_get_criterion (esp_plan_get_scores (task->plan));
  if (criterion == NULL)
    return refuse_usage (error, "the plan has no criterion to rank by anew: expected --criterion C");
  scores = esp_scoring_run (&scoring_options, criterion, data, &task->loaded, common, error);
  if (scores != NULL)
    esp_plan_set_scores (task->plan, scores);
  return scores != NULL;
}

static gboolean
make_plan (Task *task, EspCommon *common, GError **error)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (task->loaded.network);
  g_autoptr (EspScores) scores = NULL;

  task->plan = esp_plan_new (task->loaded.network, coupling, NULL);
  if (plan_path != NULL)
    return load_plan (task, common, error);
  if (scores_path == NULL && scoring_options.criterion == NULL) /* only classes are cut */
    return TRUE;
  if (!esp_share_options_begin (&share_options, task->plan, error)) /* before the work: a wrong word is told at once */
    return FALSE;
  scores = scores_path != NULL ? esp_scores_load (task->loaded.network, scores_path, error)
                               : esp_scoring_run (&scoring_options, scoring_options.criterion, data, &task->loaded, common, error);
  if (scores == NULL)
    return FALSE;
  esp_plan_set_scores (task->plan, scores);
  return esp_share_options_end (&share_options, task->plan, error);
}

/* What the words say goes before what the plan's file says. */
static gboolean
set_classes (Task *task, const EspCommon *common, GError **error)
{
  EspNetwork *network = task->loaded.network;
  const int n_classes = MAX (esp_network_get_classes (network), esp_network_get_scores (network));
  g_autoptr (EspKeepClasses) keep = NULL, redrawn = NULL;

  if (scoring_options.names != NULL && (task->names = esp_names_load (scoring_options.names, error)) == NULL)
    return FALSE;
  if (classes_text == NULL)
    return TRUE;
  keep = esp_keep_classes_parse (classes_text, (const char *const *) task->names, (guint) MAX (n_classes, 0), error);
  if (keep == NULL)
    return FALSE;
  redrawn = redraw ? esp_keep_classes_redrawn (keep, (guint64) common->seed) : esp_keep_classes_ref (keep);
  esp_plan_set_keep_classes (task->plan, redrawn);
  return TRUE;
}

static void
task_run (gpointer data_)
{
  Task *task = data_;
  const EspExport what = { .plan = task->plan,
                           .weights = task->loaded.weights,
                           .cfg_hash = task->cfg_hash,
                           .weights_hash = task->weights_hash,
                           .bn = task->loaded.run.bn,
                           .seed = 1,
                           .oracle = !no_oracle,
                           .onnx = onnx,
                           .names = (const char *const *) task->names };

  esp_export_write (&what, output, &task->result, task->job, &task->error);
}

static void
add_groups (JsonBuilder *json, EspPlan *plan)
{
  json_builder_set_member_name (json, "groups");
  json_builder_begin_array (json);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      json_builder_begin_object (json);
      esp_json_string (json, "name", esp_plan_get_group (plan, g)->name);
      esp_json_double (json, "ratio", esp_plan_get_ratio (plan, g));
      esp_json_int (json, "channels", esp_plan_get_group (plan, g)->n_channels);
      esp_json_int (json, "kept", esp_plan_count_kept (plan, g));
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

/* What the classes are called that are left; null where all are. */
static void
add_classes (JsonBuilder *json, EspPlan *plan)
{
  const EspKeepClasses *keep = esp_plan_get_keep_classes (plan);

  json_builder_set_member_name (json, "classes");
  if (keep == NULL)
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_array (json);
  for (guint c = 0; c < esp_keep_classes_get_n (keep); c++)
    json_builder_add_string_value (json, esp_keep_classes_get_name (keep, c));
  json_builder_end_array (json);
}

static void
print (const Task *task, EspCost before, EspCost after)
{
  for (guint g = 0; g < esp_plan_get_n_groups (task->plan); g++)
    g_print ("%-20s %5.1f %% to go, %u of %u kept\n", esp_plan_get_group (task->plan, g)->name, esp_plan_get_ratio (task->plan, g) * 100,
             esp_plan_count_kept (task->plan, g), esp_plan_get_group (task->plan, g)->n_channels);
  g_print ("parameters %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT ", BFLOPs %.3f → %.3f, file %.2f → %.2f MB\n", before.params,
           after.params, before.bflops, after.bflops, (double) before.file_bytes / 1e6, (double) task->result.file_bytes / 1e6);
  g_print ("cut against masked: %.2g in double (%d × %d), %.2g as the engine runs, of each layer's maximum\n", task->result.difference,
           task->result.width, task->result.height, task->result.difference_float);
  if (task->result.oracle_reason != NULL)
    g_print ("no oracle: %s\n", task->result.oracle_reason);
  else
    g_print (ESP_ORACLE_NAME " agrees: %.2g of each layer's maximum\n", task->result.oracle_difference);
  g_print ("%s: pruned.cfg, pruned.weights, index-map.json, plan.json, report.json%s%s\n", output,
           task->names != NULL || esp_plan_get_keep_classes (task->plan) != NULL ? ", pruned.names, pruned.data" : "",
           onnx ? ", pruned.onnx" : "");
}

static void
add_oracle (JsonBuilder *json, const EspExportResult *result)
{
  json_builder_set_member_name (json, "oracle");
  if (result->oracle_reason != NULL)
    {
      json_builder_add_null_value (json);
      esp_json_string (json, "oracle_reason", result->oracle_reason);
      return;
    }
  json_builder_begin_object (json);
  esp_json_string (json, "name", ESP_ORACLE_NAME);
  esp_json_double (json, "max_difference", result->oracle_difference);
  json_builder_end_object (json);
}

static void
tell (const Task *task, const EspCommon *common, JsonBuilder *json)
{
  const EspCost before = esp_cost_of (task->loaded.network, NULL);
  EspCost after = task->result.cost;

  after.file_bytes = task->result.file_bytes; /* as written */
  esp_json_cost (json, "before", before);
  esp_json_cost (json, "after", after);
  esp_json_double (json, "max_difference", task->result.difference);
  esp_json_double (json, "max_difference_float", task->result.difference_float);
  esp_json_int (json, "compared_width", task->result.width);
  esp_json_int (json, "compared_height", task->result.height);
  add_oracle (json, &task->result);
  add_groups (json, task->plan);
  add_classes (json, task->plan);
  esp_recovering_tell (&recover_options, &task->recovered, common, json);
  esp_json_string (json, "output", output);
  if (!common->json)
    print (task, before, after);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .job = esp_job_new ("Pruning") };

  if (!check_usage (error) || !esp_recovering_check (&recover_options, error)
      || !esp_loaded_open (&task.loaded, argv[0], argv[1], &network_options, error)
      || (task.cfg_hash = esp_hash_file (argv[0], error)) == NULL || (task.weights_hash = esp_hash_file (argv[1], error)) == NULL
      || !make_plan (&task, common, error) || !set_classes (&task, common, error)
      || !esp_recovering_run (&recover_options, task.plan, &task.loaded, scoring_options.names, common, &task.recovered, error))
    return FALSE;
  esp_common_run (common, task.job, task_run, &task);
  if (task.error != NULL)
    {
      if (g_error_matches (task.error, ESP_ERROR, ESP_ERROR_ORACLE))
        append_hint (task.error, "--no-oracle leaves it unasked");
      g_propagate_error (error, task.error);
      return FALSE;
    }
  tell (&task, common, json);
  return TRUE;
}

const EspVerb esp_verb_prune = {
  .name = "prune",
  .arguments = "NET.cfg WEIGHTS",
  .summary = "Cut channels: write a smaller cfg, its weights, the index map and the plan (whole blocks: blocks --remove)",
  .options = options,
  .least = 2,
  .most = 2,
  .run = run,
};
