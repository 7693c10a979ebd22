/* figure-legend.c: the bar that says what the colours of a heatmap mean */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/figure-private.h"
#include "draw/ticks.h"

#include <math.h>

#define BAR_WIDTH 8.0
#define STEPS     256

/* Numbers along the bar, told as multiples of 10^exponent. */
typedef struct
{
  EspTicks ticks;
  int exponent;
} Scale;

static Scale
scale_new (const EspPalette *palette, double lowest, double highest)
{
  const double most = MAX (fabs (lowest), fabs (highest)), low = palette->diverging ? -most : lowest;
  const double high = palette->diverging ? most : highest;
  Scale scale = { .exponent = high > low && (most < 0.005 || most >= 10000) ? (int) floor (log10 (most)) : 0 };

  scale.ticks = esp_ticks_new (low / pow (10, scale.exponent), high / pow (10, scale.exponent), 5);
  return scale;
}

static char *
superscript (int number)
{
  static const char *const digits[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
  g_autoptr (GString) text = g_string_new (number < 0 ? "⁻" : NULL);
  g_autofree char *plain = g_strdup_printf ("%d", ABS (number));

  for (const char *at = plain; *at != '\0'; at++)
    g_string_append (text, digits[*at - '0']);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* The colours as they lie over white, where the fading towards zero shows. */
static void
draw_bar (cairo_t *cr, const EspPalette *palette, EspRect bar, double opacity)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 1, STEPS);
  gsize stride = (gsize) cairo_image_surface_get_stride (surface);
  float low = palette->diverging ? -1 : 0;

  for (int i = 0; i < STEPS; i++)
    {
      float value = 1 - (1 - low) * (float) i / (STEPS - 1);

      esp_palette_paint_over (palette, &value, 1, low, 1, cairo_image_surface_get_data (surface) + (gsize) i * stride);
    }
  cairo_surface_mark_dirty (surface);
  cairo_save (cr);
  cairo_rectangle (cr, bar.x, bar.y, bar.width, bar.height);
  cairo_clip (cr);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  cairo_translate (cr, bar.x, bar.y);
  cairo_scale (cr, bar.width, bar.height / STEPS);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint_with_alpha (cr, opacity);
  cairo_restore (cr);
  cairo_surface_destroy (surface);
  cairo_rectangle (cr, bar.x, bar.y, bar.width, bar.height);
  cairo_set_source_rgb (cr, 0.25, 0.25, 0.25);
  cairo_set_line_width (cr, 0.5);
  cairo_stroke (cr);
}

static void
draw_tick (cairo_t *cr, PangoContext *context, EspRect bar, double share, double value, int digits)
{
  double y = bar.y + bar.height * (1 - share), width, height;
  g_autofree char *text = esp_ticks_text (value, digits);
  g_autoptr (PangoLayout) layout = esp_figure_text (context, text, ESP_FIGURE_LABEL, FALSE);

  cairo_move_to (cr, bar.x + bar.width, y);
  cairo_rel_line_to (cr, 2.5, 0);
  cairo_stroke (cr);
  esp_figure_text_size (layout, &width, &height);
  cairo_move_to (cr, bar.x + bar.width + 4.5, y - height / 2);
  pango_cairo_show_layout (cr, layout);
}

static void
draw_ticks (cairo_t *cr, PangoContext *context, EspRect bar, const EspTicks *ticks)
{
  cairo_set_source_rgb (cr, 0.1, 0.1, 0.1);
  cairo_set_line_width (cr, 0.5);
  if (ticks->step <= 0)
    {
      draw_tick (cr, context, bar, 0.5, ticks->low, 0);
      return;
    }
  for (double at = esp_ticks_next (ticks, ticks->low); at <= ticks->high + 1e-6 * ticks->step;
       at = esp_ticks_next (ticks, at + ticks->step))
    draw_tick (cr, context, bar, (at - ticks->low) / (ticks->high - ticks->low), at, ticks->digits);
}

/* Unit and note, read from below, at the right of the numbers. */
static void
draw_unit (cairo_t *cr, PangoContext *context, const EspViewFigure *figure, EspRect place, int exponent)
{
  g_autoptr (GString) text = g_string_new (figure->heatmap->unit != NULL ? figure->heatmap->unit : "");
  g_autoptr (PangoLayout) layout = NULL;
  double width, height;

  if (exponent != 0 || figure->scale_note != NULL)
    g_string_append_c (text, '\n');
  if (exponent != 0)
    {
      g_autofree char *power = superscript (exponent);

      g_string_append_printf (text, "× 10%s%s", power, figure->scale_note != NULL ? ", " : "");
    }
  if (figure->scale_note != NULL)
    g_string_append (text, figure->scale_note);
  layout = esp_figure_text (context, text->str, ESP_FIGURE_LABEL - 0.5, FALSE);
  pango_layout_set_width (layout, (int) (place.height * PANGO_SCALE));
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  esp_figure_text_size (layout, &width, &height);
  cairo_save (cr);
  cairo_translate (cr, place.x + place.width - height, place.y + place.height);
  cairo_rotate (cr, -G_PI / 2);
  cairo_move_to (cr, 0, 0);
  pango_cairo_show_layout (cr, layout);
  cairo_restore (cr);
}

/* A bar of the place's height, numbers, unit and what the scale is that of. */
void
esp_figure_legend (cairo_t *cr, PangoContext *context, const EspViewFigure *figure, const EspPalette *palette, EspRect place)
{
  EspRect bar = { place.x, place.y, BAR_WIDTH, place.height };
  Scale scale = scale_new (palette, (double) figure->scale_low, (double) figure->scale_high);

  draw_bar (cr, palette, bar, figure->heat_opacity);
  draw_ticks (cr, context, bar, &scale.ticks);
  draw_unit (cr, context, figure, place, scale.exponent);
}
