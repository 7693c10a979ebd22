/* join-split.c: which images of joined data sets are for training, which to choose by and which to measure on */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/join-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "dataset/dataset-private.h"
#include "dataset/lines.h"

#define MOST_SECONDS 1e9

typedef struct
{
  gint64 seconds;
  guint image;
} Taken;

typedef struct
{
  guint from, n; /* of the dated images in the order of time */
  guint lot;     /* the seed's order among blocks of one size */
} Block;

/**
 * esp_resplit_parse:
 * @resplit: (out): how
 * @text: random:TRAIN,VAL,TEST or time:SECONDS,TRAIN,VAL,TEST; the parts count in proportion to each other, numbers of images among them
 * @error: ESP_ERROR_FORMAT
 */
gboolean
esp_resplit_parse (EspResplit *resplit, const char *text, GError **error)
{
  const gboolean random = g_str_has_prefix (text, "random:"), time = g_str_has_prefix (text, "time:");
  g_auto (GStrv) words = g_strsplit (random || time ? strchr (text, ':') + 1 : "", ",", 6);
  double numbers[4] = { 0 };
  const guint n = random ? 3 : 4;
  gboolean good = (random || time) && g_strv_length (words) == n;
  const double *parts = numbers + n - 3;

  for (guint i = 0; good && i < n; i++)
    good = esp_number_read (g_strstrip (words[i]), &numbers[i]) && numbers[i] >= 0 && numbers[i] <= MOST_SECONDS;
  if (good && parts[0] + parts[1] + parts[2] > 0)
    {
      *resplit = (EspResplit){ .kind = random ? ESP_RESPLIT_RANDOM : ESP_RESPLIT_TIME, .gap = random ? 0 : numbers[0] };
      memcpy (resplit->parts, parts, sizeof resplit->parts);
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
               "“%s”: expected random:TRAIN,VAL,TEST or time:SECONDS,TRAIN,VAL,TEST, such as random:120,40,40 or time:60,0.7,0.15,0.15",
               text);
  return FALSE;
}

static EspJoinImage *
image_at (const EspJoin *join, guint i)
{
  return &g_array_index (join->images, EspJoinImage, i);
}

static void
split_random (EspJoin *join)
{
  const guint n = join->images->len;
  EspDatasetDraw draw = { .seed = join->options->seed };
  g_autofree guint *order = g_new (guint, n);
  g_autoptr (GRand) rng = esp_rng_new (draw.seed, 0x7265u, n); /* "re" */
  guint edges[ESP_N_PARTS + 1];

  memcpy (draw.parts, join->options->resplit.parts, sizeof draw.parts);
  esp_draw_place (&draw, n, edges);
  for (guint i = 0; i < n; i++)
    order[i] = i;
  esp_rng_shuffle (rng, order, n);
  for (int part = 0; part < ESP_N_PARTS; part++)
    for (guint i = edges[part]; i < edges[part + 1]; i++)
      image_at (join, order[i])->part = part;
}

static int
compare_taken (gconstpointer a, gconstpointer b)
{
  const Taken *x = a, *y = b;

  return x->seconds != y->seconds ? (x->seconds > y->seconds) - (x->seconds < y->seconds) : (x->image > y->image) - (x->image < y->image);
}

/* Larger first. */
static int
compare_blocks (gconstpointer a, gconstpointer b)
{
  const Block *x = a, *y = b;

  return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->lot > y->lot) - (x->lot < y->lot);
}

/* The dated images in the order of time; the others are for training: nothing tells which of them show one scene, so none is measured
 * on. */
static GArray *
sort_by_time (EspJoin *join)
{
  GArray *taken = g_array_new (FALSE, FALSE, sizeof (Taken));

  for (guint i = 0; i < join->images->len; i++)
    {
      Taken one = { .image = i };

      if (esp_capture_time (image_at (join, i)->sample->name, &one.seconds))
        g_array_append_val (taken, one);
      else
        image_at (join, i)->part = 0;
    }
  g_array_sort (taken, compare_taken);
  join->report->n_undated = join->images->len - taken->len;
  return taken;
}

static GArray *
find_blocks (const GArray *taken, double gap, guint64 seed)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  g_autofree guint *lots = NULL;
  g_autoptr (GRand) rng = NULL;

  for (guint i = 0; i < taken->len; i++)
    {
      const Taken *one = &g_array_index (taken, Taken, i);

      if (i == 0 || (double) (one->seconds - (one - 1)->seconds) >= gap)
        g_array_append_val (blocks, ((Block){ .from = i }));
      g_array_index (blocks, Block, blocks->len - 1).n++;
    }
  lots = g_new (guint, blocks->len + 1);
  for (guint i = 0; i < blocks->len; i++)
    lots[i] = i;
  rng = esp_rng_new (seed, 0x626c6f636bu, blocks->len); /* "block" */
  esp_rng_shuffle (rng, lots, blocks->len);
  for (guint i = 0; i < blocks->len; i++)
    g_array_index (blocks, Block, i).lot = lots[i];
  g_array_sort (blocks, compare_blocks);
  return blocks;
}

/* The largest block first, each to the part that is furthest from what it should have: so no part is far from its share, and a run of
 * pictures is never on both sides. */
static void
split_time (EspJoin *join)
{
  const EspResplit *how = &join->options->resplit;
  const double total = how->parts[0] + how->parts[1] + how->parts[2];
  g_autoptr (GArray) taken = sort_by_time (join);
  g_autoptr (GArray) blocks = find_blocks (taken, how->gap, join->options->seed);
  double lack[ESP_N_PARTS];

  join->report->n_blocks = blocks->len;
  for (int part = 0; part < ESP_N_PARTS; part++)
    lack[part] = how->parts[part] / total * taken->len;
  for (guint b = 0; b < blocks->len; b++)
    {
      const Block *block = &g_array_index (blocks, Block, b);
      int best = -1;

      for (int part = 0; part < ESP_N_PARTS; part++)
        if (how->parts[part] > 0 && (best < 0 || lack[part] > lack[best]))
          best = part;
      lack[best] -= block->n;
      for (guint i = block->from; i < block->from + block->n; i++)
        image_at (join, g_array_index (taken, Taken, i).image)->part = best;
    }
}

/* What is drawn from train to choose by. */
static gboolean
draw_val (EspJoin *join, GError **error)
{
  const double wanted = join->options->val;
  g_autoptr (GArray) train = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GRand) rng = NULL;
  guint n;

  for (guint i = 0; i < join->images->len; i++)
    if (image_at (join, i)->part == 0)
      g_array_append_val (train, i);
  n = wanted < 1 ? (guint) floor (wanted * train->len + 0.5) : wanted < train->len ? (guint) wanted : train->len;
  if (n == 0 || n >= train->len)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "val from train: %u of %u images: expected at least one, and one left over", n,
                   train->len);
      return FALSE;
    }
  rng = esp_rng_new (join->options->seed, 0x76616cu, train->len); /* "val" */
  esp_rng_shuffle (rng, (guint *) (gpointer) train->data, train->len);
  for (guint i = 0; i < n; i++)
    image_at (join, g_array_index (train, guint, i))->part = 1;
  return TRUE;
}

/* A part that was asked for and got nothing is an error. */
static gboolean
check_parts (const EspJoin *join, GError **error)
{
  const EspResplit *how = &join->options->resplit;
  guint n[ESP_N_PARTS] = { 0 };

  for (guint i = 0; i < join->images->len; i++)
    n[image_at (join, i)->part]++;
  for (int part = 0; part < ESP_N_PARTS; part++)
    if (how->kind != ESP_RESPLIT_KEEP && how->parts[part] > 0 && n[part] == 0)
      {
        if (how->kind == ESP_RESPLIT_TIME)
          g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                       "%s would be empty: pauses of %g s part the dated images into %u blocks (%u images have no date in their names)",
                       esp_part_names[part], how->gap, join->report->n_blocks, join->report->n_undated);
        else
          g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s would be empty: %u images are too few for these parts", esp_part_names[part],
                       join->images->len);
        return FALSE;
      }
  return TRUE;
}

/** esp_join_split: gives every image of @join its part. Errors: ESP_ERROR_SHAPE where one would be empty. */
gboolean
esp_join_split (EspJoin *join, GError **error)
{
  if (join->options->resplit.kind == ESP_RESPLIT_RANDOM)
    split_random (join);
  else if (join->options->resplit.kind == ESP_RESPLIT_TIME)
    split_time (join);
  return check_parts (join, error) && (join->options->val <= 0 || draw_val (join, error));
}
