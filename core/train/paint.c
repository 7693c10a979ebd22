/* paint.c: a decoded picture straight onto its tile of the input
 *
 * Bilinear between the four nearest pixels, pixel centres at .5 (OpenCV's INTER_LINEAR, which AlexeyAB trains with), without a filter
 * before it where the picture is made smaller: a pass of measure, as darknet, has none either, and a network must know what it will be
 * shown. */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/augment-private.h"

#include <math.h>
#include <string.h>

#include "kernels/clones.h"

/* The columns of the tile that show the picture: for each the first of two numbers that it lies between, and the share of the second. */
typedef struct
{
  int first, last; /* last excluded */
  int *before;     /* from first on: 3 * pixel */
  float *share;
} Columns;

static void
columns_clear (Columns *columns)
{
  g_free (columns->before);
  g_free (columns->share);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Columns, columns_clear)

/* Where the middle of a pixel of the input lies in the picture, in pixels whose middles are whole; FALSE outside. */
static gboolean
find_source (double middle, double start, double side, int n, gboolean flip, double *at)
{
  const double share = (middle - start) / side;

  if (share < 0 || share >= 1)
    return FALSE;
  *at = CLAMP ((flip ? 1 - share : share) * n - .5, 0, n - 1);
  return TRUE;
}

static void
columns_init (Columns *columns, const EspTile *tile, int width)
{
  const gsize n = (gsize) (tile->right - tile->left);
  double at = 0;

  columns->before = g_new (int, n + 1);
  columns->share = g_new (float, n + 1);
  columns->first = columns->last = tile->left;
  for (int i = tile->left; i < tile->right; i++)
    {
      if (!find_source (i + .5, tile->x, tile->w, width, tile->flip, &at))
        continue;
      if (columns->last == columns->first)
        columns->first = i;
      columns->last = i + 1;
      columns->before[i - columns->first] = 3 * (int) at;
      columns->share[i - columns->first] = (float) (at - (int) at);
    }
}

/* Between two rows of the picture, 0..1. */
ESP_CLONES static void
mix_rows (const guint8 *restrict above, const guint8 *restrict below, float share, int n, float *restrict out)
{
  const float a = (1 - share) / 255, b = share / 255;

#pragma omp simd
  for (int i = 0; i < n; i++)
    out[i] = a * (float) above[i] + b * (float) below[i];
}

/* One row of one colour. */
ESP_CLONES static void
mix_columns (const float *restrict row, const int *restrict before, const float *restrict share, int n, float *restrict out)
{
#pragma omp simd
  for (int i = 0; i < n; i++)
    {
      const float left = row[before[i]], right = row[before[i] + 3];

      out[i] = left + share[i] * (right - left);
    }
}

/* Rec. 601 luma of three planes in their place. */
static float
luma (const float rgb[3])
{
  return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

static void
put_row (const Columns *columns, const float *row, EspShape shape, float *luminance, float *out)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  const int n = columns->last - columns->first;
  static const float weight[3] = { 0.299f, 0.587f, 0.114f };

  for (int k = 0; k < 3 && shape.c == 3; k++)
    mix_columns (row + k, columns->before, columns->share, n, out + (gsize) k * plane);
  for (int k = 0; k < 3 && shape.c == 1; k++)
    {
      mix_columns (row + k, columns->before, columns->share, n, luminance);
      for (int i = 0; i < n; i++)
        out[i] = (k > 0 ? out[i] : 0) + weight[k] * luminance[i];
    }
}

static void
fill_tile (const EspTile *tile, const float fill[3], EspShape shape, float *input)
{
  for (int k = 0; k < shape.c; k++)
    for (int y = tile->top; y < tile->bottom; y++)
      {
        float *row = input + ((gsize) k * (gsize) shape.h + (gsize) y) * (gsize) shape.w;
        const float value = shape.c == 1 ? luma (fill) : fill[k];

        for (int x = tile->left; x < tile->right; x++)
          row[x] = value;
      }
}

/* Rows first, since then each column is read once; the pixel behind the last one is the last. */
static void
paint_upright (const EspTile *tile, EspDecoded *decoded, EspShape shape, float *input)
{
  const int width = esp_image_get_width (decoded->image), height = esp_image_get_height (decoded->image);
  const guint8 *rgb = esp_image_get_rgb (decoded->image);
  const gsize stride = 3 * (gsize) width;
  g_autofree float *row = g_new (float, stride + 3);
  g_autofree float *luminance = g_new (float, (gsize) shape.w);
  g_auto (Columns) columns = { 0 };
  double at = 0;

  columns_init (&columns, tile, width);
  for (int y = tile->top; y < tile->bottom; y++)
    {
      if (columns.last == columns.first || !find_source (y + .5, tile->y, tile->h, height, FALSE, &at))
        continue;
      mix_rows (rgb + (gsize) (int) at * stride, rgb + (gsize) MIN ((int) at + 1, height - 1) * stride, (float) (at - (int) at),
                (int) stride, row);
      memcpy (row + stride, row + stride - 3, 3 * sizeof *row);
      put_row (&columns, row, shape, luminance, input + (gsize) y * (gsize) shape.w + columns.first);
    }
}

/* One point of the picture. */
static void
read_point (EspDecoded *decoded, double x, double y, float out[3])
{
  const int width = esp_image_get_width (decoded->image), height = esp_image_get_height (decoded->image);
  const int left = (int) x, top = (int) y, right = MIN (left + 1, width - 1), below = MIN (top + 1, height - 1);
  const guint8 *above_row = esp_image_get_rgb (decoded->image) + 3 * (gsize) width * (gsize) top;
  const guint8 *below_row = esp_image_get_rgb (decoded->image) + 3 * (gsize) width * (gsize) below;
  const double u = x - left, v = y - top;

  for (int k = 0; k < 3; k++)
    out[k] = (float) (((1 - v) * ((1 - u) * above_row[3 * left + k] + u * above_row[3 * right + k])
                       + v * ((1 - u) * below_row[3 * left + k] + u * below_row[3 * right + k]))
                      / 255);
}

static void
put_point (EspShape shape, const float rgb[3], float *out)
{
  const gsize plane = (gsize) shape.h * (gsize) shape.w;

  if (shape.c == 1)
    *out = luma (rgb);
  else
    for (gsize k = 0; k < 3; k++)
      out[k * plane] = rgb[k];
}

/* Turned clockwise: what shows at a point lies as far against the clock from there. */
static void
paint_turned (const EspTile *tile, EspDecoded *decoded, EspShape shape, float *input)
{
  const double cosine = cos (tile->turn), sine = sin (tile->turn), cx = tile->x + tile->w / 2, cy = tile->y + tile->h / 2;
  const int width = esp_image_get_width (decoded->image), height = esp_image_get_height (decoded->image);

  for (int y = tile->top; y < tile->bottom; y++)
    for (int x = tile->left; x < tile->right; x++)
      {
        const double dx = x + .5 - cx, dy = y + .5 - cy;
        double column = 0, row = 0;
        float rgb[3];

        if (!find_source (cx + cosine * dx + sine * dy, tile->x, tile->w, width, tile->flip, &column)
            || !find_source (cy - sine * dx + cosine * dy, tile->y, tile->h, height, FALSE, &row))
          continue;
        read_point (decoded, column, row, rgb);
        put_point (shape, rgb, input + (gsize) y * (gsize) shape.w + x);
      }
}

/**
 * esp_paint_tile:
 * @tile: its rectangle is written whole, and nothing else
 * @decoded: the picture
 * @fill: red, green, blue where it does not reach, 0..1
 * @shape: of the input: 3 channels, or 1 for luma
 * @input: c · h · w numbers
 *
 * Thread: any.
 */
void
esp_paint_tile (const EspTile *tile, EspDecoded *decoded, const float fill[3], EspShape shape, float *input)
{
  fill_tile (tile, fill, shape, input);
  if (tile->turn != 0)
    paint_turned (tile, decoded, shape, input);
  else
    paint_upright (tile, decoded, shape, input);
}

/** esp_paint_flip: mirrors all rows of @input. Thread: any. */
void
esp_paint_flip (EspShape shape, float *input)
{
  for (gsize y = 0; y < (gsize) shape.c * (gsize) shape.h; y++)
    {
      float *row = input + y * (gsize) shape.w;

      for (int x = 0; x < shape.w / 2; x++)
        {
          const float value = row[x];

          row[x] = row[shape.w - 1 - x];
          row[shape.w - 1 - x] = value;
        }
    }
}
