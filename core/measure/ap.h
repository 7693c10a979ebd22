/* ap.h: average precision in every protocol, from outcomes */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A registry row: id "darknet", title, source. */
typedef struct _EspProtocol EspProtocol;
struct _EspProtocol
{
  const char *id;
  const char *title;
  const char *source;
  /* Both at the ranks of true positives, best score first: a false positive leaves recall and lowers precision, so no protocol reads its rank. */
  double    (*area) (const double *recall,    /* not falling, 0..1 */
                     const double *precision,
                     guint         n);
};

const EspProtocol *esp_protocol_find (const char *id);          /* NULL if there is none */
const EspProtocol *esp_protocols     (guint      *n);

G_END_DECLS
