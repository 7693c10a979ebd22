/* layer-private.h: the row that each kind of layer registers, and what its reader is given */
#pragma once

#include "kernels/kernel.h"
#include "net/layer.h"
#include "net/tree.h"
#include "net/weights.h"

G_BEGIN_DECLS

#define ESP_MOST_SIDE        65536                 /* channels, rows, columns, filters */
#define ESP_MOST_NUMBERS     (G_GUINT64_CONSTANT (1) << 28) /* of one layer's output */
#define ESP_MOST_ALL_NUMBERS (G_GUINT64_CONSTANT (1) << 30) /* of all outputs together */
#define ESP_MOST_CHANNELS    (G_GUINT64_CONSTANT (1) << 22) /* of all outputs together: couplings and masks count them one by one */
#define ESP_MOST_PARAMS      (G_GUINT64_CONSTANT (1) << 28) /* of all layers together */

typedef struct
{
  const EspCfg   *cfg;
  guint           section;
  EspShape        image;
  const EspLayer *layers; /* those before this one */
  guint           n_layers;
  EspDialect      dialect; /* auto: pjreddie's is still possible */
} EspLayerReader;

/* A key that changes the computation, and the one value of it that we run. */
typedef struct
{
  const char *key;
  const char *neutral; /* NULL: only its absence */
} EspFixedKey;

typedef struct
{
  const char *name;
  const char *alias; /* (nullable) */
  /* Reads the section. kind, index, section, line are set, and in and inputs to the layer before; sets out and what is the kind's own. */
  gboolean (*read) (const EspLayerReader *reader, EspLayer *layer, GError **error);
  /* What the engine compiles; op, geometry and what else of the specification is the layer's own. Layouts, activation and parameters are
   * set. */
  void (*spec) (const EspLayer *layer, EspSpec *spec);
  /* (nullable): the operation that gives the gradient of the parameters: reads what the layer reads and, last, the gradient of its value
   * before the activation; op, geometry and the shape of the output, the weights, are the layer's own. */
  void (*spec_parameters) (const EspLayer *layer, EspSpec *spec);
  /* (nullable): passes on its input as it is. */
  gboolean (*is_alias) (const EspLayer *layer);
  gboolean is_head;
  /* (nullable): numbers in the weights file, with n_in and n_out channels kept. */
  guint64 (*params) (const EspLayer *layer, guint n_in, guint n_out);
  /* (nullable) (transfer full): zeroed parameters of the whole layer; NULL: where it has some they are weights alone, without biases. */
  EspParams *(*new_params) (const EspLayer *layer);
  /* In the file weights stand before scales, means and variances. */
  gboolean weights_first;
  /* (nullable): as darknet counts, with n_in and n_out channels kept. */
  double (*flops) (const EspLayer *layer, guint n_in, guint n_out);
  /* Keep-bits of the output from those of the inputs; NULL where the layer owns its bits. */
  void (*flow) (const EspLayer *layer, const guint8 *const *in, const guint *n_in, guint8 *out);
  /* (nullable): whether what is kept can be cut out; the message names the layer. in: the bits of all inputs. */
  gboolean (*check) (const EspLayer *layer, const guint8 *const *in, const guint *n_in, const guint8 *out, GError **error);
  /* (nullable): what tells it apart from others of its kind. */
  char *(*describe) (const EspLayer *layer);
} EspLayerRow;

extern const EspLayerRow esp_row_convolutional;
extern const EspLayerRow esp_row_maxpool;
extern const EspLayerRow esp_row_upsample;
extern const EspLayerRow esp_row_route;
extern const EspLayerRow esp_row_shortcut;
extern const EspLayerRow esp_row_dropout;
extern const EspLayerRow esp_row_yolo;
extern const EspLayerRow esp_row_region;
extern const EspLayerRow esp_row_softmax;
extern const EspLayerRow esp_row_scale_channels;
extern const EspLayerRow esp_row_sam;
extern const EspLayerRow esp_row_reorg;
extern const EspLayerRow esp_row_reorg3d;
extern const EspLayerRow esp_row_cost;
extern const EspLayerRow esp_row_avgpool;
extern const EspLayerRow esp_row_local_avgpool;
extern const EspLayerRow esp_row_connected;

gboolean           esp_cfg_is_alexeys    (const EspCfg          *cfg);
gboolean           esp_dialect_check     (const EspLayerReader  *reader, /* nothing that pjreddie's darknet would pass over, where it is
                                                                          * meant */
                                          GError               **error);
const EspLayerRow *esp_layer_row         (EspLayerKind           kind);
gboolean           esp_layer_kind_parse  (const char            *name,
                                          EspLayerKind          *kind);
void               esp_layer_clear       (EspLayer              *layer);
EspShape           esp_reader_shape      (const EspLayerReader  *reader, /* of an earlier layer's output, -1: the image */
                                          int                    layer);
gboolean           esp_reader_int        (const EspLayerReader  *reader,
                                          const char            *key,
                                          int                    fallback,
                                          int                    lowest,
                                          int                    highest,
                                          int                   *value,
                                          GError               **error);
gboolean           esp_reader_strides    (const EspLayerReader  *reader, /* stride_x and stride_y, each else stride, else 1 */
                                          int                   *x,
                                          int                   *y,
                                          GError               **error);
gboolean           esp_reader_fixed      (const EspLayerReader  *reader, /* refuses a key that has another value than the one we run */
                                          const EspFixedKey     *keys,
                                          guint                  n_keys,
                                          GError               **error);
gboolean           esp_reader_activation (const EspLayerReader  *reader,
                                          EspActivation          fallback,
                                          EspActivation         *activation,
                                          GError               **error);
gboolean           esp_reader_sources    (const EspLayerReader  *reader, /* layer numbers, negative ones counted back; checked */
                                          const char            *key,
                                          GArray               **sources, /* (out) (transfer full): of int */
                                          GError               **error);
gboolean           esp_reader_gated      (const EspLayerReader  *reader, /* from= and activation= of a product: the layer before times an
                                                                          * earlier one */
                                          EspLayer              *layer,
                                          GError               **error);
gboolean           esp_reader_tree       (const EspLayerReader  *reader, /* the file that tree= names, which has @n classes */
                                          gsize                  n,
                                          EspTree              **tree,   /* (out) (transfer full) (nullable): NULL without the key */
                                          GError               **error);
gboolean           esp_check_joined      (const EspLayer        *layer,  /* one channel of two inputs: both kept or both cut, else an
                                                                          * error */
                                          guint                  x,
                                          guint                  y,
                                          int                    channel,
                                          const guint8 *const   *in,
                                          GError               **error);
gboolean           esp_check_all_kept    (const EspLayer        *layer,  /* what a head or a softmax reads has a fixed meaning: nothing of
                                                                          * it is cut */
                                          const guint8 *const   *in,
                                          const guint           *n_in,
                                          const guint8          *out,
                                          GError               **error);
guint              esp_count_kept        (const guint8          *bits,
                                          int                    n);
gboolean           esp_head_check_input  (const EspLayerReader  *reader, /* channels are those of anchors and classes; sets out */
                                          EspLayer              *layer,
                                          GError               **error);
gboolean           esp_head_set_anchors  (const EspLayerReader  *reader, /* the pairs of @all that @mask names */
                                          const GArray          *all,
                                          const GArray          *mask,
                                          EspHead               *head,
                                          GError               **error);
char              *esp_head_describe     (const EspLayer        *layer);
void               esp_head_spec         (const EspLayer        *layer,
                                          EspSpec               *spec);
void               esp_flow_pass         (const EspLayer        *layer,  /* what goes in comes out */
                                          const guint8 *const   *in,
                                          const guint           *n_in,
                                          guint8                *out);

G_END_DECLS
