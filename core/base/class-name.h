/* class-name.h: a class by the word that a person or a file gives for it */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Thread: any, all functions. */
char *esp_class_name_fold  (const char        *name);  /* (transfer full): as it is compared */
int   esp_class_name_match (const char        *word,   /* a name, exactly or else folded; -1 where it is none */
                            const char *const *names,  /* (nullable): NULL-terminated */
                            guint              n);     /* classes there are */
int   esp_class_name_find  (const char        *word,   /* the same, or an index below @n */
                            const char *const *names,
                            guint              n);

char *esp_class_name_text  (const char *const *names,  /* (transfer full): its name, or "class 3" */
                            int                index);

G_END_DECLS
