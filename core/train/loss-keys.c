/* loss-keys.c: what the readers of losses share */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

guint
esp_loss_section (const EspLoss *loss)
{
  return esp_network_get_layer (loss->network, loss->layer)->section;
}

gboolean
esp_loss_double (const EspLoss *loss, const char *key, double fallback, double lowest, double highest, double *value, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (loss->network);

  if (!esp_cfg_get_double (cfg, esp_loss_section (loss), key, fallback, value, error))
    return FALSE;
  if (*value >= lowest && *value <= highest)
    return TRUE;
  return esp_cfg_refuse (cfg, esp_loss_section (loss), key, ESP_ERROR_LIMIT, error, "expected a number from %g to %g", lowest, highest);
}

gboolean
esp_loss_flag (const EspLoss *loss, const char *key, gboolean *value, GError **error)
{
  return esp_cfg_get_int (esp_network_get_cfg (loss->network), esp_loss_section (loss), key, 0, 0, 1, value, error);
}

gboolean
esp_loss_refuse_keys (const EspLoss *loss, guint section, const char *const *keys, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (loss->network);

  for (; *keys != NULL; keys++)
    {
      double value = 0;

      if (esp_cfg_get (cfg, section, *keys) != NULL && esp_cfg_get_double (cfg, section, *keys, 0, &value, NULL) && value == 0)
        continue;
      if (esp_cfg_get (cfg, section, *keys) != NULL)
        return esp_cfg_refuse (cfg, section, *keys, ESP_ERROR_UNSUPPORTED, error, "it changes the loss, and we do not train with it");
    }
  return TRUE;
}

double
esp_loss_gain (const EspLossOptions *options)
{
  return options == NULL || options->box_gain == 0 ? 1 : options->box_gain;
}
