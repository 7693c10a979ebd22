/* dataset.h: images with or without their truth, whatever format they came in */
#pragma once

#include "base/job.h"
#include "image/fit.h"

G_BEGIN_DECLS

typedef struct _EspDataset EspDataset;

typedef struct
{
  int      class_index; /* in the data set's own classes */
  EspBox   box;
  gboolean difficult;   /* VOC difficult, COCO crowd */
  gboolean crowd;       /* COCO iscrowd alone: many objects under one box; difficult is set too */
  EspPixels pixels;     /* as annotated, exact; all 0 where the format has fractions (or no size of the image) */
  gboolean has_area;
  double   area;        /* COCO's annotated area, pixels², which may be 0; 0 too without has_area */
} EspTruth;

typedef enum
{
  ESP_DATASET_DETECTION,      /* boxes, or nothing known */
  ESP_DATASET_CLASSIFICATION, /* every image has one truth: its class, in a box that is the whole image */
} EspDatasetTask;

/* Splits that are drawn where a format has none. */
typedef struct
{
  guint64 seed;
  double  parts[3]; /* train, val, test in proportion to each other; all 0: 3, 1, 1 */
} EspDatasetDraw;

typedef struct
{
  char     *path;
  gint64    id;             /* the data set's own, else the 0-based place in the list */
  char     *name;           /* the file's name without folder */
  int       width, height;  /* as annotated; 0 where the format does not say */
  guint     n_truths;
  EspTruth *truths;         /* NULL where unlabelled */
} EspSample;

typedef struct
{
  const char           *split;     /* (nullable): train, val or test, or as the format has them */
  const char           *names;     /* (nullable): a file of class names, for a data set that has none */
  const char           *images;    /* (nullable): folder of images */
  int                   n_classes; /* of the network: a class index beyond it is refused where there are no names; 0: not checked */
  const EspDatasetDraw *draw;      /* (nullable): draws @split of a data set that has no splits; without it that is refused */
} EspDatasetOptions;

/* Reads lists and labels, no pictures. Immutable afterwards. Errors name file and line. Thread: any. */
EspDataset        *esp_dataset_open          (const char              *path,
                                              const EspDatasetOptions *options,  /* (nullable) */
                                              EspJob                  *job,
                                              GError                 **error);
EspDataset        *esp_dataset_ref           (EspDataset              *dataset);
void               esp_dataset_unref         (EspDataset              *dataset);
const char        *esp_dataset_get_path      (const EspDataset        *dataset);
const char        *esp_dataset_get_title     (const EspDataset        *dataset); /* for people: "coco256 val" */
guint              esp_dataset_get_n         (const EspDataset        *dataset);
const EspSample   *esp_dataset_get           (const EspDataset        *dataset,
                                              guint                    index);
gboolean           esp_dataset_is_labelled   (const EspDataset        *dataset);
const char *const *esp_dataset_get_names     (const EspDataset        *dataset); /* NULL-terminated, NULL where the format has none */
guint              esp_dataset_get_n_classes (const EspDataset        *dataset); /* names, or 1 + the largest index met */
EspDatasetTask     esp_dataset_get_task      (const EspDataset        *dataset);
gint64             esp_dataset_get_class_id  (const EspDataset        *dataset, /* the format's own: COCO's category id; else the index */
                                              guint                    class_index);
guint              esp_dataset_get_n_degenerate (const EspDataset     *dataset); /* boxes without area, left out */
guint              esp_dataset_get_n_without_labels (const EspDataset *dataset); /* images of a labelled set without a label file: no
                                                                                  * objects */
char              *esp_dataset_dup_warning   (const EspDataset        *dataset); /* (transfer full) (nullable): one sentence of both */
guint             *esp_dataset_order         (const EspDataset        *dataset,  /* (transfer full): the fixed stratified order of a seed,
                                                                                  * get_n entries */
                                              guint64                  seed);
EspDataset        *esp_dataset_subset        (EspDataset              *dataset,
                                              const guint             *indices,
                                              guint                    n);
EspDataset        *esp_dataset_split         (EspDataset              *dataset, /* (transfer full): one part of it, drawn by a seed */
                                              const char              *part,    /* train, val or test */
                                              const EspDatasetDraw    *draw,
                                              GError                 **error);
gboolean           esp_dataset_draw_parse    (EspDatasetDraw          *draw,    /* fills in the parts: "120/40/40", "0.6/0.2/0.2" */
                                              const char              *text,
                                              GError                 **error);

/* Reads a file of class names, one a line. */
char             **esp_names_load            (const char              *path,
                                              GError                 **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspDataset, esp_dataset_unref)

G_END_DECLS
