/* test-chart-view.c: what a chart says of itself */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include <math.h>

#include "chart-view.h"
#include "common.h"

static const char said[] = "from 3.1 % to 38.2 %, epoch 1 to 20";

static void
test_words (void)
{
  const EspChartAxis x = { "epoch", NAN, NAN, FALSE, TRUE }, y = { "mAP", 0, NAN, TRUE, FALSE };
  const EspChartPoint points[] = { { 1, 0.031, NAN, NAN }, { 2, 0.2, NAN, NAN }, { 20, 0.382, NAN, NAN } };
  GtkWidget *view = esp_chart_view_new ();
  GtkWidget *window;

  g_object_ref_sink (view);
  esp_chart_view_set_axes (ESP_CHART_VIEW (view), &x, &y);
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_ROLE_IMG);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, "mAP");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "Nothing yet");
  window = test_show (view, 320, 160);
  esp_chart_view_set_line (ESP_CHART_VIEW (view), 1, "average", points, 3);
  esp_chart_view_set_line (ESP_CHART_VIEW (view), 0, "validation", points, 3);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, said);
  test_spin (60);
  esp_chart_view_clear (ESP_CHART_VIEW (view));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "Nothing yet");
  test_spin (60);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (view);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/chart-view/words", test_words);
  return g_test_run ();
}
