/* test-augment.c: labels follow the pixels whatever is drawn; colours and sizes by hand; what a cfg says */
#include "data-common.h"

#include "train/augment-private.h"
#include "train/feeder.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>

#include "base/rng.h"

#define N_IMAGES 4
#define SIDE     96 /* of the input; its height is two thirds */

static const guint8 colours[N_IMAGES][3] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 255, 255, 0 } };

typedef struct
{
  char *folder;
  EspDataset *dataset;
  EspFeederOptions options;
} Fixture;

static EspNetwork *
read_network (const char *text, GError **error)
{
  return esp_network_new (esp_cfg_parse (text, strlen (text), "test.cfg", NULL), error);
}

/* A rectangle of its own colour on black; its edges are no whole pixels once it is resized. */
static void
write_image (Fixture *fixture, guint i, GString *list)
{
  const int width = 120 + 30 * (int) i, height = 140 - 20 * (int) i;
  const int left = width / 5, right = width * 3 / 5, top = height / 4 + 3 * (int) i, bottom = height * 2 / 3;
  g_autofree char *name = g_strdup_printf ("%u.png", i), *label = g_strdup_printf ("%u.txt", i);
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *text = g_strdup_printf ("%u %.9f %.9f %.9f %.9f\n", i, (left + right) / 2. / width, (top + bottom) / 2. / height,
                                           (right - left) / (double) width, (bottom - top) / (double) height);
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, width, height);

  gdk_pixbuf_fill (pixbuf, 0);
  for (int y = top; y < bottom; y++)
    for (int x = left; x < right; x++)
      memcpy (gdk_pixbuf_get_pixels (pixbuf) + (gsize) y * (gsize) gdk_pixbuf_get_rowstride (pixbuf) + 3 * x, colours[i], 3);
  g_assert_true (gdk_pixbuf_save (pixbuf, path, "png", NULL, NULL));
  put_away (fixture->folder, label, text);
  g_string_append_printf (list, "%s\n", name);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) list = g_string_new (NULL);

  fixture->folder = make_folder ();
  for (guint i = 0; i < N_IMAGES; i++)
    write_image (fixture, i, list);
  put_away (fixture->folder, "list.txt", list->str);
  fixture->dataset = open_in (fixture->folder, "list.txt", NULL);
  fixture->options = (EspFeederOptions){
    .augment = { .saturation = 1,
                 .exposure = 1,
                 .resize = 1,
                 .scale_low = 1,
                 .scale_high = 1,
                 .random = 1,
                 .step = 32,
                 .aspect = 1,
                 .least_pixels = 1 },
    .input = { 1, 3, SIDE * 2 / 3, SIDE },
    .classes = N_IMAGES,
    .batch = N_IMAGES,
    .size_every = 10,
    .seed = 3,
    .workers = 2,
    .ahead = 2,
    .cache = 1 << 20,
  };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  esp_dataset_unref (fixture->dataset);
  remove_tree (fixture->folder);
  g_free (fixture->folder);
}

/* Whether a pixel is more of this class's colour than of black or of the grey around. */
static gboolean
is_of (const EspBatch *batch, guint image, int x, int y, int class_index)
{
  const gsize plane = (gsize) batch->h * (gsize) batch->w;
  const float *pixel = batch->input + image * 3 * plane + (gsize) y * (gsize) batch->w + x;
  float least_lit = 1, most_unlit = 0;

  for (gsize k = 0; k < 3; k++)
    if (colours[class_index][k] > 0)
      least_lit = MIN (least_lit, pixel[k * plane]);
    else
      most_unlit = MAX (most_unlit, pixel[k * plane]);
  return least_lit - most_unlit >= .5f;
}

/* All pixels that lie in a box and a pixel from its edge are of its class; counts those of its class in it and a pixel around. */
static guint
count_in (const EspBatch *batch, guint image, const EspLabel *label, gboolean alone)
{
  const float left = (label->box.x - label->box.w / 2) * (float) batch->w, right = (label->box.x + label->box.w / 2) * (float) batch->w;
  const float top = (label->box.y - label->box.h / 2) * (float) batch->h, bottom = (label->box.y + label->box.h / 2) * (float) batch->h;
  guint n = 0;

  for (int y = (int) floorf (top) - 1; y <= (int) ceilf (bottom); y++)
    for (int x = (int) floorf (left) - 1; x <= (int) ceilf (right); x++)
      {
        const float cx = (float) x + .5f, cy = (float) y + .5f;
        gboolean here = x >= 0 && y >= 0 && x < batch->w && y < batch->h && is_of (batch, image, x, y, label->class_index);

        n += here;
        if (cx > left + 1 && cx < right - 1 && cy > top + 1 && cy < bottom - 1)
          g_assert_true (here);
        if (cx < left - .75f || cx > right + .75f || cy < top - .75f || cy > bottom + .75f)
          g_assert_false (here && alone);
      }
  return n;
}

static guint
count_class (const EspBatch *batch, guint image, int class_index)
{
  guint n = 0;

  for (int y = 0; y < batch->h; y++)
    for (int x = 0; x < batch->w; x++)
      n += is_of (batch, image, x, y, class_index);
  return n;
}

/* Of one image: all that is of a class lies in the boxes of that class, and where there is none hardly a pixel shows. */
static void
check_image (const EspBatch *batch, guint image, gboolean alone, guint *n_labels)
{
  guint inside[N_IMAGES] = { 0 }, boxes[N_IMAGES] = { 0 };
  const EspLabels *labels = &batch->labels[image];

  for (guint i = 0; i < labels->n; i++)
    {
      g_assert_true (labels->labels[i].box.w * (float) batch->w >= .999f && labels->labels[i].box.h * (float) batch->h >= .999f);
      g_assert_true (labels->labels[i].box.x > 0 && labels->labels[i].box.x < 1 && labels->labels[i].box.y < 1);
      inside[labels->labels[i].class_index] += count_in (batch, image, &labels->labels[i], alone);
      boxes[labels->labels[i].class_index]++;
    }
  for (int c = 0; c < N_IMAGES; c++)
    {
      const guint shown = count_class (batch, image, c);

      if (boxes[c] == 0) /* a sliver of less than a pixel may still colour the pixels that it crosses, in up to four quarters */
        g_assert_cmpuint (shown, <=, 2 * (guint) batch->w);
      else if (alone)
        g_assert_cmpuint (shown, ==, inside[c]);
      else
        g_assert_cmpuint (shown, <=, inside[c] + 2 * (guint) batch->w);
    }
  *n_labels += labels->n;
}

typedef struct
{
  const char *name;
  double jitter, resize, flip, scale_low, scale_high, mosaic;
  EspFit fit;
  EspFill fill;
} Case;

static const Case cases[] = {
  { "jitter", .3, 1, 0, 1, 1, 0, ESP_FIT_STRETCH, ESP_FILL_GREY },
  { "jitter-most", .49, 1, .5, 1, 1, 0, ESP_FIT_STRETCH, ESP_FILL_BLACK },
  { "flip", 0, 1, .5, 1, 1, 0, ESP_FIT_STRETCH, ESP_FILL_GREY },
  { "flip-letterbox", 0, 1, .5, 1, 1, 0, ESP_FIT_LETTERBOX, ESP_FILL_GREY },
  { "resize", 0, 1.5, 0, 1, 1, 0, ESP_FIT_STRETCH, ESP_FILL_GREY },
  { "resize-down", .1, .6, .5, 1, 1, 0, ESP_FIT_STRETCH, ESP_FILL_GREY },
  { "letterbox", .2, 1.5, .5, 1, 1, 0, ESP_FIT_LETTERBOX, ESP_FILL_GREY },
  { "scale", .3, 1, .5, .25, 2, 0, ESP_FIT_LETTERBOX, ESP_FILL_GREY },
  { "mosaic", .3, 1.5, .5, 1, 1, 1, ESP_FIT_STRETCH, ESP_FILL_GREY },
  { "mosaic-plain", 0, 1, 0, 1, 1, 1, ESP_FIT_LETTERBOX, ESP_FILL_GREY },
  { "all", .2, 1.5, .5, .5, 1.5, .5, ESP_FIT_LETTERBOX, ESP_FILL_BLACK },
};

static void
test_follow (Fixture *fixture, gconstpointer data)
{
  const Case *test = data;
  EspAugment *augment = &fixture->options.augment;
  g_autoptr (EspFeeder) feeder = NULL;
  guint n = 0;

  augment->jitter = test->jitter;
  augment->resize = test->resize;
  augment->flip = test->flip;
  augment->scale_low = test->scale_low;
  augment->scale_high = test->scale_high;
  augment->mosaic = test->mosaic;
  augment->fit = test->fit;
  augment->fill = test->fill;
  feeder = esp_feeder_new (fixture->dataset, NULL, &fixture->options, NULL);
  for (guint step = 0; step < 150; step++)
    {
      g_autoptr (EspBatch) batch = esp_feeder_next (feeder, NULL, NULL);

      for (guint i = 0; i < batch->n; i++)
        check_image (batch, i, test->mosaic == 0, &n);
    }
  g_assert_cmpuint (n, >, 500);
}

/* Exposure changes the image and leaves the grey around it. */
static void
test_grey (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) feeder = NULL;
  guint grey = 0, other = 0;

  fixture->options.augment.fit = ESP_FIT_LETTERBOX;
  fixture->options.augment.exposure = fixture->options.augment.saturation = 3;
  fixture->options.augment.hue = .1;
  fixture->options.augment.jitter = GPOINTER_TO_INT (data) * .1;
  feeder = esp_feeder_new (fixture->dataset, NULL, &fixture->options, NULL);
  for (guint step = 0; step < 20; step++)
    {
      g_autoptr (EspBatch) batch = esp_feeder_next (feeder, NULL, NULL);

      for (gsize i = 0; i < (gsize) batch->n * 3 * (gsize) batch->h * (gsize) batch->w; i++)
        if (batch->input[i] == .5f)
          grey++;
        else
          other++;
    }
  g_assert_cmpuint (grey, >, 20 * N_IMAGES * 3 * 500);
  g_assert_cmpuint (other, >, 20 * N_IMAGES * 3 * 500);
}

/* Two over each other: labels of both, light of both. */
static void
test_mixup (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) feeder = NULL;
  g_autoptr (EspBatch) batch = NULL;

  fixture->options.augment.mixup = 1;
  feeder = esp_feeder_new (fixture->dataset, NULL, &fixture->options, NULL);
  batch = esp_feeder_next (feeder, NULL, NULL);
  for (guint i = 0; i < batch->n; i++)
    {
      const EspLabel *labels = batch->labels[i].labels;
      const gsize plane = (gsize) batch->h * (gsize) batch->w;

      g_assert_cmpuint (batch->labels[i].n, ==, 2);
      for (guint k = 0; k < 2; k++)
        {
          const int x = (int) (labels[k].box.x * (float) batch->w), y = (int) (labels[k].box.y * (float) batch->h);

          for (gsize c = 0; c < 3; c++)
            g_assert_true (colours[labels[k].class_index][c] == 0
                           || batch->input[(i * 3 + c) * plane + (gsize) y * (gsize) batch->w + (gsize) x] >= .499f);
        }
    }
}

static const EspTile whole = { 0, 0, 2, 2, 0, 0, 2, 2, FALSE, 0 };

/* Four pixels: the HSV of textbooks, by hand. */
static void
test_colours (void)
{
  const EspShape shape = { 1, 3, 2, 2 };
  const float source[12] = { 1, .8f, .5f, 0, 0, .4f, .5f, 0, 0, .2f, .5f, 0 }; /* red; 20 degrees, .75, .8; grey; black */
  const struct
  {
    EspDraw draw;
    float wanted[12];
  } tests[] = {
    { { .hue = 1 / 3., .saturation = 1, .exposure = 1 }, { 0, .2f, .5f, 0, 1, .8f, .5f, 0, 0, .4f, .5f, 0 } },
    { { .hue = 1 / 6., .saturation = 1, .exposure = 1 }, { 1, .6f, .5f, 0, 1, .8f, .5f, 0, 0, .2f, .5f, 0 } },
    { { .hue = -1 / 3., .saturation = 1, .exposure = 1 }, { 0, .4f, .5f, 0, 0, .2f, .5f, 0, 1, .8f, .5f, 0 } },
    { { .saturation = .5, .exposure = 1 }, { 1, .8f, .5f, 0, .5f, .6f, .5f, 0, .5f, .5f, .5f, 0 } },
    { { .saturation = 2, .exposure = 1 }, { 1, .8f, .5f, 0, 0, .8f / 3, .5f, 0, 0, 0, .5f, 0 } },
    { { .saturation = 1, .exposure = 1.5 }, { 1, 1, .75f, 0, 0, .6f, .75f, 0, 0, .3f, .75f, 0 } },
    { { .saturation = 1, .exposure = 1 }, { 1, .8f, .5f, 0, 0, .4f, .5f, 0, 0, .2f, .5f, 0 } },
  };

  for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
    {
      float input[12];

      memcpy (input, source, sizeof input);
      esp_colour_tile (&whole, &tests[t].draw, shape, input);
      for (guint i = 0; i < 12; i++)
        if (!(fabsf (input[i] - tests[t].wanted[i]) < 1e-6f))
          g_error ("case %u, number %u: %g, by hand %g", t, i, (double) input[i], (double) tests[t].wanted[i]);
    }
}

/* The same colours by the sectors of the textbook, all over the cube. */
static void
from_sectors (const float in[3], double turn, double saturation, double exposure, double out[3])
{
  const double most = MAX (in[0], MAX (in[1], in[2])), span = most - (double) MIN (in[0], MIN (in[1], in[2]));
  double hue = 0, v = most * exposure, s = MIN (most > 0 ? span / most * saturation : 0, 1), f = 0, p = 0, q = 0, t = 0;

  if (span > 0)
    hue = most == (double) in[0]   ? ((double) in[1] - (double) in[2]) / span
          : most == (double) in[1] ? 2 + ((double) in[2] - (double) in[0]) / span
                                   : 4 + ((double) in[0] - (double) in[1]) / span;
  hue = fmod (hue + 6 * turn + 12, 6);
  f = hue - floor (hue);
  p = v * (1 - s), q = v * (1 - s * f), t = v * (1 - s * (1 - f));
  {
    const double sector[6][3] = { { v, t, p }, { q, v, p }, { p, v, t }, { p, q, v }, { t, p, v }, { v, p, q } };

    for (guint k = 0; k < 3; k++)
      out[k] = MIN (sector[(int) hue % 6][k], 1);
  }
}

static void
test_colour_cube (void)
{
  const EspShape shape = { 1, 3, 2, 2 };
  g_autoptr (GRand) rng = esp_rng_new (8, 0, 0);

  for (guint n = 0; n < 5000; n++)
    {
      const EspDraw draw = {
        .hue = g_rand_double_range (rng, -.5, .5),
        .saturation = g_rand_double_range (rng, .3, 3),
        .exposure = g_rand_double_range (rng, .3, 3),
      };
      float input[12], in[12];

      for (guint i = 0; i < 12; i++)
        input[i] = in[i] = (float) (g_rand_int_range (rng, 0, 256) / 255.);
      esp_colour_tile (&whole, &draw, shape, input);
      for (guint i = 0; i < 4; i++)
        {
          double wanted[3];

          from_sectors ((const float[3]){ in[i], in[4 + i], in[8 + i] }, draw.hue, draw.saturation, draw.exposure, wanted);
          for (guint k = 0; k < 3; k++)
            g_assert_cmpfloat_with_epsilon ((double) input[4 * k + i], wanted[k], 2e-5);
        }
    }
}

static EspDecoded *
decode (int width, int height, const guint8 *rgb)
{
  EspDecoded *decoded = g_atomic_rc_box_new0 (EspDecoded);

  decoded->image = esp_image_new_rgb (width, height, rgb);
  return decoded;
}

/* Mirrored twice, or turned four times by a right angle, a picture is itself; moved by whole pixels it is copied. */
static void
test_paint (void)
{
  enum
  {
    N = 6
  };
  const EspShape shape = { 1, 3, N, N };
  const float fill[3] = { .25f, .5f, .75f };
  g_autoptr (GRand) rng = esp_rng_new (4, 0, 0);
  guint8 rgb[3 * N * N];
  g_autoptr (EspDecoded) decoded = NULL;
  float plain[3 * N * N], other[3 * N * N];
  EspTile tile = { 0, 0, N, N, 0, 0, N, N, FALSE, 0 };

  for (guint i = 0; i < sizeof rgb; i++)
    rgb[i] = (guint8) g_rand_int (rng);
  decoded = decode (N, N, rgb);
  esp_paint_tile (&tile, decoded, fill, shape, plain);
  for (guint k = 0; k < 3; k++)
    for (guint i = 0; i < N * N; i++)
      g_assert_cmpfloat_with_epsilon (plain[k * N * N + i], (float) rgb[3 * i + k] / 255.f, 1e-6f);
  tile.flip = TRUE;
  esp_paint_tile (&tile, decoded, fill, shape, other);
  g_assert_true (memcmp (plain, other, sizeof plain) != 0);
  esp_paint_flip (shape, other);
  for (guint i = 0; i < 3 * N * N; i++)
    g_assert_cmpfloat_with_epsilon (plain[i], other[i], 1e-6f);
  tile = (EspTile){ 0, 0, N, N, 0, 0, N, N, FALSE, G_PI / 2 };
  esp_paint_tile (&tile, decoded, fill, shape, other);
  for (guint k = 0; k < 3; k++)
    for (guint y = 0; y < N; y++)
      for (guint x = 0; x < N; x++) /* clockwise: the left column becomes the top row */
        g_assert_cmpfloat_with_epsilon (other[(k * N + y) * N + x], plain[(k * N + (N - 1 - x)) * N + y], 1e-5f);
  tile = (EspTile){ 0, 0, N, N, 2, -1, N, N, FALSE, 0 };
  esp_paint_tile (&tile, decoded, fill, shape, other);
  for (guint k = 0; k < 3; k++)
    for (guint y = 0; y < N; y++)
      for (guint x = 0; x < N; x++)
        g_assert_cmpfloat_with_epsilon (other[(k * N + y) * N + x], x < 2 || y == N - 1 ? fill[k] : plain[(k * N + y + 1) * N + x - 2],
                                        1e-6f);
}

/* What surrounds a picture of one colour is its mean: nothing that is drawn but colour changes the mean of the input. */
static void
test_mean (void)
{
  guint8 rgb[3 * 40 * 30];
  const float fill[3] = { 100 / 255.f, 150 / 255.f, 200 / 255.f };
  const EspShape shape = { 1, 3, 32, 32 }, grey = { 1, 1, 32, 32 };
  g_autoptr (EspDecoded) decoded = NULL;
  g_autoptr (GRand) rng = esp_rng_new (6, 0, 0);
  const EspAugment augment
      = { .jitter = .4, .resize = 2, .scale_low = .5, .scale_high = 2, .flip = .5, .saturation = 1, .exposure = 1, .aspect = 1 };
  float input[3 * 32 * 32];

  for (guint i = 0; i < sizeof rgb; i++)
    rgb[i] = (guint8) (100 + 50 * (i % 3));
  decoded = decode (40, 30, rgb);
  for (guint n = 0; n < 300; n++)
    {
      EspDraw draw;
      EspTile tile;

      esp_draw_init (&draw, &augment, rng);
      tile = esp_place_draw (&augment, &draw, FALSE, shape, 40, 30);
      esp_paint_tile (&tile, decoded, fill, shape, input);
      for (guint i = 0; i < 3 * 32 * 32; i++)
        g_assert_cmpfloat_with_epsilon (input[i], fill[i / (32 * 32)], 1e-5f);
      esp_paint_tile (&tile, decoded, fill, grey, input);
      for (guint i = 0; i < 32 * 32; i++)
        g_assert_cmpfloat_with_epsilon (input[i], .299f * fill[0] + .587f * fill[1] + .114f * fill[2], 1e-5f);
    }
}

/* The rules of what is a truth, one by one. */
static void
test_truths (void)
{
  EspTruth truths[] = {
    { .class_index = 0, .box = { .5f, .5f, .2f, .2f } },
    { .class_index = 1, .box = { .5f, .5f, .2f, .2f }, .difficult = TRUE },
    { .class_index = 1, .box = { .5f, .5f, .2f, .2f }, .difficult = TRUE, .crowd = TRUE },
    { .class_index = 2, .box = { .5f, .5f, .2f, .2f } },   /* left out by the map */
    { .class_index = 0, .box = { 1, .5f, .2f, .4f } },     /* half of it shows */
    { .class_index = 0, .box = { .0f, .5f, .019f, .4f } }, /* .95 pixels show */
    { .class_index = 0, .box = { .0f, .5f, .021f, .4f } }, /* 1.05 pixels show */
    { .class_index = 0, .box = { .5f, -.2f, .2f, .2f } },  /* none of it */
  };
  const EspSample sample = { .n_truths = G_N_ELEMENTS (truths), .truths = truths };
  const int to[] = { 0, 1, -1 };
  const EspShape shape = { 1, 3, 100, 100 };
  const EspTile tile = { 0, 0, 100, 100, 0, 0, 100, 100, FALSE, 0 };
  EspRender render = { .augment = { .least_pixels = 1 }, .to_network = to };
  g_autoptr (GArray) labels = g_array_new (FALSE, FALSE, sizeof (EspLabel));
  g_autoptr (GRand) rng = esp_rng_new (1, 0, 0);

  esp_labels_add (labels, &render, &sample, &tile, shape);
  g_assert_cmpuint (labels->len, ==, 3);
  g_assert_cmpfloat_with_epsilon (g_array_index (labels, EspLabel, 1).box.x, .95f, 1e-6f);
  g_assert_cmpfloat_with_epsilon (g_array_index (labels, EspLabel, 1).box.w, .1f, 1e-6f);
  g_array_set_size (labels, 0);
  render.augment.least_visible = .51;
  render.difficult = TRUE;
  esp_labels_add (labels, &render, &sample, &tile, shape);
  g_assert_cmpuint (labels->len, ==, 2);
  g_assert_cmpint (g_array_index (labels, EspLabel, 1).class_index, ==, 1);
  esp_labels_limit (labels, 0, rng);
  g_assert_cmpuint (labels->len, ==, 2);
  esp_labels_limit (labels, 1, rng);
  g_assert_cmpuint (labels->len, ==, 1);
}

/* One size for so many batches, the same for any number of threads and from any step; multiples of 32 within the factor. */
static void
test_sizes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspFeeder) feeder = NULL;
  guint met = 0;

  fixture->options.augment.random = 1.4;
  fixture->options.input = (EspShape){ 1, 3, 320, 320 };
  fixture->options.size_every = 3;
  feeder = esp_feeder_new (fixture->dataset, NULL, &fixture->options, NULL);
  for (guint step = 0; step < 45; step++)
    {
      g_autoptr (EspBatch) batch = esp_feeder_next (feeder, NULL, NULL);
      const EspShape shape = esp_augment_size (&fixture->options.augment, fixture->options.input, 3, step / 3);

      g_assert_true (batch->w == shape.w && batch->h == shape.h && batch->w == batch->h && batch->w % 32 == 0);
      g_assert_true (batch->w >= 224 && batch->w <= 448);
      met |= 1u << (batch->w / 32);
      if (step % 15 == 14)
        for (guint i = 0; i < batch->n; i++)
          g_assert_cmpuint (batch->labels[i].n, ==, 1);
    }
  g_assert_cmpint (__builtin_popcount (met), >=, 4);
  fixture->options.input = (EspShape){ 1, 3, 320, 640 };
  g_assert_cmpint (esp_augment_size (&fixture->options.augment, fixture->options.input, 3, 1).w, >, 400);
}

#define HEAD                                                                                                                               \
  "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=1\nactivation=linear\n[yolo]\nmask=0,1\nanchors=8,8, 16,12\nclasses=2\nnum=2\n"
#define NET "[net]\nwidth=32\nheight=32\nchannels=3\n"
#define END "[convolutional]\nfilters=3\nsize=1\nstride=1\nactivation=linear\n[avgpool]\n[softmax]\n"

static void
test_keys (void)
{
  g_autoptr (EspNetwork) detector = read_network (
      NET "angle=0\nsaturation = 1.5\nexposure=2\nhue=.1\nmosaic=1\n" HEAD "jitter=.3\nresize=1.5\nrandom=1\nmax=7\n", NULL);
  g_autoptr (EspNetwork) bare = read_network (NET "letter_box=1\nflip=0\n" HEAD, NULL);
  g_autoptr (EspNetwork) small = read_network (NET END, NULL);
  g_autoptr (EspNetwork) large = read_network (NET "angle=7\naspect=.75\nmin_crop=40\nmax_crop=64\n" END, NULL);
  EspAugment a;

  g_assert_true (esp_augment_read (&a, detector, NULL));
  g_assert_true (a.saturation == 1.5 && a.exposure == 2 && a.hue == .1 && a.mosaic == .5 && a.mixup == 0 && a.flip == .5);
  g_assert_true (a.jitter == .3 && a.resize == 1.5 && a.random == 1.4 && a.most == 7 && a.fit == ESP_FIT_STRETCH
                 && a.fill == ESP_FILL_MEAN);
  g_assert_true (esp_augment_read (&a, bare, NULL));
  g_assert_true (a.saturation == 1 && a.hue == 0 && a.flip == 0 && a.jitter == .2 && a.resize == 1 && a.random == 1 && a.most == 200);
  g_assert_true (a.fit == ESP_FIT_LETTERBOX && a.fill == ESP_FILL_GREY);
  g_assert_true (esp_augment_read (&a, small, NULL));
  g_assert_true (a.pad == 4 && a.crop_low == 0 && a.fill == ESP_FILL_BLACK && a.flip == .5);
  g_assert_true (esp_augment_read (&a, large, NULL));
  g_assert_true (a.angle == 7 && a.aspect == 1 / .75 && a.crop_low == 40 && a.crop_high == 64 && a.pad == 0);
}

static void
test_key_refusals (void)
{
  static const char *const texts[] = {
    NET "blur=1\n" HEAD,         "test.cfg:5: blur=1",     NET "angle=5\n" HEAD,     "test.cfg:5: angle=5", NET "hue=2\n" HEAD,
    "test.cfg:5: hue=2",         NET HEAD "jitter=.6\n",   "test.cfg:16: jitter=.6", NET "mosaic=1\n" END,  "test.cfg:5: mosaic=1",
    NET HEAD "random=.5\n",      "test.cfg:16: random=.5", NET "flip=x\n" HEAD,      "test.cfg:5: flip=x",  NET "saturation=-1\n" END,
    "test.cfg:5: saturation=-1", NET "cutmix=1\n" END,     "test.cfg:5: cutmix=1",   NET "cutmix=1\n" HEAD, "test.cfg:5: cutmix=1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i += 2)
    {
      g_autoptr (EspNetwork) network = read_network (texts[i], NULL);
      g_autoptr (GError) error = NULL;
      EspAugment augment;

      g_assert_nonnull (network);
      if (esp_augment_read (&augment, network, &error))
        g_error ("not refused: “%s”", texts[i + 1]);
      if (strstr (error->message, texts[i + 1]) == NULL)
        g_error ("“%s” lacks “%s”", error->message, texts[i + 1]);
    }
}

static void
test_options (void)
{
  static const char *const bad[] = { "jitter=.5", "pad=1.5", "flip=", "flip", "shear=1", "flip=.5x", "hue=nan", "resize=0", "" };
  g_autoptr (EspNetwork) network = read_network (NET HEAD, NULL);
  g_autofree char *nothing = NULL, *some = NULL;
  EspAugment a, b;

  esp_augment_init (&a, network);
  nothing = esp_augment_describe (&a);
  g_assert_cmpstr (nothing, ==, "nothing");
  b = a;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (esp_augment_set (&a, bad[i], &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
    }
  g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
  g_assert_true (esp_augment_set (&a, "jitter=.25", NULL) && esp_augment_set (&a, " pad = 3", NULL));
  g_assert_true (a.jitter == .25 && a.pad == 3);
  some = esp_augment_describe (&a);
  g_assert_cmpstr (some, ==, "jitter=0.25, pad=3");
}

/* A classifier's window: the whole of a small image moved by whole pixels; of a large one a window that lies within it. */
static void
test_windows (void)
{
  const EspAugment moved = { .pad = 3, .saturation = 1, .exposure = 1, .aspect = 1, .flip = .5 };
  const EspAugment cropped = { .crop_low = 30, .crop_high = 60, .saturation = 1, .exposure = 1, .aspect = 1.5 };
  const EspShape shape = { 1, 1, 28, 28 };
  g_autoptr (GRand) rng = esp_rng_new (7, 0, 0);
  guint met = 0;

  for (guint i = 0; i < 500; i++)
    {
      EspDraw draw;
      EspTile tile;

      esp_draw_init (&draw, &moved, rng);
      tile = esp_place_draw (&moved, &draw, TRUE, shape, 28, 28);
      g_assert_true (tile.w == 28 && tile.h == 28 && fabs (tile.x) <= 3 && fabs (tile.y) <= 3 && tile.x == rint (tile.x));
      met |= 1u << (int) (tile.x + 3);
      esp_draw_init (&draw, &cropped, rng);
      tile = esp_place_draw (&cropped, &draw, TRUE, shape, 100, 80);
      g_assert_true (MIN (tile.w, tile.h) >= 29.99 && MIN (tile.w, tile.h) <= 60.01);
      g_assert_true (tile.x <= .5 && tile.x + tile.w >= 27.5 && tile.y <= .5 && tile.y + tile.h >= 27.5);
    }
  g_assert_cmpuint (met, ==, (1u << 7) - 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/augment/follow/", cases[i].name, NULL);

      g_test_add (path, Fixture, &cases[i], set_up, test_follow, tear_down);
    }
  g_test_add ("/augment/grey/still", Fixture, GINT_TO_POINTER (0), set_up, test_grey, tear_down);
  g_test_add ("/augment/grey/moved", Fixture, GINT_TO_POINTER (1), set_up, test_grey, tear_down);
  g_test_add ("/augment/mixup", Fixture, NULL, set_up, test_mixup, tear_down);
  g_test_add ("/augment/sizes", Fixture, NULL, set_up, test_sizes, tear_down);
  g_test_add_func ("/augment/colours", test_colours);
  g_test_add_func ("/augment/colour-cube", test_colour_cube);
  g_test_add_func ("/augment/paint", test_paint);
  g_test_add_func ("/augment/mean", test_mean);
  g_test_add_func ("/augment/truths", test_truths);
  g_test_add_func ("/augment/windows", test_windows);
  g_test_add_func ("/augment/keys", test_keys);
  g_test_add_func ("/augment/options", test_options);
  g_test_add_func ("/augment/key-refusals", test_key_refusals);
  return g_test_run ();
}
