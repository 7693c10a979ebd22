/* fit.c: an image onto the network's input with darknet's arithmetic, and boxes back */
#define G_LOG_DOMAIN "esp-image"
#include "config.h"

#include "image/fit.h"

#include <string.h>

#include "image/image-private.h"

/* Where the resized image lies in the input, in pixels of the input. */
typedef struct
{
  int width, height, left, top;
} Area;

/* darknet's letterbox_image(): integer sizes; an image too thin for one pixel gets one. */
static Area
find_area (EspFit fit, int image_width, int image_height, int input_width, int input_height)
{
  Area area = { input_width, input_height, 0, 0 };

  if (fit == ESP_FIT_STRETCH)
    return area;
  if ((float) input_width / (float) image_width < (float) input_height / (float) image_height)
    area.height = (int) MAX ((gint64) image_height * input_width / image_width, 1);
  else
    area.width = (int) MAX ((gint64) image_width * input_height / image_height, 1);
  area.left = (input_width - area.width) / 2;
  area.top = (input_height - area.height) / 2;
  return area;
}

/**
 * esp_fit_place:
 * @fit: the way
 * @image_width: in pixels, at least 1
 * @image_height: the same
 * @input_width: of the network, in pixels, at least 1
 * @input_height: the same
 *
 * Returns: the part of the input that shows the image, in fractions of the input. Thread: any.
 * Source: darknet's correct_yolo_boxes(): integer sizes, but half pixels kept in the margin (letterbox_image() drops them; so it is there).
 */
EspPlacement
esp_fit_place (EspFit fit, int image_width, int image_height, int input_width, int input_height)
{
  const EspPlacement whole = { 0, 0, 1, 1 };
  Area area;

  g_return_val_if_fail (image_width > 0 && image_height > 0 && input_width > 0 && input_height > 0, whole);
  area = find_area (fit, image_width, image_height, input_width, input_height);
  return (EspPlacement){
    .left = (float) ((input_width - area.width) / 2. / input_width),
    .top = (float) ((input_height - area.height) / 2. / input_height),
    .width = (float) area.width / (float) input_width,
    .height = (float) area.height / (float) input_height,
  };
}

/** esp_fit_box_to_image: Returns: @box, in fractions of the input, in fractions of the image, not clipped. Thread: any. */
EspBox
esp_fit_box_to_image (EspPlacement placement, EspBox box)
{
  return (EspBox){
    .x = (box.x - placement.left) / placement.width,
    .y = (box.y - placement.top) / placement.height,
    .w = box.w / placement.width,
    .h = box.h / placement.height,
  };
}

/* One line of the resize: the sample before each output place, and the share of the one after. */
typedef struct
{
  int *before;
  float *share;
} Axis;

static void
axis_clear (Axis *axis)
{
  g_free (axis->before);
  g_free (axis->share);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Axis, axis_clear)

/* darknet's corners-aligned steps, in float. Of a single place its step is 0 / 0; that place takes the last sample, as its columns do. */
static void
axis_init (Axis *axis, int from, int to)
{
  const float scale = to > 1 ? (float) (from - 1) / (float) (to - 1) : 0;

  axis->before = g_new (int, (gsize) to);
  axis->share = g_new (float, (gsize) to);
  for (int i = 0; i < to; i++)
    {
      const float at = to > 1 ? (float) i * scale : (float) (from - 1);

      axis->before[i] = MIN ((int) at, from - 1);
      axis->share[i] = at - (float) axis->before[i];
    }
}

/* The columns' own rule: the last one takes the last sample whole. */
static void
axis_pin_last (Axis *axis, int from, int to)
{
  axis->before[to - 1] = from - 1;
  axis->share[to - 1] = 0;
  for (int i = 0; i < to; i++)
    if (from == 1 || axis->before[i] == from - 1)
      {
        axis->before[i] = from - 1;
        axis->share[i] = 0;
      }
}

typedef struct
{
  const EspImage *image;
  Axis columns;
  int width;    /* of the resized image */
  int channels; /* of the input */
  float level[256];
} Pass;

/* Three samples of a row from @levels of its numbers, colours in planes. A macro, for rows of 8 and of 16 bits with nothing in the inner
 * loop but this. */
#define RESIZE_ROW(name, type, LEVEL)                                                                                                      \
  static void name (const Pass *pass, const type *row, float *restrict out)                                                                \
  {                                                                                                                                        \
    const gsize width = (gsize) pass->width;                                                                                               \
    const int last = pass->image->width - 1;                                                                                               \
    const float *level = pass->level;                                                                                                      \
                                                                                                                                           \
    for (gsize i = 0; i < width; i++)                                                                                                      \
      {                                                                                                                                    \
        const int before = pass->columns.before[i];                                                                                        \
        const float share = pass->columns.share[i], rest = 1 - share;                                                                      \
        const type *a = row + (gsize) before * 3, *b = row + (gsize) MIN (before + 1, last) * 3;                                           \
                                                                                                                                           \
        out[i] = rest * LEVEL (a[0]) + share * LEVEL (b[0]);                                                                               \
        out[width + i] = rest * LEVEL (a[1]) + share * LEVEL (b[1]);                                                                       \
        out[2 * width + i] = rest * LEVEL (a[2]) + share * LEVEL (b[2]);                                                                   \
      }                                                                                                                                    \
  }
#define LEVEL_8(sample)  level[sample]
#define LEVEL_16(sample) ((void) level, (float) ((sample) / 65535.))
RESIZE_ROW (resize_row_8, guint8, LEVEL_8)
RESIZE_ROW (resize_row_16, guint16, LEVEL_16)

/* Rec. 601 luma in place of three planes. */
static void
make_luma (float *planes, int width)
{
  for (int i = 0; i < width; i++)
    planes[i] = 0.299f * planes[i] + 0.587f * planes[width + i] + 0.114f * planes[2 * width + i];
}

/* One image row resized to the pass's width: darknet's first pass. */
static void
get_row (const Pass *pass, int y, float *out)
{
  const gsize start = (gsize) y * (gsize) pass->image->width * 3;

  if (pass->image->deep != NULL)
    resize_row_16 (pass, pass->image->deep + start, out);
  else
    resize_row_8 (pass, pass->image->rgb + start, out);
  if (pass->channels == 1)
    make_luma (out, pass->width);
}

static void
mix_rows (const float *above, const float *below, float share, int n, float *restrict out)
{
  const float rest = 1 - share;

  for (int i = 0; i < n; i++)
    out[i] = rest * above[i] + share * below[i];
}

/* darknet's second pass. Its last row takes (1 - share) of the row before and adds nothing: kept, so a row can come out dark where the
 * float step falls short of the corner. */
static void
resize_into (const Pass *pass, int height, float *input, gsize plane, gsize stride)
{
  const int colours = MIN (pass->channels, 3), width = pass->width, from = pass->image->height;
  const gsize n = (gsize) width * 3;
  g_auto (Axis) rows = { 0 };
  g_autofree float *store = g_new0 (float, 3 * n);
  float *two[2] = { store, store + n }, *nothing = store + 2 * n;
  int have[2] = { -1, -1 };

  axis_init (&rows, from, height);
  for (int y = 0; y < height; y++)
    {
      const int before = rows.before[y], after = before + 1;
      const gboolean alone = y == height - 1 || from == 1;
      const float *below = nothing;

      if (have[before & 1] != before)
        get_row (pass, have[before & 1] = before, two[before & 1]);
      if (!alone && have[after & 1] != after)
        get_row (pass, have[after & 1] = after, two[after & 1]);
      if (!alone)
        below = two[after & 1];
      for (int c = 0; c < colours; c++)
        mix_rows (two[before & 1] + (gsize) c * (gsize) width, below + (alone ? 0 : (gsize) c * (gsize) width), rows.share[y], width,
                  input + (gsize) c * plane + (gsize) y * stride);
    }
}

/**
 * esp_fit_image:
 * @fit: the way
 * @image: the picture
 * @channels: of the input: 1 takes luma, 3 and more take red, green, blue and leave the others 0
 * @height: of the input, in pixels
 * @width: of the input, in pixels
 * @input: (out caller-allocates): channels * height * width numbers, 0..1, planes in order
 *
 * Returns: where the image lies. Thread: any. Cost: about a millisecond for 640 x 480 onto 320 x 320.
 * Source: darknet's resize_image() (bilinear, corners aligned, width first, float) and letterbox_image() (0.5 around).
 */
EspPlacement
esp_fit_image (EspFit fit, const EspImage *image, int channels, int height, int width, float *input)
{
  const EspPlacement whole = { 0, 0, 1, 1 };
  const gsize plane = (gsize) height * (gsize) width;
  Pass pass = { .image = image, .channels = channels };
  Area area;

  g_return_val_if_fail (image != NULL && input != NULL && channels > 0 && height > 0 && width > 0, whole);
  area = find_area (fit, image->width, image->height, width, height);
  for (int i = 0; i < 256; i++)
    pass.level[i] = (float) (i / 255.);
  for (gsize i = 0; fit == ESP_FIT_LETTERBOX && i < plane * (gsize) MIN (channels, 3); i++)
    input[i] = 0.5f;
  if (channels > 3)
    memset (input + 3 * plane, 0, sizeof *input * plane * (gsize) (channels - 3));
  pass.width = area.width;
  axis_init (&pass.columns, image->width, area.width);
  axis_pin_last (&pass.columns, image->width, area.width);
  resize_into (&pass, area.height, input + (gsize) area.top * (gsize) width + (gsize) area.left, plane, (gsize) width);
  axis_clear (&pass.columns);
  return esp_fit_place (fit, image->width, image->height, width, height);
}
