/* sam.c: the row of [sam], which multiplies an earlier map by the equally large one before it */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

static gboolean
read_sam (const EspLayerReader *reader, EspLayer *layer, GError **error)
{
  if (!esp_reader_gated (reader, layer, error))
    return FALSE;
  if (esp_shape_equal (layer->in, layer->out))
    return TRUE;
  return esp_cfg_refuse (reader->cfg, reader->section, "from", ESP_ERROR_SHAPE, error,
                         "layer %d is %d x %d x %d and the one before is %d x %d x %d: expected equal sizes", layer->inputs[1],
                         layer->out.w, layer->out.h, layer->out.c, layer->in.w, layer->in.h, layer->in.c);
}

static void
spec_sam (const EspLayer *layer, EspSpec *spec)
{
  spec->op = ESP_OP_MULTIPLY;
}

/* A product is alive where both are. */
static void
flow_sam (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out)
{
  for (guint c = 0; c < n_in[0]; c++)
    out[c] = in[0][c] & in[1][c];
}

static gboolean
check_sam (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error)
{
  for (guint c = 0; c < n_in[0]; c++)
    if (!esp_check_joined (layer, 0, 1, (int) c, in, error))
      return FALSE;
  return TRUE;
}

static char *
describe_sam (const EspLayer *layer)
{
  return g_strdup_printf ("%d times %d, %s", layer->inputs[1], layer->inputs[0], esp_activation_name (layer->activation));
}

const EspLayerRow esp_row_sam = {
  .name = "sam",
  .read = read_sam,
  .spec = spec_sam,
  .flow = flow_sam,
  .check = check_sam,
  .describe = describe_sam,
};
