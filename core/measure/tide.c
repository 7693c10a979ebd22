/* tide.c: what each type of error costs
 *
 * Source: Bolya, Foley, Hays, Hoffman 2020, TIDE: A General Toolbox for Identifying Object Detection Errors; definitions as in tidecv 1.0:
 * pos 0.5, bg 0.1, at most 100 detections an image. It differs in one thing: equal scores stay in the order of images and detections,
 * repaired or not. */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/tide.h"

#include <stdlib.h>
#include <string.h>

#define POSITIVE   .5
#define BACKGROUND .1
#define MOST_SEEN  100 /* an image */
#define RIGHT      ESP_TIDE_N
#define SPARED     (ESP_TIDE_N + 1) /* in a region where nothing is asked for */
#define NOBODY     G_MAXUINT

/* A detection over all images, in their order. */
typedef struct
{
  double score;
  int class_index;
  guint type;      /* RIGHT: a true positive; SPARED; else its error */
  int fixed_class; /* of ESP_TIDE_CLS: the object's */
  gboolean saved;  /* repaired, it is a true positive; else it goes */
} Point;

typedef struct
{
  GArray *points; /* of Point */
  guint n_classes;
  guint *objects;   /* per class */
  guint *unmatched; /* per class: objects that no detection takes */
  guint *missed;    /* per class: of these, those that no other repair finds */
} Tally;

/* One image while it is sorted out. */
typedef struct
{
  const EspOutcome *outcome;
  guint n_seen, n_objects;
  guint *objects;   /* those that must be found, places in the outcome */
  double *overlaps; /* n_seen * n_objects */
  guint8 *used;     /* per object: some detection takes it */
  guint *saver;     /* per object: the detection whose repair would take it, NOBODY */
} Scene;

static const EspObject *
object_at (const Scene *scene, guint j)
{
  return &scene->outcome->objects[scene->objects[j]];
}

static double
overlap_at (const Scene *scene, guint i, guint j)
{
  return scene->overlaps[(gsize) i * scene->n_objects + j];
}

/* The object that detection @i overlaps most, of its class (@same TRUE) or another, taken (@used 1), free (0) or either (-1); NOBODY and
 * overlap 0 where none. */
static guint
find_best (const Scene *scene, guint i, gboolean same, int used, double *overlap)
{
  guint best = NOBODY;

  *overlap = 0;
  for (guint j = 0; j < scene->n_objects; j++)
    {
      if ((object_at (scene, j)->class_index == scene->outcome->seen[i].class_index) != same)
        continue;
      if ((used >= 0 && scene->used[j] != used) || overlap_at (scene, i, j) <= *overlap)
        continue;
      *overlap = overlap_at (scene, i, j);
      best = j;
    }
  return best;
}

/* Whether a difficult object or a crowd of its class holds enough of the detection. */
static gboolean
is_spared (const Scene *scene, guint i)
{
  const EspSeen *seen = &scene->outcome->seen[i];
  const double area = seen->box.width * seen->box.height;

  for (guint j = 0; j < scene->outcome->n_objects; j++)
    {
      const EspObject *object = &scene->outcome->objects[j];

      if ((object->difficult || object->crowd) && object->class_index == seen->class_index && area > 0
          && esp_pixels_shared (seen->box, object->box) / area > POSITIVE)
        return TRUE;
    }
  return FALSE;
}

/* Which detections are right: by score, each takes the best object of its class that is still free. */
static void
match (Scene *scene, Point *points)
{
  for (guint i = 0; i < scene->n_seen; i++)
    {
      const EspSeen *seen = &scene->outcome->seen[i];
      double overlap;
      const guint best = find_best (scene, i, TRUE, FALSE, &overlap);
      const gboolean right = best != NOBODY && overlap >= POSITIVE;
      const guint type = right ? RIGHT : is_spared (scene, i) ? SPARED : ESP_TIDE_BOTH;

      points[i] = (Point){ .score = seen->score, .class_index = seen->class_index, .type = type };
      if (right)
        scene->used[best] = TRUE;
    }
}

/* The error of detection @i, the first that fits in TIDE's order; @object: the one that its repair would take, NOBODY. */
static EspTideError
sort_out (const Scene *scene, guint i, guint *object)
{
  double same, other, taken;
  const guint of_same = find_best (scene, i, TRUE, -1, &same), of_other = find_best (scene, i, FALSE, -1, &other);

  find_best (scene, i, TRUE, TRUE, &taken);
  *object = NOBODY;
  if (scene->n_objects == 0)
    return ESP_TIDE_BKG;
  if (BACKGROUND <= same && same <= POSITIVE)
    {
      *object = of_same;
      return ESP_TIDE_LOC;
    }
  if (other >= POSITIVE)
    {
      *object = of_other;
      return ESP_TIDE_CLS;
    }
  if (taken >= POSITIVE)
    return ESP_TIDE_DUPE;
  return MAX (same, other) <= BACKGROUND ? ESP_TIDE_BKG : ESP_TIDE_BOTH;
}

/* Of several that would take one object when repaired, the best score does; detections come by score. */
static void
explain (Scene *scene, Point *points)
{
  for (guint i = 0; i < scene->n_seen; i++)
    {
      guint object;

      if (points[i].type >= RIGHT)
        continue;
      points[i].type = sort_out (scene, i, &object);
      if (object == NOBODY)
        continue;
      points[i].fixed_class = object_at (scene, object)->class_index;
      if (scene->used[object] || scene->saver[object] != NOBODY)
        continue;
      scene->saver[object] = i;
      points[i].saved = TRUE;
    }
}

static void
tally_image (Tally *tally, const Scene *scene, const Point *points)
{
  for (guint i = 0; i < scene->n_seen; i++)
    if ((guint) points[i].class_index < tally->n_classes && points[i].type != SPARED)
      g_array_append_val (tally->points, points[i]);
  for (guint j = 0; j < scene->n_objects; j++)
    {
      const int k = object_at (scene, j)->class_index;

      tally->objects[k]++;
      tally->unmatched[k] += !scene->used[j];
      tally->missed[k] += !scene->used[j] && scene->saver[j] == NOBODY;
    }
}

static void
add_image (Tally *tally, const EspOutcome *outcome)
{
  Scene scene = { .outcome = outcome, .n_seen = MIN (outcome->n_seen, MOST_SEEN) };
  g_autofree guint *objects = g_new (guint, outcome->n_objects + 1), *saver = g_new (guint, outcome->n_objects + 1);
  g_autofree guint8 *used = g_new0 (guint8, outcome->n_objects + 1);
  g_autofree double *overlaps = g_new (double, (gsize) scene.n_seen * outcome->n_objects + 1);
  g_autofree Point *points = g_new0 (Point, scene.n_seen + 1);

  scene.objects = objects;
  scene.saver = saver;
  scene.used = used;
  scene.overlaps = overlaps;
  for (guint j = 0; j < outcome->n_objects; j++)
    if (!outcome->objects[j].difficult && !outcome->objects[j].crowd && (guint) outcome->objects[j].class_index < tally->n_classes)
      objects[scene.n_objects++] = j;
  for (guint j = 0; j < scene.n_objects; j++)
    saver[j] = NOBODY;
  for (guint i = 0; i < scene.n_seen; i++)
    for (guint j = 0; j < scene.n_objects; j++)
      overlaps[(gsize) i * scene.n_objects + j] = esp_pixels_iou (outcome->seen[i].box, object_at (&scene, j)->box);
  match (&scene, points);
  explain (&scene, points);
  tally_image (tally, &scene, points);
}

/* What is repaired before AP is taken. */
typedef struct
{
  guint type;         /* an EspTideError; RIGHT: nothing */
  gboolean last;      /* false positives come last */
  gboolean all_found; /* unmatched objects do not count */
} Repair;

typedef struct
{
  double score;
  guint place;
  gboolean right;
} Entry;

static int
by_score (const void *a, const void *b)
{
  const Entry *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

/* The mean of the envelope at the first rank that reaches each of 101 levels. */
static double
area_of (GArray *entries, guint objects)
{
  g_autofree double *best = g_new0 (double, entries->len + 1);
  g_autofree guint *right = g_new0 (guint, entries->len + 1);
  double sum = 0;

  if (objects == 0 || entries->len == 0)
    return 0;
  qsort (entries->data, entries->len, sizeof (Entry), by_score);
  for (guint i = 0; i < entries->len; i++)
    {
      right[i] = (i > 0 ? right[i - 1] : 0) + (g_array_index (entries, Entry, i).right ? 1 : 0);
      best[i] = (double) right[i] / (i + 1);
    }
  for (guint i = entries->len - 1; i > 0; i--)
    best[i - 1] = MAX (best[i - 1], best[i]);
  for (guint p = 0, i = 0; p <= 100; p++)
    {
      while (i < entries->len && (double) right[i] / objects < p / 100.0)
        i++;
      sum += i < entries->len ? best[i] : 0;
    }
  return sum / 101;
}

static void
add_point (GArray **entries, const Point *point, guint place, Repair repair)
{
  const gboolean repaired = point->type == repair.type && point->type != RIGHT;
  Entry entry = { point->score, place, point->type == RIGHT || repaired };
  const int k = repaired && repair.type == ESP_TIDE_CLS ? point->fixed_class : point->class_index;

  if (repaired && !point->saved)
    return;
  if (repair.last)
    entry.score = entry.right ? 1 : 0;
  g_array_append_val (entries[k], entry);
}

static double
mean_ap (const Tally *tally, Repair repair)
{
  GArray **entries = g_new (GArray *, tally->n_classes);
  double sum = 0;
  guint n = 0;

  for (guint k = 0; k < tally->n_classes; k++)
    entries[k] = g_array_new (FALSE, FALSE, sizeof (Entry));
  for (guint i = 0; i < tally->points->len; i++)
    add_point (entries, &g_array_index (tally->points, Point, i), i, repair);
  for (guint k = 0; k < tally->n_classes; k++)
    {
      const guint gone = repair.all_found ? tally->unmatched[k] : repair.type == ESP_TIDE_MISS ? tally->missed[k] : 0;
      const guint objects = tally->objects[k] - gone;

      n += objects > 0 || entries[k]->len > 0;
      sum += area_of (entries[k], objects);
      g_array_unref (entries[k]);
    }
  g_free (entries);
  return n > 0 ? sum / n : 0;
}

static void
fill (EspTide *tide, const Tally *tally)
{
  tide->ap = mean_ap (tally, (Repair){ .type = RIGHT });
  for (guint type = 0; type < ESP_TIDE_N; type++)
    tide->gain[type] = MAX (mean_ap (tally, (Repair){ .type = type }) - tide->ap, 0);
  tide->false_pos = mean_ap (tally, (Repair){ .type = RIGHT, .last = TRUE }) - tide->ap;
  tide->false_neg = mean_ap (tally, (Repair){ .type = RIGHT, .all_found = TRUE }) - tide->ap;
  for (guint i = 0; i < tally->points->len; i++)
    if (g_array_index (tally->points, Point, i).type != RIGHT)
      tide->count[g_array_index (tally->points, Point, i).type]++;
  for (guint k = 0; k < tally->n_classes; k++)
    tide->count[ESP_TIDE_MISS] += tally->missed[k];
}

/**
 * esp_tide_measure:
 * @outcomes: @n, NULL entries are left out
 * @n: images
 * @n_classes: classes
 * @tide: (out): AP and what each repair adds to it
 *
 * Every detection that takes no object is one error, the first that fits: Loc (same class, 0.1 <= IoU <= 0.5), Cls (another class, IoU >=
 * 0.5), Dupe (same class, IoU >= 0.5, the object is taken), Bkg (IoU with all at most 0.1), else Both. Miss: an object that nobody takes
 * and that no repair of Loc or Cls would. Repairs: Loc and Cls become true positives of a free object (of several the best score), else go;
 * Dupe, Bkg and Both go; missed objects do not count. Difficult objects and crowds are regions in which an unmatched detection of their
 * class is no error. Thread: any.
 */
void
esp_tide_measure (EspOutcome *const *outcomes, guint n, guint n_classes, EspTide *tide)
{
  g_autoptr (GArray) points = g_array_new (FALSE, FALSE, sizeof (Point));
  g_autofree guint *objects = g_new0 (guint, n_classes + 1), *unmatched = g_new0 (guint, n_classes + 1);
  g_autofree guint *missed = g_new0 (guint, n_classes + 1);
  Tally tally = { points, n_classes, objects, unmatched, missed };

  memset (tide, 0, sizeof *tide);
  for (guint i = 0; i < n; i++)
    if (outcomes[i] != NULL)
      add_image (&tally, outcomes[i]);
  fill (tide, &tally);
}

/** esp_tide_key: Returns: (transfer none): the name in files: "cls". Thread: any. */
const char *
esp_tide_key (EspTideError type)
{
  static const char *const keys[ESP_TIDE_N] = { "cls", "loc", "both", "dupe", "bkg", "miss" };

  return keys[type];
}

/** esp_tide_title: Returns: (transfer none): the name for people. Thread: any. */
const char *
esp_tide_title (EspTideError type)
{
  static const char *const titles[ESP_TIDE_N]
      = { "wrong class", "badly placed", "wrong class and place", "found twice", "background", "missed" };

  return titles[type];
}
