/* drift.h: how far a plan moves what each box is explained by, and which objects it loses, to what and by which channels */
#pragma once

#include "study/lens.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_DRIFT_SPEARMAN, /* 1 - the rank correlation of the two maps */
  ESP_DRIFT_COSINE,   /* 1 - the cosine of the angle between them */
  ESP_DRIFT_N,
} EspDriftMeasure;

/* One box of the unpruned network, explained in both. */
typedef struct
{
  guint        image;
  EspDetection before;
  gboolean     found;         /* the pruned network has a box of this class that overlaps it by more than 0.5 */
  EspDetection after;         /* that box, explained there; else @before's cell and anchor are */
  int          layer;         /* of both maps */
  double       distance[ESP_DRIFT_N]; /* 0..2; NaN where a map is the same everywhere, or 0 */
  double       energy_before; /* positive heat in the box, NaN where there is none */
  double       energy_after;  /* likewise, in the same box */
  double       chance;        /* area of the box */
} EspDrift;

/* What became of an object that the unpruned network finds above 0.25 and the pruned one does not. */
typedef enum
{
  ESP_LOST_WEAK,  /* a box of its class lies well, not above 0.25 (or it found another object) */
  ESP_LOST_CLS,   /* TIDE's: a box above 0.25 of another class lies well */
  ESP_LOST_LOC,   /* one of its class overlaps too little */
  ESP_LOST_BOTH,  /* one of another class overlaps too little */
  ESP_LOST_MISS,  /* none of these */
  ESP_LOST_N,
} EspLostAs;

/* A channel that the plan cuts, and what it had in a box. */
typedef struct
{
  guint  layer, channel;
  double score; /* for the box, in the unpruned network */
  double share; /* of the positive scores of its layer */
} EspBlame;

#define ESP_DRIFT_BLAMED 8

typedef struct
{
  guint        image;
  EspPixels    box;         /* of the truth, in pixels of the annotation */
  int          class_index;
  EspDetection before;      /* that found it */
  EspLostAs    loss;
  double       score;       /* of the box that comes nearest by @loss; 0 for a miss */
  double       overlap;     /* of that box with the truth */
  int          other_class; /* of that box, -1 for a miss */
  guint        n_blamed;
  EspBlame     blamed[ESP_DRIFT_BLAMED]; /* by share, largest first */
} EspLostBox;

typedef struct
{
  GArray  *drifts;  /* of EspDrift, worst first by the measure asked for; those without a distance last */
  GArray  *lost;    /* of EspLostBox, by the score before, strongest first */
  guint    n_found; /* objects that the unpruned network finds above 0.25 */
  guint    n_gained; /* that the pruned one alone finds */
} EspDriftReport;

EspDriftReport *esp_drift_report_new  (const EspLensInput *input,
                                       EspMask            *mask,    /* what the plan keeps */
                                       int                 layer,   /* of the maps, -1: esp_explain_default_layer() of each box */
                                       EspDriftMeasure     measure,
                                       EspJob             *job,
                                       GError            **error);
void            esp_drift_report_free (EspDriftReport     *report);
double          esp_drift_report_mean (const EspDriftReport *report, /* over all boxes that have a distance; NAN: none has */
                                       EspDriftMeasure     measure);
const char     *esp_lost_as_key       (EspLostAs           loss);   /* "weak", "cls", "loc", "both", "miss" */
const char     *esp_lost_as_words     (EspLostAs           loss);   /* for a person, translated */
char           *esp_lost_box_channels (const EspLostBox   *lost);   /* (transfer full): "layer 8: 3, 17; layer 12: 5"; "" none */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDriftReport, esp_drift_report_free)

G_END_DECLS
