/* training-begin.c: what a run of training is made of: the cut or whole network, its first weights, its images */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "base/error.h"
#include "base/pages.h"
#include "net/cut.h"
#include "study/training-private.h"
#include "train/start.h"
#include "train/train-keys.h"

#define AVERAGE 0.998 /* of the weights, kept at each step: what was learnt in the last few hundred */
#define PRIOR   0.01  /* objectness of every cell of a network that starts from nothing */
#define BATCH   16    /* images of an update, where the cfg says nothing */
#define CACHE   ((gsize) 512 << 20)

/** training_begin_free: frees what @begin holds, and itself. Thread: any. */
void
training_begin_free (TrainingBegin *begin)
{
  g_clear_pointer (&begin->material, esp_material_unref);
  g_clear_pointer (&begin->mask, esp_mask_unref);
  g_clear_pointer (&begin->train, esp_dataset_unref);
  g_free (begin->path);
  g_free (begin->split);
  g_free (begin->policy);
  g_free (begin->folder);
  g_free (begin);
}

/**
 * training_open_data:
 * @material: of the study: its classes
 * @path: of a data set
 * @split: (nullable): which part of it
 * @job: (nullable): cancels
 * @error: the reader's own sentence
 *
 * Without @split the train split is taken where the data have one, else all; one that cannot be read is an error. Returns: (transfer full).
 * Thread: any. Errors: ESP_ERROR_UNSUPPORTED where there is no truth to learn from.
 */
EspDataset *
training_open_data (const EspMaterial *material, const char *path, const char *split, EspJob *job, GError **error)
{
  EspDatasetOptions options = { .split = split != NULL ? split : "train", .n_classes = (int) material->n_classes };
  g_autoptr (GError) local = NULL;
  g_autoptr (EspDataset) dataset = esp_dataset_open (path, &options, job, &local);

  if (dataset == NULL && split == NULL && g_error_matches (local, ESP_ERROR, ESP_ERROR_SPLIT))
    {
      g_clear_error (&local);
      options.split = NULL;
      dataset = esp_dataset_open (path, &options, job, &local);
    }
  if (dataset == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (esp_dataset_is_labelled (dataset) && esp_dataset_get_n (dataset) > 0)
    return g_steal_pointer (&dataset);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no labelled images, so there is nothing to learn from", path);
  return NULL;
}

/* The network as the plan leaves it, or whole. */
static gboolean
take_network (const TrainingBegin *begin, EspNetwork **network, EspWeights **weights, GError **error)
{
  g_autoptr (EspCut) cut = NULL;

  if (begin->mask == NULL)
    {
      *network = esp_network_ref (begin->material->network);
      *weights = esp_weights_ref (begin->material->weights);
      return TRUE;
    }
  cut = esp_cut_new (begin->material->network, begin->material->weights, begin->mask, NULL, error);
  if (cut == NULL)
    return FALSE;
  *network = esp_network_ref (esp_cut_get_network (cut));
  *weights = esp_weights_ref (esp_cut_get_weights (cut));
  return TRUE;
}

/* A cfg that was written to be run says nothing of batches. */
static EspNetwork *
choose_batch (EspNetwork *network, const TrainingBegin *begin, guint *batch, GError **error)
{
  g_autoptr (EspTrainKeys) keys = esp_train_keys_read (network, error);
  g_autofree char *images = NULL;
  const char *pairs[] = { NULL, "subdivisions=1", NULL };

  if (keys == NULL)
    return NULL;
  *batch = keys->batch > 1 ? keys->batch : MIN (BATCH, esp_dataset_get_n (begin->train));
  if (keys->batch > 1)
    return esp_network_ref (network);
  pairs[0] = images = g_strdup_printf ("batch=%u", *batch);
  return esp_train_rewrite (network, pairs, error);
}

/* The same network with its schedule as long as the run, and the rate and its course as a person chose them. */
static EspNetwork *
choose_course (EspNetwork *network, const TrainingBegin *begin, GError **error)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *rate = g_strconcat ("learning_rate=", g_ascii_formatd (number, sizeof number, "%.8g", begin->rate), NULL);
  g_autofree char *policy = begin->policy != NULL ? g_strconcat ("policy=", begin->policy, NULL) : NULL;
  const char *const pairs[] = { rate, policy, NULL };
  guint batch = 0;
  g_autoptr (EspNetwork) batched = choose_batch (network, begin, &batch, error), timed = NULL;

  if (batched == NULL)
    return NULL;
  timed = esp_train_set_length (batched, esp_train_count_steps (esp_dataset_get_n (begin->train), batch, begin->epochs), error);
  return timed != NULL ? esp_train_rewrite (timed, pairs, error) : NULL;
}

/* A run that goes on has its network in its folder, and its weights in the checkpoint. */
static gboolean
find_network (const TrainingBegin *begin, EspNetwork **network, EspWeights **weights, GError **error)
{
  g_autoptr (EspNetwork) plain = NULL;
  g_autofree char *path = g_build_filename (begin->folder, "net.cfg", NULL);

  if (begin->resumes)
    {
      *network = esp_network_load (path, error);
      *weights = *network != NULL ? esp_weights_new_zero (*network) : NULL;
      return *network != NULL;
    }
  if (!take_network (begin, &plain, weights, error))
    return FALSE;
  *network = choose_course (plain, begin, error);
  if (*network == NULL || !begin->scratch)
    return *network != NULL;
  g_clear_pointer (weights, esp_weights_unref);
  *weights = esp_start_new (*network, &(EspStartOptions){ .seed = ESP_STUDY_SEED, .prior = PRIOR });
  return TRUE;
}

/**
 * training_begin:
 * @begin: what was chosen; train is opened where it is not
 * @error: what does not fit together, or a folder that cannot be had
 *
 * Returns: (transfer full): a run that waits to be started. Thread: any, but not main: it reads and writes files.
 */
EspTrainer *
training_begin (TrainingBegin *begin, GError **error)
{
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autofree char *checkpoint = g_build_filename (begin->folder, "checkpoint", NULL);
  g_autofree char *about = NULL;
  EspTrainerOptions options;

  if (begin->train == NULL && (begin->train = training_open_data (begin->material, begin->path, begin->split, NULL, error)) == NULL)
    return NULL;
  if (!find_network (begin, &network, &weights, error))
    return NULL;
  esp_trainer_options_init (&options, network);
  if (!esp_augment_read (&options.augment, network, error))
    return NULL;
  options.weights = weights;
  options.train = begin->train;
  options.val = begin->material->map != NULL ? begin->material->dataset : NULL;
  options.names = (const char *const *) begin->material->names;
  options.folder = begin->folder;
  options.resume = begin->resumes ? checkpoint : NULL;
  options.epochs = begin->epochs;
  options.average = begin->average ? AVERAGE : 0;
  options.memory = esp_pages_get_memory () / 2;
  options.cache = CACHE;
  options.seed = ESP_STUDY_SEED;
  about = begin->resumes ? NULL : training_file_text (begin);
  options.about = about;
  return esp_trainer_new (&options, error);
}
