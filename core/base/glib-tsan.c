/* glib-tsan.c: what the thread sanitizer must see of GLib; compiled with it only
 *
 * GLib is not compiled with it, so that neither its counting nor its hand-overs show: a block freed by the thread that gives the last
 * reference back would look like a race with all that others did before they gave back theirs, and so would what a task returns. Linked in
 * front of GLib's own, these serve core and the tests. */
#include "config.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

typedef struct
{
  gint count;
} Box;

#define OFFSET    ((gsize) 16) /* what follows is aligned as malloc's blocks are */
#define BOX(data) ((Box *) (gpointer) ((guint8 *) (data) -OFFSET))

gpointer (g_atomic_rc_box_alloc0) (gsize size)
{
  Box *box = calloc (1, OFFSET + size);

  g_assert (box != NULL);
  box->count = 1;
  return (guint8 *) box + OFFSET;
}

gpointer (g_atomic_rc_box_alloc) (gsize size)
{
  return (g_atomic_rc_box_alloc0) (size);
}

gpointer (g_atomic_rc_box_acquire) (gpointer data)
{
  __atomic_fetch_add (&BOX (data)->count, 1, __ATOMIC_ACQ_REL);
  return data;
}

void (g_atomic_rc_box_release_full) (gpointer data, GDestroyNotify clear)
{
  if (__atomic_fetch_sub (&BOX (data)->count, 1, __ATOMIC_ACQ_REL) != 1)
    return;
  if (clear != NULL)
    clear (data);
  free (BOX (data));
}

void (g_atomic_rc_box_release) (gpointer data)
{
  (g_atomic_rc_box_release_full) (data, NULL);
}

void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  void (*real) (GTask *, gpointer, GDestroyNotify) = dlsym (RTLD_NEXT, "g_task_return_pointer");

  __tsan_release (task);
  real (task, result, destroy);
}

void
g_task_return_boolean (GTask *task, gboolean result)
{
  void (*real) (GTask *, gboolean) = dlsym (RTLD_NEXT, "g_task_return_boolean");

  __tsan_release (task);
  real (task, result);
}

void
g_task_return_error (GTask *task, GError *error)
{
  void (*real) (GTask *, GError *) = dlsym (RTLD_NEXT, "g_task_return_error");

  __tsan_release (task);
  real (task, error);
}

gpointer
g_task_propagate_pointer (GTask *task, GError **error)
{
  gpointer (*real) (GTask *, GError **) = dlsym (RTLD_NEXT, "g_task_propagate_pointer");

  __tsan_acquire (task);
  return real (task, error);
}

gboolean
g_task_propagate_boolean (GTask *task, GError **error)
{
  gboolean (*real) (GTask *, GError **) = dlsym (RTLD_NEXT, "g_task_propagate_boolean");

  __tsan_acquire (task);
  return real (task, error);
}
