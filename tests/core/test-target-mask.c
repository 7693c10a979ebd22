/* test-target-mask.c: a target's M, frozen: seeds and sums of one image of a batch, in engines that explain and in others */
#include "config.h"

#include "base/error.h"
#include "detect/decode.h"
#include "explain/target-mask.h"

#include "explain-common.h"

#include <math.h>

#define N_A (14 * 6 * 6)
#define N_B (14 * 12 * 12)

static const EspPlacement whole = { 0, 0, 1, 1 };

static void
forward (EspEngine *engine, const float *input)
{
  g_autoptr (GError) error = NULL;

  esp_engine_forward (engine, input, NULL, &error);
  g_assert_no_error (error);
}

static EspTargetMask *
resolve (EspTarget *target, EspEngine *engine, guint item)
{
  g_autoptr (GError) error = NULL;
  EspTargetMask *mask = esp_target_resolve (target, engine, item, &error);

  g_assert_no_error (error);
  return mask;
}

static double
value_of (const EspTargetMask *mask, EspEngine *engine, guint item)
{
  g_autoptr (GError) error = NULL;
  double value;

  esp_target_mask_value (mask, engine, item, &value, &error);
  g_assert_no_error (error);
  return value;
}

/* Another engine of the same network and weights. */
static EspEngine *
engine_of (const char *cfg, EspMode mode, guint batch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (cfg, &error);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 7);
  EspEngineOptions options = { .mode = mode, .backend = ESP_BACKEND_ONEDNN, .batch = batch };
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, &error);

  g_assert_no_error (error);
  return engine;
}

/* The two images have masks of their own; apply sets both, each mask alone sets one and leaves the other. */
static void
test_items (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_ONEDNN, 2, NULL);
  g_autoptr (EspTarget) target = esp_target_new_classes ((int[]){ 1 }, 1, 0.2f);
  g_autoptr (EspTargetMask) first = NULL;
  g_autoptr (EspTargetMask) second = NULL;
  g_autofree float *input = small_input (2);
  g_autofree float *gradients = NULL;
  const float *a, *b;
  guint n_ones[2];
  double values[2], value;
  gsize n;

  forward (engine, input);
  first = resolve (target, engine, 0);
  second = resolve (target, engine, 1);
  g_assert_true (esp_target_apply (target, engine, n_ones, values, &error));
  g_assert_cmpuint (n_ones[0], ==, esp_target_mask_get_n_ones (first));
  g_assert_cmpuint (n_ones[1], ==, esp_target_mask_get_n_ones (second));
  g_assert_cmpfloat (values[1], ==, value_of (second, engine, 1));
  a = esp_target_mask_get (first, HEAD_A, &n);
  g_assert_cmpuint (n, ==, N_A);
  b = esp_target_mask_get (second, HEAD_A, NULL);
  g_assert_true (memcmp (a, b, n * sizeof *a) != 0);
  g_assert_null (esp_target_mask_get (first, HEAD_A_INPUT, NULL));

  /* The first image's M for the second image too, the first's own seeds left as they are. */
  g_assert_true (esp_target_mask_apply (first, engine, 1, &value, &error));
  g_assert_cmpfloat (value, ==, value_of (first, engine, 1));
  g_assert_cmpfloat (value, !=, values[1]);
  esp_engine_backward (engine, 0, NULL, &error);
  g_assert_no_error (error);
  gradients = read_gradients (engine, HEAD_A_INPUT, ESP_AT_OUT);
  g_assert_cmpmem (gradients, N_A * sizeof *a, a, N_A * sizeof *a);
  g_assert_cmpmem (gradients + N_A, N_A * sizeof *a, a, N_A * sizeof *a);

  /* After clearing, an image without a mask has zeros. */
  esp_engine_clear_seeds (engine);
  g_assert_true (esp_target_mask_apply (second, engine, 1, NULL, &error));
  esp_engine_backward (engine, 0, NULL, &error);
  g_free (g_steal_pointer (&gradients));
  gradients = read_gradients (engine, HEAD_A_INPUT, ESP_AT_OUT);
  for (gsize i = 0; i < N_A; i++)
    g_assert_cmpfloat (gradients[i], ==, 0);
  g_assert_cmpmem (gradients + N_A, N_A * sizeof *a, b, N_A * sizeof *a);
}

/* An engine for inference resolves the same M and gives the same T; it takes no seeds. */
static void
test_infer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) explains = engine_of (small_cfg, ESP_MODE_EXPLAIN, 1);
  g_autoptr (EspEngine) infers = engine_of (small_cfg, ESP_MODE_INFER, 3);
  g_autoptr (EspTarget) target = esp_target_new_classes ((int[]){ 0, 1 }, 2, 0.2f);
  g_autoptr (EspTargetMask) mask = NULL;
  g_autoptr (EspTargetMask) same = NULL;
  g_autofree float *input = small_input (3);

  forward (explains, input + 2 * 3 * SIDE * SIDE);
  forward (infers, input);
  mask = resolve (target, explains, 0);
  same = resolve (target, infers, 2);
  g_assert_cmpuint (esp_target_mask_get_n_ones (mask), >, 0);
  g_assert_cmpmem (esp_target_mask_get (mask, HEAD_B, NULL), N_B * sizeof (float), esp_target_mask_get (same, HEAD_B, NULL),
                   N_B * sizeof (float));
  g_assert_cmpfloat_with_epsilon (value_of (mask, infers, 2), value_of (mask, explains, 0), 1e-4);
  g_assert_cmpfloat (value_of (mask, infers, 1), !=, value_of (mask, infers, 2));
  g_assert_false (esp_target_mask_apply (mask, infers, 2, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
}

static const char activated_cfg[] = "[net]\nwidth=24\nheight=24\nchannels=3\n"
                                    "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                                    "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\nactivation=logistic\n"
                                    "[yolo]\nmask=0,1\nanchors=3,5, 6,4\nclasses=2\nnum=2\nnew_coords=1\nscale_x_y=2.0\n";

/* Where a head reads activated numbers, an engine for inference recovers the logits from them. */
static void
test_activated (void)
{
  g_autoptr (EspEngine) explains = engine_of (activated_cfg, ESP_MODE_EXPLAIN, 1);
  g_autoptr (EspEngine) infers = engine_of (activated_cfg, ESP_MODE_INFER, 1);
  g_autoptr (EspTarget) target = esp_target_new_cells (2, (guint[]){ 1, 4, 6 }, 3, -1, -1);
  g_autoptr (EspTargetMask) mask = NULL;
  g_autofree float *input = small_input (1);
  g_autofree float *raw = NULL;
  double sum = 0;

  forward (explains, input);
  forward (infers, input);
  mask = resolve (target, explains, 0);
  raw = read_values (explains, 1, ESP_AT_PRE);
  for (gsize i = 0; i < 144; i++)
    sum += (double) raw[144 + i] + (double) raw[4 * 144 + i] + (double) raw[6 * 144 + i];
  g_assert_cmpfloat_with_epsilon (value_of (mask, explains, 0), sum, 1e-6 * fabs (sum));
  g_assert_cmpfloat_with_epsilon (value_of (mask, infers, 0), sum, 1e-4 * (1 + fabs (sum)));
}

static void
test_other_network (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = engine_of (small_cfg, ESP_MODE_INFER, 1);
  g_autoptr (EspEngine) other = engine_of (activated_cfg, ESP_MODE_INFER, 1);
  g_autoptr (EspTarget) target = esp_target_new_cells (HEAD_A, (guint[]){ 1 }, 1, -1, -1);
  g_autoptr (EspTargetMask) mask = NULL;
  g_autofree float *input = small_input (1);
  double value;

  forward (engine, input);
  forward (other, input);
  mask = resolve (target, engine, 0);
  g_assert_false (esp_target_mask_value (mask, other, 0, &value, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
}

static const EspDetection spot
    = { .box = { .4f, .5f, .2f, .3f }, .class_index = 1, .score = .5f, .head = HEAD_B, .anchor = 1, .row = 3, .column = 8 };

#define AT_SPOT(k) ((7 + (gsize) (k)) * 144 + 3 * 12 + 8)

/* T of a part is that raw logit. */
static void
test_parts (void)
{
  static const int channels[] = { 0, 1, 2, 3, 4, 6 };
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  g_autofree float *input = small_input (1);
  g_autofree float *raw = NULL;

  forward (engine, input);
  raw = read_values (engine, HEAD_B_INPUT, ESP_AT_OUT);
  for (EspPart part = ESP_PART_X; part < ESP_N_PARTS; part++)
    {
      g_autoptr (EspTarget) target = esp_target_new_part (&spot, part);
      g_autoptr (EspTargetMask) mask = resolve (target, engine, 0);
      EspBox box;

      g_assert_cmpuint (esp_target_mask_get_n_ones (mask), ==, 1);
      g_assert_cmpfloat (value_of (mask, engine, 0), ==, (double) raw[AT_SPOT (channels[part])]);
      g_assert_true (esp_target_get_box (target, &box) && box.h == .3f);
      g_assert_cmpint (esp_target_get_class (target), ==, 1);
      g_assert_cmpint (esp_target_get_head (target), ==, HEAD_B);
      g_assert_null (esp_target_get_detection (target));
    }
}

/* The gradient of t_y by the input, against differences of the value that an engine for inference gives. */
static void
test_part_differences (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small_cfg, &error);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 7);
  EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_REFERENCE_DOUBLE, .batch = 1, .pixels = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, &error);
  g_autoptr (EspTarget) target = esp_target_new_part (&spot, ESP_PART_Y);
  g_autoptr (EspTargetMask) mask = NULL;
  g_autofree float *input = small_input (1);
  g_autofree float *gradient = g_new (float, 3 * SIDE * SIDE);
  guint seen = 0;

  forward (engine, input);
  mask = resolve (target, engine, 0);
  g_assert_true (esp_target_mask_apply (mask, engine, 0, NULL, &error));
  g_assert_true (esp_engine_backward (engine, 0, NULL, &error));
  g_assert_true (esp_engine_read_gradient (engine, -1, ESP_AT_OUT, gradient, &error));
  for (gsize i = 0; i < 3 * SIDE * SIDE; i += 61)
    {
      const float was = input[i], step = 0x1p-13f;
      double up, down;

      input[i] = was + step;
      forward (engine, input);
      up = value_of (mask, engine, 0);
      input[i] = was - step;
      forward (engine, input);
      down = value_of (mask, engine, 0);
      input[i] = was;
      g_assert_cmpfloat_with_epsilon ((up - down) / (2 * (double) step), (double) gradient[i], 1e-3 * (.1 + fabs ((double) gradient[i])));
      seen += gradient[i] != 0;
    }
  g_assert_cmpuint (seen, >, 3);
}

/* Anchors of the small network: head A 10 × 14 and 20 × 12, head B 3 × 5 and 6 × 4 of 24 pixels. */
static void
assert_missed (EspPlacement placement, EspBox box, guint head, gsize objectness, gsize class, gsize n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  g_autoptr (EspTarget) target = esp_target_new_missed (esp_engine_get_network (engine), placement, box, 1, &error);
  g_autoptr (EspTargetMask) mask = NULL;
  g_autofree float *input = small_input (1);
  const float *weights;

  g_assert_no_error (error);
  forward (engine, input);
  mask = resolve (target, engine, 0);
  g_assert_cmpuint (esp_target_mask_get_n_ones (mask), ==, 2);
  weights = esp_target_mask_get (mask, head, NULL);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat (weights[i], ==, i == objectness || i == class);
  g_assert_cmpint (esp_target_get_head (target), ==, (int) head);
  g_assert_cmpint (esp_target_get_class (target), ==, 1);
  g_assert_true (esp_target_get_box (target, NULL));
}

static void
test_missed (void)
{
  const gsize a = 3 * 6 + 4, b = 11 * 12 + 0;

  assert_missed (whole, (EspBox){ .7f, .55f, .8f, .5f }, HEAD_A, (7 + 4) * 36 + a, (7 + 6) * 36 + a, N_A);
  assert_missed (whole, (EspBox){ .02f, 1, .1f, .2f }, HEAD_B, 4 * 144 + b, 6 * 144 + b, N_B);
  /* In a letterbox half as high the same pixels lie elsewhere: 24 × 12 of the input, from row 6. */
  assert_missed ((EspPlacement){ 0, .25f, 1, .5f }, (EspBox){ .7f, .6f, .8f, 1 }, HEAD_A, (7 + 4) * 36 + a, (7 + 6) * 36 + a, N_A);
}

static void
assert_not_missed (EspBox box, int class_index, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small_cfg, &error);

  g_assert_null (esp_target_new_missed (network, whole, box, class_index, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_missed_refused (void)
{
  assert_not_missed ((EspBox){ .5f, .5f, .5f, .5f }, 2, "class 2");
  assert_not_missed ((EspBox){ 1.5f, .5f, .5f, .5f }, 1, "outside");
  assert_not_missed ((EspBox){ .5f, .5f, 0, .5f }, 1, "no area");
  assert_not_missed ((EspBox){ .5f, (float) NAN, .5f, .5f }, 1, "outside");
}

static void
test_sum (void)
{
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  g_autoptr (EspTarget) box = esp_target_new_detection (&spot);
  g_autoptr (EspTarget) y = esp_target_new_part (&spot, ESP_PART_OBJECTNESS);
  g_autoptr (EspTarget) class = esp_target_new_classes ((int[]){ 0 }, 1, .2f);
  g_autoptr (EspTarget) sum = esp_target_new_sum ((EspTarget *[]){ box, y, class }, (double[]){ 2, -.5, 1 }, 3);
  g_autoptr (EspTarget) same_box = esp_target_new_sum ((EspTarget *[]){ box, y }, (double[]){ 1, -1 }, 2);
  g_autoptr (EspTargetMask) whole_mask = NULL;
  g_autoptr (EspTargetMask) of_box = NULL;
  g_autoptr (EspTargetMask) of_y = NULL;
  g_autoptr (EspTargetMask) of_class = NULL;
  g_autoptr (EspTargetMask) rest = NULL;
  g_autofree float *input = small_input (1);
  g_autofree char *text = esp_target_describe (sum, NULL);
  g_autofree char *masked_text = NULL;
  g_autoptr (EspTarget) channels = esp_target_new_masks (y, ESP_MASKS_CHANNEL_ONLY);

  forward (engine, input);
  whole_mask = resolve (sum, engine, 0);
  of_box = resolve (box, engine, 0);
  of_y = resolve (y, engine, 0);
  of_class = resolve (class, engine, 0);
  g_assert_cmpfloat_with_epsilon (value_of (whole_mask, engine, 0),
                                  2 * value_of (of_box, engine, 0) - .5 * value_of (of_y, engine, 0) + value_of (of_class, engine, 0),
                                  1e-5);
  g_assert_cmpstr (text, ==, "2 × (class 1 50 %) − 0.5 × (objectness of class 1 50 %) + (class 0, everywhere)");
  g_assert_false (esp_target_get_box (sum, NULL));
  g_assert_cmpint (esp_target_get_class (sum), ==, -1);
  g_assert_cmpint (esp_target_get_head (sum), ==, -1);

  /* One number cancels out: the class logit alone is left. */
  rest = resolve (same_box, engine, 0);
  g_assert_cmpuint (esp_target_mask_get_n_ones (rest), ==, 1);
  g_assert_cmpfloat (esp_target_mask_get (rest, HEAD_B, NULL)[AT_SPOT (6)], ==, 1);
  g_assert_true (esp_target_get_box (same_box, NULL));
  g_assert_cmpint (esp_target_get_class (same_box), ==, 1);
  g_assert_cmpint (esp_target_get_head (same_box), ==, HEAD_B);
  masked_text = esp_target_describe (channels, NULL);
  g_assert_cmpstr (masked_text, ==, "objectness of class 1 50 %, channel mask only");
}

/* Of each mask use, by definition: M of both is the product of the two left alone, wherever decoded numbers are all above tau. */
static void
test_mask_use_classes (void)
{
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  g_autoptr (EspTarget) both = esp_target_new_classes ((int[]){ 1 }, 1, .2f);
  g_autoptr (EspTarget) spatial = esp_target_new_masks (both, ESP_MASKS_SPATIAL_ONLY);
  g_autoptr (EspTarget) channel = esp_target_new_masks (both, ESP_MASKS_CHANNEL_ONLY);
  g_autoptr (EspTargetMask) m = NULL;
  g_autoptr (EspTargetMask) s = NULL;
  g_autoptr (EspTargetMask) c = NULL;
  g_autofree float *input = small_input (1);
  g_autofree float *active = NULL;
  guint passing = 0;

  forward (engine, input);
  m = resolve (both, engine, 0);
  s = resolve (spatial, engine, 0);
  c = resolve (channel, engine, 0);
  active = read_values (engine, HEAD_B, ESP_AT_OUT);
  for (gsize anchor = 0; anchor < 2; anchor++)
    for (gsize cell = 0; cell < 144; cell++)
      {
        const gsize at = anchor * 7 * 144 + cell;
        const gboolean passes = active[at + 4 * 144] * active[at + 6 * 144] > .2f;

        passing += passes;
        for (gsize k = 0; k < 7; k++)
          {
            g_assert_cmpfloat (esp_target_mask_get (s, HEAD_B, NULL)[at + k * 144], ==, passes);
            g_assert_cmpfloat (esp_target_mask_get (c, HEAD_B, NULL)[at + k * 144], ==, k != 5);
            g_assert_cmpfloat (esp_target_mask_get (m, HEAD_B, NULL)[at + k * 144], <=, passes && k != 5);
          }
      }
  g_assert_cmpuint (passing, >, 0);
  g_assert_cmpuint (passing, <, 288);
  g_assert_false (esp_hash_equal (esp_target_get_hash (both), esp_target_get_hash (spatial)));
  g_assert_false (esp_hash_equal (esp_target_get_hash (channel), esp_target_get_hash (spatial)));
}

static guint
count (EspTarget *target, EspMaskUse use, EspEngine *engine)
{
  g_autoptr (EspTarget) masked = esp_target_new_masks (target, use);
  g_autoptr (EspTargetMask) mask = resolve (masked, engine, 0);

  return esp_target_mask_get_n_ones (mask);
}

static void
test_mask_use_places (void)
{
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  g_autoptr (EspTarget) box = esp_target_new_detection (&spot);
  g_autoptr (EspTarget) part = esp_target_new_part (&spot, ESP_PART_W);
  g_autoptr (EspTarget) cells = esp_target_new_cells (HEAD_A, (guint[]){ 3, 9 }, 2, 2, -1);
  g_autoptr (EspTarget) sum = esp_target_new_sum ((EspTarget *[]){ box, cells }, (double[]){ 1, 1 }, 2);
  g_autofree float *input = small_input (1);

  forward (engine, input);
  g_assert_cmpuint (count (box, ESP_MASKS_SPATIAL_ONLY, engine), ==, 7);
  g_assert_cmpuint (count (box, ESP_MASKS_CHANNEL_ONLY, engine), ==, 2 * 144);
  g_assert_cmpuint (count (part, ESP_MASKS_SPATIAL_ONLY, engine), ==, 7);
  g_assert_cmpuint (count (part, ESP_MASKS_CHANNEL_ONLY, engine), ==, 144);
  g_assert_cmpuint (count (cells, ESP_MASKS_BOTH, engine), ==, 2 * 6);
  g_assert_cmpuint (count (cells, ESP_MASKS_SPATIAL_ONLY, engine), ==, 14 * 6);
  g_assert_cmpuint (count (cells, ESP_MASKS_CHANNEL_ONLY, engine), ==, 2 * 36);
  g_assert_cmpuint (count (sum, ESP_MASKS_CHANNEL_ONLY, engine), ==, 2 * 144 + 2 * 36);
}

/* The spatial mask as boxes on the image: of one cell where it lies, letterbox taken off; of classes as many as are counted. */
static void
test_cells (void)
{
  const EspPlacement boxed = { 0, .25, 1, .5 };
  g_autoptr (EspEngine) engine = engine_of (small_cfg, ESP_MODE_INFER, 1);
  g_autoptr (EspTarget) cell = esp_target_new_cells (HEAD_B, (guint[]){ 12 }, 1, 7, 4);
  g_autoptr (EspTarget) classes = esp_target_new_classes ((int[]){ 0, 1 }, 2, .2f);
  g_autofree float *input = small_input (1);
  g_autoptr (EspTargetMask) one = NULL, many = NULL;
  g_autoptr (GArray) boxes = NULL, all = NULL;
  const EspBox *box;
  guint cells, channels;

  forward (engine, input);
  one = resolve (cell, engine, 0);
  boxes = esp_target_mask_get_cells (one, boxed);
  g_assert_cmpuint (boxes->len, ==, 1);
  box = &g_array_index (boxes, EspBox, 0);
  g_assert_cmpfloat_with_epsilon (box->x, 4.5 / 12, 1e-6);
  g_assert_cmpfloat_with_epsilon (box->y, (7.5 / 12 - .25) / .5, 1e-6);
  g_assert_cmpfloat_with_epsilon (box->w, 1. / 12, 1e-6);
  g_assert_cmpfloat_with_epsilon (box->h, 1. / 12 / .5, 1e-6);
  many = resolve (classes, engine, 0);
  esp_target_mask_extent (many, &cells, &channels);
  all = esp_target_mask_get_cells (many, whole);
  g_assert_cmpuint (all->len, ==, cells);
  g_assert_cmpuint (cells, >, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/target-mask/items", test_items);
  g_test_add_func ("/target-mask/cells", test_cells);
  g_test_add_func ("/target-mask/infer", test_infer);
  g_test_add_func ("/target-mask/activated", test_activated);
  g_test_add_func ("/target-mask/other-network", test_other_network);
  g_test_add_func ("/target-mask/parts", test_parts);
  g_test_add_func ("/target-mask/part-differences", test_part_differences);
  g_test_add_func ("/target-mask/missed", test_missed);
  g_test_add_func ("/target-mask/missed-refused", test_missed_refused);
  g_test_add_func ("/target-mask/sum", test_sum);
  g_test_add_func ("/target-mask/use-classes", test_mask_use_classes);
  g_test_add_func ("/target-mask/use-places", test_mask_use_places);
  return g_test_run ();
}
