/* overlap.c: how far two choices of kept channels agree, beside what chance gives */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>

#include "recipe/bench-private.h"

/** esp_overlap_free: frees @overlap. Thread: any. */
void
esp_overlap_free (EspOverlap *overlap)
{
  g_free (overlap->a);
  g_free (overlap->b);
  g_free (overlap->reason);
  g_free (overlap);
}

/**
 * esp_unit_sets_overlap:
 * @a: a mask of the same network
 * @b: another one, with as many units of each set
 * @chance: (out): what two choices of as many units by lot have on the average: the sum of k · k / n over the sum of k
 *
 * Sets of which nothing or all goes say nothing, and are left out. Returns: the share of the units kept by @a that @b keeps, too; NaN where
 * no set leaves a choice. Thread: any.
 */
double
esp_unit_sets_overlap (const EspUnitSets *sets, const EspMask *a, const EspMask *b, double *chance)
{
  double kept = 0, both = 0, expected = 0;

  for (guint s = 0; s < esp_unit_sets_get_n (sets); s++)
    {
      const guint n = esp_unit_sets_get_size (sets, s);
      guint k = 0, shared = 0;

      for (guint i = 0; i < n; i++)
        {
          const EspChannel unit = esp_unit_sets_get_unit (sets, s, i);
          const gboolean keeps = esp_mask_keeps (a, unit.layer, unit.channel);

          k += keeps;
          shared += keeps && esp_mask_keeps (b, unit.layer, unit.channel);
        }
      if (k == 0 || k == n)
        continue;
      kept += k;
      both += shared;
      expected += (double) k * k / n;
    }
  *chance = kept > 0 ? expected / kept : NAN;
  return kept > 0 ? both / kept : NAN;
}
