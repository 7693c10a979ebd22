/* test-cfgs.c: every cfg of Debian's darknet, and some of AlexeyAB's: read and counted as they are there, or refused by kind and line */
#include "config.h"

#include "net/cost.h"
#include "net/cut.h"
#include "net/network.h"

#include "base/error.h"
#include "net-common.h"
#include "net/layer-private.h"

#include <math.h>
#include <stdlib.h>

#define DEBIANS "/usr/share/darknet/cfg"

/* What is not run, and the words that say so. */
static const struct
{
  const char *name, *words;
} refused[] = {
  { "gru", "[gru]: layers of this kind are not supported" },
  { "rnn", "[rnn]: layers of this kind are not supported" },
  { "rnn.train", "[rnn]: layers of this kind are not supported" },
  { "strided", "[crop]: layers of this kind are not supported" },
  { "t1.test", "[detection]: layers of this kind are not supported" },
  { "vgg-16", "[crop]: layers of this kind are not supported" },
  { "yolov1", "[local]: layers of this kind are not supported" },
  { "yolov1-tiny", "[detection]: layers of this kind are not supported" },
};

static const char *
words_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    if (g_str_equal (refused[i].name, name))
      return refused[i].words;
  return NULL;
}

static void
assert_says (const GError *error, const char *words)
{
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  if (strstr (error->message, words) == NULL || strstr (error->message, ".cfg:") == NULL)
    g_error ("“%s” does not say “%s” with file and line", error->message, words);
}

/* @counts: name, bytes of a weights file, then layer:BFLOPs of each convolution, as libdarknet wrote and printed them. */
static void
assert_counts (const EspNetwork *network, char **counts)
{
  guint next = 2;

  g_assert_cmpuint (esp_cost_of (network, NULL).file_bytes, ==, g_ascii_strtoull (counts[1], NULL, 10));
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL)
      {
        g_autofree char *count = g_strdup_printf ("%u:%.3f", i, esp_cost_of_layer (network, i).bflops);

        g_assert_cmpstr (count, ==, counts[next]);
        next++;
      }
  g_assert_null (counts[next]);
}

/* The network, or NULL where it is to be refused, and was. */
static EspNetwork *
open_or_refuse (const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_load (path, &error);

  if (words == NULL)
    {
      g_assert_no_error (error);
      return network;
    }
  g_assert_null (network);
  assert_says (error, words);
  g_test_message ("%s", error->message);
  return NULL;
}

/* tests/witness/make_counts.py made the numbers with Debian's libdarknet, a line a cfg of its package. */
static void
test_debians (void)
{
  g_autofree char *file = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "tests", "data", "witness", "counts.txt", NULL), *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0, n_run = 0;

  if (!g_file_test (DEBIANS, G_FILE_TEST_IS_DIR))
    {
      g_test_skip (DEBIANS " is not here: the package darknet is not installed");
      return;
    }
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (; lines[n] != NULL; n++)
    {
      g_auto (GStrv) counts = g_strsplit (lines[n], " ", -1);
      g_autofree char *name = g_strconcat (counts[0], ".cfg", NULL), *path = g_build_filename (DEBIANS, name, NULL);
      g_autoptr (EspNetwork) network = open_or_refuse (path, words_of (counts[0]));

      if (network == NULL)
        continue;
      assert_counts (network, counts);
      n_run++;
    }
  g_test_message ("%u of %u cfgs are run", n_run, n);
  g_assert_cmpuint (n, ==, 45);
  g_assert_cmpuint (n_run, ==, n - G_N_ELEMENTS (refused));
}

static void
test_alexeys (void)
{
  const char *const names[] = { "csresnext50-panet-spp-original-optimal", "enet-coco",   "yolov3-tiny-prn", "yolov4", "yolov4-csp",
                                "yolov4-sam-mish-csp-reorg-bfm",          "yolov4-tiny", "yolov7-tiny" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat ("cfg/", names[i], ".cfg", NULL), *path = shared_file (name);
      g_autoptr (EspNetwork) network = path != NULL ? open_or_refuse (path, NULL) : NULL;
      EspCost cost;

      if (path == NULL)
        return;
      cost = esp_cost_of (network, NULL);
      g_test_message ("%s: %" G_GUINT64_FORMAT " parameters, %.3f BFLOPs", names[i], cost.params, cost.bflops);
      g_assert_cmpint (esp_network_get_classes (network), ==, 80);
    }
}

/* (transfer full): with the 20 classes of Pascal VOC, at 416; NULL after g_test_skip. */
static EspNetwork *
yolov4_voc (void)
{
  g_autofree char *path = shared_file ("cfg/yolov4.cfg");
  g_autoptr (EspCfg) cfg = path != NULL ? esp_cfg_load (path, NULL) : NULL;
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  if (path == NULL)
    return NULL;
  esp_cfg_set (cfg, 0, "width", "416");
  esp_cfg_set (cfg, 0, "height", "416");
  for (guint s = 1; s < esp_cfg_get_n_sections (cfg); s++)
    if (g_strcmp0 (esp_cfg_get (cfg, s, "filters"), "255") == 0)
      esp_cfg_set (cfg, s, "filters", "75");
    else if (g_str_equal (esp_cfg_get_kind (cfg, s), "yolo"))
      esp_cfg_set (cfg, s, "classes", "20");
  network = esp_network_new (g_steal_pointer (&cfg), &error);
  g_assert_no_error (error);
  return network;
}

/* @params million parameters, and @macs billion multiplications and additions in convolutions. */
static void
assert_size (const EspNetwork *network, double params, double macs)
{
  double flops = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL)
      flops += esp_cost_of_layer (network, i).bflops;
  g_assert_cmpfloat_with_epsilon ((double) esp_cost_of (network, NULL).params / 1e6, params, .0005);
  g_assert_cmpfloat_with_epsilon (flops / 2, macs, .0005);
}

/* As published: 64.106 million parameters and 29.834 billion multiplications and additions. */
static void
test_yolov4_voc (void)
{
  g_autoptr (EspNetwork) network = yolov4_voc ();

  if (network != NULL)
    assert_size (network, 64.106, 29.834);
}

/* The filters that Chu et al. (2022) released for it, where they are others: layer:filters. */
static const char released[]
    = "0:26 1:63 15:63 27:122 28:59 29:122 31:82 32:122 34:122 35:122 37:124 38:122 40:127 41:122 44:122 47:122 50:122 55:478 56:254 "
      "58:198 59:59 60:198 62:157 63:198 65:216 66:198 68:215 69:198 71:224 72:198 74:229 75:198 77:229 78:198 80:245 81:198 83:249 "
      "86:909 87:201 89:67 90:61 91:67 93:121 94:67 96:77 97:67 99:85 100:67 102:122 104:608 105:340 106:394 114:407 115:373 116:308 "
      "123:456 124:252 125:379 126:228 130:125 133:247 134:127 135:236 136:127 137:211 141:131 143:239 144:342 145:231 146:318 147:225 "
      "148:335 152:198 154:249 155:247 156:238 157:279 158:252 159:409";

static EspMask *
released_mask (const EspNetwork *network)
{
  g_autoptr (GPtrArray) bits = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) words = g_strsplit (released, " ", -1);

  g_ptr_array_set_size (bits, (int) esp_network_get_n_layers (network));
  for (guint i = 0; words[i] != NULL; i++)
    {
      const guint layer = (guint) atoi (words[i]), kept = (guint) atoi (strchr (words[i], ':') + 1);
      const guint n = (guint) esp_network_get_layer (network, layer)->conv.filters;

      g_assert_cmpuint (kept, <, n);
      bits->pdata[layer] = g_malloc0 (n);
      memset (bits->pdata[layer], 1, kept);
    }
  return esp_mask_new (network, (guint8 *const *) bits->pdata);
}

/* A real cut, of weights and all: published as 24.074 million parameters, 96.3 MB, and 19.764 billion multiplications and additions. */
static void
test_yolov4_released (void)
{
  g_autoptr (EspNetwork) network = yolov4_voc ();
  g_autoptr (EspWeights) weights = network != NULL ? esp_weights_new_zero (network) : NULL;
  g_autoptr (EspMask) mask = network != NULL ? released_mask (network) : NULL;
  g_autoptr (EspCut) cut = NULL;
  g_autoptr (GError) error = NULL;
  guint64 n = 0;

  if (network == NULL)
    return;
  cut = esp_cut_new (network, weights, mask, NULL, &error);
  g_assert_no_error (error);
  assert_size (esp_cut_get_network (cut), 24.074, 19.764);
  g_assert_cmpuint (esp_cost_of (network, mask).params, ==, esp_cost_of (esp_cut_get_network (cut), NULL).params);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      const EspParams *params = esp_weights_get (esp_cut_get_weights (cut), l);

      n += params != NULL ? params->n_weights + params->filters * (params->scales != NULL ? 4 : 1) : 0;
    }
  g_assert_cmpuint (n, ==, esp_cost_of (esp_cut_get_network (cut), NULL).params);
  g_assert_cmpfloat_with_epsilon ((double) esp_cost_of (network, mask).file_bytes / 1e6, 96.3, .05);
}

/* The table of what is run names every kind that is. */
static void
test_table (void)
{
  g_autofree char *file = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "docs", "formats.md", NULL), *text = NULL;

  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  for (guint kind = 0; kind < ESP_N_LAYER_KINDS; kind++)
    {
      g_autofree char *name = g_strdup_printf ("`[%s]`", esp_layer_kind_name (kind));

      if (strstr (text, name) == NULL)
        g_error ("docs/formats.md does not name %s", name);
    }
  for (guint activation = 0; activation < ESP_N_ACTIVATIONS; activation++)
    if (strstr (text, esp_activation_name (activation)) == NULL)
      g_error ("docs/formats.md does not name %s", esp_activation_name (activation));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/cfgs/debian", test_debians);
  g_test_add_func ("/net/cfgs/alexey", test_alexeys);
  g_test_add_func ("/net/cfgs/yolov4-voc", test_yolov4_voc);
  g_test_add_func ("/net/cfgs/yolov4-released", test_yolov4_released);
  g_test_add_func ("/net/cfgs/table", test_table);
  return g_test_run ();
}
