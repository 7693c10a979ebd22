/* report-judge.c: what the rows of a report say together: differences, what each part gave, what was beaten */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "recipe/report-private.h"

static void
difference_free (gpointer data)
{
  EspDifference *difference = data;

  g_free (difference->name);
  g_free (difference->title);
  g_free (difference);
}

const EspMeasured *
esp_row_result (const EspRow *row)
{
  return row->n_after > 0 ? &row->after : row->n_before > 0 ? &row->before : NULL;
}

/**
 * esp_row_difference:
 * @row: of the report
 * @difference: (out): of its mAP from that of dense-continued, paired
 *
 * Returns: whether both were measured. Thread: any.
 */
gboolean
esp_row_difference (EspBench *bench, const EspRow *row, EspDifference *difference)
{
  const EspRow *continued = esp_bench_find_row (bench, "dense-continued");
  const EspMeasured *result = esp_row_result (row);

  if (continued == NULL || continued == row || continued->n_after == 0 || result == NULL)
    return FALSE;
  *difference = (EspDifference){ NULL };
  esp_measured_differ (result, &continued->after, &difference->value, &difference->low, &difference->high);
  return TRUE;
}

/* One part: what @more did beyond @less. */
static void
add_part (GPtrArray *parts, const char *name, const char *title, const EspMeasured *more, const EspMeasured *less)
{
  EspDifference *part;

  if (more == NULL || less == NULL)
    return;
  part = g_new0 (EspDifference, 1);
  part->name = g_strdup (name);
  part->title = g_strdup (title);
  esp_measured_differ (more, less, &part->value, &part->low, &part->high);
  g_ptr_array_add (parts, part);
}

static const EspMeasured *
after (EspBench *bench, const char *id)
{
  const EspRow *row = esp_bench_find_row (bench, id);

  return row != NULL && row->n_after > 0 ? &row->after : NULL;
}

/**
 * esp_report_decompose:
 *
 * Architecture: the method's from nothing against a uniformly narrower one from nothing. Inherited weights: random channels of the dense network
 * against the same architecture from nothing. Criterion: the method's channels against random ones. Recovery: after training against before.
 * Returns: (transfer full): of EspDifference. Thread: any.
 */
GPtrArray *
esp_report_decompose (EspBench *bench)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (difference_free);
  const EspRow *method = esp_bench_find_row (bench, "method");

  add_part (parts, "architecture", "its architecture against a uniformly narrower one, both from nothing", after (bench, "scratch-e"),
            after (bench, "narrower"));
  add_part (parts, "inherited weights", "random channels of the dense network against the same architecture from nothing",
            after (bench, "random"), after (bench, "scratch-e"));
  add_part (parts, "criterion", "its channels against random ones, as many a layer", after (bench, "method"), after (bench, "random"));
  add_part (parts, "recovery", "after training against before", after (bench, "method"),
            method != NULL && method->n_before > 0 ? &method->before : NULL);
  return parts;
}

static char *
tell_difference (double value, double low, double high)
{
  return isfinite (low) ? g_strdup_printf ("%+.2f points of mAP, 95 %% from %+.2f to %+.2f", value * 100, low * 100, high * 100)
                        : g_strdup_printf ("%+.2f points of mAP", value * 100);
}

static void
judge_one (GPtrArray *sentences, const char *what, const char *against, const EspMeasured *a, const EspMeasured *b)
{
  double value, low, high;
  g_autofree char *numbers = NULL;
  const char *verdict;

  esp_measured_differ (a, b, &value, &low, &high);
  numbers = tell_difference (value, low, high);
  verdict = low > 0 ? "beats" : high < 0 ? "loses to" : "does not beat";
  g_ptr_array_add (sentences, g_strdup_printf ("%s the method %s %s: %s.", what, verdict, against, numbers));
}

static gboolean
is_control (const EspRow *row)
{
  return strcmp (row->id, "method") != 0 && strcmp (row->id, "dense") != 0 && strcmp (row->id, "dense-continued") != 0;
}

/* The best of @values seeds is a matter of chance: where the method lies among them says more. */
static void
judge_random (GPtrArray *sentences, const EspRow *method, const EspRow *random)
{
  guint better = 0;

  for (guint i = 0; i < random->before_runs->len; i++)
    better += g_array_index (random->before_runs, EspMeasured, i).map >= method->before.map;
  g_ptr_array_add (sentences,
                   g_strdup_printf ("Before recovery %u of %u random cuts are as good as the method's.", better, random->before_runs->len));
}

/** esp_report_judge: Returns: (transfer full): of char*: a sentence a control, and one on dense-continued. Thread: any. */
GPtrArray *
esp_report_judge (EspBench *bench)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func (g_free);
  const EspRow *method = esp_bench_find_row (bench, "method"), *random = esp_bench_find_row (bench, "random");
  const EspMeasured *continued = after (bench, "dense-continued");

  if (method == NULL)
    return sentences;
  if (method->n_after > 0 && continued != NULL)
    judge_one (sentences, "After recovery", "the dense network trained on as long", &method->after, continued);
  for (guint i = 0; i < bench->rows->len; i++)
    {
      const EspRow *row = g_ptr_array_index (bench->rows, i);

      if (is_control (row) && row->n_before > 0 && method->n_before > 0)
        judge_one (sentences, "Before recovery", row->id, &method->before, &row->before);
      if (is_control (row) && row->n_after > 0 && method->n_after > 0)
        judge_one (sentences, "After recovery", row->id, &method->after, &row->after);
    }
  if (random != NULL && random->before_runs != NULL && method->n_before > 0)
    judge_random (sentences, method, random);
  return sentences;
}

/** esp_report_date: Returns: (transfer full): now, or what SOURCE_DATE_EPOCH says, in UTC. Thread: any. */
char *
esp_report_date (void)
{
  const char *word = g_getenv ("SOURCE_DATE_EPOCH");
  gint64 seconds = 0;
  g_autoptr (GDateTime) date = NULL;

  if (word != NULL && g_ascii_string_to_signed (word, 10, 0, G_MAXINT32, &seconds, NULL))
    date = g_date_time_new_from_unix_utc (seconds);
  else
    date = g_date_time_new_now_utc ();
  return g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
}
