/* spin.h: how long compute threads wait awake */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void esp_spin_briefly (char **argv);

G_END_DECLS
