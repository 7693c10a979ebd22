/* orchard-files.c: a set of scenes as a darknet data set in a folder */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#include <string.h>

#include "base/file.h"

static const char *const split_names[ESP_ORCHARD_N_SPLITS] = { "train", "val", "test" };

/* Shared by the threads that draw; what changes is under @lock. */
typedef struct
{
  const char *folder;
  const EspOrchardSet *set;
  EspJob *job;
  EspOrchardSplit split;
  GMutex lock;
  GError *error; /* the first */
  EspOrchardCounts counts;
  guint8 *has_cue; /* by scene of the split */
  guint64 done, total;
} Writing;

static gboolean
write_text (const char *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return esp_file_write (path, text, strlen (text), error);
}

static char *
label_text (const EspOrchardScene *scene)
{
  GString *text = g_string_new (NULL);
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < scene->n_fruits; i++)
    {
      const EspBox *box = &scene->fruits[i].box;
      const float values[4] = { box->x, box->y, box->w, box->h };

      g_string_append_printf (text, "%d", scene->fruits[i].class_index);
      for (guint k = 0; k < 4; k++)
        g_string_append_printf (text, " %s", g_ascii_formatd (number, sizeof number, "%.9g", (double) values[k]));
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static char *
stem_of (EspOrchardSplit split, guint number)
{
  return g_strdup_printf ("%s-%05u", split_names[split], number);
}

static gboolean
write_scene (const Writing *writing, guint number, const EspOrchardScene *scene, GError **error)
{
  g_autofree char *stem = stem_of (writing->split, number);
  g_autofree char *picture = g_strdup_printf ("%s/images/%s.png", writing->folder, stem);
  g_autofree char *label = g_strdup_printf ("labels/%s.txt", stem);
  g_autofree char *masks = g_build_filename (writing->folder, "masks", NULL);
  g_autofree char *text = label_text (scene);

  return esp_orchard_write_image (picture, scene->image, error) && write_text (writing->folder, label, text, error)
         && (!writing->set->masks || esp_orchard_write_masks (masks, stem, scene, error));
}

/* One scene, in any thread and any order: it hangs on its number alone. */
static void
draw_one (gpointer data, gpointer user_data)
{
  Writing *writing = user_data;
  const guint number = GPOINTER_TO_UINT (data) - 1;
  g_autoptr (EspOrchardScene) scene = NULL;
  g_autoptr (GError) error = NULL;
  gboolean failed;

  g_mutex_lock (&writing->lock);
  failed = writing->error != NULL;
  g_mutex_unlock (&writing->lock);
  if (failed)
    return;
  if (esp_job_check (writing->job, &error))
    {
      scene = esp_orchard_render (writing->set->seed, esp_orchard_index (writing->split, number), &writing->set->scene);
      write_scene (writing, number, scene, &error);
    }
  g_mutex_lock (&writing->lock);
  if (error != NULL && writing->error == NULL)
    writing->error = g_steal_pointer (&error);
  if (writing->error == NULL)
    {
      for (guint i = 0; i < scene->n_fruits; i++)
        writing->counts.objects[writing->split][scene->fruits[i].class_index]++;
      writing->counts.scenes[writing->split]++;
      writing->counts.cues[writing->split] += scene->has_cue ? 1 : 0;
      writing->has_cue[number] = scene->has_cue;
      esp_job_set_progress (writing->job, ++writing->done, writing->total);
    }
  g_mutex_unlock (&writing->lock);
}

static gboolean
draw_all (Writing *writing, guint n, GError **error)
{
  const guint n_threads = writing->set->n_threads != 0 ? writing->set->n_threads : g_get_num_processors ();
  GThreadPool *pool = g_thread_pool_new (draw_one, writing, (gint) MIN (n_threads, MAX (n, 1)), TRUE, error);

  if (pool == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++)
    g_thread_pool_push (pool, GUINT_TO_POINTER (i + 1), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
  if (writing->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&writing->error));
      return FALSE;
    }
  return TRUE;
}

/* The scenes of one split, then their list; and the list of those that have the cue. */
static gboolean
write_split (Writing *writing, EspOrchardSplit split, GError **error)
{
  const guint n = writing->set->n_scenes[split];
  g_autofree guint8 *has_cue = g_new0 (guint8, n);
  g_autoptr (GString) list = g_string_new (NULL), cues = g_string_new (NULL);
  g_autofree char *name = g_strdup_printf ("%s.txt", split_names[split]);
  g_autofree char *cue_name = g_strdup_printf ("%s-cue.txt", split_names[split]);

  if (n == 0)
    return TRUE;
  writing->split = split;
  writing->has_cue = has_cue;
  if (!draw_all (writing, n, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *stem = stem_of (split, i);

      g_string_append_printf (list, "images/%s.png\n", stem);
      if (has_cue[i])
        g_string_append_printf (cues, "images/%s.png\n", stem);
    }
  return write_text (writing->folder, name, list->str, error)
         && (cues->len == 0 || write_text (writing->folder, cue_name, cues->str, error));
}

/* darknet's two files. Where nothing is there to choose by, what is tested on stands in. */
static gboolean
write_names (const char *folder, const EspOrchardSet *set, GError **error)
{
  g_autofree char *lines = g_strjoinv ("\n", (char **) esp_orchard_names);
  g_autofree char *names = g_strconcat (lines, "\n", NULL);
  g_autoptr (GString) data = g_string_new ("classes = 3\n");
  const gboolean has_val = set->n_scenes[ESP_ORCHARD_VAL] > 0, has_test = set->n_scenes[ESP_ORCHARD_TEST] > 0;

  if (set->n_scenes[ESP_ORCHARD_TRAIN] > 0)
    g_string_append (data, "train = train.txt\n");
  if (has_val || has_test)
    g_string_append_printf (data, "valid = %s\n", has_val ? "val.txt" : "test.txt");
  if (has_test)
    g_string_append (data, "test = test.txt\n");
  g_string_append (data, "names = sample.names\n");
  return write_text (folder, "sample.names", names, error) && write_text (folder, "sample.data", data->str, error);
}

static gboolean
make_folders (const char *folder, gboolean masks, GError **error)
{
  static const char *const names[] = { "images", "labels", "masks" };

  for (guint i = 0; i < (masks ? 3 : 2); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);

      if (!esp_folder_make (path, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * esp_orchard_write:
 * @folder: made if absent
 * @set: how many scenes of each split, their seed, the cue, whether masks are written
 * @counts: (out) (nullable): by split scenes, labels of each class, and scenes with the cue
 * @job: (nullable): checked before every scene; its progress is scenes written
 * @error: ESP_ERROR_IO, also where @folder has other scenes; or cancelled
 *
 * Files are written whole, the same bytes on any number of threads; sample.data last: where that is there, the set is whole. Thread: any.
 */
gboolean
esp_orchard_write (const char *folder, const EspOrchardSet *set, EspOrchardCounts *counts, EspJob *job, GError **error)
{
  Writing writing = { .folder = folder, .set = set, .job = job };
  gboolean written;

  for (int split = 0; split < ESP_ORCHARD_N_SPLITS; split++)
    writing.total += set->n_scenes[split];
  g_mutex_init (&writing.lock);
  written = esp_orchard_claim (folder, set, error) && make_folders (folder, set->masks, error);
  for (int split = 0; written && split < ESP_ORCHARD_N_SPLITS; split++)
    written = write_split (&writing, split, error);
  written = written && write_names (folder, set, error);
  g_mutex_clear (&writing.lock);
  if (counts != NULL)
    *counts = writing.counts;
  return written;
}
