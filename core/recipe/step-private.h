/* step-private.h: how the reader makes a step */
#pragma once

#include "recipe/step.h"

G_BEGIN_DECLS

/* (transfer full). @file is for messages. */
EspStep *esp_step_new    (const EspStepKind *kind,
                          const char        *file,
                          guint              line);
void     esp_step_free   (EspStep           *step);
gboolean esp_step_set    (EspStep           *step,   /* an id that it does not know, twice the same, and what is no such value are
                                                      * refused */
                          const char        *id,
                          const char        *value,
                          guint              line,
                          GError           **error);
gboolean esp_step_finish (EspStep           *step,   /* whether all is there that must be */
                          gboolean           open,
                          GError           **error);

/* Whether the steps can be run in this order, each once unless its row says otherwise. */
gboolean esp_steps_check_order (GPtrArray *steps, /* of EspStep */
                                GError   **error);

/* The rows, one file each. */
extern const EspStepKind esp_step_data;
extern const EspStepKind esp_step_network;
extern const EspStepKind esp_step_keep_classes;
extern const EspStepKind esp_step_evaluate;
extern const EspStepKind esp_step_score;
extern const EspStepKind esp_step_plan;
extern const EspStepKind esp_step_cut;
extern const EspStepKind esp_step_train;
extern const EspStepKind esp_step_controls;
extern const EspStepKind esp_step_proxies;
extern const EspStepKind esp_step_report;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspStep, esp_step_free)

G_END_DECLS
