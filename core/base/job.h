/* job.h: cancel and progress of one piece of long work */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _EspJob EspJob;

/* Thread: any, all functions. A NULL job is legal everywhere: it is never cancelled and swallows progress. */
EspJob       *esp_job_new              (const char *title);
EspJob       *esp_job_new_inner        (EspJob     *job); /* (transfer full): cancelled with @job, without what @job does between */
EspJob       *esp_job_ref              (EspJob     *job);
void          esp_job_unref            (EspJob     *job);
const char   *esp_job_get_title        (EspJob     *job);
void          esp_job_cancel           (EspJob     *job);
gboolean      esp_job_is_cancelled     (EspJob     *job);
gboolean      esp_job_check            (EspJob     *job,  /* FALSE and G_IO_ERROR_CANCELLED once cancelled */
                                        GError    **error);
void          esp_job_set_between      (EspJob     *job,  /* before the work starts: called at every check, in the thread that checks */
                                        void      (*func) (gpointer data),
                                        gpointer    data);
void          esp_job_set_progress     (EspJob     *job,
                                        guint64     done,
                                        guint64     total);
void          esp_job_get_progress     (EspJob     *job,
                                        guint64    *done,
                                        guint64    *total,
                                        double     *seconds); /* since the job was made */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspJob, esp_job_unref)

G_END_DECLS
