/* criterion-private.h: the functions behind the registry's rows, one file each */
#pragma once

#include "explain/attribution.h"
#include "explain/target.h"
#include "score/criterion.h"

G_BEGIN_DECLS

/* How scores become an order: the last knobs of every row but “inverted”, which has those of what it inverts. */
enum
{
  ESP_RANK_KNOB_NORMALISE, /* an EspNorm */
  ESP_RANK_KNOB_RANK,
  ESP_RANK_KNOB_COUPLED,
  ESP_N_RANK_KNOBS,
};

extern const char *const esp_norm_words[]; /* names of EspNorm */
extern const char *const esp_rank_words[], *const esp_coupled_words[];

enum
{
  ESP_RANK_LAYER,
  ESP_RANK_TOGETHER,
};

enum
{
  ESP_COUPLED_SUM,
  ESP_COUPLED_MEAN,
  ESP_COUPLED_MAX,
};

/* The three knobs with a row's own presets. */
#define ESP_RANK_KNOBS(norm, rank, coupled) \
  { .id = "normalise", .title = N_ ("What a layer's scores are divided by"), .preset = (norm), .words = esp_norm_words }, \
  { .id = "rank", .title = N_ ("Ranked by layer or together"), .preset = (rank), .words = esp_rank_words }, \
  { .id = "coupled", .title = N_ ("Coupled channels make one score by"), .preset = (coupled), .words = esp_coupled_words }

/* Attribution's knobs, in the order of their numbers. */
enum
{
  ESP_SCORE_KNOB_METHOD,
  ESP_SCORE_KNOB_AT,
  ESP_SCORE_KNOB_REDUCE,
  ESP_SCORE_KNOB_MASK,
  ESP_SCORE_KNOB_TAU,
  ESP_N_SCORE_KNOBS = ESP_SCORE_KNOB_TAU + 1 + ESP_N_RANK_KNOBS,
};

/* Taylor's. */
enum
{
  ESP_TAYLOR_KNOB_MASK,
  ESP_TAYLOR_KNOB_TAU,
  ESP_N_TAYLOR_KNOBS = ESP_TAYLOR_KNOB_TAU + 1 + ESP_N_RANK_KNOBS,
};

/* Relevance's. */
enum
{
  ESP_RELEVANCE_KNOB_RULE,
  ESP_RELEVANCE_KNOB_MASK,
  ESP_RELEVANCE_KNOB_TAU,
  ESP_N_RELEVANCE_KNOBS = ESP_RELEVANCE_KNOB_TAU + 1 + ESP_N_RANK_KNOBS,
};

/* Contrast's. */
enum
{
  ESP_CONTRAST_KNOB_SCORE,
  ESP_CONTRAST_KNOB_SELECTIVE,
  ESP_N_CONTRAST_KNOBS = ESP_CONTRAST_KNOB_SELECTIVE + 1 + ESP_N_RANK_KNOBS,
};

/* Causal's. */
enum
{
  ESP_CAUSAL_KNOB_IMAGES,
  ESP_CAUSAL_KNOB_SUM,
  ESP_N_CAUSAL_KNOBS = ESP_CAUSAL_KNOB_SUM + 1 + ESP_N_RANK_KNOBS,
};

extern const char *const esp_mask_words[]; /* of EspMaskUse */
extern const char *const esp_inverted_words[];
extern const EspKnob esp_score_knobs[], esp_taylor_knobs[], esp_relevance_knobs[], esp_contrast_knobs[], esp_causal_knobs[],
    esp_inverted_knobs[];
const char *const *esp_score_methods (void); /* ids of rows that score channels; asked for before the knobs' words are read */

const EspAttribution *esp_relevance_method (const double *knobs);

EspScores *esp_score_by_l1          (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_l2          (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_gamma       (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_random      (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_contrast    (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_attribution (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_taylor      (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_relevance   (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_causal      (const EspCriterionInput *input, EspJob *job, GError **error);
EspScores *esp_score_by_inverted    (const EspCriterionInput *input, EspJob *job, GError **error);

/* What three rows share: a method of attribution, run on every image and summed. */
typedef struct
{
  const char           *id;     /* of the criterion */
  const EspAttribution *method;
  EspAt                 at;
  EspReduce             reduce; /* over rows and columns of one image */
  EspMaskUse            use;
  float                 tau;
} EspScoreWay;

gboolean   esp_score_check_target   (const EspCriterionInput *input, const char *id, GError **error);
EspScores *esp_score_by_method      (const EspCriterionInput *input, const EspScoreWay *way, EspJob *job, GError **error);

G_END_DECLS
