/* scores-private.h: scores as a part of other files */
#pragma once

#include "score/scores.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void       esp_scores_append_json (const EspScores   *scores, /* "criterion": …, "parameters": …, "images": …, "scores": […] */
                                   GString           *to);
EspScores *esp_scores_from_json   (const EspNetwork  *network,
                                   JsonObject        *object,
                                   const char        *where,
                                   GError           **error);

G_END_DECLS
