/* row-key.c: all that a row of the report depends on, as one hash; whether a row is in this folder */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <string.h>

#include "base/hash.h"
#include "prune/plan-file.h"
#include "recipe/bench-private.h"

#define DIGITS 32

static const char *
set_hash (const EspBench *bench, EspSet set)
{
  return bench->set_hashes[set] != NULL ? bench->set_hashes[set] : "none";
}

static void
append_training (const EspBench *bench, GString *text)
{
  const EspTraining *training = &bench->training;

  g_string_append_printf (text, "train %s\nval %s\nepochs %u\nbatch %u\nrate %s\npolicy %s\naverage %.17g\n",
                          set_hash (bench, ESP_SET_TRAIN), set_hash (bench, ESP_SET_VAL), training->epochs, training->batch, training->rate,
                          training->policy, training->average);
  g_string_append_printf (text, "validate every %u, patience %u\nobjective %s\nseeds %u\n", training->validate_every, training->patience,
                          training->objective, bench->n_seeds);
}

/**
 * esp_bench_make_row_key:
 * @id: of the row
 * @uses: what it depends on beyond the dense network and test
 * @extra: whatever else
 *
 * Recipe, row, cfg, weights, class names, test set, protocol and seed; as asked for the mask of the method with the floor, the scores, and
 * the train and val sets with every word of [train]. Neither the tier, which only chooses among these, nor the number of threads nor the
 * date.
 * Returns: (transfer full): a hash of all of it. Thread: the runner's.
 */
char *
esp_bench_make_row_key (EspBench *bench, const char *id, EspRowUses uses, const char *extra)
{
  g_autofree char *cfg = esp_plan_hash_cfg (bench->network), *weights = esp_bench_hash_weights (bench->network, bench->weights);
  g_autofree char *names = bench->names != NULL ? g_strjoinv (", ", bench->names) : g_strdup (""), *hash = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "recipe %s\nrow %s\ncfg %s\nweights %s\nclasses %s\ntest %s\n", esp_recipe_get_id (bench->options->recipe),
                          id, cfg, weights, names, set_hash (bench, ESP_SET_TEST));
  g_string_append_printf (text, "protocol %s, replicates %u\nseed %" G_GUINT64_FORMAT "\n", bench->protocol->id, bench->replicates,
                          bench->options->seed);
  if (uses & ESP_USES_MASK)
    {
      g_autofree char *mask = esp_hash_to_string (esp_mask_get_hash (bench->mask));

      g_string_append_printf (text, "mask %s, floor %u\n", mask, bench->floor);
    }
  if (uses & ESP_USES_SCORES)
    g_string_append_printf (text, "scores %s\n", bench->score_key);
  if (uses & ESP_USES_TRAINING)
    append_training (bench, text);
  g_string_append (text, extra);
  hash = esp_hash_to_string (esp_hash_bytes (text->str, text->len));
  return g_strndup (hash, DIGITS);
}

/** esp_bench_note_row: notes that @row is in this folder, with all that it was made of. Errors: ESP_ERROR_IO. Thread: the runner's. */
gboolean
esp_bench_note_row (EspBench *bench, const EspRow *row, GError **error)
{
  return esp_bench_remember (bench, "row", row->key, json_object_new (), error);
}

/**
 * esp_bench_take_row:
 * @row: with its key
 * @taken: (out)
 * @error: those of the table of results
 *
 * In the full tier a row that stands in the table that the run was given is not made again, unless all that it was made of is in this
 * folder: then it is looked up here, with its draws. One that was taken has the table's numbers, and neither draws to compare it by nor a
 * network.
 * Returns: FALSE with an error. Thread: the runner's.
 */
gboolean
esp_bench_take_row (EspBench *bench, EspRow *row, gboolean *taken, GError **error)
{
  g_autoptr (JsonObject) here = esp_bench_recall (bench, "row", row->key);

  *taken = FALSE;
  if (here != NULL || bench->options->results == NULL || strcmp (esp_recipe_get_tier (bench->options->recipe), ESP_TIER_FULL) != 0)
    return TRUE;
  if (!esp_results_find (bench->options->results, row, taken, error))
    return FALSE;
  if (*taken)
    esp_bench_tell (bench, "  %s stands in the table of results: it is not made again", row->id);
  return TRUE;
}
