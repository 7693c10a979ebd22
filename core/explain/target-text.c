/* target-text.c: what is being explained, in words */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-private.h"

#include <math.h>
#include <string.h>

static void append_target (GString *text, const EspTarget *target, const char *const *names);

static void
append_class (GString *text, int index, const char *const *names)
{
  guint n = names != NULL ? g_strv_length ((char **) names) : 0;

  if (index >= 0 && (guint) index < n)
    g_string_append (text, names[index]);
  else
    g_string_append_printf (text, "class %d", index);
}

static void
append_classes (GString *text, const EspTarget *target, const char *const *names)
{
  g_string_append (text, target->n == 1 ? (names != NULL ? "class " : "") : "classes ");
  for (guint i = 0; i < target->n; i++)
    {
      if (i == 4 && target->n > 5)
        {
          g_string_append_printf (text, " and %u more", target->n - i);
          break;
        }
      if (i > 0)
        g_string_append (text, ", ");
      append_class (text, target->items[i], names);
    }
  g_string_append (text, ", everywhere");
}

static void
append_cells (GString *text, const EspTarget *target)
{
  g_string_append_printf (text, target->n == 1 ? "head %u, channel" : "head %u, channels", target->head);
  for (guint i = 0; i < target->n; i++)
    g_string_append_printf (text, i == 0 ? " %d" : ", %d", target->items[i]);
  if (target->row < 0 && target->column < 0)
    g_string_append (text, ", everywhere");
  if (target->row >= 0)
    g_string_append_printf (text, ", row %d", target->row);
  if (target->column >= 0)
    g_string_append_printf (text, ", column %d", target->column);
}

static void
append_detection (GString *text, const EspDetection *detection, const char *const *names)
{
  append_class (text, detection->class_index, names);
  g_string_append_printf (text, " %d %%", (int) lrint (100 * (double) detection->score));
}

static void
append_part (GString *text, const EspTarget *target, const char *const *names)
{
  static const char *const words[] = { "x", "y", "width", "height", "objectness", "class logit" };

  g_string_append_printf (text, "%s of ", words[target->part]);
  append_detection (text, &target->detection, names);
}

/* "2 × (width of dog 94 %) − 0.5 × (dog 71 %)", with a decimal point whatever the locale. */
static void
append_sum (GString *text, const EspTarget *target, const char *const *names)
{
  for (guint i = 0; i < target->n_terms; i++)
    {
      const double weight = target->weights[i];
      char digits[G_ASCII_DTOSTR_BUF_SIZE];

      if (i > 0)
        g_string_append (text, weight < 0 ? " − " : " + ");
      else if (weight < 0)
        g_string_append (text, "−");
      if (fabs (weight) != 1)
        g_string_append_printf (text, "%s × ", g_ascii_formatd (digits, sizeof digits, "%.4g", fabs (weight)));
      g_string_append_c (text, '(');
      append_target (text, target->terms[i], names);
      g_string_append_c (text, ')');
    }
}

static void
append_form (GString *text, const EspTarget *target, const char *const *names)
{
  switch (target->kind)
    {
    case ESP_TARGET_DETECTION:
      append_detection (text, &target->detection, names);
      break;
    case ESP_TARGET_PART:
      append_part (text, target, names);
      break;
    case ESP_TARGET_MISSED:
      g_string_append (text, "missed ");
      append_class (text, target->detection.class_index, names);
      break;
    case ESP_TARGET_CELLS:
      append_cells (text, target);
      break;
    case ESP_TARGET_SUM:
      append_sum (text, target, names);
      break;
    case ESP_TARGET_CLASSES:
    default:
      append_classes (text, target, names);
      break;
    }
}

static void
append_target (GString *text, const EspTarget *target, const char *const *names)
{
  append_form (text, target, names);
  if (target->use == ESP_MASKS_SPATIAL_ONLY)
    g_string_append (text, ", spatial mask only");
  else if (target->use == ESP_MASKS_CHANNEL_ONLY)
    g_string_append (text, ", channel mask only");
}

/**
 * esp_target_describe:
 * @target: the target
 * @names: (nullable): NULL-terminated class names; without, classes are told by number
 *
 * Returns: (transfer full): in words: "dog 94 %"; "class dog, everywhere"; "y of dog 94 %"; "missed dog"; "head 121, channel 4, row 3,
 * column 5"; "2 × (dog 94 %) − (cat 60 %)". Thread: any.
 */
char *
esp_target_describe (const EspTarget *target, const char *const *names)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_target (text, target, names);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
