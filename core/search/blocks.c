/* blocks.c: shortcut blocks that can be left out whole: x + f (x) becomes x
 *
 * A block is a shortcut, the layer x that it adds, and all layers between them: the branch f. It can go where the shortcut only adds, where
 * the branch reads nothing but x, and where nobody else reads the branch. The time of a layer is won whole, where channels win it only in
 * steps of the vectors.
 * Source: residual networks bear the loss of single blocks: Veit et al. 2016, arXiv:1605.06431. */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/blocks.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "net/rewrite.h"
#include "prune/cut-check.h"

/* A layer of the branch reads what is not in it, or is read by somebody else; NULL: neither. */
static char *
find_leak (const EspNetwork *network, int source, guint last)
{
  for (guint l = (guint) (source + 1); l < last; l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);
      guint n = 0;
      const guint *readers = esp_network_get_consumers (network, l, &n);

      if (esp_layer_is_head (layer))
        return g_strdup_printf ("head %u lies in its branch", l);
      for (guint i = 0; i < layer->n_inputs; i++)
        if (layer->inputs[i] < source)
          return g_strdup_printf ("layer %u of its branch reads layer %d, too", l, layer->inputs[i]);
      for (guint i = 0; i < n; i++)
        if (readers[i] > last)
          return g_strdup_printf ("layer %u reads layer %u of its branch, too", readers[i], l);
    }
  return NULL;
}

static char *
check_sum (const EspNetwork *network, const EspLayer *layer)
{
  if (layer->kind != ESP_LAYER_SHORTCUT)
    return g_strdup_printf ("layer %u is a [%s] and no shortcut", layer->index, esp_layer_kind_name (layer->kind));
  if (layer->n_inputs != 2)
    return g_strdup_printf ("it adds %u layers, not two", layer->n_inputs);
  if (layer->activation != ESP_ACTIVATION_LINEAR)
    return g_strdup_printf ("its activation is %s, which x alone would go through, too", esp_activation_name (layer->activation));
  if (layer->shortcut.weights != ESP_ADD_UNWEIGHTED || layer->shortcut.alpha != 1 || layer->shortcut.beta != 1)
    return g_strdup ("it weighs what it adds");
  if (layer->shortcut.strided || layer->inputs[1] < 0
      || !esp_shape_equal (layer->in, esp_network_get_layer (network, (guint) layer->inputs[1])->out))
    return g_strdup ("it adds maps of unequal size");
  return NULL;
}

/* The block that ends in @layer; FALSE with why it is none that can go. */
static gboolean
find_block (const EspNetwork *network, guint index, EspBlock *block, char **why)
{
  const EspLayer *layer = esp_network_get_layer (network, index);

  *why = check_sum (network, layer);
  if (*why != NULL)
    return FALSE;
  *block = (EspBlock){ .source = MIN (layer->inputs[0], layer->inputs[1]), .last = index };
  block->first = (guint) (block->source + 1);
  if (block->source < 0 || MAX (layer->inputs[0], layer->inputs[1]) == block->source)
    *why = g_strdup ("it adds no branch to a layer");
  else
    *why = find_leak (network, block->source, index);
  if (*why != NULL)
    return FALSE;
  for (guint l = block->first; l <= index; l++)
    {
      const EspCost cost = esp_cost_of_layer (network, l);

      block->saved.params += cost.params;
      block->saved.file_bytes += cost.file_bytes;
      block->saved.bflops += cost.bflops;
    }
  return TRUE;
}

/** esp_blocks_find: Returns: (transfer full) (element-type EspBlock): all that can go, by their shortcuts. Thread: any. */
GArray *
esp_blocks_find (const EspNetwork *network)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (EspBlock));

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      g_autofree char *why = NULL;
      EspBlock block;

      if (find_block (network, l, &block, &why))
        g_array_append_val (blocks, block);
    }
  return blocks;
}

/** esp_blocks_why: Returns: (transfer full) (nullable): why no block that ends in @layer can go, as the end of a sentence. Thread: any. */
char *
esp_blocks_why (const EspNetwork *network, guint layer)
{
  char *why = NULL;
  EspBlock block;

  if (layer >= esp_network_get_n_layers (network))
    return g_strdup_printf ("the network has layers 0 to %u", esp_network_get_n_layers (network) - 1);
  find_block (network, layer, &block, &why);
  return why;
}

/* "4, 9 or 14" */
static char *
list_blocks (const EspNetwork *network)
{
  g_autoptr (GArray) blocks = esp_blocks_find (network);
  GString *text = g_string_new (blocks->len == 0 ? "none" : NULL);

  for (guint i = 0; i < blocks->len; i++)
    g_string_append_printf (text, i == 0 ? "%u" : i + 1 < blocks->len ? ", %u" : " or %u", g_array_index (blocks, EspBlock, i).last);
  return g_string_free (text, FALSE);
}

static gboolean
remove_one (EspRewrite *rewrite, EspNetwork *network, guint shortcut, GError **error)
{
  g_autofree char *why = esp_blocks_why (network, shortcut), *known = NULL;
  EspBlock block;

  if (why != NULL)
    {
      known = list_blocks (network);
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "no block can go that ends in layer %u: %s; expected %s", shortcut, why, known);
      return FALSE;
    }
  find_block (network, shortcut, &block, &why);
  return esp_rewrite_remove_layers (rewrite, block.first, block.last, error);
}

/**
 * esp_blocks_remove:
 * @shortcuts: (array length=n): the layers that end the blocks, as @network numbers them, none twice
 * @small: (out) (transfer full): the network without them
 * @small_weights: (out) (transfer full): its numbers
 * @layer_map: (out) (transfer full): per layer of @network the one of @small that gives the same, -1 where none does
 * @error: ESP_ERROR_UNSUPPORTED where a block cannot go, with the reason and those that can
 *
 * Exact: what is left gives what it gives where the branches are multiplied by 0. Thread: any.
 */
gboolean
esp_blocks_remove (EspNetwork *network,
                   EspWeights *weights,
                   const guint *shortcuts,
                   guint n,
                   EspNetwork **small,
                   EspWeights **small_weights,
                   int **layer_map,
                   GError **error)
{
  g_autoptr (EspRewrite) rewrite = esp_rewrite_new (network, weights);

  for (guint i = 0; i < n; i++)
    if (!remove_one (rewrite, network, shortcuts[i], error))
      return FALSE;
  return esp_rewrite_finish (rewrite, small, small_weights, layer_map, error);
}

static EspEngine *
make_engine (EspNetwork *network, EspWeights *weights, EspBnForm bn, GError **error)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .bn = bn, .batch = 1, .keep_all = TRUE };

  return esp_engine_new (network, weights, &options, NULL, error);
}

/* The end of the branch that shortcut @layer adds: the later of what it reads. */
static guint
branch_of (EspNetwork *network, guint layer)
{
  const EspLayer *shortcut = esp_network_get_layer (network, layer);

  return (guint) MAX (shortcut->inputs[0], shortcut->inputs[1]);
}

static gboolean
run_without (EspEngine *engine, const guint *shortcuts, guint n, const float *input, EspJob *job, GError **error)
{
  EspNetwork *network = esp_engine_get_network (engine);

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      if (!esp_engine_forward_part (engine, l == 0 ? input : NULL, l, l + 1, job, error))
        return FALSE;
      for (guint i = 0; i < n; i++)
        if (branch_of (network, shortcuts[i]) == l)
          {
            g_autofree float *nothing = g_new0 (float, esp_shape_count (esp_network_get_layer (network, l)->out));

            if (!esp_engine_write (engine, l, nothing, error))
              return FALSE;
          }
    }
  return TRUE;
}

/* The largest difference of one layer, of its maximum. */
static gboolean
compare_layer (EspEngine *whole, guint layer, EspEngine *small, guint other, double *difference, GError **error)
{
  const EspShape x_shape = esp_engine_get_shape (whole, (int) layer), y_shape = esp_engine_get_shape (small, (int) other);
  const gsize n = esp_shape_count (x_shape);
  g_autofree double *x = g_new (double, n), *y = g_new (double, n);
  double worst = 0, most = 0;

  if (!esp_shape_equal (x_shape, y_shape))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u and the one that should give the same, %u, are of unequal size", layer,
                   other);
      return FALSE;
    }
  if (!esp_engine_read_double (whole, layer, ESP_AT_OUT, x, error) || !esp_engine_read_double (small, other, ESP_AT_OUT, y, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      most = MAX (most, fabs (x[i]));
      worst = isfinite (x[i] - y[i]) ? MAX (worst, fabs (x[i] - y[i])) : INFINITY;
    }
  *difference = MAX (*difference, worst > 0 ? worst / most : 0);
  return TRUE;
}

/**
 * esp_blocks_check:
 * @small: what esp_blocks_remove() made, or what was read again of it
 * @layer_map: its map
 * @difference: (out): over all layers that are left
 * @error: ESP_ERROR_SHAPE where @small is no such network; those of engines; G_IO_ERROR_CANCELLED
 *
 * Over noise of @seed; of 96 × 96 where the network is large. Thread: any.
 */
gboolean
esp_blocks_check (EspNetwork *network,
                  EspWeights *weights,
                  const guint *shortcuts,
                  guint n,
                  EspNetwork *small,
                  EspWeights *small_weights,
                  const int *layer_map,
                  EspBnForm bn,
                  guint64 seed,
                  double *difference,
                  EspJob *job,
                  GError **error)
{
  const double bflops = esp_cost_of (network, NULL).bflops;
  g_autoptr (EspNetwork) whole = esp_cut_check_network (network, bflops), rest = esp_cut_check_network (small, bflops);
  g_autoptr (EspEngine) engine = make_engine (whole, weights, bn, error);
  g_autoptr (EspEngine) other = engine != NULL ? make_engine (rest, small_weights, bn, error) : NULL;
  const gsize count = esp_shape_count (esp_network_get_input (whole));
  g_autoptr (GRand) stream = esp_rng_new (seed, 'b', 0);
  g_autofree float *input = g_new (float, count);

  *difference = 0;
  for (gsize i = 0; i < count; i++)
    input[i] = (float) g_rand_double (stream);
  if (other == NULL || !run_without (engine, shortcuts, n, input, job, error) || !esp_engine_forward (other, input, job, error))
    return FALSE;
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (layer_map[l] >= 0 && !compare_layer (engine, l, other, (guint) layer_map[l], difference, error))
      return FALSE;
  return TRUE;
}
