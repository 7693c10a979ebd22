/* test-target.c: the masks of the three forms of a target, against the definition written out */
#include "config.h"

#include "base/error.h"
#include "explain/target.h"

#include "explain-common.h"

#include <math.h>

#define CHANNELS 14

/* What M must be: the seeds as the engine holds them, read back as the gradients of T by the raw logits. */
static float *
seeds (EspEngine *engine, guint layer)
{
  g_autoptr (GError) error = NULL;

  esp_engine_backward (engine, 0, NULL, &error);
  g_assert_no_error (error);
  return read_gradients (engine, layer, ESP_AT_OUT);
}

static double
logistic (float x)
{
  return 1 / (1 + exp (-(double) x));
}

/* The definition for one anchor of one cell, straight from the raw logits, in double. Adds to @close where a comparison is too near to
 * tell. */
static void
expect_at (const float *raw,
           gsize plane,
           int side,
           int column,
           int row,
           const double anchor[2],
           const gboolean wanted[2],
           double tau,
           gboolean mask[7],
           guint *close)
{
  double obj = logistic (raw[4 * plane]), s[2], sum = 0;
  double decoded[7] = { (column + logistic (raw[0])) / side, (row + logistic (raw[plane])) / side,
                        exp ((double) raw[2 * plane]) * anchor[0] / SIDE, exp ((double) raw[3 * plane]) * anchor[1] / SIDE, obj };

  for (int c = 0; c < 2; c++)
    {
      s[c] = wanted[c] ? obj * logistic (raw[(gsize) (5 + c) * plane]) : 0;
      sum += s[c];
      decoded[5 + c] = s[c];
    }
  *close += fabs (sum - tau) < 1e-6;
  for (int k = 0; k < 7; k++)
    {
      *close += fabs (decoded[k] - tau) < 1e-6;
      mask[k] = (k >= 5 || sum > tau) && decoded[k] >= tau;
    }
}

static const double anchors[2][2][2] = { { { 10, 14 }, { 20, 12 } }, { { 3, 5 }, { 6, 4 } } };
static const guint head_inputs[2] = { HEAD_A_INPUT, HEAD_B_INPUT };

/* Compares one head with the definition; counts ones by kind of channel and adds to T. */
static void
compare_head (EspEngine *engine, int which, const gboolean wanted[2], double tau, guint *ones, double *value, guint kinds[7])
{
  guint layer = head_inputs[which], close = 0;
  g_autofree float *raw = read_values (engine, layer, ESP_AT_OUT);
  g_autofree float *seed = seeds (engine, layer);
  EspShape shape = esp_engine_get_shape (engine, (int) layer);
  gsize plane = (gsize) shape.h * (gsize) shape.w;

  for (int item = 0; item < shape.n; item++)
    for (int anchor = 0; anchor < 2; anchor++)
      for (int cell = 0; cell < (int) plane; cell++)
        {
          gsize at = ((gsize) item * CHANNELS + (gsize) anchor * 7) * plane + (gsize) cell;
          gboolean mask[7];

          expect_at (raw + at, plane, shape.w, cell % shape.w, cell / shape.w, anchors[which][anchor], wanted, tau, mask, &close);
          for (gsize k = 0; k < 7; k++)
            {
              g_assert_cmpfloat (seed[at + k * plane], ==, mask[k] ? 1 : 0);
              if (mask[k])
                {
                  ones[item]++;
                  value[item] += (double) raw[at + k * plane];
                  kinds[k]++;
                }
            }
        }
  g_assert_cmpuint (close, ==, 0);
}

static void
forward (EspEngine *engine, guint batch)
{
  g_autoptr (GError) error = NULL;
  g_autofree float *input = small_input (batch);

  esp_engine_forward (engine, input, NULL, &error);
  g_assert_no_error (error);
}

static void
check_classes (const int *classes, guint n, float tau, gboolean some)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 2, NULL);
  g_autoptr (EspTarget) target = esp_target_new_classes (classes, n, tau);
  gboolean wanted[2] = { FALSE, FALSE };
  guint n_ones[2], expected[2] = { 0 }, kinds[7] = { 0 };
  double value[2], sum[2] = { 0 };

  for (guint i = 0; i < n; i++)
    wanted[classes[i]] = TRUE;
  forward (engine, 2);
  g_assert_true (esp_target_apply (target, engine, n_ones, value, &error));
  g_assert_no_error (error);
  for (int head = 0; head < 2; head++)
    compare_head (engine, head, wanted, (double) tau, expected, sum, kinds);
  for (int item = 0; item < 2; item++)
    {
      g_assert_cmpuint (n_ones[item], ==, expected[item]);
      g_assert_cmpfloat_with_epsilon (value[item], sum[item], 1e-9);
      g_assert_true (some == (n_ones[item] > 0));
    }
  for (int k = 0; some && k < 7; k++)
    g_assert_true ((kinds[k] > 0) == (k < 5 || wanted[k - 5]));
}

static void
test_classes (void)
{
  check_classes ((int[]){ 1 }, 1, 0.2f, TRUE);
  check_classes ((int[]){ 1, 0, 1 }, 3, 0.25f, TRUE);
  check_classes ((int[]){ 0 }, 1, 0.02f, TRUE);
}

static void
test_classes_none (void)
{
  check_classes ((int[]){ 0, 1 }, 2, 2, FALSE);
}

static void
test_detection (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  EspDetection detection = { .class_index = 1, .score = 0.937f, .head = HEAD_B, .anchor = 1, .row = 3, .column = 8 };
  g_autoptr (EspTarget) target = esp_target_new_detection (&detection);
  g_autofree float *raw = NULL;
  g_autofree float *seed = NULL;
  g_autofree float *other = NULL;
  guint n_ones;
  double value, sum = 0;
  gsize objectness = (7 + 4) * 144 + 3 * 12 + 8, class = (7 + 6) * 144 + 3 * 12 + 8;

  forward (engine, 1);
  g_assert_true (esp_target_apply (target, engine, &n_ones, &value, &error));
  g_assert_cmpuint (n_ones, ==, 2);
  raw = read_values (engine, HEAD_B_INPUT, ESP_AT_OUT);
  g_assert_cmpfloat_with_epsilon (value, (double) raw[objectness] + (double) raw[class], 1e-9);
  seed = seeds (engine, HEAD_B_INPUT);
  for (gsize i = 0; i < CHANNELS * 144; i++)
    {
      g_assert_cmpfloat (seed[i], ==, i == objectness || i == class);
      sum += (double) seed[i];
    }
  g_assert_cmpfloat (sum, ==, 2);
  other = read_gradients (engine, HEAD_A_INPUT, ESP_AT_OUT);
  for (gsize i = 0; i < CHANNELS * 36; i++)
    g_assert_cmpfloat (other[i], ==, 0);
}

/* A second target replaces the first: nothing of it is left in the other head. */
static void
test_cells (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  const guint channels[] = { 5, 2, 5 };
  g_autoptr (EspTarget) everywhere = esp_target_new_cells (HEAD_A, channels, 3, -1, -1);
  g_autoptr (EspTarget) row = esp_target_new_cells (HEAD_B, channels, 2, 4, -1);
  g_autoptr (EspTarget) one = esp_target_new_cells (HEAD_B, channels, 1, 4, 11);
  g_autofree float *seed = NULL;
  guint n_ones;

  forward (engine, 1);
  g_assert_true (esp_target_apply (everywhere, engine, &n_ones, NULL, &error));
  g_assert_cmpuint (n_ones, ==, 2 * 36);
  g_assert_true (esp_target_apply (row, engine, &n_ones, NULL, &error));
  g_assert_cmpuint (n_ones, ==, 2 * 12);
  g_assert_true (esp_target_apply (one, engine, &n_ones, NULL, &error));
  g_assert_cmpuint (n_ones, ==, 1);
  seed = seeds (engine, HEAD_B_INPUT);
  for (gsize i = 0; i < CHANNELS * 144; i++)
    g_assert_cmpfloat (seed[i], ==, i == 5 * 144 + 4 * 12 + 11);
  g_clear_pointer (&seed, g_free);
  seed = read_gradients (engine, HEAD_A_INPUT, ESP_AT_OUT);
  for (gsize i = 0; i < CHANNELS * 36; i++)
    g_assert_cmpfloat (seed[i], ==, 0);
}

static void
assert_refused_target (EspEngine *engine, EspTarget *target, const char *message)
{
  g_autoptr (GError) error = NULL;
  guint n_ones;

  g_assert_false (esp_target_apply (target, engine, &n_ones, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
  esp_target_unref (target);
}

static void
test_refused (void)
{
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  EspDetection off = { .class_index = 1, .head = HEAD_A, .row = 6 }, nowhere = { .head = 3 };

  forward (engine, 1);
  assert_refused_target (engine, esp_target_new_classes ((int[]){ 0, 2 }, 2, 0.02f),
                         "class 2: the network's head at layer 4 has classes 0 to 1");
  assert_refused_target (engine, esp_target_new_classes ((int[]){ -1 }, 1, 0.02f), "class -1");
  assert_refused_target (engine, esp_target_new_detection (&off), "row 6");
  assert_refused_target (engine, esp_target_new_detection (&nowhere),
                         "layer 3 is no head: a head is named by its layer, and this network's are at 4, 11");
  assert_refused_target (engine, esp_target_new_cells (HEAD_A, (guint[]){ 14 }, 1, -1, -1), "channel 14");
  assert_refused_target (engine, esp_target_new_cells (HEAD_A, (guint[]){ 0 }, 1, 0, 6), "column 6");
}

static void
assert_described (EspTarget *target, const char *const *names, const char *expected)
{
  g_autofree char *text = esp_target_describe (target, names);

  g_assert_cmpstr (text, ==, expected);
  esp_target_unref (target);
}

static void
test_describe (void)
{
  const char *const names[] = { "cat", "dog", NULL };
  EspDetection dog = { .class_index = 1, .score = 0.937f }, unknown = { .class_index = 9, .score = 1 };

  assert_described (esp_target_new_detection (&dog), names, "dog 94 %");
  assert_described (esp_target_new_detection (&dog), NULL, "class 1 94 %");
  assert_described (esp_target_new_detection (&unknown), names, "class 9 100 %");
  assert_described (esp_target_new_classes ((int[]){ 1 }, 1, 0.02f), names, "class dog, everywhere");
  assert_described (esp_target_new_classes ((int[]){ 1, 0 }, 2, 0.02f), names, "classes cat, dog, everywhere");
  assert_described (esp_target_new_classes ((int[]){ 1 }, 1, 0.02f), NULL, "class 1, everywhere");
  assert_described (esp_target_new_cells (121, (guint[]){ 4 }, 1, 3, 5), names, "head 121, channel 4, row 3, column 5");
  assert_described (esp_target_new_cells (121, (guint[]){ 4, 1 }, 2, -1, -1), names, "head 121, channels 1, 4, everywhere");
}

static void
test_hash (void)
{
  EspDetection one = { .class_index = 1, .head = 4, .row = 2 }, two = { .class_index = 1, .head = 4, .row = 3 };
  EspTarget *targets[] = {
    esp_target_new_classes ((int[]){ 1 }, 1, 0.02f),
    esp_target_new_classes ((int[]){ 0, 1 }, 2, 0.02f),
    esp_target_new_classes ((int[]){ 1 }, 1, 0.03f),
    esp_target_new_detection (&one),
    esp_target_new_detection (&two),
    esp_target_new_cells (4, (guint[]){ 1 }, 1, -1, -1),
    esp_target_new_cells (4, (guint[]){ 1 }, 1, 2, -1),
    esp_target_new_cells (11, (guint[]){ 1 }, 1, -1, -1),
  };
  g_autoptr (EspTarget) same = esp_target_new_classes ((int[]){ 1, 0, 0 }, 3, 0.02f);

  g_assert_true (esp_hash_equal (esp_target_get_hash (same), esp_target_get_hash (targets[1])));
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    for (guint k = 0; k < i; k++)
      g_assert_false (esp_hash_equal (esp_target_get_hash (targets[i]), esp_target_get_hash (targets[k])));
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    esp_target_unref (targets[i]);
}

/* The small network: twice as fine as head A's 6 rows is layer 0 (12 rows), which both heads read; nothing is twice as fine as head B's 12
 * but what is last without that: its own depthwise layer. */
static void
test_default_layer (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small_cfg, &error);
  EspDetection a = { .head = HEAD_A }, b = { .head = HEAD_B };
  g_autoptr (EspTarget) of_a = esp_target_new_detection (&a);
  g_autoptr (EspTarget) of_b = esp_target_new_detection (&b);
  g_autoptr (EspTarget) of_both = esp_target_new_classes ((int[]){ 1 }, 1, 0.02f);

  g_assert_no_error (error);
  g_assert_cmpuint (esp_explain_default_layer (of_a, network), ==, 0);
  g_assert_cmpuint (esp_explain_default_layer (of_b, network), ==, 9);
  g_assert_cmpuint (esp_explain_default_layer (of_both, network), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/target/classes", test_classes);
  g_test_add_func ("/target/classes-none", test_classes_none);
  g_test_add_func ("/target/detection", test_detection);
  g_test_add_func ("/target/cells", test_cells);
  g_test_add_func ("/target/refused", test_refused);
  g_test_add_func ("/target/describe", test_describe);
  g_test_add_func ("/target/hash", test_hash);
  g_test_add_func ("/target/default-layer", test_default_layer);
  return g_test_run ();
}
