/* cut-check.c: whether a cut network gives what the masked one gives */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/cut-check.h"

#include <math.h>

#include "base/error.h"
#include "base/rng.h"

#define SMALL_SIDE   96  /* of the input compared where the whole would take long */
#define LARGEST_WORK 2.0 /* BFLOPs that the plain reference runs at full size */

static EspEngine *
make_engine (EspNetwork *network, EspWeights *weights, EspMask *mask, EspBackendKind backend, EspBnForm bn, GError **error)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = backend, .bn = bn, .batch = 1, .mask = mask, .keep_all = TRUE };

  return esp_engine_new (network, weights, &options, NULL, error);
}

static float *
make_noise (const EspNetwork *network, guint64 seed)
{
  const gsize n = esp_shape_count (esp_network_get_input (network));
  g_autoptr (GRand) stream = esp_rng_new (seed, 'c', 0);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (stream);
  return input;
}

static double *
read_layer (EspEngine *engine, guint layer, GError **error)
{
  g_autofree double *values = g_new (double, esp_shape_count (esp_engine_get_shape (engine, (int) layer)));

  return esp_engine_read_double (engine, layer, ESP_AT_OUT, values, error) ? g_steal_pointer (&values) : NULL;
}

/* What is compared. */
typedef struct
{
  EspEngine *masked, *small;
  EspNetwork *network;
  EspCut *cut;
  const EspKeepClasses *keep; /* (nullable) */
  guint layer;
  const double *x, *y; /* of the layer: masked, and of the small network */
  gsize area;
  double most; /* of x */
} Comparison;

/* The largest difference of one row of the small network's layer from the mean of @n channels of the masked one's;
 * infinite where not finite. */
static double
compare_row (const Comparison *this, guint row, const guint *channels, guint n)
{
  double worst = 0;

  for (gsize i = 0; i < this->area; i++)
    {
      double sum = 0, d;

      for (guint k = 0; k < n; k++)
        sum += this->x[channels[k] * this->area + i];
      d = fabs ((n > 1 ? sum / n : sum) - this->y[row * this->area + i]);
      worst = isfinite (d) ? MAX (worst, d) : INFINITY;
    }
  return worst == 0 ? 0 : isfinite (worst) && isfinite (this->most) && this->most > 0 ? worst / this->most : INFINITY;
}

/* What a head makes of classes is a matter of all of them; the numbers that it reads have been compared. */
static gboolean
is_compared (const Comparison *this)
{
  const EspLayerKind kind = esp_network_get_layer (this->network, this->layer)->kind;

  return this->keep == NULL || (kind != ESP_LAYER_YOLO && kind != ESP_LAYER_REGION && kind != ESP_LAYER_SOFTMAX && kind != ESP_LAYER_COST);
}

static void
compare_rows (const Comparison *this, guint n_rows, const guint *kept, EspCutCheck *check)
{
  const gboolean redrawn = this->keep != NULL && esp_keep_classes_is_redrawn (this->keep, NULL);

  for (guint row = 0; row < n_rows; row++)
    {
      guint n = 1;
      g_autofree guint *sources = this->keep != NULL ? esp_keep_classes_row (this->keep, this->network, this->layer, row, &n) : NULL;
      double difference;

      if (n > 1 && redrawn)
        continue;
      difference = compare_row (this, row, sources != NULL ? sources : kept + row, n);
      if (n > 1 && difference > check->of_means)
        {
          check->of_means = difference;
          check->means_layer = this->layer;
        }
      else if (n == 1 && difference > check->difference)
        {
          check->difference = difference;
          check->layer = this->layer;
        }
    }
}

/* How many channels the layer has where classes are cut; else as many as the cut kept. */
static guint
count_rows (const Comparison *this, guint n_kept, guint n_small)
{
  guint n = 0;
  g_autofree guint *sources = this->keep != NULL ? esp_keep_classes_row (this->keep, this->network, this->layer, 0, &n) : NULL;

  return sources != NULL ? n_small : n_kept;
}

static gboolean
compare_layer (Comparison *this, EspCutCheck *check, GError **error)
{
  const EspShape shape = esp_engine_get_shape (this->masked, (int) this->layer),
                 other = esp_engine_get_shape (this->small, (int) this->layer);
  guint n_kept = 0, n_rows;
  const guint *kept = esp_cut_get_kept (this->cut, this->layer, &n_kept);
  g_autofree double *x = NULL, *y = NULL;

  n_rows = count_rows (this, n_kept, (guint) other.c);
  if (other.c != (int) n_rows || other.h != shape.h || other.w != shape.w)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u of the cut network is %d × %d × %d, expected %u × %d × %d", this->layer,
                   other.c, other.h, other.w, n_rows, shape.h, shape.w);
      return FALSE;
    }
  if (!is_compared (this))
    return TRUE;
  x = read_layer (this->masked, this->layer, error);
  y = x != NULL ? read_layer (this->small, this->layer, error) : NULL;
  if (y == NULL)
    return FALSE;
  this->x = x;
  this->y = y;
  this->area = (gsize) shape.h * (gsize) shape.w;
  this->most = 0;
  for (gsize i = 0; i < esp_shape_count (shape); i++)
    this->most = MAX (this->most, fabs (x[i]));
  compare_rows (this, n_rows, kept, check);
  return TRUE;
}

/**
 * esp_cut_check_classes:
 * @network: the whole network
 * @weights: its numbers
 * @mask: what is kept
 * @small: the cut network, as it was made or as it was read again
 * @small_weights: its numbers
 * @cut: the cut itself, for which channel is which
 * @keep: (nullable): the classes that @small has of the cut network
 * @backend: ESP_BACKEND_REFERENCE_DOUBLE proves the cut (1e-12), the others that float keeps it (1e-5)
 * @bn: the form of batch normalisation of both
 * @seed: of the input, uniform noise 0..1
 * @check: (out): the worst layer
 * @job: (nullable): cancels between layers
 * @error: those of engines; ESP_ERROR_SHAPE where @small is not a cut of @network
 *
 * Rows of heads that were kept are compared like all others; rows that are means of several only show in of_means, since they were rounded
 * to float, and rows drawn by lot in nothing. Masked execution multiplies each convolution's output by its keep-bits after the activation,
 * which is what a mask means, and sums kept channels before the others: float32 rounds alike in both, however much later layers make of it.
 */
gboolean
esp_cut_check_classes (EspNetwork *network,
                       EspWeights *weights,
                       EspMask *mask,
                       EspNetwork *small,
                       EspWeights *small_weights,
                       EspCut *cut,
                       const EspKeepClasses *keep,
                       EspBackendKind backend,
                       EspBnForm bn,
                       guint64 seed,
                       EspCutCheck *check,
                       EspJob *job,
                       GError **error)
{
  g_autoptr (EspEngine) masked = make_engine (network, weights, mask, backend, bn, error);
  g_autoptr (EspEngine) cutting = masked != NULL ? make_engine (small, small_weights, NULL, backend, bn, error) : NULL;
  g_autofree float *input = make_noise (network, seed);
  Comparison this = { .masked = masked, .small = cutting, .network = network, .cut = cut, .keep = keep };

  *check = (EspCutCheck){ 0 };
  if (cutting == NULL || !esp_engine_forward (masked, input, job, error) || !esp_engine_forward (cutting, input, job, error))
    return FALSE;
  for (this.layer = 0; this.layer < esp_network_get_n_layers (network); this.layer++)
    if (!compare_layer (&this, check, error))
      return FALSE;
  return TRUE;
}

/** esp_cut_check_network: see the header; itself also where it has no form of that size, or other weights there. Thread: any. */
EspNetwork *
esp_cut_check_network (EspNetwork *network, double bflops)
{
  const EspShape input = esp_network_get_input (network);
  g_autoptr (EspNetwork) small = NULL;

  if (bflops > LARGEST_WORK && MIN (input.w, input.h) > SMALL_SIDE)
    small = esp_network_resized (network, SMALL_SIDE, SMALL_SIDE, NULL);
  return small != NULL && esp_network_shares_weights (network, small) ? g_steal_pointer (&small) : esp_network_ref (network);
}

/**
 * esp_cut_check_accept:
 * @check: what was compared
 * @bound: of rows that were kept
 * @bound_of_means: of rows that are means of several
 * @error: ESP_ERROR_SHAPE: by how much, at which layer, and what is accepted there
 *
 * Returns: whether both are within their bounds. Thread: any.
 */
gboolean
esp_cut_check_accept (const EspCutCheck *check, double bound, double bound_of_means, GError **error)
{
  if (!(check->difference <= bound))
    g_set_error (
        error, ESP_ERROR, ESP_ERROR_SHAPE,
        "the cut network differs from the masked one by %g of the maximum of layer %u, at most %g is accepted: nothing was written",
        check->difference, check->layer, bound);
  else if (!(check->of_means <= bound_of_means))
    g_set_error (
        error, ESP_ERROR, ESP_ERROR_SHAPE,
        "a class of the cut network that is the mean of several differs from the mean by %g of the maximum of layer %u, at most %g is "
        "accepted: nothing was written",
        check->of_means, check->means_layer, bound_of_means);
  else
    return TRUE;
  return FALSE;
}

/** esp_cut_check: esp_cut_check_classes() of all classes. Thread: lane, unless @backend is a reference. */
gboolean
esp_cut_check (EspNetwork *network,
               EspWeights *weights,
               EspMask *mask,
               EspNetwork *small,
               EspWeights *small_weights,
               EspCut *cut,
               EspBackendKind backend,
               EspBnForm bn,
               guint64 seed,
               EspCutCheck *check,
               EspJob *job,
               GError **error)
{
  return esp_cut_check_classes (network, weights, mask, small, small_weights, cut, NULL, backend, bn, seed, check, job, error);
}
