/* turn.c: the eight ways up that EXIF knows */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/image-private.h"

#include <string.h>

/* Where the sample shown at (x, y) of the upright image is stored; the table is EXIF 2.3's tag 0x112. */
static gsize
stored_at (const EspImage *image, int orientation, int x, int y)
{
  const int right = image->width - 1, bottom = image->height - 1;
  int from_x = x, from_y = y;

  switch (orientation)
    {
    case 2:
      from_x = right - x;
      break;
    case 3:
      from_x = right - x;
      from_y = bottom - y;
      break;
    case 4:
      from_y = bottom - y;
      break;
    case 5:
      from_x = y;
      from_y = x;
      break;
    case 6:
      from_x = y;
      from_y = bottom - x;
      break;
    case 7:
      from_x = right - y;
      from_y = bottom - x;
      break;
    case 8:
      from_x = right - y;
      from_y = x;
      break;
    default:
      break;
    }
  return ((gsize) from_y * (gsize) image->width + (gsize) from_x) * 3;
}

/**
 * esp_image_turn:
 * @image: (transfer full): as stored
 * @orientation: EXIF's, 1..8
 *
 * Returns: (transfer full) (nullable): the upright image, @image itself for 1; NULL where memory does not suffice. Thread: any.
 */
EspImage *
esp_image_turn (EspImage *image, int orientation)
{
  g_autoptr (EspImage) old = image;
  const gboolean swap = orientation >= 5;
  EspImage *turned = NULL;
  gsize to = 0;

  if (orientation <= 1 || orientation > 8)
    return g_steal_pointer (&old);
  turned = esp_image_new_empty (swap ? old->height : old->width, swap ? old->width : old->height, esp_image_get_depth (old));
  for (int y = 0; turned != NULL && y < turned->height; y++)
    for (int x = 0; x < turned->width; x++, to += 3)
      {
        const gsize from = stored_at (old, orientation, x, y);

        if (old->deep != NULL)
          memcpy (turned->deep + to, old->deep + from, 3 * sizeof *turned->deep);
        else
          memcpy (turned->rgb + to, old->rgb + from, 3);
      }
  return turned;
}
