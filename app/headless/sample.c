/* sample.c: espalier-cli sample: writes the sample data set, network and plan */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "verbs.h"

#include "draw/sample.h"
#include "progress.h"

#define MOST_SCENES 1000000

static int n_scenes = 128;

static const GOptionEntry options[] = {
  { "test", 0, 0, G_OPTION_ARG_INT, &n_scenes, "Number of scenes (default 128)", "N" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  const char *folder;
  EspSampleOptions options;
  EspJob *job;
  GError *error; /* out */
} Writing;

static void
write_sample (gpointer data)
{
  Writing *writing = data;

  esp_sample_write (writing->folder, &writing->options, writing->job, &writing->error);
}

static gboolean
run_sample (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Drawing the sample");
  Writing writing = { argv[0], { (guint) MAX (n_scenes, 0), (guint64) common->seed, esp_common_lane (common) }, job, NULL };

  if (n_scenes < 1 || n_scenes > MOST_SCENES)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--test %d: expected 1 to %d scenes", n_scenes, MOST_SCENES);
      return FALSE;
    }
  esp_common_run_beside (common, job, write_sample, &writing);
  if (writing.error != NULL)
    {
      g_propagate_error (error, writing.error);
      return FALSE;
    }
  if (!common->json)
    g_print ("%d scenes, sample.cfg, sample.weights and plan.json are in %s\n", n_scenes, argv[0]);
  esp_json_string (json, "folder", argv[0]);
  esp_json_int (json, "images", n_scenes);
  return TRUE;
}

const EspVerb esp_verb_sample = {
  .name = "sample",
  .arguments = "DIR",
  .summary = "Write the sample data set, network and plan",
  .options = options,
  .least = 1,
  .most = 1,
  .run = run_sample,
};
