/* cliff.c: where a ratio–mAP curve falls, and up to where it is safe */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/cliff.h"

#include <math.h>

static double
find_safe (const double *ratios, const double *maps, guint n, double whole)
{
  double safe = 0;

  for (guint i = 0; i < n && maps[i] >= ESP_CLIFF_SAFE * whole; i++)
    safe = ratios[i];
  return safe;
}

/**
 * esp_cliff_find:
 * @ratios: ascending, above 0
 * @maps: the mAP at each
 * @n: how many
 * @whole: the mAP at ratio 0
 *
 * The cliff is the narrowest stretch between two measured ratios, 0 among them, over which half of the whole network's mAP is lost; of
 * equally narrow ones that which loses most, then the first. It counts as one only where that stretch is at least twice as steep as the
 * line from ratio 0 to the last ratio measured: a curve that falls evenly has none. Safe is the largest measured ratio at which, and at all
 * smaller ones, at least 95 % of the mAP remain. Both see only ratios that were measured; neither is an interval. Thread: any.
 *
 * Returns: both marks.
 */
EspCliff
esp_cliff_find (const double *ratios, const double *maps, guint n, double whole)
{
  EspCliff cliff = { find_safe (ratios, maps, n, whole), NAN, NAN };
  double width = INFINITY, most = 0, mean;

  if (n == 0 || !(whole > 0))
    return cliff;
  mean = (whole - maps[n - 1]) / ratios[n - 1];
  for (guint a = 0; a <= n; a++)
    for (guint b = a + 1; b <= n; b++)
      {
        const double from = a > 0 ? ratios[a - 1] : 0, loss = (a > 0 ? maps[a - 1] : whole) - maps[b - 1];
        const double wide = ratios[b - 1] - from;

        if (loss < ESP_CLIFF_LOSS * whole || wide > width + 1e-12 || (wide > width - 1e-12 && loss <= most)
            || loss / wide < ESP_CLIFF_STEEP * mean)
          continue;
        cliff.from = from;
        cliff.to = ratios[b - 1];
        width = wide;
        most = loss;
      }
  return cliff;
}
