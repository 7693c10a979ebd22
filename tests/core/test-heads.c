/* test-heads.c: the ends of networks: maps of [yolo] and [region], [softmax] and [cost], forward, backward and explained */
#include "config.h"

#include "net/engine.h"

#include "base/rng.h"
#include "detect/decode.h"
#include "explain/target.h"
#include "net-common.h"
#include "tree-common.h"

#include <math.h>

/* Smooth throughout, so that differences are exact. Anchors and classes of all heads are two. */
#define NET   "[net]\nwidth=10\nheight=8\nchannels=3\n"
#define BODY  "[convolutional]\nbatch_normalize=1\nfilters=7\nsize=3\nstride=2\npad=1\nactivation=logistic\n"
#define LAST  "[convolutional]\nfilters=14\nsize=1\nactivation="
#define PAIRS "anchors=1,2, 4,3\nclasses=2\nnum=2\n"

static const char heads[] = NET BODY LAST "linear\n[yolo]\nscale_x_y=1.2\n" PAIRS /* 2 */
                                          "[route]\nlayers=0\n" LAST
                                          "logistic\n[yolo]\nnew_coords=1\nscale_x_y=2.0\nnms_kind=diounms\nbeta_nms=.7\n" PAIRS /* 5 */
                                          "[route]\nlayers=0\n" LAST "linear\n[region]\nsoftmax=1\nbias_match=1\n" PAIRS         /* 8 */
                                          "[route]\nlayers=0\n" LAST "linear\n[region]\n" PAIRS;                                 /* 11 */

static const char classifier[]
    = NET BODY "[convolutional]\nfilters=18\nsize=4\nstride=4\nactivation=linear\n[softmax]\ngroups=2\ntemperature=3\n[cost]\ntype=sse\n";

/* Of seven classes in four groups, the head without softmax=: the tree is enough. */
static const char trees[]
    = NET BODY "[convolutional]\nfilters=24\nsize=1\nactivation=linear\n[region]\nanchors=1,2, 4,3\nnum=2\nclasses=7\n"
               "tree=t.tree\nmap=none.map\n"
               "[route]\nlayers=0\n[convolutional]\nfilters=7\nsize=4\nstride=4\nactivation=linear\n"
               "[softmax]\ntree=t.tree\ntemperature=3\n[cost]\ntype=masked\n";

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  float *input; /* 2 images */
  gsize n;      /* numbers of both */
} Fixture;

static void
fixture_init (Fixture *f, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rng = esp_rng_new (3, 1, 2);

  f->network = strstr (text, "tree=") != NULL ? network_beside_tree (text, &error) : network_of (text, &error);
  g_assert_no_error (error);
  f->weights = esp_weights_new_random (f->network, 5);
  f->n = 2 * esp_shape_count (esp_network_get_input (f->network));
  f->input = g_new (float, f->n);
  for (gsize i = 0; i < f->n; i++)
    f->input[i] = (float) g_rand_int_range (rng, 0, 4096) / 4096;
}

static void
fixture_clear (Fixture *f)
{
  esp_network_unref (f->network);
  esp_weights_unref (f->weights);
  g_free (f->input);
}

static EspEngine *
engine_of (const Fixture *f, EspBackendKind backend)
{
  const EspEngineOptions options = { .backend = backend, .mode = ESP_MODE_EXPLAIN, .batch = 2, .pixels = TRUE };
  g_autoptr (GError) error = NULL;
  EspEngine *engine = esp_engine_new (f->network, f->weights, &options, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (esp_engine_forward (engine, f->input, NULL, &error));
  return engine;
}

static double *
values_of (EspEngine *engine, guint layer, gsize *n)
{
  double *values;

  *n = esp_shape_count (esp_engine_get_shape (engine, (int) layer));
  values = g_new (double, *n);
  g_assert_true (esp_engine_read_double (engine, layer, ESP_AT_OUT, values, NULL));
  return values;
}

static void
assert_near (const char *what, int layer, const double *a, const double *b, gsize n, double bound)
{
  double most = 0, scale = 0;

  for (gsize i = 0; i < n; i++)
    {
      most = fmax (most, fabs (a[i] - b[i]));
      scale = fmax (scale, fabs (b[i]));
    }
  g_test_message ("%s of layer %d: %.2e of %.3g", what, layer, most, scale);
  g_assert_cmpfloat (scale, >, 0);
  g_assert_cmpfloat (most, <=, bound * scale);
}

static float *
seed_of (gsize n, guint layer)
{
  g_autoptr (GRand) rng = esp_rng_new (11, layer, n);
  float *seed = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    seed[i] = (float) (g_rand_double (rng) - .5);
  return seed;
}

static gboolean
is_end (const EspNetwork *network, guint layer)
{
  guint n;

  esp_network_get_consumers (network, layer, &n);
  return n == 0;
}

/* T = sum of seed * output, over all ends. */
static double
target_value (EspEngine *engine)
{
  EspNetwork *network = esp_engine_get_network (engine);
  double total = 0;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (is_end (network, l))
      {
        gsize n;
        g_autofree double *values = values_of (engine, l, &n);
        g_autofree float *seed = seed_of (n, l);

        for (gsize i = 0; i < n; i++)
          total += (double) seed[i] * values[i];
      }
  return total;
}

static void
go_back (EspEngine *engine)
{
  EspNetwork *network = esp_engine_get_network (engine);
  g_autoptr (GError) error = NULL;

  esp_engine_clear_seeds (engine);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (is_end (network, l))
      {
        g_autofree float *seed = seed_of (esp_shape_count (esp_engine_get_shape (engine, (int) l)), l);

        esp_engine_set_seed (engine, l, seed, &error);
        g_assert_no_error (error);
      }
  esp_engine_backward (engine, 0, NULL, &error);
  g_assert_no_error (error);
}

static double *
gradients_of (EspEngine *engine, int layer, gsize *n)
{
  double *values;

  *n = esp_shape_count (esp_engine_get_shape (engine, layer));
  values = g_new (double, *n);
  g_assert_true (esp_engine_read_gradient_double (engine, layer, ESP_AT_OUT, values, NULL));
  return values;
}

/* The fast set and the float reference against the double one: every layer's output and gradient. */
static void
test_backends (gconstpointer text)
{
  const EspBackendKind backends[] = { ESP_BACKEND_ONEDNN, ESP_BACKEND_REFERENCE };
  Fixture f;
  g_autoptr (EspEngine) exact = NULL;

  fixture_init (&f, text);
  exact = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  go_back (exact);
  for (guint b = 0; b < G_N_ELEMENTS (backends); b++)
    {
      g_autoptr (EspEngine) engine = engine_of (&f, backends[b]);

      go_back (engine);
      for (int l = -1; l < (int) esp_network_get_n_layers (f.network); l++)
        {
          gsize n;
          g_autofree double *a = gradients_of (engine, l, &n), *wanted = gradients_of (exact, l, &n);
          g_autofree double *out = l >= 0 ? values_of (engine, (guint) l, &n) : NULL;
          g_autofree double *wanted_out = l >= 0 ? values_of (exact, (guint) l, &n) : NULL;

          assert_near ("gradient", l, a, wanted, n, 1e-5);
          if (l >= 0)
            assert_near ("output", l, out, wanted_out, n, 1e-5);
        }
    }
  fixture_clear (&f);
}

static double
moved (EspEngine *engine, const Fixture *f, gsize i, float step)
{
  g_autofree float *input = g_memdup2 (f->input, f->n * sizeof *f->input);

  input[i] += step;
  g_assert_true (esp_engine_forward (engine, input, NULL, NULL));
  return target_value (engine);
}

/* The double reference by differences of fourth order, pixel by pixel, from seeds at the ends. */
static void
test_differences (gconstpointer text)
{
  const float step = 0x1p-8f;
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;
  g_autofree double *gradient = NULL, *differences = NULL;
  gsize n;

  fixture_init (&f, text);
  engine = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  go_back (engine);
  gradient = gradients_of (engine, -1, &n);
  differences = g_new (double, n);
  for (gsize i = 0; i < n; i++)
    {
      const double near = (moved (engine, &f, i, step) - moved (engine, &f, i, -step)) / (2 * (double) step);
      const double far = (moved (engine, &f, i, 2 * step) - moved (engine, &f, i, -2 * step)) / (4 * (double) step);

      differences[i] = (4 * near - far) / 3;
    }
  assert_near ("pixels", -1, gradient, differences, n, 1e-7);
  fixture_clear (&f);
}

static double
bend (double x)
{
  return 1 / (1 + exp (-x));
}

/* The maps entry by entry from what the convolutions before gave. */
static void
test_maps (void)
{
  const guint layers[] = { 2, 5, 8, 11 };
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;

  fixture_init (&f, heads);
  engine = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  for (guint h = 0; h < G_N_ELEMENTS (layers); h++)
    {
      gsize n;
      g_autofree double *out = values_of (engine, layers[h], &n), *in = values_of (engine, layers[h] - 1, &n);
      const gsize plane = n / 28;

      for (gsize i = 0; i < n; i++)
        {
          const gsize entry = i / plane % 7, first = i - (entry - 5) * plane;
          double wanted = bend (in[i]);

          if (entry == 2 || entry == 3)
            wanted = in[i];
          else if (h == 1)
            wanted = entry < 2 ? 2 * in[i] - .5 : in[i];
          else if (h == 0 && entry < 2)
            wanted = 1.2 * wanted - .1;
          else if (h == 2 && entry > 4)
            wanted = exp (in[i]) / (exp (in[first]) + exp (in[first + plane]));
          g_assert_cmpfloat_with_epsilon (out[i], wanted, 1e-12);
        }
    }
  fixture_clear (&f);
}

/* Softmaxes of siblings, @plane numbers apart, from what came in over @temperature. */
static void
assert_groups (const double *out, const double *in, gsize plane, double temperature)
{
  double sums[TREE_CLASSES] = { 0 };

  for (gsize k = 0; k < TREE_CLASSES; k++)
    sums[tree_groups[k]] += exp (in[k * plane] / temperature);
  for (gsize k = 0; k < TREE_CLASSES; k++)
    g_assert_cmpfloat_with_epsilon (out[k * plane], exp (in[k * plane] / temperature) / sums[tree_groups[k]], 1e-12);
}

static void
test_groups (void)
{
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;
  gsize n;

  fixture_init (&f, trees);
  engine = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  {
    g_autofree double *out = values_of (engine, 2, &n), *in = values_of (engine, 1, &n);

    for (gsize i = 0; i < 4 * 20; i++) /* anchors of both images, and cells */
      {
        const gsize at = i / 20 * 12 * 20 + i % 20;

        assert_groups (out + at + 100, in + at + 100, 20, 1);
        for (gsize k = 0; k < 5; k++)
          g_assert_cmpfloat_with_epsilon (out[at + k * 20], k == 2 || k == 3 ? in[at + k * 20] : bend (in[at + k * 20]), 1e-12);
      }
  }
  {
    g_autofree double *out = values_of (engine, 5, &n), *in = values_of (engine, 4, &n);

    g_assert_cmpuint (n, ==, 2 * TREE_CLASSES);
    for (gsize image = 0; image < 2; image++)
      assert_groups (out + image * TREE_CLASSES, in + image * TREE_CLASSES, 1, 3);
  }
  fixture_clear (&f);
}

/* A box is of one class, at the objectness. */
static void
test_decode_tree (void)
{
  const float entries[] = { .25f, .75f, .5f, .75f, .6f, .9f, .1f, .05f, .05f, .9f, 1, 1 };
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));
  float map[24 * 20] = { 0 };
  guint candidate = 0;
  EspDetection *one;
  Fixture f;

  fixture_init (&f, trees);
  for (int k = 0; k < 12; k++)
    {
      map[(12 + k) * 20 + 7] = entries[k];
      map[k * 20 + 9] = k == 4 ? .2f : entries[k]; /* its objectness is not above */
    }
  esp_decode_map (esp_network_get_layer (f.network, 2), map, esp_network_get_input (f.network), (EspPlacement){ 0, 0, 1, 1 }, .2f,
                  &candidate, rows);
  g_assert_cmpuint (rows->len, ==, 1);
  one = &g_array_index (rows, EspDetection, 0);
  g_assert_cmpint (one->anchor, ==, 1);
  g_assert_cmpint (one->class_index, ==, 6);
  g_assert_cmpfloat (one->score, ==, .6f);
  g_assert_cmpfloat (one->objectness, ==, .6f);
  g_assert_cmpfloat (one->box.x, ==, 2.25f / 5);
  fixture_clear (&f);
}

/* Method 1 counts classes by their own probability, the product down to them. */
static void
test_target_tree (void)
{
  const int class_index = 6;
  const double tau = .02;
  g_autoptr (EspTarget) target = esp_target_new_classes (&class_index, 1, (float) tau);
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree double *map = NULL;
  guint ones[2], found[2] = { 0 }, pass = 0;
  double value[2];
  gsize n;

  fixture_init (&f, trees);
  engine = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  esp_target_apply (target, engine, ones, value, &error);
  g_assert_no_error (error);
  map = values_of (engine, 2, &n);
  for (gsize i = 0; i < 4 * 20; i++)
    {
      const gsize at = i / 20 * 12 * 20 + i % 20, cell = i % 20;
      const double *anchor = i / 20 % 2 == 0 ? (const double[]){ 1, 2 } : (const double[]){ 4, 3 };
      const double score = map[at + 80] * map[at + 100] * map[at + 180] * map[at + 220]; /* objectness, classes 0, 4 and 6 */
      const double tested[] = { ((double) (cell % 5) + map[at]) / 5,
                                ((double) (cell / 5) + map[at + 20]) / 4,
                                exp (map[at + 40]) * anchor[0] / 5,
                                exp (map[at + 60]) * anchor[1] / 4,
                                map[at + 80],
                                score };

      pass += score > tau;
      for (gsize k = 0; score > tau && k < 6; k++)
        found[i / 40] += tested[k] >= tau;
    }
  g_test_message ("%u cells pass, %u and %u numbers", pass, found[0], found[1]);
  g_assert_true (pass > 0 && pass < 4 * 20);
  g_assert_cmpuint (ones[0], ==, found[0]);
  g_assert_cmpuint (ones[1], ==, found[1]);
  fixture_clear (&f);
}

/* Sides worked out by hand: (2 v)² anchors in pixels, and e^v anchors in cells; [region] lists anchor by anchor. */
static void
test_decode (void)
{
  Fixture f;
  float map[14 * 20] = { 0 };
  const EspLayer *layers[2];
  EspDetection *one;

  fixture_init (&f, heads);
  layers[0] = esp_network_get_layer (f.network, 5);
  layers[1] = esp_network_get_layer (f.network, 8);
  for (int anchor = 0; anchor < 2; anchor++)
    for (int k = 0; k < 7; k++)
      map[(anchor * 7 + k) * 20 + 13 - 6 * anchor] = (const float[]){ .25f, .75f, .5f, .75f, .5f, .75f, .25f }[k];
  for (guint h = 0; h < 2; h++)
    {
      g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (EspDetection));
      guint candidate = 0;

      esp_decode_map (layers[h], map, esp_network_get_input (f.network), (EspPlacement){ 0, 0, 1, 1 }, .2f, &candidate, rows);
      g_assert_cmpuint (rows->len, ==, 2);                       /* the second class is at 0.125 */
      one = &g_array_index (rows, EspDetection, h == 0 ? 1 : 0); /* of [yolo] the earlier cell comes first, that of anchor 1 */
      g_assert_cmpint (one->anchor, ==, 0);
      g_assert_cmpint (one->row, ==, 2);
      g_assert_cmpint (one->column, ==, 3);
      g_assert_cmpint (one->class_index, ==, 0);
      g_assert_cmpfloat (one->score, ==, .375f);
      g_assert_cmpfloat (one->box.x, ==, 3.25f / 5);
      g_assert_cmpfloat (one->box.y, ==, 2.75f / 4);
      g_assert_cmpfloat_with_epsilon (one->box.w, h == 0 ? 1.f / 10 : (float) exp (.5) / 5, 1e-7f);
      g_assert_cmpfloat_with_epsilon (one->box.h, h == 0 ? 2.25f * 2 / 8 : (float) exp (.75) * 2 / 4, 1e-7f);
    }
  fixture_clear (&f);
}

/* A box of a head whose convolution activates: T is the sum of its logits, and its gradients are ones before that activation. */
static void
test_target (void)
{
  const EspDetection box = { .head = 5, .anchor = 1, .row = 2, .column = 3, .class_index = 1 };
  g_autoptr (EspTarget) target = esp_target_new_detection (&box);
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (GError) error = NULL;
  guint ones[2];
  double value[2];
  const gsize plane = 20, n = 28 * plane, objectness = 11 * plane + 13, class_at = 13 * plane + 13;
  g_autofree double *logits = g_new (double, n), *gradients = g_new (double, n);

  fixture_init (&f, heads);
  engine = engine_of (&f, ESP_BACKEND_ONEDNN);
  esp_target_apply (target, engine, ones, value, &error);
  g_assert_no_error (error);
  esp_engine_backward (engine, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (esp_engine_read_double (engine, 4, ESP_AT_PRE, logits, NULL));
  g_assert_true (esp_engine_read_gradient_double (engine, 4, ESP_AT_PRE, gradients, NULL));
  for (gsize image = 0; image < 2; image++)
    {
      const gsize start = image * n / 2;

      g_assert_cmpuint (ones[image], ==, 2);
      g_assert_cmpfloat_with_epsilon (value[image], logits[start + objectness] + logits[start + class_at], 1e-6);
      for (gsize i = 0; i < n / 2; i++)
        g_assert_cmpfloat (gradients[start + i], ==, i == objectness || i == class_at);
    }
  fixture_clear (&f);
}

/* Method 1's M over one head: which numbers pass, and the sum of their logits. */
static void
count_classes (EspEngine *engine, guint layer, double tau, guint *ones, double *value)
{
  const gboolean pixels = layer == 2, activated = layer == 5;
  const double anchors[2][2] = { { 1, 2 }, { 4, 3 } }, sides[] = { pixels || activated ? 10 : 5, pixels || activated ? 8 : 4 };
  gsize n;
  g_autofree double *map = values_of (engine, layer, &n), *logits = g_new (double, n);
  const gsize plane = 20;

  g_assert_true (esp_engine_read_double (engine, layer - 1, activated ? ESP_AT_PRE : ESP_AT_OUT, logits, NULL));
  for (gsize i = 0; i < 4 * plane; i++) /* anchors of both images, and cells */
    {
      const gsize at = i / plane * 7 * plane + i % plane, cell = i % plane;
      const double w = map[at + 2 * plane], h = map[at + 3 * plane], object = map[at + 4 * plane];
      const double *anchor = anchors[i / plane % 2], scores[] = { object * map[at + 5 * plane], object * map[at + 6 * plane] };
      const double tested[] = { ((double) (cell % 5) + map[at]) / 5,
                                ((double) (cell / 5) + map[at + plane]) / 4,
                                (activated ? 4 * w * w : exp (w)) * anchor[0] / sides[0],
                                (activated ? 4 * h * h : exp (h)) * anchor[1] / sides[1],
                                object,
                                scores[0],
                                scores[1] };

      for (gsize k = scores[0] + scores[1] > tau ? 0 : 5; k < 7; k++)
        if (tested[k] >= tau)
          {
            ones[i / plane / 2]++;
            value[i / plane / 2] += logits[at + k * plane];
          }
    }
}

static void
test_target_classes (void)
{
  g_autoptr (EspTarget) target = esp_target_new_classes ((const int[]){ 0, 1 }, 2, .3f);
  const guint layers[] = { 2, 5, 8, 11 };
  guint ones[2], wanted_ones[2] = { 0 };
  double value[2], wanted[2] = { 0 };
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&f, heads);
  engine = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  esp_target_apply (target, engine, ones, value, &error);
  g_assert_no_error (error);
  for (guint h = 0; h < G_N_ELEMENTS (layers); h++)
    count_classes (engine, layers[h], .3, wanted_ones, wanted);
  for (guint image = 0; image < 2; image++)
    {
      g_test_message ("%u of %u numbers", ones[image], 4 * 14 * 20);
      g_assert_cmpuint (ones[image], >, 100);
      g_assert_cmpuint (ones[image], ==, wanted_ones[image]);
      g_assert_cmpfloat_with_epsilon (value[image], wanted[image], 1e-4);
    }
  fixture_clear (&f);
}

/* A seed before the activation and one behind it add up. */
static void
test_seed_before (void)
{
  Fixture f;
  g_autoptr (EspEngine) engine = NULL;
  g_autofree float *behind = NULL, *before = NULL;
  g_autofree double *out = NULL, *gradients = NULL;
  gsize n;

  fixture_init (&f, heads);
  engine = engine_of (&f, ESP_BACKEND_REFERENCE_DOUBLE);
  out = values_of (engine, 0, &n);
  gradients = g_new (double, n);
  behind = seed_of (n, 0);
  before = seed_of (n, 1);
  esp_engine_clear_seeds (engine);
  g_assert_true (esp_engine_set_seed (engine, 0, behind, NULL));
  g_assert_true (esp_engine_set_seed_before (engine, 0, before, NULL));
  g_assert_true (esp_engine_backward (engine, 0, NULL, NULL));
  g_assert_true (esp_engine_read_gradient_double (engine, 0, ESP_AT_PRE, gradients, NULL));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (gradients[i], (double) behind[i] * out[i] * (1 - out[i]) + (double) before[i], 1e-12);
  fixture_clear (&f);
}

static void
test_readers (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) classes = network_of (classifier, &error), boxes = network_of (heads, &error), map = network_of (NET BODY, &error);
  guint n;

  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_scores (classes), ==, 18);
  g_assert_cmpint (esp_network_get_classes (classes), ==, 0);
  g_assert_cmpint (esp_network_get_scores (boxes), ==, 0);
  g_assert_cmpint (esp_network_get_scores (map), ==, 0);
  esp_network_get_heads (boxes, &n);
  g_assert_cmpuint (n, ==, 4);
  assert_refused (NET BODY "[softmax]\ngroups=3\n", ESP_ERROR_SHAPE, "t.cfg:13: groups=3: 140 numbers come in: expected a divisor");
  assert_refused (NET BODY "[softmax]\ntemperature=0\n", ESP_ERROR_LIMIT, "t.cfg:13: temperature=0: expected a number above 0");
  assert_refused (NET BODY "[softmax]\nspatial=1\n", ESP_ERROR_UNSUPPORTED, "t.cfg:13: spatial=1: only 0 is supported");
  assert_refused (NET BODY LAST "linear\n[region]\ncoords=5\n" PAIRS, ESP_ERROR_UNSUPPORTED, "coords=5: only 4 is supported");
  assert_refused (NET BODY LAST "linear\n[region]\nbackground=1\n" PAIRS, ESP_ERROR_UNSUPPORTED, "background=1");
  assert_refused (NET BODY LAST "linear\n[region]\nanchors=1,2\nnum=2\nclasses=2\n", ESP_ERROR_SHAPE, "2 numbers: expected num=2 pairs");
  assert_refused (NET BODY LAST "linear\n[region]\nanchors=1,2,0,3\nnum=2\nclasses=2\n", ESP_ERROR_FORMAT,
                  "expected widths and heights above 0");
  assert_refused (NET BODY LAST "linear\n[region]\nnum=2\nclasses=3\n", ESP_ERROR_SHAPE, "14 channels come in: expected 16");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/heads/backends/heads", heads, test_backends);
  g_test_add_data_func ("/heads/backends/classifier", classifier, test_backends);
  g_test_add_data_func ("/heads/backends/trees", trees, test_backends);
  g_test_add_data_func ("/heads/differences/trees", trees, test_differences);
  g_test_add_func ("/heads/groups", test_groups);
  g_test_add_func ("/heads/decode/tree", test_decode_tree);
  g_test_add_func ("/heads/target/tree", test_target_tree);
  g_test_add_data_func ("/heads/differences/heads", heads, test_differences);
  g_test_add_data_func ("/heads/differences/classifier", classifier, test_differences);
  g_test_add_func ("/heads/maps", test_maps);
  g_test_add_func ("/heads/decode", test_decode);
  g_test_add_func ("/heads/target", test_target);
  g_test_add_func ("/heads/target/classes", test_target_classes);
  g_test_add_func ("/heads/seed-before", test_seed_before);
  g_test_add_func ("/heads/readers", test_readers);
  return g_test_run ();
}
