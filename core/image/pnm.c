/* pnm.c: is a PNM's header sound and its file long enough? gdk-pixbuf's loader warns on stderr where it is not */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image-private.h"

#include "base/error.h"

typedef struct
{
  const guint8 *data;
  gsize n, at;
} Text;

/* The next number of the header after white space and comments, -1 where there is none of at most nine digits. */
static gint64
next_number (Text *text)
{
  gint64 value = 0;
  guint digits = 0;

  while (text->at < text->n && (g_ascii_isspace (text->data[text->at]) || text->data[text->at] == '#'))
    {
      const gboolean comment = text->data[text->at] == '#';

      while (comment && text->at < text->n && text->data[text->at] != '\n')
        text->at++;
      text->at += !comment;
    }
  for (; text->at < text->n && g_ascii_isdigit (text->data[text->at]) && digits < 10; text->at++, digits++)
    value = value * 10 + (text->data[text->at] - '0');
  return digits == 0 || digits > 9 ? -1 : value;
}

/* How many bytes the samples of a raw kind take. */
static guint64
raw_bytes (guint8 kind, guint64 width, guint64 height, gint64 most)
{
  const guint64 row = kind == '4' ? (width + 7) / 8 : width * (kind == '6' ? 3 : 1);

  return row * height * (most > 255 ? 2 : 1);
}

/* Every sample of a plain kind is a number of the text, at most @most; of a bitmap one digit. */
static gboolean
check_plain (const char *path, Text *text, guint64 n, gint64 most, GError **error)
{
  for (guint64 i = 0; i < n; i++)
    {
      const gint64 value = next_number (text);

      if (value < 0 || value > most)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                       "%s: byte %" G_GSIZE_FORMAT ": sample %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                       " is missing or wrong: expected a number up to %" G_GINT64_FORMAT,
                       path, text->at, i + 1, n, most);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_samples (const char *path, Text *text, guint8 kind, guint64 width, guint64 height, gint64 most, GError **error)
{
  const guint64 need = raw_bytes (kind, width, height, most);

  if (kind == '1') /* its digits may touch, so they are no numbers; the loader counts the rows */
    return TRUE;
  if (kind <= '3')
    return check_plain (path, text, width * height * (kind == '3' ? 3 : 1), most, error);
  if (text->at < text->n && need <= text->n - text->at - 1)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
               "%s: the file ends at byte %" G_GSIZE_FORMAT ": expected %" G_GUINT64_FORMAT
               " bytes of samples after the header of %" G_GSIZE_FORMAT,
               path, text->n, need, text->at + 1);
  return FALSE;
}

/**
 * esp_pnm_check:
 * @path: for messages
 * @bytes: the file, which begins with P1 to P6
 * @error: ESP_ERROR_FORMAT with the byte reached, ESP_ERROR_LIMIT beyond 256 megapixels
 *
 * Thread: any.
 */
gboolean
esp_pnm_check (const char *path, GBytes *bytes, GError **error)
{
  Text text = { .at = 2 };
  gint64 width = 0, height = 0, most = 1;
  guint8 kind = 0;

  text.data = g_bytes_get_data (bytes, &text.n);
  kind = text.data[1];
  width = next_number (&text);
  height = next_number (&text);
  if (kind != '1' && kind != '4')
    most = next_number (&text);
  if (width < 0 || height < 0 || most < 1 || most > 65535)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: byte %" G_GSIZE_FORMAT ": a damaged PNM header: expected a width, a height and a largest value of 1 to 65535", path,
                   text.at);
      return FALSE;
    }
  return esp_image_check_size (path, text.n, width, height, error)
         && check_samples (path, &text, kind, (guint64) width, (guint64) height, most, error);
}

/** esp_pnm_read_size: Returns: whether the two numbers are there; they may be 0. Thread: any. */
gboolean
esp_pnm_read_size (GBytes *bytes, gint64 *width, gint64 *height)
{
  Text text = { .at = 2 };

  text.data = g_bytes_get_data (bytes, &text.n);
  *width = next_number (&text);
  *height = next_number (&text);
  return *width >= 0 && *height >= 0;
}
