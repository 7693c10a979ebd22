/* peak.h: how fast the processor multiplies and adds at best */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

double esp_peak_measure (double seconds); /* GFLOP/s of all threads of the caller's team. Thread: lane */

G_END_DECLS
