/* relevance-template.h: the loops of relevance.c, compiled with `real` float and double
 *
 * Included by relevance.c only, which defines real and NAME. A row is w pixels of block channels; what is not handed on is added up for
 * each of these channels: first what was absorbed, then what goes to the two biases' sides for each unit of bias. */

ESP_INLINE gboolean
NAME (split_of) (const real *restrict value, EspSplit how, gsize n, real *restrict plus, real *restrict minus)
{
  real lowest = 0;

  if (how != ESP_SPLIT_SIGNS)
    {
      for (gsize i = 0; i < n; i++)
        {
          plus[i] = how == ESP_SPLIT_BOX ? value[i] : 1;
          minus[i] = how == ESP_SPLIT_BOX ? value[i] - 1 : 0;
        }
      return how == ESP_SPLIT_BOX;
    }
#pragma omp simd reduction(min : lowest)
  for (gsize i = 0; i < n; i++)
    {
      const real v = value[i], low = v < 0 ? v : 0;

      plus[i] = v > 0 ? v : 0;
      minus[i] = low;
      lowest = low < lowest ? low : lowest;
    }
  return lowest < 0;
}

ESP_CLONES static gboolean
NAME (split) (const void *value, EspSplit how, gsize at, gsize n, void *plus, void *minus)
{
  return NAME (split_of) ((const real *) value + at, how, n, (real *) plus + at, (real *) minus + at);
}

/* An address to read for parts that are not there: reading none of NULL by vectors is correct, but takes processors hundreds of cycles. */
ESP_INLINE const real *
NAME (or) (const void *part, const Division *of)
{
  return part != NULL ? part : of->relevance;
}

/* @how and @block: known where it is inlined, so that no lane has to ask. */
ESP_INLINE void
NAME (divide_of) (const Division *of, EspDivide how, gsize at, int first, int used, int w, int block, double (*totals)[MOST])
{
  const real *restrict r = (const real *) of->relevance + at;
  const real *up0 = NAME (or) (of->sums.raising[0], of), *up1 = NAME (or) (of->sums.raising[1], of);
  const real *down0 = NAME (or) (of->sums.lowering[0], of), *down1 = NAME (or) (of->sums.lowering[1], of);
  const real has0 = of->sums.raising[0] != NULL, has1 = of->sums.raising[1] != NULL;
  const real lows0 = of->sums.lowering[0] != NULL, lows1 = of->sums.lowering[1] != NULL;
  real *restrict to_up = (real *) of->to_raising + at;
  real *restrict to_down = how != ESP_DIVIDE_POSITIVE ? (real *) of->to_lowering + at : NULL; /* NULL + at is undefined */
  const real alpha = (real) of->alpha, nothing = (real) of->nothing;
  real high[MOST] = { 0 }, low[MOST] = { 0 }, lost[MOST] = { 0 }, up_sum[MOST] = { 0 }, down_sum[MOST] = { 0 };

  for (int l = 0; of->sums.bias != NULL && l < used; l++)
    {
      high[l] = (real) MAX (of->sums.bias[first + l], 0);
      low[l] = (real) MIN (of->sums.bias[first + l], 0);
    }
  for (gsize x = 0; x < (gsize) w * (gsize) block; x += (gsize) block)
#pragma omp simd
    for (int l = 0; l < block; l++)
      {
        const gsize i = x + (gsize) l;
        const real up = (has0 != 0 ? up0[at + i] : 0) + (has1 != 0 ? up1[at + i] : 0) + high[l];
        const real down = how == ESP_DIVIDE_POSITIVE ? 0 : (lows0 != 0 ? down0[at + i] : 0) + (lows1 != 0 ? down1[at + i] : 0) + low[l];
        const real has_up = up > nothing ? 1 : 0, has_down = down < -nothing ? 1 : 0;
        real a = has_up, b = 0;

        if (how == ESP_DIVIDE_BOTH)
          {
            a = has_up * (has_down != 0 ? alpha : 1);
            b = has_down * (has_up != 0 ? 1 - alpha : 1);
          }
        else if (how == ESP_DIVIDE_MATCHED)
          {
            a = up + down >= 0 ? has_up : 0;
            b = up + down >= 0 ? 0 : has_down;
          }
        a = a * r[i] / (has_up != 0 ? up : 1);
        to_up[i] = a;
        up_sum[l] += a;
        if (how != ESP_DIVIDE_POSITIVE)
          {
            b = b * r[i] / (has_down != 0 ? down : 1);
            to_down[i] = b;
            down_sum[l] += b;
          }
        lost[l] += r[i] - a * up - b * down;
      }
  for (int l = 0; l < used; l++)
    {
      totals[0][l] += (double) lost[l];
      totals[1][l] += (double) up_sum[l];
      totals[2][l] += (double) down_sum[l];
    }
}

ESP_INLINE void
NAME (whole_of) (const Whole *of, gsize at, int first, int used, int w, int block, double (*totals)[MOST])
{
  const real *restrict r = (const real *) of->relevance + at, *restrict sum = (const real *) of->sum + at;
  real *restrict to = (real *) of->to_all + at;
  const real below = (real) of->below, small = (real) of->small;
  real lost[MOST] = { 0 }, sums[MOST] = { 0 }, less[MOST] = { 0 };

  for (int l = 0; of->less != NULL && l < used; l++)
    less[l] = (real) of->less[first + l];
  for (gsize x = 0; x < (gsize) w * (gsize) block; x += (gsize) block)
#pragma omp simd
    for (int l = 0; l < block; l++)
      {
        const gsize i = x + (gsize) l;
        const real z = (sum[i] < 0 ? sum[i] * below : sum[i]) - less[l], d = z < 0 ? z - small : z + small;
        const real each = d != 0 ? r[i] / (d != 0 ? d : 1) : 0;

        to[i] = each;
        lost[l] += r[i] - each * z;
        sums[l] += each;
      }
  for (int l = 0; l < used; l++)
    {
      totals[0][l] += (double) lost[l];
      totals[1][l] += (double) sums[l];
    }
}

#define RELEVANCE_ROWS(suffix, block)                                                                                                      \
  ESP_CLONES static void NAME (divide_##suffix) (const Division *of, gsize at, int first, int used, int w, double (*totals)[MOST])         \
  {                                                                                                                                        \
    if (of->how == ESP_DIVIDE_POSITIVE)                                                                                                    \
      NAME (divide_of) (of, ESP_DIVIDE_POSITIVE, at, first, used, w, block, totals);                                                       \
    else if (of->how == ESP_DIVIDE_BOTH)                                                                                                   \
      NAME (divide_of) (of, ESP_DIVIDE_BOTH, at, first, used, w, block, totals);                                                           \
    else                                                                                                                                   \
      NAME (divide_of) (of, ESP_DIVIDE_MATCHED, at, first, used, w, block, totals);                                                        \
  }                                                                                                                                        \
  ESP_CLONES static void NAME (whole_##suffix) (const Whole *of, gsize at, int first, int used, int w,                                     \
                                                double (*totals)[MOST])                                                                    \
  {                                                                                                                                        \
    NAME (whole_of) (of, at, first, used, w, block, totals);                                                                               \
  }

RELEVANCE_ROWS (16, 16)
RELEVANCE_ROWS (8, 8)
RELEVANCE_ROWS (1, 1)

ESP_CLONES static double
NAME (squares) (const void *values, double below, gsize at, gsize n)
{
  const real *v = (const real *) values + at;
  double sum = 0;

#pragma omp simd reduction(+ : sum)
  for (gsize i = 0; i < n; i++)
    {
      const double z = (double) v[i] * (v[i] < 0 ? below : 1);

      sum += z * z;
    }
  return sum;
}

ESP_CLONES static double
NAME (sum) (const void *values, gsize at, gsize n)
{
  const real *v = (const real *) values + at;
  double sum = 0;

#pragma omp simd reduction(+ : sum)
  for (gsize i = 0; i < n; i++)
    sum += (double) v[i];
  return sum;
}

/* What is nearer to 0 than @nothing becomes 0. */
ESP_CLONES static void
NAME (take) (const void *value, double below, const void *each, gsize at, gsize n, double nothing, void *total, gboolean add)
{
  const real *restrict v = (const real *) value + at, *restrict e = (const real *) each + at;
  real *restrict t = (real *) total + at;
  const real times = (real) below, least = (real) nothing;

#pragma omp simd
  for (gsize i = 0; i < n; i++)
    {
      const real part = (v[i] < 0 ? v[i] * times : v[i]) * e[i], whole = add ? t[i] + part : part;

      t[i] = whole < least && whole > -least ? 0 : whole;
    }
}

#undef RELEVANCE_ROWS
