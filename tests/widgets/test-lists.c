/* test-lists.c: images, detections and trials as lists of named rows */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "common.h"
#include "detection-list.h"
#include "image-list.h"
#include "trial-list.h"

static int last;
static int count;

static void
on_int (GtkWidget *widget, int value, gpointer data)
{
  last = value;
  count++;
}

static void
reset (void)
{
  last = -100;
  count = 0;
}

static GListStore *
make_detections (guint n)
{
  GListStore *store = g_list_store_new (ESP_TYPE_DETECTION_ROW);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_DETECTION_ROW, NULL);

      g_object_set (row, "index", i, "class-name", "dog", "score", 0.94, "x", 120, "y", 30, "width", 180, "height", 220, "correct",
                    (int) (i % 3) - 1, NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GListStore *
make_images (guint n)
{
  GListStore *store = g_list_store_new (ESP_TYPE_IMAGE_ROW);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_IMAGE_ROW, NULL);
      g_autofree char *name = g_strdup_printf ("%06u", i);

      g_object_set (row, "index", i, "name", name, "path", name, "truths", i % 10 == 0 ? -1 : 3, "detections", 3, "missed",
                    i % 10 == 0 ? -1 : (int) (i % 2), NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static void
test_detections (void)
{
  GtkWidget *list = esp_detection_list_new ();
  g_autoptr (GListStore) store = make_detections (3);
  GtkListBox *box;
  GtkWidget *window;
  g_autofree char *label = NULL;
  g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (store), 1);

  esp_detection_list_set_model (ESP_DETECTION_LIST (list), G_LIST_MODEL (store));
  g_signal_connect (list, "detection-activated", G_CALLBACK (on_int), NULL);
  window = test_show (list, 200, 300);
  box = GTK_LIST_BOX (test_find (list, GTK_TYPE_LIST_BOX, 0));
  g_assert_true (gtk_test_accessible_has_role (GTK_ACCESSIBLE (box), GTK_ACCESSIBLE_ROLE_LIST));
  test_name (box, "Detections");
  test_description (box, "3 detections");
  gtk_test_accessible_assert_property (gtk_list_box_get_row_at_index (box, 1), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "dog 94 %, x 120 y 30 w 180 h 220");
  g_object_set (item, "score", 0.5, NULL);
  gtk_test_accessible_assert_property (gtk_list_box_get_row_at_index (box, 1), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "dog 50 %, x 120 y 30 w 180 h 220");
  reset ();
  g_signal_emit_by_name (box, "row-activated", gtk_list_box_get_row_at_index (box, 2));
  g_assert_cmpint (last, ==, 2);
  g_list_store_remove (store, 0);
  test_description (box, "2 detections");
  reset ();
  g_signal_emit_by_name (box, "row-activated", gtk_list_box_get_row_at_index (box, 0));
  g_assert_cmpint (last, ==, 1);
  test_close (window);
}

/* The program's choice is silent, the hand's is not. */
static void
test_detection_selection (void)
{
  GtkWidget *list = esp_detection_list_new ();
  g_autoptr (GListStore) store = make_detections (3);
  GtkWidget *window;
  GtkListBox *box;

  g_signal_connect (list, "detection-selected", G_CALLBACK (on_int), NULL);
  esp_detection_list_set_model (ESP_DETECTION_LIST (list), G_LIST_MODEL (store));
  window = test_show (list, 200, 300);
  box = GTK_LIST_BOX (test_find (list, GTK_TYPE_LIST_BOX, 0));
  reset ();
  esp_detection_list_select (ESP_DETECTION_LIST (list), 2);
  g_assert_cmpint (esp_detection_list_get_selected (ESP_DETECTION_LIST (list)), ==, 2);
  g_assert_cmpint (count, ==, 0);
  gtk_list_box_select_row (box, gtk_list_box_get_row_at_index (box, 0));
  g_assert_cmpint (count, ==, 1);
  g_assert_cmpint (last, ==, 0);
  esp_detection_list_select (ESP_DETECTION_LIST (list), -1);
  g_assert_cmpint (esp_detection_list_get_selected (ESP_DETECTION_LIST (list)), ==, -1);
  g_assert_cmpint (count, ==, 1);
  test_close (window);
}

static void
check_total (GtkWidget *list, const char *total)
{
  test_description (test_find (list, GTK_TYPE_LIST_VIEW, 1), total);
}

static void
test_images (void)
{
  GtkWidget *list = esp_image_list_new ();
  g_autoptr (GListStore) store = make_images (5000);
  GtkWidget *window;
  GtkWidget *view;
  gint64 start = g_get_monotonic_time ();

  g_signal_connect (list, "image-selected", G_CALLBACK (on_int), NULL);
  esp_image_list_set_model (ESP_IMAGE_LIST (list), G_LIST_MODEL (store));
  window = test_show (list, 240, 400);
  view = test_find (list, GTK_TYPE_LIST_VIEW, 1); /* the first is the filter's popup */
  g_assert_true (gtk_test_accessible_has_role (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_ROLE_LIST));
  test_name (view, "Images");
  check_total (list, "5000 images");
  test_name (gtk_widget_get_first_child (view), "000000, 3 detections");
  reset ();
  esp_image_list_select (ESP_IMAGE_LIST (list), 4000);
  g_assert_cmpint (esp_image_list_get_selected (ESP_IMAGE_LIST (list)), ==, 4000);
  g_assert_cmpint (count, ==, 0);
  gtk_selection_model_select_item (gtk_list_view_get_model (GTK_LIST_VIEW (view)), 17, TRUE);
  g_assert_cmpint (last, ==, 17);
  g_assert_cmpint (count, ==, 1);
  g_test_message ("5000 images: %.0f ms", (double) (g_get_monotonic_time () - start) / 1000);
  test_close (window);
}

static void
test_image_filter (void)
{
  GtkWidget *list = esp_image_list_new ();
  g_autoptr (GListStore) store = make_images (100);
  GtkDropDown *show = GTK_DROP_DOWN (test_find (list, GTK_TYPE_DROP_DOWN, 0));
  GtkEditable *search = GTK_EDITABLE (test_find (list, GTK_TYPE_SEARCH_ENTRY, 0));

  g_object_ref_sink (list);
  esp_image_list_set_model (ESP_IMAGE_LIST (list), G_LIST_MODEL (store));
  gtk_drop_down_set_selected (show, 1);
  check_total (list, "50 of 100 images shown");
  gtk_drop_down_set_selected (show, 4);
  check_total (list, "10 of 100 images shown");
  gtk_drop_down_set_selected (show, 0);
  check_total (list, "100 images");
  gtk_editable_set_text (search, "09");
  test_spin (300);
  check_total (list, "11 of 100 images shown");
  g_assert_finalize_object (list);
}

static void
test_trials (void)
{
  GtkWidget *list = esp_trial_list_new ();
  g_autoptr (GListStore) store = g_list_store_new (ESP_TYPE_TRIAL_ROW);
  g_autoptr (GObject) row = g_object_new (ESP_TYPE_TRIAL_ROW, NULL);
  GtkWidget *window = test_show (list, 300, 300);
  GtkWidget *box = test_find (list, GTK_TYPE_LIST_BOX, 0);
  g_autofree char *label = NULL;

  g_object_set (row, "title", "20×20 backbone to 40 %", "map", 0.381, "difference", -0.022, "low", -0.04, "high", -0.006, "bytes",
                (guint64) 2310000, "bflops", 0.48, NULL);
  esp_trial_list_set_model (ESP_TRIAL_LIST (list), G_LIST_MODEL (store));
  g_list_store_insert (store, 0, row);
  g_object_get (row, "label", &label, NULL);
  test_name (box, "Trials");
  test_description (box, "1 trial");
  test_name (gtk_list_box_get_row_at_index (GTK_LIST_BOX (box), 0), label);
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (test_find (box, GTK_TYPE_LABEL, 1))), ==, "mAP 38.1 % (−2.2, 95 % −4.0 … −0.6)");
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/lists/detections", test_detections);
  g_test_add_func ("/lists/detection-selection", test_detection_selection);
  g_test_add_func ("/lists/images", test_images);
  g_test_add_func ("/lists/image-filter", test_image_filter);
  g_test_add_func ("/lists/trials", test_trials);
  return g_test_run ();
}
