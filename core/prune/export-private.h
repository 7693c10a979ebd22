/* export-private.h: what the parts of an export share */
#pragma once

#include "prune/export.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_EXPORT_CFG,
  ESP_EXPORT_WEIGHTS,
  ESP_EXPORT_MAP,
  ESP_EXPORT_PLAN,
  ESP_EXPORT_REPORT,
  ESP_EXPORT_NAMES, /* from here on: not always there */
  ESP_EXPORT_DATA,
  ESP_EXPORT_ONNX,
  ESP_N_EXPORT_FILES,
} EspExportFile;

/* What an export works on. */
typedef struct
{
  const EspExport *what;
  EspNetwork      *network;
  EspMask         *mask;
  EspCut          *cut;
  EspKeepClasses  *keep;    /* (nullable): borrowed from the plan */
  EspNetwork      *small;   /* what is written: of the cut, or of the classes kept of it */
  EspWeights      *small_weights;
  char            *folder;  /* where the files are made */
} EspExportRun;

const char *esp_export_file_name    (EspExportFile           file);
char       *esp_export_path         (const EspExportRun     *run,
                                     EspExportFile           file);
gboolean    esp_export_write_beside (const EspExportRun     *run,    /* names, .data, ONNX, where there is something to write */
                                     GError                **error);
gboolean    esp_export_write_report (const EspExportRun     *run,    /* what was measured on the way */
                                     const EspExportResult  *result,
                                     GError                **error);

G_END_DECLS
