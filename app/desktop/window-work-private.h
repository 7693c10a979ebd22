/* window-work-private.h: what windows share that show work beside the study */
#pragma once

#include "study/work.h"
#include "window-private.h"

G_BEGIN_DECLS

typedef struct
{
  const char *title; /* N_() */
  int         width, height;
  GtkWidget  *(*make_page)    (EspWindowWork *self); /* has the signal "stop" */
  void        (*show)         (EspWindowWork *self); /* what the work has, and how far it is; only while there is a page */
  void        (*show_numbers) (EspWindowWork *self); /* (nullable): what hangs on the study's numbers alone; NULL: all does */
  void        (*ended_unseen) (EspWindowWork *self); /* (nullable): without an error, while there is no page */
  const char *failed;                                /* N_(): heading of what went wrong */
} EspWindowWorkKind;

struct _EspWindowWork
{
  EspWindow *window; /* it owns this */
  gpointer   work;   /* an EspWork, of the kind's type */
  gpointer   page;   /* (nullable): the kind's widget, while its window is open */
  GtkWindow *dialog; /* (nullable): likewise */
  GtkWidget *job_row; /* (nullable) */
  guint64    done;   /* of the steps of what runs */
  double     share;  /* of all of them; NAN: nothing runs */
  const EspWindowWorkKind *kind;
};

EspWindowWork *esp_window_work_new (EspWindow               *window, /* (transfer full): given to esp_window_end_work() */
                                    gpointer                 work,   /* (transfer full) */
                                    const EspWindowWorkKind *kind);  /* static */

G_END_DECLS
