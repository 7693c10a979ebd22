/* image-canvas-mark.c: a box drawn where something was missed, by pointer or by arrows */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "image-canvas-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "row-label.h"

#define KEY_STEP .02F /* of the picture's longer side */
#define LEAST    .01F /* of the picture: a box smaller than that is none */

/* In words, for who moves it by keys. */
static void
tell_band (EspImageCanvas *self)
{
  const EspBox b = self->band;
  const float w = (float) esp_image_get_width (self->image), h = (float) esp_image_get_height (self->image);
  g_autofree char *text = g_strdup_printf (_ ("Missed here: x %d y %d w %d h %d"), (int) lroundf ((b.x - b.w / 2) * w),
                                           (int) lroundf ((b.y - b.h / 2) * h), (int) lroundf (b.w * w), (int) lroundf (b.h * h));

  esp_image_canvas_tell (self, text);
  esp_accessible_describe (self, text);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* It stays on the picture. */
static void
set_band (EspImageCanvas *self, float x, float y, float w, float h)
{
  w = CLAMP (w, LEAST, 1);
  h = CLAMP (h, LEAST, 1);
  self->band = (EspBox){ CLAMP (x, w / 2, 1 - w / 2), CLAMP (y, h / 2, 1 - h / 2), w, h };
  tell_band (self);
}

void
esp_image_canvas_mark (EspImageCanvas *self, gboolean marking)
{
  self->marking = marking && self->image != NULL;
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), self->marking ? "crosshair" : NULL);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  if (!self->marking)
    {
      esp_image_canvas_tell (self, "");
      return;
    }
  gtk_widget_grab_focus (GTK_WIDGET (self));
  set_band (self, .5F, .5F, .25F, .25F);
}

gboolean
esp_image_canvas_mark_key (EspImageCanvas *self, double dx, double dy, gboolean size)
{
  float wide, high, longer;

  if (!self->marking)
    return FALSE;
  wide = (float) esp_image_get_width (self->image);
  high = (float) esp_image_get_height (self->image);
  longer = KEY_STEP * MAX (wide, high);
  wide = (float) dx * longer / wide;
  high = (float) dy * longer / high;
  if (size) /* its left top stays */
    set_band (self, self->band.x + wide / 2, self->band.y + high / 2, self->band.w + wide, self->band.h + high);
  else
    set_band (self, self->band.x + wide, self->band.y + high, self->band.w, self->band.h);
  return TRUE;
}

/* The picture's fractions under a point of the original's pane. */
static graphene_point_t
point_at (EspImageCanvas *self, double x, double y)
{
  const graphene_rect_t frame = esp_image_canvas_frame (self, ESP_PANE_ORIGINAL);

  return GRAPHENE_POINT_INIT (CLAMP (((float) x - frame.origin.x) / frame.size.width, 0, 1),
                              CLAMP (((float) y - frame.origin.y) / frame.size.height, 0, 1));
}

void
esp_image_canvas_mark_from (EspImageCanvas *self, double x, double y)
{
  self->band_start = point_at (self, x, y);
}

void
esp_image_canvas_mark_to (EspImageCanvas *self, double x, double y)
{
  const graphene_point_t from = self->band_start, to = point_at (self, x, y);

  set_band (self, (from.x + to.x) / 2, (from.y + to.y) / 2, fabsf (to.x - from.x), fabsf (to.y - from.y));
}

/* The owner explains it; the hand draws no other until it is asked to. */
void
esp_image_canvas_mark_done (EspImageCanvas *self)
{
  if (!self->marking)
    return;
  esp_image_canvas_emit_drawn (self);
  g_object_set (self, "marking", FALSE, NULL);
}
