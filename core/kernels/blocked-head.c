/* blocked-head.c: activated maps of detection heads, plain, from float values of any block */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"
#include "kernels/exponential.h"
#include "kernels/logistic.h"

#define STRETCH 128 /* cells of one block that are taken apart at once: 8 kB, so that each channel finds them in the first-level cache */

/* Cells of one image: @first .. @last - 1. */
typedef struct
{
  const EspSpec *spec;
  gsize plane, first, last;
} Stretch;

static int
count_stretches (const EspSpec *spec)
{
  return (int) (((gsize) spec->out.shape.h * (gsize) spec->out.shape.w + STRETCH - 1) / STRETCH);
}

static Stretch
stretch_of (const EspSpec *spec, int i)
{
  const gsize plane = (gsize) spec->out.shape.h * (gsize) spec->out.shape.w, first = (gsize) (i % count_stretches (spec)) * STRETCH;

  return (Stretch){ spec, plane, first, MIN (first + STRETCH, plane) };
}

static void
scale_places (const Stretch *s, float *to)
{
  const float scale = (float) s->spec->scale[0], shift = (float) esp_head_shift (s->spec);

  for (gsize p = s->first; p < s->last; p++)
    to[p] = scale * to[p] + shift;
}

/* The channels of one block; those of a softmax as they come. */
static void
head_stretch (const Stretch *s, const float *in, float *out, int block)
{
  const EspLayout *layout = &s->spec->in[0];
  const gsize step = (gsize) layout->block;

  for (int c = block * layout->block; c < MIN ((block + 1) * layout->block, layout->shape.c); c++)
    {
      const int entry = c % s->spec->geometry.entries;
      const float *from = in + c % layout->block;
      float *to = out + (gsize) c * s->plane;

      for (gsize p = s->first; p < s->last; p++)
        to[p] = from[p * step];
      if (esp_head_bends (&s->spec->geometry, entry))
        esp_logistic_run (to + s->first, to + s->first, s->last - s->first);
      if (entry < 2)
        scale_places (s, to);
    }
}

ESP_CLONES static void
exponentials (float *values, double *sums, const float *most, gsize n)
{
  for (gsize p = 0; p < n; p++)
    values[p] = esp_exponential (values[p] - most[p]);
  for (gsize p = 0; p < n; p++)
    sums[p] += (double) values[p];
}

/* Softmax of @count classes of one anchor, in their place; @classes is the first one's plane. */
static void
softmax_stretch (const Stretch *s, float *classes, gsize count)
{
  const gsize n = s->last - s->first;
  float most[STRETCH];
  double sums[STRETCH] = { 0 };

  for (gsize p = 0; p < n; p++)
    most[p] = classes[s->first + p];
  for (gsize k = 1; k < count; k++)
    for (gsize p = 0; p < n; p++)
      most[p] = MAX (most[p], classes[k * s->plane + s->first + p]);
  for (gsize k = 0; k < count; k++)
    exponentials (classes + k * s->plane + s->first, sums, most, n);
  for (gsize k = 0; k < count; k++)
    for (gsize p = 0; p < n; p++)
      classes[k * s->plane + s->first + p] = (float) ((double) classes[k * s->plane + s->first + p] / sums[p]);
}

/* The plane of the first class of anchor number @i, over all images. */
static gsize
first_class (const EspSpec *spec, int i, gsize plane)
{
  return (gsize) ((i + 1) * spec->geometry.entries - spec->geometry.softmax) * plane;
}

/* All softmaxes of one anchor. */
static void
softmax_parts (const Stretch *s, float *classes)
{
  for (guint part = 0; part < esp_head_parts (s->spec); part++)
    {
      softmax_stretch (s, classes, esp_head_part (s->spec, part));
      classes += esp_head_part (s->spec, part) * s->plane;
    }
}

/* Of how many anchors, over all images, the classes are softmaxes. */
static int
count_softmaxes (const EspSpec *spec)
{
  return spec->geometry.softmax > 0 ? spec->out.shape.n * spec->out.shape.c / spec->geometry.entries : 0;
}

static gboolean
head_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[0];
  const int slabs = esp_count_slabs (in), blocks = esp_count_blocks (in), stretches = count_stretches (spec);
  const int softmaxes = count_softmaxes (spec);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < slabs * stretches; i++)
    {
      const int slab = i / stretches;
      const Stretch s = stretch_of (spec, i);

      head_stretch (&s, (const float *) call->in[0] + (gsize) slab * esp_slab_size (in),
                    (float *) call->out + (gsize) (slab / blocks * in->shape.c) * s.plane, slab % blocks);
    }
#pragma omp parallel for schedule(static)
  for (int i = 0; i < softmaxes * stretches; i++)
    {
      const Stretch s = stretch_of (spec, i);

      softmax_parts (&s, (float *) call->out + first_class (spec, i / stretches, s.plane));
    }
  return TRUE;
}

/* Of one softmax over @count classes, a sum a cell: gradient times value. */
static void
dot_stretch (const Stretch *s, const float *classes, const float *gradients, gsize count, double *dots)
{
  for (gsize p = s->first; p < s->last; p++)
    dots[p] = 0;
  for (gsize k = 0; k < count; k++)
    for (gsize p = s->first; p < s->last; p++)
      dots[p] += (double) gradients[k * s->plane + p] * (double) classes[k * s->plane + p];
}

/* All softmaxes of one anchor: a plane of sums each. */
static void
dot_parts (const Stretch *s, const float *classes, const float *gradients, double *dots)
{
  for (guint part = 0; part < esp_head_parts (s->spec); part++)
    {
      const gsize count = esp_head_part (s->spec, part);

      dot_stretch (s, classes, gradients, count, dots + part * s->plane);
      classes += count * s->plane;
      gradients += count * s->plane;
    }
}

/* What the gradient @grad of entry number @entry becomes on its way in. */
static void
bend_back (const Stretch *s, int entry, const float *value, const double *dots, const float *grad, float *result)
{
  const gboolean bends = esp_head_bends (&s->spec->geometry, entry);
  const float scale = entry < 2 ? (float) s->spec->scale[0] : 1, shift = entry < 2 ? (float) esp_head_shift (s->spec) : 0;
  const gsize n = s->last - s->first;

  if (entry >= s->spec->geometry.entries - s->spec->geometry.softmax)
    for (gsize p = 0; p < n; p++)
      result[p] = (float) ((double) value[p] * ((double) grad[p] - dots[p]));
  else
    for (gsize p = 0; p < n; p++)
      {
        const float before = (value[p] - shift) / scale;

        result[p] = grad[p] * (bends ? scale * before * (1 - before) : scale);
      }
}

static void
back_stretch (const Stretch *s, const EspCall *call, int slab, gboolean add)
{
  const EspLayout *layout = &s->spec->in[0];
  const int blocks = esp_count_blocks (layout), entries = s->spec->geometry.entries, block = slab % blocks;
  const gsize step = (gsize) layout->block, image = (gsize) (slab / blocks * layout->shape.c);
  const guint parts = esp_head_parts (s->spec), *part_of = call->kernel->compiled;
  float *grad_in = (float *) call->grad_in + (gsize) slab * esp_slab_size (layout), result[STRETCH] = { 0 };

  for (int c = block * layout->block; c < (block + 1) * layout->block; c++)
    {
      const gsize channel = image + (gsize) c, at = channel * s->plane + s->first;
      const gsize sums = channel / (gsize) entries * parts + (parts > 0 ? part_of[c % entries] : 0);
      const double *dots = parts > 0 ? (const double *) call->scratch + sums * s->plane + s->first : NULL;
      float *to = grad_in + c % layout->block;

      if (c < layout->shape.c)
        bend_back (s, c % entries, (const float *) call->out + at, dots, (const float *) call->grad_out + at, result);
      for (gsize p = s->first; p < s->last; p++)
        to[p * step] = c >= layout->shape.c ? 0 : add ? to[p * step] + result[p - s->first] : result[p - s->first];
    }
}

static gboolean
head_backward (EspCall *call, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  const int slabs = esp_count_slabs (&spec->in[0]), stretches = count_stretches (spec), softmaxes = count_softmaxes (spec);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < softmaxes * stretches; i++)
    {
      const Stretch s = stretch_of (spec, i);
      const gsize at = first_class (spec, i / stretches, s.plane);

      dot_parts (&s, (const float *) call->out + at, (const float *) call->grad_out + at,
                 (double *) call->scratch + (gsize) (i / stretches) * esp_head_parts (spec) * s.plane);
    }
#pragma omp parallel for schedule(static)
  for (int i = 0; i < slabs * stretches; i++)
    {
      const Stretch s = stretch_of (spec, i);

      back_stretch (&s, call, i / stretches, add);
    }
  return TRUE;
}

/* (transfer full): of each entry of an anchor, in which of its softmaxes it is; 0 where it is in none. */
static guint *
find_parts (const EspSpec *spec)
{
  guint *part_of = g_new0 (guint, (gsize) spec->geometry.entries);
  gsize entry = (gsize) (spec->geometry.entries - spec->geometry.softmax);

  for (guint part = 0; part < esp_head_parts (spec); part++)
    for (gsize k = 0; k < esp_head_part (spec, part); k++)
      part_of[entry++] = part;
  return part_of;
}

static gboolean
head_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  const gsize sums = (gsize) count_softmaxes (spec) * esp_head_parts (spec);

  if (!spec->backward)
    return TRUE;
  kernel->scratch = sums * (gsize) spec->out.shape.h * (gsize) spec->out.shape.w * sizeof (double);
  kernel->compiled = find_parts (spec);
  return TRUE;
}

const EspKernelRow esp_blocked_head = { .compile = head_compile, .release = g_free, .forward = head_forward, .backward = head_backward };
