/* ranks.c: the detections of each class in order of score, ready to be scored again and again under image weights */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/ranks.h"

#include <stdlib.h>

typedef struct
{
  float score;
  guint image;
  guint row; /* in the image's outcome */
  gboolean hit;
} Entry;

/* A rank: the image, and in the lowest bit whether it is a true positive: small, for the bootstrap streams them again and again. */
typedef guint32 Rank;

typedef struct
{
  Rank *ranks; /* to the last true positive: nothing below adds area */
  guint n;
  guint n_hits;
  guint *objects; /* image of each object */
  guint n_objects;
} ClassRanks;

struct _EspRanks
{
  guint n_classes;
  ClassRanks *classes;
  double *recall, *precision; /* scratch, of the class with most hits; Thread: the ranking's user */
};

static int
by_score (const void *a, const void *b)
{
  const Entry *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  if (x->image != y->image)
    return x->image < y->image ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static void
collect (const EspOutcome *outcome, guint image, guint n_classes, GArray **entries, GArray **objects)
{
  for (guint i = 0; i < outcome->n; i++)
    {
      const Entry entry = { outcome->detections[i].score, image, i, outcome->truth[i] >= 0 };
      const guint k = (guint) outcome->detections[i].class_index;

      if (k < n_classes)
        g_array_append_val (entries[k], entry);
    }
  for (guint i = 0; i < outcome->n_truths; i++)
    if ((guint) outcome->truth_class[i] < n_classes)
      g_array_append_val (objects[outcome->truth_class[i]], image);
}

static void
rank_class (ClassRanks *ranks, GArray *entries, GArray *objects)
{
  if (entries->len > 0)
    qsort (entries->data, entries->len, sizeof (Entry), by_score);
  ranks->ranks = g_new (Rank, entries->len);
  for (guint i = 0; i < entries->len; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);

      ranks->ranks[i] = entry->image << 1 | (entry->hit ? 1 : 0);
      ranks->n_hits += entry->hit ? 1 : 0;
      if (entry->hit)
        ranks->n = i + 1;
    }
  ranks->n_objects = objects->len;
  ranks->objects = g_memdup2 (objects->data, objects->len * sizeof (guint));
}

static GArray **
new_lists (guint n, gsize size)
{
  GArray **lists = g_new (GArray *, n);

  for (guint k = 0; k < n; k++)
    lists[k] = g_array_new (FALSE, FALSE, (guint) size);
  return lists;
}

static void
free_lists (GArray **lists, guint n)
{
  for (guint k = 0; k < n; k++)
    g_array_unref (lists[k]);
  g_free (lists);
}

/**
 * esp_ranks_new:
 * @outcomes: @n, NULL entries are left out
 * @also: (nullable): @n, images that are NULL here are left out too (so that a pair is judged on the same images)
 * @n: images
 * @n_classes: of the network
 *
 * Detections of all images together by score, descending; ties by image, then by order in the image. Cost: one sort a class. Thread: any.
 *
 * Returns: (transfer full): owned by one thread
 */
EspRanks *
esp_ranks_new (EspOutcome *const *outcomes, EspOutcome *const *also, guint n, guint n_classes)
{
  EspRanks *ranking = g_new0 (EspRanks, 1);
  GArray **entries = new_lists (n_classes, sizeof (Entry));
  GArray **objects = new_lists (n_classes, sizeof (guint));
  guint most = 0;

  for (guint i = 0; i < n; i++)
    if (outcomes[i] != NULL && (also == NULL || also[i] != NULL))
      collect (outcomes[i], i, n_classes, entries, objects);
  ranking->n_classes = n_classes;
  ranking->classes = g_new0 (ClassRanks, n_classes);
  for (guint k = 0; k < n_classes; k++)
    {
      rank_class (&ranking->classes[k], entries[k], objects[k]);
      most = MAX (most, ranking->classes[k].n_hits);
    }
  ranking->recall = g_new (double, most + 1);
  ranking->precision = g_new (double, most + 1);
  free_lists (entries, n_classes);
  free_lists (objects, n_classes);
  return ranking;
}

/** esp_ranks_free: frees @ranking (nullable). Thread: its owner. */
void
esp_ranks_free (EspRanks *ranking)
{
  if (ranking == NULL)
    return;
  for (guint k = 0; k < ranking->n_classes; k++)
    {
      g_free (ranking->classes[k].ranks);
      g_free (ranking->classes[k].objects);
    }
  g_free (ranking->classes);
  g_free (ranking->recall);
  g_free (ranking->precision);
  g_free (ranking);
}

/** esp_ranks_get_objects: Returns: how many objects of the class the images hold. Thread: any. */
guint
esp_ranks_get_objects (const EspRanks *ranking, guint class_index)
{
  g_return_val_if_fail (class_index < ranking->n_classes, 0);
  return ranking->classes[class_index].n_objects;
}

/** esp_ranks_get_present: Returns: how many classes have objects. Thread: any. */
guint
esp_ranks_get_present (const EspRanks *ranking)
{
  guint present = 0;

  for (guint k = 0; k < ranking->n_classes; k++)
    present += ranking->classes[k].n_objects > 0 ? 1 : 0;
  return present;
}

static double
weigh_objects (const ClassRanks *ranks, const double *weights)
{
  double sum = 0;

  if (weights == NULL)
    return ranks->n_objects;
  for (guint i = 0; i < ranks->n_objects; i++)
    sum += weights[ranks->objects[i]];
  return sum;
}

static double
class_ap (const ClassRanks *ranks, const EspProtocol *protocol, const double *weights, double *recall, double *precision)
{
  const double objects = weigh_objects (ranks, weights);
  double seen = 0, hits = 0;
  guint n = 0;

  if (!(objects > 0))
    return 0;
  for (guint i = 0; i < ranks->n; i++)
    {
      const double weight = weights != NULL ? weights[ranks->ranks[i] >> 1] : 1;

      seen += weight;
      if ((ranks->ranks[i] & 1) == 0)
        continue;
      hits += weight;
      recall[n] = hits / objects;
      precision[n++] = hits / seen;
    }
  return protocol->area (recall, precision, n);
}

/**
 * esp_ranks_sum_ap:
 * @ranking: the ranking; its scratch is used
 * @protocol: how precision and recall become area
 * @weights: (nullable): of each image, as many as the ranking was given; a true positive, false positive or object counts that much
 * @per_class: (out caller-allocates) (optional): AP of each class, 0 for one without objects
 *
 * Returns: the sum over all classes. Cost: one scan of the ranks. Thread: the ranking's owner.
 */
double
esp_ranks_sum_ap (const EspRanks *ranking, const EspProtocol *protocol, const double *weights, double *per_class)
{
  double sum = 0;

  for (guint k = 0; k < ranking->n_classes; k++)
    {
      const double ap = class_ap (&ranking->classes[k], protocol, weights, ranking->recall, ranking->precision);

      if (per_class != NULL)
        per_class[k] = ap;
      sum += ap;
    }
  return sum;
}
