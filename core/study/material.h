/* material.h: everything that was opened for one piece of work, immutable afterwards */
#pragma once

#include "measure/evaluate.h"
#include "score/criterion.h"
#include "score/coupling.h"
#include "study/study.h"

G_BEGIN_DECLS

typedef struct
{
  EspNetwork        *network;
  EspWeights        *weights;
  EspCoupling       *coupling;
  EspScores         *scores;       /* of the first criterion, which needs no images */
  EspDataset        *dataset;      /* (nullable) */
  EspClassMap       *map;          /* (nullable): NULL without truth */
  EspImageCache     *cache;        /* (nullable) */
  char             **names;        /* (nullable): of the network's classes */
  EspEvaluateOptions options;      /* batch 1 */
  const EspProtocol *protocol;     /* darknet's */
  guint              n_images;
  guint              n_classes;    /* of the network */
  char              *cfg_hash;     /* whole SHA-256 of the files as opened */
  char              *weights_hash;
  EspStudyFiles      files;        /* as opened */
  char              *title;
  char              *notice;       /* what was left out of the data; "" nothing */
  char              *plan;         /* (nullable): a plan file that fits both hashes */
} EspMaterial;

/* Interval of every number of the study; the same as the headless program's. */
#define ESP_STUDY_REPLICATES 2000
#define ESP_STUDY_SEED       1

EspMaterial *esp_material_load      (const EspStudyFiles *files,
                                     EspJob              *job,
                                     GError             **error);
EspMaterial *esp_material_ref       (EspMaterial         *material);
void         esp_material_unref     (EspMaterial         *material);
EspScores   *esp_material_score     (EspMaterial         *material,
                                     const EspCriterion  *criterion,
                                     EspLane             *lane,      /* (nullable): yields there */
                                     EspJob              *job,
                                     GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspMaterial, esp_material_unref)

G_END_DECLS
