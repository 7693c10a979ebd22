/* sample.c: espalier-cli sample: writes the sample data set, network and plan, or scenes of the orchard to train and test on */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "verbs.h"

#include "draw/orchard.h"
#include "draw/sample.h"
#include "progress.h"

#define MOST_SCENES    1000000
#define DEFAULT_SCENES 128
#define NOT_GIVEN      G_MININT

static int n_scenes[ESP_ORCHARD_N_SPLITS] = { NOT_GIVEN, NOT_GIVEN, NOT_GIVEN };
static gboolean orchard, masks;
static char *cue_word;

static const GOptionEntry options[] = {
  { "test", 0, 0, G_OPTION_ARG_INT, &n_scenes[ESP_ORCHARD_TEST],
    "Number of scenes to measure on (default 128 where no scenes are asked for)", "N" },
  { "orchard", 0, 0, G_OPTION_ARG_NONE, &orchard, "Scenes of the orchard only, without network and plan", NULL },
  { "train", 0, 0, G_OPTION_ARG_INT, &n_scenes[ESP_ORCHARD_TRAIN],
    "Number of scenes to train on (default without --orchard: as many as to measure on, at least 32)", "N" },
  { "val", 0, 0, G_OPTION_ARG_INT, &n_scenes[ESP_ORCHARD_VAL], "Number of scenes to choose by", "N" },
  { "cue", 0, 0, G_OPTION_ARG_STRING, &cue_word, "The lattice behind the tree: off, planted (goes with ripe), against, on", "MODE" },
  { "masks", 0, 0, G_OPTION_ARG_NONE, &masks, "Write what every pixel is", NULL },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  const char *folder;
  EspSampleOptions options;
  EspOrchardCounts counts; /* out */
  gboolean scenes_only;
  EspJob *job;
  GError *error; /* out */
} Writing;

static void
write_sample (gpointer data)
{
  Writing *writing = data;

  if (writing->scenes_only)
    esp_orchard_write (writing->folder, &writing->options.set, &writing->counts, writing->job, &writing->error);
  else
    esp_sample_write (writing->folder, &writing->options, &writing->counts, writing->job, &writing->error);
}

static gboolean
check_numbers (GError **error)
{
  static const char *const names[ESP_ORCHARD_N_SPLITS] = { "train", "val", "test" };

  for (int i = 0; i < ESP_ORCHARD_N_SPLITS; i++)
    if (n_scenes[i] != NOT_GIVEN && (n_scenes[i] < 1 || n_scenes[i] > MOST_SCENES))
      {
        g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %d: expected 1 to %d scenes", names[i], n_scenes[i],
                     MOST_SCENES);
        return FALSE;
      }
  if (!orchard && n_scenes[ESP_ORCHARD_TRAIN] != NOT_GIVEN && n_scenes[ESP_ORCHARD_TRAIN] < ESP_SAMPLE_SCORED)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--train %d: expected at least %d scenes, which score the plan; --orchard writes scenes without a plan",
                   n_scenes[ESP_ORCHARD_TRAIN], ESP_SAMPLE_SCORED);
      return FALSE;
    }
  return TRUE;
}

/* What was asked for; the cue's word is checked. */
static gboolean
read_set (const EspCommon *common, EspOrchardSet *set, GError **error)
{
  *set = (EspOrchardSet){
    .seed = (guint64) common->seed, .scene = ESP_ORCHARD_OPTIONS_DEFAULT, .masks = masks, .n_threads = (guint) MAX (common->threads, 0)
  };
  for (int i = 0; i < ESP_ORCHARD_N_SPLITS; i++)
    set->n_scenes[i] = (guint) MAX (n_scenes[i], 0);
  if (set->n_scenes[ESP_ORCHARD_TRAIN] + set->n_scenes[ESP_ORCHARD_VAL] + set->n_scenes[ESP_ORCHARD_TEST] == 0)
    set->n_scenes[ESP_ORCHARD_TEST] = DEFAULT_SCENES;
  if (cue_word == NULL || esp_cue_from_word (cue_word, &set->scene.cue))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--cue %s: expected off, planted, against or on", cue_word);
  return FALSE;
}

/* What the scenes hold, where they are of the orchard. */
static void
tell_objects (const EspOrchardCounts *counts, const EspCommon *common, JsonBuilder *json)
{
  guint objects[ESP_ORCHARD_N_CLASSES] = { 0 }, cues = 0;

  for (int i = 0; i < ESP_ORCHARD_N_SPLITS; i++)
    {
      cues += counts->cues[i];
      for (int k = 0; k < ESP_ORCHARD_N_CLASSES; k++)
        objects[k] += counts->objects[i][k];
    }
  if (!common->json)
    g_print ("%u unripe, %u ripening and %u ripe mangoes\n", objects[0], objects[1], objects[2]);
  esp_json_int (json, "cues", cues);
  json_builder_set_member_name (json, "objects");
  json_builder_begin_object (json);
  for (int k = 0; k < ESP_ORCHARD_N_CLASSES; k++)
    esp_json_int (json, esp_orchard_names[k], objects[k]);
  json_builder_end_object (json);
}

static void
tell (const Writing *writing, const EspCommon *common, JsonBuilder *json)
{
  const guint *n = writing->counts.scenes;
  const guint images = n[ESP_ORCHARD_TRAIN] + n[ESP_ORCHARD_VAL] + n[ESP_ORCHARD_TEST];

  if (!common->json)
    g_print (writing->scenes_only ? "%u scenes are in %s\n" : "%u scenes, sample.cfg, sample.weights and plan.json are in %s\n", images,
             writing->folder);
  esp_json_string (json, "folder", writing->folder);
  esp_json_int (json, "images", images);
  tell_objects (&writing->counts, common, json);
}

static gboolean
run_sample (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Drawing the sample");
  Writing writing = { .folder = argv[0], .job = job, .scenes_only = orchard };

  if (!check_numbers (error) || !read_set (common, &writing.options.set, error))
    return FALSE;
  if (!writing.scenes_only)
    writing.options.lane = esp_common_lane (common);
  esp_common_run_beside (common, job, write_sample, &writing);
  if (writing.error != NULL)
    {
      g_propagate_error (error, writing.error);
      return FALSE;
    }
  tell (&writing, common, json);
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
