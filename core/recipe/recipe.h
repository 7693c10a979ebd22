/* recipe.h: a text file of steps: what is done to a network, one after the other, and what is reported of it */
#pragma once

#include "base/error.h"
#include "recipe/step.h"

G_BEGIN_DECLS

#define ESP_TIER_QUICK "quick"
#define ESP_TIER_FULL  "full"

/* Immutable: read, its variables put in, every step checked. Thread: any. */
typedef struct _EspRecipe EspRecipe;

typedef struct
{
  const char        *tier; /* (nullable): quick or full; NULL: quick */
  const char *const *sets; /* (nullable): NULL-terminated "NAME=VALUE": variables of the recipe */
  gboolean           open; /* variables that must be given may be left out: to look at a recipe, not to run it */
} EspRecipeOptions;

/* A variable of [set]. */
typedef struct
{
  const char *name;
  const char *value; /* as it stands in this tier; NULL where it must be given and was not */
  const char *about; /* (nullable): the comment above it */
} EspVariable;

EspRecipe         *esp_recipe_load            (const char             *path,
                                               const EspRecipeOptions *options, /* (nullable) */
                                               GError                **error);
EspRecipe         *esp_recipe_parse           (const char             *text,
                                               gsize                   n,
                                               const char             *name,    /* for messages; its folder is $here */
                                               const EspRecipeOptions *options, /* (nullable) */
                                               GError                **error);
/* (transfer full): where the program's own recipes are. */
char              *esp_recipe_find_folder     (void);
/* (transfer full): @word where it is a file or has a slash, else the program's own recipe of that name, with or without .recipe. */
char              *esp_recipe_find            (const char             *word);
EspRecipe         *esp_recipe_ref             (EspRecipe              *recipe);
void               esp_recipe_unref           (EspRecipe              *recipe);
const char        *esp_recipe_get_id          (const EspRecipe        *recipe); /* the file's name without .recipe */
const char        *esp_recipe_get_title       (const EspRecipe        *recipe);
const char        *esp_recipe_get_tier        (const EspRecipe        *recipe);
guint              esp_recipe_get_n_steps     (const EspRecipe        *recipe);
const EspStep     *esp_recipe_get_step        (const EspRecipe        *recipe,
                                               guint                   step);
guint              esp_recipe_get_n_variables (const EspRecipe        *recipe);
EspVariable        esp_recipe_get_variable    (const EspRecipe        *recipe,
                                               guint                   variable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspRecipe, esp_recipe_unref)

G_END_DECLS
