/* faithfulness-table.h: what is known so far of methods and baselines, kept in a file between runs, and told at the end */
#pragma once

#include "explain/faithfulness-run.h"
#include "verb.h"

G_BEGIN_DECLS

/* A method, or a baseline where @method is NULL. */
typedef struct
{
  const EspAttribution *method;
  EspBaseline           baseline;
  EspFaithRow          *rows;    /* one a case */
  guint                 n_done;  /* rows known */
  gboolean              refused; /* this network cannot be explained by it */
  double                seconds; /* of this run, for the rows that it added */
} EspFaithEntry;

typedef struct
{
  char          *path;   /* (nullable): of the work file */
  char          *preface; /* (nullable): how it was measured, above the Markdown */
  double         chance; /* of the middle of a box to be hit, and of the energy in it: its share of the image, mean over the boxes */
  char          *key;  /* of everything that the rows depend on */
  guint          n_entries;
  EspFaithEntry *entries; /* the baselines first */
  guint          n;       /* cases */
  GString       *others;  /* lines of the work file of methods that are not asked for now */
} EspFaithTable;

void        esp_faith_table_init    (EspFaithTable                *table,
                                     const EspAttribution *const  *methods,
                                     guint                         n_methods,
                                     guint                         n);
void        esp_faith_table_clear   (EspFaithTable                *table);
const char *esp_faith_entry_id      (const EspFaithEntry          *entry);
gboolean    esp_faith_table_load    (EspFaithTable                *table,  /* a file that is not there is an empty one */
                                     GError                      **error);
gboolean    esp_faith_table_save    (const EspFaithTable          *table,
                                     GError                      **error);
/* (transfer full) each. */
char       *esp_faith_table_to_markdown (const EspFaithTable      *table,
                                         const EspFaithVerdict    *verdicts); /* one a method */
char       *esp_faith_table_to_tsv      (const EspFaithTable      *table,
                                         const EspFaithVerdict    *verdicts);
void        esp_faith_table_to_json     (const EspFaithTable      *table,
                                         const EspFaithVerdict    *verdicts,
                                         JsonBuilder              *json);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspFaithTable, esp_faith_table_clear)

G_END_DECLS
