/* test-box-overlap.c: IoU, GIoU, DIoU and CIoU: values worked by hand, derivatives by central differences */
#include "config.h"

#include "train/box-overlap.h"

#include "base/rng.h"

#include <math.h>

static double
value_of (EspOverlapKind kind, EspExactBox box, EspExactBox truth)
{
  return esp_overlap_of (kind, box, truth, ESP_ALPHA_OF_BOXES).value;
}

static void
assert_near (double got, double wanted, double within)
{
  if (!(fabs (got - wanted) <= within))
    g_error ("%.17g: expected %.17g", got, wanted);
}

/* Two squares of side 2, one a step of 1 to the right: 2 of 6 shared, 6 of 6 of the box around, diagonal² 9 + 4. */
static void
test_by_hand (void)
{
  const EspExactBox box = { 2, 1, 2, 2 }, truth = { 1, 1, 2, 2 };
  const EspExactBox far = { 11, 1, 2, 2 }, wide = { 1, 1, 4, 1 };
  const double angle = atan (1.0) - atan (4.0), shape = 4 / (G_PI * G_PI) * angle * angle;

  assert_near (value_of (ESP_OVERLAP_IOU, box, truth), 1.0 / 3, 1e-15);
  assert_near (value_of (ESP_OVERLAP_GIOU, box, truth), 1.0 / 3, 1e-15);
  assert_near (value_of (ESP_OVERLAP_DIOU, box, truth), 1.0 / 3 - 1.0 / 13, 1e-15);
  assert_near (value_of (ESP_OVERLAP_CIOU, box, truth), 1.0 / 3 - 1.0 / 13, 1e-15);
  assert_near (value_of (ESP_OVERLAP_IOU, far, truth), 0, 0);
  assert_near (value_of (ESP_OVERLAP_GIOU, far, truth), -16.0 / 24, 1e-15);
  assert_near (value_of (ESP_OVERLAP_DIOU, far, truth), -100.0 / (144 + 4), 1e-15);
  assert_near (value_of (ESP_OVERLAP_CIOU, wide, truth), 1.0 / 3 - shape * shape / (2.0 / 3 + shape + 1e-6), 1e-15);
  assert_near (esp_overlap_sizes (ESP_OVERLAP_IOU, 4, 1, truth), 1.0 / 3, 1e-15);
}

/* A box on its truth is as good as it gets: value 1, no slope of any kind; so is one without area, 0. */
static void
test_at_the_ends (void)
{
  const EspExactBox box = { .3, .4, .2, .1 }, nothing = { .3, .4, 0, 0 };

  for (guint kind = 0; kind < ESP_N_OVERLAPS; kind++)
    {
      const EspOverlap same = esp_overlap_of (kind, box, box, ESP_ALPHA_OF_BOXES);
      const EspOverlap empty = esp_overlap_of (kind, nothing, nothing, ESP_ALPHA_OF_BOXES);

      assert_near (same.value, 1, 1e-14);
      assert_near (fabs (same.dx) + fabs (same.dy) + fabs (same.dw) + fabs (same.dh), 0, 1e-12);
      g_assert_true (isfinite (empty.value) && isfinite (empty.dx) && isfinite (empty.dw) && empty.iou == 0);
    }
}

static EspExactBox
random_box (GRand *rng)
{
  return (EspExactBox){ g_rand_double (rng), g_rand_double (rng), g_rand_double_range (rng, .02, .8), g_rand_double_range (rng, .02, .8) };
}

/* Whether no edge of one lies within @step of one of the other, where the derivative jumps. */
static gboolean
is_smooth (EspExactBox a, EspExactBox b, double step)
{
  const double ax[4] = { a.x - a.w / 2, a.x + a.w / 2, a.y - a.h / 2, a.y + a.h / 2 };
  const double bx[4] = { b.x - b.w / 2, b.x + b.w / 2, b.y - b.h / 2, b.y + b.h / 2 };

  for (guint i = 0; i < 4; i++)
    for (guint k = i / 2 * 2; k < i / 2 * 2 + 2; k++)
      if (fabs (ax[i] - bx[k]) < step)
        return FALSE;
  return TRUE;
}

static void
test_derivatives (void)
{
  g_autoptr (GRand) rng = esp_rng_new (7, 0, 0);
  const double step = 1e-5;
  guint apart = 0, checked = 0;

  for (guint i = 0; i < 4000; i++)
    {
      const EspExactBox box = random_box (rng), truth = random_box (rng);
      const EspOverlapKind kind = i % ESP_N_OVERLAPS;
      const EspOverlap overlap = esp_overlap_of (kind, box, truth, ESP_ALPHA_OF_BOXES);
      const double got[4] = { overlap.dx, overlap.dy, overlap.dw, overlap.dh };

      if (!is_smooth (box, truth, 2 * step))
        continue;
      apart += overlap.iou == 0;
      assert_near (esp_overlap_iou (box, truth), overlap.iou, 1e-15);
      checked++;
      for (guint k = 0; k < 4; k++)
        {
          EspExactBox more = box, less = box;

          ((double *) &more)[k] += step;
          ((double *) &less)[k] -= step;
          assert_near (got[k],
                       (esp_overlap_of (kind, more, truth, overlap.alpha).value - esp_overlap_of (kind, less, truth, overlap.alpha).value)
                           / (2 * step),
                       1e-6 * (1 + fabs (got[k])));
        }
    }
  g_assert_cmpuint (checked, >, 3900);
  g_assert_cmpuint (apart, >, 500);
}

static void
test_names (void)
{
  EspOverlapKind kind = ESP_OVERLAP_IOU;

  for (guint i = 0; i < ESP_N_OVERLAPS; i++)
    g_assert_true (esp_overlap_parse (esp_overlap_name (i), &kind) && kind == i);
  g_assert_false (esp_overlap_parse ("eiou", &kind));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/box-overlap/by-hand", test_by_hand);
  g_test_add_func ("/box-overlap/ends", test_at_the_ends);
  g_test_add_func ("/box-overlap/derivatives", test_derivatives);
  g_test_add_func ("/box-overlap/names", test_names);
  return g_test_run ();
}
