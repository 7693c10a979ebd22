/* pages.h: large stretches of memory that the processor finds quickly */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gpointer esp_pages_new (gsize bytes); /* (nullable); give back with free () */

gsize esp_pages_get_memory (void); /* bytes of the machine; 0 where it does not say */

G_END_DECLS
