/* cut-pass.c: the one road from a mask to what the cut network finds */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/cut-pass.h"

#include "net/cut.h"

struct _EspCutPass
{
  EspCutPassInput input;
  EspCut *cut;       /* (nullable): the last */
  EspEngine *engine; /* (nullable): likewise */
  double seconds;    /* of the last run's images */
};

/** esp_cut_pass_new: Returns: (transfer full): nothing is computed yet. Thread: any. */
EspCutPass *
esp_cut_pass_new (const EspCutPassInput *input)
{
  EspCutPass *pass;

  g_return_val_if_fail (input != NULL && input->options != NULL && input->cache != NULL, NULL);
  pass = g_new0 (EspCutPass, 1);
  pass->input = *input;
  return pass;
}

/** esp_cut_pass_free: frees @pass (nullable). Thread: lane. */
void
esp_cut_pass_free (EspCutPass *pass)
{
  if (pass == NULL)
    return;
  g_clear_pointer (&pass->engine, esp_engine_unref);
  g_clear_pointer (&pass->cut, esp_cut_unref);
  g_free (pass);
}

/* The engine of the cut network, or of the whole one. */
static EspEngine *
make_engine (EspCutPass *pass, EspMask *mask, GError **error)
{
  const EspCutPassInput *input = &pass->input;
  const EspEngineOptions options
      = { .mode = ESP_MODE_INFER, .backend = input->options->backend, .bn = input->options->bn, .batch = input->options->batch };
  g_autoptr (EspCut) cut = NULL;
  EspEngine *engine;

  if (mask == NULL)
    return esp_engine_new (input->network, input->weights, &options, pass->engine, error);
  cut = esp_cut_new (input->network, input->weights, mask, pass->cut, error);
  if (cut == NULL)
    return NULL;
  engine = esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &options, pass->engine, error);
  g_clear_pointer (&pass->cut, esp_cut_unref);
  pass->cut = g_steal_pointer (&cut);
  return engine;
}

/**
 * esp_cut_pass_run:
 * @pass: over which images
 * @mask: (nullable): the channels that stay; NULL: the whole network
 * @outcomes: (out caller-allocates): one an image of the input, (transfer full) each; all NULL on failure
 * @job: (nullable): progress in images, and cancel
 * @error: the cut's, those of engines and images; G_IO_ERROR_CANCELLED
 *
 * What evaluate and evaluate --plan run, and every other number that a mask gets: the network is cut, compiled in the options' precision,
 * and run over the images. Thread: lane.
 */
gboolean
esp_cut_pass_run (EspCutPass *pass, EspMask *mask, EspOutcome **outcomes, EspJob *job, GError **error)
{
  const EspCutPassInput *input = &pass->input;
  g_autoptr (EspEngine) engine = make_engine (pass, mask, error);
  g_autoptr (EspPass) over = NULL;
  gint64 begun;

  for (guint i = 0; i < input->n; i++)
    outcomes[i] = NULL;
  if (engine == NULL)
    return FALSE;
  over = esp_pass_new (engine, input->dataset, input->map, input->cache, input->options);
  begun = g_get_monotonic_time ();
  if (!esp_pass_run (over, input->indices, input->n, outcomes, job, error))
    return FALSE;
  pass->seconds = (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  g_clear_pointer (&pass->engine, esp_engine_unref);
  pass->engine = g_steal_pointer (&engine);
  return TRUE;
}

/* Passes a cancel, and whatever is to be done between, on to the work below, whose progress is its own. */
typedef struct
{
  EspJob *above, *below;
} Relay;

static void
relay (gpointer data)
{
  Relay *r = data;

  if (!esp_job_check (r->above, NULL))
    esp_job_cancel (r->below);
}

/** esp_cut_pass_run_below: as esp_cut_pass_run(), but of @job (nullable) only the cancel holds: its progress is left alone. Thread:
 * lane. */
gboolean
esp_cut_pass_run_below (EspCutPass *pass, EspMask *mask, EspOutcome **outcomes, EspJob *job, GError **error)
{
  g_autoptr (EspJob) below = esp_job_new ("");
  Relay r = { job, below };

  esp_job_set_between (below, relay, &r);
  return esp_cut_pass_run (pass, mask, outcomes, below, error);
}

/** esp_cut_pass_get_seconds: Returns: what the images of the last run took, decoding included; cutting and compiling are not in it.
 * Thread: lane. */
double
esp_cut_pass_get_seconds (const EspCutPass *pass)
{
  return pass->seconds;
}

/** esp_outcomes_free: frees an array (nullable) of @n outcomes with its entries. Thread: any. */
void
esp_outcomes_free (EspOutcome **outcomes, guint n)
{
  for (guint i = 0; outcomes != NULL && i < n; i++)
    esp_outcome_free (outcomes[i]);
  g_free (outcomes);
}
