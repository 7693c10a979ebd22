/* test-base.c: jobs, the lane, hashes, files, random streams */
#include "config.h"

#include "base/class-name.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/lane.h"
#include "base/rng.h"

#include <glib/gstdio.h>

#include <string.h>

static void
test_job_cancel (void)
{
  g_autoptr (EspJob) job = esp_job_new ("work");
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_job_check (job, &error));
  g_assert_true (esp_job_check (NULL, &error));
  esp_job_cancel (job);
  g_assert_false (esp_job_check (job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
never (gpointer data)
{
  g_assert_not_reached ();
}

/* For other threads of the same work: cancelled with it, without what is done between. */
static void
test_job_inner (void)
{
  g_autoptr (EspJob) job = esp_job_new ("work");
  g_autoptr (EspJob) inner = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (esp_job_new_inner (NULL));
  esp_job_set_between (job, never, NULL);
  inner = esp_job_new_inner (job);
  g_assert_true (esp_job_check (inner, &error));
  g_assert_no_error (error);
  esp_job_cancel (job);
  g_assert_false (esp_job_check (inner, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

typedef struct
{
  EspLane *lane;
  GString *seen; /* of the lane until it is done */
  gint done;
} Order;

static void
note_live (gpointer data)
{
  g_string_append_c (((Order *) data)->seen, 'L');
}

static void
note_background (gpointer data)
{
  Order *order = data;

  esp_lane_post (order->lane, ESP_LANE_LIVE, note_live, order, NULL);
  g_string_append_c (order->seen, 'b');
  esp_lane_yield (order->lane);
  g_string_append_c (order->seen, 'B');
  g_atomic_int_set (&order->done, TRUE);
}

/* The same where the work only looks whether it was cancelled. */
static void
note_attending (gpointer data)
{
  Order *order = data;
  g_autoptr (EspJob) job = esp_job_new ("work");

  esp_lane_attend (order->lane, job);
  esp_lane_post (order->lane, ESP_LANE_LIVE, note_live, order, NULL);
  g_string_append_c (order->seen, 'b');
  g_assert_true (esp_job_check (job, NULL));
  g_string_append_c (order->seen, 'B');
  g_atomic_int_set (&order->done, TRUE);
}

static void
note_end (gpointer data)
{
  g_string_append_c (((Order *) data)->seen, 'E');
}

static void
test_lane_priorities (gconstpointer work)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);
  g_autoptr (GString) seen = g_string_new (NULL);
  Order order = { lane, seen, FALSE };

  esp_lane_post (lane, ESP_LANE_BACKGROUND, (EspLaneFunc) work, &order, NULL);
  while (esp_lane_call (lane, note_end, &order), !g_atomic_int_get (&order.done))
    g_usleep (100);
  g_assert_nonnull (strstr (seen->str, "bL"));
  g_assert_true (strchr (seen->str, 'B') > strchr (seen->str, 'L'));
}

static void
test_hash (void)
{
  const EspHash x = esp_hash_bytes ("abc", 3);
  g_autofree char *text = esp_hash_to_string (x);

  g_assert_cmpstr (text, ==, "ba7816bf8f01cfea414140de5dae2223"); /* FIPS 180-4, first half */
  g_assert_false (esp_hash_equal (x, esp_hash_combine (x, x)));
}

static void
test_file_limits (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_assert_true (esp_file_write (path, "12345", 5, &error));
  g_assert_no_error (error);
  g_assert_null (esp_file_read (path, 4, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
  g_clear_error (&error);
  bytes = esp_file_read (path, 5, &error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "12345", 5);
  g_assert_null (esp_file_read (folder, 5, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_IO);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_rng_keys (void)
{
  g_autoptr (GRand) a = esp_rng_new (1, 2, 3);
  g_autoptr (GRand) b = esp_rng_new (1, 2, 3);
  g_autoptr (GRand) c = esp_rng_new (1, 2, 4);
  double sum = 0, squares = 0;

  g_assert_cmpuint (g_rand_int (a), ==, g_rand_int (b));
  g_assert_cmpuint (g_rand_int (a), !=, g_rand_int (c));
  for (int i = 0; i < 20000; i++)
    {
      const double x = esp_rng_normal (a);

      sum += x;
      squares += x * x;
    }
  g_assert_cmpfloat_with_epsilon (sum / 20000, 0, .03);
  g_assert_cmpfloat_with_epsilon (squares / 20000, 1, .05);
}

/* Exactly before folded, a name before a number, and nothing beyond the classes that there are. */
static void
test_class_name (void)
{
  static const char *const names[] = { "Sports_Ball", "sports ball", "2", "apple", NULL };

  g_assert_cmpint (esp_class_name_find ("sports ball", names, 4), ==, 1);
  g_assert_cmpint (esp_class_name_find ("SPORTS_BALL", names, 4), ==, 0);
  g_assert_cmpint (esp_class_name_find ("2", names, 4), ==, 2);
  g_assert_cmpint (esp_class_name_find ("3", names, 4), ==, 3);
  g_assert_cmpint (esp_class_name_find ("4", names, 4), ==, -1);
  g_assert_cmpint (esp_class_name_find ("apple", names, 3), ==, -1);
  g_assert_cmpint (esp_class_name_find ("5", names, 8), ==, 5);
  g_assert_cmpint (esp_class_name_find ("0", NULL, 0), ==, -1);
  g_assert_cmpint (esp_class_name_match ("3", names, 4), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/job/cancel", test_job_cancel);
  g_test_add_func ("/base/job/inner", test_job_inner);
  g_test_add_data_func ("/base/lane/priorities", note_background, test_lane_priorities);
  g_test_add_data_func ("/base/lane/attend", note_attending, test_lane_priorities);
  g_test_add_func ("/base/hash", test_hash);
  g_test_add_func ("/base/file/limits", test_file_limits);
  g_test_add_func ("/base/rng/keys", test_rng_keys);
  g_test_add_func ("/base/class-name", test_class_name);
  return g_test_run ();
}
