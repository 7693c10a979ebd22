/* evaluate-report.h: the numbers of evaluate as JSON and for people */
#pragma once

#include "measure/summary.h"
#include "verb.h"

G_BEGIN_DECLS

typedef struct
{
  const EspProtocol  *protocol;
  const char *const  *names;     /* (nullable): of the classes */
  guint               n_classes;
  guint               n;         /* images */
  EspOutcome *const  *unpruned;  /* (nullable): what the difference is from */
  EspOutcome *const  *outcomes;
  double              seconds;   /* that the pass took; NaN without one */
  guint64             seed;
  const char         *warning;   /* (nullable): of the classes */
  gboolean            tide;
} EspReport;

/* Adds the members to @json and prints the same unless common->json. */
void esp_report_tell (const EspReport *report,
                      const EspCommon *common,
                      JsonBuilder     *json);

G_END_DECLS
