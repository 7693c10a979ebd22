/* kernel-private.h: what the sets of kernels share */
#pragma once

#include "kernels/kernel.h"

G_BEGIN_DECLS

/* One row of a set: how an operation is compiled and run. */
typedef struct
{
  gboolean (*takes)    (const EspSpec *spec); /* only of a set's special rows */
  gboolean (*compile)  (EspKernel  *kernel,   /* (nullable): fills compiled, scratch, kept, packed, name */
                        const EspSpec *spec,
                        GError    **error);
  void     (*release)  (gpointer    compiled);
  gboolean (*bind)     (EspCall    *call);    /* (nullable): fills bound */
  void     (*unbind)   (gpointer    bound);
  gboolean (*forward)  (EspCall    *call);
  gboolean (*backward) (EspCall    *call,
                        gboolean    add);
  gboolean (*backward_bent) (EspCall              *call, /* (nullable): see esp_call_run_bent() */
                             gboolean              add,
                             const EspProductBend *out,
                             float                *out_scores,
                             const EspProductBend *in,
                             float                *in_scores);
} EspKernelRow;

struct _EspKernelSet
{
  const char          *name;
  gsize                size;             /* bytes of a number */
  gboolean             half;             /* convolutions multiply in bfloat16, and read such values */
  gboolean           (*halves) (EspActivation activation); /* with half: a convolution that ends in it can write such values */
  int                (*block) (void);    /* channels side by side in its values */
  const EspKernelRow  *const *special[ESP_N_OPS]; /* (nullable): a list that ends with NULL; the first that takes it runs it */
  const EspKernelRow  *rows[ESP_N_OPS];           /* run the rest */
};

struct _EspKernel
{
  const EspKernelSet *set;
  const EspKernelRow *row;
  EspSpec             spec; /* with in and parts copied, and weights, gain and bias NULL */
  const char         *name;
  gsize               scratch, kept, packed;
  gpointer            compiled;
};

struct _EspCall
{
  EspKernel   *kernel;
  gboolean     is_backward, is_again;
  gboolean     add;      /* forward: add to out */
  guint        input;
  const void **in;       /* n_in values */
  void        *out;
  const void  *grad_out; /* backward only */
  void        *grad_in;  /* backward only: of input number @input */
  void        *kept;
  void        *scratch;
  gpointer     bound;
};

/* add-factors.c */
guint   esp_add_count        (const EspSpec *spec);
double *esp_add_factors      (const EspSpec *spec);
void    esp_add_fill_factors (const EspSpec *spec, const void *learned, double *factors);
void    esp_add_fill_slopes  (const EspSpec *spec, const void *learned, const double *factors, double *slopes, double *lost, double *room);

/* The gradient of a sum's weights, of any set; add-weights.c */
extern const EspKernelRow esp_add_weights;

/* Bytes that a normalization keeps, and what its variance is made larger by, as AlexeyAB's darknet has it. */
#define ESP_NORMALIZE_EPSILON 1e-5

static inline gsize
esp_moments_bytes (const EspSpec *spec)
{
  return ESP_N_MOMENTS * (gsize) spec->out.shape.c * sizeof (double);
}

/* Rows that work on float values of any block; blocked-*.c */
extern const EspKernelRow esp_blocked_activation, esp_blocked_maxpool, esp_blocked_maxpool_bent, esp_blocked_avgpool, esp_blocked_upsample, esp_blocked_concat,
    esp_blocked_add, esp_blocked_head, esp_blocked_multiply, esp_blocked_reorg, esp_blocked_softmax, esp_blocked_normalize, esp_blocked_channel_sums;

/* Whether entry number @entry of an anchor goes through the logistic function in a head. */
static inline gboolean
esp_head_bends (const EspGeometry *head, int entry)
{
  return !head->activated && entry != 2 && entry != 3 && entry < head->entries - head->softmax;
}

/* How many softmaxes stand one behind the other among the classes of an anchor. */
static inline guint
esp_head_parts (const EspSpec *spec)
{
  return spec->n_parts > 0 ? spec->n_parts : spec->geometry.softmax > 0 ? 1 : 0;
}

/* Over how many classes number @part of them runs. */
static inline gsize
esp_head_part (const EspSpec *spec, guint part)
{
  return (gsize) (spec->n_parts > 0 ? spec->parts[part] : spec->geometry.softmax);
}

/* Of a softmax: how many stand one behind the other in an image, and over how many of its @n numbers number @part of them runs. */
static inline guint
esp_softmax_parts (const EspSpec *spec)
{
  return spec->n_parts > 0 ? spec->n_parts : (guint) spec->geometry.groups;
}

static inline gsize
esp_softmax_part (const EspSpec *spec, guint part, gsize n)
{
  return spec->n_parts > 0 ? (gsize) spec->parts[part] : n / (gsize) spec->geometry.groups;
}

/* What is added to x and y after they are scaled, so that 1/2 stays in place. */
static inline double
esp_head_shift (const EspSpec *spec)
{
  return -0.5 * (spec->scale[0] - 1);
}

/* Convolutions of side 3 on AVX-512; direct.c, direct-image.c for those that read the image, and direct-weights.c */
extern const EspKernelRow esp_direct_convolution, esp_direct_image, esp_direct_weights, esp_direct_point_weights;

/* Convolutions of each channel by itself on AVX-512; direct-depth.c, direct-depth-explain.c */
extern const EspKernelRow esp_direct_depth, esp_direct_depth_weights, esp_direct_depth_explain;

/* Convolutions whose window is all of their input; blocked-whole.c */
extern const EspKernelRow esp_blocked_whole;

/* The convolutions of oneDNN, and the block its values like; onednn*.c */
extern const EspKernelRow esp_onednn_convolution, esp_onednn_convolution_weights;
int esp_onednn_block (void);

G_END_DECLS
