/* data-options.h: the opening of a verb's data set, with splits drawn where it has none */
#pragma once

#include "dataset/dataset.h"

G_BEGIN_DECLS

/* As given, NULL where not; static storage in a verb, named by ESP_DRAW_OPTIONS in its entries. */
typedef struct
{
  char *seed, *parts;
} EspDrawOptions;

#define ESP_DRAW_OPTIONS(options) \
  { "split-seed", 0, 0, G_OPTION_ARG_STRING, &(options).seed, "Draw --split by this seed where the data set has none of its own", "N" }, \
  { "split-parts", 0, 0, G_OPTION_ARG_STRING, &(options).parts, \
    "With --split-seed: train, val and test in proportion to each other (default 3/1/1)", "A/B/C" }

/* Tells on stderr what was left out, after @verb. Returns: (transfer full). Errors: a word that an option does not know: G_OPTION_ERROR,
 * exit 2. */
EspDataset *esp_data_open (const char           *verb,
                           const char           *path,
                           EspDatasetOptions     options, /* draw is filled in */
                           const EspDrawOptions *draw,
                           EspJob               *job,
                           GError              **error);

/* The same; without a split asked for it is train, or what there is where there is none, and that is told. */
EspDataset *esp_data_open_train (const char           *verb,
                                 const char           *path,
                                 EspDatasetOptions     options,
                                 const EspDrawOptions *draw,
                                 EspJob               *job,
                                 GError              **error);

G_END_DECLS
