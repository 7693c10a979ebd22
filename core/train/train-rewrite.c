/* train-rewrite.c: the same network with other words on how it is trained */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer.h"

#include <string.h>

#include "base/error.h"

#define HEAD "head."

/* What would make another network, or one that weights no longer fit. */
static const char *const fixed[] = { "width", "height", "channels", "mask", "num", "classes" };

/* What is read of [net] by whoever trains, and by the network itself; a key that nothing reads would be set without effect. */
static const char *const of_net[] = { "adam",
                                      "adversarial_lr",
                                      "angle",
                                      "attention",
                                      "B1",
                                      "B2",
                                      "badlabels_rejection_percentage",
                                      "batch",
                                      "blur",
                                      "burn_in",
                                      "contrastive",
                                      "cutmix",
                                      "decay",
                                      "dynamic_minibatch",
                                      "ema_alpha",
                                      "eps",
                                      "equidistant_point",
                                      "exposure",
                                      "flip",
                                      "gamma",
                                      "gaussian_noise",
                                      "hue",
                                      "learning_rate",
                                      "learning_rate_min",
                                      "letter_box",
                                      "max_batches",
                                      "mixup",
                                      "momentum",
                                      "mosaic",
                                      "num_sigmas_reject_badlabels",
                                      "policy",
                                      "power",
                                      "resize_step",
                                      "saturation",
                                      "scale",
                                      "scales",
                                      "sgdr_cycle",
                                      "sgdr_mult",
                                      "step",
                                      "steps",
                                      "subdivisions",
                                      "time_steps",
                                      "track",
                                      "unsupervised",
                                      "weights_reject_freq",
                                      NULL };
static const char *const of_classifiers[] = { "aspect", "label_smooth_eps", "max_crop", "min_crop", NULL };
static const char *const of_heads[] = { "anchors", "jitter", "max", "random", "resize", NULL };
static const char *const of_yolo[]
    = { "beta_nms",   "cls_normalizer", "counters_per_class", "delta_normalizer",  "embedding_layer",  "focal_loss",   "ignore_thresh",
        "iou_loss",   "iou_normalizer", "iou_thresh",         "iou_thresh_kind",   "label_smooth_eps", "map",          "max_delta",
        "new_coords", "nms_kind",       "obj_normalizer",     "objectness_smooth", "scale_x_y",        "truth_thresh", NULL };
static const char *const of_region[]
    = { "background",     "bias_match",   "class_scale", "classfix", "coord_scale", "coords", "focal_loss", "map",
        "noobject_scale", "object_scale", "rescore",     "softmax",  "thresh",      "tree",   NULL };

static gboolean
has_kind (const EspNetwork *network, const char *kind)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);

  for (guint i = 0; i < n; i++)
    if (g_str_equal (esp_cfg_get_kind (esp_network_get_cfg (network), esp_network_get_layer (network, heads[i])->section), kind))
      return TRUE;
  return FALSE;
}

static void
add_keys (GPtrArray *keys, const char *const *more)
{
  for (; *more != NULL; more++)
    g_ptr_array_add (keys, (char *) *more);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* (transfer full): the keys that are read of [net], or of @network's heads. */
static GStrv
find_keys (const EspNetwork *network, gboolean heads)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  if (!heads)
    add_keys (keys, of_net);
  if (!heads && esp_network_get_scores (network) > 0)
    add_keys (keys, of_classifiers);
  if (heads && (has_kind (network, "yolo") || has_kind (network, "region")))
    add_keys (keys, of_heads);
  if (heads && has_kind (network, "yolo"))
    add_keys (keys, of_yolo);
  if (heads && has_kind (network, "region"))
    add_keys (keys, of_region);
  g_ptr_array_sort (keys, compare);
  g_ptr_array_add (keys, NULL);
  return g_strdupv ((char **) keys->pdata);
}

/* Whether anything reads @key there; where nothing does, what was expected. */
static gboolean
check_read (const EspNetwork *network, const char *pair, const char *key, gboolean heads, GError **error)
{
  g_auto (GStrv) here = find_keys (network, heads), there = find_keys (network, !heads);
  g_autofree char *expected = g_strjoinv (", ", here);
  const char *cfg = esp_cfg_get_name (esp_network_get_cfg (network)), *where = heads ? "its heads" : "[net]";

  if (g_strv_contains ((const char *const *) here, key))
    return TRUE;
  if (*here == NULL)
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s has no head, [yolo] or [region]", pair, cfg);
  else if (g_strv_contains ((const char *const *) there, key))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: nothing of %s reads “%s” of %s: expected %s%s, which is read of %s", pair, cfg,
                 key, where, heads ? "" : HEAD, key, heads ? "[net]" : "its heads");
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: nothing of %s reads “%s” of %s: expected one of %s%s", pair, cfg, key, where,
                 expected, heads ? "" : ", or KEY of the heads as " HEAD "KEY");
  return FALSE;
}

static gboolean
check_key (const char *pair, const char *key, const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (strcmp (key, fixed[i]) == 0)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: this belongs to the network and not to how it is trained", pair);
        return FALSE;
      }
  for (const char *c = key; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '_')
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: “%s” is no key of a cfg", pair, key);
        return FALSE;
      }
  if (*key != '\0' && *value != '\0' && strpbrk (value, "\r\n#;[]") == NULL)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected KEY=VALUE, in one line and without a comment", pair);
  return FALSE;
}

static void
set_heads (EspCfg *cfg, const EspNetwork *network, const char *key, const char *value)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);

  for (guint i = 0; i < n; i++)
    esp_cfg_set (cfg, esp_network_get_layer (network, heads[i])->section, key, value);
}

static gboolean
set_pair (EspCfg *cfg, const EspNetwork *network, const char *pair, GError **error)
{
  const gboolean heads = g_str_has_prefix (pair, HEAD);
  const char *from = heads ? pair + strlen (HEAD) : pair, *equals = strchr (from, '=');
  g_autofree char *key = g_strndup (from, equals != NULL ? (gsize) (equals - from) : strlen (from));
  const char *value = equals != NULL ? equals + 1 : "";

  if (!check_key (pair, key, value, error) || !check_read (network, pair, key, heads, error))
    return FALSE;
  if (heads)
    set_heads (cfg, network, key, value);
  else
    esp_cfg_set (cfg, 0, key, value);
  return TRUE;
}

/**
 * esp_train_rewrite:
 * @network: a network
 * @pairs: NULL-terminated: "batch=16" sets a key of [net], "head.jitter=.2" one of every [yolo] and [region]
 * @error: ESP_ERROR_FORMAT for a pair that is none, that would make another network, or whose key nothing reads; the readers' errors
 *
 * The cfg is the one place that says how a network is trained; what a person chooses otherwise is written there.
 *
 * Returns: (transfer full): a network of the same layers, which the same weights fit. Thread: any.
 */
EspNetwork *
esp_train_rewrite (EspNetwork *network, const char *const *pairs, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));

  for (guint i = 0; pairs[i] != NULL; i++)
    if (!set_pair (cfg, network, pairs[i], error))
      return NULL;
  return esp_network_new_dialect (g_steal_pointer (&cfg), esp_network_get_dialect (network), error);
}
