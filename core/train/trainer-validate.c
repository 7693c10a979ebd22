/* trainer-validate.c: the turns of a run that measure what it has learned, as evaluate does */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include <math.h>

#include "measure/summary.h"
#include "net/cut.h"

#define BATCH 8 /* images a turn; no number depends on it */

/** esp_trainer_clear_validation: forgets what one validation found. */
void
esp_trainer_clear_validation (EspTrainer *trainer)
{
  for (guint i = 0; trainer->outcomes != NULL && i < esp_dataset_get_n (trainer->val); i++)
    esp_outcome_free (trainer->outcomes[i]);
  g_clear_pointer (&trainer->outcomes, g_free);
  g_clear_pointer (&trainer->guesses, g_free);
  g_clear_pointer (&trainer->val_indices, g_free);
  g_clear_pointer (&trainer->val_pass, esp_pass_free);
  trainer->validated = 0;
}

static EspWeights *
take_snapshot (EspTrainer *trainer)
{
  EspWeights *weights = esp_optimiser_average (trainer->optimiser);

  if (weights == NULL)
    weights = esp_parameter_vector_to_weights (trainer->vector);
  esp_weights_set_header (weights, (EspWeightsHeader){ 0, 2, 5, trainer->place.step * trainer->keys->batch });
  return weights;
}

/** esp_trainer_snapshot: trainer->snapshot becomes what is there to be measured and written: the average where one is kept. */
void
esp_trainer_snapshot (EspTrainer *trainer)
{
  g_clear_pointer (&trainer->snapshot, esp_weights_unref);
  trainer->snapshot = take_snapshot (trainer);
}

/* Of the snapshot; with a mask of what it leaves, cut, as every number of a mask is measured. */
static EspEngine *
make_engine (EspTrainer *trainer, guint batch, GError **error)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_ONEDNN, .bn = ESP_BN_ALEXEY, .batch = batch };
  g_autoptr (EspCut) cut = NULL;

  if (trainer->options.mask == NULL)
    return esp_engine_new (trainer->network, trainer->snapshot, &options, trainer->val_engine, error);
  cut = esp_cut_new (trainer->network, trainer->snapshot, (EspMask *) trainer->options.mask, NULL, error);
  return cut != NULL ? esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &options, NULL, error) : NULL;
}

static gboolean
begin (EspTrainer *trainer, GError **error)
{
  const guint n = esp_dataset_get_n (trainer->val);
  EspEvaluateOptions run;
  EspEngine *engine;

  esp_evaluate_options_init (&run, trainer->network);
  run.orientation = trainer->options.orientation;
  esp_trainer_snapshot (trainer);
  engine = make_engine (trainer, MIN (BATCH, n), error);
  if (engine == NULL)
    return FALSE;
  g_clear_pointer (&trainer->val_engine, esp_engine_unref);
  trainer->val_engine = engine;
  if (trainer->val_cache == NULL)
    trainer->val_cache
        = esp_image_cache_new (trainer->val, esp_network_get_input (trainer->network), run.fit, run.orientation, trainer->options.cache);
  trainer->val_indices = g_new (guint, n);
  for (guint i = 0; i < n; i++)
    trainer->val_indices[i] = i;
  if (trainer->classifies)
    trainer->guesses = g_new0 (EspGuess, n);
  else
    {
      trainer->outcomes = g_new0 (EspOutcome *, n);
      trainer->val_pass = esp_pass_new (engine, trainer->val, trainer->val_map, trainer->val_cache, &run);
    }
  trainer->validation_seconds = 0;
  return TRUE;
}

static gboolean
run_some (EspTrainer *trainer, guint n, GError **error)
{
  const guint *indices = trainer->val_indices + trainer->validated;

  if (trainer->classifies)
    return esp_guess_run (trainer->val_engine, trainer->val, trainer->val_map, trainer->val_cache, indices, n,
                          trainer->guesses + trainer->validated, trainer->job, error);
  return esp_pass_run (trainer->val_pass, indices, n, trainer->outcomes + trainer->validated, trainer->job, error);
}

static void
note (EspTrainer *trainer, double map)
{
  trainer->place.map = map;
  esp_patience_add (&trainer->place.patience, map, esp_trainer_next_epoch (trainer));
}

static void
finish (EspTrainer *trainer)
{
  const guint n = esp_dataset_get_n (trainer->val);

  if (trainer->classifies)
    {
      g_auto (EspAccuracy) accuracy = { 0 };

      esp_accuracy_init (&accuracy, trainer->guesses, n, trainer->n_classes, 1, trainer->options.seed);
      note (trainer, accuracy.top1.value);
    }
  else
    {
      g_autoptr (EspSummary) summary = esp_summary_new (trainer->outcomes, n, trainer->n_classes, esp_protocol_find ("darknet"));

      note (trainer, summary->map);
    }
  esp_trainer_clear_validation (trainer);
  trainer->turn = ESP_TURN_RECORD;
}

/** esp_trainer_turn_validate: some images of the validation; behind the last one the number. */
gboolean
esp_trainer_turn_validate (EspTrainer *trainer, GError **error)
{
  const gint64 begun = g_get_monotonic_time ();
  guint n;

  if (trainer->val_indices == NULL && !begin (trainer, error))
    return FALSE;
  n = MIN (BATCH, esp_dataset_get_n (trainer->val) - trainer->validated);
  if (!run_some (trainer, n, error))
    return FALSE;
  trainer->validated += n;
  trainer->validation_seconds += (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  esp_trainer_show (trainer, ESP_TRAINER_VALIDATING);
  if (trainer->validated == esp_dataset_get_n (trainer->val))
    finish (trainer);
  return TRUE;
}
