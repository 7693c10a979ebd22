/* ranks.c: the detections of each class in order of score, ready to be scored again and again under image weights */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/ranks.h"

#include <math.h>
#include <stdlib.h>

typedef struct
{
  double score;
  gint64 order; /* of the images, among equal scores */
  guint image;
  guint row; /* in the image's outcome */
  EspVerdict verdict;
} Entry;

/* A rank: the image, and in the lowest bit whether it is a true positive: small, for the bootstrap streams them again and again. */
typedef guint32 Rank;

/* One threshold of one class. */
typedef struct
{
  Rank *ranks; /* to the last true positive: nothing below adds area */
  guint n;
  guint n_hits;
} RankList;

typedef struct
{
  RankList *lists; /* one a threshold */
  guint *objects;  /* image of each object */
  guint n_objects;
} ClassRanks;

struct _EspRanks
{
  const EspProtocol *protocol;
  guint n_classes;
  ClassRanks *classes;
  double *recall, *precision; /* scratch, of the list with most hits; Thread: the ranking's user */
};

static int
by_score (const void *a, const void *b)
{
  const Entry *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  if (x->order != y->order)
    return x->order < y->order ? -1 : 1;
  if (x->image != y->image)
    return x->image < y->image ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

/* The detections and objects of an image by class, while a ranking is made. */
typedef struct
{
  guint n_classes;
  GArray **entries; /* of Entry */
  GArray **objects; /* of the image */
} Collection;

static void
add_entry (Collection *to, guint image, gint64 order, guint row, int class_index, double score, EspVerdict verdict)
{
  const Entry entry = { score, order, image, row, verdict };

  if ((guint) class_index < to->n_classes)
    g_array_append_val (to->entries[class_index], entry);
}

static void
add_object (Collection *to, guint image, int class_index)
{
  if ((guint) class_index < to->n_classes)
    g_array_append_val (to->objects[class_index], image);
}

/* As the outcome is matched itself. */
static void
collect_matched (Collection *to, const EspOutcome *outcome, guint image)
{
  for (guint i = 0; i < outcome->n; i++)
    add_entry (to, image, image, i, outcome->detections[i].class_index, (double) outcome->detections[i].score,
               (EspVerdict){ .hit = outcome->truth[i] >= 0 ? 1 : 0 });
  for (guint i = 0; i < outcome->n_truths; i++)
    add_object (to, image, outcome->truth_class[i]);
}

/* As the protocol matches it. */
static void
collect_judged (Collection *to, const EspOutcome *outcome, guint image, const EspProtocol *protocol, const EspScope *scope)
{
  const gint64 order = protocol->by_id ? outcome->image_id : image;
  g_autofree EspVerdict *verdicts = g_new0 (EspVerdict, outcome->n_seen + 1);
  g_autofree guint8 *counts = g_new0 (guint8, outcome->n_objects + 1);

  protocol->judge (outcome, scope, verdicts, counts);
  for (guint i = 0; i < outcome->n_seen; i++)
    add_entry (to, image, order, i, outcome->seen[i].class_index, outcome->seen[i].score, verdicts[i]);
  for (guint i = 0; i < outcome->n_objects; i++)
    if (counts[i])
      add_object (to, image, outcome->objects[i].class_index);
}

static void
rank_threshold (RankList *list, const GArray *entries, guint threshold)
{
  guint n = 0;

  list->ranks = g_new (Rank, entries->len);
  for (guint i = 0; i < entries->len; i++)
    {
      const Entry *entry = &g_array_index (entries, Entry, i);
      const guint hit = entry->verdict.hit >> threshold & 1u;

      if (entry->verdict.ignored >> threshold & 1)
        continue;
      list->ranks[n++] = entry->image << 1 | hit;
      list->n_hits += hit;
      if (hit)
        list->n = n;
    }
}

static void
rank_class (ClassRanks *ranks, guint n_thresholds, GArray *entries, GArray *objects)
{
  if (entries->len > 0)
    qsort (entries->data, entries->len, sizeof (Entry), by_score);
  ranks->lists = g_new0 (RankList, n_thresholds);
  for (guint t = 0; t < n_thresholds; t++)
    rank_threshold (&ranks->lists[t], entries, t);
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

static EspRanks *
rank (const EspProtocol *protocol, Collection *from)
{
  EspRanks *ranking = g_new0 (EspRanks, 1);
  guint most = 0;

  ranking->protocol = protocol;
  ranking->n_classes = from->n_classes;
  ranking->classes = g_new0 (ClassRanks, from->n_classes);
  for (guint k = 0; k < from->n_classes; k++)
    {
      rank_class (&ranking->classes[k], protocol->n_thresholds, from->entries[k], from->objects[k]);
      for (guint t = 0; t < protocol->n_thresholds; t++)
        most = MAX (most, ranking->classes[k].lists[t].n_hits);
    }
  ranking->recall = g_new (double, most + 1);
  ranking->precision = g_new (double, most + 1);
  return ranking;
}

/**
 * esp_ranks_new:
 * @outcomes: @n, NULL entries are left out
 * @also: (nullable): @n, images that are NULL here are left out too (so that a pair is judged on the same images)
 * @n: images
 * @n_classes: of the network
 * @protocol: how they are matched
 * @scope: (nullable): what is looked at, the protocol's own where NULL; not asked by darknet's protocols
 *
 * Detections of all images together by score, descending; ties by image (its id or its place, as the protocol has it), then by order in
 * the image. Cost: one matching an image and scope,
 * one sort a class. Thread: any.
 *
 * Returns: (transfer full): owned by one thread
 */
EspRanks *
esp_ranks_new (
    EspOutcome *const *outcomes, EspOutcome *const *also, guint n, guint n_classes, const EspProtocol *protocol, const EspScope *scope)
{
  Collection all = { n_classes, new_lists (n_classes, sizeof (Entry)), new_lists (n_classes, sizeof (guint)) };
  EspRanks *ranking;

  for (guint i = 0; i < n; i++)
    {
      if (outcomes[i] == NULL || (also != NULL && also[i] == NULL))
        continue;
      if (protocol->judge == NULL)
        collect_matched (&all, outcomes[i], i);
      else
        collect_judged (&all, outcomes[i], i, protocol, scope != NULL ? scope : &protocol->scope);
    }
  ranking = rank (protocol, &all);
  free_lists (all.entries, n_classes);
  free_lists (all.objects, n_classes);
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
      for (guint t = 0; t < ranking->protocol->n_thresholds; t++)
        g_free (ranking->classes[k].lists[t].ranks);
      g_free (ranking->classes[k].lists);
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

/** esp_ranks_get_divisor: Returns: what a sum of AP is divided by to be the protocol's mAP; 0 where there is nothing to divide.
 * Thread: any. */
guint
esp_ranks_get_divisor (const EspRanks *ranking)
{
  return ranking->protocol->over_present ? esp_ranks_get_present (ranking) : ranking->n_classes;
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
list_ap (const EspRanks *ranking, const ClassRanks *ranks, guint threshold, double objects, const double *weights)
{
  const RankList *list = &ranks->lists[threshold];
  double seen = 0, hits = 0;
  guint n = 0;

  for (guint i = 0; i < list->n; i++)
    {
      const double weight = weights != NULL ? weights[list->ranks[i] >> 1] : 1;

      seen += weight;
      if ((list->ranks[i] & 1) == 0)
        continue;
      hits += weight;
      ranking->recall[n] = hits / objects;
      ranking->precision[n++] = hits / seen;
    }
  if (ranking->protocol->judge != NULL && n > 0 && n == ranks->n_objects)
    ranking->recall[n - 1] = 1; /* the same weights in another order may sum to a bit less, and miss the last level */
  return ranking->protocol->area (ranking->recall, ranking->precision, n);
}

static double
class_ap (const EspRanks *ranking, const ClassRanks *ranks, const double *weights)
{
  const guint n_thresholds = ranking->protocol->n_thresholds;
  const double objects = weigh_objects (ranks, weights);
  double sum = 0;

  if (!(objects > 0))
    return 0;
  for (guint t = 0; t < n_thresholds; t++)
    sum += list_ap (ranking, ranks, t, objects, weights);
  return sum / n_thresholds;
}

/**
 * esp_ranks_sum_ap:
 * @ranking: the ranking; its scratch is used
 * @weights: (nullable): of each image, as many as the ranking was given; a true positive, false positive or object counts that much
 * @per_class: (out caller-allocates) (optional): AP of each class; of one without objects 0, or NaN where the protocol leaves it out
 *
 * Returns: the sum over all classes that have one. Cost: one scan of the ranks. Thread: the ranking's owner.
 */
double
esp_ranks_sum_ap (const EspRanks *ranking, const double *weights, double *per_class)
{
  double sum = 0;

  for (guint k = 0; k < ranking->n_classes; k++)
    {
      const double ap = class_ap (ranking, &ranking->classes[k], weights);

      if (per_class != NULL)
        per_class[k] = ranking->protocol->over_present && ranking->classes[k].n_objects == 0 ? (double) NAN : ap;
      sum += ap;
    }
  return sum;
}

static double
take (const EspRanks *ranking, const ClassRanks *ranks, guint threshold, gboolean recall)
{
  if (recall)
    return (double) ranks->lists[threshold].n_hits / ranks->n_objects;
  return list_ap (ranking, ranks, threshold, ranks->n_objects, NULL);
}

/**
 * esp_ranks_get_extra:
 * @ranking: made with the scope of @extra
 * @extra: what to tell
 *
 * Returns: the mean of AP or greatest recall over the classes with objects and over the thresholds asked for; NaN where no class has
 * objects. Thread: the ranking's owner.
 */
double
esp_ranks_get_extra (const EspRanks *ranking, const EspExtra *extra)
{
  const guint first = extra->threshold < 0 ? 0 : (guint) extra->threshold;
  const guint end = extra->threshold < 0 ? ranking->protocol->n_thresholds : first + 1;
  double sum = 0;
  guint n = 0;

  for (guint k = 0; k < ranking->n_classes; k++)
    for (guint t = first; ranking->classes[k].n_objects > 0 && t < end; t++, n++)
      sum += take (ranking, &ranking->classes[k], t, extra->recall);
  return n > 0 ? sum / n : (double) NAN;
}
