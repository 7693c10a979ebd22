/* sensitivity.h: what cutting one layer or group alone costs, ratio by ratio */
#pragma once

#include "search/curve.h"

G_BEGIN_DECLS

/* A layer with those that go with it, or a group. */
typedef struct
{
  char       *name;       /* "57", "33+36" or the group's */
  guint       n_layers, *layers;
  guint       n_channels; /* of them all */
  EspMetered *points;     /* one a ratio; their share is of all channels of the network that can be cut */
  double     *shares;     /* one a ratio: of these channels, those that are cut; the floor can leave more than the ratio says */
  EspCliff    cliff;
} EspSensitivity;

typedef struct
{
  EspCurveInput curve;
  EspScores    *scores;
  gboolean      by_group;  /* else by layer */
  const guint  *layers;    /* (nullable): only those that hold one of these; NULL: all */
  guint         n_layers;
  /* (nullable): a row is measured; @whole: the network as it is. Thread: lane. */
  void        (*tell) (const EspSensitivity *row, const EspMetered *whole, gpointer data);
  gpointer      tell_data;
} EspSensitivityInput;

/* (transfer full): of EspSensitivity, in network order. */
GPtrArray *esp_sensitivity_measure (const EspSensitivityInput *input,
                                    EspMetered                *whole,  /* (out): the network as it is */
                                    EspJob                    *job,
                                    GError                   **error);
/* Where chance lies for one of the rows: the lowest share by numbers drawn by lot, all else whole. */
gboolean   esp_sensitivity_band    (const EspSensitivityInput *input,  /* its scores are not looked at */
                                    const EspSensitivity      *row,
                                    guint                      n_seeds,
                                    guint64                    seed,
                                    EspBandPoint              *band,   /* (out caller-allocates): n_ratios */
                                    EspJob                    *job,
                                    GError                   **error);
EspSensitivity *esp_sensitivity_copy (const EspSensitivity    *row,
                                      guint                    n_ratios);
void       esp_sensitivity_free    (EspSensitivity            *row);

G_END_DECLS
