/* dump.c: espalier-cli dump: a layer's numbers as raw float32, for other programs to compare with */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/error.h"
#include "base/file.h"
#include "network-options.h"
#include "progress.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static char **layer_words;
static char *at_word, *output, *input_path;

static const GOptionEntry options[] = {
  { "layer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &layer_words, "Write layer N, as darknet counts (may be repeated)", "N" },
  { "at", 0, 0, G_OPTION_ARG_STRING, &at_word, "conv: before batch normalisation; pre: before the activation; out (default)", "AT" },
  { "output", 0, 0, G_OPTION_ARG_FILENAME, &output, "Write layer-N.f32 into DIR", "DIR" },
  { "input-f32", 0, 0, G_OPTION_ARG_FILENAME, &input_path, "Feed FILE, raw float32 c h w, instead of an image", "FILE" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  const EspLoaded *loaded;
  const guint *layers;
  guint n;
  EspAt at;
  const float *input;
  float **values; /* one an asked layer */
  EspJob *job;
  GError *error;
} Work;

static void
work_run (gpointer data)
{
  Work *work = data;
  const EspEngineOptions engine_options
      = { .mode = work->at == ESP_AT_OUT ? ESP_MODE_INFER : ESP_MODE_EXPLAIN, .bn = work->loaded->run.bn, .batch = 1, .keep_all = TRUE };
  g_autoptr (EspEngine) engine = esp_engine_new (work->loaded->network, work->loaded->weights, &engine_options, NULL, &work->error);

  if (engine == NULL || !esp_engine_forward (engine, work->input, work->job, &work->error))
    return;
  for (guint i = 0; i < work->n; i++)
    {
      work->values[i] = g_new (float, esp_shape_count (esp_engine_get_shape (engine, (int) work->layers[i])));
      if (!esp_engine_read (engine, work->layers[i], work->at, work->values[i], &work->error))
        return;
    }
}

static gboolean
parse_at (EspAt *at, GError **error)
{
  static const char *const words[] = { [ESP_AT_CONV] = "conv", [ESP_AT_PRE] = "pre", [ESP_AT_OUT] = "out" };

  *at = ESP_AT_OUT;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (at_word == NULL || g_str_equal (words[i], at_word))
      {
        *at = at_word == NULL ? ESP_AT_OUT : (EspAt) i;
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--at %s: expected conv, pre or out", at_word);
  return FALSE;
}

/* The layers asked for, or NULL. */
static guint *
parse_layers (const EspNetwork *network, guint *n, GError **error)
{
  guint most = esp_network_get_n_layers (network) - 1;
  g_autofree guint *layers = NULL;

  *n = layer_words != NULL ? g_strv_length (layer_words) : 0;
  if (*n == 0 || output == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "expected --layer N and --output DIR");
      return NULL;
    }
  layers = g_new (guint, *n);
  for (guint i = 0; i < *n; i++)
    {
      guint64 layer;

      if (!g_ascii_string_to_unsigned (layer_words[i], 10, 0, most, &layer, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--layer %s: expected a layer from 0 to %u", layer_words[i], most);
          return NULL;
        }
      layers[i] = (guint) layer;
    }
  return g_steal_pointer (&layers);
}

/* The raw file or the image, as the network takes it: c * h * w numbers. */
static float *
load_input (const EspLoaded *loaded, const char *image_path, GError **error)
{
  const EspShape shape = esp_network_get_input (loaded->network);
  gsize bytes = esp_shape_count (shape) * sizeof (float), got;
  g_autoptr (EspImage) image = NULL;
  g_autofree char *raw = NULL;
  float *input;

  if (input_path == NULL)
    {
      image = esp_image_load (image_path, loaded->run.orientation, 0, 0, error);
      if (image == NULL)
        return NULL;
      input = g_malloc (bytes);
      esp_fit_image (loaded->run.fit, image, shape.c, shape.h, shape.w, input);
      return input;
    }
  if (!g_file_get_contents (input_path, &raw, &got, error))
    return NULL;
  if (got != bytes)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE,
                   "%s: %" G_GSIZE_FORMAT " bytes: expected %" G_GSIZE_FORMAT ", %d × %d × %d numbers of 4 bytes", input_path, got, bytes,
                   shape.c, shape.h, shape.w);
      return NULL;
    }
  return (float *) (gpointer) g_steal_pointer (&raw);
}

static gboolean
write_layer (const EspLayer *layer, const float *values, const EspCommon *common, JsonBuilder *json, GError **error)
{
  const int shape[] = { layer->out.c, layer->out.h, layer->out.w };
  g_autofree char *name = g_strdup_printf ("layer-%u.f32", layer->index), *path = g_build_filename (output, name, NULL);

  if (!esp_file_write (path, values, esp_shape_count (layer->out) * sizeof (float), error))
    return FALSE;
  json_builder_begin_object (json);
  esp_json_int (json, "layer", layer->index);
  esp_json_string (json, "kind", esp_layer_kind_name (layer->kind));
  esp_json_string (json, "file", path);
  json_builder_set_member_name (json, "shape");
  json_builder_begin_array (json);
  for (guint i = 0; i < G_N_ELEMENTS (shape); i++)
    json_builder_add_int_value (json, shape[i]);
  json_builder_end_array (json);
  json_builder_end_object (json);
  if (!common->json)
    g_print ("%s: %d × %d × %d, %s\n", path, shape[0], shape[1], shape[2], esp_layer_kind_name (layer->kind));
  return TRUE;
}

static gboolean
write_all (const Work *work, const EspCommon *common, JsonBuilder *json, GError **error)
{
  gboolean done = TRUE;

  if (!esp_folder_make (output, error))
    return FALSE;
  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->n && done; i++)
    done = write_layer (esp_network_get_layer (work->loaded->network, work->layers[i]), work->values[i], common, json, error);
  json_builder_end_array (json);
  return done;
}

static gboolean
check_arguments (int argc, GError **error)
{
  if ((input_path == NULL) == (argc == 3))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "expected an image or --input-f32 FILE, one of the two");
  return FALSE;
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_autofree guint *layers = NULL;
  g_autofree float *input = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Running");
  Work work = { .loaded = &loaded, .job = job };
  gboolean done;

  if (!check_arguments (argc, error) || !parse_at (&work.at, error) || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || (layers = parse_layers (loaded.network, &work.n, error)) == NULL
      || (input = load_input (&loaded, argc > 2 ? argv[2] : NULL, error)) == NULL)
    return FALSE;
  work.layers = layers;
  work.input = input;
  work.values = g_new0 (float *, work.n);
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
