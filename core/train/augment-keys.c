/* augment-keys.c: what a cfg says about augmentation */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment.h"

#define STEP          32 /* pixels: what most networks halve their input down by */
#define MOST_STEP     1024
#define MOST_SIDE     16384
#define MOST_FACTOR   100.
#define MOST_TRUTHS   200 /* darknet's */
#define RANDOM        1.4 /* what random=1 means */
#define PAD           8   /* a classifier's: this part of the side */
#define LEAST_VISIBLE .1

/**
 * esp_augment_init:
 * @augment: (out): nothing drawn
 * @network: says letter_box
 *
 * The images as a pass of measure sees them. Of objects that lie partly outside all are truths of which a pixel shows. Thread: any.
 */
void
esp_augment_init (EspAugment *augment, const EspNetwork *network)
{
  *augment = (EspAugment){
    .fit = esp_network_get_letterbox (network) ? ESP_FIT_LETTERBOX : ESP_FIT_STRETCH,
    .fill = ESP_FILL_GREY,
    .saturation = 1,
    .exposure = 1,
    .resize = 1,
    .scale_low = 1,
    .scale_high = 1,
    .random = 1,
    .step = STEP,
    .least_pixels = 1,
    .aspect = 1,
  };
}

/* A reader of one section. */
typedef struct
{
  const EspCfg *cfg;
  guint section;
} Section;

/* Within bounds, or refused with the line. */
static gboolean
read_number (Section from, const char *key, double fallback, double low, double high, double *value, GError **error)
{
  if (!esp_cfg_get_double (from.cfg, from.section, key, fallback, value, error))
    return FALSE;
  if (*value >= low && *value <= high)
    return TRUE;
  return esp_cfg_refuse (from.cfg, from.section, key, ESP_ERROR_LIMIT, error, "expected %g to %g", low, high);
}

/* 0 is 1; one below 1 is as good as 1 over it (darknet's rand_scale()). */
static gboolean
read_factor (Section from, const char *key, double *value, GError **error)
{
  if (!read_number (from, key, 1, 0, MOST_FACTOR, value, error))
    return FALSE;
  if (*value > 0 && *value < 1 / MOST_FACTOR)
    return esp_cfg_refuse (from.cfg, from.section, key, ESP_ERROR_LIMIT, error, "expected a factor of %g to %g", 1 / MOST_FACTOR,
                           MOST_FACTOR);
  *value = *value == 0 ? 1 : MAX (*value, 1 / *value);
  return TRUE;
}

static gboolean
read_share (Section from, const char *key, double fallback, double *probability, GError **error)
{
  int on = 0;

  if (!esp_cfg_get_int (from.cfg, from.section, key, (int) fallback, 0, 1, &on, error))
    return FALSE;
  *probability = on != 0 ? .5 : 0;
  return TRUE;
}

/* What darknet would do and we do not is refused, not passed over. */
static gboolean
refuse_others (Section from, gboolean classifier, GError **error)
{
  static const char *const keys[] = { "blur", "gaussian_noise", "cutmix" };
  static const char *const of_boxes[] = { "mosaic", "mixup" };
  double value = 0;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!esp_cfg_get_double (from.cfg, from.section, keys[i], 0, &value, error))
      return FALSE;
    else if (value != 0)
      return esp_cfg_refuse (from.cfg, from.section, keys[i], ESP_ERROR_UNSUPPORTED, error, "images are not trained with it: expected 0");
  for (guint i = 0; i < G_N_ELEMENTS (of_boxes) && classifier; i++)
    if (!esp_cfg_get_double (from.cfg, from.section, of_boxes[i], 0, &value, error))
      return FALSE;
    else if (value != 0)
      return esp_cfg_refuse (from.cfg, from.section, of_boxes[i], ESP_ERROR_UNSUPPORTED, error,
                             "an image of a classifier has one class: expected 0");
  return TRUE;
}

static gboolean
read_net (EspAugment *augment, Section net, gboolean classifier, GError **error)
{
  return read_number (net, "hue", 0, 0, .5, &augment->hue, error) && read_factor (net, "saturation", &augment->saturation, error)
         && read_factor (net, "exposure", &augment->exposure, error) && read_share (net, "flip", 1, &augment->flip, error)
         && read_number (net, "angle", 0, 0, 180, &augment->angle, error)
         && esp_cfg_get_int (net.cfg, net.section, "resize_step", STEP, 1, MOST_STEP, &augment->step, error)
         && refuse_others (net, classifier, error);
}

/* A classifier without min_crop and max_crop does not take darknet's, up to twice the input: what it is asked later is the whole image. */
static gboolean
read_classifier (EspAugment *augment, Section net, int side, GError **error)
{
  const gboolean says = esp_cfg_get (net.cfg, net.section, "min_crop") != NULL || esp_cfg_get (net.cfg, net.section, "max_crop") != NULL;

  augment->fill = ESP_FILL_BLACK;
  if (!says)
    augment->pad = side / PAD;
  return read_factor (net, "aspect", &augment->aspect, error)
         && esp_cfg_get_int (net.cfg, net.section, "min_crop", says ? side : 0, 0, MOST_SIDE, &augment->crop_low, error)
         && esp_cfg_get_int (net.cfg, net.section, "max_crop", says ? MAX (2 * side, augment->crop_low) : 0, augment->crop_low, MOST_SIDE,
                             &augment->crop_high, error);
}

/* darknet asks the last head. */
static gboolean
read_head (EspAugment *augment, Section head, GError **error)
{
  int most = 0;

  if (!read_number (head, "jitter", .2, 0, .49, &augment->jitter, error)
      || !read_number (head, "resize", 1, 1 / MOST_FACTOR, MOST_FACTOR, &augment->resize, error)
      || !read_number (head, "random", 0, 0, MOST_FACTOR, &augment->random, error)
      || !esp_cfg_get_int (head.cfg, head.section, "max", MOST_TRUTHS, 1, G_MAXINT, &most, error))
    return FALSE;
  augment->most = (guint) most;
  if (augment->random > 0 && augment->random < 1)
    return esp_cfg_refuse (head.cfg, head.section, "random", ESP_ERROR_LIMIT, error, "expected 0, 1 or a factor above 1");
  augment->random = augment->random == 1 ? RANDOM : MAX (augment->random, 1);
  return TRUE;
}

static gboolean
read_detector (EspAugment *augment, const EspNetwork *network, Section net, GError **error)
{
  guint n = 0;
  const guint *heads = esp_network_get_heads (network, &n);

  if (augment->angle > 0)
    return esp_cfg_refuse (net.cfg, net.section, "angle", ESP_ERROR_UNSUPPORTED, error, "boxes are not turned: expected 0");
  augment->fill = augment->fit == ESP_FIT_LETTERBOX ? ESP_FILL_GREY : ESP_FILL_MEAN;
  augment->least_visible = LEAST_VISIBLE;
  if (n > 0 && !read_head (augment, (Section){ net.cfg, esp_network_get_layer (network, heads[n - 1])->section }, error))
    return FALSE;
  return read_share (net, "mosaic", 0, &augment->mosaic, error) && read_share (net, "mixup", 0, &augment->mixup, error);
}

/**
 * esp_augment_read:
 * @augment: (out): what the cfg says
 * @network: the network
 * @error: a key that is no number or out of bounds, with its line; ESP_ERROR_UNSUPPORTED for blur, gaussian_noise and cutmix, a
 *   detector's angle, and a classifier's mosaic and mixup
 *
 * Of [net]: hue, saturation, exposure, flip (1), mosaic, mixup, letter_box, resize_step; of the last head: jitter (.2), resize, random, max
 * (200); of [net] of a classifier: angle, aspect, min_crop, max_crop. flip, mosaic and mixup take place for each image by half a chance.
 * What they mean is AlexeyAB's; where an image does not reach there is grey with letter_box=1, as in a pass of measure, else the image's
 * mean. An object of which less than a tenth shows is left out, where AlexeyAB keeps all of one pixel. A classifier without min_crop= and
 * max_crop= has its shorter side fitted and moved by up to an eighth of the input, black around. Thread: any.
 */
gboolean
esp_augment_read (EspAugment *augment, const EspNetwork *network, GError **error)
{
  const Section net = { esp_network_get_cfg (network), 0 };
  const gboolean classifier = esp_network_get_scores (network) > 0;
  const EspShape input = esp_network_get_input (network);

  g_return_val_if_fail (augment != NULL, FALSE);
  esp_augment_init (augment, network);
  if (!read_net (augment, net, classifier, error))
    return FALSE;
  return classifier ? read_classifier (augment, net, MIN (input.w, input.h), error) : read_detector (augment, network, net, error);
}
