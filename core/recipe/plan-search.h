/* plan-search.h: how much of each set of channels goes: as much compute as asked for, or as much as val allows */
#pragma once

#include "recipe/bench-private.h"

G_BEGIN_DECLS

typedef struct
{
  guint       floor, round;
  double      less;      /* the share of compute that is to go; NaN: as loss says */
  double      loss;      /* of the metric on val that cutting one set may cost; NaN: as less says */
  gboolean    f1;        /* the metric: F1 at .25 instead of mAP */
  guint       images;    /* of val, 0: all */
  GArray     *levels;    /* of double, ascending: shares that are tried of each set */
  const char *reduce;
} EspPlanSearch;

double  esp_plan_bflops       (EspBench            *bench,
                               const guint         *kept);
/* (transfer full): kept of each set, by one ratio for all. */
guint  *esp_plan_find_uniform (EspBench            *bench,
                               const EspPlanSearch *search,
                               double               bflops,
                               gboolean             at_least, /* just more instead of just less: a control is never the cheaper one */
                               double              *ratio,   /* (out) */
                               GError             **error);
/* (transfer full): a ratio a set, as large as cutting it alone costs at most so much on val. */
double *esp_plan_find_ratios  (EspBench            *bench,
                               const EspPlanSearch *search,
                               EspSpent            *spent,    /* what measuring took is added */
                               GError             **error);

G_END_DECLS
