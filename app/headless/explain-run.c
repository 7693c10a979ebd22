/* explain-run.c: one photograph seen, one target explained: what attribute and figure share */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "explain-run.h"

#include "base/error.h"
#include "base/hash.h"
#include "detect/decode.h"
#include "detect/suppress.h"
#include "draw/palette.h"
#include "explain/sentence.h"
#include "explain/way.h"

#include <math.h>
#include <string.h>

/**
 * esp_ask_parse:
 * @text: as esp_target_spec_new()
 * @ask: (out): to be cleared
 * @error: G_OPTION_ERROR where it is no target
 */
gboolean
esp_ask_parse (const char *text, EspAsk *ask, GError **error)
{
  *ask = (EspAsk){ .tau = 0.02f, .spec = esp_target_spec_new (text, error) };
  return ask->spec != NULL;
}

/** esp_layer_parse: reads "pixels" or a number from 0 into @layer. Returns: whether it was one of them. Thread: any. */
gboolean
esp_layer_parse (const char *text, int *layer)
{
  gint64 number = ESP_PIXELS;

  if (!g_str_equal (text, "pixels") && !g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &number, NULL))
    return FALSE;
  *layer = (int) number;
  return TRUE;
}

/** esp_ask_clear: frees what it holds. */
void
esp_ask_clear (EspAsk *ask)
{
  g_clear_pointer (&ask->spec, esp_target_spec_free);
}

static EspTarget *
make_target (const EspExplainRun *run, GError **error)
{
  const EspTargetScene scene = {
    .network = run->loaded->network,
    .names = run->names,
    .tau = run->ask.tau,
    .image = run->image_path,
    .width = esp_image_get_width (run->image),
    .height = esp_image_get_height (run->image),
    .placement = run->placement,
    .detections = (const EspDetection *) (gpointer) run->detections->data,
    .n_detections = run->detections->len,
    .threshold = (double) run->threshold,
  };
  g_autoptr (EspTarget) target = esp_target_spec_make (run->ask.spec, &scene, error);

  if (target == NULL || run->ask.masks == ESP_MASKS_BOTH)
    return g_steal_pointer (&target);
  return esp_target_new_masks (target, run->ask.masks);
}

static gboolean
make_engine (EspExplainRun *run, GError **error)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = run->loaded->run.backend, .bn = run->loaded->run.bn, .batch = 1 };

  if (run->engine == NULL)
    run->engine = esp_engine_new (run->loaded->network, run->loaded->weights, &options, NULL, error);
  return run->engine != NULL;
}

/** esp_refuse_box_of: says why there is no box at @path: of several photographs, with @advice, or of one that cannot be read. */
void
esp_refuse_box_of (EspDataset *dataset, const char *path, const char *advice, GError **error)
{
  if (esp_dataset_get_n (dataset) == 1 && g_str_equal (esp_dataset_get (dataset, 0)->path, path))
    {
      g_autoptr (EspImage) image = esp_image_load (path, ESP_ORIENTATION_NONE, 0, 0, error);

      if (image == NULL)
        return;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: a box is of one photograph; give that%s", path, advice);
}

/**
 * esp_explain_run_look:
 * @run: what is asked
 * @error: as the readers, the engine, or what is asked for is not there
 *
 * Loads the photograph, runs the network, suppresses, and makes the target. The engine of an earlier look is used again. Thread: lane.
 */
gboolean
esp_explain_run_look (EspExplainRun *run, GError **error)
{
  EspShape shape = esp_network_get_input (run->loaded->network);

  g_clear_pointer (&run->image, esp_image_unref);
  g_clear_pointer (&run->detections, g_array_unref);
  g_clear_pointer (&run->target, esp_target_unref);
  if (!make_engine (run, error))
    return FALSE;
  run->image = esp_image_load (run->image_path, run->loaded->run.orientation, 0, 0, error);
  if (run->image == NULL)
    return FALSE;
  if (run->input == NULL)
    run->input = g_new (float, esp_shape_count (shape));
  run->placement = esp_fit_image (run->loaded->run.fit, run->image, shape.c, shape.h, shape.w, run->input);
  if (!esp_engine_forward (run->engine, run->input, run->job, error))
    return FALSE;
  run->detections = esp_decode (run->engine, 0, run->placement, run->threshold, error);
  if (run->detections == NULL)
    return FALSE;
  esp_suppress_by (run->detections, esp_nms_of_network (run->loaded->network, run->nms));
  if (run->ask.spec != NULL)
    run->target = make_target (run, error);
  return run->ask.spec == NULL || run->target != NULL;
}

static gboolean
make_explainer (EspExplainRun *run, GError **error)
{
  const EspExplainerOptions options
      = { .backend = run->loaded->run.backend, .bn = run->loaded->run.bn, .seed = run->seed, .quiet = run->quiet };

  if (run->explainer != NULL)
    return TRUE;
  run->explainer = esp_explainer_new (run->loaded->network, run->loaded->weights, &options);
  return esp_explainer_set_method (run->explainer, run->method, run->knobs, error);
}

/* What the run has to be for: methods that keep one layer are run for every layer only where that is read. */
static int
layer_of_run (const EspExplainRun *run)
{
  if (run->every && ((run->method->gives & ESP_KEEPS_LAYER) != 0 || run->layer != ESP_PIXELS)
      && (run->method->gives & ESP_GIVES_LAYERS) != 0)
    return ESP_EVERY_LAYER;
  return run->layer;
}

/* A layer that the target does not depend on would give an empty picture. */
static gboolean
check_way (const EspExplainRun *run, GError **error)
{
  g_autofree char *off = esp_explain_off_way (run->target, run->loaded->network, run->layer);

  if (off != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s", off);
  return off == NULL;
}

/**
 * esp_explain_run_heat:
 * @run: after esp_explain_run_look()
 * @error: as esp_explainer_run() and esp_explainer_heatmap(); ESP_ERROR_UNSUPPORTED where the target does not depend on the layer
 *
 * Runs the method; afterwards scores may be read from the explainer. Thread: lane.
 */
gboolean
esp_explain_run_heat (EspExplainRun *run, GError **error)
{
  g_clear_pointer (&run->heatmap, esp_heatmap_unref);
  if (run->ask.spec == NULL)
    return TRUE;
  if (run->layer == ESP_LAYER_OF_TARGET)
    run->layer
        = (run->method->gives & ESP_GIVES_LAYERS) != 0 ? (int) esp_explain_default_layer (run->target, run->loaded->network) : ESP_PIXELS;
  if (!check_way (run, error) || !make_explainer (run, error))
    return FALSE;
  esp_explainer_set_placement (run->explainer, run->placement);
  if (!esp_explainer_run (run->explainer, run->input, run->target, layer_of_run (run), run->job, error))
    return FALSE;
  run->n_ones = esp_explainer_get_n_ones (run->explainer);
  run->value = esp_explainer_get_value (run->explainer);
  run->heatmap = esp_explainer_heatmap (run->explainer, run->layer, run->channel, run->placement, error);
  if (run->heatmap == NULL)
    return FALSE;
  run->heatmap->target = esp_target_describe (run->target, run->names);
  return TRUE;
}

/**
 * esp_explain_run_check:
 * @run: after esp_explain_run_heat()
 * @error: ESP_ERROR_UNSUPPORTED where the target summed nothing
 *
 * Returns: whether there is something to be shown; where nothing was asked there is. Thread: any.
 */
gboolean
esp_explain_run_check (const EspExplainRun *run, GError **error)
{
  g_autofree char *sentence = NULL;

  if (run->ask.spec == NULL || run->n_ones > 0)
    return TRUE;
  sentence = esp_explain_sentence (run->target, run->names, run->heatmap, 0);
  if (esp_target_needs_map (run->target))
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: %s (%g)", run->image_path, sentence, (double) run->ask.tau);
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: %s", run->image_path, sentence);
  return FALSE;
}

/** esp_explain_run_clear: gives back what came of the run. Thread: lane, or any once the lane has stopped with it. */
void
esp_explain_run_clear (EspExplainRun *run)
{
  esp_ask_clear (&run->ask);
  g_clear_pointer (&run->heatmap, esp_heatmap_unref);
  g_clear_pointer (&run->target, esp_target_unref);
  g_clear_pointer (&run->detections, g_array_unref);
  g_clear_pointer (&run->image, esp_image_unref);
  g_clear_pointer (&run->input, g_free);
  g_clear_pointer (&run->explainer, esp_explainer_free);
  g_clear_pointer (&run->engine, esp_engine_unref);
}

/* A sentence as a page prints it. */
static char *
as_sentence (const char *text)
{
  gunichar first = g_unichar_toupper (g_utf8_get_char (text));
  g_autoptr (GString) sentence = g_string_new (NULL);

  g_string_append_unichar (sentence, first);
  g_string_append (sentence, g_utf8_next_char (text));
  g_string_append_c (sentence, '.');
  return g_string_free (g_steal_pointer (&sentence), FALSE);
}

static void
append_file (GString *text, const char *path, const char *what)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *hash = esp_hash_file (path, NULL);

  if (hash != NULL)
    hash[16] = '\0';
  g_string_append_printf (text, "%s%s %s (SHA-256 %s…)", text->len > 0 ? " · " : "", what, name, hash != NULL ? hash : "unknown");
}

static void
append_method (GString *text, const EspExplainRun *run)
{
  g_string_append_printf (text, " · %s", run->method->id);
  if (run->knobs != NULL)
    {
      g_string_append_c (text, ':');
      esp_knobs_append_text (run->method->knobs, run->method->n_knobs, run->knobs, text);
    }
  g_string_append_printf (text, " of %s", run->heatmap->target);
  if (run->layer == ESP_PIXELS)
    g_string_append (text, " at the pixels");
  else
    g_string_append_printf (text, " at layer %d", run->layer);
  if (esp_explainer_get_note (run->explainer) != NULL)
    g_string_append_printf (text, " · %s", esp_explainer_get_note (run->explainer));
}

/* What somebody needs to make the figure again. */
static char *
make_provenance (const EspExplainRun *run, const char *cfg, const char *weights, float low, float high)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_file (text, cfg, "network");
  append_file (text, weights, "weights");
  append_file (text, run->image_path, "image");
  if (run->heatmap != NULL)
    {
      char lowest[G_ASCII_DTOSTR_BUF_SIZE], highest[G_ASCII_DTOSTR_BUF_SIZE];

      append_method (text, run);
      if (run->channel >= 0)
        g_string_append_printf (text, ", channel %d", run->channel);
      g_ascii_formatd (lowest, sizeof lowest, "%.4g", (double) low);
      g_ascii_formatd (highest, sizeof highest, "%.4g", (double) high);
      g_string_append_printf (text, " · scale %s to %s", lowest, highest);
    }
  g_string_append (text, " · Espalier " ESP_VERSION);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
fill_scale (EspViewFigure *figure, const EspHeatmap *heatmap, const float *scale)
{
  if (scale != NULL)
    {
      figure->scale_low = scale[0];
      figure->scale_high = scale[1];
      figure->scale_note = "fixed scale";
      return;
    }
  esp_heatmap_range (heatmap, &figure->scale_low, &figure->scale_high);
  if (heatmap->is_signed)
    {
      figure->scale_high = MAX (fabsf (figure->scale_low), fabsf (figure->scale_high));
      figure->scale_low = 0 - figure->scale_high;
    }
  figure->scale_note = "scale of this image";
}

/**
 * esp_page_fill:
 * @figure: (out): borrows from @run and @keep
 * @run: after esp_explain_run_heat()
 * @cfg: path of the network, for the small print
 * @weights: likewise
 * @scale: (nullable): lowest and highest of the legend; else this image's own
 * @keep: (out): owns the words
 */
void
esp_page_fill (EspViewFigure *figure, const EspExplainRun *run, const char *cfg, const char *weights, const float *scale, EspPage *keep)
{
  g_autofree char *sentence = NULL;

  *figure = (EspViewFigure){
    .image = run->image,
    .detections = (const EspDetection *) (gpointer) run->detections->data,
    .n_detections = run->detections->len,
    .selected = run->ask.spec != NULL ? esp_target_spec_get_box (run->ask.spec) - 1 : -1,
    .heatmap = run->heatmap,
    .heat_opacity = 0.75,
    .names = run->names,
  };
  if (run->heatmap != NULL)
    {
      fill_scale (figure, run->heatmap, scale);
      sentence = esp_explain_sentence (run->target, run->names, run->heatmap, run->n_ones);
      keep->caption = as_sentence (sentence);
    }
  keep->provenance = make_provenance (run, cfg, weights, figure->scale_low, figure->scale_high);
  figure->caption = keep->caption;
  figure->provenance = keep->provenance;
}

/** esp_page_clear: frees its words. */
void
esp_page_clear (EspPage *page)
{
  g_clear_pointer (&page->caption, g_free);
  g_clear_pointer (&page->provenance, g_free);
}
