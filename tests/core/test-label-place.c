/* test-label-place.c: words of boxes cover no other words and stay in the picture */
#include "config.h"

#include "base/rng.h"
#include "draw/label-place.h"

static const EspRect area = { 10, 20, 400, 300 };

static gboolean
apart (EspRect a, EspRect b)
{
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

static gboolean
inside (EspRect place)
{
  return place.x >= area.x && place.y >= area.y && place.x + place.width <= area.x + area.width
         && place.y + place.height <= area.y + area.height;
}

static void
test_order (void)
{
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (EspRect));
  const EspRect box = { 100, 100, 120, 80 };
  const double tops[] = { 85, 100, 180, 165 };
  EspRect place;

  for (guint i = 0; i < 4; i++) /* above, within the top, below, within the foot */
    {
      g_assert_true (esp_label_place (box, 60, 15, area, taken, &place));
      g_assert_cmpfloat (place.x, ==, 100);
      g_assert_cmpfloat (place.y, ==, tops[i]);
    }
  g_assert_true (esp_label_place (box, 60, 15, area, taken, &place)); /* then flush right */
  g_assert_cmpfloat (place.x, ==, 160);
  g_assert_cmpfloat (place.y, ==, 85);
  for (guint i = 1; i < 4; i++)
    g_assert_true (esp_label_place (box, 60, 15, area, taken, &place));
  g_assert_false (esp_label_place (box, 60, 15, area, taken, &place));
  g_assert_cmpfloat (place.y, ==, 100);
  g_assert_cmpuint (taken->len, ==, 8);
}

static void
test_edges (void)
{
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (EspRect));
  const EspRect corner = { 380, 15, 60, 40 }, whole = { 0, 0, 500, 400 };
  EspRect place;

  g_assert_true (esp_label_place (corner, 50, 15, area, taken, &place));
  g_assert_true (inside (place));
  g_assert_false (esp_label_place (whole, 50, 400, area, taken, &place)); /* higher than the picture */
  g_assert_cmpfloat (place.y, ==, area.y);
}

/* A crowd: whatever is placed is apart from all else and inside; the first always is; and some find no room. */
static void
test_crowd (void)
{
  g_autoptr (GRand) rng = esp_rng_new (2, 0, 0);

  for (guint trial = 0; trial < 200; trial++)
    {
      g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (EspRect));
      guint placed = 0;

      for (guint i = 0; i < 120; i++)
        {
          const EspRect box = { g_rand_double_range (rng, 0, 400), g_rand_double_range (rng, 10, 310), g_rand_double_range (rng, 4, 150),
                                g_rand_double_range (rng, 4, 150) };
          EspRect place;

          if (!esp_label_place (box, 70, 16, area, taken, &place))
            continue;
          placed++;
          g_assert_true (inside (place));
          for (guint k = 0; k + 1 < taken->len; k++)
            g_assert_true (apart (place, g_array_index (taken, EspRect, k)));
        }
      g_assert_cmpuint (placed, ==, taken->len);
      g_assert_cmpuint (placed, >, 20);
      g_assert_cmpuint (placed, <, 100);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/label-place/order", test_order);
  g_test_add_func ("/label-place/edges", test_edges);
  g_test_add_func ("/label-place/crowd", test_crowd);
  return g_test_run ();
}
