/* lrp-compile.c: what each layer's relevance goes through, compiled once: kernels, and calls tied to their places */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/lrp-private.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"

#define ALIGNED(bytes) (((bytes) + 63) & ~(gsize) 63)

static gsize
bytes_of (const EspLrp *lrp, int layer)
{
  EspEngineLook look;

  esp_engine_look (lrp->engine, layer, &look);
  return ALIGNED (esp_layout_get_bytes (&look.layout));
}

/** esp_lrp_input_at: Returns: at which byte of plus and minus input @k of @layer begins. */
gsize
esp_lrp_input_at (const EspLrp *lrp, const EspLayer *layer, guint k)
{
  gsize at = 0;

  for (guint i = 0; i < k; i++)
    at += bytes_of (lrp, layer->inputs[i]);
  return at;
}

/* How many convolutions lie between each layer and the nearest head. */
static guint *
count_behind (const EspNetwork *network, guint n)
{
  guint *behind = g_new (guint, n);

  for (guint i = n; i-- > 0;)
    {
      guint n_readers;
      const guint *readers = esp_network_get_consumers (network, i, &n_readers);

      behind[i] = esp_layer_is_head (esp_network_get_layer (network, i)) ? 0 : G_MAXUINT / 2;
      for (guint k = 0; k < n_readers; k++)
        behind[i]
            = MIN (behind[i], behind[readers[k]] + (esp_network_get_layer (network, readers[k])->kind == ESP_LAYER_CONVOLUTIONAL ? 1 : 0));
    }
  return behind;
}

/* Whether some number that the inputs of a sum are multiplied by is below 0. */
static gboolean
subtracts (const EspSpec *spec, const EspParams *params)
{
  if (spec->op != ESP_OP_ADD)
    return FALSE;
  if (spec->geometry.weights == ESP_ADD_UNWEIGHTED)
    return spec->scale[0] < 0 || spec->scale[1] < 0;
  for (gsize i = 0; spec->geometry.normal == ESP_ADD_AS_IS && i < params->n_weights; i++)
    if (params->weights[i] < 0)
      return TRUE;
  return FALSE;
}

static void
choose_way (EspLrp *lrp, EspLrpStep *step, const EspSpec *spec)
{
  switch (spec->op)
    {
    case ESP_OP_CONVOLUTION:
      step->way = step->rule.signs ? ESP_LRP_SIGNS : ESP_LRP_EPSILON;
      break;
    case ESP_OP_ADD:
    case ESP_OP_AVGPOOL:
      step->way
          = step->rule.signs && !subtracts (spec, esp_weights_get (lrp->weights, step->layer->index)) ? ESP_LRP_SIGNS : ESP_LRP_EPSILON;
      step->rule.divide = ESP_DIVIDE_MATCHED;
      step->rule.split = ESP_SPLIT_SIGNS;
      break;
    case ESP_OP_MAXPOOL:
    case ESP_OP_UPSAMPLE:
    case ESP_OP_CONCAT:
    case ESP_OP_REORG:
      step->way = esp_layer_is_alias (step->layer) ? ESP_LRP_COPY : ESP_LRP_MOVE;
      break;
    case ESP_OP_MULTIPLY:
      step->way = ESP_LRP_COPY;
      step->copied = 1;
      break;
    default:
      step->way = ESP_LRP_COPY;
    }
}

/* The numbers of one sign of a layer's weights, as the folded batch normalisation leaves it; NULL where there are none. */
static float *
weights_of_sign (const EspParams *params, const double *gain, gboolean positive)
{
  g_autofree float *weights = g_new0 (float, params->n_weights);
  const gsize each = params->n_weights / params->filters;
  gboolean any = FALSE;

  for (gsize i = 0; i < params->n_weights; i++)
    {
      const double folded = (double) params->weights[i] * (gain != NULL ? gain[i / each] : 1);

      if (positive ? !(folded > 0) : !(folded < 0))
        continue;
      weights[i] = params->weights[i];
      any = TRUE;
    }
  return any ? g_steal_pointer (&weights) : NULL;
}

/* What a layer adds up, by weights of one sign and without bias. NULL without error: there are no such weights. */
static gboolean
compile_sign (EspLrp *lrp, const EspLrpStep *step, EspSpec *spec, gboolean positive, EspKernel **kernel, GError **error)
{
  const EspParams *params = esp_weights_get (lrp->weights, step->layer->index);
  g_autofree double *zero = g_new0 (double, spec->out.shape.c);
  g_autofree float *weights = NULL;
  EspEngineLook look;

  esp_engine_look (lrp->engine, (int) step->layer->index, &look);
  if (spec->op != ESP_OP_CONVOLUTION)
    {
      spec->weights = params != NULL ? params->weights : NULL;
      if (!positive)
        return TRUE;
    }
  else
    {
      if (step->rule.split == ESP_SPLIT_ONES && positive)
        {
          weights = g_new (float, params->n_weights);
          for (gsize i = 0; i < params->n_weights; i++)
            weights[i] = 1;
        }
      else if (step->rule.split != ESP_SPLIT_ONES)
        weights = weights_of_sign (params, look.gain, positive);
      if (weights == NULL)
        return TRUE;
      spec->weights = weights;
      spec->gain = step->rule.split == ESP_SPLIT_ONES ? NULL : look.gain;
      spec->bias = zero;
    }
  *kernel = esp_kernel_new (esp_engine_get_kernels (lrp->engine), spec, error);
  return *kernel != NULL;
}

static gboolean
compile_step (EspLrp *lrp, EspLrpStep *step, GError **error)
{
  const guint n = step->layer->n_inputs;
  g_autofree EspLayout *in = g_new (EspLayout, n);
  EspSpec spec = { .n_in = n, .in = in, .backward = TRUE };
  EspEngineLook look;

  for (guint k = 0; k < n; k++)
    {
      esp_engine_look (lrp->engine, step->layer->inputs[k], &look);
      in[k] = look.layout;
    }
  esp_engine_look (lrp->engine, (int) step->layer->index, &look);
  spec.out = look.layout;
  esp_layer_fill_spec (step->layer, &spec);
  choose_way (lrp, step, &spec);
  if (step->way == ESP_LRP_SIGNS)
    return compile_sign (lrp, step, &spec, TRUE, &step->raise, error) && compile_sign (lrp, step, &spec, FALSE, &step->lower, error);
  if (step->way == ESP_LRP_COPY)
    return TRUE;
  if (spec.op != ESP_OP_UPSAMPLE || spec.scale[0] == 1)
    {
      step->whole = esp_kernel_ref (look.kernel);
      return TRUE;
    }
  spec.scale[0] = 1;
  step->whole = esp_kernel_new (esp_engine_get_kernels (lrp->engine), &spec, error);
  return step->whole != NULL;
}

static gboolean
compile (EspLrp *lrp, const EspExplainer *explainer, EspLrpChoose choose, GError **error)
{
  g_autofree guint *behind = count_behind (explainer->network, lrp->n);

  for (guint i = 0; i < lrp->n; i++)
    {
      EspLrpStep *step = esp_lrp_step (lrp, i);

      step->layer = esp_network_get_layer (explainer->network, i);
      choose (explainer->values, step->layer, behind[i], &step->rule);
      if (!compile_step (lrp, step, error))
        return FALSE;
    }
  return TRUE;
}

/* How much of each kind of room the layers need. */
typedef struct
{
  gsize all, value, inputs, scratch;
} Room;

static void
count_room (const EspLrp *lrp, Room *room)
{
  *room = (Room){ bytes_of (lrp, -1), bytes_of (lrp, -1), 0, 0 };
  for (guint i = 0; i < lrp->n; i++)
    {
      const EspLrpStep *step = esp_lrp_step (lrp, i);
      EspKernel *const kernels[] = { step->whole, step->raise, step->lower };

      room->all += bytes_of (lrp, (int) i);
      room->value = MAX (room->value, bytes_of (lrp, (int) i));
      room->inputs = MAX (room->inputs, esp_lrp_input_at (lrp, step->layer, step->layer->n_inputs));
      for (guint k = 0; k < G_N_ELEMENTS (kernels); k++)
        if (kernels[k] != NULL)
          room->scratch = MAX (room->scratch, ALIGNED (esp_kernel_get_scratch (kernels[k])));
    }
}

static gboolean
allocate (EspLrp *lrp, GError **error)
{
  Room room;
  gsize bytes;
  char *at;

  count_room (lrp, &room);
  bytes = room.all + 2 * room.inputs + (ESP_LRP_N_PRODUCTS + 3) * room.value + room.scratch;
  lrp->arena = at = esp_pages_new (bytes);
  if (at == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "relevance needs %" G_GSIZE_FORMAT " MB, which could not be had", bytes >> 20);
      return FALSE;
    }
  memset (at, 0, bytes);
  for (int i = -1; i < (int) lrp->n; at += bytes_of (lrp, i), i++)
    esp_lrp_step (lrp, i)->relevance = at;
  for (guint i = 0; i < ESP_LRP_N_PRODUCTS; i++, at += room.value)
    lrp->sums[i] = at;
  lrp->to_raising = at;
  lrp->to_lowering = at += room.value;
  lrp->parcel = at += room.value;
  lrp->plus = at += room.value;
  lrp->minus = at += room.inputs;
  lrp->scratch = at + room.inputs;
  return TRUE;
}

static gboolean
bind_whole (EspLrp *lrp, EspLrpStep *step)
{
  const guint n = step->layer->n_inputs;
  g_autofree const void **in = g_new (const void *, n);
  EspEngineLook look;
  EspCallValues values = { .in = in, .scratch = lrp->scratch };

  for (guint k = 0; k < n; k++)
    {
      esp_engine_look (lrp->engine, step->layer->inputs[k], &look);
      in[k] = look.out;
    }
  esp_engine_look (lrp->engine, (int) step->layer->index, &look);
  values.out = (void *) look.out;
  values.kept = look.kept;
  step->back = g_new0 (EspCall *, n);
  for (guint k = 0; k < n; k++)
    {
      const gboolean move = step->way == ESP_LRP_MOVE;

      step->back[k] = esp_call_new_backward (step->whole, k, &values, move ? step->relevance : lrp->to_raising,
                                             move ? esp_lrp_step (lrp, step->layer->inputs[k])->relevance : lrp->parcel);
      if (step->back[k] == NULL)
        return FALSE;
    }
  return TRUE;
}

/* One of the four products: forward from one part of the inputs by one part of the weights, and back from what that side is given. */
static gboolean
bind_product (EspLrp *lrp, EspLrpStep *step, EspLrpProduct product)
{
  const guint n = step->layer->n_inputs;
  const gboolean low_in = product == ESP_LRP_MINUS_MINUS || product == ESP_LRP_MINUS_PLUS;
  const gboolean low_weights = product == ESP_LRP_MINUS_MINUS || product == ESP_LRP_PLUS_MINUS;
  const gboolean lowers = low_in != low_weights;
  EspKernel *kernel = low_weights ? step->lower : step->raise;
  g_autofree const void **in = g_new (const void *, n);
  const EspCallValues values = { in, lrp->sums[product], NULL, lrp->scratch };

  if (kernel == NULL || (lowers && step->rule.divide == ESP_DIVIDE_POSITIVE))
    return TRUE;
  for (guint k = 0; k < n; k++)
    in[k] = (low_in ? lrp->minus : lrp->plus) + esp_lrp_input_at (lrp, step->layer, k);
  step->run[product] = esp_call_new_forward (kernel, &values);
  step->share[product] = g_new0 (EspCall *, n);
  for (guint k = 0; k < n; k++)
    {
      step->share[product][k] = esp_call_new_backward (kernel, k, &values, lowers ? lrp->to_lowering : lrp->to_raising, lrp->parcel);
      if (step->share[product][k] == NULL)
        return FALSE;
    }
  return step->run[product] != NULL;
}

static gboolean
bind_step (EspLrp *lrp, EspLrpStep *step)
{
  if (step->way == ESP_LRP_COPY)
    return TRUE;
  if (step->way != ESP_LRP_SIGNS)
    return bind_whole (lrp, step);
  for (guint product = 0; product < ESP_LRP_N_PRODUCTS; product++)
    if (!bind_product (lrp, step, (EspLrpProduct) product))
      return FALSE;
  return TRUE;
}

static gboolean
bind (EspLrp *lrp, GError **error)
{
  for (guint i = 0; i < lrp->n; i++)
    if (!bind_step (lrp, esp_lrp_step (lrp, i)))
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "layer %u: the memory for its relevance could not be had", i);
        return FALSE;
      }
  return TRUE;
}

/**
 * esp_lrp_new:
 * @explainer: whose network, weights and knobs; its engine with pixels is made where there is none
 * @choose: the rule of each layer
 * @error: as esp_engine_new(), and ESP_ERROR_LIMIT
 *
 * Returns: (transfer full): all that a pass needs, compiled and tied to its places. Thread: lane.
 */
EspLrp *
esp_lrp_new (EspExplainer *explainer, EspLrpChoose choose, GError **error)
{
  EspEngine *engine = esp_explainer_get_engine (explainer, TRUE, error);
  EspLrp *lrp;

  if (engine == NULL)
    return NULL;
  lrp = g_new0 (EspLrp, 1);
  lrp->engine = engine;
  lrp->weights = explainer->weights;
  lrp->n = esp_network_get_n_layers (explainer->network);
  lrp->steps = g_new0 (EspLrpStep, lrp->n + 1);
  if (!compile (lrp, explainer, choose, error) || !allocate (lrp, error) || !bind (lrp, error))
    g_clear_pointer (&lrp, esp_lrp_free);
  return lrp;
}

static void
calls_free (EspCall **calls, guint n)
{
  for (guint k = 0; calls != NULL && k < n; k++)
    g_clear_pointer (&calls[k], esp_call_free);
  g_free (calls);
}

/** esp_lrp_free: frees @data (an EspLrp). Thread: lane, or any once the lane has stopped. */
void
esp_lrp_free (gpointer data)
{
  EspLrp *lrp = data;

  for (guint i = 1; i <= lrp->n; i++)
    {
      EspLrpStep *step = &lrp->steps[i];

      for (guint product = 0; product < ESP_LRP_N_PRODUCTS; product++)
        {
          g_clear_pointer (&step->run[product], esp_call_free);
          calls_free (step->share[product], step->share[product] != NULL ? step->layer->n_inputs : 0);
        }
      calls_free (step->back, step->back != NULL ? step->layer->n_inputs : 0);
      g_clear_pointer (&step->whole, esp_kernel_unref);
      g_clear_pointer (&step->raise, esp_kernel_unref);
      g_clear_pointer (&step->lower, esp_kernel_unref);
    }
  g_free (lrp->steps);
  free (lrp->arena);
  g_free (lrp);
}
