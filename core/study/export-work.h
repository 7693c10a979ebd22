/* export-work.h: the plan in hand, cut and written out in the lane while the window goes on */
#pragma once

#include "prune/export.h"
#include "study/study.h"

G_BEGIN_DECLS

/* What was written, and what was found on the way. */
typedef struct
{
  char           *folder;
  gboolean        onnx;
  EspCost         before;
  EspExportResult result;
} EspExported;

void         esp_exported_free       (EspExported         *exported);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspExported, esp_exported_free)

/* Thread: main. */
void         esp_study_export_async  (EspStudy            *study,   /* an open one: the plan as it is now */
                                      const char          *folder,
                                      gboolean             onnx,    /* pruned.onnx too */
                                      EspJob              *job,
                                      GAsyncReadyCallback  callback, /* its source is NULL */
                                      gpointer             data);
EspExported *esp_study_export_finish (GAsyncResult        *result,  /* (transfer full); NULL: nothing was written */
                                      GError             **error);

G_END_DECLS
