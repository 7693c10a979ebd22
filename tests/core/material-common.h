/* material-common.h: what the tests of scores and searches begin with: the small network and data set, loaded, and masks of single units */
#pragma once

#include <string.h>

#include "score/ablation.h"
#include "study/material.h"

#include "study-common.h"

/* (transfer full): of a labelled @bench that is made for it. */
static inline EspMaterial *
material_make (Bench *bench, guint n_images)
{
  g_autoptr (GError) error = NULL;
  EspMaterial *m;

  bench_make (bench, n_images, TRUE);
  m = esp_material_load (&bench->files, NULL, &error);
  g_assert_no_error (error);
  return m;
}

static inline void
material_clear (EspMaterial *m, Bench *bench)
{
  esp_material_unref (m);
  bench_clear (bench);
}

static inline EspAblationInput
ablation_of (EspMaterial *m, guint n_units, guint n_images)
{
  return (EspAblationInput){ .network = m->network,
                             .weights = m->weights,
                             .coupling = m->coupling,
                             .dataset = m->dataset,
                             .map = m->map,
                             .cache = m->cache,
                             .options = &m->options,
                             .n_units = n_units,
                             .n_images = n_images,
                             .seed = 1 };
}

/* (transfer full): a mask without the members of @unit; all kept where it is -1. */
static inline EspMask *
mask_without_unit (const EspMaterial *m, int unit)
{
  const guint n_layers = esp_network_get_n_layers (m->network);
  g_autofree guint8 **keep = g_new0 (guint8 *, n_layers);
  EspMask *mask;
  guint n = 0;
  const EspChannel *members = unit >= 0 ? esp_coupling_get_members (m->coupling, (guint) unit, &n) : NULL;

  for (guint i = 0; i < n; i++)
    {
      const guint filters = (guint) esp_network_get_layer (m->network, members[i].layer)->out.c;

      if (keep[members[i].layer] == NULL)
        {
          keep[members[i].layer] = g_new (guint8, filters);
          memset (keep[members[i].layer], 1, filters);
        }
      keep[members[i].layer][members[i].channel] = 0;
    }
  mask = esp_mask_new (m->network, keep);
  for (guint l = 0; l < n_layers; l++)
    g_free (keep[l]);
  return mask;
}
