/* report-judge.c: what the rows of a report say together: differences, what each part gave, what was beaten */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
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

/** esp_row_result: Returns: (transfer none) (nullable): the last word on @row: after recovery, else before. Thread: any. */
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

  *difference = (EspDifference){ .value = row->difference, .low = row->difference_low, .high = row->difference_high };
  if (row->taken && isfinite (row->difference))
    return TRUE;
  if (continued == NULL || continued == row || continued->n_after == 0 || result == NULL)
    return FALSE;
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
 * Architecture: the method's from nothing (scratch-e, else from-nothing) against a uniformly narrower one from nothing, where both had as
 * many epochs. Inherited weights: random channels of the dense network against the same architecture from nothing. Criterion: the method's
 * channels against random ones. Recovery: after training against before.
 * Returns: (transfer full): of EspDifference. Thread: any.
 */
GPtrArray *
esp_report_decompose (EspBench *bench)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (difference_free);
  const EspRow *method = esp_bench_find_row (bench, "method"), *narrower = esp_bench_find_row (bench, "narrower");
  const char *nothing = after (bench, "scratch-e") != NULL ? "scratch-e" : "from-nothing";

  if (after (bench, nothing) != NULL && narrower != NULL && esp_bench_find_row (bench, nothing)->epochs == narrower->epochs)
    add_part (parts, "architecture", _ ("its architecture against a uniformly narrower one, both from nothing"), after (bench, nothing),
              after (bench, "narrower"));
  add_part (parts, "inherited weights", _ ("random channels of the dense network against the same architecture from nothing"),
            after (bench, "random"), after (bench, nothing));
  add_part (parts, "criterion", _ ("its channels against random ones, as many a layer"), after (bench, "method"), after (bench, "random"));
  add_part (parts, "recovery", _ ("after training against before"), after (bench, "method"),
            method != NULL && method->n_before > 0 ? &method->before : NULL);
  return parts;
}

/* A difference in points, with its interval. */
typedef struct
{
  const char *against;
  double value, low, high;
} Verdict;

static char *
tell_before (const Verdict *v)
{
  if (v->low > 0)
    return g_strdup_printf (_ ("Before recovery the method beats %s: %+.2f points of mAP, 95 %% from %+.2f to %+.2f."), v->against,
                            v->value, v->low, v->high);
  if (v->high < 0)
    return g_strdup_printf (_ ("Before recovery the method loses to %s: %+.2f points of mAP, 95 %% from %+.2f to %+.2f."), v->against,
                            v->value, v->low, v->high);
  return g_strdup_printf (_ ("Before recovery the method does not beat %s: %+.2f points of mAP, 95 %% from %+.2f to %+.2f."), v->against,
                          v->value, v->low, v->high);
}

/* One training of each: the interval has the images in it, and nothing of what another seed would have given. */
static char *
tell_one_seed (const Verdict *v)
{
  if (v->low > 0)
    return g_strdup_printf (
        _ ("After recovery, in one seed, the method beats %s: %+.2f points of mAP, 95 %% over images alone from %+.2f to %+.2f. Another "
           "seed may say otherwise."),
        v->against, v->value, v->low, v->high);
  if (v->high < 0)
    return g_strdup_printf (
        _ ("After recovery, in one seed, the method loses to %s: %+.2f points of mAP, 95 %% over images alone from %+.2f to %+.2f. Another "
           "seed may say otherwise."),
        v->against, v->value, v->low, v->high);
  return g_strdup_printf (
      _ ("After recovery, in one seed, the method does not beat %s: %+.2f points of mAP, 95 %% over images alone from %+.2f to %+.2f."),
      v->against, v->value, v->low, v->high);
}

static char *
tell_seeds (const Verdict *v, guint n, guint its)
{
  if (v->low > 0)
    return g_strdup_printf (
        _ ("After recovery the method beats %s (seeds: %u against %u): %+.2f points of mAP, 95 %% from %+.2f to %+.2f."), v->against, n,
        its, v->value, v->low, v->high);
  if (v->high < 0)
    return g_strdup_printf (
        _ ("After recovery the method loses to %s (seeds: %u against %u): %+.2f points of mAP, 95 %% from %+.2f to %+.2f."), v->against, n,
        its, v->value, v->low, v->high);
  return g_strdup_printf (
      _ ("After recovery the method does not beat %s (seeds: %u against %u): %+.2f points of mAP, 95 %% from %+.2f to %+.2f."), v->against,
      n, its, v->value, v->low, v->high);
}

static Verdict
compare (const char *against, const EspMeasured *a, const EspMeasured *b)
{
  Verdict verdict = { .against = against };

  esp_measured_differ (a, b, &verdict.value, &verdict.low, &verdict.high);
  verdict.value *= 100;
  verdict.low *= 100;
  verdict.high *= 100;
  return verdict;
}

static void
judge_before (GPtrArray *sentences, const EspRow *method, const EspRow *row)
{
  const Verdict verdict = compare (row->id, &method->before, &row->before);

  if (isfinite (verdict.low))
    g_ptr_array_add (sentences, tell_before (&verdict));
}

static void
judge_after (GPtrArray *sentences, const EspRow *method, const EspRow *row)
{
  const Verdict verdict = compare (row->id, &method->after, &row->after);

  if (!isfinite (verdict.low))
    g_ptr_array_add (sentences,
                     g_strdup_printf (_ ("After recovery the method lies at %+.2f points of mAP from %s; one of the two was taken "
                                         "from the table of results, so there is no interval."),
                                      verdict.value, row->id));
  else if (method->n_after == 1 && row->n_after == 1)
    g_ptr_array_add (sentences, tell_one_seed (&verdict));
  else
    g_ptr_array_add (sentences, tell_seeds (&verdict, method->n_after, row->n_after));
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
  g_ptr_array_add (sentences, g_strdup_printf (_ ("Before recovery %u of %u random cuts are as good as the method's."), better,
                                               random->before_runs->len));
}

/* What was ended while it still learned is compared as it then was. */
static void
judge_curve (GPtrArray *sentences, const EspRow *row)
{
  if (row->n_after == 0)
    return;
  if (row->diverged > 0)
    g_ptr_array_add (sentences,
                     g_strdup_printf (_ ("%s: its training diverged in epoch %u and ended there; it is measured as it was at its "
                                         "best before."),
                                      row->id, row->diverged));
  else if (row->rise > ESP_RISE)
    g_ptr_array_add (sentences, g_strdup_printf (_ ("%s: the curve is not flat: mAP on val still rose by %.2f points at the end of its "
                                                    "training."),
                                                 row->id, row->rise * 100));
  else if (!isfinite (row->rise))
    g_ptr_array_add (sentences,
                     g_strdup_printf (_ ("%s: whether the curve is flat is not known: it was measured on val less than twice."), row->id));
}

/**
 * esp_report_judge:
 * @last: without what lies before recovery
 *
 * What the method beat, a sentence a row before and after recovery, with how many seeds it rests on; then each training that was ended
 * while its curve still rose (esp_curve_rise()). Whole sentences, so that they can be translated. Returns: (transfer full): of char*.
 * Thread: any.
 */
GPtrArray *
esp_report_judge (EspBench *bench, gboolean last)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func (g_free);
  const EspRow *method = esp_bench_find_row (bench, "method"), *random = esp_bench_find_row (bench, "random");

  for (guint i = 0; method != NULL && i < bench->rows->len; i++)
    {
      const EspRow *row = g_ptr_array_index (bench->rows, i);

      if (!last && is_control (row) && row->n_before > 0 && method->n_before > 0)
        judge_before (sentences, method, row);
      if (row != method && row->n_after > 0 && method->n_after > 0)
        judge_after (sentences, method, row);
    }
  if (!last && random != NULL && random->before_runs != NULL && method != NULL && method->n_before > 0)
    judge_random (sentences, method, random);
  for (guint i = 0; i < bench->rows->len; i++)
    judge_curve (sentences, g_ptr_array_index (bench->rows, i));
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
