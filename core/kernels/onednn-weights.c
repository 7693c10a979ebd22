/* onednn-weights.c: the gradient of a convolution's weights and bias by oneDNN
 *
 * An operation of its own: it reads what the convolution read and the gradient of what it made, and leaves plain weights, then biases.
 * Biases are summed here, in double: oneDNN's float sums over large maps were off by more than twice what others' are. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/onednn-private.h"

#include <string.h>

#include "base/error.h"
#include "kernels/blocked.h"

/* A value and the layout the primitive wants it in. */
typedef struct
{
  dnnl_memory_desc_t value, own;
  dnnl_primitive_t reorder; /* NULL where they are the same */
} Leg;

typedef struct
{
  dnnl_primitive_t primitive;
  Leg in, grad, weights;
  dnnl_memory_desc_t pad;
  dnnl_primitive_t add; /* weights.own to weights.value, added to what is there */
} Learn;

/* A leg tied to addresses. */
typedef struct
{
  dnnl_memory_t value, own; /* own: NULL where the value is read as it is */
} BoundLeg;

typedef struct
{
  BoundLeg in, grad, weights;
  dnnl_memory_t sum; /* weights in scratch, to be added */
  dnnl_memory_t pad;
  dnnl_exec_arg_t args[4], add_args[4];
  int n_args;
} Bound;

static dnnl_primitive_desc_t
try_layouts (const EspSpec *spec, const dnnl_memory_desc_t *in, const dnnl_memory_desc_t *grad, const_dnnl_primitive_attr_t attr)
{
  const EspGeometry *g = &spec->geometry;
  const dnnl_dims_t strides = { g->stride_h, g->stride_w }, dilates = { g->dilation - 1, g->dilation - 1 };
  const dnnl_dims_t pad = { g->pad, g->pad };
  dnnl_memory_desc_t weights = esp_onednn_describe_weights (g, spec->in[1].shape.c, spec->in[0].shape.c, TRUE);
  dnnl_convolution_desc_t forward, desc;
  dnnl_primitive_desc_t hint = NULL, pd = NULL;

  if (dnnl_dilated_convolution_forward_desc_init (&forward, dnnl_forward_training, dnnl_convolution_direct, in, &weights, NULL, grad,
                                                  strides, dilates, pad, pad)
          != dnnl_success
      || dnnl_dilated_convolution_backward_weights_desc_init (&desc, dnnl_convolution_direct, in, &weights, NULL, grad, strides, dilates,
                                                              pad, pad)
             != dnnl_success
      || dnnl_primitive_desc_create (&hint, &forward, NULL, esp_onednn_engine (), NULL) != dnnl_success)
    return NULL;
  if (dnnl_primitive_desc_create (&pd, &desc, attr, esp_onednn_engine (), hint) != dnnl_success)
    pd = NULL;
  dnnl_primitive_desc_destroy (hint);
  return pd;
}

/* The values' own layouts where a fast kernel takes them, else those of whichever kernel is fast. */
static dnnl_primitive_desc_t
choose (const EspSpec *spec)
{
  dnnl_primitive_attr_t attr = esp_onednn_attributes (ESP_ACTIVATION_LINEAR);
  dnnl_memory_desc_t in = esp_onednn_describe (&spec->in[0]), grad = esp_onednn_describe (&spec->in[1]);
  dnnl_memory_desc_t any_in = esp_onednn_describe_any (&spec->in[0]), any_grad = esp_onednn_describe_any (&spec->in[1]);
  dnnl_primitive_desc_t pd = try_layouts (spec, &in, &grad, attr);

  if (pd == NULL || strncmp (esp_onednn_implementation (pd), "ref", 3) == 0)
    {
      dnnl_primitive_desc_t any = try_layouts (spec, &any_in, &any_grad, attr);

      if (any != NULL && pd != NULL)
        dnnl_primitive_desc_destroy (pd);
      pd = any != NULL ? any : pd;
    }
  dnnl_primitive_attr_destroy (attr);
  return pd;
}

static gboolean
leg_init (Leg *leg, dnnl_memory_desc_t value, const dnnl_memory_desc_t *own, gboolean outwards)
{
  leg->value = value;
  leg->own = *own;
  if (dnnl_memory_desc_equal (&value, own))
    return TRUE;
  leg->reorder = outwards ? esp_onednn_reorder (own, &value) : esp_onednn_reorder (&value, own);
  return leg->reorder != NULL;
}

static gsize
leg_scratch (const Leg *leg)
{
  return leg->reorder != NULL ? ESP_ALIGNED (dnnl_memory_desc_get_size (&leg->own)) : 0;
}

static gboolean
learn_init (Learn *learn, const EspSpec *spec, dnnl_primitive_desc_t pd)
{
  dnnl_memory_desc_t weights = esp_onednn_describe_weights (&spec->geometry, spec->in[1].shape.c, spec->in[0].shape.c, FALSE);

  learn->pad = *dnnl_primitive_desc_query_md (pd, dnnl_query_scratchpad_md, 0);
  return leg_init (&learn->in, esp_onednn_describe (&spec->in[0]), dnnl_primitive_desc_query_md (pd, dnnl_query_src_md, 0), FALSE)
         && leg_init (&learn->grad, esp_onednn_describe (&spec->in[1]), dnnl_primitive_desc_query_md (pd, dnnl_query_diff_dst_md, 0), FALSE)
         && leg_init (&learn->weights, weights, dnnl_primitive_desc_query_md (pd, dnnl_query_diff_weights_md, 0), TRUE)
         && (learn->add = esp_onednn_reorder_adding (&learn->weights.own, &weights)) != NULL
         && dnnl_primitive_create (&learn->primitive, pd) == dnnl_success;
}

static void
learn_free (gpointer data)
{
  Learn *learn = data;
  const dnnl_primitive_t primitives[] = { learn->primitive, learn->in.reorder, learn->grad.reorder, learn->weights.reorder, learn->add };

  for (guint i = 0; i < G_N_ELEMENTS (primitives); i++)
    if (primitives[i] != NULL)
      dnnl_primitive_destroy (primitives[i]);
  g_free (learn);
}

static gboolean
learn_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Learn *learn = g_new0 (Learn, 1);
  dnnl_primitive_desc_t pd = esp_onednn_start () ? choose (spec) : NULL;
  gboolean fine = pd != NULL && learn_init (learn, spec, pd);

  kernel->compiled = learn;
  if (fine)
    {
      kernel->name = esp_onednn_implementation (pd);
      kernel->scratch = ESP_ALIGNED (dnnl_memory_desc_get_size (&learn->pad)) + leg_scratch (&learn->in) + leg_scratch (&learn->grad)
                        + ESP_ALIGNED (dnnl_memory_desc_get_size (&learn->weights.own));
    }
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "oneDNN has no gradient of the weights of a convolution of %d channels to %d",
                 spec->in[0].shape.c, spec->in[1].shape.c);
  if (pd != NULL)
    dnnl_primitive_desc_destroy (pd);
  return fine;
}

static void
bound_free (gpointer data)
{
  Bound *bound = data;
  const dnnl_memory_t memories[] = { bound->in.value,      bound->in.own,      bound->grad.value, bound->grad.own,
                                     bound->weights.value, bound->weights.own, bound->sum,        bound->pad };

  for (guint i = 0; i < G_N_ELEMENTS (memories); i++)
    if (memories[i] != NULL)
      dnnl_memory_destroy (memories[i]);
  g_free (bound);
}

static gboolean
leg_bind (BoundLeg *bound, const Leg *leg, const void *data, char **scratch)
{
  return dnnl_memory_create (&bound->value, &leg->value, esp_onednn_engine (), (gpointer) data) == dnnl_success
         && (leg->reorder == NULL || esp_onednn_take_scratch (&bound->own, &leg->own, scratch));
}

static dnnl_memory_t
leg_memory (const BoundLeg *bound)
{
  return bound->own != NULL ? bound->own : bound->value;
}

/* Where the gradient of the weights lies before it is added. */
static dnnl_memory_t
adding_memory (const Bound *bound)
{
  return bound->sum != NULL ? bound->sum : bound->weights.own;
}

static gboolean
learn_bind (EspCall *call)
{
  const Learn *learn = call->kernel->compiled;
  Bound *bound = g_new0 (Bound, 1);
  char *scratch = call->scratch;
  gboolean fine;

  call->bound = bound;
  fine = leg_bind (&bound->in, &learn->in, call->in[0], &scratch) && leg_bind (&bound->grad, &learn->grad, call->in[1], &scratch)
         && leg_bind (&bound->weights, &learn->weights, call->out, &scratch)
         && (bound->weights.own != NULL || esp_onednn_take_scratch (&bound->sum, &learn->weights.own, &scratch))
         && (dnnl_memory_desc_get_size (&learn->pad) == 0 || esp_onednn_take_scratch (&bound->pad, &learn->pad, &scratch));
  bound->args[bound->n_args++] = (dnnl_exec_arg_t){ DNNL_ARG_SRC, leg_memory (&bound->in) };
  bound->args[bound->n_args++] = (dnnl_exec_arg_t){ DNNL_ARG_DIFF_DST, leg_memory (&bound->grad) };
  bound->args[bound->n_args++] = (dnnl_exec_arg_t){ DNNL_ARG_DIFF_WEIGHTS, leg_memory (&bound->weights) };
  if (bound->pad != NULL)
    bound->args[bound->n_args++] = (dnnl_exec_arg_t){ DNNL_ARG_SCRATCHPAD, bound->pad };
  memcpy (bound->add_args, bound->args, sizeof bound->args);
  bound->add_args[2].memory = adding_memory (bound);
  return fine;
}

static gboolean
learn_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const Learn *learn = call->kernel->compiled;
  const Bound *bound = call->bound;

  if (!spec->learned)
    esp_sum_channels (&spec->in[1], call->in[1], (float *) call->out + esp_shape_count (spec->out.shape), call->add);
  if (learn->in.reorder != NULL && !esp_onednn_run_reorder (learn->in.reorder, bound->in.value, bound->in.own))
    return FALSE;
  if (learn->grad.reorder != NULL && !esp_onednn_run_reorder (learn->grad.reorder, bound->grad.value, bound->grad.own))
    return FALSE;
  if (dnnl_primitive_execute (learn->primitive, esp_onednn_stream (), bound->n_args, call->add ? bound->add_args : bound->args)
      != dnnl_success)
    return FALSE;
  if (call->add)
    return esp_onednn_run_reorder (learn->add, adding_memory (bound), bound->weights.value);
  return learn->weights.reorder == NULL || esp_onednn_run_reorder (learn->weights.reorder, bound->weights.own, bound->weights.value);
}

const EspKernelRow esp_onednn_convolution_weights = {
  .compile = learn_compile,
  .release = learn_free,
  .bind = learn_bind,
  .unbind = bound_free,
  .forward = learn_forward,
};
