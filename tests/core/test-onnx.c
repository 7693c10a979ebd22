/* test-onnx.c: the ONNX file read again with the format's own messages: what is fed to each node stands before it, and the numbers are
 * there */
#include "config.h"

#include "onnx/onnx.h"

#include "base/error.h"
#include "net-common.h"
#include "net/cost.h"
#include "onnx.pb-c.h"

#include <math.h>

#define DEBIANS "/usr/share/darknet/cfg"

static const char small[] = "[net]\nwidth=32\nheight=16\nchannels=3\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=mish\n"
                            "[maxpool]\nsize=2\nstride=1\n"
                            "[convolutional]\nfilters=21\nsize=1\nactivation=linear\n"
                            "[yolo]\nmask=0,1,2\nanchors=4,5, 8,9, 10,3\nclasses=2\nnum=3\nscale_x_y=1.1\n";

static Onnx__ModelProto *
export_of (EspNetwork *network, EspWeights *weights, const EspOnnxOptions *options, GError **error)
{
  g_autoptr (GBytes) bytes = esp_onnx_to_bytes (network, weights, options, error);
  Onnx__ModelProto *model;

  if (bytes == NULL)
    return NULL;
  model = onnx__model_proto__unpack (NULL, g_bytes_get_size (bytes), g_bytes_get_data (bytes, NULL));
  g_assert_nonnull (model);
  return model;
}

static const Onnx__TensorProto *
constant (const Onnx__GraphProto *graph, const char *name)
{
  for (gsize i = 0; i < graph->n_initializer; i++)
    if (g_str_equal (graph->initializer[i]->name, name))
      return graph->initializer[i];
  return NULL;
}

/* What a node reads is the image, a constant, or an earlier node's output; nothing is called like something else. */
static void
assert_ordered (const Onnx__GraphProto *graph)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < graph->n_input; i++)
    g_assert_true (g_hash_table_add (known, graph->input[i]->name));
  for (gsize i = 0; i < graph->n_initializer; i++)
    g_assert_true (g_hash_table_add (known, graph->initializer[i]->name));
  for (gsize i = 0; i < graph->n_node; i++)
    {
      for (gsize k = 0; k < graph->node[i]->n_input; k++)
        if (!g_hash_table_contains (known, graph->node[i]->input[k]))
          g_error ("node %s reads %s, which does not stand before it", graph->node[i]->name, graph->node[i]->input[k]);
      g_assert_cmpuint (graph->node[i]->n_output, ==, 1);
      g_assert_true (g_hash_table_add (known, graph->node[i]->output[0]));
    }
  for (gsize i = 0; i < graph->n_output; i++)
    g_assert_true (g_hash_table_contains (known, graph->output[i]->name));
}

static gint64
dim (const Onnx__ValueInfoProto *value, gsize i)
{
  return value->type->tensor_type->shape->dim[i]->dim_value;
}

/* Batch normalisation folded in: gamma w / sqrt (v + 1e-5), and what is left of the mean. */
static void
assert_folded (const Onnx__GraphProto *graph, const EspWeights *weights)
{
  const EspParams *params = esp_weights_get (weights, 0);
  const Onnx__TensorProto *w = constant (graph, "weights_0"), *b = constant (graph, "biases_0");
  const float *got_w = (const float *) (gconstpointer) w->raw_data.data, *got_b = (const float *) (gconstpointer) b->raw_data.data;

  g_assert_cmpuint (w->raw_data.len, ==, params->n_weights * sizeof (float));
  g_assert_cmpuint (w->n_dims, ==, 4);
  for (gsize i = 0; i < params->n_weights; i++)
    {
      const gsize f = i / 27;
      const double gain = (double) params->scales[f] / sqrt ((double) params->variances[f] + 1e-5);
      const double bias = (double) params->biases[f] - gain * (double) params->means[f];

      g_assert_cmpfloat_with_epsilon ((double) got_w[i], gain * (double) params->weights[i],
                                      1e-6 * fabs (gain * (double) params->weights[i]));
      g_assert_cmpfloat_with_epsilon ((double) got_b[f], bias, 1e-6 * fmax (fabs (bias), 1e-3));
    }
}

static void
test_small (void)
{
  static const char *const names[] = { "ripe", "unripe", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small, &error);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 3);
  Onnx__ModelProto *model = export_of (network, weights, &(EspOnnxOptions){ ESP_BN_ALEXEY, names }, &error);

  g_assert_no_error (error);
  assert_ordered (model->graph);
  assert_folded (model->graph, weights);
  g_assert_cmpint (dim (model->graph->input[0], 2), ==, 16);
  g_assert_cmpint (dim (model->graph->input[0], 3), ==, 32);
  g_assert_cmpstr (model->graph->output[0]->name, ==, "boxes");
  g_assert_cmpint (dim (model->graph->output[0], 1), ==, 3 * 8 * 16);
  g_assert_cmpint (dim (model->graph->output[1], 2), ==, 2);
  g_assert_cmpstr (model->metadata_props[model->n_metadata_props - 1]->value, ==, "ripe\nunripe");
  onnx__model_proto__free_unpacked (model, NULL);
}

static guint64
count_floats (const Onnx__GraphProto *graph, const char *start)
{
  guint64 n = 0;

  for (gsize i = 0; i < graph->n_initializer; i++)
    if (g_str_has_prefix (graph->initializer[i]->name, start))
      n += graph->initializer[i]->raw_data.len / sizeof (float);
  return n;
}

static guint64
count_weights (const EspNetwork *network, const EspWeights *weights)
{
  guint64 n = 0;

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (esp_weights_get (weights, i) != NULL && esp_network_get_layer (network, i)->kind != ESP_LAYER_SHORTCUT)
      n += esp_weights_get (weights, i)->n_weights;
  return n;
}

/* All that can be read can be written, but for trees of classes. */
static void
test_cfgs (void)
{
  g_autoptr (GDir) folder = g_dir_open (DEBIANS, 0, NULL);
  const char *name;
  guint n = 0;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (DEBIANS, name, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = g_str_has_suffix (name, ".cfg") ? esp_network_load (path, NULL) : NULL;
      g_autoptr (EspWeights) weights
          = network != NULL && esp_cost_of (network, NULL).file_bytes < 60000000 ? esp_weights_new_zero (network) : NULL;
      Onnx__ModelProto *model = weights != NULL ? export_of (network, weights, &(EspOnnxOptions){ 0 }, &error) : NULL;

      if (weights == NULL)
        continue;
      if (error != NULL)
        {
          g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
          g_assert_nonnull (strstr (error->message, "a tree of classes"));
          continue;
        }
      assert_ordered (model->graph);
      g_assert_cmpuint (count_floats (model->graph, "weights_"), ==, count_weights (network, weights));
      onnx__model_proto__free_unpacked (model, NULL);
      n++;
    }
  if (n == 0)
    g_test_skip ("Debian's darknet is not here");
}

/* What ONNX has no operators for is refused by layer and line. */
static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=2\nactivation=stair\n", &error);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 1);
  g_autoptr (GBytes) bytes = esp_onnx_to_bytes (network, weights, &(EspOnnxOptions){ 0 }, &error);

  g_assert_null (bytes);
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "layer 0 (convolutional, line 5 of the cfg): the activation stair"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/onnx/small", test_small);
  g_test_add_func ("/onnx/cfgs", test_cfgs);
  g_test_add_func ("/onnx/refused", test_refused);
  return g_test_run ();
}
