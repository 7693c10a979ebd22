/* latency-pair.h: two networks of the same layers timed in turns, whole, by parts and by layers */
#pragma once

#include "measure/latency.h"

G_BEGIN_DECLS

typedef struct
{
  EspLatency before, after;
} EspLatencySpan;

typedef struct
{
  EspEngine *before, *after; /* for inference, batch 1, of networks with as many layers and equal inputs */
  const int *parts;          /* (nullable): of every layer the part that its time is added to; below 0: none */
  guint      n_parts;
  guint      turns;          /* of each network, at least 1 */
  guint      repeats;        /* forwards in a turn that are timed, at least 1; turns * repeats at most ESP_LATENCY_MOST */
  double     seconds;        /* begin no turn after this much even if fewer were taken; at least one of each is */
} EspLatencyPairInput;

#define ESP_LATENCY_MOST 2000 /* forwards of each network */

typedef struct
{
  EspLatencySpan  whole;
  guint           n_parts, n_layers;
  EspLatencySpan *parts;
  EspLatencySpan *layers;
  guint           turns; /* taken */
} EspLatencyPair;

/* (transfer full): NULL where cancelled. Thread: lane, with nothing else running. */
EspLatencyPair *esp_latency_pair_measure (const EspLatencyPairInput *input,
                                          EspJob                    *job,
                                          GError                   **error);
void            esp_latency_pair_free    (EspLatencyPair            *pair);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLatencyPair, esp_latency_pair_free)

G_END_DECLS
