/* test-heatmap.c: the range of a heatmap, its energy in a box, the chance level */
#include "config.h"

#include "explain/heatmap.h"

#include <math.h>

static EspHeatmap *
heatmap_of (int width, int height, const float *values)
{
  EspHeatmap *heatmap = esp_heatmap_new (width, height);

  for (int i = 0; i < width * height; i++)
    heatmap->values[i] = values[i];
  return heatmap;
}

static void
test_range (void)
{
  const float values[] = { 90, 1, -2, -90, NAN, 3, 0.5f, 90 };
  g_autoptr (EspHeatmap) heatmap = heatmap_of (4, 2, values);
  float low, high;

  heatmap->placement = (EspPlacement){ 0.25f, 0, 0.5f, 1 };
  heatmap->values[4] = -90;
  esp_heatmap_range (heatmap, &low, &high);
  g_assert_cmpfloat (low, ==, -2);
  g_assert_cmpfloat (high, ==, 3);
  for (int i = 0; i < 8; i++)
    heatmap->values[i] = NAN;
  esp_heatmap_range (heatmap, &low, &high);
  g_assert_cmpfloat (low, ==, 0);
  g_assert_cmpfloat (high, ==, 0);
}

/* A box from cell 1 to the middle of cell 2 covers both; the negative cell and the one outside do not count. */
static void
test_energy (void)
{
  const float values[] = { 4, 1, 2, 8, -5, 3, -7, 2 };
  g_autoptr (EspHeatmap) heatmap = heatmap_of (4, 2, values);
  EspBox box = { 0.4375f, 0.25f, 0.375f, 0.5f }; /* 0.25 .. 0.625, 0 .. 0.5 */
  double chance, energy = esp_heatmap_energy_in_box (heatmap, box, &chance);

  g_assert_cmpfloat_with_epsilon (energy, 3.0 / 20, 1e-12);
  g_assert_cmpfloat_with_epsilon (chance, 0.375 * 0.5, 1e-7);
}

static void
test_energy_letterbox (void)
{
  const float values[] = { 50, 50, 1, 3, 6, 2, 50, 50 };
  g_autoptr (EspHeatmap) heatmap = heatmap_of (2, 4, values);
  EspBox left = { 0.25f, 0.5f, 0.5f, 1 }, outside = { 0.5f, -1, 1, 1 }, whole = { 0.5f, 0.5f, 2, 2 };
  double chance;

  heatmap->placement = (EspPlacement){ 0, 0.25f, 1, 0.5f };
  g_assert_cmpfloat_with_epsilon (esp_heatmap_energy_in_box (heatmap, left, &chance), 7.0 / 12, 1e-12);
  g_assert_cmpfloat_with_epsilon (chance, 0.5, 1e-7);
  g_assert_cmpfloat (esp_heatmap_energy_in_box (heatmap, outside, &chance), ==, 0);
  g_assert_cmpfloat (chance, ==, 0);
  g_assert_cmpfloat (esp_heatmap_energy_in_box (heatmap, whole, &chance), ==, 1);
  g_assert_cmpfloat (chance, ==, 1);
}

/* Nothing positive is no pointing at all, which is not the same as pointing elsewhere. */
static void
test_energy_empty (void)
{
  const float values[] = { 0, -1, -2, 0 };
  g_autoptr (EspHeatmap) heatmap = heatmap_of (2, 2, values);

  g_assert_true (isnan (esp_heatmap_energy_in_box (heatmap, (EspBox){ 0.5f, 0.5f, 0.5f, 0.5f }, NULL)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/heatmap/range", test_range);
  g_test_add_func ("/heatmap/energy", test_energy);
  g_test_add_func ("/heatmap/energy-letterbox", test_energy_letterbox);
  g_test_add_func ("/heatmap/energy-empty", test_energy_empty);
  return g_test_run ();
}
