/* result.c: writes what libdarknet's layers gave, whole or not at all */
#define G_LOG_DOMAIN "esp-oracle"
#include "config.h"

#include "result.h"

#include <string.h>

#include <glib/gstdio.h>

#include "measure/oracle-format.h"

static const float *
numbers_of (const network *net, const Wish *wish)
{
  const layer *l = &net->layers[wish->layer];

  if (wish->before)
    return l->batch_normalize ? l->x : NULL;
  return l->output;
}

static gboolean
check (const network *net, const Wish *wishes, guint n)
{
  for (guint i = 0; i < n; i++)
    if (wishes[i].layer >= (guint) net->n || numbers_of (net, &wishes[i]) == NULL || net->layers[wishes[i].layer].outputs <= 0)
      {
        g_printerr ("espalier-oracle: layer %u has no such numbers among the %d of the network\n", wishes[i].layer, net->n);
        return FALSE;
      }
  return TRUE;
}

static EspOracleEntry
entry_of (const network *net, const Wish *wish)
{
  const layer *l = &net->layers[wish->layer];

  return (EspOracleEntry){ wish->layer, wish->before ? 1 : 0, l->out_c, l->out_h, l->out_w, 0, (guint64) l->outputs };
}

static gboolean
put (FILE *file, const void *data, gsize size, gsize n)
{
  return fwrite (data, size, n, file) == n;
}

static gboolean
write_all (FILE *file, const network *net, const Wish *wishes, guint n)
{
  EspOracleHead head = { .n_layers = (guint32) net->n, .n_entries = n, .bytes = sizeof head + n * sizeof (EspOracleEntry) };

  memcpy (head.magic, ESP_ORACLE_MAGIC, sizeof head.magic);
  for (guint i = 0; i < n; i++)
    head.bytes += entry_of (net, &wishes[i]).count * sizeof (float);
  if (!put (file, &head, sizeof head, 1))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const EspOracleEntry entry = entry_of (net, &wishes[i]);

      if (!put (file, &entry, sizeof entry, 1))
        return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (!put (file, numbers_of (net, &wishes[i]), sizeof (float), (gsize) entry_of (net, &wishes[i]).count))
      return FALSE;
  return TRUE;
}

/** result_write: writes @path under another name and renames it once it is whole. FALSE after a message on stderr. */
gboolean
result_write (const char *path, const network *net, const Wish *wishes, guint n_wishes)
{
  g_autofree char *part = g_strconcat (path, ESP_ORACLE_PART, NULL);
  FILE *file;
  gboolean done;

  if (!check (net, wishes, n_wishes))
    return FALSE;
  file = g_fopen (part, "wb");
  if (file == NULL)
    {
      g_printerr ("espalier-oracle: %s could not be written\n", part);
      return FALSE;
    }
  done = write_all (file, net, wishes, n_wishes);
  done = fclose (file) == 0 && done && g_rename (part, path) == 0;
  if (!done)
    g_printerr ("espalier-oracle: %s could not be written\n", path);
  return done;
}
