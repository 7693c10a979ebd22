/* activate.c: the pointwise functions in ONNX operators */
#define G_LOG_DOMAIN "esp-onnx"
#include "config.h"

#include "onnx/private.h"

static const char *
leaky (EspOnnxGraph *graph, const char *value, const char *name, float slope)
{
  const char *out = ESP_ONNX_NODE (graph, "LeakyRelu", name, value);

  esp_onnx_set_float (graph, "alpha", slope);
  return out;
}

static const char *
clip (EspOnnxGraph *graph, const char *value, const char *name, float low, float high)
{
  return ESP_ONNX_NODE (graph, "Clip", name, value, esp_onnx_number (graph, low), esp_onnx_number (graph, high));
}

static const char *
mish (EspOnnxGraph *graph, const char *value, const char *name)
{
  const char *inner = ESP_ONNX_NODE (graph, "Tanh", NULL, ESP_ONNX_NODE (graph, "Softplus", NULL, value));

  return ESP_ONNX_NODE (graph, "Mul", name, value, inner);
}

static const char *
loggy (EspOnnxGraph *graph, const char *value, const char *name)
{
  const char *twice = ESP_ONNX_NODE (graph, "Mul", NULL, ESP_ONNX_NODE (graph, "Sigmoid", NULL, value), esp_onnx_number (graph, 2));

  return ESP_ONNX_NODE (graph, "Add", name, twice, esp_onnx_number (graph, -1));
}

static const char *
selu (EspOnnxGraph *graph, const char *value, const char *name)
{
  const char *out = ESP_ONNX_NODE (graph, "Selu", name, value);

  esp_onnx_set_float (graph, "alpha", 1.6732f);
  esp_onnx_set_float (graph, "gamma", 1.0507f);
  return out;
}

static const char *
ramp (EspOnnxGraph *graph, const char *value, const char *name)
{
  const char *tenth = ESP_ONNX_NODE (graph, "Mul", NULL, value, esp_onnx_number (graph, .1f));

  return ESP_ONNX_NODE (graph, "Add", name, ESP_ONNX_NODE (graph, "Relu", NULL, value), tenth);
}

static const char *
gelu (EspOnnxGraph *graph, const char *value, const char *name)
{
  const char *square = ESP_ONNX_NODE (graph, "Mul", NULL, value, value);
  const char *cubic = ESP_ONNX_NODE (graph, "Mul", NULL, square, esp_onnx_number (graph, .035677f));
  const char *factor = ESP_ONNX_NODE (graph, "Add", NULL, cubic, esp_onnx_number (graph, .797885f));
  const char *tanh = ESP_ONNX_NODE (graph, "Tanh", NULL, ESP_ONNX_NODE (graph, "Mul", NULL, value, factor));
  const char *half = ESP_ONNX_NODE (graph, "Mul", NULL, value, esp_onnx_number (graph, .5f));

  return ESP_ONNX_NODE (graph, "Mul", name, half, ESP_ONNX_NODE (graph, "Add", NULL, tanh, esp_onnx_number (graph, 1)));
}

/**
 * esp_onnx_activate:
 * @graph: the graph
 * @activation: the function
 * @value: what it is of
 * @name: (nullable): what its output is called
 *
 * As darknet computes them (tensor/activation.h).
 * Returns: (transfer none) (nullable): the output's name; NULL of functions that ONNX has no operators near to
 */
const char *
esp_onnx_activate (EspOnnxGraph *graph, EspActivation activation, const char *value, const char *name)
{
  switch (activation)
    {
    case ESP_ACTIVATION_LINEAR:
      return ESP_ONNX_NODE (graph, "Identity", name, value);
    case ESP_ACTIVATION_LEAKY:
      return leaky (graph, value, name, .1f);
    case ESP_ACTIVATION_RELIE:
      return leaky (graph, value, name, .01f);
    case ESP_ACTIVATION_RELU:
      return ESP_ONNX_NODE (graph, "Relu", name, value);
    case ESP_ACTIVATION_RELU6:
      return clip (graph, value, name, 0, 6);
    case ESP_ACTIVATION_HARDTAN:
      return clip (graph, value, name, -1, 1);
    case ESP_ACTIVATION_LOGISTIC:
      return ESP_ONNX_NODE (graph, "Sigmoid", name, value);
    case ESP_ACTIVATION_TANH:
      return ESP_ONNX_NODE (graph, "Tanh", name, value);
    case ESP_ACTIVATION_ELU:
      return ESP_ONNX_NODE (graph, "Elu", name, value);
    case ESP_ACTIVATION_MISH:
      return mish (graph, value, name);
    case ESP_ACTIVATION_SWISH:
      return ESP_ONNX_NODE (graph, "Mul", name, value, ESP_ONNX_NODE (graph, "Sigmoid", NULL, value));
    case ESP_ACTIVATION_LOGGY:
      return loggy (graph, value, name);
    case ESP_ACTIVATION_SELU:
      return selu (graph, value, name);
    case ESP_ACTIVATION_GELU:
      return gelu (graph, value, name);
    case ESP_ACTIVATION_RAMP:
      return ramp (graph, value, name);
    case ESP_ACTIVATION_HARD_MISH:
    case ESP_ACTIVATION_LHTAN:
    case ESP_ACTIVATION_PLSE:
    case ESP_ACTIVATION_STAIR:
    case ESP_N_ACTIVATIONS:
      break;
    }
  return NULL;
}
