/* split-folders.c: train/, val/ and test/, each a data set of its own */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <string.h>

#include "base/error.h"

/* Which of the three @name is, as people call them; NULL for another folder. */
static const char *
split_of (const char *name)
{
  const struct
  {
    const char *name, *split;
  } known[] = { { "train", "train" }, { "training", "train" }, { "val", "val" },
                { "valid", "val" },   { "validation", "val" }, { "test", "test" } };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (name, known[i].name) == 0)
      return known[i].split;
  return NULL;
}

/* A folder of nothing else but splits, train among them or two of them, so that a class called test is not mistaken. */
static gboolean
split_probe (const char *path, gboolean is_folder)
{
  g_auto (EspContent) content = { 0 };
  guint n = 0;

  if (!is_folder || !esp_content_read (path, &content, NULL) || content.images->len != 0)
    return FALSE;
  for (guint i = 0; i < content.folders->len; i++)
    {
      if (split_of (g_ptr_array_index (content.folders, i)) == NULL)
        return FALSE;
      n++;
    }
  return n >= 2;
}

/* The folder of the split asked for, else of val, else of train. */
static const char *
choose_folder (const EspContent *content, const char *path, const char *wanted, GError **error)
{
  const char *const asked = wanted != NULL && split_of (wanted) != NULL ? split_of (wanted) : wanted;
  const char *const order[2] = { asked != NULL ? asked : "val", asked != NULL ? asked : "train" };
  g_autoptr (GString) have = g_string_new (NULL);

  for (guint k = 0; k < 2; k++)
    for (guint i = 0; i < content->folders->len; i++)
      if (strcmp (split_of (g_ptr_array_index (content->folders, i)), order[k]) == 0)
        return g_ptr_array_index (content->folders, i);
  for (guint i = 0; i < content->folders->len; i++)
    g_string_append_printf (have, " %s", (const char *) g_ptr_array_index (content->folders, i));
  g_set_error (error, ESP_ERROR, ESP_ERROR_SPLIT, "%s: no split “%s”: it has%s", path, order[0], have->str);
  return NULL;
}

/* The folder chosen is read as what it is, without the option: it has been heeded. */
static gboolean
split_read (EspDraft *draft, const char *path, EspJob *job, GError **error)
{
  g_auto (EspContent) content = { 0 };
  const EspDatasetOptions *given = draft->options;
  EspDatasetOptions inner = *given;
  g_autofree char *folder = NULL;
  const char *name = NULL;
  gboolean done;

  if (!esp_content_read (path, &content, error))
    return FALSE;
  name = choose_folder (&content, path, given->split, error);
  if (name == NULL)
    return FALSE;
  folder = g_build_filename (path, name, NULL);
  inner.split = NULL;
  draft->options = &inner;
  done = esp_draft_read (draft, folder, job, error);
  draft->options = given;
  draft->has_splits = TRUE;
  return done;
}

const EspDatasetReader esp_dataset_reader_split_folders = { "split folders", split_probe, split_read };
