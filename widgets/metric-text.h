/* metric-text.h: the words and figures of a tile; no widget */
#pragma once

#include "study/study.h"

G_BEGIN_DECLS

/* What a tile shows and says. All strings owned; never NULL after a call. */
typedef struct
{
  char    *title;       /* "mAP" */
  char    *value;       /* "38.1 %" */
  char    *delta;       /* "−2.2", "" none */
  char    *count;       /* "24 of 128": the images behind the number, "" none */
  char    *detail;      /* "95 % −4.0 … −0.6", "" none */
  char    *name;        /* accessible name, as contract.md words it */
  char    *description; /* the value with 17 digits, C locale; "" unknown */
  char    *why;         /* tooltip: why the number is not the last word; "" it is */
  double   fraction;    /* share of the images seen; NaN where no pass is under way */
  gboolean dimmed;      /* the number is of another plan, or there is none */
  gboolean warns;       /* it is not what the plan promises: why says so first */
} EspMetricText;

void esp_metric_text_map     (const EspMapNumber *told,
                              EspMetricText      *text);
void esp_metric_text_size    (guint64             bytes,
                              guint64             whole,
                              EspMetricText      *text);
void esp_metric_text_bflops  (double              bflops,
                              double              whole,
                              EspMetricText      *text);
void esp_metric_text_latency (const EspLatency   *latency,
                              const EspLatency   *whole,
                              const char         *warning,
                              EspMetricText      *text);
char *esp_metric_pretty      (const char         *ascii); /* (transfer full): numbers with the true minus sign, for the eye */
char *esp_metric_number      (float               value);
void esp_metric_text_clear   (EspMetricText      *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspMetricText, esp_metric_text_clear)

G_END_DECLS
