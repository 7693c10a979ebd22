/* path.c: the points at which a way from a baseline to an image is walked, closer together where the trapezoid misses */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/path.h"

#include <math.h>

#define NARROWEST        (1.0 / (1 << 20)) /* below it the difference of two inputs is rounding */
#define WORTH            0.125             /* of the worst stretch's miss: a stretch that misses less is left as it is */

#define POINT(points, i) (&g_array_index ((points), EspPathPoint, (i)))

/** esp_path_new: Returns: (transfer full): @steps + 1 points, evenly spaced. Thread: any. */
GArray *
esp_path_new (guint steps)
{
  GArray *points = g_array_sized_new (FALSE, TRUE, sizeof (EspPathPoint), steps + 1);

  for (guint i = 0; i <= steps; i++)
    {
      const EspPathPoint point = { .at = (double) i / steps };

      g_array_append_val (points, point);
    }
  return points;
}

/* What the trapezoid gives too much on the stretch behind point @i. */
static double
miss_of (const GArray *points, guint i)
{
  const EspPathPoint *a = POINT (points, i), *b = POINT (points, i + 1);

  return (a->slope + b->slope) / 2 * (b->at - a->at) - (b->value - a->value);
}

/**
 * esp_path_miss:
 * @everywhere: (out): |trapezoid − gain|, summed over the stretches, / |gain of all|: stretches do not make up for each other, so that
 *   where
 *     it is small sums at layers are near, too
 *
 * Returns: |sum of the trapezoids − gain| / |gain|. Thread: the owner's.
 */
double
esp_path_miss (const GArray *points, double *everywhere)
{
  const double gained = MAX (fabs (POINT (points, points->len - 1)->value - POINT (points, 0)->value), 1e-9);
  double sum = 0;

  *everywhere = 0;
  for (guint i = 0; i + 1 < points->len; i++)
    {
      sum += miss_of (points, i) / gained;
      *everywhere += fabs (miss_of (points, i)) / gained;
    }
  return fabs (sum);
}

typedef struct
{
  double miss, at;
} Middle;

static int
by_miss (gconstpointer a, gconstpointer b)
{
  const double x = ((const Middle *) a)->miss, y = ((const Middle *) b)->miss;

  return (x < y) - (x > y);
}

static int
by_place (gconstpointer a, gconstpointer b)
{
  const double x = ((const EspPathPoint *) a)->at, y = ((const EspPathPoint *) b)->at;

  return (x > y) - (x < y);
}

/**
 * esp_path_bisect:
 * @points: values and slopes filled in
 * @most: no more middles than these
 *
 * A stretch is halved where its trapezoid misses much of what the target gained on it: at the kinks of activations and poolings, which
 * evenly spaced steps come near to only slowly. Returns: (transfer full): the middles. Thread: the owner's.
 */
GArray *
esp_path_bisect (const GArray *points, guint most)
{
  g_autoptr (GArray) middles = g_array_new (FALSE, FALSE, sizeof (Middle));
  GArray *more = g_array_new (FALSE, TRUE, sizeof (EspPathPoint));

  for (guint i = 0; i + 1 < points->len; i++)
    {
      const double a = POINT (points, i)->at, b = POINT (points, i + 1)->at;
      const Middle middle = { fabs (miss_of (points, i)), (a + b) / 2 };

      if (b - a > NARROWEST && middle.miss > 0)
        g_array_append_val (middles, middle);
    }
  g_array_sort (middles, by_miss);
  for (guint i = 0; i < MIN (middles->len, most); i++)
    {
      const Middle *middle = &g_array_index (middles, Middle, i);
      const EspPathPoint point = { .at = middle->at };

      if (middle->miss >= WORTH * g_array_index (middles, Middle, 0).miss)
        g_array_append_val (more, point);
    }
  g_array_sort (more, by_place);
  return more;
}

/** esp_path_insert: puts @more among @points, in order. Thread: the owner's. */
void
esp_path_insert (GArray *points, const GArray *more)
{
  g_array_append_vals (points, more->data, more->len);
  g_array_sort (points, by_place);
}
