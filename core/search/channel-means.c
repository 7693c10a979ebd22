/* channel-means.c: what each channel gives on the average of some images */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/channel-means.h"

#include "base/error.h"

/** esp_channel_means_free: frees @means (nullable), of a network with @n_layers. Thread: any. */
void
esp_channel_means_free (double **means, guint n_layers)
{
  for (guint l = 0; means != NULL && l < n_layers; l++)
    g_free (means[l]);
  g_free (means);
}

/* The mean of every channel of one image's forward, @share of it added. */
static gboolean
add_image (EspEngine *engine, double **means, double share, float *values, GError **error)
{
  EspNetwork *network = esp_engine_get_network (engine);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const EspShape shape = esp_network_get_layer (network, l)->out;
      const gsize area = (gsize) shape.h * (gsize) shape.w;

      if (means[l] == NULL)
        continue;
      if (!esp_engine_read (engine, l, ESP_AT_OUT, values, error))
        return FALSE;
      for (gsize c = 0; c < (gsize) shape.c; c++)
        {
          double sum = 0;

          for (gsize i = 0; i < area; i++)
            sum += (double) values[c * area + i];
          means[l][c] += share * sum / (double) area;
        }
    }
  return TRUE;
}

static gboolean
run_images (EspEngine *engine, const EspBnImages *images, double **means, EspJob *job, GError **error)
{
  EspNetwork *network = esp_engine_get_network (engine);
  g_autofree float *input = g_new (float, esp_shape_count (esp_network_get_input (network))), *values = NULL;
  gsize largest = 1;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    largest = MAX (largest, esp_shape_count (esp_network_get_layer (network, l)->out));
  values = g_new (float, largest);
  for (guint i = 0; i < images->n; i++)
    {
      if (!images->get (images->data, i, input, error) || !esp_engine_forward (engine, input, job, error)
          || !add_image (engine, means, 1. / images->n, values, error))
        return FALSE;
      esp_job_set_progress (job, i + 1, images->n);
    }
  return TRUE;
}

/**
 * esp_channel_means:
 * @network: a network
 * @weights: its numbers
 * @bn: the form of its batch normalisation
 * @images: at least one
 * @job: (nullable): progress in images; cancels between two layers
 * @error: of the engine and the images; ESP_ERROR_UNSUPPORTED without images; G_IO_ERROR_CANCELLED
 *
 * Of each convolution and connected layer the mean of its output, behind the activation, over images, rows and columns, totals in double.
 * Cost: one forward an image. Thread: lane.
 * Returns: (transfer full): for esp_channel_means_free().
 */
double **
esp_channel_means (EspNetwork *network, EspWeights *weights, EspBnForm bn, const EspBnImages *images, EspJob *job, GError **error)
{
  const guint n_layers = esp_network_get_n_layers (network);
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .bn = bn, .batch = 1, .keep_all = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, error);
  double **means;

  if (engine == NULL)
    return NULL;
  if (images->n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "there are no images to average over");
      return NULL;
    }
  means = g_new0 (double *, n_layers);
  for (guint l = 0; l < n_layers; l++)
    {
      const EspLayerKind kind = esp_network_get_layer (network, l)->kind;

      if (kind == ESP_LAYER_CONVOLUTIONAL || kind == ESP_LAYER_CONNECTED)
        means[l] = g_new0 (double, esp_network_get_layer (network, l)->out.c);
    }
  if (run_images (engine, images, means, job, error))
    return means;
  esp_channel_means_free (means, n_layers);
  return NULL;
}
