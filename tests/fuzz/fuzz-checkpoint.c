/* fuzz-checkpoint.c: checkpoints of a network with three parameters; length and checksum are put right, so that what is between is read */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "train/checkpoint.h"

static const char text[] = "[net]\nwidth=1\nheight=1\nchannels=1\n[convolutional]\nbatch_normalize=1\nfilters=1\nsize=1\n";

static EspParameterVector *vector;
static EspOptimiser *optimiser;

static void
make_network (void)
{
  const EspOptimiserOptions options = { .momentum = .9, .average = .9 };
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "fuzz.cfg", NULL);
  g_autoptr (EspNetwork) network = esp_network_new (cfg, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network);

  vector = esp_parameter_vector_new (network, weights);
  optimiser = esp_optimiser_new (vector, &options);
}

/* Whatever is taken goes on: the next update is one of a whole state. */
static gboolean
go_on (const EspCheckpoint *checkpoint, GError **error)
{
  guint64 words[2];
  double numbers[2];

  return esp_checkpoint_check_settings (checkpoint, "a: 1\nb: 2\n", error)
         && esp_checkpoint_read_words (checkpoint, "place", words, 2, error)
         && esp_checkpoint_read_numbers (checkpoint, "best", numbers, 2, error)
         && esp_checkpoint_read_training (checkpoint, vector, optimiser, error) && esp_optimiser_step (optimiser, .1, 1);
}

static void
parse (const guint8 *data, gsize n)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, n);
  GError *error = NULL;
  g_autoptr (EspCheckpoint) checkpoint = esp_checkpoint_parse (bytes, "fuzz", &error);
  const gboolean taken = checkpoint != NULL && go_on (checkpoint, &error);

  fuzz_tell (taken, error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autofree char *path = fuzz_put ("fuzz.checkpoint", data, n);
  GError *error = NULL;
  g_autoptr (EspCheckpoint) loaded = esp_checkpoint_load (path, &error);

  if (vector == NULL)
    make_network ();
  fuzz_tell (loaded != NULL, error);
  parse (data, n);
  if (n >= 56)
    {
      g_autofree guint8 *right = g_memdup2 (data, n);
      g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
      const guint64 length = GUINT64_TO_LE (n);
      gsize sum = 32;

      memcpy (right + 16, &length, sizeof length);
      g_checksum_update (checksum, right, (gssize) n - 32);
      g_checksum_get_digest (checksum, right + n - 32, &sum);
      parse (right, n);
    }
  return 0;
}
