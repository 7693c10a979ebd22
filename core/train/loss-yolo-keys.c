/* loss-yolo-keys.c: what a [yolo] section says of its loss */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/loss-private.h"

#include <float.h>
#include <string.h>

#define MOST_GAIN 1e6

static gboolean
read_overlap (const EspLoss *loss, const char *key, const char *also, EspOverlapKind *kind, GError **error)
{
  const EspCfg *cfg = esp_network_get_cfg (loss->network);
  const char *name = esp_cfg_get (cfg, esp_loss_section (loss), key);

  if (name == NULL || strcmp (name, also) == 0 || esp_overlap_parse (name, kind))
    return TRUE;
  return esp_cfg_refuse (cfg, esp_loss_section (loss), key, ESP_ERROR_UNSUPPORTED, error, "expected %s, giou, diou or ciou",
                         strcmp (also, "iou") != 0 ? "mse, iou" : also);
}

static gboolean
read_box_loss (EspLoss *loss, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;
  const char *name = esp_cfg_get (esp_network_get_cfg (loss->network), esp_loss_section (loss), "iou_loss");

  yolo->form.overlap = yolo->iou_thresh_kind = ESP_OVERLAP_IOU;
  yolo->form.box_loss = name == NULL || strcmp (name, "mse") == 0 ? ESP_BOX_LOSS_SQUARES : ESP_BOX_LOSS_OVERLAP;
  return read_overlap (loss, "iou_loss", "mse", &yolo->form.overlap, error)
         && read_overlap (loss, "iou_thresh_kind", "iou", &yolo->iou_thresh_kind, error);
}

static gboolean
read_factors (EspLoss *loss, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;

  return esp_loss_double (loss, "iou_normalizer", yolo->is_stock ? 1 : 0.75, 0, MOST_GAIN, &yolo->iou_normalizer, error)
         && esp_loss_double (loss, "obj_normalizer", 1, 0, MOST_GAIN, &yolo->obj_normalizer, error)
         && esp_loss_double (loss, "cls_normalizer", 1, 0, MOST_GAIN, &yolo->cls_normalizer, error)
         && esp_loss_double (loss, "delta_normalizer", 1, 0, MOST_GAIN, &yolo->form.factor, error)
         && esp_loss_double (loss, "max_delta", FLT_MAX, 0, FLT_MAX, &yolo->form.max_delta, error);
}

static gboolean
read_thresholds (EspLoss *loss, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;

  return esp_loss_double (loss, "ignore_thresh", .5, 0, MOST_GAIN, &yolo->ignore_thresh, error)
         && esp_loss_double (loss, "truth_thresh", 1, 0, MOST_GAIN, &yolo->truth_thresh, error)
         && esp_loss_double (loss, "iou_thresh", 1, -MOST_GAIN, MOST_GAIN, &yolo->iou_thresh, error);
}

static gboolean
read_class_loss (EspLoss *loss, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;
  const EspCfg *cfg = esp_network_get_cfg (loss->network);
  gboolean is_focal = FALSE;

  if (!esp_loss_double (loss, "label_smooth_eps", 0, 0, 1, &yolo->label_smooth_eps, error)
      || !esp_loss_flag (loss, "objectness_smooth", &yolo->smooth, error) || !esp_loss_flag (loss, "focal_loss", &is_focal, error))
    return FALSE;
  if (is_focal && (yolo->label_smooth_eps > 0 || yolo->form.activated || yolo->smooth))
    return esp_cfg_refuse (cfg, esp_loss_section (loss), "focal_loss", ESP_ERROR_UNSUPPORTED, error,
                           "not together with label_smooth_eps, objectness_smooth or new_coords");
  yolo->form.class_loss = is_focal ? ESP_CLASS_LOSS_FOCAL : ESP_CLASS_LOSS_LOGISTIC;
  return TRUE;
}

/* The more often a class is seen, the less it counts: the most frequent 1, none above max_delta. */
static gboolean
read_multipliers (EspLoss *loss, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;
  const EspCfg *cfg = esp_network_get_cfg (loss->network);
  g_autoptr (GArray) counts = NULL;
  double most = 1;

  if (!esp_cfg_get_doubles (cfg, esp_loss_section (loss), "counters_per_class", &counts, error))
    return FALSE;
  if (counts->len == 0)
    return TRUE;
  if (counts->len != (guint) loss->classes)
    return esp_cfg_refuse (cfg, esp_loss_section (loss), "counters_per_class", ESP_ERROR_SHAPE, error, "%u numbers: expected %d",
                           counts->len, loss->classes);
  for (guint i = 0; i < counts->len; i++)
    most = MAX (most, g_array_index (counts, double, i));
  yolo->multipliers = g_new (double, counts->len);
  for (guint i = 0; i < counts->len; i++)
    yolo->multipliers[i] = MIN (most / MAX (1, g_array_index (counts, double, i)), yolo->form.max_delta);
  return TRUE;
}

/* The layer itself was read before: all these are there and fit. */
static gboolean
read_anchors (EspLoss *loss, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;
  const EspCfg *cfg = esp_network_get_cfg (loss->network);
  const EspShape input = esp_network_get_input (loss->network);
  g_autoptr (GArray) all = NULL;
  g_autoptr (GArray) mask = NULL;

  if (!esp_cfg_get_doubles (cfg, esp_loss_section (loss), "anchors", &all, error)
      || !esp_cfg_get_doubles (cfg, esp_loss_section (loss), "mask", &mask, error))
    return FALSE;
  yolo->n_all = all->len / 2;
  yolo->all = g_new (double, all->len);
  yolo->here = g_new (int, yolo->n_all);
  yolo->own = g_new (double, 2 * (guint) yolo->form.n_anchors);
  yolo->form.anchors = yolo->own;
  for (guint i = 0; i < yolo->n_all; i++)
    {
      yolo->all[2 * i] = g_array_index (all, double, 2 * i) / input.w;
      yolo->all[2 * i + 1] = g_array_index (all, double, 2 * i + 1) / input.h;
      yolo->here[i] = mask->len == 0 ? (int) i : -1;
    }
  for (guint i = mask->len; i > 0; i--)
    yolo->here[(guint) g_array_index (mask, double, i - 1)] = (int) i - 1;
  for (guint i = 0; i < (guint) yolo->form.n_anchors; i++)
    {
      const guint from = mask->len == 0 ? i : (guint) g_array_index (mask, double, i);

      yolo->own[2 * i] = yolo->all[2 * from];
      yolo->own[2 * i + 1] = yolo->all[2 * from + 1];
    }
  return TRUE;
}

gboolean
esp_loss_yolo_read (EspLoss *loss, const EspLossOptions *options, GError **error)
{
  EspYoloKeys *yolo = &loss->yolo;
  const EspLayer *layer = esp_network_get_layer (loss->network, loss->layer);

  loss->classes = layer->head.classes;
  yolo->is_stock = esp_network_get_dialect (loss->network) == ESP_DIALECT_PJREDDIE;
  yolo->form = (EspHeadForm){ .classes = loss->classes,
                              .n_anchors = layer->head.n_anchors,
                              .h = layer->out.h,
                              .w = layer->out.w,
                              .scale = layer->head.scale,
                              .activated = layer->head.activated,
                              .box_gradient = options != NULL ? options->box_gradient : ESP_BOX_GRADIENT_DARKNET };
  if (!read_box_loss (loss, error) || !read_factors (loss, error) || !read_thresholds (loss, error) || !read_class_loss (loss, error)
      || !read_multipliers (loss, error) || !read_anchors (loss, error))
    return FALSE;
  yolo->iou_normalizer *= esp_loss_gain (options);
  return TRUE;
}

void
esp_loss_yolo_clear (EspLoss *loss)
{
  g_free (loss->yolo.all);
  g_free (loss->yolo.here);
  g_free (loss->yolo.own);
  g_free (loss->yolo.multipliers);
}
