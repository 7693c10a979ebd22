/* test-parameter-vector.c: what training changes: where it lies, masks, and the way to weights and back */
#include "config.h"

#include "net/parameter-vector.h"

#include "base/error.h"

#include <string.h>

#include "net-common.h"

static const char text[] = "[net]\nwidth=8\nheight=6\nchannels=3\n"
                           "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                           "[convolutional]\nfilters=4\nsize=1\nstride=1\nactivation=linear\n"
                           "[shortcut]\nfrom=-2\nweights_type=per_channel\n"
                           "[maxpool]\nsize=2\nstride=2\n"
                           "[connected]\nbatch_normalize=1\noutput=5\nactivation=relu\n";

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspParameterVector *vector;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->network = network_of (text, &error);
  g_assert_no_error (error);
  f->weights = esp_weights_new_random (f->network, 7);
  esp_weights_set_header (f->weights, (EspWeightsHeader){ 0, 2, 5, 1234 });
  f->vector = esp_parameter_vector_new (f->network, f->weights);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  esp_parameter_vector_unref (f->vector);
  esp_weights_unref (f->weights);
  esp_network_unref (f->network);
}

static void
test_slots (Fixture *f, gconstpointer data)
{
  static const EspParameterSlot expected[] = {
    { 0, ESP_PARAMETER_WEIGHTS, 0, 108 },   { 0, ESP_PARAMETER_SCALES, 108, 4 }, { 0, ESP_PARAMETER_BIASES, 112, 4 },
    { 1, ESP_PARAMETER_WEIGHTS, 116, 16 },  { 1, ESP_PARAMETER_BIASES, 132, 4 }, { 2, ESP_PARAMETER_WEIGHTS, 136, 8 },
    { 4, ESP_PARAMETER_WEIGHTS, 144, 240 }, { 4, ESP_PARAMETER_SCALES, 384, 5 }, { 4, ESP_PARAMETER_BIASES, 389, 5 },
  };
  guint n;
  const EspParameterSlot *slots = esp_parameter_vector_get_slots (f->vector, &n);

  g_assert_cmpuint (n, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (slots[i].layer, ==, expected[i].layer);
      g_assert_cmpint (slots[i].parameter, ==, expected[i].parameter);
      g_assert_cmpuint (slots[i].at, ==, expected[i].at);
      g_assert_cmpuint (slots[i].n, ==, expected[i].n);
      g_assert_true (esp_parameter_vector_find (f->vector, slots[i].layer, slots[i].parameter) == &slots[i]);
    }
  g_assert_null (esp_parameter_vector_find (f->vector, 3, ESP_PARAMETER_WEIGHTS));
  g_assert_null (esp_parameter_vector_find (f->vector, 1, ESP_PARAMETER_SCALES));
  g_assert_cmpuint (esp_parameter_vector_get_n (f->vector), ==, 394);
  g_assert_cmpuint (esp_parameter_vector_get_n_statistics (f->vector), ==, 18);
  g_assert_cmpuint (esp_parameter_vector_find_statistics (f->vector, 4), ==, 8);
}

static void
test_round (Fixture *f, gconstpointer data)
{
  g_autoptr (EspWeights) again = esp_parameter_vector_to_weights (f->vector);
  g_autoptr (GBytes) before = esp_weights_to_bytes (f->network, f->weights), after = esp_weights_to_bytes (f->network, again);
  g_autoptr (EspWeights) changed = NULL;

  g_assert_true (g_bytes_equal (before, after));
  esp_parameter_vector_get_parameters (f->vector)[136] = 4;
  esp_parameter_vector_get_statistics (f->vector)[8 + 5] = 3;
  changed = esp_parameter_vector_to_weights (f->vector);
  g_assert_cmpfloat (esp_weights_get (changed, 2)->weights[0], ==, 4);
  g_assert_cmpfloat (esp_weights_get (changed, 4)->variances[0], ==, 3);
  g_assert_cmpfloat (esp_weights_get (again, 4)->variances[0], !=, 3);
  esp_parameter_vector_set_weights (f->vector, again);
  g_assert_cmpfloat (esp_parameter_vector_get_statistics (f->vector)[8 + 5], ==, esp_weights_get (again, 4)->variances[0]);
  g_assert_cmpfloat (esp_parameter_vector_get_parameters (f->vector)[136], ==, esp_weights_get (again, 2)->weights[0]);
}

static void
test_elements (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *elements = g_malloc (394);
  const float *parameters = esp_parameter_vector_get_parameters (f->vector);

  memset (elements, 1, 394);
  elements[5] = elements[390] = 0;
  g_assert_null (esp_parameter_vector_get_keep (f->vector));
  esp_parameter_vector_set_keep (f->vector, NULL, elements);
  g_assert_cmpmem (esp_parameter_vector_get_keep (f->vector), 394, elements, 394);
  g_assert_cmpfloat (parameters[5], ==, 0);
  g_assert_cmpfloat (parameters[390], ==, 0);
  g_assert_cmpfloat (parameters[6], !=, 0);
  esp_parameter_vector_set_weights (f->vector, f->weights);
  g_assert_cmpfloat (parameters[5], ==, 0);
  esp_parameter_vector_set_keep (f->vector, NULL, NULL);
  g_assert_null (esp_parameter_vector_get_keep (f->vector));
}

/* Of a cut filter everything is frozen, and nothing of it is set to 0. */
static void
test_channels (Fixture *f, gconstpointer data)
{
  guint8 bits[4] = { 1, 0, 1, 1 };
  guint8 *keep[5] = { bits };
  g_autoptr (EspMask) mask = esp_mask_new (f->network, keep);
  const guint8 *got;
  guint n = 0;

  esp_parameter_vector_set_keep (f->vector, mask, NULL);
  got = esp_parameter_vector_get_keep (f->vector);
  for (guint i = 0; i < 394; i++)
    n += !got[i];
  g_assert_cmpuint (n, ==, 27 + 1 + 1);
  g_assert_true (!got[27] && !got[53] && got[26] && got[54] && !got[109] && !got[113]);
  g_assert_cmpfloat (esp_parameter_vector_get_parameters (f->vector)[30], !=, 0);
  g_assert_true (esp_parameter_vector_get_channels (f->vector) == mask);
}

static void
test_clear (Fixture *f, gconstpointer data)
{
  float *gradients = esp_parameter_vector_get_gradients (f->vector);

  g_assert_true (esp_parameter_vector_take_clear (f->vector));
  g_assert_false (esp_parameter_vector_take_clear (f->vector));
  gradients[3] = 1;
  esp_parameter_vector_clear_gradients (f->vector);
  g_assert_cmpfloat (gradients[3], ==, 0);
  g_assert_true (esp_parameter_vector_take_clear (f->vector));
}

/* Convolutions do not know how large a picture is; a connected layer does. */
static void
test_resized (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) same = esp_network_resized (f->network, 8, 6, &error), larger = esp_network_resized (f->network, 16, 8, &error);
  g_autoptr (EspNetwork) none = NULL;

  g_assert_no_error (error);
  g_assert_true (esp_parameter_vector_fits (f->vector, same));
  g_assert_cmpint (esp_network_get_input (larger).w, ==, 16);
  g_assert_cmpint (esp_network_get_input (larger).h, ==, 8);
  g_assert_cmpint (esp_network_get_layer (larger, 3)->out.w, ==, 8);
  g_assert_cmpint (esp_network_get_input (f->network).w, ==, 8);
  g_assert_false (esp_parameter_vector_fits (f->vector, larger));
  none = esp_network_resized (f->network, 0, 6, &error);
  g_assert_null (none);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/parameter-vector/slots", Fixture, NULL, set_up, test_slots, tear_down);
  g_test_add ("/parameter-vector/round", Fixture, NULL, set_up, test_round, tear_down);
  g_test_add ("/parameter-vector/elements", Fixture, NULL, set_up, test_elements, tear_down);
  g_test_add ("/parameter-vector/channels", Fixture, NULL, set_up, test_channels, tear_down);
  g_test_add ("/parameter-vector/clear", Fixture, NULL, set_up, test_clear, tear_down);
  g_test_add ("/parameter-vector/resized", Fixture, NULL, set_up, test_resized, tear_down);
  return g_test_run ();
}
