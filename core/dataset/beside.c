/* beside.c: the file that goes with a picture, by a pattern of its path */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/beside.h"

#include <string.h>

#include "base/error.h"

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
