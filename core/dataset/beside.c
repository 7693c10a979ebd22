/* beside.c: the file that goes with a picture, by a pattern of its path */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/beside.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

/**
 * esp_path_beside:
 * @pattern: a path with one *, as in "masks/STAR-cue.png" with the sign in place of STAR
 * @picture: path of a picture
 * @error: ESP_ERROR_FORMAT where there is no *, or more than one
 *
 * Returns: (transfer full): @pattern with the picture's name, without folder and ending, in place of the *. Thread: any.
 */
char *
esp_path_beside (const char *pattern, const char *picture, GError **error)
{
  const char *star = strchr (pattern, '*');
  g_autofree char *name = g_path_get_basename (picture);
  char *dot = strrchr (name, '.');

  if (star == NULL || strchr (star + 1, '*') != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected one * in place of a picture's name, as in masks/*-cue.png", pattern);
      return NULL;
    }
  if (dot != NULL && dot != name)
    *dot = '\0';
  return g_strdup_printf ("%.*s%s%s", (int) (star - pattern), pattern, name, star + 1);
}

/**
 * esp_beside_describe:
 * @pattern: as esp_path_beside() has it
 * @dataset: the pictures
 * @n: the first so many of them
 * @error: ESP_ERROR_FORMAT, and ESP_ERROR_IO where a file is not there
 *
 * Returns: (transfer full): their number and a hash of every byte: what results that depend on them are kept by. Thread: any.
 */
char *
esp_beside_describe (const char *pattern, const EspDataset *dataset, guint n, GError **error)
{
  EspHash all = { 0, 0 };
  g_autofree char *text = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = esp_path_beside (pattern, esp_dataset_get (dataset, i)->path, error);
      g_autofree char *hash = path != NULL ? esp_hash_file (path, error) : NULL;

      if (hash == NULL)
        return NULL;
      all = esp_hash_combine (all, esp_hash_bytes (hash, strlen (hash)));
    }
  text = esp_hash_to_string (all);
  return g_strdup_printf ("%u pictures %s", n, text);
}
