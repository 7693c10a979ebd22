/* test-lens.c: what is told of one channel, and of a plan's boxes, against its definitions */
#include "config.h"

#include "study/drift.h"

#include <math.h>

#include "base/error.h"
#include "measure/rank-correlation.h"
#include "measure/summary.h"
#include "prune/plan.h"

#include "material-common.h"

#define N_IMAGES 4

typedef struct
{
  Bench bench;
  EspMaterial *m;
  EspLensInput input;
} Fixture;

static void
set_up_images (Fixture *fixture, guint n_images)
{
  fixture->m = material_make (&fixture->bench, n_images);
  fixture->input = (EspLensInput){ .network = fixture->m->network,
                                   .weights = fixture->m->weights,
                                   .coupling = fixture->m->coupling,
                                   .dataset = fixture->m->dataset,
                                   .map = fixture->m->map,
                                   .cache = fixture->m->cache,
                                   .options = &fixture->m->options,
                                   .method = esp_attribution_find ("gradient-activation"),
                                   .tau = .02f };
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  set_up_images (fixture, N_IMAGES);
}

static void
set_up_enough (Fixture *fixture, gconstpointer data)
{
  set_up_images (fixture, ESP_LENS_FEWEST);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  material_clear (fixture->m, &fixture->bench);
}

/* The greatest output of a channel on an image, by a whole forward of another engine. */
static float
greatest (const Fixture *fixture, guint image, guint layer, guint channel)
{
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_REFERENCE, .bn = ESP_BN_ALEXEY, .batch = 1 };
  g_autoptr (EspEngine) engine = esp_engine_new (fixture->m->network, fixture->m->weights, &options, NULL, NULL);
  const EspShape shape = esp_engine_get_shape (engine, (int) layer);
  g_autofree float *pixels = g_new (float, esp_shape_count (esp_network_get_input (fixture->m->network)));
  g_autofree float *values = g_new (float, esp_shape_count (shape));
  EspPlacement placement;
  float most = -INFINITY;

  g_assert_true (esp_image_cache_get (fixture->m->cache, image, pixels, &placement, NULL) && esp_engine_forward (engine, pixels, NULL, NULL)
                 && esp_engine_read (engine, layer, ESP_AT_OUT, values, NULL));
  for (int i = 0; i < shape.h * shape.w; i++)
    most = MAX (most, values[(int) channel * shape.h * shape.w + i]);
  return most;
}

static void
test_patches (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspLensPatches) patches = esp_lens_patches_new (&fixture->input, 3, 3, NULL, NULL);
  guint n = 0;
  const EspPatch *of = esp_lens_patches_get (patches, 5, &n);
  float all[N_IMAGES];
  guint above = 0;

  g_assert_cmpuint (n, ==, 3);
  for (guint i = 0; i < N_IMAGES; i++)
    all[i] = greatest (fixture, i, 3, 5);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpfloat_with_epsilon (of[i].activation, all[of[i].image], 1e-4);
      g_assert_true (i == 0 || of[i].activation <= of[i - 1].activation);
      g_assert_true (of[i].box.w > 0 && of[i].box.h > 0 && of[i].box.x - of[i].box.w / 2 > -1e-5f);
    }
  for (guint i = 0; i < N_IMAGES; i++)
    above += all[i] > of[n - 1].activation + 1e-4f;
  g_assert_cmpuint (above, ==, n - 1);
}

/* A cell's box is where a change of the image changes the cell, and nowhere else. */
static void
test_receptive (Fixture *fixture, gconstpointer data)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_REFERENCE, .bn = ESP_BN_ALEXEY, .batch = 1, .pixels = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (fixture->m->network, fixture->m->weights, &options, NULL, NULL);
  const EspShape in = esp_network_get_input (fixture->m->network), out = esp_engine_get_shape (engine, 4);
  g_autofree float *pixels = g_new0 (float, esp_shape_count (in)), *gradient = g_new (float, esp_shape_count (in));
  g_autofree float *seed = g_new0 (float, esp_shape_count (out));
  const int row = 1, column = 3;
  const EspBox box = esp_lens_receptive_box (fixture->m->network, 4, row, column, (EspPlacement){ 0, 0, 1, 1 });
  int left = in.w, right = -1, top = in.h, bottom = -1;

  for (int c = 0; c < out.c; c++)
    seed[(c * out.h + row) * out.w + column] = 1 + (float) c;
  g_assert_true (esp_engine_forward (engine, pixels, NULL, NULL) && esp_engine_set_seed (engine, 4, seed, NULL)
                 && esp_engine_backward (engine, 0, NULL, NULL) && esp_engine_read_gradient (engine, -1, ESP_AT_OUT, gradient, NULL));
  for (int i = 0; i < in.c * in.h * in.w; i++)
    if (gradient[i] < 0 || gradient[i] > 0)
      {
        left = MIN (left, i % in.w);
        right = MAX (right, i % in.w);
        top = MIN (top, i / in.w % in.h);
        bottom = MAX (bottom, i / in.w % in.h);
      }
  g_assert_cmpfloat_with_epsilon ((box.x - box.w / 2) * (float) in.w, left, 1e-3);
  g_assert_cmpfloat_with_epsilon ((box.x + box.w / 2) * (float) in.w, right + 1, 1e-3);
  g_assert_cmpfloat_with_epsilon ((box.y - box.h / 2) * (float) in.h, top, 1e-3);
  g_assert_cmpfloat_with_epsilon ((box.y + box.h / 2) * (float) in.h, bottom + 1, 1e-3);
}

static void
test_carried (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  EspOutcome **whole = esp_lens_see (&fixture->input, NULL, NULL, &error);
  g_autoptr (EspLensCarried) carried = esp_lens_carried_new (&fixture->input, whole, 3, NULL, &error);
  double of_class[2] = { 0 };

  g_assert_no_error (error);
  for (guint c = 0; c < 32; c++)
    {
      const EspCarried a = esp_lens_carried_get (carried, c, 0), b = esp_lens_carried_get (carried, c, 1);

      g_assert_true (a.share >= 0 && b.share >= 0);
      if (a.share + b.share > 0)
        g_assert_cmpfloat_with_epsilon (a.share + b.share, 1, 1e-9);
      of_class[0] += a.of_class;
      of_class[1] += b.of_class;
    }
  g_assert_cmpfloat_with_epsilon (of_class[0], 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (of_class[1], 1, 1e-9);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      g_autoptr (GArray) boxes = esp_lens_boxes (&fixture->input, whole[i], i, 3, 5, NULL, &error);

      g_assert_no_error (error);
      for (guint b = 0; b < boxes->len; b++)
        g_assert_true (g_array_index (boxes, EspLensBox, b).share >= 0 && g_array_index (boxes, EspLensBox, b).share <= 1);
    }
  esp_lens_forget (whole, N_IMAGES);
}

/* Every replicate keeps as many of each layer as the plan itself. */
static double *
ask_kept (Fixture *fixture, const EspLensScores *scores, EspPlan *plan)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspPlanState) state = esp_plan_get_state (plan);
  double *kept = esp_lens_kept (&fixture->input, scores, state, 20, 1, NULL, &error);

  g_assert_no_error (error);
  for (guint l = 0; l < esp_network_get_n_layers (fixture->m->network); l++)
    {
      g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
      guint n = 0;
      double sum = 0;

      if (esp_mask_get_bits (mask, l, &n) == NULL)
        continue;
      for (guint c = 0; c < n; c++)
        sum += kept[esp_coupling_get_unit (fixture->m->coupling, l, c)];
      g_assert_cmpfloat_with_epsilon (sum, esp_mask_count_kept (mask, l), 1e-6);
    }
  return kept;
}

/* Nothing asked keeps all, whatever the images; shares of groups and layers, floors and counts hold in each replicate. */
static void
test_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspLensScores) scores = esp_lens_scores_new (&fixture->input, NULL, &error);
  g_autoptr (EspPlan) plan = esp_plan_new (fixture->m->network, fixture->m->coupling, fixture->m->scores);
  g_autofree double *all = NULL, *half = NULL, *own = NULL;
  guint between = 0;

  g_assert_no_error (error);
  all = ask_kept (fixture, scores, plan);
  for (guint u = 0; u < esp_coupling_get_n_units (fixture->m->coupling); u++)
    g_assert_cmpfloat_with_epsilon (all[u], 1, 1e-9);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, .5);
  half = ask_kept (fixture, scores, plan);
  for (guint u = 0; u < esp_coupling_get_n_units (fixture->m->coupling); u++)
    between += half[u] > 1e-6 && half[u] < 1 - 1e-6;
  g_assert_cmpuint (between, >, 0);
  esp_plan_set_layer_share (plan, 0, (EspShare){ ESP_SHARE_COUNT, 20 });
  esp_plan_set_layer_floor (plan, 3, 30);
  own = ask_kept (fixture, scores, plan);
}

/* One image fewer: nothing is said of images that are not there. */
static void
test_few (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspLensCost) cost = NULL;

  set_up_images (&fixture, ESP_LENS_FEWEST - 1);
  g_assert_null (esp_lens_scores_new (&fixture.input, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "19 of 19 images show anything of the target above 0.02; attribution needs at least 20"));
  g_clear_error (&error);
  cost = esp_lens_cost_new (&fixture.input, NULL, 0, 7, fixture.m->protocol, 100, 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (isnan (cost->map.value));
  g_assert_true (isnan (cost->map.low) && isnan (cost->map.high));
  for (guint k = 0; k < cost->n_classes; k++)
    g_assert_true (cost->objects[k] == 0 || isnan (cost->per_class[k].low));
  tear_down (&fixture, NULL);
}

static void
test_cost (Fixture *fixture, gconstpointer data)
{
  const guint unit = esp_coupling_get_unit (fixture->m->coupling, 0, 7);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspLensCost) cost = esp_lens_cost_new (&fixture->input, NULL, 0, 7, fixture->m->protocol, 100, 1, NULL, &error);
  g_autoptr (EspMask) mask = mask_without_unit (fixture->m, (int) unit);
  EspOutcome **with, **without;
  EspInterval map;
  double sum = 0;
  guint n = 0;

  g_assert_no_error (error);
  esp_coupling_get_members (fixture->m->coupling, unit, &n);
  g_assert_cmpuint (n, ==, 2);
  with = esp_lens_see (&fixture->input, NULL, NULL, &error);
  without = esp_lens_see (&fixture->input, mask, NULL, &error);
  g_assert_no_error (error);
  map = esp_interval_of_difference (with, without, ESP_LENS_FEWEST, 2, fixture->m->protocol, 100, 1);
  g_assert_cmpfloat_with_epsilon (cost->map.value, map.value, 1e-12);
  g_assert_cmpfloat_with_epsilon (cost->map.low, map.low, 1e-12);
  g_assert_cmpfloat_with_epsilon (cost->map.high, map.high, 1e-12);
  for (guint k = 0; k < 2; k++)
    sum += cost->per_class[k].value;
  g_assert_cmpfloat_with_epsilon (sum / 2, map.value, 1e-12);
  g_assert_null (esp_lens_cost_new (&fixture->input, NULL, 5, 0, fixture->m->protocol, 10, 1, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED); /* a head reads it */
  esp_lens_forget (with, ESP_LENS_FEWEST);
  esp_lens_forget (without, ESP_LENS_FEWEST);
}

static void
test_drift (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspMask) full = esp_mask_new_full (fixture->m->network), half = NULL;
  g_autoptr (EspPlan) plan = esp_plan_new (fixture->m->network, fixture->m->coupling, fixture->m->scores);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspDriftReport) none = esp_drift_report_new (&fixture->input, full, 3, ESP_DRIFT_SPEARMAN, NULL, &error);
  g_autoptr (EspDriftReport) some = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (none->drifts->len, >, 0);
  g_assert_cmpuint (none->lost->len + none->n_gained, ==, 0);
  for (guint i = 0; i < none->drifts->len; i++)
    for (guint k = 0; k < ESP_DRIFT_N; k++)
      g_assert_cmpfloat_with_epsilon (g_array_index (none->drifts, EspDrift, i).distance[k], 0, 1e-6);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, .5);
  half = esp_plan_get_mask (plan);
  some = esp_drift_report_new (&fixture->input, half, 3, ESP_DRIFT_COSINE, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (some->drifts->len, ==, none->drifts->len);
  g_assert_cmpuint (some->n_found, ==, none->n_found);
  g_assert_cmpfloat (g_array_index (some->drifts, EspDrift, 0).distance[ESP_DRIFT_COSINE], >, 1e-3);
  g_test_message ("%u found, %u lost, %u gained", some->n_found, some->lost->len, some->n_gained);
  for (guint i = 1; i < some->drifts->len; i++)
    {
      const double a = g_array_index (some->drifts, EspDrift, i - 1).distance[ESP_DRIFT_COSINE];
      const double b = g_array_index (some->drifts, EspDrift, i).distance[ESP_DRIFT_COSINE];

      g_assert_true (isnan (b) || a >= b);
    }
  for (guint i = 0; i < some->lost->len; i++)
    {
      const EspLostBox *lost = &g_array_index (some->lost, EspLostBox, i);

      g_assert_cmpfloat (lost->before.score, >, .25f);
      for (guint k = 0; k < lost->n_blamed; k++)
        g_assert_true (!esp_mask_keeps (half, lost->blamed[k].layer, lost->blamed[k].channel) && lost->blamed[k].share > 0);
    }
}

static void
test_spearman (void)
{
  const float x[] = { 1, 2, 3, 4, 5 }, up[] = { 2, 8, 9, 10, 99 }, down[] = { 5, 4, 3, 2, 1 }, flat[] = { 1, 1, 1, 1, 1 };
  const float tied[] = { 1, 2, 2, 4, 5 };

  g_assert_cmpfloat_with_epsilon (esp_spearman (x, up, 5), 1, 1e-12);
  g_assert_cmpfloat_with_epsilon (esp_spearman (x, down, 5), -1, 1e-12);
  g_assert_cmpfloat_with_epsilon (esp_spearman (x, tied, 5), .9746794344808963, 1e-12); /* scipy.stats.spearmanr */
  g_assert_true (isnan (esp_spearman (x, flat, 5)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/lens/patches", Fixture, NULL, set_up, test_patches, tear_down);
  g_test_add ("/lens/receptive", Fixture, NULL, set_up, test_receptive, tear_down);
  g_test_add ("/lens/carried", Fixture, NULL, set_up, test_carried, tear_down);
  g_test_add ("/lens/kept", Fixture, NULL, set_up_enough, test_kept, tear_down);
  g_test_add_func ("/lens/few", test_few);
  g_test_add ("/lens/cost", Fixture, NULL, set_up_enough, test_cost, tear_down);
  g_test_add ("/lens/drift", Fixture, NULL, set_up, test_drift, tear_down);
  g_test_add_func ("/lens/spearman", test_spearman);
  return g_test_run ();
}
