/* training-file.c: run.json beside a run's other files: what it was begun with, so that it can be gone on with */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "study/training-private.h"

#define MOST_BYTES 65536

static char *
file_of (const TrainingBegin *begin)
{
  return g_build_filename (begin->folder, "run.json", NULL);
}

static void
add_string (JsonBuilder *json, const char *name, const char *value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, value != NULL ? value : "");
}

/** training_file_text: Returns: (transfer full): run.json of a run that was begun so. The trainer writes it with its first file. Thread: any. */
char *
training_file_text (const TrainingBegin *begin)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (json);
  add_string (json, "data", begin->path);
  add_string (json, "split", begin->split);
  json_builder_set_member_name (json, "epochs");
  json_builder_add_int_value (json, begin->epochs);
  json_builder_set_member_name (json, "average");
  json_builder_add_int_value (json, begin->average ? 1 : 0);
  json_builder_set_member_name (json, "rate");
  json_builder_add_double_value (json, begin->rate);
  add_string (json, "policy", begin->policy);
  json_builder_set_member_name (json, "scratch");
  json_builder_add_int_value (json, begin->scratch ? 1 : 0);
  json_builder_set_member_name (json, "cut");
  json_builder_add_int_value (json, begin->cut ? 1 : 0);
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  return json_to_string (root, TRUE);
}

static char *
dup_known (const char *text)
{
  return *text != '\0' ? g_strdup (text) : NULL;
}

/* What is only shown of a run: its net.cfg and checkpoint say it to the training itself. Runs of the first version have none of it. */
static gboolean
load_shown (TrainingBegin *begin, JsonObject *object, const char *path, GError **error)
{
  const char *policy;
  guint scratch, cut;

  begin->rate = 0;
  if (!json_object_has_member (object, "rate"))
    return TRUE;
  if (!esp_json_read_number (object, path, "rate", 0, G_MAXDOUBLE, &begin->rate, error)
      || !esp_json_read_string (object, path, "policy", &policy, error)
      || !esp_json_read_count (object, path, "scratch", 0, 1, &scratch, error)
      || !esp_json_read_count (object, path, "cut", 0, 1, &cut, error))
    return FALSE;
  begin->policy = dup_known (policy);
  begin->scratch = scratch == 1;
  begin->cut = cut == 1;
  return TRUE;
}

/**
 * training_file_load:
 * @begin: with the folder of a run; gets what the run was begun with
 * @error: what is missing or wrong in it
 *
 * Thread: any.
 */
gboolean
training_file_load (TrainingBegin *begin, GError **error)
{
  g_autofree char *path = file_of (begin);
  g_autoptr (JsonNode) root = esp_json_load (path, MOST_BYTES, error);
  JsonObject *object = root != NULL ? json_node_get_object (root) : NULL;
  const char *data, *split;
  guint average;

  if (object == NULL || !esp_json_read_string (object, path, "data", &data, error)
      || !esp_json_read_string (object, path, "split", &split, error)
      || !esp_json_read_count (object, path, "epochs", 1, 1000000, &begin->epochs, error)
      || !esp_json_read_count (object, path, "average", 0, 1, &average, error) || !load_shown (begin, object, path, error))
    return FALSE;
  begin->average = average == 1;
  begin->path = dup_known (data);
  begin->split = dup_known (split);
  begin->resumes = TRUE;
  return TRUE;
}
