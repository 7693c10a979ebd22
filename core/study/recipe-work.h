/* recipe-work.h: a recipe run beside the window: followed while it runs, paused, taken up again, and answered where it waits for the
 * hand */
#pragma once

#include "base/lane.h"
#include "recipe/runner.h"

G_BEGIN_DECLS

#define ESP_TYPE_RECIPE_WORK (esp_recipe_work_get_type ())
G_DECLARE_FINAL_TYPE (EspRecipeWork, esp_recipe_work, ESP, RECIPE_WORK, GObject)

typedef enum
{
  ESP_RECIPE_IDLE,    /* nothing was begun */
  ESP_RECIPE_RUNNING,
  ESP_RECIPE_WAITING, /* for the hand */
  ESP_RECIPE_ENDING,  /* asked to stop, not there yet */
  ESP_RECIPE_STOPPED, /* goes on where it stood */
  ESP_RECIPE_FAILED,  /* likewise, once what was wrong is mended */
  ESP_RECIPE_FINISHED,
} EspRecipeState;

/* One run at a time. Signals: "changed" (ten times a second at most), "hand" (it waits), "ended" (GError: NULL where it went well or was
 * stopped).
 * Thread: main, all of it. */
EspRecipeWork *esp_recipe_work_new        (EspLane        *lane);
/* Begins, or goes on with what is in @folder. */
void           esp_recipe_work_start      (EspRecipeWork  *work,
                                           EspRecipe      *recipe,
                                           const char     *folder);
void           esp_recipe_work_stop       (EspRecipeWork  *work);
EspRecipeState esp_recipe_work_get_state  (EspRecipeWork  *work);
EspRecipe     *esp_recipe_work_get_recipe (EspRecipeWork  *work);   /* (transfer none) (nullable): of the last run */
const char    *esp_recipe_work_get_folder (EspRecipeWork  *work);   /* likewise */
EspJob        *esp_recipe_work_get_job    (EspRecipeWork  *work);   /* (transfer none) (nullable): while it runs */
int            esp_recipe_work_get_step   (EspRecipeWork  *work);   /* that it is at, -1: none yet */
double         esp_recipe_work_get_seconds (EspRecipeWork *work,    /* spent in a step, in this sitting */
                                           guint           step);
char          *esp_recipe_work_dup_line   (EspRecipeWork  *work);   /* (transfer full): the last it told */
JsonNode      *esp_recipe_work_dup_report (EspRecipeWork  *work);   /* (transfer full) (nullable): of the rows so far */
EspScores     *esp_recipe_work_dup_scores (EspRecipeWork  *work);   /* (transfer full) (nullable): that the plan it waits with is by */
/* @plan: (nullable): a plan.json of the folder's dense network; NULL: as it is proposed. Only while it waits. */
void           esp_recipe_work_answer     (EspRecipeWork  *work,
                                           const char     *plan);

G_END_DECLS
