/* error.c: the one error domain of the core */
#define G_LOG_DOMAIN "esp-base"
#include "config.h"

#include "base/error.h"

G_DEFINE_QUARK (esp-error-quark, esp_error)
