/* reference-product.h: products of two values in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

/* The number of the gate that multiplies number @i of the map: its own, that of its channel, or that of its pixel. */
static gsize
gate_of (const EspSpec *spec, gsize i)
{
  const EspShape gate = spec->in[0].shape, map = spec->in[1].shape;
  gsize plane = plane_of (&spec->in[1]);

  if (esp_shape_equal (gate, map))
    return i;
  if (gate.c == map.c)
    return i / plane;
  return i / plane / (gsize) map.c * plane + i % plane;
}

static gboolean
multiply_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *gate = call->in[0], *map = call->in[1];
  gsize n = count_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    ((real *) call->out)[i] = act (spec->activation, gate[gate_of (spec, i)] * map[i]);
  return TRUE;
}

static gboolean
multiply_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *gate = call->in[0], *map = call->in[1], *grad_out = call->grad_out;
  real *grad_in = call->grad_in;
  gsize n = count_of (&spec->out);

  clear_unless (add, grad_in, &spec->in[call->input]);
  for (gsize i = 0; i < n; i++)
    if (call->input == 0)
      grad_in[gate_of (spec, i)] += grad_out[i] * map[i];
    else
      grad_in[i] += grad_out[i] * gate[gate_of (spec, i)];
  return TRUE;
}

static const EspKernelRow multiply_row = { .forward = multiply_forward, .backward = multiply_backward };
