/* lens-carried.c: which classes and boxes a channel carries, by an attribution method */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/lens.h"

#include "score/cut-pass.h"

#define STRONG     .25f /* boxes below say nothing of what is in an image */
#define MOST_BOXES 32

struct _EspLensCarried
{
  guint n_channels, n_classes;
  double *sums;    /* n_classes * n_channels: positive scores over the images */
  double *classes; /* n_classes: their sums over channels */
  double *channels;
  guint *n_images; /* n_classes */
};

/**
 * esp_lens_see:
 * @input: the network and the data set
 * @mask: (nullable): what the network is cut by first
 * @job: (nullable): its progress is images; cancel between two layers
 * @error: as cuts, images and engines
 *
 * The one pass that every mAP comes from. Returns: (transfer full): one outcome an image, for esp_lens_forget(). Thread: lane.
 */
EspOutcome **
esp_lens_see (const EspLensInput *input, EspMask *mask, EspJob *job, GError **error)
{
  const guint n = esp_dataset_get_n (input->dataset);
  g_autofree guint *indices = g_new (guint, n + 1);
  const EspCutPassInput over = { input->network, input->weights, input->dataset, input->map, input->cache, input->options, indices, n };
  g_autoptr (EspCutPass) pass = esp_cut_pass_new (&over);
  g_autofree EspOutcome **outcomes = g_new0 (EspOutcome *, n + 1);

  for (guint i = 0; i < n; i++)
    indices[i] = i;
  if (mask != NULL && esp_mask_is_full (mask))
    mask = NULL;
  return esp_cut_pass_run (pass, mask, outcomes, job, error) ? g_steal_pointer (&outcomes) : NULL;
}

/** esp_lens_forget: frees @n outcomes and their array (nullable). Thread: any. */
void
esp_lens_forget (EspOutcome **outcomes, guint n)
{
  esp_outcomes_free (outcomes, n);
}

static EspExplainer *
make_explainer (const EspLensInput *input, GError **error)
{
  const EspExplainerOptions options = { .backend = input->options->backend, .bn = input->options->bn };
  g_autoptr (EspExplainer) explainer = esp_explainer_new (input->network, input->weights, &options);

  return esp_explainer_set_method (explainer, input->method, input->knobs, error) ? g_steal_pointer (&explainer) : NULL;
}

/* Classes that an image holds: of its truths and of its strong boxes. */
static guint8 *
find_classes (const EspOutcome *outcome, guint n_classes)
{
  guint8 *present = g_new0 (guint8, n_classes + 1);

  for (guint i = 0; i < outcome->n_objects; i++)
    if ((guint) outcome->objects[i].class_index < n_classes)
      present[outcome->objects[i].class_index] = 1;
  for (guint i = 0; i < outcome->n; i++)
    if (outcome->detections[i].score > STRONG && (guint) outcome->detections[i].class_index < n_classes)
      present[outcome->detections[i].class_index] = 1;
  return present;
}

static void
add_scores (EspLensCarried *carried, guint class_index, const float *scores)
{
  for (guint c = 0; c < carried->n_channels; c++)
    {
      const double score = MAX ((double) scores[c], 0);

      carried->sums[(gsize) class_index * carried->n_channels + c] += score;
      carried->classes[class_index] += score;
      carried->channels[c] += score;
    }
  carried->n_images[class_index]++;
}

/* Every class that the image holds is explained by itself. */
static gboolean
add_image (EspLensCarried *carried,
           const EspLensInput *input,
           EspExplainer *explainer,
           const float *pixels,
           const EspOutcome *outcome,
           guint layer,
           EspJob *job,
           GError **error)
{
  g_autofree guint8 *present = find_classes (outcome, carried->n_classes);
  g_autofree float *scores = g_new (float, carried->n_channels);

  for (guint k = 0; k < carried->n_classes; k++)
    {
      const int class_index = (int) k;
      g_autoptr (EspTarget) target = present[k] ? esp_target_new_classes (&class_index, 1, input->tau) : NULL;

      if (target == NULL)
        continue;
      if (!esp_explainer_run (explainer, pixels, target, (int) layer, job, error))
        return FALSE;
      if (esp_explainer_get_n_ones (explainer) == 0)
        continue;
      if (!esp_explainer_score (explainer, layer, ESP_AT_CONV, ESP_REDUCE_MAX, scores, error))
        return FALSE;
      add_scores (carried, k, scores);
    }
  return TRUE;
}

/**
 * esp_lens_carried_new:
 * @input: the network, the data set and the method
 * @whole: what the unpruned network says of each image
 * @layer: a convolution
 * @job: (nullable): its progress is images; cancel between two layers
 * @error: as the method and images
 *
 * Each class that an image holds (a truth, or a box above 0.25) is explained there by itself, and the positive part of each channel's
 * score, which is method 1's maximum before batch normalisation, is summed over the images. Cost: one explanation a class and image.
 * Thread: lane.
 *
 * Returns: (transfer full): what every channel of the layer carries.
 */
EspLensCarried *
esp_lens_carried_new (const EspLensInput *input, EspOutcome *const *whole, guint layer, EspJob *job, GError **error)
{
  const guint n = esp_dataset_get_n (input->dataset);
  g_autoptr (EspLensCarried) carried = g_new0 (EspLensCarried, 1);
  g_autoptr (EspExplainer) explainer = make_explainer (input, error);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));

  if (explainer == NULL)
    return NULL;
  carried->n_channels = (guint) esp_network_get_layer (input->network, layer)->out.c;
  carried->n_classes = (guint) esp_network_get_classes (input->network);
  carried->sums = g_new0 (double, (gsize) carried->n_classes * carried->n_channels + 1);
  carried->classes = g_new0 (double, carried->n_classes + 1);
  carried->channels = g_new0 (double, carried->n_channels);
  carried->n_images = g_new0 (guint, carried->n_classes + 1);
  for (guint i = 0; i < n; i++)
    {
      EspPlacement placement;

      if (!esp_job_check (job, error) || !esp_image_cache_get (input->cache, i, pixels, &placement, error)
          || !add_image (carried, input, explainer, pixels, whole[i], layer, job, error))
        return NULL;
      esp_job_set_progress (job, i + 1, n);
    }
  return g_steal_pointer (&carried);
}

/** esp_lens_carried_free: frees @carried (nullable). Thread: any. */
void
esp_lens_carried_free (EspLensCarried *carried)
{
  if (carried == NULL)
    return;
  g_free (carried->sums);
  g_free (carried->classes);
  g_free (carried->channels);
  g_free (carried->n_images);
  g_free (carried);
}

/** esp_lens_carried_get: Returns: what @channel carries of @class_index; shares are 0 where there is nothing to share. Thread: any. */
EspCarried
esp_lens_carried_get (const EspLensCarried *carried, guint channel, guint class_index)
{
  EspCarried of = { .n_images = carried->n_images[class_index] };
  const double sum = carried->sums[(gsize) class_index * carried->n_channels + channel];

  of.share = carried->channels[channel] > 0 ? sum / carried->channels[channel] : 0;
  of.of_class = carried->classes[class_index] > 0 ? sum / carried->classes[class_index] : 0;
  return of;
}

static gboolean
explain_box (const EspLensInput *input,
             EspExplainer *explainer,
             const float *pixels,
             guint layer,
             guint channel,
             EspLensBox *box,
             EspJob *job,
             GError **error)
{
  const guint n = (guint) esp_network_get_layer (input->network, layer)->out.c;
  g_autoptr (EspTarget) target = esp_target_new_detection (&box->detection);
  g_autofree float *scores = g_new (float, n);
  double sum = 0;

  if (!esp_explainer_run (explainer, pixels, target, (int) layer, job, error)
      || !esp_explainer_score (explainer, layer, ESP_AT_CONV, ESP_REDUCE_MAX, scores, error))
    return FALSE;
  for (guint c = 0; c < n; c++)
    sum += MAX ((double) scores[c], 0);
  box->score = (double) scores[channel];
  box->share = sum > 0 ? MAX (box->score, 0) / sum : 0;
  return TRUE;
}

/**
 * esp_lens_boxes:
 * @input: the network, the data set and the method
 * @outcome: what the unpruned network says of the image
 * @image: its place in the data set
 * @layer: a convolution
 * @channel: of it
 * @job: (nullable): cancel between two layers
 * @error: as the method and the image
 *
 * Of each box above 0.25, at most 32. Cost: one explanation a box. Thread: lane.
 *
 * Returns: (transfer full): of EspLensBox.
 */
GArray *
esp_lens_boxes (const EspLensInput *input, const EspOutcome *outcome, guint image, guint layer, guint channel, EspJob *job, GError **error)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (EspLensBox));
  g_autoptr (EspExplainer) explainer = make_explainer (input, error);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  EspPlacement placement;

  if (explainer == NULL || !esp_image_cache_get (input->cache, image, pixels, &placement, error))
    return NULL;
  for (guint i = 0; i < outcome->n && boxes->len < MOST_BOXES; i++)
    {
      EspLensBox box = { .detection = outcome->detections[i] };

      if (!(box.detection.score > STRONG))
        continue;
      if (!explain_box (input, explainer, pixels, layer, channel, &box, job, error))
        return NULL;
      g_array_append_val (boxes, box);
    }
  return g_steal_pointer (&boxes);
}

/**
 * esp_lens_heatmap:
 * @input: the network, the data set and the method
 * @image: its place in the data set
 * @layer: a layer
 * @channel: of it
 * @job: (nullable): cancel between two layers
 * @error: as the method and the image
 *
 * Over the whole image, every class together. Thread: lane. Returns: (transfer full): the channel's own map.
 */
EspHeatmap *
esp_lens_heatmap (const EspLensInput *input, guint image, guint layer, int channel, EspJob *job, GError **error)
{
  const guint n = (guint) esp_network_get_classes (input->network);
  g_autofree int *classes = g_new (int, MAX (n, 1));
  g_autoptr (EspExplainer) explainer = make_explainer (input, error);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  g_autoptr (EspTarget) target = NULL;
  EspPlacement placement;

  for (guint i = 0; i < n; i++)
    classes[i] = (int) i;
  target = esp_target_new_classes (classes, n, input->tau);
  if (explainer == NULL || !esp_image_cache_get (input->cache, image, pixels, &placement, error)
      || !esp_explainer_run (explainer, pixels, target, (int) layer, job, error))
    return NULL;
  return esp_explainer_heatmap (explainer, (int) layer, channel, placement, error);
}
