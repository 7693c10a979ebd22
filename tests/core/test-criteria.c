/* test-criteria.c: the rows of the registry against their definitions, and what every criterion shares: normalisation, ranking,
 * inversion */
#include "config.h"

#include "score/criterion.h"

#include <math.h>

#include "base/error.h"
#include "explain/explainer.h"
#include "score/normalise.h"
#include "prune/plan.h"
#include "score/unit-score.h"

#include "material-common.h"

#define N_IMAGES 21

typedef struct
{
  Bench bench;
  EspMaterial *m;
  EspCriterionInput input;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->m = material_make (&fixture->bench, N_IMAGES);
  fixture->m->options.backend = ESP_BACKEND_ONEDNN;
  fixture->input = (EspCriterionInput){ .network = fixture->m->network,
                                        .weights = fixture->m->weights,
                                        .dataset = fixture->m->dataset,
                                        .cache = fixture->m->cache,
                                        .seed = 1,
                                        .backend = ESP_BACKEND_ONEDNN,
                                        .map = fixture->m->map,
                                        .options = &fixture->m->options };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  material_clear (fixture->m, &fixture->bench);
}

/* "ID" or "ID:NAME=VALUE,…"; NULL with @error. */
static EspScores *
try_score (const Fixture *fixture, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  const EspCriterion *criterion = esp_criterion_find (parts[0]);
  g_autofree double *knobs = NULL, *own = NULL;
  EspCriterionInput input = fixture->input;

  g_assert_nonnull (criterion);
  if (!esp_criterion_parse (criterion, parts[1], &knobs, &own, error))
    return NULL;
  input.knobs = knobs;
  input.method_knobs = own;
  return esp_criterion_score (criterion, &input, NULL, error);
}

static EspScores *
score (const Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;
  EspScores *scores = try_score (fixture, text, &error);

  g_assert_no_error (error);
  return scores;
}

static void
assert_close (const Fixture *fixture, EspScores *a, EspScores *b, double tolerance)
{
  for (guint l = 0; l < esp_network_get_n_layers (fixture->m->network); l++)
    {
      guint n = 0;
      const double *x = esp_scores_get (a, l, &n), *y = esp_scores_get (b, l, NULL);

      for (guint c = 0; c < n; c++)
        g_assert_cmpfloat_with_epsilon (x[c], y[c], tolerance);
    }
}

static void
test_l2 (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspScores) scores = score (fixture, "l2");
  const EspParams *params = esp_weights_get (fixture->m->weights, 1);
  double sum = 0;

  for (guint i = 0; i < 24 * 9; i++)
    sum += (double) params->weights[5 * 24 * 9 + i] * (double) params->weights[5 * 24 * 9 + i];
  g_assert_cmpfloat_with_epsilon (esp_scores_get (scores, 1, NULL)[5], sqrt (sum), 1e-12);
  g_assert_cmpuint (esp_scores_get_n_images (scores), ==, 0);
}

/* Equations 7 and 8 written out, then each layer at length 1. */
static void
test_taylor (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspScores) scores = score (fixture, "taylor:tau=0.3");
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_ONEDNN, .batch = 1 };
  const int classes[] = { 0, 1 };
  g_autoptr (EspTarget) target = esp_target_new_classes (classes, 2, .3f);
  g_autoptr (EspEngine) engine = esp_engine_new (fixture->m->network, fixture->m->weights, &options, NULL, NULL);
  const EspShape shape = esp_engine_get_shape (engine, 1);
  const gsize plane = (gsize) shape.h * (gsize) shape.w;
  g_autofree float *a = g_new (float, esp_shape_count (shape)), *g = g_new (float, esp_shape_count (shape)),
                   *pixels = g_new (float, 3 * 64 * 64);
  double expected[24] = { 0 }, length = 0;
  guint n_used = 0;

  for (guint i = 0; i < N_IMAGES; i++)
    {
      EspPlacement placement;
      guint n_ones = 0;

      g_assert_true (esp_image_cache_get (fixture->m->cache, i, pixels, &placement, NULL) && esp_engine_forward (engine, pixels, NULL, NULL)
                     && esp_target_apply (target, engine, &n_ones, NULL, NULL) && esp_engine_backward (engine, 0, NULL, NULL)
                     && esp_engine_read (engine, 1, ESP_AT_OUT, a, NULL) && esp_engine_read_gradient (engine, 1, ESP_AT_OUT, g, NULL));
      n_used += n_ones > 0;
      for (guint c = 0; c < 24 && n_ones > 0; c++)
        {
          double sum = 0;

          for (gsize k = 0; k < plane; k++)
            sum += (double) a[c * plane + k] * (double) g[c * plane + k];
          expected[c] += fabs (sum / (double) plane);
        }
    }
  g_assert_cmpuint (esp_scores_get_n_images (scores), ==, n_used);
  for (guint c = 0; c < 24; c++)
    length += expected[c] * expected[c];
  g_assert_cmpfloat (length, >, 0);
  for (guint c = 0; c < 24; c++)
    g_assert_cmpfloat_with_epsilon (esp_scores_get (scores, 1, NULL)[c], expected[c] / sqrt (length), 1e-5);
}

/* The heat of one channel alone says where its relevance is; the score is the sum of its magnitudes. */
static void
test_relevance (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspScores) scores = score (fixture, "relevance:normalise=none"), shares = score (fixture, "relevance");
  const EspExplainerOptions options = { .backend = ESP_BACKEND_ONEDNN };
  g_autoptr (EspExplainer) explainer = esp_explainer_new (fixture->m->network, fixture->m->weights, &options);
  const int classes[] = { 0, 1 };
  g_autoptr (EspTarget) target = esp_target_new_classes (classes, 2, .02f);
  g_autofree float *pixels = g_new (float, 3 * 64 * 64);
  g_autoptr (GError) error = NULL;
  double expected[32] = { 0 }, all = 0;

  g_assert_true (esp_explainer_set_method (explainer, esp_attribution_find ("lrp-zplus"), NULL, &error));
  for (guint i = 0; i < N_IMAGES; i++)
    {
      EspPlacement placement;

      g_assert_true (esp_image_cache_get (fixture->m->cache, i, pixels, &placement, NULL)
                     && esp_explainer_run (explainer, pixels, target, ESP_EVERY_LAYER, NULL, &error));
      for (int c = 0; c < 32; c++)
        {
          g_autoptr (EspHeatmap) heat = esp_explainer_heatmap (explainer, 3, c, placement, &error);

          g_assert_no_error (error);
          for (int k = 0; k < heat->width * heat->height; k++)
            expected[c] += fabs ((double) heat->values[k]);
        }
    }
  for (guint c = 0; c < 32; c++)
    all += expected[c];
  for (guint c = 0; c < 32; c++)
    {
      g_assert_cmpfloat_with_epsilon (esp_scores_get (scores, 3, NULL)[c], expected[c], 1e-5 * all);
      g_assert_cmpfloat_with_epsilon (esp_scores_get (shares, 3, NULL)[c], expected[c] / all, 1e-5);
    }
}

/* Every member of a unit has what masking the unit costs; what is never cut has 0. */
static void
test_causal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspScores) scores = score (fixture, "causal:images=5,sum=fixed");
  const EspAblationInput input = ablation_of (fixture->m, 1000, 5);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspAblation) ablation = esp_ablation_new (&input, NULL, &error);
  guint n = 0;
  const EspAblated *units = esp_ablation_get (ablation, &n);
  double most = 0;

  g_assert_cmpuint (n, ==, 24 + 32 + 24); /* layers 0 and 1 go together; the last convolution stays */
  for (guint u = 0; u < n; u++)
    {
      guint n_members = 0;
      const EspChannel *members = esp_coupling_get_members (fixture->m->coupling, units[u].unit, &n_members);

      most = MAX (most, fabs (units[u].loss[ESP_ABLATION_FIXED]));
      for (guint i = 0; i < n_members; i++)
        g_assert_cmpfloat_with_epsilon (esp_scores_get (scores, members[i].layer, NULL)[members[i].channel],
                                        units[u].loss[ESP_ABLATION_FIXED], 1e-9);
      g_assert_cmpfloat_with_epsilon (esp_unit_score (scores, members, n_members, esp_scores_get_reduce (scores)),
                                      units[u].loss[ESP_ABLATION_FIXED], 1e-9);
    }
  g_assert_cmpfloat (most, >, 0);
  g_assert_cmpfloat (esp_scores_get (scores, 5, NULL)[3], ==, 0);
  g_assert_cmpuint (esp_scores_get_n_images (scores), ==, 5);
}

/* Order within a layer stays, whatever it is divided by. */
static void
test_normalise (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspScores) plain = score (fixture, "l1"), pooled = score (fixture, "l1:rank=pooled,coupled=mean");

  for (guint i = 0; i < ESP_N_NORMS; i++)
    {
      g_autofree char *text = g_strdup_printf ("l1:normalise=%s", esp_norm_name ((EspNorm) i));
      g_autoptr (EspScores) scores = score (fixture, text), expected = esp_scores_normalise (fixture->m->network, plain, (EspNorm) i);
      guint n = 0;
      const double *x = esp_scores_get (scores, 3, &n), *y = esp_scores_get (plain, 3, NULL);
      double sum = 0;

      assert_close (fixture, scores, expected, 1e-12);
      for (guint a = 0; a < n; a++)
        for (guint b = 0; b < n; b++)
          g_assert_true ((x[a] < x[b]) == (y[a] < y[b]));
      for (guint a = 0; a < n; a++)
        sum += x[a];
      if (i == ESP_NORM_SUM)
        g_assert_cmpfloat_with_epsilon (sum, 1, 1e-12);
      g_assert_false (esp_scores_is_pooled (scores));
    }
  g_assert_true (esp_scores_is_pooled (pooled));
  g_assert_cmpstr (esp_scores_get_reduce (pooled), ==, "mean");
  assert_close (fixture, plain, pooled, 1e-12);
}

/* How scores rank is written and read with them. */
static void
test_ranking_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspScores) pooled = score (fixture, "l1:rank=pooled,coupled=mean"), read = NULL;
  g_autofree char *path = g_build_filename (fixture->bench.folder, "scores.json", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_scores_save (pooled, path, &error));
  read = esp_scores_load (fixture->m->network, path, &error);
  g_assert_no_error (error);
  g_assert_true (esp_scores_is_pooled (read));
  g_assert_cmpstr (esp_scores_get_reduce (read), ==, "mean");
}

static EspMask *
mask_at (const Fixture *fixture, EspScores *scores, double ratio)
{
  g_autoptr (EspPlan) plan = esp_plan_new (fixture->m->network, fixture->m->coupling, scores);

  esp_plan_set_floor (plan, 0);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, ratio);
  return esp_plan_get_mask (plan);
}

/* Half goes by the one, the other half by the inverse. */
static void
test_inverted (Fixture *fixture, gconstpointer data)
{
  const char *const of[] = { "l1", "bn-gamma", "random", "taylor,tau=0.1" };

  for (guint i = 0; i < G_N_ELEMENTS (of); i++)
    {
      g_auto (GStrv) parts = g_strsplit (of[i], ",", 2);
      g_autofree char *straight_text = g_strjoin (parts[1] != NULL ? ":" : "", parts[0], parts[1] != NULL ? parts[1] : "", NULL);
      g_autofree char *inverse_text = g_strdup_printf ("inverted:of=%s", of[i]);
      g_autoptr (EspScores) straight = score (fixture, straight_text), inverse = score (fixture, inverse_text);
      g_autoptr (EspMask) kept = mask_at (fixture, straight, .5), gone = mask_at (fixture, inverse, .5);

      g_assert_cmpstr (esp_scores_get_criterion (inverse), ==, "inverted");
      g_assert_true (esp_scores_is_pooled (inverse) == esp_scores_is_pooled (straight));
      for (guint l = 0; l < 5; l++)
        for (guint c = 0; l != 2 && c < 24; c++)
          g_assert_true (esp_mask_keeps (kept, l, c) != esp_mask_keeps (gone, l, c));
    }
}

static void
assert_refused (const Fixture *fixture, const char *text, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_score (fixture, text, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspWeights) weights = esp_weights_new_random (fixture->m->network, 3);
  g_autoptr (EspDataset) unlabelled = NULL;
  EspParams *damaged;
  Bench plain;

  assert_refused (fixture, "l1:normalise=most", "l1: normalise=most: expected one of none, max");
  assert_refused (fixture, "l1:speed=1", "l1: it has no parameter speed");
  assert_refused (fixture, "l1:pooled", "l1: pooled: expected NAME=VALUE");
  assert_refused (fixture, "relevance:rule=lrp-zplus,alpha=2", "lrp-zplus: it has no parameter alpha");
  assert_refused (fixture, "inverted:of=inverted", "inverted: of=inverted: expected one of attribution");
  assert_refused (fixture, "inverted:of=l1,tau=1", "l1: it has no parameter tau");
  assert_refused (fixture, "causal", "list has 21");
  damaged = esp_params_new (32, 32 * 24 * 9, TRUE);
  damaged->weights[2 * 24 * 9] = NAN;
  esp_weights_set (weights, 3, damaged);
  fixture->input.weights = weights;
  assert_refused (fixture, "l1", "l1: the score of channel 2 of layer 3 is not a number, expected a finite number");
  assert_refused (fixture, "inverted:of=l2", "l2: the score of channel 2 of layer 3 is not a number");
  bench_make (&plain, 3, FALSE);
  unlabelled = esp_dataset_open (plain.files.data, NULL, NULL, NULL);
  fixture->input.dataset = unlabelled;
  assert_refused (fixture, "causal:images=3", "causal needs labelled images");
  fixture->input.dataset = NULL;
  assert_refused (fixture, "taylor", "taylor needs images: none were given");
  bench_clear (&plain);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  const char *const ids[] = { "l2", "taylor", "relevance", "causal", "inverted" };
  g_autoptr (EspJob) job = esp_job_new ("scores");

  esp_job_cancel (job);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      const EspCriterion *criterion = esp_criterion_find (ids[i]);
      EspCriterionInput input = fixture->input;
      g_autofree double *knobs = NULL, *own = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (esp_criterion_parse (criterion, g_str_equal (ids[i], "causal") ? "images=3" : NULL, &knobs, &own, NULL));
      input.knobs = knobs;
      g_assert_null (esp_criterion_score (criterion, &input, job, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/criteria/l2", test_l2);
  ADD ("/criteria/taylor", test_taylor);
  ADD ("/criteria/relevance", test_relevance);
  ADD ("/criteria/causal", test_causal);
  ADD ("/criteria/normalise", test_normalise);
  ADD ("/criteria/ranking-kept", test_ranking_kept);
  ADD ("/criteria/inverted", test_inverted);
  ADD ("/criteria/refused", test_refused);
  ADD ("/criteria/cancelled", test_cancelled);
  return g_test_run ();
}
