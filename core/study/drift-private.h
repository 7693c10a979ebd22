/* drift-private.h: what the comparison of explanations and the list of what is lost share */
#pragma once

#include "net/cut.h"
#include "study/drift.h"

G_BEGIN_DECLS

#define ESP_DRIFT_STRONG .25f /* a box below is not said to be there */

typedef struct
{
  const EspLensInput *input;
  EspMask *mask;
  int layer;
  EspCut *cut;
  EspExplainer *before, *after;
  EspOutcome **whole, **pruned; /* by image */
  float *pixels;                /* of the image under way */
  EspPlacement placement;
  EspDriftReport *report;
} EspDriftRun;

/* Notes the object that box @detection of the unpruned network finds where the pruned one does not; that box is what @before has run. */
gboolean esp_drift_lose  (EspDriftRun  *work,
                          guint          image,
                          guint          detection,
                          GError       **error);
void     esp_drift_count (EspDriftRun  *work,  /* objects found by either */
                          guint          image);

G_END_DECLS
