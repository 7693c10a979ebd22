/* probe.c: variants of one image, side by side, and what the heads say of each
 *
 * Each compute thread takes images of its own through an engine of its own: no thread waits for another at the end of a layer, and what
 * lies between two layers stays in its cache. */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/probe.h"

#include <omp.h>

#define MOST_BYTES ((gsize) 2 << 30) /* of all arenas: with large networks and many threads there are fewer engines */

static void
member_clear (EspProbeMember *member)
{
  g_clear_pointer (&member->heads, esp_heads_free);
  g_clear_pointer (&member->engine, esp_engine_unref);
  g_clear_pointer (&member->input, g_free);
}

static gboolean
member_init (
    EspProbeMember *member, EspNetwork *network, EspWeights *weights, const EspEngineOptions *options, EspEngine *reuse, GError **error)
{
  member->engine = esp_engine_new (network, weights, options, reuse, error);
  if (member->engine == NULL)
    return FALSE;
  member->heads = esp_heads_new (member->engine);
  member->input = g_new0 (float, esp_shape_count (esp_network_get_input (network)));
  return TRUE;
}

/* The first says how large they are. */
static gboolean
add_members (EspProbe *probe, guint n, EspNetwork *network, EspWeights *weights, const EspEngineOptions *options, GError **error)
{
  probe->members = g_new0 (EspProbeMember, n);
  for (guint i = 0; i < n; i++)
    {
      if (!member_init (&probe->members[i], network, weights, options, i > 0 ? probe->members[0].engine : NULL, error))
        return FALSE;
      probe->n_members = i + 1;
      n = (guint) CLAMP (MOST_BYTES / MAX (esp_engine_get_arena (probe->members[0].engine), 1), 1, n);
    }
  return TRUE;
}

/**
 * esp_probe_new:
 * @network: a network
 * @weights: its parameters
 * @options: backend, form of the batch normalisation and batch
 * @error: as esp_engine_new()
 *
 * Returns: (transfer full): engines of inference, one a compute thread, their kernels made for one thread; no forward allocates.
 * Thread: lane.
 */
EspProbe *
esp_probe_new (EspNetwork *network, EspWeights *weights, const EspExplainerOptions *options, GError **error)
{
  const EspEngineOptions single = { .mode = ESP_MODE_INFER, .backend = options->backend, .bn = options->bn, .batch = 1 };
  const int threads = omp_get_max_threads ();
  g_autoptr (EspProbe) probe = g_new0 (EspProbe, 1);
  gboolean fine;

  probe->batch = options->batch > 0 ? options->batch : 8;
  probe->shape = esp_network_get_input (network);
  probe->stride = esp_shape_count (probe->shape);
  omp_set_num_threads (1);
  fine = add_members (probe, (guint) threads, network, weights, &single, error);
  omp_set_num_threads (threads);
  return fine ? g_steal_pointer (&probe) : NULL;
}

/** esp_probe_free: frees @probe (nullable). Thread: lane, or any once the lane has stopped. */
void
esp_probe_free (EspProbe *probe)
{
  if (probe == NULL)
    return;
  for (guint i = 0; i < probe->n_members; i++)
    member_clear (&probe->members[i]);
  g_free (probe->members);
  g_free (probe);
}

/* The error of the first member that has one. */
static gboolean
take_errors (EspProbe *probe, GError **error)
{
  GError *first = NULL;

  for (guint i = 0; i < probe->n_members; i++)
    if (first == NULL)
      first = g_steal_pointer (&probe->members[i].error);
    else
      g_clear_error (&probe->members[i].error);
  if (first != NULL)
    g_propagate_error (error, first);
  return first == NULL;
}

/* Images from @first to @end, at most one a member: whoever waits for the lane waits for no more. */
static gboolean
run_some (EspProbe *probe, guint first, guint end, EspProbeFill fill, EspProbeRead read, gpointer data, EspJob *job, GError **error)
{
#pragma omp parallel for schedule(static, 1) num_threads((int) probe->n_members)
  for (guint i = first; i < end; i++)
    {
      EspProbeMember *member = &probe->members[i - first];

      fill (member->input, i, data);
      if (esp_engine_forward (member->engine, member->input, job, &member->error) && esp_heads_read (member->heads, &member->error))
        read (member->engine, member->heads, i, data, &member->error);
    }
  return take_errors (probe, error);
}

/**
 * esp_probe_run:
 * @n: how many images
 * @fill: writes each
 * @read: called after its forward
 * @data: of both
 * @job: (nullable): cancels between two layers; lets others in between images
 * @error: the engine's, @read's, or cancelled
 *
 * No number depends on how many threads there are. Thread: lane; @fill and @read are called in any, for several images at once.
 * Returns: whether all were run and read.
 */
gboolean
esp_probe_run (EspProbe *probe, guint n, EspProbeFill fill, EspProbeRead read, gpointer data, EspJob *job, GError **error)
{
  g_autoptr (EspJob) inner = esp_job_new_inner (job);

  for (guint first = 0; first < n; first += probe->n_members)
    if (!esp_job_check (job, error) || !run_some (probe, first, MIN (first + probe->n_members, n), fill, read, data, inner, error))
      return FALSE;
  return TRUE;
}
