/* augment-keys.c: what a cfg says about augmentation */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment.h"

#define STEP 32 /* pixels: what most networks halve their input down by */

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
