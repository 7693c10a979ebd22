/* dataset.c: images with or without their truth, and the registry of formats */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset.h"

#include <string.h>

#include "base/error.h"
#include "dataset/dataset-private.h"

struct _EspDataset
{
  char *path, *title;
  char **names;
  gint64 *class_ids; /* NULL: the indices */
  EspDatasetTask task;
  guint n_classes, n, n_degenerate, n_without_labels;
  gboolean labelled, drawn; /* drawn: a part of a whole, whose warning is its own */
  EspSample *samples;
  EspTruth *truths;      /* of all samples, in order */
  GStringChunk *strings; /* of the samples' paths */
  EspDataset *whole;     /* of a subset: what its samples point into */
};

/* A new format is one file and one line here; the first whose probe answers reads. */
static const EspDatasetReader *const readers[] = {
  &esp_dataset_reader_darknet_data,  &esp_dataset_reader_image,  &esp_dataset_reader_list,
  &esp_dataset_reader_coco,          &esp_dataset_reader_voc,    &esp_dataset_reader_split_folders,
  &esp_dataset_reader_class_folders, &esp_dataset_reader_folder, &esp_dataset_reader_refused,
};

static void
draft_init (EspDraft *draft, const EspDatasetOptions *options)
{
  *draft = (EspDraft){
    .options = options,
    .strings = g_string_chunk_new (4096),
    .samples = g_array_new (FALSE, TRUE, sizeof (EspSample)),
    .firsts = g_array_new (FALSE, FALSE, sizeof (gsize)),
    .truths = g_array_new (FALSE, FALSE, sizeof (EspTruth)),
  };
}

static void
draft_clear (EspDraft *draft)
{
  g_free (draft->title);
  g_strfreev (draft->names);
  g_free (draft->names_from);
  g_clear_pointer (&draft->strings, g_string_chunk_free);
  g_clear_pointer (&draft->samples, g_array_unref);
  g_clear_pointer (&draft->firsts, g_array_unref);
  g_clear_pointer (&draft->truths, g_array_unref);
  g_clear_pointer (&draft->class_names, g_ptr_array_unref);
  g_clear_pointer (&draft->class_index, g_hash_table_unref);
  g_free (draft->class_ids);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspDraft, draft_clear)

/**
 * esp_draft_add:
 * @draft: gets the image
 * @path: absolute; the picture is not opened
 * @sample: its id, and its size where that is known
 * @first: where its truths begin in the draft's; they are there already
 * @error: ESP_ERROR_LIMIT beyond ten million images
 */
gboolean
esp_draft_add (EspDraft *draft, const char *path, EspSample sample, gsize first, GError **error)
{
  if (draft->samples->len == ESP_DATASET_MOST_SAMPLES)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: at most %u images are accepted in a data set", path, ESP_DATASET_MOST_SAMPLES);
      return FALSE;
    }
  sample.path = g_string_chunk_insert (draft->strings, path);
  sample.name = strrchr (sample.path, '/') != NULL ? strrchr (sample.path, '/') + 1 : sample.path;
  sample.n_truths = (guint) (draft->truths->len - first);
  g_array_append_val (draft->samples, sample);
  g_array_append_val (draft->firsts, first);
  return TRUE;
}

/** esp_draft_add_truth: appends a truth of the image that comes next. Errors: ESP_ERROR_LIMIT beyond a hundred million, after @where. */
gboolean
esp_draft_add_truth (EspDraft *draft, const EspTruth *truth, const char *where, GError **error)
{
  if (draft->truths->len == ESP_DATASET_MOST_TRUTHS)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_LIMIT, "%s: at most %u objects are accepted in a data set", where, ESP_DATASET_MOST_TRUTHS);
      return FALSE;
    }
  g_array_append_vals (draft->truths, truth, 1);
  return TRUE;
}

/**
 * esp_draft_add_image:
 * @draft: gets the image, and the truths of its label file where it has one
 * @path: absolute; the picture is not opened
 * @error: as esp_yolo_labels_read(); ESP_ERROR_LIMIT beyond ten million images
 */
gboolean
esp_draft_add_image (EspDraft *draft, const char *path, GError **error)
{
  const gsize first = draft->truths->len;
  g_autofree char *labels = esp_label_path (path);

  if (labels != NULL && !esp_yolo_labels_read (draft, labels, error))
    return FALSE;
  draft->n_label_files += labels != NULL;
  return esp_draft_add (draft, path, (EspSample){ .id = draft->samples->len }, first, error);
}

static guint
count_classes (const EspDraft *draft)
{
  guint n = 0;

  if (draft->names != NULL)
    return g_strv_length (draft->names);
  for (guint i = 0; i < draft->truths->len; i++)
    n = MAX (n, (guint) g_array_index (draft->truths, EspTruth, i).class_index + 1);
  return n;
}

/* The draft's arrays become the data set's. */
static EspDataset *
draft_finish (EspDraft *draft, const char *path)
{
  EspDataset *dataset = g_atomic_rc_box_new0 (EspDataset);

  dataset->path = g_strdup (path);
  dataset->title = g_utf8_make_valid (draft->title, -1);
  dataset->n_classes = count_classes (draft);
  dataset->names = g_steal_pointer (&draft->names);
  dataset->class_ids = g_steal_pointer (&draft->class_ids);
  dataset->task = draft->task;
  dataset->n_degenerate = draft->n_degenerate;
  dataset->labelled = draft->n_label_files != 0;
  dataset->n = draft->samples->len;
  dataset->n_without_labels = dataset->labelled ? dataset->n - draft->n_label_files : 0;
  dataset->strings = g_steal_pointer (&draft->strings);
  g_array_set_size (draft->truths, draft->truths->len + 1); /* so that no objects are not the same as no labels */
  dataset->truths = (EspTruth *) (gpointer) g_array_free (g_steal_pointer (&draft->truths), FALSE);
  dataset->samples = (EspSample *) (gpointer) g_array_free (g_steal_pointer (&draft->samples), FALSE);
  for (guint i = 0; dataset->labelled && i < dataset->n; i++)
    dataset->samples[i].truths = dataset->truths + g_array_index (draft->firsts, gsize, i);
  return dataset;
}

static const EspDatasetReader *
find_reader (const char *path)
{
  const gboolean is_folder = g_file_test (path, G_FILE_TEST_IS_DIR);
  guint i = 0;

  while (!readers[i]->probe (path, is_folder)) /* the last takes all files that are left */
    i++;
  return readers[i];
}

/** esp_draft_read: lets the first reader whose probe answers read @path, which exists. Errors: that reader's. */
gboolean
esp_draft_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  return find_reader (path)->read (draft, path, job, error);
}

/* The split that was asked for, drawn, of a whole that has none of its own. */
static EspDataset *
draw_split (EspDataset *whole, const EspDatasetOptions *options, GError **error)
{
  if (options->draw != NULL)
    return esp_dataset_split (whole, options->split, options->draw, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SPLIT, "%s: no split “%s”: it has none of its own, and a seed is needed to draw one",
               whole->path, options->split);
  return NULL;
}

/**
 * esp_dataset_open:
 * @path: a darknet .data file, a .txt list of image paths, a COCO json, a VOC root, a folder of class folders or of images, or a picture
 * @options: (nullable): which split, names, folder of images; how many classes the network has; how to draw splits
 * @job: (nullable): cancel and progress
 * @error: ESP_ERROR_FORMAT with file and line, ESP_ERROR_IO, ESP_ERROR_LIMIT, ESP_ERROR_SHAPE, ESP_ERROR_UNSUPPORTED, ESP_ERROR_SPLIT,
 *   G_IO_ERROR_CANCELLED
 *
 * Reads lists and labels, no pictures: a picture that is missing is told of when it is loaded. Where no image has a label file the set is
 * unlabelled; where some have one, an image without it has no objects (darknet's reading).
 * Returns: (transfer full): immutable. Thread: any.
 */
EspDataset *
esp_dataset_open (const char *path, const EspDatasetOptions *options, EspJob *job, GError **error)
{
  const EspDatasetOptions none = { 0 };
  g_autofree char *full = NULL;
  g_auto (EspDraft) draft = { 0 };
  EspDataset *dataset = NULL;

  g_return_val_if_fail (path != NULL, NULL);
  full = g_canonicalize_filename (path, NULL);
  if (!g_file_test (full, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: no such file or folder: expected a data set", path);
      return NULL;
    }
  draft_init (&draft, options != NULL ? options : &none);
  if (esp_draft_read (&draft, full, job, error))
    dataset = draft_finish (&draft, full);
  if (dataset != NULL && draft.options->split != NULL && !draft.has_splits)
    {
      g_autoptr (EspDataset) whole = g_steal_pointer (&dataset);

      dataset = draw_split (whole, draft.options, error);
    }
  esp_error_make_utf8 (error);
  return dataset;
}

/** esp_dataset_ref: Returns: (transfer full): @dataset. Thread: any. */
EspDataset *
esp_dataset_ref (EspDataset *dataset)
{
  return g_atomic_rc_box_acquire (dataset);
}

static void
dataset_clear (gpointer data)
{
  EspDataset *dataset = data;

  g_free (dataset->path);
  g_free (dataset->title);
  g_strfreev (dataset->names);
  g_free (dataset->class_ids);
  g_free (dataset->samples);
  g_free (dataset->truths);
  g_clear_pointer (&dataset->strings, g_string_chunk_free);
  g_clear_pointer (&dataset->whole, esp_dataset_unref);
}

/** esp_dataset_unref: drops a reference. Thread: any. */
void
esp_dataset_unref (EspDataset *dataset)
{
  g_atomic_rc_box_release_full (dataset, dataset_clear);
}

/** esp_dataset_get_path: Returns: (transfer none): where it was opened, absolute. Thread: any. */
const char *
esp_dataset_get_path (const EspDataset *dataset)
{
  return dataset->path;
}

/** esp_dataset_get_title: Returns: (transfer none): a short name for people, such as "coco256 val". Thread: any. */
const char *
esp_dataset_get_title (const EspDataset *dataset)
{
  return dataset->title;
}

/** esp_dataset_get_n: Returns: how many images it has, at least 1. Thread: any. */
guint
esp_dataset_get_n (const EspDataset *dataset)
{
  return dataset->n;
}

/** esp_dataset_get: Returns: (transfer none): the image at @index, 0-based. Thread: any. */
const EspSample *
esp_dataset_get (const EspDataset *dataset, guint index)
{
  g_return_val_if_fail (index < dataset->n, NULL);
  return &dataset->samples[index];
}

/** esp_dataset_is_labelled: Returns: whether any image has labels. Thread: any. */
gboolean
esp_dataset_is_labelled (const EspDataset *dataset)
{
  return dataset->labelled;
}

/** esp_dataset_get_names: Returns: (transfer none) (nullable): NULL-terminated class names. Thread: any. */
const char *const *
esp_dataset_get_names (const EspDataset *dataset)
{
  return (const char *const *) dataset->names;
}

/** esp_dataset_get_n_classes: Returns: how many names there are, else 1 + the largest index met. Thread: any. */
guint
esp_dataset_get_n_classes (const EspDataset *dataset)
{
  return dataset->n_classes;
}

/** esp_dataset_get_task: Returns: whether the truths are boxes, or each the class of a whole image. Thread: any. */
EspDatasetTask
esp_dataset_get_task (const EspDataset *dataset)
{
  return dataset->task;
}

/** esp_dataset_get_class_id: Returns: what the format calls the class: COCO's category id, else @class_index itself. Thread: any. */
gint64
esp_dataset_get_class_id (const EspDataset *dataset, guint class_index)
{
  g_return_val_if_fail (class_index < dataset->n_classes, -1);
  return dataset->class_ids != NULL ? dataset->class_ids[class_index] : (gint64) class_index;
}

/** esp_dataset_get_n_degenerate: Returns: how many boxes without area were left out. Thread: any. */
guint
esp_dataset_get_n_degenerate (const EspDataset *dataset)
{
  return dataset->n_degenerate;
}

/** esp_dataset_get_n_without_labels: Returns: how many images of a labelled set have no label file, and so no objects. Thread: any. */
guint
esp_dataset_get_n_without_labels (const EspDataset *dataset)
{
  return dataset->n_without_labels;
}

/** esp_dataset_dup_warning: Returns: (transfer full) (nullable): one sentence on what was left out or taken as empty. Thread: any. */
char *
esp_dataset_dup_warning (const EspDataset *dataset)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (dataset->drawn)
    return esp_dataset_dup_warning (dataset->whole);
  if (dataset->n_degenerate != 0)
    g_string_append_printf (text, "%u %s without area left out", dataset->n_degenerate, dataset->n_degenerate == 1 ? "box" : "boxes");
  if (dataset->n_without_labels != 0)
    g_string_append_printf (text, "%s%u of %u images without a label file, counted as without objects", text->len != 0 ? "; " : "",
                            dataset->n_without_labels, dataset->n);
  if (text->len == 0)
    return NULL;
  return g_strdup_printf ("%s: %s", dataset->title, text->str);
}

/** esp_dataset_subset_named: as esp_dataset_subset(); with a @part (nullable) its title says so, and its warning is the whole's.
 * Thread: any. */
EspDataset *
esp_dataset_subset_named (EspDataset *dataset, const guint *indices, guint n, const char *part)
{
  EspDataset *subset = g_atomic_rc_box_new0 (EspDataset);

  subset->path = g_strdup (dataset->path);
  subset->title = part != NULL ? g_strconcat (dataset->title, " ", part, NULL) : g_strdup (dataset->title);
  subset->names = g_strdupv (dataset->names);
  subset->class_ids = dataset->class_ids != NULL ? g_memdup2 (dataset->class_ids, dataset->n_classes * sizeof (gint64)) : NULL;
  subset->task = dataset->task;
  subset->n_classes = dataset->n_classes;
  subset->labelled = dataset->labelled;
  subset->drawn = part != NULL;
  subset->n = n;
  subset->samples = g_new (EspSample, n);
  for (guint i = 0; i < n; i++)
    subset->samples[i] = dataset->samples[indices[i]];
  subset->whole = esp_dataset_ref (dataset);
  return subset;
}

/**
 * esp_dataset_subset:
 * @dataset: the whole
 * @indices: @n places in it, in the order wanted
 * @n: at least 1
 *
 * Returns: (transfer full): a data set of these images alone, with the whole's names, classes and ids. Thread: any.
 */
EspDataset *
esp_dataset_subset (EspDataset *dataset, const guint *indices, guint n)
{
  g_return_val_if_fail (n > 0 && indices != NULL, NULL);
  for (guint i = 0; i < n; i++)
    g_return_val_if_fail (indices[i] < dataset->n, NULL);
  return esp_dataset_subset_named (dataset, indices, n, NULL);
}
