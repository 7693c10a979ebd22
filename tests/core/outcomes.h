/* outcomes.h: outcomes made by hand and by lot, for the tests of the measures */
#pragma once

#include "measure/evaluate.h"

EspOutcome *outcome_new    (guint         n_truths,
                            const int    *truth_class);
void        outcome_add    (EspOutcome   *outcome,
                            int           class_index,
                            float         score,
                            int           truth,        /* taken as a true positive, -1 */
                            int           best);
EspOutcome *outcome_random (GRand        *rng,
                            guint         n_classes);
void        outcome_clear  (EspOutcome   *outcome);
