/* step-report.c: the step “report”: report.json, report.md and results.tsv of what is there so far */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "recipe/bench-private.h"
#include "recipe/step-private.h"

static const EspSetting settings[] = { { NULL } };

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  JsonNode *report = esp_bench_report (bench, error);

  if (report == NULL)
    return FALSE;
  json_node_unref (report);
  return TRUE;
}

static const char *const needs[] = { "evaluate|cut", NULL };

const EspStepKind esp_step_report
    = { .id = "report", .title = N_ ("the table of all rows"), .settings = settings, .run = run, .needs = needs, .again = TRUE };
