/* fuzz.h: what the targets share: a folder for files, and what a reader's answer must be */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* libFuzzer's two names; driver.c calls them where there is no libFuzzer. */
int      LLVMFuzzerInitialize   (int           *argc,
                                 char        ***argv);
int      LLVMFuzzerTestOneInput (const guint8  *data,
                                 gsize          n);

char    *fuzz_put               (const char    *name,     /* (transfer full): the path of a file of these bytes, in a folder of this
                                                           * process */
                                 gconstpointer  data,
                                 gsize          n);
void     fuzz_tell              (gboolean       taken,    /* counts, and stops the process where the answer is no proper one */
                                 GError        *error);   /* (transfer full) (nullable) */
guint64  fuzz_count             (gboolean       taken);

G_END_DECLS
