/* plan-diff.h: two plans side by side, as JSON and for people */
#pragma once

#include "network-options.h"
#include "prune/plan-compare.h"
#include "verb.h"

G_BEGIN_DECLS

/* What both are run on; no weights: only what they cut and cost is told. */
typedef struct
{
  EspLoaded         *loaded;
  const char        *data;     /* (nullable) */
  EspDatasetOptions  options;
  const char *const *pairs;    /* (nullable): --map */
  const EspProtocol *protocol;
  guint              limit;    /* 0: all images */
} EspDiffData;

gboolean esp_plan_diff_tell (const char        *a,
                             const char        *b,
                             EspMask           *mask_a,
                             EspMask           *mask_b,
                             const EspDiffData *data,
                             EspCommon         *common,
                             JsonBuilder       *json,
                             GError           **error);

G_END_DECLS
