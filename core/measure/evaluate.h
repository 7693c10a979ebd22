/* evaluate.h: the one pass over a data set that every mAP comes from */
#pragma once

#include "base/lane.h"
#include "dataset/class-map.h"
#include "detect/suppress.h"
#include "measure/ap.h"
#include "measure/image-cache.h"
#include "measure/interval.h"
#include "measure/prefix-cache.h"
#include "net/engine.h"

G_BEGIN_DECLS

typedef struct
{
  EspFit         fit;
  EspBnForm      bn;
  EspBackendKind backend;
  EspOrientation orientation;
  float          threshold; /* 0.005 */
  EspNms         nms;       /* the network's kind at 0.45 */
  float          iou;       /* 0.5; a match is strictly above */
  guint          batch;     /* images a forward; no number depends on it */
  gboolean       pass_over; /* in a pass of batch 1 an image that cannot be read has an outcome that says why, and counts for nothing; else
                             * it ends the pass */
} EspEvaluateOptions;

/* A detection as files have it. */
typedef struct
{
  EspPixels box;
  double    score;
  int       class_index; /* the network's */
  guint     place;       /* in darknet's array, or in the file */
} EspSeen;

/* A truth as files have it. */
typedef struct
{
  EspPixels box;
  double    area;        /* as annotated, else the box's */
  int       class_index; /* the network's */
  gboolean  difficult;   /* need not be found */
  gboolean  crowd;       /* may be found often; difficult too */
} EspObject;

/* What one network said of one image, immutable: matched once as darknet does, and unmatched for the protocols that match otherwise. */
struct _EspOutcome
{
  gint64        image_id;   /* the data set's */
  guint         n;
  EspDetection *detections; /* after suppression, all above the threshold */
  int          *truth;      /* per detection: index of the truth it takes as a true positive, -1 */
  int          *best;       /* per detection: the truth it overlaps best and enough, taken already or not, -1 */
  guint8       *repeats;    /* per detection: an earlier entry of darknet's array has the same best (the count at a fixed threshold asks
                             * this) */
  float        *overlap;    /* IoU with the best truth of its class, 0 */
  guint         n_truths;   /* mapped ones, difficult ones left out */
  int          *truth_class;
  guint         n_seen;     /* all that was said, also what darknet leaves out for a difficult truth; by score, descending */
  EspSeen      *seen;
  guint         n_objects;  /* mapped truths, difficult ones too, in the data set's order */
  EspObject    *objects;
  char         *failure;    /* (nullable): why the image could not be read; there is nothing else then */
};

void       esp_evaluate_options_init (EspEvaluateOptions       *options,
                                      const EspNetwork         *network); /* the defaults above; letterbox where the cfg says so */

/* One engine over some images: the only road to an outcome (quick look, full pass, headless alike). Keeps references, but @map must outlive
 * it.
 * Thread: lane. */
typedef struct _EspPass EspPass;
EspPass    *esp_pass_new             (EspEngine                *engine,    /* mode infer */
                                      EspDataset               *dataset,
                                      const EspClassMap        *map,       /* (nullable): unlabelled */
                                      EspImageCache            *cache,
                                      const EspEvaluateOptions *options);
void        esp_pass_free            (EspPass                  *pass);
/* From here on forwards of single images begin at the deepest of @prefixes that is kept, and leave behind what is before @save.
 * Thread: lane. */
void        esp_pass_set_prefixes    (EspPass                  *pass,      /* of an engine of batch 1 */
                                      EspPrefixCache           *cache,     /* must outlive the pass */
                                      const EspPrefix          *prefixes,  /* by layer, ascending; copied */
                                      guint                     n,
                                      int                       save);     /* which of them to keep, -1 none */
gboolean    esp_pass_run             (EspPass                  *pass,
                                      const guint              *indices,
                                      guint                     n,
                                      EspOutcome              **outcomes,  /* (out caller-allocates): n, (transfer full) each; all NULL on
                                                                            * failure */
                                      EspJob                   *job,
                                      GError                  **error);
/* What the network said of one image, given its truths: suppression, matching, outcome. @detections: (transfer full): as esp_decode() has
 * them. */
EspOutcome *esp_outcome_new          (GArray                   *detections,
                                      const EspSample          *sample,
                                      const EspClassMap        *map,       /* (nullable) */
                                      const EspEvaluateOptions *options,
                                      int                       width,     /* of the image in pixels, asked where the sample does not say
                                                                            * it */
                                      int                       height);
/* The same of detections made elsewhere, which are not suppressed. */
EspOutcome *esp_outcome_new_seen     (GArray                   *seen,      /* (transfer full): of EspSeen, in the file's order */
                                      const EspSample          *sample,
                                      const EspClassMap        *map,       /* (nullable) */
                                      float                     iou,       /* of darknet's match */
                                      int                       width,
                                      int                       height);
void        esp_outcome_free         (EspOutcome               *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspPass, esp_pass_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOutcome, esp_outcome_free)

G_END_DECLS
