/* lock.h: one run of training a folder */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

typedef struct _EspFolderLock EspFolderLock;

/* Thread: any. */
EspFolderLock *esp_folder_lock_take (const char     *folder, /* that is there */
                                     GError        **error);
void           esp_folder_lock_free (EspFolderLock  *lock);  /* lets the next one in */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspFolderLock, esp_folder_lock_free)

G_END_DECLS
