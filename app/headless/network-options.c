/* network-options.c: the options of every verb that runs a network, and what they load */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "network-options.h"

/* The place of @word among @words; an absent one leaves @value. */
static gboolean
choose (const char *option, const char *word, const char *const *words, guint *value, GError **error)
{
  g_autofree char *known = NULL;

  if (word == NULL)
    return TRUE;
  for (guint i = 0; words[i] != NULL; i++)
    if (g_str_equal (words[i], word))
      {
        *value = i;
        return TRUE;
      }
  known = g_strjoinv (", ", (char **) words);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: expected one of %s", option, word, known);
  return FALSE;
}

static const char *const orientations[] = { "auto", "exif", "none", NULL };

static gboolean
apply (EspEvaluateOptions *run, const EspNetworkOptions *options, GError **error)
{
  static const char *const fits[] = { "stretch", "letterbox", NULL };
  static const char *const forms[] = { "alexey", "darknet", "opencv", NULL };
  static const char *const backends[] = { "onednn", "reference", "reference-double", "bfloat16", NULL };
  guint fit = run->fit, form = run->bn, orientation = run->orientation, backend = run->backend;

  if (!choose ("fit", options->fit, fits, &fit, error) || !choose ("bn-eps", options->bn_eps, forms, &form, error)
      || !choose ("orientation", options->orientation, orientations, &orientation, error)
      || !choose ("backend", options->backend, backends, &backend, error))
    return FALSE;
  run->backend = (EspBackendKind) backend;
  run->fit = (EspFit) fit;
  run->bn = (EspBnForm) form;
  run->orientation = (EspOrientation) orientation;
  return TRUE;
}

/** esp_options_load_network: Returns: (transfer full): the network at @cfg, read for @dialect; G_OPTION_ERROR for an unknown word.
 * Thread: any. */
EspNetwork *
esp_options_load_network (const char *cfg, const char *dialect, GError **error)
{
  static const char *const dialects[] = { "auto", "alexey", "pjreddie", NULL };
  guint value = ESP_DIALECT_AUTO;

  return choose ("dialect", dialect, dialects, &value, error) ? esp_network_load_dialect (cfg, (EspDialect) value, error) : NULL;
}

/**
 * esp_loaded_open:
 * @loaded: (out): left cleared on failure
 * @cfg: path of the network
 * @weights: (nullable): path of its weights
 * @options: what the command line says
 *
 * Errors: those of the readers; G_OPTION_ERROR for an unknown word. Thread: any.
 */
gboolean
esp_loaded_open (EspLoaded *loaded, const char *cfg, const char *weights, const EspNetworkOptions *options, GError **error)
{
  g_auto (EspLoaded) opened = { NULL };

  *loaded = (EspLoaded){ NULL };
  opened.network = esp_options_load_network (cfg, options->dialect, error);
  if (opened.network == NULL)
    return FALSE;
  esp_evaluate_options_init (&opened.run, opened.network);
  if (!apply (&opened.run, options, error))
    return FALSE;
  if (weights != NULL && (opened.weights = esp_weights_load (opened.network, weights, error)) == NULL)
    return FALSE;
  *loaded = opened;
  opened = (EspLoaded){ NULL };
  return TRUE;
}

/** esp_options_orientation: @orientation (out): what --orientation says; FALSE with a G_OPTION_ERROR for an unknown word. Thread: any. */
gboolean
esp_options_orientation (const EspNetworkOptions *options, EspOrientation *orientation, GError **error)
{
  guint value = ESP_ORIENTATION_AUTO;

  if (!choose ("orientation", options->orientation, orientations, &value, error))
    return FALSE;
  *orientation = (EspOrientation) value;
  return TRUE;
}

/** esp_loaded_clear: gives back what esp_loaded_open() loaded. Thread: any. */
void
esp_loaded_clear (EspLoaded *loaded)
{
  g_clear_pointer (&loaded->weights, esp_weights_unref);
  g_clear_pointer (&loaded->network, esp_network_unref);
}
