/* step-train.c: the step “train”: what was cut recovers, and how all rows are trained */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "recipe/bench-private.h"
#include "recipe/rows.h"
#include "recipe/step-private.h"

static const char *const policy_words[] = { "constant", "step", "steps", "exp", "poly", "sigmoid", "random", "sgdr", "cosine", NULL };

static const EspSetting settings[] = {
  { "epochs", ESP_SETTING_COUNT, "times that every image is shown", NULL, 1, 100000 },
  { "batch", ESP_SETTING_COUNT, "images of an update; empty: as the cfg says", "", 1, 65536 },
  { "rate", ESP_SETTING_NUMBER, "learning rate at its highest; empty: as the cfg says", "", 0, 1000 },
  { "policy", ESP_SETTING_WORD, "its course; empty: as the cfg says", "", 0, 0, policy_words },
  { "average", ESP_SETTING_NUMBER, "of the weights, what is kept at each update; 0: none", "0", 0, .999999 },
  { "validate-every", ESP_SETTING_COUNT, "epochs between two measurements on val", "1", 1, 100000 },
  { "patience", ESP_SETTING_COUNT, "measurements without a better one before it ends; 0: never", "0", 0, 100000 },
  { "objective", ESP_SETTING_TEXT, "what is made small; empty: what the network is for", "" },
  { "seeds", ESP_SETTING_COUNT, "how often the method is trained, each by another lot", "1", 1, 100 },
  { NULL },
};

static void
read_training (EspBench *bench, const EspStep *step)
{
  bench->training = (EspTraining){
    .epochs = esp_step_get_count (step, "epochs"),
    .batch = esp_step_get_count (step, "batch"),
    .rate = esp_step_get_text (step, "rate"),
    .policy = esp_step_get_text (step, "policy"),
    .objective = esp_step_get_text (step, "objective"),
    .average = esp_step_get_number (step, "average"),
    .validate_every = esp_step_get_count (step, "validate-every"),
    .patience = esp_step_get_count (step, "patience"),
  };
  bench->n_seeds = esp_step_get_count (step, "seeds");
  bench->has_training = TRUE;
}

static gboolean
train (EspBench *bench, EspRow *row, GError **error)
{
  for (guint i = 0; i < bench->n_seeds; i++)
    {
      const EspRowStart start = { bench->cut, bench->cut_weights, bench->training.epochs, bench->options->seed + i };

      if (!esp_row_train (bench, row, &start, i, bench->n_seeds, error))
        return FALSE;
      esp_bench_show (bench);
    }
  return esp_bench_note_row (bench, row, error);
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  EspRow *row;
  gboolean taken;

  if (bench->sets[ESP_SET_TRAIN] == NULL)
    return esp_step_refuse (step, NULL, error, "[data] has nothing to train on");
  read_training (bench, step);
  row = esp_bench_find_row (bench, "method");
  g_free (row->key);
  row->key = esp_bench_make_row_key (bench, row->id, ESP_USES_MASK | ESP_USES_TRAINING, "");
  if (!esp_bench_take_row (bench, row, &taken, error))
    return FALSE;
  if (!taken)
    return train (bench, row, error);
  esp_bench_show (bench);
  return TRUE;
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  bench->pace.epochs = esp_step_get_count (step, "epochs");
  bench->pace.seeds = esp_step_get_count (step, "seeds");
  return bench->pace.seeds * esp_pace_train (bench, bench->pace.share, bench->pace.epochs);
}

static const char *const needs[] = { "cut", NULL };

const EspStepKind esp_step_train = {
  .id = "train",
  .title = N_ ("what was cut recovers"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .seconds = estimate,
};
