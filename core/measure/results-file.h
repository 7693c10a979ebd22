/* results-file.h: detections made elsewhere, from COCO results json */
#pragma once

#include "measure/evaluate.h"

G_BEGIN_DECLS

/* One row of the file. */
typedef struct
{
  guint     image;       /* of the data set */
  gint64    category;    /* as the file has it */
  int       class_index; /* -1 where the data set does not know the category, or not yet */
  EspPixels box;
  double    score;
} EspResult;

GArray      *esp_results_load        (const char         *path,      /* (transfer full): of EspResult, in the file's order */
                                      EspDataset         *dataset,
                                      GError            **error);
/* Sets class_index of each row. */
gboolean     esp_results_classify    (GArray             *results,
                                      const char         *path,      /* for messages */
                                      EspDataset         *dataset,
                                      const char *const  *names,     /* (nullable): of the classes, where category_id is a place among
                                                                      * them */
                                      guint              *n_classes, /* (out) */
                                      guint              *n_unknown, /* (out): rows of categories that the data set lacks */
                                      GError            **error);
/* One of each of @indices; (transfer container): the array and its @n entries. */
EspOutcome **esp_results_to_outcomes (const GArray       *results,
                                      EspDataset         *dataset,
                                      const EspClassMap  *map,
                                      const guint        *indices,
                                      guint               n,
                                      EspOrientation      orientation, /* of an image whose size has to be looked up */
                                      GError            **error);

G_END_DECLS
