/* speed.h: how much faster a plan makes a network, whole, by group and by layer */
#pragma once

#include "measure/latency-gain.h"
#include "prune/plan.h"

G_BEGIN_DECLS

typedef struct
{
  EspNetwork             *network;
  EspWeights             *weights;
  EspMask                *mask;    /* what is kept */
  const int              *parts;   /* of every layer, by esp_speed_parts() */
  guint                   n_parts;
  const EspEngineOptions *options; /* backend and form of the batch normalisation; the rest is set here */
  guint                   turns, repeats; /* as EspLatencyPairInput has them */
  double                  seconds;
} EspSpeedInput;

typedef struct
{
  EspLatencyGain gain;
  guint          n_before, n_after;          /* channels; of a part those of its convolutions */
  char          *kernel_before, *kernel_after; /* (nullable): of a layer: what runs it */
} EspSpeedRow;

typedef struct
{
  EspSpeedRow  whole;
  guint        n_parts, n_layers;
  EspSpeedRow *parts;  /* groups in their order, then all layers that belong to none */
  EspSpeedRow *layers;
  guint        turns;  /* taken */
} EspSpeed;

/* (transfer full): of every layer the group whose channels it writes, else n groups. Thread: that of the plan. */
int      *esp_speed_parts   (EspPlan             *plan);
/* (transfer full). Thread: lane, with nothing else running. */
EspSpeed *esp_speed_measure (const EspSpeedInput *input,
                             EspJob              *job,
                             GError             **error);
void      esp_speed_free    (EspSpeed            *speed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspSpeed, esp_speed_free)

G_END_DECLS
