/* test-groups.c: the sliders: names, acts, steps, the line, the wheel */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "common.h"
#include "group-editor.h"
#include "group-list.h"
#include "histogram.h"

static GString *story; /* what the list said, in order */

static void
on_begin (GtkWidget *list, guint group, gpointer data)
{
  g_string_append_printf (story, "begin %u;", group);
}

static void
on_end (GtkWidget *list, guint group, gpointer data)
{
  g_string_append_printf (story, "end %u;", group);
}

static GListStore *
make_groups (void)
{
  static const char *const names[] = { "40×40 backbone", "20×20 backbone", "head 1" };
  GListStore *store = g_list_store_new (ESP_TYPE_GROUP_ROW);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_GROUP_ROW, NULL);

      g_object_set (row, "index", i, "name", names[i], "kept", 360u, "total", 360u, "layers", "12, 15, 18", NULL);
      g_list_store_append (store, row);
    }
  return store;
}

static GtkWidget *
open_list (GListStore *store, GtkWidget **list)
{
  *list = esp_group_list_new ();
  g_string_set_size (story, 0);
  g_signal_connect (*list, "act-begin", G_CALLBACK (on_begin), NULL);
  g_signal_connect (*list, "act-end", G_CALLBACK (on_end), NULL);
  esp_group_list_set_model (ESP_GROUP_LIST (*list), G_LIST_MODEL (store));
  return test_show (*list, 320, 500);
}

static double
ratio_of (GListStore *store, guint n)
{
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), n);
  double ratio = -1;

  g_object_get (row, "ratio", &ratio, NULL);
  return ratio;
}

static void
test_names (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);
  GtkRange *range = GTK_RANGE (test_find (list, GTK_TYPE_SCALE, 0));
  GtkAdjustment *adjustment = gtk_range_get_adjustment (range);

  g_assert_true (gtk_test_accessible_has_role (GTK_ACCESSIBLE (range), GTK_ACCESSIBLE_ROLE_SLIDER));
  test_name (range, "Prune ratio: 40×40 backbone");
  test_name (test_find (list, GTK_TYPE_SCALE, 2), "Prune ratio: head 1");
  g_assert_cmpfloat (gtk_adjustment_get_lower (adjustment), ==, 0);
  g_assert_cmpfloat (gtk_adjustment_get_upper (adjustment), ==, 1);
  g_assert_cmpfloat (gtk_adjustment_get_step_increment (adjustment), ==, 1.0 / 360);
  g_assert_cmpfloat (gtk_adjustment_get_page_increment (adjustment), ==, 16.0 / 360);
  test_close (window);
}

/* One begin, one end 800 ms after the last change, however many changes; the ratio is kept to the last bit. */
static void
test_act (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);
  GtkRange *range = GTK_RANGE (test_find (list, GTK_TYPE_SCALE, 1));

  gtk_range_set_value (range, 0.25);
  gtk_range_set_value (range, 0.4);
  test_spin (500);
  gtk_range_set_value (range, 1.0 / 3);
  test_spin (500);
  g_assert_cmpstr (story->str, ==, "begin 1;");
  g_assert_cmpfloat (ratio_of (store, 1), ==, 1.0 / 3);
  test_spin (500);
  g_assert_cmpstr (story->str, ==, "begin 1;end 1;");
  g_assert_cmpfloat (ratio_of (store, 0), ==, 0);
  test_close (window);
}

/* Undo moves the slider without an act. */
static void
test_from_outside (void)
{
  g_autoptr (GListStore) store = make_groups ();
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (store), 0);
  GtkWidget *list, *window = open_list (store, &list);
  GtkRange *range = GTK_RANGE (test_find (list, GTK_TYPE_SCALE, 0));

  g_object_set (row, "ratio", 0.6, "kept", 144u, NULL);
  g_assert_cmpfloat (gtk_range_get_value (range), ==, 0.6);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (test_find (list, GTK_TYPE_ENTRY, 0))), ==, "60.0 %");
  g_assert_cmpfloat (esp_histogram_get_ratio (ESP_HISTOGRAM (test_find (list, ESP_TYPE_HISTOGRAM, 0))), ==, 0.6);
  test_description (range, "144 of 360 channels kept");
  g_assert_cmpstr (story->str, ==, "");
  test_close (window);
}

static void
test_exact (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);
  GtkWidget *entry = test_find (list, GTK_TYPE_ENTRY, 2);

  gtk_editable_set_text (GTK_EDITABLE (entry), "37.5");
  g_signal_emit_by_name (entry, "activate");
  g_assert_cmpfloat (ratio_of (store, 2), ==, 0.375);
  g_assert_cmpstr (story->str, ==, "begin 2;end 2;");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, "37.5 %");
  gtk_editable_set_text (GTK_EDITABLE (entry), "much");
  g_signal_emit_by_name (entry, "activate");
  g_assert_cmpfloat (ratio_of (store, 2), ==, 0.375);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, "37.5 %");
  gtk_editable_set_text (GTK_EDITABLE (entry), "250 %");
  g_signal_emit_by_name (entry, "activate");
  g_assert_cmpfloat (ratio_of (store, 2), ==, 1);
  test_close (window);
}

/* The line has no value of its own: it moves the slider, and the end of the drag ends the act. */
static void
test_line (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);
  GtkWidget *histogram = test_find (list, ESP_TYPE_HISTOGRAM, 0);

  g_signal_emit_by_name (histogram, "drag-begin");
  g_signal_emit_by_name (histogram, "dragged", 0.3);
  g_signal_emit_by_name (histogram, "dragged", 0.5);
  g_assert_cmpfloat (ratio_of (store, 0), ==, 0.5);
  g_signal_emit_by_name (histogram, "drag-end");
  g_assert_cmpstr (story->str, ==, "begin 0;end 0;");
  g_assert_cmpfloat (esp_histogram_get_ratio (ESP_HISTOGRAM (histogram)), ==, 0.5);
  test_close (window);
}

static void
test_wheel (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (test_find (list, GTK_TYPE_SCALE, 0));
  guint seen = 0;

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        {
          seen++;
          g_assert_cmpint (gtk_event_controller_get_propagation_phase (controller), ==, GTK_PHASE_NONE);
        }
    }
  g_assert_cmpuint (seen, >, 0);
  test_close (window);
}

/* A row that leaves in the middle of an act ends it. */
static void
test_removed (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);

  gtk_range_set_value (GTK_RANGE (test_find (list, GTK_TYPE_SCALE, 0)), 0.5);
  g_list_store_remove (store, 0);
  g_assert_cmpstr (story->str, ==, "begin 0;end 0;");
  test_name (test_find (list, GTK_TYPE_SCALE, 0), "Prune ratio: 20×20 backbone");
  test_close (window);
}

static GListStore *
make_edge (guint layer, guint from, guint n)
{
  GListStore *store = g_list_store_new (ESP_TYPE_CHANNEL_ROW);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) row = g_object_new (ESP_TYPE_CHANNEL_ROW, "layer", layer, "channel", from + i, NULL);

      g_list_store_append (store, row);
    }
  return store;
}

static void
on_edge_wanted (GtkWidget *list, int group, gpointer data)
{
  g_string_append_printf (story, "edge %d;", group);
}

static void
on_edge_map_needed (EspEdgePopover *edge, guint layer, guint channel, gpointer data)
{
  g_string_append_printf (story, "map %u/%u;", layer, channel);
}

/* While the line is dragged what is on both sides of it is beside it, and said with the slider; a moment later it goes. */
static void
test_edge (void)
{
  g_autoptr (GListStore) store = make_groups (), below = make_edge (57, 3, 2), above = make_edge (60, 9, 1);
  GtkWidget *list, *window = open_list (store, &list);
  GtkWidget *histogram = test_find (list, ESP_TYPE_HISTOGRAM, 1), *range = test_find (list, GTK_TYPE_SCALE, 1);
  EspEdgePopover *edge = esp_group_list_get_edge (ESP_GROUP_LIST (list));
  g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (above), 0);

  g_signal_connect (list, "edge-wanted", G_CALLBACK (on_edge_wanted), NULL);
  g_signal_connect (edge, "map-needed", G_CALLBACK (on_edge_map_needed), NULL);
  esp_edge_popover_set_models (edge, G_LIST_MODEL (below), G_LIST_MODEL (above));
  g_assert_cmpstr (story->str, ==, "map 57/3;map 57/4;map 60/9;");
  g_string_set_size (story, 0);
  g_object_set (row, "revision", 1u, NULL);
  g_assert_cmpstr (story->str, ==, "map 60/9;");
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (edge)));
  g_signal_emit_by_name (histogram, "drag-begin");
  g_signal_emit_by_name (histogram, "dragged", 0.3);
  test_spin (50);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (edge)));
  g_list_store_splice (above, 0, 1, NULL, 0);
  test_description (range, "360 of 360 channels kept; last to go: layer 57 channel 3, layer 57 channel 4");
  g_list_store_append (above, row);
  test_description (range, "360 of 360 channels kept; next to go: layer 60 channel 9; last to go: layer 57 channel 3, layer 57 channel 4");
  g_signal_emit_by_name (histogram, "drag-end");
  test_spin (600);
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (edge)));
  test_description (range, "360 of 360 channels kept");
  g_assert_cmpstr (story->str, ==, "map 60/9;begin 1;edge 1;map 60/9;end 1;edge -1;");
  test_close (window);
}

static void
test_lit (void)
{
  g_autoptr (GListStore) store = make_groups ();
  GtkWidget *list, *window = open_list (store, &list);
  g_autoptr (GArray) groups = g_array_new (FALSE, FALSE, sizeof (guint));
  const guint two = 2;

  g_array_append_val (groups, two);
  esp_group_list_set_lit (ESP_GROUP_LIST (list), groups);
  g_assert_true (gtk_widget_has_css_class (test_find (list, ESP_TYPE_GROUP_EDITOR, 2), "lit"));
  g_assert_false (gtk_widget_has_css_class (test_find (list, ESP_TYPE_GROUP_EDITOR, 0), "lit"));
  esp_group_list_set_lit (ESP_GROUP_LIST (list), NULL);
  g_assert_false (gtk_widget_has_css_class (test_find (list, ESP_TYPE_GROUP_EDITOR, 2), "lit"));
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  story = g_string_new (NULL);
  g_test_add_func ("/groups/names", test_names);
  g_test_add_func ("/groups/act", test_act);
  g_test_add_func ("/groups/from-outside", test_from_outside);
  g_test_add_func ("/groups/exact", test_exact);
  g_test_add_func ("/groups/line", test_line);
  g_test_add_func ("/groups/wheel", test_wheel);
  g_test_add_func ("/groups/edge", test_edge);
  g_test_add_func ("/groups/lit", test_lit);
  g_test_add_func ("/groups/removed", test_removed);
  return g_test_run ();
}
