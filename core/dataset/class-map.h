/* class-map.h: data set class to network class, by name where both have names, else by index */
#pragma once

#include "dataset/dataset.h"

G_BEGIN_DECLS

typedef struct
{
  guint  n;          /* data set classes */
  int   *to_network; /* -1: left out */
  guint  n_missing;  /* classes with objects that the network lacks */
  char  *warning;    /* (nullable): one sentence that names and counts them */
} EspClassMap;

/* @overrides: (nullable): NULL-terminated "A=B" pairs, data set class A (name or index) to network class B. */
EspClassMap *esp_class_map_new  (const EspDataset   *dataset,
                                 const char *const  *network_names, /* (nullable) */
                                 guint               n_network_classes,
                                 const char *const  *overrides,
                                 GError            **error);
void         esp_class_map_free (EspClassMap        *map);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspClassMap, esp_class_map_free)

G_END_DECLS
