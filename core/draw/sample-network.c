/* sample-network.c: the trained network of the sample, built in from data/sample */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/sample-network.h"

#include <string.h>

#include <gio/gio.h>

#include "esp-sample-resources.h"

#define FOLDER "/io/github/espalier/Espalier/sample/"

static char *
cfg_text (GError **error)
{
  g_autoptr (GBytes) bytes = g_resource_lookup_data (esp_sample_get_resource (), FOLDER "sample.cfg", G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
}

static EspWeights *
load_weights (const EspNetwork *network, GError **error)
{
  g_autoptr (GBytes) bytes
      = g_resource_lookup_data (esp_sample_get_resource (), FOLDER "sample.weights", G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  return bytes != NULL ? esp_weights_parse (network, bytes, "sample.weights", error) : NULL;
}
/** esp_sample_dup_name: Returns: (transfer full): a word that tells one sample from another, fit for a file's name. Thread: any. */
char *
esp_sample_dup_name (void)
{
  g_autoptr (GBytes) bytes
      = g_resource_lookup_data (esp_sample_get_resource (), FOLDER "sample.weights", G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autofree char *sum = bytes != NULL ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes) : NULL;

  return g_strdup_printf ("orchard-%.12s", sum != NULL ? sum : "");
}

/** esp_sample_network_free: frees @sample. Thread: its owner. */
void
esp_sample_network_free (EspSampleNetwork *sample)
{
  g_clear_pointer (&sample->network, esp_network_unref);
  g_clear_pointer (&sample->weights, esp_weights_unref);
  g_free (sample->cfg);
  g_free (sample);
}

/** esp_sample_network_new: Returns: (transfer full): cfg, network and weights of the sample. Errors: of their readers. Thread: any. */
EspSampleNetwork *
esp_sample_network_new (GError **error)
{
  g_autoptr (EspSampleNetwork) sample = g_new0 (EspSampleNetwork, 1);
  EspCfg *cfg = NULL;

  sample->cfg = cfg_text (error);
  if (sample->cfg == NULL)
    return NULL;
  cfg = esp_cfg_parse (sample->cfg, strlen (sample->cfg), "sample.cfg", error);
  sample->network = cfg != NULL ? esp_network_new (cfg, error) : NULL;
  sample->weights = sample->network != NULL ? load_weights (sample->network, error) : NULL;
  return sample->weights != NULL ? g_steal_pointer (&sample) : NULL;
}
