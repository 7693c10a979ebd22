/* recipe-page.h: a recipe to be run: what it is told, where it is, and the table of what came of it */
#pragma once

#include "line-list.h"

G_BEGIN_DECLS

#define ESP_TYPE_RECIPE_PAGE (esp_recipe_page_get_type ())
G_DECLARE_FINAL_TYPE (EspRecipePage, esp_recipe_page, ESP, RECIPE_PAGE, GtkBox)

typedef enum
{
  ESP_RECIPE_PAGE_IDLE,
  ESP_RECIPE_PAGE_RUNNING,
  ESP_RECIPE_PAGE_ENDING,
  ESP_RECIPE_PAGE_STOPPED, /* it can go on */
} EspRecipePageState;

/* A variable of the recipe. */
typedef struct
{
  const char *name;
  const char *value; /* (nullable): must be given */
  const char *about; /* (nullable) */
  gboolean    first; /* in view, not among the rest */
  gboolean    file;  /* a button asks for it */
} EspRecipeField;

/* Signals: "recipe-chosen" (uint), "open-recipe", "tier-chosen" (uint), "browse" (string: a variable, "" the folder), "start", "pause",
 * "cancel", "result-activated" (uint). */
GtkWidget  *esp_recipe_page_new          (void);
void        esp_recipe_page_set_recipes  (EspRecipePage        *page,
                                          const char *const    *titles,   /* NULL-terminated */
                                          guint                 chosen);
void        esp_recipe_page_set_tiers    (EspRecipePage        *page,
                                          const char *const    *titles);
guint       esp_recipe_page_get_tier     (EspRecipePage        *page);
void        esp_recipe_page_set_fields   (EspRecipePage        *page,
                                          const EspRecipeField *fields,
                                          guint                 n);
GStrv       esp_recipe_page_dup_sets     (EspRecipePage        *page);    /* (transfer full): "NAME=VALUE" of what a hand gave, or was
                                                                           * filled in */
void        esp_recipe_page_set_value    (EspRecipePage        *page,     /* as if typed */
                                          const char           *name,
                                          const char           *value);
const char *esp_recipe_page_get_folder   (EspRecipePage        *page);
void        esp_recipe_page_set_folder   (EspRecipePage        *page,
                                          const char           *folder);
void        esp_recipe_page_set_state    (EspRecipePage        *page,
                                          EspRecipePageState    state);
void        esp_recipe_page_set_progress (EspRecipePage        *page,
                                          double                fraction, /* below 0: something is done, nobody knows how much */
                                          const char           *text);
void        esp_recipe_page_set_steps    (EspRecipePage        *page,
                                          const EspLine  *lines,
                                          guint                 n);
void        esp_recipe_page_set_results  (EspRecipePage        *page,
                                          const EspLine  *lines,
                                          guint                 n);
void        esp_recipe_page_set_verdict  (EspRecipePage        *page,
                                          const char           *text);   /* "" nothing yet */

G_END_DECLS
