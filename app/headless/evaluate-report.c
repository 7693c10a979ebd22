/* evaluate-report.c: the numbers of evaluate as JSON and for people */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "evaluate-report.h"

#include <math.h>

#include "measure/tide.h"

#define REPLICATES 2000

static const char *
name_of (const EspReport *report, guint class_index)
{
  return report->names != NULL && class_index < g_strv_length ((char **) report->names) ? report->names[class_index] : NULL;
}

static void
add_pair (JsonBuilder *json, const char *name, double low, double high)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  json_builder_add_double_value (json, low);
  json_builder_add_double_value (json, high);
  json_builder_end_array (json);
}

static void
add_classes (JsonBuilder *json, const EspReport *report, const EspSummary *summary)
{
  json_builder_set_member_name (json, "per_class");
  json_builder_begin_array (json);
  for (guint k = 0; k < summary->n_classes; k++)
    {
      const EspClassResult *result = &summary->per_class[k];

      json_builder_begin_object (json);
      esp_json_int (json, "class", result->class_index);
      esp_json_string (json, "name", name_of (report, k));
      esp_json_double (json, "ap", result->ap);
      esp_json_int (json, "objects", result->objects);
      json_builder_set_member_name (json, "few_objects");
      json_builder_add_boolean_value (json, result->few);
      if (result->few)
        add_pair (json, "recall_interval", result->recall_low, result->recall_high);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static double
speed (const EspReport *report, const EspSummary *summary)
{
  return report->seconds > 0 ? summary->n_images / report->seconds : isnan (report->seconds) ? (double) NAN : 0;
}

static void
add_json (JsonBuilder *json, const EspReport *report, const EspSummary *summary, EspInterval interval)
{
  esp_json_string (json, "protocol", report->protocol->id);
  esp_json_string (json, "warning", report->warning);
  esp_json_double (json, "map", summary->map);
  add_pair (json, "interval", interval.low, interval.high);
  esp_json_int (json, "replicates", interval.replicates);
  esp_json_int (json, "seed", (gint64) interval.seed);
  for (guint i = 0; i < report->protocol->n_extras; i++)
    esp_json_double (json, report->protocol->extras[i].key, summary->extras[i]);
  add_classes (json, report, summary);
  esp_json_double (json, "precision", summary->precision);
  esp_json_double (json, "recall", summary->recall);
  esp_json_double (json, "f1", summary->f1);
  esp_json_double (json, "mean_iou", summary->mean_iou);
  esp_json_int (json, "tp", summary->tp);
  esp_json_int (json, "fp", summary->fp);
  esp_json_int (json, "fn", summary->fn);
  esp_json_int (json, "images", summary->n_images);
  esp_json_double (json, "images_per_second", speed (report, summary));
}

static void
print_classes (const EspReport *report, const EspSummary *summary)
{
  for (guint k = 0; k < summary->n_classes; k++)
    {
      const EspClassResult *result = &summary->per_class[k];
      g_autofree char *index = g_strdup_printf ("class %u", k);
      const char *name = name_of (report, k);

      if (result->objects == 0)
        continue;
      g_print ("%-20s AP %5.1f %%  %5u objects", name != NULL ? name : index, result->ap * 100, result->objects);
      if (result->few)
        g_print ("  few objects: recall 95 %% %.0f to %.0f %%", result->recall_low * 100, result->recall_high * 100);
      g_print ("\n");
    }
}

static void
print_extras (const EspReport *report, const EspSummary *summary)
{
  for (guint i = 0; i < report->protocol->n_extras; i++)
    if (isfinite (summary->extras[i]))
      g_print ("%-24s %6.2f %%\n", report->protocol->extras[i].title, summary->extras[i] * 100);
    else
      g_print ("%-24s   none: no objects of that size\n", report->protocol->extras[i].title);
}

static void
print (const EspReport *report, const EspSummary *summary, EspInterval interval)
{
  print_classes (report, summary);
  g_print ("%s, mean over %u classes%s, %s, %u images, %u objects\n", report->protocol->title, summary->n_averaged,
           report->protocol->over_present ? " with objects" : "", report->protocol->match, summary->n_images, summary->n_objects);
  g_print ("mAP %.2f %%, 95 %% %.2f to %.2f (Bayesian bootstrap of images, %u replicates, seed %" G_GUINT64_FORMAT ")\n",
           summary->map * 100, interval.low * 100, interval.high * 100, interval.replicates, interval.seed);
  print_extras (report, summary);
  g_print ("above 0.25: precision %.3f, recall %.3f, F1 %.3f, TP %u, FP %u, FN %u, mean IoU %.3f\n", summary->precision, summary->recall,
           summary->f1, summary->tp, summary->fp, summary->fn, summary->mean_iou);
  if (!isnan (report->seconds))
    g_print ("%.1f images a second, decoding included\n", speed (report, summary));
}

static void
tell_difference (const EspReport *report, const EspCommon *common, JsonBuilder *json)
{
  const EspInterval difference = esp_interval_of_difference (report->unpruned, report->outcomes, report->n, report->n_classes,
                                                             report->protocol, REPLICATES, report->seed);
  g_autoptr (EspSummary) before = esp_summary_new (report->unpruned, report->n, report->n_classes, report->protocol);
  guint lost, gained;
  const double p = esp_mcnemar (report->unpruned, report->outcomes, report->n, -1, &lost, &gained);

  esp_json_double (json, "unpruned_map", before->map);
  esp_json_double (json, "difference", difference.value);
  add_pair (json, "difference_interval", difference.low, difference.high);
  esp_json_int (json, "objects_lost", lost);
  esp_json_int (json, "objects_gained", gained);
  esp_json_double (json, "mcnemar_p", p);
  if (!common->json)
    g_print ("unpruned mAP %.2f %%, difference %+.2f, 95 %% %+.2f to %+.2f; %u objects lost, %u gained, McNemar p %.3g\n",
             before->map * 100, difference.value * 100, difference.low * 100, difference.high * 100, lost, gained, p);
}

static void
add_tide (JsonBuilder *json, const EspTide *tide)
{
  json_builder_set_member_name (json, "tide");
  json_builder_begin_object (json);
  esp_json_double (json, "ap", tide->ap);
  for (guint type = 0; type < ESP_TIDE_N; type++)
    esp_json_double (json, esp_tide_key ((EspTideError) type), tide->gain[type]);
  esp_json_double (json, "false_pos", tide->false_pos);
  esp_json_double (json, "false_neg", tide->false_neg);
  json_builder_set_member_name (json, "counts");
  json_builder_begin_object (json);
  for (guint type = 0; type < ESP_TIDE_N; type++)
    esp_json_int (json, esp_tide_key ((EspTideError) type), tide->count[type]);
  json_builder_end_object (json);
  json_builder_end_object (json);
}

static void
print_tide (const EspTide *tide)
{
  g_print ("TIDE: AP %.2f %% at IoU 0.5; what each type of error alone would give if it were repaired (they do not add up to 100 %%):\n",
           tide->ap * 100);
  for (guint type = 0; type < ESP_TIDE_N; type++)
    g_print ("  %-22s dAP %+6.2f  %6u\n", esp_tide_title ((EspTideError) type), tide->gain[type] * 100, tide->count[type]);
  g_print ("  %-22s dAP %+6.2f\n  %-22s dAP %+6.2f\n", "all false positives", tide->false_pos * 100, "all misses", tide->false_neg * 100);
}

/**
 * esp_report_tell:
 * @report: what was measured
 * @common: whether people read along
 * @json: (inout): gets the members
 *
 * Computes summary and intervals of 2000 replicates.
 */
void
esp_report_tell (const EspReport *report, const EspCommon *common, JsonBuilder *json)
{
  g_autoptr (EspSummary) summary = esp_summary_new (report->outcomes, report->n, report->n_classes, report->protocol);
  const EspInterval interval
      = esp_interval_of_map (report->outcomes, report->n, report->n_classes, report->protocol, REPLICATES, report->seed);
  EspTide tide;

  add_json (json, report, summary, interval);
  if (!common->json)
    print (report, summary, interval);
  if (report->unpruned != NULL)
    tell_difference (report, common, json);
  if (!report->tide)
    return;
  esp_tide_measure (report->outcomes, report->n, report->n_classes, &tide);
  add_tide (json, &tide);
  if (!common->json)
    print_tide (&tide);
}
