/* verb.h: what a verb of the command line is: one file and one row each */
#pragma once

#include <json-glib/json-glib.h>

#include "base/lane.h"
#include "net/cost.h"

G_BEGIN_DECLS

/* Options that every verb takes. */
typedef struct
{
  gboolean json;    /* one JSON object on stdout and nothing else there */
  gboolean quiet;   /* no progress */
  int      threads; /* 0: as many as the machine has */
  gint64   seed;
  EspLane *lane;    /* made on first use: esp_common_lane */
} EspCommon;

typedef struct
{
  const char         *name;
  const char         *arguments; /* "NET.cfg W IMAGE…" */
  const char         *summary;   /* one line */
  const GOptionEntry *options;   /* the verb's own, static storage; NULL-terminated */
  char             *(*more) (void); /* (nullable) (transfer full): what --help says behind the options */
  int                 least, most; /* positional arguments; most -1: any number */
  /* argv[0] is the first positional argument. Prints for people to stdout unless common->json; adds members to the JSON object that is
   * already begun. FALSE with an error exits 1, with a G_OPTION_ERROR 2. */
  gboolean          (*run) (int argc, char **argv, EspCommon *common, JsonBuilder *json, GError **error);
} EspVerb;

EspLane *esp_common_lane (EspCommon *common);
/* Runs func (data) in the lane and waits; what fails goes through data. */

/* JSON shorthands. */
void esp_json_int    (JsonBuilder *json, const char *name, gint64 value);
void esp_json_double (JsonBuilder *json, const char *name, double value); /* null where not finite */
void esp_json_string (JsonBuilder *json, const char *name, const char *value); /* null where NULL */

void esp_json_cost   (JsonBuilder *json, const char *name, EspCost cost); /* an object: params, bflops, file_bytes */

int  esp_verb_main   (const EspVerb *verb, int argc, char **argv);

G_END_DECLS
