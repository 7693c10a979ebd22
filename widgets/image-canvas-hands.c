/* image-canvas-hands.c: pointer, fingers and keys on the picture */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "image-canvas-private.h"

#include <math.h>

#include "row-label.h"

#define CLICK_SLACK 5 /* screen pixels that a click may move */
#define PAN_STEP    48
#define ZOOM_STEP   1.2

static void
pan (EspImageCanvas *self, double dx, double dy)
{
  double zoom = esp_image_canvas_get_zoom (self);
  graphene_rect_t area = esp_image_canvas_pane (self, 0), frame = esp_image_canvas_frame (self, 0);
  double x = (area.origin.x + area.size.width / 2 - frame.origin.x) / zoom,
         y = (area.origin.y + area.size.height / 2 - frame.origin.y) / zoom;

  esp_image_canvas_set_view (self, zoom, x + dx / zoom, y + dy / zoom);
}

/* Ctrl and wheel grow about the pointer; the wheel alone moves a picture that is larger than its pane, and passes on otherwise. */
static gboolean
on_scroll (GtkEventControllerScroll *scroll, double dx, double dy, EspImageCanvas *self)
{
  GdkModifierType state = gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (scroll));
  graphene_rect_t area = esp_image_canvas_pane (self, 0), frame = esp_image_canvas_frame (self, 0);

  if ((state & GDK_CONTROL_MASK) != 0)
    esp_image_canvas_zoom_at (self, pow (ZOOM_STEP, -dy), self->pointer_x, self->pointer_y);
  else if (frame.size.width > area.size.width + 1 || frame.size.height > area.size.height + 1)
    {
      if ((state & GDK_SHIFT_MASK) != 0 && dx == 0)
        pan (self, dy * PAN_STEP, 0);
      else
        pan (self, dx * PAN_STEP, dy * PAN_STEP);
    }
  else
    return GDK_EVENT_PROPAGATE;
  return GDK_EVENT_STOP;
}

static void
on_pinch_begin (GtkGesture *gesture, GdkEventSequence *sequence, EspImageCanvas *self)
{
  self->pinch_zoom = esp_image_canvas_get_zoom (self);
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
on_pinch (GtkGestureZoom *gesture, double scale, EspImageCanvas *self)
{
  double x = 0, y = 0;

  if (gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    esp_image_canvas_zoom_at (self, self->pinch_zoom * scale / esp_image_canvas_get_zoom (self), x, y);
}

static void
on_drag_begin (GtkGestureDrag *drag, double x, double y, EspImageCanvas *self)
{
  self->dragged = FALSE;
  self->drag_x = self->drag_y = 0;
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (self->marking)
    esp_image_canvas_mark_from (self, x, y);
}

static void
on_drag_update (GtkGestureDrag *drag, double dx, double dy, EspImageCanvas *self)
{
  if (!self->dragged && hypot (dx, dy) < CLICK_SLACK)
    return;
  if (!self->dragged)
    {
      gtk_gesture_set_state (GTK_GESTURE (drag), GTK_EVENT_SEQUENCE_CLAIMED);
      gtk_widget_set_cursor_from_name (GTK_WIDGET (self), self->marking ? "crosshair" : "grabbing");
    }
  self->dragged = TRUE;
  if (self->marking)
    {
      double x = 0, y = 0;

      gtk_gesture_drag_get_start_point (drag, &x, &y);
      esp_image_canvas_mark_to (self, x + dx, y + dy);
      return;
    }
  pan (self, self->drag_x - dx, self->drag_y - dy);
  self->drag_x = dx;
  self->drag_y = dy;
}

static void
on_drag_end (GtkGestureDrag *drag, double dx, double dy, EspImageCanvas *self)
{
  guint button = gtk_gesture_single_get_current_button (GTK_GESTURE_SINGLE (drag));
  double x = 0, y = 0;
  EspPane pane = ESP_PANE_ORIGINAL;
  int box;

  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
  if (self->marking)
    {
      if (self->dragged)
        esp_image_canvas_mark_done (self);
      return;
    }
  if (self->dragged || button != GDK_BUTTON_PRIMARY || !gtk_gesture_drag_get_start_point (drag, &x, &y))
    return;
  box = esp_image_canvas_box_at (self, x, y, &pane);
  if (box < 0)
    esp_image_canvas_emit_box (self, -1);
  else if (pane == ESP_PANE_ORIGINAL)
    esp_image_canvas_emit_box (self, box);
}

static void
set_hovered (EspImageCanvas *self, int box, guint pane)
{
  if (box == self->hovered && pane == self->hovered_pane)
    return;
  self->hovered = box;
  self->hovered_pane = pane;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, EspImageCanvas *self)
{
  EspPane pane = ESP_PANE_ORIGINAL;
  const int box = esp_image_canvas_box_at (self, x, y, &pane);

  self->pointer_x = x;
  self->pointer_y = y;
  if (self->marking)
    return;
  esp_image_canvas_emit_probe (self);
  set_hovered (self, box, pane);
  if (!self->dragged || gtk_widget_get_cursor (GTK_WIDGET (self)) == NULL)
    gtk_widget_set_cursor_from_name (GTK_WIDGET (self), box >= 0 && pane == ESP_PANE_ORIGINAL ? "pointer" : NULL);
}

static void
on_leave (GtkEventControllerMotion *motion, EspImageCanvas *self)
{
  self->pointer_x = -1;
  if (self->marking)
    return;
  set_hovered (self, -1, ESP_PANE_ORIGINAL);
  esp_image_canvas_emit_probe (self);
}

static gboolean
key_zoom (GtkWidget *widget, GVariant *factor, gpointer data)
{
  esp_image_canvas_zoom_by (ESP_IMAGE_CANVAS (widget), g_variant_get_double (factor));
  return TRUE;
}

static gboolean
key_zoom_to (GtkWidget *widget, GVariant *zoom, gpointer data)
{
  if (g_variant_get_double (zoom) > 0)
    esp_image_canvas_zoom_to (ESP_IMAGE_CANVAS (widget), g_variant_get_double (zoom));
  else
    esp_image_canvas_fit (ESP_IMAGE_CANVAS (widget));
  return TRUE;
}

static gboolean
key_pan (GtkWidget *widget, GVariant *way, gpointer data)
{
  double dx = 0, dy = 0;

  g_variant_get (way, "(dd)", &dx, &dy);
  if (esp_image_canvas_mark_key (ESP_IMAGE_CANVAS (widget), dx, dy, FALSE))
    return TRUE;
  pan (ESP_IMAGE_CANVAS (widget), dx * PAN_STEP, dy * PAN_STEP);
  return TRUE;
}

static gboolean
key_size (GtkWidget *widget, GVariant *way, gpointer data)
{
  double dx = 0, dy = 0;

  g_variant_get (way, "(dd)", &dx, &dy);
  return esp_image_canvas_mark_key (ESP_IMAGE_CANVAS (widget), dx, dy, TRUE);
}

static gboolean
key_enter (GtkWidget *widget, GVariant *nothing, gpointer data)
{
  EspImageCanvas *self = ESP_IMAGE_CANVAS (widget);

  if (!self->marking)
    return FALSE;
  esp_image_canvas_mark_done (self);
  return TRUE;
}

static gboolean
key_escape (GtkWidget *widget, GVariant *nothing, gpointer data)
{
  if (ESP_IMAGE_CANVAS (widget)->marking)
    g_object_set (widget, "marking", FALSE, NULL);
  else
    esp_image_canvas_emit_box (ESP_IMAGE_CANVAS (widget), -1);
  return TRUE;
}

/* Single keys, on the focused picture alone; the window's Ctrl accelerators call the same functions. */
void
esp_image_canvas_class_keys (GtkWidgetClass *klass)
{
  const GdkModifierType none = (GdkModifierType) 0;

  gtk_widget_class_add_binding (klass, GDK_KEY_plus, none, key_zoom, "d", ZOOM_STEP);
  gtk_widget_class_add_binding (klass, GDK_KEY_plus, GDK_SHIFT_MASK, key_zoom, "d", ZOOM_STEP);
  gtk_widget_class_add_binding (klass, GDK_KEY_equal, none, key_zoom, "d", ZOOM_STEP);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Add, none, key_zoom, "d", ZOOM_STEP);
  gtk_widget_class_add_binding (klass, GDK_KEY_minus, none, key_zoom, "d", 1 / ZOOM_STEP);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Subtract, none, key_zoom, "d", 1 / ZOOM_STEP);
  gtk_widget_class_add_binding (klass, GDK_KEY_0, none, key_zoom_to, "d", 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_1, none, key_zoom_to, "d", 1.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Left, none, key_pan, "(dd)", -1.0, 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Right, none, key_pan, "(dd)", 1.0, 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Up, none, key_pan, "(dd)", 0.0, -1.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Down, none, key_pan, "(dd)", 0.0, 1.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Left, GDK_SHIFT_MASK, key_size, "(dd)", -1.0, 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Right, GDK_SHIFT_MASK, key_size, "(dd)", 1.0, 0.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Up, GDK_SHIFT_MASK, key_size, "(dd)", 0.0, -1.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Down, GDK_SHIFT_MASK, key_size, "(dd)", 0.0, 1.0);
  gtk_widget_class_add_binding (klass, GDK_KEY_Return, none, key_enter, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_KP_Enter, none, key_enter, NULL);
  gtk_widget_class_add_binding (klass, GDK_KEY_Escape, none, key_escape, NULL);
}

static void
add (EspImageCanvas *self, gpointer controller)
{
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (controller));
}

void
esp_image_canvas_add_hands (EspImageCanvas *self)
{
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (drag), 0);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (pinch, "begin", G_CALLBACK (on_pinch_begin), self);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (on_pinch), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  add (self, scroll);
  add (self, motion);
  add (self, pinch);
  add (self, drag);
}
