/* place.c: where a picture lies on the input: edges moved, sizes, windows, quarters of a mosaic */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

#include <math.h>

#define LEAST_SHOWN (1 / 20.) /* of the picture's side: a window is never narrower */

/** esp_place_still: Returns: whether pictures lie as they do in a pass of measure, but for a flip. Thread: any. */
gboolean
esp_place_still (const EspAugment *augment, gboolean classifier)
{
  if (classifier)
    return !(augment->angle > 0) && augment->aspect == 1 && augment->crop_low == 0 && augment->pad == 0;
  return !(augment->jitter > 0) && augment->resize == 1 && augment->scale_low == 1 && augment->scale_high == 1;
}

/** esp_place_fit: Returns: where esp_fit_image() lays it, the whole input. Thread: any. */
EspTile
esp_place_fit (EspFit fit, EspShape shape, int width, int height)
{
  const EspPlacement placement = esp_fit_place (fit, width, height, shape.w, shape.h);

  return (EspTile){
    .right = shape.w,
    .bottom = shape.h,
    .x = (double) placement.left * shape.w,
    .y = (double) placement.top * shape.h,
    .w = (double) placement.width * shape.w,
    .h = (double) placement.height * shape.h,
  };
}

/* What is left out at both ends of one axis, in fractions of the picture's side; less than 0 is margin. */
typedef struct
{
  double before, after;
} Cut;

/* AlexeyAB's: each edge by lot, then both with the size, from 1 / resize to resize times as large. */
static Cut
find_cut (const EspAugment *augment, const EspDraw *draw, const double edge[2])
{
  const double factor = augment->resize < 1 ? 1 / augment->resize : augment->resize;
  const double low = (1 - factor) / 2, high = augment->resize < 1 ? 0 : (1 - 1 / factor) / 2;

  return (Cut){
    .before = augment->jitter * edge[0] + low + (high - low) * draw->size[0],
    .after = augment->jitter * edge[1] + low + (high - low) * draw->size[1],
  };
}

static Cut
keep_some (Cut cut)
{
  const double shown = 1 - cut.before - cut.after, more = MAX (LEAST_SHOWN - shown, 0) / 2;

  return (Cut){ cut.before - more, cut.after - more };
}

/* Margins about the picture so that it keeps its shape. */
static void
letterbox (EspShape shape, int width, int height, Cut *columns, Cut *rows)
{
  const double ratio = (double) width / height * shape.h / shape.w; /* above 1: margins above and below */
  Cut *axis = ratio > 1 ? rows : columns;
  const double margin = ((ratio > 1 ? ratio : 1 / ratio) - 1) / 2;

  axis->before -= margin;
  axis->after -= margin;
}

static EspTile
place_window (EspShape shape, Cut columns, Cut rows)
{
  const double w = shape.w / (1 - columns.before - columns.after), h = shape.h / (1 - rows.before - rows.after);

  return (EspTile){
    .right = shape.w,
    .bottom = shape.h,
    .x = -columns.before * w,
    .y = -rows.before * h,
    .w = w,
    .h = h,
  };
}

/* Shown times so much, and anywhere where all of it shows, or nothing but it (Keras YOLO's random placement). */
static void
scale_tile (EspTile *tile, const EspAugment *augment, const EspDraw *draw, EspShape shape)
{
  const double scale = augment->scale_low + (augment->scale_high - augment->scale_low) * draw->scale;

  if (augment->scale_low == 1 && augment->scale_high == 1)
    return;
  tile->w *= scale;
  tile->h *= scale;
  tile->x = (shape.w - tile->w) * draw->at[0];
  tile->y = (shape.h - tile->h) * draw->at[1];
}

static EspTile
place_detector (const EspAugment *augment, const EspDraw *draw, EspShape shape, int width, int height)
{
  Cut columns = keep_some (find_cut (augment, draw, draw->edge)), rows = keep_some (find_cut (augment, draw, draw->edge + 2));
  EspTile tile;

  if (augment->fit == ESP_FIT_LETTERBOX)
    letterbox (shape, width, height, &columns, &rows);
  tile = place_window (shape, columns, rows);
  scale_tile (&tile, augment, draw, shape);
  return tile;
}

/* One axis of a classifier's window: anywhere within the picture and its pad, on whole pixels. */
static double
place_axis (double side, int input, int pad, double at)
{
  const double room = MAX (side - input, 0) / 2 + pad;

  return rint ((input - side) / 2 + room * (2 * at - 1));
}

/* As darknet's random_augment_image(), but that aspect keeps the area. Without crop_low the shorter side is the input's shorter one. */
static EspTile
place_classifier (const EspAugment *augment, const EspDraw *draw, EspShape shape, int width, int height)
{
  const double w = width * sqrt (draw->aspect), h = height / sqrt (draw->aspect);
  const double low = augment->crop_low > 0 ? augment->crop_low : MIN (shape.w, shape.h), high = MAX (augment->crop_high, low);
  const double scale = (low + (high - low) * draw->crop) / MIN (w, h);
  EspTile tile = { .right = shape.w, .bottom = shape.h, .w = w * scale, .h = h * scale };

  tile.x = place_axis (tile.w, shape.w, augment->pad, draw->at[0]);
  tile.y = place_axis (tile.h, shape.h, augment->pad, draw->at[1]);
  tile.turn = draw->turn * augment->angle * G_PI / 180;
  return tile;
}

/**
 * esp_place_draw:
 * @augment: the settings
 * @draw: the lot
 * @classifier: whether windows are cut out as classifiers have them
 * @shape: of the input
 * @width: of the picture
 * @height: of the picture
 *
 * Returns: where the picture lies in an input that it has alone. Source: AlexeyAB's load_data_detection(), without its rounding to whole
 * pixels of the picture; darknet's random_augment_image(). Thread: any.
 */
EspTile
esp_place_draw (const EspAugment *augment, const EspDraw *draw, gboolean classifier, EspShape shape, int width, int height)
{
  EspTile tile;

  if (esp_place_still (augment, classifier))
    tile = esp_place_fit (augment->fit, shape, width, height);
  else if (classifier)
    tile = place_classifier (augment, draw, shape, width, height);
  else
    tile = place_detector (augment, draw, shape, width, height);
  if (draw->flip)
    tile.x = shape.w - tile.x - tile.w;
  tile.flip = draw->flip;
  return tile;
}

/** esp_place_shown: Returns: @tile with the pixels alone whose middles lie in the picture; of one that is turned, all. Thread: any. */
EspTile
esp_place_shown (EspTile tile)
{
  if (tile.turn != 0)
    return tile;
  tile.left = (int) CLAMP (ceil (tile.x - .5), tile.left, tile.right);
  tile.top = (int) CLAMP (ceil (tile.y - .5), tile.top, tile.bottom);
  tile.right = (int) CLAMP (ceil (tile.x + tile.w - .5), tile.left, tile.right);
  tile.bottom = (int) CLAMP (ceil (tile.y + tile.h - .5), tile.top, tile.bottom);
  return tile;
}

/**
 * esp_place_quarter:
 * @whole: where the picture would lie alone
 * @quarter: 0 to 3: top left, top right, bottom left, bottom right of the corner
 * @corner: where the four meet
 * @shape: of the input
 *
 * The quarter shows the end of the picture's input that is opposite of the corner, moved inwards so that no margin shows where the picture
 * has more.
 * Returns: the picture's tile. Source: AlexeyAB's mosaic. Thread: any.
 */
EspTile
esp_place_quarter (EspTile whole, guint quarter, EspCorner corner, EspShape shape)
{
  const gboolean right = (quarter & 1) != 0, below = (quarter & 2) != 0;
  const int width = right ? shape.w - corner.left : corner.left, height = below ? shape.h - corner.top : corner.top;
  EspTile tile = whole;

  tile.left = right ? corner.left : 0;
  tile.right = tile.left + width;
  tile.top = below ? corner.top : 0;
  tile.bottom = tile.top + height;
  if (right)
    tile.x += corner.left - CLAMP (whole.x, 0, width);
  else
    tile.x += CLAMP (shape.w - whole.x - whole.w, 0, width) - (shape.w - corner.left);
  if (below)
    tile.y += corner.top - CLAMP (whole.y, 0, height);
  else
    tile.y += CLAMP (shape.h - whole.y - whole.h, 0, height) - (shape.h - corner.top);
  return tile;
}
