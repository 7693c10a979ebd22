/* test-drift-page.c: boxes and lost objects as lists, a row of either as a choice, and what is said where there is none */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include <math.h>

#include "common.h"
#include "drift-page.h"

static void
note_row (EspDriftPage *page, guint row, gpointer data)
{
  *(int *) data = (int) row;
}

static GListStore *
make_boxes (void)
{
  GListStore *rows = g_list_store_new (ESP_TYPE_ROW);

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (GObject) row
          = g_object_new (ESP_TYPE_DRIFT_ROW, "image", i, "name", "a.png", "class-name", "ring", "before", .98, "after",
                          i == 1 ? (double) NAN : .41, "distance", i == 2 ? (double) NAN : .73, "heat-before", .8, "heat-after", .4, NULL);

      g_list_store_append (rows, row);
    }
  return rows;
}

static GListStore *
make_lost (void)
{
  GListStore *rows = g_list_store_new (ESP_TYPE_ROW);
  g_autoptr (GObject) row = g_object_new (ESP_TYPE_LOST_ROW, "name", "b.png", "class-name", "star", "before", .5, "error", "badly placed",
                                          "channels", "layer 8: 3, 17", NULL);

  g_list_store_append (rows, row);
  return rows;
}

static void
check_label (GListStore *rows, guint i, const char *expected)
{
  g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (rows), i);

  g_assert_cmpstr (esp_row_get_label (row), ==, expected);
}

static void
test_hands (void)
{
  EspDriftPage *page = ESP_DRIFT_PAGE (esp_drift_page_new ());
  GtkWidget *window = test_show (GTK_WIDGET (page), 520, 640);
  g_autoptr (GListStore) boxes = make_boxes (), lost = make_lost ();
  GtkListView *list = GTK_LIST_VIEW (test_find (GTK_WIDGET (page), GTK_TYPE_LIST_VIEW, 0));
  GtkListView *other = GTK_LIST_VIEW (test_find (GTK_WIDGET (page), GTK_TYPE_LIST_VIEW, 1));
  int box = -1, gone = -1;

  check_label (boxes, 0, "ring 98 % to 41 %, drift 0.730, a.png");
  check_label (boxes, 1, "ring 98 %, not found any more, drift 0.730, a.png");
  check_label (boxes, 2, "ring 98 % to 41 %, a.png");
  check_label (lost, 0, "star 50 %, badly placed, b.png, layer 8: 3, 17");
  g_signal_connect (page, "box-chosen", G_CALLBACK (note_row), &box);
  g_signal_connect (page, "lost-chosen", G_CALLBACK (note_row), &gone);
  esp_drift_page_set_models (page, G_LIST_MODEL (boxes), G_LIST_MODEL (lost));
  g_assert_false (gtk_widget_get_mapped (GTK_WIDGET (list)));
  esp_drift_page_set_found (page, TRUE);
  esp_drift_page_set_state (page, ESP_DRIFT_PAGE_RUNNING, TRUE);
  esp_drift_page_set_progress (page, .4, "under way");
  esp_drift_page_set_earlier (page, "of an earlier plan");
  test_spin (60);
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (list)));
  g_assert_cmpint (box, ==, -1); /* nothing that nobody chose */
  gtk_selection_model_select_item (gtk_list_view_get_model (list), 7, TRUE);
  g_assert_cmpint (box, ==, 7);
  gtk_selection_model_select_item (gtk_list_view_get_model (other), 0, TRUE);
  g_assert_cmpint (gone, ==, 0);
  g_list_store_remove_all (boxes);
  test_spin (60);
  g_assert_cmpint (box, ==, 7);
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/drift-page/hands", test_hands);
  return g_test_run ();
}
