/* reference-move.h: operations that only move numbers, in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

/* Of pixel @i of the output: the pixel of the input that it repeats. */
static gsize
repeated (const EspSpec *spec, gsize i)
{
  gsize w = (gsize) spec->out.shape.w, plane = plane_of (&spec->out), stride = (gsize) spec->geometry.stride;
  gsize y = i % plane / w / stride, x = i % w / stride;

  return i / plane * plane_of (&spec->in[0]) + y * (gsize) spec->in[0].shape.w + x;
}

static gboolean
upsample_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize n = count_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    ((real *) call->out)[i] = (real) spec->scale[0] * ((const real *) call->in[0])[repeated (spec, i)];
  return TRUE;
}

static gboolean
upsample_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize n = count_of (&spec->out);

  clear_unless (add, call->grad_in, &spec->in[0]);
  for (gsize i = 0; i < n; i++)
    ((real *) call->grad_in)[repeated (spec, i)] += (real) spec->scale[0] * ((const real *) call->grad_out)[i];
  return TRUE;
}

/* Numbers of one image that are taken of input @input, which lie @skip behind its first. */
static gsize
concat_part (const EspSpec *spec, guint input, gsize *skip)
{
  const gsize part = (gsize) (spec->in[input].shape.c / MAX (spec->geometry.groups, 1)) * plane_of (&spec->in[input]);

  *skip = part * (gsize) spec->geometry.group;
  return part;
}

/* Numbers of one image that lie before those of input @input in the output. */
static gsize
concat_offset (const EspSpec *spec, guint input)
{
  gsize offset = 0, skip;

  for (guint i = 0; i < input; i++)
    offset += concat_part (spec, i, &skip);
  return offset;
}

static gboolean
concat_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize all = concat_offset (spec, spec->n_in);

  for (int n = 0; n < spec->out.shape.n; n++)
    for (guint i = 0; i < spec->n_in; i++)
      {
        gsize each = (gsize) spec->in[i].shape.c * plane_of (&spec->in[i]), skip, part = concat_part (spec, i, &skip);

        memcpy ((real *) call->out + (gsize) n * all + concat_offset (spec, i), (const real *) call->in[i] + (gsize) n * each + skip,
                part * sizeof (real));
      }
  return TRUE;
}

static gboolean
concat_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];
  gsize all = concat_offset (spec, spec->n_in), offset = concat_offset (spec, call->input), each = (gsize) in->shape.c * plane_of (in);
  gsize skip, part = concat_part (spec, call->input, &skip);

  clear_unless (add, call->grad_in, in);
  for (int n = 0; n < in->shape.n; n++)
    for (gsize i = 0; i < part; i++)
      ((real *) call->grad_in)[(gsize) n * each + skip + i] += ((const real *) call->grad_out)[(gsize) n * all + offset + i];
  return TRUE;
}

static const EspKernelRow upsample_row = { .forward = upsample_forward, .backward = upsample_backward };
static const EspKernelRow concat_row = { .forward = concat_forward, .backward = concat_backward };
