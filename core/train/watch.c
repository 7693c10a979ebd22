/* watch.c: when a run has gone wrong, and when it gets no better */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST       16 /* losses before any can be called high */
#define FAR_MEAN    2  /* an epoch's loss above so many times the lowest is no longer sound, */
#define FAR_LAST    5  /* nor is one whose last update is so far above it, */
#define FAR_WEIGHTS 10 /* nor one behind which the weights are so many times as large as those kept */

/** esp_watch_options_init: twenty losses in a row, each above ten times the median. */
void
esp_watch_options_init (EspWatchOptions *options)
{
  *options = (EspWatchOptions){ .factor = 10, .most = 20 };
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/** esp_loss_watch_median: Returns: the median of the window (of two in the middle the lower), NaN while it is empty. Thread: any. */
double
esp_loss_watch_median (const EspLossWatch *watch)
{
  const guint64 n = MIN (watch->n, ESP_WATCH_WINDOW);
  double sorted[ESP_WATCH_WINDOW];

  if (n == 0)
    return (double) NAN;
  memcpy (sorted, watch->losses, n * sizeof *sorted);
  qsort (sorted, n, sizeof *sorted, compare);
  return sorted[(n - 1) / 2];
}

/**
 * esp_loss_watch_add:
 * @watch: of this run
 * @options: what counts as high
 * @loss: of one update
 *
 * High losses are not taken into the window, so that what it was before is what they are compared with; one hard batch is no divergence. A
 * run whose loss rises slowly moves its window along, and is left to the validation. Returns: how it stands. Thread: that of the run.
 */
EspWatchVerdict
esp_loss_watch_add (EspLossWatch *watch, const EspWatchOptions *options, double loss)
{
  const double median = esp_loss_watch_median (watch);

  if (!isfinite (loss))
    return ESP_WATCH_NOT_FINITE;
  if (options->most > 0 && watch->n >= LEAST && median > 0 && loss > options->factor * median)
    return ++watch->high >= options->most ? ESP_WATCH_DIVERGED : ESP_WATCH_FINE;
  watch->high = 0;
  watch->losses[watch->n++ % ESP_WATCH_WINDOW] = loss;
  return ESP_WATCH_FINE;
}

/** esp_loss_watch_last: Returns: the last loss, infinite where it was a high one, NaN before any. Thread: that of the run. */
double
esp_loss_watch_last (const EspLossWatch *watch)
{
  if (watch->high > 0)
    return INFINITY;
  return watch->n > 0 ? watch->losses[(watch->n - 1) % ESP_WATCH_WINDOW] : (double) NAN;
}

/**
 * esp_kept_is_sound:
 * @kept: what is kept so far
 * @loss: mean over an epoch's images
 * @last: loss of its last update
 * @norm: Euclidean norm of the parameters behind it
 *
 * A run that is about to diverge often has an epoch or two before it is seen to: their weights are no good to anyone, and must not take the
 * place of better ones. An epoch is sound unless its loss is above twice, or its last update's above five times, the lowest mean so far,
 * or its parameters' norm above ten times that of those kept, or one of these is no number. The first one has nothing to be compared with.
 *
 * Returns: whether. Thread: any.
 */
gboolean
esp_kept_is_sound (const EspKept *kept, double loss, double last, double norm)
{
  if (!isfinite (loss) || !isfinite (norm))
    return FALSE;
  if (kept->at == 0)
    return TRUE;
  return norm <= FAR_WEIGHTS * kept->norm && (kept->lowest <= 0 || (loss <= FAR_MEAN * kept->lowest && last <= FAR_LAST * kept->lowest));
}

/** esp_kept_note: epoch @at is over, with its mean @loss and the @norm of its parameters, which are kept where @keep. Thread: the run's. */
void
esp_kept_note (EspKept *kept, double loss, double norm, guint64 at, gboolean keep)
{
  if (!keep)
    return;
  kept->lowest = kept->at == 0 ? loss : MIN (kept->lowest, loss);
  kept->norm = norm;
  kept->at = at;
}

/** esp_patience_add: Returns: whether @value is the best so far; one that only equals the best is not. Thread: that of the run. */
gboolean
esp_patience_add (EspPatience *patience, double value, guint64 at)
{
  const gboolean better = !isnan (value) && (patience->n == patience->misses || value > patience->best);

  patience->n++;
  if (!better)
    {
      patience->misses++;
      return FALSE;
    }
  patience->misses = 0;
  patience->best = value;
  patience->at = at;
  return TRUE;
}

/** esp_patience_is_over: Returns: whether the last @most values, NaN ones included, were no better than the best. Thread: any. */
gboolean
esp_patience_is_over (const EspPatience *patience, guint64 most)
{
  return most > 0 && patience->misses >= most;
}
