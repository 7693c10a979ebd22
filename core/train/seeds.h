/* seeds.h: gradients that several terms of a loss ask for at the same layers, added up before one backward */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

typedef struct _EspSeeds EspSeeds; /* Thread: lane */

EspSeeds *esp_seeds_new  (guint       n_layers);
void      esp_seeds_free (EspSeeds   *seeds);
/* Forgets the last step's. */
void      esp_seeds_clear (EspSeeds  *seeds);
/* n numbers to add to; zeros where nobody asked for this layer since the last clear. */
float    *esp_seeds_get  (EspSeeds   *seeds,
                          guint       layer,
                          gsize       n);
/* Hands them all to the engine, whose earlier seeds are forgotten. */
gboolean  esp_seeds_set  (EspSeeds   *seeds,
                          EspEngine  *engine,
                          GError    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSeeds, esp_seeds_free)

G_END_DECLS
