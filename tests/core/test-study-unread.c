/* test-study-unread.c: a picture among many that cannot be read: it is marked, told and left out, and stops nothing */
#include "config.h"

#include <math.h>
#include <string.h>

#include "study-common.h"

#define IMAGES 24

typedef struct
{
  EspStudy *study;
  gboolean answered;
  guint failures;
} Call;

static void
count_failure (EspStudy *study, const GError *error, gpointer data)
{
  g_test_message ("%s", error->message);
  ((Call *) data)->failures++;
}

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  esp_study_open_finish (ESP_STUDY (source), result, &error);
  g_assert_no_error (error);
  ((Call *) data)->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Call *) data)->answered;
}

/* Every number is there, and the picture in view is done with. */
static gboolean
is_idle (gpointer data)
{
  EspNumbers numbers;
  gboolean busy = TRUE;

  esp_study_get_numbers (((Call *) data)->study, &numbers);
  g_object_get (((Call *) data)->study, "busy", &busy, NULL);
  return !busy && numbers.map.state == ESP_STATE_FINAL;
}

static void
check_rows (EspStudy *study)
{
  g_autoptr (EspRow) row = g_list_model_get_item (esp_study_get_images (study), 0);
  g_autoptr (EspRow) other = g_list_model_get_item (esp_study_get_images (study), 5);
  g_autofree char *failure = NULL, *none = NULL, *label = NULL;
  int detections = 0, missed = 0;

  g_object_get (row, "failure", &failure, "detections", &detections, "label", &label, NULL);
  g_object_get (other, "failure", &none, "missed", &missed, NULL);
  g_assert_nonnull (strstr (failure, "000.png"));
  g_assert_nonnull (strstr (label, "cannot be read"));
  g_assert_cmpint (detections, ==, -1);
  g_assert_null (none);
  g_assert_cmpint (missed, >=, 0);
}

static void
check_words (EspStudy *study)
{
  g_autofree char *sentence = NULL, *notice = NULL;
  EspNumbers numbers;

  esp_study_get_numbers (study, &numbers);
  g_assert_true (isfinite (numbers.map.map));
  g_object_get (study, "sentence", &sentence, "notice", &notice, NULL);
  g_assert_nonnull (strstr (sentence, "000.png"));
  g_assert_nonnull (strstr (notice, "1 of 24 pictures cannot be read"));
}

static void
test_unreadable (void)
{
  Bench bench;
  EspLane *lane = esp_lane_new (1);
  Call call = { .study = esp_study_new (lane) };
  g_autofree char *bad = NULL;

  isolate_state ();
  bench_make (&bench, IMAGES, TRUE);
  bad = g_build_filename (bench.folder, "000.png", NULL);
  g_assert_true (g_file_set_contents (bad, "no picture", -1, NULL));
  g_signal_connect (call.study, "failed", G_CALLBACK (count_failure), &call);
  esp_study_open_async (call.study, &bench.files, NULL, opened, &call);
  wait_until (is_answered, &call);
  g_object_set (call.study, "image", 0, NULL);
  wait_until (is_idle, &call);
  check_rows (call.study);
  check_words (call.study);
  g_assert_cmpuint (call.failures, ==, 0);
  g_object_unref (call.study);
  esp_lane_free (lane);
  bench_clear (&bench);
  forget_state ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/unreadable", test_unreadable);
  return g_test_run ();
}
