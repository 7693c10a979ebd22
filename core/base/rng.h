/* rng.h: random streams keyed by numbers, never by thread */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GRand  *esp_rng_new    (guint64  seed,   /* (transfer full): the stream of (seed, a, b) */
                        guint64  a,
                        guint64  b);
double  esp_rng_normal (GRand   *rng);   /* N(0, 1) */
double  esp_rng_exponential (GRand *rng); /* Exp(1) */
void    esp_rng_shuffle (GRand  *rng,
                         guint  *items,
                         guint   n);

G_END_DECLS
