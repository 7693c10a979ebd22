/* test-look.c: the lens over a study: what is kept for the next picture, and what becomes of a look that is cancelled */
#include "config.h"

#include "study-common.h"
#include "study/look.h"

#define LAYER 3

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspStudy *study;
  EspLook *look;
  gboolean answered;
} Fixture;

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_study_open_finish (ESP_STUDY (source), result, &error));
  g_assert_no_error (error);
  ((Fixture *) data)->answered = TRUE;
}

static gboolean
is_ready (gpointer data)
{
  Fixture *f = data;
  gboolean busy = TRUE;

  g_object_get (f->study, "busy", &busy, NULL);
  return f->answered && !busy;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  forget_state ();
  bench_make (&f->bench, 24, TRUE); /* enough for all that the lens says */
  f->lane = esp_lane_new (1);
  f->study = esp_study_new (f->lane);
  f->look = esp_look_new (f->study);
  esp_study_open_async (f->study, &f->bench.files, NULL, opened, f);
  wait_until (is_ready, f);
}

static void
nothing (gpointer data)
{
}

static void
settle (Fixture *f)
{
  esp_lane_call (f->lane, nothing, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_object_unref (f->look);
  settle (f);
  g_object_unref (f->study);
  settle (f);
  esp_lane_free (f->lane);
  bench_clear (&f->bench);
}

static gboolean
has_all (gpointer data)
{
  for (guint i = 0; i < ESP_LOOK_N_PARTS; i++)
    if (!esp_look_has (((Fixture *) data)->look, (EspLookPart) i))
      return FALSE;
  return TRUE;
}

static const EspLensCost *
look_at (Fixture *f, guint channel)
{
  esp_look_at (f->look, LAYER, channel);
  g_assert_nonnull (esp_look_get_job (f->look));
  wait_until (has_all, f);
  for (guint i = 0; i < ESP_LOOK_N_PARTS; i++)
    g_assert_no_error (esp_look_get_error (f->look, (EspLookPart) i));
  g_assert_null (esp_look_get_job (f->look));
  g_assert_nonnull (esp_look_get_cost (f->look));
  return esp_look_get_cost (f->look);
}

/* The plan's mask is asked for on the next turn of the loop. */
static void
rest (Fixture *f)
{
  settle (f);
  wait_until (is_ready, f);
}

/* What is looked at is measured once, whatever picture is in view: the same numbers in the same place. */
static void
test_kept_cost (Fixture *f, gconstpointer data)
{
  const EspLensCost *cost = look_at (f, 5), *other, *planned;
  guint n_first = 0, n_second = 0;

  g_assert_cmpuint (cost->map.replicates, >, 0);
  g_assert_nonnull (esp_look_get_boxes (f->look, &n_first));
  esp_study_select_image (f->study, 7);
  g_assert_true (look_at (f, 5) == cost);
  g_assert_nonnull (esp_look_get_boxes (f->look, &n_second));
  other = look_at (f, 6);
  g_assert_true (other != cost);
  g_assert_true (look_at (f, 5) == cost);
  esp_plan_set_ratio (esp_study_get_plan (f->study), 0, .5);
  rest (f);
  planned = look_at (f, 5);
  g_assert_true (planned != cost);
  esp_plan_undo (esp_study_get_plan (f->study));
  rest (f);
  g_assert_true (look_at (f, 5) == cost);
}

/* Cancelled before it began: every part is told, nothing is waited for, and another look finds all. */
static void
test_cancelled (Fixture *f, gconstpointer data)
{
  guint n = 1, layer, channel;

  esp_look_at (f->look, LAYER, 2);
  esp_job_cancel (esp_look_get_job (f->look));
  g_assert_null (esp_look_get_job (f->look));
  wait_until (has_all, f);
  for (guint i = 0; i < ESP_LOOK_N_PARTS; i++)
    g_assert_error (esp_look_get_error (f->look, (EspLookPart) i), G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (esp_look_get_cost (f->look));
  g_assert_null (esp_look_get_patches (f->look, &n));
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (esp_look_is_at (f->look, &layer, &channel));
  g_assert_cmpuint (channel, ==, 2);
  look_at (f, 2);
}

static gboolean
has_patches (gpointer data)
{
  return esp_look_has (((Fixture *) data)->look, ESP_LOOK_PATCHES);
}

/* Cancelled under way: what was found stays, the rest is told. */
static void
test_cancelled_later (Fixture *f, gconstpointer data)
{
  guint n = 0;

  esp_look_at (f->look, LAYER, 2);
  wait_until (has_patches, f);
  esp_job_cancel (esp_look_get_job (f->look));
  wait_until (has_all, f);
  g_assert_no_error (esp_look_get_error (f->look, ESP_LOOK_PATCHES));
  g_assert_nonnull (esp_look_get_patches (f->look, &n));
  g_assert_error (esp_look_get_error (f->look, ESP_LOOK_COST), G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_nothing (Fixture *f, gconstpointer data)
{
  guint layer = 99, channel = 99;

  g_assert_false (esp_look_is_at (f->look, &layer, &channel));
  g_assert_null (esp_look_get_sample (f->look, 0));
  look_at (f, 1);
  g_assert_nonnull (esp_look_get_sample (f->look, 0));
  g_assert_cmpint (esp_look_get_orientation (f->look), ==, ESP_ORIENTATION_AUTO);
  esp_look_forget (f->look);
  g_assert_false (esp_look_is_at (f->look, &layer, &channel));
  g_assert_null (esp_look_get_cost (f->look));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  isolate_state ();
  g_test_add ("/look/kept-cost", Fixture, NULL, set_up, test_kept_cost, tear_down);
  g_test_add ("/look/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
  g_test_add ("/look/cancelled-later", Fixture, NULL, set_up, test_cancelled_later, tear_down);
  g_test_add ("/look/nothing", Fixture, NULL, set_up, test_nothing, tear_down);
  status = g_test_run ();
  forget_state ();
  return status;
}
