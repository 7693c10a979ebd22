/* dialect.c: which darknet a cfg was written for, by what only one of them knows */
#define G_LOG_DOMAIN "esp-net"
#include "config.h"

#include "net/layer-private.h"

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

/** esp_dialect_name: Returns: (transfer none): "auto", "alexey" or "pjreddie". Thread: any. */
const char *
esp_dialect_name (EspDialect dialect)
{
  static const char *const names[] = { "auto", "alexey", "pjreddie" };

  g_return_val_if_fail ((guint) dialect < G_N_ELEMENTS (names), NULL);
  return names[dialect];
}
