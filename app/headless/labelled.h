/* labelled.h: a data set with its classes in the network's: what the verbs that look at single objects share */
#pragma once

#include "data-options.h"
#include "dataset/class-map.h"
#include "network-options.h"

G_BEGIN_DECLS

/* As given; static storage in a verb, named by ESP_LABELLED_OPTIONS in its entries. */
typedef struct
{
  char           *split, *names, *images;
  EspDrawOptions  draw;
} EspLabelledOptions;

#define ESP_LABELLED_OPTIONS(options) \
  { "split", 0, 0, G_OPTION_ARG_STRING, &(options).split, "train, val or test where the data set has them", "NAME" }, \
  ESP_DRAW_OPTIONS ((options).draw), \
  { "names", 0, 0, G_OPTION_ARG_FILENAME, &(options).names, "Class names of the network, one a line", "FILE" }, \
  { "images", 0, 0, G_OPTION_ARG_FILENAME, &(options).images, "Folder of the images where the labels lie elsewhere", "DIR" }

typedef struct
{
  EspDataset    *dataset;
  EspClassMap   *map;   /* NULL: unlabelled */
  EspImageCache *cache;
  GStrv          names; /* (nullable): the network's */
} EspLabelled;

/* Tells on stderr what was left out, after @verb. Errors: as esp_data_open(); ESP_ERROR_UNSUPPORTED for a network without heads or images
 * without boxes. Thread: main. */
gboolean esp_labelled_open  (EspLabelled               *labelled, /* (out) */
                             const char                *verb,
                             const char                *path,
                             const EspLabelledOptions  *options,
                             const EspLoaded           *loaded,
                             GError                   **error);
void     esp_labelled_clear (EspLabelled               *labelled);

/* (transfer full): the kept channels of a plan file of these files. */
EspMask *esp_labelled_plan  (const EspLoaded           *loaded,
                             const char                *plan,
                             const char                *cfg,
                             const char                *weights,
                             GError                   **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspLabelled, esp_labelled_clear)

G_END_DECLS
