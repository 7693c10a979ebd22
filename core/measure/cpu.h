/* cpu.h: what a time was measured on */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Thread: any, both. */
char  *esp_cpu_name (void); /* (transfer full): "" where the system does not tell */
double esp_cpu_load (void); /* programs that ran or waited to run in the last minute, on average; NaN where the system does not tell */

G_END_DECLS
