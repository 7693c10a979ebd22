/* reference-activation.h: the pointwise functions and their derivatives, as they are defined
 *
 * Part of reference-template.h. Source: AlexeyAB's darknet, activations.h, constants included; mish without its threshold of 20, beyond
 * which it differs by less than the last place of a float. relu6, which its CPU code leaves out, as its GPU code has it. */

static real
logistic (real x)
{
  return 1 / (1 + REAL_EXP (-x));
}

/* Piecewise linear ones. */
static real
act_linear (EspActivation activation, real x)
{
  switch ((int) activation)
    {
    case ESP_ACTIVATION_LEAKY:
      return x > 0 ? x : (real) 0.1 * x;
    case ESP_ACTIVATION_RELU:
      return x > 0 ? x : 0;
    case ESP_ACTIVATION_RELU6:
      return x > 0 ? (x < 6 ? x : 6) : 0;
    case ESP_ACTIVATION_RAMP:
      return (x > 0 ? x : 0) + (real) 0.1 * x;
    case ESP_ACTIVATION_HARDTAN:
      return x < -1 ? -1 : x > 1 ? 1 : x;
    case ESP_ACTIVATION_LHTAN:
      return x < 0 ? (real) 0.001 * x : x > 1 ? (real) 0.001 * (x - 1) + 1 : x;
    case ESP_ACTIVATION_RELIE:
      return x > 0 ? x : (real) 0.01 * x;
    case ESP_ACTIVATION_PLSE:
      return x < -4 ? (real) 0.01 * (x + 4) : x > 4 ? (real) 0.01 * (x - 4) + 1 : (real) 0.125 * x + (real) 0.5;
    case ESP_ACTIVATION_STAIR:
      return REAL_FLOOR (x) == 2 * REAL_FLOOR (x / 2) ? REAL_FLOOR (x / 2) : x - (REAL_FLOOR (x / 2) + 1);
    }
  return x;
}

static real
act (EspActivation activation, real x)
{
  switch ((int) activation)
    {
    case ESP_ACTIVATION_LOGISTIC:
      return logistic (x);
    case ESP_ACTIVATION_MISH:
      return x * REAL_TANH (REAL_LOG1P (REAL_EXP (x)));
    case ESP_ACTIVATION_SWISH:
      return x * logistic (x);
    case ESP_ACTIVATION_HARD_MISH:
      return x > 0 ? x : x > -2 ? x * x / 2 + x : 0;
    case ESP_ACTIVATION_TANH:
      return REAL_TANH (x);
    case ESP_ACTIVATION_LOGGY:
      return REAL_TANH (x / 2);
    case ESP_ACTIVATION_ELU:
      return x < 0 ? REAL_EXPM1 (x) : x;
    case ESP_ACTIVATION_SELU:
      return (real) 1.0507 * (x < 0 ? (real) 1.6732 * REAL_EXPM1 (x) : x);
    case ESP_ACTIVATION_GELU:
      return x * logistic (2 * x * ((real) 0.797885 + (real) 0.035677 * x * x));
    }
  return act_linear (activation, x);
}

/* Derivatives of piecewise linear ones, from the output y. At 0 it is that of the lower side, as darknet has it. */
static real
slope_linear (EspActivation activation, real x, real y)
{
  switch ((int) activation)
    {
    case ESP_ACTIVATION_LEAKY:
      return y > 0 ? 1 : (real) 0.1;
    case ESP_ACTIVATION_RELU:
      return y > 0 ? 1 : 0;
    case ESP_ACTIVATION_RELU6:
      return y > 0 && y < 6 ? 1 : 0;
    case ESP_ACTIVATION_RAMP:
      return y > 0 ? (real) 1.1 : (real) 0.1;
    case ESP_ACTIVATION_HARDTAN:
      return y > -1 && y < 1 ? 1 : 0;
    case ESP_ACTIVATION_LHTAN:
      return y > 0 && y < 1 ? 1 : (real) 0.001;
    case ESP_ACTIVATION_RELIE:
      return y > 0 ? 1 : (real) 0.01;
    case ESP_ACTIVATION_PLSE:
      return y < 0 || y > 1 ? (real) 0.01 : (real) 0.125;
    case ESP_ACTIVATION_STAIR:
      return REAL_FLOOR (x) == x || REAL_FLOOR (x) == 2 * REAL_FLOOR (x / 2) ? 0 : 1;
    }
  return 1;
}

/* The derivatives of those that esp_activation_needs_input() names, from the input x. */
static real
slope_of_input (EspActivation activation, real x)
{
  const real s = logistic (x), t = REAL_TANH (REAL_LOG1P (REAL_EXP (x)));
  real u;

  switch ((int) activation)
    {
    case ESP_ACTIVATION_MISH:
      return t + x * (1 - t * t) * s;
    case ESP_ACTIVATION_SWISH:
      return s + x * s * (1 - s);
    case ESP_ACTIVATION_HARD_MISH:
      return x > 0 ? 1 : x > -2 ? x + 1 : 0;
    }
  g_assert (activation == ESP_ACTIVATION_GELU);
  u = logistic (2 * x * ((real) 0.797885 + (real) 0.035677 * x * x));
  return u + 2 * x * ((real) 0.797885 + 3 * (real) 0.035677 * x * x) * u * (1 - u);
}

/* The derivative from the output y, or from the input x where it needs that. */
static real
slope (EspActivation activation, real x, real y)
{
  switch ((int) activation)
    {
    case ESP_ACTIVATION_LOGISTIC:
      return y * (1 - y);
    case ESP_ACTIVATION_TANH:
      return (1 - y) * (1 + y);
    case ESP_ACTIVATION_LOGGY:
      return (1 - y) * (1 + y) / 2;
    case ESP_ACTIVATION_ELU:
      return y < 0 ? y + 1 : 1;
    case ESP_ACTIVATION_SELU:
      return y < 0 ? y + (real) 1.0507 * (real) 1.6732 : (real) 1.0507;
    case ESP_ACTIVATION_MISH:
    case ESP_ACTIVATION_SWISH:
    case ESP_ACTIVATION_HARD_MISH:
    case ESP_ACTIVATION_GELU:
      return slope_of_input (activation, x);
    }
  return slope_linear (activation, x, y);
}
