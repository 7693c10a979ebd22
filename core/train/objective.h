/* objective.h: the registry of what training makes small */
#pragma once

#include "base/knob.h"
#include "net/parameter-vector.h"
#include "train/batch.h"
#include "train/loss.h"
#include "train/seeds.h"

G_BEGIN_DECLS

/* One sub-batch after its forward. */
typedef struct
{
  EspEngine      *engine;
  const EspBatch *batch;
  EspSeeds       *seeds; /* gradients of the sum over images are added here */
  EspLossParts    parts; /* and the loss here */
} EspObjectiveStep;

typedef struct
{
  const char                  *id, *title, *source;
  const EspKnob *parameters;
  guint                        n_parameters;
  gboolean                   (*leads)    (const EspNetwork *network); /* whether this is what such a network is trained for; NULL: never by
                                                                       * itself */
  gpointer                   (*begin)    (EspNetwork *network, const double *values, GError **error);
  void                       (*end)      (gpointer term);
  const guint               *(*watch)    (gpointer term, guint *n);   /* (nullable): layers besides heads' inputs that it reads or seeds */
  gboolean                   (*seed)     (gpointer term, EspObjectiveStep *step, GError **error);           /* (nullable): once a sub-batch */
  void                       (*gradient) (gpointer term, EspParameterVector *vector, guint n_images, EspLossParts *parts); /* (nullable):
                                                                                                                            * once
                                                                                                       an update: adds n_images times its own */
} EspObjective;

const EspObjective *esp_objective_get   (guint              i);       /* row i; NULL behind the last */
const EspObjective *esp_objective_find  (const char        *id);      /* NULL if there is none */
const EspObjective *esp_objective_of    (const EspNetwork  *network); /* what it is trained for; NULL for one without head or classes */

/* An objective with its numbers: one term of the loss. */
typedef struct
{
  const EspObjective *objective;
  double             *values; /* of its parameters */
} EspTerm;

EspTerm  *esp_term_new   (const EspObjective *objective);            /* (transfer full): with the presets */
EspTerm  *esp_term_parse (const char         *text,                  /* "detection" or "detection:box-gradient=exact,box-gain=2" */
                          GError            **error);
gboolean  esp_term_set   (EspTerm            *term,
                          const char         *id,
                          const char         *value,                 /* a number in the C locale, or one of the words */
                          GError            **error);
char     *esp_term_to_text (const EspTerm    *term);                 /* (transfer full): what esp_term_parse() reads */
EspTerm  *esp_term_copy  (const EspTerm      *term);
void      esp_term_free  (EspTerm            *term);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspTerm, esp_term_free)

G_END_DECLS
