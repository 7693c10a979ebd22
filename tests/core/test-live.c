/* test-live.c: the evaluator: the final number, latest wins, undo from the cache, closing in the middle, no truth */
#include "config.h"

#include <math.h>

#include "study-common.h"
#include "study/live-private.h"

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspMaterial *material;
  EspLive *live;
  guint trials, failures, known;
  guint intervals;
  char *title; /* of the newest trial */
} Fixture;

static void
changed (gpointer data)
{
}

static void
baseline (guint from, guint to, gpointer data)
{
  Fixture *f = data;

  g_assert_cmpuint (from, ==, f->known);
  g_assert_cmpuint (to, >, from);
  f->known = to;
  for (guint i = from; i < to; i++)
    g_assert_nonnull (esp_live_get_baseline (f->live, esp_live_get_order (f->live)[i]));
}

static void
trial (const EspTrial *one, gboolean fresh, gpointer data)
{
  Fixture *f = data;

  f->trials += fresh;
  f->intervals += one->has_interval;
  g_free (f->title);
  f->title = g_strdup (one->title);
}

static void
failed (const GError *error, gpointer data)
{
  g_test_message ("%s", error->message);
  ((Fixture *) data)->failures++;
}

static void
set_up (Fixture *f, gconstpointer labelled)
{
  const EspLiveEvents events = { changed, baseline, trial, failed };
  g_autoptr (GError) error = NULL;

  bench_make (&f->bench, 24, labelled != NULL);
  f->lane = esp_lane_new (1);
  f->material = esp_material_load (&f->bench.files, NULL, &error);
  g_assert_no_error (error);
  f->live = esp_live_new (f->lane, f->material, &events, f, 1 << 20);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->live, esp_live_close);
  esp_material_unref (f->material);
  esp_lane_free (f->lane);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->failures, ==, 0);
  g_free (f->title);
  bench_clear (&f->bench);
}

static EspMapNumber
number_of (Fixture *f)
{
  EspMapNumber number;

  esp_live_get_number (f->live, &number);
  return number;
}

static gboolean
is_final (gpointer data)
{
  return number_of (data).state == ESP_STATE_FINAL;
}

static gboolean
has_interval (gpointer data)
{
  const EspMapNumber number = number_of (data);

  return number.state == ESP_STATE_FINAL && number.has_interval;
}

static gboolean
is_known (gpointer data)
{
  Fixture *f = data;

  return f->known == f->material->n_images;
}

/* Channels [0, n) of layer 4, which nothing else is coupled to, cut. */
static EspMask *
mask_without (Fixture *f, guint n)
{
  guint8 *keep[7] = { NULL };
  g_autofree guint8 *bits = g_new (guint8, 24);

  for (guint i = 0; i < 24; i++)
    bits[i] = i >= n;
  keep[4] = bits;
  return esp_mask_new (f->material->network, keep);
}

static void
test_final (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) full = mask_without (f, 0), half = mask_without (f, 12);
  EspMapNumber number = number_of (f);

  g_assert_cmpint (number.state, ==, ESP_STATE_NONE);
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  wait_until (is_known, f);
  number = number_of (f);
  g_assert_false (number.has_plan);
  g_assert_cmpfloat (number.map, ==, direct_map (f->lane, &f->bench.files, full));
  g_assert_cmpfloat (number.map, >, 0);
  g_assert_cmpfloat (number.map, ==, number.baseline);

  esp_live_request (f->live, half, "half", NULL);
  number = number_of (f);
  g_assert_cmpint (number.state, ==, ESP_STATE_PREVIOUS);
  g_assert_cmpfloat (number.map, ==, number.baseline);
  wait_until (has_interval, f);
  number = number_of (f);
  g_assert_true (number.has_plan);
  g_assert_cmpuint (number.n, ==, 24);
  g_assert_cmpfloat (number.map, ==, direct_map (f->lane, &f->bench.files, half));
  g_assert_cmpfloat (number.map, !=, number.baseline);
  g_assert_cmpfloat (number.interval.low, <=, number.interval.high);
  g_assert_cmpuint (number.interval.replicates, ==, 2000);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->trials, ==, 2);
  g_assert_cmpstr (f->title, ==, "half");
}

typedef struct
{
  GMutex mutex; /* held while the lane is to wait */
  int begun;
} Hold;

static void
hold_lane (gpointer data)
{
  Hold *hold = data;

  g_atomic_int_set (&hold->begun, 1);
  g_mutex_lock (&hold->mutex);
  g_mutex_unlock (&hold->mutex);
}

static gboolean
has_begun (gpointer data)
{
  return g_atomic_int_get (&((Hold *) data)->begun) != 0;
}

/* What the quick look at @mask said: the lane is held between it and the pass. */
static EspMapNumber
look_alone (Fixture *f, EspMask *mask)
{
  EspMapNumber number;
  Hold hold = { 0 };

  g_mutex_init (&hold.mutex);
  g_mutex_lock (&hold.mutex);
  esp_live_request (f->live, mask, "half", NULL);
  esp_lane_post (f->lane, ESP_LANE_VIEW, hold_lane, &hold, NULL);
  wait_until (has_begun, &hold);
  number = number_of (f);
  g_mutex_unlock (&hold.mutex);
  wait_until (has_interval, f);
  g_mutex_clear (&hold.mutex);
  return number;
}

/* 18 of 24 images are in, and their number has an interval of its own. On a machine with much else to do a look may end before: then
 * again. */
static void
test_partial (Fixture *f, gconstpointer data)
{
  EspMapNumber number = { .n = 0 };

  if (g_getenv ("ESP_KERNELS") != NULL)
    {
      g_test_skip ("these kernels see too few images in the time that a look has");
      return;
    }
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  for (guint k = 1; k < 16 && number.n != 18; k++)
    {
      g_autoptr (EspMask) mask = mask_without (f, k);

      f->live->seconds_per_image = .08 / 18.5;
      number = look_alone (f, mask);
      g_assert_true (number.has_interval == (number.state == ESP_STATE_PARTIAL));
      g_assert_true (number.state == ESP_STATE_PARTIAL || number.agreement_n < 16);
      g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->bench.files, mask));
    }
  g_assert_cmpuint (number.n, ==, 18);
  g_assert_cmpuint (number.interval.n, ==, 18);
  g_assert_cmpuint (number.interval.replicates, >=, 100);
  g_assert_cmpfloat (number.interval.low, <, number.interval.high);
  g_assert_cmpfloat (number.interval.low, >=, -number.baseline);
  g_assert_cmpfloat (number.interval.high, <=, 1 - number.baseline);
  g_assert_cmpfloat_with_epsilon (number.map, CLAMP (number.baseline + number.interval.value, 0, 1), 1e-12);
}

static void
test_undo (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) full = mask_without (f, 0), half = mask_without (f, 12);
  double map;

  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  esp_live_request (f->live, half, "half", NULL);
  wait_until (has_interval, f);
  map = number_of (f).map;
  esp_live_request (f->live, full, "back", NULL);
  g_assert_true (has_interval (f)); /* at once */
  g_assert_cmpfloat (number_of (f).map, ==, number_of (f).baseline);
  esp_live_request (f->live, half, "again", NULL);
  g_assert_true (has_interval (f));
  g_assert_cmpfloat (number_of (f).map, ==, map);
}

/* Thirty masks in a row: the last one's number is what stays, and those dropped on the way leave no trial. */
static void
test_latest_wins (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) last = mask_without (f, 15);

  esp_live_start (f->live, NULL);
  wait_until (is_final, f);
  for (guint i = 1; i <= 30; i++)
    {
      g_autoptr (EspMask) mask = mask_without (f, i % 16 + 1);

      esp_live_request (f->live, mask, "drag", NULL);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpint (number_of (f).state, !=, ESP_STATE_NONE);
  wait_until (is_final, f);
  g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->bench.files, last));
}

static void
test_before_baseline (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) half = mask_without (f, 12);

  esp_live_start (f->live, NULL);
  esp_live_request (f->live, half, "early", NULL);
  wait_until (is_final, f);
  g_assert_true (number_of (f).has_plan);
  g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->bench.files, half));
}

static void
test_close_under_way (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) half = mask_without (f, 12);
  const guint known = f->known;

  esp_live_start (f->live, NULL);
  esp_live_request (f->live, half, "half", NULL);
  g_usleep (3000);
  g_clear_pointer (&f->live, esp_live_close);
  for (int i = 0; i < 20; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpuint (f->known, ==, known);
  g_assert_cmpuint (f->trials, ==, 0);
}

static void
test_unlabelled (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) half = mask_without (f, 12);
  EspMapNumber number;

  esp_live_start (f->live, NULL);
  wait_until (is_known, f);
  wait_until (is_final, f);
  esp_live_request (f->live, half, "half", NULL);
  g_assert_cmpint (number_of (f).state, ==, ESP_STATE_NONE);
  wait_until (is_final, f);
  number = number_of (f);
  g_assert_false (number.labelled);
  g_assert_true (isnan (number.map));
  g_assert_true (number.has_agreement);
  g_assert_cmpuint (number.agreement_n, ==, 24);
  g_assert_cmpfloat (number.agreement, <, 1);
}

static gboolean
has_latency (gpointer data)
{
  Fixture *f = data;
  g_autoptr (EspMask) half = mask_without (f, 12);
  EspLatencySpan span;

  return esp_live_get_span (f->live, half, &span) && span.before.median_ms > 0 && span.after.median_ms > 0;
}

static void
test_latency (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) half = mask_without (f, 12);
  EspLatencySpan span, whole;

  esp_live_request (f->live, half, "half", NULL);
  g_assert_false (has_latency (f));
  esp_live_measure (f->live);
  wait_until (has_latency, f);
  g_assert_true (esp_live_get_span (f->live, half, &span) && esp_live_get_span (f->live, NULL, &whole));
  g_assert_cmpfloat (whole.after.median_ms, ==, span.before.median_ms); /* of the same turns */
  g_assert_cmpuint (span.before.repeats, ==, span.after.repeats);
}

#define ADD(path, labelled, func) g_test_add (path, Fixture, labelled, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/study/live/final", "labelled", test_final);
  ADD ("/study/live/partial", "labelled", test_partial);
  ADD ("/study/live/undo", "labelled", test_undo);
  ADD ("/study/live/latest-wins", "labelled", test_latest_wins);
  ADD ("/study/live/before-baseline", "labelled", test_before_baseline);
  ADD ("/study/live/close", "labelled", test_close_under_way);
  ADD ("/study/live/unlabelled", NULL, test_unlabelled);
  ADD ("/study/live/latency", "labelled", test_latency);
  return g_test_run ();
}
