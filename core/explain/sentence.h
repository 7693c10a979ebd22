/* sentence.h: what a heatmap explains, in words */
#pragma once

#include "explain/attribution.h"
#include "explain/target.h"

G_BEGIN_DECLS

char *esp_explain_sentence (const EspTarget   *target,
                            const char *const *names,   /* (nullable): class names */
                            const EspHeatmap  *heatmap, /* of that target */
                            guint              n_ones); /* as esp_explainer_get_n_ones() gives it */

G_END_DECLS
