/* target-text.c: what is being explained, in words */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "base/class-name.h"

#define MOST_NAMED 5 /* classes; of more four are named */

/* "dog, cat, horse, sheep and 3 more" */
static char *
list_classes (const EspTarget *target, const char *const *names)
{
  const guint shown = target->n > MOST_NAMED ? MOST_NAMED - 1 : target->n;
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < shown; i++)
    {
      g_autofree char *one = esp_class_name_text (names, target->items[i]);

      g_string_append_printf (list, i > 0 ? ", %s" : "%s", one);
    }
  if (shown < target->n)
    return g_strdup_printf (_ ("%s and %u more"), list->str, target->n - shown);
  return g_strdup (list->str);
}

static char *
classes_text (const EspTarget *target, const char *const *names)
{
  g_autofree char *list = list_classes (target, names);

  if (target->n == 1 && names == NULL) /* "class 3" already */
    return g_strdup_printf (_ ("%s, everywhere"), list);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "class %s, everywhere", "classes %s, everywhere", target->n), list);
}

static char *
cells_text (const EspTarget *target)
{
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *channels = NULL;

  for (guint i = 0; i < target->n; i++)
    g_string_append_printf (list, i == 0 ? "%d" : ", %d", target->items[i]);
  channels
      = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "head %u, channel %s", "head %u, channels %s", target->n), target->head, list->str);
  if (target->row >= 0 && target->column >= 0)
    return g_strdup_printf (_ ("%s, row %d, column %d"), channels, target->row, target->column);
  if (target->row >= 0)
    return g_strdup_printf (_ ("%s, row %d"), channels, target->row);
  if (target->column >= 0)
    return g_strdup_printf (_ ("%s, column %d"), channels, target->column);
  return g_strdup_printf (_ ("%s, everywhere"), channels);
}

/* "dog 94 %" */
static char *
detection_text (const EspDetection *detection, const char *const *names)
{
  g_autofree char *name = esp_class_name_text (names, detection->class_index);

  return g_strdup_printf (_ ("%s %d %%"), name, (int) lrint (100 * (double) detection->score));
}

static char *
part_text (const EspTarget *target, const char *const *names)
{
  g_autofree char *of = detection_text (&target->detection, names);

  switch (target->part)
    {
    case ESP_PART_X:
      return g_strdup_printf (_ ("x of %s"), of);
    case ESP_PART_Y:
      return g_strdup_printf (_ ("y of %s"), of);
    case ESP_PART_W:
      return g_strdup_printf (_ ("width of %s"), of);
    case ESP_PART_H:
      return g_strdup_printf (_ ("height of %s"), of);
    case ESP_PART_OBJECTNESS:
      return g_strdup_printf (_ ("objectness of %s"), of);
    case ESP_PART_CLASS:
    default:
      return g_strdup_printf (_ ("class logit of %s"), of);
    }
}

static char *
missed_text (const EspTarget *target, const char *const *names)
{
  g_autofree char *name = esp_class_name_text (names, target->detection.class_index);

  return g_strdup_printf (_ ("missed %s"), name);
}

/* "2 × (width of dog 94 %) − 0.5 × (dog 71 %)", with a decimal point whatever the locale. */
static char *
sum_text (const EspTarget *target, const char *const *names)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < target->n_terms; i++)
    {
      const double weight = target->weights[i];
      g_autofree char *term = esp_target_describe (target->terms[i], names);
      char digits[G_ASCII_DTOSTR_BUF_SIZE];

      if (i > 0)
        g_string_append (text, weight < 0 ? " − " : " + ");
      else if (weight < 0)
        g_string_append (text, "−");
      if (fabs (weight) != 1)
        g_string_append_printf (text, "%s × ", g_ascii_formatd (digits, sizeof digits, "%.4g", fabs (weight)));
      g_string_append_printf (text, "(%s)", term);
    }
  return g_strdup (text->str);
}

static char *
form_text (const EspTarget *target, const char *const *names)
{
  switch (target->kind)
    {
    case ESP_TARGET_DETECTION:
      return detection_text (&target->detection, names);
    case ESP_TARGET_PART:
      return part_text (target, names);
    case ESP_TARGET_MISSED:
      return missed_text (target, names);
    case ESP_TARGET_CELLS:
      return cells_text (target);
    case ESP_TARGET_SUM:
      return sum_text (target, names);
    case ESP_TARGET_CLASSES:
    default:
      return classes_text (target, names);
    }
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
  g_autofree char *form = form_text (target, names);

  if (target->use == ESP_MASKS_SPATIAL_ONLY)
    return g_strdup_printf (_ ("%s, spatial mask only"), form);
  if (target->use == ESP_MASKS_CHANNEL_ONLY)
    return g_strdup_printf (_ ("%s, channel mask only"), form);
  return g_steal_pointer (&form);
}
