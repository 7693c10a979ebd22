/* work.h: work beside the study: done in the lane below everything that is looked at, followed and stopped by the main thread */
#pragma once

#include "study/material.h"

G_BEGIN_DECLS

#define ESP_TYPE_WORK (esp_work_get_type ())
G_DECLARE_DERIVABLE_TYPE (EspWork, esp_work, ESP, WORK, GObject)

/* One run, held by main thread and lane, counted: the first member of what derives from it. */
typedef struct
{
  const EspWorkClass *class;
  EspMaterial        *material; /* what was open when it began */
  EspLane            *lane;
  EspJob             *job;
  GError             *error;    /* Thread: lane, until it has ended, as is all that @work finds and does not guard */
  GMutex              mutex;    /* of what is told while it runs, and the next */
  gboolean            ended;
} EspWorkRun;

struct _EspWorkClass
{
  GObjectClass parent_class;
  gsize        run_size;                         /* of what begins with an EspWorkRun */
  void       (*work)  (EspWorkRun *run);         /* Thread: lane. Fills the error where it fails or is stopped */
  void       (*take)  (EspWork    *work,         /* (nullable): what is new since the last look; the mutex is held. Before "changed" */
                       EspWorkRun *run);
  void       (*clear) (EspWorkRun *run);         /* Thread: any */
};

/* One run at a time; it does not hold the study. Signals: "changed" (state, or something found; ten times a second at most), "ended"
 * (GError: NULL where it went well or was stopped). Thread: main, all of it. */
void      esp_work_stop       (EspWork    *work);
EspJob   *esp_work_get_job    (EspWork    *work);   /* (transfer none) (nullable): while it runs */
gboolean  esp_work_is_current (EspWork    *work);   /* the last run is of the network that is open */

/* For what derives from it. */
gpointer  esp_work_new        (GType       type,    /* (transfer full) */
                               EspStudy   *study);
EspStudy *esp_work_dup_study  (EspWork    *work);   /* (transfer full) (nullable) */
gpointer  esp_work_new_run    (EspWork    *work,    /* (transfer full): zeros after its EspWorkRun; given to esp_work_begin() */
                               EspStudy   *study,
                               const char *title);
void      esp_work_begin      (EspWork    *work,
                               gpointer    run);
gpointer  esp_work_get_run    (EspWork    *work);   /* (transfer none) (nullable): the last one */

G_END_DECLS
