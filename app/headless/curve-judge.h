/* curve-judge.h: how each criterion of a curve foretells what masking single units costs */
#pragma once

#include "curve-report.h"

G_BEGIN_DECLS

typedef struct
{
  int units;  /* a layer; 0: nobody judges */
  int images;
} EspJudgeOptions;

gboolean esp_judge_check (const EspJudgeOptions  *options,
                          const EspMetering      *metering,
                          GError                **error);
/* Fills in the correlations of every row, from the folder where an earlier run left them. Thread: main. */
gboolean esp_judge_run   (const EspJudgeOptions  *options,
                          EspCurveReport         *report,
                          EspMetering            *metering,
                          EspCommon              *common,
                          GError                **error);

G_END_DECLS
