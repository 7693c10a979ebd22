/* region.c: the row of [region], the head of yolov2 */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#define MOST_ANCHORS 4096

/* map= is for truths alone: darknet's training reads it, and what finds boxes does not. */
static const EspFixedKey fixed[] = {
  { "coords", "4" },
  { "background", "0" },
};

/* Sides in cells of the map; darknet's own where the cfg has none. */
static gboolean
read_anchors (const EspLayerReader *reader, EspHead *head, GError **error)
{
  g_autoptr (GArray) all = NULL;
  g_autoptr (GArray) mask = g_array_new (FALSE, FALSE, sizeof (double));
  const double half = .5;
  int num;

  if (!esp_reader_int (reader, "num", 1, 1, MOST_ANCHORS, &num, error)
      || !esp_cfg_get_doubles (reader->cfg, reader->section, "anchors", &all, error))
    return FALSE;
  for (double i = 0; i < num; i++)
    g_array_append_val (mask, i);
  while (esp_cfg_get (reader->cfg, reader->section, "anchors") == NULL && all->len < 2 * mask->len)
    g_array_append_val (all, half);
  if (all->len != 2 * mask->len)
    return esp_cfg_refuse (reader->cfg, reader->section, "anchors", ESP_ERROR_SHAPE, error, "%u numbers: expected num=%d pairs", all->len,
                           num);
  return esp_head_set_anchors (reader, all, mask, head, error);
}

static gboolean
read_region (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspHead *head = &layer->head;

  head->scale = 1;
  return esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error)
         && esp_reader_int (reader, "classes", 20, 1, ESP_MOST_SIDE, &head->classes, error)
         && esp_reader_int (reader, "softmax", 0, 0, 1, &head->softmax, error)
         && esp_reader_tree (reader, (gsize) head->classes, &head->tree, error) && read_anchors (reader, head, error)
         && esp_head_check_input (reader, layer, error);
}

const EspLayerRow esp_row_region = {
  .name = "region",
  .read = read_region,
  .spec = esp_head_spec,
  .is_head = TRUE,
  .flow = esp_flow_pass,
  .check = esp_check_all_kept,
  .describe = esp_head_describe,
};
