/* coupling-private.h: the body of a coupling, for the files that build and read it */
#pragma once

#include "score/coupling.h"

G_BEGIN_DECLS

/* Why a unit has several members: @layer joins what @from owns to the rest. */
typedef struct
{
  guint unit;
  guint layer; /* the shortcut, or the depthwise convolution */
  guint from;  /* the layer it reads */
} EspLink;

/* Channels of one unit in one range of a balance. */
typedef struct
{
  guint unit;
  guint channels;
} EspRangeUnit;

/* What a balance's ranges consist of. */
typedef struct
{
  guint        *starts; /* n_ranges + 1: each range's part of units */
  EspRangeUnit *units;  /* ascending within a range; those that may go */
  guint        *held;   /* n_ranges: channels that never go */
} EspBalanceUnits;

typedef struct
{
  guint unit, balance;
} EspUnitBalance;

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
  GArray     *balances;   /* of EspBalance */
  GArray     *contents;   /* of EspBalanceUnits, likewise */
  GArray     *balanced;   /* of EspUnitBalance, by unit, then balance */
};

#define ESP_NO_OWNER G_MAXUINT /* a channel of the image, or of a layer that is never cut */

void esp_coupling_add_balance  (EspCoupling *coupling, /* unless there is one of as many ranges of the same layer */
                                guint        layer,    /* that asks */
                                int          of,       /* whose channels; nothing is added for the image */
                                guint        n_ranges,
                                char        *why);     /* (transfer full) */
void esp_coupling_fill_balances (EspCoupling        *coupling, /* after units and fixed layers are known */
                                 guint *const       *flow);    /* per layer: owners of its channels, as flat numbers, or ESP_NO_OWNER */
const EspBalanceUnits *esp_coupling_get_contents (const EspCoupling *coupling,
                                                  guint              balance);
guint esp_coupling_first_balanced (const EspCoupling *coupling, /* the place in balanced where the unit's begin */
                                   guint              unit);
void esp_coupling_clear_balances (EspCoupling *coupling);

void esp_coupling_build (EspCoupling *coupling);

G_END_DECLS
