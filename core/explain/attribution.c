/* attribution.c: the registry of attribution methods */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/attribution.h"

#include "explain/explainer-private.h"

/* One a line, in the order of the menus. */
static const EspAttribution *const rows[] = {
  &esp_attribution_gradient_activation, &esp_attribution_grad_cam,       &esp_attribution_odam,       &esp_attribution_taylor,
  &esp_attribution_integrated,          &esp_attribution_gradient,       &esp_attribution_smoothgrad, &esp_attribution_guided,
  &esp_attribution_occlusion,           &esp_attribution_d_rise,         &esp_attribution_lrp,        &esp_attribution_lrp_epsilon,
  &esp_attribution_lrp_zplus,           &esp_attribution_lrp_alpha_beta,
};

/** esp_attribution_find: Returns: (transfer none) (nullable): the method of this id. Thread: any. */
const EspAttribution *
esp_attribution_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_strcmp0 (rows[i]->id, id) == 0)
      return rows[i];
  return NULL;
}

/** esp_attribution_get: Returns: (transfer none) (nullable): row @i, NULL behind the last. Thread: any. */
const EspAttribution *
esp_attribution_get (guint i)
{
  return i < G_N_ELEMENTS (rows) ? rows[i] : NULL;
}
