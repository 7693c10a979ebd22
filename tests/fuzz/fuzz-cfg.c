/* fuzz-cfg.c: cfg text, the graph, and where that is small its losses and the couplings, groups, masks and cut that follow from it */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/cost.h"
#include "net/cut.h"
#include "prune/plan.h"
#include "train/loss.h"
#include "train/augment.h"

#define MOST_CHANNELS 2048 /* beyond them only what the reader itself does is run, for speed */
#define MOST_PARAMS   65536
#define MOST_NUMBERS  65536 /* that one head reads */

/* The text is kept byte for byte. */
static void
check_text (const EspCfg *cfg, const guint8 *data, gsize n)
{
  gsize n_again = 0;
  g_autofree char *again = esp_cfg_to_text (cfg, &n_again);

  g_assert_cmpmem (again, n_again, data, n);
}

static guint64
walk (const EspNetwork *network)
{
  guint64 channels = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      g_autofree char *words = esp_layer_describe (layer);
      guint n = 0;
      const guint *consumers = esp_network_get_consumers (network, i, &n);

      g_assert_nonnull (words);
      for (guint k = 0; k < n; k++)
        g_assert_cmpuint (consumers[k], >, i);
      for (guint k = 0; k < layer->n_inputs; k++)
        g_assert_cmpint (layer->inputs[k], <, (int) i);
      g_assert_true (layer->out.c > 0 && layer->out.h > 0 && layer->out.w > 0);
      channels += (guint64) layer->out.c;
    }
  return channels;
}

/* A plan's mask respects every coupling, so that it can be cut, and the smaller network has as many parameters as the masked one was said
 * to. */
static void
prune (EspNetwork *network)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network);
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspCut) cut = NULL;
  g_autoptr (GError) error = NULL;

  esp_plan_set_floor (plan, 1);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, 0.5);
  mask = esp_plan_get_mask (plan);
  cut = esp_cut_new (network, weights, mask, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_cost_of (network, mask).params, ==, esp_cost_of (esp_cut_get_network (cut), NULL).params);
}

/* What is drawn for training is within bounds, or refused in words. */
static void
augment (const EspNetwork *network)
{
  EspAugment settings;
  g_autoptr (GError) error = NULL;

  if (!esp_augment_read (&settings, network, &error))
    {
      g_assert_true (error != NULL && g_utf8_validate (error->message, -1, NULL));
      return;
    }
  g_assert_true (settings.jitter >= 0 && settings.jitter < .5 && settings.resize > 0 && settings.random >= 1 && settings.step > 0);
  g_assert_true (settings.saturation >= 1 && settings.exposure >= 1 && settings.aspect >= 1 && settings.crop_low <= settings.crop_high);
}

/* A head is refused in words, or runs, whatever its keys say. */
static void
learn (EspNetwork *network)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) losses = esp_losses_new (network, NULL, &error);
  EspLabel label = { 0, { .5f, .5f, .3f, .2f } };
  const EspLabels labels = { 1, &label };

  g_assert_true ((losses == NULL) == (error != NULL));
  for (guint i = 0; losses != NULL && i < losses->len; i++)
    {
      const EspShape shape = esp_loss_get_shape (losses->pdata[i]);
      const gsize n = esp_shape_count (shape);
      g_autofree float *numbers = n <= MOST_NUMBERS ? g_new0 (float, 2 * n) : NULL;
      EspLossParts parts;

      if (numbers == NULL)
        continue;
      esp_loss_run (losses->pdata[i], shape, numbers, &labels, numbers + n, &parts);
      g_assert_cmpuint (parts.n_truths + parts.n_skipped, ==, 1);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  GError *error = NULL;
  EspCfg *cfg = esp_cfg_parse ((const char *) data, n, "fuzz.cfg", &error);
  g_autoptr (EspNetwork) network = NULL;

  if (cfg != NULL)
    {
      check_text (cfg, data, n);
      network = esp_network_new (cfg, &error);
    }
  if (network != NULL)
    augment (network);
  if (network != NULL)
    learn (network);
  if (network != NULL && walk (network) <= MOST_CHANNELS && esp_cost_of (network, NULL).params <= MOST_PARAMS)
    prune (network);
  fuzz_tell (network != NULL, error);
  return 0;
}
