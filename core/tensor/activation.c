/* activation.c: names of the pointwise functions */
#define G_LOG_DOMAIN "esp-tensor"
#include "config.h"

#include "tensor/activation.h"

static const char *const names[ESP_N_ACTIVATIONS] = {
  [ESP_ACTIVATION_LINEAR] = "linear",
  [ESP_ACTIVATION_LEAKY] = "leaky",
  [ESP_ACTIVATION_RELU] = "relu",
  [ESP_ACTIVATION_LOGISTIC] = "logistic",
};

/** esp_activation_name: Returns: (transfer none): the name as a cfg spells it. */
const char *
esp_activation_name (EspActivation activation)
{
  return names[activation];
}

/** esp_activation_parse: Returns: FALSE if @name is none that we run; @activation is then untouched. */
gboolean
esp_activation_parse (const char *name, EspActivation *activation)
{
  for (guint i = 0; i < ESP_N_ACTIVATIONS; i++)
    if (g_str_equal (names[i], name))
      {
        *activation = i;
        return TRUE;
      }
  return FALSE;
}
