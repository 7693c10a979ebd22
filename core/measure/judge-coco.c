/* judge-coco.c: the COCO API's matching, with what it does at the edges */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/judge.h"

#define ALL_THRESHOLDS ((1 << ESP_COCO_THRESHOLDS) - 1)

/* One class of one image. */
typedef struct
{
  const EspOutcome *outcome;
  const EspScope *scope;
  guint *rows; /* of seen: the best ones */
  guint n_rows;
  guint *objects; /* those that count first */
  guint n_objects;
  guint n_counted;
  double *overlaps; /* n_rows * n_objects */
  guint8 *taken;    /* n_objects */
  guint8 *judged;   /* per seen: its class is done */
} Match;

/* numpy's linspace (.5, .95, 10), to the bit. */
static double
threshold_at (guint i)
{
  const double step = (.95 - .5) / (ESP_COCO_THRESHOLDS - 1);

  return i + 1 == ESP_COCO_THRESHOLDS ? .95 : i * step + .5;
}

static gboolean
is_outside (const EspScope *scope, double area)
{
  return area < scope->least || area > scope->most;
}

/* Of a crowd, how much of the detection lies in it. */
static double
overlap_of (const EspSeen *seen, const EspObject *object)
{
  const double area = seen->box.width * seen->box.height;

  if (!object->crowd)
    return esp_pixels_iou (seen->box, object->box);
  return area > 0 ? esp_pixels_shared (seen->box, object->box) / area : 0;
}

static void
choose_objects (Match *match, int class_index, const guint8 *counts)
{
  const EspOutcome *outcome = match->outcome;

  match->n_objects = 0;
  for (guint i = 0; i < outcome->n_objects; i++)
    if (outcome->objects[i].class_index == class_index && counts[i])
      match->objects[match->n_objects++] = i;
  match->n_counted = match->n_objects;
  for (guint i = 0; i < outcome->n_objects; i++)
    if (outcome->objects[i].class_index == class_index && !counts[i])
      match->objects[match->n_objects++] = i;
}

/* What lies beyond the best ones is not looked at: as if it were not there. */
static void
choose_rows (Match *match, guint first, EspVerdict *verdicts)
{
  const EspOutcome *outcome = match->outcome;

  match->n_rows = 0;
  for (guint i = first; i < outcome->n_seen; i++)
    {
      if (outcome->seen[i].class_index != outcome->seen[first].class_index)
        continue;
      match->judged[i] = TRUE;
      if (match->scope->best == 0 || match->n_rows < match->scope->best)
        match->rows[match->n_rows++] = i;
      else
        verdicts[i].ignored = ALL_THRESHOLDS;
    }
}

static void
measure (Match *match)
{
  const EspOutcome *outcome = match->outcome;
  gsize at = 0;

  match->overlaps = g_renew (double, match->overlaps, (gsize) match->n_rows * match->n_objects + 1);
  for (guint i = 0; i < match->n_rows; i++)
    for (guint j = 0; j < match->n_objects; j++)
      match->overlaps[at++] = overlap_of (&outcome->seen[match->rows[i]], &outcome->objects[match->objects[j]]);
}

/* The object that a detection takes: the best that is still free (a crowd always is), the last of equals; an ignored one only where none
 * that counts is enough. */
static int
find (const Match *match, const double *overlaps, double enough)
{
  double most = MIN (enough, 1 - 1e-10);
  int found = -1;

  for (guint j = 0; j < match->n_objects; j++)
    {
      if (match->taken[j] && !match->outcome->objects[match->objects[j]].crowd)
        continue;
      if (found >= 0 && (guint) found < match->n_counted && j >= match->n_counted)
        break;
      if (overlaps[j] < most)
        continue;
      most = overlaps[j];
      found = (int) j;
    }
  return found;
}

static void
judge_threshold (Match *match, guint t, EspVerdict *verdicts)
{
  const guint16 bit = (guint16) (1 << t);

  for (guint j = 0; j < match->n_objects; j++)
    match->taken[j] = FALSE;
  for (guint i = 0; i < match->n_rows; i++)
    {
      const EspPixels box = match->outcome->seen[match->rows[i]].box;
      const double *overlaps = match->overlaps + (gsize) i * match->n_objects;
      EspVerdict *verdict = &verdicts[match->rows[i]];
      const int found = find (match, overlaps, threshold_at (t));

      if (found >= 0)
        match->taken[found] = TRUE;
      if (found >= 0 && (guint) found < match->n_counted)
        verdict->hit |= bit;
      else if (found >= 0 || is_outside (match->scope, box.width * box.height))
        verdict->ignored |= bit;
      if (t == 0 && found >= 0)
        verdict->overlap = overlaps[found];
    }
}

/**
 * esp_judge_coco:
 * @outcome: one image
 * @scope: the range of area and how many detections of each class are looked at
 * @verdicts: (out): zeroed before
 * @counts: (out): zeroed before
 *
 * COCOeval's evaluateImg: crowds, difficult objects and objects whose annotated area is outside the range are ignored; detections by score
 * take the best object still free at IoU >= the threshold, one that counts before any ignored one; a crowd may be taken often and is
 * measured by the detection's own area; a detection that takes an ignored object, or none while its own area is outside the range, is
 * ignored. The COCO API takes an object of annotation id 0 for not found; objects go by place here and have no such defect. VOC's
 * difficult, which COCO does not know, is ignored but is no crowd. Thread: any.
 */
void
esp_judge_coco (const EspOutcome *outcome, const EspScope *scope, EspVerdict *verdicts, guint8 *counts)
{
  g_autofree guint *rows = g_new (guint, outcome->n_seen + 1), *objects = g_new (guint, outcome->n_objects + 1);
  g_autofree guint8 *taken = g_new (guint8, outcome->n_objects + 1), *judged = g_new0 (guint8, outcome->n_seen + 1);
  Match match = { .outcome = outcome, .scope = scope, .rows = rows, .objects = objects, .taken = taken, .judged = judged };

  for (guint i = 0; i < outcome->n_objects; i++)
    counts[i] = !outcome->objects[i].difficult && !outcome->objects[i].crowd && !is_outside (scope, outcome->objects[i].area);
  for (guint i = 0; i < outcome->n_seen; i++)
    {
      if (judged[i])
        continue;
      choose_rows (&match, i, verdicts);
      choose_objects (&match, outcome->seen[i].class_index, counts);
      measure (&match);
      for (guint t = 0; t < ESP_COCO_THRESHOLDS; t++)
        judge_threshold (&match, t, verdicts);
    }
  g_free (match.overlaps);
}
