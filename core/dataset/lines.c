/* lines.c: the lines of a small text file that say something */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/lines.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

/**
 * esp_lines_open:
 * @lines: (out caller-allocates): cleared by esp_lines_clear()
 * @path: a text file, borrowed until then
 * @most: the largest size accepted, in bytes
 * @error: ESP_ERROR_IO, ESP_ERROR_LIMIT, ESP_ERROR_FORMAT where it is no text
 *
 * A byte order mark and carriage returns are passed over. Thread: any.
 */
gboolean
esp_lines_open (EspLines *lines, const char *path, gsize most, GError **error)
{
  g_autoptr (GBytes) bytes = esp_file_read (path, most, error);
  const char *data = NULL, *zero = NULL;
  gsize n = 0;

  *lines = (EspLines){ .path = path };
  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &n);
  zero = n != 0 ? memchr (data, 0, n) : NULL;
  if (zero != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: byte %" G_GSIZE_FORMAT ": a zero byte: expected plain text", path,
                   (gsize) (zero - data));
      return FALSE;
    }
  lines->text = g_strndup (n != 0 ? data : "", n);
  lines->next = lines->text + (g_str_has_prefix (lines->text, "\xef\xbb\xbf") ? 3 : 0);
  return TRUE;
}

/** esp_lines_next: Returns: (transfer none) (nullable): the next line that is neither blank nor a # comment, stripped; NULL at the end. */
char *
esp_lines_next (EspLines *lines)
{
  while (lines->next != NULL && *lines->next != '\0')
    {
      char *line = lines->next, *end = strchr (line, '\n');

      if (end != NULL)
        *end = '\0';
      lines->next = end != NULL ? end + 1 : NULL;
      lines->number++;
      g_strstrip (line);
      if (*line != '\0' && *line != '#')
        return line;
    }
  return NULL;
}

/** esp_lines_clear: frees what @lines holds; may be called twice. */
void
esp_lines_clear (EspLines *lines)
{
  g_clear_pointer (&lines->text, g_free);
  lines->next = NULL;
}

/** esp_quote: Returns: (transfer full): at most 60 bytes of @found, made valid UTF-8. Thread: any. */
char *
esp_quote (const char *found)
{
  const gsize n = strlen (found);
  g_autofree char *valid = g_utf8_make_valid (found, n > 60 ? 60 : (gssize) n);

  return n > 60 ? g_strconcat (valid, "…", NULL) : g_steal_pointer (&valid);
}

/** esp_number_read: Returns: whether @token is a finite decimal number and nothing else: no hexadecimal, no words for infinity.
 * Thread: any. */
gboolean
esp_number_read (const char *token, double *value)
{
  char *end = NULL;

  if (strspn (token, "0123456789+-.eE") != strlen (token))
    return FALSE;
  *value = g_ascii_strtod (token, &end);
  return end != token && *end == '\0' && isfinite (*value);
}
