/* blocked-normalize.c: batch normalization in training, and the activation behind it, on float values of any block
 *
 * Two passes over memory each way: totals, then numbers. A value is cut into stretches of pixels of one block of channels, whatever the
 * threads; each leaves its own totals in double, and these are added up in one order, so that the bits depend on no thread count. The
 * second pass goes from the end to the start: the end is what the caches still hold. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/normalize.h"

#include <math.h>

#define STRETCH 1024 /* pixels: 64 kB of 16 channels */
#define PART    64   /* pixels that go through the activation's own loop at a time: 4 kB */

static gsize
count_pixels (const EspLayout *layout)
{
  return (gsize) layout->shape.h * (gsize) layout->shape.w;
}

static int
count_stretches (const EspLayout *layout)
{
  return (int) ((count_pixels (layout) + STRETCH - 1) / STRETCH);
}

/* Stretch number @unit of a value, counted through images, blocks and pixels: where it begins and how many pixels it has. */
static gsize
stretch_at (const EspLayout *layout, int unit, int *block, gsize *pixels)
{
  const int stretches = count_stretches (layout), slab = unit / stretches;
  const gsize first = (gsize) (unit % stretches) * STRETCH;

  *block = slab % esp_count_blocks (layout);
  *pixels = MIN (STRETCH, count_pixels (layout) - first);
  return (gsize) slab * esp_slab_size (layout) + first * (gsize) layout->block;
}

/* The totals of one channel over all its stretches. */
static void
collect (const EspLayout *layout, const EspTotals *totals, int c, double *first, double *second)
{
  const int stretches = count_stretches (layout), blocks = esp_count_blocks (layout), lane = c % layout->block;

  *first = *second = 0;
  for (int n = 0; n < layout->shape.n; n++)
    for (int s = 0; s < stretches; s++)
      {
        const EspTotals *one = totals + ((gsize) n * (gsize) blocks + (gsize) (c / layout->block)) * (gsize) stretches + s;

        *first += one->first[lane];
        *second += one->second[lane];
      }
}

static double
count_of (const EspLayout *layout)
{
  return (double) ((gsize) layout->shape.n * count_pixels (layout));
}

static void
find_moments (EspCall *call)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int units = esp_count_slabs (in) * count_stretches (in), c = in->shape.c;
  EspTotals *totals = call->scratch;
  double *moments = call->kept;

#pragma omp parallel for schedule(static)
  for (int u = 0; u < units; u++)
    {
      gsize pixels;
      int block;
      const float *x = (const float *) call->in[0] + stretch_at (in, u, &block, &pixels);

      esp_normalize_total (x, pixels, in->block, &totals[u]);
    }
  for (int i = 0; i < c; i++)
    {
      double sum, squares, mean;

      collect (in, totals, i, &sum, &squares);
      mean = sum / count_of (in);
      moments[ESP_MOMENT_MEAN * c + i] = mean;
      moments[ESP_MOMENT_VARIANCE * c + i] = MAX (squares / count_of (in) - mean * mean, 0);
    }
}

static double
scale_of (const double *moments, int n, int c)
{
  return 1 / sqrt (moments[ESP_MOMENT_VARIANCE * n + c] + ESP_NORMALIZE_EPSILON);
}

/* Lanes that only fill the block become 0 and stay it. */
static EspForth
find_forth (const EspCall *call, int block)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int n = in->shape.c, first = block * in->block;
  const double *moments = call->kept;
  const float *parameters = call->in[1];
  EspForth forth = { 0 };

  for (int c = first; c < MIN (n, first + in->block); c++)
    {
      forth.mean[c - first] = (float) moments[ESP_MOMENT_MEAN * n + c];
      forth.times[c - first] = (float) ((double) parameters[c] * scale_of (moments, n, c));
      forth.plus[c - first] = parameters[n + c];
    }
  return forth;
}

/* Whether the activation is a slope below 0, and which. */
static gboolean
find_slope (EspActivation activation, float *slope)
{
  *slope = activation == ESP_ACTIVATION_LEAKY   ? 0.1f
           : activation == ESP_ACTIVATION_RELIE ? 0.01f
           : activation == ESP_ACTIVATION_RELU  ? 0
                                                : 1;
  return activation == ESP_ACTIVATION_LINEAR || *slope != 1;
}

static void
forward_stretch (const EspCall *call, int unit)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize pixels;
  int block;
  const gsize at = stretch_at (&spec->in[0], unit, &block, &pixels), side = (gsize) spec->in[0].block;
  const EspForth forth = find_forth (call, block);
  const float *x = (const float *) call->in[0] + at;
  float *out = (float *) call->out + at, slope;
  const gboolean is_slope = find_slope (spec->activation, &slope);

  for (gsize p = 0; p < pixels; p += PART)
    {
      const gsize n = MIN (PART, pixels - p);

      esp_normalize_run (&forth, x + p * side, out + p * side, n, (int) side, slope);
      if (!is_slope)
        esp_activate (spec->activation, out + p * side, out + p * side, n * side);
    }
}

static gboolean
forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[0];
  const int units = esp_count_slabs (in) * count_stretches (in);

  if (!call->is_again)
    find_moments (call);
#pragma omp parallel for schedule(static)
  for (int u = units - 1; u >= 0; u--)
    forward_stretch (call, u);
  if (!esp_activation_keeps_zero (spec->activation))
    esp_clear_all_filling (in, call->out);
  return TRUE;
}

/* Numbers of one part of a stretch. */
typedef struct
{
  float z[PART * ESP_MOST_BLOCK], y[PART * ESP_MOST_BLOCK], g[PART * ESP_MOST_BLOCK];
} Part;

/* Returns: g of @n pixels from @at on: @part's, or where the activation is a slope the gradient as it comes. */
static const float *
bend_part (const EspCall *call, const EspForth *forth, gsize at, gsize n, Part *part)
{
  const EspSpec *spec = &call->kernel->spec;
  const gsize side = (gsize) spec->in[0].block;
  const float *grad = (const float *) call->grad_out + at;

  esp_normalize_run (forth, (const float *) call->in[0] + at, part->z, n, (int) side, 1);
  esp_activate (spec->activation, part->z, part->y, n * side);
  esp_activate_back (spec->activation, part->z, part->y, grad, part->g, n * side, FALSE);
  return part->g;
}

static void
total_stretch_back (const EspCall *call, int unit, EspTotals *totals)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize pixels;
  int block;
  const gsize at = stretch_at (&spec->in[0], unit, &block, &pixels), side = (gsize) spec->in[0].block;
  const EspForth forth = find_forth (call, block);
  const float *x = (const float *) call->in[0] + at, *grad = (const float *) call->grad_out + at;
  float slope;
  Part part;

  *totals = (EspTotals){ 0 };
  if (find_slope (spec->activation, &slope))
    esp_normalize_total_back (&forth, x, grad, pixels, (int) side, FALSE, slope, totals);
  else
    for (gsize p = 0; p < pixels; p += PART)
      {
        const gsize n = MIN (PART, pixels - p);

        esp_normalize_total_back (&forth, x + p * side, bend_part (call, &forth, at + p * side, n, &part), n, (int) side, TRUE, 1, totals);
      }
}

/* The gradients of gamma and beta. */
static void
find_gradients (EspCall *call)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int units = esp_count_slabs (in) * count_stretches (in), n = in->shape.c;
  EspTotals *totals = call->scratch;
  double *moments = call->kept;

#pragma omp parallel for schedule(static)
  for (int u = 0; u < units; u++)
    total_stretch_back (call, u, &totals[u]);
  for (int c = 0; c < n; c++)
    {
      double product;

      collect (in, totals, c, &moments[ESP_MOMENT_BETA * n + c], &product);
      moments[ESP_MOMENT_GAMMA * n + c] = product * scale_of (moments, n, c);
    }
}

/* gamma s (g - beta' / m - d s gamma' / m), with s the scale, beta' and gamma' the gradients */
static EspBack
find_back (const EspCall *call, int block)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int n = in->shape.c, first = block * in->block;
  const double *moments = call->kept;
  const float *parameters = call->in[1];
  EspBack back = { 0 };

  for (int c = first; c < MIN (n, first + in->block); c++)
    {
      const double scale = scale_of (moments, n, c), times = (double) parameters[c] * scale / count_of (in);

      back.shift[c - first] = (float) (times * moments[ESP_MOMENT_BETA * n + c]);
      back.tilt[c - first] = (float) (times * scale * moments[ESP_MOMENT_GAMMA * n + c]);
    }
  return back;
}

static void
add_part (float *to, const float *from, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] += from[i];
}

static void
backward_stretch (const EspCall *call, int unit, gboolean add)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize pixels;
  int block;
  const gsize at = stretch_at (&spec->in[0], unit, &block, &pixels), side = (gsize) spec->in[0].block;
  const EspForth forth = find_forth (call, block);
  const EspBack back = find_back (call, block);
  float slope, *grad_in = (float *) call->grad_in + at;
  const gboolean is_slope = find_slope (spec->activation, &slope);
  Part part;

  for (gsize p = 0; p < pixels; p += PART)
    {
      const gsize n = MIN (PART, pixels - p), from = p * side;
      const float *g = is_slope ? (const float *) call->grad_out + at + from : bend_part (call, &forth, at + from, n, &part);

      esp_normalize_run_back (&forth, &back, (const float *) call->in[0] + at + from, g, add ? part.y : grad_in + from, n, (int) side,
                              slope);
      if (add)
        add_part (grad_in + from, part.y, n * side);
    }
}

static gboolean
backward (EspCall *call, gboolean add)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int units = esp_count_slabs (in) * count_stretches (in);

  find_gradients (call);
#pragma omp parallel for schedule(static)
  for (int u = units - 1; u >= 0; u--)
    backward_stretch (call, u, add);
  return TRUE;
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  kernel->kept = esp_moments_bytes (spec);
  kernel->scratch = (gsize) esp_count_slabs (&spec->in[0]) * (gsize) count_stretches (&spec->in[0]) * sizeof (EspTotals);
  return TRUE;
}

const EspKernelRow esp_blocked_normalize = { .compile = compile, .forward = forward, .backward = backward };

/* Over images, then rows, then columns, whatever the threads. */
void
esp_sum_channels (const EspLayout *layout, const float *value, float *sums, gboolean add)
{
  const int side = layout->block, blocks = esp_count_blocks (layout);

#pragma omp parallel for schedule(static)
  for (int b = 0; b < blocks; b++)
    {
      double totals[ESP_MOST_BLOCK] = { 0 };

      for (int n = 0; n < layout->shape.n; n++)
        {
          EspTotals one;

          esp_normalize_total (value + ((gsize) n * (gsize) blocks + (gsize) b) * esp_slab_size (layout), count_pixels (layout), side,
                               &one);
          for (int l = 0; l < side; l++)
            totals[l] += one.first[l];
        }
      for (int l = 0; l < MIN (side, layout->shape.c - b * side); l++)
        sums[b * side + l] = (float) (totals[l] + (add ? (double) sums[b * side + l] : 0));
    }
}

static gboolean
sums_forward (EspCall *call)
{
  esp_sum_channels (&call->kernel->spec.in[0], call->in[0], call->out, call->add);
  return TRUE;
}

const EspKernelRow esp_blocked_channel_sums = { .forward = sums_forward };
