/* join.c: data sets of any format made into one: what is read, and in which order it is dealt with */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/join.h"

#include <string.h>

#include "base/error.h"
#include "dataset/dataset-private.h"
#include "dataset/join-private.h"

const char *const esp_part_names[ESP_N_PARTS] = { "train", "val", "test" };

static int
find_part (const char *word)
{
  for (int i = 0; i < ESP_N_PARTS; i++)
    if (strcmp (word, esp_part_names[i]) == 0)
      return i;
  return -1;
}

/**
 * esp_join_input_parse:
 * @input: (out): cleared by esp_join_input_clear()
 * @text: a path; a path, @ and a split; or these, = and the part that it becomes
 * @error: ESP_ERROR_FORMAT for a part that is none
 *
 * What is there as a whole is a path, whatever signs it has. Thread: any.
 */
gboolean
esp_join_input_parse (EspJoinInput *input, const char *text, GError **error)
{
  const char *at = strrchr (text, '@');
  g_auto (GStrv) words = NULL;
  const char *part;

  g_return_val_if_fail (input != NULL && text != NULL, FALSE);
  *input = (EspJoinInput){ .part = -1 };
  if (at == NULL || at == text || strchr (at, '/') != NULL || g_file_test (text, G_FILE_TEST_EXISTS))
    {
      input->path = g_strdup (text);
      return TRUE;
    }
  words = g_strsplit (at + 1, "=", 2);
  part = g_strv_length (words) == 2 ? words[1] : words[0] != NULL ? words[0] : "";
  if (find_part (part) < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT,
                   "%s: “%s” is no part: expected train, val or test after @, or the data set's own split, = and one of these", text, part);
      return FALSE;
    }
  *input = (EspJoinInput){ .path = g_strndup (text, (gsize) (at - text)), .split = g_strdup (words[0]), .part = find_part (part) };
  return TRUE;
}

/** esp_join_input_clear: frees what @input holds. Thread: any. */
void
esp_join_input_clear (EspJoinInput *input)
{
  g_clear_pointer (&input->path, g_free);
  g_clear_pointer (&input->split, g_free);
}

static void
image_clear (gpointer data)
{
  EspJoinImage *image = data;

  g_clear_pointer (&image->name, g_free);
  g_clear_pointer (&image->truths, g_array_unref);
}

static void
join_clear (EspJoin *join)
{
  g_clear_pointer (&join->images, g_array_unref);
  g_clear_pointer (&join->sets, g_ptr_array_unref);
  g_clear_pointer (&join->report, esp_join_report_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspJoin, join_clear)

/** esp_join_report_free: frees @report. Thread: any. */
void
esp_join_report_free (EspJoinReport *report)
{
  if (report == NULL)
    return;
  g_strfreev (report->names);
  for (int i = 0; i < ESP_N_PARTS; i++)
    g_free (report->n_objects[i]);
  g_free (report);
}

static gboolean
add_set (EspJoin *join, EspDataset *dataset, int part, GError **error)
{
  if (!esp_dataset_is_labelled (dataset) || esp_dataset_get_task (dataset) != ESP_DATASET_DETECTION)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: %s: expected a data set with boxes", esp_dataset_get_path (dataset),
                   esp_dataset_is_labelled (dataset) ? "a folder for each class" : "none of its images has labels");
      esp_dataset_unref (dataset);
      return FALSE;
    }
  if (esp_dataset_get_names (dataset) == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: it has no class names, by which sets are joined: --names FILE gives them",
                   esp_dataset_get_path (dataset));
      esp_dataset_unref (dataset);
      return FALSE;
    }
  join->report->n_degenerate += esp_dataset_get_n_degenerate (dataset);
  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspJoinImage image = { .sample = esp_dataset_get (dataset, i), .set = join->sets->len, .part = part };

      g_array_append_val (join->images, image);
    }
  g_ptr_array_add (join->sets, dataset);
  return TRUE;
}

/* One split; a set that has none of its own is taken whole. FALSE without an error where it has others, but not this one. */
static gboolean
open_split (EspJoin *join, const char *path, const char *split, int part, EspJob *job, GError **error)
{
  const EspDatasetOptions options = { .split = split, .names = join->options->names, .images = join->options->images };
  g_autoptr (GError) local = NULL;
  EspDataset *dataset = esp_dataset_open (path, &options, job, &local);

  if (dataset != NULL)
    return add_set (join, dataset, part, error);
  if (!g_error_matches (local, ESP_ERROR, ESP_ERROR_SPLIT))
    g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
open_whole (EspJoin *join, const char *path, int part, EspJob *job, GError **error)
{
  return open_split (join, path, NULL, part, job, error);
}

/* Whether the set is read and told its splits: all three are tried. */
static gboolean
open_all_splits (EspJoin *join, const char *path, gboolean *any, EspJob *job, GError **error)
{
  *any = FALSE;
  for (int part = 0; part < ESP_N_PARTS; part++)
    {
      g_autoptr (GError) local = NULL;

      if (open_split (join, path, esp_part_names[part], part, job, &local))
        *any = TRUE;
      else if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return TRUE;
}

/* Whether @path has splits of its own, none of which was found. */
static gboolean
has_splits (EspJoin *join, const char *path, const char *split, EspJob *job, GError **error)
{
  const EspDatasetOptions drawn = { .split = split, .names = join->options->names, .draw = &(EspDatasetDraw){ .parts = { 1, 1, 1 } } };
  g_autoptr (GError) local = NULL;
  g_autoptr (EspDataset) dataset = esp_dataset_open (path, &drawn, job, &local);

  if (dataset == NULL && g_error_matches (local, ESP_ERROR, ESP_ERROR_SPLIT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return TRUE;
    }
  return FALSE;
}

static gboolean
open_input (EspJoin *join, const EspJoinInput *input, EspJob *job, GError **error)
{
  const gboolean keep = join->options->resplit.kind == ESP_RESPLIT_KEEP;
  g_autoptr (GError) local = NULL;
  gboolean any;

  if (input->split != NULL)
    {
      if (open_split (join, input->path, input->split, input->part, job, &local))
        return TRUE;
      if (local == NULL && !has_splits (join, input->path, input->split, job, &local))
        return open_whole (join, input->path, input->part, job, error);
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!open_all_splits (join, input->path, &any, job, error))
    return FALSE;
  if (any)
    return TRUE;
  if (!keep)
    return open_whole (join, input->path, -1, job, error);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SPLIT, "%s: it has no splits: %s@train (or @val, @test) says what it is, --resplit draws them",
               input->path, input->path);
  return FALSE;
}

/* A picture of two splits is refused where splits are kept; where they are drawn, and within one, it is taken once. */
static gboolean
drop_doubles (EspJoin *join, GError **error)
{
  const gboolean keep = join->options->resplit.kind == ESP_RESPLIT_KEEP;
  g_autoptr (GHashTable) parts = g_hash_table_new (g_str_hash, g_str_equal);
  guint n = 0;

  for (guint i = 0; i < join->images->len; i++)
    {
      EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);
      gpointer before;

      if (g_hash_table_lookup_extended (parts, image->sample->path, NULL, &before))
        {
          if (keep && GPOINTER_TO_INT (before) != image->part)
            {
              g_set_error (error, ESP_ERROR, ESP_ERROR_SPLIT, "%s: it is in %s and in %s: leave one out, or draw the splits by --resplit",
                           image->sample->path, esp_part_names[GPOINTER_TO_INT (before)], esp_part_names[image->part]);
              return FALSE;
            }
          join->report->n_twice++;
          continue;
        }
      g_hash_table_insert (parts, image->sample->path, GINT_TO_POINTER (image->part));
      g_array_index (join->images, EspJoinImage, n++) = *image;
    }
  g_array_set_clear_func (join->images, NULL); /* what is behind are copies, and own nothing yet */
  g_array_set_size (join->images, n);
  g_array_set_clear_func (join->images, image_clear);
  return TRUE;
}

static void
count (EspJoin *join)
{
  EspJoinReport *report = join->report;

  for (int part = 0; part < ESP_N_PARTS; part++)
    report->n_objects[part] = g_new0 (guint, g_strv_length (report->names) + 1);
  for (guint i = 0; i < join->images->len; i++)
    {
      const EspJoinImage *image = &g_array_index (join->images, EspJoinImage, i);

      report->n_images[image->part]++;
      for (guint k = 0; k < image->truths->len; k++)
        report->n_objects[image->part][g_array_index (image->truths, EspTruth, k).class_index]++;
    }
}

/**
 * esp_join_write:
 * @folder: where to; not there yet, or empty
 * @inputs: @n_inputs data sets of any format with boxes
 * @n_inputs: at least 1
 * @options: classes, splits, seed
 * @report: (out) (transfer full): what was joined and what was left out
 * @job: (nullable): cancel and progress
 * @error: those of esp_dataset_open(); ESP_ERROR_SPLIT for a set without splits where they are to be kept, or a picture in two;
 *   ESP_ERROR_FORMAT for classes that are not there; ESP_ERROR_SHAPE where nothing, or no block, is left for a part; ESP_ERROR_IO
 *
 * Writes copies of the pictures to images/, their labels to labels/, train.txt, val.txt and test.txt as far as they are not empty,
 * set.names, set.data and origin.tsv, which says where each came from: all of it, or nothing. Classes are joined by name. The same inputs
 * and options write the same bytes.
 * Thread: any.
 */
gboolean
esp_join_write (const char *folder,
                const EspJoinInput *inputs,
                guint n_inputs,
                const EspJoinOptions *options,
                EspJoinReport **report,
                EspJob *job,
                GError **error)
{
  g_auto (EspJoin) join = { .options = options };

  g_return_val_if_fail (folder != NULL && inputs != NULL && n_inputs > 0 && options != NULL && report != NULL, FALSE);
  join.sets = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_dataset_unref);
  join.images = g_array_new (FALSE, TRUE, sizeof (EspJoinImage));
  join.report = g_new0 (EspJoinReport, 1);
  for (guint i = 0; i < n_inputs; i++)
    if (!open_input (&join, &inputs[i], job, error))
      return FALSE;
  if (!drop_doubles (&join, error) || !esp_join_classes (&join, error) || !esp_join_split (&join, error) || !esp_join_name (&join, error))
    return FALSE;
  count (&join);
  if (!esp_join_save (&join, folder, job, error))
    return FALSE;
  *report = g_steal_pointer (&join.report);
  return TRUE;
}
