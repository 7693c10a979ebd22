/* verbs.h: one row for each file of this folder that is a verb */
#pragma once

#include "verb.h"

extern const EspVerb esp_verb_ablate;
extern const EspVerb esp_verb_drift;
extern const EspVerb esp_verb_latency;
extern const EspVerb esp_verb_lens;
extern const EspVerb esp_verb_anchors;
extern const EspVerb esp_verb_curve;
extern const EspVerb esp_verb_dataset;
extern const EspVerb esp_verb_attribute;
extern const EspVerb esp_verb_augment;
extern const EspVerb esp_verb_faithfulness;
extern const EspVerb esp_verb_figure;
extern const EspVerb esp_verb_info;
extern const EspVerb esp_verb_bench;
extern const EspVerb esp_verb_blocks;
extern const EspVerb esp_verb_budget;
extern const EspVerb esp_verb_sample;
extern const EspVerb esp_verb_detect;
extern const EspVerb esp_verb_evaluate;
extern const EspVerb esp_verb_dump;
extern const EspVerb esp_verb_gradient;
extern const EspVerb esp_verb_onnx;
extern const EspVerb esp_verb_recipe;
extern const EspVerb esp_verb_score;
extern const EspVerb esp_verb_sensitivity;
extern const EspVerb esp_verb_groups;
extern const EspVerb esp_verb_plan;
extern const EspVerb esp_verb_prune;
extern const EspVerb esp_verb_verify;
extern const EspVerb esp_verb_train;
extern const EspVerb esp_verb_why;
