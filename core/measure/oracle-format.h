/* oracle-format.h: what espalier-oracle writes and the core reads: a head, an entry for each layer asked for, then their numbers
 *
 * Host byte order: both run on one machine. Nothing else is in the file, so that its size is known from its entries. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_ORACLE_MAGIC "espor\r\n1" /* 8 bytes; the last one is the version */
#define ESP_ORACLE_PART  ".part"      /* behind the result's name until it is whole */

typedef struct
{
  char    magic[8];
  guint32 n_layers;  /* of the network that libdarknet read */
  guint32 n_entries;
  guint64 bytes;     /* of the whole file */
} EspOracleHead;

typedef struct
{
  guint32 layer;
  guint32 before;    /* 1: what goes into batch normalisation, l.x there; 0: l.output */
  gint32  c, h, w;   /* as libdarknet has them, 0 where it keeps none */
  guint32 unused;    /* 0 */
  guint64 count;     /* float32 numbers */
} EspOracleEntry;

G_STATIC_ASSERT (sizeof (EspOracleHead) == 24 && sizeof (EspOracleEntry) == 32);

G_END_DECLS
