/* road-text.c: why a box is there, and why one is not, in words */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/road-private.h"

/* With a decimal point whatever the locale: the sentences go into files. */
static void
append_number (GString *text, float value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (text, g_ascii_formatd (digits, sizeof digits, value < 0.01f ? "%.4f" : "%.2f", (double) value));
}

static void
append_class (GString *text, int index, const char *const *names)
{
  const guint n = names != NULL ? g_strv_length ((char **) names) : 0;

  if (index >= 0 && (guint) index < n)
    g_string_append (text, names[index]);
  else
    g_string_append_printf (text, "class %d", index);
}

/* "dog 0.81 (box 2)" */
static void
append_row (GString *text, const EspRoads *roads, guint row, const char *const *names)
{
  append_class (text, roads->rows[row].detection.class_index, names);
  g_string_append_c (text, ' ');
  append_number (text, roads->rows[row].detection.score);
  if (row < roads->n_shown)
    g_string_append_printf (text, " (box %u)", row + 1);
}

static void
append_place (GString *text, const EspRoad *road)
{
  const EspDetection *d = &road->detection;

  g_string_append_printf (text, "head %u, anchor %d, row %d, column %d, objectness ", d->head, d->anchor, d->row, d->column);
  append_number (text, d->objectness);
  g_string_append (text, " × class ");
  append_number (text, road->chance);
}

/** esp_lost_id: Returns: a word for files: "found", "suppressed", "shared", "class", "overlap", "threshold", "unseen". Thread: any. */
const char *
esp_lost_id (EspLost lost)
{
  static const char *const ids[] = { "found", "suppressed", "shared", "class", "overlap", "threshold", "unseen" };

  g_return_val_if_fail (lost < ESP_N_LOST, NULL);

  return ids[lost];
}

/**
 * esp_road_describe:
 * @roads: of the image
 * @row: a row
 * @names: (nullable): class names
 *
 * Returns: (transfer full): "dog 0.81 (box 1): head 121, anchor 1, row 4, column 7, objectness 0.85 × class 0.95; 3 boxes had to go for it; it
 * overlaps dog 0.90 (box 2) by 0.31", without a full stop. Thread: any.
 */
char *
esp_road_describe (const EspRoads *roads, guint row, const char *const *names)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const EspRoad *road = esp_roads_get (roads, row);

  append_row (text, roads, row, names);
  g_string_append (text, ": ");
  append_place (text, road);
  if (road->n_suppressed > 0)
    g_string_append_printf (text, "; %u %s had to go for it", road->n_suppressed, road->n_suppressed == 1 ? "box" : "boxes");
  if (road->suppressor >= 0 || road->rival >= 0)
    {
      g_string_append (text, road->suppressor >= 0 ? "; suppressed by " : "; overlaps the better ");
      append_row (text, roads, (guint) (road->suppressor >= 0 ? road->suppressor : road->rival), names);
      g_string_append (text, road->suppressor >= 0 ? ", overlap " : " by ");
      append_number (text, road->overlap);
    }
  if (road->suppressor < 0 && road->rival >= 0)
    {
      g_string_append (text, ", too little to go for it (");
      append_number (text, roads->nms.threshold);
      g_string_append_c (text, ')');
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
append_stage (GString *text, const EspRoads *roads, const EspFate *fate, const char *const *names)
{
  switch (fate->lost)
    {
    case ESP_LOST_NOT:
      g_string_append (text, "found as ");
      break;
    case ESP_LOST_SUPPRESSED:
      g_string_append (text, "suppressed: its box ");
      break;
    case ESP_LOST_SHARED:
      g_string_append (text, "its box counts for another object: ");
      break;
    case ESP_LOST_CLASS:
      g_string_append (text, "called by another name: ");
      break;
    case ESP_LOST_OVERLAP:
      g_string_append (text, "too little overlap: ");
      break;
    case ESP_LOST_THRESHOLD:
      g_string_append (text, "below the threshold of ");
      append_number (text, roads->threshold);
      g_string_append (text, ": ");
      break;
    case ESP_LOST_UNSEEN:
    case ESP_N_LOST:
    default:
      g_string_append (text, fate->row >= 0 ? "no candidate well on it; the nearest is " : "no candidate of its own near it above ");
      break;
    }
  if (fate->row >= 0)
    append_row (text, roads, (guint) fate->row, names);
  else
    append_number (text, ESP_ROAD_FLOOR);
}

/**
 * esp_fate_describe:
 * @roads: of the image
 * @fate: of an object
 * @names: (nullable): class names
 *
 * Returns: (transfer full): "missed dog: suppressed: its box dog 0.62, overlap 0.77 with the object, head 121, anchor 1, row 4, column 7,
 * objectness 0.70 × class 0.89, went for dog 0.81 (box 1), overlap 0.58", without a full stop. Thread: any.
 */
char *
esp_fate_describe (const EspRoads *roads, const EspFate *fate, const char *const *names)
{
  g_autoptr (GString) text = g_string_new (fate->lost == ESP_LOST_NOT ? NULL : "missed ");
  const EspRoad *road = fate->row >= 0 ? esp_roads_get (roads, (guint) fate->row) : NULL;

  append_class (text, fate->class_index, names);
  g_string_append (text, ": ");
  append_stage (text, roads, fate, names);
  if (road == NULL)
    return g_string_free (g_steal_pointer (&text), FALSE);
  g_string_append (text, ", overlap ");
  append_number (text, fate->overlap);
  g_string_append (text, " with the object, ");
  append_place (text, road);
  if (fate->lost == ESP_LOST_SUPPRESSED && road->suppressor >= 0)
    {
      g_string_append (text, ", went for ");
      append_row (text, roads, (guint) road->suppressor, names);
      g_string_append (text, ", overlap ");
      append_number (text, road->overlap);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
