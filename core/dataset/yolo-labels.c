/* yolo-labels.c: one image's truth, a line `class x y w h` an object */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "dataset/lines.h"

#define MOST_BYTES ((gsize) 4 << 20)
#define SLACK      0.01 /* how far outside 0..1 a coordinate may lie; it is clamped */

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (const EspLines *lines, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s:%u: %s", lines->path, lines->number, what);
  return FALSE;
}

static gboolean
read_class (const EspDraft *draft, const EspLines *lines, const char *token, int *index, GError **error)
{
  g_autofree char *found = esp_quote (token);
  const gint64 most = draft->n_classes != 0 ? (gint64) draft->n_classes - 1 : ESP_DATASET_MOST_CLASSES - 1;
  double value = 0;

  if (!esp_number_read (token, &value) || value < 0 || value != floor (value))
    return refuse (lines, error, "class %s: expected a whole number from 0", found);
  if (value > (double) most && draft->n_classes == 0)
    return refuse (lines, error, "class %s: expected a whole number from 0 to %" G_GINT64_FORMAT, found, most);
  if (value > (double) most)
    return refuse (lines, error, "class %s: expected 0 to %" G_GINT64_FORMAT ", the classes of %s", found, most, draft->names_from);
  *index = (int) value;
  return TRUE;
}

static gboolean
read_coordinate (const EspLines *lines, char name, const char *token, float *to, GError **error)
{
  g_autofree char *found = esp_quote (token);
  double value = 0;

  if (!esp_number_read (token, &value))
    return refuse (lines, error, "%c=%s: expected a number from 0 to 1", name, found);
  if (value < -SLACK || value > 1 + SLACK)
    return refuse (lines, error, "%c=%s: expected 0 to 1, a fraction of the image", name, found);
  *to = (float) CLAMP (value, 0, 1);
  return TRUE;
}

/* The fields of a line, cut in place; how many there are, 6 for more than five. */
static guint
split_fields (char *line, char *fields[5])
{
  guint n = 0;

  for (char *at = line; *at != '\0' && n < 6; n++)
    {
      if (n < 5)
        fields[n] = at;
      at += strcspn (at, " \t\v\f\r");
      if (*at != '\0')
        *at++ = '\0';
      at += strspn (at, " \t\v\f\r");
    }
  return n;
}

static gboolean
read_line (const EspDraft *draft, const EspLines *lines, char *line, EspTruth *truth, GError **error)
{
  g_autofree char *found = esp_quote (line);
  char *fields[5] = { 0 };
  float *const to[4] = { &truth->box.x, &truth->box.y, &truth->box.w, &truth->box.h };
  const guint n = split_fields (line, fields);

  if (n != 5)
    return refuse (lines, error, "“%s”: %s fields: expected five: class x y w h", found, n < 5 ? "too few" : "too many");
  if (!read_class (draft, lines, fields[0], &truth->class_index, error))
    return FALSE;
  for (guint i = 0; i < 4; i++)
    if (!read_coordinate (lines, "xywh"[i], fields[1 + i], to[i], error))
      return FALSE;
  return TRUE;
}

/**
 * esp_yolo_labels_read:
 * @draft: gets the truths, appended; boxes without area are counted and left out
 * @path: the label file, at most 4 MiB; an empty one says that there are no objects
 * @error: ESP_ERROR_FORMAT with file and line, ESP_ERROR_IO, ESP_ERROR_LIMIT
 *
 * Coordinates are centre and size in fractions of the image; within 0.01 outside 0..1 they are clamped.
 */
gboolean
esp_yolo_labels_read (EspDraft *draft, const char *path, GError **error)
{
  g_auto (EspLines) lines = { 0 };

  if (!esp_lines_open (&lines, path, MOST_BYTES, error))
    return FALSE;
  for (char *line; (line = esp_lines_next (&lines)) != NULL;)
    {
      EspTruth truth = { 0 };

      if (!read_line (draft, &lines, line, &truth, error))
        return FALSE;
      if (truth.box.w <= 0 || truth.box.h <= 0)
        {
          draft->n_degenerate++;
          continue;
        }
      if (!esp_draft_add_truth (draft, &truth, path, error))
        return FALSE;
    }
  return TRUE;
}
