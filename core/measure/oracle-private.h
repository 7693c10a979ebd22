/* oracle-private.h: the oracle's process and the file that it leaves */
#pragma once

#include <stdio.h>

#include "measure/oracle.h"

G_BEGIN_DECLS

/* How a process ended. */
typedef struct
{
  gboolean started; /* FALSE: it could not be run at all */
  int      signal;  /* that ended it, 0 where it ended by itself */
} EspOracleEnd;

/* A whole result, open for reading. */
typedef struct
{
  FILE *file;
  char *name;
} EspOracleAnswer;

gboolean           esp_oracle_can_hold_layer (const EspCfg    *cfg,
                                              const EspLayer  *layer,
                                              GError         **error);
/* Runs @words and waits, at most @seconds. TRUE: it ended by itself, whatever it did. */
gboolean           esp_oracle_run        (const char *const   *words,
                                          const char          *log,     /* where its stderr goes */
                                          double               seconds,
                                          EspOracleEnd        *end,     /* (out): set on failure too */
                                          EspJob              *job,
                                          GError             **error);
char              *esp_oracle_last_words (const char          *log);    /* (transfer full): the last line of its stderr, printable */
/* Checks the head and every entry before a number is read. */
gboolean           esp_oracle_open       (EspOracleAnswer     *answer,  /* (out) */
                                          const char          *path,
                                          const EspNetwork    *network,
                                          const guint         *layers,  /* in the order asked for */
                                          guint                n_layers,
                                          EspAt                at,
                                          GError             **error);
gboolean           esp_oracle_read       (EspOracleAnswer     *answer,  /* the next of the layers asked for */
                                          float               *values,
                                          gsize                n,
                                          GError             **error);
void               esp_oracle_close      (EspOracleAnswer     *answer);
/* The largest difference of n numbers over the largest of those wanted. */
EspLayerDifference esp_layer_difference  (guint                layer,
                                          const float         *values,
                                          const float         *wanted,
                                          gsize                n);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspOracleAnswer, esp_oracle_close)

G_END_DECLS
