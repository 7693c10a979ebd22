/* outcome.c: what one network said of one image, matched once */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/evaluate.h"

#include <stdlib.h>

#include "detect/match.h"

typedef struct
{
  int width, height;
} Size;

/* In the pixels of the annotation, which its boxes and areas are in. */
static Size
size_of (const EspSample *sample, int width, int height)
{
  return sample->width > 0 && sample->height > 0 ? (Size){ sample->width, sample->height } : (Size){ width, height };
}

/* In float as far as darknet's boxes go, so that a list of detections written by esp_detections_write() says the same to the last bit. */
static EspPixels
to_pixels (EspBox box, Size size)
{
  return (EspPixels){
    .left = (double) (box.x - box.w / 2) * size.width,
    .top = (double) (box.y - box.h / 2) * size.height,
    .width = (double) box.w * size.width,
    .height = (double) box.h * size.height,
  };
}

static EspBox
to_fractions (EspPixels box, Size size)
{
  return (EspBox){
    .x = (float) ((box.left + box.width / 2) / size.width),
    .y = (float) ((box.top + box.height / 2) / size.height),
    .w = (float) (box.width / size.width),
    .h = (float) (box.height / size.height),
  };
}

/* The sample's truths in the network's classes, those that are (not) difficult; classes that the network lacks are left out. */
static GArray *
map_truths (const EspSample *sample, const EspClassMap *map, gboolean difficult)
{
  GArray *truths = g_array_new (FALSE, FALSE, sizeof (EspTruth));

  for (guint i = 0; map != NULL && i < sample->n_truths; i++)
    {
      EspTruth truth = sample->truths[i];

      if (!truth.difficult != !difficult || truth.class_index < 0 || (guint) truth.class_index >= map->n)
        continue;
      truth.class_index = map->to_network[truth.class_index];
      if (truth.class_index >= 0)
        g_array_append_val (truths, truth);
    }
  return truths;
}

static void
fill (EspOutcome *outcome, const GArray *matches, const GArray *truths)
{
  outcome->truth = g_new (int, outcome->n);
  outcome->best = g_new (int, outcome->n);
  outcome->repeats = g_new (guint8, outcome->n);
  outcome->overlap = g_new (float, outcome->n);
  for (guint i = 0; i < outcome->n; i++)
    {
      const EspMatch *match = &g_array_index (matches, EspMatch, i);

      outcome->truth[i] = match->truth;
      outcome->best[i] = match->best;
      outcome->repeats[i] = match->repeats ? 1 : 0;
      outcome->overlap[i] = match->overlap;
    }
  outcome->n_truths = truths->len;
  outcome->truth_class = g_new (int, truths->len);
  for (guint i = 0; i < truths->len; i++)
    outcome->truth_class[i] = g_array_index (truths, EspTruth, i).class_index;
}

static EspObject
make_object (const EspTruth *truth, int class_index, Size size)
{
  const gboolean exact = truth->pixels.width > 0 && truth->pixels.height > 0;
  const EspPixels box = exact ? truth->pixels : to_pixels (truth->box, size);

  return (EspObject){
    .box = box,
    .area = truth->has_area ? truth->area : box.width * box.height,
    .class_index = class_index,
    .difficult = truth->difficult,
    .crowd = truth->crowd,
  };
}

static void
fill_objects (EspOutcome *outcome, const EspSample *sample, const EspClassMap *map, Size size)
{
  if (map == NULL)
    return;
  outcome->objects = g_new (EspObject, sample->n_truths + 1);
  for (guint i = 0; i < sample->n_truths; i++)
    {
      const EspTruth *truth = &sample->truths[i];
      const int class_index = (guint) truth->class_index < map->n ? map->to_network[truth->class_index] : -1;

      if (class_index >= 0)
        outcome->objects[outcome->n_objects++] = make_object (truth, class_index, size);
    }
}

static void
fill_seen (EspOutcome *outcome, const GArray *detections, Size size)
{
  outcome->n_seen = detections->len;
  outcome->seen = g_new (EspSeen, detections->len + 1);
  for (guint i = 0; i < detections->len; i++)
    {
      const EspDetection *detection = &g_array_index (detections, EspDetection, i);

      outcome->seen[i] = (EspSeen){
        .box = to_pixels (detection->box, size),
        .score = (double) detection->score,
        .class_index = detection->class_index,
        .place = detection->place,
      };
    }
}

/* Takes @detections, which are suppressed. */
static void
match (EspOutcome *outcome, GArray *detections, const EspSample *sample, const EspClassMap *map, float iou)
{
  g_autoptr (GArray) truths = map_truths (sample, map, FALSE);
  g_autoptr (GArray) difficult = map_truths (sample, map, TRUE);
  g_autoptr (GArray) matches = NULL;

  matches = esp_match (detections, (const EspTruth *) (void *) truths->data, truths->len, (const EspTruth *) (void *) difficult->data,
                       difficult->len, iou);
  outcome->n = detections->len;
  outcome->detections = (EspDetection *) (void *) g_array_free (detections, FALSE);
  fill (outcome, matches, truths);
}

/**
 * esp_outcome_new:
 * @detections: (transfer full): of EspDetection, as esp_decode() has them
 * @sample: the image
 * @map: (nullable): data set classes to the network's; NULL for an unlabelled set
 * @options: the thresholds of suppression and matching
 * @width: of the upright image in pixels; not asked where @sample says it
 * @height: likewise
 *
 * Returns: (transfer full): the outcome. Thread: any.
 */
EspOutcome *
esp_outcome_new (
    GArray *detections, const EspSample *sample, const EspClassMap *map, const EspEvaluateOptions *options, int width, int height)
{
  EspOutcome *outcome = g_new0 (EspOutcome, 1);
  const Size size = size_of (sample, width, height);

  outcome->image_id = sample->id;
  esp_suppress_by (detections, options->nms);
  fill_seen (outcome, detections, size);
  fill_objects (outcome, sample, map, size);
  match (outcome, detections, sample, map, options->iou);
  return outcome;
}

static int
by_score (const void *a, const void *b)
{
  const EspSeen *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

/**
 * esp_outcome_new_seen:
 * @seen: (transfer full): of EspSeen, in the order of their file, which decides ties of score
 * @sample: the image
 * @map: (nullable): data set classes to those of @seen
 * @iou: of darknet's match, 0.5
 * @width: of the image in pixels; not asked where @sample says it
 * @height: likewise
 *
 * Nothing is suppressed. darknet's count at a fixed threshold asks for the order of its array; the file's order, in which
 * esp_detections_write() keeps it, stands for that.
 *
 * Returns: (transfer full): the outcome. Thread: any.
 */
EspOutcome *
esp_outcome_new_seen (GArray *seen, const EspSample *sample, const EspClassMap *map, float iou, int width, int height)
{
  EspOutcome *outcome = g_new0 (EspOutcome, 1);
  const Size size = size_of (sample, width, height);
  GArray *detections = g_array_sized_new (FALSE, TRUE, sizeof (EspDetection), seen->len);

  outcome->image_id = sample->id;
  outcome->n_seen = seen->len;
  for (guint i = 0; i < seen->len; i++)
    g_array_index (seen, EspSeen, i).place = i;
  if (seen->len > 0)
    qsort (seen->data, seen->len, sizeof (EspSeen), by_score);
  for (guint i = 0; i < seen->len; i++)
    {
      const EspSeen *one = &g_array_index (seen, EspSeen, i);
      const EspDetection detection = {
        .box = to_fractions (one->box, size),
        .class_index = one->class_index,
        .score = (float) one->score,
        .objectness = (float) one->score,
        .candidate = one->place,
        .place = one->place,
      };

      g_array_append_val (detections, detection);
    }
  outcome->seen = (EspSeen *) (void *) g_array_free (seen, FALSE);
  fill_objects (outcome, sample, map, size);
  match (outcome, detections, sample, map, iou);
  return outcome;
}

/** esp_outcome_free: frees @outcome (nullable). Thread: any. */
void
esp_outcome_free (EspOutcome *outcome)
{
  if (outcome == NULL)
    return;
  g_free (outcome->detections);
  g_free (outcome->truth);
  g_free (outcome->best);
  g_free (outcome->repeats);
  g_free (outcome->overlap);
  g_free (outcome->truth_class);
  g_free (outcome->seen);
  g_free (outcome->objects);
  g_free (outcome->failure);
  g_free (outcome);
}
