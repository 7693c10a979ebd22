/* onednn.c: convolutions by oneDNN (version 2), values blocked by its vector width; the rest of the set is blocked-*.c
 *
 * Only onednn*.[ch] include dnnl.h. Primitives fix their thread count when they are made, so a kernel is made and run in one lane.
 * Scratchpads are ours (the caller's scratch), so that a run allocates nothing large. */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/onednn-private.h"

#include <string.h>

#include "base/error.h"
#include "kernels/blocked.h"

#define N_ARGS 5

/* One direction of a convolution: reads @from, writes @to, reordering where the primitive wants another layout than the value has. */
typedef struct
{
  dnnl_primitive_t primitive;
  dnnl_primitive_t reorder_from, reorder_to;          /* NULL where the value's layout is the primitive's */
  dnnl_memory_desc_t from, to, own_from, own_to, pad; /* of the values, of the primitive, of its scratchpad */
  dnnl_memory_desc_t plain_weights, own_weights;
  dnnl_primitive_t reorder_weights; /* learned ones, where the primitive wants them in another order */
  dnnl_memory_t weights, bias;      /* NULL where they are learned */
  int from_arg, to_arg;
} Pass;

typedef struct
{
  Pass forward, backward;
  float *bias;
  gboolean bends; /* the activation is not the primitive's: it follows */
} Convolution;

/* A pass tied to addresses. */
typedef struct
{
  dnnl_memory_t from, to, own_from, own_to, sum, pad;
  dnnl_memory_t weights, own_weights, bias; /* learned ones */
  dnnl_exec_arg_t args[N_ARGS], sum_args[N_ARGS];
  int n_args;
  void *sum_data;
} Bound;

static dnnl_engine_t engine;
static dnnl_stream_t stream;

gboolean
esp_onednn_start (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      gboolean fine = dnnl_engine_create (&engine, dnnl_cpu, 0) == dnnl_success
                      && dnnl_stream_create (&stream, engine, dnnl_stream_default_flags) == dnnl_success;

      g_once_init_leave (&once, fine ? 1 : 2);
    }
  return once == 1;
}

dnnl_engine_t
esp_onednn_engine (void)
{
  return engine;
}

dnnl_stream_t
esp_onednn_stream (void)
{
  return stream;
}

/** esp_onednn_block: Returns: channels side by side that this processor's kernels like: 16 with AVX-512, else 8. Thread: any. */
int
esp_onednn_block (void)
{
  return (dnnl_get_effective_cpu_isa () & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core ? 16 : 8;
}

dnnl_memory_desc_t
esp_onednn_describe (const EspLayout *layout)
{
  const dnnl_dims_t dims = { layout->shape.n, layout->shape.c, layout->shape.h, layout->shape.w };
  dnnl_format_tag_t tag = layout->block == 16 ? dnnl_nChw16c : layout->block == 8 ? dnnl_nChw8c : dnnl_nchw;
  dnnl_memory_desc_t md;

  dnnl_memory_desc_init_by_tag (&md, 4, dims, layout->size == sizeof (guint16) ? dnnl_bf16 : dnnl_f32, tag);
  return md;
}

dnnl_memory_desc_t
esp_onednn_describe_any (const EspLayout *layout)
{
  dnnl_memory_desc_t md = esp_onednn_describe (layout);
  dnnl_memory_desc_t any;

  dnnl_memory_desc_init_by_tag (&any, 4, md.dims, md.data_type, dnnl_format_tag_any);
  return any;
}

dnnl_memory_desc_t
esp_onednn_describe_weights (const EspGeometry *geometry, int o, int i, gboolean any)
{
  const dnnl_dim_t g = geometry->groups, h = geometry->size_h, w = geometry->size_w;
  const dnnl_dims_t one = { o, i, h, w }, many = { g, o / g, i / g, h, w };
  dnnl_memory_desc_t md;

  if (g == 1)
    dnnl_memory_desc_init_by_tag (&md, 4, one, dnnl_f32, any ? dnnl_format_tag_any : dnnl_oihw);
  else
    dnnl_memory_desc_init_by_tag (&md, 5, many, dnnl_f32, any ? dnnl_format_tag_any : dnnl_goihw);
  return md;
}

static dnnl_memory_desc_t
describe_weights (const EspSpec *spec, gboolean any)
{
  return esp_onednn_describe_weights (&spec->geometry, spec->out.shape.c, spec->in[0].shape.c, any);
}

/* The same function in the library, where it has one that keeps to the definition for small and for large numbers: its elu loses the digits
 * of small ones. The rest is run over the output afterwards. */
static const struct
{
  dnnl_alg_kind_t kind;
  float scale, alpha, beta;
} post_ops[ESP_N_ACTIVATIONS] = {
  [ESP_ACTIVATION_LEAKY] = { dnnl_eltwise_relu, 1, 0.1f, 0 },  [ESP_ACTIVATION_RELU] = { dnnl_eltwise_relu, 1, 0, 0 },
  [ESP_ACTIVATION_RELIE] = { dnnl_eltwise_relu, 1, 0.01f, 0 }, [ESP_ACTIVATION_RELU6] = { dnnl_eltwise_clip, 1, 0, 6 },
  [ESP_ACTIVATION_HARDTAN] = { dnnl_eltwise_clip, 1, -1, 1 },  [ESP_ACTIVATION_LOGISTIC] = { dnnl_eltwise_logistic, 1, 0, 0 },
  [ESP_ACTIVATION_MISH] = { dnnl_eltwise_mish, 1, 0, 0 },      [ESP_ACTIVATION_SWISH] = { dnnl_eltwise_swish, 1, 1, 0 },
  [ESP_ACTIVATION_TANH] = { dnnl_eltwise_tanh, 1, 0, 0 },      [ESP_ACTIVATION_RAMP] = { dnnl_eltwise_relu, 1.1f, 0.1f / 1.1f, 0 },
};

gboolean
esp_onednn_ends_in (EspActivation activation)
{
  return activation == ESP_ACTIVATION_LINEAR || post_ops[activation].scale != 0;
}

dnnl_primitive_attr_t
esp_onednn_attributes (EspActivation activation)
{
  dnnl_primitive_attr_t attr = NULL;
  dnnl_post_ops_t ops = NULL;

  dnnl_primitive_attr_create (&attr);
  dnnl_primitive_attr_set_scratchpad_mode (attr, dnnl_scratchpad_mode_user);
  if (activation == ESP_ACTIVATION_LINEAR || !esp_onednn_ends_in (activation))
    return attr;
  dnnl_post_ops_create (&ops);
  dnnl_post_ops_append_eltwise (ops, post_ops[activation].scale, post_ops[activation].kind, post_ops[activation].alpha,
                                post_ops[activation].beta);
  dnnl_primitive_attr_set_post_ops (attr, ops);
  dnnl_post_ops_destroy (ops);
  return attr;
}

const char *
esp_onednn_implementation (const_dnnl_primitive_desc_t pd)
{
  const char *name = "";

  dnnl_primitive_desc_query (pd, dnnl_query_impl_info_str, 0, &name);
  return name;
}

/* The primitive descriptor with these value layouts, or NULL. @hint: (nullable): of the forward, makes the backward one. */
static dnnl_primitive_desc_t
try_layouts (const EspSpec *spec,
             const dnnl_memory_desc_t *in,
             const dnnl_memory_desc_t *out,
             const_dnnl_primitive_attr_t attr,
             const_dnnl_primitive_desc_t hint)
{
  const EspGeometry *g = &spec->geometry;
  const dnnl_dims_t strides = { g->stride_h, g->stride_w }, dilates = { g->dilation - 1, g->dilation - 1 }, dims = { spec->out.shape.c };
  const dnnl_dims_t pad = { g->pad, g->pad };
  dnnl_memory_desc_t weights = describe_weights (spec, TRUE), bias;
  dnnl_convolution_desc_t desc;
  dnnl_primitive_desc_t pd = NULL;
  dnnl_status_t status;

  weights.data_type = in->data_type;
  dnnl_memory_desc_init_by_tag (&bias, 1, dims, dnnl_f32, dnnl_a);
  if (hint == NULL)
    status = dnnl_dilated_convolution_forward_desc_init (&desc, dnnl_forward_inference, dnnl_convolution_direct, in, &weights,
                                                         spec->learned && spec->n_in < 3 ? NULL : &bias, out, strides, dilates, pad, pad);
  else
    status
        = dnnl_dilated_convolution_backward_data_desc_init (&desc, dnnl_convolution_direct, in, &weights, out, strides, dilates, pad, pad);
  if (status != dnnl_success || dnnl_primitive_desc_create (&pd, &desc, attr, engine, hint) != dnnl_success)
    return NULL;
  return pd;
}

/* The values' own layouts where a fast kernel takes them, else those of whichever kernel is fast. A set of halves multiplies in them even
 * where the value that it reads is float. */
static dnnl_primitive_desc_t
choose (const EspKernelSet *set, const EspSpec *spec, const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint)
{
  dnnl_memory_desc_t in = esp_onednn_describe (&spec->in[0]), out = esp_onednn_describe (&spec->out);
  dnnl_memory_desc_t any_in = esp_onednn_describe_any (&spec->in[0]), any_out = esp_onednn_describe_any (&spec->out);
  dnnl_primitive_desc_t own, any;

  if (set->half)
    in.data_type = any_in.data_type = dnnl_bf16;
  own = try_layouts (spec, &in, &out, attr, hint);
  if (own != NULL && strncmp (esp_onednn_implementation (own), "ref", 3) != 0)
    return own;
  any = try_layouts (spec, &any_in, &any_out, attr, hint);
  if (any == NULL)
    return own;
  if (own != NULL)
    dnnl_primitive_desc_destroy (own);
  return any;
}

static dnnl_primitive_t
make_reorder (const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, const_dnnl_primitive_attr_t attr)
{
  dnnl_primitive_desc_t pd = NULL;
  dnnl_primitive_t primitive = NULL;

  if (dnnl_reorder_primitive_desc_create (&pd, from, engine, to, engine, attr) != dnnl_success)
    return NULL;
  if (dnnl_primitive_create (&primitive, pd) != dnnl_success)
    primitive = NULL;
  dnnl_primitive_desc_destroy (pd);
  return primitive;
}

dnnl_primitive_t
esp_onednn_reorder (const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to)
{
  return make_reorder (from, to, NULL);
}

dnnl_primitive_t
esp_onednn_reorder_adding (const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to)
{
  dnnl_primitive_attr_t attr = NULL;
  dnnl_post_ops_t ops = NULL;
  dnnl_primitive_t primitive;

  dnnl_primitive_attr_create (&attr);
  dnnl_post_ops_create (&ops);
  dnnl_post_ops_append_sum (ops, 1);
  dnnl_primitive_attr_set_post_ops (attr, ops);
  dnnl_post_ops_destroy (ops);
  primitive = make_reorder (from, to, attr);
  dnnl_primitive_attr_destroy (attr);
  return primitive;
}

gboolean
esp_onednn_run_reorder (dnnl_primitive_t primitive, dnnl_memory_t from, dnnl_memory_t to)
{
  const dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };

  return dnnl_primitive_execute (primitive, stream, 2, args) == dnnl_success;
}

/* Plain weights, the gain multiplied in double, packed as the primitive wants them. */
static dnnl_memory_t
pack_weights (const EspSpec *spec, const float *folded, const dnnl_memory_desc_t *wanted)
{
  dnnl_memory_desc_t plain = describe_weights (spec, FALSE);
  dnnl_memory_t from = NULL, to = NULL;
  dnnl_primitive_t reorder = esp_onednn_reorder (&plain, wanted);
  gboolean fine = reorder != NULL && dnnl_memory_create (&from, &plain, engine, (gpointer) folded) == dnnl_success
                  && dnnl_memory_create (&to, wanted, engine, DNNL_MEMORY_ALLOCATE) == dnnl_success
                  && esp_onednn_run_reorder (reorder, from, to);

  if (reorder != NULL)
    dnnl_primitive_destroy (reorder);
  if (from != NULL)
    dnnl_memory_destroy (from);
  if (fine)
    return to;
  if (to != NULL)
    dnnl_memory_destroy (to);
  return NULL;
}

static void
pass_clear (Pass *pass)
{
  const dnnl_primitive_t primitives[] = { pass->primitive, pass->reorder_from, pass->reorder_to, pass->reorder_weights };
  const dnnl_memory_t memories[] = { pass->weights, pass->bias };

  for (guint i = 0; i < G_N_ELEMENTS (primitives); i++)
    if (primitives[i] != NULL)
      dnnl_primitive_destroy (primitives[i]);
  for (guint i = 0; i < G_N_ELEMENTS (memories); i++)
    if (memories[i] != NULL)
      dnnl_memory_destroy (memories[i]);
}

static void
convolution_free (gpointer data)
{
  Convolution *convolution = data;

  pass_clear (&convolution->forward);
  pass_clear (&convolution->backward);
  g_free (convolution->bias);
  g_free (convolution);
}

/* Bytes of scratch: the scratchpad, then the reordered values and weights, then the term to add. */
static gsize
pass_scratch (const Pass *pass, gboolean backward)
{
  gsize bytes = ESP_ALIGNED (dnnl_memory_desc_get_size (&pass->pad));

  if (pass->reorder_from != NULL)
    bytes += ESP_ALIGNED (dnnl_memory_desc_get_size (&pass->own_from));
  if (pass->reorder_to != NULL)
    bytes += ESP_ALIGNED (dnnl_memory_desc_get_size (&pass->own_to));
  if (pass->reorder_weights != NULL)
    bytes += ESP_ALIGNED (dnnl_memory_desc_get_size (&pass->own_weights));
  if (backward)
    bytes += ESP_ALIGNED (dnnl_memory_desc_get_size (&pass->to));
  return bytes;
}

/* What every run does with learned weights. */
static gboolean
learn_weights (Pass *pass, const EspSpec *spec, const dnnl_memory_desc_t *wanted)
{
  pass->plain_weights = describe_weights (spec, FALSE);
  pass->own_weights = *wanted;
  if (dnnl_memory_desc_equal (&pass->plain_weights, wanted))
    return TRUE;
  pass->reorder_weights = esp_onednn_reorder (&pass->plain_weights, wanted);
  return pass->reorder_weights != NULL;
}

/* Fills a pass from its descriptor: the primitive, its weights, and the reorders between its layouts and the values'. */
static gboolean
pass_init (Pass *pass, const EspSpec *spec, dnnl_primitive_desc_t pd, const float *folded, gboolean backward)
{
  const dnnl_memory_desc_t *from, *to, *weights = dnnl_primitive_desc_query_md (pd, dnnl_query_weights_md, 0);

  from = dnnl_primitive_desc_query_md (pd, backward ? dnnl_query_diff_dst_md : dnnl_query_src_md, 0);
  to = dnnl_primitive_desc_query_md (pd, backward ? dnnl_query_diff_src_md : dnnl_query_dst_md, 0);
  pass->from = esp_onednn_describe (backward ? &spec->out : &spec->in[0]);
  pass->to = esp_onednn_describe (backward ? &spec->in[0] : &spec->out);
  pass->own_from = *from;
  pass->own_to = *to;
  pass->pad = *dnnl_primitive_desc_query_md (pd, dnnl_query_scratchpad_md, 0);
  pass->from_arg = backward ? DNNL_ARG_DIFF_DST : DNNL_ARG_SRC;
  pass->to_arg = backward ? DNNL_ARG_DIFF_SRC : DNNL_ARG_DST;
  if (!dnnl_memory_desc_equal (&pass->from, from) && (pass->reorder_from = esp_onednn_reorder (&pass->from, from)) == NULL)
    return FALSE;
  if (!dnnl_memory_desc_equal (&pass->to, to) && (pass->reorder_to = esp_onednn_reorder (to, &pass->to)) == NULL)
    return FALSE;
  if (spec->learned)
    return learn_weights (pass, spec, weights) && dnnl_primitive_create (&pass->primitive, pd) == dnnl_success;
  pass->weights = pack_weights (spec, folded, weights);
  return pass->weights != NULL && dnnl_primitive_create (&pass->primitive, pd) == dnnl_success;
}

static float *
fold (const EspSpec *spec, float **bias)
{
  gsize filters = (gsize) spec->out.shape.c;
  gsize each = (gsize) (spec->in[0].shape.c / spec->geometry.groups) * (gsize) (spec->geometry.size_h * spec->geometry.size_w);
  float *folded = g_new (float, filters *each);

  *bias = g_new (float, filters);
  for (gsize f = 0; f < filters; f++)
    {
      double gain = spec->gain != NULL ? spec->gain[f] : 1.0;

      (*bias)[f] = (float) spec->bias[f];
      for (gsize i = 0; i < each; i++)
        folded[f * each + i] = (float) (gain * (double) spec->weights[f * each + i]);
    }
  return folded;
}

static gboolean
compile_passes (Convolution *convolution, EspKernel *kernel, const EspSpec *spec, const float *folded)
{
  dnnl_primitive_attr_t attr = esp_onednn_attributes (spec->activation), bare = esp_onednn_attributes (ESP_ACTIVATION_LINEAR);
  dnnl_primitive_desc_t forward = choose (kernel->set, spec, attr, NULL), backward = NULL;
  dnnl_memory_desc_t bias;
  gboolean fine = forward != NULL && pass_init (&convolution->forward, spec, forward, folded, FALSE);

  if (fine)
    {
      bias = *dnnl_primitive_desc_query_md (forward, dnnl_query_weights_md, 1);
      fine = spec->learned || dnnl_memory_create (&convolution->forward.bias, &bias, engine, convolution->bias) == dnnl_success;
      kernel->name = esp_onednn_implementation (forward);
      kernel->scratch = pass_scratch (&convolution->forward, FALSE);
    }
  if (fine && spec->backward)
    {
      backward = choose (kernel->set, spec, bare, forward);
      fine = backward != NULL && pass_init (&convolution->backward, spec, backward, folded, TRUE);
      kernel->scratch = fine ? MAX (kernel->scratch, pass_scratch (&convolution->backward, TRUE)) : 0;
    }
  for (guint i = 0; i < 2; i++)
    if ((i == 0 ? forward : backward) != NULL)
      dnnl_primitive_desc_destroy (i == 0 ? forward : backward);
  dnnl_primitive_attr_destroy (attr);
  dnnl_primitive_attr_destroy (bare);
  return fine;
}

static gsize
memory_bytes (dnnl_memory_t memory)
{
  const dnnl_memory_desc_t *md = NULL;

  if (memory == NULL || dnnl_memory_get_memory_desc (memory, &md) != dnnl_success)
    return 0;
  return dnnl_memory_desc_get_size (md);
}

static gboolean
convolution_compile (EspKernel *kernel, const EspSpec *spec, GError **error)
{
  Convolution *convolution = g_new0 (Convolution, 1);
  g_autofree float *folded = spec->learned ? NULL : fold (spec, &convolution->bias);

  kernel->compiled = convolution;
  convolution->bends = !esp_onednn_ends_in (spec->activation);
  if (!esp_onednn_start () || !compile_passes (convolution, kernel, spec, folded))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "oneDNN has no convolution of %d × %d × %d, %d filters of %d × %d",
                   spec->in[0].shape.c, spec->in[0].shape.h, spec->in[0].shape.w, spec->out.shape.c, spec->geometry.size_h,
                   spec->geometry.size_w);
      return FALSE;
    }
  kernel->packed = spec->learned ? 0
                                 : memory_bytes (convolution->forward.weights) + memory_bytes (convolution->backward.weights)
                                       + (gsize) spec->out.shape.c * sizeof (float);
  g_debug ("convolution %d to %d, %d x %d: %s", spec->in[0].shape.c, spec->out.shape.c, spec->geometry.size_h, spec->geometry.size_w,
           kernel->name);
  return TRUE;
}

static void
bound_free (gpointer data)
{
  Bound *bound = data;
  const dnnl_memory_t memories[]
      = { bound->from, bound->to, bound->own_from, bound->own_to, bound->sum, bound->pad, bound->weights, bound->own_weights, bound->bias };

  for (guint i = 0; i < G_N_ELEMENTS (memories); i++)
    if (memories[i] != NULL)
      dnnl_memory_destroy (memories[i]);
  g_free (bound);
}

gboolean
esp_onednn_take_scratch (dnnl_memory_t *memory, const dnnl_memory_desc_t *md, char **scratch)
{
  gsize bytes = dnnl_memory_desc_get_size (md);
  gboolean fine = dnnl_memory_create (memory, md, engine, *scratch) == dnnl_success;

  *scratch += ESP_ALIGNED (bytes);
  return fine;
}

static void
bound_arguments (Bound *bound, const Pass *pass, gboolean sum, dnnl_exec_arg_t *args)
{
  dnnl_memory_t to = pass->reorder_to != NULL ? bound->own_to : sum ? bound->sum : bound->to;
  int n = 0;

  args[n++] = (dnnl_exec_arg_t){ pass->from_arg, pass->reorder_from != NULL ? bound->own_from : bound->from };
  args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_WEIGHTS, pass->weights != NULL           ? pass->weights
                                                   : pass->reorder_weights != NULL ? bound->own_weights
                                                                                   : bound->weights };
  args[n++] = (dnnl_exec_arg_t){ pass->to_arg, to };
  if (bound->pad != NULL)
    args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_SCRATCHPAD, bound->pad };
  if (pass->bias != NULL || bound->bias != NULL)
    args[n++] = (dnnl_exec_arg_t){ DNNL_ARG_BIAS, pass->bias != NULL ? pass->bias : bound->bias };
  bound->n_args = n;
}

/* Weights and bias that are values of the call. */
static gboolean
bind_learned (EspCall *call, const Pass *pass, Bound *bound, char **scratch)
{
  const EspSpec *spec = &call->kernel->spec;
  const dnnl_dims_t dims = { spec->out.shape.c };
  dnnl_memory_desc_t bias;

  if (dnnl_memory_create (&bound->weights, &pass->plain_weights, engine, (gpointer) call->in[1]) != dnnl_success)
    return FALSE;
  if (pass->reorder_weights != NULL && !esp_onednn_take_scratch (&bound->own_weights, &pass->own_weights, scratch))
    return FALSE;
  dnnl_memory_desc_init_by_tag (&bias, 1, dims, dnnl_f32, dnnl_a);
  return call->is_backward || spec->n_in < 3 || dnnl_memory_create (&bound->bias, &bias, engine, (gpointer) call->in[2]) == dnnl_success;
}

static gboolean
convolution_bind (EspCall *call)
{
  Convolution *convolution = call->kernel->compiled;
  const Pass *pass = call->is_backward ? &convolution->backward : &convolution->forward;
  Bound *bound = g_new0 (Bound, 1);
  const void *from = call->is_backward ? call->grad_out : call->in[0];
  void *to = call->is_backward ? call->grad_in : call->out;
  char *scratch = call->scratch;
  gboolean fine;

  call->bound = bound;
  fine = dnnl_memory_create (&bound->from, &pass->from, engine, (gpointer) from) == dnnl_success
         && dnnl_memory_create (&bound->to, &pass->to, engine, to) == dnnl_success;
  if (dnnl_memory_desc_get_size (&pass->pad) > 0)
    fine = fine && esp_onednn_take_scratch (&bound->pad, &pass->pad, &scratch);
  if (pass->reorder_from != NULL)
    fine = fine && esp_onednn_take_scratch (&bound->own_from, &pass->own_from, &scratch);
  if (pass->reorder_to != NULL)
    fine = fine && esp_onednn_take_scratch (&bound->own_to, &pass->own_to, &scratch);
  if (call->kernel->spec.learned)
    fine = fine && bind_learned (call, pass, bound, &scratch);
  bound->sum_data = scratch;
  if (call->is_backward)
    fine = fine && esp_onednn_take_scratch (&bound->sum, &pass->to, &scratch);
  bound_arguments (bound, pass, FALSE, bound->args);
  bound_arguments (bound, pass, TRUE, bound->sum_args);
  return fine;
}

static gboolean
run_pass (EspCall *call, const Pass *pass, gboolean add)
{
  Bound *bound = call->bound;

  if (pass->reorder_from != NULL && !esp_onednn_run_reorder (pass->reorder_from, bound->from, bound->own_from))
    return FALSE;
  if (pass->reorder_weights != NULL && !esp_onednn_run_reorder (pass->reorder_weights, bound->weights, bound->own_weights))
    return FALSE;
  if (dnnl_primitive_execute (pass->primitive, stream, bound->n_args, add ? bound->sum_args : bound->args) != dnnl_success)
    return FALSE;
  if (pass->reorder_to != NULL && !esp_onednn_run_reorder (pass->reorder_to, bound->own_to, add ? bound->sum : bound->to))
    return FALSE;
  if (add)
    esp_layout_add (&call->kernel->spec.in[0], bound->sum_data, call->grad_in);
  return TRUE;
}

static gboolean
convolution_forward (EspCall *call)
{
  const Convolution *convolution = call->kernel->compiled;
  const EspSpec *spec = &call->kernel->spec;

  if (!run_pass (call, &convolution->forward, FALSE))
    return FALSE;
  if (convolution->bends)
    esp_activate_value (spec->activation, &spec->out, call->out, call->out);
  return TRUE;
}

static gboolean
convolution_backward (EspCall *call, gboolean add)
{
  return run_pass (call, &((Convolution *) call->kernel->compiled)->backward, add);
}

const EspKernelRow esp_onednn_convolution = {
  .compile = convolution_compile,
  .release = convolution_free,
  .bind = convolution_bind,
  .unbind = bound_free,
  .forward = convolution_forward,
  .backward = convolution_backward,
};

/** esp_kernels_onednn: Returns: (transfer none): the fast set. Thread: any. */
const EspKernelSet *
esp_kernels_onednn (void)
{
  static const EspKernelRow *const convolutions[]
      = { &esp_direct_convolution, &esp_direct_image, &esp_direct_depth, &esp_direct_depth_explain, &esp_blocked_whole, NULL };
  static const EspKernelRow *const weights[] = { &esp_direct_weights, &esp_direct_point_weights, &esp_direct_depth_weights, NULL };
  static const EspKernelRow *const pools[] = { &esp_blocked_maxpool_bent, NULL };
  static const EspKernelSet set = {
    .name = "oneDNN",
    .size = sizeof (float),
    .block = esp_onednn_block,
    .special = { [ESP_OP_CONVOLUTION] = convolutions, [ESP_OP_CONVOLUTION_WEIGHTS] = weights, [ESP_OP_MAXPOOL] = pools },
    .rows = {
      [ESP_OP_CONVOLUTION] = &esp_onednn_convolution,
      [ESP_OP_CONVOLUTION_WEIGHTS] = &esp_onednn_convolution_weights,
      [ESP_OP_CHANNEL_SUMS] = &esp_blocked_channel_sums,
      [ESP_OP_NORMALIZE] = &esp_blocked_normalize,
      [ESP_OP_ACTIVATION] = &esp_blocked_activation,
      [ESP_OP_MAXPOOL] = &esp_blocked_maxpool,
      [ESP_OP_AVGPOOL] = &esp_blocked_avgpool,
      [ESP_OP_UPSAMPLE] = &esp_blocked_upsample,
      [ESP_OP_CONCAT] = &esp_blocked_concat,
      [ESP_OP_ADD] = &esp_blocked_add,
      [ESP_OP_ADD_WEIGHTS] = &esp_add_weights,
      [ESP_OP_HEAD] = &esp_blocked_head,
      [ESP_OP_SOFTMAX] = &esp_blocked_softmax,
      [ESP_OP_MULTIPLY] = &esp_blocked_multiply,
      [ESP_OP_REORG] = &esp_blocked_reorg,
    },
  };

  return &set;
}
