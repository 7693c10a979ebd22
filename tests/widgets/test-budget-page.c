/* test-budget-page.c: what the page of budgets proposes, asks for and shows */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include <math.h>

#include "budget-page.h"
#include "common.h"

static const char *const units[] = { "BFLOPs", "MB", "ms", NULL };

static EspBudgetPage *
make (void)
{
  EspBudgetPage *page = ESP_BUDGET_PAGE (g_object_ref_sink (esp_budget_page_new ()));

  esp_budget_page_set_units (page, units);
  esp_budget_page_set_images (page, 128);
  esp_budget_page_set_effort (page, 64, 48);
  return page;
}

/* Half of what the whole takes, until somebody says another number; a number in one unit is none in another. */
static void
test_proposals (void)
{
  EspBudgetPage *page = make ();
  GtkWidget *window = test_show (GTK_WIDGET (page), 600, 700);
  GtkSpinButton *most = GTK_SPIN_BUTTON (test_find (GTK_WIDGET (page), GTK_TYPE_SPIN_BUTTON, 0));
  GtkDropDown *drop = GTK_DROP_DOWN (test_find (GTK_WIDGET (page), GTK_TYPE_DROP_DOWN, 0));
  EspBudgetSettings got;

  esp_budget_page_set_whole (page, 0, .43);
  esp_budget_page_set_whole (page, 1, 1.5);
  esp_budget_page_set_map (page, .8);
  esp_budget_page_get_settings (page, &got);
  g_assert_true (got.has_most && !got.has_least);
  g_assert_cmpfloat_with_epsilon (got.most, .215, 1e-9);
  g_assert_cmpfloat_with_epsilon (got.least_map, .76, 1e-9);
  g_assert_cmpuint (got.images, ==, 64);
  g_assert_cmpuint (got.tries, ==, 48);
  gtk_spin_button_set_value (most, .3);
  esp_budget_page_set_whole (page, 0, .44);
  esp_budget_page_get_settings (page, &got);
  g_assert_cmpfloat_with_epsilon (got.most, .3, 1e-9);
  gtk_drop_down_set_selected (drop, 1);
  esp_budget_page_get_settings (page, &got);
  g_assert_cmpuint (got.unit, ==, 1);
  g_assert_cmpfloat_with_epsilon (got.most, .75, 1e-9);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (page);
}

static GtkWidget *
button (EspBudgetPage *page, const char *label)
{
  for (guint i = 0;; i++)
    {
      GtkWidget *found = test_find (GTK_WIDGET (page), GTK_TYPE_BUTTON, i);

      if (found == NULL || g_strcmp0 (gtk_button_get_label (GTK_BUTTON (found)), label) == 0)
        return found;
    }
}

static void
count (EspBudgetPage *page, gpointer data)
{
  ++*(int *) data;
}

static void
test_hands (void)
{
  EspBudgetPage *page = make ();
  GtkWidget *window = test_show (GTK_WIDGET (page), 600, 700);
  const EspChartPoint tried[] = { { .2, .5, NAN, NAN }, { .3, .4, NAN, NAN }, { .43, .9, NAN, NAN } };
  const EspLine line = { .title = "0.2 of 0.43", .name = "0.2 of 0.43" };
  int searched = 0, stopped = 0, applied = 0;

  g_signal_connect (page, "search", G_CALLBACK (count), &searched);
  g_signal_connect (page, "stop", G_CALLBACK (count), &stopped);
  g_signal_connect (page, "apply", G_CALLBACK (count), &applied);
  g_assert_false (gtk_widget_get_visible (button (page, "Make It the Plan")));
  gtk_check_button_set_active (GTK_CHECK_BUTTON (test_find (GTK_WIDGET (page), GTK_TYPE_CHECK_BUTTON, 0)), FALSE);
  g_assert_false (gtk_widget_get_sensitive (button (page, "Search"))); /* neither limit nor least */
  gtk_check_button_set_active (GTK_CHECK_BUTTON (test_find (GTK_WIDGET (page), GTK_TYPE_CHECK_BUTTON, 1)), TRUE);
  g_signal_emit_by_name (button (page, "Search"), "clicked");
  esp_budget_page_set_state (page, ESP_BUDGET_PAGE_RUNNING);
  esp_budget_page_set_progress (page, .5, "2 plans tried");
  esp_budget_page_set_tried (page, "BFLOPs", tried, 3, tried, 1, .25, &tried[0]);
  test_spin (60);
  g_assert_false (gtk_widget_get_visible (button (page, "Search")));
  g_signal_emit_by_name (button (page, "Stop"), "clicked");
  esp_budget_page_set_state (page, ESP_BUDGET_PAGE_ENDING);
  g_assert_false (gtk_widget_get_sensitive (button (page, "Stop")));
  esp_budget_page_set_state (page, ESP_BUDGET_PAGE_IDLE);
  esp_budget_page_set_result (page, &line, 1, TRUE);
  g_signal_emit_by_name (button (page, "Make It the Plan"), "clicked");
  esp_budget_page_set_result (page, &line, 1, FALSE); /* of another network */
  g_assert_false (gtk_widget_get_sensitive (button (page, "Make It the Plan")));
  g_assert_cmpint (searched, ==, 1);
  g_assert_cmpint (stopped, ==, 1);
  g_assert_cmpint (applied, ==, 1);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (page);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/budget-page/proposals", test_proposals);
  g_test_add_func ("/budget-page/hands", test_hands);
  return g_test_run ();
}
