/* trainer-engine.c: the engines of a run, one for each size of input that comes, within a budget */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer-private.h"

#include "base/error.h"

#define USUAL_BUDGET ((gsize) 2 << 30) /* of engines that wait, where no budget is set */

static guint
part_of (const EspTrainer *trainer)
{
  return trainer->keys->batch / trainer->keys->subdivisions;
}

static const guint *
watched (const EspTrainer *trainer, GArray *layers, guint *n)
{
  for (guint i = 0; i < trainer->terms->len; i++)
    {
      const EspObjective *objective = ((const EspTerm *) g_ptr_array_index (trainer->terms, i))->objective;
      guint n_own = 0;
      const guint *own = objective->watch != NULL ? objective->watch (trainer->states[i], &n_own) : NULL;

      if (n_own > 0)
        g_array_append_vals (layers, own, n_own);
    }
  *n = layers->len;
  return (const guint *) (void *) layers->data;
}

static EspEngine *
make_engine (EspTrainer *trainer, int width, int height, GError **error)
{
  const EspShape own = esp_network_get_input (trainer->network);
  g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (EspNetwork) network = NULL;
  EspEngineOptions options = { .mode = ESP_MODE_TRAIN, .backend = ESP_BACKEND_ONEDNN, .bn = ESP_BN_ALEXEY };

  network = own.w == width && own.h == height ? esp_network_ref (trainer->network)
                                              : esp_network_resized (trainer->network, width, height, error);
  if (network == NULL)
    return NULL;
  if (!esp_network_shares_weights (trainer->network, network))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                   "a connected layer ties these weights to pictures of %d × %d: they cannot be trained on %d × %d", own.w, own.h, width,
                   height);
      return NULL;
    }
  options.batch = part_of (trainer);
  options.vector = trainer->vector;
  options.memory = trainer->options.memory;
  options.freeze = trainer->options.freeze;
  options.watch = watched (trainer, layers, &options.n_watch);
  return esp_engine_new (network, NULL, &options, NULL, error);
}

static gsize
bytes_of (const EspTrainer *trainer)
{
  gsize n = 0;

  for (guint i = 0; i < trainer->engines->len; i++)
    n += esp_engine_get_bytes (g_ptr_array_index (trainer->engines, i));
  return n;
}

/* Those that were used longest ago go first; the last one stays whatever it takes. */
static void
keep_budget (EspTrainer *trainer)
{
  const gsize budget = trainer->options.memory > 0 ? trainer->options.memory : USUAL_BUDGET;

  while (trainer->engines->len > 1 && bytes_of (trainer) > budget)
    g_ptr_array_remove_index (trainer->engines, 0);
}

static void
describe (EspTrainer *trainer)
{
  g_autofree char *memory = esp_engine_describe_memory (trainer->engine);

  pthread_mutex_lock (&trainer->lock);
  if (trainer->plan->len == 0)
    g_string_assign (trainer->plan, memory);
  trainer->progress.memory = MAX (trainer->progress.memory, bytes_of (trainer));
  pthread_mutex_unlock (&trainer->lock);
}

/* (transfer none) (nullable): an engine of that size, which becomes the one used last. */
static EspEngine *
find_engine (EspTrainer *trainer, int width, int height)
{
  for (guint i = 0; i < trainer->engines->len; i++)
    {
      EspEngine *engine = g_ptr_array_index (trainer->engines, i);
      const EspShape input = esp_network_get_input (esp_engine_get_network (engine));

      if (input.w != width || input.h != height)
        continue;
      g_ptr_array_add (trainer->engines, g_ptr_array_steal_index (trainer->engines, i));
      return engine;
    }
  return NULL;
}

/* Before one of that size is made, so that the budget holds while it is: it takes at most what the last one takes, in proportion to the
 * pixels. */
static void
make_room (EspTrainer *trainer, int width, int height)
{
  while (trainer->options.memory > 0 && trainer->engines->len > 0)
    {
      EspEngine *last = g_ptr_array_index (trainer->engines, trainer->engines->len - 1);
      const EspShape input = esp_network_get_input (esp_engine_get_network (last));
      const double more = MAX (1.0, (double) width * height / ((double) input.w * input.h));

      if ((double) bytes_of (trainer) + more * (double) esp_engine_get_bytes (last) <= (double) trainer->options.memory)
        return;
      g_ptr_array_remove_index (trainer->engines, 0);
    }
}

/** esp_trainer_drop_engines: what computes goes, and what feeds it. Thread: lane. */
void
esp_trainer_drop_engines (EspTrainer *trainer)
{
  trainer->engine = NULL;
  g_clear_pointer (&trainer->engines, g_ptr_array_unref);
  g_clear_pointer (&trainer->feeder, esp_feeder_free);
}

/**
 * esp_trainer_size_engine:
 * @width: of the inputs to come, pixels
 * @height: likewise
 * @error: those of esp_network_resized() and esp_engine_new()
 *
 * trainer->engine becomes one for such inputs. Engines wait for their size to come again while all together keep to the budget: making one
 * means asking the system for all of its memory. No number depends on it.
 */
gboolean
esp_trainer_size_engine (EspTrainer *trainer, int width, int height, GError **error)
{
  EspEngine *engine;

  if (trainer->engines == NULL)
    trainer->engines = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_engine_unref);
  trainer->engine = find_engine (trainer, width, height);
  if (trainer->engine != NULL)
    return TRUE;
  make_room (trainer, width, height);
  engine = make_engine (trainer, width, height, error);
  if (engine == NULL)
    return FALSE;
  g_ptr_array_add (trainer->engines, engine);
  trainer->engine = engine;
  keep_budget (trainer);
  describe (trainer);
  return TRUE;
}
