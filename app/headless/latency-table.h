/* latency-table.h: how much faster a plan makes a network, as JSON and for people */
#pragma once

#include "search/speed.h"
#include "verb.h"

G_BEGIN_DECLS

typedef struct
{
  EspPlan        *plan;    /* its groups are those of the rows */
  const EspMask  *mask;    /* what was kept */
  const int      *parts;   /* of every layer */
  const EspSpeed *speed;
  guint           repeats; /* forwards in a turn */
  gboolean        random;  /* weights were drawn by lot */
} EspLatencyTable;

void esp_latency_table_tell (const EspLatencyTable *table,
                             EspCommon             *common,
                             JsonBuilder           *json);

G_END_DECLS
