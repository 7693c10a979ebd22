/* relevance.c: relevance divided among what a layer has added up, where the numbers lie */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/relevance.h"

#include <float.h>
#include <math.h>

#include "kernels/clones.h"

#define MOST   16 /* channels side by side */
#define STRIPS 64 /* parts that a value is worked on in, as many whatever the threads */
#define KINDS  3  /* of what is added up of each channel */

typedef struct
{
  EspRelevanceSums sums;
  EspDivide how;
  double alpha, nothing;
  const void *relevance;
  void *to_raising, *to_lowering;
} Division;

typedef struct
{
  const void *sum;
  const double *less; /* (nullable): c numbers taken off it */
  double below, small;
  const void *relevance;
  void *to_all;
} Whole;

#define real    float
#define NAME(x) x##_float
#include "kernels/relevance-template.h"
#undef real
#undef NAME
#define real    double
#define NAME(x) x##_double
#include "kernels/relevance-template.h"
#undef real
#undef NAME

typedef void (*DivideRow) (const Division *of, gsize at, int first, int used, int w, double (*totals)[MOST]);
typedef void (*WholeRow) (const Whole *of, gsize at, int first, int used, int w, double (*totals)[MOST]);

static gsize
count_of (const EspLayout *layout)
{
  return esp_layout_get_bytes (layout) / layout->size;
}

/* Less than this counts as nothing. */
static double
least_of (const EspLayout *layout)
{
  return 1e8 * (layout->size == sizeof (double) ? DBL_MIN : (double) FLT_MIN);
}

/* Where strip @i of @n numbers begins. */
static gsize
strip_start (gsize n, int i)
{
  return n * (gsize) i / STRIPS;
}

static int
place_of_block (const EspLayout *layout)
{
  return layout->block == 16 ? 2 : layout->block == 8 ? 1 : 0;
}

/**
 * esp_relevance_split:
 * @value: what is split; esp_layout_get_bytes() bytes, as @plus and @minus
 * @plus: (out): its part on one side
 * @minus: (out): its part on the other
 *
 * Returns: whether anything but 0 is in @minus. Thread: lane.
 */
gboolean
esp_relevance_split (const EspLayout *layout, const void *value, EspSplit how, void *plus, void *minus)
{
  const gsize n = count_of (layout);
  gboolean any = FALSE;

#pragma omp parallel for schedule(static) reduction(|| : any)
  for (int i = 0; i < STRIPS; i++)
    {
      const gsize at = strip_start (n, i), length = strip_start (n, i + 1) - at;

      any = (layout->size == sizeof (float) ? split_float (value, how, at, length, plus, minus)
                                            : split_double (value, how, at, length, plus, minus))
            || any;
    }
  return any;
}

/* One of the two row functions, over all rows; what they add up of every channel goes into absorbed and the biases' shares. */
static void
run_rows (const EspLayout *layout, const Division *division, const Whole *whole, const double *bias, EspRelevanceShares *shares)
{
  static const DivideRow divide[2][3]
      = { { divide_1_float, divide_8_float, divide_16_float }, { divide_1_double, divide_8_double, divide_16_double } };
  static const WholeRow wholes[2][3]
      = { { whole_1_float, whole_8_float, whole_16_float }, { whole_1_double, whole_8_double, whole_16_double } };
  const EspShape s = layout->shape;
  const int block = layout->block, blocks = (s.c + block - 1) / block, is_double = layout->size == sizeof (double);
  const gsize rows = (gsize) s.n * (gsize) blocks * (gsize) s.h;
  EspRelevanceShares parts[STRIPS] = { { 0, 0 } };

#pragma omp parallel for schedule(static)
  for (int i = 0; i < STRIPS; i++)
    for (gsize row = strip_start (rows, i); row < strip_start (rows, i + 1); row++)
      {
        const int first = (int) (row / (gsize) s.h) % blocks * block, used = MIN (block, s.c - first);
        const gsize at = row * (gsize) s.w * (gsize) block;
        double totals[KINDS][MOST] = { { 0 } };

        if (division != NULL)
          divide[is_double][place_of_block (layout)](division, at, first, used, s.w, totals);
        else
          wholes[is_double][place_of_block (layout)](whole, at, first, used, s.w, totals);
        for (int l = 0; l < used; l++)
          {
            const double b = bias != NULL ? bias[first + l] : 0;

            parts[i].absorbed += totals[0][l];
            parts[i].bias += b * totals[division != NULL && b < 0 ? 2 : 1][l];
          }
      }
  for (int i = 0; i < STRIPS; i++)
    {
      shares->absorbed += parts[i].absorbed;
      shares->bias += parts[i].bias;
    }
}

/**
 * esp_relevance_divide:
 * @layout: of the sum
 * @sums: its parts; the biases are added here
 * @how: among which of them
 * @alpha: of ESP_DIVIDE_BOTH
 * @relevance: of the sum
 * @to_raising: (out): relevance per unit of what raises it
 * @to_lowering: (out): per unit of what lowers it
 * @shares: (inout): added to
 *
 * A side is empty where its sum is less than the smallest normal number times 1e8: nothing is divided by it. So relevance is handed on
 * whole, but for the bias' share and where nothing is there to take it. The same bits whatever the threads. Thread: lane.
 * Source: Bach et al. 2015, PLOS ONE 10(7):e0130140, eq. 60 (alpha, beta) with beta = alpha - 1; alpha = 1 is z+ of Montavon et al. 2017,
 * Pattern Recognition 65:211, told for inputs of both signs. Matched: the rule gamma of Montavon et al. 2019 in the limit, for both signs.
 */
void
esp_relevance_divide (const EspLayout *layout,
                      const EspRelevanceSums *sums,
                      EspDivide how,
                      double alpha,
                      const void *relevance,
                      void *to_raising,
                      void *to_lowering,
                      EspRelevanceShares *shares)
{
  const Division division = {
    .sums = *sums,
    .how = how,
    .alpha = alpha,
    .nothing = least_of (layout),
    .relevance = relevance,
    .to_raising = to_raising,
    .to_lowering = how == ESP_DIVIDE_POSITIVE ? NULL : to_lowering,
  };

  run_rows (layout, &division, NULL, sums->bias, shares);
}

static double
root_mean_square (const EspLayout *layout, const void *values, double below)
{
  const gsize n = count_of (layout);
  double parts[STRIPS], sum = 0;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < STRIPS; i++)
    {
      const gsize at = strip_start (n, i), length = strip_start (n, i + 1) - at;

      parts[i] = layout->size == sizeof (float) ? squares_float (values, below, at, length) : squares_double (values, below, at, length);
    }
  for (int i = 0; i < STRIPS; i++)
    sum += parts[i];
  return sqrt (sum / (double) esp_shape_count (layout->shape));
}

/**
 * esp_relevance_divide_whole:
 * @layout: of the sum
 * @sum: what was added up, the bias included
 * @below: its negative numbers times this are meant
 * @bias: (nullable): c numbers
 * @without: whether the bias is taken off the sum, so that it gets no share
 * @epsilon: the stabiliser, as a factor of the sum's root mean square over the layer, bias and all; 0: none
 * @relevance: of the sum
 * @to_all: (out): relevance / (sum + sign (sum) stabiliser)
 * @shares: (inout): added to
 *
 * Thread: lane. Source: Bach et al. 2015, eq. 58; the stabiliser's size relative to the layer as in Montavon et al. 2019, Layer-Wise
 * Relevance Propagation: An Overview.
 */
void
esp_relevance_divide_whole (const EspLayout *layout,
                            const void *sum,
                            double below,
                            const double *bias,
                            gboolean without,
                            double epsilon,
                            const void *relevance,
                            void *to_all,
                            EspRelevanceShares *shares)
{
  const Whole whole = {
    .sum = sum,
    .less = without ? bias : NULL,
    .below = below,
    .small = epsilon > 0 ? epsilon * root_mean_square (layout, sum, below) : 0,
    .relevance = relevance,
    .to_all = to_all,
  };

  run_rows (layout, NULL, &whole, without ? NULL : bias, shares);
}

/**
 * esp_relevance_take:
 * @layout: of all values
 * @value: what is read, its negative numbers times @below
 * @each: relevance per unit of it
 * @total: (inout): (add ? total : 0) + value * each
 *
 * Relevance that is less than the smallest normal number times 1e8 becomes 0: far from the target much is, and processors multiply numbers
 * that are not normal many times slower. Thread: lane.
 */
void
esp_relevance_take (const EspLayout *layout, const void *value, double below, const void *each, void *total, gboolean add)
{
  const gsize n = count_of (layout);

#pragma omp parallel for schedule(static)
  for (int i = 0; i < STRIPS; i++)
    {
      const gsize at = strip_start (n, i), length = strip_start (n, i + 1) - at;

      if (layout->size == sizeof (float))
        take_float (value, below, each, at, length, least_of (layout), total, add);
      else
        take_double (value, below, each, at, length, least_of (layout), total, add);
    }
}

/** esp_relevance_sum: Returns: the sum of all numbers, in double, the same bits whatever the threads. Thread: lane. */
double
esp_relevance_sum (const EspLayout *layout, const void *relevance)
{
  const gsize n = count_of (layout);
  double parts[STRIPS], sum = 0;

#pragma omp parallel for schedule(static)
  for (int i = 0; i < STRIPS; i++)
    {
      const gsize at = strip_start (n, i), length = strip_start (n, i + 1) - at;

      parts[i] = layout->size == sizeof (float) ? sum_float (relevance, at, length) : sum_double (relevance, at, length);
    }
  for (int i = 0; i < STRIPS; i++)
    sum += parts[i];
  return sum;
}
