/* test-weights.c: the weights file, both widths of seen, real ones byte for byte, and damaged ones */
#include "config.h"

#include "net/weights.h"

#include "base/error.h"
#include "base/file.h"
#include "net-common.h"

#include <glib/gstdio.h>

#include <math.h>

static const char small[] = "[net]\nwidth=8\nheight=8\nchannels=3\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\nactivation=leaky\n" /* 4 * 4 + 108 */
                            "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n";                         /* 2 + 8 */
#define SMALL_PARAMS 134

static GBytes *
bytes_of (const EspNetwork *network, gint32 minor, guint64 seen)
{
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 7);

  esp_weights_set_header (weights, (EspWeightsHeader){ 0, minor, 0, seen });
  return esp_weights_to_bytes (network, weights);
}

static void
test_widths (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small, &error);
  const guint64 seen[] = { 3000000000u, 5000000000u };

  g_assert_no_error (error);
  for (gint32 minor = 1; minor <= 2; minor++)
    {
      g_autoptr (GBytes) bytes = bytes_of (network, minor, seen[minor - 1]);
      g_autoptr (EspWeights) weights = esp_weights_parse (network, bytes, "t.weights", &error);
      g_autoptr (GBytes) again = NULL;

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, (minor == 1 ? 16 : 20) + 4 * SMALL_PARAMS);
      g_assert_cmpuint (esp_weights_get_header (weights).seen, ==, seen[minor - 1]);
      again = esp_weights_to_bytes (network, weights);
      g_assert_true (g_bytes_equal (bytes, again));
    }
}

/* biases, scales, means, variances, weights; then the next layer */
static void
test_order (void)
{
  g_autoptr (EspNetwork) network = network_of (small, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network);
  const EspParams *params = esp_weights_get (weights, 0);
  g_autoptr (GBytes) bytes = NULL;
  const float *numbers;

  params->biases[0] = 1;
  params->scales[0] = 2;
  params->means[0] = 3;
  params->variances[0] = 4;
  params->weights[107] = 5;
  esp_weights_get (weights, 1)->biases[1] = 6;
  esp_weights_get (weights, 1)->weights[7] = 7;
  g_assert_null (esp_weights_get (weights, 1)->scales);
  bytes = esp_weights_to_bytes (network, weights);
  numbers = (const float *) g_bytes_get_data (bytes, NULL) + 5;
  g_assert_cmpfloat (numbers[0], ==, 1);
  g_assert_cmpfloat (numbers[4], ==, 2);
  g_assert_cmpfloat (numbers[8], ==, 3);
  g_assert_cmpfloat (numbers[12], ==, 4);
  g_assert_cmpfloat (numbers[16 + 107], ==, 5);
  g_assert_cmpfloat (numbers[124 + 1], ==, 6);
  g_assert_cmpfloat (numbers[124 + 2 + 7], ==, 7);
}

/* Connected layers: biases, weights, scales, means, variances. */
static void
test_order_connected (void)
{
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=3\nheight=2\nchannels=2\n[connected]\nbatch_normalize=1\noutput=4\n[connected]\noutput=3\n", NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network), again = NULL;
  const EspParams *params = esp_weights_get (weights, 0), *read;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const float *numbers;

  g_assert_cmpuint (params->filters, ==, 4);
  g_assert_cmpuint (params->n_weights, ==, 48);
  params->biases[3] = 1;
  params->weights[47] = 2;
  params->scales[0] = 3;
  params->means[0] = 4;
  params->variances[0] = 5;
  esp_weights_get (weights, 1)->biases[0] = 6;
  esp_weights_get (weights, 1)->weights[11] = 7;
  bytes = esp_weights_to_bytes (network, weights);
  numbers = (const float *) g_bytes_get_data (bytes, NULL) + 5;
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 20 + 4 * (64 + 15));
  g_assert_cmpfloat (numbers[3], ==, 1);
  g_assert_cmpfloat (numbers[4 + 47], ==, 2);
  g_assert_cmpfloat (numbers[52], ==, 3);
  g_assert_cmpfloat (numbers[56], ==, 4);
  g_assert_cmpfloat (numbers[60], ==, 5);
  g_assert_cmpfloat (numbers[64], ==, 6);
  g_assert_cmpfloat (numbers[64 + 3 + 11], ==, 7);
  again = esp_weights_parse (network, bytes, "t.weights", &error);
  g_assert_no_error (error);
  read = esp_weights_get (again, 0);
  g_assert_cmpmem (read->weights, 48 * sizeof (float), params->weights, 48 * sizeof (float));
  g_assert_cmpfloat (read->variances[0], ==, 5);
}

static void
assert_bytes_refused (const EspNetwork *network, GBytes *bytes, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_weights_parse (network, bytes, "t.weights", &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

static void
test_lengths (void)
{
  g_autoptr (EspNetwork) network = network_of (small, NULL);
  g_autoptr (GBytes) bytes = bytes_of (network, 2, 0);
  const gsize n = g_bytes_get_size (bytes);
  g_autofree guint8 *longer = g_malloc0 (n + 4);
  g_autoptr (GBytes) more = NULL;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (bytes, 0, i);

      assert_bytes_refused (network, part, i < 16 ? "expected a header of at least 16" : "bytes found: expected 556 for t.cfg");
    }
  memcpy (longer, g_bytes_get_data (bytes, NULL), n);
  more = g_bytes_new (longer, n + 4);
  assert_bytes_refused (network, more, "560 bytes found: expected 556");
}

static void
put (GBytes **bytes, gsize at, float value)
{
  gsize n;
  guint8 *data = g_bytes_unref_to_data (*bytes, &n);

  memcpy (data + at, &value, sizeof value);
  *bytes = g_bytes_new_take (data, n);
}

static void
test_numbers (void)
{
  g_autoptr (EspNetwork) network = network_of (small, NULL);
  g_autoptr (GBytes) nan = bytes_of (network, 2, 0), infinite = bytes_of (network, 2, 0), negative = bytes_of (network, 2, 0);

  put (&nan, 20 + 4 * 3, NAN);
  assert_bytes_refused (network, nan, "byte 32, in layer 0, is nan");
  put (&infinite, 20 + 4 * 133, -INFINITY);
  assert_bytes_refused (network, infinite, "byte 552, in layer 1, is -inf");
  put (&negative, 20 + 4 * 12, -1);
  assert_bytes_refused (network, negative, "expected a variance of 0 or more");
}

static void
test_long_file (void)
{
  g_autoptr (EspNetwork) network = network_of (small, NULL);
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.weights", NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (EspWeights) again = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;
  gsize n;
  g_autoptr (GBytes) bytes = esp_weights_to_bytes (network, weights);
  g_autofree char *longer = NULL;

  g_assert_true (esp_weights_save (network, weights, path, &error));
  again = esp_weights_load (network, path, &error);
  g_assert_no_error (error);
  text = g_bytes_get_data (bytes, &n);
  longer = g_malloc0 (n + 100000);
  memcpy (longer, text, n);
  g_assert_true (esp_file_write (path, longer, n + 100000, NULL));
  g_assert_null (esp_weights_load (network, path, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "100556 bytes found: expected 556"));
  g_remove (path);
  g_clear_error (&error);
  g_assert_null (esp_weights_load (network, path, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_rmdir (folder);
}

static void
test_random (void)
{
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=8\nheight=8\nchannels=64\n[convolutional]\nbatch_normalize=1\nfilters=256\nsize=3\n", NULL);
  g_autoptr (EspWeights) one = esp_weights_new_random (network, 1), same = esp_weights_new_random (network, 1),
                         other = esp_weights_new_random (network, 2);
  const EspParams *params = esp_weights_get (one, 0);
  double squares = 0;

  for (gsize i = 0; i < params->n_weights; i++)
    squares += (double) params->weights[i] * params->weights[i];
  g_assert_cmpfloat_with_epsilon (squares / (double) params->n_weights * 64 * 9 / 2, 1, 0.02);
  for (guint i = 0; i < params->filters; i++)
    g_assert_true (params->variances[i] >= .5 && params->variances[i] < 1.5 && params->scales[i] >= .5);
  g_assert_cmpmem (params->weights, params->n_weights * 4, esp_weights_get (same, 0)->weights, params->n_weights * 4);
  g_assert_cmpfloat (params->weights[0], !=, esp_weights_get (other, 0)->weights[0]);
}

static void
test_real (gconstpointer data)
{
  const char *name = data;
  g_autofree char *stem = g_strdup_printf ("models/%s/%s", name, name);
  g_autofree char *cfg_name = g_strconcat (stem, ".cfg", NULL), *weights_name = g_strconcat (stem, ".weights", NULL);
  g_autofree char *cfg = shared_file (cfg_name), *path = cfg != NULL ? shared_file (weights_name) : NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (GBytes) bytes = NULL, file = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  network = esp_network_load (cfg, &error);
  g_assert_no_error (error);
  weights = esp_weights_load (network, path, &error);
  g_assert_no_error (error);
  bytes = esp_weights_to_bytes (network, weights);
  file = esp_file_read (path, G_MAXSIZE, &error);
  g_assert_true (g_bytes_equal (bytes, file));
}

/* Random changes of bytes and of length: refused or read, never a crash; the same every time. */
static void
test_damage (void)
{
  g_autoptr (EspNetwork) network = network_of (small, NULL);
  g_autoptr (GBytes) bytes = bytes_of (network, 2, 0);
  g_autoptr (GRand) rng = g_rand_new_with_seed (1);
  guint refused = 0, accepted = 0;

  for (int i = 0; i < 4000; i++)
    {
      gsize n = g_bytes_get_size (bytes);
      guint8 *data = g_memdup2 (g_bytes_get_data (bytes, NULL), n);
      g_autoptr (GBytes) damaged = NULL;
      g_autoptr (EspWeights) weights = NULL;
      g_autoptr (GError) error = NULL;

      for (int j = g_rand_int_range (rng, 1, 5); j > 0; j--)
        data[g_rand_int_range (rng, 0, (gint32) n)] = (guint8) g_rand_int (rng);
      if (g_rand_boolean (rng))
        n -= (gsize) g_rand_int_range (rng, 0, 40);
      damaged = g_bytes_new_take (data, n);
      weights = esp_weights_parse (network, damaged, "t.weights", &error);
      g_assert_true ((weights == NULL) == (error != NULL));
      *(weights == NULL ? &refused : &accepted) += 1;
    }
  g_assert_cmpuint (refused, >, 1000);
  g_assert_cmpuint (accepted, >, 100);
}

/* Of the first layer alone, of more than this network, and of neither. */
static void
test_start (void)
{
  g_autoptr (EspNetwork) network = network_of (small, NULL);
  g_autoptr (GBytes) bytes = bytes_of (network, 2, 9);
  g_autofree char *folder = g_dir_make_tmp ("esp-weights-XXXXXX", NULL), *path = g_build_filename (folder, "t.weights", NULL);
  g_autoptr (EspWeights) whole = esp_weights_parse (network, bytes, "t.weights", NULL);
  const gsize sizes[] = { 20 + 4 * 124, 20 + 4 * SMALL_PARAMS, 20 + 4 * SMALL_PARAMS, 20 + 4 * 123, 20 + 4 * 125 + 1, 17 };
  const guint upto[] = { 0, 0, 1, 0, 0, 0 }, expected[] = { 1, 2, 1, 0, 0, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspWeights) weights = NULL;
      guint n = 0;

      g_assert_true (esp_file_write (path, g_bytes_get_data (bytes, NULL), sizes[i], NULL));
      weights = esp_weights_load_start (network, path, upto[i], &n, &error);
      g_assert_true ((weights == NULL) == (expected[i] == 0));
      if (weights == NULL)
        {
          g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
          continue;
        }
      g_assert_cmpuint (n, ==, expected[i]);
      g_assert_cmpmem (esp_weights_get (weights, 0)->weights, 432, esp_weights_get (whole, 0)->weights, 432);
      g_assert_true ((esp_weights_get (weights, 1)->weights[0] != 0) == (n == 2));
    }
  g_remove (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/weights/widths", test_widths);
  g_test_add_func ("/net/weights/order", test_order);
  g_test_add_func ("/net/weights/order-connected", test_order_connected);
  g_test_add_func ("/net/weights/lengths", test_lengths);
  g_test_add_func ("/net/weights/numbers", test_numbers);
  g_test_add_func ("/net/weights/start", test_start);
  g_test_add_func ("/net/weights/long-file", test_long_file);
  g_test_add_func ("/net/weights/random", test_random);
  g_test_add_data_func ("/net/weights/yolo-fastest-1.1", "yolo-fastest-1.1", test_real);
  g_test_add_data_func ("/net/weights/yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl", test_real);
  g_test_add_func ("/net/weights/damage", test_damage);
  return g_test_run ();
}
