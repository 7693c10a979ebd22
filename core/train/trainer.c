/* trainer.c: one run of training: made, started, watched, stopped */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <math.h>

#include "base/error.h"
#include "base/file.h"
#include "image/image.h"

#define NAMED 5 /* pictures that cannot be read */

/**
 * esp_trainer_options_init:
 * @options: (out)
 * @network: what is to be trained; lent
 *
 * The defaults: as the cfg says, validated after every epoch, a checkpoint every ten minutes besides. augment is left as if nothing were
 * drawn: esp_augment_read() reads the cfg. Thread: any.
 */
void
esp_trainer_options_init (EspTrainerOptions *options, EspNetwork *network)
{
  *options = (EspTrainerOptions){
    .network = network,
    .orientation = ESP_ORIENTATION_AUTO,
    .validate_every = 1,
    .checkpoint_minutes = 10,
    .cache = (gsize) 512 << 20,
    .seed = 1,
  };
  esp_augment_init (&options->augment, network);
}

char *
esp_trainer_path (const EspTrainer *trainer, const char *name)
{
  return g_build_filename (trainer->folder, name, NULL);
}

static gboolean
check_kind (const EspTrainer *trainer, const EspDataset *dataset, GError **error)
{
  const EspDatasetTask task = trainer->classifies ? ESP_DATASET_CLASSIFICATION : ESP_DATASET_DETECTION;
  const char *title = esp_dataset_get_title (dataset), *cfg = esp_cfg_get_name (esp_network_get_cfg (trainer->network));

  if (esp_dataset_get_n (dataset) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s holds no images, so there is nothing to train on", title);
  else if (!esp_dataset_is_labelled (dataset))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no labels, and training needs them", title);
  else if (esp_dataset_get_task (dataset) != task)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has %s, and %s needs %s", title,
                 trainer->classifies ? "boxes" : "the classes of whole images", cfg,
                 trainer->classifies ? "the classes of whole images" : "boxes");
  else
    return TRUE;
  return FALSE;
}

/* Nobody wants to hear after an hour of a picture that is gone or damaged: all are looked at, the first few named. */
static gboolean
check_pictures (const EspDataset *dataset, GError **error)
{
  g_autoptr (GString) named = g_string_new (NULL);
  guint n_bad = 0;

  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      g_autoptr (GError) local = NULL;

      if (!esp_image_probe (esp_dataset_get (dataset, i)->path, &local) && n_bad++ < NAMED)
        g_string_append_printf (named, "; %s", local->message);
    }
  if (n_bad == 0)
    return TRUE;
  if (n_bad > NAMED)
    g_string_append_printf (named, "; and %u more", n_bad - NAMED);
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s has labels for %u %s that cannot be read%s", esp_dataset_get_title (dataset), n_bad,
               n_bad == 1 ? "picture" : "pictures", named->str);
  return FALSE;
}

static guint64
count_objects (const EspDataset *dataset, const EspClassMap *map)
{
  guint64 n = 0;

  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, i);

      for (guint k = 0; k < sample->n_truths; k++)
        n += (guint) sample->truths[k].class_index < map->n && map->to_network[sample->truths[k].class_index] >= 0;
    }
  return n;
}

/* (transfer full): classes of @dataset to the network's, every one of which must have its place. */
static EspClassMap *
map_classes (const EspTrainer *trainer, EspDataset *dataset, GError **error)
{
  g_autoptr (EspClassMap) map = NULL;

  if (!check_kind (trainer, dataset, error))
    return NULL;
  map = esp_class_map_new (dataset, (const char *const *) trainer->names, trainer->n_classes, (const char *const *) trainer->pairs, error);
  if (map == NULL)
    return NULL;
  if (map->n_missing > 0 && !trainer->options.background)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s; %s has %u classes, and what it does not know would be taught to it as background",
                 map->warning, esp_cfg_get_name (esp_network_get_cfg (trainer->network)), trainer->n_classes);
  else if (count_objects (dataset, map) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: its images show no object, so there is nothing to learn",
                 esp_dataset_get_title (dataset));
  else
    return g_steal_pointer (&map);
  return NULL;
}

/* Names of the network's classes: those given, else those of a data set with as many. */
static void
find_names (EspTrainer *trainer)
{
  const char *const *own = esp_dataset_get_names (trainer->train);

  if (trainer->options.names != NULL)
    trainer->names = g_strdupv ((char **) trainer->options.names);
  else if (own != NULL && esp_dataset_get_n_classes (trainer->train) == trainer->n_classes)
    trainer->names = g_strdupv ((char **) own);
}

static gboolean
open_data (EspTrainer *trainer, GError **error)
{
  find_names (trainer);
  trainer->train_map = map_classes (trainer, trainer->train, error);
  if (trainer->train_map == NULL || !check_pictures (trainer->train, error))
    return FALSE;
  trainer->n_images = esp_dataset_get_n (trainer->train);
  if (trainer->val == NULL)
    return TRUE;
  trainer->val_map = map_classes (trainer, trainer->val, error);
  return trainer->val_map != NULL && check_pictures (trainer->val, error);
}

/* Twice the same would be made small twice as hard, which a parameter of it says better. */
static gboolean
check_terms (const EspTrainer *trainer, GError **error)
{
  for (guint i = 0; i < trainer->terms->len; i++)
    for (guint k = 0; k < i; k++)
      {
        const EspTerm *term = g_ptr_array_index (trainer->terms, i), *before = g_ptr_array_index (trainer->terms, k);

        if (term->objective != before->objective)
          continue;
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "the objective %s is given twice: expected each once", term->objective->id);
        return FALSE;
      }
  return TRUE;
}

static gboolean
choose_terms (EspTrainer *trainer, GError **error)
{
  const EspObjective *own = esp_objective_of (trainer->network);

  trainer->terms = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_term_free);
  for (guint i = 0; i < trainer->options.n_terms; i++)
    g_ptr_array_add (trainer->terms, esp_term_copy (trainer->options.terms[i]));
  if (trainer->terms->len == 0 && own != NULL)
    g_ptr_array_add (trainer->terms, esp_term_new (own));
  if (own != NULL)
    return check_terms (trainer, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "%s has no head ([yolo] or [region]) and does not end in classes: there is nothing to train it for",
               esp_cfg_get_name (esp_network_get_cfg (trainer->network)));
  return FALSE;
}

/* How long it runs: by epochs, or by the cfg's count of updates. */
static gboolean
read_keys (EspTrainer *trainer, GError **error)
{
  guint64 batch, epochs;

  trainer->keys = esp_train_keys_read (trainer->network, error);
  if (trainer->keys == NULL)
    return FALSE;
  batch = trainer->keys->batch;
  trainer->steps = trainer->options.epochs > 0 ? esp_train_count_steps (trainer->n_images, trainer->keys->batch, trainer->options.epochs)
                                               : trainer->keys->schedule.max;
  epochs = (trainer->steps * batch + trainer->n_images - 1) / trainer->n_images;
  trainer->epochs = (guint) (trainer->options.epochs > 0 ? trainer->options.epochs : MIN (epochs, G_MAXUINT));
  if (trainer->steps > 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s has no max_batches=, and nothing says how many epochs to train",
               esp_cfg_get_name (esp_network_get_cfg (trainer->network)));
  return FALSE;
}

static void
copy_options (EspTrainer *trainer, const EspTrainerOptions *options)
{
  trainer->options = *options;
  trainer->network = esp_network_ref (options->network);
  trainer->options.weights = esp_weights_ref (options->weights);
  trainer->train = esp_dataset_ref (options->train);
  trainer->val = options->val != NULL ? esp_dataset_ref (options->val) : NULL;
  trainer->pairs = g_strdupv ((char **) options->pairs);
  trainer->folder = g_strdup (options->folder);
  trainer->about = g_strdup (options->about);
  trainer->options.mask = options->mask != NULL ? esp_mask_ref ((EspMask *) options->mask) : NULL;
  trainer->classifies = esp_network_get_scores (options->network) > 0;
  trainer->n_classes = (guint) (trainer->classifies ? esp_network_get_scores : esp_network_get_classes) (options->network);
}

static EspOptimiserOptions
optimiser_options (const EspTrainer *trainer)
{
  EspOptimiserOptions options = trainer->keys->optimiser;

  options.clip_norm = trainer->options.clip;
  options.first_layer = MAX (options.first_layer, trainer->options.freeze);
  if (trainer->options.average > 0)
    {
      options.average = trainer->options.average;
      options.average_from = 0;
      options.average_warm = TRUE;
    }
  return options;
}

static gboolean
make_parameters (EspTrainer *trainer, GError **error)
{
  const EspOptimiserOptions options = optimiser_options (trainer);

  if (trainer->options.freeze >= esp_network_get_n_layers (trainer->network))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%u layers are to be frozen of %u: expected fewer", trainer->options.freeze,
                   esp_network_get_n_layers (trainer->network));
      return FALSE;
    }
  trainer->vector = esp_parameter_vector_new (trainer->network, trainer->options.weights);
  if (trainer->options.mask != NULL || trainer->options.elements != NULL)
    esp_parameter_vector_set_keep (trainer->vector, trainer->options.mask, trainer->options.elements);
  trainer->options.elements = NULL;
  trainer->optimiser = esp_optimiser_new (trainer->vector, &options);
  trainer->statistics = g_new0 (float, esp_parameter_vector_get_n_statistics (trainer->vector) + 1);
  return TRUE;
}

static gboolean
begin_terms (EspTrainer *trainer, GError **error)
{
  trainer->states = g_new0 (gpointer, trainer->terms->len);
  for (guint i = 0; i < trainer->terms->len; i++)
    {
      const EspTerm *term = g_ptr_array_index (trainer->terms, i);

      trainer->states[i] = term->objective->begin (trainer->network, term->values, error);
      if (trainer->states[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
open_all (EspTrainer *trainer, GError **error)
{
  if (!choose_terms (trainer, error) || !open_data (trainer, error) || !read_keys (trainer, error) || !begin_terms (trainer, error)
      || !make_parameters (trainer, error))
    return FALSE;
  trainer->settings = esp_trainer_settings (trainer);
  if (trainer->folder == NULL)
    return TRUE;
  if (!esp_folder_make (trainer->folder, error) || (trainer->folder_lock = esp_folder_lock_take (trainer->folder, error)) == NULL)
    return FALSE;
  return trainer->options.resume == NULL || esp_trainer_load (trainer, trainer->options.resume, error);
}

/**
 * esp_trainer_new:
 * @options: what to train, on what, how; copied, with references to what it lends
 * @error: data that cannot be trained on (ESP_ERROR_FORMAT, _SHAPE, _UNSUPPORTED), a picture that is gone, a folder that cannot be written
 *   to or that another process trains in (ESP_ERROR_IO), a checkpoint of another run (ESP_ERROR_FORMAT)
 *
 * The folder is made and locked, and nothing in it is touched before the first update is done: then it gets net.cfg, net.names and a
 * checkpoint, and the files of an earlier run there go into a folder “earlier” of their own, unless it is resumed.
 *
 * Returns: (transfer full): a run that waits for esp_trainer_start(). Thread: any.
 */
EspTrainer *
esp_trainer_new (const EspTrainerOptions *options, GError **error)
{
  g_autoptr (EspTrainer) trainer = g_atomic_rc_box_new0 (EspTrainer);

  g_return_val_if_fail (options->network != NULL && options->weights != NULL && options->train != NULL, NULL);
  g_return_val_if_fail (options->folder != NULL || options->resume == NULL, NULL);
  pthread_mutex_init (&trainer->lock, NULL);
  pthread_cond_init (&trainer->stopped, NULL);
  trainer->records = g_array_new (FALSE, FALSE, sizeof (EspTrainRecord));
  trainer->plan = g_string_new (NULL);
  trainer->job = esp_job_new ("Training");
  trainer->place.map = (double) NAN;
  copy_options (trainer, options);
  if (!open_all (trainer, error))
    return NULL;
  esp_trainer_show (trainer, ESP_TRAINER_PREPARING);
  return g_steal_pointer (&trainer);
}

/** esp_trainer_ref: Returns: (transfer full): the same run. Thread: any. */
EspTrainer *
esp_trainer_ref (EspTrainer *trainer)
{
  return g_atomic_rc_box_acquire (trainer);
}

static void
free_training (EspTrainer *trainer)
{
  esp_trainer_clear_validation (trainer);
  g_clear_pointer (&trainer->val_engine, esp_engine_unref);
  g_clear_pointer (&trainer->val_cache, esp_image_cache_unref);
  g_clear_pointer (&trainer->snapshot, esp_weights_unref);
  trainer->engine = NULL;
  g_clear_pointer (&trainer->engines, g_ptr_array_unref);
  g_clear_pointer (&trainer->feeder, esp_feeder_free);
  g_clear_pointer (&trainer->seeds, esp_seeds_free);
  g_clear_pointer (&trainer->optimiser, esp_optimiser_free);
  g_clear_pointer (&trainer->vector, esp_parameter_vector_unref);
  g_clear_pointer (&trainer->statistics, g_free);
  for (guint i = 0; trainer->states != NULL && i < trainer->terms->len; i++)
    if (trainer->states[i] != NULL)
      ((const EspTerm *) g_ptr_array_index (trainer->terms, i))->objective->end (trainer->states[i]);
  g_clear_pointer (&trainer->states, g_free);
  g_clear_pointer (&trainer->folder_lock, esp_folder_lock_free);
}

static void
trainer_clear (gpointer data)
{
  EspTrainer *trainer = data;

  free_training (trainer);
  g_clear_pointer (&trainer->keys, esp_train_keys_free);
  g_clear_pointer (&trainer->terms, g_ptr_array_unref);
  g_clear_pointer (&trainer->train_map, esp_class_map_free);
  g_clear_pointer (&trainer->val_map, esp_class_map_free);
  g_clear_pointer (&trainer->train, esp_dataset_unref);
  g_clear_pointer (&trainer->val, esp_dataset_unref);
  g_clear_pointer (&trainer->network, esp_network_unref);
  g_clear_pointer (&trainer->options.weights, esp_weights_unref);
  if (trainer->options.mask != NULL)
    esp_mask_unref ((EspMask *) trainer->options.mask);
  g_strfreev (trainer->names);
  g_free (trainer->about);
  g_strfreev (trainer->pairs);
  g_free (trainer->folder);
  g_free (trainer->settings);
  g_free (trainer->source);
  g_clear_pointer (&trainer->taken, g_bytes_unref);
  g_array_unref (trainer->records);
  g_string_free (trainer->plan, TRUE);
  g_clear_error (&trainer->error);
  esp_job_unref (trainer->job);
  pthread_mutex_destroy (&trainer->lock);
  pthread_cond_destroy (&trainer->stopped);
}

/** esp_trainer_unref: gives one reference back; a run in the lane keeps one of its own. Thread: any. */
void
esp_trainer_unref (EspTrainer *trainer)
{
  g_atomic_rc_box_release_full (trainer, trainer_clear);
}
