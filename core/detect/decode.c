/* decode.c: the activated maps of the heads to boxes */
#define G_LOG_DOMAIN "esp-detect"
#include "config.h"

#include "detect/decode.h"

#include <math.h>

typedef struct
{
  guint layer;
  EspShape shape; /* n = batch */
  float *values;
} Map;

struct _EspHeads
{
  EspEngine *engine;
  guint n;
  Map *maps;
};

/* One anchor at one cell of a map. */
typedef struct
{
  const EspLayer *layer;
  const float *values; /* of the anchor at the cell; the next entry lies one plane on */
  EspShape input;
  EspPlacement placement;
  int anchor, row, column;
} Cell;

/* Each side as darknet's get_yolo_box and get_region_box have it: in float, but for the exponential and its product. */
static float
decode_side (const EspHead *head, float value, float anchor, int parts)
{
  if (head->activated)
    return value * value * 4 * anchor / (float) parts;
  return (float) (exp ((double) value) * (double) anchor / parts);
}

/**
 * esp_decode_box:
 * @layer: a head
 * @values: of one anchor at one cell of its activated output; the next entry lies one plane on
 * @input: shape of the network's input
 * @anchor: which
 * @row: of the cell
 * @column: of the cell
 *
 * With new_coords sides are (2 v)² anchors; else e^v anchors, of [yolo] in pixels of the input and of [region] in cells.
 *
 * Thread: any. Source: get_yolo_box of AlexeyAB's darknet, get_region_box of pjreddie's.
 * Returns: the box in fractions of the network's input
 */
EspBox
esp_decode_box (const EspLayer *layer, const float *values, EspShape input, int anchor, int row, int column)
{
  const EspHead *head = &layer->head;
  const gsize plane = (gsize) layer->out.h * (gsize) layer->out.w;
  const float anchor_w = (float) head->anchors[2 * anchor], anchor_h = (float) head->anchors[2 * anchor + 1];
  const gboolean in_cells = layer->kind == ESP_LAYER_REGION;

  return (EspBox){
    .x = ((float) column + values[0]) / (float) layer->out.w,
    .y = ((float) row + values[plane]) / (float) layer->out.h,
    .w = decode_side (head, values[2 * plane], anchor_w, in_cells ? layer->out.w : input.w),
    .h = decode_side (head, values[3 * plane], anchor_h, in_cells ? layer->out.h : input.h),
  };
}

/* Classes in a tree: one row, of the class that darknet's walk down it ends at; its score is the objectness, as there. */
static void
append_picked (const Cell *cell, EspDetection detection, GArray *detections)
{
  const gsize plane = (gsize) cell->layer->out.h * (gsize) cell->layer->out.w;

  detection.score = detection.objectness;
  detection.class_index = esp_tree_pick (cell->layer->head.tree, cell->values + 5 * plane, plane, ESP_TREE_THRESHOLD);
  g_array_append_val (detections, detection);
}

static void
append_classes (const Cell *cell, EspDetection detection, float threshold, GArray *detections)
{
  const gsize plane = (gsize) cell->layer->out.h * (gsize) cell->layer->out.w;

  if (cell->layer->head.tree != NULL)
    {
      append_picked (cell, detection, detections);
      return;
    }
  for (int k = 0; k < cell->layer->head.classes; k++)
    {
      detection.score = detection.objectness * cell->values[(gsize) (5 + k) * plane];
      detection.class_index = k;
      if (detection.score > threshold)
        g_array_append_val (detections, detection);
    }
}

static void
decode_cell (const Cell *cell, float threshold, guint *candidate, GArray *detections)
{
  const gsize plane = (gsize) cell->layer->out.h * (gsize) cell->layer->out.w;
  EspDetection detection = {
    .objectness = cell->values[4 * plane], .head = cell->layer->index, .anchor = cell->anchor, .row = cell->row, .column = cell->column
  };

  if (!(detection.objectness > threshold))
    return;
  detection.box = esp_fit_box_to_image (cell->placement,
                                        esp_decode_box (cell->layer, cell->values, cell->input, cell->anchor, cell->row, cell->column));
  detection.candidate = (*candidate)++;
  append_classes (cell, detection, threshold, detections);
}

/**
 * esp_decode_map:
 * @layer: a head
 * @values: its activated output for one image, c · h · w
 * @input: shape of the network's input
 * @placement: where the image lies on it
 * @threshold: objectness and score must be strictly above
 * @candidate: (inout): number of the next box
 * @detections: of EspDetection, appended to. Of [yolo]: cells row by row, anchors within a cell; of [region]: anchors, cells row by row
 *   within an anchor; of both classes within a box, and of classes in a tree one, whose score is the objectness
 *
 * Boxes in fractions of the original image. Thread: any. Source: get_yolo_detections and correct_yolo_boxes of AlexeyAB's darknet,
 * get_region_detections of pjreddie's.
 */
void
esp_decode_map (const EspLayer *layer,
                const float *values,
                EspShape input,
                EspPlacement placement,
                float threshold,
                guint *candidate,
                GArray *detections)
{
  const gsize height = (gsize) layer->out.h, width = (gsize) layer->out.w, plane = height * width;
  const gsize anchors = (gsize) layer->head.n_anchors, entries = 5 + (gsize) layer->head.classes;
  const gboolean cells_first = layer->kind == ESP_LAYER_REGION;

  for (gsize i = 0; i < plane * anchors; i++)
    {
      const gsize anchor = cells_first ? i / plane : i % anchors, place = cells_first ? i % plane : i / anchors;
      const Cell cell = {
        layer, values + anchor * entries * plane + place, input, placement, (int) anchor, (int) (place / width), (int) (place % width)
      };

      decode_cell (&cell, threshold, candidate, detections);
    }
}

/**
 * esp_heads_new:
 * @engine: the engine, a reference is taken
 *
 * Returns: (transfer full): room for the maps of all heads of a batch, so that reading them allocates nothing. Thread: any.
 */
EspHeads *
esp_heads_new (EspEngine *engine)
{
  EspHeads *heads = g_new0 (EspHeads, 1);
  const guint *layers = esp_network_get_heads (esp_engine_get_network (engine), &heads->n);

  heads->engine = esp_engine_ref (engine);
  heads->maps = g_new0 (Map, heads->n);
  for (guint i = 0; i < heads->n; i++)
    {
      heads->maps[i].layer = layers[i];
      heads->maps[i].shape = esp_engine_get_shape (engine, (int) layers[i]);
      heads->maps[i].values = g_new (float, esp_shape_count (heads->maps[i].shape));
    }
  return heads;
}

/** esp_heads_free: frees @heads (nullable). Thread: any. */
void
esp_heads_free (EspHeads *heads)
{
  if (heads == NULL)
    return;
  for (guint i = 0; i < heads->n; i++)
    g_free (heads->maps[i].values);
  g_free (heads->maps);
  esp_engine_unref (heads->engine);
  g_free (heads);
}

/** esp_heads_read: copies the maps of the engine's last forward. Returns: FALSE with the engine's error. Thread: the engine's. */
gboolean
esp_heads_read (EspHeads *heads, GError **error)
{
  for (guint i = 0; i < heads->n; i++)
    {
      const Map *map = &heads->maps[i];
      const gsize stride = (gsize) map->shape.c * (gsize) map->shape.h * (gsize) map->shape.w;

      /* what holds for one image holds for all */
      if (!esp_engine_read_item (heads->engine, map->layer, ESP_AT_OUT, 0, map->values, error))
        return FALSE;
#pragma omp parallel for schedule(static)
      for (int item = 1; item < map->shape.n; item++)
        esp_engine_read_item (heads->engine, map->layer, ESP_AT_OUT, (guint) item, map->values + (gsize) item * stride, NULL);
    }
  return TRUE;
}

/** esp_heads_get_network: Returns: (transfer none): the network whose heads they are. Thread: any. */
EspNetwork *
esp_heads_get_network (const EspHeads *heads)
{
  return esp_engine_get_network (heads->engine);
}

/**
 * esp_heads_get:
 * @heads: read after the forward
 * @index: of the network's heads, from 0
 * @item: image of the batch
 * @layer: (out): the head
 *
 * Returns: (transfer none) (nullable): its activated output, c * h * w numbers; NULL behind the last head. Thread: any.
 */
const float *
esp_heads_get (const EspHeads *heads, guint index, guint item, const EspLayer **layer)
{
  const Map *map;

  if (index >= heads->n)
    return NULL;
  map = &heads->maps[index];
  *layer = esp_network_get_layer (esp_engine_get_network (heads->engine), map->layer);
  return map->values + item * (esp_shape_count (map->shape) / (gsize) map->shape.n);
}

/**
 * esp_heads_decode:
 * @heads: read after the forward
 * @item: image of the batch
 * @placement: where that image lies on the input
 * @threshold: objectness and score must be strictly above
 *
 * Returns: (transfer full): of EspDetection, heads in order of layers. Thread: any.
 */
GArray *
esp_heads_decode (const EspHeads *heads, guint item, EspPlacement placement, float threshold)
{
  GArray *detections = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  const EspNetwork *network = esp_engine_get_network (heads->engine);
  guint candidate = 0;

  for (guint i = 0; i < heads->n; i++)
    {
      const Map *map = &heads->maps[i];
      const gsize stride = esp_shape_count (map->shape) / (gsize) map->shape.n;

      esp_decode_map (esp_network_get_layer (network, map->layer), map->values + item * stride, esp_network_get_input (network), placement,
                      threshold, &candidate, detections);
    }
  return detections;
}

/**
 * esp_decode:
 * @engine: the engine after a forward
 * @item: image of the batch
 * @placement: where that image lies on the input
 * @threshold: objectness and score must be strictly above
 *
 * For one image now and then; a pass keeps an EspHeads. Thread: the engine's.
 *
 * Returns: (transfer full): of EspDetection, or NULL
 */
GArray *
esp_decode (EspEngine *engine, guint item, EspPlacement placement, float threshold, GError **error)
{
  g_autoptr (EspHeads) heads = NULL;

  g_return_val_if_fail (item < esp_engine_get_batch (engine), NULL);
  heads = esp_heads_new (engine);
  return esp_heads_read (heads, error) ? esp_heads_decode (heads, item, placement, threshold) : NULL;
}
