/* view.h: the picture in view: what both networks see in it, and why; latest wins */
#pragma once

#include "study/live.h"

G_BEGIN_DECLS

typedef struct _EspView EspView;

/* What is being looked at. */
typedef struct
{
  int                   image;     /* -1: nothing */
  EspTarget            *target;    /* (nullable): NULL: the class of the strongest box over the whole picture */
  int                   layer;     /* whose channels are looked at; -1: nothing is explained */
  gboolean              pixels;    /* the heatmap is at the pixels, else of that layer */
  gboolean              measured;  /* the heatmap is of a found box, and it is to be measured how faithful it is */
  const EspAttribution *method;
} EspViewWish;

/* Parts that arrive one after the other; NULL where not new. */
typedef struct
{
  int          image;
  EspImage    *picture;
  EspOutcome  *boxes;    /* of the unpruned network */
  GArray      *candidates; /* of EspDetection: all that it said above ESP_ROAD_FLOOR, before suppression */
  EspOutcome  *pruned;   /* of the plan's cut network */
  EspHeatmap  *heat;
  char        *sentence;
  GPtrArray   *maps;     /* of EspHeatmap: channels' own, of the wish in hand */
  GError      *failure;
  char        *unread;   /* why the picture cannot be read */
  gboolean     has_badge;
  EspStudyBadge badge;    /* of the heatmap of the newest wish */
  gboolean     none;      /* there is no heatmap of the newest wish: the sentence says why */
  gboolean     cancelled; /* by hand: there is no heatmap of the newest wish, and none will be made */
  gboolean     idle;     /* nothing more is under way for the newest wish */
} EspViewNews;

typedef void (*EspViewFunc) (EspViewNews *news, gpointer data); /* may steal any part */

/* Thread: main. */
EspView  *esp_view_new          (EspLane           *lane,
                                 EspMaterial       *material,
                                 EspLive           *live,   /* its engines are shared */
                                 EspViewFunc        func,
                                 gpointer           data);
void      esp_view_close        (EspView           *view);  /* (transfer full): calls nothing back from here on */
void      esp_view_set_wish     (EspView           *view,
                                 const EspViewWish *wish);  /* copied; a reference to its target is taken */
void      esp_view_set_mask     (EspView           *view,
                                 EspMask           *mask);
EspJob   *esp_view_dup_job      (EspView           *view); /* (transfer full) (nullable): what is under way for the wish: progress,
                                                            * cancel */
void      esp_view_want_maps    (EspView           *view,   /* of any layers, behind those of the wish's; in place of what was wanted so
                                                             * before */
                                 const EspChannel  *channels,
                                 guint              n);
void      esp_view_want_channel (EspView           *view,   /* of the wish's layer */
                                 guint              channel);

G_END_DECLS
