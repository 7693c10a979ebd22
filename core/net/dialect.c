/* dialect.c: which darknet a cfg was written for, by what only one of them knows */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

#include "base/error.h"

#include <string.h>

/* Kinds of layers, keys of any kind, and activations that AlexeyAB's darknet has and pjreddie's has not. */
static const char *const kinds[] = { "scale_channels", "sam",         "reorg3d", "local_avgpool", "local_avg", "Gaussian_yolo",
                                     "implicit",       "contrastive", "history", "conv_lstm",     "empty",     "silence" };
static const char *const keys[] = {
  "weights_type",
  "weights_normalization",
  "weights_normalizion",
  "group_id",
  "scale_wh",
  "stride_x",
  "stride_y",
  "dilation",
  "antialiasing",
  "assisted_excitation",
  "share_index",
  "maxpool_depth",
  "dropblock",
  "scale_x_y",
  "new_coords",
  "nms_kind",
  "beta_nms",
  "iou_loss",
  "iou_thresh",
  "iou_normalizer",
  "cls_normalizer",
  "obj_normalizer",
  "uc_normalizer",
  "label_smooth_eps",
  "counters_per_class",
  "max_delta",
  "embedding_layer",
  "letter_box",
  "mosaic",
  "mixup",
  "cutmix",
  "ema_alpha",
  "optimized_memory",
  "workspace_size_limit_MB",
  "dynamic_minibatch",
  "sgdr_cycle",
};
static const char *const activations[]
    = { "mish", "swish", "hard_mish", "relu6", "gelu", "norm_chan", "norm_chan_softmax", "norm_chan_softmax_maxval" };

static gboolean
is_one_of (const char *word, const char *const *words, guint n)
{
  for (guint i = 0; word != NULL && i < n; i++)
    if (g_str_equal (word, words[i]))
      return TRUE;
  return FALSE;
}

/* Whether @cfg uses anything of AlexeyAB's alone. */
gboolean
esp_cfg_is_alexeys (const EspCfg *cfg)
{
  for (guint s = 0; s < esp_cfg_get_n_sections (cfg); s++)
    {
      const char *from = esp_cfg_get (cfg, s, "from");

      if (is_one_of (esp_cfg_get_kind (cfg, s), kinds, G_N_ELEMENTS (kinds))
          || is_one_of (esp_cfg_get (cfg, s, "activation"), activations, G_N_ELEMENTS (activations))
          || (from != NULL && strchr (from, ',') != NULL)
          || (g_str_equal (esp_cfg_get_kind (cfg, s), "route") && esp_cfg_get (cfg, s, "groups") != NULL))
        return TRUE;
      for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
        if (esp_cfg_get (cfg, s, keys[k]) != NULL)
          return TRUE;
    }
  return FALSE;
}

/* Keys of them that change what is computed, and the values that change nothing. */
static const EspFixedKey unknown[]
    = { { "group_id", "0" }, { "scale_wh", "0" }, { "dilation", "1" }, { "scale_x_y", "1" }, { "new_coords", "0" } };
static const EspFixedKey unknown_of_routes[] = { { "groups", "1" } };

static gboolean
check_strides (const EspLayerReader *reader, GError **error)
{
  int stride, x, y;

  if (esp_cfg_get (reader->cfg, reader->section, "stride_x") == NULL && esp_cfg_get (reader->cfg, reader->section, "stride_y") == NULL)
    return TRUE;
  if (!esp_reader_int (reader, "stride", 1, G_MININT, G_MAXINT, &stride, error)
      || !esp_reader_int (reader, "stride_x", stride, G_MININT, G_MAXINT, &x, error)
      || !esp_reader_int (reader, "stride_y", stride, G_MININT, G_MAXINT, &y, error))
    return FALSE;
  return (x == stride && y == stride)
         || esp_cfg_refuse (reader->cfg, reader->section, x != stride ? "stride_x" : "stride_y", ESP_ERROR_UNSUPPORTED, error,
                            "pjreddie's darknet passes over it: expected stride=%d", stride);
}

/* Whether pjreddie's darknet, where it is asked for, would run the section as it is read here; it passes over what it does not know. */
gboolean
esp_dialect_check (const EspLayerReader *reader, GError **error)
{
  const char *kind = esp_cfg_get_kind (reader->cfg, reader->section);

  if (reader->dialect != ESP_DIALECT_PJREDDIE)
    return TRUE;
  if (is_one_of (kind, kinds, G_N_ELEMENTS (kinds)))
    return esp_cfg_refuse (reader->cfg, reader->section, NULL, ESP_ERROR_UNSUPPORTED, error, "pjreddie's darknet has no such layers");
  if (is_one_of (esp_cfg_get (reader->cfg, reader->section, "activation"), activations, G_N_ELEMENTS (activations)))
    return esp_cfg_refuse (reader->cfg, reader->section, "activation", ESP_ERROR_UNSUPPORTED, error, "pjreddie's darknet does not know it");
  if (g_str_equal (kind, "route") && !esp_reader_fixed (reader, unknown_of_routes, G_N_ELEMENTS (unknown_of_routes), error))
    return FALSE;
  return check_strides (reader, error) && esp_reader_fixed (reader, unknown, G_N_ELEMENTS (unknown), error);
}

/** esp_dialect_name: Returns: (transfer none): "auto", "alexey" or "pjreddie". Thread: any. */
const char *
esp_dialect_name (EspDialect dialect)
{
  static const char *const names[] = { "auto", "alexey", "pjreddie" };

  g_return_val_if_fail ((guint) dialect < G_N_ELEMENTS (names), NULL);
  return names[dialect];
}
