/* objective-heads.c: the rows that train a network for what its cfg says: the losses of its heads, or of a classifier's end */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/objective-private.h"

#include "base/error.h"

/* The losses of one size of input: spots and anchors are counted in it. */
typedef struct
{
  int width, height;
  GPtrArray *losses; /* of EspLoss */
} Sized;

typedef struct
{
  EspLossOptions options;
  GArray *sizes; /* of Sized, the network's own first */
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
sized_clear (gpointer data)
{
  g_ptr_array_unref (((Sized *) data)->losses);
}

static void
end (gpointer data)
{
  Heads *heads = data;

  g_array_unref (heads->sizes);
  g_free (heads->raw);
  g_free (heads->gradient);
  g_free (heads);
}

/* (transfer none): the losses for inputs of the size of @network. */
static GPtrArray *
losses_of (Heads *heads, EspNetwork *network, GError **error)
{
  const EspShape input = esp_network_get_input (network);
  Sized sized = { .width = input.w, .height = input.h };

  for (guint i = 0; i < heads->sizes->len; i++)
    {
      const Sized *other = &g_array_index (heads->sizes, Sized, i);

      if (other->width == input.w && other->height == input.h)
        return other->losses;
    }
  sized.losses = esp_losses_new (network, &heads->options, error);
  if (sized.losses != NULL)
    g_array_append_val (heads->sizes, sized);
  return sized.losses;
}

static gpointer
begin_with (EspNetwork *network, const EspLossOptions *options, GError **error)
{
  Heads *heads = g_new0 (Heads, 1);

  heads->options = *options;
  heads->sizes = g_array_new (FALSE, FALSE, sizeof (Sized));
  g_array_set_clear_func (heads->sizes, sized_clear);
  if (losses_of (heads, network, error) != NULL)
    return heads;
  end (heads);
  return NULL;
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
  GPtrArray *losses = losses_of (heads, esp_engine_get_network (step->engine), error);

  if (losses == NULL)
    return FALSE;
  for (guint i = 0; i < losses->len; i++)
    if (!seed_one (heads, g_ptr_array_index (losses, i), step, error))
      return FALSE;
  return TRUE;
}

enum
{
  BOX_GRADIENT,
  BOX_GAIN,
};

static const char *const box_gradients[] = { "darknet", "exact", NULL };

static const EspKnob detection_parameters[] = {
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
    return begin_with (network, &(EspLossOptions){ 0 }, error);
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
