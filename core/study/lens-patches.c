/* lens-patches.c: where the channels of a layer fire most, over a data set, and what they see there */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/lens.h"

#include <math.h>
#include <string.h>

struct _EspLensPatches
{
  guint n_channels, most, n; /* n: patches of each channel so far */
  EspPatch *patches;         /* n_channels * most, each channel's strongest first */
};

/* Columns or rows, both ends included. */
typedef struct
{
  double low, high;
  gboolean any;
} Span;

static void
widen (Span *span, double low, double high)
{
  span->low = span->any ? MIN (span->low, low) : low;
  span->high = span->any ? MAX (span->high, high) : high;
  span->any = TRUE;
}

/* What @span of an output of @out cells reads of an input of @in cells, by windows of @size. */
static Span
slide (Span span, int stride, int pad, int reach)
{
  return (Span){ span.low * stride - pad, span.high * stride - pad + reach, TRUE };
}

/* Where nothing is known but the two sizes: the same part of the map. */
static Span
scale (Span span, int in, int out)
{
  return (Span){ floor (span.low * in / out), ceil ((span.high + 1) * in / out) - 1, TRUE };
}

/* What @span of @layer's output reads of an input that is @in cells long; @across: columns, else rows. */
static Span
read_back (const EspLayer *layer, Span span, int in, gboolean across)
{
  const int out = across ? layer->out.w : layer->out.h;

  switch (layer->kind)
    {
    case ESP_LAYER_CONVOLUTIONAL:
      return slide (span, across ? layer->conv.stride_x : layer->conv.stride_y, layer->conv.pad,
                    (layer->conv.size - 1) * layer->conv.dilation);
    case ESP_LAYER_MAXPOOL:
    case ESP_LAYER_LOCAL_AVGPOOL:
      return slide (span, across ? layer->maxpool.stride_x : layer->maxpool.stride_y, layer->maxpool.padding / 2, layer->maxpool.size - 1);
    case ESP_LAYER_AVGPOOL:
    case ESP_LAYER_CONNECTED:
    case ESP_LAYER_SOFTMAX:
      return (Span){ 0, in - 1, TRUE };
    default:
      return in == out ? span : scale (span, in, out);
    }
}

static int
length_of (const EspNetwork *network, int layer, gboolean across)
{
  const EspShape shape = layer < 0 ? esp_network_get_input (network) : esp_network_get_layer (network, (guint) layer)->out;

  return across ? shape.w : shape.h;
}

/* The columns or rows of the network's input that reach one cell, clipped. */
static Span
find_span (const EspNetwork *network, guint layer, int at, gboolean across)
{
  g_autofree Span *spans = g_new0 (Span, layer + 2); /* by layer, the image first */
  const int length = length_of (network, -1, across);

  widen (&spans[layer + 1], at, at);
  for (guint l = layer + 1; l-- > 0;)
    {
      const EspLayer *of = esp_network_get_layer (network, l);

      for (guint i = 0; spans[l + 1].any && i < of->n_inputs; i++)
        {
          const int in = length_of (network, of->inputs[i], across);
          const Span read = read_back (of, spans[l + 1], in, across);

          widen (&spans[of->inputs[i] + 1], CLAMP (read.low, 0, in - 1), CLAMP (read.high, 0, in - 1));
        }
    }
  return (Span){ CLAMP (spans[0].low, 0, length - 1) / length, (CLAMP (spans[0].high, 0, length - 1) + 1) / length, TRUE };
}

/**
 * esp_lens_receptive_box:
 * @network: the graph
 * @layer: a layer of it
 * @row: a cell of its output
 * @column: likewise
 * @placement: where the image lies in the network's input
 *
 * The receptive field: all of the image that can change this cell, over every way through the graph, windows at the border clipped. What it
 * answers to most is mostly smaller. Returns: fractions of the image. Thread: any.
 */
EspBox
esp_lens_receptive_box (const EspNetwork *network, guint layer, int row, int column, EspPlacement placement)
{
  const Span x = find_span (network, layer, column, TRUE), y = find_span (network, layer, row, FALSE);
  const double left = CLAMP ((x.low - (double) placement.left) / (double) placement.width, 0, 1);
  const double right = CLAMP ((x.high - (double) placement.left) / (double) placement.width, 0, 1);
  const double top = CLAMP ((y.low - (double) placement.top) / (double) placement.height, 0, 1);
  const double bottom = CLAMP ((y.high - (double) placement.top) / (double) placement.height, 0, 1);

  return (EspBox){ (float) ((left + right) / 2), (float) ((top + bottom) / 2), (float) (right - left), (float) (bottom - top) };
}

/* Puts @patch among the strongest of its channel; of equal ones the earlier image stays ahead. */
static void
insert (EspLensPatches *patches, guint channel, const EspPatch *patch)
{
  EspPatch *of = patches->patches + (gsize) channel * patches->most;
  guint at = patches->n;

  while (at > 0 && of[at - 1].activation < patch->activation)
    at--;
  if (at >= patches->most)
    return;
  memmove (of + at + 1, of + at, (MIN (patches->n, patches->most - 1) - at) * sizeof *of);
  of[at] = *patch;
}

static void
add_image (EspLensPatches *patches, const EspLensInput *input, guint layer, guint image, const float *values, EspPlacement placement)
{
  const EspShape shape = esp_network_get_layer (input->network, layer)->out;
  const gsize plane = (gsize) shape.h * (gsize) shape.w;

  for (guint c = 0; c < patches->n_channels; c++)
    {
      const float *of = values + c * plane;
      gsize best = 0;
      EspPatch patch = { .image = image };

      for (gsize i = 1; i < plane; i++)
        if (of[i] > of[best])
          best = i;
      patch.row = (int) (best / (gsize) shape.w);
      patch.column = (int) (best % (gsize) shape.w);
      patch.activation = of[best];
      patch.box = esp_lens_receptive_box (input->network, layer, patch.row, patch.column, placement);
      insert (patches, c, &patch);
    }
  patches->n = MIN (patches->n + 1, patches->most);
}

/**
 * esp_lens_patches_new:
 * @input: the network and the data set
 * @layer: whose channels are looked at
 * @most: images a channel, at least 1
 * @job: (nullable): its progress is images; cancel between two layers
 * @error: as images and the engine
 *
 * The images on which each channel's greatest output is greatest, one place an image. The network is run up to @layer only. The same
 * whatever runs beside it. Cost: one such forward an image. Thread: lane.
 * Source: Zeiler and Fergus 2014 (arXiv:1311.2901): top images of a feature map; Zhou et al. 2015 (arXiv:1412.6856): what its units see.
 *
 * Returns: (transfer full): the patches of every channel.
 */
EspLensPatches *
esp_lens_patches_new (const EspLensInput *input, guint layer, guint most, EspJob *job, GError **error)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_INFER, .backend = input->options->backend, .bn = input->options->bn, .batch = 1, .keep_all = TRUE };
  const guint n = esp_dataset_get_n (input->dataset);
  g_autoptr (EspEngine) engine = esp_engine_new (input->network, input->weights, &options, NULL, error);
  g_autoptr (EspLensPatches) patches = g_new0 (EspLensPatches, 1);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  g_autofree float *values = g_new (float, esp_shape_count (esp_network_get_layer (input->network, layer)->out));

  patches->n_channels = (guint) esp_network_get_layer (input->network, layer)->out.c;
  patches->most = MAX (most, 1);
  patches->patches = g_new0 (EspPatch, (gsize) patches->n_channels * patches->most);
  for (guint i = 0; i < n; i++)
    {
      EspPlacement placement;

      if (engine == NULL || !esp_job_check (job, error) || !esp_image_cache_get (input->cache, i, pixels, &placement, error)
          || !esp_engine_forward_part (engine, pixels, 0, layer + 1, job, error)
          || !esp_engine_read (engine, layer, ESP_AT_OUT, values, error))
        return NULL;
      add_image (patches, input, layer, i, values, placement);
      esp_job_set_progress (job, i + 1, n);
    }
  return g_steal_pointer (&patches);
}

/** esp_lens_patches_free: frees @patches (nullable). Thread: any. */
void
esp_lens_patches_free (EspLensPatches *patches)
{
  if (patches == NULL)
    return;
  g_free (patches->patches);
  g_free (patches);
}

/** esp_lens_patches_get: Returns: (transfer none) (array length=n): those of @channel, strongest first, as many as there are images and
 * were asked for. Thread: any. */
const EspPatch *
esp_lens_patches_get (const EspLensPatches *patches, guint channel, guint *n)
{
  g_return_val_if_fail (channel < patches->n_channels, NULL);
  *n = patches->n;
  return patches->patches + (gsize) channel * patches->most;
}
