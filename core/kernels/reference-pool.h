/* reference-pool.h: pooling in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

/* The first largest number of a window in row-major order, as an offset in the plane; -1 where the window lies outside. */
static int
largest (const EspSpec *spec, const real *in, int oy, int ox, real *best)
{
  const EspShape s = spec->in[0].shape;
  const EspGeometry *g = &spec->geometry;
  int where = -1;

  *best = -REAL_MAX;
  for (int ky = 0; ky < g->size_h; ky++)
    for (int kx = 0; kx < g->size_w; kx++)
      {
        int y = oy * g->stride_h - g->pad + ky, x = ox * g->stride_w - g->pad + kx;

        if (y >= 0 && y < s.h && x >= 0 && x < s.w && in[y * s.w + x] > *best)
          {
            *best = in[y * s.w + x];
            where = y * s.w + x;
          }
      }
  return where;
}

static gboolean
maxpool_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  if (spec->backward)
    kernel->kept = count_of (&spec->out) * sizeof (int);
  return TRUE;
}

static gboolean
maxpool_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape d = spec->out.shape;
  real *out = call->out;
  int *which = call->kept;

  for (gsize p = 0; p < (gsize) d.n * (gsize) d.c; p++)
    for (int oy = 0; oy < d.h; oy++)
      for (int ox = 0; ox < d.w; ox++, out++)
        {
          int where = largest (spec, (const real *) call->in[0] + p * plane_of (&spec->in[0]), oy, ox, out);

          if (which != NULL)
            *which++ = where;
        }
  return TRUE;
}

static gboolean
maxpool_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const int *which = call->kept;
  const real *grad_out = call->grad_out;
  gsize n = count_of (&spec->out), plane = plane_of (&spec->out);

  clear_unless (add, call->grad_in, &spec->in[0]);
  for (gsize i = 0; i < n; i++)
    if (which[i] >= 0)
      ((real *) call->grad_in)[i / plane * plane_of (&spec->in[0]) + (gsize) which[i]] += grad_out[i];
  return TRUE;
}

static const EspKernelRow maxpool_row = { .compile = maxpool_compile, .forward = maxpool_forward, .backward = maxpool_backward };

/* Rows and columns of the input under the window of one output. */
typedef struct
{
  int y0, y1, x0, x1;
} Under;

static Under
under (const EspSpec *spec, int oy, int ox)
{
  const EspShape s = spec->in[0].shape;
  const EspGeometry *g = &spec->geometry;
  const int y = oy * g->stride_h - g->pad, x = ox * g->stride_w - g->pad;

  return (Under){ MAX (y, 0), MIN (y + g->size_h, s.h), MAX (x, 0), MIN (x + g->size_w, s.w) };
}

static gboolean
avgpool_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape s = spec->in[0].shape, d = spec->out.shape;
  real *out = call->out;

  for (gsize p = 0; p < (gsize) d.n * (gsize) d.c; p++)
    for (int oy = 0; oy < d.h; oy++)
      for (int ox = 0; ox < d.w; ox++, out++)
        {
          const real *in = (const real *) call->in[0] + p * plane_of (&spec->in[0]);
          const Under u = under (spec, oy, ox);
          real sum = 0;

          for (int y = u.y0; y < u.y1; y++)
            {
              real row = 0;

              for (int x = u.x0; x < u.x1; x++)
                row += in[y * s.w + x];
              sum += row;
            }
          *out = sum / (real) ((u.y1 - u.y0) * (u.x1 - u.x0));
        }
  return TRUE;
}

static gboolean
avgpool_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspShape s = spec->in[0].shape, d = spec->out.shape;
  const real *grad_out = call->grad_out;

  clear_unless (add, call->grad_in, &spec->in[0]);
  for (gsize p = 0; p < (gsize) d.n * (gsize) d.c; p++)
    for (int oy = 0; oy < d.h; oy++)
      for (int ox = 0; ox < d.w; ox++, grad_out++)
        {
          real *grad = (real *) call->grad_in + p * plane_of (&spec->in[0]);
          const Under u = under (spec, oy, ox);
          const real each = *grad_out / (real) ((u.y1 - u.y0) * (u.x1 - u.x0));

          for (int y = u.y0; y < u.y1; y++)
            for (int x = u.x0; x < u.x1; x++)
              grad[y * s.w + x] += each;
        }
  return TRUE;
}

static const EspKernelRow avgpool_row = { .forward = avgpool_forward, .backward = avgpool_backward };
