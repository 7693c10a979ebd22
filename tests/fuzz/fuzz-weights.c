/* fuzz-weights.c: weights files, for three networks so small that most lengths are one's */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "net/weights.h"

static const char *const texts[] = {
  /* 10 numbers */
  "[net]\nwidth=2\nheight=2\nchannels=1\n[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\n",
  /* 20 numbers */
  "[net]\nwidth=4\nheight=4\nchannels=2\n[convolutional]\nfilters=1\nsize=3\npad=1\n[maxpool]\nsize=2\nstride=2\n[convolutional]\nfilters="
  "1\n",
  /* 38 numbers: depthwise between two others */
  "[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nfilters=2\nsize=1\n[convolutional]\nbatch_normalize=1\nfilters=2\ngroups=2\nsize="
  "3\n"
  "pad=1\n[convolutional]\nbatch_normalize=0\nfilters=2\nsize=1\n",
};

static EspNetwork *networks[G_N_ELEMENTS (texts)];

static void
make_networks (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      EspCfg *cfg = esp_cfg_parse (texts[i], strlen (texts[i]), "fuzz.cfg", NULL);

      networks[i] = esp_network_new (cfg, NULL);
      g_assert_nonnull (networks[i]);
    }
}

/* What is taken comes back byte for byte. */
static gboolean
parse (const EspNetwork *network, GBytes *bytes, GError **error)
{
  g_autoptr (EspWeights) weights = esp_weights_parse (network, bytes, "fuzz.weights", error);
  g_autoptr (GBytes) again = weights != NULL ? esp_weights_to_bytes (network, weights) : NULL;

  g_assert_true (weights == NULL || g_bytes_equal (bytes, again));
  return weights != NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, n);
  g_autofree char *path = fuzz_put ("fuzz.weights", data, n);

  if (networks[0] == NULL)
    make_networks ();
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      GError *error = NULL, *of_file = NULL;
      const gboolean taken = parse (networks[i], bytes, &error);
      g_autoptr (EspWeights) loaded = esp_weights_load (networks[i], path, &of_file);

      g_assert_true (taken == (loaded != NULL));
      fuzz_tell (taken, error);
      fuzz_tell (taken, of_file);
    }
  return 0;
}
