/* train-log.c: one line of JSON an epoch: what a training run has done so far */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/train-log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#define MOST_BYTES ((gsize) 64 << 20)
#define MOST_COUNT 9007199254740992. /* a double holds every whole number up to here */

static void
add_name (GString *line, const char *name)
{
  g_string_append_printf (line, "%s\"%s\": ", line->len > 1 ? ", " : "", name);
}

static void
add_number (GString *line, const char *name, double value)
{
  add_name (line, name);
  if (isfinite (value))
    esp_json_append_number (line, value);
  else
    g_string_append (line, "null");
}

static void
add_count (GString *line, const char *name, guint64 value)
{
  add_name (line, name);
  g_string_append_printf (line, "%" G_GUINT64_FORMAT, value);
}

/** esp_train_record_to_line: Returns: (transfer full): a JSON object, without a line break in it, and a line break. Thread: any. */
char *
esp_train_record_to_line (const EspTrainRecord *record)
{
  GString *line = g_string_new ("{");

  add_count (line, "epoch", record->epoch);
  add_number (line, "loss", record->loss);
  add_number (line, "map", record->map);
  if (record->classifies)
    add_number (line, "top1", record->map);
  add_number (line, "seconds", record->seconds);
  add_number (line, "images_per_second", record->images_per_second);
  add_count (line, "step", record->step);
  add_count (line, "images", record->images);
  add_number (line, "rate", record->rate);
  add_number (line, "box_loss", record->box_loss);
  add_number (line, "objectness_loss", record->objectness_loss);
  add_number (line, "class_loss", record->class_loss);
  add_number (line, "iou", record->iou);
  add_number (line, "total_seconds", record->total_seconds);
  add_count (line, "memory_bytes", record->memory);
  g_string_append (line, "}\n");
  return g_string_free (line, FALSE);
}

static gboolean
fail (const char *path, const char *what, int code, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s: %s", path, what, g_strerror (code));
  return FALSE;
}

static gboolean
write_whole (int file, const char *text, gsize n)
{
  while (n > 0)
    {
      const gssize written = write (file, text, n);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        {
          errno = written == 0 ? ENOSPC : errno;
          return FALSE;
        }
      text += written;
      n -= (gsize) written;
    }
  return TRUE;
}

/**
 * esp_train_log_append:
 * @path: the log; made where it is missing
 * @record: the epoch
 * @size: (out): bytes of the file afterwards
 * @error: ESP_ERROR_IO
 *
 * A line that cannot be written whole is taken back. Thread: any, one at a time.
 */
gboolean
esp_train_log_append (const char *path, const EspTrainRecord *record, guint64 *size, GError **error)
{
  g_autofree char *line = esp_train_record_to_line (record);
  const int file = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const off_t before = file >= 0 ? lseek (file, 0, SEEK_END) : -1;
  int code;

  if (before < 0)
    {
      code = errno;
      if (file >= 0)
        close (file);
      return fail (path, "the log could not be opened", code, error);
    }
  if (write_whole (file, line, strlen (line)) && fsync (file) == 0)
    {
      *size = (guint64) before + strlen (line);
      close (file);
      return TRUE;
    }
  code = errno;
  if (ftruncate (file, before) != 0)
    g_debug ("%s keeps part of a line", path);
  close (file);
  return fail (path, "the log could not be written", code, error);
}

static gboolean
check_size (const char *path, guint64 found, guint64 size, GError **error)
{
  if (found >= size)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
               "%s: %" G_GUINT64_FORMAT " bytes found: expected at least %" G_GUINT64_FORMAT ", which the checkpoint counted", path, found,
               size);
  return FALSE;
}

/**
 * esp_train_log_cut:
 * @path: the log
 * @size: how many of its bytes stay
 * @error: ESP_ERROR_IO; ESP_ERROR_FORMAT where it has fewer
 *
 * Thread: any, one at a time.
 */
gboolean
esp_train_log_cut (const char *path, guint64 size, GError **error)
{
  struct stat status;

  if (stat (path, &status) != 0)
    {
      if (errno == ENOENT && size == 0)
        return TRUE;
      return fail (path, "the log could not be read", errno, error);
    }
  if (!check_size (path, (guint64) status.st_size, size, error))
    return FALSE;
  if ((guint64) status.st_size > size && truncate (path, (off_t) size) != 0)
    return fail (path, "the log could not be cut", errno, error);
  return TRUE;
}

/* A number, or NaN for null. */
static gboolean
read_number (JsonObject *object, const char *where, const char *name, double *value, GError **error)
{
  if (json_object_has_member (object, name) && json_object_get_null_member (object, name))
    {
      *value = (double) NAN;
      return TRUE;
    }
  return esp_json_read_number (object, where, name, -G_MAXDOUBLE, G_MAXDOUBLE, value, error);
}

static gboolean
read_count (JsonObject *object, const char *where, const char *name, guint64 *value, GError **error)
{
  double number;

  if (!esp_json_read_number (object, where, name, 0, MOST_COUNT, &number, error))
    return FALSE;
  *value = (guint64) number;
  return TRUE;
}

static gboolean
read_record (JsonObject *object, const char *where, EspTrainRecord *record, GError **error)
{
  *record = (EspTrainRecord){ .classifies = json_object_has_member (object, "top1") };
  return esp_json_read_count (object, where, "epoch", 0, G_MAXINT, &record->epoch, error)
         && read_count (object, where, "step", &record->step, error) && read_count (object, where, "images", &record->images, error)
         && read_number (object, where, "loss", &record->loss, error) && read_number (object, where, "box_loss", &record->box_loss, error)
         && read_number (object, where, "objectness_loss", &record->objectness_loss, error)
         && read_number (object, where, "class_loss", &record->class_loss, error) && read_number (object, where, "iou", &record->iou, error)
         && read_number (object, where, "map", &record->map, error) && read_number (object, where, "rate", &record->rate, error)
         && read_number (object, where, "seconds", &record->seconds, error)
         && read_number (object, where, "total_seconds", &record->total_seconds, error)
         && read_number (object, where, "images_per_second", &record->images_per_second, error)
         && read_count (object, where, "memory_bytes", &record->memory, error);
}

/* (transfer full): the records of whole lines. */
static GArray *
read_lines (const char *path, const char *text, gsize n, GError **error)
{
  g_autoptr (GArray) records = g_array_new (FALSE, FALSE, sizeof (EspTrainRecord));
  const char *end;

  for (guint number = 1; n > 0 && (end = memchr (text, '\n', n)) != NULL; number++)
    {
      g_autofree char *where = g_strdup_printf ("%s:%u", path, number);
      g_autoptr (JsonNode) root = esp_json_parse (where, text, (gsize) (end - text), error);
      EspTrainRecord record;

      if (root == NULL || !read_record (json_node_get_object (root), where, &record, error))
        return NULL;
      g_array_append_val (records, record);
      n -= (gsize) (end + 1 - text);
      text = end + 1;
    }
  return g_steal_pointer (&records);
}

/**
 * esp_train_log_load:
 * @path: a log
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT beyond 64 MiB, ESP_ERROR_FORMAT with the line
 *
 * Returns: (transfer full): of EspTrainRecord, in the file's order. A last line without an end is one being written, and is passed over.
 * Thread: any.
 */
GArray *
esp_train_log_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, MOST_BYTES, error);

  return bytes != NULL ? read_lines (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error) : NULL;
}

/**
 * esp_train_log_load_first:
 * @path: a log
 * @size: how many of its bytes to read
 * @text: (out) (transfer full): those bytes; left alone on error
 * @error: as esp_train_log_load(); ESP_ERROR_FORMAT where it has fewer
 *
 * Returns: (transfer full): of EspTrainRecord, of these bytes. Thread: any.
 */
GArray *
esp_train_log_load_first (const char *path, guint64 size, GBytes **text, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, MOST_BYTES, error);
  GArray *records;

  if (bytes == NULL || !check_size (path, g_bytes_get_size (bytes), size, error))
    return NULL;
  records = read_lines (path, g_bytes_get_data (bytes, NULL), (gsize) size, error);
  if (records != NULL)
    *text = g_bytes_new_from_bytes (bytes, 0, (gsize) size);
  return records;
}
