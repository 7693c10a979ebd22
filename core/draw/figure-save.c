/* figure-save.c: a figure to a PNG, PDF or SVG file */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/figure.h"

#include "base/error.h"
#include "base/file.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <png.h>
#include <string.h>

#define DOTS_PER_INCH 300

static cairo_status_t
append (void *closure, const unsigned char *data, unsigned int n)
{
  g_byte_array_append (closure, data, n);
  return CAIRO_STATUS_SUCCESS;
}

/* SOURCE_DATE_EPOCH as PDF wants a date, or NULL where it is not set. */
static char *
source_date (void)
{
  const char *text = g_getenv ("SOURCE_DATE_EPOCH");
  g_autoptr (GDateTime) date = NULL;
  gint64 seconds;

  if (text == NULL || !g_ascii_string_to_signed (text, 10, 0, G_GINT64_CONSTANT (253402300799), &seconds, NULL))
    return NULL;
  date = g_date_time_new_from_unix_utc (seconds);
  return g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
}

static void
set_pdf_metadata (cairo_surface_t *surface, const EspViewFigure *figure)
{
  g_autofree char *date = source_date ();

  cairo_pdf_surface_restrict_to_version (surface, CAIRO_PDF_VERSION_1_5);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Espalier " ESP_VERSION);
  if (figure->caption != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, figure->caption);
  if (figure->provenance != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_SUBJECT, figure->provenance);
  if (date != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
}

static gboolean
check (cairo_status_t status, GError **error)
{
  if (status != CAIRO_STATUS_SUCCESS)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "the figure could not be drawn: %s", cairo_status_to_string (status));
  return status == CAIRO_STATUS_SUCCESS;
}

static gboolean
draw_on (cairo_surface_t *surface, const EspViewFigure *figure, double width, double height, GError **error)
{
  cairo_t *cr = cairo_create (surface);
  cairo_status_t status;

  esp_view_figure_draw (figure, cr, width, height);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return check (status, error);
}

/* Draws the one page of a document, whose bytes then are complete; frees @surface. */
static gboolean
draw_document (cairo_surface_t *surface, const EspViewFigure *figure, double width, double height, GError **error)
{
  gboolean done = draw_on (surface, figure, width, height, error);

  cairo_surface_finish (surface);
  done = done && check (cairo_surface_status (surface), error);
  cairo_surface_destroy (surface);
  return done;
}

static gboolean
to_pdf (const EspViewFigure *figure, double width, double height, GByteArray *bytes, GError **error)
{
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (append, bytes, width, height);

  set_pdf_metadata (surface, figure);
  return draw_document (surface, figure, width, height, error);
}

/* cairo numbers ids ("surface12", "image15") from a counter of the process: numbered anew here in order of appearance, two runs agree. */
static gboolean
renumber (const GMatchInfo *match, GString *text, gpointer data)
{
  GHashTable *numbers = data;
  g_autofree char *before = g_match_info_fetch (match, 1);
  g_autofree char *id = g_match_info_fetch (match, 2);
  gpointer number;

  if (!g_hash_table_lookup_extended (numbers, id, NULL, &number))
    {
      number = GUINT_TO_POINTER (g_hash_table_size (numbers));
      g_hash_table_insert (numbers, g_strdup (id), number);
    }
  g_string_append_printf (text, "%sid%u\"", before, GPOINTER_TO_UINT (number));
  if (g_str_has_suffix (before, "url(#"))
    g_string_overwrite (text, text->len - 1, ")");
  return FALSE;
}

/* The text with its own ids, and with title and description, which screen readers and search engines read. */
static char *
finish_svg (const char *text, const EspViewFigure *figure, GError **error)
{
  g_autoptr (GRegex) ids = g_regex_new ("(\\bid=\"|href=\"#|url\\(#)([A-Za-z]+[0-9][-0-9]*)[\")]", G_REGEX_OPTIMIZE, 0, error);
  g_autoptr (GHashTable) numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *numbered = ids != NULL ? g_regex_replace_eval (ids, text, -1, 0, 0, renumber, numbers, error) : NULL;
  g_autofree char *words = NULL;
  const char *svg, *end;

  if (numbered == NULL)
    return NULL;
  svg = strstr (numbered, "<svg");
  end = svg != NULL ? strchr (svg, '>') : NULL;
  if (end == NULL)
    return g_steal_pointer (&numbered);
  words = g_markup_printf_escaped ("\n<title>%s</title>\n<desc>%s</desc>", figure->caption != NULL ? figure->caption : "",
                                   figure->provenance != NULL ? figure->provenance : "");
  return g_strdup_printf ("%.*s%s%s", (int) (end + 1 - numbered), numbered, words, end + 1);
}

static gboolean
to_svg (const EspViewFigure *figure, double width, double height, GByteArray *bytes, GError **error)
{
  cairo_surface_t *surface = cairo_svg_surface_create_for_stream (append, bytes, width, height);
  g_autofree char *text = NULL;

  cairo_svg_surface_set_document_unit (surface, CAIRO_SVG_UNIT_PT);
  if (!draw_document (surface, figure, width, height, error))
    return FALSE;
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  text = finish_svg ((const char *) bytes->data, figure, error);
  if (text == NULL)
    return FALSE;
  g_byte_array_set_size (bytes, 0);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text));
  return TRUE;
}

static void
png_append (png_structp png, png_bytep data, png_size_t n)
{
  g_byte_array_append (png_get_io_ptr (png), data, (guint) n);
}

static void
png_nothing (png_structp png)
{
}

static void
png_fail (png_structp png, png_const_charp message)
{
  g_set_error (png_get_error_ptr (png), ESP_ERROR, ESP_ERROR_IO, "the PNG could not be written: %s", message);
  png_longjmp (png, 1);
}

static void
png_warn (png_structp png, png_const_charp message)
{
  g_debug ("libpng: %s", message);
}

/* tEXt where Latin-1 can say it, which every reader knows, else iTXt. */
static void
add_text (png_structp png, png_infop info, const char *key, const char *text)
{
  g_autofree char *latin = NULL;
  gsize n = 0;
  png_text chunk = { .key = (char *) key };

  if (text == NULL || *text == '\0')
    return;
  latin = g_convert (text, -1, "ISO-8859-1", "UTF-8", NULL, &n, NULL);
  chunk.compression = latin != NULL ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
  chunk.text = latin != NULL ? latin : (char *) text;
  if (latin != NULL)
    chunk.text_length = n;
  else
    chunk.itxt_length = strlen (text);
  png_set_text (png, info, &chunk, 1);
}

static void
write_png (png_structp png, png_infop info, cairo_surface_t *surface, const EspViewFigure *figure, guint8 *row)
{
  int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);
  png_uint_32 per_metre = (png_uint_32) lrint (DOTS_PER_INCH / 0.0254);

  png_set_IHDR (png, info, (png_uint_32) width, (png_uint_32) height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                PNG_FILTER_TYPE_BASE);
  png_set_sRGB (png, info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_set_pHYs (png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
  add_text (png, info, "Description", figure->caption);
  add_text (png, info, "Comment", figure->provenance);
  add_text (png, info, "Software", "Espalier " ESP_VERSION);
  png_write_info (png, info);
  for (int y = 0; y < height; y++)
    {
      const guint8 *from = cairo_image_surface_get_data (surface) + (gsize) y * (gsize) cairo_image_surface_get_stride (surface);

      for (gsize x = 0; x < (gsize) width; x++)
        {
          guint32 pixel = *(const guint32 *) (gconstpointer) (from + 4 * x);

          row[3 * x] = (guint8) (pixel >> 16);
          row[3 * x + 1] = (guint8) (pixel >> 8);
          row[3 * x + 2] = (guint8) pixel;
        }
      png_write_row (png, row);
    }
  png_write_end (png, info);
}

static gboolean
encode_png (cairo_surface_t *surface, const EspViewFigure *figure, GByteArray *bytes, GError **error)
{
  g_autofree guint8 *row = g_malloc (3 * (gsize) cairo_image_surface_get_width (surface));
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, error, png_fail, png_warn);
  png_infop info = png != NULL ? png_create_info_struct (png) : NULL;
  gboolean done = FALSE;

  if (info == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "libpng %s could not be started", PNG_LIBPNG_VER_STRING);
  else if (setjmp (png_jmpbuf (png)) == 0)
    {
      png_set_write_fn (png, bytes, png_append, png_nothing);
      write_png (png, info, surface, figure, row);
      done = TRUE;
    }
  png_destroy_write_struct (&png, &info);
  return done;
}

static gboolean
to_png (const EspViewFigure *figure, double width, double height, GByteArray *bytes, GError **error)
{
  double scale = DOTS_PER_INCH / 72.0;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) ceil (width * scale), (int) ceil (height * scale));
  cairo_t *cr = cairo_create (surface);
  gboolean done;

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  cairo_destroy (cr);
  done = draw_on (surface, figure, width * scale, height * scale, error);
  done = done && encode_png (surface, figure, bytes, error);
  cairo_surface_destroy (surface);
  return done;
}

typedef gboolean (*Writer) (const EspViewFigure *figure, double width, double height, GByteArray *bytes, GError **error);

static const struct
{
  const char *ending;
  Writer write;
} formats[] = {
  { ".png", to_png },
  { ".pdf", to_pdf },
  { ".svg", to_svg },
};

static Writer
find_writer (const char *path, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_suffix (lower, formats[i].ending))
      return formats[i].write;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: expected a name that ends in .png, .pdf or .svg", path);
  return NULL;
}

/**
 * esp_view_figure_save:
 * @figure: the specification
 * @path: ends in .png (300 dots an inch; caption and provenance as text chunks), .pdf or .svg
 * @error: ESP_ERROR_UNSUPPORTED for another ending, ESP_ERROR_IO
 *
 * The page at its natural size, written whole or not at all. With the same fonts the same specification gives the same bytes; a PDF holds
 * the date, taken from SOURCE_DATE_EPOCH (seconds since 1970) where that is set. Thread: any one.
 */
gboolean
esp_view_figure_save (const EspViewFigure *figure, const char *path, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Writer writer = find_writer (path, error);
  double width, height;

  if (writer == NULL)
    return FALSE;
  esp_view_figure_size (figure, &width, &height);
  return writer (figure, width, height, bytes, error) && esp_file_write (path, bytes->data, bytes->len, error);
}
