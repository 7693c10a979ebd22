/* reference-pointwise.h: activations and sums in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

static gboolean
activation_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *in = call->in[0];
  real *out = call->out;
  gsize n = count_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    out[i] = act (spec->activation, in[i]);
  return TRUE;
}

static gboolean
activation_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *in = esp_activation_needs_input (spec->activation) ? call->in[0] : NULL, *out = call->out, *grad_out = call->grad_out;
  real *grad_in = call->grad_in;
  gsize n = count_of (&spec->out);

  clear_unless (add, grad_in, &spec->out);
  for (gsize i = 0; i < n; i++)
    grad_in[i] += grad_out[i] * slope (spec->activation, in != NULL ? in[i] : 0, out[i]);
  return TRUE;
}

/* Adds the channels that both have. */
static void
add_common (const EspLayout *from, const real *in, const EspLayout *to, real *out)
{
  gsize plane = plane_of (to), common = (gsize) MIN (from->shape.c, to->shape.c) * plane;

  for (int n = 0; n < to->shape.n; n++)
    for (gsize i = 0; i < common; i++)
      out[(gsize) n * (gsize) to->shape.c * plane + i] += in[(gsize) n * (gsize) from->shape.c * plane + i];
}

static gboolean
add_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  real *out = call->out;
  gsize n = count_of (&spec->out);

  memcpy (out, call->in[0], n * sizeof (real));
  add_common (&spec->in[1], call->in[1], &spec->out, out);
  for (gsize i = 0; i < n; i++)
    out[i] = act (spec->activation, out[i]);
  return TRUE;
}

static gboolean
add_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];

  clear_unless (add, call->grad_in, in);
  add_common (&spec->out, call->grad_out, in, call->grad_in);
  return TRUE;
}

static const EspKernelRow activation_row = { .forward = activation_forward, .backward = activation_backward };
static const EspKernelRow add_row = { .forward = add_forward, .backward = add_backward };
