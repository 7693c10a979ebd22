/* augment.c: espalier-cli augment: the images of a data set as training draws them, with their truths, to look at */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "verbs.h"

#include "base/file.h"
#include "data-options.h"
#include "draw/batch-picture.h"
#include "network-options.h"
#include "progress.h"
#include "train/feeder.h"

#define DEFAULT_COUNT 16
#define MOST_COUNT    100000

static EspDrawOptions draw_options;
static char *dialect, *split, *names_path, *images_path, *output;
static char **class_pairs, **settings;
static int count = DEFAULT_COUNT;
static gboolean plain;

static const GOptionEntry options[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder for the pictures", "DIR" },
  { "count", 0, 0, G_OPTION_ARG_INT, &count, "Number of images (default 16)", "N" },
  { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &settings, "Draw otherwise than the cfg says (mosaic=1); may be repeated", "KEY=NUMBER" },
  { "plain", 0, 0, G_OPTION_ARG_NONE, &plain, "Draw nothing but what --set says", NULL },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, val or test where the data set has them (default train, as for training)", "NAME" },
  ESP_DRAW_OPTIONS (draw_options),
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names of the network, one a line", "FILE" },
  { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &class_pairs, "Take class A of the data set for class B of the network; may be repeated",
    "A=B" },
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &images_path, "Folder of the images where the labels lie elsewhere", "DIR" },
  ESP_DIALECT_OPTION (dialect),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspNetwork *network;
  EspDataset *dataset;
  GStrv names; /* (nullable): the network's */
  EspClassMap *map;
  EspFeederOptions feeder;
  guint n_truths; /* out */
  EspJob *job;
  GError *error; /* out */
} Task;

static void
task_clear (Task *task)
{
  g_clear_pointer (&task->map, esp_class_map_free);
  g_clear_pointer (&task->dataset, esp_dataset_unref);
  g_clear_pointer (&task->network, esp_network_unref);
  g_clear_pointer (&task->names, g_strfreev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

/* As training refuses them. */
static gboolean
check_settings (const Task *task, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (esp_augment_check (&task->feeder.augment, task->network, &local))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--set %s", local->message);
  return FALSE;
}

static gboolean
read_settings (Task *task, EspCommon *common, GError **error)
{
  esp_feeder_options_init (&task->feeder, task->network);
  task->feeder.seed = (guint64) common->seed;
  task->feeder.workers = (guint) MAX (common->threads, 0);
  if (!plain && !esp_augment_read (&task->feeder.augment, task->network, error))
    return FALSE;
  for (guint i = 0; settings != NULL && settings[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;

      if (esp_augment_set (&task->feeder.augment, settings[i], &local))
        continue;
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--set %s", local->message);
      return FALSE;
    }
  return check_settings (task, error);
}

static gboolean
open_all (Task *task, char **argv, EspCommon *common, GError **error)
{
  const EspDatasetOptions data = { .split = split, .images = images_path };

  task->network = esp_options_load_network (argv[0], dialect, error);
  if (task->network == NULL || !read_settings (task, common, error))
    return FALSE;
  if (names_path != NULL && (task->names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  task->dataset = esp_data_open_train ("augment", argv[1], data, &draw_options, NULL, error);
  if (task->dataset == NULL)
    return FALSE;
  task->map = esp_class_map_new (task->dataset, (const char *const *) task->names, (guint) task->feeder.classes,
                                 (const char *const *) class_pairs, error);
  if (task->map != NULL && task->map->warning != NULL)
    g_printerr ("espalier-cli augment: %s\n", task->map->warning);
  return task->map != NULL;
}

static gboolean
save (Task *task, const EspBatch *batch, guint number, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%04u.png", number);
  g_autofree char *path = g_build_filename (output, name, NULL);
  const char *const *names = task->names != NULL ? (const char *const *) task->names : esp_dataset_get_names (task->dataset);

  task->n_truths += batch->labels[0].n;
  return esp_batch_picture_save (batch, 0, names, path, error);
}

static void
draw_all (gpointer data)
{
  Task *task = data;
  g_autoptr (EspFeeder) feeder = esp_feeder_new (task->dataset, task->map, &task->feeder, &task->error);

  for (guint i = 0; feeder != NULL && i < (guint) count && task->error == NULL; i++)
    {
      g_autoptr (EspBatch) batch = esp_feeder_next (feeder, task->job, &task->error);

      esp_job_set_progress (task->job, i, (guint64) count);
      if (batch != NULL)
        save (task, batch, i, &task->error);
    }
}

static gboolean
check_options (GError **error)
{
  if (output == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected -o DIR, a folder for the pictures");
  else if (count < 1 || count > MOST_COUNT)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--count %d: expected 1 to %d", count, MOST_COUNT);
  else
    return TRUE;
  return FALSE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Drawing images");
  g_auto (Task) task = { .job = job };
  g_autofree char *drawn = NULL;

  if (!check_options (error) || !open_all (&task, argv, common, error) || !esp_folder_make (output, error))
    return FALSE;
  esp_common_run_beside (common, job, draw_all, &task);
  if (task.error != NULL)
    {
      g_propagate_error (error, task.error);
      return FALSE;
    }
  drawn = esp_augment_describe (&task.feeder.augment);
  if (!common->json)
    g_print ("%d images with %u truths are in %s; drawn: %s\n", count, task.n_truths, output, drawn);
  esp_json_string (json, "folder", output);
  esp_json_int (json, "images", count);
  esp_json_int (json, "truths", task.n_truths);
  esp_json_string (json, "drawn", drawn);
  return TRUE;
}

const EspVerb esp_verb_augment = {
  .name = "augment",
  .arguments = "NET.cfg DATA",
  .summary = "Write the images of a data set as training draws them, with their truths",
  .options = options,
  .least = 2,
  .most = 2,
  .run = run,
};
