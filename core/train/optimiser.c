/* optimiser.c: from the sum of gradients to the next parameters
 *
 * The numbers go in pieces of one layer's one kind that the second cache holds. What a piece becomes depends on nothing but its own numbers
 * and the gradient's norm, whose partial sums, one a piece, are added in order: bits do not depend on the number of threads. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/optimiser.h"

#include <math.h>
#include <string.h>

#include "train/optimiser-private.h"

#define PIECE 8192 /* of each vector: together they stay in the second cache */

static const EspLayerRule *
rule_of (const EspOptimiser *optimiser, guint layer)
{
  static const EspLayerRule none = { .rate = 1 };

  return layer < optimiser->options.n_rules ? &optimiser->options.rules[layer] : &none;
}

/* Whether update number @step changes it. */
static gboolean
moves (const EspOptimiser *optimiser, const EspOptimiserPiece *piece, guint64 step)
{
  const EspLayerRule *rule = rule_of (optimiser, piece->layer);

  return piece->layer >= optimiser->options.first_layer && rule->rate != 0 && step >= rule->from && (!rule->only_norms || piece->norms);
}

static void
add_pieces (GArray *pieces, const EspParameterSlot *slot, gboolean norms)
{
  for (gsize done = 0; done < slot->n; done += PIECE)
    {
      const EspOptimiserPiece piece = { slot->at + done, MIN (slot->n - done, PIECE), slot->layer, slot->parameter == ESP_PARAMETER_WEIGHTS,
                                        norms && slot->parameter != ESP_PARAMETER_WEIGHTS };

      g_array_append_val (pieces, piece);
    }
}

static GArray *
list_pieces (EspParameterVector *vector)
{
  GArray *pieces = g_array_new (FALSE, FALSE, sizeof (EspOptimiserPiece));
  g_autoptr (GHashTable) norms = g_hash_table_new (NULL, NULL);
  guint n;
  const EspParameterSlot *slots = esp_parameter_vector_get_slots (vector, &n);

  for (guint s = 0; s < n; s++)
    if (slots[s].parameter == ESP_PARAMETER_SCALES)
      g_hash_table_add (norms, GUINT_TO_POINTER (slots[s].layer));
  for (guint s = 0; s < n; s++)
    add_pieces (pieces, &slots[s], g_hash_table_contains (norms, GUINT_TO_POINTER (slots[s].layer)));
  return pieces;
}

static void
begin_average (EspOptimiser *optimiser)
{
  memcpy (optimiser->average, esp_parameter_vector_get_parameters (optimiser->vector), optimiser->n * sizeof (float));
  memcpy (optimiser->average + optimiser->n, esp_parameter_vector_get_statistics (optimiser->vector),
          optimiser->n_statistics * sizeof (float));
  optimiser->n_averaged = 1;
}

/**
 * esp_optimiser_new:
 * @vector: what it trains; a reference is taken
 * @options: copied, with the rules
 *
 * Returns: (transfer full): an optimiser before its first update, with zero moments. Thread: any.
 */
EspOptimiser *
esp_optimiser_new (EspParameterVector *vector, const EspOptimiserOptions *options)
{
  EspOptimiser *optimiser = g_new0 (EspOptimiser, 1);

  optimiser->vector = esp_parameter_vector_ref (vector);
  optimiser->options = *options;
  optimiser->options.rules = g_memdup2 (options->rules, options->n_rules * sizeof *options->rules);
  optimiser->n = esp_parameter_vector_get_n (vector);
  optimiser->n_statistics = esp_parameter_vector_get_n_statistics (vector);
  optimiser->pieces = list_pieces (vector);
  optimiser->sums = g_new0 (double, optimiser->pieces->len);
  optimiser->first = g_new0 (float, optimiser->n);
  if (options->kind == ESP_OPTIMISER_ADAM)
    optimiser->second = g_new0 (float, optimiser->n);
  if (options->average > 0)
    optimiser->average = g_new0 (float, optimiser->n + optimiser->n_statistics);
  if (options->average > 0 && options->average_from == 0)
    begin_average (optimiser);
  return optimiser;
}

/** esp_optimiser_free: frees @optimiser, not what it trained. */
void
esp_optimiser_free (EspOptimiser *optimiser)
{
  esp_parameter_vector_unref (optimiser->vector);
  g_free ((gpointer) optimiser->options.rules);
  g_array_unref (optimiser->pieces);
  g_free (optimiser->sums);
  g_free (optimiser->first);
  g_free (optimiser->second);
  g_free (optimiser->average);
  g_free (optimiser);
}

/* The norm of what this update moves along, of the mean over images; not finite where a gradient is not. */
static double
measure (EspOptimiser *optimiser, double scale)
{
  const float *gradients = esp_parameter_vector_get_gradients (optimiser->vector);
  const guint8 *keep = esp_parameter_vector_get_keep (optimiser->vector);
  double sum = 0;

#pragma omp parallel for schedule(static)
  for (guint p = 0; p < optimiser->pieces->len; p++)
    {
      const EspOptimiserPiece *piece = &g_array_index (optimiser->pieces, EspOptimiserPiece, p);

      optimiser->sums[p] = moves (optimiser, piece, optimiser->n_steps + 1)
                               ? esp_optimiser_sum_squares (piece->n, keep != NULL ? keep + piece->at : NULL, gradients + piece->at)
                               : 0;
    }
  for (guint p = 0; p < optimiser->pieces->len; p++)
    sum += optimiser->sums[p];
  return sqrt (sum) * scale;
}

static EspOptimiserMove
plan_move (const EspOptimiser *optimiser, double rate, double scale)
{
  const EspOptimiserOptions *o = &optimiser->options;
  const double t = (double) optimiser->n_steps;
  const double shrink = o->clip_norm > 0 && optimiser->norm > o->clip_norm ? o->clip_norm / optimiser->norm : 1;
  EspOptimiserMove move = { .scale = (float) (scale * shrink),
                            .limit = o->clip_value > 0 ? (float) o->clip_value : INFINITY,
                            .rate = (float) rate,
                            .decay = (float) o->decay };

  if (o->kind == ESP_OPTIMISER_ADAM)
    {
      move.rate = (float) (rate / (1 - pow (o->b1, t)));
      move.whole = (float) (1 / (1 - pow (o->b2, t)));
      move.b1 = (float) o->b1;
      move.b2 = (float) o->b2;
      move.epsilon = (float) (o->epsilon * scale);
      return move;
    }
  move.momentum = (float) o->momentum;
  move.now = o->nesterov ? 1 : 0;
  move.ahead = o->nesterov ? (float) o->momentum : 1;
  return move;
}

/* What one piece is moved by, and its average in the same go, while the cache holds it. */
static void
update_piece (EspOptimiser *optimiser, const EspOptimiserPiece *piece, EspOptimiserMove move, float share)
{
  float *values = esp_parameter_vector_get_parameters (optimiser->vector) + piece->at;
  const float *gradients = esp_parameter_vector_get_gradients (optimiser->vector) + piece->at;
  const guint8 *keep = esp_parameter_vector_get_keep (optimiser->vector);

  keep = keep != NULL ? keep + piece->at : NULL;
  if (moves (optimiser, piece, optimiser->n_steps))
    {
      move.rate *= (float) rule_of (optimiser, piece->layer)->rate;
      move.decay = piece->decays ? move.decay : 0;
      esp_optimiser_move_piece (&move, piece->n, keep, gradients, optimiser->first + piece->at,
                                optimiser->second != NULL ? optimiser->second + piece->at : NULL, values);
    }
  if (share > 0)
    esp_optimiser_average_piece (share, piece->n, keep, values, optimiser->average + piece->at);
}

/* How much of the parameters the average takes at its next update; 0 where there is none yet. */
static double
next_share (const EspOptimiser *optimiser)
{
  const double t = (double) optimiser->n_averaged; /* of the updates since the beginning, this one is number t */

  if (optimiser->n_averaged == 0)
    return 0;
  return 1 - (optimiser->options.average_warm ? MIN (optimiser->options.average, (1 + t) / (10 + t)) : optimiser->options.average);
}

static void
update_all (EspOptimiser *optimiser, double rate, double scale)
{
  const EspOptimiserMove move = plan_move (optimiser, rate, scale);
  const float share = (float) next_share (optimiser);

#pragma omp parallel for schedule(static)
  for (guint p = 0; p < optimiser->pieces->len; p++)
    update_piece (optimiser, &g_array_index (optimiser->pieces, EspOptimiserPiece, p), move, share);
  if (share > 0)
    {
      esp_optimiser_average_piece (share, optimiser->n_statistics, NULL, esp_parameter_vector_get_statistics (optimiser->vector),
                                   optimiser->average + optimiser->n);
      optimiser->n_averaged++;
    }
  else if (optimiser->average != NULL && optimiser->n_steps >= optimiser->options.average_from)
    begin_average (optimiser);
}

/**
 * esp_optimiser_step:
 * @rate: the learning rate, finite
 * @scale: 1 / images whose gradients are summed in the vector
 *
 * One update. With g = scale * gradient, clipped, + decay * weight:
 *   SGD:   v ← momentum v + g; w ← w − rate v               (nesterov: w ← w − rate (g + momentum v))
 *   Adam:  m ← b1 m + (1 − b1) g; s ← b2 s + (1 − b2) g²; w ← w − rate m / (1 − b1^t) / (√(s / (1 − b2^t)) + epsilon scale)
 * Where the vector's keep byte is 0, the number stays and its moments are 0, and its average is the number; in frozen layers all stays. The
 * gradients are left as they are. Thread: lane (OpenMP); the result depends on no thread count.
 * Returns: FALSE, with nothing changed, where a gradient that would be used is not finite.
 * Source: SGD is darknet's update of a convolutional layer, whose sums run the other way (v = −updates / images); it is PyTorch's SGD with
 * weight_decay and without dampening. Adam is darknet's, which squares sums over the images where others square means: hence epsilon's
 * scale; differs: darknet decays biases, gammas and betas too under Adam. The average is AlexeyAB's ema_alpha; differs: the running
 * statistics are averaged too.
 */
gboolean
esp_optimiser_step (EspOptimiser *optimiser, double rate, double scale)
{
  double norm;

  g_return_val_if_fail (isfinite (rate) && isfinite (scale) && scale > 0, FALSE);
  norm = measure (optimiser, scale);
  if (!isfinite (norm))
    return FALSE;
  optimiser->norm = norm;
  optimiser->n_steps++;
  update_all (optimiser, rate, scale);
  return TRUE;
}

/** esp_optimiser_get_norm: Returns: the norm of the last update's mean gradient, before clipping and decay; masked and frozen ones
 * apart. */
double
esp_optimiser_get_norm (const EspOptimiser *optimiser)
{
  return optimiser->norm;
}

/** esp_optimiser_get_n_steps: Returns: how many updates were done. */
guint64
esp_optimiser_get_n_steps (const EspOptimiser *optimiser)
{
  return optimiser->n_steps;
}

/** esp_optimiser_average: Returns: (transfer full) (nullable): the averaged weights, with averaged statistics; NULL before it began. */
EspWeights *
esp_optimiser_average (EspOptimiser *optimiser)
{
  float *parameters = esp_parameter_vector_get_parameters (optimiser->vector);
  float *statistics = esp_parameter_vector_get_statistics (optimiser->vector);
  const gsize n = optimiser->n * sizeof (float), m = optimiser->n_statistics * sizeof (float);
  g_autofree float *held = NULL;
  EspWeights *weights;

  if (optimiser->n_averaged == 0)
    return NULL;
  held = g_malloc (n + m);
  memcpy (held, parameters, n);
  memcpy (held + optimiser->n, statistics, m);
  memcpy (parameters, optimiser->average, n);
  memcpy (statistics, optimiser->average + optimiser->n, m);
  weights = esp_parameter_vector_to_weights (optimiser->vector);
  memcpy (parameters, held, n);
  memcpy (statistics, held + optimiser->n, m);
  return weights;
}
