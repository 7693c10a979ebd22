/* metering.h: what the verbs share that measure many masks on one data set, and go on where they were stopped */
#pragma once

#include "labelled.h"
#include "search/curve.h"
#include "verb.h"

G_BEGIN_DECLS

/* As given; static storage in a verb, named by ESP_METERING_OPTIONS in its entries. */
typedef struct
{
  EspLabelledOptions labelled;
  char  *ratios, *protocol, *calibration, *calibration_split, *classes, *tau, *without, *output;
  int    limit, calibration_limit, floor, replicates;
} EspMeteringOptions;

#define ESP_METERING_PRESETS { .floor = 8, .replicates = 2000 }

#define ESP_METERING_OPTIONS(options) \
  { "ratios", 0, 0, G_OPTION_ARG_STRING, &(options).ratios, \
    "Shares of channels that are cut (default 0.01,0.02,0.05,0.1,0.15,0.2,0.3,0.4,0.5,0.6,0.7)", "R,R" }, \
  { "floor", 0, 0, G_OPTION_ARG_INT, &(options).floor, "Channels that every layer keeps at least (default 8)", "N" }, \
  { "limit", 0, 0, G_OPTION_ARG_INT, &(options).limit, "Measure on N images only, drawn by the seed", "N" }, \
  { "calibration", 0, 0, G_OPTION_ARG_FILENAME, &(options).calibration, \
    "Images that channels are scored by (default: those of DATA, which is told)", "DATA" }, \
  { "calibration-split", 0, 0, G_OPTION_ARG_STRING, &(options).calibration_split, "train, val or test of them", "NAME" }, \
  { "calibration-limit", 0, 0, G_OPTION_ARG_INT, &(options).calibration_limit, "Only N of them, drawn by the seed", "N" }, \
  { "classes", 0, 0, G_OPTION_ARG_STRING, &(options).classes, "Target classes of criteria that have a target (default: all)", "A,B" }, \
  { "tau", 0, 0, G_OPTION_ARG_STRING, &(options).tau, "What a score must exceed to be a target, in place of the criterion's own (0.02)", "T" }, \
  { "without", 0, 0, G_OPTION_ARG_STRING, &(options).without, "contrast: the same pictures without the thing, * in place of their names", \
    "PATTERN" }, \
  { "protocol", 0, 0, G_OPTION_ARG_STRING, &(options).protocol, "Of the mAP, as evaluate has them (default darknet)", "P" }, \
  { "replicates", 0, 0, G_OPTION_ARG_INT, &(options).replicates, "Of the intervals (default 2000)", "N" }, \
  { "output", 'o', 0, G_OPTION_ARG_FILENAME, &(options).output, \
    "Write into this folder, and take from it what was measured before", "DIR" }, \
  ESP_LABELLED_OPTIONS ((options).labelled)

typedef struct
{
  const EspMeteringOptions *options;
  EspLoaded      loaded;
  EspLabelled    labelled;
  guint         *indices;
  EspCoupling   *coupling;
  GArray        *ratios;           /* of double */
  EspRowFile    *rows;             /* (nullable) */
  EspMeterInput  meter;
  EspCurveInput  curve;            /* without its meter, which is of the lane */
  char          *calibration;      /* which images channels are scored by, in short */
  char          *partners;         /* (nullable): of contrast: those without the thing, in short */
  guint          n_shared;         /* of the images measured on, those that channels are scored by, too */
} EspMetering;

/* @arguments: NET W DATA. Thread: main. Errors: G_OPTION_ERROR where a word or number is not understood; those of files. */
gboolean   esp_metering_open  (EspMetering               *metering, /* (out) */
                               const char                *verb,
                               char                     **arguments,
                               const EspMeteringOptions  *options,
                               const EspNetworkOptions   *network,
                               EspCommon                 *common,
                               GError                   **error);
void       esp_metering_clear (EspMetering               *metering);
/* (transfer full): by "ID" or "ID:NAME=VALUE,…", from the folder where an earlier run left them. */
EspScores *esp_metering_score (EspMetering               *metering,
                               const char                *criterion,
                               gboolean                   own_rank, /* else every layer by itself */
                               EspCommon                 *common,
                               GError                   **error);
/* Columns of a table that tell of one measurement, and a cell; NaN is an empty one. */
#define ESP_METERED_COLUMNS "params\tbflops\tmap\tprecision\trecall\tf1\tdifference\tlow\thigh"
void       esp_metered_append (GString                   *text,     /* each with a tabulator before it */
                               const EspMetered          *metered);
void       esp_number_append  (GString                   *text,
                               const char                *before,
                               const char                *format,   /* "%.4f" */
                               double                     value);
char      *esp_metering_path  (const EspMetering         *metering, /* (transfer full): in the folder */
                               const char                *name);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspMetering, esp_metering_clear)

G_END_DECLS
