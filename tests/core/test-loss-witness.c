/* test-loss-witness.c: losses and their gradients beside what PyTorch's autograd said, in double: tests/witness/losses.py */
#include "config.h"

#include "train/loss.h"

#include "base/json.h"
#include "net-common.h"

#include <math.h>

#define WITHIN 1e-10

typedef struct
{
  EspLoss *loss;
  EspLabels labels;
  const double *raw, *wanted;
  gsize n;
} Witness;

static EspLoss *
loss_of (JsonObject *said)
{
  const char *cfg_text = json_object_get_string_member (said, "cfg");
  const char *gradient = json_object_get_string_member_with_default (said, "gradient", "darknet");
  const gboolean is_stock = json_object_has_member (said, "dialect");
  EspLossOptions options = { .to_anchors = json_object_has_member (said, "to_anchors") };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  EspLoss *loss;

  g_assert_true (esp_box_gradient_parse (gradient, &options.box_gradient));
  network = esp_network_new_dialect (esp_cfg_parse (cfg_text, strlen (cfg_text), "witness.cfg", NULL),
                                     is_stock ? ESP_DIALECT_PJREDDIE : ESP_DIALECT_AUTO, &error);
  g_assert_no_error (error);
  loss = esp_loss_new (network, esp_network_get_n_layers (network) - 1, &options, &error);
  g_assert_no_error (error);
  return loss;
}

static EspLabels
labels_of (JsonArray *truths)
{
  EspLabels labels = { json_array_get_length (truths), g_new (EspLabel, json_array_get_length (truths)) };

  for (guint i = 0; i < labels.n; i++)
    {
      JsonArray *truth = json_array_get_array_element (truths, i);

      labels.labels[i].class_index = (int) json_array_get_int_element (truth, 0);
      for (guint k = 0; k < 4; k++)
        ((float *) &labels.labels[i].box)[k] = (float) json_array_get_double_element (truth, k + 1);
    }
  return labels;
}

static void
assert_near (double got, double wanted, const char *what, gsize at, double *worst)
{
  const double off = fabs (got - wanted) / (1 + fabs (wanted));

  *worst = MAX (*worst, off);
  if (!(off <= WITHIN))
    g_error ("%s number %" G_GSIZE_FORMAT ": %.17g: expected %.17g", what, at, got, wanted);
}

static double
compare (const Witness *witness, JsonObject *said)
{
  JsonArray *wanted = json_object_get_array_member (said, "parts");
  const char *cfg = json_object_get_string_member (said, "cfg");
  g_autofree double *gradient = g_new (double, witness->n);
  EspShape shape = esp_loss_get_shape (witness->loss);
  EspLossParts parts;
  double worst = 0;

  g_assert_cmpuint (esp_shape_count (shape), ==, witness->n);
  esp_loss_run_double (witness->loss, shape, witness->raw, &witness->labels, gradient, &parts);
  assert_near (parts.box, json_array_get_double_element (wanted, 0), cfg, 0, &worst);
  assert_near (parts.objectness, json_array_get_double_element (wanted, 1), cfg, 1, &worst);
  assert_near (parts.classes, json_array_get_double_element (wanted, 2), cfg, 2, &worst);
  for (gsize i = 0; i < witness->n; i++)
    assert_near (gradient[i], witness->wanted[i], cfg, i, &worst);
  return worst;
}

static void
test_pytorch (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "tests", "data", "witness", NULL);
  g_autofree char *index_path = g_build_filename (folder, "losses.json", NULL),
                  *numbers_path = g_build_filename (folder, "losses.f64", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  g_autoptr (JsonNode) index = esp_json_load (index_path, 1 << 20, &error);
  JsonArray *cases;
  gsize n_bytes, at = 0;
  double worst = 0;

  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (numbers_path, &bytes, &n_bytes, NULL));
  cases = json_object_get_array_member (json_node_get_object (index), "cases");
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *said = json_array_get_object_element (cases, i);
      Witness witness = { loss_of (said), labels_of (json_object_get_array_member (said, "truths")) };
      const double *numbers = (const double *) (gconstpointer) bytes + at;

      witness.n = (gsize) json_object_get_int_member (said, "count");
      g_assert_cmpuint ((at + 2 * witness.n) * sizeof (double), <=, n_bytes);
      witness.raw = numbers;
      witness.wanted = numbers + witness.n;
      worst = MAX (worst, compare (&witness, said));
      at += 2 * witness.n;
      esp_loss_free (witness.loss);
      g_free (witness.labels.labels);
    }
  g_assert_cmpuint (at * sizeof (double), ==, n_bytes);
  g_assert_cmpuint (json_array_get_length (cases), >=, 39);
  g_test_message ("%u cases, off by %.1e", json_array_get_length (cases), worst);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/loss/pytorch", test_pytorch);
  return g_test_run ();
}
