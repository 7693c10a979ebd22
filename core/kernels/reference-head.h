/* reference-head.h: activated maps of detection heads, and softmax, in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

/* Softmax of @n numbers @step apart, each times @scale. */
static void
softmax_of (const real *in, real *out, gsize n, gsize step, real scale)
{
  real most = in[0], sum = 0;

  for (gsize i = 1; i < n; i++)
    most = MAX (most, in[i * step]);
  for (gsize i = 0; i < n; i++)
    {
      out[i * step] = REAL_EXP (scale * (in[i * step] - most));
      sum += out[i * step];
    }
  for (gsize i = 0; i < n; i++)
    out[i * step] /= sum;
}

static void
softmax_back (const real *out, const real *grad_out, real *grad_in, gsize n, gsize step, real scale)
{
  real dot = 0;

  for (gsize i = 0; i < n; i++)
    dot += grad_out[i * step] * out[i * step];
  for (gsize i = 0; i < n; i++)
    grad_in[i * step] += scale * out[i * step] * (grad_out[i * step] - dot);
}

static gboolean
softmax_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize count = count_of (&spec->out), numbers = count / (gsize) spec->out.shape.n, n;
  guint parts = esp_softmax_parts (spec);

  for (gsize at = 0, part = 0; at < count; at += n, part++)
    {
      n = esp_softmax_part (spec, (guint) part % parts, numbers);
      softmax_of ((const real *) call->in[0] + at, (real *) call->out + at, n, 1, (real) spec->scale[0]);
    }
  return TRUE;
}

static gboolean
softmax_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize count = count_of (&spec->out), numbers = count / (gsize) spec->out.shape.n, n;
  guint parts = esp_softmax_parts (spec);

  clear_unless (add, call->grad_in, &spec->in[0]);
  for (gsize at = 0, part = 0; at < count; at += n, part++)
    {
      n = esp_softmax_part (spec, (guint) part % parts, numbers);
      softmax_back ((const real *) call->out + at, (const real *) call->grad_out + at, (real *) call->grad_in + at, n, 1,
                    (real) spec->scale[0]);
    }
  return TRUE;
}

/* The entry of an anchor that number @i of the map is. */
static int
entry_of (const EspSpec *spec, gsize i)
{
  return (int) (i / plane_of (&spec->out) % (gsize) spec->out.shape.c % (gsize) spec->geometry.entries);
}

/* Where the classes of anchor and cell number @i start: anchors one after the other, of each all cells. */
static gsize
classes_at (const EspSpec *spec, gsize i)
{
  gsize plane = plane_of (&spec->out), entries = (gsize) spec->geometry.entries;

  return (i / plane * entries + entries - (gsize) spec->geometry.softmax) * plane + i % plane;
}

/* Of how many anchors and cells the classes are softmaxes. */
static gsize
count_softmaxes (const EspSpec *spec)
{
  return spec->geometry.softmax > 0 ? count_of (&spec->out) / (gsize) spec->geometry.entries : 0;
}

static gboolean
head_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *in = call->in[0];
  real *out = call->out;
  gsize n = count_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    {
      int entry = entry_of (spec, i);

      out[i] = esp_head_bends (&spec->geometry, entry) ? act (ESP_ACTIVATION_LOGISTIC, in[i]) : in[i];
      if (entry < 2)
        out[i] = (real) spec->scale[0] * out[i] + (real) esp_head_shift (spec);
    }
  n = count_softmaxes (spec);
  for (gsize i = 0; i < n; i++)
    for (gsize part = 0, at = classes_at (spec, i); part < esp_head_parts (spec); part++)
      {
        softmax_of (in + at, out + at, esp_head_part (spec, (guint) part), plane_of (&spec->out), 1);
        at += esp_head_part (spec, (guint) part) * plane_of (&spec->out);
      }
  return TRUE;
}

/* The derivative at entry @entry as a function of the output. */
static real
head_slope (const EspSpec *spec, int entry, real out)
{
  real scale = entry < 2 ? (real) spec->scale[0] : 1, before = entry < 2 ? (out - (real) esp_head_shift (spec)) / scale : out;

  return esp_head_bends (&spec->geometry, entry) ? scale * before * (1 - before) : scale;
}

static gboolean
head_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *out = call->out, *grad_out = call->grad_out;
  real *grad_in = call->grad_in;
  gsize n = count_of (&spec->out);

  clear_unless (add, call->grad_in, &spec->in[0]);
  for (gsize i = 0; i < n; i++)
    {
      int entry = entry_of (spec, i);

      if (entry < spec->geometry.entries - spec->geometry.softmax)
        grad_in[i] += grad_out[i] * head_slope (spec, entry, out[i]);
    }
  n = count_softmaxes (spec);
  for (gsize i = 0; i < n; i++)
    for (gsize part = 0, at = classes_at (spec, i); part < esp_head_parts (spec); part++)
      {
        softmax_back (out + at, grad_out + at, grad_in + at, esp_head_part (spec, (guint) part), plane_of (&spec->out), 1);
        at += esp_head_part (spec, (guint) part) * plane_of (&spec->out);
      }
  return TRUE;
}

static const EspKernelRow softmax_row = { .forward = softmax_forward, .backward = softmax_backward };
static const EspKernelRow head_row = { .forward = head_forward, .backward = head_backward };
