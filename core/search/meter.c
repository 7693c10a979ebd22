/* meter.c: what masks cost in mAP, each measured once */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/meter.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "measure/bootstrap.h"
#include "measure/summary.h"
#include "net/cost.h"
#include "prune/plan-file.h"

#define REPLICATES_AT_ONCE 50

struct _EspMeter
{
  EspMeterInput input;
  EspCutPass *pass;
  EspOutcome **whole; /* (nullable): of the whole network, once they are needed */
  GHashTable *known;  /* where there is no file: of key to JsonNode */
};

/** esp_meter_new: Returns: (transfer full): nothing is computed yet. Thread: lane. */
EspMeter *
esp_meter_new (const EspMeterInput *input)
{
  EspMeter *meter;

  g_return_val_if_fail (input != NULL && input->protocol != NULL, NULL);
  meter = g_new0 (EspMeter, 1);
  meter->input = *input;
  meter->pass = esp_cut_pass_new (&input->pass);
  meter->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_node_unref);
  return meter;
}

/** esp_meter_free: frees @meter (nullable). Thread: lane. */
void
esp_meter_free (EspMeter *meter)
{
  if (meter == NULL)
    return;
  esp_outcomes_free (meter->whole, meter->input.pass.n);
  esp_cut_pass_free (meter->pass);
  g_hash_table_unref (meter->known);
  g_free (meter);
}

static void
add_numbers (GByteArray *to, gconstpointer numbers, gsize n)
{
  g_byte_array_append (to, numbers, (guint) n);
}

/**
 * esp_images_describe:
 * @dataset: the images
 * @map: (nullable): its classes in the network's
 * @indices: (nullable): which of them, in order; NULL: the first @n
 * @n: how many
 *
 * Returns: (transfer full): their number and a hash of names, truths and classes. Thread: any.
 */
char *
esp_images_describe (const EspDataset *dataset, const EspClassMap *map, const guint *indices, guint n)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *hash = NULL;

  for (guint i = 0; i < n; i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, indices != NULL ? indices[i] : i);

      g_byte_array_append (bytes, (const guint8 *) sample->name, (guint) strlen (sample->name) + 1);
      add_numbers (bytes, &sample->n_truths, sizeof sample->n_truths);
      for (guint k = 0; k < sample->n_truths; k++)
        {
          add_numbers (bytes, &sample->truths[k].class_index, sizeof (int));
          add_numbers (bytes, &sample->truths[k].box, sizeof (EspBox));
          add_numbers (bytes, &sample->truths[k].difficult, sizeof (gboolean));
        }
    }
  for (guint c = 0; map != NULL && c < map->n; c++)
    add_numbers (bytes, &map->to_network[c], sizeof (int));
  hash = esp_hash_to_string (esp_hash_bytes (bytes->data, bytes->len));
  return g_strdup_printf ("%u images %.12s", n, hash);
}

/* The words of the command line for what a run was made with. */
static const char *const fits[] = { [ESP_FIT_STRETCH] = "stretched", [ESP_FIT_LETTERBOX] = "letterboxed" };
static const char *const forms[] = { [ESP_BN_ALEXEY] = "alexey", [ESP_BN_DARKNET] = "darknet", [ESP_BN_OPENCV] = "opencv" };
static const char *const backends[] = { [ESP_BACKEND_ONEDNN] = "onednn",
                                        [ESP_BACKEND_REFERENCE] = "reference",
                                        [ESP_BACKEND_REFERENCE_DOUBLE] = "reference-double",
                                        [ESP_BACKEND_BFLOAT16] = "bfloat16" };
static const char *const orientations[]
    = { [ESP_ORIENTATION_AUTO] = "auto", [ESP_ORIENTATION_EXIF] = "exif", [ESP_ORIENTATION_NONE] = "none" };
static const char *const suppressions[] = { [ESP_NMS_DEFAULT] = "IoU", [ESP_NMS_GREEDY] = "greedynms", [ESP_NMS_DIOU] = "diounms" };

/** esp_meter_describe: Returns: (transfer full): all that the numbers of @input depend on, in one line. Thread: any. */
char *
esp_meter_describe (const EspMeterInput *input)
{
  const EspCutPassInput *pass = &input->pass;
  const EspEvaluateOptions *run = pass->options;
  g_autofree char *cfg = esp_plan_hash_cfg (pass->network);
  g_autoptr (GBytes) bytes = esp_weights_to_bytes (pass->network, pass->weights);
  g_autofree char *weights = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *images = esp_images_describe (pass->dataset, pass->map, pass->indices, pass->n);
  char threshold[G_ASCII_DTOSTR_BUF_SIZE], nms[G_ASCII_DTOSTR_BUF_SIZE], iou[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (threshold, sizeof threshold, "%g", (double) run->threshold);
  g_ascii_formatd (nms, sizeof nms, "%g", (double) run->nms.threshold);
  g_ascii_formatd (iou, sizeof iou, "%g", (double) run->iou);
  return g_strdup_printf ("cfg %.12s, weights %.12s, %s %s, orientation %s, batch normalisation %s, kernels %s, threshold %s, "
                          "suppression by %s at %s, hits at IoU %s, protocol %s, %u replicates of seed %" G_GUINT64_FORMAT,
                          cfg, weights, images, fits[run->fit], orientations[run->orientation], forms[run->bn], backends[run->backend],
                          threshold, suppressions[run->nms.kind], nms, iou, input->protocol->id, input->replicates, input->seed);
}

static gboolean
need_whole (EspMeter *meter, EspJob *job, GError **error)
{
  EspOutcome **whole;

  if (meter->whole != NULL)
    return TRUE;
  whole = g_new0 (EspOutcome *, meter->input.pass.n + 1);
  if (!esp_cut_pass_run_below (meter->pass, NULL, whole, job, error))
    {
      g_free (whole);
      return FALSE;
    }
  meter->whole = whole;
  return TRUE;
}

static gboolean
find_interval (EspMeter *meter, EspOutcome *const *outcomes, EspInterval *interval, EspJob *job, GError **error)
{
  const EspMeterInput *input = &meter->input;
  g_autoptr (EspBootstrap) bootstrap = esp_bootstrap_new_difference (meter->whole, outcomes, input->pass.n, input->n_classes,
                                                                     input->protocol, input->replicates, input->seed);

  do
    if (!esp_job_check (job, error))
      return FALSE;
  while (esp_bootstrap_step (bootstrap, REPLICATES_AT_ONCE));
  *interval = esp_bootstrap_get (bootstrap);
  return TRUE;
}

static JsonObject *
find_row (EspMeter *meter, const char *key)
{
  JsonNode *node = g_hash_table_lookup (meter->known, key);

  if (meter->input.rows != NULL)
    return esp_row_file_get (meter->input.rows, key);
  return node != NULL ? json_node_get_object (node) : NULL;
}

static gboolean
read_number (JsonObject *row, const char *name, double *value)
{
  return esp_json_read_number (row, "", name, -G_MAXDOUBLE, G_MAXDOUBLE, value, NULL);
}

/* FALSE where the mask was not measured, or not with an interval where one is wanted. */
static gboolean
recall (EspMeter *meter, const char *key, gboolean interval, EspMetered *to)
{
  JsonObject *row = find_row (meter, key);
  EspInterval *d = &to->difference;

  if (row == NULL || !read_number (row, "map", &to->map) || !read_number (row, "precision", &to->precision)
      || !read_number (row, "recall", &to->recall) || !read_number (row, "f1", &to->f1))
    return FALSE;
  *d = (EspInterval){ NAN, NAN, NAN, meter->input.replicates, meter->input.seed, meter->input.pass.n };
  if (json_object_has_member (row, "difference")
      && !(read_number (row, "difference", &d->value) && read_number (row, "low", &d->low) && read_number (row, "high", &d->high)))
    return FALSE;
  to->recalled = TRUE;
  return !interval || !isnan (d->value);
}

static gboolean
remember (EspMeter *meter, const char *key, const EspMetered *from, GError **error)
{
  JsonObject *row = json_object_new ();
  JsonNode *node;

  json_object_set_double_member (row, "map", from->map);
  json_object_set_double_member (row, "precision", from->precision);
  json_object_set_double_member (row, "recall", from->recall);
  json_object_set_double_member (row, "f1", from->f1);
  if (!isnan (from->difference.value))
    {
      json_object_set_double_member (row, "difference", from->difference.value);
      json_object_set_double_member (row, "low", from->difference.low);
      json_object_set_double_member (row, "high", from->difference.high);
    }
  if (meter->input.rows != NULL)
    return esp_row_file_put (meter->input.rows, key, row, error);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, row);
  g_hash_table_replace (meter->known, g_strdup (key), node);
  return TRUE;
}

/* What is known without a run. */
static void
weigh (const EspMeter *meter, const EspMask *mask, EspMetered *to)
{
  EspNetwork *network = meter->input.pass.network;
  const EspCost cost = esp_cost_of (network, mask);
  guint all = 0, gone = 0;

  to->params = cost.params;
  to->bflops = cost.bflops;
  for (guint l = 0; mask != NULL && l < esp_network_get_n_layers (network); l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);
      const guint kept = layer->kind == ESP_LAYER_CONVOLUTIONAL ? esp_mask_count_kept (mask, l) : 0;

      if (kept > 0 && esp_coupling_is_prunable (meter->input.coupling, l))
        {
          all += (guint) layer->out.c;
          gone += (guint) layer->out.c - kept;
        }
      if (kept == 0 || kept == (guint) layer->out.c || (to->kept > 0 && kept >= to->kept))
        continue;
      to->thinnest = l;
      to->kept = kept;
    }
  to->share = all > 0 ? (double) gone / all : 0;
}

static gboolean
compute (EspMeter *meter, EspMask *mask, gboolean interval, EspMetered *to, EspJob *job, GError **error)
{
  const EspMeterInput *input = &meter->input;
  const gboolean full = mask == NULL || esp_mask_is_full (mask);
  EspOutcome **outcomes = NULL;
  g_autoptr (EspSummary) summary = NULL;
  gboolean done = TRUE;

  if ((full || interval) && !need_whole (meter, job, error))
    return FALSE;
  if (!full)
    {
      outcomes = g_new0 (EspOutcome *, input->pass.n + 1);
      done = esp_cut_pass_run_below (meter->pass, mask, outcomes, job, error);
    }
  to->difference = (EspInterval){ NAN, NAN, NAN, input->replicates, input->seed, input->pass.n };
  if (done && interval)
    done = find_interval (meter, full ? meter->whole : outcomes, &to->difference, job, error);
  if (done)
    {
      summary = esp_summary_new (full ? meter->whole : outcomes, input->pass.n, input->n_classes, input->protocol);
      to->map = summary->map;
      to->precision = summary->precision;
      to->recall = summary->recall;
      to->f1 = summary->f1;
    }
  esp_outcomes_free (outcomes, input->pass.n);
  return done;
}

/**
 * esp_meter_measure:
 * @meter: over which images
 * @mask: (nullable): the channels that stay
 * @interval: whether the paired interval of the difference from the whole network is wanted: Bayesian bootstrap over images
 * @metered: (out): what it costs
 * @job: (nullable): cancel; its progress is left alone
 * @error: those of the cut, of engines and images, and of the file of rows; G_IO_ERROR_CANCELLED
 *
 * What an earlier call or run measured is not measured again. Thread: lane.
 */
gboolean
esp_meter_measure (EspMeter *meter, EspMask *mask, gboolean interval, EspMetered *metered, EspJob *job, GError **error)
{
  g_autoptr (EspMask) full = mask == NULL ? esp_mask_new_full (meter->input.pass.network) : esp_mask_ref (mask);
  g_autofree char *hash = esp_hash_to_string (esp_mask_get_hash (full)), *key = g_strconcat ("mask ", hash, NULL);

  *metered = (EspMetered){ .map = NAN };
  weigh (meter, mask, metered);
  if (recall (meter, key, interval, metered))
    return TRUE;
  metered->recalled = FALSE;
  return compute (meter, mask, interval, metered, job, error) && remember (meter, key, metered, error);
}
