/* blocked-normalize.c: batch normalization in training, and the activation behind it, on float values of any block
 *
 * Two passes over memory each way: totals, then numbers. A value is cut into stretches of pixels of one block of channels, whatever the threads;
 * each leaves its own totals in double, and these are added up in one order, so that the bits depend on no thread count. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/blocked.h"

#include <math.h>

#define STRETCH 1024 /* pixels: 64 kB of 16 channels */
#define PART    64   /* pixels that go through the activation's own loop at a time: 4 kB */

/* Of one stretch: the sums of x and of its squares; backward of g and of g (x - mean). */
typedef struct
{
  double first[ESP_MOST_BLOCK], second[ESP_MOST_BLOCK];
} Totals;

/* One block of channels: d = x - mean, z = times d + plus. */
typedef struct
{
  float mean[ESP_MOST_BLOCK], times[ESP_MOST_BLOCK], plus[ESP_MOST_BLOCK];
} Forth;

/* The gradient of x: times g - shift - d tilt. */
typedef struct
{
  float shift[ESP_MOST_BLOCK], tilt[ESP_MOST_BLOCK];
} Back;

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

/* Two strands, even and odd pixels, so that additions need not wait for each other. */
ESP_INLINE void
add_up (const float *x, gsize pixels, int block, Totals *totals)
{
  double sums[2][ESP_MOST_BLOCK] = { 0 }, squares[2][ESP_MOST_BLOCK] = { 0 };

  for (gsize p = 0; p + 1 < pixels; p += 2, x += 2 * block)
    for (int k = 0; k < 2; k++)
#pragma omp simd
      for (int l = 0; l < block; l++)
        {
          const double v = (double) x[k * block + l];

          sums[k][l] += v;
          squares[k][l] += v * v;
        }
  for (int l = 0; l < block && pixels % 2 != 0; l++)
    {
      sums[0][l] += (double) x[l];
      squares[0][l] += (double) x[l] * (double) x[l];
    }
  for (int l = 0; l < block; l++)
    {
      totals->first[l] = sums[0][l] + sums[1][l];
      totals->second[l] = squares[0][l] + squares[1][l];
    }
}

ESP_CLONES static void
total_stretch (const float *x, gsize pixels, int block, Totals *totals)
{
  if (block == 16)
    add_up (x, pixels, 16, totals);
  else if (block == 8)
    add_up (x, pixels, 8, totals);
  else
    add_up (x, pixels, block, totals);
}

/* The totals of one channel over all its stretches. */
static void
collect (const EspLayout *layout, const Totals *totals, int c, double *first, double *second)
{
  const int stretches = count_stretches (layout), blocks = esp_count_blocks (layout), lane = c % layout->block;

  *first = *second = 0;
  for (int n = 0; n < layout->shape.n; n++)
    for (int s = 0; s < stretches; s++)
      {
        const Totals *one = totals + ((gsize) n * (gsize) blocks + (gsize) (c / layout->block)) * (gsize) stretches + s;

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
  Totals *totals = call->scratch;
  double *moments = call->kept;

#pragma omp parallel for schedule(static)
  for (int u = 0; u < units; u++)
    {
      gsize pixels;
      int block;
      const float *x = (const float *) call->in[0] + stretch_at (in, u, &block, &pixels);

      total_stretch (x, pixels, in->block, &totals[u]);
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
static Forth
find_forth (const EspCall *call, int block)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int n = in->shape.c, first = block * in->block;
  const double *moments = call->kept;
  const float *parameters = call->in[1];
  Forth forth = { 0 };

  for (int c = first; c < MIN (n, first + in->block); c++)
    {
      forth.mean[c - first] = (float) moments[ESP_MOMENT_MEAN * n + c];
      forth.times[c - first] = (float) ((double) parameters[c] * scale_of (moments, n, c));
      forth.plus[c - first] = parameters[n + c];
    }
  return forth;
}

ESP_INLINE void
run_straight (const Forth *forth, const float *x, float *z, gsize pixels, int block, float slope)
{
  for (gsize p = 0; p < pixels; p++, x += block, z += block)
#pragma omp simd
    for (int l = 0; l < block; l++)
      {
        const float v = (x[l] - forth->mean[l]) * forth->times[l] + forth->plus[l];

        z[l] = v > 0 ? v : slope * v;
      }
}

/* Of activations that are a slope below 0; of others the straight line alone. */
ESP_CLONES static void
run_stretch (const Forth *forth, const float *x, float *z, gsize pixels, int block, float slope)
{
  const Forth own = *forth;

  if (block == 16)
    run_straight (&own, x, z, pixels, 16, slope);
  else if (block == 8)
    run_straight (&own, x, z, pixels, 8, slope);
  else
    run_straight (&own, x, z, pixels, block, slope);
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
  const Forth forth = find_forth (call, block);
  const float *x = (const float *) call->in[0] + at;
  float *out = (float *) call->out + at, slope;
  const gboolean is_slope = find_slope (spec->activation, &slope);

  for (gsize p = 0; p < pixels; p += PART)
    {
      const gsize n = MIN (PART, pixels - p);

      run_stretch (&forth, x + p * side, out + p * side, n, (int) side, slope);
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
  for (int u = 0; u < units; u++)
    forward_stretch (call, u);
  if (!esp_activation_keeps_zero (spec->activation))
    esp_clear_all_filling (in, call->out);
  return TRUE;
}

/* g = grad_out act' (z), as it comes of the same steps as forward. */
ESP_INLINE float
bend (float z, float grad_out, float slope)
{
  return z > 0 ? grad_out : slope * grad_out;
}

ESP_INLINE void
add_up_back (const Forth *forth, const float *x, const float *grad, gsize pixels, int block, gboolean bent, float slope, Totals *totals)
{
  double sums[ESP_MOST_BLOCK] = { 0 }, products[ESP_MOST_BLOCK] = { 0 };

  for (gsize p = 0; p < pixels; p++, x += block, grad += block)
#pragma omp simd
    for (int l = 0; l < block; l++)
      {
        const float d = x[l] - forth->mean[l], g = bent ? grad[l] : bend (d * forth->times[l] + forth->plus[l], grad[l], slope);

        sums[l] += (double) g;
        products[l] += (double) g * (double) d;
      }
  for (int l = 0; l < block; l++)
    {
      totals->first[l] += sums[l];
      totals->second[l] += products[l];
    }
}

/* @bent: @grad is g already. */
ESP_CLONES static void
total_back (const Forth *forth, const float *x, const float *grad, gsize pixels, int block, gboolean bent, float slope, Totals *totals)
{
  const Forth own = *forth;

  if (block == 16 && bent)
    add_up_back (&own, x, grad, pixels, 16, TRUE, slope, totals);
  else if (block == 16)
    add_up_back (&own, x, grad, pixels, 16, FALSE, slope, totals);
  else
    add_up_back (&own, x, grad, pixels, block, bent, slope, totals);
}

ESP_INLINE void
write_back (const Forth *forth, const Back *back, const float *x, const float *grad, float *to, gsize pixels, int block, float slope)
{
  for (gsize p = 0; p < pixels; p++, x += block, grad += block, to += block)
#pragma omp simd
    for (int l = 0; l < block; l++)
      {
        const float d = x[l] - forth->mean[l], g = bend (d * forth->times[l] + forth->plus[l], grad[l], slope);

        to[l] = forth->times[l] * g - back->shift[l] - d * back->tilt[l];
      }
}

/* @slope: of g; 1 where @grad is g already. */
ESP_CLONES static void
leave_back (const Forth *forth, const Back *back, const float *x, const float *grad, float *to, gsize pixels, int block, float slope)
{
  const Forth own = *forth;
  const Back own_back = *back;

  if (block == 16)
    write_back (&own, &own_back, x, grad, to, pixels, 16, slope);
  else
    write_back (&own, &own_back, x, grad, to, pixels, block, slope);
}

/* Numbers of one part of a stretch. */
typedef struct
{
  float z[PART * ESP_MOST_BLOCK], y[PART * ESP_MOST_BLOCK], g[PART * ESP_MOST_BLOCK];
} Part;

/* Returns: g of @n pixels from @at on: @part's, or where the activation is a slope the gradient as it comes. */
static const float *
bend_part (const EspCall *call, const Forth *forth, gsize at, gsize n, Part *part)
{
  const EspSpec *spec = &call->kernel->spec;
  const gsize side = (gsize) spec->in[0].block;
  const float *grad = (const float *) call->grad_out + at;

  run_stretch (forth, (const float *) call->in[0] + at, part->z, n, (int) side, 1);
  esp_activate (spec->activation, part->z, part->y, n * side);
  esp_activate_back (spec->activation, part->z, part->y, grad, part->g, n * side, FALSE);
  return part->g;
}

static void
total_stretch_back (const EspCall *call, int unit, Totals *totals)
{
  const EspSpec *spec = &call->kernel->spec;
  gsize pixels;
  int block;
  const gsize at = stretch_at (&spec->in[0], unit, &block, &pixels), side = (gsize) spec->in[0].block;
  const Forth forth = find_forth (call, block);
  const float *x = (const float *) call->in[0] + at, *grad = (const float *) call->grad_out + at;
  float slope;
  Part part;

  *totals = (Totals){ 0 };
  if (find_slope (spec->activation, &slope))
    total_back (&forth, x, grad, pixels, (int) side, FALSE, slope, totals);
  else
    for (gsize p = 0; p < pixels; p += PART)
      {
        const gsize n = MIN (PART, pixels - p);

        total_back (&forth, x + p * side, bend_part (call, &forth, at + p * side, n, &part), n, (int) side, TRUE, 1, totals);
      }
}

/* The gradients of gamma and beta. */
static void
find_gradients (EspCall *call)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int units = esp_count_slabs (in) * count_stretches (in), n = in->shape.c;
  Totals *totals = call->scratch;
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
static Back
find_back (const EspCall *call, int block)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const int n = in->shape.c, first = block * in->block;
  const double *moments = call->kept;
  const float *parameters = call->in[1];
  Back back = { 0 };

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
  const Forth forth = find_forth (call, block);
  const Back back = find_back (call, block);
  float slope, *grad_in = (float *) call->grad_in + at;
  const gboolean is_slope = find_slope (spec->activation, &slope);
  Part part;

  for (gsize p = 0; p < pixels; p += PART)
    {
      const gsize n = MIN (PART, pixels - p), from = p * side;
      const float *g = is_slope ? (const float *) call->grad_out + at + from : bend_part (call, &forth, at + from, n, &part);

      leave_back (&forth, &back, (const float *) call->in[0] + at + from, g, add ? part.y : grad_in + from, n, (int) side, slope);
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
  for (int u = 0; u < units; u++)
    backward_stretch (call, u, add);
  return TRUE;
}

static gboolean
compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  kernel->kept = esp_moments_bytes (spec);
  kernel->scratch = (gsize) esp_count_slabs (&spec->in[0]) * (gsize) count_stretches (&spec->in[0]) * sizeof (Totals);
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
          Totals one;

          total_stretch (value + ((gsize) n * (gsize) blocks + (gsize) b) * esp_slab_size (layout), count_pixels (layout), side, &one);
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
