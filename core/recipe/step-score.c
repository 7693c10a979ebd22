/* step-score.c: the step “score”: one number a channel, by any row of the criteria with all that it can be told */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "base/class-name.h"
#include "base/error.h"
#include "dataset/beside.h"
#include "explain/attribution.h"
#include "recipe/bench-private.h"
#include "recipe/step-private.h"

#define METHOD "method" /* attribution's parameter that brings others with it */

static const EspSetting settings[] = {
  { "criterion", ESP_SETTING_TEXT, "the method: attribution, l1, bn-gamma …; its parameters are keys, too", "attribution" },
  { "classes", ESP_SETTING_TEXT, "the target: classes of the network, by name or number; empty: all", "" },
  { "limit", ESP_SETTING_COUNT, "only the first so many calibration images; 0: all", "0", 0, G_MAXINT },
  { "without", ESP_SETTING_TEXT, "of contrast: the same pictures without a thing, * in place of their names", "" },
  { NULL },
};

static const EspCriterion *
find_criterion (const EspStep *step, GError **error)
{
  const EspCriterion *criterion = esp_criterion_find (esp_step_get_text (step, "criterion"));
  g_autofree char *known = esp_criteria_list ();

  if (criterion == NULL)
    esp_step_refuse (step, "criterion", error, "expected one of %s", known);
  return criterion;
}

/* (nullable): the row whose parameters count beside attribution's own. */
static const EspAttribution *
find_method (const EspCriterion *criterion, const EspStep *step)
{
  const char *said = esp_step_get_other (step, METHOD);

  for (guint i = 0; i < criterion->n_knobs; i++)
    if (strcmp (criterion->knobs[i].id, METHOD) == 0)
      return esp_attribution_find (*said != '\0' ? said : criterion->knobs[i].words[(guint) criterion->knobs[i].preset]);
  return NULL;
}

static gboolean
has_knob (const EspKnob *knobs, guint n, const char *id)
{
  for (guint i = 0; i < n; i++)
    if (strcmp (knobs[i].id, id) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
refuse_key (const EspCriterion *criterion, const EspAttribution *method, const EspStep *step, const char *id, GError **error)
{
  g_autoptr (GString) known = g_string_new ("stop");

  for (const EspSetting *setting = settings; setting->id != NULL; setting++)
    g_string_append_printf (known, ", %s", setting->id);
  for (guint i = 0; i < criterion->n_knobs; i++)
    g_string_append_printf (known, ", %s", criterion->knobs[i].id);
  for (guint i = 0; method != NULL && i < method->n_knobs; i++)
    g_string_append_printf (known, ", %s", method->knobs[i].id);
  return esp_step_refuse (step, id, error, "[score] by %s%s%s knows no “%.80s”: expected one of %s", criterion->id,
                          method != NULL ? " with method " : "", method != NULL ? method->id : "", id, known->str);
}

/* Adds ",ID=VALUE" to what is right so far; a key that says nothing leaves the preset. */
static gboolean
add_parameter (
    const EspCriterion *criterion, const EspAttribution *method, const EspStep *step, const char *id, GString *text, GError **error)
{
  const char *value = esp_step_get_other (step, id);
  g_autofree char *whole = g_strdup_printf ("%s%s%s=%s", text->str, text->len > 0 ? "," : "", id, value);
  g_autofree double *knobs = NULL, *method_knobs = NULL;
  g_autoptr (GError) local = NULL;

  if (!has_knob (criterion->knobs, criterion->n_knobs, id) && (method == NULL || !has_knob (method->knobs, method->n_knobs, id)))
    return refuse_key (criterion, method, step, id, error);
  if (*value == '\0')
    return TRUE;
  if (strchr (value, ',') != NULL)
    return esp_step_refuse (step, id, error, "expected one value");
  if (!esp_criterion_parse (criterion, whole, &knobs, &method_knobs, &local))
    return esp_step_refuse (step, id, error, "%s", local->message);
  g_string_assign (text, whole);
  return TRUE;
}

/* (transfer full): "method=M,NAME=VALUE": what the recipe says, the method first; NULL with an error that names the line. */
static char *
read_parameters (const EspCriterion *criterion, const EspStep *step, GError **error)
{
  const EspAttribution *method = NULL;
  g_autoptr (GPtrArray) ids = esp_step_get_others (step);
  g_autoptr (GString) text = g_string_new (NULL);

  if (*esp_step_get_other (step, METHOD) != '\0' && !add_parameter (criterion, NULL, step, METHOD, text, error))
    return NULL;
  method = find_method (criterion, step);
  for (guint i = 0; i < ids->len; i++)
    if ((strcmp (g_ptr_array_index (ids, i), METHOD) != 0 || text->len == 0)
        && !add_parameter (criterion, method, step, g_ptr_array_index (ids, i), text, error))
      return NULL;
  return g_strdup (text->str);
}

/* What a recipe says about scoring, as far as it shows without the network. */
static gboolean
check (const EspStep *step, gboolean open, GError **error)
{
  const EspCriterion *criterion = find_criterion (step, error);
  g_autofree char *parameters = criterion != NULL ? read_parameters (criterion, step, error) : NULL;

  if (parameters == NULL)
    return FALSE;
  if (criterion->needs_pairs && !open && !esp_step_is_set (step, "without"))
    return esp_step_refuse (step, "criterion", error,
                            "expected “without = …”: the same pictures without a thing, * in place of their names");
  if (!criterion->needs_pairs && esp_step_is_set (step, "without"))
    return esp_step_refuse (step, "without", error, "%s does not look at pairs of pictures", criterion->id);
  if (!criterion->needs_images && esp_step_is_set (step, "classes"))
    return esp_step_refuse (step, "classes", error, "%s has no target", criterion->id);
  return TRUE;
}

/* A class by its name, or by its number; -1 with an error. */
static int
find_class (EspBench *bench, const EspStep *step, const char *word, GError **error)
{
  const int n = esp_network_get_classes (bench->network);
  const int index = esp_class_name_find (word, (const char *const *) bench->names, (guint) MAX (n, 0));

  if (index >= 0)
    return index;
  esp_step_refuse (step, "classes", error, "the network has no class “%s” (classes 0 to %d%s)", word, n - 1,
                   bench->names == NULL ? "; their names are not known: names of [network]" : "");
  return -1;
}

static GArray *
read_classes (EspBench *bench, const EspStep *step, GError **error)
{
  g_auto (GStrv) words = g_strsplit (esp_step_get_text (step, "classes"), ",", -1);
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (int));

  for (guint i = 0; words[i] != NULL; i++)
    {
      int one;

      if (*g_strstrip (words[i]) == '\0')
        continue;
      if ((one = find_class (bench, step, words[i], error)) < 0)
        return NULL;
      g_array_append_val (classes, one);
    }
  return g_steal_pointer (&classes);
}

static gboolean
read_scoring (EspBench *bench, const EspStep *step, EspScoring *scoring, GError **error)
{
  const EspCriterion *criterion = find_criterion (step, error);
  g_autofree char *parameters = criterion != NULL ? read_parameters (criterion, step, error) : NULL;

  if (parameters == NULL || (scoring->classes = read_classes (bench, step, error)) == NULL
      || !esp_criterion_parse (criterion, parameters, &scoring->knobs, &scoring->method_knobs, error))
    return FALSE;
  scoring->criterion = criterion;
  scoring->network = esp_network_ref (bench->network);
  scoring->weights = esp_weights_ref (bench->weights);
  scoring->names = g_strdupv (bench->names);
  scoring->words = g_steal_pointer (&parameters);
  scoring->without = esp_step_is_set (step, "without") ? esp_step_get_text (step, "without") : NULL;
  scoring->limit = esp_step_get_count (step, "limit");
  return TRUE;
}

/* The pictures without the thing by what is in them: other files of the same names are other scores. */
static gboolean
append_partners (EspBench *bench, const EspScoring *scoring, GString *words, GError **error)
{
  const EspDataset *dataset = bench->sets[ESP_SET_CALIBRATION];
  const guint all = esp_dataset_get_n (dataset), n = scoring->limit > 0 ? MIN (scoring->limit, all) : all;
  g_autofree char *partners = esp_beside_describe (scoring->without, dataset, n, error);

  if (partners != NULL)
    g_string_append_printf (words, " without %s", partners);
  return partners != NULL;
}

/**
 * esp_bench_score_by:
 * @scoring: how
 * @network: whose channels, with @weights
 * @classes: of int: its classes that are the target; empty: all
 * @hash: (out) (optional) (transfer full): of all that made them
 * @spent: (out): on computing them
 * @error: those of the criterion
 *
 * Returns: (transfer full): the scores, on the calibration images. Thread: the runner's.
 */
EspScores *
esp_bench_score_by (EspBench *bench,
                    const EspScoring *scoring,
                    EspNetwork *network,
                    EspWeights *weights,
                    const GArray *classes,
                    char **hash,
                    EspSpent *spent,
                    GError **error)
{
  g_autoptr (GString) words = g_string_new (scoring->words);
  const EspCriterionInput input = {
    .network = network,
    .weights = weights,
    .classes = classes->len > 0 ? (const int *) (gconstpointer) classes->data : NULL,
    .n_classes = classes->len,
    .without = scoring->without,
    .seed = bench->options->seed,
    .knobs = scoring->knobs,
    .method_knobs = scoring->method_knobs,
  };

  for (guint i = 0; i < classes->len; i++)
    g_string_append_printf (words, " class %d", g_array_index (classes, int, i));
  if (scoring->without != NULL && !append_partners (bench, scoring, words, error))
    return NULL;
  return esp_bench_score (bench, &input, scoring->criterion, ESP_SET_CALIBRATION, scoring->limit, words->str, hash, spent, error);
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  EspScoring *scoring = &bench->scoring;

  if (!read_scoring (bench, step, scoring, error))
    return FALSE;
  if (scoring->criterion->needs_images && bench->sets[ESP_SET_CALIBRATION] == NULL)
    return esp_step_refuse (step, "criterion", error, "it needs images, and [data] has none for calibration");
  bench->criterion = scoring->criterion;
  bench->scores = esp_bench_score_by (bench, scoring, scoring->network, scoring->weights, scoring->classes, &bench->score_key,
                                      &bench->score_spent, error);
  if (bench->scores == NULL)
    return FALSE;
  esp_bench_tell (bench, "  %s (%s): %u images, %u ties, %.1f s", bench->criterion->id, esp_scores_get_parameters (bench->scores),
                  esp_scores_get_n_images (bench->scores), esp_scores_count_ties (bench->scores), bench->score_spent.seconds);
  return TRUE;
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  const EspCriterion *criterion = esp_criterion_find (esp_step_get_text (step, "criterion"));

  return criterion->needs_images ? esp_pace_score (bench, esp_step_get_count (step, "limit")) : 0;
}

static const char *const needs[] = { "network", NULL };
static const char *const before[] = { "plan", NULL };

const EspStepKind esp_step_score = {
  .id = "score",
  .title = N_ ("scores of channels"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .before = before,
  .others = TRUE,
  .check = check,
  .seconds = estimate,
};
