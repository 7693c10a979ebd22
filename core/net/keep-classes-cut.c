/* keep-classes-cut.c: heads without the rows of classes that are not wanted */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "net/keep-classes.h"
#include "net/weights-private.h"

/* A layer whose channels are numbers of classes, after some that stay, once for each anchor. */
typedef struct
{
  const EspLayer *rows; /* that makes them */
  const EspLayer *head; /* that reads them; NULL of a classifier */
  guint n_anchors, n_fixed, n_classes;
} Part;

/* From the layer that gives a classifier's result down to the one that has a number for each class. */
static const EspLayer *
find_scores (const EspNetwork *network)
{
  const EspLayer *layer = esp_network_get_layer (network, esp_network_get_n_layers (network) - 1);

  while (layer->inputs[0] >= 0
         && (layer->kind == ESP_LAYER_COST || layer->kind == ESP_LAYER_SOFTMAX || layer->kind == ESP_LAYER_AVGPOOL
             || layer->kind == ESP_LAYER_DROPOUT))
    layer = esp_network_get_layer (network, (guint) layer->inputs[0]);
  return layer;
}

static gboolean
check_rows (const EspNetwork *network, const EspLayer *rows, const EspLayer *head, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (network);
  guint n = 0;

  if (!(rows->kind == ESP_LAYER_CONVOLUTIONAL && rows->conv.groups == 1) && rows->kind != ESP_LAYER_CONNECTED)
    return esp_cfg_refuse (
        cfg, rows->section, NULL, ESP_ERROR_UNSUPPORTED, error,
        "its channels are a head's classes, which are to be cut: expected a [convolutional] layer without groups, or [connected]");
  esp_network_get_consumers (network, rows->index, &n);
  if (n > 1)
    return esp_cfg_refuse (cfg, rows->section, NULL, ESP_ERROR_UNSUPPORTED, error,
                           "%u layers read the classes' numbers: expected the head alone", n);
  if (head != NULL)
    esp_network_get_consumers (network, head->index, &n);
  if (head != NULL && n > 0)
    return esp_cfg_refuse (cfg, head->section, NULL, ESP_ERROR_UNSUPPORTED, error,
                           "another layer reads this head: its classes cannot be cut");
  if (head != NULL && head->head.tree != NULL)
    return esp_cfg_refuse (cfg, head->section, "tree", ESP_ERROR_UNSUPPORTED, error, "classes of a tree cannot be cut one by one");
  return TRUE;
}

static gboolean
find_parts (const EspNetwork *network, GArray *parts, GError **error)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);
  const int scores = n == 0 ? esp_network_get_scores (network) : 0;

  for (guint i = 0; i < n; i++)
    {
      const EspLayer *head = esp_network_get_layer (network, heads[i]);
      Part part = { .head = head, .n_anchors = (guint) head->head.n_anchors, .n_fixed = 5, .n_classes = (guint) head->head.classes };

      if (head->inputs[0] < 0)
        return esp_cfg_refuse (esp_network_get_cfg (network), head->section, NULL, ESP_ERROR_UNSUPPORTED, error,
                               "the head reads the image itself");
      part.rows = esp_network_get_layer (network, (guint) head->inputs[0]);
      if (!check_rows (network, part.rows, head, error))
        return FALSE;
      g_array_append_val (parts, part);
    }
  if (n == 0 && scores > 0)
    {
      const Part part = { .rows = find_scores (network), .n_anchors = 1, .n_classes = (guint) scores };

      if (!check_rows (network, part.rows, NULL, error))
        return FALSE;
      g_array_append_val (parts, part);
    }
  if (parts->len > 0)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: it has no head whose classes could be kept",
               esp_cfg_get_name (esp_network_get_cfg (network)));
  return FALSE;
}

/* The channels of the whole layer whose mean is channel @row of the kept one. */
static guint *
list_sources (const EspKeepClasses *keep, const Part *part, guint row, guint *n)
{
  const guint per_kept = part->n_fixed + esp_keep_classes_get_n (keep), per_whole = part->n_fixed + part->n_classes;
  const guint first = row / per_kept * per_whole, entry = row % per_kept;
  const guint *classes = NULL;
  guint *sources;

  *n = 1;
  if (entry >= part->n_fixed)
    classes = esp_keep_classes_get_sources (keep, entry - part->n_fixed, n);
  sources = g_new (guint, *n);
  for (guint i = 0; i < *n; i++)
    sources[i] = first + (classes != NULL ? part->n_fixed + classes[i] : entry);
  return sources;
}

static gboolean
check_sources (const EspKeepClasses *keep, const Part *part, const EspWeights *weights, const EspCfg *cfg, GError **error)
{
  for (guint c = 0; c < esp_keep_classes_get_n (keep); c++)
    {
      guint n;
      const guint *sources = esp_keep_classes_get_sources (keep, c, &n);

      for (guint i = 0; i < n; i++)
        if (sources[i] >= part->n_classes)
          return esp_cfg_refuse (cfg, part->rows->section, NULL, ESP_ERROR_SHAPE, error, "class %u is to be kept: there are %u", sources[i],
                                 part->n_classes);
      if (n > 1 && esp_weights_get (weights, part->rows->index)->scales != NULL && !esp_keep_classes_is_redrawn (keep, NULL))
        return esp_cfg_refuse (
            cfg, part->rows->section, "batch_normalize", ESP_ERROR_UNSUPPORTED, error,
            "a mean of classes behind batch normalisation is none of their numbers: expected one proxy, or a class drawn anew");
    }
  return TRUE;
}

static void
set_number (EspCfg *cfg, guint section, const char *key, guint value)
{
  char text[16];

  g_snprintf (text, sizeof text, "%u", value);
  esp_cfg_set (cfg, section, key, text);
}

static EspNetwork *
make_network (const EspNetwork *network, const EspKeepClasses *keep, const GArray *parts, GError **error)
{
  EspCfg *cfg = esp_cfg_copy (esp_network_get_cfg (network));
  const guint n_kept = esp_keep_classes_get_n (keep);

  for (guint i = 0; i < parts->len; i++)
    {
      const Part *part = &g_array_index (parts, Part, i);

      if (part->head != NULL)
        set_number (cfg, part->head->section, "classes", n_kept);
      set_number (cfg, part->rows->section, part->rows->kind == ESP_LAYER_CONNECTED ? "output" : "filters",
                  part->n_anchors * (part->n_fixed + n_kept));
    }
  return esp_network_new_dialect (cfg, esp_network_get_dialect (network), error);
}

/* One number each of @n rows of @length: the number itself, or their mean. */
static void
take_mean (float *to, const float *from, gsize length, const guint *sources, guint n)
{
  if (from == NULL)
    return;
  if (n == 1)
    {
      memcpy (to, from + sources[0] * length, length * sizeof *to);
      return;
    }
  for (gsize i = 0; i < length; i++)
    {
      double sum = 0;

      for (guint k = 0; k < n; k++)
        sum += (double) from[sources[k] * length + i];
      to[i] = (float) (sum / n);
    }
}

/* He-normal weights for a linear layer, bias 0; batch normalisation that changes nothing. */
static void
draw_row (EspParams *to, guint row, gsize length, GRand *rng)
{
  for (gsize i = 0; i < length; i++)
    to->weights[row * length + i] = (float) (esp_rng_normal (rng) / sqrt ((double) length));
  to->biases[row] = 0;
  if (to->scales == NULL)
    return;
  to->scales[row] = to->variances[row] = 1;
  to->means[row] = 0;
}

static EspParams *
make_params (const EspKeepClasses *keep, const Part *part, const EspLayer *small, const EspParams *from)
{
  EspParams *to = esp_params_new_for (small);
  const gsize length = from->n_weights / from->filters;
  guint64 seed;
  const gboolean redraw = esp_keep_classes_is_redrawn (keep, &seed);
  g_autoptr (GRand) rng = esp_rng_new (seed, 0x6b656570u, part->rows->index); /* "keep" */

  for (guint row = 0; row < to->filters; row++)
    {
      guint n;
      g_autofree guint *sources = list_sources (keep, part, row, &n);

      if (n > 1 && redraw)
        {
          draw_row (to, row, length, rng);
          continue;
        }
      take_mean (to->biases + row, from->biases, 1, sources, n);
      take_mean (to->scales != NULL ? to->scales + row : NULL, from->scales, 1, sources, n);
      take_mean (to->means != NULL ? to->means + row : NULL, from->means, 1, sources, n);
      take_mean (to->variances != NULL ? to->variances + row : NULL, from->variances, 1, sources, n);
      take_mean (to->weights + row * length, from->weights, length, sources, n);
    }
  return to;
}

static const Part *
part_of (const GArray *parts, guint layer)
{
  for (guint i = 0; i < parts->len; i++)
    if (g_array_index (parts, Part, i).rows->index == layer)
      return &g_array_index (parts, Part, i);
  return NULL;
}

static EspWeights *
make_weights (const EspKeepClasses *keep, const GArray *parts, const EspNetwork *small, const EspWeights *weights)
{
  EspWeights *made = esp_weights_new_bare (small, esp_weights_get_header (weights));

  for (guint l = 0; l < esp_network_get_n_layers (small); l++)
    {
      const EspParams *from = esp_weights_get (weights, l);
      const Part *part = part_of (parts, l);

      if (from != NULL)
        esp_weights_take (
            made, l, part != NULL ? make_params (keep, part, esp_network_get_layer (small, l), from) : esp_params_ref ((EspParams *) from));
    }
  return made;
}

/**
 * esp_keep_classes:
 * @network: with [yolo] or [region] heads, or a classifier; whole, or cut by a mask
 * @weights: its numbers
 * @keep: the classes that are left, in their order
 * @kept_network: (out) (transfer full): the cfg with other classes=, and filters= or output= of the layers that heads read
 * @kept_weights: (out) (transfer full): parameters of all other layers are shared
 * @error: ESP_ERROR_UNSUPPORTED where others read those layers too, classes form a tree, or a mean is asked for behind batch normalisation;
 *   ESP_ERROR_SHAPE for a class that is not there
 *
 * Of each anchor the rows of box and objectness stay, a class keeps its own row, to the bit, and a new one gets the mean of its proxies'
 * rows, which gives the mean of their raw numbers; or, where @keep says so, a row drawn by lot. Thread: any.
 */
gboolean
esp_keep_classes (EspNetwork *network,
                  EspWeights *weights,
                  const EspKeepClasses *keep,
                  EspNetwork **kept_network,
                  EspWeights **kept_weights,
                  GError **error)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (Part));
  g_autoptr (EspNetwork) small = NULL;

  g_return_val_if_fail (esp_keep_classes_get_n (keep) > 0, FALSE);
  if (!find_parts (network, parts, error))
    return FALSE;
  for (guint i = 0; i < parts->len; i++)
    if (!check_sources (keep, &g_array_index (parts, Part, i), weights, esp_network_get_cfg (network), error))
      return FALSE;
  small = make_network (network, keep, parts, error);
  if (small == NULL)
    return FALSE;
  *kept_weights = make_weights (keep, parts, small, weights);
  *kept_network = g_steal_pointer (&small);
  return TRUE;
}

/**
 * esp_keep_classes_row:
 * @keep: the classes kept
 * @network: before they were
 * @layer: of any kind
 * @row: a channel of the kept network's layer
 * @n: (out): how many
 *
 * Returns: (transfer full) (nullable) (array length=n): the channels of @network's layer that it is the mean of; NULL where all channels of
 * the layer are as they were. Thread: any.
 */
guint *
esp_keep_classes_row (const EspKeepClasses *keep, const EspNetwork *network, guint layer, guint row, guint *n)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (Part));

  if (!find_parts (network, parts, NULL))
    return NULL;
  for (guint i = 0; i < parts->len; i++)
    {
      const Part *part = &g_array_index (parts, Part, i);

      if (part->rows->index == layer || (part->head != NULL && part->head->index == layer)
          || (part->head == NULL && layer > part->rows->index))
        return list_sources (keep, part, row, n);
    }
  return NULL;
}
