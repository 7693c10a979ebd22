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
