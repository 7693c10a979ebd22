/* dataset.c: espalier-cli dataset: makes one data set of several, of any format, with the splits that training needs */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "verbs.h"

#include "dataset/join.h"
#include "progress.h"

static char *folder, *classes_text, *resplit_text, *names, *images, *val_text;
static char **maps;
static gboolean difficult, drop_empty;

static const GOptionEntry options[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &folder, "Where to; a new or an empty folder", "DIR" },
  { "classes", 0, 0, G_OPTION_ARG_STRING, &classes_text, "Keep the objects of these classes, in this order (default: all, as they are met)",
    "A,B" },
  { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &maps, "Class A is called B; may be repeated", "A=B" },
  { "resplit", 0, 0, G_OPTION_ARG_STRING, &resplit_text,
    "Draw the splits anew: random:TRAIN,VAL,TEST by --seed, or time:SECONDS,TRAIN,VAL,TEST by the dates in the names", "HOW" },
  { "val-from-train", 0, 0, G_OPTION_ARG_STRING, &val_text, "Draw images (or a share below 1) from train to choose by, by --seed", "N" },
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names, "Class names of data sets that have none", "FILE" },
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &images, "Folder of the pictures of a COCO json", "DIR" },
  { "difficult", 0, 0, G_OPTION_ARG_NONE, &difficult, "Keep objects that are marked difficult", NULL },
  { "drop-empty", 0, 0, G_OPTION_ARG_NONE, &drop_empty, "Leave out images without objects", NULL },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  EspJoinInput *inputs;
  guint n;
} Inputs;

typedef struct
{
  const Inputs *inputs;
  EspJoinOptions options;
  EspJoinReport *report; /* out */
  EspJob *job;
  GError *error; /* out */
} Joining;

static void
join_sets (gpointer data)
{
  Joining *joining = data;

  esp_join_write (folder, joining->inputs->inputs, joining->inputs->n, &joining->options, &joining->report, joining->job, &joining->error);
}

static void
inputs_clear (Inputs *inputs)
{
  for (guint i = 0; i < inputs->n; i++)
    esp_join_input_clear (&inputs->inputs[i]);
  g_free (inputs->inputs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Inputs, inputs_clear)

/* What core says of a word of the command line is a wrong usage. */
static gboolean
wrong_usage (const char *name, GError *local, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s%s%s", name, *name != '\0' ? ": " : "", local->message);
  g_error_free (local);
  return FALSE;
}

static gboolean
read_inputs (int argc, char **argv, Inputs *inputs, GError **error)
{
  GError *local = NULL;

  inputs->inputs = g_new0 (EspJoinInput, (gsize) argc);
  for (; inputs->n < (guint) argc; inputs->n++)
    if (!esp_join_input_parse (&inputs->inputs[inputs->n], argv[inputs->n], &local))
      return wrong_usage ("", local, error);
  return TRUE;
}

static gboolean
read_options (const EspCommon *common, EspJoinOptions *join, GError **error)
{
  GError *local = NULL;
  char *end = NULL;

  if (folder == NULL)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--output DIR is missing");
      return FALSE;
    }
  *join = (EspJoinOptions){ .maps = (const char *const *) maps,
                            .names = names,
                            .images = images,
                            .seed = (guint64) common->seed,
                            .difficult = difficult,
                            .drop_empty = drop_empty };
  if (resplit_text != NULL && !esp_resplit_parse (&join->resplit, resplit_text, &local))
    return wrong_usage ("--resplit", local, error);
  if (val_text == NULL)
    return TRUE;
  join->val = g_ascii_strtod (val_text, &end);
  if (end != val_text && *end == '\0' && join->val > 0 && join->val <= G_MAXINT)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--val-from-train %s: expected a number of images, or a share below 1",
               val_text);
  return FALSE;
}

static void
add_json (const EspJoinReport *report, JsonBuilder *json)
{
  guint total = 0;

  json_builder_set_member_name (json, "classes");
  json_builder_begin_array (json);
  for (guint c = 0; report->names[c] != NULL; c++)
    json_builder_add_string_value (json, report->names[c]);
  json_builder_end_array (json);
  for (int part = 0; part < ESP_N_PARTS; part++)
    {
      total += report->n_images[part];
      json_builder_set_member_name (json, esp_part_names[part]);
      json_builder_begin_object (json);
      esp_json_int (json, "images", report->n_images[part]);
      json_builder_set_member_name (json, "objects");
      json_builder_begin_array (json);
      for (guint c = 0; report->names[c] != NULL; c++)
        json_builder_add_int_value (json, report->n_objects[part][c]);
      json_builder_end_array (json);
      json_builder_end_object (json);
    }
  esp_json_int (json, "images", total);
  esp_json_int (json, "renamed", report->n_renamed);
  esp_json_int (json, "twice", report->n_twice);
  esp_json_int (json, "undated", report->n_undated);
  esp_json_int (json, "blocks", report->n_blocks);
  esp_json_int (json, "left_out_difficult", report->n_difficult);
  esp_json_int (json, "left_out_degenerate", report->n_degenerate);
  esp_json_int (json, "left_out_other_classes", report->n_other);
  esp_json_int (json, "left_out_empty", report->n_empty);
}

static void
print_table (const EspJoinReport *report)
{
  g_print ("%-24s %8s %8s %8s\n", "", "train", "val", "test");
  g_print ("%-24s %8u %8u %8u\n", "images", report->n_images[0], report->n_images[1], report->n_images[2]);
  for (guint c = 0; report->names[c] != NULL; c++)
    g_print ("%-24s %8u %8u %8u\n", report->names[c], report->n_objects[0][c], report->n_objects[1][c], report->n_objects[2][c]);
}

/* What is not as it was, on stderr. */
static void
tell_left_out (const EspJoinReport *report)
{
  const struct
  {
    guint n;
    const char *what;
  } all[] = {
    { report->n_difficult, "objects marked difficult are left out" },
    { report->n_degenerate, "boxes without area are left out" },
    { report->n_other, "objects of other classes are left out" },
    { report->n_empty, "images without objects are left out" },
    { report->n_twice, "images are met a second time and taken once" },
    { report->n_renamed, "pictures have a name that another has, too, and got part of their hash" },
    { report->n_undated, "images have no date in their names and are for training" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i].n > 0)
      g_printerr ("espalier-cli dataset: %u %s\n", all[i].n, all[i].what);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Joining data sets");
  g_autoptr (EspJoinReport) report = NULL;
  g_auto (Inputs) inputs = { 0 };
  g_auto (GStrv) classes = classes_text != NULL ? g_strsplit (classes_text, ",", -1) : NULL;
  Joining joining = { .inputs = &inputs, .job = job };

  if (!read_inputs (argc, argv, &inputs, error) || !read_options (common, &joining.options, error))
    return FALSE;
  for (guint i = 0; classes != NULL && classes[i] != NULL; i++)
    g_strstrip (classes[i]);
  joining.options.classes = (const char *const *) classes;
  esp_common_run_beside (common, job, join_sets, &joining);
  report = joining.report;
  if (report == NULL)
    {
      g_propagate_error (error, joining.error);
      return FALSE;
    }
  tell_left_out (report);
  if (!common->json)
    print_table (report);
  esp_json_string (json, "folder", folder);
  add_json (report, json);
  return TRUE;
}

const EspVerb esp_verb_dataset = {
  .name = "dataset",
  .arguments = "DATA[@SPLIT[=PART]]…",
  .summary = "Make one data set of several, of any format, with splits given or drawn",
  .options = options,
  .least = 1,
  .most = -1,
  .run = run,
};
