/* plan-file.h: what the readers of plan.json share */
#pragma once

#include "base/json.h"
#include "prune/plan.h"

G_BEGIN_DECLS

/* What a file says, or what it says of one branch, checked whole before the plan is touched. */
typedef struct
{
  char         *name; /* of the branch; (nullable) of the file's own */
  EspPlanState *state;
  EspMask      *mask;
} EspPlanContents;

gboolean  esp_plan_contents_read   (EspPlan           *plan,         /* looked at, not changed */
                                    JsonObject        *root,
                                    const char        *path,
                                    EspScores         *scores,       /* (nullable): where @root has none of its own */
                                    EspPlanContents   *contents,
                                    GError           **error);
gboolean  esp_plan_branches_read   (EspPlan           *plan,         /* the others that a file holds */
                                    JsonObject        *root,
                                    const char        *path,
                                    EspPlanContents   *contents,     /* the file's own: gets its name */
                                    GPtrArray        **others,       /* (out) (transfer full): of EspPlanContents */
                                    GError           **error);
void      esp_plan_contents_clear  (EspPlanContents   *contents);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspPlanContents, esp_plan_contents_clear)

char     *esp_plan_hash_cfg        (const EspNetwork  *network);     /* (transfer full): SHA-256 of its own text */
JsonNode *esp_plan_file_open       (const char        *path,         /* (transfer full): an object, of these files */
                                    const char        *cfg_hash,
                                    const char        *weights_hash,
                                    GError           **error);
gboolean  esp_plan_file_layer      (const EspNetwork  *network,      /* the convolution that @object names */
                                    JsonObject        *object,
                                    const char        *where,
                                    guint             *layer,
                                    GError           **error);
gboolean  esp_plan_file_channels   (JsonObject        *object,       /* an ascending list of channels below @n */
                                    const char        *where,
                                    const char        *name,
                                    guint              n,
                                    guint8            *bits,
                                    GError           **error);
void      esp_plan_classes_append  (GString           *to,
                                    const EspKeepClasses *keep);
gboolean  esp_plan_classes_read    (const EspNetwork  *network,
                                    JsonObject        *root,
                                    const char        *path,
                                    EspKeepClasses   **keep,         /* (out) (transfer full) (nullable) */
                                    GError           **error);
EspMask  *esp_plan_file_mask       (const EspNetwork  *network,      /* (transfer full): couplings checked */
                                    const EspCoupling *coupling,
                                    JsonObject        *root,
                                    const char        *path,
                                    GError           **error);

G_END_DECLS
