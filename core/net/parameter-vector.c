/* parameter-vector.c: all that training changes, each kind in one contiguous vector */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/parameter-vector.h"

#include <string.h>

struct _EspParameterVector
{
  EspNetwork *network;
  EspWeightsHeader header;
  GArray *slots;     /* EspParameterSlot */
  gsize *statistics; /* per layer: where its means begin */
  gsize n, n_statistics;
  float *parameters, *gradients, *running;
  gboolean is_clear; /* all gradients are 0 */
  guint8 *elements;  /* (nullable): what was asked for alone */
  guint8 *keep;      /* (nullable): with the filters of cut channels */
  EspMask *channels; /* (nullable) */
};

static void
add_slot (EspParameterVector *vector, guint layer, EspParameter parameter, gsize n)
{
  const EspParameterSlot slot = { layer, parameter, vector->n, n };

  if (n == 0)
    return;
  g_array_append_val (vector->slots, slot);
  vector->n += n;
}

static void
add_layer (EspParameterVector *vector, guint layer, const EspParams *params)
{
  add_slot (vector, layer, ESP_PARAMETER_WEIGHTS, params->n_weights);
  add_slot (vector, layer, ESP_PARAMETER_SCALES, params->scales != NULL ? params->filters : 0);
  add_slot (vector, layer, ESP_PARAMETER_BIASES, params->filters);
  vector->statistics[layer] = vector->n_statistics;
  vector->n_statistics += params->scales != NULL ? 2 * (gsize) params->filters : 0;
}

/**
 * esp_parameter_vector_new:
 * @network: whose; a reference is taken
 * @weights: its parameters, copied
 *
 * Three vectors: parameters, their gradients (0 at first), and running statistics. Scales and biases of a layer lie next to each other, and
 * behind its weights. Returns: (transfer full): the vector. Thread: any, one at a time.
 */
EspParameterVector *
esp_parameter_vector_new (EspNetwork *network, const EspWeights *weights)
{
  EspParameterVector *vector = g_atomic_rc_box_new0 (EspParameterVector);
  const guint n = esp_network_get_n_layers (network);

  vector->network = esp_network_ref (network);
  vector->slots = g_array_new (FALSE, FALSE, sizeof (EspParameterSlot));
  vector->statistics = g_new0 (gsize, n);
  for (guint i = 0; i < n; i++)
    if (esp_weights_get (weights, i) != NULL)
      add_layer (vector, i, esp_weights_get (weights, i));
  vector->parameters = g_aligned_alloc0 (MAX (vector->n, 1), sizeof (float), 64);
  vector->gradients = g_aligned_alloc0 (MAX (vector->n, 1), sizeof (float), 64);
  vector->running = g_aligned_alloc0 (MAX (vector->n_statistics, 1), sizeof (float), 64);
  vector->is_clear = TRUE;
  esp_parameter_vector_set_weights (vector, weights);
  return vector;
}

/** esp_parameter_vector_ref: Returns: (transfer full): the same vector. Thread: any. */
EspParameterVector *
esp_parameter_vector_ref (EspParameterVector *vector)
{
  return g_atomic_rc_box_acquire (vector);
}

static void
vector_clear (gpointer data)
{
  EspParameterVector *vector = data;

  g_array_unref (vector->slots);
  g_free (vector->statistics);
  g_aligned_free (vector->parameters);
  g_aligned_free (vector->gradients);
  g_aligned_free (vector->running);
  g_free (vector->elements);
  g_free (vector->keep);
  g_clear_pointer (&vector->channels, esp_mask_unref);
  esp_network_unref (vector->network);
}

/** esp_parameter_vector_unref: gives one reference back. Thread: any. */
void
esp_parameter_vector_unref (EspParameterVector *vector)
{
  g_atomic_rc_box_release_full (vector, vector_clear);
}

/** esp_parameter_vector_get_network: Returns: (transfer none): the network it was made for. Thread: any. */
EspNetwork *
esp_parameter_vector_get_network (const EspParameterVector *vector)
{
  return vector->network;
}

/**
 * esp_parameter_vector_fits:
 * @vector: the vector
 * @network: a network, such as its own at another input size
 *
 * Returns: whether each layer has as many parameters there as here, so that an engine of @network may train this vector. Thread: any.
 */
gboolean
esp_parameter_vector_fits (const EspParameterVector *vector, const EspNetwork *network)
{
  const guint n = esp_network_get_n_layers (vector->network);

  if (esp_network_get_n_layers (network) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const EspLayer *a = esp_network_get_layer (vector->network, i), *b = esp_network_get_layer (network, i);

      if (a->kind != b->kind || a->out.c != b->out.c || esp_layer_count_params (a) != esp_layer_count_params (b))
        return FALSE;
    }
  return TRUE;
}

/** esp_parameter_vector_get_n: Returns: how many parameters. Thread: any. */
gsize
esp_parameter_vector_get_n (const EspParameterVector *vector)
{
  return vector->n;
}

/** esp_parameter_vector_get_parameters: Returns: (transfer none): n numbers, 64-byte aligned, to be read and changed. */
float *
esp_parameter_vector_get_parameters (EspParameterVector *vector)
{
  return vector->parameters;
}

/**
 * esp_parameter_vector_get_gradients:
 * @vector: the vector
 *
 * Returns: (transfer none): n numbers, 64-byte aligned: sums over images since they were cleared. The first backward after that stores,
 * those that follow add: whoever adds of their own does so after the first.
 */
float *
esp_parameter_vector_get_gradients (EspParameterVector *vector)
{
  return vector->gradients;
}

/** esp_parameter_vector_get_n_statistics: Returns: how many running statistics. Thread: any. */
gsize
esp_parameter_vector_get_n_statistics (const EspParameterVector *vector)
{
  return vector->n_statistics;
}

/** esp_parameter_vector_get_statistics: Returns: (transfer none): of each layer with scales its running means, then its variances. */
float *
esp_parameter_vector_get_statistics (EspParameterVector *vector)
{
  return vector->running;
}

/** esp_parameter_vector_get_slots: Returns: (transfer none) (array length=n): which numbers are whose, ascending, without gaps.
 * Thread: any. */
const EspParameterSlot *
esp_parameter_vector_get_slots (const EspParameterVector *vector, guint *n)
{
  *n = vector->slots->len;
  return (const EspParameterSlot *) (gpointer) vector->slots->data;
}

/** esp_parameter_vector_find: Returns: (transfer none) (nullable): the numbers of one kind of one layer; NULL where it has none.
 * Thread: any. */
const EspParameterSlot *
esp_parameter_vector_find (const EspParameterVector *vector, guint layer, EspParameter parameter)
{
  for (guint i = 0; i < vector->slots->len; i++)
    {
      const EspParameterSlot *slot = &g_array_index (vector->slots, EspParameterSlot, i);

      if (slot->layer == layer && slot->parameter == parameter)
        return slot;
    }
  return NULL;
}

/** esp_parameter_vector_find_statistics: Returns: where the means of a layer with scales begin; its variances follow. Thread: any. */
gsize
esp_parameter_vector_find_statistics (const EspParameterVector *vector, guint layer)
{
  g_return_val_if_fail (layer < esp_network_get_n_layers (vector->network), 0);
  return vector->statistics[layer];
}

/** esp_parameter_vector_clear_gradients: sets all gradients to 0: a new sum begins. */
void
esp_parameter_vector_clear_gradients (EspParameterVector *vector)
{
  memset (vector->gradients, 0, vector->n * sizeof (float));
  vector->is_clear = TRUE;
}

/** esp_parameter_vector_take_clear: Returns: whether nothing was added since gradients were cleared, and notes that now something is. */
gboolean
esp_parameter_vector_take_clear (EspParameterVector *vector)
{
  const gboolean was = vector->is_clear;

  vector->is_clear = FALSE;
  return was;
}

/* Sets what elements mask to 0: masks are kept by the parameters themselves, not by the engine. */
static void
zero_elements (EspParameterVector *vector)
{
  for (gsize i = 0; vector->elements != NULL && i < vector->n; i++)
    if (!vector->elements[i])
      vector->parameters[i] = 0;
}

/* All that belongs to filters which are cut. */
static void
drop_filters (EspParameterVector *vector, const EspParameterSlot *slot)
{
  guint n = 0;
  const guint8 *bits = esp_mask_get_bits (vector->channels, slot->layer, &n);

  for (gsize i = 0; bits != NULL && i < slot->n; i++)
    if (!bits[i / (slot->n / n)])
      vector->keep[slot->at + i] = 0;
}

/**
 * esp_parameter_vector_set_keep:
 * @vector: the vector
 * @channels: (nullable): of its network; training engines multiply the outputs of cut channels by 0, and their running statistics stay
 * @elements: (nullable): one byte a parameter; those with 0 become 0 and stay so
 *
 * Gradients of what either masks are 0 from now on; optimisers leave those parameters, and all they remember of them, alone. What a channel
 * masks keeps its numbers. NULL and NULL: everything is trained again.
 */
void
esp_parameter_vector_set_keep (EspParameterVector *vector, const EspMask *channels, const guint8 *elements)
{
  EspMask *mask = channels != NULL ? esp_mask_ref ((EspMask *) channels) : NULL;
  guint8 *own = elements != NULL ? g_memdup2 (elements, vector->n) : NULL;

  g_return_if_fail (channels == NULL || esp_mask_fits (channels, vector->network));
  g_clear_pointer (&vector->channels, esp_mask_unref);
  g_clear_pointer (&vector->elements, g_free);
  g_clear_pointer (&vector->keep, g_free);
  vector->channels = mask;
  vector->elements = own;
  if (mask == NULL && own == NULL)
    return;
  vector->keep = g_malloc (vector->n);
  memset (vector->keep, 1, vector->n);
  for (gsize i = 0; own != NULL && i < vector->n; i++)
    vector->keep[i] = own[i] != 0;
  for (guint i = 0; mask != NULL && i < vector->slots->len; i++)
    drop_filters (vector, &g_array_index (vector->slots, EspParameterSlot, i));
  zero_elements (vector);
}

/** esp_parameter_vector_get_keep: Returns: (transfer none) (nullable): one byte a parameter, 0 where it is masked; NULL: none is. */
const guint8 *
esp_parameter_vector_get_keep (const EspParameterVector *vector)
{
  return vector->keep;
}

/** esp_parameter_vector_get_channels: Returns: (transfer none) (nullable): the channel mask; NULL: all are kept. */
const EspMask *
esp_parameter_vector_get_channels (const EspParameterVector *vector)
{
  return vector->channels;
}

static float *
numbers_of (const EspParams *params, EspParameter parameter)
{
  switch (parameter)
    {
    case ESP_PARAMETER_WEIGHTS:
      return params->weights;
    case ESP_PARAMETER_BIASES:
      return params->biases;
    case ESP_PARAMETER_SCALES:
      break;
    }
  return params->scales;
}

/**
 * esp_parameter_vector_to_weights:
 * @vector: the vector
 *
 * Returns: (transfer full): parameters and running statistics as they are now, with the header of the weights last set. The vector may
 * change afterwards. Thread: where the vector is.
 */
EspWeights *
esp_parameter_vector_to_weights (const EspParameterVector *vector)
{
  EspWeights *weights = esp_weights_new_zero (vector->network);

  esp_weights_set_header (weights, vector->header);
  for (guint i = 0; i < vector->slots->len; i++)
    {
      const EspParameterSlot *slot = &g_array_index (vector->slots, EspParameterSlot, i);
      const EspParams *params = esp_weights_get (weights, slot->layer);
      const float *running = vector->running + vector->statistics[slot->layer];

      memcpy (numbers_of (params, slot->parameter), vector->parameters + slot->at, slot->n * sizeof (float));
      if (slot->parameter != ESP_PARAMETER_SCALES)
        continue;
      memcpy (params->means, running, slot->n * sizeof (float));
      memcpy (params->variances, running + slot->n, slot->n * sizeof (float));
    }
  return weights;
}

/**
 * esp_parameter_vector_set_weights:
 * @vector: the vector
 * @weights: of its network; parameters and running statistics are copied, elements that are masked stay 0
 *
 * Gradients stay as they are.
 */
void
esp_parameter_vector_set_weights (EspParameterVector *vector, const EspWeights *weights)
{
  vector->header = esp_weights_get_header (weights);
  for (guint i = 0; i < vector->slots->len; i++)
    {
      const EspParameterSlot *slot = &g_array_index (vector->slots, EspParameterSlot, i);
      const EspParams *params = esp_weights_get (weights, slot->layer);
      float *running = vector->running + vector->statistics[slot->layer];

      memcpy (vector->parameters + slot->at, numbers_of (params, slot->parameter), slot->n * sizeof (float));
      if (slot->parameter != ESP_PARAMETER_SCALES)
        continue;
      memcpy (running, params->means, slot->n * sizeof (float));
      memcpy (running + slot->n, params->variances, slot->n * sizeof (float));
    }
  zero_elements (vector);
}
