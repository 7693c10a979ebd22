/* study-private.h: the parts of the study, one file a job: study.c the object, study-open.c opening, study-plan.c plan to numbers,
 * study-view.c the picture in view, study-edge.c what is near a group's line, study-why.c roads, study-score.c criteria, study-trials.c
 * what was tried, study-save.c plan files */
#pragma once

#include "study/live.h"
#include "study/view.h"

G_BEGIN_DECLS

typedef enum
{
  STUDY_PROP_LANE = 1,
  STUDY_PROP_TITLE,
  STUDY_PROP_LOADED,
  STUDY_PROP_BUSY,
  STUDY_PROP_IMAGE,
  STUDY_PROP_DETECTION,
  STUDY_PROP_LAYER,
  STUDY_PROP_METHOD,
  STUDY_PROP_CRITERION,
  STUDY_PROP_THRESHOLD,
  STUDY_PROP_SENTENCE,
  STUDY_PROP_FAILURE,
  STUDY_PROP_NOTICE,
  STUDY_PROP_PLAN,
  STUDY_PROP_HEAT_SCALE,
  STUDY_PROP_LOOK_BFLOAT16,
  STUDY_PROP_PART,
  STUDY_PROP_AT_PIXELS,
  STUDY_PROP_EXPLAINING,
  STUDY_N_PROPS,
} StudyProp;

struct _EspStudy
{
  GObject      parent_instance;
  EspLane     *lane;
  EspMaterial *material; /* NULL while nothing is open */
  EspLive     *live;
  EspView     *view; /* NULL without pictures */
  EspPlan     *plan;
  EspMask     *mask; /* the plan's, as last asked for */
  EspScores   *ranked; /* what its lists show the order of */

  GListStore *images, *detections, *channels, *groups, *trials, *layers;

  int                   image, detection, layer;
  int                   part;   /* of the detection, -1 the whole of it */
  EspTarget            *missed; /* (nullable): explained in place of a detection */
  gboolean              at_pixels, explaining;
  const EspAttribution *method;
  double                threshold;
  gboolean              heat_over_set;
  char                 *sentence, *failure, *criterion;
  EspImage             *picture;
  EspOutcome           *boxes, *pruned;
  GArray               *candidates; /* of the picture, for its roads */
  EspRoads             *roads;      /* (nullable): made when asked for, at the threshold */
  EspHeatmap           *heat;
  EspStudyBadge         badge; /* of the heat */
  gboolean              has_badge;
  float                 set_low, set_high; /* over the pictures looked at with one layer and method */
  gboolean              set_known;
  EspHeatmap          **maps;  /* of the layer's channels, NULL until made */
  guint8               *asked; /* whose map is under way */
  guint                 n_maps;

  GListStore           *edge[2]; /* of the group watched: cut last, next to be cut */
  int                   edge_group;
  GHashTable           *edge_maps; /* layer and channel → EspHeatmap */

  gsize       prefix_budget;
  gboolean    look_bfloat16;
  EspCost     cost, whole;
  EspJob     *baseline_job, *score_job;
  gboolean    viewing;       /* the picture in view is being made */
  gboolean    busy;          /* as last notified */
  GHashTable *scores;        /* criterion id → EspScores */
  guint       flush_source;  /* plan "changed", told on once */
  guint       save_source;   /* autosave */
  guint       latency_source;
  gulong      plan_handler, branches_handler;
};

void study_notify         (EspStudy *study, StudyProp prop);
void study_fail           (EspStudy *study, const GError *error);
void study_update_busy    (EspStudy *study);
void study_numbers        (EspStudy *study); /* emits numbers-changed */
void study_view_changed   (EspStudy *study); /* emits view-changed */
void study_close          (EspStudy *study); /* back to nothing open */

void study_plan_attach    (EspStudy *study, EspPlan *plan);
void study_plan_detach    (EspStudy *study);
void study_plan_flush     (EspStudy *study); /* what the plan says now, without waiting for the idle */
void study_plan_rank      (EspStudy *study); /* the ranking or the layer is another */

void study_view_fill      (EspStudy *study);
void study_view_clear     (EspStudy *study);
void study_view_news      (EspViewNews *news, gpointer study);
void study_view_image     (EspStudy *study, int image);
void study_view_wish      (EspStudy *study);
void study_why_clear      (EspStudy *study, gboolean candidates); /* roads of another threshold, or of another picture */
void study_view_pixels    (EspStudy *study, gboolean at_pixels);
void study_view_method    (EspStudy *study, const EspAttribution *method);
void study_view_threshold (EspStudy *study, double threshold);
void study_view_baseline  (guint from, guint to, gpointer study);

EspRow *study_channel_row (EspStudy *study, guint layer, guint channel); /* (transfer full): its score is not told */
void study_edge_update    (EspStudy *study);
void study_edge_clear     (EspStudy *study);
void study_edge_forget    (EspStudy *study);
void study_edge_take      (EspStudy *study, EspHeatmap *map);

void study_score_begin    (EspStudy *study); /* the criterion that needs images, in the background */

void study_trial_done     (const EspTrial *trial, gboolean fresh, gpointer study);
void study_trial_trained  (EspStudy            *study, /* a run's: another network, which is opened to be looked at */
                           const char          *title,
                           const EspStudyFiles *files,
                           double               map,
                           double               difference, /* NAN: not known */
                           const EspInterval   *interval,
                           const EspCost       *cost);

void study_save_later     (EspStudy *study);
void study_save_now       (EspStudy *study);

G_END_DECLS
