/* train-log.h: one line of JSON an epoch: what a training run has done so far */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

/* Losses are means over the images of the epoch. */
typedef struct
{
  guint    epoch;              /* finished ones, from 1 */
  guint64  step;               /* updates in all */
  guint64  images;             /* seen in all */
  double   loss, box_loss, objectness_loss, class_loss;
  double   iou;                /* mean of what was matched; NaN without */
  gboolean classifies;         /* map is the share of images whose first guess is right */
  double   map;                /* of the validation images; NaN where this epoch was not validated */
  double   rate;               /* of the last update */
  double   seconds;            /* this epoch, validation and saving included */
  double   total_seconds;      /* since the first step, without what a resumed run lost */
  double   images_per_second;  /* trained; without validation and saving */
  guint64  memory;             /* planned bytes of the training engines */
} EspTrainRecord;

/* (transfer full): one line with its end. Keys: docs/formats.md. */
char     *esp_train_record_to_line (const EspTrainRecord *record);

/* A line is there whole or the file is as long as before. */
gboolean  esp_train_log_append     (const char            *path,
                                    const EspTrainRecord  *record,
                                    guint64               *size,   /* (out): bytes of the file now */
                                    GError               **error);
/* Cuts what was written behind @size; a file that is shorter is refused. */
gboolean  esp_train_log_cut        (const char            *path,
                                    guint64                size,
                                    GError               **error);
/* (transfer full): of EspTrainRecord; a last line that is not whole is passed over. */
GArray   *esp_train_log_load       (const char            *path,
                                    GError               **error);
/* (transfer full): the same of its first @size bytes, which it must have. */
GArray   *esp_train_log_load_first (const char            *path,
                                    guint64                size,
                                    GBytes               **text,   /* (out) (transfer full): these bytes */
                                    GError               **error);

G_END_DECLS
