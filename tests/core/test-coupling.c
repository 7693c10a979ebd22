/* test-coupling.c: units, what is never cut, and the words for why */
#include "config.h"

#include "score/coupling.h"

#include "prune-common.h"

/* The members of a channel's unit, as "3:5 6:5". */
static char *
unit_text (EspCoupling *coupling, guint layer, guint channel)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, esp_coupling_get_unit (coupling, layer, channel), &n);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, i > 0 ? " %u:%u" : "%u:%u", members[i].layer, members[i].channel);
  return g_string_free (text, FALSE);
}

static void
assert_unit (EspCoupling *coupling, guint layer, guint channel, const char *expected, const char *explained)
{
  g_autofree char *text = unit_text (coupling, layer, channel);
  g_autofree char *why = esp_coupling_explain (coupling, layer, channel);

  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpstr (why, ==, explained);
}

static void
test_plain (void)
{
  g_autoptr (EspNetwork) network = tiny_network (64, 4);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);

  assert_unit (coupling, 0, 3, "0:3", NULL);
  assert_unit (coupling, 8, 63, "8:63", NULL);
  assert_unit (coupling, 22, 3, "22:3", "stays: head 23 reads layer 22");
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    g_assert_cmpint (esp_coupling_is_prunable (coupling, l), ==,
                     esp_network_get_layer (network, l)->kind == ESP_LAYER_CONVOLUTIONAL && l != 15 && l != 22);
}

static void
test_fastest (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);

  assert_unit (coupling, 0, 5, "0:5", NULL);
  assert_unit (coupling, 1, 5, "1:5 2:5", "goes with channel 5 of layer 2: depthwise 2 filters 1");
  assert_unit (coupling, 2, 5, "1:5 2:5", "goes with channel 5 of layer 1: depthwise 2 filters 1");
  assert_unit (coupling, 3, 11, "3:11 6:11", "goes with channel 11 of layer 6: shortcut 8 adds 3");
  assert_unit (coupling, 19, 2, "19:2", NULL);
  assert_unit (coupling, 24, 7, "24:7 25:7 32:7",
               "goes with channel 7 of layers 25 and 32: depthwise 25 filters 24; depthwise 32 filters 31");
  assert_unit (coupling, 14, 3, "11:3 14:3 32:27",
               "goes with channel 3 of layer 11, channel 27 of layer 32: shortcut 16 adds 11; depthwise 32 filters 31");
  assert_unit (coupling, 27, 0, "27:0", "stays: head 28 reads layer 27");
  g_assert_true (esp_coupling_is_prunable (coupling, 26));
  g_assert_false (esp_coupling_is_prunable (coupling, 27));
  g_assert_false (esp_coupling_is_prunable (coupling, 8));
}

/* Every channel of every convolution is in exactly one unit; units are numbered by their first member. */
static void
test_partition (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  guint total = 0, channels = 0;
  EspChannel before = { 0, 0 };

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (esp_network_get_layer (network, l)->kind == ESP_LAYER_CONVOLUTIONAL)
      channels += (guint) esp_network_get_layer (network, l)->out.c;
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n = 0;
      const EspChannel *members = esp_coupling_get_members (coupling, u, &n);

      for (guint i = 0; i < n; i++)
        g_assert_cmpuint (esp_coupling_get_unit (coupling, members[i].layer, members[i].channel), ==, u);
      g_assert_true (u == 0 || members->layer > before.layer || (members->layer == before.layer && members->channel > before.channel));
      before = members[0];
      total += n;
    }
  g_assert_cmpuint (total, ==, channels);
}

#define HEAD "[yolo]\nmask=0\nanchors=1,1\nclasses=1\nnum=1\n"

static void
assert_fixed (const char *text, guint layer, const char *why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (text, &error);
  g_autoptr (EspCoupling) coupling = NULL;

  g_assert_no_error (error);
  coupling = esp_coupling_new (network);
  g_assert_false (esp_coupling_is_prunable (coupling, layer));
  g_assert_cmpstr (esp_coupling_why_fixed (coupling, layer), ==, why);
}

#define NET                 "[net]\nwidth=8\nheight=8\nchannels=3\n"
#define CONV(FILTERS, MORE) "[convolutional]\nfilters=" FILTERS "\nsize=1\nactivation=linear\n" MORE

static void
test_fixed (void)
{
  /* what a head adds in a shortcut, also through a chain, and all of a layer of which only a part is held */
  assert_fixed (NET CONV ("6", "") CONV ("6", "") "[shortcut]\nfrom=-2\n" HEAD, 0, "head 3 reads layer 2");
  assert_fixed (NET CONV ("2", "") CONV ("4", "") "[route]\nlayers=-1,-2\n" HEAD, 0, "head 3 reads layer 2");
  /* groups that would have to keep as many as one that a head reads */
  assert_fixed (NET CONV ("6", "") CONV ("6", "") "[route]\nlayers=0,1\n" CONV ("8", "groups=2\n")
                    CONV ("6", "") "[route]\nlayers=1\n" HEAD,
                0, "layer 3 is a convolution in 2 groups, whose counts must stay equal");
  /* depthwise over the image, and an output that nothing reads */
  assert_fixed (NET CONV ("3", "groups=3\n") CONV ("6", "") HEAD, 0, "layer 0 joins it with the image");
  assert_fixed (NET CONV ("3", "") CONV ("4", ""), 1, "layer 1 is an output of the network");
}

static void
assert_balance (EspCoupling *coupling, guint index, guint of, guint n_ranges, guint count, const char *why)
{
  guint n = 0;
  const EspBalance *balances = esp_coupling_get_balances (coupling, &n);

  g_assert_cmpuint (index, <, n);
  g_assert_cmpstr (balances[index].why, ==, why);
  g_assert_cmpuint (balances[index].n_ranges, ==, n_ranges);
  g_assert_cmpuint (balances[index].multiple, ==, 1);
  for (guint r = 0; r < n_ranges; r++)
    {
      g_assert_cmpuint (balances[index].ranges[r].layer, ==, of);
      g_assert_cmpuint (balances[index].ranges[r].first, ==, r * count);
      g_assert_cmpuint (balances[index].ranges[r].count, ==, count);
    }
}

/* What groups take apart by number: both sides of a grouped convolution, what a route takes a part of. None of it is fixed. */
static void
test_balances (void)
{
  g_autoptr (EspNetwork) network
      = network_of (NET CONV ("8", "") CONV ("8", "groups=4\n") "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" CONV ("6", "") HEAD, NULL);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  guint n = 0;

  esp_coupling_get_balances (coupling, &n);
  g_assert_cmpuint (n, ==, 3);
  assert_balance (coupling, 0, 0, 4, 2, "layer 1 is a convolution in 4 groups, whose counts must stay equal");
  assert_balance (coupling, 1, 1, 4, 2, "layer 1 is a convolution in 4 groups, whose counts must stay equal");
  assert_balance (coupling, 2, 1, 2, 4, "route 2 takes one of 2 groups of layer 1, whose counts must stay equal");
  g_assert_true (esp_coupling_is_prunable (coupling, 0) && esp_coupling_is_prunable (coupling, 1));
  assert_unit (
      coupling, 0, 3, "0:3",
      "goes with one channel of each of the 3 other groups of layer 0: layer 1 is a convolution in 4 groups, whose counts must stay equal");
  assert_unit (
      coupling, 1, 7, "1:7",
      "goes with one channel of each of the 3 other groups of layer 1: layer 1 is a convolution in 4 groups, whose counts must stay equal; "
      "and with one channel of the other group of layer 1: route 2 takes one of 2 groups of layer 1, whose counts must stay equal");
  g_assert_null (esp_coupling_find_balance (coupling, esp_coupling_get_unit (coupling, 3, 0)));
}

/* Each input of a convolution of as many groups goes with all filters of its own. */
static void
test_several_each (void)
{
  g_autoptr (EspNetwork) network = network_of (NET CONV ("4", "") CONV ("8", "groups=4\n") CONV ("6", "") HEAD, NULL);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);

  assert_unit (coupling, 0, 2, "0:2 1:4 1:5", "goes with channel 4 of layer 1, channel 5 of layer 1: depthwise 1 filters 0");
  g_assert_null (esp_coupling_find_balance (coupling, esp_coupling_get_unit (coupling, 0, 2)));
}

static void
assert_unfit (EspNetwork *network, EspCoupling *coupling, guint8 *const *keep, const char *message)
{
  g_autoptr (EspMask) mask = esp_mask_new (network, keep);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (esp_coupling_check (coupling, mask, &error), ==, message == NULL);
  g_assert_cmpstr (error != NULL ? error->message : NULL, ==, message);
}

static void
test_check (void)
{
  g_autoptr (EspNetwork) network = network_of (NET CONV ("8", "") CONV ("8", "groups=4\n") CONV ("6", "") HEAD, NULL);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  guint8 one[] = { 1, 0, 1, 1, 1, 1, 1, 1 }, each[] = { 1, 0, 1, 0, 0, 1, 0, 1 }, head[] = { 1, 1, 1, 1, 1, 0 };

  assert_unfit (network, coupling, (guint8 *[4]){ each, NULL }, NULL);
  assert_unfit (network, coupling, (guint8 *[4]){ each, each }, NULL);
  assert_unfit (network, coupling, (guint8 *[4]){ one, NULL },
                "layer 1 is a convolution in 4 groups, whose counts must stay equal: 1 channels are kept in group 0 and 2 in group 1");
  assert_unfit (network, coupling, (guint8 *[4]){ NULL, NULL, head }, "layer 2: channel 5 is cut, but it stays: head 3 reads layer 2");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coupling/plain", test_plain);
  g_test_add_func ("/coupling/fastest", test_fastest);
  g_test_add_func ("/coupling/partition", test_partition);
  g_test_add_func ("/coupling/fixed", test_fixed);
  g_test_add_func ("/coupling/balances", test_balances);
  g_test_add_func ("/coupling/several-each", test_several_each);
  g_test_add_func ("/coupling/check", test_check);
  return g_test_run ();
}
