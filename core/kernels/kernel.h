/* kernel.h: the table of compiled operations: what one layer computes, forward and backward */
#pragma once

#include "kernels/layout.h"
#include "kernels/product.h"
#include "tensor/activation.h"

G_BEGIN_DECLS

typedef enum
{
  ESP_OP_CONVOLUTION, /* out = act (gain * (weights (*) in) + bias) */
  ESP_OP_CONVOLUTION_WEIGHTS, /* in[0], and the gradient of the value before the activation: the gradients of weights and bias; of weights
                               * alone where they are learned */
  ESP_OP_CHANNEL_SUMS, /* out: of each channel of in[0] the sum over images, rows and columns: the gradient of a bias */
  ESP_OP_NORMALIZE,   /* out = act (gamma (in[0] - mean) / sqrt (variance + 1e-5) + beta), mean and variance those of each channel over
                       * images, rows and columns; in[1]: plain, all gammas, then all betas. It keeps EspMoments */
  ESP_OP_ACTIVATION,  /* out = act (in) */
  ESP_OP_MAXPOOL,
  ESP_OP_AVGPOOL,     /* the mean of what lies under the window, which is never all beyond the border */
  ESP_OP_UPSAMPLE,    /* nearest neighbour */
  ESP_OP_CONCAT,      /* channels of all inputs in a row, of each only one of its parts where there are groups */
  ESP_OP_ADD,         /* out = act (f[0] in[0] + f[1] in[1] + ...), of each input the channels that the first has too. Of two, the second
                       * may be of another size: as pjreddie strides, every (w1 / w2)th of its pixels, or onto every (w2 / w1)th */
  ESP_OP_ADD_WEIGHTS, /* what a weighted sum reads, and the gradient of the value before the activation: the gradient of its weights */
  ESP_OP_HEAD,        /* logistic of x, y, objectness and classes of each anchor, or softmax of its classes, of all or of each part; w and h
                       * as they are; then x, y times scale about 1/2 */
  ESP_OP_SOFTMAX,     /* of in * scale over each of the groups, or of the parts, of one image's numbers in c h w order */
  ESP_OP_MULTIPLY,    /* out = act (in[0] * in[1]); in[0] is as large as in[1], or has one number a channel, or one a pixel */
  ESP_OP_REORG,       /* pixels to channels or back, a permutation (see EspReorgWay) */
  ESP_N_OPS,
} EspOp;

/* With stride s, and an input of c x h x w: */
typedef enum
{
  ESP_REORG_FLAT,   /* darknet's [reorg]: its input's memory read as c / s² planes of h s x w s; channel p + (c / s²) (y s + x) of h x w
                     * takes the pixels (y, x) of each s x s of plane p; that memory read as c s² channels of h / s x w / s */
  ESP_REORG_DEEPER, /* c s² x h / s x w / s: channel p + c (y s + x) takes the pixels (y, x) of each s x s of channel p */
  ESP_REORG_WIDER,  /* c / s² x h s x w s: the way back */
  ESP_REORG_APART,  /* more than c h w channels of one pixel: the numbers in c h w order, then zeros */
} EspReorgWay;

typedef enum { ESP_ADD_UNWEIGHTED, ESP_ADD_PER_INPUT, ESP_ADD_PER_CHANNEL } EspAddWeights;

/* w; relu (w) / (sum of relu (w) + 1e-4); exp (w - largest w) / (sum of those + 1e-4); over the inputs (AlexeyAB) */
typedef enum { ESP_ADD_AS_IS, ESP_ADD_RELU, ESP_ADD_SOFTMAX } EspAddNormal;

/* The whole numbers of an operation: compared byte for byte, so ints only; what an operation does not use is 0. */
typedef struct
{
  int groups;             /* convolution; concat: equal parts of each input, 0 as 1; softmax: equal parts of an image's numbers */
  int size_h, size_w;     /* of a window: convolution, pools */
  int stride_h, stride_w; /* of a window, likewise */
  int pad;                /* convolution: at each border; pools: before the first row and column */
  int dilation;           /* convolution: rows and columns from one weight to the next, at least 1 */
  int stride;             /* upsample, reorg */
  int entries;            /* head: 5 + classes */
  int softmax;            /* head: how many of the entries, the last ones, are a softmax; 0: none */
  int activated;          /* head: 1: the numbers come activated, only x and y are scaled */
  int pool;               /* convolution: 2: out is what a max-pool of side 2, stride 2 makes of it (see esp_kernels_take); 0: none */
  int group;              /* concat: the part that is taken */
  int way;                /* reorg: an EspReorgWay */
  int weights, normal;    /* add: an EspAddWeights and an EspAddNormal */
} EspGeometry;

/* What to compile. Pointers are only borrowed during esp_kernel_new, which packs what it needs. */
typedef struct
{
  EspOp            op;
  gboolean         backward;   /* esp_call_new_backward will be asked for, and forward keeps what it needs */
  guint            n_in;
  const EspLayout *in;
  EspLayout        out;
  EspActivation    activation; /* convolution, activation, add; maxpool: backward goes on through the activation that wrote its input, where
                                * esp_kernels_take() has that, and then stores, it does not add */
  EspGeometry      geometry;
  double           scale[2];   /* upsample: what its numbers are multiplied by; add: what the channels are that both inputs have, of the
                                * first and of the others; head: what x and y are about 1/2; softmax: what its numbers are */
  const float     *weights;    /* convolution: out.c * (in.c / groups) * size_h * size_w */
  const double    *gain;       /* (nullable): out.c factors of the weights, multiplied in double before they are packed */
  const double    *bias;       /* out.c */
  gboolean         learned;    /* convolution: weights and bias are values that every run reads: in[1], plain {out.c, in.c / groups, size_h,
                                * size_w}, and, where n_in is 3, in[2], plain {1, out.c, 1, 1}; weights, gain and bias are NULL, and backward
                                * is of input 0. convolution weights: out has no biases. add: its weights are the last value that it reads,
                                * plain; add weights: they come before the gradient */
  const int       *parts;      /* (nullable): head, softmax: how many numbers each softmax runs over, one behind the other: all of the
                                * head's classes, or all of an image's numbers; NULL: one over all (of each group) */
  guint            n_parts;
} EspSpec;

/* The addresses a call is tied to, in the layouts of the spec; the values must outlive the call. */
typedef struct
{
  const void *const *in;      /* n_in values; backward reads them only of operations that need them (see esp_kernel_new) */
  void              *out;     /* the output value */
  void              *kept;    /* esp_kernel_get_kept () bytes that forward leaves for backward, or NULL */
  void              *scratch; /* esp_kernel_get_scratch () bytes, 64-byte aligned, or NULL */
} EspCallValues;

/* What a normalization keeps, doubles in every set: c numbers of each, one array behind the other. */
typedef enum
{
  ESP_MOMENT_MEAN,
  ESP_MOMENT_VARIANCE, /* the sum of squared distances from the mean, divided by their number */
  ESP_MOMENT_GAMMA,    /* backward leaves the gradients of gamma and beta; it stores */
  ESP_MOMENT_BETA,
  ESP_N_MOMENTS,
} EspMoment;

typedef struct _EspKernelSet EspKernelSet;
typedef struct _EspKernel EspKernel;
typedef struct _EspCall EspCall;

/* The sets are static; the address is the identity. */
const EspKernelSet *esp_kernels_onednn           (void);                      /* float32, blocked layouts */
const EspKernelSet *esp_kernels_bfloat16         (void);                      /* the same, convolutions in bfloat16; NULL where it gains
                                                                               * nothing */
const EspKernelSet *esp_kernels_reference        (void);                      /* plain C, float32 */
const EspKernelSet *esp_kernels_reference_double (void);                      /* the same source, float64 */

EspLayout           esp_kernels_layout           (const EspKernelSet *set,
                                                  EspShape            shape,  /* n = batch */
                                                  gboolean            plain); /* n c h w whatever the set likes */

/* Whether the set joins what @spec asks for in one operation; asked before a spec with a pool is compiled. */
gboolean            esp_kernels_take             (const EspKernelSet *set,
                                                  const EspSpec      *spec);

EspLayout           esp_kernels_layout_between   (const EspKernelSet *set,    /* of a value that only convolutions write and read */
                                                  EspShape            shape,
                                                  EspActivation       activation); /* of the one that writes it */

/* Immutable once made, shared by any number of calls. Thread: oneDNN's in the lane that made them; a reference's in any. */
EspKernel          *esp_kernel_new               (const EspKernelSet *set,
                                                  const EspSpec      *spec,
                                                  GError            **error);
EspKernel          *esp_kernel_ref               (EspKernel          *kernel);
void                esp_kernel_unref             (EspKernel          *kernel);
gboolean            esp_kernel_fits              (const EspKernel    *kernel, /* compiled for this, weights apart */
                                                  const EspKernelSet *set,
                                                  const EspSpec      *spec);
gsize               esp_kernel_get_scratch       (const EspKernel    *kernel); /* bytes a call may use while it runs */
gsize               esp_kernel_get_kept          (const EspKernel    *kernel); /* bytes forward leaves for backward; normalize: see
                                                                                * EspMoment */
gsize               esp_kernel_get_packed        (const EspKernel    *kernel); /* bytes of packed weights */
const char         *esp_kernel_get_name          (const EspKernel    *kernel); /* of the implementation, for logs */

/* A kernel tied to addresses, so that running it neither allocates nor looks anything up. */
EspCall            *esp_call_new_forward         (EspKernel           *kernel,
                                                  const EspCallValues *values);
EspCall            *esp_call_new_again           (EspKernel           *kernel, /* normalize: out once more, from what was kept */
                                                  const EspCallValues *values);
EspCall            *esp_call_new_backward        (EspKernel           *kernel,
                                                  guint                input,    /* whose gradient is computed */
                                                  const EspCallValues *values,   /* of the forward call */
                                                  const void          *grad_out, /* convolution: of the value before the activation */
                                                  void                *grad_in);
gboolean            esp_call_run                 (EspCall            *call,
                                                  gboolean            add);    /* backward: add to grad_in instead of storing; convolution
                                                                                * weights and channel sums: add to out */
gboolean            esp_call_bends               (const EspCall      *call);   /* whether there is for it: */
gboolean            esp_call_run_bent            (EspCall              *call,
                                                  gboolean              add,  /* only without @in */
                                                  const EspProductBend *out,  /* (nullable) */
                                                  float                *out_scores,
                                                  const EspProductBend *in,   /* (nullable) */
                                                  float                *in_scores);
void                esp_call_free                (EspCall            *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspKernel, esp_kernel_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCall, esp_call_free)

G_END_DECLS
