/* start.c: the numbers that training begins with: drawn, or taken from a trained network as far as the two agree */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/start.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

#define HEAD_DEVIATION 0.01 /* of weights that a head reads: boxes begin as the anchors, in the middle of their cells */

static const EspLayer *
head_of (const EspNetwork *network, guint layer)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);

  for (guint i = 0; i < n; i++)
    if (esp_network_get_layer (network, heads[i])->inputs[0] == (int) layer)
      return esp_network_get_layer (network, heads[i]);
  return NULL;
}

/* Of a weight, by the numbers that come in and what becomes of the sum. */
static double
deviation_of (const EspLayer *layer, const EspLayer *head, const EspParams *params)
{
  const double fan_in = (double) params->n_weights / params->filters;

  if (head != NULL)
    return HEAD_DEVIATION;
  return sqrt ((layer->activation == ESP_ACTIVATION_LINEAR ? 1 : 2) / fan_in);
}

/* The bias that makes a logistic function say @prior. */
static void
set_prior (const EspHead *head, float *biases, double prior)
{
  for (int i = 0; i < head->n_anchors; i++)
    biases[i * (5 + head->classes) + 4] = (float) log (prior / (1 - prior));
}

static EspParams *
draw (const EspNetwork *network, guint index, const EspParams *like, const EspStartOptions *options)
{
  const EspLayer *layer = esp_network_get_layer (network, index), *head = head_of (network, index);
  EspParams *params = esp_params_new (like->filters, like->n_weights, like->scales != NULL);
  g_autoptr (GRand) rng = esp_rng_new (options->seed, index, 0);
  const double deviation = like->filters > 0 ? deviation_of (layer, head, like) : 0;

  for (gsize i = 0; i < params->n_weights; i++)
    params->weights[i] = params->filters > 0 ? (float) (deviation * esp_rng_normal (rng)) : 1; /* of a weighted sum: 1 */
  for (guint i = 0; params->scales != NULL && i < params->filters; i++)
    params->scales[i] = params->variances[i] = 1;
  if (head != NULL && options->prior > 0 && options->prior < 1)
    set_prior (&head->head, params->biases, options->prior);
  return params;
}

/**
 * esp_start_new:
 * @network: whose
 * @options: seed and prior
 *
 * Weights N(0, 2 / fan-in) (He et al. 2015, eq. 10), N(0, 1 / fan-in) before a linear activation and N(0, 0.01²) before a head; gamma and
 * running variances 1, beta, biases and running means 0, but the objectness biases of heads log (prior / (1 - prior)) (Lin et al. 2017,
 * section 4.1); the weights of sums 1. Each layer draws from the stream (seed, layer, 0).
 *
 * Returns: (transfer full): the same numbers for the same options, header 0.2.5, seen 0. Thread: any.
 */
EspWeights *
esp_start_new (const EspNetwork *network, const EspStartOptions *options)
{
  EspWeights *weights = esp_weights_new_zero (network);

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspParams *zeros = esp_weights_get (weights, i);

      if (zeros != NULL)
        esp_weights_set (weights, i, draw (network, i, zeros, options));
    }
  return weights;
}

static gboolean
agree (const EspLayer *a, const EspParams *own, const EspLayer *b, const EspParams *other)
{
  return other != NULL && a->kind == b->kind && own->filters == other->filters && own->n_weights == other->n_weights
         && (own->scales != NULL) == (other->scales != NULL);
}

static void
take_filter (EspParams *own, guint to, const EspParams *other, guint from)
{
  const gsize n = own->n_weights / own->filters;

  own->biases[to] = other->biases[from];
  memcpy (own->weights + to * n, other->weights + from * n, n * sizeof (float));
}

/* (transfer full) (nullable): drawn numbers with box and objectness of another head's; NULL where the two differ in more than their
 * classes. */
static EspParams *
take_boxes (const EspParams *drawn, const EspHead *head, const EspParams *other, const EspHead *other_head)
{
  EspParams *params;

  if (other == NULL || other->filters == 0 || other->scales != NULL || drawn->scales != NULL || head->n_anchors != other_head->n_anchors
      || drawn->n_weights / drawn->filters != other->n_weights / other->filters)
    return NULL;
  params = esp_params_new (drawn->filters, drawn->n_weights, FALSE);
  memcpy (params->weights, drawn->weights, drawn->n_weights * sizeof (float));
  memcpy (params->biases, drawn->biases, drawn->filters * sizeof (float));
  for (int anchor = 0; anchor < head->n_anchors; anchor++)
    for (int i = 0; i < 5; i++)
      take_filter (params, (guint) (anchor * (5 + head->classes) + i), other, (guint) (anchor * (5 + other_head->classes) + i));
  return params;
}

/* One layer of both, which the second may not have. */
typedef struct
{
  const EspNetwork *network, *trained_network;
  const EspWeights *trained;
  const EspStartOptions *options;
} Pair;

/* (transfer full) (nullable): what @layer takes; *whole: all of it. */
static EspParams *
take (const Pair *pair, guint layer, const EspParams *drawn, gboolean *whole)
{
  const guint upto = pair->options->upto != 0 ? pair->options->upto : G_MAXUINT;
  const EspLayer *head = head_of (pair->network, layer), *other_head;
  const EspParams *other;

  *whole = FALSE;
  if (layer >= upto || layer >= esp_network_get_n_layers (pair->trained_network))
    return NULL;
  other = esp_weights_get (pair->trained, layer);
  other_head = head_of (pair->trained_network, layer);
  if ((head == NULL) != (other_head == NULL))
    return NULL;
  *whole = agree (esp_network_get_layer (pair->network, layer), drawn, esp_network_get_layer (pair->trained_network, layer), other)
           && (head == NULL || head->head.classes == other_head->head.classes);
  if (*whole)
    return esp_params_ref ((EspParams *) other);
  if (head != NULL && pair->options->heads == ESP_START_KEEP_BOXES)
    return take_boxes (drawn, &head->head, other, &other_head->head);
  return NULL;
}

/**
 * esp_start_from:
 * @network: whose
 * @trained_network: the network of @trained; @network itself, or one that begins alike
 * @trained: its numbers
 * @options: where to stop taking, what heads keep, seed and prior of what is drawn
 * @drawn: (out) (optional) (transfer full): of guint: the layers whose numbers were not, or not all, taken; ascending
 *
 * What is not taken is drawn as esp_start_new() does. Header and seen are those of a new file: 0.2.5 and 0.
 *
 * Returns: (transfer full): the numbers; layers that agree share theirs with @trained. Thread: any.
 */
EspWeights *
esp_start_from (
    const EspNetwork *network, const EspNetwork *trained_network, const EspWeights *trained, const EspStartOptions *options, GArray **drawn)
{
  const Pair pair = { network, trained_network, trained, options };
  EspWeights *weights = esp_start_new (network, options);
  g_autoptr (GArray) fresh = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspParams *own = esp_weights_get (weights, i);
      gboolean whole;
      EspParams *taken = own != NULL ? take (&pair, i, own, &whole) : NULL;

      if (own != NULL && (taken == NULL || !whole))
        g_array_append_val (fresh, i);
      if (taken != NULL)
        esp_weights_set (weights, i, taken);
    }
  if (drawn != NULL)
    *drawn = g_steal_pointer (&fresh);
  return weights;
}
