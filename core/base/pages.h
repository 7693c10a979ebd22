/* pages.h: large stretches of memory that the processor finds quickly */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gpointer esp_pages_new (gsize bytes); /* (nullable); give back with free () */

G_END_DECLS
