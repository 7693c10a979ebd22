/* study.h: the document: network, weights, data, plan, trials, and what is being looked at */
#pragma once

#include "base/lane.h"
#include "explain/attribution.h"
#include "measure/latency.h"
#include "measure/road.h"
#include "measure/summary.h"
#include "net/cost.h"
#include "prune/plan.h"
#include "study/rows.h"

G_BEGIN_DECLS

#define ESP_TYPE_STUDY (esp_study_get_type ())
G_DECLARE_FINAL_TYPE (EspStudy, esp_study, ESP, STUDY, GObject)

/* Files of one piece of work; siblings found by stem are filled in by esp_study_files_complete. */
typedef struct
{
  char *cfg, *weights, *data, *names, *plan, *split;
} EspStudyFiles;

void      esp_study_files_clear     (EspStudyFiles *files);
void      esp_study_files_copy      (EspStudyFiles       *files,     /* (out caller-allocates) */
                                     const EspStudyFiles *from);
/* One dropped or opened path of any sort (cfg, weights, .data, list, images folder, picture, plan.json) to what it is, then siblings by
 * stem. .onnx, .pt and data.yaml are refused with a sentence saying what to convert. */
gboolean  esp_study_files_add       (EspStudyFiles *files,
                                     const char    *path,
                                     GError       **error);
void      esp_study_files_complete  (EspStudyFiles *files);

/* Thread: main, all of it; heavy work goes through the lane and comes back by idle. Construct-only property: lane.
 * Properties, all notifying (type): title (string), loaded (boolean), busy (boolean: baseline or explanation under way),
 *   image (int, -1), detection (int, -1 = whole class), layer (int), method (string), criterion (string),
 *   threshold (double 0..1 shown boxes), sentence (string: what is explained, in words), failure (string, the last error as a sentence, ""
 *   none), plan (EspPlan), heat-scale ("image" or "set"), notice (string: what was left out of the data, "" nothing).
 *   look-bfloat16 (boolean: quick looks in bfloat16, where the processor has it), part (int: EspPart of the detection, -1 the whole of it),
 *   at-pixels (boolean: the heatmap is at the pixels, not at the layer), explaining (boolean: the heatmap in hand is an older wish's).
 *   Writable: image, detection, part, at-pixels, layer, method, criterion, threshold, heat-scale, look-bfloat16.
 * Signals: "view-changed" (picture, boxes or heat to be drawn again), "numbers-changed" (tiles), "failed" (GError: an error to be
 * shown). */
EspStudy       *esp_study_new              (EspLane       *lane);
void            esp_study_open_async       (EspStudy            *study,
                                            const EspStudyFiles *files,
                                            EspJob              *job,
                                            GAsyncReadyCallback  callback,
                                            gpointer             data);
gboolean        esp_study_open_finish      (EspStudy            *study,  /* FALSE: the study is as it was */
                                            GAsyncResult        *result,
                                            GError             **error);
void            esp_study_set_prefix_budget (EspStudy     *study,  /* of studies opened from here on; 256 MiB unless said */
                                            gsize          bytes);
void            esp_study_set_look_bfloat16 (EspStudy     *study,  /* the quick looks from here on; FALSE unless said */
                                             gboolean       on);
EspNetwork     *esp_study_get_network      (EspStudy      *study);
EspWeights     *esp_study_get_weights      (EspStudy      *study);
EspDataset     *esp_study_get_dataset      (EspStudy      *study);
EspPlan        *esp_study_get_plan         (EspStudy      *study);
const char *const *esp_study_get_names     (EspStudy      *study);
char           *esp_study_class_name       (EspStudy      *study,
                                            int            class_index);

/* How faithful a heatmap is, beside pixels in random order: areas of esp_faithfulness_badge(). Of deletion less is better, of insertion
 * more. */
typedef struct
{
  double deletion, insertion, random_deletion, random_insertion;
  guint  steps;
} EspStudyBadge;

/* List models, made once, refilled; rows are GObjects of rows.h. */
GListModel     *esp_study_get_images       (EspStudy      *study);  /* of EspImageRow */
GListModel     *esp_study_get_detections   (EspStudy      *study);  /* of EspDetectionRow: of the current image, unpruned network */
GListModel     *esp_study_get_channels     (EspStudy      *study);  /* of EspChannelRow: of the current layer */
GListModel     *esp_study_get_groups       (EspStudy      *study);  /* of EspGroupRow */
GListModel     *esp_study_get_trials       (EspStudy      *study);  /* of EspTrialRow, newest first */
GListModel     *esp_study_get_layers       (EspStudy      *study);  /* of EspLayerRow: convolutions that can be looked at */

void            esp_study_select_image     (EspStudy      *study,
                                            int            image);
void            esp_study_select_detection (EspStudy      *study,
                                            int            detection); /* -1: the class, over the image */
void            esp_study_select_layer     (EspStudy      *study,
                                            int            layer);

void            esp_study_select_part      (EspStudy      *study,
                                            int            part);     /* EspPart of the detection; -1: the whole of it */
gboolean        esp_study_explain_missed   (EspStudy      *study,    /* instead of a detection: what should have been found here */
                                            EspBox         box,      /* fractions of the picture */
                                            int            class_index,
                                            GError       **error);
const EspDetection *esp_study_get_missed   (EspStudy      *study);   /* (nullable): that box, and where training would have put it; no
                                                                      * score */
EspRoads       *esp_study_get_roads        (EspStudy      *study);   /* (transfer none) (nullable): why each box of the picture is there,
                                                                      * and why others are not */
int             esp_study_find_road        (EspStudy      *study,    /* row of the roads of a detection; -1 none */
                                            int            detection);
int             esp_study_guess_class      (EspStudy      *study,    /* what the network most likely holds a drawn box for; -1: nothing
                                                                      * there */
                                            EspBox         box);
EspJob         *esp_study_dup_look_job     (EspStudy      *study);   /* (transfer full) (nullable): of the picture in view: progress,
                                                                      * cancel */

/* The picture in view; NULL or 0 while not there. */
EspImage       *esp_study_get_image        (EspStudy      *study);
const EspDetection *esp_study_get_boxes    (EspStudy      *study,   /* original network */
                                            guint         *n);
const EspDetection *esp_study_get_pruned_boxes (EspStudy  *study,   /* the same image by the plan's cut network */
                                            guint         *n);
EspTruth       *esp_study_dup_truths       (EspStudy      *study,   /* (transfer full) (nullable): of the picture, in the network's classes;
                                                                     * those it lacks left out */
                                            guint         *n);
EspHeatmap     *esp_study_get_heatmap      (EspStudy      *study);
gboolean        esp_study_get_badge        (EspStudy      *study,   /* how faithful that heatmap is; FALSE where it is not known, or not of
                                                                     * a found box */
                                            EspStudyBadge *badge);
void            esp_study_get_heat_range   (EspStudy      *study,   /* of the legend: this picture's, or all of those looked at with this
                                                                     * layer and method */
                                            float         *lowest,
                                            float         *highest);
EspHeatmap     *esp_study_get_channel_map  (EspStudy      *study,   /* the layer's own map of one channel on this image; NULL until made */
                                            guint          channel);

/* The channels just below and just above the line of one group, and their maps of the picture in view. */
void            esp_study_watch_edge       (EspStudy      *study,
                                            int            group);   /* -1: none */
GListModel     *esp_study_get_edge         (EspStudy      *study,    /* of EspChannelRow, of any layers, nearest to the line first */
                                            gboolean       goes);    /* cut last; else next to be cut */
EspHeatmap     *esp_study_get_edge_map     (EspStudy      *study,    /* NULL until made */
                                            guint          layer,
                                            guint          channel);
GArray         *esp_study_find_partner_groups (EspStudy   *study,   /* (transfer full): of guint: groups of what can only go with the
                                                                     * channel; empty: it goes alone */
                                               guint       layer,
                                               guint       channel);

/* The numbers of the tiles. */
typedef enum
{
  ESP_STATE_NONE,        /* nothing known yet */
  ESP_STATE_PREVIOUS,    /* mAP of the previous plan; agreement may be set */
  ESP_STATE_PARTIAL,     /* n of N */
  ESP_STATE_FINAL,       /* equals evaluate --plan to the last digit */
} EspNumberState;

typedef struct
{
  EspNumberState state;
  gboolean       labelled;   /* FALSE: only agreement is possible */
  double         map;        /* 0..1 */
  double         baseline;   /* unpruned, all N */
  EspInterval    interval;   /* of the difference with a plan, else of the value */
  gboolean       has_interval;
  gboolean       has_plan;   /* anything cut */
  double         agreement;
  gboolean       has_agreement;
  guint          n, total;   /* images */
  guint          agreement_n;
  gboolean       approximate; /* of a look in bfloat16; never with ESP_STATE_FINAL */
  gboolean       half_known;  /* the unpruned network was evaluated in bfloat16 too */
  double         half_difference; /* bfloat16 minus float32: mAP of the unpruned network, all N */
} EspMapNumber;

typedef struct
{
  EspMapNumber map;
  EspCost      cost, whole;          /* of the plan in hand, of the whole: same frame as the slider */
  EspLatency   latency, latency_whole;
  gboolean     has_latency, has_latency_whole;
} EspNumbers;

void            esp_study_get_numbers      (EspStudy      *study,
                                            EspNumbers    *numbers);
char           *esp_study_dup_latency_warning (EspStudy   *study); /* (transfer full) (nullable): the plan has less work and takes as long,
                                                                    * and why */
void            esp_study_set_criterion_async (EspStudy            *study,  /* new scores in the background lane; the plan then ranks by
                                                                             * them */
                                               const char          *criterion,
                                               EspJob              *job,
                                               GAsyncReadyCallback  callback,
                                               gpointer             data);
gboolean        esp_study_set_criterion_finish (EspStudy           *study,
                                                GAsyncResult       *result,
                                                GError            **error);
/* Scores made elsewhere for this network: the plan ranks by them. FALSE: they are of another. */
gboolean        esp_study_take_scores      (EspStudy      *study,
                                            EspScores     *scores);
EspJob         *esp_study_get_job          (EspStudy      *study);  /* (nullable): the long work under way: progress in images, cancel;
                                                                     * "busy" notifies */
gboolean        esp_study_get_trial_files  (EspStudy      *study,   /* of a trial that is a trained network: what to open; FALSE: it is a
                                                                     * plan */
                                            guint          trial,
                                            EspStudyFiles *files);  /* (out): to be cleared */
void            esp_study_restore_trial    (EspStudy      *study,   /* one act of undo: the plan of a row of the trials */
                                            guint          trial);
/* The plan as it was left when this network and these weights were open last; NULL where there is none, or it cuts nothing. */
char           *esp_study_find_autosave    (EspStudy      *study);  /* (transfer full) (nullable): a path for esp_study_load_plan() */
gboolean        esp_study_load_plan        (EspStudy      *study,   /* one act of undo; refused whole where it does not fit */
                                            const char    *path,
                                            GError       **error);
gboolean        esp_study_save_plan        (EspStudy      *study,
                                            const char    *path,
                                            GError       **error);

G_END_DECLS
