/* anchors.c: the box sizes that a head starts from, found in the data it is to learn */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/anchors.h"

#include <math.h>

#include "base/error.h"
#include "base/rng.h"

#define MOST_BOXES  20000 /* that are clustered; more are drawn from */
#define MOST_ROUNDS 300
#define STARTS      10

static double
iou_of (const EspAnchor *a, const EspAnchor *b)
{
  const double both = fmin (a->w, b->w) * fmin (a->h, b->h);

  return both / (a->w * a->h + b->w * b->h - both);
}

static guint
nearest (const GArray *anchors, const EspAnchor *box, double *overlap)
{
  guint best = 0;

  *overlap = 0;
  for (guint i = 0; i < anchors->len; i++)
    {
      const double iou = iou_of (&g_array_index (anchors, EspAnchor, i), box);

      if (iou > *overlap)
        *overlap = iou, best = i;
    }
  return best;
}

static int
compare_areas (gconstpointer a, gconstpointer b)
{
  const EspAnchor *x = a, *y = b;
  const double difference = x->w * x->h - y->w * y->h;

  return difference < 0 ? -1 : difference > 0 ? 1 : x->w < y->w ? -1 : x->w > y->w;
}

/* Part of the input that shows the image. */
static gboolean
place (const EspSample *sample, EspFit fit, int width, int height, EspPlacement *placement, GError **error)
{
  int image_width = sample->width, image_height = sample->height;

  *placement = (EspPlacement){ 0, 0, 1, 1 };
  if (fit == ESP_FIT_STRETCH || sample->n_truths == 0)
    return TRUE;
  if ((image_width <= 0 || image_height <= 0) && !esp_image_read_size (sample->path, &image_width, &image_height, error))
    return FALSE;
  *placement = esp_fit_place (fit, image_width, image_height, width, height);
  return TRUE;
}

/**
 * esp_anchors_collect:
 * @dataset: boxes; difficult ones and crowds are left out
 * @fit: how images come onto the input
 * @width: of the network's input
 * @height: likewise
 * @job: (nullable): cancel and progress
 * @error: G_IO_ERROR_CANCELLED; ESP_ERROR_IO and ESP_ERROR_FORMAT of an image whose size is needed (letterbox) and not known
 *
 * Thread: any. Returns: (transfer full): of EspAnchor, one a box, in pixels of the input
 */
GArray *
esp_anchors_collect (const EspDataset *dataset, EspFit fit, int width, int height, EspJob *job, GError **error)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (EspAnchor));

  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, i);
      EspPlacement placement;

      if (!esp_job_check (job, error) || !place (sample, fit, width, height, &placement, error))
        return NULL;
      for (guint k = 0; k < sample->n_truths; k++)
        {
          const EspBox box = sample->truths[k].box;
          const EspAnchor size = { (double) box.w * placement.width * width, (double) box.h * placement.height * height, 1 };

          if (!sample->truths[k].difficult && size.w > 0 && size.h > 0)
            g_array_append_val (sizes, size);
        }
      esp_job_set_progress (job, i + 1, esp_dataset_get_n (dataset));
    }
  return g_steal_pointer (&sizes);
}

static GArray *
draw_boxes (const GArray *sizes, guint64 seed)
{
  g_autofree guint *order = g_new (guint, sizes->len);
  g_autoptr (GRand) rng = esp_rng_new (seed, G_MAXUINT64, 0);
  GArray *drawn = g_array_new (FALSE, FALSE, sizeof (EspAnchor));

  for (guint i = 0; i < sizes->len; i++)
    order[i] = i;
  if (sizes->len > MOST_BOXES)
    esp_rng_shuffle (rng, order, sizes->len);
  for (guint i = 0; i < MIN (sizes->len, MOST_BOXES); i++)
    g_array_append_val (drawn, g_array_index (sizes, EspAnchor, order[i]));
  return drawn;
}

/* k-means++: each next one drawn by the square of the distance to those there; NULL where no box is at a distance. */
static GArray *
first_anchors (const GArray *boxes, guint count, GRand *rng)
{
  g_autoptr (GArray) anchors = g_array_new (FALSE, FALSE, sizeof (EspAnchor));
  g_autofree double *squares = g_new (double, boxes->len);
  guint next = (guint) g_rand_int_range (rng, 0, (gint32) boxes->len);

  for (guint i = 0; i < boxes->len; i++)
    squares[i] = 1;
  for (;;)
    {
      const EspAnchor *added = &g_array_index (boxes, EspAnchor, next);
      double sum = 0, drawn;

      g_array_append_val (anchors, *added);
      if (anchors->len == count)
        return g_steal_pointer (&anchors);
      for (guint i = 0; i < boxes->len; i++)
        {
          const double distance = 1 - iou_of (&g_array_index (boxes, EspAnchor, i), added);

          squares[i] = fmin (squares[i], distance * distance);
          sum += squares[i];
        }
      if (!(sum > 0))
        return NULL;
      drawn = g_rand_double (rng) * sum;
      for (next = 0; next + 1 < boxes->len && drawn >= squares[next]; next++)
        drawn -= squares[next];
    }
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* The mean of the middle one or two; @values is sorted. */
static double
median (double *values, guint n)
{
  qsort (values, n, sizeof (double), compare_doubles);
  return (values[n / 2] + values[(n - 1) / 2]) / 2;
}

/* Each becomes the median of the boxes that @owners gives to it; one without stays. */
static void
move_anchors (const GArray *boxes, GArray *anchors, const guint *owners, double *scratch)
{
  for (guint k = 0; k < anchors->len; k++)
    {
      EspAnchor *anchor = &g_array_index (anchors, EspAnchor, k);
      guint n = 0;

      for (guint i = 0; i < boxes->len; i++)
        if (owners[i] == k)
          {
            scratch[n] = g_array_index (boxes, EspAnchor, i).w;
            scratch[boxes->len + n++] = g_array_index (boxes, EspAnchor, i).h;
          }
      if (n > 0)
        {
          anchor->w = median (scratch, n);
          anchor->h = median (scratch + boxes->len, n);
        }
    }
}

static gboolean
improve (const GArray *boxes, GArray *anchors, EspJob *job, GError **error)
{
  g_autofree guint *owners = g_new (guint, boxes->len);
  g_autofree double *scratch = g_new (double, 2 * (gsize) boxes->len);
  gboolean changed = TRUE;

  for (guint i = 0; i < boxes->len; i++)
    owners[i] = G_MAXUINT;
  for (guint round = 0; changed && round < MOST_ROUNDS; round++)
    {
      if (!esp_job_check (job, error))
        return FALSE;
      changed = FALSE;
      for (guint i = 0; i < boxes->len; i++)
        {
          double overlap;
          const guint owner = nearest (anchors, &g_array_index (boxes, EspAnchor, i), &overlap);

          changed |= owner != owners[i];
          owners[i] = owner;
        }
      move_anchors (boxes, anchors, owners, scratch);
    }
  return TRUE;
}

static gboolean
refuse (const GArray *sizes, guint count, GError **error)
{
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%u boxes of fewer than %u different sizes: expected at least as many sizes as anchors",
               sizes->len, count);
  return FALSE;
}

static gboolean
try_start (const GArray *boxes, guint count, GRand *rng, GArray **best, double *most, EspJob *job, GError **error)
{
  g_autoptr (GArray) anchors = first_anchors (boxes, count, rng);
  EspAnchorFit fit;

  if (anchors == NULL)
    return refuse (boxes, count, error);
  if (!improve (boxes, anchors, job, error))
    return FALSE;
  fit = esp_anchors_measure (boxes, anchors);
  if (*best != NULL && fit.overlap <= *most)
    return TRUE;
  g_clear_pointer (best, g_array_unref);
  *best = g_steal_pointer (&anchors);
  *most = fit.overlap;
  return TRUE;
}

/**
 * esp_anchors_find:
 * @sizes: of esp_anchors_collect()
 * @count: anchors to find, at least 1
 * @seed: of the draws
 * @job: (nullable): cancel and progress
 * @error: ESP_ERROR_SHAPE where there are fewer different sizes than that; G_IO_ERROR_CANCELLED
 *
 * k-means with 1 - IoU for distance and the median of each side for centre, from ten k-means++ starts; the one of the highest mean IoU is
 * returned, by area. Of more than 20000 boxes so many are drawn. The same result for the same seed. Thread: any.
 *
 * Source: Redmon and Farhadi 2017, arXiv:1612.08242 (the distance); the median is that of Shi, Li and Yamaguchi's released code; Arthur and
 * Vassilvitskii 2007 (the starts).
 * Returns: (transfer full): @count of EspAnchor, n filled in for all of @sizes
 */
GArray *
esp_anchors_find (const GArray *sizes, guint count, guint64 seed, EspJob *job, GError **error)
{
  g_autoptr (GArray) boxes = NULL;
  g_autoptr (GArray) best = NULL;
  double most = 0;

  g_return_val_if_fail (count > 0, NULL);
  if (sizes->len < count)
    {
      refuse (sizes, count, error);
      return NULL;
    }
  boxes = draw_boxes (sizes, seed);
  for (guint i = 0; i < STARTS; i++)
    {
      g_autoptr (GRand) rng = esp_rng_new (seed, i, 1);

      if (!try_start (boxes, count, rng, &best, &most, job, error))
        return NULL;
      esp_job_set_progress (job, i + 1, STARTS);
    }
  g_array_sort (best, compare_areas);
  esp_anchors_measure (sizes, best);
  return g_steal_pointer (&best);
}

/** esp_anchors_of: Returns: (transfer full): of EspAnchor, all that @network's heads have, in pixels of its input, by area. Thread: any. */
GArray *
esp_anchors_of (const EspNetwork *network)
{
  GArray *anchors = g_array_new (FALSE, FALSE, sizeof (EspAnchor));
  const EspShape input = esp_network_get_input (network);
  guint n_heads = 0;
  const guint *heads = esp_network_get_heads (network, &n_heads);

  for (guint i = 0; i < n_heads; i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, heads[i]);
      const gboolean in_cells = layer->kind == ESP_LAYER_REGION;

      for (int k = 0; k < layer->head.n_anchors; k++)
        {
          const double x = in_cells ? (double) input.w / layer->out.w : 1, y = in_cells ? (double) input.h / layer->out.h : 1;
          const EspAnchor anchor = { layer->head.anchors[2 * k] * x, layer->head.anchors[2 * k + 1] * y, 0 };

          g_array_append_val (anchors, anchor);
        }
    }
  g_array_sort (anchors, compare_areas);
  return anchors;
}

/** esp_anchors_measure: how well @anchors stand for @sizes; fills in their n. Thread: any. Returns: all 0 where there is no box. */
EspAnchorFit
esp_anchors_measure (const GArray *sizes, GArray *anchors)
{
  EspAnchorFit fit = { 0 };

  for (guint i = 0; i < anchors->len; i++)
    g_array_index (anchors, EspAnchor, i).n = 0;
  for (guint i = 0; i < sizes->len && anchors->len > 0; i++)
    {
      double overlap;
      const guint owner = nearest (anchors, &g_array_index (sizes, EspAnchor, i), &overlap);

      g_array_index (anchors, EspAnchor, owner).n++;
      fit.overlap += overlap / sizes->len;
      fit.share += (overlap > .5) / (double) sizes->len;
    }
  return fit;
}
