/* test-train-page.c: what the page of training shows and asks for */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include <math.h>

#include "common.h"
#include "train-page.h"

static const char *const policies[] = { "Cosine", "Constant", NULL };

static EspTrainPage *
make (void)
{
  GtkWidget *page = g_object_ref_sink (esp_train_page_new ());

  esp_train_page_set_policies (ESP_TRAIN_PAGE (page), policies);
  return ESP_TRAIN_PAGE (page);
}

static void
test_settings (void)
{
  EspTrainPage *page = make ();
  const EspTrainSettings settings = { 37, 0.0125, 1, TRUE, TRUE, TRUE };
  EspTrainSettings got;

  esp_train_page_set_settings (page, &settings);
  esp_train_page_get_settings (page, &got);
  g_assert_cmpuint (got.epochs, ==, 37);
  g_assert_cmpfloat_with_epsilon (got.rate, 0.0125, 1e-9);
  g_assert_cmpuint (got.policy, ==, 1);
  g_assert_true (got.scratch && got.average);
  g_assert_false (got.cut); /* nothing to cut yet */
  esp_train_page_set_can_cut (page, TRUE);
  esp_train_page_get_settings (page, &got);
  g_assert_true (got.cut);
  g_object_unref (page);
}

static void
count (EspTrainPage *page, gpointer data)
{
  ++*(int *) data;
}

static GtkWidget *
button (EspTrainPage *page, const char *label)
{
  for (guint i = 0;; i++)
    {
      GtkWidget *found = test_find (GTK_WIDGET (page), GTK_TYPE_BUTTON, i);

      if (found == NULL || g_strcmp0 (gtk_button_get_label (GTK_BUTTON (found)), label) == 0)
        return found;
    }
}

static void
test_hands (void)
{
  EspTrainPage *page = make ();
  int started = 0, paused = 0, resumed = 0, stopped = 0;
  GtkWidget *window = test_show (GTK_WIDGET (page), 340, 600);

  g_signal_connect (page, "start", G_CALLBACK (count), &started);
  g_signal_connect (page, "pause", G_CALLBACK (count), &paused);
  g_signal_connect (page, "resume", G_CALLBACK (count), &resumed);
  g_signal_connect (page, "stop", G_CALLBACK (count), &stopped);
  g_assert_false (gtk_widget_get_sensitive (button (page, "Start Training")));
  esp_train_page_set_data (page, "coco256 train");
  g_assert_true (gtk_widget_get_sensitive (button (page, "Start Training")));
  g_signal_emit_by_name (button (page, "Start Training"), "clicked");
  esp_train_page_set_state (page, ESP_TRAIN_RUNNING);
  g_assert_false (gtk_widget_get_visible (button (page, "Start Training")));
  g_signal_emit_by_name (button (page, "Pause"), "clicked");
  esp_train_page_set_state (page, ESP_TRAIN_PAUSED);
  g_signal_emit_by_name (button (page, "Resume"), "clicked");
  g_signal_emit_by_name (button (page, "Stop"), "clicked");
  esp_train_page_set_state (page, ESP_TRAIN_ENDING);
  g_assert_false (gtk_widget_get_sensitive (button (page, "Stop")));
  g_assert_cmpint (started, ==, 1);
  g_assert_cmpint (paused, ==, 1);
  g_assert_cmpint (resumed, ==, 1);
  g_assert_cmpint (stopped, ==, 1);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (page);
}

static void
test_curves (void)
{
  EspTrainPage *page = make ();
  const EspChartPoint loss[] = { { 1, 20, NAN, NAN }, { 2, 8, NAN, NAN } }, map[] = { { 1, 0.1, NAN, NAN }, { 2, 0.4, NAN, NAN } };
  GtkWidget *window = test_show (GTK_WIDGET (page), 340, 600);

  esp_train_page_set_curves (page, loss, 2, map, 2, "mAP %");
  esp_train_page_set_progress (page, 0.1, "Epoch 2 of 20");
  test_spin (60);
  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (page);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/train-page/settings", test_settings);
  g_test_add_func ("/train-page/hands", test_hands);
  g_test_add_func ("/train-page/curves", test_curves);
  return g_test_run ();
}
