/* yolo.c: the row of [yolo], a detection head */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#include <string.h>

#define MOST_ANCHORS 4096

static const EspFixedKey fixed[] = {
  { "new_coords", "0" },
  { "scale_x_y", "1" },
  { "map", NULL },
  { "embedding_layer", NULL },
};

static gboolean
read_suppression (const EspLayerReader *reader, EspYolo *yolo, GError **error)
{
  const char *kind = esp_cfg_get (reader->cfg, reader->section, "nms_kind");

  if (kind != NULL && !g_str_equal (kind, "default") && !g_str_equal (kind, "greedynms"))
    return esp_cfg_refuse (reader->cfg, reader->section, "nms_kind", ESP_ERROR_UNSUPPORTED, error, "expected default or greedynms");
  return esp_cfg_get_double (reader->cfg, reader->section, "beta_nms", 0.6, &yolo->beta_nms, error);
}

/* The anchors of this head: the pairs of anchors= that mask= names, or all num= of them. */
static gboolean
read_anchors (const EspLayerReader *reader, EspYolo *yolo, GError **error)
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
  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, double, i) <= 0)
      return esp_cfg_refuse (reader->cfg, reader->section, "anchors", ESP_ERROR_FORMAT, error, "expected widths and heights above 0");
  for (double i = 0; esp_cfg_get (reader->cfg, reader->section, "mask") == NULL && i < num; i++)
    g_array_append_val (mask, i);
  if (mask->len > MOST_ANCHORS)
    return esp_cfg_refuse (reader->cfg, reader->section, "mask", ESP_ERROR_LIMIT, error, "at most %d anchors are accepted", MOST_ANCHORS);
  yolo->n_anchors = (int) mask->len;
  yolo->anchors = g_new (double, 2 * mask->len);
  for (guint i = 0; i < mask->len; i++)
    {
      const double index = g_array_index (mask, double, i);

      if (!(index >= 0 && index < num) || index != (int) index)
        return esp_cfg_refuse (reader->cfg, reader->section, "mask", ESP_ERROR_FORMAT, error, "expected numbers of anchors from 0 to %d",
                               num - 1);
      yolo->anchors[2 * i] = g_array_index (all, double, 2 * (guint) index);
      yolo->anchors[2 * i + 1] = g_array_index (all, double, 2 * (guint) index + 1);
    }
  return TRUE;
}

static gboolean
read_yolo (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  EspYolo *yolo = &layer->yolo;

  if (!esp_reader_fixed (reader, fixed, G_N_ELEMENTS (fixed), error)
      || !esp_reader_int (reader, "classes", 20, 1, ESP_MOST_SIDE, &yolo->classes, error) || !read_suppression (reader, yolo, error)
      || !read_anchors (reader, yolo, error))
    return FALSE;
  if (layer->in.c != yolo->n_anchors * (5 + yolo->classes))
    return esp_cfg_refuse (reader->cfg, reader->section, NULL, ESP_ERROR_SHAPE, error,
                           "%d channels come in: expected %d, for %d anchors of 5 numbers and %d classes", layer->in.c,
                           yolo->n_anchors * (5 + yolo->classes), yolo->n_anchors, yolo->classes);
  layer->out = layer->in;
  return TRUE;
}

static gboolean
check_yolo (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  const guint8 *cut = memchr (in[0], 0, n_in[0]);

  if (cut == NULL)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
               "layer %u [yolo] is a head: channel %d of layer %d that it reads is cut: expected all kept", layer->index,
               (int) (cut - in[0]), layer->inputs[0]);
  return FALSE;
}

static char *
describe_yolo (const EspLayer *layer)
{
  return g_strdup_printf ("%d anchors, %d classes", layer->yolo.n_anchors, layer->yolo.classes);
}

static void
spec_yolo (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_HEAD;
  spec->geometry.entries = 5 + layer->yolo.classes;
}

const EspLayerRow esp_row_yolo = {
  .name = "yolo",
  .read = read_yolo,
  .spec = spec_yolo,
  .is_head = TRUE,
  .flow = esp_flow_pass,
  .check = check_yolo,
  .describe = describe_yolo,
};
