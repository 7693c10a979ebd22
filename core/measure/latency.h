/* latency.h: how long one image takes, measured by itself */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

typedef struct
{
  double median_ms, low_ms, high_ms; /* quartiles */
  guint  repeats, threads;
} EspLatency;

/* Batch 1: 10 warm-ups, then 50 forwards or @seconds, whichever is sooner. Thread: lane. */
gboolean esp_latency_measure (EspEngine  *engine,
                              double      seconds,
                              EspLatency *latency,
                              EspJob     *job,
                              GError    **error);

G_END_DECLS
