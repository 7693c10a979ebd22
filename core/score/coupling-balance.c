/* coupling-balance.c: ranges of a layer's channels that must keep as many as each other, and whether a mask can be cut out
 *
 * A route that takes one of several groups, and a convolution in groups, find their parts by number alone: a network whose groups kept
 * unequal counts would read channels of the wrong one. */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include <stdlib.h>

#include "base/error.h"
#include "net/flow.h"
#include "score/coupling-private.h"

void
esp_coupling_add_balance (EspCoupling *coupling, guint layer, int of, guint n_ranges, char *why)
{
  EspBalance balance = { why, layer, n_ranges, NULL, 1 };
  guint count;

  for (guint b = 0; of >= 0 && b < coupling->balances->len; b++)
    {
      const EspBalance *other = &g_array_index (coupling->balances, EspBalance, b);

      if (other->n_ranges == n_ranges && other->ranges[0].layer == (guint) of)
        of = -1;
    }
  if (of < 0)
    {
      g_free (why);
      return;
    }
  count = (guint) esp_network_get_layer (coupling->network, (guint) of)->out.c / n_ranges;
  balance.ranges = g_new (EspRange, n_ranges);
  for (guint r = 0; r < n_ranges; r++)
    balance.ranges[r] = (EspRange){ (guint) of, r * count, count };
  g_array_append_val (coupling->balances, balance);
}

static int
by_unit (gconstpointer a, gconstpointer b)
{
  const EspRangeUnit *x = a, *y = b;

  return (x->unit > y->unit) - (x->unit < y->unit);
}

/* The units of one range, each once; *held: the channels that never go. */
static void
list_units (const EspCoupling *coupling, const guint *owners, guint n, GArray *units, guint *held)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (EspRangeUnit));

  for (guint c = 0; c < n; c++)
    {
      const EspRangeUnit one = { owners[c] != ESP_NO_OWNER ? coupling->unit_of[owners[c]] : 0, 1 };

      if (owners[c] == ESP_NO_OWNER || coupling->why_fixed[coupling->members[coupling->first[one.unit]].layer] != NULL)
        ++*held;
      else
        g_array_append_val (all, one);
    }
  g_array_sort (all, by_unit);
  for (guint i = 0; i < all->len; i++)
    {
      const EspRangeUnit one = g_array_index (all, EspRangeUnit, i);

      if (i > 0 && one.unit == g_array_index (all, EspRangeUnit, i - 1).unit)
        g_array_index (units, EspRangeUnit, units->len - 1).channels++;
      else
        g_array_append_val (units, one);
    }
}

static EspBalanceUnits
list_ranges (const EspCoupling *coupling, const EspBalance *balance, guint *const *flow)
{
  EspBalanceUnits contents = { g_new0 (guint, balance->n_ranges + 1), NULL, g_new0 (guint, balance->n_ranges) };
  GArray *units = g_array_new (FALSE, FALSE, sizeof (EspRangeUnit));

  for (guint r = 0; r < balance->n_ranges; r++)
    {
      const EspRange *range = &balance->ranges[r];

      list_units (coupling, flow[range->layer] + range->first, range->count, units, &contents.held[r]);
      contents.starts[r + 1] = units->len;
    }
  contents.units = (EspRangeUnit *) (gpointer) g_array_free (units, FALSE);
  return contents;
}

static int
by_unit_and_balance (gconstpointer a, gconstpointer b)
{
  const EspUnitBalance *x = a, *y = b;

  if (x->unit != y->unit)
    return x->unit < y->unit ? -1 : 1;
  return (x->balance > y->balance) - (x->balance < y->balance);
}

void
esp_coupling_fill_balances (EspCoupling *coupling, guint *const *flow)
{
  coupling->contents = g_array_new (FALSE, FALSE, sizeof (EspBalanceUnits));
  coupling->balanced = g_array_new (FALSE, FALSE, sizeof (EspUnitBalance));
  for (guint b = 0; b < coupling->balances->len; b++)
    {
      const EspBalance *balance = &g_array_index (coupling->balances, EspBalance, b);
      const EspBalanceUnits contents = list_ranges (coupling, balance, flow);

      for (guint i = 0; i < contents.starts[balance->n_ranges]; i++)
        {
          const EspUnitBalance one = { contents.units[i].unit, b };

          g_array_append_val (coupling->balanced, one);
        }
      g_array_append_val (coupling->contents, contents);
    }
  g_array_sort (coupling->balanced, by_unit_and_balance);
}

void
esp_coupling_clear_balances (EspCoupling *coupling)
{
  for (guint b = 0; b < coupling->balances->len; b++)
    {
      g_free (g_array_index (coupling->balances, EspBalance, b).why);
      g_free (g_array_index (coupling->balances, EspBalance, b).ranges);
      g_free (g_array_index (coupling->contents, EspBalanceUnits, b).starts);
      g_free (g_array_index (coupling->contents, EspBalanceUnits, b).units);
      g_free (g_array_index (coupling->contents, EspBalanceUnits, b).held);
    }
  g_array_unref (coupling->balances);
  g_array_unref (coupling->contents);
  g_array_unref (coupling->balanced);
}

const EspBalanceUnits *
esp_coupling_get_contents (const EspCoupling *coupling, guint balance)
{
  return &g_array_index (coupling->contents, EspBalanceUnits, balance);
}

guint
esp_coupling_first_balanced (const EspCoupling *coupling, guint unit)
{
  guint low = 0, high = coupling->balanced->len;

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;

      if (g_array_index (coupling->balanced, EspUnitBalance, middle).unit < unit)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/** esp_coupling_get_balances: Returns: (transfer none) (array length=n): the ranges whose counts must stay equal. Thread: any. */
const EspBalance *
esp_coupling_get_balances (const EspCoupling *coupling, guint *n)
{
  *n = coupling->balances->len;
  return (const EspBalance *) (gpointer) coupling->balances->data;
}

/** esp_coupling_find_balance: Returns: (transfer none) (nullable): the first balance that a channel of the unit is part of and may go.
 * Thread: any. */
const EspBalance *
esp_coupling_find_balance (const EspCoupling *coupling, guint unit)
{
  const guint at = esp_coupling_first_balanced (coupling, unit);

  if (at == coupling->balanced->len || g_array_index (coupling->balanced, EspUnitBalance, at).unit != unit)
    return NULL;
  return &g_array_index (coupling->balances, EspBalance, g_array_index (coupling->balanced, EspUnitBalance, at).balance);
}

static gboolean
check_unit (const EspCoupling *coupling, const EspMask *mask, guint unit, GError **error)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, unit, &n);
  const gboolean kept = esp_mask_keeps (mask, members->layer, members->channel);

  for (guint i = 0; i < n; i++)
    {
      const gboolean keeps = esp_mask_keeps (mask, members[i].layer, members[i].channel);
      g_autofree char *why = NULL;

      if (keeps == kept && (keeps || esp_coupling_is_prunable (coupling, members[i].layer)))
        continue;
      why = esp_coupling_explain (coupling, members[i].layer, members[i].channel);
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "layer %u: channel %u is %s, but it %s", members[i].layer, members[i].channel,
                   keeps ? "kept" : "cut", why != NULL ? why : "stays");
      return FALSE;
    }
  return TRUE;
}

static guint
count_kept (const EspFlow *flow, const EspRange *range)
{
  const guint8 *bits = esp_flow_bits (flow, (int) range->layer, NULL) + range->first;
  guint n = 0;

  for (guint c = 0; c < range->count; c++)
    n += bits[c];
  return n;
}

static gboolean
check_balance (const EspBalance *balance, const EspFlow *flow, GError **error)
{
  const guint first = count_kept (flow, &balance->ranges[0]);

  for (guint r = 0; r < balance->n_ranges; r++)
    {
      const guint n = count_kept (flow, &balance->ranges[r]);

      if (n == first && n % balance->multiple == 0)
        continue;
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: %u channels are kept in group 0 and %u in group %u", balance->why, first, n, r);
      return FALSE;
    }
  return TRUE;
}

/**
 * esp_coupling_check:
 * @coupling: the coupling
 * @mask: of its network
 * @error: ESP_ERROR_SHAPE: which channel or group, and why
 *
 * Returns: whether units go whole, what is fixed stays, and counts that must be equal are. Thread: any.
 */
gboolean
esp_coupling_check (const EspCoupling *coupling, const EspMask *mask, GError **error)
{
  g_autoptr (EspFlow) flow = NULL;

  g_return_val_if_fail (esp_mask_fits (mask, coupling->network), FALSE);
  for (guint u = 0; u < coupling->n_units; u++)
    if (!check_unit (coupling, mask, u, error))
      return FALSE;
  flow = esp_flow_new (coupling->network, mask);
  for (guint b = 0; b < coupling->balances->len; b++)
    if (!check_balance (&g_array_index (coupling->balances, EspBalance, b), flow, error))
      return FALSE;
  return TRUE;
}
