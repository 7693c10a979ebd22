/* road-text.c: why a box is there, and why one is not, in words */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "base/class-name.h"
#include "measure/road-private.h"

/* (transfer full): with a decimal point whatever the locale: the sentences go into files. */
static char *
number_text (float value)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (digits, sizeof digits, value < 0.01f ? "%.4f" : "%.2f", (double) value));
}

/* "dog 0.81 (box 2)" */
static char *
row_text (const EspRoads *roads, guint row, const char *const *names)
{
  g_autofree char *name = esp_class_name_text (names, roads->rows[row].detection.class_index);
  g_autofree char *score = number_text (roads->rows[row].detection.score);

  if (row < roads->n_shown)
    return g_strdup_printf (_ ("%s %s (box %u)"), name, score, row + 1);
  return g_strdup_printf ("%s %s", name, score);
}

static char *
place_text (const EspRoad *road)
{
  const EspDetection *d = &road->detection;
  g_autofree char *objectness = number_text (d->objectness), *chance = number_text (road->chance);

  return g_strdup_printf (_ ("head %u, anchor %d, row %d, column %d, objectness %s × class %s"), d->head, d->anchor, d->row, d->column,
                          objectness, chance);
}

/** esp_lost_id: Returns: a word for files: "found", "suppressed", "shared", "class", "overlap", "threshold", "unseen". Thread: any. */
const char *
esp_lost_id (EspLost lost)
{
  static const char *const ids[] = { "found", "suppressed", "shared", "class", "overlap", "threshold", "unseen" };

  g_return_val_if_fail (lost < ESP_N_LOST, NULL);

  return ids[lost];
}

/* (transfer full): "0.53"; where suppression does not compare the IoU itself, "0.42 (IoU 0.53 less 0.11 for the distance of the
 * centres)". */
static char *
overlap_text (const EspRoads *roads, const EspRoad *road)
{
  g_autofree char *overlap = number_text (road->overlap), *iou = number_text (road->iou), *less = NULL;

  if (roads->nms.kind == ESP_NMS_DEFAULT)
    return g_steal_pointer (&overlap);
  less = number_text (road->iou - road->overlap);
  return g_strdup_printf (_ ("%s (IoU %s less %s for the distance of the centres)"), overlap, iou, less);
}

/* Takes @text; gives it with the box that @road went for, or that it stands beside. */
static char *
add_other (char *text, const EspRoads *roads, const EspRoad *road, const char *const *names)
{
  g_autofree char *before = text, *other = NULL, *overlap = overlap_text (roads, road), *threshold = NULL;

  if (road->suppressor < 0 && road->rival < 0)
    return g_steal_pointer (&before);
  other = row_text (roads, (guint) (road->suppressor >= 0 ? road->suppressor : road->rival), names);
  if (road->suppressor >= 0)
    return g_strdup_printf (_ ("%s; suppressed by %s, overlap %s"), before, other, overlap);
  threshold = number_text (roads->nms.threshold);
  return g_strdup_printf (_ ("%s; overlaps the better %s by %s, too little to go for it (%s)"), before, other, overlap, threshold);
}

/**
 * esp_road_describe:
 * @roads: of the image
 * @row: a row
 * @names: (nullable): class names
 *
 * Returns: (transfer full): "dog 0.81 (box 1): head 121, anchor 1, row 4, column 7, objectness 0.85 × class 0.95; 3 boxes had to go for it;
 * it overlaps dog 0.90 (box 2) by 0.31", without a full stop. Thread: any.
 */
char *
esp_road_describe (const EspRoads *roads, guint row, const char *const *names)
{
  const EspRoad *road = esp_roads_get (roads, row);
  g_autofree char *box = row_text (roads, row, names), *place = place_text (road);
  g_autofree char *text = g_strdup_printf ("%s: %s", box, place);

  if (road->n_suppressed > 0)
    {
      g_autofree char *before = g_steal_pointer (&text);

      text = g_strdup_printf (
          g_dngettext (GETTEXT_PACKAGE, "%s; %u box had to go for it", "%s; %u boxes had to go for it", road->n_suppressed), before,
          road->n_suppressed);
    }
  return add_other (g_steal_pointer (&text), roads, road, names);
}

/* The stage at which an object of class @name was lost, with the best candidate @row, "" where there is none. */
static char *
stage_text (const EspRoads *roads, const EspFate *fate, const char *name, const char *row)
{
  g_autofree char *threshold = number_text (roads->threshold), *least = number_text (ESP_ROAD_FLOOR);

  if (fate->row < 0)
    return g_strdup_printf (_ ("missed %s: no candidate of its own near it above %s"), name, least);
  switch (fate->lost)
    {
    case ESP_LOST_NOT:
      return g_strdup_printf (_ ("%s: found as %s"), name, row);
    case ESP_LOST_SUPPRESSED:
      return g_strdup_printf (_ ("missed %s: suppressed: its box %s"), name, row);
    case ESP_LOST_SHARED:
      return g_strdup_printf (_ ("missed %s: its box counts for another object: %s"), name, row);
    case ESP_LOST_CLASS:
      return g_strdup_printf (_ ("missed %s: called by another name: %s"), name, row);
    case ESP_LOST_OVERLAP:
      return g_strdup_printf (_ ("missed %s: too little overlap: %s"), name, row);
    case ESP_LOST_THRESHOLD:
      return g_strdup_printf (_ ("missed %s: below the threshold of %s: %s"), name, threshold, row);
    case ESP_LOST_UNSEEN:
    case ESP_N_LOST:
    default:
      return g_strdup_printf (_ ("missed %s: no candidate well on it; the nearest is %s"), name, row);
    }
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
  const EspRoad *road = fate->row >= 0 ? esp_roads_get (roads, (guint) fate->row) : NULL;
  g_autofree char *name = esp_class_name_text (names, fate->class_index);
  g_autofree char *row = road != NULL ? row_text (roads, (guint) fate->row, names) : g_strdup ("");
  g_autofree char *stage = stage_text (roads, fate, name, row), *overlap = number_text (fate->overlap), *place = NULL, *text = NULL;

  if (road == NULL)
    return g_steal_pointer (&stage);
  place = place_text (road);
  text = g_strdup_printf (_ ("%s, overlap %s with the object, %s"), stage, overlap, place);
  if (fate->lost == ESP_LOST_SUPPRESSED && road->suppressor >= 0)
    {
      g_autofree char *before = g_steal_pointer (&text), *by = row_text (roads, (guint) road->suppressor, names);
      g_autofree char *shared = overlap_text (roads, road);

      text = g_strdup_printf (_ ("%s, went for %s, overlap %s"), before, by, shared);
    }
  return g_steal_pointer (&text);
}
