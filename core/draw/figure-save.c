/* figure-save.c: a page to a PNG, PDF or SVG file */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/figure.h"

#include "base/error.h"
#include "base/file.h"
#include "draw/surface-png.h"

#include "draw/page.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
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
set_pdf_metadata (cairo_surface_t *surface, const EspPage *page)
{
  g_autofree char *date = source_date ();

  cairo_pdf_surface_restrict_to_version (surface, CAIRO_PDF_VERSION_1_5);
  cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_CREATOR, "Espalier " ESP_VERSION);
  if (page->caption != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_TITLE, page->caption);
  if (page->provenance != NULL)
    cairo_pdf_surface_set_metadata (surface, CAIRO_PDF_METADATA_SUBJECT, page->provenance);
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
draw_on (cairo_surface_t *surface, const EspPage *page, double width, double height, GError **error)
{
  cairo_t *cr = cairo_create (surface);
  cairo_status_t status;

  page->draw (page->data, cr, width, height);
  status = cairo_status (cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  return check (status, error);
}

/* Draws the one page of a document, whose bytes then are complete; frees @surface. */
static gboolean
draw_document (cairo_surface_t *surface, const EspPage *page, double width, double height, GError **error)
{
  gboolean done = draw_on (surface, page, width, height, error);

  cairo_surface_finish (surface);
  done = done && check (cairo_surface_status (surface), error);
  cairo_surface_destroy (surface);
  return done;
}

static gboolean
to_pdf (const EspPage *page, double width, double height, GByteArray *bytes, GError **error)
{
  cairo_surface_t *surface = cairo_pdf_surface_create_for_stream (append, bytes, width, height);

  set_pdf_metadata (surface, page);
  return draw_document (surface, page, width, height, error);
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
finish_svg (const char *text, const EspPage *page, GError **error)
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
  words = g_markup_printf_escaped ("\n<title>%s</title>\n<desc>%s</desc>", page->caption != NULL ? page->caption : "",
                                   page->provenance != NULL ? page->provenance : "");
  return g_strdup_printf ("%.*s%s%s", (int) (end + 1 - numbered), numbered, words, end + 1);
}

static gboolean
to_svg (const EspPage *page, double width, double height, GByteArray *bytes, GError **error)
{
  cairo_surface_t *surface = cairo_svg_surface_create_for_stream (append, bytes, width, height);
  g_autofree char *text = NULL;

  cairo_svg_surface_set_document_unit (surface, CAIRO_SVG_UNIT_PT);
  if (!draw_document (surface, page, width, height, error))
    return FALSE;
  g_byte_array_append (bytes, (const guint8 *) "", 1);
  text = finish_svg ((const char *) bytes->data, page, error);
  if (text == NULL)
    return FALSE;
  g_byte_array_set_size (bytes, 0);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text));
  return TRUE;
}

static gboolean
encode_png (cairo_surface_t *surface, const EspPage *page, GByteArray *bytes, GError **error)
{
  const char *const words[] = { "Description", page->caption, "Comment", page->provenance, "Software", "Espalier " ESP_VERSION, NULL };

  return esp_surface_to_png (surface, DOTS_PER_INCH, words, bytes, error);
}

static gboolean
to_png (const EspPage *page, double width, double height, GByteArray *bytes, GError **error)
{
  double scale = DOTS_PER_INCH / 72.0;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) ceil (width * scale), (int) ceil (height * scale));
  cairo_t *cr = cairo_create (surface);
  gboolean done;

  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  cairo_destroy (cr);
  done = draw_on (surface, page, width * scale, height * scale, error);
  done = done && encode_png (surface, page, bytes, error);
  cairo_surface_destroy (surface);
  return done;
}

typedef gboolean (*Writer) (const EspPage *page, double width, double height, GByteArray *bytes, GError **error);

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
 * esp_page_save:
 * @page: what is drawn
 * @path: ends in .png (300 dots an inch; caption and provenance as text chunks), .pdf or .svg
 * @error: ESP_ERROR_UNSUPPORTED for another ending, ESP_ERROR_IO
 *
 * Written whole or not at all. With the same fonts the same page gives the same bytes; a PDF holds the date, taken from SOURCE_DATE_EPOCH
 * (seconds since 1970) where that is set. Thread: any one.
 */
gboolean
esp_page_save (const EspPage *page, const char *path, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Writer writer = find_writer (path, error);

  return writer != NULL && writer (page, page->width, page->height, bytes, error) && esp_file_write (path, bytes->data, bytes->len, error);
}

static void
draw_view (gconstpointer data, cairo_t *cr, double width, double height)
{
  esp_view_figure_draw (data, cr, width, height);
}

/**
 * esp_view_figure_save:
 * @figure: the specification
 * @path: as esp_page_save() has it
 * @error: likewise
 *
 * The page at its natural size. Thread: any one.
 */
gboolean
esp_view_figure_save (const EspViewFigure *figure, const char *path, GError **error)
{
  EspPage page = { .caption = figure->caption, .provenance = figure->provenance, .draw = draw_view, .data = figure };

  esp_view_figure_size (figure, &page.width, &page.height);
  return esp_page_save (&page, path, error);
}
