/* reference-template.h: the specification of every operation in plain loops; compiled with `real` float and double
 *
 * Values are n c h w. Included by reference-float.c and reference-double.c only, which define real, REAL_MAX, REAL_EXP, SET and SET_NAME. */

typedef struct
{
  real *weights; /* folded: out.c * (in.c / groups) * size * size */
  real *bias;
} Convolution;

static gsize
plane_of (const EspLayout *layout)
{
  return (gsize) layout->shape.h * (gsize) layout->shape.w;
}

static gsize
count_of (const EspLayout *layout)
{
  return esp_shape_count (layout->shape);
}

static int
one_by_one (void)
{
  return 1;
}

static real
act (EspActivation activation, real x)
{
  switch (activation)
    {
    case ESP_ACTIVATION_LEAKY:
      return x > 0 ? x : (real) 0.1 * x;
    case ESP_ACTIVATION_RELU:
      return x > 0 ? x : 0;
    case ESP_ACTIVATION_LOGISTIC:
      return 1 / (1 + REAL_EXP (-x));
    case ESP_ACTIVATION_LINEAR:
    case ESP_N_ACTIVATIONS:
      break;
    }
  return x;
}

/* The derivative as a function of the output. At 0 it is that of the lower side, as darknet has it. */
static real
slope (EspActivation activation, real out)
{
  switch (activation)
    {
    case ESP_ACTIVATION_LEAKY:
      return out > 0 ? 1 : (real) 0.1;
    case ESP_ACTIVATION_RELU:
      return out > 0 ? 1 : 0;
    case ESP_ACTIVATION_LOGISTIC:
      return out * (1 - out);
    case ESP_ACTIVATION_LINEAR:
    case ESP_N_ACTIVATIONS:
      break;
    }
  return 1;
}

/* --- convolution --- */

static gboolean
convolution_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Convolution *convolution = g_new0 (Convolution, 1);
  gsize filters = (gsize) spec->out.shape.c;
  gsize each = (gsize) (spec->in[0].shape.c / spec->groups) * (gsize) spec->size * (gsize) spec->size;

  kernel->compiled = convolution;
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

/* For every weight w of filter plane f: one row of the output with one row of the input. The two directions differ in the innermost line. */
static void
convolve_plane (const EspSpec *spec, const real *weights, real *in, real *out, gboolean backward)
{
  const EspShape s = spec->in[0].shape, d = spec->out.shape;

  for (int ky = 0; ky < spec->size; ky++)
    for (int kx = 0; kx < spec->size; kx++)
      {
        real weight = weights[ky * spec->size + kx];
        int y0, y1, x0, x1, left = kx - spec->pad;

        reach (ky - spec->pad, spec->stride, s.h, d.h, &y0, &y1);
        reach (left, spec->stride, s.w, d.w, &x0, &x1);
        for (int y = y0; y < y1; y++)
          {
            real *from = in + (y * spec->stride + ky - spec->pad) * s.w + left;
            real *to = out + y * d.w;

            if (backward)
              for (int x = x0; x < x1; x++)
                from[x * spec->stride] += weight * to[x];
            else if (spec->stride == 1)
              for (int x = x0; x < x1; x++)
                to[x] += weight * from[x];
            else
              for (int x = x0; x < x1; x++)
                to[x] += weight * from[x * spec->stride];
          }
      }
}

static void
convolve (EspCall *call, real *in, real *out, gboolean backward)
{
  const EspSpec *spec = &call->kernel->spec;
  const Convolution *convolution = call->kernel->compiled;
  int per_in = spec->in[0].shape.c / spec->groups, per_out = spec->out.shape.c / spec->groups, area = spec->size * spec->size;

  for (int n = 0; n < spec->out.shape.n; n++)
    for (int f = 0; f < spec->out.shape.c; f++)
      for (int c = 0; c < per_in; c++)
        {
          gsize image = (gsize) n * (gsize) spec->in[0].shape.c + (gsize) (f / per_out * per_in + c);
          gsize map = (gsize) n * (gsize) spec->out.shape.c + (gsize) f;

          convolve_plane (spec, convolution->weights + ((gsize) f * (gsize) per_in + (gsize) c) * (gsize) area,
                          in + image * plane_of (&spec->in[0]), out + map * plane_of (&spec->out), backward);
        }
}

static gboolean
convolution_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Convolution *convolution = call->kernel->compiled;
  gsize plane = plane_of (&spec->out), n = count_of (&spec->out);
  real *out = call->out;

  for (gsize i = 0; i < n; i++)
    out[i] = convolution->bias[i / plane % (gsize) spec->out.shape.c];
  convolve (call, (real *) call->in[0], out, FALSE);
  for (gsize i = 0; i < n; i++)
    out[i] = act (spec->activation, out[i]);
  return TRUE;
}

static void
clear_unless (gboolean add, void *grad, const EspLayout *layout)
{
  if (!add)
    memset (grad, 0, esp_layout_get_bytes (layout));
}

static gboolean
convolution_backward (EspCall *call, gboolean add)
{
  clear_unless (add, call->out, &call->kernel->spec.in[0]);
  convolve (call, call->out, (real *) call->in[0], TRUE);
  return TRUE;
}

/* --- activation and shortcut --- */

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
  const real *out = call->kept, *grad_out = call->in[0];
  real *grad_in = call->out;
  gsize n = count_of (&spec->out);

  clear_unless (add, grad_in, &spec->out);
  for (gsize i = 0; i < n; i++)
    grad_in[i] += grad_out[i] * slope (spec->activation, out[i]);
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

  clear_unless (add, call->out, in);
  add_common (&spec->out, call->in[0], in, call->out);
  return TRUE;
}

/* --- maxpool --- */

/* The first largest number of a window in row-major order, as an offset in the plane; -1 where the window lies outside. */
static int
largest (const EspSpec *spec, const real *in, int oy, int ox, real *best)
{
  const EspShape s = spec->in[0].shape;
  int where = -1;

  *best = -REAL_MAX;
  for (int ky = 0; ky < spec->size; ky++)
    for (int kx = 0; kx < spec->size; kx++)
      {
        int y = oy * spec->stride - spec->pad + ky, x = ox * spec->stride - spec->pad + kx;

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
  const real *grad_out = call->in[0];
  gsize n = count_of (&spec->out), plane = plane_of (&spec->out);

  clear_unless (add, call->out, &spec->in[0]);
  for (gsize i = 0; i < n; i++)
    if (which[i] >= 0)
      ((real *) call->out)[i / plane * plane_of (&spec->in[0]) + (gsize) which[i]] += grad_out[i];
  return TRUE;
}

/* --- upsample, concat, head --- */

/* Of pixel @i of the output: the pixel of the input that it repeats. */
static gsize
repeated (const EspSpec *spec, gsize i)
{
  gsize w = (gsize) spec->out.shape.w, plane = plane_of (&spec->out), stride = (gsize) spec->stride;
  gsize y = i % plane / w / stride, x = i % w / stride;

  return i / plane * plane_of (&spec->in[0]) + y * (gsize) spec->in[0].shape.w + x;
}

static gboolean
upsample_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize n = count_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    ((real *) call->out)[i] = ((const real *) call->in[0])[repeated (spec, i)];
  return TRUE;
}

static gboolean
upsample_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize n = count_of (&spec->out);

  clear_unless (add, call->out, &spec->in[0]);
  for (gsize i = 0; i < n; i++)
    ((real *) call->out)[repeated (spec, i)] += ((const real *) call->in[0])[i];
  return TRUE;
}

/* Numbers of one image that lie before input @input in the output. */
static gsize
concat_offset (const EspSpec *spec, guint input)
{
  gsize offset = 0;

  for (guint i = 0; i < input; i++)
    offset += (gsize) spec->in[i].shape.c * plane_of (&spec->in[i]);
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
        gsize each = (gsize) spec->in[i].shape.c * plane_of (&spec->in[i]);

        memcpy ((real *) call->out + (gsize) n * all + concat_offset (spec, i), (const real *) call->in[i] + (gsize) n * each,
                each * sizeof (real));
      }
  return TRUE;
}

static gboolean
concat_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[call->input];
  gsize all = concat_offset (spec, spec->n_in), offset = concat_offset (spec, call->input), each = (gsize) in->shape.c * plane_of (in);

  clear_unless (add, call->out, in);
  for (int n = 0; n < in->shape.n; n++)
    for (gsize i = 0; i < each; i++)
      ((real *) call->out)[(gsize) n * each + i] += ((const real *) call->in[0])[(gsize) n * all + offset + i];
  return TRUE;
}

static gboolean
head_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *in = call->in[0];
  gsize n = count_of (&spec->out), plane = plane_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    {
      gsize entry = i / plane % (gsize) spec->out.shape.c % (gsize) spec->entries;

      ((real *) call->out)[i] = entry == 2 || entry == 3 ? in[i] : act (ESP_ACTIVATION_LOGISTIC, in[i]);
    }
  return TRUE;
}

static const EspKernelRow convolution_row = {
  .compile = convolution_compile,
  .release = convolution_release,
  .forward = convolution_forward,
  .backward = convolution_backward,
};
static const EspKernelRow activation_row = { .forward = activation_forward, .backward = activation_backward };
static const EspKernelRow maxpool_row = { .compile = maxpool_compile, .forward = maxpool_forward, .backward = maxpool_backward };
static const EspKernelRow upsample_row = { .forward = upsample_forward, .backward = upsample_backward };
static const EspKernelRow concat_row = { .forward = concat_forward, .backward = concat_backward };
static const EspKernelRow add_row = { .forward = add_forward, .backward = add_backward };
static const EspKernelRow head_row = { .forward = head_forward };

/** SET: Returns: (transfer none): these kernels. Thread: any. */
const EspKernelSet *
SET (void)
{
  static const EspKernelSet set = {
    .name = SET_NAME,
    .size = sizeof (real),
    .block = one_by_one,
    .rows = {
      [ESP_OP_CONVOLUTION] = &convolution_row,
      [ESP_OP_ACTIVATION] = &activation_row,
      [ESP_OP_MAXPOOL] = &maxpool_row,
      [ESP_OP_UPSAMPLE] = &upsample_row,
      [ESP_OP_CONCAT] = &concat_row,
      [ESP_OP_ADD] = &add_row,
      [ESP_OP_HEAD] = &head_row,
    },
  };

  return &set;
}
