/* sentence.c: what a heatmap explains, in words */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/sentence.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/class-name.h"

/* (transfer full): with a decimal point whatever the locale: the sentence goes into files. */
static char *
share_text (double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (digits, sizeof digits, "%.2f", value));
}

/* "why dog 0.94 here", "why y of dog 94 %" */
static char *
why (const EspTarget *target, const char *const *names)
{
  const EspDetection *detection = esp_target_get_detection (target);
  g_autofree char *subject = NULL, *score = NULL;

  if (detection == NULL)
    {
      subject = esp_target_describe (target, names);
      return g_strdup_printf (_ ("why %s"), subject);
    }
  subject = esp_class_name_text (names, detection->class_index);
  score = share_text ((double) detection->score);
  /* Translators: a class and its score: "why dog 0.94 here" */
  return g_strdup_printf (_ ("why %s %s here"), subject, score);
}

/* "D-RISE", "Grad-CAM" and abbreviations stay as they are written. */
static gboolean
is_name (const char *title)
{
  for (const char *p = g_utf8_next_char (title); *title != '\0' && *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isupper (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

/* (transfer full): a method's title within a sentence. */
static char *
method_text (const EspAttribution *method)
{
  const char *title = g_dgettext (GETTEXT_PACKAGE, method->title);
  char first[7] = "";

  if (is_name (title) || *title == '\0')
    return g_strdup (title);
  g_unichar_to_utf8 (g_unichar_tolower (g_utf8_get_char (title)), first);
  return g_strconcat (first, g_utf8_next_char (title), NULL);
}

/* Takes @what; gives it with how, where it is known, and with where. */
static char *
add_method (char *what, const EspHeatmap *heatmap)
{
  const EspAttribution *method = esp_attribution_find (heatmap->method);
  g_autofree char *before = what, *how = method != NULL ? method_text (method) : NULL;
  g_autofree char *by = how != NULL ? g_strdup_printf (_ ("%s, by %s"), before, how) : g_strdup (before);
  g_autofree char *at = heatmap->layer >= 0 ? g_strdup_printf (_ ("%s at layer %d"), by, heatmap->layer) : g_strdup (by);

  return heatmap->channel >= 0 ? g_strdup_printf (_ ("%s, channel %d"), at, heatmap->channel) : g_steal_pointer (&at);
}

static char *
add_energy (char *what, const EspHeatmap *heatmap, EspBox box)
{
  g_autofree char *before = what, *share = NULL, *even = NULL;
  double chance, energy = esp_heatmap_energy_in_box (heatmap, box, &chance);

  if (isnan (energy))
    return g_strdup_printf (_ ("%s; no positive heat"), before);
  share = share_text (energy);
  even = share_text (chance);
  return g_strdup_printf (_ ("%s; energy in the box %s (chance %s)"), before, share, even);
}

/* Where no cell of a head that the layer leads to counts, or nothing there is active, a map is exactly zero: a picture of it is empty. */
static gboolean
is_empty (const EspHeatmap *heatmap)
{
  float lowest, highest;

  esp_heatmap_range (heatmap, &lowest, &highest);
  return lowest == 0 && highest == 0;
}

/**
 * esp_explain_sentence:
 * @target: what is explained
 * @names: (nullable): NULL-terminated class names
 * @heatmap: the map of that target
 * @n_ones: how many head outputs the target summed; with 0 the sentence says that there was nothing to explain
 *
 * Returns: (transfer full): "why dog 0.94 here, by gradient × activation at layer 120; energy in the box 0.71 (chance 0.18)", without a
 * full stop. Thread: any.
 */
char *
esp_explain_sentence (const EspTarget *target, const char *const *names, const EspHeatmap *heatmap, guint n_ones)
{
  char *text;
  EspBox box;

  if (n_ones == 0)
    {
      g_autofree char *subject = esp_target_describe (target, names);

      if (!esp_target_needs_map (target)) /* places are there, whatever was found: only a sum of them can be empty */
        return g_strdup_printf (_ ("nothing to explain: the parts of the sum cancel each other, and nothing is left of %s"), subject);
      return g_strdup_printf (_ ("nothing to explain: no cell of the heads is above the threshold for %s"), subject);
    }
  text = add_method (why (target, names), heatmap);
  if (is_empty (heatmap))
    {
      g_autofree char *before = text;

      return g_strdup_printf (_ ("%s; exactly 0 everywhere: nothing of it is found there"), before);
    }
  return esp_target_get_box (target, &box) ? add_energy (text, heatmap, box) : text;
}
