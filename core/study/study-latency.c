/* study-latency.c: whether the plan in hand takes less time as it has less work */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "measure/latency-gain.h"
#include "net/cost.h"
#include "study/study-private.h"

static void
sum_work (const EspNetwork *network, const EspMask *mask, double *bflops, double *blocked)
{
  const guint n = esp_network_get_n_layers (network);
  g_autofree double *work = g_new (double, 2 * n);

  esp_cost_work (network, mask, esp_latency_block (), work, work + n);
  *bflops = *blocked = 0;
  for (guint i = 0; i < n; i++)
    {
      *bflops += work[i];
      *blocked += work[n + i];
    }
}

/** esp_study_dup_latency_warning: Returns: (transfer full) (nullable): esp_latency_warning() of the plan in hand once it was timed.
 * Thread: main. */
char *
esp_study_dup_latency_warning (EspStudy *study)
{
  EspLatencyGain gain = { 0 };
  const EspNetwork *network;

  if (study->live == NULL || study->mask == NULL || !esp_live_get_span (study->live, study->mask, &gain.ms))
    return NULL;
  network = study->material->network;
  sum_work (network, NULL, &gain.bflops_before, &gain.blocked_before);
  sum_work (network, study->mask, &gain.bflops_after, &gain.blocked_after);
  return esp_latency_warning (&gain);
}
