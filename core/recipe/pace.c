/* pace.c: how long the rest of a recipe will take, from how long an image took so far */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>

#include "recipe/bench-private.h"
#include "recipe/step-private.h"

#define BACKWARD 3   /* an image of training takes as long as so many forwards */
#define FIXED    .3  /* of an image's time, what is there however little is computed; until the cut network is timed */
#define SLOWER   1.3 /* validation and all else beside the steps; until a first epoch is measured */
#define MINUTE   60

static double
image_seconds (const EspBench *bench, double share)
{
  const EspPace *pace = &bench->pace;

  if (pace->cut > 0 && share == pace->share)
    return pace->cut;
  return pace->forward * (FIXED + (1 - FIXED) * share);
}

static guint
count_images (const EspBench *bench, EspSet set, guint limit)
{
  const guint n = bench->sets[set] != NULL ? esp_dataset_get_n (bench->sets[set]) : 0;

  return limit > 0 ? MIN (limit, n) : n;
}

/** esp_pace_measure: Returns: about the seconds of measuring a network with @share of the dense one's compute on a set.
 * Thread: the runner's. */
double
esp_pace_measure (const EspBench *bench, double share, EspSet set, guint limit)
{
  return count_images (bench, set, limit) * image_seconds (bench, share) * bench->pace.slower;
}

/** esp_pace_score: Returns: likewise of scoring the dense network on the calibration images. Thread: the runner's. */
double
esp_pace_score (const EspBench *bench, guint limit)
{
  return BACKWARD * esp_pace_measure (bench, 1, ESP_SET_CALIBRATION, limit);
}

/** esp_pace_train: Returns: likewise of @epochs of training, and of measuring on test after it. Thread: the runner's. */
double
esp_pace_train (const EspBench *bench, double share, guint epochs)
{
  return BACKWARD * epochs * esp_pace_measure (bench, share, ESP_SET_TRAIN, 0) + esp_pace_measure (bench, share, ESP_SET_TEST, 0);
}

/** esp_pace_begin: times one image of the dense network (2 s), which all estimates begin with. Errors: those of the engine.
 * Thread: the runner's. */
gboolean
esp_pace_begin (EspBench *bench, GError **error)
{
  EspLatency latency = { 0 };

  if (!esp_bench_latency (bench, bench->network, bench->weights, &latency, error))
    return FALSE;
  bench->pace = (EspPace){ .forward = latency.median_ms / 1000, .share = 1, .slower = SLOWER };
  return TRUE;
}

/** esp_pace_note_cut: from here on the cut network's own time counts. Thread: the runner's. */
void
esp_pace_note_cut (EspBench *bench, const EspLatency *latency)
{
  bench->pace.share = esp_cost_of (bench->cut, NULL).bflops / esp_cost_of (bench->network, NULL).bflops;
  bench->pace.cut = latency->median_ms / 1000;
}

/** esp_pace_note_epoch: what an image of a first epoch took, validation with it, of a network that takes @latency for one.
 * Thread: the runner's. */
void
esp_pace_note_epoch (EspBench *bench, const EspLatency *latency, double seconds, guint64 images)
{
  const double expected = (double) images * BACKWARD * latency->median_ms / 1000;
  const double slower = expected > 0 ? seconds / expected : 0;

  if (!(slower > 0) || !(bench->pace.slower > 0))
    return;
  bench->pace.later *= slower / bench->pace.slower;
  bench->pace.slower = slower;
}

/** esp_pace_estimate: Returns: about the seconds of all steps from @first on; 0 until the dense network is timed. Thread: the runner's. */
double
esp_pace_estimate (EspBench *bench, guint first)
{
  const EspRecipe *recipe = bench->options->recipe;
  const EspPace before = bench->pace;
  double sum = 0;

  for (guint i = first; before.forward > 0 && i < esp_recipe_get_n_steps (recipe); i++)
    {
      const EspStep *step = esp_recipe_get_step (recipe, i);

      if (esp_step_get_kind (step)->seconds != NULL)
        sum += esp_step_get_kind (step)->seconds (bench, step);
    }
  bench->pace = before;
  return sum;
}

/** esp_pace_tell: a line of how long @seconds and all that comes later are. Thread: the runner's. */
void
esp_pace_tell (EspBench *bench, double seconds)
{
  const double minutes = floor ((seconds + bench->pace.later) / MINUTE + .5);

  if (bench->pace.forward > 0 && minutes >= 1 && isfinite (minutes))
    esp_bench_tell (bench, "  about %.0f h %02.0f min to go, less what is in the folder already", floor (minutes / 60), fmod (minutes, 60));
}
