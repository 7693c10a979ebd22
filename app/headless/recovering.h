/* recovering.h: the options of prune for what a cut gets back without training */
#pragma once

#include "network-options.h"
#include "prune/plan.h"
#include "search/recover.h"
#include "verb.h"

G_BEGIN_DECLS

/* As given; static storage in a verb, named by ESP_RECOVER_OPTIONS in its entries. */
typedef struct
{
  gboolean compensate;
  char    *mean_images, *mean_split, *bn_images, *bn_split, *measure, *measure_split;
  int      bn_count; /* 0: 128 */
} EspRecoverOptions;

#define ESP_RECOVER_OPTIONS(options) \
  { "compensate", 0, 0, G_OPTION_ARG_NONE, &(options).compensate, \
    "Fold what removed channels would have given, act (beta), into those that read them; exact but at borders padded with zeros", NULL }, \
  { "compensate-images", 0, 0, G_OPTION_ARG_FILENAME, &(options).mean_images, \
    "With --compensate: the mean that a channel has on these images instead of act (beta); at most 128, drawn by the seed", "DATA" }, \
  { "compensate-split", 0, 0, G_OPTION_ARG_STRING, &(options).mean_split, "Of those: train, val or test", "NAME" }, \
  { "bn-images", 0, 0, G_OPTION_ARG_FILENAME, &(options).bn_images, \
    "Find the running means and variances of the cut network anew on these images, which need no labels", "DATA" }, \
  { "bn-split", 0, 0, G_OPTION_ARG_STRING, &(options).bn_split, "Of those: train, val or test", "NAME" }, \
  { "bn-count", 0, 0, G_OPTION_ARG_INT, &(options).bn_count, "Of those at most N, drawn by the seed (default 128)", "N" }, \
  { "measure", 0, 0, G_OPTION_ARG_FILENAME, &(options).measure, "Tell the mAP on these labelled images before and after each of the two", \
    "DATA" }, \
  { "measure-split", 0, 0, G_OPTION_ARG_STRING, &(options).measure_split, "Of those: train, val or test", "NAME" }

/* Whether anything of it was asked for; a G_OPTION_ERROR where the words do not go together. */
gboolean esp_recovering_check (const EspRecoverOptions *options,
                               GError                 **error);
/* @loaded gets the weights that the cut of @plan is to be made of. Nothing happens where nothing was asked for. Thread: main. */
gboolean esp_recovering_run   (const EspRecoverOptions *options,
                               EspPlan                 *plan,
                               EspLoaded               *loaded,
                               const char              *names,   /* (nullable): file of the network's class names */
                               EspCommon               *common,
                               EspRecovered            *told,    /* (out) */
                               GError                 **error);
void     esp_recovering_tell  (const EspRecoverOptions *options,
                               const EspRecovered      *told,
                               const EspCommon         *common,
                               JsonBuilder             *json);

G_END_DECLS
