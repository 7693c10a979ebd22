/* target-spec-private.h: the words for a target, taken apart */
#pragma once

#include "explain/target-spec.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_TERM_DATASET, /* every class */
  ESP_TERM_CLASS,
  ESP_TERM_BOX,
  ESP_TERM_MISSED,
  ESP_TERM_CELLS,
} EspTermForm;

typedef struct
{
  EspTermForm form;
  double      factor;
  char       *words;       /* owned: names of classes */
  int         box;         /* from 1 */
  int         part;        /* of EspPart, -1: objectness and class */
  double      pixels[4];   /* left, top, width, height */
  guint       head;
  GArray     *channels;    /* owned: of guint */
  int         row, column; /* -1: all */
} EspTerm;

struct _EspTargetSpec
{
  GArray *terms; /* of EspTerm, at least one */
};

G_END_DECLS
