/* by-inverted.c: the control that turns another criterion around: what it would keep goes first */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "score/criterion-private.h"

const char *const esp_inverted_words[]
    = { "attribution", "l1", "l2", "bn-gamma", "taylor", "relevance", "contrast", "causal", "random", NULL };

const EspKnob esp_inverted_knobs[] = {
  { .id = "of", .title = N_ ("Criterion that is turned around"), .words = esp_inverted_words },
};

/* The greatest of negated scores is the negated least. */
static const char *
turn_around (const char *reduce)
{
  if (g_str_equal (reduce, "max"))
    return "min";
  return g_str_equal (reduce, "min") ? "max" : reduce;
}

/* Minus the other's scores, as that one normalises and ranks them, so that units go in the reverse order; equal ones still by index. */
EspScores *
esp_score_by_inverted (const EspCriterionInput *input, EspJob *job, GError **error)
{
  const EspCriterion *of = esp_criterion_inner (esp_criterion_find ("inverted"), input->knobs);
  EspCriterionInput inner = *input;
  g_autoptr (EspScores) straight = NULL;
  g_autofree char *parameters = NULL;
  EspScores *scores;

  inner.knobs = input->method_knobs;
  inner.method_knobs = input->method_knobs != NULL ? input->method_knobs + of->n_knobs : NULL;
  straight = esp_criterion_score (of, &inner, job, error);
  if (straight == NULL)
    return NULL;
  parameters = g_strdup_printf ("of=%s %s", of->id, esp_scores_get_parameters (straight));
  scores = esp_scores_new (input->network, "inverted", g_strchomp (parameters));
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      guint n = 0;
      double *to = esp_scores_get (scores, l, &n);
      const double *from = esp_scores_get (straight, l, NULL);

      for (guint c = 0; c < n; c++)
        to[c] = 0 - from[c];
    }
  esp_scores_set_ranking (scores, esp_scores_is_pooled (straight), turn_around (esp_scores_get_reduce (straight)));
  esp_scores_set_n_images (scores, esp_scores_get_n_images (straight));
  return scores;
}
