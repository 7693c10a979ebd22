/* step-proxies.c: the step “proxies”: whether each class of the target alone, and the class as it was learned,
 * would have kept the same channels */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "recipe/bench-private.h"
#include "recipe/step-private.h"

#define LEARNED "dense-continued"

static const EspSetting settings[] = { { NULL } };

/* A choice of channels, as many of each set as the method keeps. */
typedef struct
{
  char *name;
  EspMask *mask;
  char *reason; /* why there is none */
} Choice;

static void
choice_free (gpointer data)
{
  Choice *choice = data;

  g_free (choice->name);
  g_clear_pointer (&choice->mask, esp_mask_unref);
  g_free (choice->reason);
  g_free (choice);
}

static void
add_choice (EspBench *bench, GPtrArray *choices, const char *name, EspScores *scores, const char *reason)
{
  Choice *choice = g_new0 (Choice, 1);

  choice->name = g_strdup (name);
  choice->reason = g_strdup (reason);
  if (scores != NULL)
    choice->mask = esp_unit_sets_keep (bench->units, scores, bench->criterion->reduce, FALSE, bench->kept);
  g_ptr_array_add (choices, choice);
}

/* Too few images that show a class are an answer, not the end of the run. */
static gboolean
score_one (
    EspBench *bench, GPtrArray *choices, const char *name, EspNetwork *network, EspWeights *weights, const GArray *classes, GError **error)
{
  g_autoptr (GError) local = NULL;
  EspSpent spent;
  g_autoptr (EspScores) scores = esp_bench_score_by (bench, &bench->scoring, network, weights, classes, NULL, &spent, &local);
  g_autoptr (EspScores) carried = scores != NULL ? esp_bench_carry_scores (scores, bench->network) : NULL;

  if (scores == NULL && !g_error_matches (local, ESP_ERROR, ESP_ERROR_UNSUPPORTED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  add_choice (bench, choices, name, carried, local != NULL ? local->message : NULL);
  return TRUE;
}

static gboolean
score_classes (EspBench *bench, GPtrArray *choices, GError **error)
{
  const EspScoring *scoring = &bench->scoring;

  for (guint i = 0; scoring->classes->len > 1 && i < scoring->classes->len; i++)
    {
      const int index = g_array_index (scoring->classes, int, i);
      g_autoptr (GArray) one = g_array_new (FALSE, FALSE, sizeof (int));
      g_autofree char *name = scoring->names != NULL ? g_strdup (scoring->names[index]) : g_strdup_printf ("%d", index);

      g_array_append_val (one, index);
      if (!score_one (bench, choices, name, scoring->network, scoring->weights, one, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_target (const EspScoring *scoring, const guint *classes, guint n)
{
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < scoring->classes->len; k++)
      if (g_array_index (scoring->classes, int, k) == (int) classes[i])
        return TRUE;
  return FALSE;
}

/* (transfer full): of int: the target among the classes that the network has now: those kept that are made of a class of it. */
static GArray *
find_target (const EspBench *bench)
{
  const EspScoring *scoring = &bench->scoring;
  const EspKeepClasses *keep = bench->kept_classes;
  GArray *classes = g_array_new (FALSE, FALSE, sizeof (int));

  if (keep == NULL)
    g_array_append_vals (classes, scoring->classes->data, scoring->classes->len);
  for (int c = 0; keep != NULL && scoring->classes->len > 0 && c < (int) esp_keep_classes_get_n (keep); c++)
    {
      guint n = 0;
      const guint *sources = esp_keep_classes_get_sources (keep, (guint) c, &n);

      if (is_target (scoring, sources, n))
        g_array_append_val (classes, c);
    }
  return classes;
}

/* The dense network that was trained on with the labels knows the class itself; its channels are those of the dense one. */
static gboolean
score_learned (EspBench *bench, GPtrArray *choices, GError **error)
{
  const EspRow *row = esp_bench_find_row (bench, LEARNED);
  g_autoptr (GArray) target = find_target (bench);
  g_autofree char *cfg = esp_bench_path (bench, "networks/" LEARNED ".cfg");
  g_autofree char *file = esp_bench_path (bench, "networks/" LEARNED ".weights");
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;

  if (row == NULL || row->taken || row->n_after == 0)
    return TRUE;
  if (target->len == 0 && bench->scoring.classes->len > 0)
    {
      add_choice (bench, choices, LEARNED, NULL, "no class of the target is among those that are kept");
      return TRUE;
    }
  network = esp_network_load (cfg, error);
  weights = network != NULL ? esp_weights_load (network, file, error) : NULL;
  return weights != NULL && score_one (bench, choices, LEARNED, network, weights, target, error);
}

static void
compare (EspBench *bench, const Choice *a, const Choice *b)
{
  EspOverlap *overlap = g_new0 (EspOverlap, 1);

  overlap->a = g_strdup (a->name);
  overlap->b = g_strdup (b->name);
  overlap->overlap = overlap->chance = NAN;
  if (a->mask != NULL && b->mask != NULL)
    overlap->overlap = esp_unit_sets_overlap (bench->units, a->mask, b->mask, &overlap->chance);
  else
    overlap->reason = g_strdup (a->mask == NULL ? a->reason : b->reason);
  if (overlap->reason != NULL)
    esp_bench_tell (bench, "  %s and %s: %s", a->name, b->name, overlap->reason);
  else
    esp_bench_tell (bench, "  %s and %s: %.1f %% of the kept channels are the same (by chance %.1f %%)", a->name, b->name,
                    overlap->overlap * 100, overlap->chance * 100);
  g_ptr_array_add (bench->overlaps, overlap);
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (GPtrArray) choices = g_ptr_array_new_with_free_func (choice_free);

  if (bench->criterion == NULL || !bench->criterion->needs_images)
    {
      esp_bench_tell (bench, "  nothing to compare: these scores have no target");
      return TRUE;
    }
  add_choice (bench, choices, "method", bench->scores, NULL);
  if (!score_classes (bench, choices, error) || !score_learned (bench, choices, error))
    return FALSE;
  if (choices->len == 1)
    esp_bench_tell (bench, "  nothing to compare: the target is one class, and there is no row " LEARNED " made here");
  for (guint i = 0; i < choices->len; i++)
    for (guint k = i + 1; k < choices->len; k++)
      compare (bench, g_ptr_array_index (choices, i), g_ptr_array_index (choices, k));
  return TRUE;
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  const guint n = bench->scoring.classes != NULL && bench->scoring.classes->len > 1 ? bench->scoring.classes->len : 0;

  return (n + 1) * esp_pace_score (bench, bench->scoring.limit);
}

static const char *const needs[] = { "score", "plan", NULL };

const EspStepKind esp_step_proxies = {
  .id = "proxies",
  .title = N_ ("whether other targets keep the same channels"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .seconds = estimate,
};
