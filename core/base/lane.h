/* lane.h: the one long-lived compute thread; every kernel is made and run in it */
#pragma once

#include "base/job.h"

G_BEGIN_DECLS

typedef struct _EspLane EspLane;

typedef enum
{
  ESP_LANE_LIVE,       /* the slider's quick look: before everything */
  ESP_LANE_VIEW,       /* the picture in view: detections, heatmap, channel maps */
  ESP_LANE_PASS,       /* full passes */
  ESP_LANE_BACKGROUND, /* scores over a data set, training */
  ESP_LANE_N_PRIORITIES,
} EspLanePriority;

typedef void (*EspLaneFunc) (gpointer data);

EspLane *esp_lane_new         (guint            threads); /* 0: as many as the machine has */
void     esp_lane_free        (EspLane         *lane);    /* finishes the act in flight, drops what waits (its destroy is called), joins */
guint    esp_lane_get_threads (EspLane         *lane);
void     esp_lane_post        (EspLane         *lane,
                               EspLanePriority  priority,
                               EspLaneFunc      func,
                               gpointer         data,
                               GDestroyNotify   destroy);
void     esp_lane_call        (EspLane         *lane,     /* runs in the lane and waits; called in the lane it just runs */
                               EspLaneFunc      func,
                               gpointer         data);
void     esp_lane_call_at     (EspLane         *lane,
                               EspLanePriority  priority,
                               EspLaneFunc      func,
                               gpointer         data);
void     esp_lane_yield       (EspLane         *lane);    /* Thread: lane. Runs waiting acts of higher priority than the one running */
void     esp_lane_attend      (EspLane         *lane,     /* (nullable): acts of higher priority run wherever the work of @job checks for
                                                           * cancel */
                               EspJob          *job);
void     esp_lane_run_async   (EspLane             *lane, /* GTask facade: func runs in the lane and returns the task's value itself */
                               EspLanePriority      priority,
                               GTask               *task,
                               GTaskThreadFunc      func);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspLane, esp_lane_free)

G_END_DECLS
