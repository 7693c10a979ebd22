/* step-keep-classes.c: the step “keep-classes”: the heads cut down to the classes that are wanted */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "net/keep-classes.h"
#include "recipe/bench-private.h"
#include "recipe/step-private.h"

static const EspSetting settings[] = {
  { "keep", ESP_SETTING_TEXT, "classes: “mango” as it is, “mango=apple+orange” the mean of their rows; empty: all", "" },
  { NULL },
};

static void
take_names (EspBench *bench, const EspKeepClasses *keep)
{
  const guint n = esp_keep_classes_get_n (keep);

  g_clear_pointer (&bench->names, g_strfreev);
  bench->names = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    bench->names[i] = g_strdup (esp_keep_classes_get_name (keep, i));
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  g_autoptr (EspKeepClasses) keep = NULL;
  g_autoptr (GError) local = NULL;
  EspNetwork *network = NULL;
  EspWeights *weights = NULL;

  if (!esp_step_is_set (step, "keep"))
    return TRUE;
  keep = esp_keep_classes_parse (esp_step_get_text (step, "keep"), (const char *const *) bench->names,
                                 (guint) esp_network_get_classes (bench->network), &local);
  if (keep == NULL || !esp_keep_classes (bench->network, bench->weights, keep, &network, &weights, &local))
    return esp_step_refuse (step, "keep", error, "%s", local->message);
  if (bench->scores != NULL)
    {
      EspScores *scores = esp_bench_carry_scores (bench->scores, network);

      esp_scores_unref (bench->scores);
      bench->scores = scores;
      g_clear_pointer (&bench->kept_classes, esp_keep_classes_unref);
      bench->kept_classes = esp_keep_classes_ref (keep);
    }
  bench->stripped |= esp_network_get_classes (network) < esp_network_get_classes (bench->network);
  take_names (bench, keep);
  esp_bench_tell (bench, "  %d classes become %u%s", esp_network_get_classes (bench->network), esp_keep_classes_get_n (keep),
                  bench->stripped ? ": objects of the others are background of what is trained" : "");
  esp_bench_set_network (bench, network, weights);
  return TRUE;
}

static const char *const needs[] = { "network", NULL };
static const char *const before[] = { "evaluate", "plan", NULL };

const EspStepKind esp_step_keep_classes = {
  .id = "keep-classes",
  .title = N_ ("the classes that are wanted"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .before = before,
};
