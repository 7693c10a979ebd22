/* latency-gain.c: whether less work took less time, and why not */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/latency-gain.h"

#include <glib/gi18n-lib.h>

#include "kernels/kernel.h"

#define LEAST_FALL .01 /* of the BFLOPs: less is not worth a word */
#define HALF       .5  /* of that: where whole blocks fell by less, they are the reason; where the median fell by more, the machine is */
#define CALL_MS    .02 /* work that takes less is mostly the calls themselves */

/** esp_latency_block: Returns: channels that this processor's kernels take at once: those that only fill a block cost as much as others.
 * Thread: any. */
guint
esp_latency_block (void)
{
  return (guint) esp_kernels_layout (esp_kernels_onednn (), (EspShape){ 1, 1, 1, 1 }, FALSE).block;
}

/** esp_latency_fell: Returns: whether the time fell by more than forwards differ among each other: the middle halves of both lie apart.
 * Thread: any. */
gboolean
esp_latency_fell (const EspLatencySpan *ms)
{
  return ms->after.high_ms < ms->before.low_ms;
}

/**
 * esp_latency_excess:
 * @gain: before and after
 *
 * Returns: the milliseconds that would be gone had the time fallen as the BFLOPs did; of what has no BFLOPs, what the time rose.
 * Thread: any.
 */
double
esp_latency_excess (const EspLatencyGain *gain)
{
  const double share = gain->bflops_before > 0 ? gain->bflops_after / gain->bflops_before : 1;

  return gain->ms.after.median_ms - share * gain->ms.before.median_ms;
}

static double
fall (double before, double after)
{
  return before > 0 ? 1 - after / before : 0;
}

/* Why, where that is known. */
static void
append_reason (GString *text, const EspLatencyGain *gain)
{
  const double bflops = fall (gain->bflops_before, gain->bflops_after), blocked = fall (gain->blocked_before, gain->blocked_after);
  const guint block = esp_latency_block ();

  if (blocked < HALF * bflops)
    g_string_append_printf (text,
                            _ (" Kernels write %u channels at once, and by whole blocks of them the work fell by %.1f %%. Round to %u, and "
                               "none of it is wasted."),
                            block, 100 * blocked, block);
  else if (gain->ms.before.median_ms < CALL_MS)
    g_string_append (text, _ (" It is so little work that what every call costs counts as much."));
}

/* The median fell well enough, only the forwards lie too far apart to trust it. */
static char *
describe_unrest (const EspLatencyGain *gain)
{
  return g_strdup_printf (
      _ ("BFLOPs fell by %.0f %% and the time by %.0f %%, but forwards differed more than that among each other: something "
         "else was running. Measure again."),
      100 * fall (gain->bflops_before, gain->bflops_after), 100 * fall (gain->ms.before.median_ms, gain->ms.after.median_ms));
}

/**
 * esp_latency_warning:
 * @gain: before and after
 *
 * Says so where the BFLOPs fell by 1 % or more and the time did not by more than forwards differ among each other (esp_latency_fell()),
 * with the reason where it is one of blocks of channels that are not whole, of work that is too small to matter, or of a machine that was
 * busy.
 * Returns: (transfer full) (nullable): translated. Thread: any.
 */
char *
esp_latency_warning (const EspLatencyGain *gain)
{
  const EspLatency *before = &gain->ms.before, *after = &gain->ms.after;
  const double less = fall (gain->bflops_before, gain->bflops_after);
  const int places = before->median_ms < 10 ? 3 : 1;
  GString *text;

  if (less < LEAST_FALL || !(before->median_ms > 0) || esp_latency_fell (&gain->ms))
    return NULL;
  if (fall (before->median_ms, after->median_ms) >= HALF * less)
    return describe_unrest (gain);
  text = g_string_new (NULL);
  g_string_append_printf (
      text, _ ("BFLOPs fell by %.0f %% and the time did not: %.*f ms (quartiles %.*f to %.*f) before, %.*f (%.*f to %.*f) after."),
      100 * less, places, before->median_ms, places, before->low_ms, places, before->high_ms, places, after->median_ms, places,
      after->low_ms, places, after->high_ms);
  append_reason (text, gain);
  return g_string_free (text, FALSE);
}
