/* coupling-private.h: the body of a coupling, for the files that build and read it */
#pragma once

#include "prune/coupling.h"

G_BEGIN_DECLS

/* Why a unit has several members: @layer joins what @from owns to the rest. */
typedef struct
{
  guint unit;
  guint layer; /* the shortcut, or the depthwise convolution */
  guint from;  /* the layer it reads */
} EspLink;

struct _EspCoupling
{
  EspNetwork *network;
  guint       n_layers;
  guint       n_channels; /* of all convolutions */
  guint      *offset;     /* n_layers + 1: first channel of each convolution in the flat arrays */
  guint      *unit_of;    /* n_channels */
  guint       n_units;
  guint      *first;      /* n_units + 1: each unit's part of members */
  EspChannel *members;    /* n_channels, by unit, ascending within */
  GArray     *links;      /* of EspLink, by unit */
  guint      *first_link; /* n_units + 1 */
  char      **why_fixed;  /* n_layers: NULL where the layer may be cut */
};

void esp_coupling_build (EspCoupling *coupling);

G_END_DECLS
