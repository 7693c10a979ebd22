/* study-common.h: a small network and data set in a folder of their own, and a main loop that waits */
#pragma once

#include "study/study.h"

G_BEGIN_DECLS

typedef struct
{
  char         *folder;
  EspStudyFiles files;
} Bench;

void     bench_make   (Bench           *bench,
                       guint            n_images,
                       gboolean         labelled);
void     bench_clear  (Bench           *bench);
/* Autosaved plans go to a folder of the test's own; the second call empties it. */
void     isolate_state (void);
void     forget_state (void);
void     remove_tree  (const char      *folder);

typedef gboolean (*Condition) (gpointer data);
void     wait_until   (Condition        condition,  /* fails the test after a minute */
                       gpointer         data);

/* What evaluate says of the same files, by its own road: every image in data set order. */
double   direct_map   (EspLane             *lane,
                       const EspStudyFiles *files,
                       EspMask             *mask);
/* The same in another backend, batch 1; @outcomes: (out caller-allocates) (optional): one an image, in data set order, (transfer full)
 * each. */
double   direct_map_in (EspLane            *lane,
                       const EspStudyFiles *files,
                       EspMask             *mask,
                       EspBackendKind       backend,
                       EspOutcome         **outcomes);

G_END_DECLS
