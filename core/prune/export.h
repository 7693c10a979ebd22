/* export.h: writes a pruned network whole or not at all, read again and proved before it is there */
#pragma once

#include "measure/oracle.h"
#include "net/cost.h"
#include "prune/cut-check.h"
#include "prune/plan.h"

G_BEGIN_DECLS

typedef struct
{
  EspPlan    *plan;
  EspWeights *weights;      /* of the plan's network */
  const char *cfg_hash;     /* SHA-256 of the files that were opened */
  const char *weights_hash;
  EspBnForm   bn;
  guint64     seed;         /* of the inputs that they are compared on */
  gboolean    oracle;       /* ask libdarknet too, where it can hold the cut network */
  gboolean    onnx;         /* write pruned.onnx too */
  const char *const *names; /* (nullable) (array zero-terminated=1): of the whole network's classes */
} EspExport;

typedef struct
{
  guint64 file_bytes;       /* of pruned.weights, as written */
  EspCost cost;             /* of pruned.cfg */
  double  difference;       /* cut against masked in double, relative to each layer's maximum, the worst */
  double  difference_float; /* the same as the engine runs */
  int     width, height;    /* the input of the comparison in double: the network's own unless that is large */
  char   *oracle_reason;    /* why no oracle spoke, NULL where one did */
  double  oracle_difference; /* the files as it runs them, relative to each layer's maximum, the worst */
} EspExportResult;

/* Writes pruned.cfg, pruned.weights, index-map.json, plan.json and report.json into @folder; pruned.names and pruned.data where classes
 * have names; pruned.onnx where it is asked for. Thread: lane. */
gboolean esp_export_write (const EspExport  *what,
                           const char       *folder,
                           EspExportResult  *result, /* (out): cleared by the caller */
                           EspJob           *job,
                           GError          **error);
void     esp_export_result_clear (EspExportResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspExportResult, esp_export_result_clear)

G_END_DECLS
