/* test-scores.c: scores, their file, and the criteria that need no images */
#include "config.h"

#include "base/file.h"
#include "score/criterion.h"

#include "prune-common.h"

#include <glib/gstdio.h>
#include <math.h>

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
test_round_trip (void)
{
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspScores) scores = random_scores (network, "l1", 3), again = NULL;
  g_autofree char *path = in_folder ("scores.json");
  g_autoptr (GError) error = NULL;

  esp_scores_get (scores, 0, NULL)[0] = 1e-310;
  esp_scores_get (scores, 0, NULL)[1] = -0.1 - 0.2;
  esp_scores_get (scores, 0, NULL)[2] = 5;
  esp_scores_set_n_images (scores, 128);
  g_assert_true (esp_scores_save (scores, path, &error));
  g_assert_no_error (error);
  again = esp_scores_load (network, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (esp_scores_get_criterion (again), ==, "l1");
  g_assert_cmpstr (esp_scores_get_parameters (again), ==, "by lot");
  g_assert_cmpuint (esp_scores_get_n_images (again), ==, 128);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0, m = 0;
      const double *x = esp_scores_get (scores, l, &n), *y = esp_scores_get (again, l, &m);

      g_assert_cmpmem (x, n * sizeof (double), y, m * sizeof (double));
      g_assert_cmpint (x != NULL, ==, esp_network_get_layer (network, l)->kind == ESP_LAYER_CONVOLUTIONAL);
    }
}

static void
test_ties (void)
{
  g_autoptr (EspNetwork) network = tiny_network (32, 4);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", NULL);
  guint all = 0;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      double *values = esp_scores_get (scores, l, &n);

      for (guint i = 0; values != NULL && i < n; i++)
        values[i] = i;
      all += n;
    }
  g_assert_cmpuint (esp_scores_count_ties (scores), ==, 0);
  esp_scores_get (scores, 0, NULL)[3] = 1;
  esp_scores_get (scores, 0, NULL)[0] = 1; /* three of 1: two ties */
  esp_scores_get (scores, 2, NULL)[1] = 0; /* one more */
  g_assert_cmpuint (esp_scores_count_ties (scores), ==, 3);
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    for (guint i = 0; esp_scores_get (scores, l, NULL) != NULL && i < (guint) esp_network_get_layer (network, l)->out.c; i++)
      esp_scores_get (scores, l, NULL)[i] = 0;
  g_assert_cmpuint (esp_scores_count_ties (scores), ==, all - 13); /* 13 convolutions */
}

#define CONV(MORE) "[convolutional]\nsize=1\nactivation=linear\n" MORE

static void
test_refused (void)
{
  static const struct
  {
    const char *layers;
    EspError code;
    const char *message;
  } cases[] = {
    { "{\"layer\": 0, \"values\": [1, NaN]}", ESP_ERROR_FORMAT, "not JSON" },
    { "{\"layer\": 0, \"values\": [1, 1e999]}", ESP_ERROR_FORMAT, "expected a finite number" },
    { "{\"layer\": 0, \"values\": [1, null]}", ESP_ERROR_FORMAT, "layer 0: element 1: found null, expected a number" },
    { "{\"layer\": 0, \"values\": [1, \"2\"]}", ESP_ERROR_FORMAT, "found a string, expected a number" },
    { "{\"layer\": 0, \"values\": [1]}", ESP_ERROR_SHAPE, "found 1 values, expected 2" },
    { "{\"layer\": 0, \"values\": [1, 2, 3]}", ESP_ERROR_SHAPE, "found 3 values, expected 2" },
    { "{\"layer\": 1, \"values\": [1, 2]}", ESP_ERROR_SHAPE, "layer 1 is no convolution" },
    { "{\"layer\": 9, \"values\": [1, 2]}", ESP_ERROR_SHAPE, "layer 9 is no convolution" },
    { "{\"layer\": -1, \"values\": [1, 2]}", ESP_ERROR_FORMAT, "layer: found -1" },
    { "{\"layer\": 0.5, \"values\": [1, 2]}", ESP_ERROR_FORMAT, "expected a whole number" },
    { "{\"layer\": 0, \"values\": {}}", ESP_ERROR_FORMAT, "found an object, expected an array" },
    { "{\"values\": [1, 2]}", ESP_ERROR_FORMAT, "no member \"layer\"" },
    { "{\"layer\": 0, \"layer\": 0, \"values\": [1, 2]}", ESP_ERROR_FORMAT, "\"layer\" is there twice" },
    { "{\"layer\": 0, \"values\": [1, 2]}, {\"layer\": 0, \"values\": [1, 2]}", ESP_ERROR_FORMAT, "layer 0 is there twice" },
    { "7", ESP_ERROR_FORMAT, "scores.json: element 0: found a number, expected an object" },
    { "", ESP_ERROR_SHAPE, "no values for layer 0" },
    { "/* a comment */", ESP_ERROR_FORMAT, "which is not JSON" },
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *path = in_folder ("scores.json");
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=4\nheight=4\nchannels=1\n" CONV ("filters=2\n") "[maxpool]\nsize=1\nstride=1\n", &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"format\": \"espalier-scores\", \"version\": 1, \"criterion\": \"l1\", \"parameters\": \"\", "
                             "\"images\": 0, \"scores\": [%s]}",
                             cases[i].layers);

      g_assert_true (esp_file_write (path, text, strlen (text), NULL));
      g_assert_null (esp_scores_load (network, path, &error));
      g_assert_error (error, ESP_ERROR, (int) cases[i].code);
      if (strstr (error->message, cases[i].message) == NULL || strstr (error->message, path) == NULL)
        g_error ("“%s” does not say “%s” and “%s”", error->message, cases[i].message, path);
      g_clear_error (&error);
    }
}

/* Nothing, junk, too deep, another format: no crash, an error each. */
static void
test_junk (void)
{
  g_autoptr (EspNetwork) network = tiny_network (32, 4);
  g_autofree char *path = in_folder ("scores.json"), *deep = g_strnfill (100000, '[');
  const char *texts[]
      = { "",   "{",       "[]", "null", "{}", "{\"format\": \"espalier-plan\"}", "{\"format\": \"espalier-scores\", \"version\": 2}",
          deep, "\xff\xfe" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_true (esp_file_write (path, texts[i], strlen (texts[i]), NULL));
      g_assert_null (esp_scores_load (network, path, &error));
      g_assert_true (error != NULL && error->domain == ESP_ERROR && strstr (error->message, path) != NULL);
      g_clear_error (&error);
    }
}

static EspScores *
score (const char *id, EspNetwork *network, EspWeights *weights, guint64 seed)
{
  const EspCriterionInput input = { .network = network, .weights = weights, .seed = seed };
  const EspCriterion *criterion = esp_criterion_find (id);
  g_autoptr (GError) error = NULL;
  EspScores *scores;

  g_assert_nonnull (criterion);
  g_assert_false (criterion->needs_images);
  scores = criterion->score (&input, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (esp_scores_get_criterion (scores), ==, id);
  return scores;
}

static void
test_magnitude (void)
{
  g_autoptr (EspNetwork) network = tiny_network (32, 4);
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 5);
  g_autoptr (EspScores) l1 = score ("l1", network, weights, 0), gamma = score ("bn-gamma", network, weights, 0);
  const EspParams *params = esp_weights_get (weights, 2);
  double sum = 0, largest = 0;

  for (guint i = 0; i < 36; i++) /* filter 1 of 4 * 3 * 3 weights */
    sum += fabs ((double) params->weights[36 + i]);
  g_assert_cmpfloat_with_epsilon (esp_scores_get (l1, 2, NULL)[1], sum, 1e-12);
  g_assert_cmpfloat (esp_scores_get (gamma, 2, NULL)[1], ==, fabs ((double) params->scales[1]));
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    for (guint i = 0;
         esp_weights_get (weights, l) != NULL && esp_weights_get (weights, l)->scales != NULL && i < esp_weights_get (weights, l)->filters;
         i++)
      largest = MAX (largest, fabs ((double) esp_weights_get (weights, l)->scales[i]));
  g_assert_cmpfloat (esp_scores_get (gamma, 15, NULL)[4], ==, largest); /* no batch normalisation: goes last */
}

static void
test_random (void)
{
  g_autoptr (EspNetwork) network = tiny_network (32, 4);
  g_autoptr (EspScores) a = score ("random", network, NULL, 1), b = score ("random", network, NULL, 1),
                        c = score ("random", network, NULL, 2);
  guint n = 0;
  const double *x = esp_scores_get (a, 4, &n), *y = esp_scores_get (b, 4, NULL), *z = esp_scores_get (c, 4, NULL);

  g_assert_cmpmem (x, n * sizeof (double), y, n * sizeof (double));
  g_assert_true (memcmp (x, z, n * sizeof (double)) != 0);
  g_assert_cmpuint (esp_scores_count_ties (a), ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_test_add_func ("/scores/round-trip", test_round_trip);
  g_test_add_func ("/scores/ties", test_ties);
  g_test_add_func ("/scores/refused", test_refused);
  g_test_add_func ("/scores/junk", test_junk);
  g_test_add_func ("/scores/magnitude", test_magnitude);
  g_test_add_func ("/scores/random", test_random);
  result = g_test_run ();
  {
    g_autofree char *path = in_folder ("scores.json");

    g_remove (path);
    g_rmdir (folder);
    g_free (folder);
  }
  return result;
}
