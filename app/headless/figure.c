/* figure.c: espalier-cli figure: draws what a small text describes, without a display */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/error.h"
#include "base/file.h"
#include "draw/palette.h"
#include "explain-run.h"
#include "spec-reader.h"
#include "progress.h"
#include "verbs.h"

#define MOST_BYTES (1 << 20)

static char *output;

static const GOptionEntry options[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write here; the ending chooses: .png, .pdf or .svg", "FILE" },
  G_OPTION_ENTRY_NULL,
};

/* A specification, read. Paths are relative to its folder. */
typedef struct
{
  char *network, *weights, *image, *names_path, *method, *palette, *caption;
  EspNetworkOptions run;
  EspAsk ask;
  int layer, channel;
  const EspAttribution *row;
  double *knobs; /* of the method */
  double threshold, nms, opacity;
  gboolean has_scale;
  float scale[2];
} Spec;

static void
spec_clear (Spec *spec)
{
  g_free (spec->network);
  g_free (spec->weights);
  g_free (spec->image);
  g_free (spec->names_path);
  g_free (spec->method);
  g_free (spec->knobs);
  g_free (spec->palette);
  g_free (spec->caption);
  g_free (spec->run.fit);
  g_free (spec->run.bn_eps);
  g_free (spec->run.orientation);
  esp_ask_clear (&spec->ask);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Spec, spec_clear)

static EspTargetSpec *
parse_target (const EspSpecReader *target, const char *key, const char *text, GError **error)
{
  g_autoptr (GError) why = NULL;
  EspTargetSpec *spec = esp_target_spec_new (text, &why);

  if (spec == NULL)
    esp_spec_refuse (target, key, why->message, error);
  return spec;
}

static gboolean
read_masks (const EspSpecReader *target, EspMaskUse *masks, GError **error)
{
  g_autofree char *word = NULL;

  return esp_spec_read_word (target, "masks", &word, error)
         && (word == NULL || esp_masks_parse (word, masks)
             || esp_spec_refuse (target, "masks", "expected both, spatial or channel", error));
}

/* null: boxes only; {"class": "dog"} (or "16"), {"box": 1}, {"everything": true}, or {"text": …} as --target of attribute takes it; with
 * "tau" and "masks". */
static gboolean
read_target (const EspSpecReader *reader, EspAsk *ask, GError **error)
{
  static const char *const keys[] = { "class", "box", "everything", "text", "tau", "masks", NULL };
  EspSpecReader target;
  gboolean present, everything = FALSE;
  g_autofree char *class_name = NULL, *text = NULL, *written = NULL;
  double box = 0, tau = 0.02;

  if (!esp_spec_read_object (reader, "target", keys, &target, &present, error))
    return FALSE;
  if (!present)
    return TRUE;
  if (!esp_spec_read_word (&target, "class", &class_name, error) || !esp_spec_read_word (&target, "text", &text, error)
      || !esp_spec_read_number (&target, "box", 1, G_MAXINT, TRUE, &box, error)
      || !esp_spec_read_boolean (&target, "everything", &everything, error)
      || !esp_spec_read_number (&target, "tau", 0, 1, FALSE, &tau, error) || !read_masks (&target, &ask->masks, error))
    return FALSE;
  if ((class_name != NULL) + (box > 0) + everything + (text != NULL) != 1)
    return esp_spec_refuse (&target, NULL, "expected one of \"class\", \"box\", \"text\" and \"everything\": true", error);
  if (class_name != NULL)
    written = g_strconcat ("class:", class_name, NULL);
  else if (box > 0)
    written = g_strdup_printf ("box:%d", (int) box);
  ask->tau = (float) tau;
  ask->spec = parse_target (&target, text != NULL ? "text" : NULL, text != NULL ? text : everything ? "dataset" : written, error);
  return ask->spec != NULL;
}

/* A number, or "pixels". */
static gboolean
read_layer (const EspSpecReader *reader, int *layer, GError **error)
{
  double number = *layer;
  g_autofree char *word = NULL;

  if (esp_spec_holds_word (reader, "layer"))
    return esp_spec_read_word (reader, "layer", &word, error)
           && ((g_str_equal (word, "pixels") && esp_layer_parse (word, layer))
               || esp_spec_refuse (reader, "layer", "expected a whole number from 0, or \"pixels\"", error));
  if (!esp_spec_read_number (reader, "layer", 0, G_MAXINT, TRUE, &number, error))
    return FALSE;
  *layer = (int) number;
  return TRUE;
}

static gboolean
check_choices (const EspSpecReader *reader, Spec *spec, GError **error)
{
  g_autoptr (GError) local = NULL;

  spec->row = esp_attribution_parse (spec->method != NULL ? spec->method : "gradient-activation", &spec->knobs, &local);
  if (spec->row == NULL)
    return esp_spec_refuse (reader, "method", local->message, error);
  if (spec->palette != NULL && esp_palette_find (spec->palette) == NULL)
    return esp_spec_refuse (reader, "palette", "expected viridis, cividis or blue-orange", error);
  if (spec->has_scale && !(spec->scale[1] > spec->scale[0]))
    return esp_spec_refuse (reader, "scale", "expected the lower number first", error);
  return TRUE;
}

static gboolean
read_view (const EspSpecReader *reader, Spec *spec, GError **error)
{
  double channel = -1;

  if (!esp_spec_read_path (reader, "network", TRUE, &spec->network, error)
      || !esp_spec_read_path (reader, "weights", TRUE, &spec->weights, error)
      || !esp_spec_read_path (reader, "image", TRUE, &spec->image, error)
      || !esp_spec_read_path (reader, "names", FALSE, &spec->names_path, error)
      || !esp_spec_read_word (reader, "method", &spec->method, error) || !esp_spec_read_word (reader, "palette", &spec->palette, error)
      || !esp_spec_read_word (reader, "caption", &spec->caption, error) || !esp_spec_read_word (reader, "fit", &spec->run.fit, error)
      || !esp_spec_read_word (reader, "bn_eps", &spec->run.bn_eps, error)
      || !esp_spec_read_word (reader, "orientation", &spec->run.orientation, error) || !read_layer (reader, &spec->layer, error)
      || !esp_spec_read_number (reader, "channel", 0, G_MAXINT, TRUE, &channel, error)
      || !esp_spec_read_number (reader, "threshold", 0, 1, FALSE, &spec->threshold, error)
      || !esp_spec_read_number (reader, "nms", 0, 1, FALSE, &spec->nms, error)
      || !esp_spec_read_number (reader, "opacity", 0, 1, FALSE, &spec->opacity, error)
      || !esp_spec_read_pair (reader, "scale", spec->scale, &spec->has_scale, error) || !read_target (reader, &spec->ask, error))
    return FALSE;
  spec->channel = (int) channel;
  return check_choices (reader, spec, error);
}

typedef struct
{
  EspExplainRun run;
  const Spec *spec;
  const char *path;
  char *caption; /* as printed */
  GError *error;
} Work;

static void
draw (gpointer data)
{
  Work *work = data;
  EspViewFigure figure;
  g_auto (EspPage) page = { NULL };

  if (!esp_explain_run_look (&work->run, &work->error) || !esp_explain_run_heat (&work->run, &work->error)
      || !esp_explain_run_check (&work->run, &work->error))
    return;
  esp_page_fill (&figure, &work->run, work->spec->network, work->spec->weights, work->spec->has_scale ? work->spec->scale : NULL, &page);
  figure.palette = work->spec->palette;
  figure.heat_opacity = work->spec->opacity;
  if (work->spec->caption != NULL)
    figure.caption = work->spec->caption;
  work->caption = g_strdup (figure.caption);
  esp_view_figure_save (&figure, work->path, &work->error);
}

static gboolean
draw_view (const EspSpecReader *reader, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (Spec) spec = { .layer = ESP_LAYER_OF_TARGET, .channel = -1, .threshold = 0.25, .nms = 0.45, .opacity = 0.75 };
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (GStrv) names = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Drawing");
  g_autofree char *caption = NULL;
  Work work = { .spec = &spec, .path = output };

  if (!read_view (reader, &spec, error) || !esp_loaded_open (&loaded, spec.network, spec.weights, &spec.run, error))
    return FALSE;
  if (spec.names_path != NULL && (names = esp_names_load (spec.names_path, error)) == NULL)
    return FALSE;
  work.run = (EspExplainRun){
    .loaded = &loaded,
    .names = (const char *const *) names,
    .image_path = spec.image,
    .method = spec.row,
    .knobs = spec.knobs,
    .ask = spec.ask,
    .layer = spec.layer,
    .channel = spec.channel,
    .threshold = (float) spec.threshold,
    .nms = (float) spec.nms,
    .seed = (guint64) common->seed,
    .job = job,
  };
  spec.ask = (EspAsk){ 0 };
  esp_common_run (common, job, draw, &work);
  esp_explain_run_clear (&work.run);
  caption = work.caption;
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  esp_json_string (json, "file", output);
  esp_json_string (json, "caption", caption);
  return TRUE;
}

/* The registry of kinds: the keys that one knows, and how it is drawn. */
static const char *const view_keys[]
    = { "kind",    "network", "weights", "image", "target",  "layer", "channel", "method",      "threshold", "nms",
        "palette", "opacity", "scale",   "names", "caption", "fit",   "bn_eps",  "orientation", NULL };

static const struct
{
  const char *kind;
  const char *const *keys;
  gboolean (*draw) (const EspSpecReader *reader, EspCommon *common, JsonBuilder *json, GError **error);
} kinds[] = {
  { "view", view_keys, draw_view },
};

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspSpecReader) reader = { NULL };
  g_autofree char *kind = NULL;

  if (output == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected -o FILE, the figure to write");
      return FALSE;
    }
  if (!esp_spec_reader_open (&reader, argv[0], MOST_BYTES, error) || !esp_spec_read_word (&reader, "kind", &kind, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (kind, kinds[i].kind) == 0)
      return esp_spec_reader_check (&reader, kinds[i].keys, error) && kinds[i].draw (&reader, common, json, error);
  return esp_spec_refuse (&reader, "kind", "expected \"view\"", error);
}

const EspVerb esp_verb_figure = {
  .name = "figure",
  .arguments = "SPEC.json",
  .summary = "Draw a figure for publication from its specification",
  .options = options,
  .least = 1,
  .most = 1,
  .run = run,
};
