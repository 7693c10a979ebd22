/* dataset-private.h: what a reader fills in, and the registry of readers */
#pragma once

#include "dataset/dataset.h"

G_BEGIN_DECLS

#define ESP_DATASET_MOST_SAMPLES (10 * 1000 * 1000u)
#define ESP_DATASET_MOST_TRUTHS  (100 * 1000 * 1000u)
#define ESP_DATASET_MOST_CLASSES (1000 * 1000)

/* A data set under construction. */
typedef struct
{
  const EspDatasetOptions *options; /* never NULL */
  char                    *title;
  char                   **names;     /* (nullable) */
  char                    *names_from; /* (nullable): what said how many classes there are, for messages */
  guint                    n_classes; /* a class index must be below it; 0: not known */
  GStringChunk            *strings;
  GArray                  *samples; /* of EspSample, truths not yet set */
  GArray                  *firsts;  /* of gsize: where each one's truths begin */
  GArray                  *truths;  /* of EspTruth */
  guint                    n_label_files, n_degenerate;
} EspDraft;

typedef struct
{
  const char *name;
  gboolean (*probe) (const char *path, gboolean is_folder); /* by name and kind alone, unless nothing else tells */
  gboolean (*read)  (EspDraft   *draft,
                     const char *path, /* absolute */
                     EspJob     *job,
                     GError    **error);
} EspDatasetReader;

extern const EspDatasetReader esp_dataset_reader_darknet_data;
extern const EspDatasetReader esp_dataset_reader_image;
extern const EspDatasetReader esp_dataset_reader_list;
extern const EspDatasetReader esp_dataset_reader_folder;
extern const EspDatasetReader esp_dataset_reader_refused; /* known formats that are not read */

gboolean esp_draft_add_image   (EspDraft    *draft, /* with its YOLO labels where there are some */
                                const char  *path,
                                GError     **error);
gboolean esp_draft_find_names  (EspDraft    *draft, /* the one *.names of @folder, else the option's file */
                                const char  *folder,
                                GError     **error);
gboolean esp_draft_set_names   (EspDraft    *draft,
                                const char  *path,
                                GError     **error);
gboolean esp_draft_read_list   (EspDraft    *draft,
                                const char  *path,
                                EspJob      *job,
                                GError     **error);
gboolean esp_yolo_labels_read  (EspDraft    *draft,
                                const char  *path,
                                GError     **error);
char    *esp_label_path        (const char  *image_path); /* (transfer full) (nullable): the label file that exists */
gboolean esp_is_image_name     (const char  *name);       /* by its extension */

G_END_DECLS
