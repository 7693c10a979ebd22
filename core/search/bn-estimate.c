/* bn-estimate.c: running means and variances of a cut network, found anew on images
 *
 * With channels gone a convolution's values have other means and variances than those that training left, and batch normalisation with the
 * old ones shifts and stretches them. So the images are run through the cut network once more, in batches as training runs them: each layer
 * is normalised by its own batch, and the moments of all batches together become the running ones. Source: Ioffe and Szegedy 2015,
 * arXiv:1502.03167, algorithm 2; over the whole set instead of a moving average: Wu and Johnson 2021, arXiv:2105.07576, section 3, "precise
 * BN"; after pruning: Li et al. 2020, arXiv:2007.02491 ("adaptive BN"). Nothing is learned: weights, gammas and betas stay. */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/bn-estimate.h"

#include <string.h>

#include "base/error.h"
#include "net/cut.h"
#include "net/engine-moments.h"
#include "net/parameter-vector.h"
#include "net/weights-copy.h"

#define BATCH  32
#define MEMORY ((gsize) 1 << 30) /* of all outputs of a batch, about */

/* Of one layer of the cut network: sums over batches. */
typedef struct
{
  guint layer, n;
  double *means, *squares; /* n: of the batches' means, and of variance + mean² */
} Totals;

typedef struct
{
  EspNetwork *network; /* the cut, nothing dropped */
  EspParameterVector *vector;
  EspEngine *engine;
  GPtrArray *totals; /* of Totals */
  float *input;
  guint batch, n_batches;
} Estimate;

static void
totals_free (gpointer data)
{
  Totals *totals = data;

  g_free (totals->means);
  g_free (totals->squares);
  g_free (totals);
}

static void
estimate_clear (Estimate *estimate)
{
  g_clear_pointer (&estimate->totals, g_ptr_array_unref);
  g_clear_pointer (&estimate->engine, esp_engine_unref);
  g_clear_pointer (&estimate->vector, esp_parameter_vector_unref);
  g_clear_pointer (&estimate->network, esp_network_unref);
  g_clear_pointer (&estimate->input, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Estimate, estimate_clear)

/* (transfer full): with no [dropout] that drops: the moments are those of inference. */
static EspNetwork *
still (EspNetwork *network, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (esp_network_get_layer (network, l)->kind == ESP_LAYER_DROPOUT)
      esp_cfg_set (cfg, esp_network_get_layer (network, l)->section, "probability", "0");
  return esp_network_new_dialect (g_steal_pointer (&cfg), esp_network_get_dialect (network), error);
}

static guint
choose_batch (const EspNetwork *network, guint asked, guint n)
{
  gsize bytes = 1;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    bytes += 2 * sizeof (float) * esp_shape_count (esp_network_get_layer (network, l)->out);
  return CLAMP (asked > 0 ? asked : (guint) CLAMP (MEMORY / bytes, 1, BATCH), 1, n);
}

/* All batches are equally large, so that each counts for as much: of a number that no such size divides the last few images are left
 * out. */
static void
divide (Estimate *estimate, guint n, guint asked)
{
  const guint most = choose_batch (estimate->network, asked, n);

  estimate->n_batches = (n + most - 1) / most;
  estimate->batch = n / estimate->n_batches;
}

static gboolean
begin (Estimate *estimate, EspCut *cut, guint n, guint asked, GError **error)
{
  EspEngineOptions options = { .mode = ESP_MODE_TRAIN };

  estimate->network = still (esp_cut_get_network (cut), error);
  if (estimate->network == NULL)
    return FALSE;
  divide (estimate, n, asked);
  estimate->vector = esp_parameter_vector_new (estimate->network, esp_cut_get_weights (cut));
  options.vector = estimate->vector;
  options.batch = estimate->batch;
  estimate->engine = esp_engine_new (estimate->network, NULL, &options, NULL, error);
  if (estimate->engine == NULL)
    return FALSE;
  estimate->input = g_new (float, estimate->batch *esp_shape_count (esp_network_get_input (estimate->network)));
  estimate->totals = g_ptr_array_new_with_free_func (totals_free);
  for (guint l = 0; l < esp_network_get_n_layers (estimate->network); l++)
    {
      const EspParams *params = esp_weights_get (esp_cut_get_weights (cut), l);
      Totals *totals = params != NULL && params->scales != NULL ? g_new0 (Totals, 1) : NULL;

      if (totals == NULL)
        continue;
      *totals = (Totals){ l, params->filters, g_new0 (double, params->filters), g_new0 (double, params->filters) };
      g_ptr_array_add (estimate->totals, totals);
    }
  return TRUE;
}

static gboolean
add_moments (Estimate *estimate, Totals *totals, GError **error)
{
  g_autofree double *means = g_new (double, totals->n), *variances = g_new (double, totals->n);

  if (!esp_engine_read_moments (estimate->engine, totals->layer, means, variances, error))
    return FALSE;
  for (guint c = 0; c < totals->n; c++)
    {
      totals->means[c] += means[c];
      totals->squares[c] += variances[c] + means[c] * means[c];
    }
  return TRUE;
}

static gboolean
run_batch (Estimate *estimate, const EspBnImages *images, guint batch, EspJob *job, GError **error)
{
  const gsize stride = esp_shape_count (esp_network_get_input (estimate->network));

  for (guint i = 0; i < estimate->batch; i++)
    if (!images->get (images->data, batch * estimate->batch + i, estimate->input + i * stride, error))
      return FALSE;
  if (!esp_engine_forward (estimate->engine, estimate->input, job, error))
    return FALSE;
  for (guint i = 0; i < estimate->totals->len; i++)
    if (!add_moments (estimate, estimate->totals->pdata[i], error))
      return FALSE;
  esp_job_set_progress (job, batch + 1, estimate->n_batches);
  return TRUE;
}

/* Into the kept channels of the whole layer; of the variance the unbiased one, as darknet's running ones are. */
static EspParams *
spread (const Estimate *estimate, const Totals *totals, EspCut *cut, const EspParams *from)
{
  EspParams *to = esp_params_copy (from);
  const EspShape shape = esp_network_get_layer (estimate->network, totals->layer)->out;
  const double n = estimate->n_batches, m = n * estimate->batch * shape.h * shape.w, unbiased = m > 1 ? m / (m - 1) : 1;
  guint n_kept = 0;
  const guint *kept = esp_cut_get_kept (cut, totals->layer, &n_kept);

  for (guint c = 0; c < n_kept; c++)
    {
      const double mean = totals->means[c] / n;

      to->means[kept[c]] = (float) mean;
      to->variances[kept[c]] = (float) (unbiased * MAX (totals->squares[c] / n - mean * mean, 0));
    }
  return to;
}

/**
 * esp_bn_estimate:
 * @network: the whole network
 * @weights: its numbers
 * @mask: what is kept
 * @images: at least one
 * @batch: images that are normalised together, 0: 32, fewer where their values would take more than 1 GB
 * @told: (out) (optional): what was run
 * @job: (nullable): progress in batches; cancels between two layers
 * @error: of the cut, the engine and the images; ESP_ERROR_UNSUPPORTED without images or batch normalisation; G_IO_ERROR_CANCELLED
 *
 * Totals are in double. The same images in the same order and batches give the same numbers. Numbers of removed channels stay as they are.
 * Cost: one forward of training an image. Thread: lane.
 * Returns: (transfer full): numbers of the whole network, of which esp_cut_new() with @mask makes the re-estimated cut.
 */
EspWeights *
esp_bn_estimate (EspNetwork *network,
                 EspWeights *weights,
                 EspMask *mask,
                 const EspBnImages *images,
                 guint batch,
                 EspBnEstimated *told,
                 EspJob *job,
                 GError **error)
{
  g_auto (Estimate) estimate = { NULL };
  g_autoptr (EspCut) cut = esp_cut_new (network, weights, mask, NULL, error);
  EspWeights *found;

  if (cut == NULL)
    return NULL;
  if (images->n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "there are no images to find means and variances on");
      return NULL;
    }
  if (!begin (&estimate, cut, images->n, batch, error))
    return NULL;
  if (estimate.totals->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "no layer has batch normalisation: there is nothing to find anew");
      return NULL;
    }
  for (guint b = 0; b < estimate.n_batches; b++)
    if (!run_batch (&estimate, images, b, job, error))
      return NULL;
  found = esp_weights_copy (network, weights);
  for (guint i = 0; i < estimate.totals->len; i++)
    {
      const Totals *totals = estimate.totals->pdata[i];

      esp_weights_set (found, totals->layer, spread (&estimate, totals, cut, esp_weights_get (weights, totals->layer)));
    }
  if (told != NULL)
    *told = (EspBnEstimated){ estimate.n_batches * estimate.batch, estimate.batch, estimate.totals->len };
  return found;
}
