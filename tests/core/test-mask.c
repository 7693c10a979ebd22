/* test-mask.c: keep-bits, their hashes, and how they flow through the graph */
#include "config.h"

#include "net/flow.h"

#include "base/error.h"
#include "net-common.h"

/* 0 conv 4, 1 depthwise 4, 2 conv 4, 3 dropout, 4 shortcut of 3 and 0, 5 maxpool, 6 upsample, 7 route of 6 and 0, 8 conv 6, 9 yolo */
static const char text[]
    = "[net]\nwidth=8\nheight=8\nchannels=3\n[conv]\nfilters=4\n[conv]\ngroups=4\nfilters=4\n[conv]\nfilters=4\n[dropout]\n"
      "[shortcut]\nfrom=0\n[maxpool]\nstride=2\n[upsample]\n[route]\nlayers=6,0\n[conv]\nfilters=6\nactivation=linear\n"
      "[yolo]\nnum=1\nanchors=1,2\nclasses=1\n";

static EspMask *
mask_of (const EspNetwork *network, guint8 *bits0, guint8 *bits2)
{
  guint8 *keep[10] = { bits0, NULL, bits2 };

  return esp_mask_new (network, keep);
}

static void
test_bits (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspNetwork) other = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n[conv]\nfilters=4\n", NULL);
  g_autoptr (EspMask) full = esp_mask_new_full (network), mask = mask_of (network, (guint8[]){ 1, 0, 2, 1 }, NULL);
  guint n;

  g_assert_true (esp_mask_is_full (full));
  g_assert_false (esp_mask_is_full (mask));
  g_assert_cmpuint (esp_mask_count_kept (mask, 0), ==, 3);
  g_assert_cmpuint (esp_mask_count_kept (mask, 8), ==, 6);
  g_assert_cmpuint (esp_mask_count_kept (mask, 4), ==, 0);
  g_assert_cmpmem (esp_mask_get_bits (mask, 0, NULL), 4, "\1\0\1\1", 4);
  g_assert_null (esp_mask_get_bits (mask, 4, &n));
  g_assert_cmpuint (n, ==, 0);
  g_assert_false (esp_mask_keeps (mask, 0, 1));
  g_assert_true (esp_mask_keeps (mask, 0, 2));
  g_assert_true (esp_mask_keeps (mask, 7, 1));
  g_assert_true (esp_mask_fits (mask, network));
  g_assert_false (esp_mask_fits (mask, other));
}

static void
test_hash (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspMask) full = esp_mask_new_full (network), same = mask_of (network, (guint8[]){ 1, 1, 1, 1 }, NULL);
  g_autoptr (EspMask) late = mask_of (network, NULL, (guint8[]){ 1, 0, 1, 1 });

  g_assert_true (esp_hash_equal (esp_mask_get_hash (full), esp_mask_get_hash (same)));
  g_assert_false (esp_hash_equal (esp_mask_get_hash (full), esp_mask_get_hash (late)));
  g_assert_true (esp_hash_equal (esp_mask_hash_up_to (full, 1), esp_mask_hash_up_to (late, 1)));
  g_assert_false (esp_hash_equal (esp_mask_hash_up_to (full, 2), esp_mask_hash_up_to (late, 2)));
  g_assert_true (esp_hash_equal (esp_mask_hash_up_to (late, 9), esp_mask_get_hash (late)));
}

static void
assert_flow (const EspNetwork *network, const EspMask *mask, int layer, const char *expected)
{
  guint n;
  g_autofree guint8 *bits = esp_mask_flow (mask, network, layer, &n);
  g_autofree char *found = g_malloc0 (n + 1);
  g_autoptr (EspFlow) flow = esp_flow_new (network, mask);
  guint kept = 0;

  for (guint i = 0; i < n; i++)
    {
      found[i] = bits[i] ? '1' : '0';
      kept += bits[i];
    }
  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpuint (esp_flow_count (flow, layer), ==, kept);
}

static void
test_flow (void)
{
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspMask) mask = mask_of (network, (guint8[]){ 1, 0, 1, 0 }, (guint8[]){ 1, 0, 0, 1 });
  g_autoptr (EspFlow) whole = esp_flow_new (network, NULL);

  assert_flow (network, mask, -1, "111");
  assert_flow (network, mask, 0, "1010");
  assert_flow (network, mask, 1, "1111"); /* a depthwise convolution owns its bits */
  assert_flow (network, mask, 3, "1001");
  assert_flow (network, mask, 4, "1011"); /* what either side keeps */
  assert_flow (network, mask, 6, "1011");
  assert_flow (network, mask, 7, "10111010");
  assert_flow (network, mask, 9, "111111");
  g_assert_cmpuint (esp_flow_count (whole, 7), ==, 8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/mask/bits", test_bits);
  g_test_add_func ("/net/mask/hash", test_hash);
  g_test_add_func ("/net/mask/flow", test_flow);
  return g_test_run ();
}
