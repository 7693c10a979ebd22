/* metric-text.c: the words and figures of a tile; no widget */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "metric-text.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* One decimal with its sign, ASCII; what rounds to nothing carries no sign. */
static char *
signed_tenths (double value)
{
  return fabs (value) < 0.05 ? g_strdup_printf ("%.1f", 0.0) : g_strdup_printf ("%+.1f", value);
}

/* A sign before a number, or its exponent: no hyphen within a word, nor a dash of a range. */
static gboolean
is_minus (const char *start, const char *at)
{
  const gboolean exponent = at > start + 1 && g_ascii_tolower (at[-1]) == 'e' && g_ascii_isdigit (at[-2]);
  const gboolean first = at == start || !g_unichar_isalnum (g_utf8_get_char (g_utf8_prev_char (at)));

  return (exponent || first) && (g_ascii_isdigit (at[1]) || at[1] == '.' || strncmp (at + 1, "inf", 3) == 0);
}

/** esp_metric_pretty: Returns: (transfer full): @ascii for the eye: with true minus signs before numbers; hyphens of words stay.
 * Thread: any. */
char *
esp_metric_pretty (const char *ascii)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *at = ascii; *at != '\0'; at++)
    if (*at == '-' && is_minus (ascii, at))
      g_string_append (text, "−");
    else
      g_string_append_c (text, *at);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/** esp_metric_number: Returns: (transfer full): three digits of @value, for a legend. Thread: any. */
char *
esp_metric_number (float value)
{
  g_autofree char *ascii = g_strdup_printf ("%.3g", (double) value);

  return esp_metric_pretty (ascii);
}

static char *
digits17 (double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (buffer, sizeof buffer, "%.17g", value));
}

static void
start (EspMetricText *text, const char *title)
{
  *text = (EspMetricText){ .title = g_strdup (title), .fraction = NAN };
}

static void
finish (EspMetricText *text)
{
  char **all[] = { &text->value, &text->delta, &text->count, &text->detail, &text->name, &text->description, &text->why };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (*all[i] == NULL)
      *all[i] = g_strdup ("");
}

/* "agreement 91 % on 4 images", or NULL where none is known. */
static char *
agreement_words (const EspMapNumber *number)
{
  if (!number->has_agreement)
    return NULL;
  return g_strdup_printf (ngettext ("agreement %.0f %% on %u image", "agreement %.0f %% on %u images", number->agreement_n),
                          100 * number->agreement, number->agreement_n);
}

/* What a look in bfloat16 adds to its name: never anything to a final one. */
static void
mark_approximate (const EspMapNumber *number, EspMetricText *text)
{
  g_autofree char *name = NULL;

  if (!number->approximate || number->state == ESP_STATE_FINAL)
    return;
  name = g_strdup_printf (_ ("%s, approximate"), text->name);
  g_free (text->name);
  text->name = g_steal_pointer (&name);
}

/* Why a number is not the last word; what bfloat16 does to the unpruned network is said once it is measured. */
static char *
partial_words (const EspMapNumber *number)
{
  if (number->approximate && number->half_known)
    {
      g_autofree char *tenths = signed_tenths (100 * number->half_difference);
      g_autofree char *difference = esp_metric_pretty (tenths);

      return g_strdup_printf (_ ("Approximate: in bfloat16 (%s points on the unpruned network), %u of %u images so far."), difference,
                              number->n, number->total);
    }
  if (number->approximate)
    return g_strdup_printf (_ ("Approximate: in bfloat16, %u of %u images so far."), number->n, number->total);
  return g_strdup_printf (_ ("Approximate: %u of %u images so far."), number->n, number->total);
}

/* Photographs without labels, or nothing known yet: agreement with the unpruned network stands in for mAP. */
static void
map_unknown (const EspMapNumber *number, EspMetricText *text)
{
  g_autofree char *agreement = agreement_words (number);
  const char *why = number->labelled ? _ ("not known yet") : _ ("unknown, no labels");

  text->dimmed = number->labelled || agreement == NULL;
  text->name = agreement != NULL ? g_strdup_printf (_ ("mAP %s; %s"), why, agreement) : g_strdup_printf (_ ("mAP %s"), why);
  text->why = number->labelled
                  ? g_strdup (_ ("No image has been evaluated yet."))
                  : g_strdup (_ ("The photographs have no labels: how far the boxes agree with those of the unpruned network."));
  if (number->labelled && agreement != NULL)
    {
      text->value = g_strdup ("–");
      text->detail = g_steal_pointer (&agreement);
      return;
    }
  if (agreement == NULL)
    {
      text->value = g_strdup ("–");
      text->detail = g_strdup (number->labelled ? _ ("not known yet") : _ ("no labels"));
      return;
    }
  g_free (text->title);
  text->title = g_strdup (_ ("Agreement"));
  text->value = g_strdup_printf (_ ("%.0f %%"), 100 * number->agreement);
  text->detail = g_strdup_printf (ngettext ("%u image, no labels", "%u images, no labels", number->agreement_n), number->agreement_n);
}

static void
map_previous (const EspMapNumber *number, EspMetricText *text)
{
  g_autofree char *agreement = agreement_words (number);

  text->dimmed = TRUE;
  text->name = agreement != NULL ? g_strdup_printf (_ ("mAP %.1f %%, previous plan; %s"), 100 * number->map, agreement)
                                 : g_strdup_printf (_ ("mAP %.1f %%, previous plan"), 100 * number->map);
  text->detail = agreement != NULL ? g_steal_pointer (&agreement) : g_strdup (_ ("previous plan"));
  text->why = g_strdup (_ ("The number of the previous plan, until the first images of this one are in."));
}

/* The interval with a plan is the paired difference's and stands beside it; without one it is the value's own. */
static void
map_counted (const EspMapNumber *number, EspMetricText *text)
{
  g_autoptr (GString) name = g_string_new (NULL);

  g_string_append_printf (name, _ ("mAP %.1f %%"), 100 * number->map);
  if (number->has_plan)
    {
      g_autofree char *delta = signed_tenths (100 * (number->map - number->baseline));

      g_string_append_printf (name, ", %s", delta);
      text->delta = esp_metric_pretty (delta);
    }
  if (number->has_interval)
    {
      g_autofree char *low
          = number->has_plan ? signed_tenths (100 * number->interval.low) : g_strdup_printf ("%.1f", 100 * number->interval.low);
      g_autofree char *high
          = number->has_plan ? signed_tenths (100 * number->interval.high) : g_strdup_printf ("%.1f", 100 * number->interval.high);
      g_autofree char *ascii = g_strdup_printf (_ ("95 %% %s to %s"), low, high);
      g_autofree char *short_form = g_strdup_printf (_ ("95 %% %s … %s"), low, high);

      g_string_append_printf (name, ", %s", ascii);
      text->detail = esp_metric_pretty (short_form);
    }
  text->name = g_strdup_printf (number->state == ESP_STATE_FINAL ? _ ("%s, %u of %u images, final") : _ ("%s, %u of %u images"), name->str,
                                number->n, number->total);
  if (number->state == ESP_STATE_FINAL)
    {
      text->count = g_strdup_printf (ngettext ("%u image", "%u images", number->total), number->total);
    }
  else
    {
      text->fraction = number->total != 0 ? (double) number->n / number->total : 0;
      text->count = g_strdup_printf (_ ("%u of %u"), number->n, number->total);
      text->why = partial_words (number);
    }
}

/**
 * esp_metric_text_map:
 * @told: the state of the evaluation; fractions 0..1
 * @text: (out): filled; clear it with esp_metric_text_clear()
 *
 * The name ends in ", final" exactly when @told is final, in ", approximate" when it is of a look in bfloat16. Thread: any.
 */
void
esp_metric_text_map (const EspMapNumber *told, EspMetricText *text)
{
  EspMapNumber held = *told;
  const EspMapNumber *number = &held;

  held.map = CLAMP (told->map, 0, 1); /* an estimate from the first images may overshoot */
  start (text, _ ("mAP"));
  if (!number->labelled || number->state == ESP_STATE_NONE)
    map_unknown (number, text);
  else
    {
      text->value = g_strdup_printf (_ ("%.1f %%"), 100 * number->map);
      text->description = digits17 (number->map);
      if (number->state == ESP_STATE_PREVIOUS)
        map_previous (number, text);
      else
        map_counted (number, text);
    }
  mark_approximate (number, text);
  finish (text);
}

/* "TITLE VALUE, -37 %": the change against the whole, left out where there is none. */
static void
against_whole (EspMetricText *text, double now, double whole)
{
  double percent = whole > 0 ? 100 * (now / whole - 1) : 0;

  if (whole > 0 && now != whole)
    {
      g_autofree char *delta
          = fabs (percent) < 9.95 ? g_strdup_printf (_ ("%+.1f %%"), percent) : g_strdup_printf (_ ("%+.0f %%"), percent);

      text->delta = esp_metric_pretty (delta);
      text->name = g_strdup_printf ("%s %s, %s", text->title, text->value, delta);
    }
  else
    text->name = g_strdup_printf ("%s %s", text->title, text->value);
}

/**
 * esp_metric_text_size:
 * @bytes: of the plan's weights file
 * @whole: of the unpruned one
 * @text: (out): filled; a MB is 1,000,000 bytes, a kB 1,000
 *
 * Thread: any.
 */
void
esp_metric_text_size (guint64 bytes, guint64 whole, EspMetricText *text)
{
  const gboolean is_small = whole < 100000; /* one unit for both: hundredths of a MB would say nothing */

  start (text, _ ("Size"));
  text->value = is_small ? g_strdup_printf (_ ("%.1f kB"), (double) bytes / 1e3) : g_strdup_printf (_ ("%.2f MB"), (double) bytes / 1e6);
  text->description = g_strdup_printf ("%" G_GUINT64_FORMAT, bytes);
  text->detail
      = is_small ? g_strdup_printf (_ ("of %.1f kB"), (double) whole / 1e3) : g_strdup_printf (_ ("of %.2f MB"), (double) whole / 1e6);
  against_whole (text, (double) bytes, (double) whole);
  finish (text);
}

/**
 * esp_metric_text_bflops:
 * @bflops: of the plan, in 10⁹ operations an image, as darknet counts
 * @whole: of the unpruned network
 * @text: (out): filled
 *
 * Thread: any.
 */
void
esp_metric_text_bflops (double bflops, double whole, EspMetricText *text)
{
  int places = whole >= 10 ? 1 : whole >= 0.1 ? 2 : 4;

  start (text, _ ("BFLOPs"));
  text->value = g_strdup_printf ("%.*f", places, bflops);
  text->description = digits17 (bflops);
  text->detail = g_strdup_printf (_ ("of %.*f"), places, whole);
  against_whole (text, bflops, whole);
  finish (text);
}

/**
 * esp_metric_text_latency:
 * @latency: (nullable): of the plan's cut network; NULL while not measured
 * @whole: (nullable): of the unpruned network
 * @warning: (nullable): why it is not as much less as the BFLOPs are, a sentence or two; the tooltip begins with it, the name says so in
 *   short
 * @text: (out): filled; the median, with its quartiles
 *
 * Thread: any.
 */
void
esp_metric_text_latency (const EspLatency *latency, const EspLatency *whole, const char *warning, EspMetricText *text)
{
  start (text, _ ("Latency"));
  if (latency == NULL)
    {
      text->dimmed = TRUE;
      text->value = g_strdup ("–");
      text->detail = g_strdup (_ ("not measured"));
      text->name = g_strdup (_ ("Latency not measured"));
      text->why = g_strdup (_ ("No measurement of this plan yet."));
    }
  else
    {
      int places = latency->median_ms < 10 ? 2 : 1;
      g_autofree char *name = NULL, *how = NULL;

      text->value = g_strdup_printf (_ ("%.*f ms"), places, latency->median_ms);
      text->description = digits17 (latency->median_ms);
      text->detail = g_strdup_printf (_ ("%.*f … %.*f ms"), places, latency->low_ms, places, latency->high_ms);
      against_whole (text, latency->median_ms, whole != NULL ? whole->median_ms : 0);
      name = g_strdup_printf (warning != NULL ? _ ("%s, quartiles %.*f to %.*f ms, no faster for fewer BFLOPs")
                                              : _ ("%s, quartiles %.*f to %.*f ms"),
                              text->name, places, latency->low_ms, places, latency->high_ms);
      g_free (text->name);
      text->name = g_steal_pointer (&name);
      text->warns = warning != NULL;
      how = g_strdup_printf (_ ("Median of %u runs, batch 1, %u threads; the range holds the middle half."), latency->repeats,
                             latency->threads);
      text->why = warning != NULL ? g_strdup_printf ("%s\n\n%s", warning, how) : g_steal_pointer (&how);
    }
  finish (text);
}

/** esp_metric_text_clear: @text: its strings are freed. Thread: any. */
void
esp_metric_text_clear (EspMetricText *text)
{
  g_free (text->title);
  g_free (text->value);
  g_free (text->delta);
  g_free (text->count);
  g_free (text->detail);
  g_free (text->name);
  g_free (text->description);
  g_free (text->why);
  *text = (EspMetricText){ .fraction = NAN };
}
