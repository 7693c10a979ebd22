/* rewrite.c: a network with layers taken out or split in two, every reference renumbered */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/rewrite.h"

#include <string.h>

#include "base/error.h"
#include "net/rewrite-private.h"
#include "net/weights-private.h"

static void
node_free (gpointer data)
{
  EspRewriteNode *node = data;

  g_array_unref (node->inputs);
  g_free (node);
}

static guint
add_node (EspRewrite *rewrite, int old, const int *inputs, guint n)
{
  EspRewriteNode *node = g_new0 (EspRewriteNode, 1);

  node->old = old;
  node->inputs = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_vals (node->inputs, inputs, n);
  g_ptr_array_add (rewrite->nodes, node);
  return rewrite->nodes->len - 1;
}

/**
 * esp_rewrite_new:
 * @network: the network, kept
 * @weights: its numbers, kept
 *
 * Returns: (transfer full): nothing changed yet. Thread: any one.
 */
EspRewrite *
esp_rewrite_new (EspNetwork *network, EspWeights *weights)
{
  const guint n = esp_network_get_n_layers (network);
  EspRewrite *rewrite = g_new0 (EspRewrite, 1);

  rewrite->network = esp_network_ref (network);
  rewrite->weights = esp_weights_ref (weights);
  rewrite->nodes = g_ptr_array_new_with_free_func (node_free);
  rewrite->order = g_array_new (FALSE, FALSE, sizeof (guint));
  rewrite->stands_for = g_new (int, n);
  for (guint l = 0; l < n; l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      add_node (rewrite, (int) l, layer->inputs, layer->n_inputs);
      g_array_append_val (rewrite->order, l);
      rewrite->stands_for[l] = (int) l;
    }
  return rewrite;
}

/** esp_rewrite_free: frees it. */
void
esp_rewrite_free (EspRewrite *rewrite)
{
  g_ptr_array_unref (rewrite->nodes);
  g_array_unref (rewrite->order);
  g_free (rewrite->stands_for);
  esp_weights_unref (rewrite->weights);
  esp_network_unref (rewrite->network);
  g_free (rewrite);
}

static gboolean refuse (const EspRewrite *rewrite, guint layer, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
refuse (const EspRewrite *rewrite, guint layer, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "layer %u [%s] %s", layer,
               esp_layer_kind_name (esp_network_get_layer (rewrite->network, layer)->kind), text);
  return FALSE;
}

static gboolean
reads (const EspRewriteNode *node, int from)
{
  for (guint i = 0; !node->is_gone && i < node->inputs->len; i++)
    if (g_array_index (node->inputs, int, i) == from)
      return TRUE;
  return FALSE;
}

static gboolean
is_read (const EspRewrite *rewrite, guint node)
{
  for (guint i = 0; i < rewrite->nodes->len; i++)
    if (reads (esp_rewrite_node (rewrite, i), (int) node))
      return TRUE;
  return FALSE;
}

/* Who read @from reads @to, but for nodes from @first to @last. */
static void
redirect (EspRewrite *rewrite, int from, int to, guint first, guint last)
{
  for (guint i = 0; i < rewrite->nodes->len; i++)
    {
      GArray *inputs = esp_rewrite_node (rewrite, i)->inputs;

      for (guint k = 0; (i < first || i > last) && k < inputs->len; k++)
        if (g_array_index (inputs, int, k) == from)
          g_array_index (inputs, int, k) = to;
    }
}

static EspShape
shape_of (const EspRewrite *rewrite, int node)
{
  EspShape shape;

  if (node < 0)
    return esp_network_get_input (rewrite->network);
  if (esp_rewrite_node (rewrite, (guint) node)->old >= 0 && esp_rewrite_node (rewrite, (guint) node)->filters == 0)
    return esp_network_get_layer (rewrite->network, (guint) esp_rewrite_node (rewrite, (guint) node)->old)->out;
  for (guint l = 0; l < esp_network_get_n_layers (rewrite->network); l++)
    if (rewrite->stands_for[l] == node)
      return esp_network_get_layer (rewrite->network, l)->out;
  shape = esp_network_get_layer (rewrite->network, (guint) esp_rewrite_node (rewrite, (guint) node)->old)->out;
  shape.c = (int) esp_rewrite_node (rewrite, (guint) node)->filters;
  return shape;
}

/* What a block passes on beside its layers: of a shortcut the one source outside, else what its first layer reads. */
static gboolean
find_source (const EspRewrite *rewrite, guint first, guint last, int *source, GError **error)
{
  const EspRewriteNode *end = esp_rewrite_node (rewrite, last);
  guint n = 0;

  *source = g_array_index (esp_rewrite_node (rewrite, first)->inputs, int, 0);
  if (esp_network_get_layer (rewrite->network, last)->kind != ESP_LAYER_SHORTCUT)
    return TRUE;
  for (guint i = 0; i < end->inputs->len; i++)
    {
      const int input = g_array_index (end->inputs, int, i);

      if (input >= (int) first && input < (int) last)
        continue;
      *source = input;
      n++;
    }
  return n == 1 || refuse (rewrite, last, error, "adds %u layers of outside %u to %u: expected one, that stays", n, first, last);
}

static gboolean
check_removal (const EspRewrite *rewrite, guint first, guint last, int source, GError **error)
{
  const EspShape in = shape_of (rewrite, source), out = esp_network_get_layer (rewrite->network, last)->out;

  for (guint l = first; l <= last; l++)
    {
      if (esp_layer_is_head (esp_network_get_layer (rewrite->network, l)))
        return refuse (rewrite, l, error, "is a head: expected layers that others read");
      for (guint i = 0; l < last && i < rewrite->nodes->len; i++)
        if ((i < first || i > last) && reads (esp_rewrite_node (rewrite, i), (int) l))
          return refuse (rewrite, l, error, "is read outside layers %u to %u: expected only the last of them to be", first, last);
    }
  if (!is_read (rewrite, last))
    return refuse (rewrite, last, error, "is an output of the network: expected a layer that others read");
  return esp_shape_equal (in, out)
         || refuse (rewrite, last, error, "gives %d x %d x %d, what stays instead %d x %d x %d: expected equal sizes", out.w, out.h, out.c,
                    in.w, in.h, in.c);
}

/**
 * esp_rewrite_remove_layers:
 * @rewrite: the rewrite
 * @first: the first that goes
 * @last: the last, whose readers read on from what goes into the block: where it is a shortcut, from the one layer outside that it adds
 * @error: ESP_ERROR_UNSUPPORTED: one of them is a head, gone already, or read from outside; the sizes differ; nothing reads the last
 *
 * A whole shortcut block taken out is the network in which all that the block adds is masked, if the shortcut's activation is linear and it
 * weighs nothing.
 * Returns: whether it was done; nothing is changed if not.
 */
gboolean
esp_rewrite_remove_layers (EspRewrite *rewrite, guint first, guint last, GError **error)
{
  int source = -1;

  g_return_val_if_fail (first <= last && last < esp_network_get_n_layers (rewrite->network), FALSE);
  for (guint l = first; l <= last; l++)
    if (rewrite->stands_for[l] != (int) l)
      return refuse (rewrite, l, error, "was removed or split before");
  if (!find_source (rewrite, first, last, &source, error) || !check_removal (rewrite, first, last, source, error))
    return FALSE;
  redirect (rewrite, (int) last, source, first, last);
  for (guint l = first; l <= last; l++)
    {
      esp_rewrite_node (rewrite, l)->is_gone = TRUE;
      rewrite->stands_for[l] = -1;
    }
  return TRUE;
}

static guint
place_of (const EspRewrite *rewrite, guint node)
{
  guint i = 0;

  while (g_array_index (rewrite->order, guint, i) != node)
    i++;
  return i;
}

/* A route that takes one group of the convolution names the parts that make it up instead, where there are such. @parts: nodes, @n of
 * them */
static void
take_parts (EspRewrite *rewrite, guint route, const GArray *parts)
{
  EspRewriteNode *node = esp_rewrite_node (rewrite, route);
  const EspLayer *layer = node->old >= 0 ? esp_network_get_layer (rewrite->network, (guint) node->old) : NULL;
  guint from, to, at = 0;
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (int));

  if (layer == NULL || layer->kind != ESP_LAYER_ROUTE || layer->route.groups == 1 || node->is_whole || node->inputs->len != 1)
    return;
  from = (guint) layer->route.group * (guint) layer->out.c;
  to = from + (guint) layer->out.c;
  for (guint i = 0; i < parts->len; i++)
    {
      const int part = g_array_index (parts, int, i);
      const guint end = at + esp_rewrite_node (rewrite, (guint) part)->filters;

      if (at < to && end > from && (at < from || end > to))
        return;
      if (at >= from && end <= to)
        g_array_append_val (taken, part);
      at = end;
    }
  g_array_unref (node->inputs);
  node->inputs = g_steal_pointer (&taken);
  node->is_whole = TRUE;
}

/* Convolutions of their own for the parts, behind each other where the layer was. */
static GArray *
make_parts (EspRewrite *rewrite, guint layer, const guint *filters, guint n)
{
  EspRewriteNode *whole = esp_rewrite_node (rewrite, layer);
  const int input = g_array_index (whole->inputs, int, 0);
  const guint place = place_of (rewrite, layer);
  GArray *parts = g_array_new (FALSE, FALSE, sizeof (int));
  guint first = 0;

  for (guint i = 0; i < n; i++)
    {
      const guint node = i == 0 ? layer : add_node (rewrite, (int) layer, &input, 1);

      if (i > 0)
        g_array_insert_val (rewrite->order, place + i, node);
      esp_rewrite_node (rewrite, node)->first = first;
      esp_rewrite_node (rewrite, node)->filters = filters[i];
      first += filters[i];
      g_array_append_val (parts, node);
    }
  return parts;
}

static gboolean
check_split (const EspRewrite *rewrite, guint layer, const guint *filters, guint n, GError **error)
{
  const EspLayer *conv = esp_network_get_layer (rewrite->network, layer);
  guint sum = 0;

  if (conv->kind != ESP_LAYER_CONVOLUTIONAL)
    return refuse (rewrite, layer, error, "is no convolution: expected one to split");
  if (rewrite->stands_for[layer] != (int) layer)
    return refuse (rewrite, layer, error, "was removed or split before");
  if (conv->conv.groups != 1)
    return refuse (rewrite, layer, error, "has %d groups: expected one", conv->conv.groups);
  if (g_array_index (esp_rewrite_node (rewrite, layer)->inputs, int, 0) < 0)
    return refuse (rewrite, layer, error, "reads the image, which no other layer can be made to read");
  for (guint i = 0; i < n; i++)
    {
      if (filters[i] == 0)
        return refuse (rewrite, layer, error, "is to be split into parts of which one is empty");
      sum += filters[i];
    }
  return (n > 1 && sum == (guint) conv->conv.filters)
         || refuse (rewrite, layer, error,
                    "has %d filters, and %u parts of %u in all are asked for: expected two or more that make them up", conv->conv.filters,
                    n, sum);
}

/**
 * esp_rewrite_split_convolution:
 * @rewrite: the rewrite
 * @layer: a convolution in one group, that does not read the image
 * @filters: (array length=n): how many consecutive filters each part has
 * @n: of them, two or more
 * @error: ESP_ERROR_UNSUPPORTED with the reason
 *
 * Exact: every filter keeps its numbers. A route behind them joins the parts, and is read by those that read the layer; routes that take a
 * group of it which is made up of parts name these instead, so that the groups' counts are free of each other in a plan for the new
 * network. What nothing reads then is left out.
 */
gboolean
esp_rewrite_split_convolution (EspRewrite *rewrite, guint layer, const guint *filters, guint n, GError **error)
{
  g_autoptr (GArray) parts = NULL, readers = g_array_new (FALSE, FALSE, sizeof (guint));
  guint joined;

  g_return_val_if_fail (layer < esp_network_get_n_layers (rewrite->network), FALSE);
  if (!check_split (rewrite, layer, filters, n, error))
    return FALSE;
  for (guint i = 0; i < rewrite->nodes->len; i++)
    if (reads (esp_rewrite_node (rewrite, i), (int) layer))
      g_array_append_val (readers, i);
  parts = make_parts (rewrite, layer, filters, n);
  joined = add_node (rewrite, -1, (const int *) (gpointer) parts->data, parts->len);
  g_array_insert_val (rewrite->order, place_of (rewrite, layer) + n, joined);
  redirect (rewrite, (int) layer, (int) joined, joined, joined);
  for (guint i = 0; i < readers->len; i++)
    take_parts (rewrite, g_array_index (readers, guint, i), parts);
  rewrite->stands_for[layer] = (int) joined;
  if (is_read (rewrite, joined))
    return TRUE;
  esp_rewrite_node (rewrite, joined)->is_gone = TRUE;
  rewrite->stands_for[layer] = -1;
  for (guint i = 0; i < parts->len; i++)
    if (!is_read (rewrite, (guint) g_array_index (parts, int, i)))
      esp_rewrite_node (rewrite, (guint) g_array_index (parts, int, i))->is_gone = TRUE;
  return TRUE;
}

/**
 * esp_rewrite_split_route:
 * @rewrite: the rewrite
 * @route: a route with groups= above 1 of one convolution
 * @error: ESP_ERROR_UNSUPPORTED with the reason
 *
 * esp_rewrite_split_convolution() into as many equal parts as the route makes: afterwards their counts need not be equal.
 */
gboolean
esp_rewrite_split_route (EspRewrite *rewrite, guint route, GError **error)
{
  const EspLayer *layer = esp_network_get_layer (rewrite->network, route);
  g_autofree guint *filters = NULL;
  guint groups;

  if (layer->kind != ESP_LAYER_ROUTE || layer->route.groups < 2 || layer->n_inputs != 1 || layer->inputs[0] < 0)
    return refuse (rewrite, route, error, "takes no group of one layer: expected groups= above 1");
  groups = (guint) layer->route.groups;
  filters = g_new (guint, groups);
  for (guint g = 0; g < groups; g++)
    filters[g] = (guint) layer->out.c;
  return esp_rewrite_split_convolution (rewrite, (guint) layer->inputs[0], filters, groups, error);
}

static void
copy_part (float *to, const float *from, gsize each, const EspRewriteNode *node)
{
  if (from != NULL)
    memcpy (to, from + node->first * each, node->filters * each * sizeof (float));
}

/* The numbers of a part's filters. */
static EspParams *
part_of (const EspParams *from, const EspRewriteNode *node)
{
  const gsize each = from->n_weights / from->filters;
  EspParams *to = esp_params_new (node->filters, node->filters * each, from->scales != NULL);

  copy_part (to->weights, from->weights, each, node);
  copy_part (to->biases, from->biases, 1, node);
  copy_part (to->scales, from->scales, 1, node);
  copy_part (to->means, from->means, 1, node);
  copy_part (to->variances, from->variances, 1, node);
  return to;
}

static EspWeights *
make_weights (const EspRewrite *rewrite, EspNetwork *network, const int *places)
{
  EspWeights *weights = esp_weights_new_bare (network, esp_weights_get_header (rewrite->weights));

  for (guint i = 0; i < rewrite->nodes->len; i++)
    {
      const EspRewriteNode *node = esp_rewrite_node (rewrite, i);
      const EspParams *from = node->old >= 0 && places[i] >= 0 ? esp_weights_get (rewrite->weights, (guint) node->old) : NULL;

      if (from != NULL)
        esp_weights_take (weights, (guint) places[i], node->filters > 0 ? part_of (from, node) : esp_params_ref ((EspParams *) from));
    }
  return weights;
}

/**
 * esp_rewrite_finish:
 * @rewrite: the rewrite, which can go on afterwards
 * @network: (out) (transfer full): read again from its own text; sections that stay keep theirs, but for the numbers of layers
 * @weights: (out) (transfer full): parameters of layers that stay whole are shared
 * @layer_map: (out) (optional) (transfer full): per layer of the network before, the one that gives the same numbers now; -1 where none
 *   does
 * @error: ESP_ERROR_UNSUPPORTED where a layer behind the first would have to read the image; what the strict reader refuses
 *
 * Layers that read the one before without naming it get a route where another stands there now.
 */
gboolean
esp_rewrite_finish (EspRewrite *rewrite, EspNetwork **network, EspWeights **weights, int **layer_map, GError **error)
{
  const guint n = esp_network_get_n_layers (rewrite->network);
  g_autofree int *places = NULL;
  EspNetwork *made = esp_rewrite_write (rewrite, &places, error);

  if (made == NULL)
    return FALSE;
  *weights = make_weights (rewrite, made, places);
  *network = made;
  if (layer_map == NULL)
    return TRUE;
  *layer_map = g_new (int, n);
  for (guint l = 0; l < n; l++)
    (*layer_map)[l] = rewrite->stands_for[l] >= 0 ? places[rewrite->stands_for[l]] : -1;
  return TRUE;
}
