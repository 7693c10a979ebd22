/* test-study-plan.c: what the document tells of groups, channels and branches: the channels at a line with their maps, partners, two
 * branches compared */
#include "config.h"

#include <math.h>

#include "prune/plan-branch.h"
#include "study-common.h"
#include "study/branches.h"

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspStudy *study;
  gboolean answered;
  EspPlanDifference *difference;
  EspComparison comparison;
} Fixture;

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_study_open_finish (f->study, result, &error));
  g_assert_no_error (error);
  f->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Fixture *) data)->answered;
}

static gboolean
is_quiet (gpointer data)
{
  gboolean busy = TRUE;

  g_object_get (((Fixture *) data)->study, "busy", &busy, NULL);
  return !busy;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  forget_state ();
  bench_make (&f->bench, 8, TRUE);
  f->lane = esp_lane_new (1);
  f->study = esp_study_new (f->lane);
  esp_study_open_async (f->study, &f->bench.files, NULL, opened, f);
  wait_until (is_answered, f);
  wait_until (is_quiet, f);
}

static void
nothing (gpointer data)
{
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_pointer (&f->difference, esp_plan_difference_free);
  g_assert_finalize_object (f->study);
  esp_lane_call (f->lane, nothing, NULL);
  esp_lane_free (f->lane);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  bench_clear (&f->bench);
}

static EspChannel
channel_at (GListModel *rows, guint i)
{
  g_autoptr (GObject) row = g_list_model_get_item (rows, i);
  EspChannel channel = { 0, 0 };

  g_assert_nonnull (row);
  g_object_get (row, "layer", &channel.layer, "channel", &channel.channel, NULL);
  return channel;
}

/* Both lists are what the plan says of the group's line, and what each row says is what the mask does. */
static void
check_edge (Fixture *f, guint group)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);
  int layer = -1;

  g_object_get (f->study, "layer", &layer, NULL);
  for (int goes = 0; goes < 2; goes++)
    {
      GListModel *rows = esp_study_get_edge (f->study, goes == 1);
      g_autoptr (GArray) expected = esp_plan_get_edge (plan, group, layer, goes == 1, 4);

      g_assert_cmpuint (g_list_model_get_n_items (rows), ==, expected->len);
      for (guint i = 0; i < expected->len; i++)
        {
          const EspChannel c = g_array_index (expected, EspChannel, i);
          g_autoptr (GObject) row = g_list_model_get_item (rows, i);
          gboolean kept = FALSE;

          g_object_get (row, "kept", &kept, NULL);
          g_assert_cmpuint (channel_at (rows, i).layer, ==, c.layer);
          g_assert_cmpuint (channel_at (rows, i).channel, ==, c.channel);
          g_assert_cmpint (kept, ==, esp_mask_keeps (mask, c.layer, c.channel));
        }
    }
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
all_mapped (gpointer data)
{
  Fixture *f = data;

  for (int goes = 0; goes < 2; goes++)
    for (guint i = 0; i < g_list_model_get_n_items (esp_study_get_edge (f->study, goes == 1)); i++)
      {
        const EspChannel c = channel_at (esp_study_get_edge (f->study, goes == 1), i);

        if (esp_study_get_edge_map (f->study, c.layer, c.channel) == NULL)
          return FALSE;
      }
  return TRUE;
}

static gboolean
strip_mapped (gpointer data)
{
  EspStudy *study = ((Fixture *) data)->study;

  return esp_study_get_channel_map (study, channel_at (esp_study_get_edge (study, FALSE), 0).channel) != NULL;
}

static void
assert_same_map (EspHeatmap *a, EspHeatmap *b)
{
  g_assert_cmpint (a->width, ==, b->width);
  g_assert_cmpint (a->height, ==, b->height);
  g_assert_cmpmem (a->values, sizeof (float) * (gsize) (a->width * a->height), b->values, sizeof (float) * (gsize) (b->width * b->height));
}

/* Layers 3 and 4 are groups of their own here; the layer in view is another than the group's until it is chosen. */
static void
test_edge (Fixture *f, gconstpointer data)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  const guint group = (guint) esp_plan_group_of_layer (plan, 3), other = (guint) esp_plan_group_of_layer (plan, 0);
  GListModel *next = esp_study_get_edge (f->study, FALSE), *last = esp_study_get_edge (f->study, TRUE);
  g_autoptr (EspHeatmap) map = NULL;

  esp_study_select_layer (f->study, 1);
  g_assert_cmpuint (g_list_model_get_n_items (next), ==, 0);
  esp_study_watch_edge (f->study, (int) group);
  g_assert_cmpuint (g_list_model_get_n_items (last), ==, 0);
  check_edge (f, group);
  esp_plan_set_ratio (plan, group, .4);
  settle ();
  g_assert_cmpuint (g_list_model_get_n_items (last), ==, 4);
  check_edge (f, group);
  wait_until (all_mapped, f);
  map = esp_heatmap_ref (esp_study_get_edge_map (f->study, channel_at (next, 0).layer, channel_at (next, 0).channel));
  g_assert_cmpint (map->layer, ==, (int) channel_at (next, 0).layer);
  esp_study_select_layer (f->study, (int) channel_at (next, 0).layer); /* the strip's own map of it is the same */
  wait_until (strip_mapped, f);
  assert_same_map (map, esp_study_get_channel_map (f->study, channel_at (next, 0).channel));
  wait_until (all_mapped, f);
  esp_study_select_image (f->study, 1); /* maps are of one picture */
  g_assert_false (all_mapped (f));
  wait_until (all_mapped, f);
  esp_study_watch_edge (f->study, (int) other);
  check_edge (f, other);
  esp_study_watch_edge (f->study, -1);
  g_assert_cmpuint (g_list_model_get_n_items (next) + g_list_model_get_n_items (last), ==, 0);
}

/* Layers 0 and 1 are added to each other; 3 goes alone; 5 is what the head reads. */
static void
test_partners (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) added = esp_study_find_partner_groups (f->study, 1, 3), alone = esp_study_find_partner_groups (f->study, 3, 0);
  g_autoptr (GArray) fixed = esp_study_find_partner_groups (f->study, 5, 0);

  g_assert_cmpuint (added->len, ==, 1);
  g_assert_cmpint (esp_plan_group_of_layer (esp_study_get_plan (f->study), 0), ==, (int) g_array_index (added, guint, 0));
  g_assert_cmpuint (alone->len, ==, 0);
  g_assert_cmpuint (fixed->len, ==, 0);
}

static void
differed (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  f->difference = esp_study_difference_finish (result, &error);
  g_assert_no_error (error);
  f->answered = TRUE;
}

static void
compared (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_study_compare_finish (result, &f->comparison, &error));
  g_assert_no_error (error);
  f->answered = TRUE;
}

/* What was asked for is compared, whatever the plan has become since: the mask of a state alone, costs, and mAP as evaluation has it. */
static void
test_branches (Fixture *f, gconstpointer data)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  EspNetwork *network = esp_study_get_network (f->study);
  g_autoptr (EspMask) whole = esp_mask_new_full (network), cut = NULL, resolved = NULL;
  g_autoptr (EspPlanState) state = NULL;
  g_autoptr (EspJob) job = esp_job_new ("test");
  g_autoptr (GError) error = NULL;
  const EspChannel hand = { 3, 7 };

  g_assert_true (esp_plan_add_branch (plan, "bold", &error));
  esp_plan_switch_branch (plan, 1);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, .5);
  esp_plan_set_rules (plan, &hand, 1, ESP_CHANNEL_CUT);
  cut = esp_plan_get_mask (plan);
  state = esp_plan_get_branch_state (plan, 1);
  resolved = esp_plan_state_resolve (state, network, esp_plan_get_coupling (plan));
  g_assert_true (esp_hash_equal (esp_mask_get_hash (cut), esp_mask_get_hash (resolved)));

  g_assert_true (esp_study_can_compare (f->study));
  f->answered = FALSE;
  esp_study_difference_async (f->study, 0, 1, differed, f);
  esp_plan_reset (plan); /* too late to change what is asked */
  wait_until (is_answered, f);
  g_assert_cmpuint (f->difference->cut_a, ==, 0);
  g_assert_cmpuint (f->difference->only_a, ==, 0);
  g_assert_cmpuint (f->difference->only_b, >, 0);
  g_assert_cmpuint (f->difference->only_b, ==, f->difference->cut_b);
  g_assert_cmpuint (f->difference->cost_b.params, ==, esp_cost_of (network, cut).params);

  esp_plan_undo (plan);
  f->answered = FALSE;
  esp_study_compare_async (f->study, 0, 1, job, compared, f);
  esp_plan_reset (plan);
  wait_until (is_answered, f);
  g_assert_cmpfloat (f->comparison.a.value, ==, direct_map (f->lane, &f->bench.files, whole));
  g_assert_cmpfloat (f->comparison.b.value, ==, direct_map (f->lane, &f->bench.files, cut));
  g_assert_cmpfloat (fabs (f->comparison.difference.value - (f->comparison.b.value - f->comparison.a.value)), <, 1e-12);
  wait_until (is_quiet, f);
}

/* A job that is cancelled is no failure that anybody sees. */
static void
cancelled (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (esp_study_compare_finish (result, &f->comparison, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  f->answered = TRUE;
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (EspJob) job = esp_job_new ("test");

  f->answered = FALSE;
  esp_job_cancel (job);
  esp_study_compare_async (f->study, 0, 0, job, cancelled, f);
  wait_until (is_answered, f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  isolate_state ();
  g_test_add ("/study-plan/edge", Fixture, NULL, set_up, test_edge, tear_down);
  g_test_add ("/study-plan/partners", Fixture, NULL, set_up, test_partners, tear_down);
  g_test_add ("/study-plan/branches", Fixture, NULL, set_up, test_branches, tear_down);
  g_test_add ("/study-plan/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  return g_test_run ();
}
