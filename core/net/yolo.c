/* yolo.c: the row of [yolo], a detection head */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#define MOST_ANCHORS 4096

static const EspFixedKey fixed[] = {
  { "map", NULL },
  { "embedding_layer", NULL },
};

/* AlexeyAB's reader takes any other word for default, its corner suppression among them. */
static gboolean
read_suppression (const EspLayerReader *reader, EspHead *head, GError **error)
{
  static const char *const kinds[] = { "default", "greedynms", "diounms", NULL };
  const char *kind = esp_cfg_get (reader->cfg, reader->section, "nms_kind");

  if (kind != NULL && !g_strv_contains (kinds, kind))
    return esp_cfg_refuse (reader->cfg, reader->section, "nms_kind", ESP_ERROR_UNSUPPORTED, error,
                           "expected default, greedynms or diounms");
  return esp_cfg_get_double (reader->cfg, reader->section, "beta_nms", 0.6, &head->beta_nms, error);
}

static gboolean
read_form (const EspLayerReader *reader, EspHead *head, GError **error)
{
  if (!esp_reader_int (reader, "new_coords", 0, 0, 1, &head->activated, error)
      || !esp_cfg_get_double (reader->cfg, reader->section, "scale_x_y", 1, &head->scale, error))
    return FALSE;
  if (!((float) head->scale > 0))
    return esp_cfg_refuse (reader->cfg, reader->section, "scale_x_y", ESP_ERROR_LIMIT, error, "expected a number above 0");
  return TRUE;
}

/* The anchors of this head: the pairs of anchors= that mask= names, or all num= of them. */
static gboolean
read_anchors (const EspLayerReader *reader, EspHead *head, GError **error)
{
  g_autoptr (GArray) all = NULL;
  g_autoptr (GArray) mask = NULL;
  int num;

  if (!esp_reader_int (reader, "num", 1, 1, MOST_ANCHORS, &num, error)
      || !esp_cfg_get_doubles (reader->cfg, reader->section, "anchors", &all, error)
      || !esp_cfg_get_doubles (reader->cfg, reader->section, "mask", &mask, error))
    return FALSE;
  if (all->len != 2 * (guint) num)
    return esp_cfg_refuse (reader->cfg, reader->section, "anchors", ESP_ERROR_SHAPE, error, "%u numbers: expected num=%d pairs", all->len,
                           num);
  for (double i = 0; esp_cfg_get (reader->cfg, reader->section, "mask") == NULL && i < num; i++)
    g_array_append_val (mask, i);
  if (mask->len > MOST_ANCHORS)
    return esp_cfg_refuse (reader->cfg, reader->section, "mask", ESP_ERROR_LIMIT, error, "at most %d anchors are accepted", MOST_ANCHORS);
  return esp_head_set_anchors (reader, all, mask, head, error);
}

static gboolean
read_yolo (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspHead *head = &layer->head;

  return esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error)
         && esp_reader_int (reader, "classes", 20, 1, ESP_MOST_SIDE, &head->classes, error) && read_suppression (reader, head, error)
         && read_form (reader, head, error) && read_anchors (reader, head, error) && esp_head_check_input (reader, layer, error);
}

const EspLayerRow esp_row_yolo = {
  .name = "yolo",
  .read = read_yolo,
  .spec = esp_head_spec,
  .is_head = TRUE,
  .flow = esp_flow_pass,
  .check = esp_check_all_kept,
  .describe = esp_head_describe,
};
