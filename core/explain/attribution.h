/* attribution.h: the registry of attribution methods */
#pragma once

#include "base/knob.h"
#include "explain/heatmap.h"
#include "explain/target.h"

G_BEGIN_DECLS

typedef struct _EspAttribution EspAttribution;
typedef struct _EspExplainer EspExplainer; /* explainer.h */

/* What a method can give, together. */
typedef enum
{
  ESP_GIVES_LAYERS = 1 << 0,   /* heatmaps at layers, of all channels or of one */
  ESP_GIVES_PIXELS = 1 << 1,   /* a heatmap at the pixels */
  ESP_GIVES_CHANNELS = 1 << 2, /* a score per channel of any layer */
  ESP_WANTS_BOX = 1 << 3,      /* explains one box only, found or drawn */
  ESP_KEEPS_LAYER = 1 << 4,    /* of a run for one layer only that layer and the pixels can be read; one for every layer costs much
                                * memory */
} EspGives;

/* Where a method beats all four maps that know nothing of the network, without random order beating it at the other. */
typedef enum
{
  ESP_PROVED_DELETION = 1 << 0,
  ESP_PROVED_INSERTION = 1 << 1,
} EspProved;

#define ESP_PIXELS       (-1) /* in place of a layer */
#define ESP_EVERY_LAYER  (-2) /* any layer may be read, but not the pixels: which of them is not known, or several are */

/* One row of the registry. A method runs once for an image and a target; what was asked for is then read from it without another run. */
struct _EspAttribution
{
  const char    *id;        /* "gradient-activation" */
  const char    *title;     /* translatable, sentence case */
  const char    *source;    /* paper and equation */
  const char    *unit;
  gboolean       is_signed;
  guint          gives;     /* of EspGives */
  guint          proved;    /* of EspProved, as docs/results/faithfulness.md has it: a test compares; 0: not, or not measured */
  EspAt          at;        /* where its score of a channel is taken unless something else is said, */
  EspReduce      reduce;    /* and how; 0: before batch normalisation, signed maximum */
  const EspKnob *knobs;
  guint          n_knobs;
  gboolean     (*open)  (EspExplainer *explainer, GError **error); /* (nullable): makes the method's own state */
  void         (*close) (gpointer state);                          /* (nullable) */
  /* Leaves the explainer's count and value of the target filled in. */
  gboolean     (*run)   (EspExplainer *explainer, const float *input, const EspTarget *target, int layer, EspJob *job, GError **error);
  /* h * w numbers of the layer's shape, or of the network's input at the pixels. */
  gboolean     (*map)   (EspExplainer *explainer, int layer, int channel, float *values, GError **error);
  /* c numbers. */
  gboolean     (*score) (EspExplainer *explainer, guint layer, EspAt at, EspReduce reduce, float *scores, GError **error);
};

const EspAttribution *esp_attribution_find (const char *id);
/* "ID" or "ID:KNOB=VALUE,KNOB=VALUE"; NULL with ESP_ERROR_FORMAT, which lists the rows or says what is wrong with the numbers. */
const EspAttribution *esp_attribution_parse (const char *text,
                                             double    **knobs, /* (out) (transfer full): NULL for a method without */
                                             GError    **error);
char                 *esp_attribution_list  (void);        /* (transfer full): a line a row: its id and its knobs with their presets */
const EspAttribution *esp_attribution_get  (guint       i);  /* row i; NULL behind the last */

G_END_DECLS
