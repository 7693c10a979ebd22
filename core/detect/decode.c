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
  const EspYolo *yolo;
  const float *values; /* of the anchor at the cell; the next entry lies one plane on */
  gsize plane;
  int width, height; /* of the map */
  EspShape input;
} Cell;

/* darknet's get_yolo_box: in float, but for the exponential and its product. */
static EspBox
decode_box (const Cell *cell, int anchor, int row, int column)
{
  const float anchor_w = (float) cell->yolo->anchors[2 * anchor], anchor_h = (float) cell->yolo->anchors[2 * anchor + 1];

  return (EspBox){
    .x = ((float) column + cell->values[0]) / (float) cell->width,
    .y = ((float) row + cell->values[cell->plane]) / (float) cell->height,
    .w = (float) (exp ((double) cell->values[2 * cell->plane]) * (double) anchor_w / cell->input.w),
    .h = (float) (exp ((double) cell->values[3 * cell->plane]) * (double) anchor_h / cell->input.h),
  };
}

static void
append_classes (const Cell *cell, EspDetection detection, float threshold, GArray *detections)
{
  for (int k = 0; k < cell->yolo->classes; k++)
    {
      detection.score = detection.objectness * cell->values[(gsize) (5 + k) * cell->plane];
      detection.class_index = k;
      if (detection.score > threshold)
        g_array_append_val (detections, detection);
    }
}

/**
 * esp_decode_map:
 * @layer: a [yolo] layer
 * @values: its activated output for one image, c · h · w
 * @input: shape of the network's input
 * @placement: where the image lies on it
 * @threshold: objectness and score must be strictly above
 * @candidate: (inout): number of the next box
 * @detections: of EspDetection, appended to: cells row by row, anchors within a cell, classes within an anchor
 *
 * Boxes in fractions of the original image. Thread: any. Source: get_yolo_detections and correct_yolo_boxes of AlexeyAB's darknet.
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
  const EspYolo *yolo = &layer->yolo;
  const int height = layer->out.h, width = layer->out.w;
  const gsize plane = (gsize) height * (gsize) width;

  for (int row = 0; row < height; row++)
    for (int column = 0; column < width; column++)
      for (int anchor = 0; anchor < yolo->n_anchors; anchor++)
        {
          const gsize first = (gsize) anchor * (gsize) (5 + yolo->classes) * plane + (gsize) row * (gsize) width + (gsize) column;
          const Cell cell = { yolo, values + first, plane, width, height, input };
          EspDetection detection = { .objectness = cell.values[4 * plane], .head = layer->index, .anchor = anchor };

          if (!(detection.objectness > threshold))
            continue;
          detection.box = esp_fit_box_to_image (placement, decode_box (&cell, anchor, row, column));
          detection.row = row;
          detection.column = column;
          detection.candidate = (*candidate)++;
          append_classes (&cell, detection, threshold, detections);
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
    if (!esp_engine_read (heads->engine, heads->maps[i].layer, ESP_AT_OUT, heads->maps[i].values, error))
      return FALSE;
  return TRUE;
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
