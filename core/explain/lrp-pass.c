/* lrp-pass.c: relevance from the heads back to the image, layer by layer */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/lrp-private.h"

#include <string.h>

#include "base/error.h"

/* R = M * Y at what a head reads, as the engine's seeds say it. */
static void
start (EspLrp *lrp)
{
  lrp->shares = (EspLrpShares){ 0 };
  for (int i = -1; i < (int) lrp->n; i++)
    {
      EspLrpStep *step = esp_lrp_step (lrp, i);
      EspEngineLook look;

      esp_engine_look (lrp->engine, i, &look);
      step->arrived = look.seed != NULL || look.seed_before != NULL;
      if (look.seed != NULL)
        esp_relevance_take (&look.layout, look.out, 1, look.seed, step->relevance, FALSE);
      if (look.seed_before != NULL)
        esp_relevance_take (&look.layout, look.before, look.below, look.seed_before, step->relevance, look.seed != NULL);
      if (step->arrived)
        lrp->shares.target += esp_relevance_sum (&look.layout, step->relevance);
    }
}

static gboolean
copy (EspLrp *lrp, EspLrpStep *step)
{
  EspLrpStep *to = esp_lrp_step (lrp, step->layer->inputs[step->copied]);
  EspEngineLook look;

  esp_engine_look (lrp->engine, (int) step->layer->index, &look);
  if (to->arrived)
    esp_layout_add (&look.layout, step->relevance, to->relevance);
  else
    memcpy (to->relevance, step->relevance, esp_layout_get_bytes (&look.layout));
  to->arrived = TRUE;
  return TRUE;
}

static gboolean
move (EspLrp *lrp, EspLrpStep *step)
{
  for (guint k = 0; k < step->layer->n_inputs; k++)
    {
      EspLrpStep *to = esp_lrp_step (lrp, step->layer->inputs[k]);

      if (!esp_call_run (step->back[k], to->arrived))
        return FALSE;
      to->arrived = TRUE;
    }
  return TRUE;
}

/* R_k = a_k * sum over j of w_kj R_j / (z_j + stabiliser). */
static gboolean
epsilon (EspLrp *lrp, EspLrpStep *step)
{
  EspRelevanceShares shares = { 0, 0 };
  EspEngineLook look;

  esp_engine_look (lrp->engine, (int) step->layer->index, &look);
  esp_relevance_divide_whole (&look.layout, look.before, look.below, look.shift, step->rule.without, step->rule.epsilon, step->relevance,
                              lrp->to_raising, &shares);
  for (guint k = 0; k < step->layer->n_inputs; k++)
    {
      EspLrpStep *to = esp_lrp_step (lrp, step->layer->inputs[k]);

      if (!esp_call_run (step->back[k], FALSE))
        return FALSE;
      esp_engine_look (lrp->engine, step->layer->inputs[k], &look);
      esp_relevance_take (&look.layout, look.out, 1, lrp->parcel, to->relevance, to->arrived);
      to->arrived = TRUE;
    }
  lrp->shares.bias += shares.bias;
  lrp->shares.absorbed += shares.absorbed;
  return TRUE;
}

/* The sums of one layer by the signs of what it reads and of its weights. @any: whether the inputs have a lower part. */
static gboolean
add_up (EspLrp *lrp, EspLrpStep *step, gboolean any, EspRelevanceSums *sums)
{
  for (guint product = 0; product < ESP_LRP_N_PRODUCTS; product++)
    {
      const gboolean low_in = product == ESP_LRP_MINUS_MINUS || product == ESP_LRP_MINUS_PLUS;

      if (step->run[product] == NULL || (low_in && !any))
        continue;
      if (!esp_call_run (step->run[product], FALSE))
        return FALSE;
      if (product <= ESP_LRP_MINUS_MINUS)
        sums->raising[product] = lrp->sums[product];
      else
        sums->lowering[product - ESP_LRP_PLUS_MINUS] = lrp->sums[product];
    }
  return TRUE;
}

/* Input @k's part on one side, times what its two products give for each unit of it. */
static gboolean
hand_on (EspLrp *lrp, EspLrpStep *step, guint k, EspLrpProduct raising, EspLrpProduct lowering, const char *part)
{
  EspLrpStep *to = esp_lrp_step (lrp, step->layer->inputs[k]);
  EspEngineLook look;
  gboolean any = FALSE;
  const EspLrpProduct products[] = { raising, lowering };

  for (guint i = 0; i < G_N_ELEMENTS (products); i++)
    if (step->share[products[i]] != NULL)
      {
        if (!esp_call_run (step->share[products[i]][k], any))
          return FALSE;
        any = TRUE;
      }
  if (!any)
    return TRUE;
  esp_engine_look (lrp->engine, step->layer->inputs[k], &look);
  esp_relevance_take (&look.layout, part + esp_lrp_input_at (lrp, step->layer, k), 1, lrp->parcel, to->relevance, to->arrived);
  to->arrived = TRUE;
  return TRUE;
}

static gboolean
signs (EspLrp *lrp, EspLrpStep *step)
{
  EspRelevanceShares shares = { 0, 0 };
  EspRelevanceSums sums = { .raising = { NULL } };
  EspEngineLook look;
  gboolean any = FALSE;

  for (guint k = 0; k < step->layer->n_inputs; k++)
    {
      const gsize at = esp_lrp_input_at (lrp, step->layer, k);

      esp_engine_look (lrp->engine, step->layer->inputs[k], &look);
      any |= esp_relevance_split (&look.layout, look.out, step->rule.split, lrp->plus + at, lrp->minus + at);
    }
  esp_engine_look (lrp->engine, (int) step->layer->index, &look);
  sums.bias = step->rule.split == ESP_SPLIT_ONES || step->rule.without ? NULL : look.shift;
  if (!add_up (lrp, step, any, &sums))
    return FALSE;
  esp_relevance_divide (&look.layout, &sums, step->rule.divide, step->rule.alpha, step->relevance, lrp->to_raising, lrp->to_lowering,
                        &shares);
  for (guint k = 0; k < step->layer->n_inputs; k++)
    if (!hand_on (lrp, step, k, ESP_LRP_PLUS_PLUS, ESP_LRP_PLUS_MINUS, lrp->plus)
        || (any && !hand_on (lrp, step, k, ESP_LRP_MINUS_MINUS, ESP_LRP_MINUS_PLUS, lrp->minus)))
      return FALSE;
  lrp->shares.bias += shares.bias;
  lrp->shares.absorbed += shares.absorbed;
  return TRUE;
}

static gboolean
step_back (EspLrp *lrp, EspLrpStep *step)
{
  switch (step->way)
    {
    case ESP_LRP_COPY:
      return copy (lrp, step);
    case ESP_LRP_MOVE:
      return move (lrp, step);
    case ESP_LRP_EPSILON:
      return epsilon (lrp, step);
    case ESP_LRP_SIGNS:
    default:
      return signs (lrp, step);
    }
}

/**
 * esp_lrp_pass:
 * @lrp: compiled
 * @job: (nullable): cancels between two layers
 * @error: G_IO_ERROR_CANCELLED; ESP_ERROR_UNSUPPORTED where a kernel fails
 *
 * After a forward and with seeds set: hands R = M * Y back to every layer and the image. Activations pass relevance through; a product's
 * goes whole to what is gated, a pool's of the largest to the first largest in row-major order. Runs again give the same bits. Allocates
 * nothing.
 * Thread: lane.
 */
gboolean
esp_lrp_pass (EspLrp *lrp, EspJob *job, GError **error)
{
  EspEngineLook image;

  lrp->ran = FALSE;
  start (lrp);
  for (guint i = lrp->n; i-- > 0;)
    {
      EspLrpStep *step = esp_lrp_step (lrp, i);

      if (!esp_job_check (job, error))
        return FALSE;
      if (step->arrived && !step_back (lrp, step))
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u [%s]: handing its relevance on failed", i,
                       esp_layer_kind_name (step->layer->kind));
          return FALSE;
        }
    }
  esp_engine_look (lrp->engine, -1, &image);
  if (esp_lrp_step (lrp, -1)->arrived)
    lrp->shares.input = esp_relevance_sum (&image.layout, esp_lrp_step (lrp, -1)->relevance);
  lrp->ran = TRUE;
  return TRUE;
}
