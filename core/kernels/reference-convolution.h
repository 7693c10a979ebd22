/* reference-convolution.h: convolutions in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

typedef struct
{
  real *weights; /* folded: out.c * (in.c / groups) * size_h * size_w; NULL where they are learned */
  real *bias;
} Convolution;

static gboolean
convolution_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Convolution *convolution = g_new0 (Convolution, 1);
  gsize filters = (gsize) spec->out.shape.c;
  gsize each = (gsize) (spec->in[0].shape.c / spec->geometry.groups) * (gsize) (spec->geometry.size_h * spec->geometry.size_w);

  kernel->compiled = convolution;
  if (spec->learned)
    return TRUE;
  kernel->packed = filters * (each + 1) * sizeof (real);
  convolution->weights = g_new (real, filters * each);
  convolution->bias = g_new (real, filters);
  for (gsize f = 0; f < filters; f++)
    {
      double gain = spec->gain != NULL ? spec->gain[f] : 1.0;

      convolution->bias[f] = (real) spec->bias[f];
      for (gsize i = 0; i < each; i++)
        convolution->weights[f * each + i] = (real) (gain * (double) spec->weights[f * each + i]);
    }
  return TRUE;
}

static void
convolution_release (gpointer data)
{
  Convolution *convolution = data;

  g_free (convolution->weights);
  g_free (convolution->bias);
  g_free (convolution);
}

/* The output columns x0 .. x1 - 1 whose input column x * stride + shift lies inside 0 .. limit - 1. */
static void
reach (int shift, int stride, int limit, int n, int *x0, int *x1)
{
  *x0 = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  *x1 = limit - 1 - shift < 0 ? 0 : MIN (n, (limit - 1 - shift) / stride + 1);
}

/* For every weight w of filter plane f: one row of the output with one row of the input. The two directions differ in the innermost
 * line. */
static void
convolve_plane (const EspSpec *spec, const real *weights, real *in, real *out, gboolean backward)
{
  const EspShape s = spec->in[0].shape, d = spec->out.shape;
  const EspGeometry *g = &spec->geometry;

  for (int ky = 0; ky < g->size_h; ky++)
    for (int kx = 0; kx < g->size_w; kx++)
      {
        real weight = weights[ky * g->size_w + kx];
        int y0, y1, x0, x1, top = ky * g->dilation - g->pad, left = kx * g->dilation - g->pad;

        reach (top, g->stride_h, s.h, d.h, &y0, &y1);
        reach (left, g->stride_w, s.w, d.w, &x0, &x1);
        for (int y = y0; y < y1; y++)
          {
            real *from = in + (y * g->stride_h + top) * s.w + left;
            real *to = out + y * d.w;

            if (backward)
              for (int x = x0; x < x1; x++)
                from[x * g->stride_w] += weight * to[x];
            else if (g->stride_w == 1)
              for (int x = x0; x < x1; x++)
                to[x] += weight * from[x];
            else
              for (int x = x0; x < x1; x++)
                to[x] += weight * from[x * g->stride_w];
          }
      }
}

static void
convolve (EspCall *call, real *in, real *out, gboolean backward)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *weights = spec->learned ? call->in[1] : ((const Convolution *) call->kernel->compiled)->weights;
  const EspGeometry *g = &spec->geometry;
  int per_in = spec->in[0].shape.c / g->groups, per_out = spec->out.shape.c / g->groups, area = g->size_h * g->size_w;

  for (int n = 0; n < spec->out.shape.n; n++)
    for (int f = 0; f < spec->out.shape.c; f++)
      for (int c = 0; c < per_in; c++)
        {
          gsize image = (gsize) n * (gsize) spec->in[0].shape.c + (gsize) (f / per_out * per_in + c);
          gsize map = (gsize) n * (gsize) spec->out.shape.c + (gsize) f;

          convolve_plane (spec, weights + ((gsize) f * (gsize) per_in + (gsize) c) * (gsize) area,
                          in + image * plane_of (&spec->in[0]), out + map * plane_of (&spec->out), backward);
        }
}

static gboolean
convolution_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *bias = !spec->learned ? ((const Convolution *) call->kernel->compiled)->bias : spec->n_in > 2 ? call->in[2] : NULL;
  gsize plane = plane_of (&spec->out), n = count_of (&spec->out);
  real *out = call->out;

  for (gsize i = 0; i < n; i++)
    out[i] = bias != NULL ? bias[i / plane % (gsize) spec->out.shape.c] : 0;
  convolve (call, (real *) call->in[0], out, FALSE);
  for (gsize i = 0; i < n; i++)
    out[i] = act (spec->activation, out[i]);
  return TRUE;
}

static gboolean
convolution_backward (EspCall *call, gboolean add)
{
  clear_unless (add, call->grad_in, &call->kernel->spec.in[0]);
  convolve (call, call->grad_in, (real *) call->grad_out, TRUE);
  return TRUE;
}

static const EspKernelRow convolution_row = {
  .compile = convolution_compile,
  .release = convolution_release,
  .forward = convolution_forward,
  .backward = convolution_backward,
};
