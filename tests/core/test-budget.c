/* test-budget.c: the search within a budget: its words, its halves, what it finds, and a plan that stays as it was where nothing is
 * found */
#include "config.h"

#include "search/budget.h"

#include <math.h>

#include "base/error.h"
#include "study/material.h"

#include "study-common.h"

#define N_IMAGES 8

static void
assert_limit (const char *text, EspBudgetUnit unit, double most, gboolean relative)
{
  g_autoptr (GError) error = NULL;
  EspBudgetLimit limit;

  esp_budget_limit_parse (text, &limit, &error);
  g_assert_no_error (error);
  g_assert_cmpint (limit.unit, ==, unit);
  g_assert_cmpfloat (limit.most, ==, most);
  g_assert_cmpint (limit.relative, ==, relative);
}

static void
test_words (void)
{
  const char *bad[] = { "", "x-mb", "1", "1-", "1x", "-1-mb", "0-mb", "nan-mb", "inf-mb", "2x-bflops", "1-parsec", "1 mb", "1xx-mb" };

  assert_limit ("0.5x-bflops", ESP_BUDGET_BFLOPS, .5, TRUE);
  assert_limit ("0.25-bflops", ESP_BUDGET_BFLOPS, .25, FALSE);
  assert_limit ("12-MB", ESP_BUDGET_MB, 12, FALSE);
  assert_limit ("4.5-ms", ESP_BUDGET_MS, 4.5, FALSE);
  assert_limit ("1x-ms", ESP_BUDGET_MS, 1, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      EspBudgetLimit limit;

      g_assert_false (esp_budget_limit_parse (bad[i], &limit, &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
    }
}

typedef struct
{
  Bench bench;
  EspMaterial *m;
  EspPlan *plan;
  EspScores *scores[1];
  EspBudgetInput input;
  EspLane *lane;
  EspJob *job;
  EspBudget *budget;
  GError *error;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  const EspCriterion *l1 = esp_criterion_find ("l1");
  g_autoptr (GError) error = NULL;

  bench_make (&self->bench, N_IMAGES, TRUE);
  self->m = esp_material_load (&self->bench.files, NULL, &error);
  g_assert_no_error (error);
  self->m->options.backend = ESP_BACKEND_REFERENCE;
  self->plan = esp_plan_new (self->m->network, self->m->coupling, NULL);
  self->scores[0] = l1->score (&(EspCriterionInput){ .network = self->m->network, .weights = self->m->weights }, NULL, &error);
  g_assert_no_error (error);
  self->lane = esp_lane_new (1);
  self->input = (EspBudgetInput){ .weights = self->m->weights,
                                  .plan = self->plan,
                                  .scores = self->scores,
                                  .n_scores = 1,
                                  .dataset = self->m->dataset,
                                  .map = self->m->map,
                                  .cache = self->m->cache,
                                  .options = &self->m->options,
                                  .protocol = self->m->protocol,
                                  .limit = { ESP_BUDGET_BFLOPS, .6, TRUE },
                                  .least_map = NAN,
                                  .n_tries = 24,
                                  .replicates = 50,
                                  .seed = 1 };
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->budget, esp_budget_free);
  g_clear_pointer (&self->job, esp_job_unref);
  g_clear_error (&self->error);
  esp_lane_free (self->lane);
  esp_scores_unref (self->scores[0]);
  g_object_unref (self->plan);
  esp_material_unref (self->m);
  bench_clear (&self->bench);
}

static void
solve (gpointer data)
{
  Fixture *self = data;

  self->budget = esp_budget_solve (&self->input, self->job, &self->error);
}

static void
test_halves (Fixture *self, gconstpointer data)
{
  for (guint limit = 0; limit < N_IMAGES; limit++)
    {
      const guint n = limit > 0 ? limit : N_IMAGES;
      guint n_choose, n_judge;
      guint8 met[N_IMAGES] = { 0 };
      g_autofree guint *judge = NULL, *choose = esp_budget_choose (self->m->dataset, limit, 5, &n_choose, &judge, &n_judge);

      g_assert_cmpuint (n_choose, ==, (n + 1) / 2);
      g_assert_cmpuint (n_judge, ==, n / 2);
      for (guint i = 0; i < n_choose; i++)
        g_assert_cmpuint (met[choose[i]]++, ==, 0);
      for (guint i = 0; i < n_judge; i++)
        g_assert_cmpuint (met[judge[i]]++, ==, 0);
      for (guint i = 1; i < n_choose; i++)
        g_assert_cmpuint (choose[i], >, choose[i - 1]);
    }
}

static void
test_found (Fixture *self, gconstpointer data)
{
  const EspBudgetTry *found, *uniform;
  g_autoptr (EspMask) mask = NULL;
  double ratio;

  esp_lane_call (self->lane, solve, self);
  g_assert_no_error (self->error);
  found = esp_budget_get (self->budget, esp_budget_get_found (self->budget));
  uniform = esp_budget_get (self->budget, (guint) esp_budget_get_uniform (self->budget));
  g_assert_true (found->fits && uniform->fits);
  g_assert_cmpfloat (found->map, >=, uniform->map);
  g_assert_cmpfloat (found->cost.bflops, <=, .6 * esp_budget_get (self->budget, 0)->cost.bflops);
  g_assert_cmpfloat (esp_budget_get_half (self->budget, FALSE)->found, ==, found->map);
  ratio = uniform->ratios[0];
  for (guint g = 0; g < esp_plan_get_n_groups (self->plan); g++)
    {
      g_assert_cmpfloat (uniform->ratios[g], ==, ratio);
      g_assert_cmpfloat (esp_plan_get_ratio (self->plan, g), ==, found->ratios[g]);
    }
  mask = esp_plan_get_mask (self->plan);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (found->mask)));
  esp_plan_undo (self->plan); /* one act */
  for (guint g = 0; g < esp_plan_get_n_groups (self->plan); g++)
    g_assert_cmpfloat (esp_plan_get_ratio (self->plan, g), ==, 0);
}

/* Undone, the scores that ranked before rank again. */
static void
test_undone (Fixture *self, gconstpointer data)
{
  const EspCriterion *lot = esp_criterion_find ("random");
  EspCriterionInput input = { .network = self->m->network, .weights = self->m->weights, .seed = 3 };
  g_autoptr (EspScores) before = lot->score (&input, NULL, &self->error);
  EspHash first, found, now;
  g_autoptr (EspPlanState) state = NULL, undone = NULL, redone = NULL;

  g_assert_no_error (self->error);
  esp_plan_set_scores (self->plan, before);
  esp_plan_set_threshold (self->plan, 0, .25);
  state = esp_plan_get_state (self->plan);
  first = esp_plan_state_get_hash (state);
  esp_lane_call (self->lane, solve, self);
  g_assert_no_error (self->error);
  g_assert_true (esp_plan_get_scores (self->plan) == self->scores[0]);
  g_clear_pointer (&state, esp_plan_state_unref);
  state = esp_plan_get_state (self->plan);
  found = esp_plan_state_get_hash (state);
  esp_plan_undo (self->plan);
  g_assert_true (esp_plan_get_scores (self->plan) == before);
  undone = esp_plan_get_state (self->plan);
  now = esp_plan_state_get_hash (undone);
  g_assert_true (esp_hash_equal (now, first));
  esp_plan_redo (self->plan);
  redone = esp_plan_get_state (self->plan);
  now = esp_plan_state_get_hash (redone);
  g_assert_true (esp_hash_equal (now, found));
}

/* However few may be tried: looks at single groups count, and one plan is only enough where the whole network fits. */
static void
test_tries (Fixture *self, gconstpointer data)
{
  EspScores *const twice[] = { self->scores[0], self->scores[0], self->scores[0] };

  self->input.scores = twice;
  self->input.n_scores = G_N_ELEMENTS (twice);
  for (guint n = 2; n < 12; n += 1 + n / 4)
    {
      self->input.n_tries = n;
      esp_lane_call (self->lane, solve, self);
      g_assert_no_error (self->error);
      g_assert_cmpuint (esp_budget_get_n (self->budget), <=, n);
      g_assert_true (esp_budget_get (self->budget, esp_budget_get_found (self->budget))->fits);
      g_clear_pointer (&self->budget, esp_budget_free);
    }
  self->input.n_tries = 64;
  self->input.seconds = 1e-6;
  esp_lane_call (self->lane, solve, self);
  g_assert_no_error (self->error);
  g_assert_cmpuint (esp_budget_get_n (self->budget), ==, 2);
  self->input.n_tries = 1;
  g_clear_pointer (&self->budget, esp_budget_free);
  esp_lane_call (self->lane, solve, self);
  g_assert_error (self->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (self->error->message, "expected at least 2 plans"));
}

static void
assert_as_it_was (Fixture *self)
{
  gboolean can_undo = TRUE;

  for (guint g = 0; g < esp_plan_get_n_groups (self->plan); g++)
    g_assert_cmpfloat (esp_plan_get_ratio (self->plan, g), ==, .125);
  g_assert_null (esp_plan_get_scores (self->plan));
  esp_plan_undo (self->plan);
  g_object_get (self->plan, "can-undo", &can_undo, NULL);
  g_assert_false (can_undo);
}

static void
cut_a_little (Fixture *self)
{
  esp_plan_begin (self->plan);
  for (guint g = 0; g < esp_plan_get_n_groups (self->plan); g++)
    esp_plan_set_ratio (self->plan, g, .125);
  esp_plan_end (self->plan);
}

static void
test_impossible (Fixture *self, gconstpointer data)
{
  self->input.limit = (EspBudgetLimit){ ESP_BUDGET_MB, 1e-6, FALSE };
  cut_a_little (self);
  esp_lane_call (self->lane, solve, self);
  g_assert_null (self->budget);
  g_assert_error (self->error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (self->error->message, "the least that can be reached is"));
  assert_as_it_was (self);
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  self->job = esp_job_new ("Budget");
  esp_job_cancel (self->job);
  cut_a_little (self);
  esp_lane_call (self->lane, solve, self);
  g_assert_null (self->budget);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_as_it_was (self);
}

typedef struct
{
  EspJob *job;
  guint n_left;
} Countdown;

static void
count_down (gpointer data)
{
  Countdown *count = data;

  if (count->n_left > 0 && --count->n_left == 0)
    esp_job_cancel (count->job);
}

/* At any check, while it searches and while it judges: nothing leaks, and the plan stays as it was. */
static void
test_cancelled_later (Fixture *self, gconstpointer data)
{
  self->input.n_tries = 3;
  cut_a_little (self);
  for (guint at = 2; self->budget == NULL; at += 1 + at / 3)
    {
      Countdown count = { NULL, at };
      gboolean can_undo = FALSE;

      g_clear_error (&self->error);
      g_clear_pointer (&self->job, esp_job_unref);
      count.job = self->job = esp_job_new ("Budget");
      esp_job_set_between (self->job, count_down, &count);
      esp_lane_call (self->lane, solve, self);
      if (self->budget != NULL)
        break;
      g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      for (guint g = 0; g < esp_plan_get_n_groups (self->plan); g++)
        g_assert_cmpfloat (esp_plan_get_ratio (self->plan, g), ==, .125);
      g_object_get (self->plan, "can-undo", &can_undo, NULL);
      g_assert_true (can_undo);
      g_assert_cmpuint (at, <, 1000000);
    }
  g_assert_no_error (self->error);
}

#define ADD(name, func) g_test_add ("/budget/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/budget/words", test_words);
  ADD ("halves", test_halves);
  ADD ("found", test_found);
  ADD ("undone", test_undone);
  ADD ("tries", test_tries);
  ADD ("impossible", test_impossible);
  ADD ("cancelled", test_cancelled);
  ADD ("cancelled later", test_cancelled_later);
  return g_test_run ();
}
