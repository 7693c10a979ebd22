/* look.h: the lens over a study: what is known of the channel that is looked at, part after part; latest wins */
#pragma once

#include "study/lens.h"
#include "study/study.h"

G_BEGIN_DECLS

#define ESP_TYPE_LOOK (esp_look_get_type ())
G_DECLARE_FINAL_TYPE (EspLook, esp_look, ESP, LOOK, GObject)

typedef enum
{
  ESP_LOOK_PATCHES, /* where it fires */
  ESP_LOOK_CARRIED, /* the classes it carries, and the boxes of the picture in view */
  ESP_LOOK_KEPT,    /* how surely it is kept */
  ESP_LOOK_COST,    /* what cutting it costs */
  ESP_LOOK_N_PARTS,
} EspLookPart;

#define ESP_LOOK_RESAMPLES 200

/* Signal: "changed": a part is there, or begins anew. Thread: main, all of it. */
EspLook        *esp_look_new           (EspStudy    *study);
void            esp_look_at            (EspLook     *look,     /* what was under way for another is given up; layer -1: nothing */
                                        int          layer,
                                        guint        channel);
void            esp_look_forget        (EspLook     *look);    /* another study: nothing that was found is of it */
gboolean        esp_look_is_at         (EspLook     *look,     /* FALSE: at nothing */
                                        guint       *layer,
                                        guint       *channel);
gboolean        esp_look_has           (EspLook     *look,     /* it is there, or could not be made */
                                        EspLookPart  part);
const GError   *esp_look_get_error     (EspLook     *look,     /* (nullable): why a part could not be made */
                                        EspLookPart  part);
EspJob         *esp_look_get_job       (EspLook     *look);    /* (transfer none) (nullable): while parts are under way, not cancelled */
const EspPatch *esp_look_get_patches   (EspLook     *look,
                                        guint       *n);
const EspSample *esp_look_get_sample   (EspLook     *look,     /* of an image of the data set that is looked at */
                                        guint        image);
EspOrientation  esp_look_get_orientation (EspLook  *look);   /* which way up its images are read */
EspCarried      esp_look_get_carried   (EspLook     *look,     /* n_images 0: nothing to say of it */
                                        guint        class_index);
const EspLensBox *esp_look_get_boxes   (EspLook     *look,
                                        guint       *n);
double          esp_look_get_kept      (EspLook     *look,     /* share of resamples */
                                        double      *ratio,    /* (out): of its group, that goes */
                                        gboolean    *supposed); /* (out): the plan cuts nothing there: as if it cut half of all */
const EspLensCost *esp_look_get_cost   (EspLook     *look);    /* (nullable) */
/* (transfer full): what must go with it and why, "" alone; the members of its unit. */
char           *esp_look_dup_partners  (EspLook     *look);

G_END_DECLS
