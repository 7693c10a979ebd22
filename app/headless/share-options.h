/* share-options.h: the options that say how much of what is to go */
#pragma once

#include "prune/plan.h"

G_BEGIN_DECLS

/* As given, NULL where not; static storage in a verb, named by ESP_SHARE_OPTIONS in its entries. Begins as ESP_SHARE_OPTIONS_NONE. */
typedef struct
{
  char  *ratio, *overall, *norm, *merge;
  char **groups, **thresholds, **counts;
  char **layers, **layer_thresholds, **layer_counts, **layer_floors;
  char **protect, **cut;
  int    floor, round;
} EspShareOptions;

#define ESP_COUNT_UNSAID G_MININT /* of --floor and --round: -1 is a number, and a wrong one */
#define ESP_SHARE_OPTIONS_NONE { .floor = ESP_COUNT_UNSAID, .round = ESP_COUNT_UNSAID }

#define ESP_SHARE_OPTIONS(o) \
  { "ratio", 0, 0, G_OPTION_ARG_STRING, &(o).ratio, "Share of every group to cut, 0 to 1", "R" }, \
  { "global", 0, 0, G_OPTION_ARG_STRING, &(o).overall, "Share of all channels to cut, all groups ranked together", "R" }, \
  { "normalise", 0, 0, G_OPTION_ARG_STRING, &(o).norm, \
    "With --global: make layers comparable by l2 (default), max, sum, mean, rank or none", "HOW" }, \
  { "merge", 0, 0, G_OPTION_ARG_STRING, &(o).merge, \
    "Of channels that go together: rank them as one (reduce, the default), or cut what the layers' own ranks agree on: union keeps what any keeps, " \
    "majority what half of them keep, intersection what all keep", "RULE" }, \
  { "group", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).groups, "Share of one group to cut; may be repeated", "NAME=R" }, \
  { "threshold", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).thresholds, "Cut what scores less in one group; may be repeated", "NAME=T" }, \
  { "count", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).counts, "Channels of one group to keep; may be repeated", "NAME=N" }, \
  { "layer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).layers, "Share of one layer to cut, and of those coupled to it; may be repeated", "L=R" }, \
  { "layer-threshold", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).layer_thresholds, "Cut what scores less in one layer; may be repeated", "L=T" }, \
  { "layer-count", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).layer_counts, "Channels of one layer to keep; may be repeated", "L=N" }, \
  { "layer-floor", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).layer_floors, "Keep at least N channels of one layer; may be repeated", "L=N" }, \
  { "protect", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).protect, "Keep a whole layer, or channels of it; may be repeated", "L[:C,C]" }, \
  { "cut", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o).cut, "Cut channels by hand; may be repeated", "L:C,C" }, \
  { "round", 0, 0, G_OPTION_ARG_INT, &(o).round, "Round kept counts up to a multiple of N", "N" }, \
  { "floor", 0, 0, G_OPTION_ARG_INT, &(o).floor, "Keep at least N channels a layer (default 8)", "N" }

/* Sets both where they were said; G_OPTION_ERROR names the one that is no number of channels. */
gboolean esp_share_counts_set    (EspPlan *plan, int floor, int round, GError **error);
gboolean esp_share_options_any   (const EspShareOptions *options);  /* whether any was given */
gboolean esp_share_options_cuts  (const EspShareOptions *options);  /* whether any says that something is to go */
/* Errors: G_OPTION_ERROR, what was found and what was expected. Before the scores are there, so that a wrong word is told at once:
 * everything but thresholds, which are only looked at; once they are: the thresholds. */
gboolean esp_share_options_begin (const EspShareOptions *options, EspPlan *plan, GError **error);
gboolean esp_share_options_end   (const EspShareOptions *options, EspPlan *plan, GError **error);

G_END_DECLS
