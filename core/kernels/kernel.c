/* kernel.c: making, sharing and running compiled operations */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/kernel.h"

#include "base/error.h"
#include "kernels/kernel-private.h"

#include <string.h>

/**
 * esp_kernels_layout:
 * @set: the kernels that will read and write the value
 * @shape: its shape, n = batch
 * @plain: keep n c h w order (the image, a head's map)
 *
 * Returns: how the value lies in memory. Thread: any.
 */
EspLayout
esp_kernels_layout (const EspKernelSet *set, EspShape shape, gboolean plain)
{
  return (EspLayout){ .shape = shape, .block = plain ? 1 : set->block (), .size = set->size };
}

static const EspKernelRow *
find_special (const EspKernelSet *set, const EspSpec *spec)
{
  const EspKernelRow *const *list = set->special[spec->op];

  while (list != NULL && *list != NULL && !(*list)->takes (spec))
    list++;
  return list != NULL ? *list : NULL;
}

/**
 * esp_kernels_take:
 * @set: which kernels
 * @spec: what to compute: a convolution with geometry.pool set, a max-pool with an activation; its pointers to numbers are not looked at
 *
 * Returns: whether the set has one operation for all of it; else each of the two is compiled as an operation of its own. Thread: any.
 */
gboolean
esp_kernels_take (const EspKernelSet *set, const EspSpec *spec)
{
  return find_special (set, spec) != NULL;
}

/**
 * esp_kernels_layout_between:
 * @set: the kernels that will read and write the value
 * @shape: its shape, n = batch
 * @activation: of the convolution that writes it
 *
 * Returns: how a value lies that a convolution of inference writes and nothing but convolutions read: in bfloat16 where the set multiplies
 * so and has that activation in its convolutions, else as any other. Thread: any.
 */
EspLayout
esp_kernels_layout_between (const EspKernelSet *set, EspShape shape, EspActivation activation)
{
  EspLayout layout = esp_kernels_layout (set, shape, FALSE);

  if (set->half && set->halves (activation))
    layout.size = sizeof (guint16);
  return layout;
}

static void
kernel_clear (gpointer data)
{
  EspKernel *kernel = data;

  if (kernel->compiled != NULL)
    kernel->row->release (kernel->compiled);
  g_free ((gpointer) kernel->spec.in);
  g_free ((gpointer) kernel->spec.parts);
}

/**
 * esp_kernel_new:
 * @set: which kernels
 * @spec: what to compute; nothing of it is kept by reference
 * @error: return location
 *
 * Returns: (transfer full): the compiled operation, or NULL. Thread: lane (a reference: any).
 * Errors: ESP_ERROR_UNSUPPORTED where the set has no implementation. A pool joined to a convolution is asked for only where
 * esp_kernels_take() has it.
 */
EspKernel *
esp_kernel_new (const EspKernelSet *set, const EspSpec *spec, GError **error)
{
  const EspKernelRow *special = find_special (set, spec), *row = special != NULL ? special : set->rows[spec->op];
  g_autoptr (EspKernel) kernel = g_atomic_rc_box_new0 (EspKernel);

  g_return_val_if_fail (special != NULL || spec->geometry.pool == 0, NULL);
  kernel->set = set;
  kernel->row = row;
  kernel->name = set->name;
  kernel->spec = *spec;
  kernel->spec.in = g_memdup2 (spec->in, spec->n_in * sizeof *spec->in);
  kernel->spec.parts = g_memdup2 (spec->parts, spec->n_parts * sizeof *spec->parts);
  kernel->spec.weights = NULL;
  kernel->spec.gain = kernel->spec.bias = NULL;
  if (row->compile != NULL && !row->compile (kernel, spec, error))
    return NULL;
  return g_steal_pointer (&kernel);
}

/** esp_kernel_ref: Returns: (transfer full): the same kernel. Thread: any. */
EspKernel *
esp_kernel_ref (EspKernel *kernel)
{
  return g_atomic_rc_box_acquire (kernel);
}

/** esp_kernel_unref: gives one reference back. Thread: lane (a reference's kernel: any). */
void
esp_kernel_unref (EspKernel *kernel)
{
  g_atomic_rc_box_release_full (kernel, kernel_clear);
}

/**
 * esp_kernel_fits:
 * @kernel: a compiled operation
 * @set: the kernels wanted
 * @spec: what is wanted
 *
 * Returns: whether @kernel computes @spec, the numbers of its weights apart: the caller knows whether those are the same. Thread: any.
 */
gboolean
esp_kernel_fits (const EspKernel *kernel, const EspKernelSet *set, const EspSpec *spec)
{
  const EspSpec *own = &kernel->spec;

  if (kernel->set != set || own->op != spec->op || own->backward != spec->backward || own->n_in != spec->n_in)
    return FALSE;
  for (guint i = 0; i < own->n_in; i++)
    if (!esp_layout_equal (&own->in[i], &spec->in[i]))
      return FALSE;
  if (own->n_parts != spec->n_parts || (own->n_parts > 0 && memcmp (own->parts, spec->parts, own->n_parts * sizeof *own->parts) != 0))
    return FALSE;
  return esp_layout_equal (&own->out, &spec->out) && own->learned == spec->learned && own->activation == spec->activation
         && own->scale[0] == spec->scale[0] && own->scale[1] == spec->scale[1]
         && memcmp (&own->geometry, &spec->geometry, sizeof own->geometry) == 0;
}

/** esp_kernel_get_scratch: Returns: bytes that a call may use while it runs. */
gsize
esp_kernel_get_scratch (const EspKernel *kernel)
{
  return kernel->scratch;
}

/** esp_kernel_get_kept: Returns: bytes that forward leaves for backward; of a normalization ESP_N_MOMENTS * c doubles (EspMoment). */
gsize
esp_kernel_get_kept (const EspKernel *kernel)
{
  return kernel->kept;
}

/** esp_kernel_get_packed: Returns: bytes of packed weights. */
gsize
esp_kernel_get_packed (const EspKernel *kernel)
{
  return kernel->packed;
}

/** esp_kernel_get_name: Returns: (transfer none): which implementation runs, for logs. */
const char *
esp_kernel_get_name (const EspKernel *kernel)
{
  return kernel->name;
}

static EspCall *
call_new (EspKernel *kernel, const EspCallValues *values)
{
  EspCall *call = g_new0 (EspCall, 1);

  call->kernel = esp_kernel_ref (kernel);
  call->in = g_memdup2 (values->in, kernel->spec.n_in * sizeof *values->in);
  call->out = values->out;
  call->kept = values->kept;
  call->scratch = values->scratch;
  return call;
}

static EspCall *
call_bind (EspCall *call)
{
  const EspKernelRow *row = call->kernel->row;

  if (row->bind != NULL && !row->bind (call))
    g_clear_pointer (&call, esp_call_free);
  return call;
}

/**
 * esp_call_new_forward:
 * @kernel: what to run; a reference is taken
 * @values: where it reads and writes; the array of inputs is copied
 *
 * Returns: (transfer full) (nullable): the call, NULL where the library ran out of memory. Thread: as the kernel.
 */
EspCall *
esp_call_new_forward (EspKernel *kernel, const EspCallValues *values)
{
  return call_bind (call_new (kernel, values));
}

/**
 * esp_call_new_again:
 * @kernel: a normalization; a reference is taken
 * @values: those of its forward call; the array of inputs is copied
 *
 * For an output that was given up to save memory: reads the mean and the variance that forward kept instead of computing them; the same
 * bits.
 * Returns: (transfer full) (nullable): the call, NULL where the library ran out of memory. Thread: as the kernel.
 */
EspCall *
esp_call_new_again (EspKernel *kernel, const EspCallValues *values)
{
  EspCall *call = call_new (kernel, values);

  g_assert (kernel->spec.op == ESP_OP_NORMALIZE);
  call->is_again = TRUE;
  return call_bind (call);
}

/**
 * esp_call_new_backward:
 * @kernel: compiled with backward set; a reference is taken
 * @input: the input whose gradient is computed
 * @values: what forward read and left; the array of inputs is copied. An input or the output may be NULL where the operation's derivative
 *   does not need it: a convolution's needs neither, where it is learned in[1] alone, a normalization's both inputs and what is kept, an
 *   activation's the output or (mish, swish) the input, a product's the inputs, a head's and a softmax's the output
 * @grad_out: gradient of the output, in its layout (a convolution's: of the value before the activation)
 * @grad_in: gradient of input @input, in its layout
 *
 * Returns: (transfer full) (nullable): the call, NULL where the library ran out of memory. Thread: as the kernel.
 */
EspCall *
esp_call_new_backward (EspKernel *kernel, guint input, const EspCallValues *values, const void *grad_out, void *grad_in)
{
  EspCall *call = call_new (kernel, values);

  g_assert (kernel->spec.backward && kernel->row->backward != NULL && input < kernel->spec.n_in);
  call->is_backward = TRUE;
  call->input = input;
  call->grad_out = grad_out;
  call->grad_in = grad_in;
  return call_bind (call);
}

/**
 * esp_call_run:
 * @call: a bound kernel
 * @add: backward: add to the gradient of the input instead of storing it; ESP_OP_CONVOLUTION_WEIGHTS and ESP_OP_CHANNEL_SUMS: add to the
 *   output; anything else leaves it FALSE
 *
 * A normalization's backward may run in place, its gradients of input and output the same memory, where it does not add.
 * Returns: FALSE where the library failed. Allocates nothing of ours. Thread: as the kernel.
 */
gboolean
esp_call_run (EspCall *call, gboolean add)
{
  const EspKernelRow *row = call->kernel->row;

  call->add = add;
  return call->is_backward ? row->backward (call, add) : row->forward (call);
}

/** esp_call_bends: Returns: whether esp_call_run_bent() runs this backward call. Thread: any. */
gboolean
esp_call_bends (const EspCall *call)
{
  return call->is_backward && call->kernel->row->backward_bent != NULL;
}

/**
 * esp_call_run_bent:
 * @call: a backward call that esp_call_bends()
 * @add: as of esp_call_run(); FALSE with @in
 * @out: (nullable): the slope of the activation behind the operation: its grad_in is the call's gradient of the output
 * @out_scores: (out) (nullable): n * c numbers, of @out as esp_product_bend() gives them
 * @in: (nullable): the slope of the activation before the operation: the call's gradient of the input is that before this activation, and
 *   grad_out and grad_in are not looked at
 * @in_scores: (out) (nullable): n * c numbers, likewise
 *
 * esp_product_bend() @out, esp_call_run() and esp_product_bend() @in in one pass, the same bits. Thread: as the kernel.
 */
gboolean
esp_call_run_bent (EspCall *call, gboolean add, const EspProductBend *out, float *out_scores, const EspProductBend *in, float *in_scores)
{
  return call->kernel->row->backward_bent (call, add, out, out_scores, in, in_scores);
}

/** esp_call_free: @call: (transfer full): frees it and gives its kernel back. */
void
esp_call_free (EspCall *call)
{
  const EspKernelRow *row = call->kernel->row;

  if (call->bound != NULL)
    row->unbind (call->bound);
  esp_kernel_unref (call->kernel);
  g_free (call->in);
  g_free (call);
}
