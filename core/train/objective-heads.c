/* objective-heads.c: the rows that train a network for what its cfg says: the losses of its heads, or of a classifier's end */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/objective-private.h"

#include "base/error.h"

typedef struct
{
  GPtrArray *losses; /* of EspLoss */
  float *raw, *gradient;
  gsize room; /* numbers of each */
} Heads;

static gboolean
has_boxes (const EspNetwork *network)
{
  return esp_network_get_classes (network) > 0;
}

static gboolean
has_scores (const EspNetwork *network)
{
  return esp_network_get_scores (network) > 0;
}

static void
end (gpointer data)
{
  Heads *heads = data;

  g_clear_pointer (&heads->losses, g_ptr_array_unref);
  g_free (heads->raw);
  g_free (heads->gradient);
  g_free (heads);
}

static gpointer
begin_with (EspNetwork *network, const EspLossOptions *options, GError **error)
{
  GPtrArray *losses = esp_losses_new (network, options, error);
  Heads *heads;

  if (losses == NULL)
    return NULL;
  heads = g_new0 (Heads, 1);
  heads->losses = losses;
  return heads;
}

static void
make_room (Heads *heads, gsize n)
{
  if (heads->room >= n)
    return;
  g_free (heads->raw);
  g_free (heads->gradient);
  heads->raw = g_new (float, n);
  heads->gradient = g_new (float, n);
  heads->room = n;
}

static gboolean
seed_one (Heads *heads, const EspLoss *loss, EspObjectiveStep *step, GError **error)
{
  const guint source = esp_loss_get_source (loss);
  const EspShape shape = esp_engine_get_shape (step->engine, (int) source);
  const gsize n = esp_shape_count (shape);
  EspLossParts parts = { 0 };
  float *seed;

  make_room (heads, n);
  if (!esp_engine_read (step->engine, source, ESP_AT_OUT, heads->raw, error))
    return FALSE;
  esp_loss_run (loss, shape, heads->raw, step->batch->labels, heads->gradient, &parts);
  esp_loss_parts_add (&step->parts, &parts);
  seed = esp_seeds_get (step->seeds, source, n);
  for (gsize i = 0; i < n; i++)
    seed[i] += heads->gradient[i];
  return TRUE;
}

static gboolean
seed (gpointer term, EspObjectiveStep *step, GError **error)
{
  Heads *heads = term;

  for (guint i = 0; i < heads->losses->len; i++)
    if (!seed_one (heads, g_ptr_array_index (heads->losses, i), step, error))
      return FALSE;
  return TRUE;
}

enum
{
  BOX_GRADIENT,
  BOX_GAIN,
};

static const char *const box_gradients[] = { "darknet", "exact", NULL };

static const EspObjectiveParameter detection_parameters[] = {
  [BOX_GRADIENT] = { "box-gradient", "Gradient of the box", 0, 0, 1, 0, 1, box_gradients },
  [BOX_GAIN] = { "box-gain", "Weight of the box", 1, 0.01, 1000, 0.1, 20, NULL },
};

static gpointer
begin_detection (EspNetwork *network, const double *values, GError **error)
{
  const EspLossOptions options = { .box_gradient = (EspBoxGradient) values[BOX_GRADIENT], .box_gain = values[BOX_GAIN] };

  if (has_boxes (network))
    return begin_with (network, &options, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no head ([yolo] or [region]), so it cannot be trained for detection",
               esp_cfg_get_name (esp_network_get_cfg (network)));
  return NULL;
}

static gpointer
begin_classification (EspNetwork *network, const double *values, GError **error)
{
  if (has_scores (network))
    return begin_with (network, NULL, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s does not end in classes, so it cannot be trained for classification",
               esp_cfg_get_name (esp_network_get_cfg (network)));
  return NULL;
}

const EspObjective esp_objective_detection = {
  .id = "detection",
  .title = "Boxes and their classes",
  .source = "the keys of each [yolo] or [region], as AlexeyAB's darknet has them",
  .parameters = detection_parameters,
  .n_parameters = G_N_ELEMENTS (detection_parameters),
  .leads = has_boxes,
  .begin = begin_detection,
  .end = end,
  .seed = seed,
};

const EspObjective esp_objective_classification = {
  .id = "classification",
  .title = "The class of an image",
  .source = "softmax cross-entropy",
  .leads = has_scores,
  .begin = begin_classification,
  .end = end,
  .seed = seed,
};
