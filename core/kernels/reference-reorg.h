/* reference-reorg.h: pixels to channels and back in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

/* Number (k, j, i) of the side of many channels, and the number of the side of many pixels that it is, in one image. @c, @h and @w are of
 * the side of many channels; darknet's [reorg] takes its input's for them. */
static gsize
spread (const EspSpec *spec, gsize c, gsize h, gsize w, gsize k, gsize j, gsize i)
{
  gsize s = (gsize) spec->geometry.stride, planes = c / (s * s), offset = k / planes;

  return ((k % planes * h + j) * s + offset / s) * w * s + i * s + offset % s;
}

/* out takes in or, backward, grad_in takes grad_out: the same permutation the other way round. */
static void
reorg_run (const EspSpec *spec, real *in, real *out, gboolean backward)
{
  gboolean wider = spec->geometry.way == ESP_REORG_WIDER;
  const EspShape shape = spec->geometry.way == ESP_REORG_DEEPER ? spec->out.shape : spec->in[0].shape;
  gsize c = (gsize) shape.c, h = (gsize) shape.h, w = (gsize) shape.w;

  for (gsize n = 0; n < (gsize) shape.n; n++)
    for (gsize k = 0; k < c; k++)
      for (gsize j = 0; j < h; j++)
        for (gsize i = 0; i < w; i++)
          {
            gsize deep = (n * c + k) * h * w + j * w + i, wide = n * c * h * w + spread (spec, c, h, w, k, j, i);

            if (backward)
              in[wider ? deep : wide] += out[wider ? wide : deep];
            else
              out[wider ? wide : deep] = in[wider ? deep : wide];
          }
}

/* The numbers of each image as they lie, the rest of the output 0. */
static void
apart_run (const EspSpec *spec, real *in, real *out, gboolean backward)
{
  const gsize each = (gsize) spec->in[0].shape.c * plane_of (&spec->in[0]), more = (gsize) spec->out.shape.c;

  for (gsize n = 0; n < (gsize) spec->out.shape.n; n++)
    for (gsize i = 0; i < more; i++)
      if (!backward)
        out[n * more + i] = i < each ? in[n * each + i] : 0;
      else if (i < each)
        in[n * each + i] += out[n * more + i];
}

static void
reorg_any (const EspSpec *spec, real *in, real *out, gboolean backward)
{
  if (spec->geometry.way == ESP_REORG_APART)
    apart_run (spec, in, out, backward);
  else
    reorg_run (spec, in, out, backward);
}

static gboolean
reorg_forward (EspCall *call)
{
  reorg_any (&call->kernel->spec, (real *) call->in[0], call->out, FALSE);
  return TRUE;
}

static gboolean
reorg_backward (EspCall *call, gboolean add)
{
  clear_unless (add, call->grad_in, &call->kernel->spec.in[0]);
  reorg_any (&call->kernel->spec, call->grad_in, (real *) call->grad_out, TRUE);
  return TRUE;
}

static const EspKernelRow reorg_row = { .forward = reorg_forward, .backward = reorg_backward };
