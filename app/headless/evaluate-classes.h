/* evaluate-classes.h: how often a classifier is right */
#pragma once

#include "dataset/class-map.h"
#include "network-options.h"
#include "verb.h"

G_BEGIN_DECLS

/* Of the images @indices of a data set of classes. Adds the members to @json and prints the same unless common->json. */
gboolean esp_evaluate_classes (const EspLoaded    *loaded,
                               EspDataset         *dataset,
                               const EspClassMap  *map,
                               EspImageCache      *cache,
                               const char *const  *names,   /* (nullable): of the classes */
                               const guint        *indices,
                               guint               n,
                               EspCommon          *common,
                               JsonBuilder        *json,
                               GError            **error);

G_END_DECLS
