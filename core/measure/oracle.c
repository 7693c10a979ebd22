/* oracle.c: asks libdarknet, in a process of its own, what a network gives, and compares layer by layer
 *
 * The helper gets the cfg as one image at a time and one raw input in a folder of its own, and the weights file as it is. What counts is
 * the file that it leaves, whole and of exactly the expected size; how it ended does not. */
#define G_LOG_DOMAIN "esp-measure"
#include "config.h"

#include "measure/oracle-private.h"

#include <errno.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/rng.h"
#include "measure/oracle-format.h"
#include "net/cost.h"

#define LEAST_SECONDS     60.0
#define SECONDS_PER_BFLOP 2.0 /* about ten times what libdarknet takes on a slow machine */

enum
{
  CFG,
  INPUT,
  RESULT,
  PART,
  LOG,
};

static const char *const names[] = { "oracle.cfg", "input.f32", "result", "result" ESP_ORACLE_PART, "log" };

/* A question being asked. */
typedef struct
{
  const EspOracleQuestion *question;
  char *folder, *paths[G_N_ELEMENTS (names)];
  guint *layers; /* those asked for */
  guint n_layers;
} Asking;

static void
asking_clear (Asking *asking)
{
  for (guint i = 0; i < G_N_ELEMENTS (names) && asking->folder != NULL; i++)
    {
      g_remove (asking->paths[i]);
      g_free (asking->paths[i]);
    }
  if (asking->folder != NULL)
    g_rmdir (asking->folder);
  g_free (asking->folder);
  g_free (asking->layers);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asking, asking_clear)

static gboolean
make_folder (Asking *asking, GError **error)
{
  g_autoptr (GError) local = NULL;

  asking->folder = g_dir_make_tmp ("espalier-oracle-XXXXXX", &local);
  if (asking->folder == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: no folder could be made there: %s", g_get_tmp_dir (), local->message);
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    asking->paths[i] = g_build_filename (asking->folder, names[i], NULL);
  return TRUE;
}

/* What the oracle has of a layer: [cost] gives nothing without a truth, and before batch normalisation there must be one. */
static gboolean
is_asked (const EspLayer *layer, EspAt at)
{
  if (at == ESP_AT_CONV)
    return layer->kind == ESP_LAYER_CONVOLUTIONAL && layer->conv.batch_normalize;
  return !g_str_equal (esp_layer_kind_name (layer->kind), "cost");
}

static void
choose_layers (Asking *asking)
{
  EspNetwork *network = asking->question->network;

  asking->layers = g_new (guint, esp_network_get_n_layers (network));
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    if (is_asked (esp_network_get_layer (network, i), asking->question->at))
      asking->layers[asking->n_layers++] = i;
}

static gboolean
put (const char *path, const void *data, gsize n, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (g_file_set_contents (path, data, (gssize) n, &local))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_IO, "%s: %s", path, local->message);
  return FALSE;
}

/* From where the helper runs a tree= beside the cfg is not there. */
static void
place_trees (EspCfg *cfg, const EspNetwork *network)
{
  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);

      if (layer->kind == ESP_LAYER_SOFTMAX && layer->softmax.tree != NULL)
        esp_cfg_set (cfg, layer->section, "tree", layer->softmax.tree->path);
    }
}

/* One image at a time; its learning rates are of no concern, and it crashes on lists of them that are too short. */
static gboolean
write_files (const Asking *asking, GError **error)
{
  const EspOracleQuestion *question = asking->question;
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (question->network));
  g_autofree char *text = NULL;
  gsize n = 0;

  esp_cfg_set (cfg, 0, "batch", "1");
  esp_cfg_set (cfg, 0, "subdivisions", "1");
  esp_cfg_set (cfg, 0, "policy", "constant");
  place_trees (cfg, question->network);
  text = esp_cfg_to_text (cfg, &n);
  return put (asking->paths[CFG], text, n, error)
         && put (asking->paths[INPUT], question->input, esp_shape_count (esp_network_get_input (question->network)) * sizeof (float),
                 error);
}

static gboolean
run (const Asking *asking, const char *program, EspOracleEnd *end, EspJob *job, GError **error)
{
  const EspOracleQuestion *question = asking->question;
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *weights = g_canonicalize_filename (question->weights_path, NULL);
  const double seconds
      = question->seconds > 0 ? question->seconds : LEAST_SECONDS + SECONDS_PER_BFLOP * esp_cost_of (question->network, NULL).bflops;

  g_ptr_array_add (words, g_strdup (program));
  g_ptr_array_add (words, g_strdup (asking->paths[CFG]));
  g_ptr_array_add (words, g_steal_pointer (&weights));
  g_ptr_array_add (words, g_strdup (asking->paths[INPUT]));
  g_ptr_array_add (words, g_strdup (asking->paths[RESULT]));
  for (guint i = 0; i < asking->n_layers; i++)
    g_ptr_array_add (words, g_strdup_printf (question->at == ESP_AT_CONV ? "%u:conv" : "%u", asking->layers[i]));
  g_ptr_array_add (words, NULL);
  return esp_oracle_run ((const char *const *) words->pdata, asking->paths[LOG], seconds, end, job, error);
}

static gboolean
compare_layers (const Asking *asking, EspOracleAnswer *answer, EspEngine *engine, EspOracleReport *report, GError **error)
{
  report->layers = g_new0 (EspLayerDifference, asking->n_layers);
  for (guint i = 0; i < asking->n_layers; i++)
    {
      const gsize n = esp_shape_count (esp_engine_get_shape (engine, (int) asking->layers[i]));
      g_autofree float *ours = g_new (float, n), *theirs = g_new (float, n);

      if (!esp_engine_read (engine, asking->layers[i], asking->question->at, ours, error) || !esp_oracle_read (answer, theirs, n, error))
        return FALSE;
      report->layers[i] = esp_layer_difference (asking->layers[i], ours, theirs, n);
      report->n_layers = i + 1;
      if (i == 0 || report->layers[i].difference > report->worst.difference)
        report->worst = report->layers[i];
    }
  return TRUE;
}

/* It ended, and left nothing. */
static gboolean
refuse_silence (const Asking *asking, const EspOracleEnd *end, GError **error)
{
  g_autofree char *words = esp_oracle_last_words (asking->paths[LOG]);
  g_autofree char *signal = end->signal != 0 ? g_strdup_printf (", by signal %d", end->signal) : g_strdup ("");

  g_set_error (error, ESP_ERROR, ESP_ERROR_ORACLE, "libdarknet ended without an answer%s%s%s", signal,
               *words != '\0' ? "; it said last: " : "", words);
  return FALSE;
}

/* Our side of it, in the oracle's own form of batch normalisation. */
static gboolean
compare (const Asking *asking, EspOracleReport *report, EspJob *job, GError **error)
{
  const EspOracleQuestion *question = asking->question;
  const EspEngineOptions options
      = { .mode = question->at == ESP_AT_OUT ? ESP_MODE_INFER : ESP_MODE_EXPLAIN, .bn = ESP_BN_DARKNET, .batch = 1, .keep_all = TRUE };
  g_auto (EspOracleAnswer) answer = { NULL };
  g_autoptr (EspEngine) engine = NULL;

  if (!esp_oracle_open (&answer, asking->paths[RESULT], question->network, asking->layers, asking->n_layers, question->at, error))
    return FALSE;
  engine = esp_engine_new (question->network, question->weights, &options, NULL, error);
  return engine != NULL && esp_engine_forward (engine, question->input, job, error)
         && compare_layers (asking, &answer, engine, report, error);
}

/* No oracle speaks: the error becomes the reason. */
static gboolean
give_reason (EspOracleReport *report, GError *error)
{
  report->reason = g_strdup (error->message);
  g_error_free (error);
  return TRUE;
}

static gboolean
ask (Asking *asking, const char *program, EspOracleReport *report, EspJob *job, GError **error)
{
  EspOracleEnd end;
  GError *local = NULL;

  if (!make_folder (asking, error) || !write_files (asking, error))
    return FALSE;
  if (!run (asking, program, &end, job, &local))
    {
      if (!end.started && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return give_reason (report, local);
      g_propagate_error (error, local);
      return FALSE;
    }
  if (!g_file_test (asking->paths[RESULT], G_FILE_TEST_EXISTS))
    return refuse_silence (asking, &end, error);
  return compare (asking, report, job, error);
}

/**
 * esp_oracle_compare:
 * @question: a network, its weights as they were read, and one input
 * @report: (out): every layer's difference; or only a reason, where there is no oracle or it cannot hold this network
 * @job: (nullable): cancels; the process is stopped then
 * @error: ESP_ERROR_ORACLE where one was asked and gave no whole answer; ESP_ERROR_IO; G_IO_ERROR_CANCELLED
 *
 * Both run in float32 and in the oracle's form of batch normalisation. Whether they agree is esp_oracle_agrees()'s to say.
 * Thread: lane. Cost: one forward here, and one there, which takes ten times as long or more.
 */
gboolean
esp_oracle_compare (const EspOracleQuestion *question, EspOracleReport *report, EspJob *job, GError **error)
{
  g_auto (Asking) asking = { .question = question };
  g_autofree char *program = NULL;
  GError *local = NULL;

  g_return_val_if_fail (question->at == ESP_AT_OUT || question->at == ESP_AT_CONV, FALSE);
  *report = (EspOracleReport){ NULL };
  if (!esp_oracle_can_hold (question->network, question->weights, &local) || (program = esp_oracle_find (&local)) == NULL)
    return give_reason (report, local);
  choose_layers (&asking);
  if (asking.n_layers > 0)
    return ask (&asking, program, report, job, error);
  report->reason = g_strdup ("there is no layer to compare");
  return TRUE;
}

/** esp_oracle_agrees: Returns: whether an oracle spoke and no layer is farther apart than ESP_ORACLE_BOUND. Thread: any. */
gboolean
esp_oracle_agrees (const EspOracleReport *report)
{
  return report->reason == NULL && report->n_layers > 0 && report->worst.difference <= ESP_ORACLE_BOUND;
}

/** esp_oracle_report_clear: frees what a report holds. */
void
esp_oracle_report_clear (EspOracleReport *report)
{
  g_clear_pointer (&report->reason, g_free);
  g_clear_pointer (&report->layers, g_free);
  report->n_layers = 0;
}

/** esp_oracle_noise: Returns: (transfer full): an input of @network, uniform in 0..1, by the stream of @seed. Thread: any. */
float *
esp_oracle_noise (const EspNetwork *network, guint64 seed)
{
  const gsize n = esp_shape_count (esp_network_get_input (network));
  g_autoptr (GRand) stream = esp_rng_new (seed, 'o', 0);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (stream);
  return input;
}
