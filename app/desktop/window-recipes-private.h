/* window-recipes-private.h: what the files of the page of recipes share */
#pragma once

#include "study/recipe-work.h"
#include "window-private.h"

G_BEGIN_DECLS

struct _EspWindowRecipes
{
  EspRecipeWork *work;
  GPtrArray *paths; /* of char*: the recipes that can be chosen */
  guint chosen;
  gboolean picked;        /* by a person: it stays, whatever is opened */
  gboolean cancelled;     /* stopped for good */
  JsonNode *report;       /* (nullable): as shown */
  GtkWidget *job_row;     /* (nullable) */
  GtkRevealer *banner;    /* above the pages of the panel: it waits for the hand */
  char *hand_cfg;         /* (nullable): what is opened for the hand */
  EspScores *hand_scores; /* (nullable) */
};

/* window-recipe-choose.c */
void       esp_window_bind_recipe_choice (EspWindow *self);
EspRecipe *esp_window_load_recipe        (EspWindow *self, const char *const *sets, gboolean open, GError **error);
void       esp_window_show_recipe        (EspWindow *self);
void       esp_window_list_recipes       (EspWindow *self);
void       esp_window_show_steps         (EspWindow *self, EspRecipe *recipe);
void       esp_window_propose_folder     (EspWindow *self, EspRecipe *recipe);

/* window-recipe-fit.c */
guint      esp_window_find_recipe        (EspWindow *self);
gboolean   esp_window_check_target       (EspWindow *self, EspRecipe *recipe, GError **error);

/* window-recipe-hand.c */
void     esp_window_make_banner        (EspWindow *self);
void     esp_window_show_waiting       (EspWindow *self, gboolean waits);
void     esp_window_wait_for_hand      (EspWindow *self);
gboolean esp_window_is_before_the_hand (EspWindow *self);
void     esp_window_open_result        (EspWindow *self, guint row);

G_END_DECLS
