/* unit-score.c: the scores of channels that go together made one */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/unit-score.h"

#include <math.h>

/**
 * esp_unit_score:
 * @scores: a number a channel
 * @members: of one unit
 * @n: how many
 * @reduce: how they are made one; "min" is what the inverse of "max" needs
 *
 * A member in a layer without scores counts as 0. Returns: the number that the unit is ranked by. Thread: any.
 */
double
esp_unit_score (const EspScores *scores, const EspChannel *members, guint n, const char *reduce)
{
  double sum = 0, most = -INFINITY, least = INFINITY;

  g_return_val_if_fail (scores != NULL && reduce != NULL && n > 0, 0);
  for (guint i = 0; i < n; i++)
    {
      const double *of_layer = esp_scores_get (scores, members[i].layer, NULL);
      const double score = of_layer != NULL ? of_layer[members[i].channel] : 0;

      sum += score;
      most = MAX (most, score);
      least = MIN (least, score);
    }
  if (g_str_equal (reduce, "max"))
    return most;
  if (g_str_equal (reduce, "min"))
    return least;
  return g_str_equal (reduce, "mean") ? sum / n : sum;
}
