/* loss-softmax.c: the loss of a classifier that ends in [softmax], with or without [cost] behind it
 *
 * Cross-entropy of softmax (raw / temperature) with the one label of the image; with label_smooth_eps= in [net] its target is 1 - eps,
 * that of the others eps / (classes - 1), and the least value that this can have is taken off. darknet asks for [cost] type=sse behind a
 * [softmax], and then passes the difference to the truth through the [softmax] as it is: that is the gradient of the cross-entropy, not
 * of squares. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

#include <string.h>

#define MOST_GAIN 1e6

static const char *const refused[] = { "noloss", "tree", NULL };
static const char *const refused_of_cost[] = { "ratio", "thresh", NULL };

static gboolean
read_smoothing (EspLoss *loss, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (loss->network);
  double eps = 0;

  if (!esp_cfg_get_double (cfg, 0, "label_smooth_eps", 0, &eps, error))
    return FALSE;
  if (!(eps >= 0 && eps < 1))
    return esp_cfg_refuse (cfg, 0, "label_smooth_eps", ESP_ERROR_LIMIT, error, "expected a number from 0 to below 1");
  loss->softmax.smooth = loss->classes > 1 ? eps : 0;
  return TRUE;
}

static gboolean
read_keys (EspLoss *loss, const EspLayer *softmax, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (loss->network);

  if (softmax->softmax.groups != 1)
    return esp_cfg_refuse (cfg, softmax->section, "groups", ESP_ERROR_UNSUPPORTED, error, "only one group can be trained");
  loss->classes = (int) esp_shape_count (softmax->in);
  loss->shape = softmax->in;
  loss->softmax.temperature = softmax->softmax.temperature;
  loss->softmax.scale = 1;
  return esp_loss_refuse_keys (loss, softmax->section, refused, error) && read_smoothing (loss, error);
}

static gboolean
read_softmax (EspLoss *loss, const EspLossOptions *options, GError **error)
{
  return read_keys (loss, esp_network_get_layer (loss->network, loss->layer), error);
}

static gboolean
read_cost (EspLoss *loss, const EspLossOptions *options, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (loss->network);
  const guint section = esp_loss_section (loss);
  const EspLayer *before = esp_network_get_layer (loss->network, loss->source);
  const char *type = esp_cfg_get (cfg, section, "type");

  if (before->kind != ESP_LAYER_SOFTMAX)
    return esp_cfg_refuse (cfg, section, "type", ESP_ERROR_UNSUPPORTED, error, "it can be trained only behind a [softmax]");
  if (type != NULL && strcmp (type, "sse") != 0)
    return esp_cfg_refuse (cfg, section, "type", ESP_ERROR_UNSUPPORTED, error,
                           "expected sse, which behind a [softmax] is its cross-entropy");
  if (before->inputs[0] < 0)
    return esp_cfg_refuse (cfg, before->section, NULL, ESP_ERROR_SHAPE, error, "it reads the image: there is nothing to train");
  loss->source = (guint) before->inputs[0];
  return read_keys (loss, before, error) && esp_loss_refuse_keys (loss, section, refused_of_cost, error)
         && esp_loss_double (loss, "scale", 1, 0, MOST_GAIN, &loss->softmax.scale, error);
}

/* sum of target log (target / p) */
static void
run (const EspLoss *loss, const double *raw, const EspLabels *labels, double *gradient, EspLossParts *parts)
{
  const EspSoftmaxKeys *keys = &loss->softmax;
  const int n = loss->classes, wanted = labels->n == 1 ? labels->labels[0].class_index : -1;
  double most = raw[0], sum = 0;
  int first = 0;

  if (wanted < 0 || wanted >= n)
    {
      parts->n_skipped = MAX (1, labels->n);
      return;
    }
  for (int i = 1; i < n; i++)
    if (raw[i] > most)
      most = raw[i], first = i;
  for (int i = 0; i < n; i++)
    sum += exp ((raw[i] - most) / keys->temperature);
  for (int i = 0; i < n; i++)
    {
      const double target = i == wanted ? 1 - keys->smooth : keys->smooth / MAX (1, n - 1), shift = (raw[i] - most) / keys->temperature;

      if (target > 0)
        parts->classes += keys->scale * target * (log (target) - shift + log (sum));
      gradient[i] = keys->scale / keys->temperature * (exp (shift) / sum - target);
    }
  parts->n_truths = parts->n_positives = 1;
  parts->n_right = first == wanted;
}

const EspLossRow esp_loss_softmax = { .kind = ESP_LAYER_SOFTMAX, .read = read_softmax, .run = run };
const EspLossRow esp_loss_cost = { .kind = ESP_LAYER_COST, .read = read_cost, .run = run };
