/* results-file.c: detections made elsewhere, from COCO results json */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/results-file.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define MOST_BYTES   ((gsize) 512 << 20)
#define MOST         1e9 /* pixels, and scores */
#define MOST_CLASSES 1000000
#define SEVERAL      G_MAXUINT

/* The images by what a row may call them. */
typedef struct
{
  EspDataset *dataset;
  GHashTable *by_id;   /* gint64, the sample's own, to its place */
  GHashTable *by_name; /* file name to place; SEVERAL where more than one has it */
  GHashTable *by_stem; /* the name without extension, likewise */
} Images;

static void
images_clear (Images *images)
{
  g_hash_table_unref (images->by_id);
  g_hash_table_unref (images->by_name);
  g_hash_table_unref (images->by_stem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Images, images_clear)

static void
note (GHashTable *table, char *name, guint place)
{
  g_hash_table_insert (table, name, GUINT_TO_POINTER (g_hash_table_contains (table, name) ? SEVERAL : place));
}

static void
images_init (Images *images, EspDataset *dataset)
{
  images->dataset = dataset;
  images->by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  images->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  images->by_stem = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, i);
      const char *dot = strrchr (sample->name, '.');

      g_hash_table_insert (images->by_id, (gpointer) &sample->id, GUINT_TO_POINTER (i));
      note (images->by_name, g_strdup (sample->name), i);
      note (images->by_stem, dot != NULL ? g_strndup (sample->name, (gsize) (dot - sample->name)) : g_strdup (sample->name), i);
    }
}

static gboolean
look_up (GHashTable *table, gconstpointer key, guint *image)
{
  gpointer value;

  if (!g_hash_table_lookup_extended (table, key, NULL, &value) || GPOINTER_TO_UINT (value) == SEVERAL)
    return FALSE;
  *image = GPOINTER_TO_UINT (value);
  return TRUE;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/* By the id, which is the data set's or a place in its list, unless file_name says otherwise; then by the name; then by an id that is a
 * name. */
static gboolean
find_image (const Images *images, JsonObject *row, const char *where, guint *image, GError **error)
{
  JsonNode *id_node = json_object_get_member (row, "image_id"), *name_node = json_object_get_member (row, "file_name");
  const char *name = holds (name_node, G_TYPE_STRING) ? json_node_get_string (name_node) : NULL;
  const gint64 id = holds (id_node, G_TYPE_INT64) ? json_node_get_int (id_node) : -1;
  const char *word = holds (id_node, G_TYPE_STRING) ? json_node_get_string (id_node) : NULL;
  g_autofree char *base = name != NULL ? g_path_get_basename (name) : NULL;

  if (holds (id_node, G_TYPE_INT64) && look_up (images->by_id, &id, image)
      && (base == NULL || strcmp (base, esp_dataset_get (images->dataset, *image)->name) == 0))
    return TRUE;
  if (base != NULL && look_up (images->by_name, base, image))
    return TRUE;
  if (word != NULL && (look_up (images->by_name, word, image) || look_up (images->by_stem, word, image)))
    return TRUE;
  if (id_node == NULL && name == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected \"image_id\" or \"file_name\"", where);
  else
    {
      g_autofree char *id_text = id_node != NULL ? json_to_string (id_node, FALSE) : g_strdup ("missing");

      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: image_id %s%s%s: expected an image of %s", where, id_text,
                   name != NULL ? ", file_name " : "", name != NULL ? name : "", esp_dataset_get_title (images->dataset));
    }
  return FALSE;
}

static gboolean
read_box (JsonObject *row, const char *where, EspPixels *box, GError **error)
{
  g_autofree char *in = g_strconcat (where, ".bbox", NULL);
  double *const to[4] = { &box->left, &box->top, &box->width, &box->height };
  JsonArray *array;

  if (!esp_json_read_array (row, where, "bbox", &array, error))
    return FALSE;
  if (json_array_get_length (array) != 4)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %u numbers: expected four: left, top, width, height", in,
                   json_array_get_length (array));
      return FALSE;
    }
  for (guint i = 0; i < 4; i++)
    {
      if (!esp_json_item_number (array, in, i, to[i], error))
        return FALSE;
      if (fabs (*to[i]) <= MOST && (i < 2 || *to[i] >= 0))
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s[%u]: %g: expected a number of pixels", in, i, *to[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_row (const Images *images, JsonObject *row, const char *where, EspResult *result, GError **error)
{
  JsonNode *category = json_object_get_member (row, "category_id");

  if (!find_image (images, row, where, &result->image, error))
    return FALSE;
  if (!holds (category, G_TYPE_INT64))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: \"category_id\": expected a whole number", where);
      return FALSE;
    }
  result->category = json_node_get_int (category);
  return esp_json_read_number (row, where, "score", -MOST, MOST, &result->score, error) && read_box (row, where, &result->box, error);
}

/**
 * esp_results_load:
 * @path: COCO results json: an array of objects with image_id, category_id, bbox and score; file_name is read too
 * @dataset: whose images they are of
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT beyond 512 MiB, ESP_ERROR_FORMAT with the row
 *
 * image_id is the data set's own id or, where it has none, the 0-based place in its list; where file_name contradicts it, or where it is
 * missing, the name decides; a word is taken as a file name with or without extension. A row of an image that the data set does not have is
 * refused. Thread: any.
 *
 * Returns: (transfer full): of EspResult, in the file's order
 */
GArray *
esp_results_load (const char *path, EspDataset *dataset, GError **error)
{
  g_autoptr (JsonNode) root = esp_json_load_array (path, MOST_BYTES, error);
  g_autoptr (GArray) results = NULL;
  g_auto (Images) images = { 0 };
  JsonArray *rows;

  images_init (&images, dataset);
  if (root == NULL)
    return NULL;
  rows = json_node_get_array (root);
  results = g_array_sized_new (FALSE, FALSE, sizeof (EspResult), json_array_get_length (rows));
  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: [%u]", path, i);
      EspResult result = { .class_index = -1 };
      JsonObject *row;

      if (!esp_json_item_object (rows, path, i, &row, error) || !read_row (&images, row, where, &result, error))
        return NULL;
      g_array_append_val (results, result);
    }
  return g_steal_pointer (&results);
}

/* Whether classes have ids of their own, as COCO's categories. */
static gboolean
has_ids (EspDataset *dataset)
{
  for (guint k = 0; k < esp_dataset_get_n_classes (dataset); k++)
    if (esp_dataset_get_class_id (dataset, k) != k)
      return TRUE;
  return FALSE;
}

static guint
classify_by_id (GArray *results, EspDataset *dataset)
{
  const guint n_classes = esp_dataset_get_n_classes (dataset);
  g_autofree gint64 *ids = g_new (gint64, n_classes + 1);
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  guint n_unknown = 0;

  for (guint k = 0; k < n_classes; k++)
    {
      ids[k] = esp_dataset_get_class_id (dataset, k);
      g_hash_table_insert (by_id, &ids[k], GUINT_TO_POINTER (k));
    }
  for (guint i = 0; i < results->len; i++)
    {
      EspResult *result = &g_array_index (results, EspResult, i);
      guint k;

      if (look_up (by_id, &result->category, &k))
        result->class_index = (int) k;
      else
        n_unknown++;
    }
  return n_unknown;
}

static gboolean
classify_by_place (GArray *results, const char *path, gboolean named, guint *n_classes, GError **error)
{
  const gint64 end = named ? *n_classes : MOST_CLASSES;

  for (guint i = 0; i < results->len; i++)
    {
      EspResult *result = &g_array_index (results, EspResult, i);

      if (result->category < 0 || result->category >= end)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                       "%s: [%u]: category_id %" G_GINT64_FORMAT ": expected a class from 0 to %" G_GINT64_FORMAT, path, i,
                       result->category, end - 1);
          return FALSE;
        }
      result->class_index = (int) result->category;
      *n_classes = MAX (*n_classes, (guint) result->category + 1);
    }
  return TRUE;
}

/**
 * esp_results_classify:
 * @results: of esp_results_load(), changed
 * @path: of their file, for messages
 * @dataset: whose images they are of
 * @names: (nullable): of the classes
 * @n_classes: (out): how many
 * @n_unknown: (out): rows that get no class and will not count, as in the COCO API
 * @error: ESP_ERROR_FORMAT with the row, ESP_ERROR_UNSUPPORTED
 *
 * category_id is the data set's own id of a class where it has such ids (COCO json), and the classes are then the data set's. Else it is
 * the place of the class among @names, among the data set's names, or, where nobody has names, a class by its number. Thread: any.
 */
gboolean
esp_results_classify (
    GArray *results, const char *path, EspDataset *dataset, const char *const *names, guint *n_classes, guint *n_unknown, GError **error)
{
  *n_unknown = 0;
  *n_classes = names != NULL ? g_strv_length ((char **) names) : esp_dataset_get_n_classes (dataset);
  if (!has_ids (dataset))
    return classify_by_place (results, path, names != NULL || esp_dataset_get_names (dataset) != NULL, n_classes, error);
  if (names != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: its categories have ids and names of their own: expected no other names",
                   esp_dataset_get_title (dataset));
      return FALSE;
    }
  *n_unknown = classify_by_id (results, dataset);
  return TRUE;
}

static gboolean
find_size (const EspSample *sample, EspOrientation orientation, int *width, int *height, GError **error)
{
  g_autoptr (EspImage) image = NULL;

  *width = sample->width;
  *height = sample->height;
  if (*width > 0 && *height > 0)
    return TRUE;
  image = esp_image_load (sample->path, orientation, 0, 0, error);
  if (image == NULL)
    return FALSE;
  *width = esp_image_get_width (image);
  *height = esp_image_get_height (image);
  return TRUE;
}

static void
free_lists (GArray **lists, guint n)
{
  for (guint i = 0; i < n; i++)
    if (lists[i] != NULL)
      g_array_unref (lists[i]);
  g_free (lists);
}

/* (transfer full): what is said of each image of the data set; NULL of nothing. */
static GArray **
sort_by_image (const GArray *results, guint n)
{
  GArray **lists = g_new0 (GArray *, n);

  for (guint i = 0; i < results->len; i++)
    {
      const EspResult *result = &g_array_index (results, EspResult, i);
      const EspSeen seen = { .box = result->box, .score = result->score, .class_index = result->class_index };

      if (result->class_index < 0)
        continue;
      if (lists[result->image] == NULL)
        lists[result->image] = g_array_new (FALSE, FALSE, sizeof (EspSeen));
      g_array_append_val (lists[result->image], seen);
    }
  return lists;
}

/**
 * esp_results_to_outcomes:
 * @results: with their classes
 * @dataset: whose images they are of
 * @map: data set classes to those of @results
 * @indices: @n images of the data set; rows of others do not count
 * @n: how many
 * @orientation: of an image whose size the data set does not say, which is then decoded
 * @error: those of esp_image_load()
 *
 * Returns: (transfer full): @n outcomes, each to be freed, and the array
 */
EspOutcome **
esp_results_to_outcomes (const GArray *results,
                         EspDataset *dataset,
                         const EspClassMap *map,
                         const guint *indices,
                         guint n,
                         EspOrientation orientation,
                         GError **error)
{
  const guint n_images = esp_dataset_get_n (dataset);
  GArray **lists = sort_by_image (results, n_images);
  EspOutcome **outcomes = g_new0 (EspOutcome *, n + 1);

  for (guint i = 0; i < n; i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, indices[i]);
      GArray *seen = g_steal_pointer (&lists[indices[i]]);
      int width, height;

      if (seen == NULL)
        seen = g_array_new (FALSE, FALSE, sizeof (EspSeen));
      if (!find_size (sample, orientation, &width, &height, error))
        {
          g_array_unref (seen);
          for (guint j = 0; j < i; j++)
            esp_outcome_free (outcomes[j]);
          g_clear_pointer (&outcomes, g_free);
          break;
        }
      outcomes[i] = esp_outcome_new_seen (seen, sample, map, .5f, width, height);
    }
  free_lists (lists, n_images);
  return outcomes;
}
