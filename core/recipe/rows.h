/* rows.h: a row of the report made by training */
#pragma once

#include "recipe/bench-private.h"

G_BEGIN_DECLS

/* What a run of training begins with; lent. */
typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  guint epochs;
  guint64 seed;
} EspRowStart;

/* Writes it into the folder, as what this row can be opened by. */
gboolean esp_row_keep (EspBench *bench, EspRow *row, EspNetwork *network, EspWeights *weights, GError **error);
/* Trains, measures on test, and adds it to the row: run @run of @n, whose mean the row is. */
gboolean esp_row_train (EspBench *bench, EspRow *row, const EspRowStart *start, guint run, guint n, GError **error);
/* Measures on test as it is, likewise. */
gboolean esp_row_look (EspBench *bench, EspRow *row, EspNetwork *network, EspWeights *weights, guint run, guint n, GError **error);

G_END_DECLS
