/* compensate.c: what removed channels would have given, folded into those that read them
 *
 * A mask makes a removed channel 0. What it gave before had a mean, and the nearest thing to it that costs nothing is a constant: the
 * channel with its gain set to 0, act (beta), or act (bias) without batch normalisation (so .5 behind a logistic whose beta is 0); or the
 * mean of what it gives on images. Constants are constants behind
 * every layer without weights too, and there the engine itself works them out: each convolution's output is written, constant where a
 * channel is gone and 0 where it is kept, and the layers between are run. A convolution that reads constants k of the removed channels adds
 * the sum of k times its window's weights everywhere; that sum goes into its bias, or off its running mean. Exact wherever the window lies
 * within the map. At a border with padding darknet's zeros take the place of some of the constants, so there it is only near.
 * Source: the constant is what Liu et al. 2017 (arXiv:1708.06519) leave behind when they drop a channel of small gamma; folding it is Ye et
 * al. 2018 (arXiv:1802.00124), section 3. */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/compensate.h"

#include <string.h>

#include "net/engine.h"
#include "net/flow.h"
#include "net/weights-copy.h"

/* The network with constants in place of what the removed channels gave. */
typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  double *const *means; /* (nullable) */
  EspFlow *flow;
  EspEngine *engine;
  EspWeights *folded;
  EspCompensation told;
  float *map; /* as large as the largest output */
} Fold;

static void
fold_clear (Fold *fold)
{
  g_clear_pointer (&fold->flow, esp_flow_free);
  g_clear_pointer (&fold->engine, esp_engine_unref);
  g_clear_pointer (&fold->folded, esp_weights_unref);
  g_clear_pointer (&fold->map, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fold, fold_clear)

static gboolean
has_weights (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_CONVOLUTIONAL || layer->kind == ESP_LAYER_CONNECTED;
}

/**
 * esp_compensate_constants:
 * @layer: a convolution or a connected layer
 * @params: its numbers
 *
 * Returns: (transfer full): for each filter what it gives where its input counts for nothing: act (beta), or act (bias). Thread: any.
 */
double *
esp_compensate_constants (const EspLayer *layer, const EspParams *params)
{
  const EspLayout layout = { { 1, (int) params->filters, 1, 1 }, 1, sizeof (double) };
  const EspSpec spec = { .op = ESP_OP_ACTIVATION, .n_in = 1, .in = &layout, .out = layout, .activation = layer->activation };
  g_autoptr (EspKernel) kernel = esp_kernel_new (esp_kernels_reference_double (), &spec, NULL);
  g_autofree double *before = g_new (double, params->filters);
  double *behind = g_new (double, params->filters);
  const void *in[] = { before };
  g_autoptr (EspCall) call = NULL;

  g_assert (kernel != NULL); /* an activation that was read */
  for (guint f = 0; f < params->filters; f++)
    before[f] = (double) params->biases[f];
  call = esp_call_new_forward (kernel, &(EspCallValues){ .in = in, .out = behind });
  esp_call_run (call, FALSE);
  return behind;
}

/* The constants of what a convolution lacks, 0 where it is kept. */
static gboolean
write_constants (Fold *fold, const EspLayer *layer, GError **error)
{
  const guint8 *bits = esp_flow_bits (fold->flow, (int) layer->index, NULL);
  const gsize area = (gsize) layer->out.h * (gsize) layer->out.w;
  g_autofree double *own = esp_compensate_constants (layer, esp_weights_get (fold->weights, layer->index));
  const double *constants = fold->means != NULL && fold->means[layer->index] != NULL ? fold->means[layer->index] : own;

  for (guint c = 0; c < (guint) layer->out.c; c++)
    {
      const double k = bits[c] ? 0 : constants[c];

      fold->told.n_channels += k != 0;
      for (gsize i = 0; i < area; i++)
        fold->map[c * area + i] = (float) k;
    }
  return esp_engine_write (fold->engine, layer->index, fold->map, error);
}

/* A layer without weights: what is kept of it is 0 again, whatever its activation makes of 0. */
static gboolean
pass_constants (Fold *fold, const EspLayer *layer, GError **error)
{
  const guint8 *bits = esp_flow_bits (fold->flow, (int) layer->index, NULL);
  const gsize area = (gsize) layer->out.h * (gsize) layer->out.w;
  const gsize n_input = esp_shape_count (esp_network_get_input (fold->network));
  g_autofree float *nothing = layer->index == 0 ? g_new0 (float, n_input) : NULL;

  if (!esp_engine_forward_part (fold->engine, nothing, layer->index, layer->index + 1, NULL, error)
      || !esp_engine_read (fold->engine, layer->index, ESP_AT_OUT, fold->map, error))
    return FALSE;
  for (guint c = 0; c < (guint) layer->out.c; c++)
    if (bits[c])
      memset (fold->map + c * area, 0, area * sizeof (float));
  return esp_engine_write (fold->engine, layer->index, fold->map, error);
}

/* (transfer full): per channel of the input what the removed ones give; NULL where nothing is removed, or on failure. */
static double *
read_constants (Fold *fold, const EspLayer *layer, GError **error)
{
  const int from = layer->inputs[0];
  const gsize area = (gsize) layer->in.h * (gsize) layer->in.w;
  double *constants;

  if (from < 0 || esp_flow_count (fold->flow, from) == (guint) layer->in.c
      || !esp_engine_read (fold->engine, (guint) from, ESP_AT_OUT, fold->map, error))
    return NULL;
  constants = g_new (double, layer->in.c);
  for (guint c = 0; c < (guint) layer->in.c; c++)
    constants[c] = (double) fold->map[c * area];
  return constants;
}

/* What the constants add to one filter. */
static double
sum_filter (const EspLayer *layer, const EspParams *params, const double *constants, guint filter)
{
  const guint groups = layer->kind == ESP_LAYER_CONVOLUTIONAL ? (guint) layer->conv.groups : 1;
  const guint per_in = (guint) layer->in.c / groups, first = filter / (params->filters / groups) * per_in;
  const gsize area = params->n_weights / params->filters / per_in;
  const float *weights = params->weights + (gsize) filter * per_in * area;
  double sum = 0;

  for (guint c = 0; c < per_in; c++)
    for (gsize i = 0; constants[first + c] != 0 && i < area; i++)
      sum += constants[first + c] * (double) weights[c * area + i];
  return sum;
}

/* The constants that a layer reads, into its parameters. */
static void
fold_layer (Fold *fold, const EspLayer *layer, const double *constants)
{
  const EspParams *from = esp_weights_get (fold->weights, layer->index);
  const guint8 *bits = esp_flow_bits (fold->flow, (int) layer->index, NULL);
  EspParams *to = NULL;

  for (guint f = 0; f < from->filters; f++)
    {
      const double sum = bits[f] ? sum_filter (layer, from, constants, f) : 0;

      if (sum == 0)
        continue;
      if (to == NULL)
        to = esp_params_copy (from);
      if (to->means != NULL)
        to->means[f] = (float) ((double) from->means[f] - sum);
      else
        to->biases[f] = (float) ((double) from->biases[f] + sum);
    }
  if (to == NULL)
    return;
  esp_weights_set (fold->folded, layer->index, to);
  fold->told.n_layers++;
  fold->told.n_borders += layer->kind == ESP_LAYER_CONVOLUTIONAL && layer->conv.size > 1 && layer->conv.pad > 0;
}

static gboolean
run_layer (Fold *fold, guint index, GError **error)
{
  const EspLayer *layer = esp_network_get_layer (fold->network, index);
  g_autofree double *constants = NULL;
  g_autoptr (GError) local = NULL;

  if (!has_weights (layer))
    return esp_layer_is_head (layer) || layer->kind == ESP_LAYER_SOFTMAX || layer->kind == ESP_LAYER_COST
           || pass_constants (fold, layer, error);
  constants = read_constants (fold, layer, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (constants != NULL)
    fold_layer (fold, layer, constants);
  return write_constants (fold, layer, error);
}

static gboolean
begin (Fold *fold, EspMask *mask, GError **error)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = 1, .keep_all = TRUE };
  gsize largest = 1;

  fold->engine = esp_engine_new (fold->network, fold->weights, &options, NULL, error);
  if (fold->engine == NULL)
    return FALSE;
  fold->flow = esp_flow_new (fold->network, mask);
  for (guint l = 0; l < esp_network_get_n_layers (fold->network); l++)
    largest = MAX (largest, esp_shape_count (esp_network_get_layer (fold->network, l)->out));
  fold->map = g_new (float, largest);
  fold->folded = esp_weights_copy (fold->network, fold->weights);
  return TRUE;
}

/**
 * esp_compensate:
 * @network: the whole network
 * @weights: its numbers
 * @mask: what is kept
 * @means: (nullable): one array a layer, of its filters' numbers, as esp_channel_means() gives them; NULL: act (beta)
 * @told: (out) (optional): how much was folded, and in how many layers it is only near at the borders
 * @error: those of the engine
 *
 * Numbers of filters that are removed stay as they are. Cost: a forward of the layers without weights, in plain C, and of no other.
 * Returns: (transfer full): numbers of the whole network that share with @weights whatever did not change. Thread: any.
 */
EspWeights *
esp_compensate (EspNetwork *network, EspWeights *weights, EspMask *mask, double *const *means, EspCompensation *told, GError **error)
{
  g_auto (Fold) fold = { .network = network, .weights = weights, .means = means };

  g_return_val_if_fail (esp_mask_fits (mask, network), NULL);
  if (!begin (&fold, mask, error))
    return NULL;
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (!run_layer (&fold, l, error))
      return NULL;
  if (told != NULL)
    *told = fold.told;
  return g_steal_pointer (&fold.folded);
}
