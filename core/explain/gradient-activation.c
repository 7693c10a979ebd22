/* gradient-activation.c: gradient × activation, method 1's attribution */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "explain/explainer-private.h"
#include "net/engine-watch.h"

/* Where a channel is judged: the convolution before batch normalisation; elsewhere the output. */
static EspAt
place_of (const EspLayer *layer)
{
  return layer->kind == ESP_LAYER_CONVOLUTIONAL ? ESP_AT_CONV : ESP_AT_OUT;
}

/* Scores of every channel need no gradient once it has passed by. Where more is asked of such a run it is made again whole, the same bits,
 * and so are those after it. */
typedef struct
{
  float *input;      /* (owned) of the last run that was lean */
  EspTarget *target; /* (owned) likewise */
  gboolean is_lean;  /* the last run, and it was not made again */
  gboolean whole;    /* scores were not enough once */
} State;

static gboolean
begin (EspExplainer *explainer, G_GNUC_UNUSED GError **error)
{
  explainer->state = g_new0 (State, 1);
  return TRUE;
}

static void
finish (gpointer data)
{
  State *state = data;

  g_free (state->input);
  g_clear_pointer (&state->target, esp_target_unref);
  g_free (state);
}

static EspEngine *
get_lean (EspExplainer *explainer, GError **error)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_EXPLAIN, .backend = explainer->options.backend, .bn = explainer->options.bn, .batch = 1, .lean = TRUE };

  if (explainer->lean == NULL)
    explainer->lean = esp_engine_new (explainer->network, explainer->weights, &options,
                                      explainer->engine != NULL ? explainer->engine : explainer->pixels, error);
  return explainer->lean;
}

static void
keep_question (const EspExplainer *explainer, State *state, const float *input, const EspTarget *target)
{
  g_free (state->input);
  g_clear_pointer (&state->target, esp_target_unref);
  state->input = g_memdup2 (input, esp_shape_count (esp_network_get_input (explainer->network)) * sizeof *input);
  state->target = esp_target_ref ((EspTarget *) target);
}

static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error)
{
  State *state = explainer->state;
  EspEngine *engine;

  state->is_lean = layer == ESP_EVERY_LAYER && !state->whole;
  engine = state->is_lean ? get_lean (explainer, error) : esp_explainer_get_engine (explainer, FALSE, error);
  if (engine == NULL)
    return FALSE;
  if (layer == ESP_EVERY_LAYER)
    esp_engine_watch_products (engine, ESP_AT_CONV, ESP_REDUCE_MAX);
  if (state->is_lean)
    keep_question (explainer, state, input, target);
  return esp_explainer_gradient (explainer, engine, input, target, job, error);
}

/* The engine that holds all gradients of the last run, or NULL. */
static EspEngine *
get_whole (EspExplainer *explainer, GError **error)
{
  State *state = explainer->state;
  EspEngine *engine = esp_explainer_get_engine (explainer, FALSE, error);

  if (engine == NULL || !state->is_lean)
    return engine;
  if (!esp_explainer_gradient (explainer, engine, state->input, state->target, NULL, error))
    return NULL;
  state->is_lean = FALSE;
  state->whole = TRUE;
  return engine;
}

/* R = A * dT/dA elementwise, A the convolution's output before batch normalisation, as a channel's score takes it; of other layers the
 * output. Signed: what raises T is positive. A channel whose gamma is 0 passes no gradient and has R = 0. */
static gboolean
map (EspExplainer *explainer, int layer, int channel, float *values, GError **error)
{
  const EspLayer *of = esp_network_get_layer (explainer->network, (guint) layer);
  EspEngine *engine = get_whole (explainer, error);

  return engine != NULL && esp_engine_map_product (engine, (guint) layer, place_of (of), 0, channel, values, error);
}

/* r[c] = max over h, w of A * dT/dA, in the engine's own layout. */
static gboolean
score (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error)
{
  const State *state = explainer->state;
  const gboolean passed = state->is_lean && at == ESP_AT_CONV && reduce == ESP_REDUCE_MAX;
  EspEngine *engine = passed ? explainer->lean : get_whole (explainer, error);

  return engine != NULL && esp_engine_reduce_product (engine, layer, at, reduce, scores, error);
}

const EspAttribution esp_attribution_gradient_activation = {
  .id = "gradient-activation",
  .title = N_ ("Gradient × activation"),
  .source = "Shi, Li, Yamaguchi 2020, Comput. Electron. Agric. 169:105214 (GradAM)",
  .unit = "gradient × activation, logits",
  .is_signed = TRUE,
  .gives = ESP_GIVES_LAYERS | ESP_GIVES_CHANNELS,
  .open = begin,
  .close = finish,
  .run = run,
  .map = map,
  .score = score,
};
