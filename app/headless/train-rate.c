/* train-rate.c: train --find-rate: a rate that rises, what the loss says to it, and which rate that suggests */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "train-rate.h"

#include <math.h>

#include "progress.h"

#define LINES 20 /* of the curve that are printed */

typedef struct
{
  EspTrainer *trainer;
  EspRangeOptions options;
  EspRangeResult *result;
  EspJob *job;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;

  work->result = esp_trainer_find_rate (work->trainer, &work->options, work->job, &work->error);
}

static void
add_json (JsonBuilder *json, const EspRangeResult *result)
{
  json_builder_set_member_name (json, "points");
  json_builder_begin_array (json);
  for (guint i = 0; i < result->points->len; i++)
    {
      const EspRangePoint *point = &g_array_index (result->points, EspRangePoint, i);

      json_builder_begin_object (json);
      esp_json_double (json, "rate", point->rate);
      esp_json_double (json, "loss", point->loss);
      esp_json_double (json, "smooth", point->smooth);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "diverged");
  json_builder_add_boolean_value (json, result->diverged);
  esp_json_double (json, "first", result->first);
  esp_json_double (json, "noise", result->noise);
  esp_json_double (json, "fall", result->fall);
  esp_json_double (json, "at_lowest", result->at_lowest);
  esp_json_double (json, "suggestion", result->suggestion);
}

static void
print (const EspRangeResult *result)
{
  const guint step = MAX (1, result->points->len / LINES);

  for (guint i = 0; i < result->points->len; i += step)
    {
      const EspRangePoint *point = &g_array_index (result->points, EspRangePoint, i);

      g_print ("rate %-9.3g loss %9.4f, smooth %9.4f\n", point->rate, point->loss, point->smooth);
    }
  if (result->diverged)
    g_print ("diverged at the rate %.3g\n",
             result->points->len > 0 ? g_array_index (result->points, EspRangePoint, result->points->len - 1).rate : (double) NAN);
  if (isnan (result->fall))
    g_print ("it ended before its noise could be told: no rate is suggested\n");
  else if (isnan (result->suggestion))
    g_print ("from %.4g the smooth loss fell by no more than its noise (%.2g): no rate is suggested (more --batch is less noise)\n",
             result->first, result->noise);
  else
    g_print ("from %.4g the smooth loss fell by %.4g, %.0f times its noise, and its fall was over at %.3g: --rate %.2g\n", result->first,
             result->fall, result->fall / result->noise, result->suggestion, result->suggestion);
}

/**
 * esp_train_find_rate:
 * @trainer: a run that was not started
 *
 * Errors: those of esp_trainer_find_rate(). Thread: main.
 */
gboolean
esp_train_find_rate (EspTrainer *trainer, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Trying rates");
  Work work = { .trainer = trainer, .job = job };

  esp_range_options_init (&work.options);
  esp_common_run (common, job, work_run, &work);
  if (work.result == NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  add_json (json, work.result);
  if (!common->json)
    print (work.result);
  esp_range_result_free (work.result);
  return TRUE;
}
