/* rows.h: the row objects of the study's lists: plain data with notifying properties, no behaviour */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Every row has a string property "label": its accessible name, as contract.md words it, kept current. */

#define ESP_TYPE_IMAGE_ROW (esp_image_row_get_type ())
G_DECLARE_FINAL_TYPE (EspImageRow, esp_image_row, ESP, IMAGE_ROW, GObject)
/* Properties: index (uint), path (string), name (string), truths (int, -1 unlabelled), detections (int, -1 unknown), missed (int, -1 unknown), label. */

#define ESP_TYPE_DETECTION_ROW (esp_detection_row_get_type ())
G_DECLARE_FINAL_TYPE (EspDetectionRow, esp_detection_row, ESP, DETECTION_ROW, GObject)
/* Properties: index (uint), class-name (string), score (double), x, y, width, height (int, image pixels), correct (int: 1 yes, 0 no, -1 unlabelled), label ("dog 94 %, x 120 y 30 w 180 h 220"). */

#define ESP_TYPE_CHANNEL_ROW (esp_channel_row_get_type ())
G_DECLARE_FINAL_TYPE (EspChannelRow, esp_channel_row, ESP, CHANNEL_ROW, GObject)
/* Properties: layer (uint), channel (uint), score (double), kept (boolean), rule (int, EspChannelRule), reason (string: why it cannot go alone, "" alone), unit (uint),
 *   revision (uint: its map was made anew), label ("Channel 12, score 0.031, cut"). */

#define ESP_TYPE_GROUP_ROW (esp_group_row_get_type ())
G_DECLARE_FINAL_TYPE (EspGroupRow, esp_group_row, ESP, GROUP_ROW, GObject)
/* Properties: index (uint), name (string), ratio (double; settable: writes to the plan), kept (uint), total (uint), layers (string: "12, 15, 18"), revision (uint: the ranking changed), note (string: "floor reached"), label. */

#define ESP_TYPE_TRIAL_ROW (esp_trial_row_get_type ())
G_DECLARE_FINAL_TYPE (EspTrialRow, esp_trial_row, ESP, TRIAL_ROW, GObject)
/* Properties: title (string: the act that led to it), map (double, NaN unlabelled), difference (double), low, high (double), params (uint64), bytes (uint64), bflops (double), label. */

#define ESP_TYPE_LAYER_ROW (esp_layer_row_get_type ())
G_DECLARE_FINAL_TYPE (EspLayerRow, esp_layer_row, ESP, LAYER_ROW, GObject)
/* Properties: layer (uint), title (string: "Layer 57, 120 × 20 × 20"), group (string). */

G_END_DECLS
