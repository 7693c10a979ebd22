/* speed.c: how much faster a plan makes a network, whole, by group and by layer */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/speed.h"

#include "net/cost.h"
#include "net/cut.h"
#include "net/engine-clock.h"

/**
 * esp_speed_parts:
 * @plan: the plan
 *
 * A convolution that can be cut belongs to its group; what has no parameters and no boxes, as a pool or a shortcut, to the group whose
 * channels it reads first. So the parts hold every layer once.
 * Returns: (transfer full) (array): of every layer its group, or the number of groups where it belongs to none. Thread: that of the plan.
 */
int *
esp_speed_parts (EspPlan *plan)
{
  const EspNetwork *network = esp_plan_get_network (plan);
  const guint n = esp_network_get_n_layers (network);
  const int none = (int) esp_plan_get_n_groups (plan);
  int *parts = g_new (int, n);

  for (guint i = 0; i < n; i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      const gboolean follows = esp_cost_of_layer (network, i).params == 0 && !esp_layer_is_head (layer) && layer->inputs[0] >= 0;
      const int group = esp_plan_group_of_layer (plan, i);

      parts[i] = group >= 0 ? group : follows ? parts[layer->inputs[0]] : none;
    }
  return parts;
}

static void
add_work (EspSpeedRow *to, const EspSpeedRow *layer)
{
  to->gain.bflops_before += layer->gain.bflops_before;
  to->gain.bflops_after += layer->gain.bflops_after;
  to->gain.blocked_before += layer->gain.blocked_before;
  to->gain.blocked_after += layer->gain.blocked_after;
}

static void
add_channels (EspSpeedRow *to, const EspSpeedRow *layer)
{
  to->n_before += layer->n_before;
  to->n_after += layer->n_after;
}

static void
fill_work (EspSpeed *speed, const EspSpeedInput *input)
{
  const guint n = speed->n_layers, block = esp_latency_block ();
  g_autofree double *work = g_new (double, 4 * n);

  esp_cost_work (input->network, NULL, block, work, work + n);
  esp_cost_work (input->network, input->mask, block, work + 2 * n, work + 3 * n);
  for (guint i = 0; i < n; i++)
    {
      EspLatencyGain *gain = &speed->layers[i].gain;

      gain->bflops_before = work[i];
      gain->blocked_before = work[n + i];
      gain->bflops_after = work[2 * n + i];
      gain->blocked_after = work[3 * n + i];
      add_work (&speed->whole, &speed->layers[i]);
      add_work (&speed->parts[input->parts[i]], &speed->layers[i]);
    }
}

static void
fill_layers (EspSpeed *speed, const EspSpeedInput *input, EspEngine *before, EspEngine *after)
{
  for (guint i = 0; i < speed->n_layers; i++)
    {
      const EspLayer *layer = esp_network_get_layer (input->network, i);
      EspSpeedRow *row = &speed->layers[i];

      row->n_before = (guint) layer->out.c;
      row->n_after = (guint) esp_network_get_layer (esp_engine_get_network (after), i)->out.c;
      row->kernel_before = g_strdup (esp_engine_get_kernel (before, i));
      row->kernel_after = g_strdup (esp_engine_get_kernel (after, i));
      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      add_channels (&speed->whole, row);
      add_channels (&speed->parts[input->parts[i]], row);
    }
}

static EspSpeed *
speed_new (const EspSpeedInput *input, EspEngine *before, EspEngine *after, const EspLatencyPair *pair)
{
  EspSpeed *speed = g_new0 (EspSpeed, 1);

  speed->n_parts = input->n_parts;
  speed->n_layers = pair->n_layers;
  speed->turns = pair->turns;
  speed->parts = g_new0 (EspSpeedRow, input->n_parts + 1);
  speed->layers = g_new0 (EspSpeedRow, pair->n_layers);
  speed->whole.gain.ms = pair->whole;
  for (guint i = 0; i < input->n_parts; i++)
    speed->parts[i].gain.ms = pair->parts[i];
  for (guint i = 0; i < pair->n_layers; i++)
    speed->layers[i].gain.ms = pair->layers[i];
  fill_work (speed, input);
  fill_layers (speed, input, before, after);
  return speed;
}

/**
 * esp_speed_measure:
 * @input: the network, what is kept of it, and how often it runs
 * @job: (nullable): its progress is turns
 * @error: those of cuts and engines; G_IO_ERROR_CANCELLED
 *
 * The cut network is really built; the two take turns (esp_latency_pair_measure()).
 * Returns: (transfer full): times with their quartiles, and work, before and after. Thread: lane, with nothing else running.
 */
EspSpeed *
esp_speed_measure (const EspSpeedInput *input, EspJob *job, GError **error)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = input->options->backend, .bn = input->options->bn, .batch = 1 };
  g_autoptr (EspCut) cut = esp_cut_new (input->network, input->weights, input->mask, NULL, error);
  g_autoptr (EspEngine) before = cut != NULL ? esp_engine_new (input->network, input->weights, &options, NULL, error) : NULL;
  g_autoptr (EspEngine) after = NULL;
  g_autoptr (EspLatencyPair) pair = NULL;
  EspLatencyPairInput run
      = { .parts = input->parts, .n_parts = input->n_parts, .turns = input->turns, .repeats = input->repeats, .seconds = input->seconds };

  if (before == NULL)
    return NULL;
  after = esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &options, NULL, error);
  if (after == NULL)
    return NULL;
  run.before = before;
  run.after = after;
  pair = esp_latency_pair_measure (&run, job, error);
  return pair != NULL ? speed_new (input, before, after, pair) : NULL;
}

static void
row_clear (EspSpeedRow *row)
{
  g_free (row->kernel_before);
  g_free (row->kernel_after);
}

/** esp_speed_free: @speed: (nullable). */
void
esp_speed_free (EspSpeed *speed)
{
  if (speed == NULL)
    return;
  for (guint i = 0; i < speed->n_layers; i++)
    row_clear (&speed->layers[i]);
  g_free (speed->parts);
  g_free (speed->layers);
  g_free (speed);
}
