/* test-sensitivity-page.c: places, the curve of one, and its points as choices by hand and by key */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include <math.h>

#include "chart-view.h"
#include "common.h"
#include "sensitivity-page.h"

static const EspLine places[] = { { .title = "head", .words = "safe to 20 %", .name = "head, safe to 20 %" },
                                  { .title = "neck", .words = "nothing is safe", .name = "neck, nothing is safe" } };
static const EspLine points[] = { { .title = "10 %", .name = "10 %" }, { .title = "20 %", .name = "20 %" } };

static void
note_int (EspSensitivityPage *page, int value, gpointer data)
{
  *(int *) data = value;
}

static void
note_uint (EspSensitivityPage *page, guint value, gpointer data)
{
  *(int *) data = (int) value;
}

static void
test_hands (void)
{
  EspSensitivityPage *page = ESP_SENSITIVITY_PAGE (g_object_ref_sink (esp_sensitivity_page_new ()));
  GtkWidget *window = test_show (GTK_WIDGET (page), 860, 640);
  const EspChartPoint curve[] = { { .1, .8, .7, .9 }, { .2, .3, .2, .4 } }, chance[] = { { .1, .5, .4, .6 }, { .2, .2, .1, .3 } };
  const EspSensitivityCurve of = { curve, 2, chance, .9, .1, .2, .2, "Half of it is lost from 10 to 20 %." };
  GtkWidget *list, *chart;
  int place = -2, point = -1;

  g_signal_connect (page, "place-chosen", G_CALLBACK (note_int), &place);
  g_signal_connect (page, "point-chosen", G_CALLBACK (note_uint), &point);
  esp_sensitivity_page_set_images (page, 128, 64);
  g_assert_cmpuint (esp_sensitivity_page_get_images (page), ==, 64);
  g_assert_true (esp_sensitivity_page_get_by_group (page));
  g_assert_cmpint (esp_sensitivity_page_get_place (page), ==, -1);
  esp_sensitivity_page_set_places (page, places, 2);
  g_assert_cmpint (place, ==, 0);
  esp_sensitivity_page_set_curve (page, &of, points, TRUE);
  esp_sensitivity_page_set_state (page, ESP_SENSITIVITY_PAGE_RUNNING);
  esp_sensitivity_page_set_progress (page, .4, "1 measured");
  test_spin (60);
  list = test_find (GTK_WIDGET (page), GTK_TYPE_LIST_BOX, 0);
  gtk_list_box_select_row (GTK_LIST_BOX (list), gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 1));
  g_assert_cmpint (place, ==, 1);
  list = test_find (GTK_WIDGET (page), GTK_TYPE_LIST_BOX, 1);
  g_signal_emit_by_name (list, "row-activated", gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 1));
  g_assert_cmpint (point, ==, 1);
  chart = test_find (GTK_WIDGET (page), ESP_TYPE_CHART_VIEW, 0);
  g_signal_emit_by_name (chart, "point-clicked", 3u, 1u); /* the level of the whole network is no choice */
  g_assert_cmpint (point, ==, 1);
  g_signal_emit_by_name (chart, "point-clicked", 0u, 0u);
  g_assert_cmpint (point, ==, 0);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (chart), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, of.sentence);
  esp_sensitivity_page_set_curve (page, NULL, NULL, FALSE);
  test_spin (60);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (page);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/sensitivity-page/hands", test_hands);
  return g_test_run ();
}
