/* road.c: why a box is there, and why one is not: from the cell to what suppression left */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/road-private.h"

#include <string.h>

/* Whether suppression asks @a before @b, both of one class. */
static gboolean
goes_first (const EspDetection *a, const EspDetection *b)
{
  return a->score > b->score || (a->score == b->score && a->candidate < b->candidate);
}

/* The first better row that stands and covers this one: in greedy suppression exactly the one that it went for. */
static void
find_suppressor (EspRoads *roads, EspRoad *road)
{
  for (guint i = 0; i < roads->n_standing; i++)
    {
      const EspDetection *other = &roads->rows[i].detection;

      if (other->class_index != road->detection.class_index || !esp_nms_covers (roads->nms, other->box, road->detection.box))
        continue;
      road->suppressor = (int) i;
      road->overlap = esp_nms_overlap (roads->nms, other->box, road->detection.box);
      road->iou = esp_box_iou (other->box, road->detection.box);
      if (road->detection.score > roads->threshold)
        roads->rows[i].n_suppressed++;
      return;
    }
}

static void
find_rival (EspRoads *roads, EspRoad *road)
{
  for (guint i = 0; i < roads->n_standing; i++)
    {
      const EspDetection *other = &roads->rows[i].detection;
      float overlap;

      if (other->class_index != road->detection.class_index || !goes_first (other, &road->detection))
        continue;
      overlap = esp_nms_overlap (roads->nms, other->box, road->detection.box);
      if (!(overlap > road->overlap))
        continue;
      road->overlap = overlap;
      road->iou = esp_box_iou (other->box, road->detection.box);
      road->rival = (int) i;
    }
}

static int
by_score (const void *a, const void *b)
{
  const EspRoad *x = a, *y = b;

  if (x->detection.score != y->detection.score)
    return x->detection.score > y->detection.score ? -1 : 1;
  if (x->detection.candidate != y->detection.candidate)
    return x->detection.candidate < y->detection.candidate ? -1 : 1;
  return (x->detection.class_index > y->detection.class_index) - (x->detection.class_index < y->detection.class_index);
}

static EspRoad
road_of (const EspDetection *detection)
{
  return (EspRoad){ .detection = *detection,
                    .chance = detection->objectness > 0 ? detection->score / detection->objectness : 0,
                    .suppressor = -1,
                    .rival = -1 };
}

/* All rows that suppression took, behind those that stand. */
static void
add_fallen (EspRoads *roads, const GArray *all)
{
  g_autoptr (GHashTable) standing = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autofree gint64 *keys = g_new (gint64, roads->n + 1);

  for (guint i = 0; i < roads->n_standing; i++)
    {
      keys[i] = ((gint64) roads->rows[i].detection.candidate << 32) | (gint64) roads->rows[i].detection.class_index;
      g_hash_table_add (standing, &keys[i]);
    }
  for (guint i = 0; i < all->len; i++)
    {
      const EspDetection *one = &g_array_index (all, EspDetection, i);
      const gint64 key = ((gint64) one->candidate << 32) | (gint64) one->class_index;

      if (!g_hash_table_contains (standing, &key))
        roads->rows[roads->n++] = road_of (one);
    }
  if (roads->n > roads->n_standing)
    qsort (roads->rows + roads->n_standing, roads->n - roads->n_standing, sizeof *roads->rows, by_score);
}

/**
 * esp_roads_new:
 * @detections: (transfer full): of EspDetection, one image's, as esp_decode() gives them above ESP_ROAD_FLOOR, not suppressed
 * @threshold: boxes shown have scores above it
 * @nms: how they are suppressed
 *
 * Suppression is esp_suppress_by() itself; who went for whom is found afterwards. As better boxes come first, those below @threshold change
 * nothing above it. Cost: O(k²) in the rows of a class. Thread: any. Returns: (transfer full): every row and what became of it.
 */
EspRoads *
esp_roads_new (GArray *detections, float threshold, EspNms nms)
{
  EspRoads *roads = g_new0 (EspRoads, 1);
  g_autoptr (GArray) all = detections;
  g_autoptr (GArray) left = g_array_sized_new (FALSE, FALSE, sizeof (EspDetection), detections->len);

  roads->threshold = threshold;
  roads->nms = nms;
  roads->rows = g_new (EspRoad, all->len + 1);
  g_array_append_vals (left, all->data, all->len);
  esp_suppress_by (left, nms);
  for (guint i = 0; i < left->len; i++)
    roads->rows[i] = road_of (&g_array_index (left, EspDetection, i));
  roads->n = roads->n_standing = left->len;
  while (roads->n_shown < roads->n_standing && roads->rows[roads->n_shown].detection.score > threshold)
    roads->n_shown++;
  add_fallen (roads, all);
  for (guint i = 0; i < roads->n_standing; i++)
    find_rival (roads, &roads->rows[i]);
  for (guint i = roads->n_standing; i < roads->n; i++)
    find_suppressor (roads, &roads->rows[i]);
  return roads;
}

/** esp_roads_free: frees @roads (nullable). Thread: any. */
void
esp_roads_free (EspRoads *roads)
{
  if (roads == NULL)
    return;
  g_free (roads->rows);
  g_free (roads);
}

/** esp_roads_get_n: Returns: how many rows there are, fallen ones too. */
guint
esp_roads_get_n (const EspRoads *roads)
{
  return roads->n;
}

/** esp_roads_get_shown: Returns: how many rows stand and are above the threshold: the first ones, by score. */
guint
esp_roads_get_shown (const EspRoads *roads)
{
  return roads->n_shown;
}

/** esp_roads_get: Returns: (transfer none): a row, below esp_roads_get_n(). */
const EspRoad *
esp_roads_get (const EspRoads *roads, guint row)
{
  g_return_val_if_fail (row < roads->n, NULL);

  return &roads->rows[row];
}

/* The rows that a stage asks about. */
typedef struct
{
  gboolean shown;    /* stands and is above the threshold; else what is said below */
  gboolean fallen;   /* above the threshold and suppressed */
  gboolean own_name; /* of the object's class; else of any other */
  gboolean free;     /* of those that are shown: no other object has it */
  gboolean on_it;    /* overlap above that of a match; else only above @least */
} Ask;

static const struct
{
  EspLost lost;
  Ask ask;
} stages[] = {
  { ESP_LOST_SUPPRESSED, { .fallen = TRUE, .own_name = TRUE, .on_it = TRUE } },
  { ESP_LOST_SHARED, { .shown = TRUE, .own_name = TRUE, .on_it = TRUE } },
  { ESP_LOST_CLASS, { .shown = TRUE, .free = TRUE, .on_it = TRUE } },
  { ESP_LOST_OVERLAP, { .shown = TRUE, .own_name = TRUE, .free = TRUE } },
  { ESP_LOST_THRESHOLD, { .own_name = TRUE, .on_it = TRUE } },
  { ESP_LOST_UNSEEN, { .own_name = TRUE } },
};

#define LEAST_OVERLAP .1f /* below it a box stands somewhere else, not beside (TIDE's background threshold) */

static gboolean
answers (const EspRoads *roads, guint row, const int *taken, Ask ask, EspFate *fate, float iou)
{
  const EspRoad *road = &roads->rows[row];
  const gboolean shown = row<roads->n_shown, above = road->detection.score> roads->threshold;
  const float overlap = esp_box_iou (road->detection.box, fate->box);

  if ((road->detection.class_index == fate->class_index) != ask.own_name || ask.shown != shown || ask.fallen != (above && !shown))
    return FALSE;
  if (ask.free && taken[row] >= 0)
    return FALSE;
  if (ask.on_it ? !(overlap > iou) : !(overlap > LEAST_OVERLAP))
    return FALSE;
  return TRUE;
}

/* The best answer of a stage: the one of the highest score where it lies well on the object, else the one that lies best. */
static gboolean
reach (const EspRoads *roads, const int *taken, Ask ask, float iou, EspFate *fate)
{
  fate->row = -1;
  fate->overlap = 0;
  for (guint i = 0; i < roads->n; i++)
    {
      const float overlap = esp_box_iou (roads->rows[i].detection.box, fate->box);

      if (!answers (roads, i, taken, ask, fate, iou))
        continue;
      if (fate->row >= 0
          && (ask.on_it ? !(roads->rows[i].detection.score > roads->rows[fate->row].detection.score) : !(overlap > fate->overlap)))
        continue;
      fate->row = (int) i;
      fate->overlap = overlap;
    }
  return fate->row >= 0;
}

static void
judge_one (const EspRoads *roads, const int *taken, float iou, EspFate *fate)
{
  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    if (reach (roads, taken, stages[i].ask, iou, fate))
      {
        fate->lost = stages[i].lost;
        return;
      }
  fate->lost = ESP_LOST_UNSEEN;
}

/**
 * esp_roads_judge:
 * @roads: of the image
 * @truths: all its objects that count, classes the network's; one drawn by hand is one of these too
 * @n: how many
 * @iou: a match is strictly above
 * @fates: (out caller-allocates): @n
 *
 * An object is found where esp_match() gives it a box that is shown. Else the stages are asked from the last one back: a box of its class
 * well on it and above the threshold that was suppressed; one that stands but counts for another object; one that nobody has, of another
 * class; one of its class that nobody has and overlaps it by more than 0.1; one below the threshold; none. Thread: any.
 */
void
esp_roads_judge (const EspRoads *roads, const EspTruth *truths, guint n, float iou, EspFate *fates)
{
  g_autoptr (GArray) shown = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  g_autoptr (GArray) matches = NULL;
  g_autofree int *taken = g_new (int, roads->n_shown + 1), *found = g_new (int, n + 1);

  for (guint i = 0; i < roads->n_shown; i++)
    g_array_append_val (shown, roads->rows[i].detection);
  matches = esp_match (shown, truths, n, NULL, 0, iou);
  for (guint i = 0; i < n; i++)
    found[i] = -1;
  for (guint i = 0; i < roads->n_shown; i++)
    {
      taken[i] = g_array_index (matches, EspMatch, i).truth;
      if (taken[i] >= 0)
        found[taken[i]] = (int) i;
    }
  for (guint i = 0; i < n; i++)
    {
      fates[i] = (EspFate){ .box = truths[i].box, .class_index = truths[i].class_index, .lost = ESP_LOST_NOT, .row = found[i] };
      if (found[i] >= 0)
        fates[i].overlap = esp_box_iou (roads->rows[found[i]].detection.box, truths[i].box);
      else
        judge_one (roads, taken, iou, &fates[i]);
    }
}
