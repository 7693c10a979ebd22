/* test-image-view.c: the picture: geometry, probe, boxes under the pointer, what drawing makes of it */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "image-view.h"

#include <math.h>

#include "common.h"
#include "explain/target.h"
#include "image-canvas-private.h"
#include "draw/palette.h"

#define N_CARD 8 /* toggle buttons of the card, which come first: its lines, and the choice of a class */

static int said; /* -2 nothing, -1 background, else the box */

static void
on_box (GtkWidget *widget, int index, gpointer data)
{
  said = index;
}

static void
on_background (GtkWidget *widget, gpointer data)
{
  said = -1;
}

/* Red above, blue below, so that a turned or shifted picture is seen. */
static EspImage *
make_image (int width, int height)
{
  g_autofree guint8 *rgb = g_malloc0 (3 * (gsize) width * (gsize) height);

  for (int i = 0; i < width * height; i++)
    rgb[3 * i + (i / width < height / 2 ? 0 : 2)] = 200;
  return esp_image_new_rgb (width, height, rgb);
}

static GtkWidget *
open_view (EspImageCanvas **canvas)
{
  const EspDetection found[] = { { .box = { 0.5F, 0.5F, 0.8F, 0.8F }, .class_index = 0, .score = 0.9F },
                                 { .box = { 0.25F, 0.25F, 0.2F, 0.2F }, .class_index = 1, .score = 0.5F } };
  g_autoptr (EspImage) image = make_image (200, 100);
  GtkWidget *view = esp_image_view_new ();
  GtkWidget *window;

  *canvas = esp_image_view_get_canvas (ESP_IMAGE_VIEW (view));
  g_signal_connect (view, "box-activated", G_CALLBACK (on_box), NULL);
  g_signal_connect (view, "background-activated", G_CALLBACK (on_background), NULL);
  esp_image_view_set_image (ESP_IMAGE_VIEW (view), image);
  esp_image_view_set_boxes (ESP_IMAGE_VIEW (view), ESP_PANE_ORIGINAL, found, 2);
  window = test_show (view, 600, 500);
  said = -2;
  return window;
}

/* The picture's point (x, y) in the widget's coordinates, by the fitted middle. */
static graphene_point_t
on_screen (EspImageCanvas *canvas, double x, double y)
{
  double zoom = esp_image_canvas_get_zoom (canvas);

  return GRAPHENE_POINT_INIT ((float) (gtk_widget_get_width (GTK_WIDGET (canvas)) / 2.0 + (x - 100) * zoom),
                              (float) (gtk_widget_get_height (GTK_WIDGET (canvas)) / 2.0 + (y - 50) * zoom));
}

static void
test_accessible (void)
{
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);

  g_assert_true (gtk_test_accessible_has_role (GTK_ACCESSIBLE (canvas), GTK_ACCESSIBLE_ROLE_IMG));
  test_name (canvas, "Image view");
  esp_image_view_set_sentence (ESP_IMAGE_VIEW (gtk_window_get_child (GTK_WINDOW (window))), "Why dog 0.94 here.");
  test_description (canvas, "Why dog 0.94 here.");
  test_close (window);
}

static void
test_fit (void)
{
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  double width = gtk_widget_get_width (GTK_WIDGET (canvas)), height = gtk_widget_get_height (GTK_WIDGET (canvas)), x, y;
  graphene_point_t corner;

  g_assert_cmpfloat_with_epsilon (esp_image_canvas_get_zoom (canvas), MIN (width / 200, height / 100), 1e-9);
  corner = on_screen (canvas, 0.5, 0.5);
  g_assert_true (esp_image_canvas_to_image (canvas, (double) corner.x, (double) corner.y, &x, &y));
  g_assert_cmpfloat_with_epsilon (x, 0.5, 1e-3);
  g_assert_cmpfloat_with_epsilon (y, 0.5, 1e-3);
  corner = on_screen (canvas, -1, 20);
  g_assert_false (esp_image_canvas_to_image (canvas, (double) corner.x, (double) corner.y, &x, &y));
  test_close (window);
}

/* The point in the middle stays there, however near; the edge never leaves the pane's edge. */
static void
test_zoom (void)
{
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  double x, y, zoom = 0;

  esp_image_canvas_zoom_by (canvas, 8);
  g_assert_true (esp_image_canvas_to_image (canvas, gtk_widget_get_width (GTK_WIDGET (canvas)) / 2.0,
                                            gtk_widget_get_height (GTK_WIDGET (canvas)) / 2.0, &x, &y));
  g_assert_cmpfloat_with_epsilon (x, 100, 1e-3);
  g_assert_cmpfloat_with_epsilon (y, 50, 1e-3);
  g_object_set (gtk_window_get_child (GTK_WINDOW (window)), "zoom", 1.0, NULL);
  g_object_get (gtk_window_get_child (GTK_WINDOW (window)), "zoom", &zoom, NULL);
  g_assert_cmpfloat_with_epsilon (zoom, 1, 1e-9);
  esp_image_view_fit (ESP_IMAGE_VIEW (gtk_window_get_child (GTK_WINDOW (window))));
  g_assert_cmpfloat (esp_image_canvas_get_zoom (canvas), >, 1);
  test_close (window);
}

static void
test_boxes (void)
{
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  graphene_point_t small = on_screen (canvas, 50, 25), large = on_screen (canvas, 120, 60), none = on_screen (canvas, 3, 3);
  EspPane pane;

  g_assert_cmpint (esp_image_canvas_box_at (canvas, (double) small.x, (double) small.y, &pane), ==, 1);
  g_assert_cmpint (esp_image_canvas_box_at (canvas, (double) large.x, (double) large.y, &pane), ==, 0);
  g_assert_cmpint (esp_image_canvas_box_at (canvas, (double) none.x, (double) none.y, &pane), ==, -1);
  g_object_set (canvas, "show-boxes", FALSE, NULL);
  g_assert_cmpint (esp_image_canvas_box_at (canvas, (double) small.x, (double) small.y, &pane), ==, -1);
  g_signal_emit_by_name (canvas, "box-activated", 1);
  g_assert_cmpint (said, ==, 1);
  g_signal_emit_by_name (canvas, "background-activated");
  g_assert_cmpint (said, ==, -1);
  test_close (window);
}

/* The pruned pane has boxes of its own, and a click there explains nothing of the original's. */
static void
test_compare (void)
{
  const EspDetection only = { .box = { 0.5F, 0.5F, 0.2F, 0.2F }, .score = 0.4F };
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  EspPane pane;
  double quarter;

  g_object_set (canvas, "compare", TRUE, NULL);
  esp_image_canvas_set_boxes (canvas, ESP_PANE_PRUNED, &only, 1);
  quarter = gtk_widget_get_width (GTK_WIDGET (canvas)) / 4.0;
  g_assert_cmpint (esp_image_canvas_box_at (canvas, 3 * quarter, gtk_widget_get_height (GTK_WIDGET (canvas)) / 2.0, &pane), ==, 0);
  g_assert_cmpint (pane, ==, ESP_PANE_PRUNED);
  g_assert_cmpint (esp_image_canvas_box_at (canvas, quarter, gtk_widget_get_height (GTK_WIDGET (canvas)) / 2.0, &pane), ==, 0);
  g_assert_cmpint (pane, ==, ESP_PANE_ORIGINAL);
  test_close (window);
}

static EspHeatmap *
make_heat (void)
{
  EspHeatmap *map = esp_heatmap_new (2, 1);

  map->values[0] = 0.25F;
  map->values[1] = 4;
  map->placement = (EspPlacement){ 0, 0, 1, 1 };
  return map;
}

static void
test_probe (void)
{
  g_autoptr (EspHeatmap) heat = make_heat ();
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  graphene_point_t above = on_screen (canvas, 20.5, 30.5), below = on_screen (canvas, 150.5, 80.5);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;

  first = esp_image_canvas_probe (canvas, (double) above.x, (double) above.y);
  g_assert_cmpstr (first, ==, "20, 30 · RGB 200 0 0");
  esp_image_canvas_set_heatmap (canvas, heat, NAN, NAN);
  second = esp_image_canvas_probe (canvas, (double) below.x, (double) below.y);
  g_assert_cmpstr (second, ==, "150, 80 · RGB 0 0 200 · heat 4");
  third = esp_image_canvas_probe (canvas, -1, 0);
  g_assert_cmpstr (third, ==, "");
  test_close (window);
}

/* What the screen would show, at a point. */
static void
pixel_at (EspImageCanvas *canvas, graphene_point_t at, guint8 rgb[3])
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (GTK_WIDGET (canvas));
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autofree guint32 *data = NULL;
  gsize width = (gsize) gtk_widget_get_width (GTK_WIDGET (canvas)), height = (gsize) gtk_widget_get_height (GTK_WIDGET (canvas));
  guint32 pixel;

  gdk_paintable_snapshot (paintable, snapshot, (double) width, (double) height);
  node = gtk_snapshot_free_to_node (snapshot);
  g_assert_nonnull (node);
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (gtk_widget_get_native (GTK_WIDGET (canvas))), node,
                                         &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  data = g_new0 (guint32, width * height);
  gdk_texture_download (texture, (guchar *) data, width * 4);
  pixel = data[(gsize) at.y * width + (gsize) at.x];
  rgb[0] = (guint8) (pixel >> 16);
  rgb[1] = (guint8) (pixel >> 8);
  rgb[2] = (guint8) pixel;
}

static void
check_pixel (EspImageCanvas *canvas, double x, double y, const guint8 expected[3])
{
  guint8 rgb[3];

  test_spin (60);
  pixel_at (canvas, on_screen (canvas, x, y), rgb);
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (ABS (rgb[i] - expected[i]), <=, 3);
}

/* The photograph's own colours, half of the legend's over it, and the frame in the colour of its class. */
static void
test_drawn (void)
{
  g_autoptr (EspHeatmap) heat = make_heat ();
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  guint8 hot[3], half[3], frame[3];

  g_object_set (canvas, "show-boxes", FALSE, NULL);
  check_pixel (canvas, 190, 20, (guint8[3]){ 200, 0, 0 });
  check_pixel (canvas, 190, 80, (guint8[3]){ 0, 0, 200 });
  esp_image_canvas_set_heatmap (canvas, heat, NAN, NAN);
  g_object_set (canvas, "heat-opacity", 0.5, NULL);
  esp_palette_colour (esp_palette_default (FALSE), 1, hot);
  half[0] = (guint8) (100 + hot[0] / 2);
  half[1] = (guint8) (hot[1] / 2);
  half[2] = (guint8) (hot[2] / 2);
  check_pixel (canvas, 190, 20, half);
  g_object_set (canvas, "heat-opacity", 1.0, NULL);
  check_pixel (canvas, 190, 20, hot);
  g_object_set (canvas, "show-heat", FALSE, "show-boxes", TRUE, NULL);
  esp_palette_class (0, frame);
  check_pixel (canvas, 20, 60, frame);
  test_close (window);
}

/* A letterboxed map covers more than the picture: the picture's left edge shows the placement's left edge. */
static void
test_letterbox (void)
{
  g_autoptr (EspHeatmap) heat = esp_heatmap_new (4, 4);
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  graphene_point_t top = on_screen (canvas, 100.5, 0.5), middle = on_screen (canvas, 100.5, 99);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  for (int i = 0; i < 16; i++)
    heat->values[i] = (float) (i / 4);
  heat->placement = (EspPlacement){ 0, 0.25F, 1, 0.5F };
  esp_image_canvas_set_heatmap (canvas, heat, NAN, NAN);
  first = esp_image_canvas_probe (canvas, (double) top.x, (double) top.y);
  second = esp_image_canvas_probe (canvas, (double) middle.x, (double) middle.y);
  g_assert_true (g_str_has_suffix (first, "heat 1"));
  g_assert_true (g_str_has_suffix (second, "heat 2"));
  test_close (window);
}

/* One pixel, no names, no score to speak of: nothing to divide by. */
static void
test_tiny (void)
{
  g_autoptr (EspImage) image = make_image (1, 1);
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  double x, y;

  esp_image_view_set_image (ESP_IMAGE_VIEW (gtk_window_get_child (GTK_WINDOW (window))), image);
  test_spin (50);
  g_assert_true (esp_image_canvas_to_image (canvas, gtk_widget_get_width (GTK_WIDGET (canvas)) / 2.0,
                                            gtk_widget_get_height (GTK_WIDGET (canvas)) / 2.0, &x, &y));
  esp_image_view_set_image (ESP_IMAGE_VIEW (gtk_window_get_child (GTK_WINDOW (window))), NULL);
  test_spin (50);
  g_assert_false (esp_image_canvas_to_image (canvas, 10, 10, &x, &y));
  test_close (window);
}

/* The legend is there with the heat, says its ends, and lets a hand ask for one scale. */
static void
test_legend (void)
{
  g_autoptr (EspHeatmap) heat = make_heat ();
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  EspImageView *view = ESP_IMAGE_VIEW (gtk_window_get_child (GTK_WINDOW (window)));
  gboolean fixed = TRUE;
  float low = -1, high = -1;

  g_object_get (view, "fixed-scale", &fixed, NULL);
  g_assert_false (fixed);
  esp_image_view_set_heatmap (view, heat, NAN, NAN);
  esp_image_view_get_scale (view, &low, &high);
  g_assert_cmpfloat (low, ==, 0);
  g_assert_cmpfloat (high, ==, 4);
  esp_image_view_set_heatmap (view, heat, 0, 10);
  esp_image_view_get_scale (view, &low, &high);
  g_assert_cmpfloat (high, ==, 10);
  heat->is_signed = TRUE;
  esp_image_view_set_heatmap (view, heat, NAN, NAN);
  esp_image_view_get_scale (view, &low, &high);
  g_assert_cmpfloat (low, ==, -4);
  memset (heat->values, 0, (gsize) heat->width * (gsize) heat->height * sizeof *heat->values);
  esp_image_view_set_heatmap (view, heat, NAN, NAN);
  esp_image_view_get_scale (view, &low, &high);
  g_assert_false (signbit (low) || signbit (high)); /* not "-0 … 0" */
  g_object_set (view, "fixed-scale", TRUE, NULL);
  g_object_get (view, "fixed-scale", &fixed, NULL);
  g_assert_true (fixed);
  g_assert_cmpstr (gtk_button_get_label (GTK_BUTTON (test_find (GTK_WIDGET (view), GTK_TYPE_TOGGLE_BUTTON, N_CARD))), ==,
                   "all images seen");
  test_close (window);
}

static void
on_part (EspBoxCard *card, int part, gpointer data)
{
  *(int *) data = part;
}

/* Each number is a button of its own name that asks for exactly that. */
static void
test_card (void)
{
  const EspDetection found
      = { .box = { 0.5F, 0.5F, 0.2F, 0.4F }, .score = 0.72F, .objectness = 0.9F, .head = 16, .anchor = 1, .row = 7, .column = 8 };
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  EspImageView *view = ESP_IMAGE_VIEW (gtk_window_get_child (GTK_WINDOW (window)));
  EspBoxCard *card = esp_image_view_get_card (view);
  GtkWidget *y;
  int part = -2;

  g_signal_connect (card, "part-activated", G_CALLBACK (on_part), &part);
  esp_box_card_set_found (card, &found, "dog", (GdkRectangle){ 80, 30, 40, 40 }, "nothing");
  esp_box_card_set_part (card, -1);
  esp_image_view_show_card (view, found.box);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (card)));
  test_name (test_find (GTK_WIDGET (card), GTK_TYPE_TOGGLE_BUTTON, 0), "Score 0.72 = 0.90 × 0.80");
  test_name (test_find (GTK_WIDGET (card), GTK_TYPE_TOGGLE_BUTTON, 2), "Class dog 0.80");
  y = test_find (GTK_WIDGET (card), GTK_TYPE_TOGGLE_BUTTON, 4);
  test_name (y, "y 30");
  g_assert_cmpint (part, ==, -2);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (y), TRUE);
  g_assert_cmpint (part, ==, ESP_PART_Y);
  esp_image_view_hide_card (view);
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (card)));
  test_close (window);
}

static void
on_drawn (EspImageView *view, const EspBox *box, gpointer data)
{
  *(EspBox *) data = *box;
}

/* What is drawn by keys stays on the picture, and drawing ends with it. */
static void
test_mark (void)
{
  EspBox drawn = { 0 };
  EspImageCanvas *canvas;
  GtkWidget *window = open_view (&canvas);
  gboolean marking = FALSE;

  g_signal_connect (gtk_window_get_child (GTK_WINDOW (window)), "box-drawn", G_CALLBACK (on_drawn), &drawn);
  g_object_set (canvas, "marking", TRUE, NULL);
  for (guint i = 0; i < 40; i++)
    g_assert_true (esp_image_canvas_mark_key (canvas, -1, 0, FALSE));
  g_assert_true (esp_image_canvas_mark_key (canvas, 1, 1, TRUE));
  esp_image_canvas_mark_done (canvas);
  g_object_get (canvas, "marking", &marking, NULL);
  g_assert_false (marking);
  g_assert_cmpfloat_with_epsilon (drawn.x - drawn.w / 2, 0, 1e-6);
  g_assert_cmpfloat_with_epsilon (drawn.w, .27, 1e-6);
  g_assert_cmpfloat_with_epsilon (drawn.h, .29, 1e-6);
  g_assert_false (esp_image_canvas_mark_key (canvas, -1, 0, FALSE));
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/image-view/accessible", test_accessible);
  g_test_add_func ("/image-view/fit", test_fit);
  g_test_add_func ("/image-view/zoom", test_zoom);
  g_test_add_func ("/image-view/boxes", test_boxes);
  g_test_add_func ("/image-view/compare", test_compare);
  g_test_add_func ("/image-view/probe", test_probe);
  g_test_add_func ("/image-view/drawn", test_drawn);
  g_test_add_func ("/image-view/letterbox", test_letterbox);
  g_test_add_func ("/image-view/legend", test_legend);
  g_test_add_func ("/image-view/tiny", test_tiny);
  g_test_add_func ("/image-view/card", test_card);
  g_test_add_func ("/image-view/mark", test_mark);
  return g_test_run ();
}
