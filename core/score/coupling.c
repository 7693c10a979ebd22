/* coupling.c: which channels can only go together, and why */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/coupling.h"

#include <glib/gi18n-lib.h>

#include "score/coupling-private.h"

#define REASONS_SHOWN 4

/**
 * esp_coupling_new:
 * @network: the network, kept
 *
 * Finds the units: a shortcut joins the common prefix of what it adds (the tail is free), a depthwise convolution its outputs with its
 * inputs, a product its gate with its map, a reorganisation the channels of which it makes one;
 * dropout, max-pooling, upsampling and routes pass channels on to the convolutions that own them; a connected layer gives up all the inputs
 * that a channel became. Both sides of a grouped convolution that is not depthwise, and what a route takes one group of, are balances: each
 * group keeps as many. Fixed is what a head or the network's end reads, what is joined with the image, all layers coupled to those, and the
 * groups that would have to keep as many as a fixed one.
 *
 * Units are numbered by their first member in network order. Immutable. Thread: any.
 * Source: Fang et al. 2023, arXiv:2301.12900 (dependency graph), for darknet's layer kinds.
 * Returns: (transfer full): the coupling.
 */
EspCoupling *
esp_coupling_new (EspNetwork *network)
{
  EspCoupling *coupling;

  g_return_val_if_fail (network != NULL, NULL);
  coupling = g_atomic_rc_box_new0 (EspCoupling);
  coupling->network = esp_network_ref (network);
  coupling->n_layers = esp_network_get_n_layers (network);
  coupling->offset = g_new0 (guint, coupling->n_layers + 1);
  for (guint l = 0; l < coupling->n_layers; l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      coupling->offset[l + 1] = coupling->offset[l] + (layer->kind == ESP_LAYER_CONVOLUTIONAL ? (guint) layer->out.c : 0);
    }
  coupling->n_channels = coupling->offset[coupling->n_layers];
  esp_coupling_build (coupling);
  return coupling;
}

/** esp_coupling_ref: Returns: (transfer full): the same coupling. Thread: any. */
EspCoupling *
esp_coupling_ref (EspCoupling *coupling)
{
  return g_atomic_rc_box_acquire (coupling);
}

static void
coupling_clear (gpointer data)
{
  EspCoupling *coupling = data;

  for (guint l = 0; l < coupling->n_layers; l++)
    g_free (coupling->why_fixed[l]);
  g_free (coupling->why_fixed);
  g_free (coupling->offset);
  g_free (coupling->unit_of);
  g_free (coupling->first);
  g_free (coupling->members);
  g_free (coupling->first_link);
  g_array_unref (coupling->links);
  esp_coupling_clear_balances (coupling);
  esp_network_unref (coupling->network);
}

/** esp_coupling_unref: gives one reference back. Thread: any. */
void
esp_coupling_unref (EspCoupling *coupling)
{
  g_atomic_rc_box_release_full (coupling, coupling_clear);
}

/** esp_coupling_get_n_units: Returns: how many units there are; each channel of each convolution is in exactly one. Thread: any. */
guint
esp_coupling_get_n_units (const EspCoupling *coupling)
{
  return coupling->n_units;
}

/**
 * esp_coupling_get_unit:
 * @coupling: the coupling
 * @layer: a convolution
 * @channel: one of its filters
 *
 * Returns: the number of the unit that the channel is in. Thread: any.
 */
guint
esp_coupling_get_unit (const EspCoupling *coupling, guint layer, guint channel)
{
  g_return_val_if_fail (layer < coupling->n_layers, 0);
  g_return_val_if_fail (coupling->offset[layer] + channel < coupling->offset[layer + 1], 0);
  return coupling->unit_of[coupling->offset[layer] + channel];
}

/**
 * esp_coupling_get_members:
 * @coupling: the coupling
 * @unit: a unit
 * @n: (out): how many members it has, at least 1
 *
 * Returns: (transfer none): the members, ascending by layer, then channel. Thread: any.
 */
const EspChannel *
esp_coupling_get_members (const EspCoupling *coupling, guint unit, guint *n)
{
  g_return_val_if_fail (unit < coupling->n_units, NULL);
  *n = coupling->first[unit + 1] - coupling->first[unit];
  return coupling->members + coupling->first[unit];
}

/** esp_coupling_is_prunable: Returns: whether @layer is a convolution all of whose channels may be cut. Thread: any. */
gboolean
esp_coupling_is_prunable (const EspCoupling *coupling, guint layer)
{
  g_return_val_if_fail (layer < coupling->n_layers, FALSE);
  return coupling->offset[layer + 1] > coupling->offset[layer] && coupling->why_fixed[layer] == NULL;
}

/** esp_coupling_why_fixed: Returns: (transfer none) (nullable): why @layer is never cut ("head 122 reads layer 121"),
 * NULL where it may be. Thread: any. */
const char *
esp_coupling_why_fixed (const EspCoupling *coupling, guint layer)
{
  g_return_val_if_fail (layer < coupling->n_layers, NULL);
  return coupling->why_fixed[layer];
}

/* "33", "33 and 36", "33, 36 and 40" */
static void
append_list (GString *text, const GArray *numbers)
{
  for (guint i = 0; i < numbers->len; i++)
    {
      if (i > 0)
        g_string_append (text, i + 1 == numbers->len ? _ (" and ") : ", ");
      g_string_append_printf (text, "%u", g_array_index (numbers, guint, i));
    }
}

/* "channel 12 of layers 33 and 36": the partners of one channel number, other than (@layer, @channel) itself. */
static void
append_partners (GString *text, const EspChannel *members, guint n, guint layer, guint channel, guint partner)
{
  g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < n; i++)
    if (members[i].channel == partner && (members[i].layer != layer || members[i].channel != channel))
      g_array_append_val (layers, members[i].layer);
  g_string_append_printf (text, layers->len == 1 ? _ ("channel %u of layer ") : _ ("channel %u of layers "), partner);
  append_list (text, layers);
}

static gboolean
is_met_before (const EspChannel *members, guint i, guint layer, guint channel)
{
  for (guint j = 0; j < i; j++)
    if (members[j].channel == members[i].channel && (members[j].layer != layer || members[j].channel != channel))
      return TRUE;
  return FALSE;
}

static void
append_reasons (GString *text, const EspCoupling *coupling, guint unit)
{
  const guint first = coupling->first_link[unit];
  const guint n = coupling->first_link[unit + 1] - first;

  for (guint i = 0; i < MIN (n, REASONS_SHOWN); i++)
    {
      const EspLink *link = &g_array_index (coupling->links, EspLink, first + i);
      const EspLayer *layer = esp_network_get_layer (coupling->network, link->layer);

      g_string_append (text, i == 0 ? ": " : "; ");
      if (layer->kind == ESP_LAYER_SHORTCUT)
        g_string_append_printf (text, _ ("shortcut %u adds %u"), link->layer, link->from);
      else if (layer->kind == ESP_LAYER_CONVOLUTIONAL)
        g_string_append_printf (text, _ ("depthwise %u filters %u"), link->layer, link->from);
      else if (layer->kind == ESP_LAYER_REORG || layer->kind == ESP_LAYER_REORG3D)
        g_string_append_printf (text, _ ("reorganisation %u mixes %u"), link->layer, link->from);
      else
        g_string_append_printf (text, _ ("layer %u multiplies by %u"), link->layer, link->from);
    }
  if (n > REASONS_SHOWN)
    g_string_append_printf (text, _ ("; and %u more"), n - REASONS_SHOWN);
}

/* "one channel of each of the 31 other groups of layer 5: layer 6 is a convolution in 32 groups, whose counts must stay equal" */
static void
append_balances (GString *text, const EspCoupling *coupling, guint unit)
{
  for (guint i = esp_coupling_first_balanced (coupling, unit), before = G_MAXUINT; i < coupling->balanced->len; i++)
    {
      const EspUnitBalance *one = &g_array_index (coupling->balanced, EspUnitBalance, i);
      const EspBalance *balance = &g_array_index (coupling->balances, EspBalance, one->balance);

      if (one->unit != unit)
        return;
      if (one->balance == before)
        continue;
      before = one->balance;
      g_string_append (text, text->len > 0 ? _ ("; and with ") : _ ("goes with "));
      if (balance->n_ranges == 2)
        g_string_append_printf (text, _ ("one channel of the other group of layer %u"), balance->ranges[0].layer);
      else
        g_string_append_printf (text, _ ("one channel of each of the %u other groups of layer %u"), balance->n_ranges - 1,
                                balance->ranges[0].layer);
      g_string_append_printf (text, ": %s", balance->why);
    }
}

/* "goes with channel 12 of layers 33 and 36: shortcut 37 adds 33" */
static void
append_unit (GString *text, const EspCoupling *coupling, guint unit, guint layer, guint channel)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    {
      if ((members[i].layer == layer && members[i].channel == channel) || is_met_before (members, i, layer, channel))
        continue;
      g_string_append (text, text->len > 0 ? ", " : _ ("goes with "));
      append_partners (text, members, n, layer, channel, members[i].channel);
    }
  if (n > 1)
    append_reasons (text, coupling, unit);
}

/**
 * esp_coupling_explain:
 * @coupling: the coupling
 * @layer: a convolution
 * @channel: one of its filters
 *
 * Returns: (transfer full) (nullable): who goes with the channel and why ("goes with channel 12 of layers 33 and 36: shortcut 37 adds 33",
 * "goes with one channel of the other group of layer 2: route 3 takes one of 2 groups of layer 2, whose counts must stay equal"), why it is
 * never cut ("stays: head 122 reads layer 121"), NULL where it goes alone. Thread: any.
 */
char *
esp_coupling_explain (const EspCoupling *coupling, guint layer, guint channel)
{
  const guint unit = esp_coupling_get_unit (coupling, layer, channel);
  g_autoptr (GString) text = g_string_new (NULL);

  if (coupling->why_fixed[layer] != NULL)
    return g_strdup_printf (_ ("stays: %s"), coupling->why_fixed[layer]);
  append_unit (text, coupling, unit, layer, channel);
  append_balances (text, coupling, unit);
  return text->len > 0 ? g_strdup (text->str) : NULL;
}
