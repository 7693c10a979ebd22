/* test-live-half.c: quick looks in bfloat16: approximate, said to be, and without a trace in what is final */
#include "config.h"

#include <math.h>

#include "measure/bootstrap.h"
#include "study-common.h"
#include "study/live-private.h"

#define N_IMAGES 24

typedef struct
{
  Bench bench;
  EspLane *lane;
  EspMaterial *material;
  EspLive *live;
  guint failures;
} Fixture;

static void
changed (gpointer data)
{
}

static void
baseline (guint from, guint to, gpointer data)
{
}

static void
trial (const EspTrial *one, gboolean fresh, gpointer data)
{
}

static void
failed (const GError *error, gpointer data)
{
  g_test_message ("%s", error->message);
  ((Fixture *) data)->failures++;
}

static EspLive *
new_live (Fixture *f)
{
  const EspLiveEvents events = { changed, baseline, trial, failed };

  return esp_live_new (f->lane, f->material, &events, f, 1 << 20);
}

static void
set_up (Fixture *f, gconstpointer labelled)
{
  g_autoptr (GError) error = NULL;

  bench_make (&f->bench, N_IMAGES, labelled != NULL);
  f->lane = esp_lane_new (1);
  f->material = esp_material_load (&f->bench.files, NULL, &error);
  g_assert_no_error (error);
  f->live = new_live (f);
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
is_measured (gpointer data)
{
  return number_of (data).half_known;
}

/* Channels [0, n) of layer 4, which nothing else is coupled to, cut. */
static EspMask *
mask_without (Fixture *f, guint n)
{
  guint8 *keep[7] = { NULL };
  guint8 bits[24];

  for (guint i = 0; i < 24; i++)
    bits[i] = i >= n;
  keep[4] = bits;
  return esp_mask_new (f->material->network, keep);
}

static gboolean
skips (void)
{
  if (esp_backend_is_available (ESP_BACKEND_BFLOAT16))
    return FALSE;
  g_test_skip ("this processor has no instructions for bfloat16");
  return TRUE;
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

/* The estimate from the first @n images of the order, of outcomes in bfloat16 made by their own road. */
static double
estimate (Fixture *f, EspMask *mask, guint n)
{
  const EspMaterial *m = f->material;
  g_autoptr (EspMask) full = esp_mask_new_full (m->network);
  EspOutcome *whole[N_IMAGES], *half[N_IMAGES], *seen[N_IMAGES] = { NULL };
  double map;

  direct_map_in (f->lane, &f->bench.files, full, ESP_BACKEND_ONEDNN, whole);
  direct_map_in (f->lane, &f->bench.files, mask, ESP_BACKEND_BFLOAT16, half);
  for (guint i = 0; i < n; i++)
    seen[esp_live_get_order (f->live)[i]] = half[esp_live_get_order (f->live)[i]];
  map = esp_map_partial (whole, seen, m->n_images, m->n_classes, m->protocol);
  for (guint i = 0; i < N_IMAGES; i++)
    {
      esp_outcome_free (whole[i]);
      esp_outcome_free (half[i]);
    }
  return map;
}

/* 18 of 24 images in bfloat16, then the pass in float32. On a machine with much else to do a look may end before: then again. */
static void
test_look (Fixture *f, gconstpointer data)
{
  EspMapNumber number = { .n = 0 };

  if (skips ())
    return;
  esp_live_set_look_bfloat16 (f->live, TRUE);
  esp_live_start (f->live, NULL);
  wait_until (is_measured, f);
  for (guint k = 1; k < 16 && number.n != 18; k++)
    {
      g_autoptr (EspMask) mask = mask_without (f, k);

      f->live->half.seconds_per_image = .08 / 18.5;
      number = look_alone (f, mask);
      g_assert_true (number.approximate);
      g_assert_cmpint (number.state, !=, ESP_STATE_FINAL);
      g_assert_false (number_of (f).approximate);
      g_assert_cmpuint (number_of (f).n, ==, N_IMAGES);
      g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->bench.files, mask));
      if (number.n == 18)
        g_assert_cmpfloat (number.map, ==, estimate (f, mask, 18));
    }
  g_assert_cmpuint (number.n, ==, 18);
  g_assert_cmpint (number.state, ==, ESP_STATE_PARTIAL);
}

static EspMapNumber
final_number (Fixture *f, gboolean half)
{
  g_autoptr (EspMask) mask = mask_without (f, 12);
  EspMapNumber number;

  g_clear_pointer (&f->live, esp_live_close);
  f->live = new_live (f);
  esp_live_set_look_bfloat16 (f->live, half);
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  number = look_alone (f, mask);
  g_assert_true (number.approximate == half);
  return number_of (f);
}

/* The same bits with and without. */
static void
test_final_alike (Fixture *f, gconstpointer data)
{
  EspMapNumber without, with;

  if (skips ())
    return;
  without = final_number (f, FALSE);
  with = final_number (f, TRUE);
  g_assert_cmpfloat (with.map, ==, without.map);
  g_assert_cmpfloat (with.agreement, ==, without.agreement);
  g_assert_cmpfloat (with.interval.value, ==, without.interval.value);
  g_assert_cmpfloat (with.interval.low, ==, without.interval.low);
  g_assert_cmpfloat (with.interval.high, ==, without.interval.high);
  g_assert_cmpuint (with.interval.n, ==, without.interval.n);
}

static void
test_difference (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) full = esp_mask_new_full (f->material->network);
  double single, half;

  if (skips ())
    return;
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  g_assert_false (number_of (f).half_known); /* nobody asked */
  esp_live_set_look_bfloat16 (f->live, TRUE);
  wait_until (is_measured, f);
  single = direct_map_in (f->lane, &f->bench.files, full, ESP_BACKEND_ONEDNN, NULL);
  half = direct_map_in (f->lane, &f->bench.files, full, ESP_BACKEND_BFLOAT16, NULL);
  g_assert_cmpfloat (number_of (f).half_difference, ==, half - single);
  g_assert_cmpfloat (half, !=, single);
  g_assert_cmpfloat (number_of (f).map, ==, single);
  g_assert_cmpfloat (f->live->half.seconds_per_image, >, 0);
}

/* Switched back, the next look is exact. */
static void
test_back (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) first = mask_without (f, 5), second = mask_without (f, 9);

  if (skips ())
    return;
  esp_live_set_look_bfloat16 (f->live, TRUE);
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  g_assert_true (look_alone (f, first).approximate);
  esp_live_set_look_bfloat16 (f->live, FALSE);
  g_assert_false (look_alone (f, second).approximate);
}

/* Thirty masks in a row, and the measuring in between. */
static void
test_drag (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) last = mask_without (f, 15);

  if (skips ())
    return;
  esp_live_set_look_bfloat16 (f->live, TRUE);
  esp_live_start (f->live, NULL);
  wait_until (is_final, f);
  for (guint i = 1; i <= 30; i++)
    {
      g_autoptr (EspMask) mask = mask_without (f, i % 16 + 1);

      esp_live_request (f->live, mask, "drag", NULL);
      g_main_context_iteration (NULL, FALSE);
    }
  wait_until (is_final, f);
  g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->bench.files, last));
  wait_until (is_measured, f);
}

static void
test_close_under_way (Fixture *f, gconstpointer data)
{
  if (skips ())
    return;
  esp_live_set_look_bfloat16 (f->live, TRUE);
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  g_clear_pointer (&f->live, esp_live_close);
}

static gboolean
is_timed (gpointer data)
{
  Fixture *f = data;
  gboolean measured;

  pthread_mutex_lock (&f->live->lock);
  measured = f->live->half.measured;
  pthread_mutex_unlock (&f->live->lock);
  return measured;
}

/* No truth, no mAP to differ: the agreement of a look is approximate all the same. */
static void
test_unlabelled (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) mask = mask_without (f, 12);
  Hold hold = { 0 };

  if (skips ())
    return;
  esp_live_set_look_bfloat16 (f->live, TRUE);
  esp_live_start (f->live, NULL);
  wait_until (is_timed, f);
  g_assert_false (number_of (f).half_known);
  g_mutex_init (&hold.mutex);
  g_mutex_lock (&hold.mutex);
  esp_live_request (f->live, mask, "half", NULL);
  esp_lane_post (f->lane, ESP_LANE_VIEW, hold_lane, &hold, NULL);
  wait_until (has_begun, &hold);
  g_assert_true (number_of (f).approximate);
  g_assert_true (number_of (f).has_agreement);
  g_mutex_unlock (&hold.mutex);
  wait_until (is_final, f);
  g_assert_false (number_of (f).approximate);
  g_mutex_clear (&hold.mutex);
}

/* Where the processor lacks it the wish changes nothing. */
static void
test_lacking (Fixture *f, gconstpointer data)
{
  g_autoptr (EspMask) mask = mask_without (f, 12);

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 60 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  g_assert_false (esp_backend_is_available (ESP_BACKEND_BFLOAT16));
  esp_live_set_look_bfloat16 (f->live, TRUE);
  esp_live_start (f->live, NULL);
  wait_until (has_interval, f);
  g_assert_false (look_alone (f, mask).approximate);
  g_assert_false (number_of (f).half_known);
}

#define ADD(path, labelled, func) g_test_add (path, Fixture, labelled, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_test_subprocess ())
    g_setenv ("ONEDNN_MAX_CPU_ISA", "AVX2", TRUE); /* before the first word with oneDNN */
  ADD ("/study/live-half/look", "labelled", test_look);
  ADD ("/study/live-half/final-alike", "labelled", test_final_alike);
  ADD ("/study/live-half/difference", "labelled", test_difference);
  ADD ("/study/live-half/back", "labelled", test_back);
  ADD ("/study/live-half/drag", "labelled", test_drag);
  ADD ("/study/live-half/close", "labelled", test_close_under_way);
  ADD ("/study/live-half/unlabelled", NULL, test_unlabelled);
  ADD ("/study/live-half/lacking", "labelled", test_lacking);
  return g_test_run ();
}
