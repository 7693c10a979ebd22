/* reference-normalize.h: batch normalization in training, and the activation behind it, in plain loops
 *
 * Part of reference-template.h. Values are n c h w; sums are in double, over images, then rows, then columns. Source: Ioffe and Szegedy
 * 2015, arXiv:1502.03167, algorithm 1 and the gradients of section 3; epsilon within the root, as AlexeyAB's darknet has it. */

/* One channel of a call: x' = (x - mean) * scale, z = gamma x' + beta, y = act (z). */
typedef struct
{
  double mean, scale, gamma, beta;
} Normal;

static Normal
normal_of (EspCall *call, int c)
{
  const EspShape s = call->kernel->spec.out.shape;
  const double *moments = call->kept;
  const real *parameters = call->in[1];

  return (Normal){ .mean = moments[ESP_MOMENT_MEAN * s.c + c],
                   .scale = 1 / sqrt (moments[ESP_MOMENT_VARIANCE * s.c + c] + ESP_NORMALIZE_EPSILON),
                   .gamma = (double) parameters[c],
                   .beta = (double) parameters[s.c + c] };
}

/* Where the numbers of channel @c of image @n begin. */
static gsize
plane_at (const EspLayout *layout, int n, int c)
{
  return ((gsize) n * (gsize) layout->shape.c + (gsize) c) * plane_of (layout);
}

static gboolean
normalize_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  kernel->kept = esp_moments_bytes (spec);
  return TRUE;
}

static void
find_moments (EspCall *call, int c)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const real *x = call->in[0];
  const gsize plane = plane_of (in);
  const double mean = channel_sum (in, x, c) / (double) ((gsize) in->shape.n * plane);
  double *moments = call->kept, squares = 0;

  for (int n = 0; n < in->shape.n; n++)
    for (gsize i = plane_at (in, n, c); i < plane_at (in, n, c) + plane; i++)
      squares += ((double) x[i] - mean) * ((double) x[i] - mean);
  moments[ESP_MOMENT_MEAN * in->shape.c + c] = mean;
  moments[ESP_MOMENT_VARIANCE * in->shape.c + c] = squares / (double) ((gsize) in->shape.n * plane);
}

static gboolean
normalize_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const EspLayout *in = &spec->in[0];
  const real *x = call->in[0];
  real *out = call->out;

  for (int c = 0; c < in->shape.c; c++)
    {
      Normal normal;

      if (!call->is_again)
        find_moments (call, c);
      normal = normal_of (call, c);
      for (int n = 0; n < in->shape.n; n++)
        for (gsize i = plane_at (in, n, c); i < plane_at (in, n, c) + plane_of (in); i++)
          out[i] = act (spec->activation, (real) (((double) x[i] - normal.mean) * normal.scale * normal.gamma + normal.beta));
    }
  return TRUE;
}

/* The gradient of z at number @i. */
static double
before_activation (EspCall *call, const Normal *normal, gsize i)
{
  const EspActivation activation = call->kernel->spec.activation;
  const real *x = call->in[0], *grad_out = call->grad_out;
  const real z = (real) (((double) x[i] - normal->mean) * normal->scale * normal->gamma + normal->beta);

  return (double) (grad_out[i] * slope (activation, z, act (activation, z)));
}

static void
normalize_back_channel (EspCall *call, int c, gboolean add)
{
  const EspLayout *in = &call->kernel->spec.in[0];
  const Normal normal = normal_of (call, c);
  const double m = (double) ((gsize) in->shape.n * plane_of (in));
  double *moments = call->kept, gamma = 0, beta = 0;
  const real *x = call->in[0];
  real *grad_in = call->grad_in;

  for (int n = 0; n < in->shape.n; n++)
    for (gsize i = plane_at (in, n, c); i < plane_at (in, n, c) + plane_of (in); i++)
      {
        const double g = before_activation (call, &normal, i);

        beta += g;
        gamma += g * ((double) x[i] - normal.mean) * normal.scale;
      }
  moments[ESP_MOMENT_GAMMA * in->shape.c + c] = gamma;
  moments[ESP_MOMENT_BETA * in->shape.c + c] = beta;
  for (int n = 0; n < in->shape.n; n++)
    for (gsize i = plane_at (in, n, c); i < plane_at (in, n, c) + plane_of (in); i++)
      {
        const double each = before_activation (call, &normal, i) - beta / m - ((double) x[i] - normal.mean) * normal.scale * gamma / m;

        grad_in[i] = (real) (normal.gamma * normal.scale * each + (add ? (double) grad_in[i] : 0));
      }
}

static gboolean
normalize_backward (EspCall *call, gboolean add)
{
  for (int c = 0; c < call->kernel->spec.in[0].shape.c; c++)
    normalize_back_channel (call, c, add);
  return TRUE;
}

static const EspKernelRow normalize_row = { .compile = normalize_compile, .forward = normalize_forward, .backward = normalize_backward };
