/* dump.c: espalier-cli dump: a layer's numbers as raw float32, for other programs to compare with */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/file.h"
#include "network-options.h"
#include "progress.h"
#include "raw.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspRawOptions raw_options;

static const GOptionEntry options[] = {
  ESP_RAW_OPTIONS (raw_options, "Write layer N, as darknet counts (may be repeated)"),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  const EspLoaded *loaded;
  const int *layers;
  guint n;
  EspAt at;
  const float *input;
  double **values; /* one an asked layer */
  EspJob *job;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;
  const EspEngineOptions engine_options = { .mode = work->at == ESP_AT_OUT ? ESP_MODE_INFER : ESP_MODE_EXPLAIN,
                                            .backend = work->loaded->run.backend,
                                            .bn = work->loaded->run.bn,
                                            .batch = 1,
                                            .keep_all = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (work->loaded->network, work->loaded->weights, &engine_options, NULL, &work->error);

  if (engine == NULL || !esp_engine_forward (engine, work->input, work->job, &work->error))
    return;
  for (guint i = 0; i < work->n; i++)
    {
      work->values[i] = g_new (double, esp_shape_count (esp_engine_get_shape (engine, work->layers[i])));
      if (!esp_engine_read_double (engine, (guint) work->layers[i], work->at, work->values[i], &work->error))
        return;
    }
}

/* The raw file or the image, as the network takes it: c * h * w numbers. */
static float *
load_input (const EspLoaded *loaded, const char *image_path, GError **error)
{
  const EspShape shape = esp_network_get_input (loaded->network);
  g_autoptr (EspImage) image = NULL;
  float *input;

  if (raw_options.input != NULL)
    return esp_raw_read (raw_options.input, shape, error);
  image = esp_image_load (image_path, loaded->run.orientation, 0, 0, error);
  if (image == NULL)
    return NULL;
  input = g_new (float, esp_shape_count (shape));
  esp_fit_image (loaded->run.fit, image, shape.c, shape.h, shape.w, input);
  return input;
}

static gboolean
write_layer (const EspLayer *layer, const double *values, const EspCommon *common, JsonBuilder *json, GError **error)
{
  g_autofree char *stem = g_strdup_printf ("layer-%u", layer->index);
  gboolean done;

  json_builder_begin_object (json);
  esp_json_int (json, "layer", layer->index);
  esp_json_string (json, "kind", esp_layer_kind_name (layer->kind));
  esp_raw_add_shape (json, layer->out);
  done = esp_raw_write (&raw_options, stem, values, esp_shape_count (layer->out), common, json, error);
  json_builder_end_object (json);
  return done;
}

static gboolean
write_all (const Work *work, const EspCommon *common, JsonBuilder *json, GError **error)
{
  gboolean done = TRUE;

  if (!esp_folder_make (raw_options.output, error))
    return FALSE;
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->n && done; i++)
    done = write_layer (esp_network_get_layer (work->loaded->network, (guint) work->layers[i]), work->values[i], common, json, error);
  json_builder_end_array (json);
  return done;
}

static gboolean
check_arguments (int argc, GError **error)
{
  if ((raw_options.input == NULL) == (argc == 3))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "expected an image or --input-f32 FILE, one of the two");
  return FALSE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_autofree int *layers = NULL;
  g_autofree float *input = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Running");
  Work work = { .loaded = &loaded, .job = job };
  gboolean done;

  if (!check_arguments (argc, error) || !esp_raw_parse_at (&raw_options, &work.at, error)
      || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || (layers = esp_raw_parse_layers (&raw_options, loaded.network, 0, &work.n, error)) == NULL
      || (input = load_input (&loaded, argc > 2 ? argv[2] : NULL, error)) == NULL)
    return FALSE;
  work.layers = layers;
  work.input = input;
  work.values = g_new0 (double *, work.n);
  esp_common_run (common, job, work_run, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  done = work.error == NULL && write_all (&work, common, json, error);
  for (guint i = 0; i < work.n; i++)
    g_free (work.values[i]);
  g_free (work.values);
  return done;
}

const EspVerb esp_verb_dump = {
  .name = "dump",
  .arguments = "NET.cfg WEIGHTS [IMAGE]",
  .summary = "Write layers' numbers as raw float32",
  .options = options,
  .least = 2,
  .most = 3,
  .run = run,
};
