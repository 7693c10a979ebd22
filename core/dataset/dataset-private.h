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
  gboolean                 has_splits; /* the format has its own, and the option was heeded */
  EspDatasetTask           task;
  GPtrArray               *class_names; /* (nullable): of char *, as esp_draft_class() met them */
  GHashTable              *class_index; /* (nullable): of these, to index + 1 */
  gint64                  *class_ids;   /* (nullable): one a name */
} EspDraft;

/* What a folder holds, itself alone. */
typedef struct
{
  GPtrArray *images;  /* of char *, names, sorted */
  GPtrArray *folders; /* of char *, names, sorted */
  gboolean   xml;
} EspContent;

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
extern const EspDatasetReader esp_dataset_reader_coco;
extern const EspDatasetReader esp_dataset_reader_voc;
extern const EspDatasetReader esp_dataset_reader_class_folders;
extern const EspDatasetReader esp_dataset_reader_split_folders;
extern const EspDatasetReader esp_dataset_reader_refused; /* all files that are left */

void     esp_draw_place        (const EspDatasetDraw *draw,
                                guint        n,
                                guint        edges[4]);
gboolean esp_draft_read        (EspDraft    *draft, /* by the registry: for a reader that hands on */
                                const char  *path,
                                EspJob      *job,
                                GError     **error);
gboolean esp_draft_add         (EspDraft    *draft, /* its truths are those from @first on; name, path and count are filled in */
                                const char  *path,
                                EspSample    sample,
                                gsize        first,
                                GError     **error);
gboolean esp_draft_add_truth   (EspDraft       *draft,
                                const EspTruth *truth,
                                const char     *where, /* leads the message */
                                GError        **error);
int      esp_draft_class       (EspDraft    *draft, /* the class of that name, a new one where it is not yet met; -1 on failure */
                                const char  *name,
                                const char  *where,
                                GError     **error);
void     esp_draft_close_classes (EspDraft  *draft); /* the names given keep their order, the others follow by name */
gboolean esp_draft_size        (const char  *path,  /* fills in a size that is 0 from the picture */
                                int         *width,
                                int         *height,
                                GError     **error);
EspBox   esp_truth_box         (EspPixels    pixels, /* in fractions */
                                int          width,
                                int          height);
gboolean esp_content_read      (const char  *path,
                                EspContent  *content,
                                GError     **error);
void     esp_content_clear     (EspContent  *content);
char    *esp_folder_title      (const char  *path); /* (transfer full): its name; its parent's before one that says little */
EspDataset *esp_dataset_subset_named (EspDataset  *dataset, /* esp_dataset_subset (), and where @part is not NULL called by it */
                                      const guint *indices,
                                      guint        n,
                                      const char  *part);
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

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspContent, esp_content_clear)

G_END_DECLS
