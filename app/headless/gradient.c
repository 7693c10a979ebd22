/* gradient.c: espalier-cli gradient: the gradient of sum (seed * output of a layer) at layers, the image and parameters, as raw files */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "base/file.h"
#include "net/parameter-vector.h"
#include "network-options.h"
#include "progress.h"
#include "raw.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspRawOptions raw_options;
static char *seed_path;
static int seed_layer = -1;
static gboolean parameters;
static int training;

#define MOST_IMAGES 256

static const GOptionEntry options[] = {
  ESP_RAW_OPTIONS (raw_options, "Write the gradient at layer N, as darknet counts, -1 for the image (may be repeated)"),
  { "seed-f32", 0, 0, G_OPTION_ARG_FILENAME, &seed_path, "What the output of --seed-layer is multiplied with, raw float32 c h w", "FILE" },
  { "seed-layer", 0, 0, G_OPTION_ARG_INT, &seed_layer, "Whose output", "N" },
  { "parameters", 0, 0, G_OPTION_ARG_NONE, &parameters, "Write the gradients of the layers' weights, biases and scales too", NULL },
  { "training", 0, 0, G_OPTION_ARG_INT, &training, "As in training: both files hold N images, and only parameters have gradients", "N" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

static const char *const parameter_names[]
    = { [ESP_PARAMETER_WEIGHTS] = "weights", [ESP_PARAMETER_BIASES] = "biases", [ESP_PARAMETER_SCALES] = "scales" };

typedef struct
{
  const EspLoaded *loaded;
  const int *layers;
  guint n;
  EspAt at;
  const float *input, *seed;
  double **values;                                    /* one an asked layer */
  double *(*learned)[G_N_ELEMENTS (parameter_names)]; /* likewise; NULL where the layer has none */
  EspJob *job;
  GError *error;
} Work;

/* How many a layer has of a parameter; 0 without. */
static gsize
count_parameters (const EspLoaded *loaded, int layer, EspParameter parameter)
{
  const EspParams *params = layer >= 0 ? esp_weights_get (loaded->weights, (guint) layer) : NULL;

  if (!parameters || params == NULL || (parameter == ESP_PARAMETER_SCALES && params->scales == NULL))
    return 0;
  return parameter == ESP_PARAMETER_WEIGHTS ? params->n_weights : params->filters;
}

static gboolean
read_layer (Work *work, EspEngine *engine, guint i)
{
  int layer = work->layers[i];

  work->values[i] = g_new (double, esp_shape_count (esp_engine_get_shape (engine, layer)));
  if (!esp_engine_read_gradient_double (engine, layer, layer < 0 ? ESP_AT_OUT : work->at, work->values[i], &work->error))
    return FALSE;
  for (EspParameter p = ESP_PARAMETER_WEIGHTS; p <= ESP_PARAMETER_SCALES; p++)
    {
      gsize n = count_parameters (work->loaded, layer, p);

      if (n == 0)
        continue;
      work->learned[i][p] = g_new (double, n);
      if (!esp_engine_read_parameter_gradient (engine, (guint) layer, p, work->learned[i][p], &work->error))
        return FALSE;
    }
  return TRUE;
}

/* Normalised by the batch. The vector's numbers are floats, whatever computed them. */
static void
work_train (gpointer data)
{
  Work *work = data;
  const guint seeded = (guint) seed_layer;
  g_autoptr (EspParameterVector) vector = esp_parameter_vector_new (work->loaded->network, work->loaded->weights);
  const EspEngineOptions engine_options = { .mode = ESP_MODE_TRAIN,
                                            .backend = work->loaded->run.backend,
                                            .bn = work->loaded->run.bn,
                                            .batch = (guint) training,
                                            .vector = vector,
                                            .watch = &seeded,
                                            .n_watch = 1 };
  g_autoptr (EspEngine) engine = esp_engine_new (work->loaded->network, NULL, &engine_options, NULL, &work->error);

  if (engine == NULL || !esp_engine_forward (engine, work->input, work->job, &work->error)
      || !esp_engine_set_seed (engine, seeded, work->seed, &work->error) || !esp_engine_backward (engine, 0, work->job, &work->error))
    return;
  for (guint i = 0; i < work->n; i++)
    for (EspParameter p = ESP_PARAMETER_WEIGHTS; p <= ESP_PARAMETER_SCALES; p++)
      {
        const EspParameterSlot *slot = esp_parameter_vector_find (vector, (guint) work->layers[i], p);

        if (slot == NULL)
          continue;
        work->learned[i][p] = g_new (double, slot->n);
        for (gsize k = 0; k < slot->n; k++)
          work->learned[i][p][k] = (double) esp_parameter_vector_get_gradients (vector)[slot->at + k];
      }
}

static void
work_run (gpointer data)
{
  Work *work = data;
  const EspEngineOptions engine_options = { .mode = ESP_MODE_EXPLAIN,
                                            .backend = work->loaded->run.backend,
                                            .bn = work->loaded->run.bn,
                                            .batch = 1,
                                            .pixels = TRUE,
                                            .parameters = parameters };
  g_autoptr (EspEngine) engine = esp_engine_new (work->loaded->network, work->loaded->weights, &engine_options, NULL, &work->error);

  if (engine == NULL || !esp_engine_forward (engine, work->input, work->job, &work->error)
      || !esp_engine_set_seed (engine, (guint) seed_layer, work->seed, &work->error)
      || !esp_engine_backward (engine, 0, work->job, &work->error))
    return;
  for (guint i = 0; i < work->n; i++)
    if (!read_layer (work, engine, i))
      return;
}

static gboolean
write_parameters (const Work *work, guint i, const EspCommon *common, JsonBuilder *json, GError **error)
{
  for (EspParameter p = ESP_PARAMETER_WEIGHTS; p <= ESP_PARAMETER_SCALES; p++)
    {
      g_autofree char *stem = g_strdup_printf ("%s-%d", parameter_names[p], work->layers[i]);
      gsize n = count_parameters (work->loaded, work->layers[i], p);
      gboolean done;

      if (n == 0)
        continue;
      json_builder_begin_object (json);
      esp_json_int (json, "layer", work->layers[i]);
      esp_json_string (json, "parameter", parameter_names[p]);
      esp_json_int (json, "count", (gint64) n);
      done = esp_raw_write (&raw_options, stem, work->learned[i][p], n, common, json, error);
      json_builder_end_object (json);
      if (!done)
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_layer (const Work *work, guint i, const EspCommon *common, JsonBuilder *json, GError **error)
{
  const EspNetwork *network = work->loaded->network;
  const int layer = work->layers[i];
  const EspShape shape = layer < 0 ? esp_network_get_input (network) : esp_network_get_layer (network, (guint) layer)->out;
  g_autofree char *stem = layer < 0 ? g_strdup ("image") : g_strdup_printf ("layer-%d", layer);
  gboolean done;

  json_builder_begin_object (json);
  esp_json_int (json, "layer", layer);
  esp_raw_add_shape (json, shape);
  done = esp_raw_write (&raw_options, stem, work->values[i], esp_shape_count (shape), common, json, error);
  json_builder_end_object (json);
  return done;
}

static gboolean
write_all (const Work *work, const EspCommon *common, JsonBuilder *json, GError **error)
{
  gboolean done = esp_folder_make (raw_options.output, error);

  json_builder_set_member_name (json, "layers");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->n && done && training == 0; i++)
    done = write_layer (work, i, common, json, error);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "parameters");
  json_builder_begin_array (json);
  for (guint i = 0; i < work->n && done; i++)
    done = write_parameters (work, i, common, json, error);
  json_builder_end_array (json);
  return done;
}

/* Of as many images as the files hold. */
static EspShape
batched (EspShape shape)
{
  shape.n = MAX (training, 1);
  return shape;
}

static gboolean
check_training (GError **error)
{
  if (training >= 0 && training <= MOST_IMAGES && (training == 0 || parameters))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--training %d: expected 1 to %d images, and --parameters", training,
               MOST_IMAGES);
  return FALSE;
}

/* The seed, of the shape of the output of its layer. */
static float *
load_seed (const EspNetwork *network, GError **error)
{
  const int n = (int) esp_network_get_n_layers (network);

  if (seed_path != NULL && raw_options.input != NULL && seed_layer >= 0 && seed_layer < n)
    return esp_raw_read (seed_path, batched (esp_network_get_layer (network, (guint) seed_layer)->out), error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "expected --input-f32 FILE, --seed-f32 FILE and --seed-layer N, a layer from 0 to %d", n - 1);
  return NULL;
}

static void
work_clear (Work *work)
{
  for (guint i = 0; work->values != NULL && i < work->n; i++)
    {
      g_free (work->values[i]);
      for (guint p = 0; p < G_N_ELEMENTS (parameter_names); p++)
        g_free (work->learned[i][p]);
    }
  g_free (work->values);
  g_free (work->learned);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_autofree int *layers = NULL;
  g_autofree float *input = NULL, *seed = NULL;
  g_autoptr (EspJob) job = esp_job_new ("Running");
  Work work = { .loaded = &loaded, .job = job };
  gboolean done;

  if (!check_training (error) || !esp_raw_parse_at (&raw_options, &work.at, error)
      || !esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error)
      || (layers = esp_raw_parse_layers (&raw_options, loaded.network, training > 0 ? 0 : -1, &work.n, error)) == NULL
      || (seed = load_seed (loaded.network, error)) == NULL
      || (input = esp_raw_read (raw_options.input, batched (esp_network_get_input (loaded.network)), error)) == NULL)
    return FALSE;
  work.layers = layers;
  work.input = input;
  work.seed = seed;
  work.values = g_new0 (double *, work.n);
  work.learned = g_malloc0_n (work.n, sizeof *work.learned);
  esp_common_run (common, job, training > 0 ? work_train : work_run, &work);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  done = work.error == NULL && write_all (&work, common, json, error);
  work_clear (&work);
  return done;
}

const EspVerb esp_verb_gradient = {
  .name = "gradient",
  .arguments = "NET.cfg WEIGHTS",
  .summary = "Write gradients at layers and of parameters as raw float32",
  .options = options,
  .least = 2,
  .most = 2,
  .run = run,
};
