/* blocks.c: espalier-cli blocks: which shortcut blocks can go, what each is worth, and the network without some */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <errno.h>
#include <math.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "labelled.h"
#include "progress.h"
#include "search/blocks-effect.h"
#include "verbs.h"

#define REPLICATES 2000
#define SECONDS    1.0
#define BOUND      1e-12

static EspNetworkOptions network_options;
static EspLabelledOptions labelled_options;
static char **remove_text;
static char *output;
static gboolean timed;

static const GOptionEntry options[] = {
  { "remove", 0, 0, G_OPTION_ARG_STRING_ARRAY, &remove_text, "Take out the block that ends in this shortcut; may be repeated", "LAYER" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Folder for removed.cfg, removed.weights and layer-map.json", "DIR" },
  { "time", 0, 0, G_OPTION_ARG_NONE, &timed, "Time the network without each block, too", NULL },
  ESP_LABELLED_OPTIONS (labelled_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* What is looked at, and what came of it. */
typedef struct
{
  EspLoaded loaded;
  EspLabelled labelled;
  GArray *chosen; /* of guint: those to go, or all that can */
  EspBlocksInput input;
  EspBlocksEffect *effects; /* (nullable) */
  EspNetwork *small;        /* (nullable): without those to go */
  EspWeights *small_weights;
  int *layer_map;
  double difference;
  EspJob *job;
  GError *error;
} Task;

static void
task_clear (Task *task)
{
  g_clear_pointer (&task->chosen, g_array_unref);
  g_clear_pointer (&task->small, esp_network_unref);
  g_clear_pointer (&task->small_weights, esp_weights_unref);
  g_clear_pointer (&task->job, esp_job_unref);
  g_free (task->effects);
  g_free (task->layer_map);
  esp_labelled_clear (&task->labelled);
  esp_loaded_clear (&task->loaded);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Task, task_clear)

static gboolean
check_options (int argc, GError **error)
{
  const char *why = NULL;

  if (remove_text == NULL && output != NULL)
    why = "--output goes with --remove LAYER";
  else if (remove_text != NULL && argc < 2)
    why = "--remove takes layers out of a network with its weights: expected NET.cfg WEIGHTS";
  else if (timed && argc < 2)
    why = "--time runs the network: expected NET.cfg WEIGHTS";
  if (why != NULL)
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, why);
  return why == NULL;
}

static gboolean
read_layers (Task *task, GError **error)
{
  const guint n_layers = esp_network_get_n_layers (task->loaded.network);

  task->chosen = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; remove_text != NULL && remove_text[i] != NULL; i++)
    {
      guint64 layer = 0;
      guint one;

      if (!g_ascii_string_to_unsigned (remove_text[i], 10, 0, n_layers - 1, &layer, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--remove %s: expected a layer, 0 to %u", remove_text[i],
                       n_layers - 1);
          return FALSE;
        }
      one = (guint) layer;
      g_array_append_val (task->chosen, one);
    }
  return TRUE;
}

static void
choose_all (Task *task, const GArray *blocks)
{
  for (guint i = 0; i < blocks->len; i++)
    g_array_append_val (task->chosen, g_array_index (blocks, EspBlock, i).last);
}

static gboolean
take_out (Task *task, GError **error)
{
  const guint *chosen = (const guint *) (gpointer) task->chosen->data;

  if (!esp_blocks_remove (task->loaded.network, task->loaded.weights, chosen, task->chosen->len, &task->small, &task->small_weights,
                          &task->layer_map, error)
      || !esp_blocks_check (task->loaded.network, task->loaded.weights, chosen, task->chosen->len, task->small, task->small_weights,
                            task->layer_map, task->loaded.run.bn, 1, &task->difference, task->job, error))
    return FALSE;
  if (task->difference <= BOUND)
    return TRUE;
  g_set_error (
      error, ESP_ERROR, ESP_ERROR_SHAPE,
      "the network without its blocks differs by %g of a layer's maximum from the one whose blocks are 0, at most %g is accepted: nothing "
      "was written",
      task->difference, BOUND);
  return FALSE;
}

static void
work (gpointer data)
{
  Task *task = data;

  if (remove_text != NULL && !take_out (task, &task->error))
    return;
  if (task->chosen->len > 0 && (task->input.dataset != NULL || timed))
    task->effects
        = esp_blocks_effects (&task->input, (const guint *) (gpointer) task->chosen->data, task->chosen->len, task->job, &task->error);
}

static const char *const files[] = { "removed.weights", "layer-map.json", "removed.cfg" };

static gboolean
write_map (const Task *task, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-layer-map\", \"version\": 1, \"layers\": [");

  for (guint l = 0; l < esp_network_get_n_layers (task->loaded.network); l++)
    g_string_append_printf (text, l > 0 ? ", %d" : "%d", task->layer_map[l]);
  g_string_append (text, "]}\n");
  return esp_file_write (path, text->str, text->len, error);
}

static gboolean
make_files (const Task *task, char *const *paths, GError **error)
{
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (task->small), &n);

  return esp_weights_save (task->small, task->small_weights, paths[0], error) && write_map (task, paths[1], error)
         && esp_file_write (paths[2], text, n, error);
}

/* An earlier result goes, its cfg first, and the new cfg comes last: without one the others are no network, and no two are ever mixed. */
static gboolean
put_into_place (char *const *made, char *const *places, GError **error)
{
  gboolean done = g_remove (places[2]) == 0 || errno == ENOENT;

  for (guint i = 0; i < G_N_ELEMENTS (files) && done; i++)
    done = g_rename (made[i], places[i]) == 0;
  if (!done)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: could not be put into place: %s", output, g_strerror (errno));
  return done;
}

/* All made before anything of an earlier result is touched. */
static gboolean
write_files (const Task *task, GError **error)
{
  g_autofree char *folder = g_build_filename (output, ".removed-XXXXXX", NULL);
  char *made[G_N_ELEMENTS (files)], *places[G_N_ELEMENTS (files)];
  gboolean done;

  if (!esp_folder_make (output, error))
    return FALSE;
  if (g_mkdtemp (folder) == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", folder, g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      made[i] = g_build_filename (folder, files[i], NULL);
      places[i] = g_build_filename (output, files[i], NULL);
    }
  done = make_files (task, made, error) && put_into_place (made, places, error);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_remove (made[i]);
      g_free (made[i]);
      g_free (places[i]);
    }
  g_rmdir (folder);
  return done;
}

static void
add_effect (JsonBuilder *json, const EspBlocksEffect *effect)
{
  esp_json_double (json, "map", effect->map);
  esp_json_double (json, "difference", effect->difference.value);
  json_builder_set_member_name (json, "difference_interval");
  if (isnan (effect->difference.value))
    json_builder_add_null_value (json);
  else
    {
      json_builder_begin_array (json);
      json_builder_add_double_value (json, effect->difference.low);
      json_builder_add_double_value (json, effect->difference.high);
      json_builder_end_array (json);
    }
  esp_json_double (json, "ms", effect->latency.repeats > 0 ? effect->latency.median_ms : NAN);
}

static const EspBlocksEffect *
effect_of (const Task *task, guint layer)
{
  for (guint i = 0; task->effects != NULL && i < task->chosen->len; i++)
    if (g_array_index (task->chosen, guint, i) == layer)
      return &task->effects[i + 1];
  return NULL;
}

static void
print_effect (const EspBlocksEffect *effect)
{
  if (!isnan (effect->map))
    g_print (", mAP %.2f %%", effect->map * 100);
  if (!isnan (effect->difference.value))
    g_print (", %+.2f (95 %% %+.2f to %+.2f)", effect->difference.value * 100, effect->difference.low * 100, effect->difference.high * 100);
  if (effect->latency.repeats > 0)
    g_print (", %.2f ms (quartiles %.2f to %.2f)", effect->latency.median_ms, effect->latency.low_ms, effect->latency.high_ms);
  g_print ("\n");
}

static void
tell_blocks (const Task *task, const GArray *blocks, const EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "blocks");
  json_builder_begin_array (json);
  for (guint i = 0; i < blocks->len; i++)
    {
      const EspBlock *block = &g_array_index (blocks, EspBlock, i);
      const EspBlocksEffect *effect = effect_of (task, block->last);

      json_builder_begin_object (json);
      esp_json_int (json, "layer", block->last);
      esp_json_int (json, "first", block->first);
      esp_json_int (json, "source", block->source);
      esp_json_int (json, "params", (gint64) block->saved.params);
      esp_json_double (json, "bflops", block->saved.bflops);
      if (effect != NULL)
        add_effect (json, effect);
      json_builder_end_object (json);
      if (common->json)
        continue;
      g_print ("block %u: layers %u to %u, %" G_GUINT64_FORMAT " parameters, %.4f BFLOPs", block->last, block->first, block->last,
               block->saved.params, block->saved.bflops);
      if (effect != NULL)
        print_effect (effect);
      else
        g_print ("\n");
    }
  json_builder_end_array (json);
}

/* The shortcuts that stay, with why. */
static void
tell_others (const EspNetwork *network, const EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "others");
  json_builder_begin_array (json);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      g_autofree char *why = esp_network_get_layer (network, l)->kind == ESP_LAYER_SHORTCUT ? esp_blocks_why (network, l) : NULL;

      if (why == NULL)
        continue;
      json_builder_begin_object (json);
      esp_json_int (json, "layer", l);
      esp_json_string (json, "why", why);
      json_builder_end_object (json);
      if (!common->json)
        g_print ("shortcut %u stays: %s\n", l, why);
    }
  json_builder_end_array (json);
}

static void
tell_removed (const Task *task, const EspCommon *common, JsonBuilder *json)
{
  const EspCost before = esp_cost_of (task->loaded.network, NULL), after = esp_cost_of (task->small, NULL);

  esp_json_cost (json, "before", before);
  esp_json_cost (json, "after", after);
  esp_json_double (json, "max_difference", task->difference);
  esp_json_string (json, "output", output);
  if (common->json)
    return;
  g_print ("parameters %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT
           ", BFLOPs %.4f → %.4f; against the blocks multiplied by 0: %.2g in double\n",
           before.params, after.params, before.bflops, after.bflops, task->difference);
  if (output != NULL)
    g_print ("%s: removed.cfg, removed.weights, layer-map.json\n", output);
}

static void
tell_whole (const Task *task, const EspCommon *common, JsonBuilder *json)
{
  const struct
  {
    const char *name;
    guint index;
  } rows[] = { { "whole", 0 }, { "without", task->chosen->len + 1 } };

  for (guint i = 0; task->effects != NULL && i < (remove_text != NULL ? 2 : 1); i++)
    {
      json_builder_set_member_name (json, rows[i].name);
      json_builder_begin_object (json);
      add_effect (json, &task->effects[rows[i].index]);
      json_builder_end_object (json);
      if (common->json)
        continue;
      g_print ("%s", rows[i].name);
      print_effect (&task->effects[rows[i].index]);
    }
}

static gboolean
open_task (Task *task, int argc, char **argv, const EspCommon *common, GError **error)
{
  if (!check_options (argc, error) || !esp_loaded_open (&task->loaded, argv[0], argc > 1 ? argv[1] : NULL, &network_options, error)
      || !read_layers (task, error)
      || (argc > 2 && !esp_labelled_open (&task->labelled, "blocks", argv[2], &labelled_options, &task->loaded, error)))
    return FALSE;
  task->input = (EspBlocksInput){ .network = task->loaded.network,
                                  .weights = task->loaded.weights,
                                  .dataset = task->labelled.dataset,
                                  .map = task->labelled.map,
                                  .cache = task->labelled.cache,
                                  .options = &task->loaded.run,
                                  .protocol = esp_protocol_find ("darknet"),
                                  .replicates = REPLICATES,
                                  .seed = (guint64) common->seed,
                                  .seconds = timed ? SECONDS : 0,
                                  .together = remove_text != NULL };
  return TRUE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Task) task = { .job = esp_job_new ("Leaving out blocks") };
  g_autoptr (GArray) blocks = NULL;

  if (!open_task (&task, argc, argv, common, error))
    return FALSE;
  blocks = esp_blocks_find (task.loaded.network);
  if (remove_text == NULL)
    choose_all (&task, blocks);
  esp_common_run (common, task.job, work, &task);
  if (task.error != NULL)
    {
      g_propagate_error (error, task.error);
      return FALSE;
    }
  if (output != NULL && !write_files (&task, error))
    return FALSE;
  tell_blocks (&task, blocks, common, json);
  tell_others (task.loaded.network, common, json);
  tell_whole (&task, common, json);
  if (remove_text != NULL)
    tell_removed (&task, common, json);
  return TRUE;
}

const EspVerb esp_verb_blocks = {
  .name = "blocks",
  .arguments = "NET.cfg [WEIGHTS [DATA]]",
  .summary = "Which shortcut blocks can go whole, what each is worth, and the network without some",
  .options = options,
  .least = 1,
  .most = 3,
  .run = run,
};
