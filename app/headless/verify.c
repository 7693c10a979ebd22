/* verify.c: espalier-cli verify: whether libdarknet gives the same for a network, layer by layer */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "measure/oracle.h"
#include "network-options.h"
#include "progress.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static char *image_path, *at_word;

static const GOptionEntry options[] = {
  { "image", 0, 0, G_OPTION_ARG_FILENAME, &image_path, "Feed this picture instead of noise drawn by --seed", "FILE" },
  { "at", 0, 0, G_OPTION_ARG_STRING, &at_word, "out (default); conv: before batch normalisation, of the convolutions that have it", "AT" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* What is asked, and what came of it. */
typedef struct
{
  EspLoaded loaded;
  const char *weights_path;
  float *input;
  EspAt at;
  EspJob *job;
  EspOracleReport report;
  EspLayerDifference distance;
  GError *error;
} Task;

static void
task_clear (Task *task)
{
  esp_loaded_clear (&task->loaded);
  esp_oracle_report_clear (&task->report);
  g_clear_pointer (&task->job, esp_job_unref);
  g_free (task->input);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

static void
task_run (gpointer data)
{
  Task *task = data;
  const EspLoaded *loaded = &task->loaded;
  const EspOracleQuestion question = { loaded->network, loaded->weights, task->weights_path, task->input, task->at, 0 };

  if (esp_bn_distance (loaded->network, loaded->weights, loaded->run.bn, ESP_BN_DARKNET, task->input, &task->distance, task->job,
                       &task->error))
    esp_oracle_compare (&question, &task->report, task->job, &task->error);
}

static gboolean
parse_at (EspAt *at, GError **error)
{
  *at = g_strcmp0 (at_word, "conv") == 0 ? ESP_AT_CONV : ESP_AT_OUT;
  if (at_word == NULL || *at == ESP_AT_CONV || g_str_equal (at_word, "out"))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--at %s: expected conv or out, the two that libdarknet keeps", at_word);
  return FALSE;
}

static float *
load_input (const EspLoaded *loaded, guint64 seed, GError **error)
{
  const EspShape shape = esp_network_get_input (loaded->network);
  g_autoptr (EspImage) image = NULL;
  float *input;

  if (image_path == NULL)
    return esp_oracle_noise (loaded->network, seed);
  image = esp_image_load (image_path, loaded->run.orientation, 0, 0, error);
  if (image == NULL)
    return NULL;
  input = g_new (float, esp_shape_count (shape));
  esp_fit_image (loaded->run.fit, image, shape.c, shape.h, shape.w, input);
  return input;
}

static void
add_layers (JsonBuilder *json, const Task *task)
{
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < task->report.n_layers; i++)
    {
      const EspLayerDifference *one = &task->report.layers[i];

      json_builder_begin_object (json);
      esp_json_int (json, "layer", one->layer);
      esp_json_string (json, "kind", esp_layer_kind_name (esp_network_get_layer (task->loaded.network, one->layer)->kind));
      esp_json_double (json, "difference", one->difference);
      esp_json_double (json, "largest", one->largest);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

/* With no oracle its keys are there, null. */
static void
add_answer (JsonBuilder *json, const Task *task)
{
  const EspOracleReport *report = &task->report;

  esp_json_string (json, "oracle", report->reason == NULL ? ESP_ORACLE_NAME : NULL);
  if (report->reason != NULL)
    {
      esp_json_string (json, "oracle_reason", report->reason);
      esp_json_string (json, "max_difference", NULL);
      esp_json_string (json, "agrees", NULL);
    }
  else
    {
      esp_json_double (json, "max_difference", report->worst.difference);
      json_builder_set_member_name (json, "agrees");
      json_builder_add_boolean_value (json, esp_oracle_agrees (report));
      esp_json_int (json, "worst_layer", report->worst.layer);
      esp_json_double (json, "accepted", ESP_ORACLE_BOUND);
    }
  esp_json_double (json, "bn_eps_distance", task->distance.difference);
  esp_json_int (json, "bn_eps_layer", task->distance.layer);
}

static void
print (const Task *task, guint64 seed)
{
  const EspOracleReport *report = &task->report;
  const EspBnForm form = task->loaded.run.bn;

  for (guint i = 0; i < report->n_layers; i++)
    g_print ("%5u %-14s %9.2e of %.4g\n", report->layers[i].layer,
             esp_layer_kind_name (esp_network_get_layer (task->loaded.network, report->layers[i].layer)->kind),
             report->layers[i].difference, report->layers[i].largest);
  if (image_path == NULL)
    g_print ("input: noise of seed %" G_GUINT64_FORMAT "\n", seed);
  if (report->reason != NULL)
    g_print ("no oracle: %s\n", report->reason);
  else
    g_print (ESP_ORACLE_NAME " %s: layer %u differs most, by %.2e of its maximum; at most %.0e is accepted\n",
             esp_oracle_agrees (report) ? "agrees" : "DISAGREES", report->worst.layer, report->worst.difference, ESP_ORACLE_BOUND);
  g_print ("batch normalisation of %s instead of darknet: %.2e in layer %u\n",
           form == ESP_BN_ALEXEY    ? "alexey"
           : form == ESP_BN_DARKNET ? "darknet"
                                    : "opencv",
           task->distance.difference, task->distance.layer);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .weights_path = argv[1], .job = esp_job_new ("Verifying") };

  if (!parse_at (&task.at, error) || !esp_loaded_open (&task.loaded, argv[0], argv[1], &network_options, error)
      || (task.input = load_input (&task.loaded, (guint64) common->seed, error)) == NULL)
    return FALSE;
  esp_common_run (common, task.job, task_run, &task);
  if (task.error != NULL)
    {
      g_propagate_error (error, task.error);
      return FALSE;
    }
  add_answer (json, &task);
  add_layers (json, &task);
  if (image_path == NULL)
    esp_json_int (json, "seed", common->seed);
  if (!common->json)
    print (&task, (guint64) common->seed);
  return TRUE;
}

const EspVerb esp_verb_verify = {
  .name = "verify",
  .arguments = "NET.cfg WEIGHTS",
  .summary = "Compare every layer with what libdarknet gives",
  .options = options,
  .least = 2,
  .most = 2,
  .run = run,
};
