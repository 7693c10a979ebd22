/* error.h: the one error domain of the core */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_ERROR (esp_error_quark ())

typedef enum
{
  ESP_ERROR_FORMAT,      /* the text or bytes are not what the format says */
  ESP_ERROR_UNSUPPORTED, /* well formed, but a kind or option we do not run */
  ESP_ERROR_SHAPE,       /* counts or sizes do not fit together */
  ESP_ERROR_IO,          /* reading or writing failed */
  ESP_ERROR_LIMIT,       /* larger than what is accepted from a file */
  ESP_ERROR_ORACLE,      /* the oracle failed, or disagrees */
  ESP_ERROR_SPLIT,       /* a data set has no such part */
  ESP_ERROR_DIVERGED,    /* a training went wrong past mending; the best weights so far stand */
} EspError;

GQuark esp_error_quark     (void);
void   esp_error_make_utf8 (GError **error); /* (nullable): a path of other bytes must not reach a label or a JSON text */

G_END_DECLS
