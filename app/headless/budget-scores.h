/* budget-scores.h: the ways to rank that a budget is searched with, scored on the images that choose */
#pragma once

#include "labelled.h"
#include "score/criterion.h"
#include "verb.h"

G_BEGIN_DECLS

/* @criteria: (nullable): NULL: l1 and attribution. (transfer full) of EspScores, one a criterion. */
GPtrArray *esp_budget_scores (char *const        *criteria,
                              const EspLoaded    *loaded,
                              const EspLabelled  *labelled,
                              const guint        *images,   /* @n of the data set */
                              guint               n,
                              EspCommon          *common,
                              GError            **error);

G_END_DECLS
