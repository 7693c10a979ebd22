/* reference-weights.h: gradients of parameters in plain loops
 *
 * Part of reference-template.h. Values are n c h w; sums are in double, over images, then rows, then columns. */

/* Of one weight: its input plane against the gradient of its output plane, the window's corner at (top, left). */
static double
correlate (const EspSpec *spec, const real *in, const real *grad, int top, int left)
{
  const EspShape s = spec->in[0].shape, d = spec->in[1].shape;
  int down = spec->geometry.stride_h, across = spec->geometry.stride_w, y0, y1, x0, x1;
  double total = 0;

  reach (top, down, s.h, d.h, &y0, &y1);
  reach (left, across, s.w, d.w, &x0, &x1);
  for (int y = y0; y < y1; y++)
    for (int x = x0; x < x1; x++)
      total += (double) in[(y * down + top) * s.w + x * across + left] * (double) grad[y * d.w + x];
  return total;
}

static double
weight_gradient (EspCall *call, int f, int c, int ky, int kx)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspGeometry *g = &spec->geometry;
  const int groups = g->groups, per_in = spec->in[0].shape.c / groups, per_out = spec->in[1].shape.c / groups;
  double total = 0;

  for (int n = 0; n < spec->in[0].shape.n; n++)
    {
      gsize image = (gsize) n * (gsize) spec->in[0].shape.c + (gsize) (f / per_out * per_in + c);
      gsize map = (gsize) n * (gsize) spec->in[1].shape.c + (gsize) f;

      total += correlate (spec, (const real *) call->in[0] + image * plane_of (&spec->in[0]),
                          (const real *) call->in[1] + map * plane_of (&spec->in[1]), ky * g->dilation - g->pad, kx * g->dilation - g->pad);
    }
  return total;
}

static double
channel_sum (const EspLayout *layout, const real *value, int c)
{
  gsize plane = plane_of (layout);
  double total = 0;

  for (int n = 0; n < layout->shape.n; n++)
    for (gsize i = 0; i < plane; i++)
      total += (double) value[((gsize) n * (gsize) layout->shape.c + (gsize) c) * plane + i];
  return total;
}

static void
leave (EspCall *call, real *out, double gradient)
{
  *out = (real) (gradient + (call->add ? (double) *out : 0));
}

static gboolean
convolution_weights_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape w = spec->out.shape;
  real *out = call->out;

  for (int f = 0; f < w.n; f++)
    for (int c = 0; c < w.c; c++)
      for (int ky = 0; ky < w.h; ky++)
        for (int kx = 0; kx < w.w; kx++)
          leave (call, out++, weight_gradient (call, f, c, ky, kx));
  for (int f = 0; f < w.n && !spec->learned; f++)
    leave (call, out++, channel_sum (&spec->in[1], call->in[1], f));
  return TRUE;
}

static gboolean
channel_sums_forward (EspCall *call)
{
  const EspLayout *in = &call->kernel->spec.in[0];

  for (int c = 0; c < in->shape.c; c++)
    leave (call, (real *) call->out + c, channel_sum (in, call->in[0], c));
  return TRUE;
}

static const EspKernelRow convolution_weights_row = { .forward = convolution_weights_forward };
static const EspKernelRow channel_sums_row = { .forward = channel_sums_forward };
