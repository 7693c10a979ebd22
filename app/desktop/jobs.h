/* jobs.h: the row of one job in the popover: title, progress, time left, cancel */
#pragma once

#include <gtk/gtk.h>

#include "base/job.h"

G_BEGIN_DECLS

#define ESP_TYPE_JOB_ROW (esp_job_row_get_type ())
G_DECLARE_FINAL_TYPE (EspJobRow, esp_job_row, ESP, JOB_ROW, GtkBox)

/* Signal: "cancelled": by hand; the job may go on until its next check. */
GtkWidget *esp_job_row_new (EspJob *job); /* polls the job ten times a second while it is mapped */

G_END_DECLS
