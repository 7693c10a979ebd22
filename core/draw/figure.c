/* figure.c: a figure's specification to a page */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/figure-private.h"

#define MARGIN     6.0
#define GAP        7.0
#define IMAGE_SIDE 345.0 /* longest side of the photograph: 12.2 cm */
#define LEAST_TEXT 240.0 /* narrowest column of text */

/* Where everything lies on a page of its natural size. */
typedef struct
{
  double width, height;
  EspRect image;
  EspRect legend;          /* width 0: none */
  PangoLayout *caption;    /* (nullable) */
  PangoLayout *provenance; /* (nullable) */
  double caption_y, provenance_y;
} Page;

static void
page_clear (Page *page)
{
  g_clear_object (&page->caption);
  g_clear_object (&page->provenance);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Page, page_clear)

/* @text in a sans-serif of this many points (1 point is one unit of the page). */
PangoLayout *
esp_figure_text (PangoContext *context, const char *text, double points, gboolean bold)
{
  PangoLayout *layout = pango_layout_new (context);
  PangoFontDescription *font = pango_font_description_new ();

  pango_font_description_set_family (font, "DejaVu Sans, Sans");
  pango_font_description_set_absolute_size (font, points * PANGO_SCALE);
  if (bold)
    pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_text (layout, text, -1);
  pango_font_description_free (font);
  return layout;
}

void
esp_figure_text_size (PangoLayout *layout, double *width, double *height)
{
  int w, h;

  pango_layout_get_size (layout, &w, &h);
  *width = (double) w / PANGO_SCALE;
  *height = (double) h / PANGO_SCALE;
}

void
esp_figure_colour (cairo_t *cr, const guint8 rgb[3], double alpha)
{
  cairo_set_source_rgba (cr, rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0, alpha);
}

/* Type is never hinted, so that it takes the same room at every size and in every format. */
static PangoContext *
make_context (void)
{
  PangoContext *context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  cairo_font_options_t *options = cairo_font_options_create ();

  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (context, options);
  pango_cairo_context_set_resolution (context, 72);
  pango_context_set_round_glyph_positions (context, FALSE);
  pango_context_set_language (context, pango_language_from_string ("en"));
  cairo_font_options_destroy (options);
  return context;
}

static PangoLayout *
paragraph (PangoContext *context, const char *text, double points, double width)
{
  PangoLayout *layout;

  if (text == NULL || *text == '\0')
    return NULL;
  layout = esp_figure_text (context, text, points, FALSE);
  pango_layout_set_width (layout, (int) (width * PANGO_SCALE));
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_line_spacing (layout, 1.1f);
  return layout;
}

/* Adds a paragraph at the foot of the page. */
static double
stack (Page *page, PangoLayout *layout, double gap)
{
  double width, height, y = page->height + gap;

  if (layout == NULL)
    return 0;
  esp_figure_text_size (layout, &width, &height);
  page->height = y + height;
  return y;
}

static void
page_lay_out (const EspViewFigure *figure, PangoContext *context, Page *page)
{
  double width = esp_image_get_width (figure->image), height = esp_image_get_height (figure->image);
  double scale = IMAGE_SIDE / MAX (width, height), row, text;

  page->image = (EspRect){ MARGIN, MARGIN, MAX (width * scale, 12), MAX (height * scale, 12) };
  row = page->image.width;
  if (figure->heatmap != NULL)
    {
      page->legend = (EspRect){ MARGIN + row + GAP, MARGIN, ESP_FIGURE_LEGEND_WIDTH, MAX (page->image.height, 120) };
      row += GAP + ESP_FIGURE_LEGEND_WIDTH;
    }
  text = MAX (row, LEAST_TEXT);
  page->width = text + 2 * MARGIN;
  page->height = MARGIN + MAX (page->image.height, page->legend.height);
  page->caption = paragraph (context, figure->caption, ESP_FIGURE_CAPTION, text);
  page->provenance = paragraph (context, figure->provenance, ESP_FIGURE_SMALL, text);
  page->caption_y = stack (page, page->caption, GAP);
  page->provenance_y = stack (page, page->provenance, 3);
  page->height += MARGIN;
}

static void
draw_surface (cairo_t *cr, cairo_surface_t *surface, EspRect place, double opacity)
{
  int width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);

  cairo_save (cr);
  cairo_rectangle (cr, place.x, place.y, place.width, place.height);
  cairo_clip (cr);
  cairo_translate (cr, place.x, place.y);
  cairo_scale (cr, place.width / width, place.height / height);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  if (opacity < 1)
    cairo_paint_with_alpha (cr, opacity);
  else
    cairo_paint (cr);
  cairo_restore (cr);
  cairo_surface_destroy (surface);
}

static void
draw_paragraph (cairo_t *cr, PangoLayout *layout, double y, double grey)
{
  if (layout == NULL)
    return;
  cairo_set_source_rgb (cr, grey, grey, grey);
  cairo_move_to (cr, MARGIN, y);
  pango_cairo_show_layout (cr, layout);
}

static void
draw_page (const EspViewFigure *figure, PangoContext *context, const Page *page, cairo_t *cr)
{
  draw_surface (cr, esp_figure_photo (figure->image), page->image, 1);
  if (figure->heatmap != NULL)
    {
      const EspPalette *palette = figure->palette != NULL ? esp_palette_find (figure->palette) : NULL;
      double points = 2; /* pixels of heat a point: finer than any heatmap's own cells */

      if (palette == NULL)
        palette = esp_palette_default (figure->heatmap->is_signed);
      draw_surface (cr,
                    esp_figure_heat (figure->heatmap, palette, figure->scale_low, figure->scale_high, (int) (page->image.width * points),
                                     (int) (page->image.height * points)),
                    page->image, figure->heat_opacity);
      esp_figure_legend (cr, context, figure, palette, page->legend);
    }
  esp_figure_boxes (cr, context, figure, page->image);
  draw_paragraph (cr, page->caption, page->caption_y, 0);
  draw_paragraph (cr, page->provenance, page->provenance_y, 0.4);
}

/**
 * esp_view_figure_size:
 * @figure: the specification
 * @width: (out): of the page, points
 * @height: (out): likewise
 *
 * The photograph's longest side is 345 points, type 5.5 to 8 points: a figure of one to one and a half columns, to be printed as it is.
 * Thread: any one.
 */
void
esp_view_figure_size (const EspViewFigure *figure, double *width, double *height)
{
  PangoContext *context = make_context ();
  g_auto (Page) page = { 0 };

  page_lay_out (figure, context, &page);
  *width = page.width;
  *height = page.height;
  g_object_unref (context);
}

/**
 * esp_view_figure_draw:
 * @figure: the specification
 * @cr: draws here, from its origin; the background is left as it is
 * @width: of the room, points
 * @height: likewise
 *
 * Photograph, heat (values interpolated bilinearly, then coloured), legend, boxes with labels, caption and small print, at the natural
 * proportions, as large as the room allows. Thread: any one.
 */
void
esp_view_figure_draw (const EspViewFigure *figure, cairo_t *cr, double width, double height)
{
  PangoContext *context = make_context ();
  g_auto (Page) page = { 0 };
  double scale;

  page_lay_out (figure, context, &page);
  scale = MIN (width / page.width, height / page.height);
  cairo_save (cr);
  cairo_scale (cr, scale, scale);
  draw_page (figure, context, &page, cr);
  cairo_restore (cr);
  g_object_unref (context);
}
