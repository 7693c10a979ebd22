/* rows.h: the row objects of the study's lists: plain data with notifying properties, no behaviour */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Every row has a string property "label": its accessible name, as contract.md words it, kept current. Thread: main. */
#define ESP_TYPE_ROW (esp_row_get_type ())
G_DECLARE_DERIVABLE_TYPE (EspRow, esp_row, ESP, ROW, GObject)

/* One property: a plain member of the row's struct. */
typedef struct
{
  const char *name;
  GType       type;   /* G_TYPE_INT, UINT, UINT64, DOUBLE, BOOLEAN or STRING */
  gsize       offset;
} EspRowField;

struct _EspRowClass
{
  GObjectClass       parent_class;
  const EspRowField *fields;
  guint              n_fields;
  char            *(*describe) (EspRow *row);                                    /* (transfer full): the label */
  gboolean         (*write)    (EspRow *row, const char *name, const GValue *value); /* (nullable): TRUE: the value went elsewhere */
};

const char *esp_row_get_label (EspRow       *row);
void        esp_row_set       (EspRow       *row,   /* pairs of name, value as g_object_set, NULL: what the owner of the data says */
                               const char   *first,
                               ...) G_GNUC_NULL_TERMINATED;

#define ESP_TYPE_IMAGE_ROW (esp_image_row_get_type ())
G_DECLARE_FINAL_TYPE (EspImageRow, esp_image_row, ESP, IMAGE_ROW, EspRow)
/* Properties: index (uint), path (string), name (string), truths (int, -1 unlabelled), detections (int, -1 unknown), missed (int, -1
 * unknown), label. */

#define ESP_TYPE_DETECTION_ROW (esp_detection_row_get_type ())
G_DECLARE_FINAL_TYPE (EspDetectionRow, esp_detection_row, ESP, DETECTION_ROW, EspRow)
/* Properties: index (uint), class-name (string), score (double), x, y, width, height (int, image pixels), correct (int: 1 yes, 0 no, -1
 * unlabelled), label ("dog 94 %, x 120 y 30 w 180 h 220"). */

#define ESP_TYPE_CHANNEL_ROW (esp_channel_row_get_type ())
G_DECLARE_FINAL_TYPE (EspChannelRow, esp_channel_row, ESP, CHANNEL_ROW, EspRow)
/* Properties: layer (uint), channel (uint), score (double, NaN without), kept (boolean), rule (int, EspChannelRule), reason (string: why it
 * cannot go alone, "" alone), unit (uint),
 *   revision (uint: its map was made anew), label ("Channel 12, score 0.031, cut"; the states are kept, protected, cut). */

#define ESP_TYPE_GROUP_ROW (esp_group_row_get_type ())
G_DECLARE_FINAL_TYPE (EspGroupRow, esp_group_row, ESP, GROUP_ROW, EspRow)
/* Properties: index (uint), name (string), ratio (double; settable: writes to the plan), by-score (boolean; settable: the score at that
 * share is the threshold), kept (uint), total (uint), layers (string: "12, 15, 18"), revision (uint: the ranking changed), note (string:
 * "floor reached"), label. */

/* A ratio set from outside goes to @func; what the plan makes of it comes back by esp_row_set(). NULL: it is stored. */
typedef void (*EspGroupRatioFunc) (guint index, double ratio, gboolean by_score, gpointer data);
void esp_group_row_set_ratio_func (EspGroupRow       *row,
                                   EspGroupRatioFunc  func,
                                   gpointer           data);

#define ESP_TYPE_TRIAL_ROW (esp_trial_row_get_type ())
G_DECLARE_FINAL_TYPE (EspTrialRow, esp_trial_row, ESP, TRIAL_ROW, EspRow)
/* Properties: title (string: the act that led to it), map (double, NaN unlabelled), difference (double, NaN where unpruned), low, high
 * (double: of the difference, else of map), params (uint64), bytes (uint64), bflops (double), label. */

#define ESP_TYPE_LAYER_ROW (esp_layer_row_get_type ())
G_DECLARE_FINAL_TYPE (EspLayerRow, esp_layer_row, ESP, LAYER_ROW, EspRow)
/* Properties: layer (uint), title (string: "Layer 57, 120 × 20 × 20"), group (string), label (the title). */

#define ESP_TYPE_DRIFT_ROW (esp_drift_row_get_type ())
G_DECLARE_FINAL_TYPE (EspDriftRow, esp_drift_row, ESP, DRIFT_ROW, EspRow)
/* Properties: image (uint), name (string: of the image), class-name (string), before (double: score), after (double, NaN: not found any
 * more), distance (double, NaN unknown), heat-before, heat-after (double: share of the heat in the box, NaN without heat), label ("ring
 * 98 % to 41 %, drift 0.730, test-00003.png"). */

#define ESP_TYPE_LOST_ROW (esp_lost_row_get_type ())
G_DECLARE_FINAL_TYPE (EspLostRow, esp_lost_row, ESP, LOST_ROW, EspRow)
/* Properties: image (uint), name (string: of the image), class-name (string), before (double: score), error (string: in words), channels
 * (string: "layer 8: 3, 17", "" none), label ("ring 98 %, too weak a score, test-00003.png, layer 8: 3, 17"). */

G_END_DECLS
