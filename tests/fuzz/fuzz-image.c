/* fuzz-image.c: picture files, their size alone and decoded whole */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include "image/image.h"

static void
check (EspImage *image)
{
  const int width = esp_image_get_width (image), height = esp_image_get_height (image);
  const guint8 *rgb = esp_image_get_rgb (image);
  guint64 sum = 0;

  g_assert_true (width > 0 && height > 0);
  for (gsize i = 0; i < (gsize) width * (gsize) height * 3; i++)
    sum += rgb[i]; /* every sample is set and inside the block */
  g_assert_cmpuint (sum, <=, (guint64) width * (guint64) height * 3 * 255);
  g_assert_true (esp_image_get_sample (image, width - 1, height - 1, 2) <= 1);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autofree char *path = fuzz_put ("fuzz.picture", data, n);
  GError *error = NULL, *of_size = NULL;
  g_autoptr (EspImage) image = esp_image_load (path, ESP_ORIENTATION_EXIF, 0, 0, &error);
  int width = 0, height = 0;
  const gboolean sized = esp_image_read_size (path, &width, &height, &of_size);

  if (image != NULL)
    check (image);
  if (image != NULL && sized)
    g_assert_true (MIN (width, height) == MIN (esp_image_get_width (image), esp_image_get_height (image))
                   && MAX (width, height) == MAX (esp_image_get_width (image), esp_image_get_height (image)));
  g_assert_true (image == NULL || sized);
  fuzz_tell (image != NULL, error);
  fuzz_tell (sized, of_size);
  return 0;
}
