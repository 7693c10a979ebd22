/* ablate-table.h: what ablate tells: units and what masking them costs, and how each score of channels foretells it */
#pragma once

#include "score/ablation.h"
#include "verb.h"

G_BEGIN_DECLS

typedef struct
{
  const EspAblation *ablation;
  EspAblationSum     sum;
  guint              replicates;
  guint64            seed;
  double             seconds;
  GPtrArray         *rows; /* of its own kind */
} EspAblateTable;

void     esp_ablate_table_init  (EspAblateTable     *table,      /* (out) */
                                 const EspAblation  *ablation,   /* must outlive it */
                                 EspAblationSum      sum,
                                 guint               replicates,
                                 guint64             seed,
                                 double              seconds);   /* that the ablation took */
void     esp_ablate_table_clear (EspAblateTable     *table);
void     esp_ablate_table_add   (EspAblateTable     *table,
                                 const char         *name,
                                 const char         *criterion,
                                 const char         *parameters,
                                 double             *scores);    /* (transfer full): one a unit */
/* To @folder (nullable), to JSON and for people. Compares rows with those of the criteria l1 and random, where they are. */
gboolean esp_ablate_table_tell  (EspAblateTable     *table,
                                 const char         *folder,
                                 const EspCommon    *common,
                                 JsonBuilder        *json,
                                 GError            **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspAblateTable, esp_ablate_table_clear)

G_END_DECLS
