/* way.h: whether what is explained depends on a layer at all */
#pragma once

#include "explain/target.h"

G_BEGIN_DECLS

char *esp_explain_off_way (const EspTarget  *target,
                           const EspNetwork *network,
                           int               layer); /* or ESP_PIXELS */

G_END_DECLS
