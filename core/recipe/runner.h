/* runner.h: runs a recipe: step after step, each result kept so that a run that was stopped goes on where it stood */
#pragma once

#include <json-glib/json-glib.h>

#include "base/lane.h"
#include "score/scores.h"
#include "net/mask.h"
#include "recipe/recipe.h"

G_BEGIN_DECLS

typedef struct
{
  EspRecipe   *recipe;
  const char  *folder;  /* where all results go; another run of the same recipe there goes on with them */
  const char  *results; /* (nullable): a table of rows of earlier runs: those that are in it are not made again in the full tier, new ones
                         * are added; NULL: results.tsv in the folder */
  EspLane     *lane;
  guint64      seed;
  /* For people, one line each. Thread: the runner's. */
  void       (*tell) (gpointer data, const char *line); /* (nullable) */
  /* A step begins. Thread: the runner's. */
  void       (*step) (gpointer data, guint step); /* (nullable) */
  /* A row of the report is there, or says more: what report.json would say now. Thread: the runner's. */
  void       (*rows) (gpointer data, JsonNode *report); /* (nullable) */
  /* What a step that stops for the hand proposes, changed or not: (transfer full), NULL with an error to end the run. The network is in the
   * folder as dense.cfg and dense.weights, the proposal as proposed.json. An answer is kept: the same question is not asked again there.
   * Thread: the runner's. */
  EspMask   *(*hand) (gpointer data, EspNetwork *network, EspScores *scores, EspMask *proposed, GError **error); /* (nullable): nobody is there */
  gpointer     data;
} EspRunOptions;

/* (transfer full): what report.json says, from its root. Thread: any but the lane and main of a window. */
JsonNode *esp_recipe_run (const EspRunOptions *options,
                          EspJob              *job,     /* (nullable): cancels, and tells how far it is */
                          GError             **error);

G_END_DECLS
