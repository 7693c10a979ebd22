/* branches.h: two branches of a study's plan side by side: what each costs at once, what each finds when asked */
#pragma once

#include "prune/plan-compare.h"
#include "study/study.h"

G_BEGIN_DECLS

/* Thread: main, all functions; the work is done elsewhere. */
void               esp_study_difference_async  (EspStudy            *study,    /* what only one cuts, and costs; in a thread of its own */
                                                guint                a,        /* branches of the plan in hand, as they are now */
                                                guint                b,
                                                GAsyncReadyCallback  callback,
                                                gpointer             data);
EspPlanDifference *esp_study_difference_finish (GAsyncResult        *result,
                                                GError             **error);
gboolean           esp_study_can_compare       (EspStudy            *study);   /* there are labelled images */
void               esp_study_compare_async     (EspStudy            *study,    /* both over all images, in the lane behind all that is
                                                                                * looked at */
                                                guint                a,
                                                guint                b,
                                                EspJob              *job,
                                                GAsyncReadyCallback  callback,
                                                gpointer             data);
gboolean           esp_study_compare_finish    (GAsyncResult        *result,
                                                EspComparison       *comparison, /* (out caller-allocates) */
                                                GError             **error);

G_END_DECLS
