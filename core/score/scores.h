/* scores.h: one number per prunable channel, with the criterion and the images they came from */
#pragma once

#include "net/network.h"

G_BEGIN_DECLS

typedef struct _EspScores EspScores;

EspScores    *esp_scores_new           (const EspNetwork  *network,
                                        const char        *criterion,
                                        const char        *parameters); /* free text, kept for provenance */
EspScores    *esp_scores_ref           (EspScores         *scores);
void          esp_scores_unref         (EspScores         *scores);
const char   *esp_scores_get_criterion (const EspScores   *scores);
const char   *esp_scores_get_parameters (const EspScores  *scores);
void          esp_scores_set_parameters (EspScores        *scores,  /* before sharing */
                                         const char       *parameters);
/* How they rank: a group's layers together or each by itself, and how coupled channels make one number; the criterion's own unless it was
 * said. */
void          esp_scores_set_ranking   (EspScores         *scores,  /* before sharing */
                                        gboolean           pooled,
                                        const char        *reduce); /* "sum", "mean", "max" or "min" */
gboolean      esp_scores_is_pooled     (const EspScores   *scores);
const char   *esp_scores_get_reduce    (const EspScores   *scores);
double       *esp_scores_get           (const EspScores   *scores,  /* of one convolution, filters numbers; NULL for other layers; writable
                                                                     * before sharing */
                                        guint              layer,
                                        guint             *n);
guint         esp_scores_get_n_images  (const EspScores   *scores);
void          esp_scores_set_n_images  (EspScores         *scores,
                                        guint              n);
guint         esp_scores_count_ties    (const EspScores   *scores);
EspScores    *esp_scores_load          (const EspNetwork  *network,
                                        const char        *path,
                                        GError           **error);  /* NaN, unknown layers and wrong counts are refused */
gboolean      esp_scores_save          (const EspScores   *scores,
                                        const char        *path,
                                        GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspScores, esp_scores_unref)

G_END_DECLS
