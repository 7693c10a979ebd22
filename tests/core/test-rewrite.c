/* test-rewrite.c: layers taken out and convolutions split: the text, the references, and numbers that stay to the bit */
#include "config.h"

#include "net/cut.h"
#include "net/engine.h"
#include "net/rewrite.h"

#include "base/error.h"
#include "base/rng.h"
#include "net-common.h"
#include "score/coupling.h"

/* 0 stem, 1 conv 8, 2 route of half of it, 3 conv, 4 conv, 5 shortcut of 4 and 2, 6 route of 5 and 1, 7 conv, 8 yolo, 9 route, 10 conv, 11
 * yolo */
static const char text[]
    = "[net]\nwidth=8\nheight=8\nchannels=3\n\n# the "
      "stem\n[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\npad=1\nactivation=leaky\n\n"
      "[convolutional]\nbatch_normalize=1\nfilters=8 # two halves\nsize=3\npad=1\nactivation=leaky\n\n"
      "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n\n# the "
      "block\n[convolutional]\nfilters=5\nactivation=leaky\n\n[convolutional]\nfilters=4\nactivation=linear\n\n"
      "[shortcut]\nfrom=-3\nactivation=linear\n\n# behind\n[route]\nlayers=-1, 1\n\n[convolutional]\nfilters=6\nactivation=linear\n\n"
      "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n\n[route]\nlayers=5\n\n[convolutional]\nfilters=6\nactivation=linear\n\n"
      "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n";

typedef struct
{
  EspNetwork *network, *rewritten;
  EspWeights *weights, *numbers;
  EspRewrite *rewrite;
  int *map;
} Rig;

static void
rig_set_up (Rig *rig, gconstpointer data)
{
  rig->network = network_of (text, NULL);
  rig->weights = esp_weights_new_random (rig->network, 1);
  rig->rewrite = esp_rewrite_new (rig->network, rig->weights);
}

static void
rig_tear_down (Rig *rig, gconstpointer data)
{
  esp_rewrite_free (rig->rewrite);
  esp_network_unref (rig->network);
  esp_weights_unref (rig->weights);
  g_clear_pointer (&rig->rewritten, esp_network_unref);
  g_clear_pointer (&rig->numbers, esp_weights_unref);
  g_free (rig->map);
}

static void
finish (Rig *rig)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_rewrite_finish (rig->rewrite, &rig->rewritten, &rig->numbers, &rig->map, &error));
  g_assert_no_error (error);
}

static EspEngine *
run (EspNetwork *network, EspWeights *weights, EspMask *mask)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = 1, .mask = mask, .keep_all = TRUE };
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, NULL);
  g_autoptr (GRand) rng = esp_rng_new (1, 'r', 0);
  float input[3 * 8 * 8];

  for (guint i = 0; i < G_N_ELEMENTS (input); i++)
    input[i] = (float) g_rand_double (rng);
  g_assert_true (esp_engine_forward (engine, input, NULL, NULL));
  return engine;
}

/* Every layer that the map names gives what it gave, to the last bit. */
static void
assert_same (Rig *rig, EspMask *mask)
{
  g_autoptr (EspEngine) before = run (rig->network, rig->weights, mask), after = run (rig->rewritten, rig->numbers, NULL);

  for (guint l = 0; l < esp_network_get_n_layers (rig->network); l++)
    {
      const gsize n = esp_shape_count (esp_engine_get_shape (before, (int) l));
      g_autofree double *x = g_new (double, n), *y = g_new (double, n);

      if (rig->map[l] < 0)
        continue;
      g_assert_true (esp_engine_read_double (before, l, ESP_AT_OUT, x, NULL));
      g_assert_true (esp_engine_read_double (after, (guint) rig->map[l], ESP_AT_OUT, y, NULL));
      g_assert_cmpmem (x, n * sizeof *x, y, n * sizeof *y);
    }
}

static char *
text_of (const EspNetwork *network)
{
  return esp_cfg_to_text (esp_network_get_cfg (network), NULL);
}

static void
test_nothing (Rig *rig, gconstpointer data)
{
  g_autofree char *made = NULL;

  finish (rig);
  made = text_of (rig->rewritten);
  g_assert_cmpstr (made, ==, text);
  for (guint l = 0; l < 12; l++)
    {
      g_assert_cmpint (rig->map[l], ==, (int) l);
      g_assert_true (esp_weights_get (rig->numbers, l) == esp_weights_get (rig->weights, l));
    }
}

/* The block 3 to 5 adds to 2: without it the network is the one in which all of 4 is masked. Comments before what goes go with it. */
static void
test_remove (Rig *rig, gconstpointer data)
{
  g_autofree char *made = NULL;
  guint8 none[4] = { 0 };
  g_autoptr (EspMask) mask = esp_mask_new (rig->network, (guint8 *[12]){ NULL, NULL, NULL, NULL, none });
  const int map[] = { 0, 1, 2, -1, -1, -1, 3, 4, 5, 6, 7, 8 };

  g_assert_true (esp_rewrite_remove_layers (rig->rewrite, 3, 5, NULL));
  finish (rig);
  made = text_of (rig->rewritten);
  g_assert_cmpstr (
      made, ==,
      "[net]\nwidth=8\nheight=8\nchannels=3\n\n# the "
      "stem\n[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\npad=1\nactivation=leaky\n\n"
      "[convolutional]\nbatch_normalize=1\nfilters=8 # two halves\nsize=3\npad=1\nactivation=leaky\n\n"
      "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n\n# behind\n[route]\nlayers=-1, 1\n\n[convolutional]\nfilters=6\nactivation=linear\n\n"
      "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n\n[route]\nlayers=2\n\n[convolutional]\nfilters=6\nactivation=linear\n\n"
      "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n");
  g_assert_cmpmem (rig->map, sizeof map, map, sizeof map);
  assert_same (rig, mask);
}

static void
assert_unsupported (Rig *rig, guint first, guint last, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_rewrite_remove_layers (rig->rewrite, first, last, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_cmpstr (error->message, ==, message);
}

static void
assert_unsplit (Rig *rig, guint layer, guint a, guint b, const char *message)
{
  g_autoptr (GError) error = NULL;
  const guint filters[] = { a, b };

  g_assert_false (esp_rewrite_split_convolution (rig->rewrite, layer, filters, 2, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_cmpstr (error->message, ==, message);
}

/* What is refused changes nothing. */
static void
test_refused (Rig *rig, gconstpointer data)
{
  assert_unsupported (rig, 1, 3, "layer 1 [convolutional] is read outside layers 1 to 3: expected only the last of them to be");
  assert_unsupported (rig, 7, 8, "layer 8 [yolo] is a head: expected layers that others read");
  assert_unsupported (rig, 3, 3, "layer 3 [convolutional] gives 8 x 8 x 5, what stays instead 8 x 8 x 4: expected equal sizes");
  assert_unsupported (rig, 5, 5, "layer 5 [shortcut] adds 2 layers of outside 5 to 5: expected one, that stays");
  assert_unsplit (rig, 0, 3, 3, "layer 0 [convolutional] reads the image, which no other layer can be made to read");
  assert_unsplit (rig, 1, 3, 4,
                  "layer 1 [convolutional] has 8 filters, and 2 parts of 7 in all are asked for: expected two or more that make them up");
  assert_unsplit (rig, 1, 0, 8, "layer 1 [convolutional] is to be split into parts of which one is empty");
  assert_unsplit (rig, 5, 2, 2, "layer 5 [shortcut] is no convolution: expected one to split");
  g_assert_true (esp_rewrite_remove_layers (rig->rewrite, 3, 5, NULL));
  assert_unsupported (rig, 3, 5, "layer 3 [convolutional] was removed or split before");
}

/* The halves of layer 1 become convolutions of their own; every layer keeps its numbers to the bit, and the halves may keep unequal
 * counts. */
static void
test_split (Rig *rig, gconstpointer data)
{
  g_autofree char *made = NULL;
  g_autoptr (EspCoupling) before = esp_coupling_new (rig->network), after = NULL;
  g_autoptr (GError) error = NULL;
  guint8 three[] = { 1, 0, 1, 1 };
  g_autoptr (EspMask) mask = NULL;
  g_autoptr (EspCut) cut = NULL;
  guint n = 0;

  g_assert_true (esp_rewrite_split_route (rig->rewrite, 2, &error));
  finish (rig);
  made = text_of (rig->rewritten);
  g_assert_cmpstr (
      made, ==,
      "[net]\nwidth=8\nheight=8\nchannels=3\n\n# the "
      "stem\n[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\npad=1\nactivation=leaky\n\n"
      "[convolutional]\nbatch_normalize=1\nfilters=4 # two halves\nsize=3\npad=1\nactivation=leaky\n\n"
      "[route]\nlayers=-2\n\n"
      "[convolutional]\nbatch_normalize=1\nfilters=4 # two halves\nsize=3\npad=1\nactivation=leaky\n\n"
      "[route]\nlayers=-3,-1\n\n"
      "[route]\nlayers=-2\ngroups=1\ngroup_id=0\n\n# the "
      "block\n[convolutional]\nfilters=5\nactivation=leaky\n\n[convolutional]\nfilters=4\nactivation=linear\n\n"
      "[shortcut]\nfrom=-3\nactivation=linear\n\n# behind\n[route]\nlayers=-1, 4\n\n[convolutional]\nfilters=6\nactivation=linear\n\n"
      "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n\n[route]\nlayers=8\n\n[convolutional]\nfilters=6\nactivation=linear\n\n"
      "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n");
  g_assert_cmpint (rig->map[1], ==, 4);
  g_assert_cmpint (rig->map[2], ==, 5);
  assert_same (rig, NULL);
  esp_coupling_get_balances (before, &n);
  g_assert_cmpuint (n, ==, 1);
  after = esp_coupling_new (rig->rewritten);
  esp_coupling_get_balances (after, &n);
  g_assert_cmpuint (n, ==, 0);
  mask = esp_mask_new (rig->rewritten, (guint8 *[15]){ NULL, three });
  cut = esp_cut_new (rig->rewritten, rig->numbers, mask, NULL, &error);
  g_assert_no_error (error);
}

/* Both, and a part that nothing reads is left out. */
static void
test_dead (void)
{
  g_autoptr (EspNetwork) network = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n[conv]\nfilters=4\n[conv]\nfilters=6\n"
                                               "[route]\nlayers=1\ngroups=3\ngroup_id=1\n[conv]\nfilters=6\nactivation=linear\n"
                                               "[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n",
                                               NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (EspRewrite) rewrite = esp_rewrite_new (network, weights);
  Rig rig = { .network = network, .weights = weights };
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_rewrite_split_route (rewrite, 2, &error));
  g_assert_true (esp_rewrite_finish (rewrite, &rig.rewritten, &rig.numbers, &rig.map, &error));
  g_assert_cmpuint (esp_network_get_n_layers (rig.rewritten), ==, 5);
  g_assert_cmpint (esp_network_get_layer (rig.rewritten, 1)->conv.filters, ==, 2);
  g_assert_cmpint (rig.map[1], ==, -1);
  g_assert_cmpint (rig.map[2], ==, 2);
  assert_same (&rig, NULL);
  esp_network_unref (rig.rewritten);
  esp_weights_unref (rig.numbers);
  g_free (rig.map);
}

/* Without its first layer, whose output has the image's size; @behind: what stands behind its two convolutions. */
static gboolean
remove_first (const char *behind, GError **error)
{
  g_autofree char *cfg = g_strconcat ("[net]\nwidth=8\nheight=8\nchannels=3\n[conv]\nfilters=3\n[conv]\nfilters=3\n", behind,
                                      "[conv]\nfilters=6\nactivation=linear\n[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n", NULL);
  g_autoptr (EspNetwork) network = network_of (cfg, NULL), made = NULL;
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1), numbers = NULL;
  g_autoptr (EspRewrite) rewrite = esp_rewrite_new (network, weights);

  g_assert_true (esp_rewrite_remove_layers (rewrite, 0, 0, NULL));
  return esp_rewrite_finish (rewrite, &made, &numbers, NULL, error);
}

/* The image stands before the first layer, and no section can name it. */
static void
test_image (void)
{
  static const char *const naming[] = { "[route]\nlayers=0,1\n", "[shortcut]\nfrom=0\nactivation=linear\n" };
  g_autoptr (GError) error = NULL;

  g_assert_true (remove_first ("", &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (naming); i++)
    {
      g_assert_false (remove_first (naming[i], &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
      g_assert_cmpstr (error->message, ==, "layer 2 would read the image, which has no number: expected that of a layer");
      g_clear_error (&error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/rewrite/nothing", Rig, NULL, rig_set_up, test_nothing, rig_tear_down);
  g_test_add ("/rewrite/remove", Rig, NULL, rig_set_up, test_remove, rig_tear_down);
  g_test_add ("/rewrite/refused", Rig, NULL, rig_set_up, test_refused, rig_tear_down);
  g_test_add ("/rewrite/split", Rig, NULL, rig_set_up, test_split, rig_tear_down);
  g_test_add_func ("/rewrite/dead", test_dead);
  g_test_add_func ("/rewrite/image", test_image);
  return g_test_run ();
}
