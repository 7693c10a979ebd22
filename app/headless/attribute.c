/* attribute.c: espalier-cli attribute: what made the network say it: heatmaps, and a number per channel */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/error.h"
#include "base/file.h"
#include "data-options.h"
#include "explain-run.h"
#include "explain/lrp.h"
#include "explain/sentence.h"
#include "progress.h"
#include "verbs.h"

#include <math.h>
#include <string.h>

static EspNetworkOptions network_options;
static EspDrawOptions draw_options;
static char *method_text, *layer_text, *target_text, *masks, *names_path, *output, *split;
static int layer = ESP_LAYER_OF_TARGET, limit = 0, most_heatmaps = 8;
static double threshold = .25, nms = .45, tau = .02;

static const GOptionEntry options[] = {
  { "method", 0, 0, G_OPTION_ARG_STRING, &method_text, "A method, and its parameters behind a colon (default gradient-activation)",
    "M[:NAME=VALUE,…]" },
  { "target", 0, 0, G_OPTION_ARG_STRING, &target_text,
    "class:NAME[+NAME], box:K (K-th by score, from 1), box:K:PART (objectness, class, x, y, w, h), missed:X,Y,W,H:NAME, "
    "cells:HEAD:CHANNELS[:ROW,COLUMN] (HEAD: the layer of a [yolo] or [region], as “info” lists them), dataset: every class (the default), "
    "or a sum: 2*box:1-box:2",
    "T" },
  { "masks", 0, 0, G_OPTION_ARG_STRING, &masks, "Which masks of the target count: both (the default), spatial or channel", "MASKS" },
  { "layer", 0, 0, G_OPTION_ARG_STRING, &layer_text,
    "Heatmap and channels of layer N, or heatmap at the pixels (default: a heatmap where it says most, channels of all)", "N|pixels" },
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names, one a line", "FILE" },
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write heatmaps into this folder", "DIR" },
  { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &threshold, "Boxes have scores above T (default 0.25)", "T" },
  { "nms", 0, 0, G_OPTION_ARG_DOUBLE, &nms, "Of two boxes of a class with IoU above T the weaker goes (default 0.45)", "T" },
  { "tau", 0, 0, G_OPTION_ARG_DOUBLE, &tau, "Head outputs below T are not part of a class (default 0.02)", "T" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, val or test, of a data set that has them", "NAME" },
  ESP_DRAW_OPTIONS (draw_options),
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N images of a data set (default: all)", "N" },
  { "heatmaps", 0, 0, G_OPTION_ARG_INT, &most_heatmaps, "At most N heatmaps of a data set (default 8)", "N" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* One heatmap written. */
typedef struct
{
  char *file, *values, *target, *sentence, *image, *note;
  int layer, width, height;
  float lowest, highest;
  double energy, chance;
} Written;

/* The channels of one convolution: sums over the images. */
typedef struct
{
  guint layer;
  int n;
  double *sums;
} Channels;

typedef struct
{
  EspExplainRun run;
  const char *cfg, *weights;
  double *knobs;       /* of the method */
  EspDataset *dataset; /* (nullable): else the one image of @run */
  GPtrArray *written;  /* of Written */
  GArray *channels;    /* of Channels */
  guint n_images, n_explained;
  float *scores;       /* room for one layer */
  gboolean shared;     /* of one image by a method of relevance: */
  EspLrpShares shares; /* where it has gone */
  GError *error;
} Work;

static void
written_free (gpointer data)
{
  Written *written = data;

  g_free (written->file);
  g_free (written->values);
  g_free (written->target);
  g_free (written->sentence);
  g_free (written->image);
  g_free (written->note);
  g_free (written);
}

static void
channels_clear (gpointer data)
{
  g_free (((Channels *) data)->sums);
}

static gboolean
gives_channels (const Work *work)
{
  return (work->run.method->gives & ESP_GIVES_CHANNELS) != 0;
}

/* The convolutions whose channels are told: all, or the one asked for; none by a method that scores no channels. */
static gboolean
choose_channels (Work *work, GError **error)
{
  EspNetwork *network = work->run.loaded->network;
  guint n = esp_network_get_n_layers (network);
  int most = 1;

  if (layer >= (int) n)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layer %d: the network has layers 0 to %u", layer, n - 1);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      const EspLayer *of = esp_network_get_layer (network, i);
      Channels channels = { i, of->out.c, NULL };

      if (of->kind != ESP_LAYER_CONVOLUTIONAL || (layer >= 0 && i != (guint) layer) || !gives_channels (work))
        continue;
      channels.sums = g_new0 (double, channels.n);
      most = MAX (most, channels.n);
      g_array_append_val (work->channels, channels);
    }
  work->scores = g_new (float, most);
  return TRUE;
}

/* S[c] = sum over images of what the method gives a channel: of the default one max over h, w of A * dT/dA. */
static gboolean
add_scores (Work *work, GError **error)
{
  for (guint i = 0; i < work->channels->len; i++)
    {
      Channels *channels = &g_array_index (work->channels, Channels, i);

      if (!esp_explainer_score (work->run.explainer, channels->layer, work->run.method->at, work->run.method->reduce, work->scores, error))
        return FALSE;
      for (int c = 0; c < channels->n; c++)
        channels->sums[c] += (double) work->scores[c];
    }
  return TRUE;
}

static char *
file_name (const Work *work, const char *ending)
{
  g_autofree char *name = NULL, *place = NULL;
  char *dot;

  place = work->run.layer == ESP_PIXELS ? g_strdup ("pixels") : g_strdup_printf ("%d", work->run.layer);
  if (work->dataset == NULL)
    return g_strdup_printf ("heatmap-%s%s", place, ending);
  name = g_path_get_basename (work->run.image_path);
  dot = strrchr (name, '.');
  if (dot != NULL)
    *dot = '\0';
  return g_strdup_printf ("heatmap-%s-%u-%s%s", place, work->n_images, name, ending);
}

/* Little-endian whatever the machine. */
static gboolean
save_values (const EspHeatmap *heatmap, const char *path, GError **error)
{
  gsize n = (gsize) heatmap->width * (gsize) heatmap->height;
  g_autofree guint32 *words = g_new (guint32, n);

  memcpy (words, heatmap->values, n * sizeof *words);
  for (gsize i = 0; i < n; i++)
    words[i] = GUINT32_TO_LE (words[i]);
  return esp_file_write (path, words, n * sizeof *words, error);
}

static gboolean
write_heatmap (Work *work, GError **error)
{
  const EspExplainRun *run = &work->run;
  EspBox box;
  Written *written = g_new0 (Written, 1);
  g_auto (EspPage) page = { NULL };
  EspViewFigure figure;
  g_autofree char *picture = file_name (work, ".png");
  g_autofree char *values = file_name (work, ".f32");

  written->file = g_build_filename (output, picture, NULL);
  written->values = g_build_filename (output, values, NULL);
  written->target = g_strdup (run->heatmap->target);
  written->sentence = esp_explain_sentence (run->target, run->names, run->heatmap, run->n_ones);
  written->image = g_strdup (run->image_path);
  written->note = g_strdup (esp_explainer_get_note (run->explainer));
  written->layer = run->layer;
  written->width = run->heatmap->width;
  written->height = run->heatmap->height;
  written->energy = written->chance = NAN;
  esp_heatmap_range (run->heatmap, &written->lowest, &written->highest);
  if (esp_target_get_box (run->target, &box))
    written->energy = esp_heatmap_energy_in_box (run->heatmap, box, &written->chance);
  g_ptr_array_add (work->written, written);
  esp_page_fill (&figure, run, work->cfg, work->weights, NULL, &page);
  return esp_view_figure_save (&figure, written->file, error) && save_values (run->heatmap, written->values, error);
}

static gboolean
explain_image (Work *work, GError **error)
{
  gboolean wanted = work->dataset == NULL || (int) work->written->len < most_heatmaps;

  if (!esp_explain_run_look (&work->run, error) || !esp_explain_run_heat (&work->run, error)
      || (work->dataset == NULL && !esp_explain_run_check (&work->run, error)) || !add_scores (work, error))
    return FALSE;
  if (work->run.n_ones > 0 && wanted && !write_heatmap (work, error))
    return FALSE;
  work->shared = work->dataset == NULL && esp_lrp_get_shares (work->run.explainer, &work->shares);
  work->n_images++;
  work->n_explained += work->run.n_ones > 0;
  return TRUE;
}

static void
explain (gpointer data)
{
  Work *work = data;
  guint n = work->dataset != NULL ? esp_dataset_get_n (work->dataset) : 1;

  if (limit > 0)
    n = MIN (n, (guint) limit);
  for (guint i = 0; i < n; i++)
    {
      if (work->dataset != NULL)
        work->run.image_path = esp_dataset_get (work->dataset, i)->path;
      if (!explain_image (work, &work->error))
        return;
      esp_job_set_progress (work->run.job, i + 1, n);
    }
  if (work->n_explained == 0)
    g_set_error (&work->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "nothing to explain: in none of %u images is a cell of the heads above the threshold of %g for the target", work->n_images,
                 tau);
}

static void
add_heatmap (JsonBuilder *json, const Written *written, const EspAttribution *method)
{
  json_builder_begin_object (json);
  esp_json_string (json, "file", written->file);
  esp_json_string (json, "values", written->values);
  esp_json_string (json, "image", written->image);
  esp_json_string (json, "target", written->target);
  esp_json_string (json, "method", method->id);
  if (written->layer == ESP_PIXELS)
    esp_json_string (json, "layer", "pixels");
  else
    esp_json_int (json, "layer", written->layer);
  esp_json_int (json, "width", written->width);
  esp_json_int (json, "height", written->height);
  esp_json_string (json, "unit", method->unit);
  esp_json_double (json, "lowest", (double) written->lowest);
  esp_json_double (json, "highest", (double) written->highest);
  esp_json_double (json, "energy_in_box", written->energy);
  esp_json_double (json, "chance", written->chance);
  esp_json_string (json, "sentence", written->sentence);
  esp_json_string (json, "note", written->note);
  json_builder_end_object (json);
}

static void
add_channels (JsonBuilder *json, const Channels *channels)
{
  for (int c = 0; c < channels->n; c++)
    {
      json_builder_begin_object (json);
      esp_json_int (json, "layer", channels->layer);
      esp_json_int (json, "channel", c);
      esp_json_double (json, "score", channels->sums[c]);
      json_builder_end_object (json);
    }
}

/* Where the target has gone to: input + bias + absorbed = target. */
static void
add_relevance (JsonBuilder *json, const EspLrpShares *shares)
{
  json_builder_set_member_name (json, "relevance");
  json_builder_begin_object (json);
  esp_json_double (json, "target", shares->target);
  esp_json_double (json, "input", shares->input);
  esp_json_double (json, "bias", shares->bias);
  esp_json_double (json, "absorbed", shares->absorbed);
  json_builder_end_object (json);
}

static void
tell (const Work *work, const EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "heatmaps");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->written->len; i++)
    {
      const Written *written = g_ptr_array_index (work->written, i);

      add_heatmap (json, written, work->run.method);
      if (!common->json)
        g_print ("%s: %s%s%s\n", written->file, written->sentence, written->note != NULL ? "; " : "",
                 written->note != NULL ? written->note : "");
    }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "channels");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->channels->len; i++)
    add_channels (json, &g_array_index (work->channels, Channels, i));
  json_builder_end_array (json);
  if (!gives_channels (work))
    {
      g_autofree char *reason = g_strdup_printf ("%s gives a heatmap at the pixels, and no scores of channels", work->run.method->id);

      esp_json_string (json, "channels_reason", reason);
    }
  esp_json_int (json, "images", work->n_images);
  esp_json_int (json, "images_explained", work->n_explained);
  if (work->dataset == NULL)
    {
      esp_json_int (json, "ones", work->run.n_ones);
      esp_json_double (json, "value", work->run.value);
    }
  if (work->shared)
    add_relevance (json, &work->shares);
  if (!common->json && gives_channels (work))
    g_print ("%u of %u images explained; “--json” lists the scores of %u layers\n", work->n_explained, work->n_images, work->channels->len);
  else if (!common->json)
    g_print ("%u of %u images explained; %s gives no scores of channels\n", work->n_explained, work->n_images, work->run.method->id);
}

/* --method and --layer. */
static gboolean
choose_method (Work *work, GError **error)
{
  g_autoptr (GError) local = NULL;

  work->run.method = esp_attribution_parse (method_text != NULL ? method_text : "gradient-activation", &work->knobs, &local);
  if (work->run.method == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--method: %s", local->message);
  else if (layer_text != NULL && !esp_layer_parse (layer_text, &layer))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layer %s: expected a number from 0, or pixels", layer_text);
  else
    {
      work->run.knobs = work->knobs;
      work->run.layer = layer;
      work->run.every = layer < 0 && gives_channels (work);
      return TRUE;
    }
  return FALSE;
}

static gboolean
check_options (EspAsk *ask, GError **error)
{
  EspMaskUse use = ESP_MASKS_BOTH;

  if (output == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected --output DIR, the folder for the heatmaps");
  else if (!(threshold >= 0 && threshold <= 1 && nms >= 0 && nms <= 1 && tau >= 0 && tau <= 1))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--threshold %g --nms %g --tau %g: expected numbers from 0 to 1",
                 threshold, nms, tau);
  else if (limit < 0 || most_heatmaps < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--limit %d --heatmaps %d: expected numbers from 0", limit,
                 most_heatmaps);
  else if (masks != NULL && !esp_masks_parse (masks, &use))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--masks %s: expected both, spatial or channel", masks);
  else if (esp_ask_parse (target_text != NULL ? target_text : "dataset", ask, error))
    {
      ask->tau = (float) tau;
      ask->masks = use;
      return TRUE;
    }
  return FALSE;
}

/* A picture is explained itself; anything else is a data set, of which there are no boxes to explain. A picture that cannot be read is
 * neither. */
static gboolean
open_data (Work *work, const char *path, GError **error)
{
  const EspDatasetOptions dataset_options
      = { .split = split, .names = names_path, .n_classes = esp_network_get_classes (work->run.loaded->network) };
  int width, height;

  if (g_file_test (path, G_FILE_TEST_IS_REGULAR) && esp_image_read_size (path, &width, &height, NULL))
    {
      work->run.image_path = path;
      return TRUE;
    }
  work->dataset = esp_data_open ("attribute", path, dataset_options, &draw_options, work->run.job, error);
  if (work->dataset == NULL || !esp_target_spec_is_of_image (work->run.ask.spec))
    return work->dataset != NULL;
  esp_refuse_box_of (work->dataset, path, ", or another target", error);
  return FALSE;
}

static gboolean
work_start (Work *work, char **argv, const EspLoaded *loaded, GError **error)
{
  work->cfg = argv[0];
  work->weights = argv[1];
  work->written = g_ptr_array_new_with_free_func (written_free);
  work->channels = g_array_new (FALSE, FALSE, sizeof (Channels));
  g_array_set_clear_func (work->channels, channels_clear);
  work->run.loaded = loaded;
  work->run.channel = -1;
  work->run.threshold = (float) threshold;
  work->run.nms = (float) nms;
  if (!check_options (&work->run.ask, error) || !choose_method (work, error) || !open_data (work, argv[2], error))
    return FALSE;
  work->run.quiet = work->dataset != NULL;
  return choose_channels (work, error) && esp_folder_make (output, error);
}

static void
work_clear (Work *work)
{
  esp_explain_run_clear (&work->run);
  g_clear_pointer (&work->dataset, esp_dataset_unref);
  g_clear_pointer (&work->written, g_ptr_array_unref);
  g_clear_pointer (&work->channels, g_array_unref);
  g_free (work->scores);
  g_free (work->knobs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (GStrv) names = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Explaining");
  g_auto (Work) work = { .run = { .job = job, .seed = (guint64) common->seed } };

  if (!esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error))
    return FALSE;
  if (names_path != NULL && (names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  work.run.names = (const char *const *) names;
  if (!work_start (&work, argv, &loaded, error))
    return FALSE;
  if (names == NULL && work.dataset != NULL)
    work.run.names = esp_dataset_get_names (work.dataset);
  esp_common_run (common, job, explain, &work);
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  tell (&work, common, json);
  return TRUE;
}

static char *
list_methods (void)
{
  g_autofree char *list = esp_attribution_list ();

  return g_strdup_printf ("Methods, with their parameters as they are unless said otherwise:\n%s", list);
}

const EspVerb esp_verb_attribute = {
  .name = "attribute",
  .arguments = "NET.cfg WEIGHTS IMAGE|DATA",
  .summary = "Say what made the network say it: heatmaps, and a score per channel",
  .options = options,
  .more = list_methods,
  .least = 3,
  .most = 3,
  .run = run,
};
