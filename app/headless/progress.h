/* progress.h: long work in the lane while the terminal tells how far it is */
#pragma once

#include "verb.h"

G_BEGIN_DECLS

/* Runs func (data) in the lane and waits. On a terminal, unless --quiet, a line on stderr tells the job's progress after half a second, ten
 * times a second at most, and is wiped at the end. What fails goes through data. */
void esp_common_run (EspCommon   *common,
                     EspJob      *job,
                     EspLaneFunc  func,
                     gpointer     data);
/* The same in a thread of its own: func may ask the lane for something. */
void esp_common_run_beside (EspCommon   *common,
                            EspJob      *job,
                            EspLaneFunc  func,
                            gpointer     data);

G_END_DECLS
