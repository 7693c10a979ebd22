/* test-keep-classes.c: heads for some of their classes, or for new ones; the published counts that come of it; narrower networks */
#include "config.h"

#include "base/error.h"
#include "net/cost.h"
#include "net/cut.h"
#include "net/engine.h"
#include "net/keep-classes.h"
#include "net/narrow.h"

#include "net-common.h"
#include "net-tiny.h"

#include <string.h>

static const guint small_widths[11] = { 2, 4, 4, 4, 8, 8, 8, 8, 4, 8, 8 };

static EspKeepClasses *
keep_of (const char *text, guint n_classes)
{
  g_autoptr (GError) error = NULL;
  EspKeepClasses *keep = esp_keep_classes_parse (text, NULL, n_classes, &error);

  g_assert_no_error (error);
  return keep;
}

/* (transfer full): what layer @layer gives for one input, raw. */
static double *
run (EspNetwork *network, EspWeights *weights, guint layer, EspBackendKind backend, EspShape *shape)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = backend, .bn = ESP_BN_ALEXEY, .batch = 1, .keep_all = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, &error);
  const gsize n = esp_shape_count (esp_network_get_input (network));
  g_autofree float *input = g_new (float, n);
  double *values;

  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    input[i] = (float) ((i * 7919) % 1000) / 1000;
  g_assert_true (esp_engine_forward (engine, input, NULL, &error));
  *shape = esp_engine_get_shape (engine, (int) layer);
  values = g_new (double, esp_shape_count (*shape));
  g_assert_true (esp_engine_read_double (engine, layer, ESP_AT_OUT, values, &error));
  return values;
}

/* Each row of the kept network's layer is the row, or the mean of the rows, of the whole one's; a row that is one to the bit. */
static void
compare_rows (EspNetwork *whole,
              EspWeights *weights,
              EspNetwork *kept,
              EspWeights *kept_weights,
              const EspKeepClasses *keep,
              guint layer,
              EspBackendKind backend)
{
  EspShape a, b;
  g_autofree double *x = run (whole, weights, layer, backend, &a), *y = run (kept, kept_weights, layer, backend, &b);
  const gsize area = (gsize) a.h * (gsize) a.w;
  double most = 0;

  g_assert_cmpint (b.h, ==, a.h);
  for (gsize i = 0; i < esp_shape_count (a); i++)
    most = MAX (most, ABS (x[i]));
  for (guint row = 0; row < (guint) b.c; row++)
    {
      guint n = 0;
      g_autofree guint *sources = esp_keep_classes_row (keep, whole, layer, row, &n);

      for (gsize i = 0; i < area; i++)
        {
          double mean = 0;

          for (guint k = 0; k < n; k++)
            mean += x[sources[k] * area + i] / n;
          if (n == 1)
            g_assert_cmpfloat (y[row * area + i], ==, x[sources[0] * area + i]);
          else
            g_assert_cmpfloat_with_epsilon (y[row * area + i], mean, 1e-6 * most);
        }
    }
}

static void
test_rows (void)
{
  g_autofree char *text = tiny_text (small_widths, 64, 7);
  g_autoptr (EspNetwork) whole = network_of (text, NULL), kept = NULL;
  g_autoptr (EspWeights) weights = esp_weights_new_random (whole, 5), kept_weights = NULL;
  g_autoptr (EspKeepClasses) keep = keep_of ("5,new=1+3+6,0", 7);
  g_autoptr (GError) error = NULL;
  guint n;

  g_assert_true (esp_keep_classes (whole, weights, keep, &kept, &kept_weights, &error));
  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_classes (kept), ==, 3);
  g_assert_cmpint (esp_network_get_layer (kept, 15)->conv.filters, ==, 24);
  g_assert_cmpstr (esp_keep_classes_get_name (keep, 1), ==, "new");
  for (guint l = 0; l < 24; l++) /* nothing else is touched */
    if (l != 15 && l != 22)
      g_assert_true (esp_weights_get (kept_weights, l) == esp_weights_get (weights, l));
  for (guint l = 15; l <= 22; l += 7)
    {
      compare_rows (whole, weights, kept, kept_weights, keep, l, ESP_BACKEND_REFERENCE_DOUBLE);
      compare_rows (whole, weights, kept, kept_weights, keep, l, ESP_BACKEND_REFERENCE);
    }
  g_free (esp_keep_classes_row (keep, whole, 16, 5 + 3 + 5, &n)); /* the second anchor's class 5 */
  g_assert_cmpuint (n, ==, 1);
  g_assert_null (esp_keep_classes_row (keep, whole, 14, 0, &n));
}

static void
test_redrawn (void)
{
  g_autofree char *text = tiny_text (small_widths, 64, 7);
  g_autoptr (EspNetwork) whole = network_of (text, NULL), kept = NULL, same = NULL;
  g_autoptr (EspWeights) weights = esp_weights_new_random (whole, 5), drawn = NULL, again = NULL;
  g_autoptr (EspKeepClasses) mean = keep_of ("5,new=1+3", 7), keep = esp_keep_classes_redrawn (mean, 9);
  const EspParams *from, *to;
  gsize length;

  g_assert_true (esp_keep_classes (whole, weights, keep, &kept, &drawn, NULL));
  g_assert_true (esp_keep_classes (whole, weights, keep, &same, &again, NULL));
  from = esp_weights_get (weights, 15);
  to = esp_weights_get (drawn, 15);
  length = to->n_weights / to->filters;
  g_assert_cmpmem (to->weights, to->n_weights * sizeof (float), esp_weights_get (again, 15)->weights, to->n_weights * sizeof (float));
  for (guint a = 0; a < 3; a++)
    {
      g_assert_cmpfloat (to->biases[a * 7 + 6], ==, 0);
      g_assert_cmpfloat (to->biases[a * 7 + 5], ==, from->biases[a * 12 + 10]);
      g_assert_cmpfloat (to->weights[(a * 7 + 5) * length], ==, from->weights[(a * 12 + 10) * length]);
    }
}

/* [region] with a softmax over the classes: the raw rows are the same. A classifier, too, and one behind batch normalisation. */
static void
test_others (void)
{
  const char *const region
      = "[net]\nwidth=16\nheight=16\nchannels=3\n[conv]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
        "[conv]\nfilters=18\nsize=1\nactivation=linear\n[region]\nanchors=1,1, 2,2\nclasses=4\nnum=2\ncoords=4\nsoftmax=1\n";
  const char *const result = "[net]\nwidth=16\nheight=16\nchannels=3\n[conv]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
                             "[conv]\nbatch_normalize=1\nfilters=6\nsize=1\nactivation=linear\n[avgpool]\n[softmax]\ngroups=1\n";
  g_autoptr (EspNetwork) one = network_of (region, NULL), two = network_of (result, NULL), kept = NULL, less = NULL;
  g_autoptr (EspWeights) weights = esp_weights_new_random (one, 5), numbers = esp_weights_new_random (two, 6), kept_weights = NULL,
                         less_weights = NULL;
  g_autoptr (EspKeepClasses) keep = keep_of ("2,x=0+1", 4), few = keep_of ("4,1", 6), mean = keep_of ("a=4+1", 6);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_keep_classes (one, weights, keep, &kept, &kept_weights, &error));
  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_layer (kept, 1)->conv.filters, ==, 14);
  compare_rows (one, weights, kept, kept_weights, keep, 1, ESP_BACKEND_REFERENCE_DOUBLE);
  g_assert_true (esp_keep_classes (two, numbers, few, &less, &less_weights, &error));
  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_scores (less), ==, 2);
  compare_rows (two, numbers, less, less_weights, few, 2, ESP_BACKEND_REFERENCE_DOUBLE);
  g_assert_false (esp_keep_classes (two, numbers, mean, &less, &less_weights, &error));
  g_assert_nonnull (strstr (error->message, "behind batch normalisation"));
}

static void
refused (const char *text, const char *const *names, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_keep_classes_parse (text, names, 3, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” lacks “%s”", error->message, part);
}

static void
test_words (void)
{
  const char *const names[] = { "apple", "Sports ball", "orange", NULL };
  g_autoptr (EspKeepClasses) keep = esp_keep_classes_parse (" sports BALL , mango = apple + orange", names, 3, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = tiny_text (small_widths, 64, 2);
  g_autoptr (EspNetwork) small = network_of (text, NULL), kept = NULL;
  g_autoptr (EspWeights) weights = esp_weights_new_zero (small), kept_weights = NULL;
  guint n;

  g_assert_cmpstr (esp_keep_classes_get_name (keep, 0), ==, "Sports ball");
  g_assert_cmpstr (esp_keep_classes_get_name (keep, 1), ==, "mango");
  g_assert_cmpuint (esp_keep_classes_get_sources (keep, 1, &n)[1], ==, 2);
  g_assert_cmpuint (n, ==, 2);
  refused ("pear", names, "“pear” is no class of the network");
  refused ("3", NULL, "expected one of its 3 indices (names are not known)");
  refused ("x=0+0", NULL, "“0” is there twice");
  refused ("0,0", NULL, "“0” is kept twice");
  refused ("0+1", NULL, "expected A, or NEW=A+B");
  refused ("=1", NULL, "expected A, or NEW=A+B");
  refused ("", NULL, "none");
  g_assert_false (esp_keep_classes (small, weights, keep, &kept, &kept_weights, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "class 2 is to be kept: there are 2"));
}

static double
convolution_bflops (const EspNetwork *network)
{
  double sum = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_network_get_layer (network, i)->kind == ESP_LAYER_CONVOLUTIONAL)
      sum += esp_cost_of_layer (network, i).bflops;
  return sum;
}

/* Shi, Li and Yamaguchi's released variants at 512: yolov3-tiny of 80 classes is cut by each vector, then its heads to one class of three
 * proxies. */
static const struct
{
  double cut[11];
  double params, bflops;
} variants[] = {
  { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 8.676, 8.24 },
  { { 0, 0, 0, .4, .4, .5, .7, .6, .8, .8, .6 }, 1.544, 2.974 },
  { { 0, 0, 0, .5, .5, .5, .75, .5, .75, .75, .75 }, 1.303, 2.627 },
  { { .2, 0, 0, .5, .5, .5, .75, .6, .75, .75, .75 }, 1.266, 2.453 },
  { { 0, 0, 0, .5, .5, .5, .75, .75, .75, .875, .875 }, 1.126, 2.465 },
};

static void
test_variants (void)
{
  g_autofree char *text = tiny_text (tiny_widths, 512, 80);
  g_autoptr (EspNetwork) network = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (EspKeepClasses) keep = keep_of ("mango=32+47+49", 80);

  for (guint v = 0; v < G_N_ELEMENTS (variants); v++)
    {
      guint8 *bits[24] = { NULL };
      g_autoptr (EspMask) mask = NULL;
      g_autoptr (EspCut) cut = NULL;
      g_autoptr (EspNetwork) small = NULL;
      g_autoptr (EspWeights) small_weights = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < 11; i++)
        {
          bits[tiny_layers[i]] = g_malloc (tiny_widths[i]);
          for (guint c = 0; c < tiny_widths[i]; c++)
            bits[tiny_layers[i]][c] = c >= (guint) (tiny_widths[i] * variants[v].cut[i]);
        }
      mask = esp_mask_new (network, bits);
      cut = esp_cut_new (network, weights, mask, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (esp_keep_classes (esp_cut_get_network (cut), esp_cut_get_weights (cut), keep, &small, &small_weights, &error));
      g_assert_no_error (error);
      g_assert_cmpfloat_with_epsilon ((double) esp_cost_of (small, NULL).params / 1e6, variants[v].params, .0005);
      g_assert_cmpfloat_with_epsilon (convolution_bflops (small), variants[v].bflops, v == 0 ? .005 : .0005);
      bytes = esp_weights_to_bytes (small, small_weights);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, esp_cost_of (small, NULL).file_bytes);
      for (guint i = 0; i < 24; i++)
        g_free (bits[i]);
    }
}

static EspNetwork *
load_recipe (const char *name)
{
  const char *root = g_getenv ("ESP_SOURCE_ROOT");
  g_autofree char *path = g_build_filename (root != NULL ? root : ".", "data", "recipes", name, NULL);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = esp_network_load (path, &error);

  g_assert_no_error (error);
  return network;
}

/* MangoYOLO as released: 13.766 million parameters, 15.599 G at 512. */
static void
test_mangoyolo (void)
{
  g_autoptr (EspNetwork) network = load_recipe ("mangoyolo.cfg");

  g_assert_cmpfloat_with_epsilon ((double) esp_cost_of (network, NULL).params / 1e6, 13.766, .0005);
  g_assert_cmpfloat_with_epsilon (convolution_bflops (network), 15.599, .0005);
}

static void
test_narrowed (void)
{
  g_autoptr (EspNetwork) network = load_recipe ("yolov3-tiny-11.cfg"), half = NULL, same = NULL, equal = NULL, fast = NULL, faster = NULL;
  g_autoptr (EspNetwork) parts = NULL, fewer = NULL;
  g_autoptr (GError) error = NULL;
  const double whole = esp_cost_of (network, NULL).bflops;
  double share = 0;

  half = esp_network_narrowed (network, .5, 8, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 11; i++)
    g_assert_cmpint (esp_network_get_layer (half, tiny_layers[i])->conv.filters, ==, (int) tiny_widths[i] / 2);
  g_assert_cmpint (esp_network_get_layer (half, 15)->conv.filters, ==, 48);
  same = esp_network_narrowed (network, 1, 8, NULL);
  g_assert_cmpfloat (esp_cost_of (same, NULL).bflops, ==, whole);
  equal = esp_network_narrowed_to (network, .32 * whole, 8, &share, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (esp_cost_of (equal, NULL).bflops, >=, .32 * whole);
  g_assert_cmpfloat (esp_cost_of (equal, NULL).bflops, <, .325 * whole);
  g_assert_cmpfloat (share, >, .5);
  g_assert_cmpfloat (share, <, .6);
  g_assert_null (esp_network_narrowed_to (network, 2 * whole, 8, NULL, &error));
  g_assert_nonnull (strstr (error->message, "no more than the network's own"));
  /* shortcuts, depthwise convolutions, and halves that a route takes */
  fast = network_of (
      "[net]\nwidth=16\nheight=16\nchannels=3\n[conv]\nfilters=12\nsize=3\npad=1\n[conv]\nfilters=30\n[conv]\nfilters=30\ngroups=30\n"
      "size=3\npad=1\n[conv]\nfilters=12\n[shortcut]\nfrom=-4\n[route]\nlayers=-1,1\n[conv]\nfilters=42\ngroups=42\nsize=3\npad=1\n"
      "[conv]\nfilters=18\n[yolo]\nmask=0,1,2\nanchors=1,1,2,2,3,3\nclasses=1\nnum=3\n",
      NULL);
  faster = esp_network_narrowed (fast, .3, 1, NULL);
  g_assert_nonnull (faster);
  g_assert_cmpint (esp_network_get_layer (faster, 2)->conv.filters, ==, 9);
  g_assert_cmpint (esp_network_get_layer (faster, 6)->conv.groups, ==, 4 + 9);
  g_assert_cmpint (esp_network_get_layer (faster, 7)->conv.filters, ==, 18);
  parts = network_of (
      "[net]\nwidth=16\nheight=16\nchannels=3\n[conv]\nfilters=10\n[route]\nlayers=-1\ngroups=2\ngroup_id=1\n[conv]\nfilters=4\n"
      "[avgpool]\n[softmax]\n",
      NULL);
  fewer = esp_network_narrowed (parts, .5, 1, NULL);
  g_assert_cmpint (esp_network_get_layer (fewer, 0)->conv.filters, ==, 6);
  g_assert_cmpint (esp_network_get_layer (fewer, 2)->conv.filters, ==, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keep-classes/rows", test_rows);
  g_test_add_func ("/keep-classes/redrawn", test_redrawn);
  g_test_add_func ("/keep-classes/others", test_others);
  g_test_add_func ("/keep-classes/words", test_words);
  g_test_add_func ("/keep-classes/variants", test_variants);
  g_test_add_func ("/keep-classes/mangoyolo", test_mangoyolo);
  g_test_add_func ("/keep-classes/narrowed", test_narrowed);
  return g_test_run ();
}
