/* sample-network.h: the trained network of the sample, built in from data/sample */
#pragma once

#include "net/weights.h"

G_BEGIN_DECLS

/* Returns: (transfer full): a word that tells one sample from another. */
char *esp_sample_dup_name (void);

typedef struct
{
  char       *cfg;     /* the text */
  EspNetwork *network;
  EspWeights *weights;
} EspSampleNetwork;

EspSampleNetwork *esp_sample_network_new  (GError          **error);
void              esp_sample_network_free (EspSampleNetwork *sample);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSampleNetwork, esp_sample_network_free)

G_END_DECLS
