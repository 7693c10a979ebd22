/* test-attribution-score.c: method 1's scores over a folder of pictures against their definition */
#include "config.h"

#include "explain/target.h"
#include "score/criterion.h"

#include "pictures-common.h"
#include "prune-common.h"

#include <math.h>

#define N_IMAGES 21

/* The definition, written out: sum over images of max over h, w of A * G at the convolution's output. */
static void
add_by_definition (EspEngine *engine, guint layer, double *sums)
{
  const EspShape shape = esp_engine_get_shape (engine, (int) layer);
  const gsize area = (gsize) shape.h * (gsize) shape.w;
  g_autofree float *a = g_new (float, esp_shape_count (shape)), *gradient = g_new (float, esp_shape_count (shape));

  g_assert_true (esp_engine_read (engine, layer, ESP_AT_CONV, a, NULL));
  g_assert_true (esp_engine_read_gradient (engine, (int) layer, ESP_AT_CONV, gradient, NULL));
  for (int c = 0; c < shape.c; c++)
    {
      double most = -INFINITY;

      for (gsize i = 0; i < area; i++)
        most = MAX (most, (double) a[(gsize) c * area + i] * (double) gradient[(gsize) c * area + i]);
      sums[c] += most;
    }
}

static void
assert_definition (const EspCriterionInput *input, EspScores *scores)
{
  const int classes[] = { 1 };
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_REFERENCE, .batch = 1 };
  g_autoptr (EspTarget) target = esp_target_new_classes (classes, 1, .02f);
  g_autoptr (EspEngine) engine = esp_engine_new (input->network, input->weights, &options, NULL, NULL);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  g_autoptr (EspScores) expected = esp_scores_new (input->network, "attribution", NULL);

  for (guint i = 0; i < N_IMAGES; i++)
    {
      EspPlacement placement;
      guint n_ones = 0;

      g_assert_true (esp_image_cache_get (input->cache, i, pixels, &placement, NULL));
      g_assert_true (esp_engine_forward (engine, pixels, NULL, NULL) && esp_target_apply (target, engine, &n_ones, NULL, NULL)
                     && esp_engine_backward (engine, 0, NULL, NULL));
      g_assert_cmpuint (n_ones, >, 0);
      for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
        if (esp_scores_get (expected, l, NULL) != NULL)
          add_by_definition (engine, l, esp_scores_get (expected, l, NULL));
    }
  for (guint l = 0; l < esp_network_get_n_layers (input->network); l++)
    {
      guint n = 0;
      const double *x = esp_scores_get (scores, l, &n), *y = esp_scores_get (expected, l, NULL);
      double largest = 0;

      for (guint c = 0; c < n; c++)
        largest = MAX (largest, fabs (y[c]));
      for (guint c = 0; c < n; c++)
        g_assert_cmpfloat_with_epsilon (x[c], y[c], 1e-5 * largest);
      if (n > 0)
        g_assert_cmpfloat (largest, >, 0);
    }
}

static void
test_definition (void)
{
  g_autofree char *folder = make_pictures (N_IMAGES, 1);
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 11);
  g_autoptr (EspDataset) dataset = open_pictures (folder);
  g_autoptr (EspImageCache) cache
      = esp_image_cache_new (dataset, esp_network_get_input (network), ESP_FIT_STRETCH, ESP_ORIENTATION_NONE, 1 << 24);
  const int classes[] = { 1 };
  const float tau = .02f;
  const EspCriterionInput input = { .network = network,
                                    .weights = weights,
                                    .dataset = dataset,
                                    .cache = cache,
                                    .classes = classes,
                                    .n_classes = 1,
                                    .tau = &tau,
                                    .backend = ESP_BACKEND_REFERENCE };
  const EspCriterion *criterion = esp_criterion_find ("attribution");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspScores) scores = criterion->score (&input, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (criterion->needs_images && !criterion->pooled);
  g_assert_cmpuint (esp_scores_get_n_images (scores), ==, N_IMAGES);
  g_assert_cmpstr (esp_scores_get_parameters (scores), ==, "classes=1 tau=0.02 at=conv reduce=max method=gradient-activation");
  assert_definition (&input, scores);
  remove_pictures (folder, N_IMAGES);
}

static void
assert_refused_input (const EspCriterionInput *input, EspJob *job, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_criterion_find ("attribution")->score (input, job, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

static void
test_refused (void)
{
  g_autofree char *folder = make_pictures (19, 1);
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 11), zero = esp_weights_new_zero (network);
  g_autoptr (EspDataset) dataset = open_pictures (folder);
  const int classes[] = { 2 };
  const float above = .6f, none = 0;
  EspCriterionInput input = { .network = network, .weights = weights, .dataset = dataset, .backend = ESP_BACKEND_REFERENCE };
  g_autoptr (EspJob) job = esp_job_new ("scores");

  assert_refused_input (&input, NULL, "19 of 19 images show anything of the target above 0.02; attribution needs at least 20");
  input.weights = zero; /* logits 0: each class scores 0.25, both 0.5 */
  input.tau = &above;
  assert_refused_input (&input, NULL, "0 of 19 images show anything of the target above 0.6");
  input.tau = &none; /* 0 is a threshold, not the lack of one */
  assert_refused_input (&input, NULL, "19 of 19 images show anything of the target above 0; attribution needs at least 20");
  input.tau = NULL;
  input.classes = classes;
  input.n_classes = 1;
  assert_refused_input (&input, NULL, "class 2: the network has classes 0 to 1");
  input.dataset = NULL;
  assert_refused_input (&input, NULL, "none were given");
  input.dataset = dataset;
  input.classes = NULL;
  esp_job_cancel (job);
  assert_refused_input (&input, job, "cancelled");
  remove_pictures (folder, 19);
}

/* Each of the masks left out, and another method: scores of every channel, finite, said in the parameters, and not those of both masks. */
static void
test_variants (void)
{
  static const char *const texts[] = { "mask=both", "mask=spatial", "mask=channel", "method=smoothgrad,samples=3", "method=grad-cam" };
  g_autofree char *folder = make_pictures (N_IMAGES, 1);
  g_autoptr (EspNetwork) network = fastest_network ();
  g_autoptr (EspWeights) weights = esp_weights_new_random (network, 11);
  g_autoptr (EspDataset) dataset = open_pictures (folder);
  const EspCriterion *criterion = esp_criterion_find ("attribution");
  const int classes[] = { 1 };
  g_autoptr (EspScores) first = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree double *knobs = NULL, *own = NULL;
      g_autoptr (GError) error = NULL;
      EspCriterionInput input = { .network = network, .weights = weights, .dataset = dataset, .classes = classes, .n_classes = 1 };
      g_autoptr (EspScores) scores = NULL;
      gsize apart = 0;

      g_assert_true (esp_criterion_parse (criterion, texts[i], &knobs, &own, &error));
      input.knobs = knobs;
      input.method_knobs = own;
      scores = criterion->score (&input, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (esp_scores_get_n_images (scores), ==, N_IMAGES);
      for (guint l = 0; l < esp_network_get_n_layers (network); l++)
        {
          guint n = 0;
          const double *values = esp_scores_get (scores, l, &n), *both = first != NULL ? esp_scores_get (first, l, NULL) : NULL;

          for (guint c = 0; c < n; c++)
            {
              g_assert_true (isfinite (values[c]));
              apart += both != NULL ? both[c] != values[c] : values[c] != 0;
            }
        }
      g_assert_cmpuint (apart, >, 0);
      if (i > 0)
        g_assert_nonnull (strstr (esp_scores_get_parameters (scores), i < 3 ? texts[i] : i == 3 ? "method=smoothgrad:" : texts[i]));
      else
        first = g_steal_pointer (&scores);
    }
  remove_pictures (folder, N_IMAGES);
}

/* Parameters of the criterion and of its method in any order; one that neither has is refused by name. */
static void
test_parse (void)
{
  const EspCriterion *criterion = esp_criterion_find ("attribution");
  g_autofree double *knobs = NULL, *own = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_criterion_parse (criterion, "sigma=2,at=pre,method=odam,tau=0.05", &knobs, &own, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (own[0], ==, 2);
  g_assert_cmpfloat (knobs[1], ==, 2);
  g_assert_cmpfloat (knobs[4], ==, 0.05);
  g_assert_false (esp_criterion_parse (criterion, "sigma=2", &knobs, &own, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "sigma"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/attribution-score/definition", test_definition);
  g_test_add_func ("/attribution-score/refused", test_refused);
  g_test_add_func ("/attribution-score/parse", test_parse);
  g_test_add_func ("/attribution-score/variants", test_variants);
  return g_test_run ();
}
