/* oracle.h: what another program, libdarknet, says that a network gives */
#pragma once

#include "net/engine.h"

G_BEGIN_DECLS

#define ESP_ORACLE_NAME  "libdarknet"
#define ESP_ORACLE_BOUND 1e-4 /* of each layer's maximum: two right programs in float32 stay below it */

/* How far two runs of one layer are apart. */
typedef struct
{
  guint  layer;
  double difference; /* the largest, over the largest number of the second run; infinite where either is not finite */
  double largest;    /* that number */
} EspLayerDifference;

typedef struct
{
  EspNetwork  *network;
  EspWeights  *weights;
  const char  *weights_path; /* the same numbers as a file, which the oracle reads itself */
  const float *input;        /* c * h * w numbers, 0..1 */
  EspAt        at;           /* ESP_AT_OUT, or ESP_AT_CONV: only convolutions with batch normalisation then */
  double       seconds;      /* 0: a limit by the network's work */
} EspOracleQuestion;

typedef struct
{
  char               *reason; /* why no oracle speaks, NULL where one did */
  guint               n_layers;
  EspLayerDifference *layers; /* those compared, ascending */
  EspLayerDifference  worst;
} EspOracleReport;

/* FALSE with the reason: a sentence with file and line. Thread: any. */
gboolean esp_oracle_can_hold     (const EspNetwork        *network,
                                  const EspWeights        *weights,
                                  GError                 **error);
char    *esp_oracle_find         (GError                 **error);  /* (transfer full): the path of the helper program */
/* Thread: lane. */
gboolean esp_oracle_compare      (const EspOracleQuestion *question,
                                  EspOracleReport         *report,  /* (out): cleared by the caller */
                                  EspJob                  *job,
                                  GError                 **error);
gboolean esp_oracle_agrees       (const EspOracleReport   *report); /* one spoke, and no layer is farther apart than the bound */
void     esp_oracle_report_clear (EspOracleReport         *report);
float   *esp_oracle_noise        (const EspNetwork        *network, /* (transfer full): an input drawn by lot */
                                  guint64                  seed);
/* How far two forms of batch normalisation are apart on one input, in the worst layer. Thread: lane. */
gboolean esp_bn_distance         (EspNetwork              *network,
                                  EspWeights              *weights,
                                  EspBnForm                form,
                                  EspBnForm                other,
                                  const float             *input,
                                  EspLayerDifference      *worst,   /* (out) */
                                  EspJob                  *job,
                                  GError                 **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspOracleReport, esp_oracle_report_clear)

G_END_DECLS
