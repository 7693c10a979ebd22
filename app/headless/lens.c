/* lens.c: espalier-cli lens: one channel looked at: where it fires, what it carries, what cutting it costs, how surely it is kept */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include <math.h>

#include "base/class-name.h"
#include "base/error.h"
#include "base/file.h"
#include "labelled.h"
#include "lens-picture.h"
#include "progress.h"
#include "prune/plan.h"
#include "study/lens.h"
#include "verbs.h"

#define MOST 100000 /* patches, replicates and resamples */

static EspNetworkOptions network_options;
static EspLabelledOptions labelled_options;
static char *plan_path, *output, *method_id, *protocol_id;
static int layer = -1, channel = -1, picture = -1, n_patches = 9, n_replicates = 2000, n_resamples = 200;
static double ratio = .5, tau = .02;
static gboolean no_cost;

static const GOptionEntry options[] = {
  { "layer", 0, 0, G_OPTION_ARG_INT, &layer, "The layer, a convolution", "N" },
  { "channel", 0, 0, G_OPTION_ARG_INT, &channel, "Its channel, from 0", "C" },
  { "plan", 0, 0, G_OPTION_ARG_FILENAME, &plan_path, "Cut by this plan otherwise; its ratios say how often the channel is kept", "FILE" },
  { "ratio", 0, 0, G_OPTION_ARG_DOUBLE, &ratio, "Without --plan: the share of every group that would go (default 0.5)", "R" },
  { "method", 0, 0, G_OPTION_ARG_STRING, &method_id, "Of attribution (default gradient-activation)", "M" },
  { "tau", 0, 0, G_OPTION_ARG_DOUBLE, &tau, "Head outputs below T are not part of a class (default 0.02)", "T" },
  { "picture", 0, 0, G_OPTION_ARG_INT, &picture, "Tell the channel's part in each box of image K of DATA, from 0", "K" },
  { "patches", 0, 0, G_OPTION_ARG_INT, &n_patches, "Images on which it fires most (default 9)", "N" },
  { "resamples", 0, 0, G_OPTION_ARG_INT, &n_resamples, "How often the images are drawn anew to see whether it is kept (default 200)", "N" },
  { "replicates", 0, 0, G_OPTION_ARG_INT, &n_replicates, "Of the intervals of what cutting it costs (default 2000)", "N" },
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &protocol_id, "Of AP (default darknet)", "P" },
  { "no-cost", 0, 0, G_OPTION_ARG_NONE, &no_cost, "Leave out what cutting it costs, which takes two passes over the data", NULL },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write patches and the picture's heatmap as PNG into this folder", "DIR" },
  ESP_LABELLED_OPTIONS (labelled_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspLensInput input;
  const EspProtocol *protocol;
  EspMask *mask; /* (nullable): of the plan */
  EspPlanState *plan;
  guint64 seed;
  EspJob *job;
  /* what comes of it */
  EspLensPatches *patches;
  EspLensCarried *carried;
  GArray *boxes; /* (nullable) */
  EspHeatmap *heatmap;
  EspLensScores *scores;
  char *few;    /* (nullable): why there are none */
  double *kept; /* (nullable): per unit */
  EspLensCost *cost;
  GError *error;
} Work;

static void
work_clear (Work *work)
{
  g_clear_pointer (&work->mask, esp_mask_unref);
  g_clear_pointer (&work->plan, esp_plan_state_unref);
  esp_lens_patches_free (work->patches);
  esp_lens_carried_free (work->carried);
  g_clear_pointer (&work->boxes, g_array_unref);
  g_clear_pointer (&work->heatmap, esp_heatmap_unref);
  esp_lens_scores_free (work->scores);
  g_free (work->few);
  g_free (work->kept);
  esp_lens_cost_free (work->cost);
  g_clear_error (&work->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean
look (Work *work, GError **error)
{
  const guint n = esp_dataset_get_n (work->input.dataset);
  EspOutcome **whole = esp_lens_see (&work->input, NULL, work->job, error);
  gboolean good = whole != NULL;

  if (good)
    work->carried = esp_lens_carried_new (&work->input, whole, (guint) layer, work->job, error);
  good = work->carried != NULL;
  if (good && picture >= 0)
    {
      work->boxes = esp_lens_boxes (&work->input, whole[picture], (guint) picture, (guint) layer, (guint) channel, work->job, error);
      work->heatmap
          = work->boxes != NULL ? esp_lens_heatmap (&work->input, (guint) picture, (guint) layer, channel, work->job, error) : NULL;
      good = work->heatmap != NULL;
    }
  esp_lens_forget (whole, n);
  return good;
}

/* Too few images are no failure: all else is told. */
static gboolean
find_kept (Work *work, GError **error)
{
  g_autoptr (GError) local = NULL;

  work->scores = esp_lens_scores_new (&work->input, work->job, &local);
  if (g_error_matches (local, ESP_ERROR, ESP_ERROR_UNSUPPORTED))
    {
      work->few = g_strdup (local->message);
      return TRUE;
    }
  if (work->scores != NULL)
    work->kept = esp_lens_kept (&work->input, work->scores, work->plan, (guint) n_resamples, work->seed, work->job, &local);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return work->kept != NULL;
}

static void
work_run (gpointer data)
{
  Work *work = data;

  work->patches = esp_lens_patches_new (&work->input, (guint) layer, (guint) n_patches, work->job, &work->error);
  if (work->patches == NULL || !look (work, &work->error))
    return;
  if (find_kept (work, &work->error) && !no_cost && esp_coupling_is_prunable (work->input.coupling, (guint) layer))
    work->cost = esp_lens_cost_new (&work->input, work->mask, (guint) layer, (guint) channel, work->protocol, (guint) n_replicates,
                                    work->seed, work->job, &work->error);
}

static gboolean
check_options (Work *work, GError **error)
{
  work->protocol = esp_protocol_find (protocol_id != NULL ? protocol_id : "darknet");
  work->input.method = esp_attribution_find (method_id != NULL ? method_id : "gradient-activation");
  if (layer < 0 || channel < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected --layer N and --channel C");
  else if (work->protocol == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--protocol %s: there is no such protocol", protocol_id);
  else if (work->input.method == NULL || (work->input.method->gives & ESP_GIVES_CHANNELS) == 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--method %s: expected a method that scores channels", method_id);
  else if (!(ratio >= 0 && ratio <= 1 && tau >= 0 && tau <= 1) || n_patches < 1 || n_patches > MOST || n_replicates < 0
           || n_replicates > MOST || n_resamples < 1 || n_resamples > MOST)
    g_set_error (
        error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--ratio %g --tau %g --patches %d --replicates %d --resamples %d: expected 0 to 1, 0 to 1, and numbers from 1, 0 and 1 to %d",
        ratio, tau, n_patches, n_replicates, n_resamples, MOST);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_channel (const EspLoaded *loaded, const EspLabelled *labelled, GError **error)
{
  const guint n_layers = esp_network_get_n_layers (loaded->network), n = esp_dataset_get_n (labelled->dataset);
  const EspLayer *of = (guint) layer < n_layers ? esp_network_get_layer (loaded->network, (guint) layer) : NULL;

  if (of == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %d: the network has layers 0 to %u", layer, n_layers - 1);
  else if (of->kind != ESP_LAYER_CONVOLUTIONAL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %d is no convolution but %s: only convolutions own channels", layer,
                 esp_layer_kind_name (of->kind));
  else if (channel >= of->out.c)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "channel %d: layer %d has channels 0 to %d", channel, layer, of->out.c - 1);
  else if (picture >= (int) n)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "--picture %d: the data set has images 0 to %u", picture, n - 1);
  else
    return TRUE;
  return FALSE;
}

/* What the plan says; where there is none, --ratio of every group. */
static gboolean
read_plan (Work *work, const EspLoaded *loaded, EspCoupling *coupling, char **argv, GError **error)
{
  g_autoptr (EspPlan) plan = esp_plan_new (loaded->network, coupling, NULL);

  if (plan_path != NULL
      && ((work->mask = esp_labelled_plan (loaded, plan_path, argv[0], argv[1], error)) == NULL || !esp_plan_load (plan, plan_path, error)))
    return FALSE;
  for (guint g = 0; g < esp_plan_get_n_groups (plan) && plan_path == NULL; g++)
    esp_plan_set_ratio (plan, g, ratio);
  work->plan = esp_plan_get_state (plan);
  return TRUE;
}

static void
json_box (JsonBuilder *json, const char *name, EspBox box)
{
  const float numbers[] = { box.x - box.w / 2, box.y - box.h / 2, box.w, box.h };

  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    json_builder_add_double_value (json, (double) numbers[i]);
  json_builder_end_array (json);
}

static void
json_class (JsonBuilder *json, const EspLabelled *labelled, guint class_index)
{
  esp_json_int (json, "class", class_index);
  esp_json_string (json, "name",
                   labelled->names != NULL && class_index < g_strv_length (labelled->names) ? labelled->names[class_index] : NULL);
}

static void
json_interval (JsonBuilder *json, const EspInterval *interval)
{
  esp_json_double (json, "difference", interval->value);
  esp_json_double (json, "low", interval->low);
  esp_json_double (json, "high", interval->high);
}

static void
tell_unit (const Work *work, JsonBuilder *json)
{
  const EspCoupling *coupling = work->input.coupling;
  const guint unit = esp_coupling_get_unit (coupling, (guint) layer, (guint) channel);
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, unit, &n);
  g_autofree char *why = esp_coupling_explain (coupling, (guint) layer, (guint) channel);

  esp_json_int (json, "layer", layer);
  esp_json_int (json, "channel", channel);
  esp_json_string (json, "fixed", esp_coupling_why_fixed (coupling, (guint) layer));
  esp_json_string (json, "goes_with", why);
  json_builder_set_member_name (json, "unit");
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "layer", members[i].layer);
      esp_json_int (json, "channel", members[i].channel);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static gboolean
tell_patches (const Work *work, JsonBuilder *json, GError **error)
{
  guint n = 0;
  const EspPatch *patches = esp_lens_patches_get (work->patches, (guint) channel, &n);

  json_builder_set_member_name (json, "patches");
  json_builder_begin_array (json);
  for (guint i = 0; i < n; i++)
    {
      const EspSample *sample = esp_dataset_get (work->input.dataset, patches[i].image);
      g_autofree char *name = g_strdup_printf ("layer-%d-channel-%d-patch-%u.png", layer, channel, i + 1);
      g_autofree char *path = output != NULL ? g_build_filename (output, name, NULL) : NULL;

      if (path != NULL && !esp_lens_picture_crop (sample, work->input.options->orientation, patches[i].box, path, error))
        return FALSE;
      json_builder_begin_object (json);
      esp_json_int (json, "image", patches[i].image);
      esp_json_string (json, "path", sample->path);
      esp_json_int (json, "row", patches[i].row);
      esp_json_int (json, "column", patches[i].column);
      esp_json_double (json, "activation", (double) patches[i].activation);
      json_box (json, "box", patches[i].box);
      esp_json_string (json, "file", path);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  return TRUE;
}

static void
tell_carried (const Work *work, const EspLabelled *labelled, JsonBuilder *json)
{
  json_builder_set_member_name (json, "classes");
  json_builder_begin_array (json);
  for (guint k = 0; k < (guint) esp_network_get_classes (work->input.network); k++)
    {
      const EspCarried of = esp_lens_carried_get (work->carried, (guint) channel, k);

      if (of.n_images == 0)
        continue;
      json_builder_begin_object (json);
      json_class (json, labelled, k);
      esp_json_double (json, "share", of.share);
      esp_json_double (json, "of_class", of.of_class);
      esp_json_int (json, "images", of.n_images);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "boxes");
  json_builder_begin_array (json);
  for (guint i = 0; work->boxes != NULL && i < work->boxes->len; i++)
    {
      const EspLensBox *box = &g_array_index (work->boxes, EspLensBox, i);

      json_builder_begin_object (json);
      json_class (json, labelled, (guint) box->detection.class_index);
      esp_json_double (json, "confidence", (double) box->detection.score);
      json_box (json, "box", box->detection.box);
      esp_json_double (json, "score", box->score);
      esp_json_double (json, "share", box->share);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
}

static gboolean
tell_heatmap (const Work *work, JsonBuilder *json, GError **error)
{
  g_autofree char *name = g_strdup_printf ("layer-%d-channel-%d-image-%d.png", layer, channel, picture);
  g_autofree char *path = output != NULL && work->heatmap != NULL ? g_build_filename (output, name, NULL) : NULL;

  esp_json_string (json, "heatmap", path);
  return path == NULL
         || esp_lens_picture_heat (esp_dataset_get (work->input.dataset, (guint) picture), work->input.options->orientation, work->heatmap,
                                   path, error);
}

/* NaN where there are too few images to say. */
static double
kept_share (const Work *work)
{
  return work->kept != NULL ? work->kept[esp_coupling_get_unit (work->input.coupling, (guint) layer, (guint) channel)] : NAN;
}

static void
tell_kept (const Work *work, JsonBuilder *json)
{
  json_builder_set_member_name (json, "kept");
  json_builder_begin_object (json);
  esp_json_double (json, "share", kept_share (work));
  esp_json_int (json, "resamples", n_resamples);
  if (work->scores != NULL)
    esp_json_int (json, "images", esp_lens_scores_get_n (work->scores));
  else
    esp_json_string (json, "reason", work->few);
  json_builder_end_object (json);
}

static void
tell_cost (const Work *work, const EspLabelled *labelled, JsonBuilder *json)
{
  const EspLensCost *cost = work->cost;

  json_builder_set_member_name (json, "cost");
  if (cost == NULL)
    {
      json_builder_add_null_value (json);
      return;
    }
  json_builder_begin_object (json);
  json_interval (json, &cost->map);
  json_builder_set_member_name (json, "per_class");
  json_builder_begin_array (json);
  for (guint k = 0; k < cost->n_classes; k++)
    {
      if (cost->objects[k] == 0)
        continue;
      json_builder_begin_object (json);
      json_class (json, labelled, k);
      esp_json_int (json, "objects", cost->objects[k]);
      esp_json_double (json, "before", cost->before[k]);
      json_interval (json, &cost->per_class[k]);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
print_cost (const EspLensCost *cost)
{
  if (isnan (cost->map.low))
    g_print ("Cutting it changes mAP by %+.2f points on these images; an interval needs at least %d of them, and there are %u\n",
             100 * cost->map.value, ESP_LENS_FEWEST, cost->map.n);
  else
    g_print ("Cutting it changes mAP by %+.2f points, 95 %% %+.2f to %+.2f; “--json” has it by class\n", 100 * cost->map.value,
             100 * cost->map.low, 100 * cost->map.high);
}

static void
print_classes (const Work *work, const EspLabelled *labelled)
{
  for (guint k = 0; k < (guint) esp_network_get_classes (work->input.network); k++)
    {
      const EspCarried of = esp_lens_carried_get (work->carried, (guint) channel, k);
      g_autofree char *name = esp_class_name_text ((const char *const *) labelled->names, (int) k);

      if (of.n_images > 0)
        g_print ("Carries %s: %.0f %% of the channel, %.1f %% of what the layer carries of the class (%u %s)\n", name, 100 * of.share,
                 100 * of.of_class, of.n_images, of.n_images == 1 ? "image" : "images");
    }
}

/* Of --picture: boxes come by their score. */
static void
print_boxes (const Work *work, const EspLabelled *labelled)
{
  for (guint i = 0; work->boxes != NULL && i < work->boxes->len; i++)
    {
      const EspLensBox *box = &g_array_index (work->boxes, EspLensBox, i);
      g_autofree char *name = esp_class_name_text ((const char *const *) labelled->names, box->detection.class_index);

      g_print ("In box %u of image %d, %s %.2f: %.2f %% of the layer's part in it\n", i + 1, picture, name, (double) box->detection.score,
               100 * box->share);
    }
  if (work->boxes != NULL && work->boxes->len == 0)
    g_print ("Nothing is found in image %d\n", picture);
}

static void
tell_people (const Work *work, const EspLabelled *labelled)
{
  g_autofree char *why = esp_coupling_explain (work->input.coupling, (guint) layer, (guint) channel);
  guint n = 0;
  const EspPatch *patches = esp_lens_patches_get (work->patches, (guint) channel, &n);

  g_print ("Layer %d, channel %d%s%s\n", layer, channel, why != NULL ? ": " : "", why != NULL ? why : "");
  g_print ("Fires most on %s (%.3g)\n", esp_dataset_get (work->input.dataset, patches[0].image)->name, (double) patches[0].activation);
  print_classes (work, labelled);
  print_boxes (work, labelled);
  if (work->kept != NULL)
    g_print ("Kept in %.0f %% of %d resamples of %u images\n", 100 * kept_share (work), n_resamples, esp_lens_scores_get_n (work->scores));
  else
    g_print ("How often it is kept is not known: %s\n", work->few);
  if (work->cost != NULL)
    print_cost (work->cost);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (EspLabelled) labelled = { NULL };
  g_autoptr (EspJob) job = esp_job_new ("Looking at the channel");
  g_autoptr (EspCoupling) coupling = NULL;
  g_auto (Work) work = { .job = job, .seed = (guint64) common->seed };

  if (!check_options (&work, error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || !esp_labelled_open (&labelled, "lens", argv[2], &labelled_options, &loaded, error) || !check_channel (&loaded, &labelled, error)
      || (output != NULL && !esp_folder_make (output, error)))
    return FALSE;
  coupling = esp_coupling_new (loaded.network);
  if (!read_plan (&work, &loaded, coupling, argv, error))
    return FALSE;
  work.input = (EspLensInput){ loaded.network, loaded.weights,    coupling, labelled.dataset, labelled.map, labelled.cache,
                               &loaded.run,    work.input.method, NULL,     (float) tau };
  esp_common_run (common, job, work_run, &work);
  if (work.error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&work.error));
      return FALSE;
    }
  tell_unit (&work, json);
  if (!tell_patches (&work, json, error) || !tell_heatmap (&work, json, error))
    return FALSE;
  tell_carried (&work, &labelled, json);
  tell_kept (&work, json);
  tell_cost (&work, &labelled, json);
  if (!common->json)
    tell_people (&work, &labelled);
  return TRUE;
}

const EspVerb esp_verb_lens = {
  .name = "lens",
  .arguments = "NET.cfg WEIGHTS DATA",
  .summary = "Look at one channel: where it fires, what it carries, what cutting it costs",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
