/* test-guess.c: how often a classifier is right, by hand */
#include "config.h"

#include <math.h>

#include "data-common.h"
#include "measure/guess.h"
#include "tree-common.h"

static void
test_counts (void)
{
  const EspGuess guesses[] = { { 0, 0, 0, 0.5 }, { 1, 0, 1, 1.5 }, { -1, 2, 0, NAN }, { 2, 0, 5, 4.0 }, { 2, 2, 0, 2.0 } };
  g_auto (EspAccuracy) accuracy = { 0 };

  esp_accuracy_init (&accuracy, guesses, 5, 3, 2000, 1);
  g_assert_cmpuint (accuracy.n, ==, 4);
  g_assert_cmpfloat (accuracy.top1.value, ==, 0.5);
  g_assert_cmpfloat (accuracy.top5, ==, 0.75);
  g_assert_cmpfloat (accuracy.loss, ==, 2.0);
  g_assert_cmpuint (accuracy.objects[2], ==, 2);
  g_assert_cmpuint (accuracy.right[2], ==, 1);
  g_assert_cmpuint (accuracy.right[1], ==, 0);
}

/* The Bayesian bootstrap of a share is a Beta (hits, misses): of 900 of 1000 its 95 % lie within 0.9 ± 1.96 sqrt (0.09 / 1001). */
static void
test_interval (void)
{
  g_autofree EspGuess *guesses = g_new0 (EspGuess, 1000);
  g_auto (EspAccuracy) accuracy = { 0 };
  const double half = 1.96 * sqrt (0.09 / 1001);

  for (guint i = 900; i < 1000; i++)
    guesses[i].before = 1;
  esp_accuracy_init (&accuracy, guesses, 1000, 1, 2000, 7);
  g_assert_cmpfloat_with_epsilon (accuracy.top1.low, 0.9 - half, 0.003);
  g_assert_cmpfloat_with_epsilon (accuracy.top1.high, 0.9 + half, 0.003);
}

static void
test_none (void)
{
  const EspGuess guess = { -1, 0, 0, NAN };
  g_auto (EspAccuracy) accuracy = { 0 };

  esp_accuracy_init (&accuracy, &guess, 1, 3, 100, 1);
  g_assert_cmpuint (accuracy.n, ==, 0);
  g_assert_true (isnan (accuracy.top1.value));
}

/* Of the seven classes those without children are 2, 3, 5 and 6. */
static void
assert_leaf (const EspGuess *guess, const float *values, int truth)
{
  const double chances[TREE_CLASSES]
      = { 0, 0, values[0] * values[2], values[0] * values[3], 0, values[1] * values[5], values[0] * values[4] * values[6] };
  guint before = 0;
  int best = 0;

  for (int i = 0; i < TREE_CLASSES; i++)
    {
      best = chances[i] > chances[best] ? i : best;
      before += i != truth && chances[i] >= chances[truth];
    }
  g_test_message ("%g %g %g %g", chances[2], chances[3], chances[5], chances[6]);
  g_assert_cmpint (guess->best, ==, best);
  g_assert_cmpint (guess->truth, ==, truth);
  g_assert_cmpuint (guess->before, ==, before);
  g_assert_cmpfloat_with_epsilon (guess->loss, -log (MAX (chances[truth], 1e-30)), 1e-5);
}

/* A class with children, and one alone in its group, is not told by its number among siblings: the latter's is always 1. */
static void
test_tree (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_beside_tree ("[net]\nwidth=2\nheight=2\nchannels=3\n[convolutional]\nfilters=7\nsize=1\n"
                                                        "activation=linear\n[avgpool]\n[softmax]\ntree=t.tree\n",
                                                        &error);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 4);
  const EspEngineOptions options = { .backend = ESP_BACKEND_REFERENCE, .batch = 2 };
  g_autoptr (EspEngine) engine = esp_engine_new (network, weights, &options, NULL, &error);
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) dataset = NULL;
  g_autoptr (EspImageCache) cache = NULL;
  int to_network[] = { 0, 5 };
  const EspClassMap map = { 2, to_network, 0, NULL };
  float values[2 * TREE_CLASSES];
  EspGuess guesses[2];

  g_assert_no_error (error);
  put_away (folder, "d/wide/1.ppm", "P3 1 1 255 200 30 10\n");
  put_away (folder, "d/leaf/1.ppm", "P3 1 1 255 0 90 250\n");
  dataset = open_in (folder, "d", NULL);
  to_network[esp_dataset_get (dataset, 0)->truths[0].class_index] = 5;
  to_network[esp_dataset_get (dataset, 1)->truths[0].class_index] = 0;
  cache = esp_image_cache_new (dataset, esp_network_get_input (network), ESP_FIT_STRETCH, ESP_ORIENTATION_NONE, 1 << 20);
  esp_guess_run (engine, dataset, &map, cache, (const guint[]){ 0, 1 }, 2, guesses, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (esp_engine_read (engine, 2, ESP_AT_OUT, values, NULL));
  assert_leaf (&guesses[0], values, 5);
  assert_leaf (&guesses[1], values + TREE_CLASSES, 0);
  g_assert_cmpfloat_with_epsilon (guesses[1].loss, -log (1e-30), 1e-5);
  remove_tree (folder);
}

/* A network whose numbers are none is never right. */
static void
test_not_finite (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_beside_tree ("[net]\nwidth=2\nheight=2\nchannels=3\n[convolutional]\nfilters=3\nsize=1\n"
                                                        "activation=linear\n[avgpool]\n[softmax]\n",
                                                        &error);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 4);
  const EspEngineOptions options = { .backend = ESP_BACKEND_REFERENCE, .batch = 1 };
  g_autoptr (EspEngine) engine = NULL;
  g_autofree char *folder = make_folder ();
  g_autoptr (EspDataset) dataset = NULL;
  g_autoptr (EspImageCache) cache = NULL;
  int to_network[] = { 0, 1 };
  const EspClassMap map = { 2, to_network, 0, NULL };
  EspGuess guesses[2];

  g_assert_no_error (error);
  esp_weights_get (weights, 0)->biases[1] = NAN;
  engine = esp_engine_new (network, weights, &options, NULL, &error);
  put_away (folder, "d/a/1.ppm", "P3 1 1 255 200 30 10\n");
  put_away (folder, "d/b/1.ppm", "P3 1 1 255 0 90 250\n");
  dataset = open_in (folder, "d", NULL);
  cache = esp_image_cache_new (dataset, esp_network_get_input (network), ESP_FIT_STRETCH, ESP_ORIENTATION_NONE, 1 << 20);
  esp_guess_run (engine, dataset, &map, cache, (const guint[]){ 0, 1 }, 2, guesses, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (guesses[i].before, ==, 2);
  remove_tree (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guess/counts", test_counts);
  g_test_add_func ("/guess/interval", test_interval);
  g_test_add_func ("/guess/none", test_none);
  g_test_add_func ("/guess/tree", test_tree);
  g_test_add_func ("/guess/not-finite", test_not_finite);
  return g_test_run ();
}
