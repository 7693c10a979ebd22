/* live.h: the latest-wins evaluator: a mask goes in with every motion of a slider, numbers come out as they are known */
#pragma once

#include "measure/latency-pair.h"
#include "prune/plan.h"
#include "study/material.h"

G_BEGIN_DECLS

typedef struct _EspLive EspLive;

/* An evaluation of one mask that reached its end; immutable but for the interval and the latency, which arrive later. */
typedef struct
{
  EspMask    *mask;
  char       *title;        /* the act that led to it */
  EspPlanState *state;      /* (nullable): the plan that gave it; NULL for the whole network */
  double      map;          /* the protocol's own number, NaN unlabelled */
  double      agreement;    /* with the unpruned boxes over all images */
  EspInterval interval;     /* of the difference, of the value itself for the whole network */
  gboolean    has_interval;
} EspTrial;

/* All called on the main thread, in the context of esp_live_new(). */
typedef struct
{
  void (*changed)  (gpointer data);                            /* the number or a latency may be another */
  void (*baseline) (guint from, guint to, gpointer data);       /* places of the fixed order whose unpruned outcome is new */
  void (*trial)    (const EspTrial *trial, gboolean fresh, gpointer data); /* finished; again with its interval, fresh FALSE */
  void (*failed)   (const GError *error, gpointer data);
} EspLiveEvents;

/* Thread: main, unless said otherwise. */
EspLive            *esp_live_new           (EspLane             *lane,
                                            EspMaterial         *material,
                                            const EspLiveEvents *events,
                                            gpointer             data,
                                            gsize                budget);    /* bytes for what is before a change; 0: none */
void                esp_live_close         (EspLive             *live);      /* (transfer full): accepts no more, calls nothing back; work
                                                                              * under way stops */
void                esp_live_start         (EspLive             *live,       /* the unpruned network over all images */
                                            EspJob              *job);
void                esp_live_request       (EspLive             *live,
                                            EspMask             *mask,
                                            const char          *title,
                                            EspPlanState        *state); /* (nullable): kept with the trial */
void                esp_live_set_look_bfloat16 (EspLive         *live,       /* quick looks from here on; ignored where the processor
                                                                              * cannot */
                                            gboolean             on);
void                esp_live_measure       (EspLive             *live);      /* latency of the mask in hand, when the lane has nothing
                                                                              * better */
void                esp_live_get_number    (EspLive             *live,
                                            EspMapNumber        *number);
gboolean            esp_live_get_span      (EspLive             *live,
                                            const EspMask       *mask,     /* (nullable): the whole network */
                                            EspLatencySpan      *span);
const EspOutcome   *esp_live_get_baseline  (EspLive             *live,       /* NULL while not known; stays as long as @live */
                                            guint                image);
const guint        *esp_live_get_order     (EspLive             *live);      /* the fixed order of images */
gboolean            esp_live_is_running    (EspLive             *live);      /* the unpruned pass, begun and neither through nor given up */
/* The engine of a mask, made from the last one's parts. Thread: lane. */
EspEngine          *esp_live_engine        (EspLive             *live,       /* (transfer full) */
                                            EspMask             *mask,
                                            GError             **error);

G_END_DECLS
