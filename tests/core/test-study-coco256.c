/* test-study-coco256.c: a real network on real photographs: how soon a drag is answered, and that the end of it is the evaluation's own
 * number */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "study-common.h"

#define DRAGS 12

typedef struct
{
  EspLane *lane;
  EspStudy *study;
  EspStudyFiles files;
  char *folder;
  gboolean answered, opened;
  gint64 asked, first; /* monotonic; when the slider moved, when a number of it was there */
} Fixture;

static char *
shared_path (const char *a, const char *b, const char *c)
{
  const char *set = g_getenv ("ESP_SHARED_DATA");
  g_autofree char *folder = set != NULL ? g_strdup (set) : g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "..", "shared", "data", NULL);

  return g_build_filename (folder, a, b, c, NULL);
}

/* The first images of the validation list, by absolute paths, so that their labels are found where they are. ESP_TEST_IMAGES asks for
 * more. */
static char *
short_list (Fixture *f, const char *list)
{
  const char *more = g_getenv ("ESP_TEST_IMAGES");
  const guint n = more != NULL ? (guint) atoi (more) : 16;
  g_autofree char *text = NULL, *base = g_path_get_dirname (list);
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (GStrv) lines = NULL;
  char *path = g_build_filename (f->folder, "list.txt", NULL);

  g_assert_true (g_file_get_contents (list, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; i < n && lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_autofree char *absolute = g_canonicalize_filename (g_strstrip (lines[i]), base);

      g_string_append_printf (out, "%s\n", absolute);
    }
  g_assert_true (esp_file_write (path, out->str, out->len, NULL));
  return path;
}

static void
opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;

  f->opened = esp_study_open_finish (f->study, result, &error);
  g_assert_no_error (error);
  f->answered = TRUE;
}

static gboolean
is_answered (gpointer data)
{
  return ((Fixture *) data)->answered;
}

static EspMapNumber
number_of (Fixture *f)
{
  EspNumbers numbers;

  esp_study_get_numbers (f->study, &numbers);
  return numbers.map;
}

static gboolean
has_interval (gpointer data)
{
  const EspMapNumber number = number_of (data);

  return number.state == ESP_STATE_FINAL && number.has_interval;
}

static void
note_first (EspStudy *study, gpointer data)
{
  Fixture *f = data;
  const EspMapNumber number = number_of (f);

  if (f->first == 0 && f->asked != 0 && (number.state >= ESP_STATE_PARTIAL || number.has_agreement))
    f->first = g_get_monotonic_time ();
}

static gboolean
is_first (gpointer data)
{
  return ((Fixture *) data)->first != 0;
}

static gboolean
is_idle (gpointer data)
{
  gboolean busy = TRUE;

  g_object_get (((Fixture *) data)->study, "busy", &busy, NULL);
  return !busy;
}

static int
compare (const void *a, const void *b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
drag (Fixture *f)
{
  EspPlan *plan = esp_study_get_plan (f->study);
  double ms[DRAGS];

  for (guint i = 0; i < DRAGS; i++)
    {
      f->first = 0;
      f->asked = g_get_monotonic_time ();
      esp_plan_set_ratio (plan, i % esp_plan_get_n_groups (plan), .1 + .03 * i);
      wait_until (is_first, f);
      ms[i] = (double) (f->first - f->asked) / 1000;
    }
  f->asked = 0;
  qsort (ms, DRAGS, sizeof *ms, compare);
  g_test_message ("from a slider's motion to its first number: median %.0f ms, %.0f to %.0f ms, on %u images", ms[DRAGS / 2], ms[0],
                  ms[DRAGS - 1], number_of (f).state >= ESP_STATE_PARTIAL ? number_of (f).n : number_of (f).agreement_n);
}

static void
test_drag (void)
{
  Fixture fixture = { 0 }, *f = &fixture;
  g_autofree char *list = shared_path ("coco256", "val.txt", NULL);
  const char *threads = g_getenv ("ESP_TEST_THREADS");
  g_autoptr (EspMask) full = NULL, mask = NULL;
  gint64 begun;

  if (!g_file_test (list, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no coco256 in $ESP_SHARED_DATA or ../shared/data");
      return;
    }
  f->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  f->files.cfg = shared_path ("models", "yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl.cfg");
  f->files.weights = shared_path ("models", "yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl.weights");
  f->files.names = shared_path ("coco256", "coco.names", NULL);
  f->files.data = short_list (f, list);
  f->lane = esp_lane_new (threads != NULL ? (guint) atoi (threads) : 1); /* one: beside other tests two threads wait for each other */
  f->study = esp_study_new (f->lane);
  g_signal_connect (f->study, "numbers-changed", G_CALLBACK (note_first), f);
  esp_study_open_async (f->study, &f->files, NULL, opened, f);
  wait_until (is_answered, f);
  g_assert_true (f->opened);
  begun = g_get_monotonic_time ();
  wait_until (has_interval, f);
  g_test_message ("unpruned pass and interval: %.1f s on %u images", (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC,
                  number_of (f).total);
  full = esp_mask_new_full (esp_study_get_network (f->study));
  g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->files, full));
  wait_until (is_idle, f);
  drag (f);
  begun = g_get_monotonic_time ();
  wait_until (has_interval, f);
  g_test_message ("full pass and interval of the last plan: %.1f s", (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
  mask = esp_plan_get_mask (esp_study_get_plan (f->study));
  g_assert_cmpfloat (number_of (f).map, ==, direct_map (f->lane, &f->files, mask));
  wait_until (is_idle, f);
  g_assert_finalize_object (f->study);
  esp_lane_free (f->lane);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  remove_tree (f->folder);
  g_free (f->folder);
  esp_study_files_clear (&f->files);
}

int
main (int argc, char **argv)
{
  int status;

  isolate_state ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/coco256/drag", test_drag);
  status = g_test_run ();
  forget_state ();
  return status;
}
