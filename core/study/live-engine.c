/* live-engine.c: the engine of a mask, made from the last one's parts */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "study/live-private.h"

/** live_new_engine: Returns: (transfer full): an engine of batch 1 in @backend. Thread: lane. */
EspEngine *
live_new_engine (EspLive *live, EspBackendKind backend, EspNetwork *network, EspWeights *weights, EspEngine *reuse, GError **error)
{
  const EspEngineOptions options = {
    .mode = ESP_MODE_INFER,
    .backend = backend,
    .bn = live->material->options.bn,
    .batch = 1,
  };

  return esp_engine_new (network, weights, &options, reuse, error);
}

/** live_whole_engine: Returns: (transfer full): the whole network's, kept for good. Thread: lane. */
EspEngine *
live_whole_engine (EspLive *live, GError **error)
{
  if (live->whole == NULL)
    live->whole = live_new_engine (live, live->material->options.backend, live->material->network, live->material->weights, NULL, error);
  return live->whole != NULL ? esp_engine_ref (live->whole) : NULL;
}

/** live_cut: Returns: (transfer none) (nullable): the network cut to @mask, which goes with the next mask; blocks that the last one has too
 * are shared with it. Thread: lane. */
EspCut *
live_cut (EspLive *live, EspMask *mask, GError **error)
{
  const EspHash hash = esp_mask_get_hash (mask);
  EspCut *cut;

  if (live->cut != NULL && esp_hash_equal (live->cut_hash, hash))
    return live->cut;
  cut = esp_cut_new (live->material->network, live->material->weights, mask, live->cut, error);
  if (cut == NULL)
    return NULL;
  g_clear_pointer (&live->cut, esp_cut_unref);
  live->cut = cut;
  live->cut_hash = hash;
  return cut;
}

/**
 * esp_live_engine:
 * @live: the evaluator
 * @mask: what is kept
 * @error: why the cut or the engine was refused
 *
 * Cuts and builds, sharing what the last engine has of the same shape and parameters; the last one is kept, and the whole network's for
 * good.
 * Returns: (transfer full): an engine of batch 1. Thread: lane.
 */
EspEngine *
esp_live_engine (EspLive *live, EspMask *mask, GError **error)
{
  const EspHash hash = esp_mask_get_hash (mask);
  g_autoptr (EspEngine) whole = NULL, engine = NULL;
  EspCut *cut;

  if (esp_mask_is_full (mask))
    return live_whole_engine (live, error);
  if (live->engine != NULL && esp_hash_equal (live->engine_hash, hash))
    return esp_engine_ref (live->engine);
  whole = live_whole_engine (live, error);
  cut = whole != NULL ? live_cut (live, mask, error) : NULL;
  if (cut == NULL)
    return NULL;
  engine = live_new_engine (live, live->material->options.backend, esp_cut_get_network (cut), esp_cut_get_weights (cut),
                            live->engine != NULL ? live->engine : whole, error);
  if (engine == NULL)
    return NULL;
  g_clear_pointer (&live->engine, esp_engine_unref);
  live->engine = esp_engine_ref (engine);
  live->engine_hash = hash;
  return g_steal_pointer (&engine);
}

/** live_new_pass: Returns: (transfer full): a pass of @engine over what was opened. Thread: lane. */
EspPass *
live_new_pass (EspLive *live, EspEngine *engine)
{
  const EspMaterial *m = live->material;

  return esp_pass_new (engine, m->dataset, m->map, m->cache, &m->options);
}
