/* head.c: what the rows of [yolo] and [region] share */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

gboolean
esp_head_check_input (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  const EspHead *head = &layer->head;

  if (layer->in.c != head->n_anchors * (5 + head->classes))
    return esp_cfg_refuse (reader->cfg, reader->section, NULL, ESP_ERROR_SHAPE, error,
                           "%d channels come in: expected %d, for %d anchors of 5 numbers and %d classes", layer->in.c,
                           head->n_anchors * (5 + head->classes), head->n_anchors, head->classes);
  layer->out = layer->in;
  return TRUE;
}

gboolean
esp_head_set_anchors (const EspLayerReader *reader, const GArray *all, const GArray *mask, EspHead *head, GError **error)
{
  const double n = (double) all->len / 2;

  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, double, i) <= 0)
      return esp_cfg_refuse (reader->cfg, reader->section, "anchors", ESP_ERROR_FORMAT, error, "expected widths and heights above 0");
  head->n_anchors = (int) mask->len;
  head->anchors = g_new (double, 2 * mask->len);
  for (guint i = 0; i < mask->len; i++)
    {
      const double index = g_array_index (mask, double, i);

      if (!(index >= 0 && index < n) || index != (int) index)
        return esp_cfg_refuse (reader->cfg, reader->section, "mask", ESP_ERROR_FORMAT, error, "expected numbers of anchors from 0 to %d",
                               (int) n - 1);
      head->anchors[2 * i] = g_array_index (all, double, 2 * (guint) index);
      head->anchors[2 * i + 1] = g_array_index (all, double, 2 * (guint) index + 1);
    }
  return TRUE;
}

char *
esp_head_describe (const EspLayer *layer)
{
  if (layer->head.tree != NULL)
    return g_strdup_printf ("%d anchors, %d classes in %d groups", layer->head.n_anchors, layer->head.classes, layer->head.tree->n_groups);
  return g_strdup_printf ("%d anchors, %d classes", layer->head.n_anchors, layer->head.classes);
}

void
esp_head_spec (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_HEAD;
  spec->scale[0] = layer->head.scale;
  spec->geometry.entries = 5 + layer->head.classes;
  spec->geometry.softmax = layer->head.softmax || layer->head.tree != NULL ? layer->head.classes : 0;
  if (layer->head.tree != NULL)
    {
      spec->parts = layer->head.tree->sizes;
      spec->n_parts = (guint) layer->head.tree->n_groups;
    }
  spec->geometry.activated = layer->head.activated;
}
