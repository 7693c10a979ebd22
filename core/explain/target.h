/* target.h: a channel mask × a spatial mask over the head outputs: what is being explained */
#pragma once

#include "detect/detection.h"
#include "image/fit.h"
#include "net/engine.h"

G_BEGIN_DECLS

typedef struct _EspTarget EspTarget;

/* One number of a box, raw: before the logistic function or the exponential. */
typedef enum
{
  ESP_PART_X,
  ESP_PART_Y,
  ESP_PART_W,
  ESP_PART_H,
  ESP_PART_OBJECTNESS,
  ESP_PART_CLASS,
  ESP_N_PARTS,
} EspPart;

/* A target is a spatial mask (which cells and anchors) and a channel mask (which numbers there). */
typedef enum
{
  ESP_MASKS_BOTH,
  ESP_MASKS_SPATIAL_ONLY, /* all numbers of the cells and anchors that pass */
  ESP_MASKS_CHANNEL_ONLY, /* the target's numbers at every cell */
} EspMaskUse;

/* Immutable. Each form answers, for one image whose forward is done, with M: which raw head outputs are summed (T = sum of M * Y).
 * Source: method 1 (Shi et al. 2020): see the notes of each. */
EspTarget  *esp_target_new_classes   (const int          *classes,   /* M of method 1: spatial mask sum of scores > tau, channel mask
                                                                      * decoded >= tau */
                                      guint               n,
                                      float               tau);      /* 0.02 */
EspTarget  *esp_target_new_detection (const EspDetection *detection); /* its objectness and class logit, at its cell and anchor */
EspTarget  *esp_target_new_part      (const EspDetection *detection, /* one of its numbers, there */
                                      EspPart             part);
EspTarget  *esp_target_new_missed    (const EspNetwork   *network,   /* objectness and class logit where training would put this box */
                                      EspPlacement        placement, /* of the image on the network's input */
                                      EspBox              box,       /* fractions of the image */
                                      int                 class_index,
                                      GError            **error);
EspTarget  *esp_target_new_cells     (guint               head,      /* layer index of a head */
                                      const guint        *channels,  /* of the head's input, 0 .. n_anchors * (5 + classes) - 1 */
                                      guint               n_channels,
                                      int                 row,       /* -1: all rows; else this cell */
                                      int                 column);
EspTarget  *esp_target_new_sum       (EspTarget *const   *targets,   /* references are taken */
                                      const double       *weights,
                                      guint               n);
EspTarget  *esp_target_new_masks     (EspTarget          *target,    /* the same with one of its two masks left out */
                                      EspMaskUse          use);
gboolean    esp_masks_parse          (const char         *word,      /* "both", "spatial", "channel" */
                                      EspMaskUse         *use);
EspTarget  *esp_target_ref           (EspTarget          *target);
void        esp_target_unref         (EspTarget          *target);
char       *esp_target_describe      (const EspTarget    *target,    /* (transfer full): "dog 94 %", "class dog, everywhere" */
                                      const char *const  *names);
int         esp_target_get_head      (const EspTarget    *target);   /* the head that it names, -1 for all */
int         esp_target_get_class     (const EspTarget    *target);   /* the one class that it is about, -1 where it is none or several */
gboolean    esp_target_get_box       (const EspTarget    *target,    /* whether it is about one box, found or drawn */
                                      EspBox             *box);      /* (out) (optional): fractions of the image */
const EspDetection *esp_target_get_spot (const EspTarget *target); /* of one box, a part of one or a missed one: head, anchor, cell; NULL of
                                                                    * all else */
const EspDetection *esp_target_get_detection (const EspTarget *target); /* NULL where it is not one box */
EspHash     esp_target_get_hash      (const EspTarget    *target);
/* Whether M depends on what the network says, and not on places alone. */
gboolean    esp_target_needs_map     (const EspTarget    *target);
/* Sets the seeds of the engine (batch items all) and gives, per item, the number of ones in M (0: nothing to explain) and T. Thread:
 * lane. */
gboolean    esp_target_apply         (const EspTarget    *target,    /* explain engine, after forward */
                                      EspEngine          *engine,
                                      guint              *n_ones,    /* (out caller-allocates) batch */
                                      double             *value,     /* (out caller-allocates) (nullable) batch */
                                      GError            **error);

/* A layer whose heatmap of @target says something at first sight. */
guint       esp_explain_default_layer (const EspTarget  *target,
                                       const EspNetwork *network);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTarget, esp_target_unref)

G_END_DECLS
