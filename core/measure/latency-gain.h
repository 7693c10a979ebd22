/* latency-gain.h: whether less work took less time, and why not */
#pragma once

#include "measure/latency-pair.h"

G_BEGIN_DECLS

/* Of a network, a part of it or a layer, before and after. */
typedef struct
{
  EspLatencySpan ms;
  double         bflops_before, bflops_after;
  double         blocked_before, blocked_after; /* the same by whole blocks of channels: see esp_cost_work() */
} EspLatencyGain;

/* Thread: any, all. */
guint    esp_latency_block   (void);                         /* channels that this processor's kernels take at once */
gboolean esp_latency_fell    (const EspLatencySpan *ms);     /* the middle halves lie apart */
double   esp_latency_excess  (const EspLatencyGain *gain);   /* milliseconds above the time before, shrunk as the BFLOPs did */
char    *esp_latency_warning (const EspLatencyGain *gain);   /* (transfer full) (nullable): one sentence or two, translated; NULL: no reason
                                                              * to */

G_END_DECLS
