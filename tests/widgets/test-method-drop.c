/* test-method-drop.c: the menu of methods follows what is proved */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "method-drop.h"

#include "common.h"

static const EspAttribution one
    = { .id = "one", .title = "One" },
    two = { .id = "two", .title = "Two", .proved = ESP_PROVED_INSERTION },
    three = { .id = "three", .title = "Three", .gives = ESP_WANTS_BOX },
    four = { .id = "four", .title = "Four", .gives = ESP_WANTS_BOX, .proved = ESP_PROVED_DELETION | ESP_PROVED_INSERTION };

static void
check_rows (GtkDropDown *drop, const char *const *expected)
{
  GListModel *rows = gtk_drop_down_get_model (drop);

  g_assert_cmpuint (g_list_model_get_n_items (rows), ==, g_strv_length ((char **) expected));
  for (guint i = 0; expected[i] != NULL; i++)
    {
      g_autoptr (GtkStringObject) row = g_list_model_get_item (rows, i);

      g_assert_cmpstr (gtk_string_object_get_string (row), ==, expected[i]);
    }
}

static GtkDropDown *
show (const EspAttribution *const *methods, guint n, GtkWidget **window)
{
  GtkWidget *drop = gtk_drop_down_new (NULL, NULL);

  esp_method_drop_fill (GTK_DROP_DOWN (drop), methods, n);
  *window = test_show (drop, 300, 60);
  return GTK_DROP_DOWN (drop);
}

/* The proved ones; others as they are chosen from elsewhere. */
static void
test_some (void)
{
  GtkWidget *window;
  GtkDropDown *drop = show ((const EspAttribution *const[]){ &one, &two, &three, &four }, 4, &window);

  check_rows (drop, (const char *const[]){ "Two · insertion", "Four (of a box) · deletion and insertion", "All Methods", NULL });
  g_assert_true (esp_method_drop_get (drop) == &two);
  for (guint i = 0; i < 4; i++)
    {
      const EspAttribution *const methods[] = { &one, &two, &three, &four };

      esp_method_drop_select (drop, methods[i]);
      g_assert_true (esp_method_drop_get (drop) == methods[i]);
    }
  test_close (window);
}

static void
count (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  (*(int *) data)++;
  g_assert_nonnull (esp_method_drop_get (drop));
}

/* The last row brings the rest, each in their order, and leaves what is chosen. */
static void
test_more (void)
{
  GtkWidget *window;
  GtkDropDown *drop = show ((const EspAttribution *const[]){ &one, &two, &three, &four }, 4, &window);
  int told = 0;

  g_signal_connect (drop, "notify::selected", G_CALLBACK (count), &told);
  esp_method_drop_select (drop, &four);
  g_assert_cmpint (told, ==, 1);
  gtk_drop_down_set_selected (drop, 2);
  test_spin (300);
  check_rows (drop,
              (const char *const[]){ "Two · insertion", "Four (of a box) · deletion and insertion", "One", "Three (of a box)", NULL });
  g_assert_true (esp_method_drop_get (drop) == &four);
  test_close (window);
}

/* One that is not proved is listed alone while it is what is chosen. */
static void
test_unproved (void)
{
  GtkWidget *window;
  GtkDropDown *drop = show ((const EspAttribution *const[]){ &one, &two, &three, &four }, 4, &window);

  esp_method_drop_select (drop, &three);
  check_rows (drop, (const char *const[]){ "Two · insertion", "Four (of a box) · deletion and insertion", "Three (of a box)", "All Methods",
                                           NULL });
  g_assert_true (esp_method_drop_get (drop) == &three);
  gtk_drop_down_set_selected (drop, 3);
  test_spin (300);
  check_rows (drop,
              (const char *const[]){ "Two · insertion", "Four (of a box) · deletion and insertion", "One", "Three (of a box)", NULL });
  g_assert_true (esp_method_drop_get (drop) == &three);
  test_close (window);
}

static void
check_line (GtkWidget *list, guint line, const char *heading, const char *title, gboolean ticked)
{
  GtkWidget *above = test_find (list, GTK_TYPE_LABEL, 2 * line), *label = test_find (list, GTK_TYPE_LABEL, 2 * line + 1);

  g_assert_cmpint (gtk_widget_get_visible (above), ==, heading != NULL);
  if (heading != NULL)
    g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (above)), ==, heading);
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (label)), ==, title);
  g_assert_cmpfloat (gtk_widget_get_opacity (test_find (list, GTK_TYPE_IMAGE, line)), ==, ticked ? 1 : 0);
}

/* The open list: a heading above the first of each kind, the tick at what is chosen. */
static void
test_open (void)
{
  GtkWidget *window, *list;
  GtkDropDown *drop = show ((const EspAttribution *const[]){ &one, &two, &three, &four }, 4, &window);

  esp_method_drop_select (drop, &one);
  gtk_drop_down_set_selected (drop, 3);
  gtk_widget_activate (gtk_widget_get_first_child (GTK_WIDGET (drop)));
  test_spin (300);
  list = test_find (GTK_WIDGET (drop), GTK_TYPE_LIST_VIEW, 0);
  g_assert_nonnull (list);
  check_line (list, 0, "Proved\nbeats four maps that know nothing of the network, over 100 boxes of coco256", "Two · insertion", FALSE);
  check_line (list, 1, NULL, "Four (of a box) · deletion and insertion", FALSE);
  check_line (list, 2, "More", "One", TRUE);
  check_line (list, 3, NULL, "Three (of a box)", FALSE);
  gtk_widget_activate_action (list, "list.select-item", "(ubb)", 3, FALSE, FALSE);
  gtk_widget_activate_action (list, "list.activate-item", "u", 3);
  test_spin (100);
  g_assert_true (esp_method_drop_get (drop) == &three);
  test_close (window);
}

static void
test_none (void)
{
  GtkWidget *window;
  GtkDropDown *drop = show ((const EspAttribution *const[]){ &three, &one }, 2, &window);

  check_rows (drop, (const char *const[]){ "Three (of a box)", "One", NULL });
  g_assert_true (esp_method_drop_get (drop) == &three);
  g_assert_null (gtk_drop_down_get_list_factory (drop));
  test_close (window);
}

static void
test_all (void)
{
  GtkWidget *window;
  GtkDropDown *drop = show ((const EspAttribution *const[]){ &two, &four }, 2, &window);

  check_rows (drop, (const char *const[]){ "Two · insertion", "Four (of a box) · deletion and insertion", NULL });
  test_close (window);
}

/* Every row of the registry can be chosen, whatever its flags are. */
static void
test_registry (void)
{
  GtkWidget *window;
  GtkDropDown *drop = show (NULL, 0, &window);

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    {
      g_autofree char *proof = esp_method_tell_proof (esp_attribution_get (i));

      esp_method_drop_select (drop, esp_attribution_get (i));
      g_assert_true (esp_method_drop_get (drop) == esp_attribution_get (i));
      g_assert_nonnull (strstr (proof, esp_attribution_get (i)->title));
      g_assert_true ((strstr (proof, "not proved") != NULL) == (esp_attribution_get (i)->proved == 0));
    }
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/method-drop/some", test_some);
  g_test_add_func ("/method-drop/more", test_more);
  g_test_add_func ("/method-drop/unproved", test_unproved);
  g_test_add_func ("/method-drop/open", test_open);
  g_test_add_func ("/method-drop/none", test_none);
  g_test_add_func ("/method-drop/all", test_all);
  g_test_add_func ("/method-drop/registry", test_registry);
  return g_test_run ();
}
