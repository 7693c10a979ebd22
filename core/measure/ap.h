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
  double    (*area) (const double *recall,    /* at each rank, ascending */
                     const double *precision,
                     guint         n);
};

const EspProtocol *esp_protocol_find (const char *id);          /* NULL if there is none */
const EspProtocol *esp_protocols     (guint      *n);

G_END_DECLS
