/* order.c: the fixed order in which a data set is looked at, every prefix of it as even over the classes as can be */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset.h"

#include <string.h>

#include "base/rng.h"

/* The images of one class, in shuffled order; the last class is that of images without objects. */
typedef struct
{
  GArray *images; /* of guint */
  guint next;     /* the first that may not be taken yet */
  guint taken;    /* images of the order so far that show the class */
} Pile;

typedef struct
{
  const EspDataset *dataset;
  Pile *piles;
  guint n_piles;
  gboolean *taken; /* by image */
  guint *seen;     /* by pile: the last image counted, + 1, so that a class counts once an image */
} Deal;

/* Calls @step once for each class that image @i shows. */
static void
each_pile (Deal *deal, guint i, guint mark, void (*step) (Pile *pile, guint i))
{
  const EspSample *sample = esp_dataset_get (deal->dataset, i);

  for (guint k = 0; k < sample->n_truths; k++)
    {
      const guint c = (guint) sample->truths[k].class_index;

      if (deal->seen[c] == mark)
        continue;
      deal->seen[c] = mark;
      step (&deal->piles[c], i);
    }
  if (sample->n_truths == 0)
    step (&deal->piles[deal->n_piles - 1], i);
}

static void
put_on_pile (Pile *pile, guint i)
{
  g_array_append_val (pile->images, i);
}

static void
count_taken (Pile *pile, guint i)
{
  pile->taken++;
}

/* Of the piles with images left the one least shown so far; among equals the rarest, then the first. */
static Pile *
choose_pile (Deal *deal)
{
  Pile *best = NULL;

  for (guint c = 0; c < deal->n_piles; c++)
    {
      Pile *pile = &deal->piles[c];

      while (pile->next < pile->images->len && deal->taken[g_array_index (pile->images, guint, pile->next)])
        pile->next++;
      if (pile->next == pile->images->len)
        continue;
      if (best == NULL || pile->taken < best->taken || (pile->taken == best->taken && pile->images->len < best->images->len))
        best = pile;
    }
  return best;
}

static void
deal_out (Deal *deal, const guint *shuffled, guint *order, guint n)
{
  for (guint i = 0; i < n; i++)
    each_pile (deal, shuffled[i], shuffled[i] + 1, put_on_pile);
  memset (deal->seen, 0, sizeof *deal->seen * deal->n_piles);
  for (guint i = 0; i < n; i++)
    {
      Pile *pile = choose_pile (deal);

      order[i] = g_array_index (pile->images, guint, pile->next);
      deal->taken[order[i]] = TRUE;
      each_pile (deal, order[i], order[i] + 1, count_taken);
    }
}

/**
 * esp_dataset_order:
 * @dataset: the data set
 * @seed: of the order
 *
 * Shuffles the images by @seed and deals them out: each time the class shown by the fewest images so far (the rarest among equals) gives
 * its next image, images without objects being a class of their own. An unlabelled set is shuffled only.
 * Returns: (transfer full): every index once, the same for the same data set and seed. Cost: images times classes. Thread: any.
 */
guint *
esp_dataset_order (const EspDataset *dataset, guint64 seed)
{
  const guint n = esp_dataset_get_n (dataset);
  g_autoptr (GRand) rng = esp_rng_new (seed, 0x6f72646572u, n); /* "order" */
  g_autofree guint *shuffled = g_new (guint, n);
  guint *order = g_new (guint, n);
  Deal deal = { .dataset = dataset, .n_piles = esp_dataset_get_n_classes (dataset) + 1 };

  for (guint i = 0; i < n; i++)
    shuffled[i] = i;
  esp_rng_shuffle (rng, shuffled, n);
  deal.piles = g_new0 (Pile, deal.n_piles);
  deal.taken = g_new0 (gboolean, n);
  deal.seen = g_new0 (guint, deal.n_piles);
  for (guint c = 0; c < deal.n_piles; c++)
    deal.piles[c].images = g_array_new (FALSE, FALSE, sizeof (guint));
  deal_out (&deal, shuffled, order, n);
  for (guint c = 0; c < deal.n_piles; c++)
    g_array_unref (deal.piles[c].images);
  g_free (deal.piles);
  g_free (deal.taken);
  g_free (deal.seen);
  return order;
}
