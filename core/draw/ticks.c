/* ticks.c: round numbers along an axis, and how they are written */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/ticks.h"

#include <math.h>

/**
 * esp_ticks_new:
 * @low: lowest number of the axis, finite
 * @high: highest
 * @about: how many steps are wanted
 *
 * Returns: steps of 1, 2 or 5 times a power of ten, as near to @about of them as those allow. Thread: any.
 */
EspTicks
esp_ticks_new (double low, double high, guint about)
{
  EspTicks ticks = { .low = low, .high = high };
  double rough, power;

  if (!(high > low))
    return ticks;
  rough = (high - low) / MAX (about, 1);
  power = pow (10, floor (log10 (rough)));
  ticks.step = rough / power < 1.5 ? power : rough / power < 3.5 ? 2 * power : rough / power < 7.5 ? 5 * power : 10 * power;
  ticks.digits = MAX (0, -(int) floor (log10 (ticks.step) + 1e-9));
  return ticks;
}

/**
 * esp_ticks_next:
 * @ticks: with a step
 * @from: where to begin: low, or the number before plus the step
 *
 * Returns: the first number of the axis that is not below @from, exactly a multiple of the step; above high the axis is done. Thread: any.
 */
double
esp_ticks_next (const EspTicks *ticks, double from)
{
  g_return_val_if_fail (ticks->step > 0, INFINITY);

  return ceil (from / ticks->step - 1e-6) * ticks->step;
}

/** esp_ticks_text: Returns: (transfer full): @value with a decimal point in every locale, and a minus sign rather than a hyphen.
 * Thread: any. */
char *
esp_ticks_text (double value, int digits)
{
  g_autofree char *format = g_strdup_printf ("%%.%df", digits);
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, format, fabs (value));
  return g_strconcat (value < -1e-12 ? "−" : "", text, NULL);
}
