/* detect.c: espalier-cli detect: what a network sees in photographs */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "detect/decode.h"
#include "network-options.h"
#include "progress.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static double threshold = .25, nms = .45;
static char *names_path;

static const GOptionEntry options[] = {
  { "threshold", 0, 0, G_OPTION_ARG_DOUBLE, &threshold, "Show scores above T, 0 to 1 (default 0.25)", "T" },
  { "nms", 0, 0, G_OPTION_ARG_DOUBLE, &nms, "Of two boxes of a class with IoU above T the weaker goes (default 0.45)", "T" },
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names, one a line", "FILE" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

/* What was seen in one photograph. */
typedef struct
{
  const char *path;
  int width, height;
  GArray *detections; /* of EspDetection; NULL: not reached */
} Seen;

typedef struct
{
  const EspLoaded *loaded;
  Seen *seen;
  guint n;
  EspJob *job;
  GError *error;
} Work;

static gboolean
look (const Work *work, EspEngine *engine, float *input, Seen *seen, GError **error)
{
  const EspShape shape = esp_network_get_input (work->loaded->network);
  g_autoptr (EspImage) image = esp_image_load (seen->path, work->loaded->run.orientation, 0, 0, error);
  EspPlacement placement;

  if (image == NULL)
    return FALSE;
  seen->width = esp_image_get_width (image);
  seen->height = esp_image_get_height (image);
  placement = esp_fit_image (work->loaded->run.fit, image, shape.c, shape.h, shape.w, input);
  if (!esp_engine_forward (engine, input, work->job, error))
    return FALSE;
  seen->detections = esp_decode (engine, 0, placement, (float) threshold, error);
  if (seen->detections == NULL)
    return FALSE;
  esp_suppress_by (seen->detections, esp_nms_of_network (work->loaded->network, (float) nms));
  return TRUE;
}

static void
work_run (gpointer data)
{
  Work *work = data;
  const EspEngineOptions engine_options = { .mode = ESP_MODE_INFER, .bn = work->loaded->run.bn, .batch = 1 };
  g_autoptr (EspEngine) engine = NULL;
  g_autofree float *input = g_new (float, esp_shape_count (esp_network_get_input (work->loaded->network)));

  engine = esp_engine_new (work->loaded->network, work->loaded->weights, &engine_options, NULL, &work->error);
  for (guint i = 0; engine != NULL && i < work->n && look (work, engine, input, &work->seen[i], &work->error); i++)
    esp_job_set_progress (work->job, i + 1, work->n);
}

static const char *
name_of (char **names, int class_index)
{
  return names != NULL && (guint) class_index < g_strv_length (names) ? names[class_index] : NULL;
}

/* Top left and size in pixels of the image, as the contract of the interface has them. */
static void
to_pixels (const Seen *seen, EspBox box, double *pixels)
{
  pixels[0] = (double) (box.x - box.w / 2) * seen->width;
  pixels[1] = (double) (box.y - box.h / 2) * seen->height;
  pixels[2] = (double) box.w * seen->width;
  pixels[3] = (double) box.h * seen->height;
}

static void
add_json (JsonBuilder *json, const Seen *seen, char **names)
{
  json_builder_begin_object (json);
  esp_json_string (json, "path", seen->path);
  json_builder_set_member_name (json, "detections");
  json_builder_begin_array (json);
  for (guint i = 0; i < seen->detections->len; i++)
    {
      const EspDetection *detection = &g_array_index (seen->detections, EspDetection, i);
      double pixels[4];

      to_pixels (seen, detection->box, pixels);
      json_builder_begin_object (json);
      esp_json_int (json, "class", detection->class_index);
      esp_json_string (json, "name", name_of (names, detection->class_index));
      esp_json_double (json, "score", (double) detection->score);
      json_builder_set_member_name (json, "box");
      json_builder_begin_array (json);
      for (guint k = 0; k < 4; k++)
        json_builder_add_double_value (json, pixels[k]);
      json_builder_end_array (json);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
print (const Seen *seen, char **names)
{
  g_print ("%s: %u %s\n", seen->path, seen->detections->len, seen->detections->len == 1 ? "detection" : "detections");
  for (guint i = 0; i < seen->detections->len; i++)
    {
      const EspDetection *detection = &g_array_index (seen->detections, EspDetection, i);
      const char *name = name_of (names, detection->class_index);
      g_autofree char *index = g_strdup_printf ("class %d", detection->class_index);
      double pixels[4];

      to_pixels (seen, detection->box, pixels);
      g_print ("  %s %.0f %%  x %.0f y %.0f w %.0f h %.0f\n", name != NULL ? name : index, (double) detection->score * 100, pixels[0],
               pixels[1], pixels[2], pixels[3]);
    }
}

static gboolean
check_options (GError **error)
{
  if (threshold >= 0 && threshold <= 1 && nms >= 0 && nms <= 1)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--threshold %g --nms %g: expected numbers from 0 to 1", threshold, nms);
  return FALSE;
}

static gboolean
check_network (const EspNetwork *network, GError **error)
{
  const char *name = esp_cfg_get_name (esp_network_get_cfg (network));

  if (esp_network_get_classes (network) > 0)
    return TRUE;
  if (esp_network_get_scores (network) > 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED,
                 "%s tells %d classes of whole images apart and finds no boxes: expected a head ([yolo] or [region])", name,
                 esp_network_get_scores (network));
  else
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s has no head ([yolo] or [region]), so it finds no boxes", name);
  return FALSE;
}

static void
tell (const Work *work, char **names, const EspCommon *common, JsonBuilder *json)
{
  json_builder_set_member_name (json, "images");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->n; i++)
    {
      add_json (json, &work->seen[i], names);
      if (!common->json)
        print (&work->seen[i], names);
    }
  json_builder_end_array (json);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_auto (GStrv) names = NULL;
  g_autofree Seen *seen = g_new0 (Seen, argc);
  g_autoptr (EspJob) job = esp_job_new ("Looking");
  Work work = { &loaded, seen, (guint) argc - 2, job, NULL };

  if (!check_options (error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || !check_network (loaded.network, error))
    return FALSE;
  if (names_path != NULL && (names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  for (guint i = 0; i < work.n; i++)
    seen[i].path = argv[i + 2];
  esp_common_run (common, job, work_run, &work);
  if (work.error == NULL)
    tell (&work, names, common, json);
  for (guint i = 0; i < work.n; i++)
    g_clear_pointer (&seen[i].detections, g_array_unref);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  return work.error == NULL;
}

const EspVerb esp_verb_detect = {
  .name = "detect",
  .arguments = "NET.cfg WEIGHTS IMAGE…",
  .summary = "List what the network sees in photographs",
  .options = options,
  .least = 3,
  .most = -1,
  .run = run,
};
