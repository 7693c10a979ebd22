/* evaluate.c: the one pass over a data set that every mAP comes from */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/evaluate.h"

#include <string.h>

#include "detect/decode.h"

struct _EspPass
{
  EspEngine *engine;
  EspDataset *dataset;
  const EspClassMap *map;
  EspImageCache *cache;
  EspEvaluateOptions options;
  EspHeads *heads;
  guint batch;
  gsize stride;             /* numbers of one image */
  float *input;             /* batch * stride */
  EspPlacement *placements; /* batch */
  EspPrefixCache *kept;     /* (nullable) */
  EspPrefix *prefixes;      /* n_prefixes, by layer */
  guint n_prefixes;
  int save;        /* which of them to keep, -1 none */
  gboolean unread; /* an image of the batch in hand could not be read */
};

/**
 * esp_evaluate_options_init:
 * @options: (out): the defaults of AlexeyAB's detector map
 * @network: its [net] may ask for letterboxes
 *
 * Thread: any.
 */
void
esp_evaluate_options_init (EspEvaluateOptions *options, const EspNetwork *network)
{
  *options = (EspEvaluateOptions){
    .fit = esp_network_get_letterbox (network) ? ESP_FIT_LETTERBOX : ESP_FIT_STRETCH,
    .bn = ESP_BN_ALEXEY,
    .backend = ESP_BACKEND_ONEDNN,
    .orientation = ESP_ORIENTATION_AUTO,
    .threshold = .005f,
    .nms = esp_nms_of_network (network, .45f),
    .iou = .5f,
    .batch = 1,
  };
}

/**
 * esp_pass_new:
 * @engine: compiled for inference; its batch is used, whatever @options says
 * @dataset: the images
 * @map: (nullable): data set classes to the network's, must outlive the pass; NULL for an unlabelled set
 * @cache: of the same data set and input
 * @options: thresholds
 *
 * Returns: (transfer full): a pass that allocates only outcomes when it runs. Thread: lane.
 */
EspPass *
esp_pass_new (EspEngine *engine, EspDataset *dataset, const EspClassMap *map, EspImageCache *cache, const EspEvaluateOptions *options)
{
  EspPass *pass = g_new0 (EspPass, 1);

  pass->engine = esp_engine_ref (engine);
  pass->dataset = esp_dataset_ref (dataset);
  pass->map = map;
  pass->cache = esp_image_cache_ref (cache);
  pass->options = *options;
  pass->heads = esp_heads_new (engine);
  pass->batch = esp_engine_get_batch (engine);
  pass->stride = esp_shape_count (esp_network_get_input (esp_engine_get_network (engine)));
  pass->input = g_new (float, pass->batch * pass->stride);
  pass->placements = g_new0 (EspPlacement, pass->batch);
  return pass;
}

/** esp_pass_free: frees @pass (nullable). Thread: lane. */
void
esp_pass_free (EspPass *pass)
{
  if (pass == NULL)
    return;
  g_free (pass->prefixes);
  g_free (pass->placements);
  g_free (pass->input);
  esp_heads_free (pass->heads);
  esp_image_cache_unref (pass->cache);
  esp_dataset_unref (pass->dataset);
  esp_engine_unref (pass->engine);
  g_free (pass);
}

/* Images @indices, at most a batch; the rest of the batch is the first one again. */
static gboolean
fill_batch (EspPass *pass, const guint *indices, guint n, EspJob *job, GError **error)
{
  for (guint i = 0; i < pass->batch; i++)
    {
      if (i >= n)
        memcpy (pass->input + i * pass->stride, pass->input, pass->stride * sizeof (float));
      else if (!esp_job_check (job, error))
        return FALSE;
      else if (!esp_image_cache_get (pass->cache, indices[i], pass->input + i * pass->stride, &pass->placements[i], error))
        {
          pass->unread = TRUE;
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * esp_pass_set_prefixes:
 * @pass: of an engine of batch 1
 * @cache: what is kept of earlier passes; must outlive the pass
 * @prefixes: (array length=n): where forwards may begin, by layer, ascending, with the hash of the bits that cut the layers before; copied
 * @n: how many
 * @save: which of them to keep for later passes; -1: none
 *
 * No outcome depends on it: what is loaded is what the same kernels would compute again. Thread: lane.
 */
void
esp_pass_set_prefixes (EspPass *pass, EspPrefixCache *cache, const EspPrefix *prefixes, guint n, int save)
{
  g_return_if_fail (pass->batch == 1 && save < (int) n);
  g_free (pass->prefixes);
  pass->kept = cache;
  pass->prefixes = g_memdup2 (prefixes, n * sizeof *prefixes);
  pass->n_prefixes = n;
  pass->save = save;
}

/* The layer that the forward of an image may begin with, what is before it loaded; 0 where nothing is kept of it. */
static guint
load_prefix (EspPass *pass, guint index)
{
  for (guint i = pass->n_prefixes; i-- > 0;)
    {
      gconstpointer kept = esp_prefix_cache_get (pass->kept, index, &pass->prefixes[i]);

      if (kept == NULL || !esp_image_cache_get_placement (pass->cache, index, &pass->placements[0]))
        continue;
      esp_engine_load_live (pass->engine, pass->prefixes[i].layer, kept);
      return pass->prefixes[i].layer;
    }
  return 0;
}

static void
save_prefix (EspPass *pass, guint index, const EspPrefix *prefix)
{
  gpointer to = esp_prefix_cache_add (pass->kept, index, prefix, esp_engine_get_live_bytes (pass->engine, prefix->layer));

  if (to != NULL)
    esp_engine_save_live (pass->engine, prefix->layer, to);
}

/* One image, from where an earlier pass can be taken up. */
static gboolean
forward_kept (EspPass *pass, guint index, EspJob *job, GError **error)
{
  const guint end = esp_network_get_n_layers (esp_engine_get_network (pass->engine));
  const EspPrefix *save = pass->save >= 0 ? &pass->prefixes[pass->save] : NULL;
  guint first = load_prefix (pass, index);
  const float *input = first == 0 ? pass->input : NULL;

  if (first == 0 && !fill_batch (pass, &index, 1, job, error))
    return FALSE;
  if (save != NULL && save->layer > first)
    {
      if (!esp_engine_forward_part (pass->engine, input, first, save->layer, job, error))
        return FALSE;
      save_prefix (pass, index, save);
      first = save->layer;
      input = NULL;
    }
  return esp_engine_forward_part (pass->engine, input, first, end, job, error);
}

static gboolean
run_batch (EspPass *pass, const guint *indices, guint n, EspOutcome **outcomes, EspJob *job, GError **error)
{
  const gboolean run = pass->kept != NULL
                           ? forward_kept (pass, indices[0], job, error)
                           : fill_batch (pass, indices, n, job, error) && esp_engine_forward (pass->engine, pass->input, job, error);

  if (!run || !esp_heads_read (pass->heads, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      GArray *detections;
      int width, height;

      if (!esp_job_check (job, error))
        return FALSE;
      detections = esp_heads_decode (pass->heads, i, pass->placements[i], pass->options.threshold);
      esp_image_cache_get_size (pass->cache, indices[i], &width, &height);
      outcomes[i] = esp_outcome_new (detections, esp_dataset_get (pass->dataset, indices[i]), pass->map, &pass->options, width, height);
    }
  return TRUE;
}

/* As many as can be read; of one that cannot, where it may be passed over, why. */
static gboolean
run_or_pass_over (EspPass *pass, const guint *indices, guint n, EspOutcome **outcomes, EspJob *job, GError **error)
{
  g_autoptr (GError) local = NULL;

  pass->unread = FALSE;
  if (run_batch (pass, indices, n, outcomes, job, &local))
    return TRUE;
  if (!pass->unread || !pass->options.pass_over || pass->batch > 1)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  outcomes[0] = g_new0 (EspOutcome, 1);
  outcomes[0]->image_id = esp_dataset_get (pass->dataset, indices[0])->id;
  outcomes[0]->failure = g_strdup (local->message);
  return TRUE;
}

/**
 * esp_pass_run:
 * @pass: the pass
 * @indices: images of the data set
 * @n: how many
 * @outcomes: (out caller-allocates): @n, each (transfer full), in the order of @indices; all NULL on failure
 * @job: (nullable): its progress is images of @n
 *
 * Forward in batches, decode, suppress, match. No outcome depends on the batch or on the other images.
 * Cancel: between layers and images. Errors: those of reading an image, where @options does not pass it over, and of the engine.
 * Thread: lane.
 */
gboolean
esp_pass_run (EspPass *pass, const guint *indices, guint n, EspOutcome **outcomes, EspJob *job, GError **error)
{
  memset (outcomes, 0, n * sizeof *outcomes);
  for (guint first = 0; first < n; first += pass->batch)
    {
      const guint some = MIN (pass->batch, n - first);

      if (!run_or_pass_over (pass, indices + first, some, outcomes + first, job, error))
        {
          for (guint i = 0; i < n; i++)
            g_clear_pointer (&outcomes[i], esp_outcome_free);
          return FALSE;
        }
      esp_job_set_progress (job, first + some, n);
    }
  return TRUE;
}
