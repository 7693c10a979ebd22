/* latency.h: how long one image takes, measured by itself */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

typedef struct
{
  double median_ms, low_ms, high_ms; /* quartiles */
  guint  repeats, threads;
} EspLatency;

/* Of @n times in milliseconds, which are sorted afterwards. */
EspLatency esp_latency_of (double *times,
                           guint   n);

float     *esp_latency_noise (EspEngine *engine); /* (transfer full): what is run: the same for equal inputs */

/* Batch 1: 10 warm-ups, then 50 forwards or @seconds, whichever is sooner. Thread: lane. */
gboolean esp_latency_measure (EspEngine  *engine,
                              double      seconds,
                              EspLatency *latency,
                              EspJob     *job,
                              GError    **error);

G_END_DECLS
