/* test-network.c: sizes and graph of every kind of layer, real networks, and what is refused by kind and line */
#include "config.h"

#include "net/network.h"

#include "base/error.h"
#include "net-common.h"
#include "net/weights.h"

#define NET "[net]\nwidth=13\nheight=9\nchannels=3\n"

static void
assert_out (const char *text, int c, int h, int w)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (text, &error);
  const EspLayer *layer;

  g_assert_no_error (error);
  layer = esp_network_get_layer (network, esp_network_get_n_layers (network) - 1);
  g_assert_cmpint (layer->out.n, ==, 1);
  g_assert_cmpint (layer->out.c, ==, c);
  g_assert_cmpint (layer->out.h, ==, h);
  g_assert_cmpint (layer->out.w, ==, w);
}

static void
test_convolutional (void)
{
  assert_out (NET "[convolutional]\nfilters=5\nsize=3\nstride=2\npad=1\n", 5, 5, 7);
  assert_out (NET "[conv]\nfilters=5\nsize=3\nstride=2\n", 5, 4, 6);
  assert_out (NET "[convolutional]\nfilters=5\nsize=3\npadding=2\n", 5, 11, 15);
  assert_out (NET "[convolutional]\nfilters=5\nsize=3\npad=1\npadding=2\n", 5, 9, 13); /* pad wins over padding */
  assert_out (NET "[convolutional]\nfilters=6\ngroups=3\nsize=1\nactivation=relu\ndilation=1\nstride_x=1\nstride_y=1\n", 6, 9, 13);
  assert_refused (NET "[convolutional]\nfilters=6\ngroups=4\n", ESP_ERROR_SHAPE, "t.cfg:7: groups=4: expected a divisor of the 3 channels");
  assert_refused (NET "[convolutional]\nsize=10\n", ESP_ERROR_SHAPE, "t.cfg:6: size=10: the input is 13 x 9");
  assert_refused (NET "[convolutional]\nfilters=abc\n", ESP_ERROR_FORMAT, "t.cfg:6: filters=abc: expected a whole number");
  assert_refused (NET "[convolutional]\nfilters=0\n", ESP_ERROR_LIMIT, "t.cfg:6: filters=0: expected a whole number from 1 to 65536");
  assert_refused (NET "[convolutional]\nstride=0\n", ESP_ERROR_LIMIT, "t.cfg:6");
  assert_out (NET "[convolutional]\nactivation=mish\n", 1, 9, 13);
  assert_refused (NET "[convolutional]\nactivation=normalize_channels\n", ESP_ERROR_UNSUPPORTED,
                  "t.cfg:6: activation=normalize_channels: expected linear, leaky, relu, ");
  assert_out (NET "[convolutional]\nfilters=6\nsize=3\npad=1\nstride_x=2\n", 6, 9, 7);
  assert_out (NET "[convolutional]\nfilters=6\nsize=3\npad=1\nstride=3\nstride_y=1\n", 6, 9, 5);
  assert_out (NET "[convolutional]\nfilters=6\nsize=3\npad=1\ndilation=4\n", 6, 9, 13);
  assert_out (NET "[convolutional]\nfilters=6\nsize=5\npad=1\ndilation=2\nstride=2\n", 6, 5, 7);
  assert_out (NET "[convolutional]\nfilters=6\nsize=1\ndilation=2\n", 6, 9, 13);
  assert_refused (NET "[convolutional]\nsize=3\ndilation=2\n", ESP_ERROR_UNSUPPORTED,
                  "t.cfg:7: dilation=2: a window of 3 with 0 of padding");
  assert_refused (NET "[convolutional]\nsize=2\npad=1\ndilation=2\n", ESP_ERROR_UNSUPPORTED, "expected an odd one");
  assert_refused (NET "[convolutional]\ndontload=1\n", ESP_ERROR_UNSUPPORTED, "t.cfg:6: dontload=1: only 0 is supported");
  assert_refused (NET "[convolutional]\nxnor=1\n", ESP_ERROR_UNSUPPORTED, "xnor=1");
  assert_refused (NET "[convolutional]\nshare_index=0\n", ESP_ERROR_UNSUPPORTED, "share_index=0");
  assert_refused (NET "[convolutional]\nbatch_normalize=2\n", ESP_ERROR_LIMIT, "batch_normalize=2");
}

/* out = (in + padding - size) / stride + 1, padding size - 1 unless given */
static void
test_maxpool (void)
{
  assert_out (NET "[maxpool]\nsize=2\nstride=2\n", 3, 5, 7);
  assert_out (NET "[maxpool]\nsize=2\nstride=1\n", 3, 9, 13);
  assert_out (NET "[maxpool]\nstride=3\n", 3, 3, 5);
  assert_out (NET "[maxpool]\nsize=5\nstride=1\n", 3, 9, 13);
  assert_out (NET "[maxpool]\nsize=2\nstride=2\npadding=0\n", 3, 4, 6);
  assert_out (NET "[maxpool]\nsize=2\nstride=2\nstride_x=1\n", 3, 5, 13);
  assert_refused (NET "[maxpool]\nsize=11\npadding=0\n", ESP_ERROR_SHAPE, "t.cfg:6: size=11");
  assert_refused (NET "[maxpool]\nmaxpool_depth=1\n", ESP_ERROR_UNSUPPORTED, "maxpool_depth=1");
}

/* One number a channel, or a window's mean; all of an input to each number of the output */
static void
test_classifiers (void)
{
  assert_out (NET "[avgpool]\n", 3, 1, 1);
  assert_out (NET "[avg]\n", 3, 1, 1);
  assert_out (NET "[local_avgpool]\nsize=2\nstride=2\n", 3, 5, 7);
  assert_out (NET "[local_avg]\nsize=3\nstride_x=2\npadding=0\n", 3, 7, 6);
  assert_out (NET "[connected]\noutput=10\nactivation=mish\n", 10, 1, 1);
  assert_out (NET "[conn]\noutput=10\nbatch_normalize=1\n[connected]\n", 1, 1, 1);
  assert_refused (NET "[local_avgpool]\nsize=3\npadding=5\n", ESP_ERROR_LIMIT, "padding=5: expected a whole number from 0 to 4");
  assert_refused (NET "[connected]\noutput=0\n", ESP_ERROR_LIMIT, "t.cfg:6: output=0: expected a whole number from 1");
  assert_refused (NET "[connected]\nactivation=stairs\n", ESP_ERROR_UNSUPPORTED, "t.cfg:6: activation=stairs: expected linear, ");
  assert_refused ("[net]\nwidth=512\nheight=512\nchannels=3\n[connected]\noutput=512\n", ESP_ERROR_LIMIT, "parameters up to here");
}

static void
test_joins (void)
{
  const char two[] = NET "[conv]\nfilters=4\nsize=3\npad=1\n[conv]\nfilters=4\nsize=3\npad=1\n";
  g_autofree char *route = g_strconcat (two, "[route]\nlayers = -1, 0\n", NULL),
                  *shortcut = g_strconcat (two, "[shortcut]\nfrom=-2\n", NULL);
  g_autofree char *far = g_strconcat (two, "[route]\nlayers=-3\n", NULL), *self = g_strconcat (two, "[route]\nlayers=2\n", NULL);
  g_autofree char *many = g_strconcat (two, "[shortcut]\nfrom=-1,-2\n", NULL);
  g_autofree char *unequal = g_strconcat (two, "[maxpool]\nstride=2\n[shortcut]\nfrom=-2\n", NULL);
  g_autofree char *sizes = g_strconcat (two, "[maxpool]\nstride=2\n[route]\nlayers=-1,-2\n", NULL);
  g_autofree char *weighted = g_strconcat (two, "[shortcut]\nfrom=-2\nweights_type=per_channel\n", NULL);
  g_autofree char *none = g_strconcat (two, "[shortcut]\nfrom=-2\nweights_type=none\nactivation=leaky\n", NULL);

  assert_out (route, 8, 9, 13);
  assert_out (shortcut, 4, 9, 13);
  assert_out (none, 4, 9, 13);
  assert_refused (far, ESP_ERROR_SHAPE, "layers=-3: expected layers before this one");
  assert_refused (self, ESP_ERROR_SHAPE, "layers=2: expected layers before this one");
  assert_out (many, 4, 9, 13);
  assert_out (unequal, 4, 5, 7);
  assert_refused (sizes, ESP_ERROR_SHAPE, "expected equal sizes");
  assert_out (weighted, 4, 9, 13);
  assert_refused (NET "[shortcut]\nfrom=-1\n", ESP_ERROR_SHAPE, "from=-1");
  assert_refused (NET "[route]\n", ESP_ERROR_FORMAT, "t.cfg:5: [route]: no layers=");
}

static void
test_small_kinds (void)
{
  assert_out (NET "[upsample]\n", 3, 18, 26);
  assert_out (NET "[upsample]\nstride=3\n", 3, 27, 39);
  assert_out (NET "[dropout]\nprobability=.2\n", 3, 9, 13);
  assert_refused (NET "[upsample]\nscale=two\n", ESP_ERROR_FORMAT, "scale=two");
  assert_out (NET "[cost]\ntype=sse\n", 3, 9, 13);
  assert_refused (NET "[upsample]\nstride=-2\n", ESP_ERROR_LIMIT, "stride=-2");
  assert_refused (NET "\n[crop]\n", ESP_ERROR_UNSUPPORTED, "t.cfg:6: [crop]: layers of this kind are not supported");
  assert_refused (NET "[net]\n", ESP_ERROR_UNSUPPORTED, "t.cfg:5: [net]");
  assert_refused ("[net]\ninputs=256\ntime_steps=9\n[rnn]\noutput=9\n", ESP_ERROR_UNSUPPORTED, "t.cfg:4: [rnn]: layers of this kind");
  assert_refused (NET, ESP_ERROR_FORMAT, "no layer follows");
  assert_refused ("[net]\nwidth=13\nheight=9\n[dropout]\n", ESP_ERROR_FORMAT, "expected width=, height= and channels=");
  assert_refused ("[net]\nwidth=13\nheight=9\nchannels=3\ntime_steps=3\n[dropout]\n", ESP_ERROR_UNSUPPORTED, "time_steps=3");
}

#define HEAD NET "[conv]\nfilters=18\nsize=1\nactivation=linear\n[yolo]\nnum=3\nanchors=1,2, 3,4, 5,6\nclasses="

static void
test_yolo (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  const EspHead *yolo;

  network = network_of (NET "[conv]\nfilters=16\nsize=1\nactivation=linear\n[yolo]\nmask = 2,0\nnum=3\nanchors=1,2, 3,4, 5,6\nclasses=3\n"
                            "scale_x_y = 1.00\nnms_kind=greedynms\nbeta_nms=0.5\nnew_coords=0\n",
                        &error);
  g_assert_no_error (error);
  yolo = &esp_network_get_layer (network, 1)->head;
  g_assert_cmpint (yolo->n_anchors, ==, 2);
  g_assert_cmpfloat (yolo->anchors[0], ==, 5);
  g_assert_cmpfloat (yolo->anchors[3], ==, 2);
  g_assert_cmpfloat (yolo->beta_nms, ==, 0.5);
  g_assert_cmpint (esp_network_get_classes (network), ==, 3);
  assert_out (HEAD "1\n", 18, 9, 13); /* without mask= all three */
  assert_refused (HEAD "2\n", ESP_ERROR_SHAPE, "18 channels come in: expected 21");
  assert_refused (HEAD "1\nmask=0,3\n", ESP_ERROR_FORMAT, "mask=0,3: expected numbers of anchors from 0 to 2");
  assert_out (HEAD "1\nscale_x_y=1.05\nnew_coords=1\nnms_kind=diounms\niou_thresh=.2\niou_loss=ciou\n", 18, 9, 13);
  assert_refused (HEAD "1\nscale_x_y=0\n", ESP_ERROR_LIMIT, "t.cfg:13: scale_x_y=0: expected a number above 0");
  assert_refused (HEAD "1\nnew_coords=2\n", ESP_ERROR_LIMIT, "new_coords=2");
  assert_refused (HEAD "1\nnms_kind=cornersnms\n", ESP_ERROR_UNSUPPORTED,
                  "t.cfg:13: nms_kind=cornersnms: expected default, greedynms or diounms");
  assert_refused (NET "[conv]\nfilters=18\n[yolo]\nnum=3\nanchors=1,2\nclasses=1\n", ESP_ERROR_SHAPE, "2 numbers: expected num=3 pairs");
}

static void
refuse_pjreddie (const char *text, const char *words)
{
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "t.cfg", &error);
  EspNetwork *network;

  g_assert_no_error (error);
  network = esp_network_new_dialect (cfg, ESP_DIALECT_PJREDDIE, &error);
  g_assert_null (network);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

/* pjreddie's darknet passes over what it does not know: where it is asked for, that is refused. */
static void
test_dialect (void)
{
  const char plain[] = NET "[conv]\nfilters=18\nsize=1\nstride=1\nstride_x=1\ndilation=1\nactivation=linear\n[yolo]\nnum=3\n"
                           "anchors=1,2, 3,4, 5,6\nclasses=1\nscale_x_y=1\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network
      = esp_network_new_dialect (esp_cfg_parse (plain, strlen (plain), "t.cfg", NULL), ESP_DIALECT_PJREDDIE, &error);

  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_dialect (network), ==, ESP_DIALECT_PJREDDIE);
  refuse_pjreddie (HEAD "1\nscale_x_y=1.05\n", "t.cfg:13: scale_x_y=1.05: only 1");
  refuse_pjreddie (HEAD "1\nnew_coords=1\n", "t.cfg:13: new_coords=1: only 0");
  refuse_pjreddie (NET "[conv]\nactivation=mish\n", "t.cfg:6: activation=mish: pjreddie's darknet does not know it");
  refuse_pjreddie (NET "[conv]\nstride=2\nstride_x=1\n", "t.cfg:7: stride_x=1: pjreddie's darknet passes over it: expected stride=2");
  refuse_pjreddie (NET "[conv]\nsize=3\npad=1\ndilation=2\n", "t.cfg:8: dilation=2: only 1");
  refuse_pjreddie (NET "[conv]\nfilters=4\n[route]\nlayers=0\ngroups=2\n", "t.cfg:9: groups=2: only 1");
  refuse_pjreddie (NET "[conv]\nfilters=4\n[sam]\nfrom=0\n", "t.cfg:7: [sam]: pjreddie's darknet has no such layers");
}

static void
test_limits (void)
{
  g_autoptr (GString) wide = g_string_new ("[net]\nwidth=1\nheight=1\nchannels=65536\n");

  for (guint l = 0; l <= 64; l++) /* each as wide as one may be, without many numbers or parameters */
    g_string_append (wide, "[dropout]\n");
  assert_refused (wide->str, ESP_ERROR_LIMIT, "t.cfg:69: [dropout]: 4259840 channels up to here, at most 4194304");
  assert_refused ("[net]\nwidth=65536\nheight=65536\nchannels=3\n[dropout]\n", ESP_ERROR_LIMIT, "t.cfg:2");
  assert_refused ("[net]\nwidth=99999\nheight=1\nchannels=3\n[dropout]\n", ESP_ERROR_LIMIT, "t.cfg:2");
  assert_refused ("[net]\nwidth=4096\nheight=4096\nchannels=3\n[conv]\nfilters=65536\n", ESP_ERROR_LIMIT, "more numbers than are accepted");
  assert_refused ("[net]\nwidth=1\nheight=1\nchannels=65536\n[conv]\nfilters=65536\nsize=1023\npad=1\n", ESP_ERROR_LIMIT,
                  "parameters up to here");
  assert_refused ("[net]\nwidth=64\nheight=64\nchannels=65536\n[upsample]\nstride=1024\n", ESP_ERROR_LIMIT,
                  "more numbers than are accepted");
}

static void
test_graph (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network
      = network_of (NET "[conv]\nfilters=6\n[conv]\nfilters=6\n[shortcut]\nfrom=-2\n[dropout]\n[route]\nlayers=-1,-1,1\n"
                        "[conv]\nfilters=6\n[upsample]\nstride=1\n[yolo]\nnum=1\nanchors=1,2\nclasses=1\n",
                    &error);
  const guint *items;
  guint n;

  g_assert_no_error (error);
  items = esp_network_get_consumers (network, 0, &n);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (items[0], ==, 1);
  g_assert_cmpuint (items[1], ==, 2);
  items = esp_network_get_consumers (network, 3, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (items[0], ==, 4);
  g_assert_cmpint (esp_network_get_layer (network, 4)->out.c, ==, 18);
  items = esp_network_get_heads (network, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (items[0], ==, 7);
  for (guint i = 0; i < 8; i++)
    g_assert_cmpint (esp_network_is_head_input (network, i), ==, i == 5);
  g_assert_cmpint (esp_network_get_layer (network, 2)->inputs[1], ==, 0);
  g_assert_cmpint (esp_network_get_layer (network, 0)->inputs[0], ==, -1);
}

static gsize
count_params (const EspNetwork *network)
{
  gsize n = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    n += esp_layer_count_params (esp_network_get_layer (network, i));
  return n;
}

static void
check_real (const char *name, gsize params)
{
  g_autofree char *path = shared_file (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autofree char *text = NULL, *file = NULL;
  gsize n, length;

  if (path == NULL)
    return;
  network = esp_network_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_params (network), ==, params);
  g_assert_cmpint (esp_network_get_classes (network), ==, 80);
  text = esp_cfg_to_text (esp_network_get_cfg (network), &n);
  g_assert_true (g_file_get_contents (path, &file, &length, NULL));
  g_assert_cmpmem (text, n, file, length);
}

static void
test_yolo_fastest (void)
{
  check_real ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg", 346062);
}

static void
test_yolo_fastest_xl (void)
{
  check_real ("models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", 923486);
}

/* What AlexeyAB's darknet comes with is read, all of it. */
static void
test_shared (void)
{
  static const char *const names[] = { "yolov4",          "yolov4-tiny",
                                       "yolov4-csp",      "yolov7-tiny",
                                       "enet-coco",       "csresnext50-panet-spp-original-optimal",
                                       "yolov3-tiny-prn", "yolov4-sam-mish-csp-reorg-bfm" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strdup_printf ("cfg/%s.cfg", names[i]), *path = shared_file (name);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = path != NULL ? esp_network_load (path, &error) : NULL;

      if (path == NULL)
        return;
      g_assert_no_error (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/network/convolutional", test_convolutional);
  g_test_add_func ("/net/network/maxpool", test_maxpool);
  g_test_add_func ("/net/network/classifiers", test_classifiers);
  g_test_add_func ("/net/network/joins", test_joins);
  g_test_add_func ("/net/network/small-kinds", test_small_kinds);
  g_test_add_func ("/net/network/yolo", test_yolo);
  g_test_add_func ("/net/network/dialect", test_dialect);
  g_test_add_func ("/net/network/limits", test_limits);
  g_test_add_func ("/net/network/graph", test_graph);
  g_test_add_func ("/net/network/yolo-fastest-1.1", test_yolo_fastest);
  g_test_add_func ("/net/network/yolo-fastest-1.1-xl", test_yolo_fastest_xl);
  g_test_add_func ("/net/network/shared", test_shared);
  return g_test_run ();
}
