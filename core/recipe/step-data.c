/* step-data.c: the step “data”: the images to train on, to choose by, to measure on and to score with */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "recipe/bench-private.h"
#include "recipe/step-private.h"

static const char *const calibration_words[] = { "train", "val", NULL };
static const char *const protocol_words[] = { "darknet", "darknet-11", "darknet-101", "voc-2007", "voc-2010", "coco", NULL };

static const EspSetting settings[] = {
  { "train", ESP_SETTING_TEXT, "data to train on", "" },
  { "val", ESP_SETTING_TEXT, "data to choose by", "" },
  { "test", ESP_SETTING_TEXT, "data to measure on, once", NULL },
  { "train-split", ESP_SETTING_TEXT, "the part of it; empty: all", "train" },
  { "val-split", ESP_SETTING_TEXT, "the part of it; empty: all", "val" },
  { "test-split", ESP_SETTING_TEXT, "the part of it; empty: all", "test" },
  { "split-seed", ESP_SETTING_COUNT, "draws the parts of data that have none", "", 0, G_MAXINT },
  { "split-parts", ESP_SETTING_TEXT, "train, val and test in proportion to each other", "3/1/1" },
  { "calibration", ESP_SETTING_WORD, "which of them channels are scored with; never test", "train", 0, 0, calibration_words },
  { "names", ESP_SETTING_TEXT, "file of class names, for data that have none", "" },
  { "map", ESP_SETTING_TEXT, "class A of the data is class B of the network: “A=B, C=D”", "" },
  { "protocol", ESP_SETTING_WORD, "how mAP is computed", "darknet", 0, 0, protocol_words },
  { "replicates", ESP_SETTING_COUNT, "draws of an interval", "2000", 20, 100000 },
  { NULL },
};

static const char *const set_names[] = { "train", "val", "test" };

static void
add_text (GByteArray *bytes, const char *text)
{
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text) + 1);
}

/* Pictures by name and size, truths by number, classes by name and by what they are mapped to: a folder may move. */
static char *
hash_data (EspDataset *dataset, const char *const *pairs)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const char *const *names = esp_dataset_get_names (dataset);

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    add_text (bytes, names[i]);
  for (guint i = 0; pairs != NULL && pairs[i] != NULL; i++)
    add_text (bytes, pairs[i]);

  for (guint i = 0; i < esp_dataset_get_n (dataset); i++)
    {
      const EspSample *sample = esp_dataset_get (dataset, i);

      GStatBuf told;
      const guint64 size = g_stat (sample->path, &told) == 0 ? (guint64) told.st_size : 0;

      add_text (bytes, sample->name);
      g_byte_array_append (bytes, (const guint8 *) &size, sizeof size);
      for (guint k = 0; k < sample->n_truths; k++)
        {
          g_byte_array_append (bytes, (const guint8 *) &sample->truths[k].class_index, sizeof (int));
          g_byte_array_append (bytes, (const guint8 *) &sample->truths[k].box, sizeof (EspBox));
        }
    }
  return esp_hash_to_string (esp_hash_bytes (bytes->data, bytes->len));
}

static gboolean
check_set (const EspStep *step, const char *id, EspDataset *dataset, GError **error)
{
  if (esp_dataset_get_n (dataset) == 0)
    return esp_step_refuse (step, id, error, "it holds no images");
  if (!esp_dataset_is_labelled (dataset) || esp_dataset_get_task (dataset) != ESP_DATASET_DETECTION)
    return esp_step_refuse (step, id, error, "it has no boxes to learn from or to measure by");
  return TRUE;
}

static gboolean
open_set (EspBench *bench, const EspStep *step, EspSet set, GError **error)
{
  g_autofree char *split_id = g_strconcat (set_names[set], "-split", NULL);
  const char *path = esp_step_get_text (step, set_names[set]), *split = esp_step_get_text (step, split_id);
  const char *names = esp_step_get_text (step, "names");
  EspDatasetDraw draw = { .seed = esp_step_get_count (step, "split-seed") };
  EspDatasetOptions options = { .split = *split != '\0' ? split : NULL, .names = *names != '\0' ? names : NULL };

  if (*path == '\0')
    return TRUE;
  if (esp_step_is_set (step, "split-seed"))
    {
      if (!esp_dataset_draw_parse (&draw, esp_step_get_text (step, "split-parts"), error))
        return FALSE;
      options.draw = &draw;
    }
  bench->sets[set] = esp_dataset_open (path, &options, bench->job, error);
  if (bench->sets[set] == NULL || !check_set (step, set_names[set], bench->sets[set], error))
    return FALSE;
  bench->set_hashes[set] = hash_data (bench->sets[set], (const char *const *) bench->pairs);
  esp_bench_tell (bench, "  %s: %u images of %s", set_names[set], esp_dataset_get_n (bench->sets[set]),
                  esp_dataset_get_title (bench->sets[set]));
  return TRUE;
}

static GStrv
split_list (const char *text)
{
  GStrv words = *text != '\0' ? g_strsplit (text, ",", -1) : NULL;

  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    g_strstrip (words[i]);
  return words;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  const EspSet calibration = strcmp (esp_step_get_text (step, "calibration"), "val") == 0 ? ESP_SET_VAL : ESP_SET_TRAIN;

  bench->pairs = split_list (esp_step_get_text (step, "map"));
  for (guint i = 0; i < ESP_SET_CALIBRATION; i++)
    if (!open_set (bench, step, (EspSet) i, error))
      return FALSE;
  bench->protocol = esp_protocol_find (esp_step_get_text (step, "protocol"));
  bench->replicates = esp_step_get_count (step, "replicates");
  if (bench->sets[calibration] == NULL)
    return TRUE;
  bench->sets[ESP_SET_CALIBRATION] = esp_dataset_ref (bench->sets[calibration]);
  bench->set_hashes[ESP_SET_CALIBRATION] = g_strdup (bench->set_hashes[calibration]);
  return TRUE;
}

const EspStepKind esp_step_data = { .id = "data", .title = N_ ("the images"), .settings = settings, .run = run };
