/* activation.h: the pointwise functions that a layer may end in */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* As darknet computes them; softplus (x) is log (1 + e^x), logistic (x) is 1 / (1 + e^-x). */
typedef enum
{
  ESP_ACTIVATION_LINEAR,
  ESP_ACTIVATION_LEAKY,     /* slope 0.1 below 0 */
  ESP_ACTIVATION_RELU,
  ESP_ACTIVATION_LOGISTIC,
  ESP_ACTIVATION_RELU6,     /* relu, at most 6 */
  ESP_ACTIVATION_MISH,      /* x tanh (softplus (x)) */
  ESP_ACTIVATION_SWISH,     /* x logistic (x) */
  ESP_ACTIVATION_HARD_MISH, /* 0 up to -2, x²/2 + x up to 0, then x */
  ESP_ACTIVATION_TANH,
  ESP_ACTIVATION_LOGGY,     /* 2 logistic (x) - 1 */
  ESP_ACTIVATION_ELU,       /* e^x - 1 below 0, then x */
  ESP_ACTIVATION_SELU,      /* 1.0507 times x, below 0 times 1.6732 (e^x - 1) */
  ESP_ACTIVATION_GELU,      /* x (1 + tanh (0.797885 x + 0.035677 x³)) / 2 */
  ESP_ACTIVATION_RAMP,      /* relu (x) + x/10 */
  ESP_ACTIVATION_HARDTAN,   /* -1 to 1 */
  ESP_ACTIVATION_LHTAN,     /* x from 0 to 1, slope 0.001 elsewhere */
  ESP_ACTIVATION_RELIE,     /* slope 0.01 below 0 */
  ESP_ACTIVATION_PLSE,      /* x/8 + 1/2 from -4 to 4, slope 0.01 elsewhere */
  ESP_ACTIVATION_STAIR,     /* flat from each even number to the next, slope 1 from each odd one */
  ESP_N_ACTIVATIONS,
} EspActivation;

const char *esp_activation_name          (EspActivation  activation); /* as a cfg spells it */
gboolean    esp_activation_parse         (const char    *name,
                                          EspActivation *activation);
char       *esp_activation_list          (void);                      /* (transfer full): "linear, leaky or relu" */

/* What backward needs of forward, and what a value of 0 becomes. */
gboolean    esp_activation_is_invertible (EspActivation  activation); /* x can be had from act (x), everywhere and exactly enough */
gboolean    esp_activation_needs_input   (EspActivation  activation); /* the derivative is a function of x, not of act (x) alone */
gboolean    esp_activation_keeps_zero    (EspActivation  activation); /* act (0) is 0 */
gboolean    esp_activation_is_rectifier  (EspActivation  activation); /* lets pass what is above 0, damps what is below */

G_END_DECLS
