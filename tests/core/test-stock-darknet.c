/* test-stock-darknet.c: what is written, whole or cut, as stock darknet reads and runs it */
#include "config.h"

#include "net/cut.h"
#include "net/engine.h"

#include "base/error.h"
#include "base/file.h"
#include "detect/decode.h"
#include "net-common.h"
#include "net-plans.h"
#include "net-tiny.h"
#include "tree-common.h"

#include <glib/gstdio.h>

#include <math.h>

#ifdef ESP_HAVE_LIBDARKNET
#include <darknet.h>

/* Odd sizes, so that every rounding shows. */
static const char odd[]
    = "[net]\nbatch=1\nwidth=45\nheight=37\nchannels=3\n[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=2\npad=1\n"
      "activation=leaky\n[convolutional]\nfilters=6\ngroups=6\nsize=5\npadding=1\nactivation=relu\n[maxpool]\nsize=2\nstride=2\n"
      "[maxpool]\nsize=3\nstride=1\n[convolutional]\nfilters=6\nsize=1\nactivation=logistic\n[shortcut]\nfrom=-2\nactivation=linear\n"
      "[dropout]\nprobability=.1\n[upsample]\nstride=2\n[maxpool]\nsize=5\nstride=3\n[route]\nlayers=-1\n"
      "[convolutional]\nfilters=12\nsize=1\nactivation=linear\n[yolo]\nmask=0,1\nanchors=3,4, 5,6\nnum=2\nclasses=1\n";

/* (transfer full): the files as stock darknet opened them, batch 1. */
static network *
open_stock (const EspNetwork *ours, const EspWeights *weights)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *cfg_path = g_build_filename (folder, "n.cfg", NULL), *weights_path = g_build_filename (folder, "n.weights", NULL);
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (ours));
  g_autofree char *text = NULL;
  network *stock;
  gsize n;

  esp_cfg_set (cfg, 0, "batch", "1");
  esp_cfg_set (cfg, 0, "subdivisions", "1");
  text = esp_cfg_to_text (cfg, &n);
  g_assert_true (esp_file_write (cfg_path, text, n, NULL));
  g_assert_true (esp_weights_save (ours, weights, weights_path, NULL));
  stock = load_network (cfg_path, weights_path, 0);
  g_remove (cfg_path);
  g_remove (weights_path);
  g_rmdir (folder);
  return stock;
}

static void
assert_same (const EspNetwork *ours, const EspWeights *weights, const network *stock)
{
  g_assert_cmpuint (esp_network_get_n_layers (ours), ==, (guint) stock->n);
  g_assert_cmpuint (esp_weights_get_header (weights).seen, ==, *stock->seen);
  for (int i = 0; i < stock->n; i++)
    {
      const EspLayer *layer = esp_network_get_layer (ours, (guint) i);
      const EspParams *params = esp_weights_get (weights, (guint) i);
      const gsize n = params != NULL ? params->filters * sizeof (float) : 0;

      g_assert_cmpint (layer->out.c, ==, stock->layers[i].out_c);
      g_assert_cmpint (layer->out.h, ==, stock->layers[i].out_h);
      g_assert_cmpint (layer->out.w, ==, stock->layers[i].out_w);
      if (params == NULL)
        continue;
      g_assert_cmpmem (params->weights, params->n_weights * sizeof (float), stock->layers[i].weights,
                       (gsize) stock->layers[i].nweights * sizeof (float));
      g_assert_cmpmem (params->biases, n, stock->layers[i].biases, n);
      if (params->scales == NULL)
        continue;
      g_assert_cmpmem (params->scales, n, stock->layers[i].scales, n);
      g_assert_cmpmem (params->means, n, stock->layers[i].rolling_mean, n);
      g_assert_cmpmem (params->variances, n, stock->layers[i].rolling_variance, n);
    }
}

static void
test_odd (void)
{
  g_autoptr (EspNetwork) ours = network_of (odd, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (ours, 1);
  network *stock;

  esp_weights_set_header (weights, (EspWeightsHeader){ 0, 2, 0, 64 });
  stock = open_stock (ours, weights);
  assert_same (ours, weights, stock);
  free_network (stock);
}

/* The heads of the masked whole network here and of the cut one there, relative to the head's maximum. */
static double
compare_heads (EspNetwork *whole, EspWeights *weights, EspMask *mask, network *stock)
{
  const EspEngineOptions options = { .backend = ESP_BACKEND_REFERENCE, .bn = ESP_BN_DARKNET, .batch = 1, .mask = mask };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (whole, weights, &options, NULL, &error);
  const gsize n = esp_shape_count (esp_network_get_input (whole));
  g_autofree float *input = g_new (float, n);
  g_autoptr (GRand) rng = esp_rng_new (5, 0, 0);
  guint n_heads;
  const guint *heads = esp_network_get_heads (whole, &n_heads);
  double worst = 0;

  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (rng);
  g_assert_true (esp_engine_forward (engine, input, NULL, &error));
  network_predict (stock, input);
  for (guint h = 0; h < n_heads; h++)
    {
      const gsize count = esp_shape_count (esp_network_get_layer (whole, heads[h])->out);
      g_autofree float *values = g_new (float, count);
      double largest = 0, apart = 0;

      g_assert_true (esp_engine_read (engine, heads[h], ESP_AT_OUT, values, &error));
      for (gsize i = 0; i < count; i++)
        {
          largest = fmax (largest, fabs ((double) values[i]));
          apart = fmax (apart, fabs ((double) values[i] - (double) stock->layers[heads[h]].output[i]));
        }
      worst = fmax (worst, apart / largest);
    }
  return worst;
}

/* Every activation that stock darknet has, connected layers over a map, over numbers and over a mean. */
static char *
classifier_text (void)
{
  static const char *const activations[]
      = { "logistic", "loggy", "relu", "elu", "selu", "relie", "plse", "hardtan", "lhtan", "linear", "ramp", "leaky", "tanh", "stair" };
  GString *text = g_string_new ("[net]\nbatch=1\nwidth=19\nheight=14\nchannels=3\n");

  for (guint i = 0; i < G_N_ELEMENTS (activations); i++)
    g_string_append_printf (text, "[convolutional]\nbatch_normalize=1\nfilters=%u\nsize=3\npad=1\nactivation=%s\n", 7 + i, activations[i]);
  g_string_append (text, "[connected]\nbatch_normalize=1\noutput=60\nactivation=elu\n[dropout]\n[connected]\noutput=33\nactivation=ramp\n"
                         "[route]\nlayers=3\n[convolutional]\nfilters=18\nsize=1\nactivation=leaky\n[avgpool]\n"
                         "[connected]\noutput=7\nactivation=linear\n");
  return g_string_free (text, FALSE);
}

/* One set against every layer of stock darknet, relative to the layer's largest number. */
static void
compare_layers (EspNetwork *ours, EspWeights *weights, EspBackendKind backend, const float *input, const network *stock)
{
  const EspEngineOptions options = { .backend = backend, .bn = ESP_BN_DARKNET, .batch = 1, .keep_all = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (ours, weights, &options, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (esp_engine_forward (engine, input, NULL, &error));
  for (guint l = 0; l < esp_network_get_n_layers (ours); l++)
    {
      const gsize n = esp_shape_count (esp_network_get_layer (ours, l)->out);
      g_autofree float *values = g_new (float, n);
      double largest = 0, apart = 0;

      g_assert_cmpuint (n, ==, (gsize) stock->layers[l].outputs);
      g_assert_true (esp_engine_read (engine, l, ESP_AT_OUT, values, &error));
      for (gsize i = 0; i < n; i++)
        {
          largest = fmax (largest, fabs ((double) values[i]));
          apart = fmax (apart, fabs ((double) values[i] - (double) stock->layers[l].output[i]));
        }
      g_test_message ("layer %u: %.2e", l, apart / largest);
      g_assert_cmpfloat (apart, <=, 1e-4 * largest);
    }
}

static void
test_classifier (void)
{
  g_autofree char *text = classifier_text ();
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) ours = network_of (text, &error);
  g_autoptr (EspWeights) weights = NULL;
  g_autofree float *input = NULL;
  g_autoptr (GRand) rng = esp_rng_new (6, 0, 0);
  network *stock;
  gsize n;

  g_assert_no_error (error);
  weights = esp_weights_new_random (ours, 2);
  n = esp_shape_count (esp_network_get_input (ours));
  input = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (rng);
  stock = open_stock (ours, weights);
  network_predict (stock, input);
  compare_layers (ours, weights, ESP_BACKEND_REFERENCE, input, stock);
  compare_layers (ours, weights, ESP_BACKEND_ONEDNN, input, stock);
  free_network (stock);
}

static void
check_cut (EspNetwork *whole, EspWeights *weights, double share)
{
  g_autoptr (GRand) rng = esp_rng_new (4, 0, 0);
  g_autoptr (EspMask) mask = plans_draw (whole, rng, share);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspCut) cut = esp_cut_new (whole, weights, mask, NULL, &error);
  network *stock;
  double apart;

  g_assert_no_error (error);
  stock = open_stock (esp_cut_get_network (cut), esp_cut_get_weights (cut));
  assert_same (esp_cut_get_network (cut), esp_cut_get_weights (cut), stock);
  apart = compare_heads (whole, weights, mask, stock);
  g_test_message ("%.0f %% cut: heads differ by %.2g of their maximum", share * 100, apart);
  g_assert_cmpfloat (apart, <=, 1e-4);
  free_network (stock);
}

static void
test_tiny (void)
{
  const guint widths[11] = { 4, 8, 8, 12, 16, 20, 24, 12, 8, 16, 12 };
  g_autofree char *text = tiny_text (widths, 96, 2);
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);

  check_cut (network, weights, 0);
  check_cut (network, weights, .4);
}

static void
check_real (const char *name)
{
  g_autofree char *stem = g_strdup_printf ("models/%s/%s", name, name);
  g_autofree char *cfg_name = g_strconcat (stem, ".cfg", NULL), *weights_name = g_strconcat (stem, ".weights", NULL);
  g_autofree char *cfg = shared_file (cfg_name), *path = cfg != NULL ? shared_file (weights_name) : NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;

  if (path == NULL)
    return;
  network = esp_network_load (cfg, NULL);
  weights = esp_weights_load (network, path, NULL);
  check_cut (network, weights, 0);
  check_cut (network, weights, .3);
}

static void
test_yolo_fastest (void)
{
  check_real ("yolo-fastest-1.1");
  check_real ("yolo-fastest-1.1-xl");
}

#define NINE_THOUSAND "/usr/share/darknet/data/9k.tree"

/* (transfer full): the network of @text as of a file, which can name another. */
static EspNetwork *
network_of_file (const char *text)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *cfg = g_build_filename (folder, "t.cfg", NULL);
  g_autoptr (GError) error = NULL;
  EspNetwork *network;

  write_into (folder, "t.cfg", text);
  network = esp_network_load (cfg, &error);
  g_assert_no_error (error);
  remove_from (folder, "t.cfg");
  g_rmdir (folder);
  return network;
}

/* The whole of a classifier, its softmax over a tree. */
static void
check_tree_classifier (const char *path, int classes)
{
  g_autofree char *text = g_strdup_printf ("[net]\nwidth=3\nheight=2\nchannels=3\n[convolutional]\nfilters=%d\nsize=1\nactivation=linear\n"
                                           "[avgpool]\n[softmax]\ngroups=1\ntemperature=.5\ntree=%s\n",
                                           classes, path);
  g_autoptr (EspNetwork) ours = network_of_file (text);
  g_autoptr (EspWeights) weights = esp_weights_new_random (ours, 3);
  const float input[18] = { .1f, .9f, .4f, .3f, .8f, .2f, .7f, 1, 0, .5f, .6f, .15f, .25f, .35f, .45f, .55f, .65f, .75f };
  g_autofree float *copy = g_memdup2 (input, sizeof input);
  network *stock = open_stock (ours, weights);

  network_predict (stock, copy);
  compare_layers (ours, weights, ESP_BACKEND_REFERENCE, input, stock);
  compare_layers (ours, weights, ESP_BACKEND_ONEDNN, input, stock);
  free_network (stock);
}

/* Boxes from one and the same map, whose numbers among siblings are now sure of one, now even. */
static float *
tree_map (const EspLayer *head)
{
  const EspTree *tree = head->head.tree;
  const gsize plane = (gsize) head->out.h * (gsize) head->out.w, entries = 5 + (gsize) tree->n,
              cells = (gsize) head->out.c / entries * plane;
  float *map = g_new (float, esp_shape_count (head->out));
  g_autoptr (GRand) rng = esp_rng_new (7, 0, 0);

  for (gsize i = 0; i < cells; i++)
    {
      float *at = map + i / plane * entries * plane + i % plane;
      const double spread = g_rand_double_range (rng, 1, 25);

      for (gsize k = 0; k < 5; k++)
        at[k * plane] = (float) g_rand_double (rng);
      for (int g = 0; g < tree->n_groups; g++)
        {
          float *group = at + (gsize) (5 + tree->firsts[g]) * plane;
          double sum = 0;

          for (int k = 0; k < tree->sizes[g]; k++)
            sum += (group[(gsize) k * plane] = (float) exp (spread * g_rand_double (rng)));
          for (int k = 0; k < tree->sizes[g]; k++)
            group[(gsize) k * plane] = (float) (group[(gsize) k * plane] / sum);
        }
    }
  return map;
}

static int
class_of (const detection *box, int classes)
{
  int found = -1;

  for (int k = 0; k < classes; k++)
    if (box->prob[k] > 0)
      {
        g_assert_cmpint (found, ==, -1);
        found = k;
      }
  return found;
}

/* darknet lists all anchors and cells, whether there is something or not. */
static void
assert_same_boxes (const EspLayer *head, const GArray *rows, const detection *boxes, int n)
{
  const EspTree *tree = head->head.tree;
  guint next = 0, inner = 0, leaves = 0;

  for (int i = 0; i < n; i++)
    if (boxes[i].objectness > 0)
      {
        const EspDetection *row = &g_array_index (rows, EspDetection, next++);

        g_assert_cmpint (row->class_index, ==, class_of (&boxes[i], tree->n));
        g_assert_cmpfloat (row->score, ==, boxes[i].prob[row->class_index]);
        g_assert_cmpfloat (row->objectness, ==, boxes[i].objectness);
        g_assert_cmpfloat_with_epsilon (row->box.x, boxes[i].bbox.x, 1e-6f);
        g_assert_cmpfloat_with_epsilon (row->box.y, boxes[i].bbox.y, 1e-6f);
        g_assert_cmpfloat_with_epsilon (row->box.w, boxes[i].bbox.w, 1e-6f);
        g_assert_cmpfloat_with_epsilon (row->box.h, boxes[i].bbox.h, 1e-6f);
        *(tree->children[row->class_index] < 0 ? &leaves : &inner) += 1;
      }
  g_test_message ("%u boxes of %d: %u of leaves, %u of wider classes", next, n, leaves, inner);
  g_assert_cmpuint (next, ==, rows->len);
  g_assert_true (next > 20 && leaves > 3 && inner > 3);
}

static void
check_tree_boxes (const char *path, int classes)
{
  g_autofree char *text = g_strdup_printf ("[net]\nwidth=7\nheight=5\nchannels=3\n[convolutional]\nfilters=%d\nsize=1\nactivation=linear\n"
                                           "[region]\nnum=2\nanchors=1,2, 3,1.5\nclasses=%d\nsoftmax=1\ntree=%s\n",
                                           2 * (5 + classes), classes, path);
  g_autoptr (EspNetwork) ours = network_of_file (text);
  g_autoptr (EspWeights) weights = esp_weights_new_random (ours, 3);
  const EspLayer *head = esp_network_get_layer (ours, 1);
  g_autofree float *map = tree_map (head);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  network *stock = open_stock (ours, weights);
  guint candidate = 0;
  detection *boxes;
  int n = 0;

  memcpy (stock->layers[1].output, map, esp_shape_count (head->out) * sizeof *map);
  boxes = get_network_boxes (stock, 7, 5, .4f, ESP_TREE_THRESHOLD, NULL, 1, &n);
  esp_decode_map (head, map, esp_network_get_input (ours), (EspPlacement){ 0, 0, 1, 1 }, .4f, &candidate, rows);
  assert_same_boxes (head, rows, boxes, n);
  free_detections (boxes, n);
  free_network (stock);
}

/* The probabilities of leaves, to the last bit. */
static void
check_tree_leaves (const char *path, int classes)
{
  g_autoptr (EspTree) ours = esp_tree_load (path, NULL);
  tree *stock = read_tree ((char *) path);
  g_autofree float *values = g_new (float, classes), *theirs = NULL;
  g_autoptr (GRand) rng = esp_rng_new (8, 0, 0);

  g_assert_cmpint (ours->n, ==, classes);
  for (int i = 0; i < classes; i++)
    values[i] = (float) g_rand_double (rng);
  theirs = g_memdup2 (values, (gsize) classes * sizeof *values);
  esp_tree_spread (ours, values);
  hierarchy_predictions (theirs, classes, stock, 1, 1);
  g_assert_cmpmem (values, (gsize) classes * sizeof *values, theirs, (gsize) classes * sizeof *theirs);
}

static void
test_tree (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *path = g_build_filename (folder, "t.tree", NULL);

  write_into (folder, "t.tree", TREE_TEXT);
  check_tree_classifier (path, TREE_CLASSES);
  check_tree_boxes (path, TREE_CLASSES);
  check_tree_leaves (path, TREE_CLASSES);
  remove_from (folder, "t.tree");
  g_rmdir (folder);
}

static void
test_tree_9k (void)
{
  if (!g_file_test (NINE_THOUSAND, G_FILE_TEST_EXISTS))
    {
      g_test_skip (NINE_THOUSAND " is not here: the package darknet is not installed");
      return;
    }
  check_tree_classifier (NINE_THOUSAND, 9418);
  check_tree_boxes (NINE_THOUSAND, 9418);
  check_tree_leaves (NINE_THOUSAND, 9418);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/stock-darknet/tree", test_tree);
  g_test_add_func ("/net/stock-darknet/tree-9k", test_tree_9k);
  g_test_add_func ("/net/stock-darknet/odd", test_odd);
  g_test_add_func ("/net/stock-darknet/classifier", test_classifier);
  g_test_add_func ("/net/stock-darknet/tiny", test_tiny);
  g_test_add_func ("/net/stock-darknet/yolo-fastest", test_yolo_fastest);
  return g_test_run ();
}
#else
static void
test_absent (void)
{
  g_test_skip ("libdarknet was not found");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/stock-darknet", test_absent);
  return g_test_run ();
}
#endif
