/* test-contrast.c: what channels carry of a change in the pictures, against its definition */
#include "config.h"

#include "dataset/beside.h"
#include "detect/decode.h"
#include "detect/suppress.h"
#include "explain/target.h"
#include "score/criterion.h"

#include "pictures-common.h"
#include "prune-common.h"

#include <math.h>

#define N_IMAGES 21
#define LEAST    0.25

typedef struct
{
  char *folder, *other;
  EspNetwork *network;
  EspWeights *weights;
  EspDataset *dataset, *without;
  char *pattern;
} Pair;

static void
pair_begin (Pair *pair, guint n)
{
  pair->folder = make_pictures (n, 1);
  pair->other = make_pictures (n, 2);
  pair->network = fastest_network ();
  pair->weights = esp_weights_new_random (pair->network, 11);
  pair->dataset = open_pictures (pair->folder);
  pair->without = open_pictures (pair->other);
  pair->pattern = g_build_filename (pair->other, "*.png", NULL);
}

static void
pair_end (Pair *pair, guint n)
{
  remove_pictures (pair->folder, n);
  remove_pictures (pair->other, n);
  g_free (pair->folder);
  g_free (pair->other);
  g_free (pair->pattern);
  esp_network_unref (pair->network);
  esp_weights_unref (pair->weights);
  esp_dataset_unref (pair->dataset);
  esp_dataset_unref (pair->without);
}

static EspScores *
score (const Pair *pair, const char *pattern, const int *classes, guint n_classes, double selective, GError **error)
{
  const double knobs[] = { LEAST, selective };
  const EspCriterionInput input = { .network = pair->network,
                                    .weights = pair->weights,
                                    .dataset = pair->dataset,
                                    .classes = classes,
                                    .n_classes = n_classes,
                                    .without = pattern,
                                    .backend = ESP_BACKEND_REFERENCE,
                                    .knobs = knobs };

  return esp_criterion_find ("contrast")->score (&input, NULL, error);
}

/* Seeds by hand: one at the class logit of every box that is found; no function of targets is asked. */
static void
seed_boxes (EspEngine *engine, EspPlacement placement, int class_index)
{
  g_autoptr (GArray) found = esp_decode (engine, 0, placement, LEAST, NULL);
  g_autoptr (GHashTable) seeds = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  GHashTableIter iter;
  gpointer layer, values;

  esp_suppress_by (found, esp_nms_of_network (esp_engine_get_network (engine), .45f));
  g_assert_cmpuint (found->len, >, 0);
  for (guint i = 0; i < found->len; i++)
    {
      const EspDetection *d = &g_array_index (found, EspDetection, i);
      const guint before = (guint) esp_network_get_layer (esp_engine_get_network (engine), d->head)->inputs[0];
      const EspShape shape = esp_engine_get_shape (engine, (int) before);
      float *seed = g_hash_table_lookup (seeds, GUINT_TO_POINTER (before));

      if (seed == NULL)
        g_hash_table_insert (seeds, GUINT_TO_POINTER (before), seed = g_new0 (float, esp_shape_count (shape)));
      seed[((d->anchor * 7 + 5 + class_index) * shape.h + d->row) * shape.w + d->column] += 1;
    }
  esp_engine_clear_seeds (engine);
  g_hash_table_iter_init (&iter, seeds);
  while (g_hash_table_iter_next (&iter, &layer, &values))
    g_assert_true (esp_engine_set_seed (engine, GPOINTER_TO_UINT (layer), values, NULL));
}

/* Adds (A - A0) * G of one layer to @change, |A0 * G| to @other. */
static void
add_by_definition (EspEngine *with, EspEngine *without, guint layer, double *change, double *other)
{
  const EspShape shape = esp_engine_get_shape (with, (int) layer);
  const gsize n = esp_shape_count (shape), plane = (gsize) shape.h * (gsize) shape.w;
  g_autofree float *a = g_new (float, n), *a0 = g_new (float, n), *g = g_new (float, n);

  g_assert_true (esp_engine_read (with, layer, ESP_AT_CONV, a, NULL) && esp_engine_read (without, layer, ESP_AT_CONV, a0, NULL)
                 && esp_engine_read_gradient (with, (int) layer, ESP_AT_CONV, g, NULL));
  for (gsize i = 0; i < n; i++)
    {
      change[i / plane] += ((double) a[i] - (double) a0[i]) * (double) g[i];
      other[i / plane] += fabs ((double) a0[i] * (double) g[i]);
    }
}

static void
compare (const Pair *pair, EspScores *scores, EspScores *change, EspScores *other, double selective)
{
  for (guint l = 0; l < esp_network_get_n_layers (pair->network); l++)
    {
      guint n = 0;
      const double *x = esp_scores_get (scores, l, &n), *d = esp_scores_get (change, l, NULL), *o = esp_scores_get (other, l, NULL);
      double largest = 0;

      for (guint c = 0; c < n; c++)
        largest = MAX (largest, fabs (d[c]));
      for (guint c = 0; c < n; c++)
        g_assert_cmpfloat_with_epsilon (x[c], -d[c] * (selective > 0 && d[c] != 0 ? fabs (d[c]) / (fabs (d[c]) + o[c]) : 1),
                                        1e-6 * largest);
      g_assert_true (n == 0 || largest > 0);
    }
}

static void
test_definition (gconstpointer data)
{
  const double selective = GPOINTER_TO_INT (data);
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_REFERENCE, .batch = 1 };
  const int classes[] = { 1 };
  Pair pair;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspScores) scores = NULL, change = NULL, other = NULL;
  g_autoptr (EspEngine) with = NULL, without = NULL;
  g_autofree float *pixels = g_new (float, 3 * 48 * 64);

  pair_begin (&pair, N_IMAGES);
  scores = score (&pair, pair.pattern, classes, 1, selective, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_scores_get_n_images (scores), ==, N_IMAGES);
  change = esp_scores_new (pair.network, "contrast", NULL);
  other = esp_scores_new (pair.network, "contrast", NULL);
  with = esp_engine_new (pair.network, pair.weights, &options, NULL, NULL);
  without = esp_engine_new (pair.network, pair.weights, &options, NULL, NULL);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autoptr (EspImage) a = esp_image_load (esp_dataset_get (pair.dataset, i)->path, ESP_ORIENTATION_NONE, 0, 0, NULL);
      g_autoptr (EspImage) b = esp_image_load (esp_dataset_get (pair.without, i)->path, ESP_ORIENTATION_NONE, 0, 0, NULL);

      esp_fit_image (ESP_FIT_STRETCH, b, 3, 48, 64, pixels);
      g_assert_true (esp_engine_forward (without, pixels, NULL, NULL));
      EspPlacement placement = esp_fit_image (ESP_FIT_STRETCH, a, 3, 48, 64, pixels);
      g_assert_true (esp_engine_forward (with, pixels, NULL, NULL));
      seed_boxes (with, placement, 1);
      g_assert_true (esp_engine_backward (with, 0, NULL, NULL));
      for (guint l = 0; l < esp_network_get_n_layers (pair.network); l++)
        if (esp_scores_get (change, l, NULL) != NULL)
          add_by_definition (with, without, l, esp_scores_get (change, l, NULL), esp_scores_get (other, l, NULL));
    }
  compare (&pair, scores, change, other, selective);
  pair_end (&pair, N_IMAGES);
}

/* Nothing came or went: every score is exactly zero. */
static void
test_same (void)
{
  Pair pair;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspScores) scores = NULL;
  g_autofree char *same = NULL;

  pair_begin (&pair, N_IMAGES);
  same = g_build_filename (pair.folder, "*.png", NULL);
  scores = score (&pair, same, NULL, 0, 0, &error);
  g_assert_no_error (error);
  for (guint l = 0; l < esp_network_get_n_layers (pair.network); l++)
    {
      guint n = 0;
      const double *values = esp_scores_get (scores, l, &n);

      for (guint c = 0; c < n; c++)
        g_assert_cmpfloat (values[c], ==, 0);
    }
  pair_end (&pair, N_IMAGES);
}

static void
assert_refused_pair (const Pair *pair, const char *pattern, const int *classes, guint n, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (score (pair, pattern, classes, n, 0, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

/* The first picture of a folder becomes one of 10 × 10. */
static void
shrink (const char *folder)
{
  g_autoptr (GdkPixbuf) small = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 10, 10);
  g_autofree char *path = g_build_filename (folder, "00.png", NULL);

  gdk_pixbuf_fill (small, 0);
  g_assert_true (gdk_pixbuf_save (small, path, "png", NULL, NULL));
}

static void
test_refused (void)
{
  const int beyond = 2;
  Pair pair;

  pair_begin (&pair, 19);
  assert_refused_pair (&pair, NULL, NULL, 0, "none were given");
  assert_refused_pair (&pair, "plain.png", NULL, 0, "expected one *");
  assert_refused_pair (&pair, "*/*.png", NULL, 0, "expected one *");
  assert_refused_pair (&pair, "/nowhere/*.png", NULL, 0, "/nowhere/00.png");
  assert_refused_pair (&pair, pair.pattern, &beyond, 1, "class 2: the network has classes 0 to 1");
  assert_refused_pair (&pair, pair.pattern, NULL, 0, "contrast needs at least 20");
  shrink (pair.other);
  assert_refused_pair (&pair, pair.pattern, NULL, 0, "00.png: it is 10 × 10; expected 64 × 48");
  pair_end (&pair, 19);
}

static void
test_beside (void)
{
  g_autofree char *one = esp_path_beside ("masks/*-cue.png", "images/val-00001.png", NULL);
  g_autofree char *two = esp_path_beside ("*", "a/.hidden", NULL);

  g_assert_cmpstr (one, ==, "masks/val-00001-cue.png");
  g_assert_cmpstr (two, ==, ".hidden");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/contrast/definition", GINT_TO_POINTER (0), test_definition);
  g_test_add_data_func ("/contrast/selective", GINT_TO_POINTER (1), test_definition);
  g_test_add_func ("/contrast/same", test_same);
  g_test_add_func ("/contrast/refused", test_refused);
  g_test_add_func ("/contrast/beside", test_beside);
  return g_test_run ();
}
