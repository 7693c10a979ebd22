/* latency-pair.c: two networks of the same layers timed in turns, whole, by parts and by layers
 *
 * A machine drifts: its clock falls, other programs come and go. So the two take turns, the one that begins changes from turn to turn, and
 * both meet the same weather. A turn is some forwards in a row after one that is not counted: what the other network left in the caches is
 * no part of a time. */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/latency-pair.h"

#include "net/engine-clock.h"

#define WARM_UPS 10

/* One of the two: its series of times are the whole, then parts, then layers, each @most long. */
typedef struct
{
  EspEngine *engine;
  float *input;
  double *layers; /* of the last forward */
  double *times;
  guint n; /* in each series */
} Side;

typedef struct
{
  const EspLatencyPairInput *input;
  Side sides[2];
  guint n_layers, most;
  gint64 end;
  EspJob *job;
} Run;

static void
run_clear (Run *run)
{
  for (guint s = 0; s < 2; s++)
    {
      if (run->sides[s].engine != NULL)
        esp_engine_watch_time (run->sides[s].engine, NULL);
      g_free (run->sides[s].input);
      g_free (run->sides[s].layers);
      g_free (run->sides[s].times);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static double *
series (const Run *run, Side *side, guint index)
{
  return side->times + (gsize) index * run->most;
}

static void
note (const Run *run, Side *side, double milliseconds)
{
  const guint n_parts = run->input->n_parts, at = side->n++;

  series (run, side, 0)[at] = milliseconds;
  for (guint i = 0; i < run->n_layers; i++)
    {
      const int part = run->input->parts != NULL ? run->input->parts[i] : -1;

      series (run, side, 1 + n_parts + i)[at] = side->layers[i];
      if (part >= 0 && (guint) part < n_parts)
        series (run, side, 1 + (guint) part)[at] += side->layers[i];
    }
}

static gboolean
run_once (Run *run, Side *side, gboolean counts, GError **error)
{
  const gint64 begun = g_get_monotonic_time ();

  if (!esp_engine_forward (side->engine, side->input, run->job, error))
    return FALSE;
  if (counts)
    note (run, side, (double) (g_get_monotonic_time () - begun) / 1000);
  return TRUE;
}

static gboolean
warm_up (Run *run, GError **error)
{
  for (guint i = 0; i < WARM_UPS && (i == 0 || g_get_monotonic_time () < run->end); i++)
    for (guint s = 0; s < 2; s++)
      if (!run_once (run, &run->sides[s], FALSE, error))
        return FALSE;
  return TRUE;
}

static gboolean
take_turn (Run *run, Side *side, GError **error)
{
  if (!run_once (run, side, FALSE, error))
    return FALSE;
  for (guint i = 0; i < run->input->repeats; i++)
    if (!run_once (run, side, TRUE, error))
      return FALSE;
  return TRUE;
}

static EspLatencyPair *
summarise (Run *run, guint turns)
{
  EspLatencyPair *pair = g_new0 (EspLatencyPair, 1);
  const guint n_series = 1 + run->input->n_parts + run->n_layers;
  g_autofree EspLatencySpan *spans = g_new (EspLatencySpan, n_series);

  for (guint i = 0; i < n_series; i++)
    spans[i] = (EspLatencySpan){ esp_latency_of (series (run, &run->sides[0], i), run->sides[0].n),
                                 esp_latency_of (series (run, &run->sides[1], i), run->sides[1].n) };
  pair->whole = spans[0];
  pair->turns = turns;
  pair->n_parts = run->input->n_parts;
  pair->n_layers = run->n_layers;
  pair->parts = g_new (EspLatencySpan, pair->n_parts + 1);
  pair->layers = g_new (EspLatencySpan, pair->n_layers);
  for (guint i = 0; i < pair->n_parts; i++)
    pair->parts[i] = spans[1 + i];
  for (guint i = 0; i < pair->n_layers; i++)
    pair->layers[i] = spans[1 + pair->n_parts + i];
  return pair;
}

static void
prepare (Run *run)
{
  EspEngine *const engines[] = { run->input->before, run->input->after };

  for (guint s = 0; s < 2; s++)
    {
      Side *side = &run->sides[s];

      side->engine = engines[s];
      side->input = esp_latency_noise (engines[s]);
      side->layers = g_new0 (double, run->n_layers);
      side->times = g_new0 (double, (gsize) (1 + run->input->n_parts + run->n_layers) * run->most);
      esp_engine_watch_time (side->engine, side->layers);
    }
}

/**
 * esp_latency_pair_measure:
 * @input: the two engines and how often they run
 * @job: (nullable): its progress is turns; cancels between two layers
 * @error: those of a forward
 *
 * 10 warm-ups of each, then turns; noise is run, decoding and suppression are not in it. A part's time is that of its layers in one
 * forward, so that its quartiles are of sums. Warm-ups count as time too.
 *
 * Returns: (transfer full): medians and quartiles in milliseconds, or NULL. Thread: lane, with nothing else running.
 */
EspLatencyPair *
esp_latency_pair_measure (const EspLatencyPairInput *input, EspJob *job, GError **error)
{
  g_auto (Run) run = { .input = input, .job = job };
  guint turns = 0;

  run.n_layers = esp_network_get_n_layers (esp_engine_get_network (input->before));
  g_return_val_if_fail (input->turns >= 1 && input->repeats >= 1 && input->turns <= ESP_LATENCY_MOST / input->repeats, NULL);
  g_return_val_if_fail (run.n_layers == esp_network_get_n_layers (esp_engine_get_network (input->after)), NULL);
  run.most = input->turns * input->repeats;
  run.end = g_get_monotonic_time () + (gint64) (input->seconds * G_USEC_PER_SEC);
  prepare (&run);
  if (!warm_up (&run, error))
    return NULL;
  while (turns < input->turns && (turns == 0 || g_get_monotonic_time () < run.end))
    {
      if (!take_turn (&run, &run.sides[turns % 2], error) || !take_turn (&run, &run.sides[1 - turns % 2], error))
        return NULL;
      esp_job_set_progress (job, ++turns, input->turns);
    }
  return summarise (&run, turns);
}

/** esp_latency_pair_free: @pair: (nullable). */
void
esp_latency_pair_free (EspLatencyPair *pair)
{
  if (pair == NULL)
    return;
  g_free (pair->parts);
  g_free (pair->layers);
  g_free (pair);
}
