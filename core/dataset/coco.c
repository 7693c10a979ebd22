/* coco.c: COCO instances json: images, annotations, categories */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define MOST_BYTES ((gsize) 64 << 20)
#define MOST_SIDE  1000000
#define NOWHERE    G_MAXUINT

typedef struct
{
  EspTruth truth;
  guint image; /* its place among the images */
} Annotation;

typedef struct
{
  EspDraft *draft;
  const char *path;
  JsonArray *images, *annotations, *categories; /* annotations NULL where unlabelled */
  GHashTable *image_place, *class_place;        /* id to place + 1 */
  char *image_folder;
  EspSample *samples; /* of the images; paths in the draft's strings */
  GArray *found;      /* of Annotation */
} Coco;

static void
coco_clear (Coco *coco)
{
  g_clear_pointer (&coco->image_place, g_hash_table_unref);
  g_clear_pointer (&coco->class_place, g_hash_table_unref);
  g_clear_pointer (&coco->found, g_array_unref);
  g_free (coco->image_folder);
  g_free (coco->samples);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Coco, coco_clear)

/* The object that is element @i of the member @list; @where: (out) (transfer full): leads the messages about it. */
static gboolean
read_item (const Coco *coco, JsonArray *array, const char *list, guint i, char **where, JsonObject **object, GError **error)
{
  g_autofree char *in = g_strdup_printf ("%s: %s", coco->path, list);

  *where = g_strdup_printf ("%s[%u]", in, i);
  return esp_json_item_object (array, in, i, object, error);
}

/* A whole number of any sort that JSON's parser keeps. */
static gboolean
read_id (JsonObject *object, const char *where, const char *name, gint64 *id, GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
    {
      *id = json_node_get_int (node);
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, node == NULL ? "%s: no member \"%s\"" : "%s: %s: expected a whole number", where, name);
  return FALSE;
}

/* Notes that @id is at @place; refused where another has it. */
static gboolean
note_id (GHashTable *places, gint64 id, guint place, const char *where, GError **error)
{
  if (!g_hash_table_contains (places, &id))
    {
      g_hash_table_insert (places, g_memdup2 (&id, sizeof id), GUINT_TO_POINTER (place + 1));
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: id: %" G_GINT64_FORMAT " is there twice", where, id);
  return FALSE;
}

/* The place of what member @name of an annotation points to. */
static gboolean
find_id (JsonObject *object, const char *where, const char *name, GHashTable *places, const char *among, guint *place, GError **error)
{
  gint64 id = 0;

  if (!read_id (object, where, name, &id, error))
    return FALSE;
  *place = GPOINTER_TO_UINT (g_hash_table_lookup (places, &id)) - 1;
  if (*place != NOWHERE)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: %" G_GINT64_FORMAT " is not the id of any of the %s", where, name, id, among);
  return FALSE;
}

/* An optional member: @value stays as it is where there is none. */
static gboolean
read_optional (JsonObject *object, const char *where, const char *name, double most, double *value, GError **error)
{
  return !json_object_has_member (object, name) || esp_json_read_number (object, where, name, 0, most, value, error);
}

static gboolean
read_crowd (JsonObject *object, const char *where, gboolean *crowd, GError **error)
{
  guint value = 0;

  if (json_object_has_member (object, "iscrowd") && !esp_json_read_count (object, where, "iscrowd", 0, 1, &value, error))
    return FALSE;
  *crowd = value == 1;
  return TRUE;
}

typedef struct
{
  gint64 id;
  const char *name;
} Category;

static int
compare_categories (gconstpointer a, gconstpointer b)
{
  const gint64 x = ((const Category *) a)->id, y = ((const Category *) b)->id;

  return (x > y) - (x < y);
}

/* Classes are the categories in the order of their ids, whatever these are. */
static gboolean
read_categories (Coco *coco, GError **error)
{
  const guint n = json_array_get_length (coco->categories);
  g_autofree Category *all = g_new0 (Category, n + 1);
  EspDraft *draft = coco->draft;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *where = NULL;
      JsonObject *object = NULL;

      if (!read_item (coco, coco->categories, "categories", i, &where, &object, error) || !read_id (object, where, "id", &all[i].id, error)
          || !note_id (coco->class_place, all[i].id, i, where, error) || !esp_json_read_string (object, where, "name", &all[i].name, error))
        return FALSE;
    }
  qsort (all, n, sizeof *all, compare_categories);
  draft->names = g_new0 (char *, n + 1);
  draft->class_ids = g_new0 (gint64, n + 1);
  draft->n_classes = n;
  for (guint i = 0; i < n; i++)
    {
      draft->names[i] = g_utf8_make_valid (all[i].name, -1);
      draft->class_ids[i] = all[i].id;
      g_hash_table_insert (coco->class_place, g_memdup2 (&all[i].id, sizeof all[i].id), GUINT_TO_POINTER (i + 1));
    }
  return TRUE;
}

/* (transfer full): where the first picture is: --images, beside the json, in images/, or as COCO has them:
 * annotations/instances_val2017.json and val2017/. Where it is nowhere, beside the json: loading it will tell. */
static char *
find_folder (const Coco *coco, const char *first)
{
  g_autofree char *folder = g_path_get_dirname (coco->path);
  g_autofree char *above = g_path_get_dirname (folder);
  g_autofree char *name = g_path_get_basename (coco->path);
  const char *bar = strrchr (name, '_');
  const char *stem = bar != NULL ? bar + 1 : name;
  const gsize n = strlen (stem) > strlen (".json") ? strlen (stem) - strlen (".json") : 0;
  g_autofree char *set = g_strndup (stem, n);
  const char *const tried[][3]
      = { { folder }, { folder, "images" }, { folder, set }, { above, set }, { above, "images" }, { above, "images", set } };

  if (coco->draft->options->images != NULL)
    return g_canonicalize_filename (coco->draft->options->images, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tried); i++)
    {
      g_autofree char *here = g_build_filename (tried[i][0], tried[i][1], tried[i][1] != NULL ? tried[i][2] : NULL, NULL);
      g_autofree char *picture = g_build_filename (here, first, NULL);

      if (g_file_test (picture, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&here);
    }
  return g_steal_pointer (&folder);
}

static gboolean
read_image (Coco *coco, guint i, GError **error)
{
  g_autofree char *where = NULL;
  EspSample *sample = &coco->samples[i];
  JsonObject *object = NULL;
  const char *name = NULL;
  double width = 0, height = 0;
  g_autofree char *path = NULL;

  if (!read_item (coco, coco->images, "images", i, &where, &object, error) || !read_id (object, where, "id", &sample->id, error)
      || !note_id (coco->image_place, sample->id, i, where, error) || !esp_json_read_string (object, where, "file_name", &name, error)
      || !read_optional (object, where, "width", MOST_SIDE, &width, error)
      || !read_optional (object, where, "height", MOST_SIDE, &height, error))
    return FALSE;
  if (width != floor (width) || height != floor (height))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: size %g × %g: expected whole numbers of pixels", where, width, height);
      return FALSE;
    }
  if (!esp_is_image_name (name))
    {
      g_autofree char *found = g_utf8_make_valid (name, -1);

      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: file_name: “%.60s”: expected a picture (png, jpg, bmp, ppm)", where, found);
      return FALSE;
    }
  if (coco->image_folder == NULL)
    coco->image_folder = find_folder (coco, name);
  path = g_path_is_absolute (name) ? g_strdup (name) : g_build_filename (coco->image_folder, name, NULL);
  sample->width = (int) width;
  sample->height = (int) height;
  sample->path = g_string_chunk_insert (coco->draft->strings, path);
  return TRUE;
}

static gboolean
read_images (Coco *coco, EspJob *job, GError **error)
{
  const guint n = json_array_get_length (coco->images);

  if (n == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: images is empty: expected one at least", coco->path);
      return FALSE;
    }
  coco->samples = g_new0 (EspSample, n);
  for (guint i = 0; i < n; i++)
    if (!esp_job_check (job, error) || !read_image (coco, i, error))
      return FALSE;
  return TRUE;
}

/* left, top, width, height in pixels from 0; a pixel and a hundredth of a side may lie outside. */
static gboolean
read_box (JsonObject *object, const char *where, double box[4], GError **error)
{
  g_autofree char *in = g_strconcat (where, ": bbox", NULL);
  JsonArray *array = NULL;

  if (!esp_json_read_array (object, where, "bbox", &array, error))
    return FALSE;
  if (json_array_get_length (array) != 4)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %u numbers: expected four, left, top, width, height", in,
                   json_array_get_length (array));
      return FALSE;
    }
  for (guint i = 0; i < 4; i++)
    if (!esp_json_item_number (array, in, i, &box[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
place_box (EspSample *sample, const double box[4], const char *where, EspTruth *truth, GError **error)
{
  double slack_x, slack_y;

  if (!esp_draft_size (sample->path, &sample->width, &sample->height, error))
    {
      g_prefix_error (error, "%s: ", where);
      return FALSE;
    }
  slack_x = 1 + 0.01 * sample->width;
  slack_y = 1 + 0.01 * sample->height;
  if (box[0] < -slack_x || box[1] < -slack_y || box[0] + box[2] > sample->width + slack_x || box[1] + box[3] > sample->height + slack_y)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: bbox: %g, %g, %g × %g: expected it inside the picture of %d × %d pixels", where,
                   box[0], box[1], box[2], box[3], sample->width, sample->height);
      return FALSE;
    }
  truth->pixels = (EspPixels){ box[0], box[1], box[2], box[3] };
  truth->box = esp_truth_box (truth->pixels, sample->width, sample->height);
  return TRUE;
}

static gboolean
read_annotation (Coco *coco, guint i, GHashTable *ids, GError **error)
{
  g_autofree char *where = NULL;
  Annotation annotation = { 0 };
  JsonObject *object = NULL;
  double box[4] = { 0 }, area = -1;
  guint class_index = 0;
  gint64 id = 0;

  if (!read_item (coco, coco->annotations, "annotations", i, &where, &object, error) || !read_id (object, where, "id", &id, error)
      || !note_id (ids, id, i, where, error) || !find_id (object, where, "image_id", coco->image_place, "images", &annotation.image, error)
      || !find_id (object, where, "category_id", coco->class_place, "categories", &class_index, error)
      || !read_crowd (object, where, &annotation.truth.crowd, error) || !read_optional (object, where, "area", 1e12, &area, error)
      || !read_box (object, where, box, error))
    return FALSE;
  annotation.truth.class_index = (int) class_index;
  annotation.truth.has_area = area >= 0;
  annotation.truth.area = MAX (area, 0);
  annotation.truth.difficult = annotation.truth.crowd;
  if (box[2] <= 0 || box[3] <= 0)
    {
      coco->draft->n_degenerate++;
      return TRUE;
    }
  if (!place_box (&coco->samples[annotation.image], box, where, &annotation.truth, error))
    return FALSE;
  g_array_append_val (coco->found, annotation);
  return TRUE;
}

static gboolean
read_annotations (Coco *coco, EspJob *job, GError **error)
{
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  const guint n = coco->annotations != NULL ? json_array_get_length (coco->annotations) : 0;

  for (guint i = 0; i < n; i++)
    {
      if (!esp_job_check (job, error) || !read_annotation (coco, i, ids, error))
        return FALSE;
      esp_job_set_progress (job, i + 1, n);
    }
  return TRUE;
}

/* Images in their order, each with its annotations in theirs. */
static gboolean
fill_draft (Coco *coco, GError **error)
{
  const guint n = json_array_get_length (coco->images);
  g_autofree guint *next = g_new0 (guint, n + 1); /* where each image's annotations begin, then end */
  g_autofree guint *order = g_new (guint, coco->found->len + 1);

  for (guint k = 0; k < coco->found->len; k++)
    next[g_array_index (coco->found, Annotation, k).image + 1]++;
  for (guint i = 0; i < n; i++)
    next[i + 1] += next[i];
  for (guint k = 0; k < coco->found->len; k++)
    order[next[g_array_index (coco->found, Annotation, k).image]++] = k;
  for (guint i = 0, k = 0; i < n; i++)
    {
      const gsize first = coco->draft->truths->len;

      for (; k < next[i]; k++)
        if (!esp_draft_add_truth (coco->draft, &g_array_index (coco->found, Annotation, order[k]).truth, coco->path, error))
          return FALSE;
      if (!esp_draft_add (coco->draft, coco->samples[i].path, coco->samples[i], first, error))
        return FALSE;
    }
  coco->draft->n_label_files = coco->annotations != NULL ? n : 0;
  return TRUE;
}

static gboolean
open_parts (Coco *coco, JsonObject *root, GError **error)
{
  coco->image_place = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  coco->class_place = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  coco->found = g_array_new (FALSE, FALSE, sizeof (Annotation));
  return esp_json_read_array (root, coco->path, "images", &coco->images, error)
         && esp_json_read_array (root, coco->path, "categories", &coco->categories, error)
         && (!json_object_has_member (root, "annotations")
             || esp_json_read_array (root, coco->path, "annotations", &coco->annotations, error));
}

static gboolean
coco_probe (const char *path, gboolean is_folder)
{
  const gsize n = strlen (path);

  return !is_folder && n > 5 && g_ascii_strcasecmp (path + n - 5, ".json") == 0;
}

/* Polygons and run lengths are passed over; an annotation without bbox is refused. Names come from the categories, never from a file. */
static gboolean
coco_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_autoptr (JsonNode) root = esp_json_load (path, MOST_BYTES, error);
  g_auto (Coco) coco = { .draft = draft, .path = path };
  char *dot;

  if (root == NULL)
    return FALSE;
  draft->title = g_path_get_basename (path);
  dot = strrchr (draft->title, '.');
  *dot = '\0';
  return open_parts (&coco, json_node_get_object (root), error) && read_categories (&coco, error) && read_images (&coco, job, error)
         && read_annotations (&coco, job, error) && fill_draft (&coco, error);
}

const EspDatasetReader esp_dataset_reader_coco = { "COCO json", coco_probe, coco_read };
