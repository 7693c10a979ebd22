/* hand.c: what a step that stops shows to the hand, and what the hand made of it */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "prune/plan.h"
#include "recipe/bench-private.h"

/** esp_bench_write_dense: as the header says; each file whole or as it was. Errors: ESP_ERROR_IO. Thread: the runner's. */
gboolean
esp_bench_write_dense (EspBench *bench, char **cfg_hash, char **weights_hash, GError **error)
{
  g_autofree char *cfg = esp_bench_path (bench, "dense.cfg"), *weights = esp_bench_path (bench, "dense.weights");
  g_autofree char *names = bench->names != NULL ? g_strjoinv ("\n", bench->names) : NULL;
  g_autofree char *names_path = esp_bench_path (bench, "dense.names");
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (bench->network), &n);

  if (!esp_file_write (cfg, text, n, error) || !esp_weights_save (bench->network, bench->weights, weights, error)
      || (names != NULL && !esp_file_write (names_path, names, strlen (names), error)))
    return FALSE;
  *cfg_hash = esp_hash_file (cfg, error);
  *weights_hash = *cfg_hash != NULL ? esp_hash_file (weights, error) : NULL;
  return *weights_hash != NULL;
}

/* The channels that @mask keeps not, of those that @than keeps. */
static GArray *
missing_from (EspNetwork *network, EspMask *mask, EspMask *than)
{
  GArray *channels = g_array_new (FALSE, FALSE, sizeof (EspChannel));

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const guint8 *bits = esp_mask_get_bits (mask, l, &n);

      for (guint c = 0; bits != NULL && c < n; c++)
        if (!bits[c] && esp_mask_keeps (than, l, c))
          g_array_append_val (channels, ((EspChannel){ l, c }));
    }
  return channels;
}

static void
set_rules (EspPlan *plan, const GArray *channels, EspChannelRule rule)
{
  if (channels->len > 0)
    esp_plan_set_rules (plan, (const EspChannel *) (gconstpointer) channels->data, channels->len, rule);
}

/* Each group by the share of its channels that goes: what its slider stands at. */
static void
set_groups (EspPlan *plan, EspMask *mask)
{
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      const EspGroup *group = esp_plan_get_group (plan, g);
      guint kept = 0;

      for (guint i = 0; i < group->n_layers; i++)
        kept += esp_mask_count_kept (mask, group->layers[i]);
      if (kept < group->n_channels)
        esp_plan_set_ratio (plan, g, 1 - (double) kept / group->n_channels);
    }
}

/* Layers of which another share goes than of their group have one of their own. */
static void
set_layers (EspPlan *plan, EspMask *mask)
{
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      const EspGroup *group = esp_plan_get_group (plan, g);

      for (guint i = 0; i < group->n_layers; i++)
        {
          g_autoptr (EspMask) now = esp_plan_get_mask (plan);
          const guint kept = esp_mask_count_kept (mask, group->layers[i]);

          if (esp_mask_count_kept (now, group->layers[i]) != kept)
            esp_plan_set_layer_share (plan, group->layers[i], (EspShare){ ESP_SHARE_COUNT, kept });
        }
    }
}

/* By hand what ranks do not give: channels that go, and channels that stay. */
static void
set_rest (EspPlan *plan, EspNetwork *network, EspMask *mask)
{
  g_autoptr (EspMask) now = esp_plan_get_mask (plan);
  g_autoptr (GArray) gone = missing_from (network, mask, now), kept = missing_from (network, now, mask);

  set_rules (plan, gone, ESP_CHANNEL_CUT);
  set_rules (plan, kept, ESP_CHANNEL_PROTECTED);
}

static gboolean
cuts_the_same (EspPlan *plan, EspMask *mask)
{
  g_autoptr (EspMask) now = esp_plan_get_mask (plan);
  const EspHash a = esp_mask_get_hash (now), b = esp_mask_get_hash (mask);

  return memcmp (&a, &b, sizeof a) == 0;
}

/**
 * esp_bench_make_plan:
 * @mask: of the network in hand
 *
 * By groups, layers and scores as far as they say it, the rest by hand, so that whoever changes it finds each group at the share that goes.
 * What cannot be said so, every channel that goes is cut by hand. Returns: (transfer full): a plan whose mask is @mask. Thread: the
 * runner's.
 */
EspPlan *
esp_bench_make_plan (EspBench *bench, EspMask *mask)
{
  g_autoptr (EspCoupling) coupling = esp_coupling_new (bench->network);
  g_autoptr (EspScores) scores = bench->scores != NULL ? esp_scores_ref (bench->scores) : esp_scores_new (bench->network, "random", "");
  g_autoptr (EspPlan) plan = esp_plan_new (bench->network, coupling, scores);
  g_autoptr (EspMask) whole = esp_plan_get_mask (plan);
  g_autoptr (GArray) gone = missing_from (bench->network, mask, whole);

  esp_plan_set_floor (plan, bench->floor);
  set_groups (plan, mask);
  set_layers (plan, mask);
  set_rest (plan, bench->network, mask);
  if (cuts_the_same (plan, mask))
    return g_steal_pointer (&plan);
  g_object_unref (plan);
  plan = esp_plan_new (bench->network, coupling, scores);
  set_rules (plan, gone, ESP_CHANNEL_CUT);
  return g_steal_pointer (&plan);
}

static gboolean
save (EspBench *bench, EspMask *mask, const char *cfg_hash, const char *weights_hash, const char *path, GError **error)
{
  g_autoptr (EspPlan) plan = esp_bench_make_plan (bench, mask);

  return esp_plan_save (plan, cfg_hash, weights_hash, path, error);
}

/* (transfer full) (nullable): what was answered here before; unreadable is as if it never was. */
static EspMask *
recall (EspBench *bench, const char *path)
{
  g_autoptr (GError) error = NULL;
  EspMask *mask = g_file_test (path, G_FILE_TEST_EXISTS) ? esp_plan_read_mask (bench->network, path, NULL, NULL, &error) : NULL;

  if (error != NULL)
    g_debug ("asked again: %s", error->message);
  if (mask != NULL)
    esp_bench_tell (bench, "  the plan as the hand left it here before");
  return mask;
}

static EspMask *
ask (EspBench *bench, EspMask *proposed, const char *path, const char *cfg_hash, const char *weights_hash, GError **error)
{
  const EspRunOptions *options = bench->options;
  g_autofree char *shown = esp_bench_path (bench, "proposed.json"), *folder = g_path_get_dirname (path);
  g_autoptr (EspMask) changed = NULL;

  if (!esp_folder_make (folder, error) || !save (bench, proposed, cfg_hash, weights_hash, shown, error))
    return NULL;
  esp_bench_tell (bench, "  waits for the hand");
  changed = options->hand (options->data, bench->network, bench->scores, proposed, error);
  if (changed == NULL || !save (bench, changed, cfg_hash, weights_hash, path, error))
    return NULL;
  return g_steal_pointer (&changed);
}

/**
 * esp_bench_ask_hand:
 * @proposed: what the step would cut
 * @error: whatever the hand ends the run with; ESP_ERROR_IO
 *
 * An answer is kept in the folder beside its question, so that a run which goes on does not ask twice. Where nobody is there the proposal
 * is taken.
 * Returns: (transfer full): what is cut. Thread: the runner's.
 */
EspMask *
esp_bench_ask_hand (EspBench *bench, EspMask *proposed, GError **error)
{
  const EspHash mask_hash = esp_mask_get_hash (proposed);
  g_autofree char *cfg_hash = NULL, *weights_hash = NULL, *mask_word = esp_hash_to_string (mask_hash), *key = NULL, *path = NULL;
  EspMask *before;

  if (!esp_bench_write_dense (bench, &cfg_hash, &weights_hash, error))
    return NULL;
  key = g_strdup_printf ("cfg %s\nweights %s\nproposed %s\n", cfg_hash, weights_hash, mask_word);
  path = esp_bench_key_path (bench, "hand", key, ".json");
  before = recall (bench, path);
  if (before != NULL)
    return before;
  if (bench->options->hand != NULL)
    return ask (bench, proposed, path, cfg_hash, weights_hash, error);
  esp_bench_tell (bench, "  this step stops for the hand: nobody is there, so what it proposes is taken");
  return esp_mask_ref (proposed);
}
