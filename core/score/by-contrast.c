/* by-contrast.c: what each channel carries of a change in the pictures to the target:
 * an object, a background, a watermark that came or went */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/error.h"
#include "dataset/beside.h"
#include "detect/decode.h"
#include "detect/suppress.h"
#include "explain/target.h"
#include "score/criterion-private.h"
#include "score/normalise.h"

#define FEWEST_IMAGES 20

const EspKnob esp_contrast_knobs[] = {
  [ESP_CONTRAST_KNOB_SCORE] = { .id = "score",
                                .title = N_ ("Least score of a box that is explained"),
                                .preset = 0.1,
                                .lowest = 0.001,
                                .highest = 1,
                                .slider_low = 0.01,
                                .slider_high = 0.5 },
  [ESP_CONTRAST_KNOB_SELECTIVE] = { .id = "selective",
                                    .title = N_ ("How much a channel that also carries other things is spared"),
                                    .preset = 0,
                                    .lowest = 0,
                                    .highest = 4,
                                    .slider_low = 0,
                                    .slider_high = 2 },
  ESP_RANK_KNOBS (ESP_NORM_NONE, ESP_RANK_TOGETHER, ESP_COUPLED_SUM),
};

/* What the images are run with. */
typedef struct
{
  const EspCriterionInput *input;
  EspImageCache *cache;
  const double *knobs;
  EspEngine *with, *without;          /* explain, batch 1 */
  float *pixels;                      /* of one network input */
  float *values, *before, *gradients; /* of one layer */
  EspScores *change;                  /* sum of (A - A0) * G */
  EspScores *other;                   /* sum of |A0 * G| */
  guint n_used;
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->cache, esp_image_cache_unref);
  g_clear_pointer (&run->with, esp_engine_unref);
  g_clear_pointer (&run->without, esp_engine_unref);
  g_clear_pointer (&run->change, esp_scores_unref);
  g_clear_pointer (&run->other, esp_scores_unref);
  g_free (run->pixels);
  g_free (run->values);
  g_free (run->before);
  g_free (run->gradients);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
begin (Run *run, GError **error)
{
  const EspCriterionInput *input = run->input;
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = input->backend, .bn = input->bn, .batch = 1 };
  gsize most = 0;

  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    most = MAX (most, esp_shape_count (esp_network_get_layer (input->network, l)->out));
  run->pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  run->values = g_new (float, most);
  run->before = g_new (float, most);
  run->gradients = g_new (float, most);
  run->change = esp_scores_new (input->network, "contrast", NULL);
  run->other = esp_scores_new (input->network, "contrast", NULL);
  run->with = esp_engine_new (input->network, input->weights, &options, NULL, error);
  if (run->with != NULL)
    run->without = esp_engine_new (input->network, input->weights, &options, run->with, error);
  return run->without != NULL;
}

/* The logit of class @index, or of the box's own class, at the box. */
static void
add_part (GPtrArray *parts, const EspDetection *box, int index)
{
  EspDetection of = *box;

  if (index >= 0)
    of.class_index = index;
  g_ptr_array_add (parts, esp_target_new_part (&of, ESP_PART_CLASS));
}

/* The target classes' logits, or each box's own, at every box that is found. NULL without @error: there is none. */
static EspTarget *
target_of_image (const Run *run, EspPlacement placement, GError **error)
{
  const EspCriterionInput *input = run->input;
  g_autoptr (GArray) found = esp_decode (run->with, 0, placement, (float) run->knobs[ESP_CONTRAST_KNOB_SCORE], error);
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_target_unref);
  g_autofree double *ones = NULL;

  if (found == NULL)
    return NULL;
  esp_suppress_by (found, esp_nms_of_network (input->network, .45f));
  for (guint i = 0; i < found->len; i++)
    for (guint k = 0; k < MAX (input->n_classes, 1); k++)
      add_part (parts, &g_array_index (found, EspDetection, i), input->n_classes > 0 ? input->classes[k] : -1);
  ones = g_new (double, parts->len);
  for (guint i = 0; i < parts->len; i++)
    ones[i] = 1;
  return parts->len > 0 ? esp_target_new_sum ((EspTarget *const *) parts->pdata, ones, parts->len) : NULL;
}

/* One layer of one image. */
static gboolean
add_layer (Run *run, guint layer, GError **error)
{
  const EspShape shape = esp_network_get_layer (run->input->network, layer)->out;
  const gsize plane = (gsize) shape.w * (gsize) shape.h;
  guint n = 0;
  double *change = esp_scores_get (run->change, layer, &n), *other = esp_scores_get (run->other, layer, NULL);

  if (change == NULL)
    return TRUE;
  if (!esp_engine_read (run->with, layer, ESP_AT_CONV, run->values, error)
      || !esp_engine_read_gradient (run->with, (int) layer, ESP_AT_CONV, run->gradients, error)
      || !esp_engine_read (run->without, layer, ESP_AT_CONV, run->before, error))
    return FALSE;
  for (gsize i = 0; i < n * plane; i++)
    {
      change[i / plane] += ((double) run->values[i] - (double) run->before[i]) * (double) run->gradients[i];
      other[i / plane] += ABS ((double) run->before[i] * (double) run->gradients[i]);
    }
  return TRUE;
}

/* Of a picture of another size nothing lies where it lay. */
static gboolean
check_size (const EspImage *image, const EspSample *sample, const char *path, GError **error)
{
  int width, height;

  if (!esp_image_read_size (sample->path, &width, &height, error))
    return FALSE;
  if (MAX (width, height) == MAX (esp_image_get_width (image), esp_image_get_height (image))
      && MIN (width, height) == MIN (esp_image_get_width (image), esp_image_get_height (image)))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: it is %d × %d; expected %d × %d as %s is", path, esp_image_get_width (image),
               esp_image_get_height (image), width, height, sample->path);
  return FALSE;
}

/* The same picture without the thing, run before. */
static gboolean
run_without (Run *run, const EspSample *sample, EspJob *job, GError **error)
{
  const EspShape in = esp_network_get_input (run->input->network);
  g_autofree char *path = esp_path_beside (run->input->without, sample->path, error);
  g_autoptr (EspImage) image = NULL;
  EspEvaluateOptions defaults;

  esp_evaluate_options_init (&defaults, run->input->network);
  image = path != NULL ? esp_image_load (path, defaults.orientation, 0, 0, error) : NULL;
  if (image == NULL || !check_size (image, sample, path, error))
    return FALSE;
  esp_fit_image (defaults.fit, image, in.c, in.h, in.w, run->pixels);
  return esp_engine_forward (run->without, run->pixels, job, error);
}

static gboolean
add_image (Run *run, guint i, EspJob *job, GError **error)
{
  g_autoptr (EspTarget) target = NULL;
  g_autoptr (GError) failure = NULL;
  EspPlacement placement;
  guint n_ones;

  if (!run_without (run, esp_dataset_get (run->input->dataset, i), job, error)
      || !esp_image_cache_get (run->cache, i, run->pixels, &placement, error) || !esp_engine_forward (run->with, run->pixels, job, error))
    return FALSE;
  target = target_of_image (run, placement, &failure);
  if (target == NULL && failure == NULL)
    return TRUE;
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!esp_target_apply (target, run->with, &n_ones, NULL, error) || !esp_engine_backward (run->with, 0, job, error))
    return FALSE;
  run->n_used++;
  for (guint l = 0; l < esp_network_get_n_layers (run->input->network); l++)
    if (!add_layer (run, l, error))
      return FALSE;
  return TRUE;
}

static gboolean
run_images (Run *run, EspJob *job, GError **error)
{
  const guint n = esp_dataset_get_n (run->input->dataset);

  for (guint i = 0; i < n; i++)
    {
      esp_job_set_progress (job, i, n);
      if (run->input->lane != NULL)
        esp_lane_yield (run->input->lane);
      if (!esp_job_check (job, error) || !add_image (run, i, job, error))
        return FALSE;
    }
  esp_job_set_progress (job, n, n);
  if (run->n_used >= FEWEST_IMAGES)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%u of %u images have a box above %g; contrast needs at least %d", run->n_used, n,
               run->knobs[ESP_CONTRAST_KNOB_SCORE], FEWEST_IMAGES);
  return FALSE;
}

/* What carries the change upward scores lowest; a power of its share spares what carries other things. */
static EspScores *
join (const Run *run)
{
  g_autoptr (GString) text = g_string_new (NULL);
  EspScores *scores;

  g_string_append (text, "classes=");
  for (guint k = 0; k < run->input->n_classes; k++)
    g_string_append_printf (text, k > 0 ? "+%d" : "%d", run->input->classes[k]);
  g_string_append (text, run->input->n_classes > 0 ? "," : "each box's own,");
  esp_knobs_append_text (esp_contrast_knobs, ESP_CONTRAST_KNOB_SELECTIVE + 1, run->knobs, text);
  scores = esp_scores_new (run->input->network, "contrast", text->str);
  for (guint l = 0; l < esp_network_get_n_layers (run->input->network); l++)
    {
      guint n = 0;
      double *to = esp_scores_get (scores, l, &n);
      const double *change = esp_scores_get (run->change, l, NULL), *other = esp_scores_get (run->other, l, NULL);

      for (guint c = 0; c < n; c++)
        to[c] = -change[c]
                * (change[c] != 0 ? pow (ABS (change[c]) / (ABS (change[c]) + other[c]), run->knobs[ESP_CONTRAST_KNOB_SELECTIVE]) : 0);
    }
  esp_scores_set_n_images (scores, run->n_used);
  return scores;
}

static gboolean
check (const EspCriterionInput *input, GError **error)
{
  if (esp_network_get_classes (input->network) == 0 || (input->dataset != NULL && input->without != NULL))
    return esp_score_check_target (input, "contrast", error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
               "contrast needs images, and the same images without the thing (--without): none were given");
  return FALSE;
}

/*
 * Pairs of pictures, with a thing and without it: A and A0 the convolution's output before batch normalisation, G = dT/dA where the thing
 * is there, T the sum of the target classes' logits at the boxes that are found there. D = sum over images, h and w of (A - A0) * G; the
 * score is -D * (|D| / (|D| + sum |A0 * G|))^selective: what brings the thing to the target goes first. One step of integrated gradients
 * with the other picture as the baseline, read at the channel (conductance: Dhamdhere, Sundararajan, Yan 2018, arXiv:1805.12233).
 * Errors: ESP_ERROR_UNSUPPORTED without heads, images or their partners, or with fewer than 20 images that have a box; those of images
 * and engines; G_IO_ERROR_CANCELLED. Thread: lane.
 */
EspScores *
esp_score_by_contrast (const EspCriterionInput *input, EspJob *job, GError **error)
{
  g_autofree double *presets = esp_knobs_new (esp_contrast_knobs, ESP_N_CONTRAST_KNOBS);
  g_auto (Run) run = { .input = input, .knobs = input->knobs != NULL ? input->knobs : presets };
  EspEvaluateOptions defaults;

  if (!check (input, error))
    return NULL;
  esp_evaluate_options_init (&defaults, input->network);
  run.cache = input->cache != NULL ? esp_image_cache_ref (input->cache)
                                   : esp_image_cache_new (input->dataset, esp_network_get_input (input->network), defaults.fit,
                                                          defaults.orientation, (gsize) 64 << 20);
  if (!begin (&run, error) || !run_images (&run, job, error))
    return NULL;
  return join (&run);
}
