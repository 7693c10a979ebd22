/* view-private.h: the parts of the view: view.c the wish and the act, view-explain.c the heatmap, view-badge.c how faithful it is */
#pragma once

#include "explain/explainer.h"
#include "explain/faithfulness.h"
#include "study/live.h"
#include "study/view.h"

#include <pthread.h>

G_BEGIN_DECLS

#define VIEW_NO_HEAT (-3) /* in place of a layer */

struct _EspView
{
  EspLane *lane;
  EspMaterial *material;
  EspLive *live;
  GMainContext *context;
  EspViewFunc func; /* Thread: main */
  gpointer data;    /* Thread: main */

  pthread_mutex_t lock; /* of all below, up to the line */
  gboolean closed;
  EspViewWish wish;
  guint64 serial;  /* bumped by every new wish */
  guint64 refused; /* the wish whose explanation was cancelled by hand or failed: not tried again */
  EspMask *mask;
  GArray *wanted;   /* of guint: channels whose map is asked for */
  GArray *edge;     /* of EspChannel: of any layer, likewise, the last is next */
  EspJob *job;      /* (nullable): of the explanation under way */
  EspJob *badge_job; /* (nullable): of the measurement under way */
  EspViewNews news; /* the result slot */
  gboolean fresh;   /* the picture was left since it was handed out */
  gboolean act_queued, idle_queued;
  /* ---- Thread: lane ---- */
  int image; /* handed out; of all below; -1 none */
  float *input;
  EspPlacement placement;
  int broken;          /* could not be read: not tried again until chosen again; -1 none */
  int strong_class;    /* of the strongest box, -1 where none is strong */
  char *masks;         /* (nullable): what method 1's two masks of that class let pass, in words */
  GArray *cells;       /* (nullable): of EspBox, where the spatial one does */
  EspHash pruned_mask; /* whose boxes were handed out last for this image */
  gboolean has_pruned;
  EspExplainer *explainer;
  EspFaithfulness *faithfulness; /* (nullable): of the box below */
  EspBox measured_box;
  int measured_class, measured_image; /* image -1: of none */
  const EspAttribution *method; /* that the explainer has run */
  EspTarget *target;            /* what the explainer has run for this image; NULL nothing */
  int ran_layer;                /* for which layer that run was, or ESP_PIXELS or ESP_EVERY_LAYER */
  int heat_layer;               /* of the heatmap handed out last, or ESP_PIXELS; VIEW_NO_HEAT none */
};

/* One step of the act: the wish, and whether it is still the newest. */
typedef struct
{
  EspView *view;
  EspViewWish wish;
  guint64 serial;
  EspMask *mask;
  EspJob *job;
  gboolean explaining, tried, unread;
} Look;

/* With the lock held: FALSE where nobody wants it any more. */
gboolean view_begin_news (Look *look, gboolean of_picture);
/* Puts one part into the slot; FALSE where nobody wants it any more, and then it is freed. */
gboolean view_hand_out   (Look *look, gboolean of_picture, gpointer *slot, gpointer value, GDestroyNotify destroy);
gboolean view_drop       (GError **error); /* a newer wish has come: no failure, but the end of this act */
EspView *view_ref        (EspView *view);
void     view_unref      (gpointer view);

#define HAND_OUT(look, of_picture, slot, value, destroy)                                                                                   \
  view_hand_out (look, of_picture, (gpointer *) &(slot), g_steal_pointer (&(value)), (GDestroyNotify) (destroy))

gboolean view_tell_masks (EspView *view, EspEngine *engine, GError **error);
gboolean view_make_heat  (Look *look, GError **error);

/* How faithful the heatmap is that was just handed out, behind all that is looked at. Thread: lane. */
void     view_post_badge (Look *look, EspHeatmap *heat, const EspTarget *target);

G_END_DECLS
