/* engine-gradients.c: which gradients stay after a backward, how long the others live, and which share a place */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/engine-private.h"

#include <string.h>

/* Backward follows forward: when the step of a layer hands on its gradient. */
static int
time_back (const EspEngine *engine, int layer)
{
  return 2 * (int) engine->n - 1 - layer;
}

/* When the first reader of @layer hands on what it has: the last one in the network. */
static int
first_arrival (EspEngine *engine, int layer)
{
  int last = layer;

  for (int i = layer + 1; i < (int) engine->n; i++)
    for (guint k = 0; k < esp_engine_step (engine, i)->layer->n_inputs; k++)
      if (esp_engine_step (engine, i)->layer->inputs[k] == layer)
        last = i;
  return time_back (engine, last);
}

/* Whether input @k of a step gets the step's own gradient as it is. */
static gboolean
hands_on (EspEngine *engine, const EspStep *step, guint k)
{
  const EspLayer *layer = step->layer;
  const EspStep *input = esp_engine_step (engine, layer->inputs[k]);

  if (step->root != (int) layer->index)
    return TRUE;
  return layer->kind == ESP_LAYER_SHORTCUT && layer->shortcut.weights == ESP_ADD_UNWEIGHTED && layer->shortcut.alpha == 1
         && layer->shortcut.beta == 1 && memcmp (&input->layout.shape, &step->layout.shape, sizeof step->layout.shape) == 0;
}

/* The only reader of @layer where that is one that hands on its gradient as it is and has not lent its place yet: the place then does for
 * both, since the reader is done with it. */
static EspStep *
find_lender (EspEngine *engine, int layer)
{
  guint n = 0;
  const guint *readers = esp_network_get_consumers (engine->network, (guint) layer, &n);
  EspStep *reader = n == 1 ? esp_engine_step (engine, readers[0]) : NULL;
  guint at = 0, times = 0;

  if (reader == NULL || reader->holds || reader->lends)
    return NULL;
  for (guint k = 0; k < reader->layer->n_inputs; k++)
    if (reader->layer->inputs[k] == layer)
      at = k, times++;
  return times == 1 && hands_on (engine, reader, at) ? reader : NULL;
}

/* Of a lean engine: a gradient that nobody will read lives until its step has handed it on, and the one before an activation takes its
 * place. */
static void
want_passing (EspEngine *engine, int layer, gsize bytes)
{
  EspStep *step = esp_engine_step (engine, layer), *lender = find_lender (engine, layer);

  if (lender == NULL)
    {
      esp_place_want (&step->grad, bytes, first_arrival (engine, layer), time_back (engine, layer));
      return;
    }
  lender->lends = TRUE;
  step->grad_root = lender->grad_root;
  esp_engine_step (engine, step->grad_root)->grad.to = time_back (engine, layer);
}

/**
 * esp_engine_want_gradients:
 * @engine: an explain engine, compiled
 *
 * Asks for the places of all gradients. Those of a lean engine come and go along the way back, so that few of them are alive at a time and
 * stay in the cache; all others, and those of layers in its watch, stay.
 */
void
esp_engine_want_gradients (EspEngine *engine)
{
  const EspEngineOptions *options = &engine->options;
  const int end = esp_engine_end (engine);

  for (int i = -1; i < (int) engine->n; i++)
    {
      esp_engine_step (engine, i)->grad_root = i;
      esp_engine_step (engine, i)->holds = !options->lean || i < 0;
    }
  for (guint k = 0; options->lean && k < options->n_watch; k++)
    if (options->watch[k] < engine->n)
      esp_engine_step (engine, options->watch[k])->holds = TRUE;
  engine->options.watch = NULL; /* the caller's */
  for (int i = (int) engine->n - 1; i >= (options->pixels ? -1 : 0); i--)
    {
      EspStep *step = esp_engine_step (engine, i);
      const gsize bytes = esp_layout_get_bytes (&step->layout);

      if (!step->holds)
        {
          want_passing (engine, i, bytes);
          continue;
        }
      esp_place_want (&step->grad, bytes, first_arrival (engine, i), end);
      if (step->bend != NULL)
        esp_place_want (&step->pre_grad, bytes, first_arrival (engine, i), end);
    }
}

/** esp_engine_share_gradients: once the arena is there: gives those gradients their address that have none of their own. */
void
esp_engine_share_gradients (EspEngine *engine)
{
  for (guint i = 0; i < engine->n; i++)
    {
      EspStep *step = esp_engine_step (engine, i);

      step->grad.data = esp_engine_step (engine, step->grad_root)->grad.data;
      if (step->bend != NULL && !step->holds)
        step->pre_grad.data = step->grad.data;
    }
}
