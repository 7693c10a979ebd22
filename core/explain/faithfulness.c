/* faithfulness.c: deletion and insertion: whether the network needs the pixels that a heatmap says it needs */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/faithfulness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "explain/stand-in.h"
#include "explain/probe.h"
#include "explain/stretch.h"

#define SAME_ABOVE .5f

typedef struct
{
  float value;
  guint32 lot; /* decides between equals */
  guint32 pixel;
} Place;

struct _EspFaithfulness
{
  EspFaithfulnessOptions options;
  EspProbe *probe;
  EspPlacement placement;
  EspBox box;
  int class_index;
  float *input;    /* the image */
  float *fills[2]; /* what takes its place in deletion, and stands in its place in insertion */
  float *current;  /* on the way from one to the other */
  double score;    /* of the image as it is */
  double ends[2];  /* of the fills */
  Place *order;
  guint n_order;
  double *scores[2]; /* steps + 1 */
  EspCurves random;
  gboolean has_random;
  float *images;    /* batch * stride: that wait */
  double **waiting; /* batch: where their scores go */
  guint n_waiting;
};

/** esp_faithfulness_options_init: fills in the defaults, of the network's kind of suppression. Thread: any. */
void
esp_faithfulness_options_init (EspFaithfulnessOptions *options, const EspNetwork *network)
{
  *options = (EspFaithfulnessOptions){ .steps = 20,
                                       .deletion = ESP_STAND_IN_RANDOM,
                                       .insertion = ESP_STAND_IN_BLUR,
                                       .span = 1,
                                       .blur = .05,
                                       .threshold = .005f,
                                       .nms = esp_nms_of_network (network, .45f) };
}

/**
 * esp_faithfulness_new:
 * @network: what was explained
 * @weights: its parameters
 * @run: backend, form of the batch normalisation, batch
 * @options: steps, and what replaces pixels
 * @error: as esp_engine_new()
 *
 * Returns: (transfer full): engines of inference, without a scene. Thread: lane.
 */
EspFaithfulness *
esp_faithfulness_new (
    EspNetwork *network, EspWeights *weights, const EspExplainerOptions *run, const EspFaithfulnessOptions *options, GError **error)
{
  EspProbe *probe;
  EspFaithfulness *faithfulness;

  g_return_val_if_fail (options->steps > 0, NULL);

  probe = esp_probe_new (network, weights, run, error);
  if (probe == NULL)
    return NULL;
  faithfulness = g_new0 (EspFaithfulness, 1);
  faithfulness->options = *options;
  faithfulness->probe = probe;
  faithfulness->input = g_new0 (float, probe->stride);
  faithfulness->current = g_new (float, probe->stride);
  for (guint i = 0; i < 2; i++)
    {
      faithfulness->fills[i] = g_new (float, probe->stride);
      faithfulness->scores[i] = g_new (double, options->steps + 1);
    }
  faithfulness->order = g_new (Place, (gsize) probe->shape.h * (gsize) probe->shape.w);
  faithfulness->images = g_new (float, probe->batch * probe->stride);
  faithfulness->waiting = g_new (double *, probe->batch);
  return faithfulness;
}

/** esp_faithfulness_free: frees @faithfulness (nullable). Thread: lane, or any once the lane has stopped. */
void
esp_faithfulness_free (EspFaithfulness *faithfulness)
{
  if (faithfulness == NULL)
    return;
  for (guint i = 0; i < 2; i++)
    {
      g_free (faithfulness->fills[i]);
      g_free (faithfulness->scores[i]);
    }
  g_free (faithfulness->input);
  g_free (faithfulness->current);
  g_free (faithfulness->order);
  g_free (faithfulness->images);
  g_free (faithfulness->waiting);
  esp_probe_free (faithfulness->probe);
  g_free (faithfulness);
}

/* The greatest score of the detections of the class, after suppression, whose IoU with the box is above 0.5; 0 where none is. */
static double
score_box (const EspFaithfulness *faithfulness, const EspHeads *heads)
{
  g_autoptr (GArray) all = esp_heads_decode (heads, 0, faithfulness->placement, faithfulness->options.threshold);
  g_autoptr (GArray) same = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  double best = 0;

  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, EspDetection, i).class_index == faithfulness->class_index)
      g_array_append_val (same, g_array_index (all, EspDetection, i));
  esp_suppress_by (same, faithfulness->options.nms);
  for (guint i = 0; i < same->len; i++)
    {
      const EspDetection *detection = &g_array_index (same, EspDetection, i);

      if (esp_box_iou (detection->box, faithfulness->box) > SAME_ABOVE)
        best = MAX (best, (double) detection->score);
    }
  return best;
}

static void
fill_waiting (float *to, guint item, gpointer data)
{
  const EspFaithfulness *faithfulness = data;
  const gsize stride = faithfulness->probe->stride;

  memcpy (to, faithfulness->images + item * stride, stride * sizeof (float));
}

static gboolean
read_waiting (G_GNUC_UNUSED EspEngine *engine, const EspHeads *heads, guint item, gpointer data, G_GNUC_UNUSED GError **error)
{
  const EspFaithfulness *faithfulness = data;

  *faithfulness->waiting[item] = score_box (faithfulness, heads);
  return TRUE;
}

/* Runs what waits. */
static gboolean
flush (EspFaithfulness *faithfulness, EspJob *job, GError **error)
{
  const guint n = faithfulness->n_waiting;

  faithfulness->n_waiting = 0;
  return esp_probe_run (faithfulness->probe, n, fill_waiting, read_waiting, faithfulness, job, error);
}

/* @score is known after the next flush. */
static gboolean
push (EspFaithfulness *faithfulness, const float *image, double *score, EspJob *job, GError **error)
{
  const gsize stride = faithfulness->probe->stride;

  memcpy (faithfulness->images + faithfulness->n_waiting * stride, image, stride * sizeof (float));
  faithfulness->waiting[faithfulness->n_waiting++] = score;
  return faithfulness->n_waiting < faithfulness->probe->batch || flush (faithfulness, job, error);
}

/**
 * esp_faithfulness_set_scene:
 * @input: c * h * w numbers 0..1, as the network takes them; copied
 * @placement: where the image lies on the input
 * @box: the box that is explained, fractions of the image
 * @class_index: its class
 * @job: (nullable): cancels
 * @error: as the engine
 *
 * Makes what replaces pixels, and asks the network about the image and both replacements, which every curve begins or ends with.
 * Returns: whether maps can be measured. Thread: lane.
 */
gboolean
esp_faithfulness_set_scene (
    EspFaithfulness *faithfulness, const float *input, EspPlacement placement, EspBox box, int class_index, EspJob *job, GError **error)
{
  const EspProbe *probe = faithfulness->probe;
  const EspStandIn fills[2] = { faithfulness->options.deletion, faithfulness->options.insertion };

  memcpy (faithfulness->input, input, probe->stride * sizeof (float));
  faithfulness->placement = placement;
  faithfulness->box = box;
  faithfulness->class_index = class_index;
  faithfulness->has_random = FALSE;
  faithfulness->n_waiting = 0;
  for (guint i = 0; i < 2; i++)
    esp_stand_in_make (fills[i], input, probe->shape, placement, faithfulness->options.blur, faithfulness->options.seed,
                       faithfulness->fills[i]);
  return push (faithfulness, faithfulness->input, &faithfulness->score, job, error)
         && push (faithfulness, faithfulness->fills[0], &faithfulness->ends[0], job, error)
         && push (faithfulness, faithfulness->fills[1], &faithfulness->ends[1], job, error) && flush (faithfulness, job, error);
}

/** esp_faithfulness_get_score: Returns: of the box in the image as it is; 0 where no detection meets it. Thread: lane. */
double
esp_faithfulness_get_score (const EspFaithfulness *faithfulness)
{
  return faithfulness->score;
}

/** esp_faithfulness_score: the score of the scene's box in another image. Returns: FALSE with the engine's error, or cancelled.
 * Thread: lane. */
gboolean
esp_faithfulness_score (EspFaithfulness *faithfulness, const float *input, double *score, EspJob *job, GError **error)
{
  faithfulness->n_waiting = 0;
  return push (faithfulness, input, score, job, error) && flush (faithfulness, job, error);
}

/* Hottest first. */
static int
by_heat (const void *a, const void *b)
{
  const Place *x = a, *y = b;

  if (x->value != y->value)
    return x->value > y->value ? -1 : 1;
  return (x->lot > y->lot) - (x->lot < y->lot);
}

/* The pixels that show the image, hottest first, equals by lot; what is no number comes last. */
static void
sort_pixels (EspFaithfulness *faithfulness, const EspHeatmap *heatmap)
{
  const EspShape shape = faithfulness->probe->shape;
  const EspHeatmap whole = { .width = shape.w, .height = shape.h, .placement = faithfulness->placement };
  const EspCells cells = esp_heatmap_image_cells (&whole);
  g_autoptr (GRand) rng = esp_rng_new (faithfulness->options.seed, 0x107, 0);
  g_autofree float *row = g_new (float, shape.w);
  g_auto (EspStretch) stretch = { 0 };

  esp_stretch_init (&stretch, heatmap->width, heatmap->height, shape.w, shape.h);
  esp_stretch_load (&stretch, heatmap->values);
  faithfulness->n_order = 0;
  for (int y = cells.top; y < cells.bottom; y++)
    {
      esp_stretch_row (&stretch, y, row);
      for (int x = cells.left; x < cells.right; x++)
        faithfulness->order[faithfulness->n_order++]
            = (Place){ isnan (row[x]) ? -INFINITY : row[x], g_rand_int (rng), (guint32) (y * shape.w + x) };
    }
  qsort (faithfulness->order, faithfulness->n_order, sizeof (Place), by_heat);
}

/* Puts the next pixels of the order in their place, in every channel. */
static void
move_pixels (EspFaithfulness *faithfulness, const float *from, guint first, guint end)
{
  const gsize plane = (gsize) faithfulness->probe->shape.h * (gsize) faithfulness->probe->shape.w;

  for (gsize c = 0; c < (gsize) faithfulness->probe->shape.c; c++)
    for (guint i = first; i < end; i++)
      {
        const gsize at = c * plane + faithfulness->order[i].pixel;

        faithfulness->current[at] = from[at];
      }
}

/* How many pixels a curve replaces in all. */
static guint
count_moved (const EspFaithfulness *faithfulness)
{
  const EspShape shape = faithfulness->probe->shape;
  const double width = MIN (1, faithfulness->box.x + faithfulness->box.w / 2) - MAX (0, faithfulness->box.x - faithfulness->box.w / 2);
  const double height = MIN (1, faithfulness->box.y + faithfulness->box.h / 2) - MAX (0, faithfulness->box.y - faithfulness->box.h / 2);
  const double area = width * (double) faithfulness->placement.width * shape.w * height * (double) faithfulness->placement.height * shape.h;

  if (faithfulness->options.span <= 0)
    return faithfulness->n_order;
  return (guint) CLAMP (lround (faithfulness->options.span * area), 1, (long) faithfulness->n_order);
}

/* One curve; its inner scores are known after the next flush. */
static gboolean
run_curve (EspFaithfulness *faithfulness, gboolean insertion, EspJob *job, GError **error)
{
  const guint steps = faithfulness->options.steps;
  const float *from = insertion ? faithfulness->fills[1] : faithfulness->input;
  const float *to = insertion ? faithfulness->input : faithfulness->fills[0];
  double *scores = faithfulness->scores[insertion];
  const guint n = count_moved (faithfulness);
  guint moved = 0;

  memcpy (faithfulness->current, from, faithfulness->probe->stride * sizeof (float));
  scores[0] = insertion ? faithfulness->ends[1] : faithfulness->score;
  scores[steps] = insertion ? faithfulness->score : faithfulness->ends[0];
  for (guint k = 1; k < steps + (n < faithfulness->n_order ? 1 : 0); k++)
    {
      const guint end = (guint) ((guint64) n * k / steps);

      move_pixels (faithfulness, to, moved, end);
      moved = end;
      if (!push (faithfulness, faithfulness->current, &scores[k], job, error))
        return FALSE;
    }
  return TRUE;
}

/* By trapezoids, over the share of pixels. */
static double
area_under (const double *scores, guint steps)
{
  double sum = (scores[0] + scores[steps]) / 2;

  for (guint k = 1; k < steps; k++)
    sum += scores[k];
  return sum / steps;
}

/**
 * esp_faithfulness_measure:
 * @heatmap: over the whole input, of a layer or at the pixels
 * @curves: (out): the areas
 * @deletion: (out caller-allocates) (nullable): steps + 1 scores, from the image to its replacement
 * @insertion: (out caller-allocates) (nullable): likewise, from the replacement to the image
 * @job: (nullable): cancels between two forwards
 * @error: as the engine
 *
 * Pixels of the image, none of the grey around it, are replaced (deletion) or given back (insertion) hottest first, in equal steps, signed
 * heat by its value, equals in random order, all or as many as the options' span
 * says; after each the score is the greatest of the detections of the class, after suppression, whose IoU with the
 * box is above 0.5, and 0 where none is. Source: Petsiuk et al. 2018 (RISE) for the curves over the share of pixels, ODAM's code (Zhao and
 * Chan 2023) for the score. Cost: 2 steps - 2 forwards. Thread: lane.
 */
gboolean
esp_faithfulness_measure (EspFaithfulness *faithfulness,
                          const EspHeatmap *heatmap,
                          EspCurves *curves,
                          double *deletion,
                          double *insertion,
                          EspJob *job,
                          GError **error)
{
  const guint steps = faithfulness->options.steps;

  faithfulness->n_waiting = 0;
  sort_pixels (faithfulness, heatmap);
  if (!run_curve (faithfulness, FALSE, job, error) || !run_curve (faithfulness, TRUE, job, error) || !flush (faithfulness, job, error))
    return FALSE;
  curves->deletion = area_under (faithfulness->scores[0], steps);
  curves->insertion = area_under (faithfulness->scores[1], steps);
  if (deletion != NULL)
    memcpy (deletion, faithfulness->scores[0], (steps + 1) * sizeof (double));
  if (insertion != NULL)
    memcpy (insertion, faithfulness->scores[1], (steps + 1) * sizeof (double));
  return TRUE;
}

/**
 * esp_faithfulness_badge:
 * @heatmap: as esp_faithfulness_measure()
 * @badge: (out): the map's areas and random order's
 * @job: (nullable): cancels between two forwards
 * @error: as the engine
 *
 * Few steps make a badge quick (6: 10 forwards a map); areas of different numbers of steps are not to be compared. Thread: lane.
 */
gboolean
esp_faithfulness_badge (EspFaithfulness *faithfulness, const EspHeatmap *heatmap, EspBadge *badge, EspJob *job, GError **error)
{
  if (!faithfulness->has_random)
    {
      g_autoptr (EspHeatmap) random = esp_baseline_map (ESP_BASELINE_RANDOM, faithfulness->input, faithfulness->probe->shape,
                                                        faithfulness->placement, faithfulness->box, faithfulness->options.seed);

      if (!esp_faithfulness_measure (faithfulness, random, &faithfulness->random, NULL, NULL, job, error))
        return FALSE;
      faithfulness->has_random = TRUE;
    }
  *badge = (EspBadge){ .random = faithfulness->random, .score = faithfulness->score, .steps = faithfulness->options.steps };
  return esp_faithfulness_measure (faithfulness, heatmap, &badge->map, NULL, NULL, job, error);
}
