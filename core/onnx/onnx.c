/* onnx.c: a network with its weights as an ONNX file */
#define G_LOG_DOMAIN "esp-onnx"
#include "config.h"

#include "onnx/onnx.h"

#include "base/error.h"
#include "base/file.h"
#include "onnx/private.h"

static void
add_image (EspOnnxExport *one)
{
  const EspShape shape = esp_network_get_input (one->network);
  const gint64 dims[] = { 1, shape.c, shape.h, shape.w };

  esp_onnx_add_input (one->graph, "image", dims, G_N_ELEMENTS (dims));
}

static gint64
count_boxes (const EspNetwork *network)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);
  gint64 boxes = 0;

  for (guint i = 0; i < n; i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, heads[i]);

      boxes += (gint64) layer->head.n_anchors * layer->out.h * layer->out.w;
    }
  return boxes;
}

static void
join (EspOnnxExport *one, const char *name, GPtrArray *parts, gint64 width)
{
  const gint64 dims[] = { 1, count_boxes (one->network), width };

  esp_onnx_node (one->graph, "Concat", name, (const char *const *) parts->pdata, parts->len);
  esp_onnx_set_int (one->graph, "axis", 1);
  esp_onnx_add_output (one->graph, name, dims, G_N_ELEMENTS (dims));
}

/* A detector gives boxes and scores, any other network what its last layer gives. */
static void
add_outputs (EspOnnxExport *one)
{
  const guint last = esp_network_get_n_layers (one->network) - 1;
  const EspShape shape = esp_network_get_layer (one->network, last)->out;
  const gint64 dims[] = { 1, shape.c, shape.h, shape.w };

  if (one->boxes->len > 0)
    {
      join (one, "boxes", one->boxes, 4);
      join (one, "scores", one->scores, esp_network_get_classes (one->network));
      return;
    }
  ESP_ONNX_NODE (one->graph, "Identity", "output", esp_onnx_value (one, (int) last));
  esp_onnx_add_output (one->graph, "output", dims, G_N_ELEMENTS (dims));
}

static void
add_facts (EspOnnxExport *one, const EspOnnxOptions *options)
{
  esp_onnx_add_fact (one->graph, "image", "RGB, planes, 0 to 1");
  esp_onnx_add_fact (one->graph, "fit", esp_network_get_letterbox (one->network) ? "letterbox" : "stretch");
  if (one->boxes->len > 0)
    {
      esp_onnx_add_fact (one->graph, "boxes", "centre x, centre y, width, height; fractions of the network's input; before suppression");
      esp_onnx_add_fact (one->graph, "scores", "objectness times class");
    }
  if (options->names != NULL)
    {
      g_autofree char *names = g_strjoinv ("\n", (char **) options->names);

      esp_onnx_add_fact (one->graph, "names", names);
    }
}

static gboolean
fill (EspOnnxExport *one, const EspOnnxOptions *options, GError **error)
{
  add_image (one);
  for (guint i = 0; i < esp_network_get_n_layers (one->network); i++)
    if (!esp_onnx_add_layer (one, esp_network_get_layer (one->network, i), error))
      return FALSE;
  add_outputs (one);
  add_facts (one, options);
  return TRUE;
}

/**
 * esp_onnx_to_bytes:
 * @network: the network
 * @weights: its numbers
 * @options: how
 * @error: ESP_ERROR_UNSUPPORTED where a layer cannot be said in ONNX operators, ESP_ERROR_LIMIT beyond 2 GiB
 *
 * One image a run. Input "image": 1 x c x h x w, RGB from 0 to 1. A detector's outputs are "boxes", 1 x n x 4, and "scores", 1 x n x
 * classes, in the order of esp_decode(), before thresholds and suppression; of another network "output", what its last layer gives. Batch
 * normalisation is folded into the convolutions. Operators are those of set 11. Thread: any.
 * Returns: (transfer full): the file's bytes
 */
GBytes *
esp_onnx_to_bytes (const EspNetwork *network, const EspWeights *weights, const EspOnnxOptions *options, GError **error)
{
  g_autoptr (EspOnnxGraph) graph = esp_onnx_graph_new ();
  g_autofree const char **values = g_new0 (const char *, esp_network_get_n_layers (network));
  g_autoptr (GPtrArray) boxes = g_ptr_array_new ();
  g_autoptr (GPtrArray) scores = g_ptr_array_new ();
  EspOnnxExport one = { graph, network, weights, options->bn, values, boxes, scores };
  GBytes *bytes;

  if (!fill (&one, options, error))
    return NULL;
  bytes = esp_onnx_graph_pack (graph);
  if (bytes == NULL)
    g_set_error_literal (error, ESP_ERROR, ESP_ERROR_LIMIT, "the network is larger than the 2 GiB that an ONNX file holds");
  return bytes;
}

/** esp_onnx_save: as esp_onnx_to_bytes(), into a file: the old one or the whole new one. Thread: any. */
gboolean
esp_onnx_save (const EspNetwork *network, const EspWeights *weights, const EspOnnxOptions *options, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = esp_onnx_to_bytes (network, weights, options, error);

  return bytes != NULL && esp_file_write (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}
