/* curve-report.h: what curve tells: tables, sentences and the figure */
#pragma once

#include "metering.h"

G_BEGIN_DECLS

/* One criterion. */
typedef struct
{
  char        *name;
  EspScores   *scores;
  EspMetered  *points;        /* one a ratio */
  EspCliff     cliff;
  EspInterval  mean, pooled;  /* rank correlation with measured ablation; NAN: not judged */
  double      *per_layer;     /* (nullable): likewise, one a layer of the report */
} EspCurveRow;

typedef struct
{
  const EspMetering *metering;
  EspMetered         whole;
  GPtrArray         *rows;          /* of EspCurveRow */
  EspBandPoint      *band;          /* one a ratio */
  double            *chances;       /* n_seeds * n_ratios */
  guint              n_seeds;
  guint              n_layers, *layers; /* that the judge drew units in */
  guint              judge_units, judge_images; /* a layer; 0: nobody judged */
  gboolean           own_rank;
  gboolean           own_left_out;  /* causal was not judged: it would be by itself */
  double             seconds;       /* of this run */
} EspCurveReport;

EspCurveRow *esp_curve_row_new     (const char            *name,
                                    EspScores             *scores,   /* (transfer full) */
                                    guint                  n_ratios);
void         esp_curve_report_init (EspCurveReport        *report,   /* (out) */
                                    const EspMetering     *metering,
                                    guint                  n_seeds);
void         esp_curve_report_clear (EspCurveReport       *report);
/* -1 below the band, 0 within, 1 above. */
int          esp_curve_verdict     (const EspCurveReport  *report,
                                    const EspCurveRow     *row,
                                    guint                  ratio);
/* (transfer full): the network's file without its folder. */
char        *esp_curve_name        (const EspCurveReport  *report);
/* (transfer full): of char*: where no criterion beats chance, the cliffs, who foretells ablation best. */
GPtrArray   *esp_curve_sentences   (const EspCurveReport  *report);
/* To the folder where there is one, to JSON and for people. */
gboolean     esp_curve_report_tell (const EspCurveReport  *report,
                                    const EspCommon       *common,
                                    JsonBuilder           *json,
                                    GError               **error);
void         esp_curve_fill_json   (const EspCurveReport  *report,
                                    const GPtrArray       *sentences, /* as esp_curve_sentences() gives them */
                                    JsonBuilder           *json);
/* curve.json, curve.tsv, random.tsv, correlation.tsv, curve.md, curve.png, curve.svg; curve-files.c */
gboolean     esp_curve_files_write (const EspCurveReport  *report,
                                    const GPtrArray       *sentences,
                                    GError               **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspCurveReport, esp_curve_report_clear)

G_END_DECLS
