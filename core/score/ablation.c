/* ablation.c: units masked to 0 one at a time, and what the network then loses: what every score of channels is judged by */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/ablation.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "detect/decode.h"
#include "score/ablation-private.h"

/* Where one score of a head's activated map stands. */
typedef struct
{
  guint head;
  gsize objectness, chance; /* places within one image's map; equal: the score is the objectness alone */
} Cell;

/* What the images are run with. */
typedef struct
{
  const EspAblationInput *input;
  EspAblation *ablation;
  EspEngine *engine; /* whole; every output stays readable */
  EspHeads *heads;
  guint batch, n; /* items, and how many of them are images */
  const guint *images;
  gsize stride;
  float *pixels;
  EspPlacement *placements;
  GArray **cells;                /* batch: of Cell, that the whole network matched */
  float **maps;                  /* per layer: a head's activated maps of the batch; NULL for others */
  double *whole[ESP_ABLATION_N]; /* batch */
  double *masked[ESP_ABLATION_N];
  float *original, *changed; /* the output of one layer, as it was and as it is masked */
} Run;

static void
run_clear (Run *run)
{
  const guint n_layers = esp_network_get_n_layers (run->input->network);

  g_clear_pointer (&run->heads, esp_heads_free);
  g_clear_pointer (&run->engine, esp_engine_unref);
  g_clear_pointer (&run->ablation, esp_ablation_free);
  for (guint i = 0; run->cells != NULL && i < run->batch; i++)
    g_array_unref (run->cells[i]);
  for (guint l = 0; run->maps != NULL && l < n_layers; l++)
    g_free (run->maps[l]);
  for (guint s = 0; s < ESP_ABLATION_N; s++)
    {
      g_free (run->whole[s]);
      g_free (run->masked[s]);
    }
  g_free (run->cells);
  g_free (run->maps);
  g_free (run->pixels);
  g_free (run->placements);
  g_free (run->original);
  g_free (run->changed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static void
clear_ablated (gpointer data)
{
  EspAblated *one = data;

  for (guint s = 0; s < ESP_ABLATION_N; s++)
    g_free (one->losses[s]);
}

/* The member of @unit with the lowest layer, then channel. */
static EspChannel
first_member (const EspCoupling *coupling, guint unit)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, unit, &n);
  EspChannel first = members[0];

  for (guint i = 1; i < n; i++)
    if (members[i].layer < first.layer || (members[i].layer == first.layer && members[i].channel < first.channel))
      first = members[i];
  return first;
}

static int
by_place (const void *a, const void *b)
{
  const EspAblated *x = a, *y = b;

  if (x->layer != y->layer)
    return x->layer < y->layer ? -1 : 1;
  return (x->channel > y->channel) - (x->channel < y->channel);
}

/* Up to n_units of the units whose first member is of @layer. */
static void
draw_layer (const EspAblationInput *input, EspAblation *ablation, guint layer, const GArray *units)
{
  g_autoptr (GRand) rng = esp_rng_new (input->seed, 'a', layer);

  if (units->len == 0)
    return;
  g_array_append_val (ablation->layers, layer);
  esp_rng_shuffle (rng, (guint *) (gpointer) units->data, units->len);
  for (guint i = 0; i < MIN (units->len, input->n_units); i++)
    {
      const guint unit = g_array_index (units, guint, i);
      EspAblated one = { .unit = unit, .layer = layer, .channel = first_member (input->coupling, unit).channel };

      for (guint s = 0; s < ESP_ABLATION_N; s++)
        one.losses[s] = g_new0 (double, ablation->n_images);
      g_array_append_val (ablation->units, one);
    }
}

static void
draw_units (const EspAblationInput *input, EspAblation *ablation)
{
  const guint n_layers = esp_network_get_n_layers (input->network), n_units = esp_coupling_get_n_units (input->coupling);
  g_autofree EspChannel *first = g_new (EspChannel, MAX (n_units, 1));

  for (guint u = 0; u < n_units; u++)
    first[u] = first_member (input->coupling, u);
  for (guint l = 0; l < n_layers; l++)
    {
      g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (guint));

      if (esp_network_get_layer (input->network, l)->kind != ESP_LAYER_CONVOLUTIONAL || !esp_coupling_is_prunable (input->coupling, l))
        continue;
      for (guint u = 0; u < n_units; u++)
        if (first[u].layer == l)
          g_array_append_val (units, u);
      draw_layer (input, ablation, l, units);
    }
  qsort (ablation->units->data, ablation->units->len, sizeof (EspAblated), by_place);
}

static void
begin_ablation (Run *run)
{
  const EspAblationInput *input = run->input;
  EspAblation *ablation = g_new0 (EspAblation, 1);

  run->ablation = ablation;
  ablation->coupling = esp_coupling_ref ((EspCoupling *) input->coupling);
  ablation->units = g_array_new (FALSE, TRUE, sizeof (EspAblated));
  g_array_set_clear_func (ablation->units, clear_ablated);
  ablation->layers = g_array_new (FALSE, FALSE, sizeof (guint));
  ablation->n_images = MIN (input->n_images, esp_dataset_get_n (input->dataset));
  ablation->images = esp_dataset_order (input->dataset, input->seed);
  draw_units (input, ablation);
}

static gboolean
begin (Run *run, GError **error)
{
  const EspAblationInput *input = run->input;
  const guint n_layers = esp_network_get_n_layers (input->network);
  EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = input->options->backend, .bn = input->options->bn, .keep_all = TRUE };
  gsize largest = 1;

  begin_ablation (run);
  run->batch = options.batch = CLAMP (input->options->batch, 1, MAX (run->ablation->n_images, 1));
  run->engine = esp_engine_new (input->network, input->weights, &options, NULL, error);
  if (run->engine == NULL)
    return FALSE;
  run->heads = esp_heads_new (run->engine);
  run->stride = esp_shape_count (esp_network_get_input (input->network));
  run->pixels = g_new (float, run->batch * run->stride);
  run->placements = g_new0 (EspPlacement, run->batch);
  run->cells = g_new (GArray *, run->batch);
  for (guint i = 0; i < run->batch; i++)
    run->cells[i] = g_array_new (FALSE, FALSE, sizeof (Cell));
  run->maps = g_new0 (float *, n_layers);
  for (guint l = 0; l < n_layers; l++)
    {
      const gsize count = run->batch * esp_shape_count (esp_network_get_layer (input->network, l)->out);

      if (esp_layer_is_head (esp_network_get_layer (input->network, l)))
        run->maps[l] = g_new (float, count);
      else if (esp_network_get_layer (input->network, l)->kind == ESP_LAYER_CONVOLUTIONAL)
        largest = MAX (largest, count);
    }
  for (guint s = 0; s < ESP_ABLATION_N; s++)
    {
      run->whole[s] = g_new0 (double, run->batch);
      run->masked[s] = g_new0 (double, run->batch);
    }
  run->original = g_new (float, largest);
  run->changed = g_new (float, largest);
  return TRUE;
}

static Cell
cell_of (const EspNetwork *network, const EspDetection *d)
{
  const EspLayer *head = esp_network_get_layer (network, d->head);
  const gsize plane = (gsize) head->out.h * (gsize) head->out.w;
  const gsize at = (gsize) d->row * (gsize) head->out.w + (gsize) d->column;
  const gsize first = (gsize) d->anchor * (gsize) (5 + head->head.classes);
  Cell cell = { .head = d->head, .objectness = (first + 4) * plane + at };

  cell.chance = head->head.tree != NULL ? cell.objectness : (first + 5 + (gsize) d->class_index) * plane + at;
  return cell;
}

static double
fixed_sum (const Run *run, guint item)
{
  double sum = 0;

  for (guint i = 0; i < run->cells[item]->len; i++)
    {
      const Cell *cell = &g_array_index (run->cells[item], Cell, i);
      const float *map = run->maps[cell->head] + item * esp_shape_count (esp_network_get_layer (run->input->network, cell->head)->out);

      sum += (double) map[cell->objectness] * (cell->chance == cell->objectness ? 1 : (double) map[cell->chance]);
    }
  return sum;
}

/* T of the engine's last forward, for each image; with @whole the cells that are matched are noted, too. */
static gboolean
sum_scores (Run *run, double *const *sums, gboolean whole, GError **error)
{
  const EspAblationInput *input = run->input;

  if (!esp_heads_read (run->heads, error))
    return FALSE;
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    if (run->maps[l] != NULL && !esp_engine_read (run->engine, l, ESP_AT_OUT, run->maps[l], error))
      return FALSE;
  for (guint i = 0; i < run->n; i++)
    {
      GArray *detections = esp_heads_decode (run->heads, i, run->placements[i], input->options->threshold);
      g_autoptr (EspOutcome) outcome = NULL;
      int width = 0, height = 0;

      esp_image_cache_get_size (input->cache, run->images[i], &width, &height);
      outcome = esp_outcome_new (detections, esp_dataset_get (input->dataset, run->images[i]), input->map, input->options, width, height);
      if (whole)
        g_array_set_size (run->cells[i], 0);
      sums[ESP_ABLATION_MATCHED][i] = 0;
      for (guint d = 0; d < outcome->n; d++)
        {
          const Cell cell = cell_of (input->network, &outcome->detections[d]);

          if (outcome->truth[d] < 0)
            continue;
          sums[ESP_ABLATION_MATCHED][i] += (double) outcome->detections[d].score;
          if (whole)
            g_array_append_val (run->cells[i], cell);
        }
      sums[ESP_ABLATION_FIXED][i] = fixed_sum (run, i);
    }
  return TRUE;
}

/* The next batch of images by the whole network. */
static gboolean
look (Run *run, guint first, EspJob *job, GError **error)
{
  EspAblation *ablation = run->ablation;

  run->images = ablation->images + first;
  run->n = MIN (run->batch, ablation->n_images - first);
  for (guint i = 0; i < run->batch; i++)
    if (i >= run->n)
      memcpy (run->pixels + i * run->stride, run->pixels, run->stride * sizeof (float));
    else if (!esp_image_cache_get (run->input->cache, run->images[i], run->pixels + i * run->stride, &run->placements[i], error))
      return FALSE;
  if (!esp_engine_forward (run->engine, run->pixels, job, error) || !sum_scores (run, run->whole, TRUE, error))
    return FALSE;
  for (guint s = 0; s < ESP_ABLATION_N; s++)
    for (guint i = 0; i < run->n; i++)
      ablation->whole[s] += run->whole[s][i] / ablation->n_images;
  return TRUE;
}

/* @values, the output of @layer, with the channels of @unit in it set to 0. */
static void
mask_channels (const Run *run, guint unit, guint layer, float *values)
{
  const EspShape shape = esp_network_get_layer (run->input->network, layer)->out;
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (run->input->coupling, unit, &n);

  for (guint m = 0; m < n; m++)
    for (guint i = 0; members[m].layer == layer && i < run->batch; i++)
      memset (values + (i * (gsize) shape.c + members[m].channel) * plane, 0, plane * sizeof (float));
}

/* The next layer behind @layer that has a member of @unit; G_MAXUINT where there is none. */
static guint
next_layer (const Run *run, guint unit, guint layer)
{
  guint n = 0, next = G_MAXUINT;
  const EspChannel *members = esp_coupling_get_members (run->input->coupling, unit, &n);

  for (guint m = 0; m < n; m++)
    if (members[m].layer > layer)
      next = MIN (next, members[m].layer);
  return next;
}

/* Runs the network from @one's layer on with its channels at 0 in every member, as a masked engine would: a convolution's output is
 * multiplied by 0 behind its activation. What lies before that layer is not run again. */
static gboolean
forward_masked (Run *run, const EspAblated *one, EspJob *job, GError **error)
{
  const gsize count = run->batch * esp_shape_count (esp_network_get_layer (run->input->network, one->layer)->out);
  guint layer = one->layer, next;

  memcpy (run->changed, run->original, count * sizeof (float));
  mask_channels (run, one->unit, layer, run->changed);
  if (!esp_engine_write (run->engine, layer, run->changed, error))
    return FALSE;
  for (; (next = next_layer (run, one->unit, layer)) != G_MAXUINT; layer = next)
    {
      if (!esp_engine_forward_part (run->engine, NULL, layer + 1, next + 1, job, error)
          || !esp_engine_read (run->engine, next, ESP_AT_OUT, run->changed, error))
        return FALSE;
      mask_channels (run, one->unit, next, run->changed);
      if (!esp_engine_write (run->engine, next, run->changed, error))
        return FALSE;
    }
  return esp_engine_forward_from (run->engine, layer + 1, job, error);
}

static gboolean
ablate_one (Run *run, guint first, EspAblated *one, EspJob *job, GError **error)
{
  if (!forward_masked (run, one, job, error) || !sum_scores (run, run->masked, FALSE, error))
    return FALSE;
  for (guint s = 0; s < ESP_ABLATION_N; s++)
    for (guint i = 0; i < run->n; i++)
      {
        const double loss = run->whole[s][i] - run->masked[s][i];

        one->losses[s][first + i] = loss;
        one->loss[s] += loss / run->ablation->n_images;
      }
  return TRUE;
}

/* From the last layer to the first: what a unit leaves behind lies where the next one's forward computes anew. */
static gboolean
ablate_batch (Run *run, guint first, EspJob *job, GError **error)
{
  GArray *units = run->ablation->units;
  guint layer = G_MAXUINT;

  for (guint u = units->len; u-- > 0;)
    {
      EspAblated *one = &g_array_index (units, EspAblated, u);

      esp_job_set_progress (job, (guint64) first * units->len + (guint64) (units->len - 1 - u) * run->n,
                            (guint64) run->ablation->n_images * units->len);
      if (run->input->lane != NULL)
        esp_lane_yield (run->input->lane);
      if (!esp_job_check (job, error))
        return FALSE;
      if (one->layer != layer && !esp_engine_read (run->engine, one->layer, ESP_AT_OUT, run->original, error))
        return FALSE;
      layer = one->layer;
      if (!ablate_one (run, first, one, job, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check (const EspAblationInput *input, GError **error)
{
  if (esp_network_get_classes (input->network) == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "the network has no head ([yolo] or [region]), so nothing is detected to be lost");
  else if (input->map == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "measured ablation needs labelled images: what is lost is what matched them");
  else
    return TRUE;
  return FALSE;
}

/**
 * esp_ablation_new:
 * @input: what is masked and on which images
 * @job: (nullable): progress in units times images; cancel between two layers
 * @error: those of images and engines; ESP_ERROR_UNSUPPORTED without heads, without labels, or where nothing matches; G_IO_ERROR_CANCELLED
 *
 * Of every layer up to n_units units, drawn by the seed among those whose first member is of that layer, are masked to 0 behind the
 * activation in all their members, one unit at a time, and the loss is T whole minus T masked of each image. The images are the first ones
 * of the seed's stratified order. Cost: n_images × units forwards from the unit's layer on. Thread: lane.
 * Source: leave-one-out ablation as a reference for saliencies: LeCun, Denker, Solla 1989; Molchanov et al. 2017 (arXiv:1611.06440),
 * section 3.1, "oracle"; differs: the loss is that of matched scores, since that is what a detector is judged by.
 *
 * Returns: (transfer full): the losses.
 */
EspAblation *
esp_ablation_new (const EspAblationInput *input, EspJob *job, GError **error)
{
  g_auto (Run) run = { .input = input };

  g_return_val_if_fail (input->coupling != NULL && input->cache != NULL && input->options != NULL, NULL);
  if (!check (input, error) || !begin (&run, error))
    return NULL;
  for (guint first = 0; first < run.ablation->n_images; first += run.batch)
    if (!look (&run, first, job, error) || !ablate_batch (&run, first, job, error))
      return NULL;
  if (!(run.ablation->whole[ESP_ABLATION_MATCHED] > 0))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "no detection matches an object on any of %u images, so nothing can be lost",
                   run.ablation->n_images);
      return NULL;
    }
  return g_steal_pointer (&run.ablation);
}

/** esp_ablation_free: frees @ablation (nullable). Thread: any. */
void
esp_ablation_free (EspAblation *ablation)
{
  if (ablation == NULL)
    return;
  esp_coupling_unref (ablation->coupling);
  g_array_unref (ablation->units);
  g_array_unref (ablation->layers);
  g_free (ablation->images);
  g_free (ablation);
}

/** esp_ablation_get: Returns: (transfer none) (array length=n): the units masked, by layer, then channel. Thread: any. */
const EspAblated *
esp_ablation_get (const EspAblation *ablation, guint *n)
{
  *n = ablation->units->len;
  return (const EspAblated *) (gpointer) ablation->units->data;
}

/** esp_ablation_get_layers: Returns: (transfer none) (array length=n): the layers that units were drawn in. Thread: any. */
const guint *
esp_ablation_get_layers (const EspAblation *ablation, guint *n)
{
  *n = ablation->layers->len;
  return (const guint *) (gpointer) ablation->layers->data;
}

/** esp_ablation_get_images: Returns: (transfer none) (array length=n): the images, by place in the data set. Thread: any. */
const guint *
esp_ablation_get_images (const EspAblation *ablation, guint *n)
{
  *n = ablation->n_images;
  return ablation->images;
}

/** esp_ablation_get_whole: Returns: mean over the images of T of the whole network. Thread: any. */
double
esp_ablation_get_whole (const EspAblation *ablation, EspAblationSum sum)
{
  return ablation->whole[sum];
}
