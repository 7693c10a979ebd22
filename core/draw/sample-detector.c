/* sample-detector.c: the sample's detector, its weights written by hand
 *
 * The road of a detection: layer 0 asks for one colour against another, layers 1 to 3 blur and shrink, layers 4 and 8 compare a disc with
 * the ring around it at two sizes, the heads turn that into objectness and class. Each colour has copies of falling weight, so that cutting
 * costs little at first and then more; the other channels are rough filters that nothing listens to: large weights, no use. */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/sample-detector.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

#define COLOURS 3
#define COPIES  4
#define USEFUL  (COLOURS * COPIES)

/* How much a consumer listens to each copy of a colour; sums to 1. */
static const float share[COPIES] = { .4f, .3f, .2f, .1f };

/* Colour against colour, less a threshold; the gain brings a lit disc to about 1. */
static const float opponent[COLOURS][3] = { { 1, -1, 0 }, { 0, 1, -1 }, { -.5f, -.5f, 1 } };
static const float threshold = .22f, gain = 3.2f;

/* Of the idle channels: weights as large as the others', and what leaks from them into the next layer. */
static const double idle_weight = .35, leak = .004;

/** esp_sample_detector_cfg: Returns: (transfer full): the text of the network, as it is written to sample.cfg. Thread: any. */
char *
esp_sample_detector_cfg (void)
{
  static const char *const shrink = "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=3\nstride=2\npad=1\nactivation=leaky\n\n";
  static const char *const compare = "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=7\nstride=1\npad=1\nactivation=leaky\n\n"
                                     "[convolutional]\nfilters=8\nsize=1\nstride=1\npad=0\nactivation=linear\n\n";
  static const char *const head = "[yolo]\nmask=%d\nanchors=23,23, 45,45\nclasses=3\nnum=2\njitter=.2\nignore_thresh=.7\n\n";
  g_autoptr (GString) text = g_string_new ("# The sample's detector: discs of three colours, two sizes.\n"
                                           "[net]\nbatch=1\nsubdivisions=1\nwidth=160\nheight=160\nchannels=3\n\n"
                                           "# colour against colour\n"
                                           "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=3\nstride=1\npad=1\nactivation=leaky\n\n"
                                           "# blur and shrink\n");

  for (int i = 0; i < 3; i++)
    g_string_append (text, shrink);
  g_string_append_printf (text, "# a disc against its ring: large discs\n%s", compare);
  g_string_append_printf (text, head, 1);
  g_string_append_printf (text, "[route]\nlayers=-5\n\n# small discs\n%s", compare);
  g_string_append_printf (text, head, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static EspParams *
params_for (const EspLayer *layer)
{
  const EspConvolutional *conv = &layer->conv;
  EspParams *params = esp_params_new (
      (guint) conv->filters, (gsize) conv->filters * (gsize) layer->in.c * (gsize) (conv->size * conv->size), conv->batch_normalize);

  for (int f = 0; conv->batch_normalize && f < conv->filters; f++)
    {
      params->scales[f] = 1;
      params->variances[f] = 1;
    }
  return params;
}

static float *
kernel_of (const EspLayer *layer, EspParams *params, int filter, int channel)
{
  const int area = layer->conv.size * layer->conv.size;

  return params->weights + ((gsize) filter * (gsize) layer->in.c + (gsize) channel) * (gsize) area;
}

/* Channels past the useful ones: rough filters with a large norm. */
static void
fill_idle (const EspLayer *layer, EspParams *params, GRand *rng)
{
  const int area = layer->conv.size * layer->conv.size;

  for (int f = USEFUL; f < layer->conv.filters; f++)
    for (int c = 0; c < layer->in.c; c++)
      for (int i = 0; i < area; i++)
        kernel_of (layer, params, f, c)[i] = (float) (idle_weight * esp_rng_normal (rng) / sqrt (layer->in.c * area / 9.));
}

/* What the useful channels hear of the idle ones before them. */
static void
fill_leak (const EspLayer *layer, EspParams *params, int n_useful, GRand *rng)
{
  const int area = layer->conv.size * layer->conv.size;

  for (int f = 0; f < n_useful; f++)
    for (int c = USEFUL; c < layer->in.c; c++)
      for (int i = 0; i < area; i++)
        kernel_of (layer, params, f, c)[i] = (float) (leak * esp_rng_normal (rng) / area);
}

static EspParams *
colour_layer (const EspLayer *layer, GRand *rng)
{
  EspParams *params = params_for (layer);

  for (int f = 0; f < USEFUL; f++)
    {
      for (int c = 0; c < 3; c++)
        for (int i = 0; i < 9; i++)
          kernel_of (layer, params, f, c)[i] = gain * opponent[f / COPIES][c] / 9;
      params->biases[f] = -gain * threshold;
    }
  fill_idle (layer, params, rng);
  return params;
}

static EspParams *
blur_layer (const EspLayer *layer, GRand *rng)
{
  EspParams *params = params_for (layer);

  for (int f = 0; f < USEFUL; f++)
    for (int copy = 0; copy < COPIES; copy++)
      for (int i = 0; i < 9; i++)
        kernel_of (layer, params, f, f / COPIES * COPIES + copy)[i] = share[copy] / 9;
  fill_leak (layer, params, USEFUL, rng);
  fill_idle (layer, params, rng);
  return params;
}

/* +1 over the disc, -1 over the ring around it; @radius in cells. */
static void
disc_and_ring (float *kernel, int size, double radius)
{
  float inside = 0, outside = 0;

  for (int pass = 0; pass < 2; pass++)
    for (int y = 0; y < size; y++)
      for (int x = 0; x < size; x++)
        {
          const double distance = hypot (x - size / 2, y - size / 2);
          const float in = (float) CLAMP (radius + .5 - distance, 0, 1), out = distance <= size / 2 + .8 ? 1 - in : 0;

          if (pass == 0)
            {
              inside += in;
              outside += out;
            }
          else
            kernel[y * size + x] = in / inside - out / outside;
        }
}

static EspParams *
compare_layer (const EspLayer *layer, GRand *rng)
{
  const int size = layer->conv.size;
  EspParams *params = params_for (layer);
  g_autofree float *template = g_new (float, size *size);

  disc_and_ring (template, size, 2.4);
  for (int f = 0; f < USEFUL; f++)
    for (int copy = 0; copy < COPIES; copy++)
      for (int i = 0; i < size * size; i++)
        kernel_of (layer, params, f, f / COPIES * COPIES + copy)[i] = share[copy] * template[i];
  fill_leak (layer, params, USEFUL, rng);
  fill_idle (layer, params, rng);
  return params;
}

/* x, y, w, h stay 0: the cell's centre and the anchor's size. */
static EspParams *
head_layer (const EspLayer *layer)
{
  const float steep = 22, least = .40f;
  EspParams *params = params_for (layer);

  for (int colour = 0; colour < COLOURS; colour++)
    {
      for (int copy = 0; copy < COPIES; copy++)
        {
          *kernel_of (layer, params, 4, colour * COPIES + copy) = steep * share[copy];
          *kernel_of (layer, params, 5 + colour, colour * COPIES + copy) = steep * share[copy];
        }
      params->biases[5 + colour] = -steep * least * .6f;
    }
  params->biases[4] = -steep * least;
  return params;
}

/**
 * esp_sample_detector_weights:
 * @network: of that text
 * @seed: of the channels that do nothing
 *
 * Returns: (transfer full): the weights. Thread: any.
 */
EspWeights *
esp_sample_detector_weights (const EspNetwork *network, guint64 seed)
{
  EspWeights *weights = esp_weights_new_zero (network);
  g_autoptr (GRand) rng = esp_rng_new (seed, 0, 1);

  esp_weights_set_header (weights, (EspWeightsHeader){ .major = 0, .minor = 2, .revision = 5, .seen = 0 });
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      if (i == 0)
        esp_weights_set (weights, i, colour_layer (layer, rng));
      else if (layer->conv.size == 3)
        esp_weights_set (weights, i, blur_layer (layer, rng));
      else if (layer->conv.size == 7)
        esp_weights_set (weights, i, compare_layer (layer, rng));
      else
        esp_weights_set (weights, i, head_layer (layer));
    }
  return weights;
}
