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

  for (gsize i = 0; i < n; i++)
    grad_in[i] = (add ? grad_in[i] : 0) + grad_out[i] * slope (spec->activation, in != NULL ? in[i] : 0, in != NULL ? 0 : out[i]);
  return TRUE;
}

/* Adds @from to @to, or backward @to to @from, over the channels and by the strides that both have. */
static void
add_common (const EspLayout *from, real *in, const EspLayout *to, real *out, const double *factors, gboolean backward)
{
  const EspShape a = from->shape, b = to->shape;
  int c = MIN (a.c, b.c), h = MIN (a.h, b.h), w = MIN (a.w, b.w), stride = MAX (a.w / b.w, 1), sample = MAX (b.w / a.w, 1);

  for (int n = 0; n < b.n; n++)
    for (int k = 0; k < c; k++)
      for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
          {
            gsize i = (gsize) (n * a.c + k) * plane_of (from) + (gsize) (y * stride * a.w + x * stride);
            gsize o = (gsize) (n * b.c + k) * plane_of (to) + (gsize) (y * sample * b.w + x * sample);

            if (backward)
              in[i] += (real) factors[k] * out[o];
            else
              out[o] += (real) factors[k] * in[i];
          }
}

static gboolean
add_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const gsize bytes = esp_add_count (spec) * (gsize) spec->out.shape.c * sizeof (double);

  kernel->compiled = spec->learned ? NULL : esp_add_factors (spec);
  kernel->packed = spec->learned ? 0 : bytes;
  kernel->scratch = spec->learned ? bytes : 0;
  return TRUE;
}

/* What the inputs are multiplied by; where that is learned, anew on every run. */
static const double *
add_factors (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;

  if (!spec->learned)
    return call->kernel->compiled;
  esp_add_fill_factors (spec, call->in[esp_add_count (spec)], call->scratch);
  return call->scratch;
}

static gboolean
add_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const double *factors = add_factors (call);
  real *out = call->out;
  gsize n = count_of (&spec->out);

  memset (out, 0, n * sizeof (real));
  for (guint k = 0; k < esp_add_count (spec); k++)
    add_common (&spec->in[k], (real *) call->in[k], &spec->out, out, factors + k * (gsize) spec->out.shape.c, FALSE);
  for (gsize i = 0; i < n; i++)
    out[i] = act (spec->activation, out[i]);
  return TRUE;
}

static gboolean
add_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];
  const double *factors = add_factors (call);

  clear_unless (add, call->grad_in, in);
  add_common (in, call->grad_in, &spec->out, (real *) call->grad_out, factors + call->input * (gsize) spec->out.shape.c, TRUE);
  return TRUE;
}

static const EspKernelRow activation_row = { .forward = activation_forward, .backward = activation_backward };
static const EspKernelRow add_row = { .compile = add_compile, .release = g_free, .forward = add_forward, .backward = add_backward };
