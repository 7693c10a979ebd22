/* ap.h: average precision in every protocol, from outcomes */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EspOutcome EspOutcome;

/* Which objects and detections one number of a protocol looks at. */
typedef struct
{
  double least, most; /* area in pixels², both ends included: objects outside it need not be found */
  guint  best;        /* detections of an image and class, by score; 0: all */
} EspScope;

/* What becomes of one detection, a bit an IoU threshold, the first the lowest. */
typedef struct
{
  guint16 hit;     /* a true positive */
  guint16 ignored; /* neither true nor false */
  double  overlap; /* IoU with the object hit at the first threshold */
} EspVerdict;

/* Matches the detections of one image with its objects. */
typedef void (*EspJudge) (const EspOutcome *outcome,
                          const EspScope   *scope,
                          EspVerdict       *verdicts, /* (out): n_seen, zeroed before */
                          guint8           *counts);  /* (out): n_objects, zeroed before: 1 where the object must be found */

/* A further number that a protocol reports. */
typedef struct
{
  const char *key;       /* "ap50" */
  const char *title;     /* "AP at IoU 0.5" */
  EspScope     scope;
  int         threshold; /* the one taken, -1: the mean over all */
  gboolean    recall;    /* the greatest recall instead of AP */
} EspExtra;

/* A registry row: id "darknet", title, source. */
typedef struct _EspProtocol EspProtocol;
struct _EspProtocol
{
  const char     *id;
  const char     *title;
  const char     *source;
  /* Both at the ranks of true positives, best score first: a false positive leaves recall and lowers precision, so no protocol reads its
   * rank. */
  double        (*area) (const double *recall,    /* not falling, 0..1 */
                         const double *precision,
                         guint         n);
  const char     *match;        /* for people: "IoU above 0.5" */
  guint           n_thresholds; /* of IoU, that AP is averaged over */
  gboolean        over_present; /* the mean is over classes with objects, and a class without has no AP; else over all, and it has AP 0 */
  EspJudge        judge;        /* NULL: the outcome's own matching, darknet's */
  gboolean        by_id;        /* equal scores go by the images' ids, else by their place in the data set */
  EspScope         scope;
  const EspExtra *extras;
  guint           n_extras;
};

const EspProtocol *esp_protocol_find (const char *id);          /* NULL if there is none */
const EspProtocol *esp_protocols     (guint      *n);

G_END_DECLS
