/* sentence.c: what a heatmap explains, in words */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/sentence.h"

#include <math.h>
#include <string.h>

/* With a decimal point whatever the locale: the sentence goes into files. */
static void
append_share (GString *text, double value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (digits, sizeof digits, "%.2f", value));
}

static void
append_subject (GString *text, const EspTarget *target, const char *const *names)
{
  const EspDetection *detection = esp_target_get_detection (target);
  g_autofree char *subject = esp_target_describe (target, names);

  if (detection == NULL)
    {
      g_string_append (text, subject);
      return;
    }
  /* "dog 94 %" to "dog 0.94 here" */
  *strrchr (subject, ' ') = '\0';
  *strrchr (subject, ' ') = '\0';
  g_string_append_printf (text, "%s ", subject);
  append_share (text, detection->score);
  g_string_append (text, " here");
}

/* "D-RISE", "Grad-CAM" and abbreviations stay as they are written. */
static gboolean
is_name (const char *title)
{
  for (const char *p = g_utf8_next_char (title); *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isupper (g_utf8_get_char (p)))
      return TRUE;
  return FALSE;
}

static void
append_method (GString *text, const EspHeatmap *heatmap)
{
  const EspAttribution *method = esp_attribution_find (heatmap->method);

  if (method != NULL)
    {
      gunichar first = g_utf8_get_char (method->title);

      if (!is_name (method->title))
        first = g_unichar_tolower (first);

      g_string_append (text, ", by ");
      g_string_append_unichar (text, first);
      g_string_append (text, g_utf8_next_char (method->title));
    }
  if (heatmap->layer >= 0)
    g_string_append_printf (text, " at layer %d", heatmap->layer);
  if (heatmap->channel >= 0)
    g_string_append_printf (text, ", channel %d", heatmap->channel);
}

static void
append_energy (GString *text, const EspHeatmap *heatmap, EspBox box)
{
  double chance, energy = esp_heatmap_energy_in_box (heatmap, box, &chance);

  if (isnan (energy))
    {
      g_string_append (text, "; no positive heat");
      return;
    }
  g_string_append (text, "; energy in the box ");
  append_share (text, energy);
  g_string_append (text, " (chance ");
  append_share (text, chance);
  g_string_append_c (text, ')');
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
  g_autoptr (GString) text = g_string_new (NULL);
  EspBox box;

  if (n_ones == 0)
    {
      g_autofree char *subject = esp_target_describe (target, names);

      g_string_append_printf (text, "nothing to explain: no cell of the heads is above the threshold for %s", subject);
      return g_string_free (g_steal_pointer (&text), FALSE);
    }
  g_string_append (text, "why ");
  append_subject (text, target, names);
  append_method (text, heatmap);
  if (esp_target_get_box (target, &box))
    append_energy (text, heatmap, box);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
