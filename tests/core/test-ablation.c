/* test-ablation.c: what masking one unit costs, against engines that are masked from the start; and how orders are compared */
#include "config.h"

#include "score/ablation.h"

#include <math.h>

#include "base/error.h"

#include "material-common.h"

#define N_IMAGES 5

typedef struct
{
  Bench bench;
  EspMaterial *m;
  EspAblationInput input;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->m = material_make (&fixture->bench, N_IMAGES);
  fixture->m->options.batch = 2; /* the last batch is not full */
  fixture->m->options.backend = ESP_BACKEND_REFERENCE;
  fixture->input = ablation_of (fixture->m, 6, N_IMAGES);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  material_clear (fixture->m, &fixture->bench);
}

static EspAblation *
ablate (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  EspAblation *ablation = esp_ablation_new (&fixture->input, NULL, &error);

  g_assert_no_error (error);
  return ablation;
}

/* The matched scores of every image by an engine with that mask; the scores at @fixed cells where given. */
static void
matched_scores (const EspMaterial *m, const guint *images, int unit, EspOutcome **outcomes)
{
  g_autoptr (EspMask) mask = mask_without_unit (m, unit);
  const EspEngineOptions options
      = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE, .bn = m->options.bn, .batch = 1, .mask = mask };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (m->network, m->weights, &options, NULL, &error);
  g_autoptr (EspPass) pass = esp_pass_new (engine, m->dataset, m->map, m->cache, &m->options);

  g_assert_true (esp_pass_run (pass, images, N_IMAGES, outcomes, NULL, &error));
  g_assert_no_error (error);
}

static double
sum_matched (const EspOutcome *outcome)
{
  double sum = 0;

  for (guint i = 0; i < outcome->n; i++)
    if (outcome->truth[i] >= 0)
      sum += (double) outcome->detections[i].score;
  return sum;
}

/* The scores that @masked has where @whole had its matched detections; one that fell below the threshold, or was suppressed, is missing,
 * and *complete becomes FALSE. */
static double
sum_fixed (const EspOutcome *whole, const EspOutcome *masked, gboolean *complete)
{
  double sum = 0;

  *complete = TRUE;
  for (guint i = 0; i < whole->n; i++)
    {
      const EspDetection *was = &whole->detections[i];
      gboolean found = FALSE;

      for (guint k = 0; whole->truth[i] >= 0 && k < masked->n; k++)
        {
          const EspDetection *is = &masked->detections[k];

          if (is->head != was->head || is->anchor != was->anchor || is->row != was->row || is->column != was->column
              || is->class_index != was->class_index)
            continue;
          sum += (double) is->score;
          found = TRUE;
        }
      *complete = *complete && (whole->truth[i] < 0 || found);
    }
  return sum;
}

static void
test_losses (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspAblation) ablation = ablate (fixture);
  guint n = 0, n_images = 0, n_layers = 0, n_coupled = 0, n_fixed = 0;
  const EspAblated *units = esp_ablation_get (ablation, &n);
  const guint *images = esp_ablation_get_images (ablation, &n_images), *layers = esp_ablation_get_layers (ablation, &n_layers);
  EspOutcome *whole[N_IMAGES];

  g_assert_cmpuint (n_images, ==, N_IMAGES);
  g_assert_cmpuint (n_layers, ==, 3); /* 0 with 1 by the shortcut, 3, 4 */
  g_assert_cmpuint (layers[1], ==, 3);
  g_assert_cmpuint (n, ==, 18);
  matched_scores (fixture->m, images, -1, whole);
  for (guint u = 0; u < n; u++)
    {
      EspOutcome *masked[N_IMAGES];
      double mean = 0;
      guint n_members = 0;

      esp_coupling_get_members (fixture->m->coupling, units[u].unit, &n_members);
      n_coupled += n_members > 1;
      matched_scores (fixture->m, images, (int) units[u].unit, masked);
      for (guint i = 0; i < N_IMAGES; i++)
        {
          const double loss = sum_matched (whole[i]) - sum_matched (masked[i]);
          gboolean complete;
          const double fixed = sum_matched (whole[i]) - sum_fixed (whole[i], masked[i], &complete);

          g_assert_cmpfloat_with_epsilon (units[u].losses[ESP_ABLATION_MATCHED][i], loss, 1e-5);
          if (complete)
            g_assert_cmpfloat_with_epsilon (units[u].losses[ESP_ABLATION_FIXED][i], fixed, 1e-5);
          n_fixed += complete;
          mean += loss / N_IMAGES;
          esp_outcome_free (masked[i]);
        }
      g_assert_cmpfloat_with_epsilon (units[u].loss[ESP_ABLATION_MATCHED], mean, 1e-5);
    }
  g_test_message ("%u of %u units are coupled; %u fixed sums compared", n_coupled, n, n_fixed);
  g_assert_cmpuint (n_coupled, ==, 6);
  g_assert_cmpuint (n_fixed, >, 20);
  for (guint i = 0; i < N_IMAGES; i++)
    esp_outcome_free (whole[i]);
}

/* No number depends on the batch or the kernels' layout beyond rounding; the seed draws the units. */
static void
test_batches (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspAblation) two = ablate (fixture), five = NULL, other = NULL;
  guint n = 0, differ = 0;
  const EspAblated *a = esp_ablation_get (two, &n), *b, *c;

  fixture->m->options.batch = N_IMAGES;
  five = ablate (fixture);
  fixture->input.seed = 2;
  other = ablate (fixture);
  b = esp_ablation_get (five, &n);
  c = esp_ablation_get (other, &n);
  for (guint u = 0; u < n; u++)
    {
      g_assert_cmpuint (a[u].unit, ==, b[u].unit);
      for (guint i = 0; i < N_IMAGES; i++)
        g_assert_cmpfloat (a[u].losses[ESP_ABLATION_MATCHED][i], ==, b[u].losses[ESP_ABLATION_MATCHED][i]);
      differ += a[u].unit != c[u].unit;
    }
  g_assert_cmpuint (differ, >, 0);
}

static void
test_orders (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspAblation) ablation = ablate (fixture);
  guint n = 0;
  const EspAblated *units = esp_ablation_get (ablation, &n);
  g_autofree double *same = g_new (double, n), *against = g_new (double, n), *flat = g_new0 (double, n);
  const int places[] = { ESP_ABLATION_POOLED, ESP_ABLATION_MEAN, 3 };
  g_autofree double *reduced = NULL;

  for (guint u = 0; u < n; u++)
    {
      same[u] = exp (units[u].loss[ESP_ABLATION_MATCHED]); /* the order alone counts */
      against[u] = -units[u].loss[ESP_ABLATION_MATCHED];
    }
  for (guint p = 0; p < G_N_ELEMENTS (places); p++)
    {
      const EspInterval up = esp_ablation_correlate (ablation, ESP_ABLATION_MATCHED, same, NULL, places[p], 50, 1);
      const EspInterval down = esp_ablation_correlate (ablation, ESP_ABLATION_MATCHED, against, NULL, places[p], 50, 1);
      const EspInterval none = esp_ablation_correlate (ablation, ESP_ABLATION_MATCHED, flat, NULL, places[p], 50, 1);
      const EspInterval gap = esp_ablation_correlate (ablation, ESP_ABLATION_MATCHED, same, against, places[p], 50, 1);

      g_assert_cmpfloat_with_epsilon (up.value, 1, 1e-12);
      g_assert_cmpfloat_with_epsilon (down.value, -1, 1e-12);
      g_assert_cmpfloat (none.value, ==, 0);
      g_assert_cmpfloat_with_epsilon (gap.value, 2, 1e-12);
      g_assert_true (up.low > 0 && up.low <= up.high && up.high <= 1 + 1e-12 && up.low < 1);
      g_assert_cmpfloat_with_epsilon (gap.low, up.low - down.high, 1e-9); /* the same draws, mirrored */
      g_assert_cmpuint (up.n, ==, places[p] == 3 ? 6 : n);
    }
  reduced = esp_ablation_reduce (ablation, fixture->m->scores, "max");
  for (guint u = 0; u < n; u++)
    g_assert_cmpfloat (reduced[u], >=, esp_scores_get (fixture->m->scores, units[u].layer, NULL)[units[u].channel]);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspJob) job = esp_job_new ("ablation");
  EspAblationInput input = fixture->input;
  g_autoptr (GError) error = NULL;

  input.map = NULL;
  g_assert_null (esp_ablation_new (&input, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  input.map = fixture->m->map;
  input.n_images = 0;
  g_assert_null (esp_ablation_new (&input, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  esp_job_cancel (job);
  input.n_images = N_IMAGES;
  g_assert_null (esp_ablation_new (&input, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/ablation/losses", Fixture, NULL, set_up, test_losses, tear_down);
  g_test_add ("/ablation/batches", Fixture, NULL, set_up, test_batches, tear_down);
  g_test_add ("/ablation/orders", Fixture, NULL, set_up, test_orders, tear_down);
  g_test_add ("/ablation/refused", Fixture, NULL, set_up, test_refused, tear_down);
  return g_test_run ();
}
