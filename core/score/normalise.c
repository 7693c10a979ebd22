/* normalise.c: scores of different layers made comparable, by a scale of each layer's own */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/normalise.h"

#include <math.h>
#include <stdlib.h>

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "score/criterion-private.h"

const char *const esp_norm_words[ESP_N_NORMS + 1] = {
  [ESP_NORM_NONE] = "none", [ESP_NORM_MAX] = "max",   [ESP_NORM_L2] = "l2",
  [ESP_NORM_SUM] = "sum",   [ESP_NORM_MEAN] = "mean", [ESP_NORM_RANK] = "rank",
};

static const char *const titles[ESP_N_NORMS] = {
  [ESP_NORM_NONE] = N_ ("the scores as they are"),      [ESP_NORM_MAX] = N_ ("each layer's largest"),
  [ESP_NORM_L2] = N_ ("each layer's Euclidean length"), [ESP_NORM_SUM] = N_ ("each layer's sum"),
  [ESP_NORM_MEAN] = N_ ("each layer's mean"),           [ESP_NORM_RANK] = N_ ("the place within each layer"),
};

/** esp_norm_name: Returns: (transfer none): the word for files and options. */
const char *
esp_norm_name (EspNorm norm)
{
  g_return_val_if_fail ((guint) norm < ESP_N_NORMS, NULL);
  return esp_norm_words[norm];
}

/** esp_norm_title: Returns: (transfer none): what scores are measured against, in words, translated. */
const char *
esp_norm_title (EspNorm norm)
{
  g_return_val_if_fail ((guint) norm < ESP_N_NORMS, NULL);
  return _ (titles[norm]);
}

/**
 * esp_norm_parse:
 * @text: a word of esp_norm_name()
 * @norm: (out): which
 * @error: ESP_ERROR_FORMAT: another word
 */
gboolean
esp_norm_parse (const char *text, EspNorm *norm, GError **error)
{
  for (guint i = 0; i < ESP_N_NORMS; i++)
    if (g_strcmp0 (text, esp_norm_words[i]) == 0)
      {
        *norm = (EspNorm) i;
        return TRUE;
      }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "normalisation \"%s\": expected none, max, l2, sum, mean or rank", text);
  return FALSE;
}

static int
by_value (gconstpointer a, gconstpointer b, gpointer data)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;
  const double *values = data;

  if (values[x] != values[y])
    return values[x] < values[y] ? -1 : 1;
  return x < y ? -1 : x > y;
}

/* Equal scores have equal places: the mean of those that they take. */
static void
replace_by_rank (double *values, guint n)
{
  g_autofree guint *order = g_new (guint, n + 1);
  g_autofree double *places = g_new (double, n + 1);

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, (gint) n, sizeof (guint), by_value, values);
  for (guint first = 0, end; first < n; first = end)
    {
      for (end = first + 1; end < n && values[order[end]] == values[order[first]];)
        end++;
      for (guint i = first; i < end; i++)
        places[order[i]] = (first + end + 1) / (2.0 * n);
    }
  for (guint i = 0; i < n; i++)
    values[i] = places[i];
}

static double
scale_of (const double *values, guint n, EspNorm norm)
{
  double most = 0, sum = 0, squares = 0;

  for (guint i = 0; i < n; i++)
    most = MAX (most, fabs (values[i]));
  for (guint i = 0; i < n && most > 0; i++)
    {
      sum += fabs (values[i]) / most; /* nothing overflows on the way */
      squares += values[i] / most * (values[i] / most);
    }
  switch (norm)
    {
    case ESP_NORM_MAX:
      return most;
    case ESP_NORM_L2:
      return most * sqrt (squares);
    case ESP_NORM_SUM:
      return MIN (most * sum, G_MAXDOUBLE);
    case ESP_NORM_MEAN:
      return n > 0 ? most * (sum / n) : 0;
    case ESP_NORM_NONE:
    case ESP_NORM_RANK:
    case ESP_N_NORMS:
    default:
      return 1;
    }
}

/**
 * esp_scores_normalise:
 * @network: the network that the scores are of
 * @scores: one number a channel
 * @norm: what each layer's are measured against
 *
 * Order within a layer stays. A layer whose scores are all 0 stays so. L2 is that of Molchanov et al. 2017 (their layer-wise
 * normalisation), the sum that of Yeom et al. 2021. How the scores rank stays. Thread: any.
 * Returns: (transfer full): others of the same criterion.
 */
EspScores *
esp_scores_normalise (const EspNetwork *network, const EspScores *scores, EspNorm norm)
{
  EspScores *made;

  g_return_val_if_fail (network != NULL && scores != NULL && (guint) norm < ESP_N_NORMS, NULL);
  made = esp_scores_new (network, esp_scores_get_criterion (scores), esp_scores_get_parameters (scores));
  esp_scores_set_n_images (made, esp_scores_get_n_images (scores));
  esp_scores_set_ranking (made, esp_scores_is_pooled (scores), esp_scores_get_reduce (scores));
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      double *to = esp_scores_get (made, l, &n);
      const double *from = esp_scores_get (scores, l, NULL);
      const double scale = to != NULL ? scale_of (from, n, norm) : 0;

      for (guint i = 0; to != NULL && i < n; i++)
        to[i] = scale > 0 ? from[i] / scale : 0;
      if (to != NULL && norm == ESP_NORM_RANK)
        replace_by_rank (to, n);
    }
  return made;
}
