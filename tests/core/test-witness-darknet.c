/* test-witness-darknet.c: every layer against libdarknet's, in its own form of batch normalisation */
#include "config.h"

#include "net-common.h"
#include "oracle-common.h"
#include "tree-common.h"

/* Agrees at @at, in every layer that is asked for. */
static void
witness (EspNetwork *network, EspWeights *weights, const char *path, EspAt at)
{
  g_auto (EspOracleReport) report = { NULL };
  g_autoptr (GError) error = NULL;

  compare_with_oracle (network, weights, path, at, &report, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (report.reason, ==, NULL);
  for (guint i = 0; i < report.n_layers; i++)
    g_test_message ("layer %u: %.2e of %.3g", report.layers[i].layer, report.layers[i].difference, report.layers[i].largest);
  g_test_message ("worst: %.2e, layer %u", report.worst.difference, report.worst.layer);
  g_assert_cmpfloat (report.worst.difference, <=, 1e-4);
  g_assert_true (esp_oracle_agrees (&report));
  if (at == ESP_AT_OUT)
    g_assert_cmpuint (report.n_layers, >=, esp_network_get_n_layers (network) - 1); /* but for a [cost] at the end */
  else
    g_assert_cmpuint (report.n_layers, >, esp_network_get_n_layers (network) / 4);
}

static void
test_shared (gconstpointer name)
{
  g_autofree char *base = g_strconcat ("models/", name, "/", name, NULL);
  g_autofree char *cfg_name = g_strconcat (base, ".cfg", NULL), *file_name = g_strconcat (base, ".weights", NULL);
  g_autofree char *cfg = use_built_oracle () ? shared_file (cfg_name) : NULL, *file = cfg != NULL ? shared_file (file_name) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;

  if (file == NULL)
    return;
  network = esp_network_load (cfg, &error);
  g_assert_no_error (error);
  weights = esp_weights_load (network, file, &error);
  g_assert_no_error (error);
  witness (network, weights, file, ESP_AT_OUT);
  witness (network, weights, file, ESP_AT_CONV);
}

/* The network over the smallest picture that it can halve five times, or NULL after g_test_skip. */
static EspNetwork *
load_small (const char *path)
{
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_cfg_load (path, &error);
  EspNetwork *network = NULL;

  if (cfg != NULL)
    {
      esp_cfg_set (cfg, 0, "width", "32");
      esp_cfg_set (cfg, 0, "height", "32");
      network = esp_network_new (cfg, &error);
    }
  if (network == NULL)
    g_test_skip_printf ("not read: %s", error->message);
  return network;
}

/* Random numbers, written and read by both. */
static void
witness_random (EspNetwork *network)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *file = g_build_filename (folder, "random.weights", NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (GError) error = NULL;

  esp_weights_save (network, weights, file, &error);
  g_assert_no_error (error);
  witness (network, weights, file, ESP_AT_OUT);
  g_unlink (file);
  g_rmdir (folder);
}

static void
test_tiny (void)
{
  g_autofree char *cfg = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "data", "bench", "yolov3-tiny.cfg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_load (cfg, &error);

  g_assert_no_error (error);
  if (use_built_oracle ())
    witness_random (network);
}

/* Every activation that libdarknet knows, each over the same numbers on both sides of 0. */
static void
test_activations (void)
{
  g_autoptr (GString) text = g_string_new ("[net]\nwidth=16\nheight=16\nchannels=3\n"
                                           "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\npad=1\nactivation=linear\n");
  static const char *const names[]
      = { "logistic", "loggy", "relu", "elu", "selu", "relie", "plse", "hardtan", "lhtan", "ramp", "linear", "tanh", "leaky", "stair" };
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (GError) error = NULL;

  if (!use_built_oracle ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_string_append_printf (text, "[route]\nlayers=0\n[convolutional]\nbatch_normalize=1\nfilters=8\nsize=1\nactivation=%s\n", names[i]);
  network = network_of (text->str, &error);
  g_assert_no_error (error);
  witness_random (network);
}

/* A cfg that comes with libdarknet, over a small picture. */
static void
test_stock (gconstpointer name)
{
  g_autofree char *path = g_strconcat ("/usr/share/darknet/cfg/", name, ".cfg", NULL);
  g_autoptr (EspNetwork) network = NULL;

  if (!use_built_oracle ())
    return;
  if (g_getenv ("ESP_TEST_ALL") == NULL)
    g_test_skip ("long: ESP_TEST_ALL runs it");
  else if (!g_file_test (path, G_FILE_TEST_EXISTS))
    g_test_skip ("libdarknet's own networks are not here");
  else if ((network = load_small (path)) != NULL)
    witness_random (network);
}

#define NET                 "[net]\nbatch=1\nwidth=24\nheight=16\nchannels=3\n"
#define CONV(FILTERS, MORE) "[convolutional]\nbatch_normalize=1\nfilters=" FILTERS "\nsize=3\npad=1\nactivation=leaky\n" MORE

/* What joins and moves, each between two convolutions. */
static const struct
{
  const char *name, *text;
} joins[] = {
  { "shortcut", NET CONV ("6", "") CONV ("6", "") "[shortcut]\nfrom=-2\nactivation=leaky\n" CONV ("4", "") },
  { "shortcut-logistic", NET CONV ("6", "") CONV ("6", "") "[shortcut]\nfrom=-2\nactivation=logistic\n" CONV ("4", "") },
  { "shortcut-fewer", NET CONV ("5", "") CONV ("9", "") "[shortcut]\nfrom=-2\nactivation=linear\n" CONV ("4", "") },
  { "shortcut-more", NET CONV ("9", "") CONV ("5", "") "[shortcut]\nfrom=-2\nactivation=linear\n" CONV ("4", "") },
  { "shortcut-every-second", NET CONV ("5", "") CONV ("9", "stride=2\n") "[shortcut]\nfrom=-2\nactivation=leaky\n" CONV ("4", "") },
  { "shortcut-onto-every-second",
    NET CONV ("5", "") CONV ("9", "stride=2\n") "[route]\nlayers=-2\n[shortcut]\nfrom=1\nactivation=leaky\n" CONV ("4", "") },
  { "shortcut-times", NET CONV ("5", "") CONV ("9", "") "[shortcut]\nfrom=-2\nalpha=.5\nbeta=-2\nactivation=leaky\n" CONV ("4", "") },
  { "route", NET CONV ("5", "") CONV ("9", "") "[route]\nlayers=-1,0\n[dropout]\n" CONV ("4", "") },
  { "reorg", NET CONV ("8", "") "[reorg]\nstride=2\n" CONV ("4", "") },
  { "reorg-by-4", NET CONV ("32", "") "[reorg]\nstride=4\n" CONV ("4", "") },
  { "reorg-reverse", NET CONV ("12", "") "[reorg]\nstride=2\nreverse=1\n" CONV ("4", "") },
  { "upsample", NET CONV ("5", "") "[upsample]\nstride=3\n" CONV ("4", "") },
  { "upsample-times", NET CONV ("5", "") "[upsample]\nstride=2\nscale=.7\n" CONV ("4", "") },
};

static void
test_join (gconstpointer text)
{
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "join.cfg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_new_dialect (cfg, ESP_DIALECT_PJREDDIE, &error);

  g_assert_no_error (error);
  if (use_built_oracle ())
    witness_random (network);
}

/* The tree is beside the cfg, and the helper runs elsewhere. */
static void
test_tree (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "t.cfg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;

  write_into (folder, "t.cfg",
              NET CONV ("6", "") "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n[avgpool]\n"
                                 "[softmax]\ntree=t.tree\ntemperature=.25\n");
  write_into (folder, "t.tree", TREE_TEXT);
  network = esp_network_load (path, &error);
  g_assert_no_error (error);
  if (use_built_oracle ())
    witness_random (network);
  remove_from (folder, "t.cfg");
  remove_from (folder, "t.tree");
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  static const char *const stock[] = { "yolov2",    "yolov3",      "yolov3-spp",  "resnet18",   "resnet50", "resnext50",
                                       "darknet19", "darknet9000", "densenet201", "extraction", "vgg-conv" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/witness/yolo-fastest-1.1", "yolo-fastest-1.1", test_shared);
  g_test_add_data_func ("/witness/yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl", test_shared);
  g_test_add_func ("/witness/yolov3-tiny", test_tiny);
  g_test_add_func ("/witness/activations", test_activations);
  g_test_add_func ("/witness/tree", test_tree);
  for (guint i = 0; i < G_N_ELEMENTS (stock); i++)
    {
      g_autofree char *path = g_strconcat ("/witness/stock/", stock[i], NULL);

      g_test_add_data_func (path, stock[i], test_stock);
    }
  for (guint i = 0; i < G_N_ELEMENTS (joins); i++)
    {
      g_autofree char *path = g_strconcat ("/witness/", joins[i].name, NULL);

      g_test_add_data_func (path, joins[i].text, test_join);
    }
  return g_test_run ();
}
