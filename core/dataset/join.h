/* join.h: data sets of any format made into one in darknet's form, with splits given or drawn */
#pragma once

#include "base/job.h"
#include "dataset/dataset.h"

G_BEGIN_DECLS

#define ESP_N_PARTS 3 /* train, val, test */

typedef enum
{
  ESP_RESPLIT_KEEP,   /* as given */
  ESP_RESPLIT_RANDOM, /* images, by a seed */
  ESP_RESPLIT_TIME,   /* runs of images without a pause, by the dates in their names */
} EspResplitKind;

typedef struct
{
  EspResplitKind kind;
  double         parts[ESP_N_PARTS]; /* in proportion to each other */
  double         gap;                /* ESP_RESPLIT_TIME: seconds; a pause of as many ends a block */
} EspResplit;

/* One data set to be joined. */
typedef struct
{
  char *path;
  char *split; /* (nullable): the one split of it that is taken; NULL: all that it has */
  int   part;  /* what becomes of these: 0 train, 1 val, 2 test; -1: what the split is called */
} EspJoinInput;

typedef struct
{
  const char *const *classes;   /* (nullable): those kept, in this order */
  const char *const *maps;      /* (nullable): "A=B": class A is called B */
  const char        *names;     /* (nullable): class names of data sets without */
  const char        *images;    /* (nullable): folder of images */
  EspResplit         resplit;
  double             val;       /* drawn from train: below 1 a share, from 1 on as many images; 0: none */
  guint64            seed;
  gboolean           difficult; /* objects marked difficult are kept */
  gboolean           drop_empty; /* images without objects are left out */
} EspJoinOptions;

typedef struct
{
  char  **names;                  /* of the classes */
  guint   n_images[ESP_N_PARTS];
  guint  *n_objects[ESP_N_PARTS]; /* by class */
  guint   n_difficult, n_degenerate, n_other, n_empty, n_renamed, n_twice; /* left out: objects, objects, objects of other classes, images;
                                                                            * renamed; met again */
  guint   n_undated, n_blocks;    /* of ESP_RESPLIT_TIME */
} EspJoinReport;

gboolean       esp_join_input_parse  (EspJoinInput         *input,  /* (out): "PATH", "PATH@SPLIT" or "PATH@SPLIT=PART" */
                                      const char           *text,
                                      GError              **error);
void           esp_join_input_clear  (EspJoinInput         *input);
gboolean       esp_resplit_parse     (EspResplit           *resplit, /* (out) */
                                      const char           *text,
                                      GError              **error);
gboolean       esp_join_write        (const char           *folder,
                                      const EspJoinInput   *inputs,
                                      guint                 n_inputs,
                                      const EspJoinOptions *options,
                                      EspJoinReport       **report,  /* (out) */
                                      EspJob               *job,
                                      GError              **error);
void           esp_join_report_free  (EspJoinReport        *report);
gboolean       esp_capture_time      (const char           *name,    /* of a file */
                                      gint64               *seconds); /* (out) */

extern const char *const esp_part_names[ESP_N_PARTS];

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspJoinReport, esp_join_report_free)

G_END_DECLS
