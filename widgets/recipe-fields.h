/* recipe-fields.h: one variable of a recipe: its name, what it is, and a button for a file */
#pragma once

#include "recipe-page.h"

G_BEGIN_DECLS

#define ESP_TYPE_RECIPE_ENTRY (esp_recipe_entry_get_type ())
G_DECLARE_FINAL_TYPE (EspRecipeEntry, esp_recipe_entry, ESP, RECIPE_ENTRY, GtkBox)

/* Signal: "browse" (string: its name). */
GtkWidget  *esp_recipe_entry_new       (const EspRecipeField *field);
const char *esp_recipe_entry_get_name  (EspRecipeEntry       *entry);
void        esp_recipe_entry_set_value (EspRecipeEntry       *entry,
                                        const char           *value);
char       *esp_recipe_entry_dup_set   (EspRecipeEntry       *entry); /* (transfer full) (nullable): NULL: as the recipe has it */

G_END_DECLS
