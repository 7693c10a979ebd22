/* latency.c: how long an image takes with one row's network, measured once and kept */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include "base/json.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"

#define SECONDS 2.0
#define TRIES   4
#define CALM    .1 /* of the median: quartiles that lie no farther apart are of a machine that did nothing else */

typedef struct
{
  EspBench *bench;
  EspNetwork *network;
  EspWeights *weights;
  EspLatency *latency;
  GError *error;
} Work;

static gboolean
is_calm (const EspLatency *latency)
{
  return latency->high_ms - latency->low_ms <= CALM * latency->median_ms;
}

/* Where other programs get in the way, up to four times, and the fastest counts. */
static void
work_run (gpointer data)
{
  Work *work = data;
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .batch = 1 };
  g_autoptr (EspEngine) engine = esp_engine_new (work->network, work->weights, &options, NULL, &work->error);

  for (guint i = 0; engine != NULL && i < TRIES && (i == 0 || !is_calm (work->latency)); i++)
    {
      EspLatency latency;

      if (!esp_latency_measure (engine, SECONDS, &latency, work->bench->job, &work->error))
        return;
      if (i == 0 || latency.median_ms < work->latency->median_ms)
        *work->latency = latency;
    }
}

static gboolean
recall (EspBench *bench, const char *key, EspLatency *latency)
{
  g_autoptr (JsonObject) values = esp_bench_recall (bench, "latency", key);

  return values != NULL && esp_json_read_number (values, "", "median", 0, G_MAXDOUBLE, &latency->median_ms, NULL)
         && esp_json_read_number (values, "", "low", 0, G_MAXDOUBLE, &latency->low_ms, NULL)
         && esp_json_read_number (values, "", "high", 0, G_MAXDOUBLE, &latency->high_ms, NULL)
         && esp_json_read_count (values, "", "repeats", 1, G_MAXINT, &latency->repeats, NULL)
         && esp_json_read_count (values, "", "threads", 1, G_MAXINT, &latency->threads, NULL);
}

static JsonObject *
to_json (const EspLatency *latency)
{
  JsonObject *values = json_object_new ();

  json_object_set_double_member (values, "median", latency->median_ms);
  json_object_set_double_member (values, "low", latency->low_ms);
  json_object_set_double_member (values, "high", latency->high_ms);
  json_object_set_int_member (values, "repeats", latency->repeats);
  json_object_set_int_member (values, "threads", latency->threads);
  return values;
}

/** esp_bench_latency: @latency: (out): of one image at a time; numbers of weights do not matter, so that it is known by the cfg.
 * Thread: the runner's. */
gboolean
esp_bench_latency (EspBench *bench, EspNetwork *network, EspWeights *weights, EspLatency *latency, GError **error)
{
  Work work = { bench, network, weights, latency, NULL };
  g_autofree char *cfg = esp_plan_hash_cfg (network);
  g_autofree char *key = g_strdup_printf ("network %s\nthreads %u\n", cfg, esp_lane_get_threads (bench->options->lane));

  if (recall (bench, key, latency))
    return TRUE;
  *latency = (EspLatency){ 0 };
  esp_bench_compute (bench, work_run, &work);
  if (work.error == NULL)
    return esp_bench_remember (bench, "latency", key, to_json (latency), error);
  g_propagate_error (error, work.error);
  return FALSE;
}
