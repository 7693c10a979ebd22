/* drift.c: espalier-cli drift: how far a plan moves the explanations of boxes, and which objects it loses */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "study/drift.h"

#include <math.h>

#include "base/error.h"
#include "labelled.h"
#include "progress.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspLabelledOptions labelled_options;
static char *plan_path, *method_id, *measure_word;
static int layer = -1, limit = 0;

static const GOptionEntry options[] = {
  { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "The plan", "FILE" },
  { "method", 0, 0, G_OPTION_ARG_STRING, &method_id, "Of attribution (default gradient-activation)", "M" },
  { "layer", 0, 0, G_OPTION_ARG_INT, &layer, "Of the heatmaps (default: of each box the one that says most)", "N" },
  { "measure", 0, 0, G_OPTION_ARG_STRING, &measure_word,
    "What the boxes are sorted by: spearman, 1 - rank correlation of the heatmaps (default), or cosine, 1 - their cosine", "WORD" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "Tell at most N boxes and N lost objects (default: all)", "N" },
  ESP_LABELLED_OPTIONS (labelled_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspLensInput input;
  EspMask *mask;
  EspDriftMeasure measure;
  EspJob *job;
  EspDriftReport *report;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;

  work->report = esp_drift_report_new (&work->input, work->mask, layer, work->measure, work->job, &work->error);
}

static gboolean
check_options (Work *work, GError **error)
{
  work->measure = g_strcmp0 (measure_word, "cosine") == 0 ? ESP_DRIFT_COSINE : ESP_DRIFT_SPEARMAN;
  work->input.method = esp_attribution_find (method_id != NULL ? method_id : "gradient-activation");
  if (plan_path == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected --plan FILE: drift is what a plan changes");
  else if (measure_word != NULL && work->measure == ESP_DRIFT_SPEARMAN && !g_str_equal (measure_word, "spearman"))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--measure %s: expected spearman or cosine", measure_word);
  else if (work->input.method == NULL || (work->input.method->gives & ESP_GIVES_LAYERS) == 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--method %s: expected a method that gives heatmaps at layers",
                 method_id);
  else if (layer < -1 || limit < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layer %d --limit %d: expected numbers from 0", layer, limit);
  else
    return TRUE;
  return FALSE;
}

static void
json_class (JsonBuilder *json, const EspLabelled *labelled, const char *key, const char *name_key, int class_index)
{
  const gboolean known = labelled->names != NULL && class_index >= 0 && (guint) class_index < g_strv_length (labelled->names);

  if (class_index >= 0)
    esp_json_int (json, key, class_index);
  else
    esp_json_double (json, key, NAN);
  esp_json_string (json, name_key, known ? labelled->names[class_index] : NULL);
}

/* Left, top, width and height. */
static void
json_four (JsonBuilder *json, const char *name, double left, double top, double width, double height)
{
  const double numbers[] = { left, top, width, height };

  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_builder_add_double_value (json, numbers[i]);
  json_builder_end_array (json);
}

static void
json_image (JsonBuilder *json, const Work *work, guint image)
{
  esp_json_int (json, "image", image);
  esp_json_string (json, "path", esp_dataset_get (work->input.dataset, image)->path);
}

static void
json_drift (JsonBuilder *json, const Work *work, const EspLabelled *labelled, const EspDrift *drift)
{
  const EspBox box = drift->before.box;

  json_builder_begin_object (json);
  json_image (json, work, drift->image);
  json_class (json, labelled, "class", "name", drift->before.class_index);
  json_four (json, "box", (double) (box.x - box.w / 2), (double) (box.y - box.h / 2), (double) box.w, (double) box.h);
  esp_json_double (json, "score_before", (double) drift->before.score);
  esp_json_double (json, "score_after", drift->found ? (double) drift->after.score : NAN);
  json_builder_set_member_name (json, "found");
  json_builder_add_boolean_value (json, drift->found);
  esp_json_int (json, "layer", drift->layer);
  esp_json_double (json, "spearman_distance", drift->distance[ESP_DRIFT_SPEARMAN]);
  esp_json_double (json, "cosine_distance", drift->distance[ESP_DRIFT_COSINE]);
  esp_json_double (json, "energy_before", drift->energy_before);
  esp_json_double (json, "energy_after", drift->energy_after);
  esp_json_double (json, "chance", drift->chance);
  json_builder_end_object (json);
}

static void
json_lost (JsonBuilder *json, const Work *work, const EspLabelled *labelled, const EspLostBox *lost)
{
  json_builder_begin_object (json);
  json_image (json, work, lost->image);
  json_class (json, labelled, "class", "name", lost->class_index);
  json_four (json, "box_pixels", lost->box.left, lost->box.top, lost->box.width, lost->box.height);
  esp_json_double (json, "score_before", (double) lost->before.score);
  esp_json_string (json, "error", esp_lost_as_key (lost->loss));
  esp_json_double (json, "nearest_score", lost->other_class >= 0 ? lost->score : NAN);
  esp_json_double (json, "nearest_overlap", lost->other_class >= 0 ? lost->overlap : NAN);
  json_class (json, labelled, "nearest_class", "nearest_name", lost->other_class);
  json_builder_set_member_name (json, "channels");
  json_builder_begin_array (json);
  for (guint i = 0; i < lost->n_blamed; i++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "layer", lost->blamed[i].layer);
      esp_json_int (json, "channel", lost->blamed[i].channel);
      esp_json_double (json, "score", lost->blamed[i].score);
      esp_json_double (json, "share", lost->blamed[i].share);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static guint
shown (const GArray *rows)
{
  return limit > 0 ? MIN (rows->len, (guint) limit) : rows->len;
}

static void
tell_json (const Work *work, const EspLabelled *labelled, JsonBuilder *json)
{
  const EspDriftReport *report = work->report;
  guint counts[ESP_LOST_N] = { 0 };

  esp_json_string (json, "method", work->input.method->id);
  esp_json_string (json, "measure", work->measure == ESP_DRIFT_COSINE ? "cosine" : "spearman");
  esp_json_int (json, "boxes", report->drifts->len);
  esp_json_double (json, "mean_spearman_distance", esp_drift_report_mean (report, ESP_DRIFT_SPEARMAN));
  esp_json_double (json, "mean_cosine_distance", esp_drift_report_mean (report, ESP_DRIFT_COSINE));
  esp_json_int (json, "objects_found", report->n_found);
  esp_json_int (json, "objects_lost", report->lost->len);
  esp_json_int (json, "objects_gained", report->n_gained);
  for (guint i = 0; i < report->lost->len; i++)
    counts[g_array_index (report->lost, EspLostBox, i).loss]++;
  json_builder_set_member_name (json, "errors");
  json_builder_begin_object (json);
  for (guint l = 0; l < ESP_LOST_N; l++)
    esp_json_int (json, esp_lost_as_key ((EspLostAs) l), counts[l]);
  json_builder_end_object (json);
  json_builder_set_member_name (json, "drift");
  json_builder_begin_array (json);
  for (guint i = 0; i < shown (report->drifts); i++)
    json_drift (json, work, labelled, &g_array_index (report->drifts, EspDrift, i));
  json_builder_end_array (json);
  json_builder_set_member_name (json, "lost");
  json_builder_begin_array (json);
  for (guint i = 0; i < shown (report->lost); i++)
    json_lost (json, work, labelled, &g_array_index (report->lost, EspLostBox, i));
  json_builder_end_array (json);
}

/* "circle 98 %", as the data has the class: of the image it is in. */
static char *
title_of (const Work *work, const EspLabelled *labelled, guint image, const EspDetection *box, int class_index)
{
  const gboolean known = labelled->names != NULL && class_index >= 0 && (guint) class_index < g_strv_length (labelled->names);
  g_autofree char *number = g_strdup_printf ("class %d", class_index);

  return g_strdup_printf ("%s: %s %.0f %%", esp_dataset_get (work->input.dataset, image)->name,
                          known ? labelled->names[class_index] : number, 100 * (double) box->score);
}

static void
tell_person_drift (const Work *work, const EspLabelled *labelled, const EspDrift *drift)
{
  g_autofree char *title = title_of (work, labelled, drift->image, &drift->before, drift->before.class_index);

  g_print ("%s: %.3f, heat in the box %.2f to %.2f%s\n", title, drift->distance[work->measure], drift->energy_before, drift->energy_after,
           drift->found ? "" : ", not found any more");
}

static void
tell_person_lost (const Work *work, const EspLabelled *labelled, const EspLostBox *lost)
{
  g_autofree char *title = title_of (work, labelled, lost->image, &lost->before, lost->class_index);
  g_autofree char *channels = esp_lost_box_channels (lost);

  g_print ("%s: lost, %s%s%s\n", title, esp_lost_as_words (lost->loss), *channels != '\0' ? "; carried by " : "", channels);
}

static void
tell_people (const Work *work, const EspLabelled *labelled)
{
  const EspDriftReport *report = work->report;

  g_print ("%u boxes explained before and after: 1 - Spearman %.3f on average, 1 - cosine %.3f\n", report->drifts->len,
           esp_drift_report_mean (report, ESP_DRIFT_SPEARMAN), esp_drift_report_mean (report, ESP_DRIFT_COSINE));
  for (guint i = 0; i < shown (report->drifts); i++)
    tell_person_drift (work, labelled, &g_array_index (report->drifts, EspDrift, i));
  g_print ("%u objects found, %u of them lost, %u gained\n", report->n_found, report->lost->len, report->n_gained);
  for (guint i = 0; i < shown (report->lost); i++)
    tell_person_lost (work, labelled, &g_array_index (report->lost, EspLostBox, i));
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (EspLabelled) labelled = { NULL };
  g_autoptr (EspJob) job = esp_job_new ("Explaining before and after");
  g_autoptr (EspCoupling) coupling = NULL;
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspDriftReport) report = NULL;
  Work work = { .job = job };

  if (!check_options (&work, error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || (mask = esp_labelled_plan (&loaded, plan_path, argv[0], argv[1], error)) == NULL
      || !esp_labelled_open (&labelled, "drift", argv[2], &labelled_options, &loaded, error))
    return FALSE;
  coupling = esp_coupling_new (loaded.network);
  work.mask = mask;
  work.input = (EspLensInput){ loaded.network,    loaded.weights, coupling, labelled.dataset, labelled.map, labelled.cache, &loaded.run,
                               work.input.method, NULL,           .02f };
  esp_common_run (common, job, work_run, &work);
  report = work.report;
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  tell_json (&work, &labelled, json);
  if (!common->json)
    tell_people (&work, &labelled);
  return TRUE;
}

const EspVerb esp_verb_drift = {
  .name = "drift",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Tell how far a plan moves what boxes are explained by, and which objects it loses",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
