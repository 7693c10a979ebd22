/* heads.c: detection heads in ONNX operators: the boxes, and one score a class */
#define G_LOG_DOMAIN "esp-onnx"
#include "config.h"

#include "onnx/private.h"

/* One head: n boxes of 1 x n x entries, in the order of core's own decoder. */
typedef struct
{
  EspOnnxGraph *graph;
  const EspLayer *layer;
  EspShape input;    /* of the network */
  const char *value; /* 1 x n x entries, as the last convolution gives them */
  gint64 n;
} Head;

static const char *
logistic (const Head *head, const char *value)
{
  return head->layer->head.activated ? value : ESP_ONNX_NODE (head->graph, "Sigmoid", NULL, value);
}

/* Of [yolo] cells row by row, anchors within a cell; of [region] anchors, cells within an anchor. */
static void
place_of (const Head *head, gint64 i, int *anchor, int *row, int *column)
{
  const gint64 plane = (gint64) head->layer->out.h * head->layer->out.w, anchors = head->layer->head.n_anchors;
  const gboolean cells_first = head->layer->kind == ESP_LAYER_REGION;
  const gint64 place = cells_first ? i % plane : i / anchors;

  *anchor = (int) (cells_first ? i / plane : i % anchors);
  *row = (int) (place / head->layer->out.w);
  *column = (int) (place % head->layer->out.w);
}

static void
open_head (Head *head, const char *map)
{
  const EspLayer *layer = head->layer;
  const gint64 plane = (gint64) layer->out.h * layer->out.w, anchors = layer->head.n_anchors, entries = 5 + layer->head.classes;
  const gboolean cells_first = layer->kind == ESP_LAYER_REGION;
  const char *value;

  head->n = plane * anchors;
  value = ESP_ONNX_NODE (head->graph, "Reshape", NULL, map, ESP_ONNX_INTS (head->graph, 1, anchors, entries, plane));
  value = ESP_ONNX_NODE (head->graph, "Transpose", NULL, value);
  if (cells_first)
    ESP_ONNX_SET_INTS (head->graph, "perm", 0, 1, 3, 2);
  else
    ESP_ONNX_SET_INTS (head->graph, "perm", 0, 3, 1, 2);
  head->value = ESP_ONNX_NODE (head->graph, "Reshape", NULL, value, ESP_ONNX_INTS (head->graph, 1, head->n, entries));
}

static const char *
pairs (const Head *head, float (*number) (const Head *head, gint64 box, int side))
{
  const gint64 dims[] = { 1, head->n, 2 };
  float *values = g_new (float, (gsize) head->n * 2);

  for (gint64 i = 0; i < head->n * 2; i++)
    values[i] = number (head, i / 2, (int) (i % 2));
  return esp_onnx_floats (head->graph, NULL, dims, G_N_ELEMENTS (dims), values);
}

/* x = (column + scale v - (scale - 1) / 2) / width: the part without v. */
static float
corner (const Head *head, gint64 box, int side)
{
  const double shift = (head->layer->head.scale - 1) / 2;
  int anchor, row, column;

  place_of (head, box, &anchor, &row, &column);
  return (float) (side == 0 ? (column - shift) / head->layer->out.w : (row - shift) / head->layer->out.h);
}

static float
pitch (const Head *head, gint64 box, int side)
{
  return (float) (head->layer->head.scale / (side == 0 ? head->layer->out.w : head->layer->out.h));
}

static float
anchor_side (const Head *head, gint64 box, int side)
{
  const gboolean in_cells = head->layer->kind == ESP_LAYER_REGION;
  const EspShape parts = in_cells ? head->layer->out : head->input;
  int anchor, row, column;

  place_of (head, box, &anchor, &row, &column);
  return (float) (head->layer->head.anchors[2 * anchor + side] / (side == 0 ? parts.w : parts.h));
}

/* Centre, width and height in fractions of the network's input. */
static const char *
make_boxes (const Head *head)
{
  const char *centre = logistic (head, esp_onnx_slice (head->graph, head->value, 2, 0, 2));
  const char *sides = esp_onnx_slice (head->graph, head->value, 2, 2, 4), *boxes;

  centre = ESP_ONNX_NODE (head->graph, "Mul", NULL, centre, pairs (head, pitch));
  centre = ESP_ONNX_NODE (head->graph, "Add", NULL, centre, pairs (head, corner));
  if (head->layer->head.activated)
    sides = ESP_ONNX_NODE (head->graph, "Mul", NULL, ESP_ONNX_NODE (head->graph, "Mul", NULL, sides, sides),
                           esp_onnx_number (head->graph, 4));
  else
    sides = ESP_ONNX_NODE (head->graph, "Exp", NULL, sides);
  sides = ESP_ONNX_NODE (head->graph, "Mul", NULL, sides, pairs (head, anchor_side));
  boxes = ESP_ONNX_NODE (head->graph, "Concat", NULL, centre, sides);
  esp_onnx_set_int (head->graph, "axis", 2);
  return boxes;
}

static const char *
make_scores (const Head *head)
{
  const char *objectness = logistic (head, esp_onnx_slice (head->graph, head->value, 2, 4, 5));
  const char *classes = esp_onnx_slice (head->graph, head->value, 2, 5, 5 + head->layer->head.classes);

  if (!head->layer->head.softmax)
    classes = logistic (head, classes);
  else
    {
      classes = ESP_ONNX_NODE (head->graph, "Reshape", NULL, classes, ESP_ONNX_INTS (head->graph, head->n, head->layer->head.classes));
      classes = ESP_ONNX_NODE (head->graph, "Softmax", NULL, classes);
      esp_onnx_set_int (head->graph, "axis", 1);
      classes = ESP_ONNX_NODE (head->graph, "Reshape", NULL, classes, ESP_ONNX_INTS (head->graph, 1, head->n, head->layer->head.classes));
    }
  return ESP_ONNX_NODE (head->graph, "Mul", NULL, classes, objectness);
}

/**
 * esp_onnx_add_head:
 * @one: the export
 * @layer: a [yolo] or [region]
 * @error: ESP_ERROR_UNSUPPORTED: classes in a tree
 *
 * As detect/decode.h has boxes and scores, before any threshold and suppression.
 */
gboolean
esp_onnx_add_head (EspOnnxExport *one, const EspLayer *layer, GError **error)
{
  Head head = { one->graph, layer, esp_network_get_input (one->network), NULL, 0 };

  if (layer->head.tree != NULL)
    return esp_onnx_refuse (layer, "a tree of classes", error);
  open_head (&head, esp_onnx_value (one, layer->inputs[0]));
  g_ptr_array_add (one->boxes, (gpointer) make_boxes (&head));
  g_ptr_array_add (one->scores, (gpointer) make_scores (&head));
  one->values[layer->index] = esp_onnx_value (one, layer->inputs[0]); /* nothing reads a head */
  return TRUE;
}
