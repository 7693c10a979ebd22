/* test-witness-darknet.c: every layer against libdarknet's, in its own form of batch normalisation
 *
 * libdarknet exits the process where it fails, so this is a program of its own. It is given a cfg with batch=1 and subdivisions=1. */
#include "config.h"

#include "net/engine.h"

#include "base/rng.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#ifdef ESP_HAVE_LIBDARKNET
#include <darknet.h>

static char *
shared (const char *name)
{
  const char *folder = g_getenv ("ESP_SHARED_DATA"), *root = g_getenv ("ESP_SOURCE_ROOT");

  if (folder != NULL)
    return g_build_filename (folder, name, NULL);
  return g_build_filename (root != NULL ? root : ".", "..", "shared", "data", name, NULL);
}

/* The cfg as one image at a time, in a file that libdarknet may read. */
static char *
write_single (const EspNetwork *network, const char *folder)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  char *path = g_build_filename (folder, "single.cfg", NULL);
  gsize n;

  esp_cfg_set (cfg, 0, "batch", "1");
  esp_cfg_set (cfg, 0, "subdivisions", "1");
  text = esp_cfg_to_text (cfg, &n);
  g_file_set_contents (path, text, (gssize) n, &error);
  g_assert_no_error (error);
  return path;
}

static void
compare (EspEngine *engine, network *theirs, guint layer)
{
  g_autoptr (GError) error = NULL;
  const EspShape s = esp_engine_get_shape (engine, (int) layer);
  gsize n = esp_shape_count (s);
  g_autofree float *ours = g_new (float, n);
  const float *wanted = theirs->layers[layer].output;
  double most = 0, scale = 0;

  g_assert_cmpint (theirs->layers[layer].outputs, ==, (int) n);
  esp_engine_read (engine, layer, ESP_AT_OUT, ours, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < n; i++)
    {
      g_assert_true (isfinite (ours[i]) && isfinite (wanted[i]));
      most = MAX (most, fabs ((double) ours[i] - (double) wanted[i]));
      scale = MAX (scale, fabs ((double) wanted[i]));
    }
  g_test_message ("layer %u: %.2e of %.3g", layer, most / scale, scale);
  g_assert_cmpfloat (most, <=, 1e-4 * scale);
}

static void
witness (EspNetwork *network, EspWeights *weights, const char *weights_path, const char *folder)
{
  g_autofree char *cfg_path = write_single (network, folder);
  g_autoptr (GRand) rng = esp_rng_new (1, 0, 0);
  g_autoptr (GError) error = NULL;
  const EspEngineOptions options = { .bn = ESP_BN_DARKNET, .batch = 1, .keep_all = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, &error);
  gsize n = esp_shape_count (esp_network_get_input (network));
  g_autofree float *input = g_new (float, n);
  struct network *theirs = load_network (cfg_path, (char *) weights_path, 0);

  g_assert_no_error (error);
  g_assert_nonnull (theirs);
  g_assert_cmpint (theirs->n, ==, (int) esp_network_get_n_layers (network));
  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (rng);
  network_predict (theirs, input);
  esp_engine_forward (engine, input, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    compare (engine, theirs, i);
  free_network (theirs);
  g_unlink (cfg_path);
}

static void
test_shared (gconstpointer name)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *base = g_strconcat ("models/", name, "/", name, NULL);
  g_autofree char *start = shared (base), *cfg = g_strconcat (start, ".cfg", NULL), *file = g_strconcat (start, ".weights", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;

  if (!g_file_test (cfg, G_FILE_TEST_EXISTS))
    g_test_skip ("the shared models are not here");
  else
    {
      network = esp_network_load (cfg, &error);
      g_assert_no_error (error);
      weights = esp_weights_load (network, file, &error);
      g_assert_no_error (error);
      witness (network, weights, file, folder);
    }
  g_rmdir (folder);
}

static void
test_tiny (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL), *file = g_build_filename (folder, "random.weights", NULL);
  g_autofree char *cfg = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "data", "bench", "yolov3-tiny.cfg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_load (cfg, &error);
  g_autoptr (EspWeights) weights = NULL;

  g_assert_no_error (error);
  weights = esp_weights_new_random (network, 1);
  esp_weights_save (network, weights, file, &error);
  g_assert_no_error (error);
  witness (network, weights, file, folder);
  g_unlink (file);
  g_rmdir (folder);
}

#else

static void
test_absent (void)
{
  g_test_skip ("libdarknet was not found when this was built");
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#ifdef ESP_HAVE_LIBDARKNET
  g_test_add_data_func ("/witness/yolo-fastest-1.1", "yolo-fastest-1.1", test_shared);
  g_test_add_data_func ("/witness/yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl", test_shared);
  g_test_add_func ("/witness/yolov3-tiny", test_tiny);
#else
  g_test_add_func ("/witness", test_absent);
#endif
  return g_test_run ();
}
