/* onnx.c: espalier-cli onnx: a network with its weights as an ONNX file */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "onnx/onnx.h"

#include "dataset/dataset.h"
#include "network-options.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static char *output_path, *names_path;

static const GOptionEntry options[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output_path, "Write this file (default: beside WEIGHTS, ending in .onnx)", "FILE" },
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &names_path, "Class names, one a line; the file keeps them", "FILE" },
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

static char *
dup_output (const char *weights)
{
  g_autofree char *name = g_path_get_basename (weights);
  const char *dot = strrchr (name, '.');
  const gsize stem = strlen (weights) - (dot != NULL ? strlen (dot) : 0);

  if (output_path != NULL)
    return g_strdup (output_path);
  return g_strdup_printf ("%.*s.onnx", (int) stem, weights);
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { 0 };
  g_auto (GStrv) names = NULL;
  g_autofree char *path = dup_output (argv[1]);

  if (!esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error))
    return FALSE;
  if (names_path != NULL && (names = esp_names_load (names_path, error)) == NULL)
    return FALSE;
  if (!esp_onnx_save (loaded.network, loaded.weights, &(EspOnnxOptions){ loaded.run.bn, (const char *const *) names }, path, error))
    return FALSE;
  esp_json_string (json, "file", path);
  if (!common->json)
    g_print ("%s\n", path);
  return TRUE;
}

const EspVerb esp_verb_onnx = {
  .name = "onnx",
  .arguments = "NET.cfg WEIGHTS",
  .summary = "Write a network with its weights as an ONNX file",
  .options = options,
  .least = 2,
  .most = 2,
  .run = run,
};
