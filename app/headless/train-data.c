/* train-data.c: what the verb train opens: the data, the network for it, the weights it begins with */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "train-data.h"

#include "base/error.h"
#include "train/reclass.h"

/* What one data set is opened with; classes that the network lacks are refused unless it is made for the data's. */
static EspDatasetOptions
options_of (const EspTrainDataOptions *options, const EspNetwork *network, const char *split)
{
  const int scores = esp_network_get_scores (network);

  return (EspDatasetOptions){
    .split = split,
    .names = options->names,
    .images = options->images,
    .n_classes = options->classes_from_data ? 0
                 : scores > 0               ? scores
                                            : esp_network_get_classes (network),
  };
}

/* (transfer full): the split, and where it was not asked for by name, the whole of a data set that has no splits. */
static EspDataset *
open_train (const EspTrainDataOptions *options, const EspNetwork *network, const char *path, GError **error)
{
  const EspDrawOptions none = { NULL };
  g_autoptr (GError) local = NULL;
  EspDataset *dataset, *val;

  dataset = esp_data_open ("train", path, options_of (options, network, options->split != NULL ? options->split : "train"), &options->draw,
                           NULL, &local);
  if (dataset == NULL && options->split == NULL && g_error_matches (local, ESP_ERROR, ESP_ERROR_SPLIT))
    {
      EspDatasetOptions other = options_of (options, network, "val");

      val = esp_dataset_open (path, &other, NULL, NULL);
      if (val == NULL)
        return esp_data_open ("train", path, options_of (options, network, NULL), &none, NULL, error);
      esp_dataset_unref (val);
    }
  if (dataset == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return dataset;
}

/* What is validated on: what was asked for, else the same data's val; none where it has none. */
static gboolean
open_val (EspTrainData *data, const EspTrainDataOptions *options, const char *path, GError **error)
{
  const gboolean asked = options->val != NULL || options->val_split != NULL;
  const char *from = options->val != NULL ? options->val : path;
  const char *split = options->val_split != NULL ? options->val_split : options->val != NULL ? NULL : "val";
  const EspDrawOptions none = { NULL };
  g_autoptr (GError) local = NULL;

  if (options->no_val)
    return TRUE;
  data->val
      = esp_data_open ("train", from, options_of (options, data->network, split), split != NULL ? &options->draw : &none, NULL, &local);
  if (data->val != NULL)
    return TRUE;
  if (!asked && g_error_matches (local, ESP_ERROR, ESP_ERROR_SPLIT))
    {
      g_printerr ("espalier-cli train: %s: nothing is measured while it trains, and best.weights are the last ones (--val, --val-split)\n",
                  local->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
make_classes (EspTrainData *data, GError **error)
{
  const guint n = esp_dataset_get_n_classes (data->train);
  EspCfg *cfg = esp_reclass (data->network, n, error);
  EspNetwork *network = cfg != NULL ? esp_network_new_dialect (cfg, esp_network_get_dialect (data->network), error) : NULL;

  if (network == NULL)
    return FALSE;
  esp_network_unref (data->network);
  data->network = network;
  return TRUE;
}

/* Fewer classes than the network has are no error: it may be taught a part of them. Of other classes it is a slip that nobody would see. */
static void
tell_classes (const EspTrainData *data, const EspTrainDataOptions *options)
{
  const int scores = esp_network_get_scores (data->network), classes = scores > 0 ? scores : esp_network_get_classes (data->network);
  const guint n = esp_dataset_get_n_classes (data->train);

  if (options->classes_from_data || options->names != NULL || (int) n >= classes)
    return;
  g_printerr ("espalier-cli train: %s has %u %s, the network %d: they are taught as its first ones, in their order; --names FILE names its "
              "classes, --classes-from-data gives it the data's\n",
              esp_dataset_get_title (data->train), n, n == 1 ? "class" : "classes", classes);
}

static char *
describe_start (const char *weights, guint n_read, guint n_layers, const GArray *drawn)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "begins with %s", weights);
  if (n_read < n_layers)
    g_string_append_printf (text, ", of which the first %u of %u layers are taken", n_read, n_layers);
  if (drawn->len > 0)
    g_string_append (text, "; drawn by lot, at least in part, are layers");
  for (guint i = 0; i < MIN (drawn->len, 20u); i++)
    g_string_append_printf (text, " %u", g_array_index (drawn, guint, i));
  if (drawn->len > 20)
    g_string_append_printf (text, " and %u more", drawn->len - 20);
  return g_string_free (text, FALSE);
}

/* The weights are of @old: the cfg as it was given, or --weights-cfg. */
static gboolean
load_weights (EspTrainData *data, EspNetwork *old, const EspTrainDataOptions *options, EspStartOptions *start, GError **error)
{
  g_autoptr (EspWeights) trained = NULL;
  g_autoptr (GArray) drawn = NULL;
  guint n = esp_network_get_n_layers (data->network);

  trained = esp_weights_load_start (old, options->weights, start->upto, &n, error);
  if (trained == NULL)
    return FALSE;
  start->upto = n;
  data->weights = esp_start_from (data->network, old, trained, start, &drawn);
  data->start = describe_start (options->weights, n, esp_network_get_n_layers (old), drawn);
  return TRUE;
}

static gboolean
begin_weights (EspTrainData *data, EspNetwork *given, const EspTrainDataOptions *options, guint64 seed, GError **error)
{
  EspStartOptions start = {
    .seed = seed,
    .prior = options->prior,
    .heads = options->draw_heads ? ESP_START_DRAW_HEADS : ESP_START_KEEP_BOXES,
    .upto = (guint) options->upto,
  };
  g_autoptr (EspNetwork) old = NULL;

  if (options->weights == NULL)
    {
      data->weights = esp_start_new (data->network, &start);
      data->start = g_strdup ("begins with numbers drawn by lot");
      return TRUE;
    }
  old = options->weights_cfg != NULL ? esp_options_load_network (options->weights_cfg, options->dialect, error) : esp_network_ref (given);
  return old != NULL && load_weights (data, old, options, &start, error);
}

/**
 * esp_train_data_open:
 * @data: (out): left cleared on failure
 * @cfg: path of the network
 * @path: DATA
 * @options: what the command line says
 * @seed: of what is drawn
 * @error: those of the readers; G_OPTION_ERROR for words that an option does not know
 *
 * Tells on stderr what was left out. Thread: main.
 */
gboolean
esp_train_data_open (
    EspTrainData *data, const char *cfg, const char *path, const EspTrainDataOptions *options, guint64 seed, GError **error)
{
  g_auto (EspTrainData) opened = { NULL };
  g_autoptr (EspNetwork) given = esp_options_load_network (cfg, options->dialect, error);

  *data = (EspTrainData){ NULL };
  if (given == NULL)
    return FALSE;
  opened.network = esp_network_ref (given);
  if (options->names != NULL && (opened.names = esp_names_load (options->names, error)) == NULL)
    return FALSE;
  opened.train = open_train (options, opened.network, path, error);
  if (opened.train == NULL || !open_val (&opened, options, path, error))
    return FALSE;
  tell_classes (&opened, options);
  if (options->classes_from_data && !make_classes (&opened, error))
    return FALSE;
  if (!begin_weights (&opened, given, options, seed, error))
    return FALSE;
  *data = opened;
  opened = (EspTrainData){ NULL };
  return TRUE;
}

/** esp_train_data_clear: gives back what esp_train_data_open() opened. Thread: any. */
void
esp_train_data_clear (EspTrainData *data)
{
  g_clear_pointer (&data->network, esp_network_unref);
  g_clear_pointer (&data->weights, esp_weights_unref);
  g_clear_pointer (&data->train, esp_dataset_unref);
  g_clear_pointer (&data->val, esp_dataset_unref);
  g_clear_pointer (&data->names, g_strfreev);
  g_clear_pointer (&data->start, g_free);
}
