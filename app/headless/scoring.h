/* scoring.h: the options of every verb that makes scores, and their making in the lane */
#pragma once

#include "data-options.h"
#include "network-options.h"
#include "score/criterion.h"
#include "verb.h"

G_BEGIN_DECLS

/* As given; static storage in a verb, named by ESP_SCORING_OPTIONS in its entries. */
typedef struct
{
  char  *criterion;
  char  *classes; /* "dog,cat" or indices */
  char  *tau;     /* NULL: as the criterion says */
  char  *without; /* contrast */
  char  *split, *names, *images;
  EspDrawOptions draw;
  int    limit;   /* only so many images, drawn by the seed; 0: all */
} EspScoringOptions;

#define ESP_SCORING_OPTIONS(options) \
  { "criterion", 0, 0, G_OPTION_ARG_STRING, &(options).criterion, \
    "attribution, l1, l2, bn-gamma, taylor, relevance, contrast, random, causal or inverted; parameters behind a colon, as in " \
    "attribution:method=taylor,at=out,reduce=mean,mask=spatial,tau=0.05, l1:normalise=l2,rank=pooled, inverted:of=l1", "C" }, \
  { "classes", 0, 0, G_OPTION_ARG_STRING, &(options).classes, "attribution: the target classes, by name or index (default: all)", "A,B" }, \
  { "tau", 0, 0, G_OPTION_ARG_STRING, &(options).tau, \
    "attribution: what a score must exceed to count, in place of the criterion's own (0.02); 0: every cell", "T" }, \
  { "without", 0, 0, G_OPTION_ARG_STRING, &(options).without, \
    "contrast: the same pictures without the thing, * in place of their names (plain/images/*.png)", "PATTERN" }, \
  { "split", 0, 0, G_OPTION_ARG_STRING, &(options).split, "train, val or test where the data set has them", "NAME" }, \
  ESP_DRAW_OPTIONS ((options).draw), \
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &(options).names, "Class names of the network, one a line", "FILE" }, \
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &(options).images, "Folder of the images where the labels lie elsewhere", "DIR" }

/* (transfer full): @n images of @dataset, drawn by @seed, in its own order; NULL with a sentence where it has fewer. */
EspDataset *esp_scoring_draw (EspDataset  *dataset,
                              int          n,     /* 0: all */
                              const char  *option, /* leads the message: "--limit" */
                              guint64      seed,
                              GError     **error);

/* What both say of a criterion, for verbs that open their images themselves. Thread: main. */
const EspCriterion *esp_scoring_parse (const char               *text,         /* "ID" or "ID:NAME=VALUE,…" */
                                       double                  **knobs,        /* (out) (transfer full) */
                                       double                  **method_knobs, /* (out) (transfer full) */
                                       GError                  **error);
EspScores *esp_scoring_compute        (const EspCriterion       *criterion,    /* (transfer full) */
                                       const EspCriterionInput  *input,
                                       EspCommon                *common,
                                       GError                  **error);
/* @id: of the criterion. @data: (nullable). Returns: (transfer full). Thread: main. */
EspScores *esp_scoring_run (const EspScoringOptions  *options,
                            const char               *id,
                            const char               *data,
                            const EspLoaded          *loaded,
                            EspCommon                *common,
                            GError                  **error);

G_END_DECLS
