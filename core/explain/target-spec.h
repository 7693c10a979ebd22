/* target-spec.h: what is to be explained, as a person writes it: for the command line, figures and recipes */
#pragma once

#include "explain/target.h"

G_BEGIN_DECLS

/* What the words may speak of. Borrowed. */
typedef struct
{
  const EspNetwork   *network;
  const char *const  *names;         /* (nullable): class names of the network, NULL-terminated */
  float               tau;           /* of classes and of the data set */
  const char         *image;         /* (nullable): its path, for messages; NULL: there is no one photograph */
  int                 width, height; /* of that image in pixels */
  EspPlacement        placement;     /* of that image */
  const EspDetection *detections;    /* of that image, by score */
  guint               n_detections;
  double              threshold;     /* that they are above, for messages */
} EspTargetScene;

/* dataset; class:NAME, class:NAME+NAME; box:K, box:K:objectness|class|x|y|w|h; missed:X,Y,W,H:NAME; cells:HEAD:CH,CH[:ROW,COLUMN];
 * sums of these, "2*box:1-0.5*box:2". Immutable. Thread: any. */
typedef struct _EspTargetSpec EspTargetSpec;

EspTargetSpec *esp_target_spec_new      (const char            *text,
                                         GError               **error);
void           esp_target_spec_free     (EspTargetSpec         *spec);
gboolean       esp_target_spec_is_of_image (const EspTargetSpec *spec);  /* speaks of boxes, which one photograph has */
int            esp_target_spec_get_box  (const EspTargetSpec   *spec);   /* the K of its only box:K, else 0 */
EspTarget     *esp_target_spec_make     (const EspTargetSpec   *spec,
                                         const EspTargetScene  *scene,
                                         GError               **error);

/* A class by name or by index; where there is none the message names those that are spelt like it. */
gboolean       esp_class_find           (const char            *word,
                                         const char *const     *names,   /* (nullable) */
                                         int                    n,       /* classes of the network */
                                         int                   *index,   /* (out) */
                                         GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTargetSpec, esp_target_spec_free)

G_END_DECLS
