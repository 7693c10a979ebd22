/* method-drop.h: a drop-down of attribution methods: those that are proved, under a heading that says what that means; the others when
 * asked for */
#pragma once

#include <gtk/gtk.h>

#include "explain/attribution.h"

G_BEGIN_DECLS

void                  esp_method_drop_fill   (GtkDropDown                 *drop,
                                              const EspAttribution *const *methods, /* (array length=n): kept; NULL: the registry's */
                                              guint                        n);
void                  esp_method_drop_select (GtkDropDown                 *drop,
                                              const EspAttribution        *method);
const EspAttribution *esp_method_drop_get    (GtkDropDown                 *drop);   /* (nullable): what is chosen */
/* (transfer full): in a sentence what "proved" means of @method, or that it is not. */
char                 *esp_method_tell_proof  (const EspAttribution        *method);

G_END_DECLS
