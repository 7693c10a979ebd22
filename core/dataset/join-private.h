/* join-private.h: data sets that are being joined */
#pragma once

#include "dataset/join.h"

G_BEGIN_DECLS

/* An image of the joined set. */
typedef struct
{
  const EspSample *sample;
  guint            set;   /* which of the open ones */
  int              part;  /* -1: not yet known */
  char            *name;  /* of its copy; from esp_join_name() on */
  GArray          *truths; /* of EspTruth, classes of the joined set */
} EspJoinImage;

typedef struct
{
  const EspJoinOptions *options;
  GPtrArray            *sets;   /* of EspDataset */
  GArray               *images; /* of EspJoinImage */
  EspJoinReport        *report;
} EspJoin;

gboolean esp_join_classes (EspJoin *join, GError **error); /* the classes, and what is left of every image's objects */
gboolean esp_join_split   (EspJoin *join, GError **error); /* every image's part */
gboolean esp_join_name    (EspJoin *join, GError **error); /* every image's name, of its own */
gboolean esp_join_save    (EspJoin *join, const char *folder, EspJob *job, GError **error);

G_END_DECLS
