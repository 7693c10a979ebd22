/* test-metric.c: the tiles' words, as contract.md has them, and the tile */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "metric-text.h"

#include <math.h>

#include "common.h"
#include "metric-tile.h"

static const EspMapNumber counted = {
  .labelled = TRUE,
  .map = 0.381,
  .baseline = 0.403,
  .interval = { .value = -0.022, .low = -0.040, .high = -0.006 },
  .has_interval = TRUE,
  .has_plan = TRUE,
  .n = 128,
  .total = 128,
  .state = ESP_STATE_FINAL,
};

static void
check (const EspMapNumber *number, const char *name, const char *delta, const char *detail)
{
  g_auto (EspMetricText) text = { 0 };

  esp_metric_text_map (number, &text);
  g_assert_cmpstr (text.name, ==, name);
  g_assert_cmpstr (text.delta, ==, delta);
  g_assert_cmpstr (text.detail, ==, detail);
}

/* True minus signs before numbers, hyphens within words. */
static void
test_pretty (void)
{
  static const char *const cases[][2] = {
    { "-2.2", "−2.2" },
    { "mAP -2.20 points, 95 % -4.0 … -0.6", "mAP −2.20 points, 95 % −4.0 … −0.6" },
    { "bn-gamma, dense-continued", "bn-gamma, dense-continued" },
    { "yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl" },
    { "1e-05 of (-.5)", "1e−05 of (−.5)" },
    { "-inf - 3 5-95 -", "−inf - 3 5-95 -" },
    { "grün-2 …-1", "grün-2 …−1" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *pretty = esp_metric_pretty (cases[i][0]);

      g_assert_cmpstr (pretty, ==, cases[i][1]);
    }
}

static void
test_final (void)
{
  EspMapNumber whole = counted;

  check (&counted, "mAP 38.1 %, -2.2, 95 % -4.0 to -0.6, 128 of 128 images, final", "−2.2", "95 % −4.0 … −0.6");
  whole.has_plan = FALSE;
  whole.interval.low = 0.36;
  whole.interval.high = 0.44;
  check (&whole, "mAP 38.1 %, 95 % 36.0 to 44.0, 128 of 128 images, final", "", "95 % 36.0 … 44.0");
}

static void
test_partial (void)
{
  EspMapNumber part = counted;
  g_auto (EspMetricText) text = { 0 };

  part.state = ESP_STATE_PARTIAL;
  part.n = 32;
  check (&part, "mAP 38.1 %, -2.2, 95 % -4.0 to -0.6, 32 of 128 images", "−2.2", "95 % −4.0 … −0.6");
  esp_metric_text_map (&part, &text);
  g_assert_cmpfloat (text.fraction, ==, 0.25);
  g_assert_cmpstr (text.count, ==, "32 of 128");
  g_assert_false (text.dimmed);
  g_assert_cmpstr (text.why, !=, "");
}

/* A look in bfloat16 says so, and by how much that shifts the unpruned network once it is known; what is final never does. */
static void
test_approximate (void)
{
  EspMapNumber look = counted;
  g_auto (EspMetricText) before = { 0 };
  g_auto (EspMetricText) after = { 0 };
  g_auto (EspMetricText) less = { 0 };

  look.approximate = TRUE;
  look.has_interval = FALSE;
  check (&look, "mAP 38.1 %, -2.2, 128 of 128 images, final", "−2.2", "");
  look.state = ESP_STATE_PARTIAL;
  look.n = 34;
  check (&look, "mAP 38.1 %, -2.2, 34 of 128 images, approximate", "−2.2", "");
  esp_metric_text_map (&look, &before);
  g_assert_cmpstr (before.why, ==, "Approximate: in bfloat16, 34 of 128 images so far.");
  look.half_known = TRUE;
  look.half_difference = 0.0033;
  esp_metric_text_map (&look, &after);
  g_assert_cmpstr (after.why, ==, "Approximate: in bfloat16 (+0.3 points on the unpruned network), 34 of 128 images so far.");
  look.half_difference = -0.012;
  esp_metric_text_map (&look, &less);
  g_assert_cmpstr (less.why, ==, "Approximate: in bfloat16 (−1.2 points on the unpruned network), 34 of 128 images so far.");
  look.state = ESP_STATE_PREVIOUS;
  look.has_agreement = TRUE;
  look.agreement = 0.91;
  look.agreement_n = 4;
  check (&look, "mAP 38.1 %, previous plan; agreement 91 % on 4 images, approximate", "", "agreement 91 % on 4 images");
}

static void
test_previous (void)
{
  EspMapNumber old = counted;

  old.state = ESP_STATE_PREVIOUS;
  check (&old, "mAP 38.1 %, previous plan", "", "previous plan");
  old.has_agreement = TRUE;
  old.agreement = 0.91;
  old.agreement_n = 4;
  check (&old, "mAP 38.1 %, previous plan; agreement 91 % on 4 images", "", "agreement 91 % on 4 images");
  old.agreement_n = 1;
  check (&old, "mAP 38.1 %, previous plan; agreement 91 % on 1 image", "", "agreement 91 % on 1 image");
}

static void
test_unknown (void)
{
  EspMapNumber none = { .labelled = TRUE };

  check (&none, "mAP not known yet", "", "not known yet");
  none.labelled = FALSE;
  check (&none, "mAP unknown, no labels", "", "no labels");
  none.has_agreement = TRUE;
  none.agreement = 0.91;
  none.agreement_n = 4;
  none.state = ESP_STATE_NONE;
  none.labelled = TRUE;
  check (&none, "mAP not known yet; agreement 91 % on 4 images", "", "agreement 91 % on 4 images");
  none.labelled = FALSE;
  none.state = ESP_STATE_FINAL;
  check (&none, "mAP unknown, no labels; agreement 91 % on 4 images", "", "4 images, no labels");
}

/* A loss too small to show has no sign. */
static void
test_no_negative_nothing (void)
{
  EspMapNumber same = counted;

  same.map = same.baseline - 0.0001;
  same.interval.low = -0.0003;
  same.interval.high = 0.0002;
  check (&same, "mAP 40.3 %, 0.0, 95 % 0.0 to 0.0, 128 of 128 images, final", "0.0", "95 % 0.0 … 0.0");
}

static void
test_digits (void)
{
  g_auto (EspMetricText) text = { 0 };
  EspMapNumber third = counted;

  third.map = 1.0 / 3.0;
  esp_metric_text_map (&third, &text);
  g_assert_cmpstr (text.description, ==, "0.33333333333333331");
  g_assert_true (g_ascii_strtod (text.description, NULL) == third.map);
}

static void
test_costs (void)
{
  g_auto (EspMetricText) size = { 0 };
  g_auto (EspMetricText) same = { 0 };
  g_auto (EspMetricText) small = { 0 };
  g_auto (EspMetricText) work = { 0 };
  g_auto (EspMetricText) time = { 0 };
  g_auto (EspMetricText) slow = { 0 };
  g_auto (EspMetricText) none = { 0 };
  const EspLatency now = { .median_ms = 3.9, .low_ms = 3.8, .high_ms = 4.01, .repeats = 50, .threads = 2 };
  const EspLatency whole = { .median_ms = 5.2, .low_ms = 5.1, .high_ms = 5.3, .repeats = 50, .threads = 2 };

  esp_metric_text_size (2310000, 3667000, &size);
  g_assert_cmpstr (size.name, ==, "Size 2.31 MB, -37 %");
  g_assert_cmpstr (size.description, ==, "2310000");
  esp_metric_text_size (3667000, 3667000, &same);
  g_assert_cmpstr (same.name, ==, "Size 3.67 MB");
  g_assert_cmpstr (same.delta, ==, "");
  esp_metric_text_size (3480, 12000, &small);
  g_assert_cmpstr (small.name, ==, "Size 3.5 kB, -71 %");
  g_assert_cmpstr (small.detail, ==, "of 12.0 kB");
  esp_metric_text_bflops (0.48, 0.725, &work);
  g_assert_cmpstr (work.name, ==, "BFLOPs 0.48, -34 %");
  esp_metric_text_latency (&now, &whole, NULL, &time);
  g_assert_cmpstr (time.name, ==, "Latency 3.90 ms, -25 %, quartiles 3.80 to 4.01 ms");
  g_assert_false (time.warns);
  esp_metric_text_latency (&now, &whole, "Less work, as long.", &slow);
  g_assert_cmpstr (slow.name, ==, "Latency 3.90 ms, -25 %, quartiles 3.80 to 4.01 ms, no faster for fewer BFLOPs");
  g_assert_true (slow.warns && g_str_has_prefix (slow.why, "Less work, as long.\n\nMedian of 50 runs"));
  g_assert_cmpstr (slow.description, ==, time.description);
  esp_metric_text_latency (NULL, NULL, NULL, &none);
  g_assert_cmpstr (none.name, ==, "Latency not measured");
  g_assert_true (none.dimmed);
}

/* Nothing jumps: the tile is as wide and as high in every state. */
static void
test_tile (void)
{
  GtkWidget *tile = esp_metric_tile_new ();
  EspMapNumber old = counted;
  int width[3] = { 0 }, height[3] = { 0 };
  GtkWidget *window = test_show (tile, 240, 120);

  old.state = ESP_STATE_PREVIOUS;
  for (int i = 0; i < 3; i++)
    {
      old.n = 17;
      esp_metric_tile_set_map (ESP_METRIC_TILE (tile), i == 0 ? &counted : &old);
      gtk_widget_measure (tile, GTK_ORIENTATION_HORIZONTAL, -1, &width[i], NULL, NULL, NULL);
      gtk_widget_measure (tile, GTK_ORIENTATION_VERTICAL, -1, &height[i], NULL, NULL, NULL);
      old.state = ESP_STATE_PARTIAL;
      g_assert_cmpint (width[i], ==, width[0]);
      g_assert_cmpint (height[i], ==, height[0]);
    }
  test_name (tile, "mAP 38.1 %, -2.2, 95 % -4.0 to -0.6, 17 of 128 images");
  test_description (tile, "0.38100000000000001");
  test_close (window);
}

int
main (int argc, char **argv)
{
  test_start (&argc, &argv);
  g_test_add_func ("/metric/pretty", test_pretty);
  g_test_add_func ("/metric/final", test_final);
  g_test_add_func ("/metric/partial", test_partial);
  g_test_add_func ("/metric/approximate", test_approximate);
  g_test_add_func ("/metric/previous", test_previous);
  g_test_add_func ("/metric/unknown", test_unknown);
  g_test_add_func ("/metric/no-negative-nothing", test_no_negative_nothing);
  g_test_add_func ("/metric/digits", test_digits);
  g_test_add_func ("/metric/costs", test_costs);
  g_test_add_func ("/metric/tile", test_tile);
  return g_test_run ();
}
