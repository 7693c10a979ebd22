/* error.c: the one error domain of the core */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/error.h"

/** esp_error_quark: Returns: the domain of every error that core raises itself. Thread: any. */
GQuark
esp_error_quark (void)
{
  return g_quark_from_static_string ("esp-error-quark");
}

/** esp_error_make_utf8: makes the message of a set @error valid UTF-8; paths need not be. Thread: the error's owner. */
void
esp_error_make_utf8 (GError **error)
{
  char *valid = NULL;

  if (error == NULL || *error == NULL || g_utf8_validate ((*error)->message, -1, NULL))
    return;
  valid = g_utf8_make_valid ((*error)->message, -1);
  g_free ((*error)->message);
  (*error)->message = valid;
}
