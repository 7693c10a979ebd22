/* layer.h: what one layer is: one small struct a kind, and the row that knows how to read it */
#pragma once

#include "kernels/kernel.h"
#include "net/cfg.h"
#include "net/tree.h"
#include "tensor/activation.h"
#include "tensor/shape.h"

G_BEGIN_DECLS

/* Whose darknet a cfg is read for, where they differ. */
typedef enum
{
  ESP_DIALECT_AUTO, /* pjreddie's where a shortcut joins maps of unequal size and nothing is AlexeyAB's alone, else AlexeyAB's */
  ESP_DIALECT_ALEXEY,
  ESP_DIALECT_PJREDDIE,
} EspDialect;

typedef enum
{
  ESP_LAYER_CONVOLUTIONAL,
  ESP_LAYER_MAXPOOL,
  ESP_LAYER_UPSAMPLE,
  ESP_LAYER_ROUTE,
  ESP_LAYER_SHORTCUT,
  ESP_LAYER_DROPOUT,
  ESP_LAYER_YOLO,
  ESP_LAYER_REGION,
  ESP_LAYER_SOFTMAX,
  ESP_LAYER_SCALE_CHANNELS,
  ESP_LAYER_SAM,
  ESP_LAYER_REORG,
  ESP_LAYER_REORG3D,
  ESP_LAYER_COST,
  ESP_LAYER_AVGPOOL,
  ESP_LAYER_LOCAL_AVGPOOL,
  ESP_LAYER_CONNECTED,
  ESP_N_LAYER_KINDS,
} EspLayerKind;

typedef struct
{
  int      filters;
  int      groups;          /* 1, or a divisor of the input channels up to depthwise */
  int      size;            /* kernel side */
  int      stride_x, stride_y;
  int      dilation;        /* rows and columns from one weight to the next */
  int      pad;             /* zeros at each border */
  gboolean batch_normalize;
} EspConvolutional;

typedef struct
{
  int size;
  int stride_x, stride_y;
  int padding; /* in all; padding / 2 of it before, the rest behind (darknet) */
} EspMaxpool;

typedef struct
{
  int      output;          /* channels of 1 x 1 */
  gboolean batch_normalize;
} EspConnected;

typedef struct
{
  double   probability; /* of training: that a number becomes 0 */
  gboolean blocks;      /* AlexeyAB's dropblock: whole squares become 0 */
} EspDropout;

typedef struct
{
  int    stride; /* nearest neighbour */
  double scale;  /* what every number is multiplied by, 1 mostly */
} EspUpsample;

typedef struct
{
  int groups; /* every input in so many equal parts */
  int group;  /* the part that is taken of each */
} EspRoute;

typedef struct
{
  gboolean over_map; /* scale_wh=1: one gate a pixel; else one a channel */
} EspScaleChannels;

typedef struct
{
  EspAddWeights weights;
  EspAddNormal  normal;
  double        alpha, beta; /* pjreddie's factors of what both inputs have; 1 mostly */
  gboolean      strided;     /* the second input is a map of another size (pjreddie) */
} EspShortcut;

typedef struct
{
  int      stride;
  gboolean reverse; /* channels to pixels */
  int      extra;   /* pjreddie's: every number a channel of its own, then so many zeros; 0: not so */
} EspReorg;

/* A head: of each anchor at each cell x, y, w, h, objectness and one number a class. */
typedef struct
{
  int      classes;
  int      n_anchors; /* anchors of this head; channels = n_anchors * (5 + classes) */
  double  *anchors;   /* n_anchors pairs w, h: of [yolo] in pixels of the network's input, of [region] in cells of the map */
  double   beta_nms;  /* not used by greedy suppression */
  double   scale;     /* of x and y about the middle of the cell (scale_x_y) */
  gboolean activated; /* the numbers come activated, and w and h are (2 w)² and (2 h)² anchors (new_coords) */
  gboolean softmax;   /* over the classes; else a logistic function of each */
  EspTree *tree;      /* (nullable): a softmax over each of its groups instead */
} EspHead;

typedef struct
{
  int    groups;      /* equal parts of the input in c h w order */
  double temperature; /* what the input is divided by */
  EspTree *tree;      /* (nullable): its groups instead */
} EspSoftmax;

/* One layer, immutable after the network is read. */
typedef struct
{
  EspLayerKind   kind;
  guint          index;      /* as darknet counts: the first after [net] is 0 */
  guint          section;    /* in the cfg */
  guint          line;       /* of the section, 1-based */
  EspShape       in;         /* of inputs[0]; n = 1 */
  EspShape       out;        /* n = 1 */
  guint          n_inputs;
  int           *inputs;     /* layer indices, -1 is the image; never empty */
  EspActivation  activation; /* linear where the kind has none */
  union
  {
    EspConvolutional conv;
    EspMaxpool       maxpool;
    EspMaxpool       local_avgpool; /* the mean instead */
    EspConnected     connected;
    EspUpsample      upsample;
    EspDropout       dropout;
    EspRoute         route;
    EspScaleChannels scale_channels;
    EspShortcut      shortcut;
    EspReorg         reorg;
    EspHead          head; /* of [yolo] and [region] */
    EspSoftmax       softmax;
  };
} EspLayer;

const char *esp_dialect_name       (EspDialect      dialect); /* "auto", "alexey", "pjreddie" */
const char *esp_layer_kind_name    (EspLayerKind    kind);
gboolean    esp_layer_is_depthwise (const EspLayer *layer); /* a convolution each of whose inputs makes channels of its own, one mostly */
gboolean    esp_layer_is_head      (const EspLayer *layer); /* makes boxes: its output is an activated map */
gboolean    esp_layer_is_alias     (const EspLayer *layer); /* passes on its input as it is, so that both can share one place */

guint       esp_reorg_sources      (const EspLayer *layer, /* how many channels make this one of [reorg]'s or [reorg3d]'s output */
                                    guint           channel,
                                    guint          *first,
                                    guint          *step); /* from one to the next */

void        esp_layer_fill_spec    (const EspLayer *layer, /* the operation: op, geometry and what else is the layer's own */
                                    EspSpec        *spec);

char       *esp_layer_describe     (const EspLayer *layer); /* (transfer full): "3 x 3 / 2 leaky", "adds 33"; not translated */

G_END_DECLS
