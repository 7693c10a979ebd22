/* darknet-data.c: darknet's .data file: key = value, where the lists and the names are */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

#include "base/error.h"
#include "dataset/lines.h"

#define MOST_BYTES ((gsize) 1 << 20)

typedef struct
{
  char *train, *val, *test, *names;
  guint classes, classes_line; /* 0 where it does not say */
} Data;

static void
data_clear (Data *data)
{
  g_free (data->train);
  g_free (data->val);
  g_free (data->test);
  g_free (data->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Data, data_clear)

/* darknet's option_find(): of a key given twice the first counts. */
static void
take_path (char **to, const char *value)
{
  if (*to == NULL && *value != '\0')
    *to = g_strdup (value);
}

static gboolean
take_classes (Data *data, const EspLines *lines, const char *value, GError **error)
{
  g_autofree char *found = esp_quote (value);
  guint64 classes = 0;

  if (!g_ascii_string_to_unsigned (value, 10, 1, ESP_DATASET_MOST_CLASSES, &classes, NULL))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: classes=%s: expected a whole number from 1 to %d", lines->path,
                   lines->number, found, ESP_DATASET_MOST_CLASSES);
      return FALSE;
    }
  if (data->classes == 0)
    {
      data->classes = (guint) classes;
      data->classes_line = lines->number;
    }
  return TRUE;
}

/* Keys of training (backup, eval, …) are passed over. */
static gboolean
take_line (Data *data, const EspLines *lines, char *line, GError **error)
{
  char *equals = strchr (line, '=');
  const char *value = equals != NULL ? g_strstrip (equals + 1) : NULL;

  if (equals == NULL)
    {
      g_autofree char *found = esp_quote (line);

      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: “%s”: expected key = value", lines->path, lines->number, found);
      return FALSE;
    }
  *equals = '\0';
  g_strchomp (line);
  if (strcmp (line, "train") == 0)
    take_path (&data->train, value);
  else if (strcmp (line, "valid") == 0 || strcmp (line, "val") == 0)
    take_path (&data->val, value);
  else if (strcmp (line, "test") == 0)
    take_path (&data->test, value);
  else if (strcmp (line, "names") == 0)
    take_path (&data->names, value);
  else if (strcmp (line, "classes") == 0)
    return take_classes (data, lines, value, error);
  return TRUE;
}

static gboolean
read_keys (Data *data, const char *path, GError **error)
{
  g_auto (EspLines) lines = { 0 };

  if (!esp_lines_open (&lines, path, MOST_BYTES, error))
    return FALSE;
  for (char *line; (line = esp_lines_next (&lines)) != NULL;)
    if (*line != ';' && !take_line (data, &lines, line, error))
      return FALSE;
  return TRUE;
}

/* (transfer full): from the .data file's folder, or from the current one where only there it is (darknet's way). */
static char *
resolve (const char *data_path, const char *value)
{
  g_autofree char *folder = g_path_get_dirname (data_path);
  g_autofree char *beside = g_canonicalize_filename (value, folder);
  g_autofree char *here = g_canonicalize_filename (value, NULL);

  if (!g_file_test (beside, G_FILE_TEST_EXISTS) && g_file_test (here, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&here);
  return g_steal_pointer (&beside);
}

/* The list asked for, else val, else train; @split is what it is called. */
static const char *
choose_list (const Data *data, const char *path, const char *wanted, const char **split, GError **error)
{
  const struct
  {
    const char *name, *list;
  } all[] = { { "val", data->val }, { "train", data->train }, { "test", data->test } };
  const guint n = wanted != NULL ? 3 : 2;

  for (guint i = 0; i < n; i++)
    if (all[i].list != NULL && (wanted == NULL || strcmp (wanted, all[i].name) == 0 || (i == 0 && strcmp (wanted, "valid") == 0)))
      {
        *split = all[i].name;
        return all[i].list;
      }
  if (wanted != NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SPLIT, "%s: no split “%s”: it has%s%s%s%s", path, wanted, data->train != NULL ? " train" : "",
                 data->val != NULL ? " val" : "", data->test != NULL ? " test" : "",
                 data->train == NULL && data->val == NULL && data->test == NULL ? " none" : "");
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: neither valid= nor train=: expected the path of a list of images", path);
  return NULL;
}

/* Its own names=, else the option's file; the number of names must be that of classes=. */
static gboolean
take_names (EspDraft *draft, const Data *data, const char *path, GError **error)
{
  g_autofree char *names = data->names != NULL ? resolve (path, data->names) : NULL;
  const char *from = names != NULL ? names : draft->options->names;

  if (from != NULL && !esp_draft_set_names (draft, from, error))
    return FALSE;
  if (from != NULL && data->classes != 0 && data->classes != draft->n_classes)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s:%u: classes=%u, but %s has %u names: expected as many", path, data->classes_line,
                   data->classes, from, draft->n_classes);
      return FALSE;
    }
  if (from == NULL && data->classes != 0 && (draft->options->n_classes <= 0 || data->classes <= (guint) draft->options->n_classes))
    {
      draft->n_classes = data->classes;
      draft->names_from = g_path_get_basename (path);
      return TRUE;
    }
  return from != NULL || esp_draft_find_names (draft, "", error);
}

static gboolean
data_probe (const char *path, gboolean is_folder)
{
  return !is_folder && g_str_has_suffix (path, ".data");
}

static gboolean
data_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_auto (Data) data = { 0 };
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *list = NULL;
  const char *split = NULL, *value = NULL;

  if (!read_keys (&data, path, error))
    return FALSE;
  value = choose_list (&data, path, draft->options->split, &split, error);
  if (value == NULL || !take_names (draft, &data, path, error))
    return FALSE;
  name[strlen (name) - strlen (".data")] = '\0';
  draft->title = g_strconcat (name, " ", split, NULL);
  draft->has_splits = TRUE;
  list = resolve (path, value);
  return esp_draft_read_list (draft, list, job, error);
}

const EspDatasetReader esp_dataset_reader_darknet_data = { "darknet data", data_probe, data_read };
