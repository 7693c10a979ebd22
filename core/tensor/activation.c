/* activation.c: names and properties of the pointwise functions */
#define G_LOG_DOMAIN "esp-tensor"
#include "config.h"

#include "tensor/activation.h"

typedef struct
{
  const char *name;
  gboolean is_invertible, needs_input, moves_zero, is_rectifier;
} Row;

static const Row rows[ESP_N_ACTIVATIONS] = {
  [ESP_ACTIVATION_LINEAR] = { "linear", .is_invertible = TRUE },
  [ESP_ACTIVATION_LEAKY] = { "leaky", .is_rectifier = TRUE, .is_invertible = TRUE },
  [ESP_ACTIVATION_RELU] = { "relu", .is_rectifier = TRUE },
  [ESP_ACTIVATION_LOGISTIC] = { "logistic", .moves_zero = TRUE },
  [ESP_ACTIVATION_RELU6] = { "relu6", .is_rectifier = TRUE },
  [ESP_ACTIVATION_MISH] = { "mish", .is_rectifier = TRUE, .needs_input = TRUE },
  [ESP_ACTIVATION_SWISH] = { "swish", .is_rectifier = TRUE, .needs_input = TRUE },
  [ESP_ACTIVATION_HARD_MISH] = { "hard_mish", .is_rectifier = TRUE, .needs_input = TRUE },
  [ESP_ACTIVATION_TANH] = { "tanh" },
  [ESP_ACTIVATION_LOGGY] = { "loggy" },
  [ESP_ACTIVATION_ELU] = { "elu", .is_rectifier = TRUE },
  [ESP_ACTIVATION_SELU] = { "selu", .is_rectifier = TRUE },
  [ESP_ACTIVATION_GELU] = { "gelu", .is_rectifier = TRUE, .needs_input = TRUE },
  [ESP_ACTIVATION_RAMP] = { "ramp", .is_rectifier = TRUE },
  [ESP_ACTIVATION_HARDTAN] = { "hardtan" },
  [ESP_ACTIVATION_LHTAN] = { "lhtan" },
  [ESP_ACTIVATION_RELIE] = { "relie", .is_rectifier = TRUE },
  [ESP_ACTIVATION_PLSE] = { "plse", .moves_zero = TRUE },
  [ESP_ACTIVATION_STAIR] = { "stair", .needs_input = TRUE },
};

/** esp_activation_name: Returns: (transfer none): the name as a cfg spells it. Thread: any. */
const char *
esp_activation_name (EspActivation activation)
{
  return rows[activation].name;
}

/** esp_activation_parse: Returns: FALSE if @name is none that we run; @activation is then untouched. Thread: any. */
gboolean
esp_activation_parse (const char *name, EspActivation *activation)
{
  for (guint i = 0; i < ESP_N_ACTIVATIONS; i++)
    if (g_str_equal (rows[i].name, name))
      {
        *activation = i;
        return TRUE;
      }
  return FALSE;
}

/** esp_activation_list: Returns: (transfer full): all names as one phrase, for messages. Thread: any. */
char *
esp_activation_list (void)
{
  GString *all = g_string_new (rows[0].name);

  for (guint i = 1; i < ESP_N_ACTIVATIONS; i++)
    g_string_append_printf (all, "%s%s", i + 1 < ESP_N_ACTIVATIONS ? ", " : " or ", rows[i].name);
  return g_string_free (all, FALSE);
}

/**
 * esp_activation_is_invertible:
 *
 * Returns: whether the value before the activation is recovered from the one behind it, so that only one of them need be kept. Of those
 * that are so in mathematics only linear and leaky: the rest lose digits or are not worth a path of their own. Thread: any.
 */
gboolean
esp_activation_is_invertible (EspActivation activation)
{
  return rows[activation].is_invertible;
}

/** esp_activation_needs_input: Returns: whether the derivative cannot be told from the output alone. Thread: any. */
gboolean
esp_activation_needs_input (EspActivation activation)
{
  return rows[activation].needs_input;
}

/** esp_activation_keeps_zero: Returns: whether 0 stays 0. Thread: any. */
gboolean
esp_activation_keeps_zero (EspActivation activation)
{
  return !rows[activation].moves_zero;
}

/**
 * esp_activation_is_rectifier:
 *
 * Returns: whether it lets through what is above 0 and damps what is below, so that the sign of its output is that of its input.
 * Thread: any.
 */
gboolean
esp_activation_is_rectifier (EspActivation activation)
{
  return rows[activation].is_rectifier;
}
