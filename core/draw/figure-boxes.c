/* figure-boxes.c: boxes and their labels on a photograph */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/figure-private.h"

#include <math.h>

#define PADDING_X 2.5
#define PADDING_Y 0.8

static EspRect
rect_of_box (EspBox box, EspRect image)
{
  double left = CLAMP (box.x - box.w / 2, 0, 1), right = CLAMP (box.x + box.w / 2, 0, 1);
  double top = CLAMP (box.y - box.h / 2, 0, 1), bottom = CLAMP (box.y + box.h / 2, 0, 1);

  return (EspRect){ image.x + left * image.width, image.y + top * image.height, (right - left) * image.width,
                    (bottom - top) * image.height };
}

/* A dark line below a coloured one shows on any photograph. */
static void
draw_box (cairo_t *cr, EspRect box, const guint8 rgb[3], gboolean selected)
{
  double line = selected ? 1.6 : 0.9;

  cairo_rectangle (cr, box.x, box.y, box.width, box.height);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_MITER);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.55);
  cairo_set_line_width (cr, line + 0.9);
  cairo_stroke_preserve (cr);
  esp_figure_colour (cr, rgb, 1);
  cairo_set_line_width (cr, line);
  cairo_stroke (cr);
}

/* A truth has a class and no score. */
static char *
label_text (const EspViewFigure *figure, const EspDetection *detection)
{
  const guint n = figure->names != NULL ? g_strv_length ((char **) figure->names) : 0;
  const gboolean named = detection->class_index >= 0 && (guint) detection->class_index < n;
  int percent = 0;

  if (isnan (detection->score))
    return named ? g_strdup (figure->names[detection->class_index]) : g_strdup_printf ("class %d", detection->class_index);
  percent = (int) lrint (100 * (double) detection->score);
  if (named)
    return g_strdup_printf ("%s %d\xc2\xa0%%", figure->names[detection->class_index], percent);
  return g_strdup_printf ("class %d %d\xc2\xa0%%", detection->class_index, percent);
}

/* Where boxes crowd, the words of a doubtful one are left out; those of the selected one never. */
static void
draw_label (cairo_t *cr,
            PangoContext *context,
            const EspViewFigure *figure,
            const EspDetection *detection,
            EspRect image,
            gboolean always,
            GArray *taken)
{
  g_autofree char *text = label_text (figure, detection);
  g_autoptr (PangoLayout) layout = esp_figure_text (context, text, ESP_FIGURE_LABEL, FALSE);
  double width, height;
  guint8 rgb[3];
  EspRect place;

  esp_figure_text_size (layout, &width, &height);
  width += 2 * PADDING_X;
  height += 2 * PADDING_Y;
  if (!esp_label_place (rect_of_box (detection->box, image), width, height, image, taken, &place) && !always)
    return;
  esp_palette_class (detection->class_index, rgb);
  cairo_rectangle (cr, place.x, place.y, place.width, place.height);
  esp_figure_colour (cr, rgb, 1);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_move_to (cr, place.x + PADDING_X, place.y + PADDING_Y);
  pango_cairo_show_layout (cr, layout);
}

/* All boxes first, the selected one over the others, then the labels in order of need. */
void
esp_figure_boxes (cairo_t *cr, PangoContext *context, const EspViewFigure *figure, EspRect image)
{
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (EspRect));
  int selected = figure->selected < (int) figure->n_detections ? figure->selected : -1;

  cairo_save (cr);
  cairo_rectangle (cr, image.x, image.y, image.width, image.height);
  cairo_clip (cr);
  for (int i = (int) figure->n_detections - 1; i >= -1; i--)
    {
      int at = i >= 0 ? i : selected;
      guint8 rgb[3];

      if (at < 0 || (i >= 0 && i == selected))
        continue;
      esp_palette_class (figure->detections[at].class_index, rgb);
      draw_box (cr, rect_of_box (figure->detections[at].box, image), rgb, at == selected);
    }
  if (selected >= 0)
    draw_label (cr, context, figure, &figure->detections[selected], image, TRUE, taken);
  for (int i = 0; i < (int) figure->n_detections; i++)
    if (i != selected)
      draw_label (cr, context, figure, &figure->detections[i], image, FALSE, taken);
  cairo_restore (cr);
}
