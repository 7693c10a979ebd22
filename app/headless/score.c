/* score.c: espalier-cli score: one number per channel, by a criterion */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "scoring.h"
#include "verbs.h"

static EspNetworkOptions network_options;
static EspScoringOptions scoring_options;
static char *output;

static const GOptionEntry options[] = {
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the scores here", "FILE" },
  { "limit", 0, 0, G_OPTION_ARG_INT, &scoring_options.limit, "Only N images, drawn by the seed", "N" },
  ESP_SCORING_OPTIONS (scoring_options),
  ESP_NETWORK_OPTIONS (network_options),
  G_OPTION_ENTRY_NULL,
};

static void
tell (const EspScores *scores, EspCommon *common, JsonBuilder *json)
{
  esp_json_string (json, "criterion", esp_scores_get_criterion (scores));
  esp_json_string (json, "parameters", esp_scores_get_parameters (scores));
  esp_json_int (json, "images", esp_scores_get_n_images (scores));
  esp_json_int (json, "ties", esp_scores_count_ties (scores));
  esp_json_string (json, "file", output);
  if (!common->json)
    g_print ("%s: %s scores of %u images, %u ties\n", output, esp_scores_get_criterion (scores), esp_scores_get_n_images (scores),
             esp_scores_count_ties (scores));
}

static gboolean
run (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error)
{
  g_auto (EspLoaded) loaded = { NULL };
  g_autoptr (EspScores) scores = NULL;

  if (scoring_options.criterion == NULL || output == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "expected --criterion C and --output FILE");
      return FALSE;
    }
  if (!esp_loaded_open (&loaded, argv[0], argv[1], &network_options, error))
    return FALSE;
  scores = esp_scoring_run (&scoring_options, scoring_options.criterion, argc > 2 ? argv[2] : NULL, &loaded, common, error);
  if (scores == NULL || !esp_scores_save (scores, output, error))
    return FALSE;
  tell (scores, common, json);
  return TRUE;
}

const EspVerb esp_verb_score = {
  .name = "score",
  .arguments = "NET.cfg WEIGHTS [DATA]",
  .summary = "Score the channels of a network by a criterion",
  .options = options,
  .least = 2,
  .most = 3,
  .run = run,
};
