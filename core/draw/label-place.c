/* label-place.c: where the words of a box go, so that no words cover others */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/label-place.h"

static gboolean
meet (EspRect a, EspRect b)
{
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

static gboolean
is_clear (EspRect place, EspRect area, const GArray *taken)
{
  gboolean clear = place.y >= area.y && place.y + place.height <= area.y + area.height;

  for (guint i = 0; clear && i < taken->len; i++)
    clear = !meet (place, g_array_index (taken, EspRect, i));
  return clear;
}

/**
 * esp_label_place:
 * @box: what the words are of
 * @width: of the words
 * @height: of the words
 * @area: what they must stay in
 * @taken: (element-type EspRect): places of other words; the one found joins them
 * @place: (out): where to write
 *
 * Above the box, else within its top, below it, within its foot, flush left, then flush right: the first that meets nothing and stays in
 * @area. Called with the most certain box first, so that it is the doubtful ones that stay without words where boxes crowd. Thread: any.
 *
 * Returns: FALSE where there is no such place, and then @place is within the top of the box
 */
gboolean
esp_label_place (EspRect box, double width, double height, EspRect area, GArray *taken, EspRect *place)
{
  const double tops[] = { box.y - height, box.y, box.y + box.height, box.y + box.height - height };
  const double right = MAX (area.x, area.x + area.width - width), foot = MAX (area.y, area.y + area.height - height);

  for (guint side = 0; side < 2; side++)
    for (guint i = 0; i < G_N_ELEMENTS (tops); i++)
      {
        const double x = side == 0 ? box.x : box.x + box.width - width;

        *place = (EspRect){ CLAMP (x, area.x, right), tops[i], width, height };
        if (!is_clear (*place, area, taken))
          continue;
        g_array_append_val (taken, *place);
        return TRUE;
      }
  *place = (EspRect){ CLAMP (box.x, area.x, right), CLAMP (box.y, area.y, foot), width, height };
  return FALSE;
}
