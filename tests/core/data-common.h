/* data-common.h: small data sets in a folder of their own, for the tests of their readers */
#pragma once

#include "config.h"

#include "dataset/dataset.h"

#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"

static inline char *
make_folder (void)
{
  char *folder = g_dir_make_tmp ("esp-dataset-XXXXXX", NULL);

  g_assert_nonnull (folder);
  return folder;
}

static inline void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *inside = g_build_filename (path, name, NULL);

      remove_tree (inside);
    }
  g_remove (path);
}

/* Makes folder/name with its folders; a picture is not opened, so any bytes will do. */
static inline void
put_away (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_true (esp_folder_make (parent, NULL));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static inline EspDataset *
open_in (const char *folder, const char *name, const EspDatasetOptions *options)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  EspDataset *dataset = esp_dataset_open (path, options, NULL, &error);

  g_assert_no_error (error);
  return dataset;
}

/* Refused with @code, by a message that holds @part. */
static inline void
refused_in (const char *folder, const char *name, const EspDatasetOptions *options, EspError code, const char *part)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspDataset) dataset = esp_dataset_open (path, options, NULL, &error);

  g_assert_null (dataset);
  g_assert_error (error, ESP_ERROR, (int) code);
  g_test_message ("%s", error->message);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” lacks “%s”", error->message, part);
}

static inline guint
count_objects (const EspDataset *dataset)
{
  guint n = 0;

  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    n += esp_dataset_get (dataset, i)->n_truths;
  return n;
}

/* The path of real data, or NULL after skipping the test where it is not there. */
static inline char *
shared_data (const char *name)
{
  const char *shared = g_getenv ("ESP_SHARED_DATA"), *root = g_getenv ("ESP_SOURCE_ROOT");
  g_autofree char *data = shared != NULL ? g_strdup (shared) : g_build_filename (root != NULL ? root : ".", "..", "shared", "data", NULL);
  g_autofree char *path = g_build_filename (data, name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  g_test_skip ("no such data here: set ESP_SHARED_DATA");
  return NULL;
}

/* One number of @bytes other than it was: a digit or a sign in place of a digit. */
static inline void
change_digit (GRand *rng, GString *bytes)
{
  const char others[] = "0123456789-.e";
  guint tries = 0;
  gsize at;

  do
    at = (gsize) g_rand_int_range (rng, 0, (gint32) bytes->len);
  while (!g_ascii_isdigit (bytes->str[at]) && ++tries < 1000);
  bytes->str[at] = others[g_rand_int_range (rng, 0, sizeof others - 1)];
}

/* At @path, @text with numbers changed, or bytes, or a piece of it doubled, or cut short. */
static inline void
put_damaged (GRand *rng, const char *path, const char *text)
{
  g_autoptr (GString) bytes = g_string_new (text);
  const gint32 how = g_rand_int_range (rng, 0, 4), n = (gint32) bytes->len, from = g_rand_int_range (rng, 0, n);
  g_autofree char *piece = g_strndup (bytes->str + from, MIN ((gsize) (n - from), (gsize) g_rand_int_range (rng, 1, 200)));
  FILE *file;

  for (int m = g_rand_int_range (rng, 1, 4); m > 0 && how < 2; m--)
    if (how == 0)
      change_digit (rng, bytes);
    else
      bytes->str[g_rand_int_range (rng, 0, n)] = (char) g_rand_int_range (rng, 0, 256);
  if (how == 2)
    g_string_insert (bytes, g_rand_int_range (rng, 0, n), piece);
  if (how == 3)
    g_string_truncate (bytes, (gsize) from);
  g_remove (path); /* a new file is not waited for, as one cut short is */
  file = g_fopen (path, "wb");
  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes->str, 1, bytes->len, file), ==, bytes->len);
  fclose (file);
}

/* Opens @path @n times with @text damaged at @at: read or refused in valid UTF-8, never a crash; at least @least are refused. */
static inline void
open_damaged (const char *path, const char *at, const char *text, guint n, guint least)
{
  g_autoptr (GRand) rng = g_rand_new_with_seed (5);
  guint refused = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspDataset) dataset = NULL;

      if (i == 0)
        g_assert_true (g_file_set_contents (at, text, -1, NULL)); /* whole, it is read */
      else
        put_damaged (rng, at, text);
      dataset = esp_dataset_open (path, NULL, NULL, &error);
      g_assert_true ((dataset == NULL) == (error != NULL));
      if (i == 0)
        g_assert_no_error (error);
      if (error != NULL)
        g_assert_true (g_utf8_validate (error->message, -1, NULL));
      else
        for (guint k = 0; k < esp_dataset_get_n (dataset); k++)
          for (guint t = 0; t < esp_dataset_get (dataset, k)->n_truths; t++)
            {
              const EspTruth *truth = &esp_dataset_get (dataset, k)->truths[t];

              g_assert_cmpuint ((guint) truth->class_index, <, esp_dataset_get_n_classes (dataset));
              g_assert_true (truth->box.w > 0 && truth->box.w < 1.1f + 2 && truth->box.h > 0 && truth->box.x > -1 && truth->box.x < 2);
            }
      refused += dataset == NULL;
    }
  g_test_message ("%u of %u refused", refused, n);
  g_assert_cmpuint (refused, >, least);
  g_assert_cmpuint (refused, <, n - least / 10);
}
