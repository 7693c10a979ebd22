/* activation.h: the pointwise functions that a layer may end in */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  ESP_ACTIVATION_LINEAR,
  ESP_ACTIVATION_LEAKY, /* slope 0.1 */
  ESP_ACTIVATION_RELU,
  ESP_ACTIVATION_LOGISTIC,
  ESP_N_ACTIVATIONS,
} EspActivation;

const char *esp_activation_name  (EspActivation  activation); /* as a cfg spells it */
gboolean    esp_activation_parse (const char    *name,
                                  EspActivation *activation);

G_END_DECLS
