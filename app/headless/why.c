/* why.c: espalier-cli why: the road of every box, and where the missed objects were lost */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/error.h"
#include "data-options.h"
#include "detect/decode.h"
#include "explain-run.h"
#include "explain/target-spec.h"
#include "measure/road.h"
#include "network-options.h"
#include "progress.h"
#include "verbs.h"

#include <math.h>

static EspNetworkOptions network_options;
static EspDrawOptions draw_options;
static double threshold = .25, nms = .45, iou = .5;
#define NO_BOX G_MININT

static int box = NO_BOX, limit;
static gboolean truth;
static char *missed, *names_path, *split;
static char **class_pairs;

static const GOptionEntry options[] = {
  { "box", 0, 0, G_OPTION_ARG_INT, &box, "The K-th box by score alone, from 1", "K" },
  { "missed", 0, 0, G_OPTION_ARG_STRING, &missed, "Why nothing was found at X,Y,W,H (pixels, top left first) called NAME", "X,Y,W,H:NAME" },
  { "truth", 0, 0, G_OPTION_ARG_NONE, &truth, "Where the photograph's labelled objects were lost; of a data set always", NULL },
  { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &threshold, "Boxes have scores above T (default 0.25)", "T" },
  { "nms", 0, 0, G_OPTION_ARG_DOUBLE, &nms, "Of two boxes of a class with IoU above T the weaker goes (default 0.45)", "T" },
  { "iou", 0, 0, G_OPTION_ARG_DOUBLE, &iou, "An object is found by a box of IoU above T (default 0.5)", "T" },
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names, one a line", "FILE" },
  { "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &class_pairs, "Take class A of the data set for class B of the network; may be repeated",
    "A=B" },
  { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, val or test, of a data set that has them", "NAME" },
  ESP_DRAW_OPTIONS (draw_options),
  { "limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N images of a data set (default: all)", "N" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  const EspLoaded *loaded;
  const char *const *names; /* (nullable) */
  EspDataset *dataset;
  EspClassMap *map; /* NULL where no truth is asked */
  gboolean single;  /* one photograph, told box by box */
  EspJob *job;
  EspEngine *engine;
  float *input;
  JsonBuilder *json; /* in the lane: what is told of each image as it comes */
  GString *told;     /* the same for people */
  guint counts[ESP_N_LOST];
  guint n_images;
  GError *error;
} Work;

static void
work_clear (Work *work)
{
  g_clear_pointer (&work->engine, esp_engine_unref);
  g_clear_pointer (&work->map, esp_class_map_free);
  g_clear_pointer (&work->dataset, esp_dataset_unref);
  g_free (work->input);
  if (work->told != NULL)
    g_string_free (work->told, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static void
add_pixels (JsonBuilder *json, EspBox of, const EspImage *image)
{
  const double width = esp_image_get_width (image), height = esp_image_get_height (image);
  const double pixels[]
      = { (double) (of.x - of.w / 2) * width, (double) (of.y - of.h / 2) * height, (double) of.w * width, (double) of.h * height };

  json_builder_set_member_name (json, "box");
  json_builder_begin_array (json);
  for (guint k = 0; k < G_N_ELEMENTS (pixels); k++)
    json_builder_add_double_value (json, pixels[k]);
  json_builder_end_array (json);
}

static const char *
name_of (const Work *work, int class_index)
{
  return work->names != NULL && (guint) class_index < g_strv_length ((char **) work->names) ? work->names[class_index] : NULL;
}

/* Rows count from 1, as boxes do; those that stand and are shown come first. */
static void
add_row (JsonBuilder *json, const char *name, int row)
{
  if (row >= 0)
    esp_json_int (json, name, row + 1);
  else
    esp_json_string (json, name, NULL);
}

static void
tell_road (Work *work, const EspRoads *roads, guint row, const EspImage *image)
{
  const EspRoad *road = esp_roads_get (roads, row);
  g_autofree char *sentence = esp_road_describe (roads, row, work->names);
  JsonBuilder *json = work->json;

  json_builder_begin_object (json);
  esp_json_int (json, "row", row + 1);
  esp_json_int (json, "class", road->detection.class_index);
  esp_json_string (json, "name", name_of (work, road->detection.class_index));
  add_pixels (json, road->detection.box, image);
  esp_json_int (json, "head", road->detection.head);
  esp_json_int (json, "anchor", road->detection.anchor);
  esp_json_int (json, "cell_row", road->detection.row);
  esp_json_int (json, "cell_column", road->detection.column);
  esp_json_double (json, "objectness", (double) road->detection.objectness);
  esp_json_double (json, "class_chance", (double) road->chance);
  esp_json_double (json, "score", (double) road->detection.score);
  add_row (json, "suppressed_by", road->suppressor);
  add_row (json, "rival", road->rival);
  esp_json_double (json, "overlap", (double) road->overlap);
  esp_json_double (json, "iou", (double) road->iou);
  esp_json_int (json, "suppressed", road->n_suppressed);
  esp_json_string (json, "sentence", sentence);
  json_builder_end_object (json);
  g_string_append_printf (work->told, "%s\n", sentence);
}

/* The boxes that went for box @row, below the threshold ones left out. */
static void
tell_fallen (Work *work, const EspRoads *roads, int row, const EspImage *image)
{
  for (guint i = esp_roads_get_shown (roads); i < esp_roads_get_n (roads); i++)
    {
      const EspRoad *road = esp_roads_get (roads, i);

      if (road->suppressor >= 0 && (double) road->detection.score > threshold && (row < 0 || road->suppressor == row))
        tell_road (work, roads, i, image);
    }
}

static void
tell_fate (Work *work, const EspRoads *roads, const EspFate *fate, const EspSample *sample, const EspImage *image)
{
  g_autofree char *sentence = esp_fate_describe (roads, fate, work->names);
  JsonBuilder *json = work->json;

  json_builder_begin_object (json);
  esp_json_string (json, "image", sample->path);
  esp_json_int (json, "class", fate->class_index);
  esp_json_string (json, "name", name_of (work, fate->class_index));
  add_pixels (json, fate->box, image);
  esp_json_string (json, "stage", esp_lost_id (fate->lost));
  add_row (json, "candidate", fate->row);
  esp_json_double (json, "overlap", fate->row >= 0 ? (double) fate->overlap : NAN);
  esp_json_double (json, "score", fate->row >= 0 ? (double) esp_roads_get (roads, (guint) fate->row)->detection.score : NAN);
  add_row (json, "suppressed_by", fate->row >= 0 ? esp_roads_get (roads, (guint) fate->row)->suppressor : -1);
  esp_json_string (json, "sentence", sentence);
  json_builder_end_object (json);
  if (work->single)
    g_string_append_printf (work->told, "%s\n", sentence);
}

/* The objects that are judged: the labelled ones that must be found. */
static GArray *
collect_truths (const Work *work, const EspSample *sample)
{
  GArray *truths = g_array_new (FALSE, FALSE, sizeof (EspTruth));

  for (guint i = 0; work->map != NULL && i < sample->n_truths; i++)
    {
      EspTruth one = sample->truths[i];

      if (one.difficult || (guint) one.class_index >= work->map->n || work->map->to_network[one.class_index] < 0)
        continue;
      one.class_index = work->map->to_network[one.class_index];
      g_array_append_val (truths, one);
    }
  return truths;
}

static void
judge (Work *work, const EspRoads *roads, const GArray *truths, const EspSample *sample, const EspImage *image)
{
  g_autofree EspFate *fates = g_new (EspFate, truths->len + 1);

  esp_roads_judge (roads, (const EspTruth *) (void *) truths->data, truths->len, (float) iou, fates);
  for (guint i = 0; i < truths->len; i++)
    {
      work->counts[fates[i].lost]++;
      if (fates[i].lost != ESP_LOST_NOT || work->single)
        tell_fate (work, roads, &fates[i], sample, image);
    }
}

static gboolean
judge_drawn (Work *work, const EspRoads *roads, const EspSample *sample, const EspImage *image, EspPlacement placement, GError **error)
{
  g_autofree char *text = g_strconcat ("missed:", missed, NULL);
  g_autoptr (EspTargetSpec) spec = esp_target_spec_new (text, error);
  g_autoptr (EspTarget) target = NULL;
  g_autoptr (GArray) truths = g_array_new (FALSE, TRUE, sizeof (EspTruth));
  const EspTargetScene scene = { .network = work->loaded->network,
                                 .names = work->names,
                                 .image = sample->path,
                                 .width = esp_image_get_width (image),
                                 .height = esp_image_get_height (image),
                                 .placement = placement };

  if (spec == NULL || (target = esp_target_spec_make (spec, &scene, error)) == NULL)
    return FALSE;
  g_array_set_size (truths, 1);
  g_array_index (truths, EspTruth, 0).class_index = esp_target_get_class (target);
  esp_target_get_box (target, &g_array_index (truths, EspTruth, 0).box);
  judge (work, roads, truths, sample, image);
  return TRUE;
}

static gboolean
tell_boxes (Work *work, const EspRoads *roads, const EspSample *sample, const EspImage *image, GError **error)
{
  const guint n = esp_roads_get_shown (roads);

  if (box > (int) n)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: box %d is asked for, but %u are above %g", sample->path, box, n, threshold);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (box == 0 || i + 1 == (guint) box)
      tell_road (work, roads, i, image);
  tell_fallen (work, roads, box - 1, image);
  return TRUE;
}

static void
begin (JsonBuilder *json, const char *name)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_array (json);
}

static gboolean
tell_single (Work *work, const EspRoads *roads, const EspSample *sample, const EspImage *image, EspPlacement placement, GError **error)
{
  gboolean told;

  begin (work->json, "boxes");
  told = missed != NULL || tell_boxes (work, roads, sample, image, error);
  json_builder_end_array (work->json);
  begin (work->json, "objects");
  if (told && missed != NULL)
    told = judge_drawn (work, roads, sample, image, placement, error);
  else if (told && truth)
    {
      g_autoptr (GArray) truths = collect_truths (work, sample);

      judge (work, roads, truths, sample, image);
    }
  json_builder_end_array (work->json);
  return told;
}

static gboolean
look (Work *work, const EspSample *sample, GError **error)
{
  const EspShape shape = esp_network_get_input (work->loaded->network);
  const EspNms how = esp_nms_of_network (work->loaded->network, (float) nms);
  g_autoptr (EspImage) image = esp_image_load (sample->path, work->loaded->run.orientation, sample->width, sample->height, error);
  g_autoptr (EspRoads) roads = NULL;
  g_autoptr (GArray) truths = NULL;
  EspPlacement placement;
  GArray *detections;

  if (image == NULL)
    return FALSE;
  placement = esp_fit_image (work->loaded->run.fit, image, shape.c, shape.h, shape.w, work->input);
  if (!esp_engine_forward (work->engine, work->input, work->job, error))
    return FALSE;
  detections = esp_decode (work->engine, 0, placement, MIN (ESP_ROAD_FLOOR, (float) threshold), error);
  if (detections == NULL)
    return FALSE;
  roads = esp_roads_new (detections, (float) threshold, how);
  work->n_images++;
  if (work->single)
    return tell_single (work, roads, sample, image, placement, error);
  truths = collect_truths (work, sample);
  judge (work, roads, truths, sample, image);
  return TRUE;
}

static void
explain (gpointer data)
{
  Work *work = data;
  const EspEngineOptions of = { .mode = ESP_MODE_INFER, .backend = work->loaded->run.backend, .bn = work->loaded->run.bn, .batch = 1 };
  guint n = esp_dataset_get_n (work->dataset);

  if (limit > 0)
    n = MIN (n, (guint) limit);
  work->input = g_new (float, esp_shape_count (esp_network_get_input (work->loaded->network)));
  work->engine = esp_engine_new (work->loaded->network, work->loaded->weights, &of, NULL, &work->error);
  if (!work->single)
    begin (work->json, "objects");
  for (guint i = 0; work->engine != NULL && i < n && look (work, esp_dataset_get (work->dataset, i), &work->error); i++)
    esp_job_set_progress (work->job, i + 1, n);
  if (!work->single)
    json_builder_end_array (work->json);
}

static gboolean
check_options (GError **error)
{
  if (!(threshold >= 0 && threshold <= 1 && nms >= 0 && nms <= 1 && iou >= 0 && iou <= 1))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--threshold %g --nms %g --iou %g: expected numbers from 0 to 1",
                 threshold, nms, iou);
  else if (box != NO_BOX && box < 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--box %d: expected a number from 1, the first by score", box);
  else if (limit < 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--limit %d: expected a number from 1", limit);
  else if ((box > 0) + (missed != NULL) + truth > 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--box, --missed and --truth: expected one of them");
  else
    {
      box = MAX (box, 0); /* all */
      return TRUE;
    }
  return FALSE;
}

/* A picture is told box by box; anything else is a data set, of which the losses are counted. */
static gboolean
open_data (Work *work, const char *path, GError **error)
{
  const int classes = esp_network_get_classes (work->loaded->network);
  const EspDatasetOptions dataset_options = { .split = split, .names = names_path, .n_classes = classes };
  int width, height;

  if (classes == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so it makes no boxes");
      return FALSE;
    }
  work->single = g_file_test (path, G_FILE_TEST_IS_REGULAR) && esp_image_read_size (path, &width, &height, NULL);
  work->dataset = esp_data_open ("why", path, dataset_options, &draw_options, work->job, error);
  if (work->dataset == NULL)
    return FALSE;
  if (!work->single && (box > 0 || missed != NULL))
    {
      esp_refuse_box_of (work->dataset, path, "", error);
      return FALSE;
    }
  if (work->single && !truth)
    return TRUE;
  if (!esp_dataset_is_labelled (work->dataset))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s: no labels, so nothing is known to be missed", path);
      return FALSE;
    }
  work->map = esp_class_map_new (work->dataset, work->names, (guint) classes, (const char *const *) class_pairs, error);
  return work->map != NULL;
}

static void
tell_counts (const Work *work, JsonBuilder *json, gboolean aloud)
{
  guint n = 0;

  for (guint i = 0; i < ESP_N_LOST; i++)
    n += work->counts[i];
  esp_json_int (json, "images", work->n_images);
  json_builder_set_member_name (json, "stages");
  json_builder_begin_object (json);
  for (EspLost lost = ESP_LOST_NOT; lost < ESP_N_LOST; lost++)
    {
      esp_json_int (json, esp_lost_id (lost), work->counts[lost]);
      if (aloud && !work->single)
        g_print ("%-11s %6u  %5.1f %%\n", esp_lost_id (lost), work->counts[lost], n > 0 ? 100.0 * work->counts[lost] / n : 0.0);
    }
  json_builder_end_object (json);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (GStrv) names = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Explaining");
  g_auto (Work) work = { .loaded = &loaded, .job = job, .json = json, .told = g_string_new (NULL) };

  if (!check_options (error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error))
    return FALSE;
  if (names_path != NULL && (names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  work.names = (const char *const *) names;
  if (!open_data (&work, argv[2], error))
    return FALSE;
  if (names == NULL)
    work.names = esp_dataset_get_names (work.dataset);
  esp_common_run (common, job, explain, &work);
  if (work.error != NULL)
    {
      g_propagate_error (error, work.error);
      return FALSE;
    }
  if (!common->json)
    g_print ("%s", work.told->len > 0 || !work.single ? work.told->str : "no box is above the threshold\n");
  tell_counts (&work, json, !common->json);
  return TRUE;
}

const EspVerb esp_verb_why = {
  .name = "why",
  .arguments = "NET.cfg WEIGHTS IMAGE|DATA",
  .summary = "Say how each box came about, and where missed objects were lost",
  .options = options,
  .least = 3,
  .most = 3,
  .run = run,
};
